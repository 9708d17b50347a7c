//! Whether a login reaches Auth0, by the answer to the request for the discovery document.

use super::scene::{Answer, unanswered};
use super::*;
use crate::observation::StatusNote;
use crate::verdict::Severity::{Critical, Warning};

const ONE: &str = "192.0.2.1:443";
const TWO: &str = "192.0.2.2:443";

fn page(status: u16) -> Answer {
    answer(status)
}

fn challenge(status: u16) -> Answer {
    answer(status).headers(|headers| headers.cf_mitigated = Some("challenge".to_owned()))
}

#[test]
fn every_bad_answer_has_its_code() {
    let not_json = Answer { is_json: false, issuer: None, ..answer(200) };
    let no_issuer = Answer { issuer: None, ..answer(200) };
    let cases = [
        (not_json, Code::Auth0NotJson, Critical),
        (no_issuer, Code::Auth0NotJson, Critical),
        (answer(200).issuer("https://example.us.auth0.com/"), Code::Auth0IssuerMismatch, Critical),
        (answer(200).issuer("https://login.example.com"), Code::Auth0IssuerMismatch, Critical),
        (answer(200).issuer("http://login.example.com/"), Code::Auth0IssuerMismatch, Critical),
        (answer(200).issuer("https://login.example.com.evil.example/"), Code::Auth0IssuerMismatch, Critical),
        (page(301), Code::HttpRedirect, Warning),
        (page(302), Code::HttpRedirect, Warning),
        (page(308), Code::HttpRedirect, Warning),
        (page(401), Code::HttpErrorStatus, Critical),
        (page(403), Code::HttpErrorStatus, Critical),
        (page(404), Code::HttpErrorStatus, Critical),
        (page(429), Code::HttpRateLimited, Warning),
        (page(500), Code::HttpErrorStatus, Critical),
        (page(502), Code::HttpErrorStatus, Critical),
        (page(503), Code::HttpErrorStatus, Critical),
        (page(504), Code::HttpErrorStatus, Critical),
        (challenge(403), Code::Auth0Challenge, Warning),
        (challenge(503), Code::Auth0Challenge, Warning),
        (page(401).key_marker("Invalid API key"), Code::Auth0KeyRejected, Critical),
        (page(403).key_marker("Invalid API key"), Code::Auth0KeyRejected, Critical),
        (unanswered(Code::HttpTimeout), Code::HttpTimeout, Critical),
        (unanswered(Code::HttpBroken), Code::HttpBroken, Critical),
    ];
    for (answer, code, severity) in cases {
        let verdict = seen([address(ONE).answers(answer.clone())]).verdict();
        assert_eq!(found(&verdict), [(code, severity)], "{answer:?}");
        assert_eq!(verdict.findings[0].addresses, [socket(ONE)].into());
    }
}

#[test]
fn the_document_of_this_domain_is_good() {
    assert_healthy(&seen([address(ONE).answers(answer(200))]).verdict());
}

#[test]
fn a_rejected_key_says_what_that_rests_on() {
    let verdict = seen([address(ONE).answers(page(401).key_marker("Invalid API key"))]).verdict();
    let facts = &the(Code::Auth0KeyRejected, &verdict).facts;
    assert_eq!(facts["basis"], "marker");
    assert_eq!(facts["marker"], "Invalid API key");
    assert_eq!(facts["status"], 401);
}

#[test]
fn the_facts_say_who_answered() {
    let redirect = page(301).headers(|headers| {
        headers.location = Some("https://www.example.com/".to_owned());
        headers.server = Some("nginx".to_owned());
    });
    let verdict = seen([address(ONE).answers(redirect)]).verdict();
    let facts = &the(Code::HttpRedirect, &verdict).facts;
    assert_eq!(facts["location"], "https://www.example.com/");
    assert_eq!(facts["server"], "nginx");
    let verdict = seen([address(ONE).answers(answer(200).issuer("https://other.example/"))]).verdict();
    let facts = &the(Code::Auth0IssuerMismatch, &verdict).facts;
    assert_eq!(facts["issuer"], "https://other.example/");
    assert_eq!(facts["expected_issuer"], "https://login.example.com/");
}

#[test]
fn at_one_address_of_two_the_network_warns_and_a_fact_stays_critical() {
    let cases = [
        (page(502), Code::HttpErrorStatus, Warning),
        (unanswered(Code::HttpTimeout), Code::HttpTimeout, Warning),
        (unanswered(Code::HttpBroken), Code::HttpBroken, Warning),
        (answer(200).issuer("https://other.example/"), Code::Auth0IssuerMismatch, Critical),
        (page(401).key_marker("Invalid API key"), Code::Auth0KeyRejected, Critical),
        (Answer { is_json: false, ..answer(200) }, Code::Auth0NotJson, Critical),
    ];
    for (bad, code, severity) in cases {
        let verdict = seen([address(ONE), address(TWO).answers(bad)]).verdict();
        assert_eq!(found(&verdict), [(code, severity)]);
        assert_eq!(verdict.findings[0].addresses, [socket(TWO)].into());
    }
}

#[test]
fn an_address_whose_turn_never_came_does_not_make_a_fault_partial() {
    let verdict = seen([address(ONE).not_asked(), address(TWO).answers(page(502))]).verdict();
    assert_eq!(found(&verdict), [(Code::HttpErrorStatus, Critical)]);
}

#[test]
fn different_faults_at_all_addresses_are_each_told_in_full() {
    let verdict =
        seen([address(ONE).answers(page(502)), address(TWO).answers(unanswered(Code::HttpTimeout))]).verdict();
    assert_eq!(found(&verdict), [(Code::HttpErrorStatus, Critical), (Code::HttpTimeout, Critical)]);
}

#[test]
fn what_the_status_page_says_stands_beside_what_may_be_its_doing() {
    let note = StatusNote { status: "Investigating".to_owned(), title: "Elevated errors".to_owned() };
    let mut scene = seen([address("192.0.2.1:443").answers(answer(502))]).domain(|domain| {
        domain.expected.txt = Some("f7a51f40-0b47-40a5-89de-1f31bfef20af".to_owned());
    });
    scene.surroundings.status_note = Some(Box::new(note));
    let verdict = scene.verdict();
    assert_eq!(the(Code::HttpErrorStatus, &verdict).facts["auth0_status"], "Investigating: Elevated errors");
    assert!(!the(Code::DnsTxtMissing, &verdict).facts.contains_key("auth0_status"));
}
