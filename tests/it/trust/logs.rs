//! What transparency logs have signed, held against a list of them.

use std::sync::Arc;

use notafter::domain::{DomainName, UnixTime};
use notafter::lab::ca::{Authority, KeyKind, LeafSpec};
use notafter::lab::logs::{Log, list};
use notafter::observation::{CheckedSct, LogState, Transparency};
use notafter::trust::{LogList, TrustStore};
use rustls_pki_types::CertificateDer;

const AT: u64 = 1_796_083_200_123;
const SINCE: &str = "2026-01-01T00:00:00Z";

fn spec() -> LeafSpec {
    LeafSpec::new("login.example", 1_796_000_000, 1_800_000_000).with_key(KeyKind::P256)
}

fn checked(root: &Authority, chain: &[CertificateDer<'_>], json: Option<&str>) -> Option<Transparency> {
    let store = TrustStore::new(&[root.root_certificate().clone()], &[]).unwrap();
    let store = store.with_logs(json.map(|json| Arc::new(LogList::parse(json.as_bytes()).unwrap())));
    store.assess(chain, &DomainName::parse("login.example").unwrap()).transparency.clone()
}

fn said(one: &CheckedSct) -> (Option<&str>, Option<bool>) {
    (one.log.as_ref().map(|log| log.description.as_str()), one.is_signed)
}

#[test]
fn what_a_log_has_signed_verifies() {
    let root = Authority::root("Lab Root").unwrap();
    let issuing = root.intermediate("Lab Intermediate").unwrap();
    let logs = [Log::new("one").unwrap(), Log::with_rsa("two").unwrap(), Log::new("three").unwrap()];
    let impostor = logs[2].impostor().unwrap();
    let unlisted = Log::new("unlisted").unwrap();
    let shown = [(&logs[0], AT), (&logs[1], AT + 1000), (&impostor, AT), (&unlisted, AT)];
    let leaf = issuing.logged_leaf(&spec(), &shown).unwrap();
    let [one, two, three] = [&logs[0], &logs[1], &logs[2]];
    let json = list(
        SINCE,
        &[
            ("A", vec![one.listed("usable", SINCE), three.listed("usable", SINCE)], vec![]),
            ("B", vec![], vec![two.listed("retired", SINCE)]),
        ],
    );
    let found = checked(&root, &leaf.chain(), Some(&json)).unwrap();
    assert_eq!(found.listed_at, UnixTime::parse_rfc3339(SINCE));
    let all: Vec<_> = found.scts.iter().map(said).collect();
    let expected = [(Some("one"), Some(true)), (Some("two"), Some(true)), (Some("three"), Some(false)), (None, None)];
    assert_eq!(all, expected);
    let log = found.scts[1].log.as_ref().unwrap();
    let retired = LogState::Retired(UnixTime::parse_rfc3339(SINCE).unwrap());
    assert_eq!((log.operator.as_str(), log.state), ("B", retired));
    assert_eq!(found.scts[0].sct.timestamp_ms, AT);
    // Without the issuer it cannot be tried.
    let found = checked(&root, &leaf.chain()[..1], Some(&json)).unwrap();
    assert_eq!(said(&found.scts[0]), (Some("one"), None));
    // Of the issuer's own name and another key, what is signed is another thing.
    let namesake = root.intermediate("Lab Intermediate").unwrap();
    let pretended = [leaf.leaf().clone(), namesake.certificate().clone()];
    let found = checked(&root, &pretended, Some(&json)).unwrap();
    assert_eq!(said(&found.scts[0]), (Some("one"), Some(false)));
}

#[test]
fn without_receipts_there_are_none_and_without_a_list_nothing_is_said() {
    let root = Authority::root("Lab Root").unwrap();
    let json = list(SINCE, &[("A", vec![Log::new("one").unwrap().listed("usable", SINCE)], vec![])]);
    let leaf = root.leaf(&spec()).unwrap();
    assert_eq!(checked(&root, &leaf.chain(), Some(&json)).unwrap().scts, []);
    assert_eq!(checked(&root, &leaf.chain(), None), None);
    // Of a leaf right below the root, the root's own key counts, which no server sends.
    let log = Log::new("one").unwrap();
    let json = list(SINCE, &[("A", vec![log.listed("usable", SINCE)], vec![])]);
    let leaf = root.logged_leaf(&spec(), &[(&log, AT)]).unwrap();
    assert_eq!(checked(&root, &leaf.chain(), Some(&json)).unwrap().scts[0].is_signed, Some(true));
}
