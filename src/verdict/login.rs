//! Whether a login reaches Auth0 through the proxy, by the answer to the request for the discovery document.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::bench::{Bench, where_of};
use super::blame::{self, maker};
use super::mend::mend;
use super::views::Views;
use super::{Finding, Kind, Record, Severity, catalogue};
use crate::domain::Domain;
use crate::observation::{Auth0Observation, Code, Layer};

pub(super) fn judge(domain: &Domain, record: &Record, bench: &mut Bench) {
    let views = Views::of(domain, record);
    let mut failing: BTreeMap<Code, Vec<(SocketAddr, &Auth0Observation)>> = BTreeMap::new();
    let mut working = 0;
    for (address, seen) in record.current() {
        let Some(auth0) = &seen.auth0 else { continue };
        match fault_by(domain, auth0, &views) {
            Some(code) => failing.entry(code).or_default().push((address, auth0)),
            None => working += 1,
        }
    }
    for (code, at) in failing {
        bench.find(finding(domain, code, &at, working, &views));
    }
    judge_endpoints(record, bench);
}

/// The document is this domain's, and yet has endpoints elsewhere: a cache or a rule of the proxy has changed it, or it
/// is one of two tenants'.
fn judge_endpoints(record: &Record, bench: &mut Bench) {
    let answers = record.current().filter_map(|(address, seen)| Some((address, seen.auth0.as_deref()?)));
    let foreign: Vec<_> = answers.filter(|(_, answer)| !answer.foreign_endpoints.is_empty()).collect();
    let Some((_, first)) = foreign.first() else { return };
    // Where the issuer is another's, so is the rest, and that is told.
    if bench.findings.iter().any(|finding| finding.code == Code::Auth0IssuerMismatch) {
        return;
    }
    let addresses = foreign.iter().map(|(address, _)| *address);
    let names: Vec<&str> = first.foreign_endpoints.iter().filter_map(|text| text.split(':').next()).collect();
    let summary = format!("{}: on another host: {}", where_of(addresses.clone()), names.join(", "));
    let finding = Finding::new(Code::Auth0EndpointForeign, summary).at(addresses);
    bench.find(finding.fact("endpoints", first.foreign_endpoints.clone()));
}

/// What is wrong with an answer, by itself or by what was seen past the proxy: a refusal of the proxy's request where
/// Auth0's edge takes ours with the key speaks of the key, unless the proxy has refused it itself.
pub(super) fn fault_by(domain: &Domain, answer: &Auth0Observation, views: &Views<'_>) -> Option<Code> {
    match fault(domain, answer) {
        Some(Code::HttpErrorStatus) if is_refusal_of_key(answer) && views.key_is_accepted() => {
            Some(Code::Auth0KeyRejected)
        }
        code => code,
    }
}

fn is_refusal_of_key(answer: &Auth0Observation) -> bool {
    let own = maker(answer).is_some_and(|maker| maker.is_sure && maker.layer <= Layer::Cdn);
    let prohibited = answer.evidence.iter().any(|evidence| evidence.sign == "Cloudflare error 1000");
    matches!(answer.status, Some(401 | 403)) && !answer.reached_auth0() && !own && !prohibited
}

/// Whether a bot challenge was served, as Cloudflare marks it.
pub(super) fn challenged(answer: &Auth0Observation) -> bool {
    answer.headers.cf_mitigated.as_deref().is_some_and(|value| value.contains("challenge"))
}

/// What people call a product.
pub(super) fn product_name(product: &str) -> &str {
    match product {
        "haproxy" => "HAProxy",
        "caddy" => "Caddy",
        "apache" => "Apache",
        "envoy" => "Envoy",
        "cloudfront" => "CloudFront",
        "cloudflare" => "Cloudflare",
        "front_door" => "Azure Front Door",
        "application_gateway" => "Azure Application Gateway",
        "google" => "Google's load balancer",
        "fastly" => "Fastly",
        "akamai" => "Akamai",
        "aws_load_balancer" => "AWS's load balancer",
        "auth0" => "Auth0",
        other => other,
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
    match answer.status {
        _ if challenged(answer) => Some(Code::Auth0Challenge),
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

fn finding(
    domain: &Domain,
    code: Code,
    at: &[(SocketAddr, &Auth0Observation)],
    working: usize,
    views: &Views<'_>,
) -> Finding {
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
        finding = match &answer.key_marker {
            Some(marker) => finding.fact("basis", "marker").fact("marker", marker.as_str()),
            None => finding.fact("basis", "origin"),
        };
    }
    if let Some(product) = blame::product(answer) {
        finding = finding.fact("answered_by", product_name(product));
    }
    if let Some(limit) = answer.rate_limit.filter(|_| code == Code::HttpRateLimited) {
        let known = [("ratelimit_limit", limit.limit), ("ratelimit_remaining", limit.remaining)];
        for (name, value) in known.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            finding = finding.fact(name, value);
        }
    }
    let blame = blame::place(code, answer, views);
    finding =
        finding.mended_by(blame.trouble.and_then(|trouble| mend(trouble, blame::product(answer), views.origin_host)));
    if code == Code::Auth0IssuerMismatch {
        finding = finding.fact("expected_issuer", expected_issuer(domain));
    }
    let partly = working > 0 && catalogue::entry(code).kind == Kind::Network;
    if partly { finding.severity(Severity::Warning).fact("addresses_working", working) } else { finding }
}

fn what_happened(domain: &Domain, code: Code, answer: &Auth0Observation) -> String {
    let status = answer.status.unwrap_or_default();
    match code {
        Code::Auth0NotJson if is_page(answer) => {
            "the answer is no discovery document but a web page: something else answers than Auth0".to_owned()
        }
        Code::Auth0NotJson => "the answer is no discovery document: something else answers than Auth0".to_owned(),
        Code::Auth0IssuerMismatch => {
            let issuer = answer.issuer.as_deref().unwrap_or_default();
            format!("the issuer is {issuer}, not {}", expected_issuer(domain))
        }
        Code::Auth0KeyRejected if answer.key_marker.is_none() => format!(
            "refused through the proxy (status {status}), and past it answered well with the key: Auth0's edge rejects \
             the proxy's cname-api-key, or its Host"
        ),
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

fn is_page(answer: &Auth0Observation) -> bool {
    answer.headers.content_type.as_deref().is_some_and(|kind| kind.to_ascii_lowercase().contains("html"))
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
