//! Which paths lead from a chain to a root, whatever the time.

use super::*;
use notafter::domain::UnixTime;
use notafter::lab::ca::{Flaw, KeyKind, self_signed};
use notafter::observation::Origin;

/// Where each step of a path is from.
fn origins(path: &TrustPath) -> Vec<Origin> {
    path.steps.iter().map(|step| step.origin).collect()
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
        // The root's own dates are told apart from the path's.
        let all = [of_intermediate, of_leaf];
        assert_eq!(path.root().map(|root| root.not_after.0), Some(of_root.not_after));
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
