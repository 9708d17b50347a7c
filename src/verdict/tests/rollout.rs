//! Addresses that serve different leaves: a rollout for a day, then somebody was left behind.

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
    assert_eq!(severity_of(&record, &half_way(), 26 * HOUR), Some(Warning));
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
