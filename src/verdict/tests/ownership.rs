//! The ownership TXT record that is nearly there: its value not quite right, its place another, or hidden.

use super::*;
use crate::domain::Verification;
use crate::observation::{CnameLink, Lookup, Outcome, TxtElsewhere};
use crate::verdict::Severity::{Critical, Warning};

const V4: &str = "192.0.2.1:443";
const VALUE: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";
const TXT_NAME: &str = "_cf-custom-hostname.login.example.com";
const PENDING: Verification = Verification::Pending { started: None };

/// A healthy domain of which this value is expected and verification has come so far.
fn expecting(verification: Verification) -> Scene {
    seen([address(V4)]).domain(|domain| {
        domain.expected.txt = Some(VALUE.to_owned());
        domain.expected.verification = verification;
    })
}

fn records(values: &[&str]) -> Lookup<String> {
    let records = values.iter().map(|value| (*value).to_owned()).collect();
    Lookup::found(records, 60)
}

fn place(at: &str, value: &str) -> TxtElsewhere {
    TxtElsewhere { name: name(at), cname: Vec::new(), txt: records(&["v=spf1 -all", value]) }
}

fn link(alias: &str, target: &str) -> CnameLink {
    CnameLink { name: name(alias), target: name(target), ttl: 60 }
}

#[test]
fn a_value_that_is_not_quite_right_is_told_by_its_slip() {
    for (value, code, pending) in [
        (format!("\"{VALUE}\""), Code::DnsTxtQuoted, Critical),
        (format!("{VALUE}."), Code::DnsTxtTrailingDot, Critical),
        (format!("{VALUE} "), Code::DnsTxtInexact, Critical),
        (VALUE.to_uppercase(), Code::DnsTxtInexact, Warning),
        ("another".to_owned(), Code::DnsTxtMismatch, Warning),
    ] {
        let verdict = |verification| expecting(verification).txt(&["v=spf1 -all", &value]).verdict();
        assert_eq!(found(&verdict(Verification::Ready)), [(code, Warning)], "{value}");
        assert_eq!(found(&verdict(PENDING)), [(code, pending)], "{value}");
        assert_eq!(verdict(PENDING).path.broken_at(), None, "{value}");
        let facts = &verdict(Verification::Ready).findings[0].facts;
        assert_eq!((&facts["expected"], &facts["txt_name"]), (&VALUE.into(), &TXT_NAME.into()));
        assert_eq!(facts["found"], serde_json::json!(["v=spf1 -all", value]));
        // Beside the right value nothing is wrong.
        assert_healthy(&expecting(PENDING).txt(&[&value, VALUE]).verdict());
    }
}

#[test]
fn a_record_at_another_place_is_told_with_that_place() {
    let doubled = "_cf-custom-hostname.login.example.com.example.com";
    for (at, code) in [
        (doubled, Code::DnsTxtDoubledZone),
        ("_cf-custom-hostname.example.com", Code::DnsTxtMisplaced),
        ("example.com", Code::DnsTxtMisplaced),
        ("cf-custom-hostname.login.example.com", Code::DnsTxtMisplaced),
    ] {
        for (verification, severity) in [(Verification::Ready, Warning), (PENDING, Critical)] {
            for value in [VALUE.to_owned(), format!("{VALUE}.")] {
                let scene = expecting(verification).dns(|dns| dns.txt_elsewhere = vec![place(at, &value)]);
                let verdict = scene.verdict();
                assert_eq!(found(&verdict), [(code, severity)], "{at}");
                assert_eq!(verdict.findings[0].facts["found_at"], at);
                assert_eq!(verdict.path.broken_at(), None);
            }
        }
        let other = expecting(PENDING).dns(|dns| dns.txt_elsewhere = vec![place(at, "another")]);
        assert_eq!(found(&other.verdict()), [(Code::DnsTxtMissing, Critical)], "{at}");
    }
    // Beside a leftover at the right place as well.
    let leftover = expecting(Verification::Ready).txt(&["another"]);
    let leftover = leftover.dns(|dns| dns.txt_elsewhere = vec![place(doubled, VALUE)]);
    assert_eq!(found(&leftover.verdict()), [(Code::DnsTxtDoubledZone, Warning)]);
}

#[test]
fn without_a_value_to_know_it_by_only_a_doubled_name_tells() {
    let unknown = |at: &str, value: &str| {
        let scene = seen([address(V4)]).dns(|dns| dns.txt_elsewhere = vec![place(at, value)]);
        found(&scene.domain(|domain| domain.expected.verification = PENDING).verdict())
    };
    let doubled = "_cf-custom-hostname.login.example.com.login.example.com";
    assert_eq!(unknown(doubled, VALUE), [(Code::DnsTxtDoubledZone, Critical)]);
    assert_eq!(unknown(doubled, "v=spf1"), [(Code::DnsTxtMissing, Critical)]);
    assert_eq!(unknown("_cf-custom-hostname.example.com", VALUE), [(Code::DnsTxtMissing, Critical)]);
}

#[test]
fn the_domain_itself_is_accepted_once_verified() {
    let legacy =
        |verification, value: &str| expecting(verification).dns(|dns| dns.txt_elsewhere = vec![place(NAME, value)]);
    assert_healthy(&legacy(Verification::Ready, VALUE).verdict());
    assert_healthy(&legacy(Verification::Ready, VALUE).txt(&["another"]).verdict());
    let dotted = legacy(Verification::Ready, &format!("{VALUE}.")).verdict();
    assert_eq!(found(&dotted), [(Code::DnsTxtTrailingDot, Warning)]);
    assert_eq!(dotted.findings[0].facts["txt_name"], NAME);
    // A domain that is being verified is newer than that place.
    assert_eq!(found(&legacy(PENDING, VALUE).verdict()), [(Code::DnsTxtMisplaced, Critical)]);
    // Where another name is configured, the record belongs there.
    let elsewhere = legacy(Verification::Ready, VALUE);
    let elsewhere = elsewhere.domain(|domain| domain.expected.txt_name = Some(name("_other.example.com")));
    assert_eq!(found(&elsewhere.verdict()), [(Code::DnsTxtMisplaced, Warning)]);
    // What lies behind the domain's CNAME is not at the domain itself.
    let behind = legacy(Verification::Ready, VALUE)
        .dns(|dns| dns.txt_elsewhere[0].cname = vec![link(NAME, "proxy.example.net")])
        .verdict();
    assert_eq!(found(&behind), [(Code::DnsTxtMisplaced, Warning)]);
    assert_eq!(behind.findings[0].facts["found_at"], "proxy.example.net");
}

#[test]
fn a_cname_hides_the_record_unless_the_value_is_at_its_end() {
    for (verification, severity) in [(Verification::Ready, Warning), (PENDING, Critical)] {
        let aliased = expecting(verification).dns(|dns| dns.txt_cname = vec![link(TXT_NAME, "proxy.example.net")]);
        for scene in [aliased.clone(), aliased.clone().txt(&["another"])] {
            let verdict = scene.verdict();
            assert_eq!(found(&verdict), [(Code::DnsTxtHidden, severity)]);
            assert_eq!(verdict.findings[0].facts["chain"], serde_json::json!(["proxy.example.net"]));
        }
        assert_healthy(&aliased.clone().txt(&[VALUE]).verdict());
        let unanswered = aliased.dns(|dns| dns.txt.outcome = Outcome::Servfail);
        assert_healthy(&unanswered.verdict());
    }
}

#[test]
fn whatever_keeps_auth0_from_finding_it_counts_the_window_down() {
    let pending = Verification::Pending { started: Some(NOW.plus(-DAY)) };
    let dotted = expecting(pending).txt(&[&format!("{VALUE}.")]);
    let hidden = expecting(pending).dns(|dns| dns.txt_cname = vec![link(TXT_NAME, "proxy.example.net")]);
    let wrong = expecting(pending).txt(&["another"]);
    let misplaced = expecting(pending).dns(|dns| dns.txt_elsewhere = vec![place("example.com", VALUE)]);
    for scene in [dotted, hidden, wrong, misplaced, expecting(pending)] {
        let verdict = scene.verdict();
        let finding = &verdict.findings[0];
        assert!(finding.summary.ends_with("the window for verification ends in 2 d"), "{}", finding.summary);
        assert_eq!(finding.facts["window_ends"], NOW.plus(2 * DAY).to_string());
        assert_eq!(finding.facts["window_ends_at_the_latest"], NOW.plus(6 * DAY).to_string());
        let basis = finding.facts["window_basis"].as_str().unwrap();
        assert!(basis.contains("three days") && basis.contains("seven"), "{basis}");
    }
    let unknown = expecting(PENDING).verdict();
    assert!(unknown.findings[0].facts.contains_key("window_basis"));
    assert!(!unknown.findings[0].facts.contains_key("window_ends_at_the_latest"));
    let ready = expecting(Verification::Ready).verdict();
    assert!(!ready.findings[0].facts.contains_key("window_basis"));
}
