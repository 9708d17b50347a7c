//! How many transparency logs must know a certificate, and by which list they are counted.

use std::sync::Arc;

use super::*;
use crate::domain::Domain;
use crate::observation::certificate::{Certificate, LogId, Sct};
use crate::observation::{CheckedSct, ListedLog, LogState, Origin, PathStep, Presented, Transparency};
use crate::verdict::Severity::{Critical, Warning};
use crate::verdict::{LOG_LIST_HOLDS, judge_chain};

/// A log by number, with its operator and its state; `None` is a log that is not on the list.
type Log = (u8, Option<(&'static str, LogState)>, bool);

const USABLE: LogState = LogState::Usable;

fn sct(log: u8) -> Sct {
    Sct { log_id: LogId([log; 32]), timestamp_ms: 1_790_000_000_000 }
}

/// A chain of this lifetime in days below a public root, whose leaf carries these receipts.
fn chain(days: i64, scts: &[u8]) -> Presented {
    let root = Arc::new(Certificate::from_der(&webpki_root_certs::TLS_SERVER_ROOT_CERTS[0]).unwrap());
    let steps = vec![ca("Issuing CA").sent(), PathStep { certificate: root, origin: Origin::Root }];
    let mut presented = leaf().lifetime(days).paths([steps]).presented().as_ref().clone();
    let of_paths = presented.paths.iter_mut().map(|path| &mut path.steps[0].certificate);
    for certificate in of_paths.chain(presented.chain.first_mut()) {
        Arc::make_mut(certificate).scts = scts.iter().map(|log| sct(*log)).collect();
    }
    presented
}

fn listed(days: i64, listed_at: Option<UnixTime>, logs: &[Log]) -> Presented {
    let mut presented = chain(days, &logs.iter().map(|(log, ..)| *log).collect::<Vec<_>>());
    let check = |(log, listed, signed): &Log| CheckedSct {
        sct: sct(*log),
        log: listed.map(|(operator, state)| ListedLog {
            description: format!("log {log}"),
            operator: operator.to_owned(),
            state,
        }),
        is_signed: listed.is_some().then_some(*signed),
    };
    presented.transparency = Some(Transparency { listed_at, scts: logs.iter().map(check).collect() });
    presented
}

fn judged(presented: &Presented) -> Vec<(Code, Severity)> {
    let verdict = judge_chain(&Domain::new(name(NAME)), presented, NOW);
    found(&verdict).into_iter().filter(|(code, _)| [Code::TlsSctMissing, Code::TlsSctInvalid].contains(code)).collect()
}

#[test]
fn without_a_list_distinct_logs_are_counted_by_lifetime() {
    for (days, scts, expected) in [
        (90, &[1, 2][..], None),
        (180, &[1, 2], None),
        (181, &[1, 2], Some(Critical)),
        (181, &[1, 2, 3], None),
        (90, &[1], Some(Critical)),
        (90, &[1, 1], Some(Critical)),
        // These may come in the handshake.
        (90, &[], Some(Warning)),
    ] {
        let expected: Vec<_> = expected.map(|severity| (Code::TlsSctMissing, severity)).into_iter().collect();
        assert_eq!(judged(&chain(days, scts)), expected, "{days} {scts:?}");
    }
}

#[test]
fn below_a_root_of_ones_own_and_before_browsers_asked_nothing_is_asked() {
    assert_eq!(judged(&leaf().presented()), []);
    let mut old = chain(90, &[]);
    let since = UnixTime(1_525_132_800);
    Arc::make_mut(&mut old.chain[0]).not_before = since.plus(-1);
    assert_eq!(judged(&old), []);
    Arc::make_mut(&mut old.chain[0]).not_before = since;
    assert_eq!(judged(&old), [(Code::TlsSctMissing, Critical)].map(|(code, _)| (code, Warning)));
}

#[test]
fn by_a_list_only_logs_in_a_state_that_counts_do() {
    let missing = &[(Code::TlsSctMissing, Critical)][..];
    let (before, after) = (UnixTime(1_800_000_000), UnixTime(1_700_000_000));
    let good: Log = (1, Some(("A", USABLE)), true);
    for (other, expected) in [
        ((2, Some(("B", USABLE)), true), &[][..]),
        ((2, Some(("B", LogState::Qualified)), true), &[]),
        ((2, Some(("B", LogState::ReadOnly)), true), &[]),
        ((2, Some(("B", LogState::Retired(before))), true), &[]),
        ((2, Some(("B", LogState::Retired(after))), true), missing),
        ((2, Some(("B", LogState::Pending)), true), missing),
        ((2, Some(("B", LogState::Rejected)), true), missing),
        ((2, None, true), missing),
        ((2, Some(("A", USABLE)), true), missing),
        ((1, Some(("A", USABLE)), true), missing),
        ((2, Some(("B", USABLE)), false), &[(Code::TlsSctMissing, Critical), (Code::TlsSctInvalid, Warning)]),
    ] {
        assert_eq!(judged(&listed(90, Some(NOW), &[good, other])), expected, "{other:?}");
    }
    // What is retired counts beside another, and not alone.
    let retired = |log, operator| (log, Some((operator, LogState::Retired(before))), true);
    assert_eq!(judged(&listed(90, None, &[retired(1, "A"), retired(2, "B")])), missing);
}

#[test]
fn by_a_list_that_is_too_old_logs_are_only_counted() {
    let logs: [Log; 2] = [(1, Some(("A", USABLE)), true), (2, None, true)];
    let at = |age: i64| listed(90, Some(NOW.plus(-age)), &logs);
    assert_eq!(judged(&at(LOG_LIST_HOLDS)), [(Code::TlsSctMissing, Critical)]);
    assert_eq!(judged(&at(LOG_LIST_HOLDS + 1)), []);
    let verdict = judge_chain(&Domain::new(name(NAME)), &at(LOG_LIST_HOLDS), NOW);
    assert_eq!(verdict.changes_at, Some(NOW.plus(1)), "it is announced when the list is over");
    // A wrong signature is wrong by whatever list, and no receipt.
    let wrong: [Log; 2] = [(1, Some(("A", USABLE)), true), (2, Some(("B", USABLE)), false)];
    let presented = listed(90, Some(NOW.plus(-LOG_LIST_HOLDS - 1)), &wrong);
    assert_eq!(judged(&presented), [(Code::TlsSctMissing, Critical), (Code::TlsSctInvalid, Warning)]);
}
