//! Addresses that serve different leaves: a rollout for a day, then somebody was left behind. And old leaves that are
//! back.

use super::*;
use crate::verdict::Record;
use crate::verdict::Severity::{Critical, Info, Warning};

const ONE: &str = "192.0.2.1:443";
const TWO: &str = "192.0.2.2:443";

fn old() -> leaf::Chain {
    leaf().left(40 * DAY)
}

fn new() -> leaf::Chain {
    leaf().left(89 * DAY)
}

fn both_old() -> Scene {
    seen([address(ONE).presents(&old()), address(TWO).presents(&old())])
}

fn half_way() -> Scene {
    seen([address(ONE).presents(&new()), address(TWO).presents(&old())])
}

fn severity_of(record: &Record, scene: &Scene, seconds: i64) -> Option<Severity> {
    let verdict = scene.judge(record, NOW.plus(seconds));
    let mut all = verdict.findings.iter().filter(|finding| finding.code == Code::TlsAddressesDisagree);
    all.next().map(|finding| finding.severity)
}

#[test]
fn different_good_leaves_are_information_for_a_day() {
    let scene = half_way();
    let verdict = scene.verdict();
    assert_eq!(found(&verdict), [(Code::TlsAddressesDisagree, Info)]);
    assert_eq!(verdict.level, Level::Healthy);
    assert_eq!(verdict.findings[0].addresses.len(), 2);
    assert_eq!(found(&scene.verdict_in(DAY - 1)), [(Code::TlsAddressesDisagree, Info)]);
    let verdict = scene.verdict_in(DAY);
    assert_eq!(found(&verdict), [(Code::TlsAddressesDisagree, Warning)]);
    assert_eq!(verdict.level, Level::Warning);
}

#[test]
fn the_day_counts_from_the_first_look_that_saw_it() {
    let scene = half_way();
    let mut record = scene.record();
    for hours in [1, 12, 23] {
        record.absorb(scene.look(NOW.plus(hours * HOUR)));
        assert_eq!(severity_of(&record, &scene, hours * HOUR), Some(Info));
    }
    record.absorb(scene.look(NOW.plus(DAY)));
    assert_eq!(severity_of(&record, &scene, DAY), Some(Warning));
    assert_eq!(record.disagree_since, Some(NOW));
}

#[test]
fn it_starts_anew_once_they_have_agreed() {
    let mut record = half_way().record();
    record.absorb(both_old().look(NOW.plus(HOUR)));
    assert_eq!(severity_of(&record, &both_old(), HOUR), None);
    record.absorb(half_way().look(NOW.plus(2 * HOUR)));
    assert_eq!(record.disagree_since, Some(NOW.plus(2 * HOUR)));
    assert_eq!(severity_of(&record, &half_way(), 25 * HOUR), Some(Info));
    let verdict = half_way().judge(&record, NOW.plus(26 * HOUR));
    assert_eq!(found(&verdict), [(Code::TlsRolloutStuck, Warning)]);
}

#[test]
fn a_node_that_does_not_answer_for_a_look_does_not_start_it_anew() {
    let one_down = seen([address(ONE).presents(&new()), address(TWO).fails(Code::ConnectTimeout)]);
    let mut record = half_way().record();
    record.absorb(one_down.look(NOW.plus(HOUR)));
    assert_eq!(record.disagree_since, Some(NOW));
    assert_eq!(severity_of(&record, &one_down, HOUR), Some(Info));
    record.absorb(half_way().look(NOW.plus(2 * HOUR)));
    assert_eq!(severity_of(&record, &half_way(), DAY), Some(Warning));
}

#[test]
fn a_look_without_addresses_does_not_start_it_anew() {
    let mut record = half_way().record();
    let unanswered = seen([]).outcomes(crate::observation::Outcome::Timeout, crate::observation::Outcome::Timeout);
    record.absorb(unanswered.look(NOW.plus(HOUR)));
    record.absorb(half_way().look(NOW.plus(2 * HOUR)));
    assert_eq!(record.disagree_since, Some(NOW));
}

#[test]
fn it_is_no_rollout_if_one_is_not_good() {
    for bad in [old().untrusted(), old().for_another_name(), old().incomplete(), old().left(-1)] {
        let scene = seen([address(ONE).presents(&new()), address(TWO).presents(&bad)]);
        assert_eq!(severity_of(&scene.record(), &scene, 0), Some(Warning), "{bad:?}");
    }
}

#[test]
fn the_same_leaf_over_different_chains_is_no_disagreement() {
    let other_way = old().paths([vec![ca("Cross-signed CA").sent(), ca("Old Root").root()]]);
    let scene = seen([address(ONE).presents(&old()), address(TWO).presents(&other_way)]);
    assert_healthy(&scene.verdict());
}

#[test]
fn an_address_left_behind_is_also_judged_for_itself() {
    let scene = seen([address(ONE).presents(&new()), address(TWO).presents(&leaf().left(3 * DAY))]);
    let verdict = scene.verdict();
    assert_eq!(found(&verdict), [(Code::TlsExpiresSoon, Critical), (Code::TlsAddressesDisagree, Info)]);
    assert_eq!(verdict.findings[0].addresses, [socket(TWO)].into());
}

/// What is known after these looks, each so many seconds from now, and the verdict on it after the last of them.
fn after<const N: usize>(looks: [(i64, &Scene); N]) -> (Record, Verdict) {
    let mut record = Record::default();
    for (at, scene) in looks {
        record.absorb(scene.look(NOW.plus(at)));
    }
    let (at, scene) = looks[N - 1];
    let verdict = scene.judge(&record, NOW.plus(at));
    (record, verdict)
}

const SIX: &str = "[2001:db8::1]:443";

#[test]
fn a_rollout_that_is_stuck_names_who_was_left_behind() {
    let (record, verdict) = after([(-HOUR, &both_old()), (0, &half_way()), (HOUR, &half_way())]);
    assert_eq!(found(&verdict), [(Code::TlsAddressesDisagree, Info)]);
    assert_eq!(verdict.changes_at, Some(NOW.plus(DAY)));
    let verdict = half_way().judge(&record, NOW.plus(DAY));
    let stuck = the(Code::TlsRolloutStuck, &verdict);
    assert_eq!((stuck.severity, &stuck.addresses), (Warning, &[socket(TWO)].into()));
    assert_eq!(stuck.facts["since"], NOW.to_string());
    assert_eq!(
        stuck.summary,
        "the old certificate, until 2027-02-24T08:00:00Z, is still served at 192.0.2.2:443; the new one was first seen 1 d ago"
    );
    assert_eq!(verdict.level, Level::Warning);
}

#[test]
fn a_family_that_was_left_behind_is_called_by_its_name() {
    let both = |four: &leaf::Chain, six: &leaf::Chain| {
        seen([address(ONE).presents(four), address(TWO).presents(four), address(SIX).presents(six)])
    };
    for (split, family, behind) in
        [(both(&new(), &old()), "IPv6", [SIX].as_slice()), (both(&old(), &new()), "IPv4", &[ONE, TWO])]
    {
        let (record, verdict) = after([(-HOUR, &both(&old(), &old())), (0, &split)]);
        assert_eq!(found(&verdict), [(Code::TlsSplitByFamily, Info)]);
        let verdict = split.judge(&record, NOW.plus(DAY));
        assert_eq!(found(&verdict), [(Code::TlsSplitByFamily, Warning)]);
        let finding = the(Code::TlsSplitByFamily, &verdict);
        assert_eq!(finding.facts["behind"], family);
        assert_eq!(finding.addresses, behind.iter().map(|address| socket(address)).collect());
        // Without a history it is as true.
        assert_eq!(found(&split.verdict()), [(Code::TlsSplitByFamily, Info)]);
    }
}

#[test]
fn one_server_of_several_behind_an_address_is_missed_though_no_look_sees_both() {
    let [was, is] = [old(), new()].map(|chain| seen([address(ONE).presents(&chain)]));
    let mut record = Record::default();
    record.absorb(was.look(NOW.plus(-HOUR)));
    for turn in 0..100 {
        record.absorb(if turn % 4 == 3 { &was } else { &is }.look(NOW.plus(turn * 900)));
    }
    assert_eq!(found(&is.judge(&record, NOW.plus(DAY - 1))), []);
    let verdict = is.judge(&record, NOW.plus(99 * 900));
    assert_eq!(found(&verdict), [(Code::TlsRolloutStuck, Warning)]);
    assert!(verdict.findings[0].summary.contains("one of several servers there was left behind"), "{verdict:?}");
}

#[test]
fn an_old_leaf_that_is_back_is_told_at_once_and_instead_of_the_disagreement() {
    let all_new = seen([address(ONE).presents(&new()), address(TWO).presents(&new())]);
    let looks = [(-HOUR, &both_old()), (0, &all_new), (HOUR, &all_new), (2 * HOUR, &all_new), (3 * HOUR, &half_way())];
    let (record, verdict) = after(looks);
    assert_eq!(found(&verdict), [(Code::TlsFlipBack, Warning)]);
    let back = the(Code::TlsFlipBack, &verdict);
    assert_eq!(
        (&back.addresses, &back.facts["since"]),
        (&[socket(TWO)].into(), &NOW.plus(3 * HOUR).to_string().into())
    );
    assert_eq!(found(&half_way().judge(&record, NOW.plus(3 * DAY))), [(Code::TlsFlipBack, Warning)]);
    let (_, verdict) = after([looks[0], looks[1], looks[2], looks[4], (4 * HOUR, &all_new)]);
    assert_healthy(&verdict);
}
