//! What a record keeps from look to look, and what it forgets.

use super::*;
use crate::observation::{Lookup, Outcome};
use crate::verdict::Record;
use crate::verdict::Severity::{Critical, Warning};

const ONE: &str = "192.0.2.1:443";
const TWO: &str = "192.0.2.2:443";

/// A record of these looks, each so many seconds from now.
fn record<const N: usize>(looks: [(i64, &Scene); N]) -> Record {
    let mut record = Record::default();
    for (seconds, scene) in looks {
        record.absorb(scene.look(NOW.plus(seconds)));
    }
    record
}

#[test]
fn an_answer_is_kept_until_it_is_that_addresss_turn_again() {
    let both = seen([address(ONE).answers(answer(500)), address(TWO)]);
    let second_only = seen([address(ONE).not_asked(), address(TWO)]);
    let record = record([(0, &both), (60, &second_only)]);
    let verdict = second_only.judge(&record, NOW.plus(60));
    assert_eq!(the(Code::HttpErrorStatus, &verdict).addresses, [socket(ONE)].into());
    let mended = seen([address(ONE), address(TWO).not_asked()]);
    let mut record = record;
    record.absorb(mended.look(NOW.plus(120)));
    assert_healthy(&mended.judge(&record, NOW.plus(120)));
}

#[test]
fn a_connection_that_did_not_come_to_be_takes_its_answer_with_it() {
    let answered = seen([address(ONE).answers(answer(500))]);
    let refused = seen([address(ONE).fails(Code::ConnectRefused)]);
    let record = record([(0, &answered), (60, &refused)]);
    assert_eq!(found(&refused.judge(&record, NOW.plus(60))), [(Code::ConnectRefused, Critical)]);
}

#[test]
fn a_chain_outlives_a_refused_connection_and_expires_on_time() {
    let good = seen([address(ONE).presents(&leaf().left(100))]);
    let refused = seen([address(ONE).fails(Code::ConnectRefused)]);
    let record = record([(0, &good), (60, &refused)]);
    let at = |seconds| refused.judge(&record, NOW.plus(seconds));
    assert_eq!(found(&at(100)), [(Code::ConnectRefused, Critical), (Code::TlsExpiresSoon, Critical)]);
    assert_eq!(at(100).changes_at, Some(NOW.plus(101)));
    assert_eq!(found(&at(101)), [(Code::ConnectRefused, Critical), (Code::TlsExpired, Critical)]);
}

#[test]
fn a_chain_outlives_a_name_server_that_does_not_answer() {
    let good = seen([address(ONE).presents(&leaf().left(2 * HOUR))]);
    let unanswered = seen([]).outcomes(Outcome::Timeout, Outcome::Servfail);
    let mut record = record([(0, &good)]);
    for minute in 1..=120 {
        record.absorb(unanswered.look(NOW.plus(minute * 60)));
    }
    let at = |seconds| unanswered.judge(&record, NOW.plus(seconds));
    the(Code::TlsExpiresSoon, &at(2 * HOUR));
    assert_eq!(at(2 * HOUR).effective_expiry, Some(NOW.plus(2 * HOUR)));
    the(Code::TlsExpired, &at(2 * HOUR + 1));
    the(Code::WatchResolverFailed, &at(2 * HOUR + 1));
}

#[test]
fn a_chain_outlives_a_family_that_nobody_answers_for() {
    let six = "[2001:db8::1]:443";
    let both = seen([address(ONE), address(six).presents(&leaf().left(100))]);
    let four = seen([address(ONE)]).outcomes(Outcome::Found, Outcome::Servfail);
    let record = record([(0, &both), (60, &four), (HOUR, &four)]);
    let verdict = four.judge(&record, NOW.plus(HOUR));
    assert_eq!(the(Code::TlsExpired, &verdict).addresses, [socket(six)].into());
    assert_eq!(the(Code::TlsAddressesDisagree, &verdict).severity, Warning);
}

#[test]
fn a_new_chain_takes_the_place_of_the_old() {
    let old = seen([address(ONE).presents(&leaf().left(DAY))]);
    let new = seen([address(ONE).presents(&leaf().left(90 * DAY))]);
    let record = record([(0, &old), (60, &new)]);
    assert_healthy(&new.judge(&record, NOW.plus(60)));
}

#[test]
fn an_address_is_forgotten_when_it_was_not_named_for_ten_minutes() {
    let both = seen([address(ONE), address(TWO).presents(&leaf().left(-1))]);
    let one = seen([address(ONE)]);
    let kept = |seconds| record([(0, &both), (60, &one), (seconds, &one)]).addresses.contains_key(&socket(TWO));
    assert!(kept(599));
    assert!(!kept(600));
}

#[test]
fn an_address_with_a_long_ttl_is_kept_for_twice_its_own() {
    let both = seen([address(ONE), address(TWO)]).dns(|dns| dns.a.ttl = Some(3600));
    let one = seen([address(ONE)]);
    let kept = |seconds| record([(0, &both), (60, &one), (seconds, &one)]).addresses.contains_key(&socket(TWO));
    assert!(kept(7199));
    assert!(!kept(7200));
}

#[test]
fn no_ttl_keeps_an_address_for_longer_than_a_day() {
    let both = seen([address(ONE), address(TWO)]).dns(|dns| dns.a.ttl = Some(u32::MAX));
    let one = seen([address(ONE)]);
    let kept = |seconds| record([(0, &both), (60, &one), (seconds, &one)]).addresses.contains_key(&socket(TWO));
    assert!(kept(DAY - 1));
    assert!(!kept(DAY));
}

#[test]
fn of_addresses_without_end_the_last_named_are_kept() {
    let named = |number: i64| socket(&format!("192.0.2.{number}:443"));
    let look =
        |number: i64| seen([address(ONE), address(&named(number).to_string())]).dns(|dns| dns.a.ttl = Some(3600));
    let mut record = Record::default();
    for number in 2..100 {
        record.absorb(look(number).look(NOW.plus(number)));
    }
    let mut expected: Vec<_> = (37..100).map(named).chain([socket(ONE)]).collect();
    expected.sort_unstable();
    assert_eq!(record.addresses.keys().copied().collect::<Vec<_>>(), expected);
    let presented = record.addresses.get(&named(99)).unwrap().presented.clone().unwrap().1;
    record.remember(socket("198.51.100.1:443"), NOW, presented, NOW.plus(100));
    assert_eq!((record.addresses.len(), record.addresses.contains_key(&named(37))), (64, false));
}

#[test]
fn the_ttl_is_that_of_the_addresss_own_family() {
    let both = seen([address(ONE), address("[2001:db8::1]:443")]).dns(|dns| dns.aaaa.ttl = Some(3600));
    let neither = seen([]).dns(|dns| dns.a = Lookup::empty(Outcome::NoData));
    let record = record([(0, &both), (600, &neither)]);
    assert_eq!(record.addresses.keys().copied().collect::<Vec<_>>(), [socket("[2001:db8::1]:443")]);
}

#[test]
fn an_address_no_longer_named_is_not_judged() {
    let both = seen([address(ONE), address(TWO).fails(Code::ConnectRefused)]);
    let one = seen([address(ONE)]);
    let record = record([(0, &both), (60, &one)]);
    assert_healthy(&one.judge(&record, NOW.plus(60)));
}

#[test]
fn a_name_server_that_answers_nothing_makes_nothing_forgotten() {
    let good = seen([address(ONE)]);
    let unanswered = seen([]).outcomes(Outcome::Timeout, Outcome::Timeout);
    let record = record([(0, &good), (DAY, &unanswered)]);
    assert!(record.addresses.contains_key(&socket(ONE)));
    let gone = seen([]).outcomes(Outcome::Nxdomain, Outcome::Nxdomain);
    let mut record = record;
    record.absorb(gone.look(NOW.plus(DAY + 60)));
    assert!(record.addresses.is_empty());
}
