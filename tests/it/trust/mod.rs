//! The rules of trust, held against certificates of the lab: which paths there are whatever the time, whom a leaf
//! is for, and whose signature it bears.

mod logs;
mod memory;
mod paths;
mod presented;
mod revocation;
mod stores;

use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use notafter::domain::DomainName;
use notafter::lab::ca::{Authority, LeafSpec, Validity};
use notafter::observation::{Presented, TrustPath};
use notafter::trust::TrustStore;

type Der = CertificateDer<'static>;

const NAME: &str = "login.example.com";
const DAY: i64 = 86_400;
const FROM: i64 = 1_800_000_000;
const UNTIL: i64 = FROM + 90 * DAY;

fn spec() -> LeafSpec {
    LeafSpec::new(NAME, FROM, UNTIL)
}

fn validity(not_before: i64, not_after: i64) -> Validity {
    Validity { not_before, not_after }
}

/// A root, an intermediate below it, and the chain of a leaf below that.
struct World {
    root: Authority,
    intermediate: Authority,
    chain: Vec<Der>,
}

fn world() -> World {
    let root = Authority::root("Lab Root").unwrap();
    let intermediate = root.intermediate("Lab Intermediate").unwrap();
    let chain = intermediate.leaf(&spec()).unwrap().chain();
    World { root, intermediate, chain }
}

fn store<const N: usize>(roots: [&Authority; N]) -> TrustStore {
    knowing(roots, &[])
}

fn knowing<const N: usize>(roots: [&Authority; N], intermediates: &[Der]) -> TrustStore {
    let roots = roots.map(|root| root.certificate().clone());
    TrustStore::new(&roots, intermediates).unwrap()
}

fn assess(store: &TrustStore, chain: &[Der]) -> Arc<Presented> {
    store.assess(chain, &name(NAME))
}

fn name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

#[track_caller]
fn assert_complete(presented: &Presented) -> &TrustPath {
    assert_eq!(presented.refusal, None);
    let [path] = &presented.paths[..] else { panic!("{} paths", presented.paths.len()) };
    assert!(path.is_complete());
    path
}

#[track_caller]
fn assert_no_path(presented: &Presented, reason: &str) {
    assert_eq!(presented.paths, []);
    let refusal = presented.refusal.as_deref().unwrap();
    assert!(refusal.contains(reason), "{refusal:?}");
}
