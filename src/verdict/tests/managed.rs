//! What the Management API says of a domain, held against what is seen.

use std::sync::Arc;

use serde_json::{Value, json};

use super::scene::{Scene, address, answer, seen};
use super::{NAME, NOW, assert_healthy, name, the};
use crate::domain::UnixTime;
use crate::observation::Code;
use crate::observation::management::read_domain;
use crate::verdict::{ClientIp, Finding, Level, Managed, Recreated, Severity};

const A: &str = "192.0.2.1:443";

fn managed(more: Value) -> Managed {
    let mut said = json!({ "custom_domain_id": "cd_2", "domain": NAME, "type": "self_managed_certs",
        "status": "ready", "origin_domain_name": "new.edge.example.com" });
    said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let said = Arc::new(read_domain(said).unwrap());
    Managed { tenant: name("example.us.auth0.com"), said, gone_since: None, recreated: None, client_ip: None }
}

fn by(scene: Scene, managed: Managed) -> (Level, Vec<Finding>) {
    let verdict = scene.managed(managed).verdict();
    let of_api = |finding: &Finding| {
        finding.code.as_str().starts_with("auth0.domain_")
            || finding.code == Code::Auth0ClientIpHidden
            || finding.code == Code::Auth0VerificationError
    };
    (verdict.level, verdict.findings.into_iter().filter(of_api).collect())
}

fn works() -> Scene {
    seen([address(A)])
}

fn broken() -> Scene {
    seen([address(A).answers(answer(403))])
}

#[test]
fn a_ready_domain_has_nothing_to_be_told_of() {
    assert_eq!(by(works(), managed(json!({}))), (Level::Healthy, Vec::new()));
}

#[test]
fn each_status_has_its_severity_by_whether_logins_work() {
    let cases = [
        ("pending_verification", works(), Severity::Warning),
        ("pending_verification", broken(), Severity::Info),
        ("pending", broken(), Severity::Info),
        ("failed", works(), Severity::Critical),
        ("disabled", works(), Severity::Critical),
        ("resting", works(), Severity::Warning),
    ];
    for (status, scene, severity) in cases {
        let (_, findings) = by(scene, managed(json!({ "status": status })));
        let [finding] = findings.as_slice() else { panic!("{status}: {findings:?}") };
        assert_eq!((finding.code, finding.severity), (Code::Auth0DomainNotReady, severity), "{status}");
        assert_eq!(finding.facts["status"], status);
    }
}

#[test]
fn a_domain_gone_is_critical_and_nothing_else_is_said_of_it() {
    let gone = Managed { gone_since: Some(NOW.plus(-7200)), ..managed(json!({ "status": "failed" })) };
    let (level, findings) = by(works(), gone);
    assert_eq!(level, Level::Critical);
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(finding.code, Code::Auth0DomainGone);
    assert!(finding.summary.contains("example.us.auth0.com") && finding.summary.contains("2 h"), "{}", finding.summary);
}

#[test]
fn a_domain_created_anew_is_told_until_logins_were_seen_to_work_well_after() {
    let recreated = |ago: i64| {
        let at = UnixTime(NOW.0 - ago);
        let recreated =
            Recreated { at, id_before: "cd_1".to_owned(), origin_before: Some(name("old.edge.example.com")) };
        Managed { recreated: Some(recreated), ..managed(json!({})) }
    };
    let severity = |scene: Scene, ago: i64| by(scene, recreated(ago)).1.first().map(|finding| finding.severity);
    assert_eq!(severity(works(), 60), Some(Severity::Warning));
    assert_eq!(severity(works(), 3600), None);
    assert_eq!(severity(broken(), 60), Some(Severity::Critical));
    assert_eq!(severity(broken(), 86_400), Some(Severity::Critical));
    let (_, findings) = by(broken(), recreated(60));
    assert_eq!(findings[0].facts["custom_domain_id_before"], "cd_1");
    assert_eq!(findings[0].facts["origin"], "new.edge.example.com");
    assert_eq!(findings[0].facts["origin_before"], "old.edge.example.com");
}

#[test]
fn an_origin_that_auth0_does_not_name_is_told() {
    let written = |origin: &str| works().domain(|domain| domain.expected.origin = Some(name(origin)));
    let verdict = written("old.edge.example.com").managed(managed(json!({}))).verdict();
    let finding = the(Code::Auth0OriginMismatch, &verdict);
    assert_eq!(finding.summary, "the configured origin host is old.edge.example.com, Auth0 says new.edge.example.com");
    assert_healthy(&written("new.edge.example.com").managed(managed(json!({}))).verdict());
}

#[test]
fn what_auth0_could_not_verify_is_said_in_its_words() {
    let error = json!({ "verification": { "methods": [], "error_msg": "CAA record \u{1b}[31missue" } });
    let (_, findings) = by(works(), managed(error));
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!((finding.code, finding.severity), (Code::Auth0VerificationError, Severity::Warning));
    assert!(!finding.summary.contains('\u{1b}'), "{:?}", finding.summary);
}

#[test]
fn whom_auth0_takes_for_the_client_is_held_against_who_we_are() {
    let seen = |ip: &str, hostname: Option<&str>| {
        let ours = vec!["203.0.113.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
        let seen = ClientIp { at: NOW, ip: ip.to_owned(), hostname: hostname.map(str::to_owned), ours };
        let (_, findings) = by(works(), Managed { client_ip: Some(seen), ..managed(json!({})) });
        findings.first().map(|finding| finding.summary.clone())
    };
    assert_eq!(seen("203.0.113.7", Some(NAME)), None);
    assert_eq!(seen("::ffff:203.0.113.7", None), None);
    assert_eq!(seen("2001:DB8:0::7", Some("LOGIN.example.com")), None);
    let other = seen("198.51.100.1", Some(NAME)).unwrap();
    assert_eq!(other, "Auth0 takes 198.51.100.1 for the client, not 203.0.113.7 or 2001:db8::7");
    assert!(seen("203.0.113.7, 10.0.0.1", Some(NAME)).is_some());
    assert!(seen("203.0.113.7", Some("example.us.auth0.com")).unwrap().contains("example.us.auth0.com"));
}
