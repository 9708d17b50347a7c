//! Certificates that are not made by the rules: whose count, and that one good path is enough.

use std::sync::Arc;

use super::leaf::Authority;
use super::*;
use crate::observation::certificate::{Certificate, Rule};
use crate::observation::{Origin, PathStep};
use crate::verdict::Severity::{Critical, Warning};

const V4: &str = "192.0.2.1:443";

fn verdict(chain: &leaf::Chain) -> Verdict {
    seen([address(V4).presents(chain)]).verdict()
}

#[test]
fn a_broken_rule_is_named_with_its_certificate_and_section() {
    let issuing = ca("Issuing CA").breaks(Rule::ConstraintsNotCritical).sent();
    let chain = leaf().breaks(Rule::SerialNotPositive).paths([vec![issuing, ca("Root CA").root()]]);
    let verdict = verdict(&chain);
    assert_eq!((found(&verdict), verdict.level), (vec![(Code::TlsNonconforming, Warning)], Level::Warning));
    let finding = the(Code::TlsNonconforming, &verdict);
    let expected = [
        "login.example.com: RFC 5280 §4.1.2.2: the serial number is not positive",
        "Issuing CA: RFC 5280 §4.2.1.9: the basic constraints of a CA are not critical",
    ];
    assert_eq!(finding.facts["rules"], serde_json::json!(expected));
    let summary = "login.example.com is not made by the rules: the serial number is not positive, and 1 more";
    assert_eq!(finding.summary, summary);
}

#[test]
fn what_is_asked_of_a_certificate_hangs_on_its_place() {
    let chain = |leaf_breaks, issuing, root: Authority| {
        let leaf = if let Some(rule) = leaf_breaks { leaf().breaks(rule) } else { leaf() };
        leaf.paths([vec![issuing, root.root()]])
    };
    let sound = || (ca("Issuing CA").sent(), ca("Root CA"));
    for rule in Rule::ALL {
        let (issuing, root) = sound();
        let of_leaf = found(&verdict(&chain(Some(*rule), issuing, root)));
        assert_eq!(of_leaf.is_empty(), *rule == Rule::NotCa, "{rule:?}");
        let (issuing, root) = sound();
        let of_root = found(&verdict(&chain(None, issuing, root.breaks(*rule))));
        let exempt = matches!(rule, Rule::AuthorityKeyMissing | Rule::KeyUsageMissing);
        assert_eq!(of_root.is_empty(), exempt, "{rule:?}");
        let issuing = ca("Issuing CA").breaks(*rule).sent();
        let of_issuing = found(&verdict(&chain(None, issuing, ca("Root CA"))));
        assert_eq!(of_issuing.is_empty(), *rule == Rule::NotCa, "{rule:?}");
    }
}

#[test]
fn one_path_by_the_rules_is_enough_for_as_long_as_it_is_good() {
    let odd = vec![ca("Odd CA").breaks(Rule::SubjectKeyMissing).sent(), ca("Root CA").root()];
    let good = vec![ca("Issuing CA").left(30 * DAY).sent(), ca("Root CA").root()];
    let scene = seen([address(V4).presents(&leaf().paths([odd, good]))]);
    assert_healthy(&scene.verdict());
    assert_eq!(scene.verdict().changes_at, Some(NOW.plus(30 * DAY + 1)));
    assert_eq!(found(&scene.verdict_in(30 * DAY)), []);
    assert!(found(&scene.verdict_in(30 * DAY + 1)).contains(&(Code::TlsNonconforming, Warning)));
}

#[test]
fn what_runs_out_or_is_not_trusted_is_told_beside_it() {
    let odd = leaf().breaks(Rule::AuthorityKeyMissing);
    let expired = [(Code::TlsExpired, Critical), (Code::TlsNonconforming, Warning)];
    assert_eq!(found(&verdict(&odd.clone().left(-1))), expired);
    // On no path there is nothing to keep to.
    assert_eq!(found(&verdict(&odd.clone().untrusted())), [(Code::TlsUntrusted, Critical)]);
    let incomplete = [(Code::TlsChainIncomplete, Warning), (Code::TlsNonconforming, Warning)];
    assert_eq!(found(&verdict(&odd.incomplete())), incomplete);
}

#[test]
fn roots_that_browsers_ship_are_not_judged() {
    let old = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok());
    let old: Vec<_> = old.filter(|root| root.profile.broken().next().is_some()).collect();
    assert!(!old.is_empty(), "then the exemption is for nobody");
    for root in old {
        let root = PathStep { certificate: Arc::new(root), origin: Origin::Root };
        let verdict = verdict(&leaf().paths([vec![ca("Issuing CA").sent(), root]]));
        assert!(verdict.findings.iter().all(|finding| finding.code != Code::TlsNonconforming), "{verdict:?}");
    }
}

#[test]
fn a_root_that_allows_no_more_cas_is_heard() {
    let root = |most| {
        let step = ca("Root CA").root();
        let mut certificate = step.certificate.as_ref().clone();
        certificate.path_length = most;
        PathStep { certificate: Arc::new(certificate), origin: Origin::Root }
    };
    let below = |root| verdict(&leaf().paths([vec![ca("Issuing CA").sent(), ca("Upper CA").sent(), root]]));
    for most in [None, Some(2), Some(3)] {
        assert_healthy(&below(root(most)));
    }
    for most in [Some(0), Some(1)] {
        assert_eq!(found(&below(root(most))), [(Code::TlsNonconforming, Warning)]);
    }
}
