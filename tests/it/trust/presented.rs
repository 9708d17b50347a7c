//! Whom a leaf is for, what in a chain cannot be read, and what makes a store.

use super::*;
use notafter::lab::ca::Flaw;
use notafter::trust::StoreError;

/// More certificates than any honest chain has; what is sent beyond is not looked at.
const MAX_CHAIN: usize = 16;

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
    assert_eq!((presented.refusal.clone(), presented.paths.len()), (None, 0));
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
    let store = TrustStore::new(webpki_root_certs::TLS_SERVER_ROOT_CERTS, &[]).unwrap();
    assert_eq!(store.roots().len(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
    assert!(store.roots().len() > 100);
    assert!(store.roots().iter().all(|root| root.not_before < root.not_after));
}

#[test]
fn a_self_signed_certificate_among_the_roots_is_trusted_marked_as_a_ca_or_not() {
    for spec in [spec(), spec().with_flaw(Flaw::Authority)] {
        let own = notafter::lab::ca::self_signed(&spec).unwrap();
        let store = TrustStore::new(&own.chain(), &[]).unwrap();
        let presented = assess(&store, &own.chain());
        assert_complete(&presented);
        assert!(!presented.self_signed);
        assert_eq!(presented.effective_expiry(), Some(notafter::domain::UnixTime(UNTIL)));
    }
}
