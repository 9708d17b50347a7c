//! Stores that are asked besides, CAs that are listed, and issuers that are found elsewhere.

use super::*;
use notafter::observation::certificate::{Certificate, Sha256};
use notafter::trust::{DistrustList, certificates_in};

fn sha256(authority: &Authority) -> Sha256 {
    Sha256::of(authority.certificate())
}

#[test]
fn each_store_finds_its_own_paths() {
    let world = world();
    let other = Authority::root("Other Root").unwrap();
    let beside = vec![("corporate".into(), Arc::new(store([&other]))), ("same".into(), Arc::new(store([&world.root])))];
    let main = store([&world.root]).beside(beside);
    let presented = assess(&main, &world.chain);
    assert_complete(&presented);
    let [corporate, same] = &presented.beside[..] else { panic!() };
    assert_eq!((corporate.store.as_ref(), &corporate.paths), ("corporate", &Vec::new()));
    assert!(corporate.refusal.as_ref().unwrap().contains("issuer"));
    assert_eq!((same.store.as_ref(), &same.paths, &same.refusal), ("same", &presented.paths, &None));
}

#[test]
fn a_store_judges_as_another_if_all_of_it_is_alike() {
    let [one, two] = ["One", "Two"].map(|name| Authority::root(name).unwrap());
    let list = |authority: &Authority| DistrustList::parse(&sha256(authority).to_string()).unwrap();
    let beside = |authority: &Authority| vec![("other".into(), Arc::new(store([authority])))];
    let plain = store([&one]);
    assert!(plain.judges_like(&store([&one])) && plain.judges_like(&knowing([&one], &[two.certificate().clone()])));
    for differs in [store([&two]), store([&one]).distrusting(list(&two)), store([&one]).beside(beside(&two))] {
        assert!(!plain.judges_like(&differs) && !differs.judges_like(&plain), "{differs:?}");
    }
    assert!(store([&one]).beside(beside(&two)).judges_like(&store([&one]).beside(beside(&two))));
    assert!(!store([&one]).beside(beside(&two)).judges_like(&store([&one]).beside(beside(&one))));
}

#[test]
fn a_listed_ca_is_told_with_what_it_means_for_the_leaf() {
    let world = world();
    let listed = |authority: &Authority, rule: &str| {
        let list = DistrustList::parse(&format!("{} {rule}", sha256(authority))).unwrap();
        let presented = assess(&store([&world.root]).distrusting(list), &world.chain);
        presented.distrusted.iter().map(|one| (one.certificate.sha256, one.applies)).collect::<Vec<_>>()
    };
    let (root, intermediate) = (sha256(&world.root), sha256(&world.intermediate));
    assert_eq!(listed(&world.root, ""), [(root, true)]);
    assert_eq!(listed(&world.intermediate, ""), [(intermediate, true)]);
    // The leaf begins on 2027-01-15.
    for kind in ["issued-after", "logged-after"] {
        assert_eq!(listed(&world.root, &format!("{kind} 2027-01-14")), [(root, true)]);
        assert_eq!(listed(&world.root, &format!("{kind} 2027-01-15")), [(root, false)]);
    }
    assert_eq!(listed(&Authority::root("Lab Root").unwrap(), ""), []);
}

#[test]
fn an_issuer_that_is_found_completes_the_path() {
    let world = world();
    let store = store([&world.root]);
    let leaf = &world.chain[..1];
    assert_no_path(&assess(&store, leaf), "issuer");
    let found = Arc::new(Certificate::from_der(world.intermediate.certificate()).unwrap());
    let completed = store.assess_with(leaf, &name(NAME), &[Arc::clone(&found)]);
    let [path] = &completed.paths[..] else { panic!() };
    assert_eq!(path.missing().map(|certificate| certificate.sha256).collect::<Vec<_>>(), [found.sha256]);
    let again = store.assessed(leaf, &name(NAME), &[found]).unwrap();
    assert!(Arc::ptr_eq(&completed, &again));
    assert_no_path(&assess(&store, leaf), "issuer");
}

#[test]
fn what_others_presented_is_known_as_long_as_somebody_holds_it() {
    let world = world();
    let store = store([&world.root]);
    let lost = assess(&store, &world.chain[..1]);
    assert_eq!(store.seen_above(&lost.chain), []);
    let good = assess(&store, &world.chain);
    let seen = store.seen_above(&lost.chain);
    assert_eq!(seen.iter().map(|one| one.sha256).collect::<Vec<_>>(), [sha256(&world.intermediate)]);
    drop((good, seen));
    assert_eq!(store.seen_above(&lost.chain), []);
}

#[test]
fn a_document_may_be_der_pem_or_a_message_with_certificates() {
    let world = world();
    let titles = |body: &[u8]| certificates_in(body).iter().map(Certificate::title).collect::<Vec<_>>();
    assert_eq!(titles(world.intermediate.certificate()), ["Lab Intermediate"]);
    let both = world.intermediate.certificate_pem() + &world.root.certificate_pem();
    assert_eq!(titles(both.as_bytes()), ["Lab Intermediate", "Lab Root"]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("both.pem"), &both).unwrap();
    let mut openssl = crate::servers::program("usr/bin/openssl");
    openssl.current_dir(folder.path()).args(["crl2pkcs7", "-nocrl", "-certfile", "both.pem", "-outform", "DER"]);
    let message = crate::servers::run(&mut openssl, "").stdout;
    let mut of_message = titles(&message);
    of_message.sort();
    assert_eq!(of_message, ["Lab Intermediate", "Lab Root"]);
    for length in 0..message.len() {
        titles(&message[..length]);
    }
    // A leaf is no issuer, and no page is a certificate.
    for body in [world.chain[0].as_ref(), b"<html>not found</html>", b""] {
        assert_eq!(titles(body), [""; 0]);
    }
}
