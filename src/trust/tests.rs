//! The rules of trust, held against certificates of the lab: which paths there are whatever the time, whom a leaf
//! is for, and whose signature it bears.

use rustls_pki_types::CertificateDer;

use super::{MAX_CHAIN, StoreError, TrustStore};
use crate::domain::{DomainName, UnixTime};
use crate::lab::ca::{Authority, Flaw, KeyKind, LeafSpec, Validity, self_signed};
use crate::observation::{Origin, Presented, TrustPath};

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

fn assess(store: &TrustStore, chain: &[Der]) -> Presented {
    store.assess(chain, &name(NAME))
}

fn name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

/// Where each step of a path is from.
fn origins(path: &TrustPath) -> Vec<Origin> {
    path.steps.iter().map(|step| step.origin).collect()
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

#[test]
fn a_path_leads_over_the_intermediate_to_the_root() {
    let world = world();
    let presented = assess(&store([&world.root]), &world.chain);
    let path = assert_complete(&presented);
    assert_eq!(origins(path), [Origin::Presented, Origin::Presented, Origin::Root]);
    assert_eq!((path.not_before(), path.not_after()), (UnixTime(FROM), UnixTime(UNTIL)));
    assert_eq!(presented.effective_expiry(), Some(UnixTime(UNTIL)));
    assert_eq!(presented.chain.len(), 2);
    assert!(!presented.self_signed);
}

#[test]
fn order_repetition_and_strangers_in_the_chain_do_not_matter() {
    let world = world();
    let below = world.intermediate.intermediate("Lab Subordinate").unwrap();
    let [leaf, subordinate, intermediate] = &below.leaf(&spec()).unwrap().chain()[..] else { panic!() };
    let stranger = Authority::root("Stranger").unwrap();
    let shuffled = [leaf, intermediate, stranger.certificate(), subordinate, intermediate, world.root.certificate()];
    let presented = assess(&store([&world.root]), &shuffled.map(Clone::clone));
    assert_eq!(assert_complete(&presented).steps.len(), 4);
}

#[test]
fn every_kind_of_key_is_followed() {
    for key in KeyKind::ALL {
        let root = Authority::root_with("Lab Root", validity(FROM, UNTIL), key).unwrap();
        let leaf = root.leaf(&spec().with_key(key)).unwrap();
        assert_complete(&assess(&store([&root]), &leaf.chain()));
    }
}

#[test]
fn a_forgotten_intermediate_that_is_known_makes_an_incomplete_path() {
    let world = world();
    let store = knowing([&world.root], &[world.intermediate.certificate().clone()]);
    let presented = assess(&store, &world.chain[..1]);
    let [path] = &presented.paths[..] else { panic!("{} paths", presented.paths.len()) };
    assert_eq!(origins(path), [Origin::Presented, Origin::Bundled, Origin::Root]);
    let missing: Vec<_> = path.missing().map(|certificate| certificate.subject.as_str()).collect();
    assert_eq!(missing, ["CN=Lab Intermediate"]);
    assert_eq!(presented.refusal, None);
    assert_eq!(presented.complete_paths().count(), 0);
    assert_complete(&assess(&store, &world.chain));
}

#[test]
fn a_forgotten_intermediate_that_nobody_knows_makes_no_path() {
    let world = world();
    assert_no_path(&assess(&store([&world.root]), &world.chain[..1]), "issuer");
}

#[test]
fn a_known_intermediate_below_another_root_makes_no_path() {
    let world = world();
    let other = Authority::root("Other Root").unwrap();
    let store = knowing([&other], &[world.intermediate.certificate().clone()]);
    assert_no_path(&assess(&store, &world.chain[..1]), "issuer");
}

#[test]
fn a_root_of_the_same_name_with_another_key_is_another_root() {
    let world = world();
    let namesake = Authority::root("Lab Root").unwrap();
    let presented = assess(&store([&namesake]), &world.chain);
    assert_no_path(&presented, "");
    assert!(!presented.self_signed);
}

#[test]
fn dates_do_not_decide_whether_there_is_a_path() {
    let short = validity(FROM, FROM + 1);
    let lasting = validity(FROM - DAY, UNTIL + DAY);
    // Root, intermediate, leaf.
    let cases = [
        (lasting, lasting, short),
        (lasting, short, validity(FROM, UNTIL)),
        (short, lasting, validity(FROM, UNTIL)),
        (lasting, validity(UNTIL, UNTIL + DAY), validity(FROM, UNTIL)),
    ];
    for (of_root, of_intermediate, of_leaf) in cases {
        let root = Authority::root_with("Lab Root", of_root, KeyKind::P256).unwrap();
        let intermediate = root.intermediate_with("Lab Intermediate", of_intermediate, KeyKind::P256).unwrap();
        let leaf = LeafSpec::new(NAME, of_leaf.not_before, of_leaf.not_after);
        let presented = assess(&store([&root]), &intermediate.leaf(&leaf).unwrap().chain());
        let path = assert_complete(&presented);
        let all = [of_root, of_intermediate, of_leaf];
        assert_eq!(Some(path.not_before().0), all.iter().map(|dates| dates.not_before).max());
        assert_eq!(Some(path.not_after().0), all.iter().map(|dates| dates.not_after).min());
    }
}

#[test]
fn certificates_that_are_never_valid_together_make_no_path() {
    let root = Authority::root("Lab Root").unwrap();
    let over = root.intermediate_with("Lab Intermediate", validity(FROM - DAY, FROM - 1), KeyKind::P256).unwrap();
    assert_no_path(&assess(&store([&root]), &over.leaf(&spec()).unwrap().chain()), "at no time");
}

#[test]
fn surplus_certificates_do_not_hide_a_path_that_was_valid_when_the_leaf_began() {
    let root = Authority::root("Lab Root").unwrap();
    let brief = root.intermediate_with("Lab Intermediate", validity(FROM, FROM + 1), KeyKind::P256).unwrap();
    let mut chain = brief.leaf(&spec()).unwrap().chain();
    for later in 1..=10 {
        let surplus = validity(FROM + later * DAY, UNTIL);
        let surplus = root.intermediate_with(&format!("Surplus {later}"), surplus, KeyKind::P256).unwrap();
        chain.push(surplus.certificate().clone());
    }
    assert_complete(&assess(&store([&root]), &chain));
}

#[test]
fn a_cross_sign_gives_a_path_to_each_root_in_the_store() {
    let (old, new) = (Authority::root("Old Root").unwrap(), Authority::root("New Root").unwrap());
    let issuing = new.intermediate("Issuing CA").unwrap();
    for ends in [UNTIL + DAY, FROM + DAY] {
        let cross_sign = new.cross_signed_by(&old, validity(FROM - DAY, ends)).unwrap();
        let mut chain = issuing.leaf(&spec()).unwrap().chain();
        chain.push(cross_sign);
        let presented = assess(&store([&old, &new]), &chain);
        let mut lengths: Vec<_> = presented.paths.iter().map(|path| path.steps.len()).collect();
        lengths.sort_unstable();
        assert_eq!(lengths, [3, 4]);
        assert_eq!(presented.complete_paths().count(), 2);
        assert_eq!(presented.effective_expiry(), Some(UnixTime(UNTIL)));
        let only_old = assess(&store([&old]), &chain);
        assert_eq!(assert_complete(&only_old).steps.len(), 4);
        assert_eq!(only_old.effective_expiry(), Some(UnixTime(ends.min(UNTIL))));
    }
}

#[test]
fn self_signed_is_what_bears_its_own_signature_and_is_in_no_store() {
    let world = world();
    let own = self_signed(&spec()).unwrap().chain();
    let presented = assess(&store([&world.root]), &own);
    assert!(presented.self_signed);
    assert_eq!(presented.paths, []);
    // The very certificate is in the store: somebody decided to trust it.
    let trusting = TrustStore::new(&own, &[]).unwrap();
    let presented = assess(&trusting, &own);
    assert!(!presented.self_signed);
    assert_complete(&presented);
    // Issuer and subject are one name, but another key has signed.
    let namesake = Authority::root(NAME).unwrap();
    let presented = assess(&store([&world.root]), &namesake.leaf(&spec()).unwrap().chain());
    assert!(presented.leaf().unwrap().self_issued);
    assert!(!presented.self_signed);
}

#[test]
fn a_certificate_not_meant_for_a_server_has_no_path_and_the_reason_is_told() {
    let root = Authority::root("Lab Root").unwrap();
    for (flaw, reason) in [(Flaw::ClientOnly, "extended key usage"), (Flaw::Authority, "it is a CA")] {
        let leaf = root.leaf(&spec().with_flaw(flaw)).unwrap();
        assert_no_path(&assess(&store([&root]), &leaf.chain()), reason);
    }
}

#[test]
fn a_leaf_that_has_signed_another_is_no_authority() {
    // A stolen leaf key cannot make further certificates: the leaf says that it is no CA.
    let world = world();
    let pretender = Authority::root(NAME).unwrap();
    let forged = pretender.leaf(&LeafSpec::new("other.example.com", FROM, UNTIL)).unwrap();
    let chain = [forged.leaf().clone(), world.chain[0].clone(), world.chain[1].clone()];
    assert_no_path(&assess(&store([&world.root]), &chain), "");
}

#[test]
fn whom_a_leaf_is_for() {
    let root = Authority::root("Lab Root").unwrap();
    let store = store([&root]);
    let cases = [
        ("login.example.com", "login.example.com", true),
        ("LOGIN.example.com", "login.example.com", true),
        ("*.example.com", "login.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", "a.login.example.com", false),
        ("login.example.com", "www.login.example.com", false),
        ("login.example.com", "login.example.org", false),
        ("xn--bcher-kva.example", "bücher.example", true),
        ("192.0.2.1", "login.example.com", false),
    ];
    for (certified, asked, matches) in cases {
        let leaf = root.leaf(&LeafSpec::new(certified, FROM, UNTIL)).unwrap();
        let presented = store.assess(&leaf.chain(), &name(asked));
        assert_eq!(presented.name_matches, Some(matches), "{certified} for {asked}");
    }
    let several = root.leaf(&spec().with_name("second.example.com")).unwrap();
    assert_eq!(store.assess(&several.chain(), &name("second.example.com")).name_matches, Some(true));
    // The common name is the domain's, and does not count.
    let nameless = root.leaf(&spec().with_flaw(Flaw::NoNames)).unwrap();
    assert_eq!(assess(&store, &nameless.chain()).name_matches, Some(false));
}

#[test]
fn trust_and_name_are_found_apart() {
    let world = world();
    let stranger = Authority::root("Stranger").unwrap();
    let mismatched = LeafSpec::new("other.example.com", FROM, UNTIL);
    let trusted = assess(&store([&world.root]), &world.intermediate.leaf(&mismatched).unwrap().chain());
    assert_eq!(trusted.name_matches, Some(false));
    assert_complete(&trusted);
    let untrusted = assess(&store([&stranger]), &world.chain);
    assert_eq!(untrusted.name_matches, Some(true));
    assert_no_path(&untrusted, "issuer");
}

#[test]
fn what_cannot_be_read_is_told_by_its_place_and_spoils_nothing_else() {
    let world = world();
    let garbage = Der::from(b"garbage".to_vec());
    let chain = [world.chain[0].clone(), garbage.clone(), world.chain[1].clone()];
    let presented = assess(&store([&world.root]), &chain);
    assert_complete(&presented);
    assert_eq!(presented.unreadable.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [1]);
    let presented = assess(&store([&world.root]), &[garbage, world.chain[1].clone()]);
    assert_eq!(presented.leaf(), None);
    assert_eq!(presented.name_matches, None);
    assert_no_path(&presented, "not a DER certificate");
}

#[test]
fn a_chain_without_end_is_cut() {
    let world = world();
    let mut chain = vec![world.chain[0].clone()];
    let stranger = Authority::root("Stranger").unwrap();
    chain.resize(MAX_CHAIN - 1, stranger.certificate().clone());
    let within = [&chain[..], &world.chain[1..]].concat();
    assert_complete(&assess(&store([&world.root]), &within));
    chain.push(stranger.certificate().clone());
    let beyond = [&chain[..], &world.chain[1..]].concat();
    let presented = assess(&store([&world.root]), &beyond);
    assert_eq!(presented.chain.len(), MAX_CHAIN);
    assert_no_path(&presented, "issuer");
}

#[test]
fn an_empty_chain_has_nothing_to_say() {
    let presented = assess(&store([&world().root]), &[]);
    assert_eq!((presented.leaf(), presented.name_matches, presented.effective_expiry()), (None, None, None));
    assert_eq!((presented.refusal, presented.paths.len()), (None, 0));
}

#[test]
fn a_store_must_have_roots_that_are_certificates() {
    let root = Authority::root("Lab Root").unwrap().certificate().clone();
    assert_eq!(TrustStore::new(&[], &[]).unwrap_err(), StoreError::Empty);
    let garbage = Der::from(b"garbage".to_vec());
    let error = TrustStore::new(&[root.clone(), garbage.clone()], &[]).unwrap_err();
    assert!(matches!(error, StoreError::BadRoot { position: 1, .. }), "{error}");
    assert_eq!(TrustStore::new(&[root.clone(), root.clone()], &[garbage]).unwrap().roots().len(), 1);
}

#[test]
fn mozillas_roots_are_certificates() {
    let store = TrustStore::mozilla();
    assert_eq!(store.roots().len(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
    assert!(store.roots().len() > 100);
    assert!(store.roots().iter().all(|root| root.not_before < root.not_after));
}
