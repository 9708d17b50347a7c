//! Whether a login reaches Auth0 through the proxy, by the answer to the request for the discovery document.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::bench::{Bench, where_of};
use super::{Finding, Kind, Record, Severity, catalogue};
use crate::domain::Domain;
use crate::observation::{Auth0Observation, Code};

pub(super) fn judge(domain: &Domain, record: &Record, bench: &mut Bench) {
    let mut failing: BTreeMap<Code, Vec<(SocketAddr, &Auth0Observation)>> = BTreeMap::new();
    let mut working = 0;
    for (address, seen) in record.current() {
        let Some(auth0) = &seen.auth0 else { continue };
        match fault(domain, auth0) {
            Some(code) => failing.entry(code).or_default().push((address, auth0)),
            None => working += 1,
        }
    }
    for (code, at) in failing {
        bench.find(finding(domain, code, &at, working));
    }
}

/// Whether a login gets through at any of the addresses; `None` where nobody was asked.
pub(super) fn works(domain: &Domain, record: &Record) -> Option<bool> {
    let answers = record.current().filter_map(|(_, seen)| seen.auth0.as_deref());
    answers.map(|answer| fault(domain, answer).is_none()).reduce(|any, one| any || one)
}

/// What is wrong with an answer, the most telling thing first; `None` for a good one.
pub(super) fn fault(domain: &Domain, answer: &Auth0Observation) -> Option<Code> {
    if let Some(failure) = &answer.failure {
        return Some(failure.code);
    }
    let challenged = answer.headers.cf_mitigated.as_deref().is_some_and(|value| value.contains("challenge"));
    match answer.status {
        _ if challenged => Some(Code::Auth0Challenge),
        _ if answer.key_marker.is_some() => Some(Code::Auth0KeyRejected),
        Some(429) => Some(Code::HttpRateLimited),
        Some(300..=399) => Some(Code::HttpRedirect),
        Some(200) => document_fault(domain, answer),
        _ => Some(Code::HttpErrorStatus),
    }
}

fn document_fault(domain: &Domain, answer: &Auth0Observation) -> Option<Code> {
    match answer.issuer.as_deref() {
        _ if !answer.is_json => Some(Code::Auth0NotJson),
        None => Some(Code::Auth0NotJson),
        Some(issuer) if issuer == expected_issuer(domain) => None,
        Some(_) => Some(Code::Auth0IssuerMismatch),
    }
}

/// OpenID Connect Discovery 1.0 §4.3: the issuer is the URL asked; Auth0's ends in a slash.
fn expected_issuer(domain: &Domain) -> String {
    format!("https://{}/", domain.name)
}

fn finding(domain: &Domain, code: Code, at: &[(SocketAddr, &Auth0Observation)], working: usize) -> Finding {
    let addresses = at.iter().map(|(address, _)| *address);
    let place = where_of(addresses.clone());
    let Some((_, answer)) = at.first() else {
        return Finding::new(code, place);
    };
    let mut finding = Finding::new(code, format!("{place}: {}", what_happened(domain, code, answer))).at(addresses);
    if let Some(status) = answer.status {
        finding = finding.fact("status", status);
    }
    for (name, value) in [
        ("issuer", &answer.issuer),
        ("location", &answer.headers.location),
        ("server", &answer.headers.server),
        ("via", &answer.headers.via),
        ("auth0_request_id", &answer.headers.auth0_request_id),
        ("retry_after", &answer.headers.retry_after),
        ("body", &answer.excerpt),
    ] {
        if let Some(value) = value {
            finding = finding.fact(name, value.as_str());
        }
    }
    if code == Code::Auth0KeyRejected {
        finding = finding.fact("basis", "marker").fact("marker", answer.key_marker.as_deref().unwrap_or_default());
    }
    if code == Code::Auth0IssuerMismatch {
        finding = finding.fact("expected_issuer", expected_issuer(domain));
    }
    let partly = working > 0 && catalogue::entry(code).kind == Kind::Network;
    if partly { finding.severity(Severity::Warning).fact("addresses_working", working) } else { finding }
}

fn what_happened(domain: &Domain, code: Code, answer: &Auth0Observation) -> String {
    let status = answer.status.unwrap_or_default();
    match code {
        Code::Auth0NotJson => "the answer is no discovery document: something else answers than Auth0".to_owned(),
        Code::Auth0IssuerMismatch => {
            let issuer = answer.issuer.as_deref().unwrap_or_default();
            format!("the issuer is {issuer}, not {}", expected_issuer(domain))
        }
        Code::Auth0KeyRejected => format!("Auth0's edge rejects the proxy's cname-api-key (status {status})"),
        Code::Auth0Challenge => format!("a bot challenge was served to us (status {status})"),
        Code::HttpRedirect => {
            let location = answer.headers.location.as_deref().unwrap_or("nowhere");
            format!("status {status}, a redirect to {location}")
        }
        Code::HttpRateLimited => "status 429, too many requests".to_owned(),
        Code::HttpErrorStatus => format!("status {status}, {}", meaning(status, answer)),
        _ => answer.failure.as_ref().map(|failure| failure.detail.clone()).unwrap_or_default(),
    }
}

fn meaning(status: u16, answer: &Auth0Observation) -> &'static str {
    match status {
        _ if answer.reached_auth0() => "from Auth0 itself",
        502..=504 | 520..=530 => "the proxy does not reach Auth0",
        401 | 403 => "refused",
        404 => "nothing there",
        500.. => "an error of the server",
        _ => "not the document",
    }
}
