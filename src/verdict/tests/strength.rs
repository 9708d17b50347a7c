//! Keys, signatures, lifetimes and the order of the chain: what may be wrong with a certificate in date, trusted and for
//! the right name.

use std::sync::Arc;

use super::*;
use crate::domain::Domain;
use crate::observation::certificate::{Certificate, KeyType, PublicKey};
use crate::observation::{Origin, PathStep, Presented};
use crate::verdict::Severity::{Critical, Info, Warning};
use crate::verdict::{judge_chain, judge_chain_with, key_mismatch};

fn judged(presented: &Presented) -> Verdict {
    judge_chain(&Domain::new(name(NAME)), presented, NOW)
}

/// The chain with this certificate of it changed, wherever it occurs.
fn with(chain: &leaf::Chain, subject: &str, change: impl Fn(&mut Certificate)) -> Presented {
    let mut presented = chain.presented().as_ref().clone();
    let of_paths = presented.paths.iter_mut().flat_map(|path| &mut path.steps).map(|step| &mut step.certificate);
    for certificate in presented.chain.iter_mut().chain(of_paths) {
        if certificate.subject == format!("CN={subject}") {
            change(Arc::make_mut(certificate));
        }
    }
    presented
}

fn key(key_type: KeyType, bits: u32) -> impl Fn(&mut Certificate) {
    move |certificate| certificate.key = PublicKey { key_type, bits: Some(bits), curve: None }
}

fn signed(algorithm: &str) -> impl Fn(&mut Certificate) {
    move |certificate| certificate.signature_algorithm = algorithm.to_owned()
}

#[test]
fn keys_are_weak_below_what_browsers_accept() {
    for (key_type, bits, is_weak) in [
        (KeyType::Rsa, 2048, false),
        (KeyType::Rsa, 2047, true),
        (KeyType::RsaPss, 1024, true),
        (KeyType::Ec, 256, false),
        (KeyType::Ec, 224, true),
        (KeyType::Ed25519, 256, false),
        (KeyType::Dsa, 4096, true),
    ] {
        for subject in [NAME, "Issuing CA", "Root CA"] {
            let verdict = judged(&with(&leaf(), subject, key(key_type, bits)));
            let expected: &[_] = if is_weak { &[(Code::TlsWeakKey, Warning)] } else { &[] };
            assert_eq!(found(&verdict), expected, "{key_type:?} {bits} {subject}");
        }
    }
}

#[test]
fn signatures_are_weak_by_their_hash_and_a_roots_own_does_not_count() {
    for (algorithm, is_weak) in [
        ("sha1WithRSAEncryption", true),
        ("md5WithRSAEncryption", true),
        ("md2WithRSAEncryption", true),
        ("ecdsa-with-SHA1", true),
        ("dsaWithSHA1", true),
        ("sha256WithRSAEncryption", false),
        ("ED25519", false),
    ] {
        let expected: &[_] = if is_weak { &[(Code::TlsWeakSignature, Warning)] } else { &[] };
        for subject in [NAME, "Issuing CA"] {
            let verdict = judged(&with(&leaf(), subject, signed(algorithm)));
            assert_eq!(found(&verdict), expected, "{algorithm} {subject}");
        }
        assert_healthy(&judged(&with(&leaf(), "Root CA", signed(algorithm))));
    }
}

#[test]
fn the_path_with_the_fewest_weaknesses_counts() {
    let weak = vec![ca("Weak CA").sent(), ca("Root CA").root()];
    let strong = vec![ca("Issuing CA").sent(), ca("Root CA").root()];
    let both = leaf().paths([weak.clone(), strong]);
    assert_healthy(&judged(&with(&both, "Weak CA", signed("sha1WithRSAEncryption"))));
    let verdict = judged(&with(&leaf().paths([weak]), "Weak CA", signed("sha1WithRSAEncryption")));
    let finding = the(Code::TlsWeakSignature, &verdict);
    assert_eq!(finding.summary, "Weak CA in the certificate's chain is signed with sha1WithRSAEncryption");
    let facts = serde_json::json!([{ "subject": "CN=Weak CA", "signature_algorithm": "sha1WithRSAEncryption" }]);
    assert_eq!(finding.facts["weak"], facts);
}

#[test]
fn a_path_that_is_not_found_for_its_weakness_is_explained_by_it() {
    let mut presented = leaf().untrusted().presented().as_ref().clone();
    let mut issuer = ca("Issuing CA").sent().certificate.as_ref().clone();
    key(KeyType::Rsa, 1024)(&mut issuer);
    presented.chain.push(Arc::new(issuer));
    let verdict = judged(&presented);
    assert_eq!(found(&verdict), [(Code::TlsUntrusted, Critical), (Code::TlsWeakKey, Warning)]);
    let finding = the(Code::TlsUntrusted, &verdict);
    let weakness = "; Issuing CA in the certificate's chain has a weak key: RSA 1024";
    assert!(finding.summary.ends_with(weakness), "{}", finding.summary);
    assert_eq!(finding.facts["reason"], format!("UnknownIssuer{weakness}"));
    // What only happens to be sent as well is no reason.
    let stray = with(&leaf().untrusted().also_sends(ca("Stray CA")), "Stray CA", key(KeyType::Rsa, 1024));
    assert_eq!(found(&judged(&stray)), [(Code::TlsUntrusted, Critical)]);
}

#[test]
fn lifetimes_are_limited_by_the_day_of_issue_below_public_roots() {
    let mozillas = Arc::new(Certificate::from_der(&webpki_root_certs::TLS_SERVER_ROOT_CERTS[0]).unwrap());
    let public = |from: i64, lifetime: i64, root: &Arc<Certificate>| {
        let steps = vec![PathStep { certificate: Arc::clone(root), origin: Origin::Root }];
        let chain =
            leaf().paths([steps]).left(NOW.until(UnixTime(from + lifetime))).begins_in(NOW.until(UnixTime(from)));
        judged(&chain.presented())
    };
    let is_too_long = |from, lifetime, root: &Arc<Certificate>| {
        let verdict = public(from, lifetime, root);
        verdict.findings.iter().any(|finding| finding.code == Code::TlsLifetimeTooLong)
    };
    let own = ca("Root CA").root().certificate;
    for (since, days_before, days) in [
        (1_598_918_400, None, 398),
        (1_773_532_800, Some(398), 200),
        (1_805_068_800, Some(200), 100),
        (1_868_227_200, Some(100), 47),
    ] {
        assert!(!is_too_long(since, days * DAY, &mozillas), "{since}");
        assert!(is_too_long(since, days * DAY + 1, &mozillas), "{since}");
        assert!(!is_too_long(since, days * DAY + 1, &own), "{since}");
        let before = days_before.map(|days: i64| is_too_long(since - 1, days * DAY, &mozillas));
        assert_ne!(before, Some(true), "{since}");
    }
    assert!(!is_too_long(1_598_918_399, 825 * DAY, &mozillas));
    let verdict = public(1_773_532_800, 200 * DAY + 1, &mozillas);
    let finding = the(Code::TlsLifetimeTooLong, &verdict);
    assert_eq!((finding.severity, &finding.facts["limit_seconds"]), (Warning, &(200 * DAY).into()));
    assert!(finding.summary.contains("201 days"), "{}", finding.summary);
}

#[test]
fn the_order_is_that_of_a_path() {
    let steps = vec![ca("Issuing CA").sent(), ca("Upper CA").sent(), ca("Root CA").root()];
    let sorted = leaf().paths([steps]).presented().as_ref().clone();
    assert_healthy(&judged(&sorted));
    let mut swapped = sorted.clone();
    swapped.chain.swap(1, 2);
    let verdict = judged(&swapped);
    assert_eq!(found(&verdict), [(Code::TlsChainMisordered, Warning)]);
    let order = serde_json::json!([format!("CN={NAME}"), "CN=Issuing CA", "CN=Upper CA"]);
    assert_eq!(the(Code::TlsChainMisordered, &verdict).facts["order"], order);
    // Something unneeded in between is out of order as well, after it all it is not.
    let stray = ca("Stray CA").sent().certificate;
    let mut between = sorted.clone();
    between.chain.insert(1, Arc::clone(&stray));
    assert_eq!(found(&judged(&between)), [(Code::TlsChainMisordered, Warning), (Code::TlsChainSurplus, Info)]);
    let mut after = sorted.clone();
    after.chain.push(stray);
    let verdict = judged(&after);
    assert_eq!((found(&verdict), verdict.level), (vec![(Code::TlsChainSurplus, Info)], Level::Healthy));
    assert_eq!(the(Code::TlsChainSurplus, &verdict).facts["surplus"], serde_json::json!(["CN=Stray CA"]));
    let mut twice = sorted.clone();
    twice.chain.push(Arc::clone(&sorted.chain[2]));
    assert_eq!(found(&judged(&twice)), [(Code::TlsChainSurplus, Info)]);
    // A root that is sent at the end is no surplus: the standards leave it to the server.
    let mut rooted = sorted.clone();
    rooted.chain.push(Arc::clone(&sorted.paths[0].steps[3].certificate));
    assert_healthy(&judged(&rooted));
}

#[test]
fn a_leaf_behind_its_authority_is_found() {
    let mut presented = with(&leaf().untrusted(), NAME, |certificate| certificate.is_ca = true);
    assert_eq!(found(&judged(&presented)), [(Code::TlsUntrusted, Critical)]);
    presented.chain.push(ca("other.example.com").sent().certificate);
    let verdict = judged(&presented);
    assert_eq!(found(&verdict), [(Code::TlsUntrusted, Critical), (Code::TlsChainMisordered, Warning)]);
    assert!(the(Code::TlsChainMisordered, &verdict).summary.ends_with("other.example.com, is number 2"));
}

#[test]
fn a_key_of_another_certificate_breaks_the_handshake() {
    let presented = leaf().presented();
    for (owner, words) in [(None, "not that of"), (Some(1), "that of Issuing CA, number 2"), (Some(9), "not that of")] {
        let finding = key_mismatch(&presented, owner).unwrap();
        assert!(finding.summary.contains(words), "{}", finding.summary);
        let verdict = judge_chain_with(&Domain::new(name(NAME)), &presented, &[finding], NOW);
        assert_eq!(found(&verdict), [(Code::TlsKeyMismatch, Critical)]);
        assert_eq!((verdict.level, verdict.path.broken_at()), (Level::Critical, Some(crate::verdict::Hop::Tls)));
    }
}
