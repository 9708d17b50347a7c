//! What strangers answer over the network: DNS, HTTP, the Management API.

use std::net::SocketAddr;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{Response, StatusCode};
use notafter::domain::{Domain, DomainName};
use notafter::observation::management::{Refusal, read_domain, read_page, read_token_logs};
use notafter::observation::{
    Auth0Observation, CaaObservation, CaaRecord, CaaSet, DnsObservation, Look, TlsObservation,
};
use notafter::probe::parsers;
use notafter::verdict::{Record, Surroundings, judge};

use super::NOW;

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 443);

fn domain() -> Domain {
    let mut domain = Domain::new(DomainName::parse("login.example.com").expect("a name"));
    domain.expected.txt = Some("f7a51f40-0b47-40a5-89de-1f31bfef20af".to_owned());
    domain.expected.cname = Some(DomainName::parse("proxy.example.net").expect("a name"));
    domain
}

/// A message of DNS, read as the answer to every question and judged.
pub(super) fn dns(data: &[u8]) {
    let domain = domain();
    let Some(seen) = parsers::dns_message(data, &domain.name) else { return };
    assert!(seen.cname.len() <= 12 && seen.txt.records.iter().all(|text| text.chars().count() <= 1_025));
    judged(&domain, Some(seen), None);
}

/// A message of DNS as the answer to a question of ours, or an extended error alone: what explains a failure.
pub(super) fn dns_errors(data: &[u8]) {
    let explained = parsers::dns_errors(data, 0x1234, &domain().name).unwrap_or_default();
    for (_, words) in explained.iter().chain(&parsers::extended_error(data)) {
        // A byte that is no UTF-8 becomes three.
        assert!(words.len() <= 3 * data.len() && !words.ends_with('\0'));
    }
}

/// A `Set-Cookie`.
pub(super) fn cookie(data: &[u8]) {
    if let Some(kept) = parsers::cookie(data) {
        let texts = [Some(&kept.name), kept.same_site.as_ref(), kept.domain.as_ref(), kept.path.as_ref()];
        assert!(texts.into_iter().flatten().all(|text| text.chars().count() <= 201), "{kept:?}");
    }
}

/// The feed of a status page.
pub(super) fn status_feed(data: &[u8]) {
    if let Some(Some(note)) = parsers::status_feed(&String::from_utf8_lossy(data)) {
        assert!(["Investigating", "Identified", "Monitoring", "Update"].contains(&note.status.as_str()), "{note:?}");
        assert!(note.title.chars().count() <= 201, "{note:?}");
    }
}

/// CAA records, one a line: flags, a tag and a value, with one space between.
pub(super) fn caa(data: &[u8]) {
    let domain = domain();
    let records = data.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut parts = line.splitn(3, |byte| *byte == b' ');
        let (flags, tag, value) = (parts.next()?, parts.next()?, parts.next()?);
        Some(CaaRecord::new(flags.first() != Some(&b'0'), &String::from_utf8_lossy(tag), value))
    });
    let own = CaaSet::found(domain.name.clone(), Vec::new(), records, Some(300));
    let Some(mut seen) = parsers::dns_message(&[0; 12], &domain.name) else { return };
    seen.caa = Some(CaaObservation { wildcard: own.clone(), own });
    judged(&domain, Some(seen), None);
}

/// An answer of HTTP: a line with the status, headers, an empty line, the body.
pub(super) fn discovery(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let status = lines.next().and_then(|line| StatusCode::from_bytes(line).ok()).unwrap_or_default();
    let mut rest = lines.next().unwrap_or_default();
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = status;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { break };
        let (name, value) = line.split_at(colon);
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(&value[1..])) {
            head.headers.append(name, value);
        }
    }
    let domain = domain();
    let seen = parsers::answer(ADDRESS, &domain.name, head, rest.to_vec());
    judged(&domain, None, Some(seen));
}

/// What a server sends in answer to a hello made by hand: records of TLS.
pub(super) fn legacy(data: &[u8]) {
    let shown = parsers::legacy_answer(data);
    assert!(shown.is_none_or(|certificates| certificates <= 16));
}

/// The metadata of SAML or WS-Federation.
pub(super) fn metadata(data: &[u8]) {
    if let Some(read) = parsers::metadata(data) {
        assert!(read.hosts.len() <= 16);
        assert!(read.entity.iter().chain(&read.hosts).all(|text| text.chars().count() <= 301));
    }
}

/// An answer of the Management API: the first byte chooses the question.
pub(super) fn management(data: &[u8]) {
    let Some((question, body)) = data.split_first() else { return };
    match question % 4 {
        0 => drop(read_page(body)),
        1 => drop(read_token_logs(body)),
        2 => drop(serde_json::from_slice(body).map(read_domain)),
        _ => {
            let status = 400 + u16::from(*question) % 200;
            let text = String::from_utf8_lossy(body);
            let mut words = text.splitn(3, '\n');
            let (kind, wait) = (words.next(), words.next());
            let refusal = Refusal::read(status, kind, wait, words.next().unwrap_or_default().as_bytes());
            assert!(refusal.to_string().chars().count() < 1_000, "{refusal}");
            if let Refusal::RateLimited { retry_after: Some(wait) } = refusal {
                assert!(wait <= Duration::from_secs(86_400));
            }
        }
    }
}

/// A look that saw this alone is judged, told as JSON, and does not say that all is well unless somebody connected.
fn judged(domain: &Domain, dns: Option<DnsObservation>, auth0: Option<Auth0Observation>) {
    let look = Look {
        dns,
        tls: auth0.iter().map(|auth0| TlsObservation::new(auth0.address)).collect(),
        auth0: auth0.into_iter().collect(),
        ..Look::new(domain.name.clone(), NOW)
    };
    let mut record = Record::default();
    record.absorb(look);
    let verdict = judge(domain, &record, &Surroundings::default(), NOW);
    for finding in &verdict.findings {
        assert!(!finding.summary.is_empty() && finding.summary.chars().count() < 4_096, "{finding:?}");
    }
    serde_json::to_string(&verdict.findings).expect("JSON");
    serde_json::to_string(&verdict.path).expect("JSON");
}
