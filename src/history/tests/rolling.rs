//! How a leaf takes another's place.

use super::EventKind::{Began, Completed, FellBack};
use super::*;

fn old() -> Certificate {
    leaf(-60 * DAY, 90)
}

fn new() -> Certificate {
    leaf(-HOUR, 90)
}

#[test]
fn a_renewal_at_one_address_is_complete_once_the_old_leaf_was_not_seen_for_an_hour() {
    let mut diary = Diary::default();
    diary.serves(&old(), -DAY, 0, 300);
    diary.serves(&new(), 0, 2 * HOUR, 300);
    assert_eq!(diary.events, [(0, Began), (HOUR, Completed)]);
    let renewals: Vec<_> = diary.history.renewals().collect();
    let [renewal] = &renewals[..] else { panic!("{renewals:?}") };
    assert_eq!((renewal.from.sha256, renewal.to.sha256), (old().sha256, new().sha256));
    assert_eq!((renewal.began, renewal.completed, renewal.class), (NOW, Some(NOW), Class::Routine));
    assert_eq!(renewal.to_string(), "nothing but serial number and dates");
    assert_eq!(diary.history.habit().renewals(), 1);
}

#[test]
fn only_what_happens_is_stored() {
    let mut diary = Diary::default();
    let looks = [(-DAY, old()), (-HOUR, old()), (0, new()), (300, new()), (HOUR, new()), (2 * HOUR, new())];
    let changed = looks.map(|(at, leaf)| diary.look(at, &[(ONE, &leaf)]).changed);
    assert_eq!(changed, [true, false, true, false, true, false]);
}

#[test]
fn addresses_that_still_serve_the_old_leaf_are_named() {
    let mut diary = Diary::default();
    diary.look(-HOUR, &[(ONE, &old()), (TWO, &old()), (SIX, &old())]);
    assert_eq!(diary.under_way(), []);
    diary.look(0, &[(ONE, &new()), (TWO, &old()), (SIX, &old())]);
    assert_eq!(diary.under_way(), [(vec![socket(TWO), socket(SIX)], vec![socket(ONE)])]);
    diary.look(3 * DAY, &[(ONE, &new()), (TWO, &old()), (SIX, &new())]);
    assert_eq!(diary.under_way(), [(vec![socket(TWO)], vec![socket(ONE), socket(SIX)])]);
    // Taken out of DNS, it holds nothing up.
    diary.look(3 * DAY + HOUR, &[(ONE, &new()), (SIX, &new())]);
    assert_eq!((diary.under_way(), &diary.events[..]), (vec![], &[(0, Began), (3 * DAY + HOUR, Completed)][..]));
    assert_eq!(diary.history.renewals().next().unwrap().completed, Some(NOW.plus(3 * DAY)));
}

#[test]
fn an_address_behind_two_renewals_is_behind_both() {
    let newest = leaf(60 * DAY - HOUR, 90);
    let mut diary = Diary::default();
    diary.look(-HOUR, &[(ONE, &old()), (TWO, &old())]);
    diary.look(0, &[(ONE, &new()), (TWO, &old())]);
    diary.look(20 * DAY, &[(ONE, &newest), (TWO, &old())]);
    let behind: Vec<_> = diary.under_way().into_iter().map(|(behind, _)| behind).collect();
    assert_eq!(behind, [[socket(TWO)], [socket(TWO)]]);
    diary.look(20 * DAY + HOUR, &[(ONE, &newest), (TWO, &newest)]);
    diary.look(20 * DAY + 3 * HOUR, &[(ONE, &newest), (TWO, &newest)]);
    assert_eq!(diary.under_way(), []);
    assert_eq!(diary.classes().len(), 2);
}

#[test]
fn a_settled_address_that_serves_the_old_leaf_again_has_fallen_back() {
    let mut diary = Diary::default();
    diary.serves(&old(), -DAY, 0, 300);
    diary.serves(&new(), 0, DAY, 300);
    diary.look(DAY, &[(ONE, &old())]);
    assert_eq!(diary.fallen_back(), [socket(ONE)]);
    let (_, since, was, is) = diary.history.fallen_back().next().unwrap();
    assert_eq!((since, was.sha256, is.sha256), (NOW.plus(DAY), old().sha256, new().sha256));
    diary.serves(&old(), DAY + 300, DAY + HOUR, 300);
    assert_eq!(diary.history.fallen_back().next().unwrap().1, NOW.plus(DAY));
    diary.look(DAY + HOUR, &[(ONE, &new())]);
    assert_eq!(diary.fallen_back(), []);
    assert_eq!(diary.events, [(0, Began), (HOUR, Completed), (DAY, FellBack)]);
}

#[test]
fn one_of_two_may_fall_back_while_the_other_was_left_behind() {
    let mut diary = Diary::default();
    diary.look(-HOUR, &[(ONE, &old()), (TWO, &old())]);
    for at in [0, HOUR, 2 * HOUR] {
        diary.look(at, &[(ONE, &new()), (TWO, &old())]);
    }
    diary.look(3 * HOUR, &[(ONE, &old()), (TWO, &old())]);
    assert_eq!(diary.fallen_back(), [socket(ONE)]);
}

#[test]
fn servers_behind_one_address_take_turns_while_they_are_renewed() {
    let mut diary = Diary::default();
    diary.serves(&old(), -DAY, 0, 300);
    for at in (0..2400).step_by(300) {
        let leaf = if at % 600 == 0 { new() } else { old() };
        diary.look(at, &[(ONE, &leaf)]);
        assert_eq!(diary.fallen_back(), [], "{at}");
    }
    assert_eq!(diary.under_way(), [(vec![socket(ONE)], vec![])]);
    diary.serves(&new(), 2400, 4 * HOUR, 300);
    assert_eq!(diary.under_way(), []);
    assert_eq!(diary.events.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(), [Began, Completed]);
}

#[test]
fn one_of_several_behind_an_address_that_was_left_behind_is_seen_between_its_turns() {
    let mut diary = Diary::default();
    diary.serves(&old(), -DAY, 0, 300);
    // One look in four meets it.
    for at in (0..2 * DAY).step_by(300) {
        let leaf = if at % 1200 == 900 { old() } else { new() };
        diary.look(at, &[(ONE, &leaf)]);
        if at >= 2 * HOUR {
            let progress: Vec<_> = diary.history.under_way().map(|progress| progress.in_turn).collect();
            assert_eq!((progress, diary.fallen_back()), (vec![vec![socket(ONE)]], vec![]), "{at}");
        }
    }
}

#[test]
fn a_pair_of_certificates_is_two_lines() {
    let [old_ec, new_ec] = [leaf(-60 * DAY, 90), leaf(-HOUR, 90)];
    let [old_rsa, new_rsa] = [rsa(leaf(-50 * DAY, 90), 2048), rsa(leaf(9 * DAY, 90), 2048)];
    // Each at an address of its own.
    let mut diary = Diary::default();
    diary.look(-DAY, &[(ONE, &old_ec), (TWO, &old_rsa)]);
    diary.look(0, &[(ONE, &new_ec), (TWO, &old_rsa)]);
    diary.look(2 * HOUR, &[(ONE, &new_ec), (TWO, &old_rsa)]);
    diary.look(10 * DAY, &[(ONE, &new_ec), (TWO, &new_rsa)]);
    diary.look(10 * DAY + HOUR, &[(ONE, &new_ec), (TWO, &new_rsa)]);
    assert_eq!(diary.under_way(), []);
    assert_eq!(diary.classes(), [Class::Routine; 2]);
    // Both at one, now this and now that.
    let mut diary = Diary::default();
    for (turn, at) in (-DAY..20 * DAY).step_by(400).enumerate() {
        let rsa = if at < 10 * DAY { &old_rsa } else { &new_rsa };
        let ec = if at < 0 { &old_ec } else { &new_ec };
        diary.look(at, &[(ONE, if turn % 2 == 0 { rsa } else { ec })]);
        assert_eq!(diary.fallen_back(), [], "{at}");
    }
    assert_eq!((diary.under_way(), diary.classes()), (vec![], vec![Class::Routine; 2]));
    assert_eq!(diary.history.habit().renewals(), 2);
}

#[test]
fn a_second_kind_of_certificate_beside_the_first_is_no_renewal() {
    let (ec, rsa) = (leaf(-HOUR, 90), rsa(leaf(-30 * DAY, 90), 2048));
    let mut diary = Diary::default();
    diary.serves(&rsa, -DAY, 0, 600);
    for (turn, at) in (0..3 * DAY).step_by(600).enumerate() {
        diary.look(at, &[(ONE, if turn % 3 == 0 { &ec } else { &rsa })]);
    }
    assert_eq!((diary.under_way(), diary.classes(), diary.fallen_back()), (vec![], vec![], vec![]));
    // In place of it, it is.
    let mut diary = Diary::default();
    diary.serves(&rsa, -DAY, 0, 600);
    diary.serves(&ec, 0, DAY, 600);
    assert_eq!(diary.history.renewals().next().unwrap().to_string(), "key RSA 2048 -> EC P-256");
}

#[test]
fn certificates_that_always_stood_side_by_side_are_no_renewal() {
    // Two servers behind one address, each with its own; it is chance which is met first.
    let (one, other) = (leaf(-60 * DAY, 90), leaf(-40 * DAY, 90));
    let mut diary = Diary::default();
    for (turn, at) in (0..3 * DAY).step_by(600).enumerate() {
        diary.look(at, &[(ONE, if turn % 3 == 0 { &one } else { &other })]);
    }
    assert_eq!((diary.events.len(), diary.under_way(), diary.fallen_back()), (0, vec![], vec![]));
    // When the first is renewed, that is a renewal of the first.
    let renewed = leaf(5 * DAY, 90);
    for (turn, at) in (5 * DAY + HOUR..8 * DAY).step_by(600).enumerate() {
        diary.look(at, &[(ONE, if turn % 2 == 0 { &other } else { &renewed })]);
    }
    let renewals: Vec<_> = diary.history.renewals().map(|renewal| renewal.from.sha256).collect();
    assert_eq!((renewals, diary.under_way()), (vec![one.sha256], vec![]));
}

#[test]
fn addresses_may_be_others_at_every_look() {
    let mut diary = Diary::default();
    for (turn, at) in (-DAY..DAY).step_by(600).enumerate() {
        let address = format!("192.0.2.{}:443", turn % 200);
        let leaf = if at < 0 || (at < HOUR && turn % 2 == 0) { old() } else { new() };
        diary.look(at, &[(&address, &leaf)]);
    }
    let kinds: Vec<_> = diary.events.iter().map(|(_, kind)| *kind).collect();
    assert_eq!((kinds, diary.classes()), (vec![Began, Completed], vec![Class::Routine]));
    // A node that comes up with the old one has fallen back, though its address is new to us.
    diary.look(2 * DAY, &[("192.0.2.250:443", &old()), (ONE, &new())]);
    assert_eq!(diary.fallen_back(), [socket("192.0.2.250:443")]);
}

#[test]
fn what_a_new_leaf_replaces_is_told_by_the_addresses_that_are_known() {
    // Two servers, each with its own; the one that is renewed gets another address besides, which comes first.
    let (one, other, renewed) = (leaf(-60 * DAY, 90), leaf(-70 * DAY, 90), leaf(-HOUR, 90));
    let mut diary = Diary::default();
    diary.look(-HOUR, &[(ONE, &one), (TWO, &other)]);
    diary.look(0, &[("192.0.2.0:443", &renewed), (ONE, &renewed), (TWO, &other)]);
    let replaced: Vec<Sha256> = diary.history.renewals().map(|renewal| renewal.from.sha256).collect();
    assert_eq!(replaced, [one.sha256]);
}

#[test]
fn what_a_misconfigured_server_serves_is_no_renewal() {
    let mut diary = Diary::default();
    diary.serves(&old(), -DAY, 0, 600);
    let spoil: [fn(&mut Presented); 3] = [
        |presented| presented.name_matches = Some(false),
        |presented| presented.paths.clear(),
        |presented| presented.unreadable = vec![(0, "garbage".to_owned())],
    ];
    for spoil in spoil {
        let mut bad = presented(&new());
        spoil(&mut bad);
        let noted = diary.history.note(&name(), NOW, [(socket(ONE), &bad)].into_iter(), |_| true);
        assert_eq!(noted, Noted::default());
    }
    diary.serves(&old(), 600, HOUR, 600);
    assert_eq!((diary.events.len(), diary.fallen_back()), (0, vec![]));
}

#[test]
fn a_new_leaf_that_is_taken_back_at_once_holds_nothing_up_and_may_come_again() {
    let mut diary = Diary::default();
    diary.serves(&old(), -DAY, 0, 600);
    diary.look(0, &[(ONE, &new())]);
    diary.serves(&old(), 600, 2 * DAY, 600);
    assert_eq!((diary.under_way(), diary.fallen_back(), diary.classes()), (vec![], vec![], vec![]));
    diary.serves(&new(), 2 * DAY, 3 * DAY, 600);
    assert_eq!((diary.classes(), diary.fallen_back()), (vec![Class::Routine], vec![]));
}

#[test]
fn whoever_goes_back_for_a_week_meant_it() {
    let mut diary = Diary::default();
    diary.serves(&old(), -DAY, 0, 3600);
    diary.serves(&new(), 0, DAY, 3600);
    diary.serves(&old(), DAY, 8 * DAY, 3600);
    assert_eq!(diary.fallen_back(), [socket(ONE)]);
    diary.serves(&old(), 8 * DAY, 9 * DAY, 3600);
    assert_eq!((diary.fallen_back(), diary.classes()), (vec![], vec![]));
}

#[test]
fn a_restart_forgets_nothing_that_matters() {
    let mut diary = Diary::default();
    diary.look(-HOUR, &[(ONE, &old()), (TWO, &old())]);
    diary.look(0, &[(ONE, &new()), (TWO, &old())]);
    diary.restart();
    diary.look(HOUR, &[(ONE, &new()), (TWO, &old())]);
    assert_eq!(diary.under_way(), [(vec![socket(TWO)], vec![socket(ONE)])]);
    diary.look(2 * HOUR, &[(ONE, &new()), (TWO, &new())]);
    diary.look(3 * HOUR, &[(ONE, &new()), (TWO, &new())]);
    assert_eq!(diary.events, [(0, Began), (2 * HOUR, Completed)]);
    diary.restart();
    diary.look(4 * HOUR, &[(ONE, &new()), (TWO, &old())]);
    assert_eq!(diary.fallen_back(), [socket(TWO)]);
    // Renewed while we were down: the one that was remembered is the one that was replaced.
    diary.look(5 * HOUR, &[(ONE, &new()), (TWO, &new())]);
    diary.restart();
    let newest = leaf(60 * DAY, 90);
    diary.look(61 * DAY, &[(ONE, &newest), (TWO, &newest)]);
    assert_eq!(diary.history.renewals().next().unwrap().from.sha256, new().sha256);
}

#[test]
fn it_stays_small() {
    let mut diary = Diary::default();
    let mut sizes = Vec::new();
    for turn in 0..200 {
        let leaf = leaf(turn * 4 * DAY, 6);
        diary.serves(&leaf, turn * 4 * DAY + HOUR, (turn + 1) * 4 * DAY, 6 * 3600);
        sizes.push(serde_json::to_string(&diary.history).unwrap().len());
    }
    assert_eq!(diary.history.leaves().len(), 12);
    assert_eq!((diary.classes().len(), diary.history.habit().renewals()), (11, 8));
    assert!(sizes[199] < 12_000 && sizes[199] < sizes[20] + 100, "{sizes:?}");
}
