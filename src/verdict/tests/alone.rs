//! A chain judged by itself, as it was read from a file.

use super::*;
use crate::domain::Domain;
use crate::observation::Presented;
use crate::verdict::HopStatus::{Broken, NotLooked};
use crate::verdict::Severity::{Critical, Warning};
use crate::verdict::judge_chain;

fn alone(chain: &leaf::Chain, seconds: i64) -> Verdict {
    judge_chain(&Domain::new(name(NAME)), &chain.presented(), NOW.plus(seconds))
}

#[test]
fn its_findings_are_those_of_a_served_chain_without_addresses() {
    let chains = [
        leaf(),
        leaf().left(-1).untrusted().for_another_name(),
        leaf().begins_in(1).self_signed(),
        leaf().left(20 * DAY).incomplete(),
        leaf().also_sends(ca("Old cross-sign").left(-1)),
    ];
    for chain in chains {
        let (file, served) = (alone(&chain, 0), seen([address("192.0.2.1:443").presents(&chain)]).verdict());
        assert_eq!(found(&file), found(&served));
        assert_eq!((file.level, file.effective_expiry), (served.level, served.effective_expiry));
        assert_eq!(file.changes_at, served.changes_at);
        assert!(file.findings.iter().all(|finding| finding.addresses.is_empty()));
    }
}

#[test]
fn its_path_says_nothing_but_what_the_chain_tells_of_the_handshake() {
    let statuses = |chain| alone(&chain, 0).path.steps().iter().map(|step| step.status).collect::<Vec<_>>();
    let of_tls = |tls| [NotLooked, NotLooked, NotLooked, tls, NotLooked, NotLooked, NotLooked];
    assert_eq!(statuses(leaf()), of_tls(NotLooked));
    assert_eq!(statuses(leaf().left(-1)), of_tls(Broken));
}

#[test]
fn it_changes_when_its_dates_say() {
    let chain = leaf().left(30 * DAY);
    assert_eq!(found(&alone(&chain, 9 * DAY)), [(Code::TlsExpiresSoon, Warning)]);
    assert_eq!(alone(&chain, 0).changes_at, Some(NOW.plus(9 * DAY)));
    assert_eq!(found(&alone(&chain, 30 * DAY + 1)), [(Code::TlsExpired, Critical)]);
    assert_eq!(alone(&chain, 30 * DAY).changes_at, Some(NOW.plus(30 * DAY + 1)));
}

#[test]
fn a_file_whose_leaf_cannot_be_read_is_unknown() {
    let unreadable = Presented {
        chain: Vec::new(),
        unreadable: vec![(0, "not a DER certificate".to_owned())],
        paths: Vec::new(),
        ..leaf().presented().as_ref().clone()
    };
    let verdict = judge_chain(&Domain::new(name(NAME)), &unreadable, NOW);
    assert_eq!(found(&verdict), []);
    assert_eq!(verdict.level, Level::Unknown);
}
