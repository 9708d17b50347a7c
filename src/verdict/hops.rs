//! From findings and facts to the [`Path`]: which hops of a login were seen to work, and where it breaks.
//!
//! A hop is broken where a critical finding says so. What lies behind is told only if it was seen.

use super::catalogue::{Family, entry};
use super::views::{Sight, Views};
use super::{AddressRecord, Finding, Hop, HopStatus, Path, Record, Severity, blame, login};
use crate::domain::Domain;
use crate::observation::{Auth0Observation, Code, DnsObservation, Failure, Outcome};

pub(super) fn fill(domain: &Domain, record: &Record, findings: &[Finding], path: &mut Path) {
    if let Some(dns) = &record.dns {
        records(dns, findings, path);
    }
    connections(record, findings, path);
    answers(domain, record, findings, path);
}

/// The path of a chain that was read from a file: nothing but what its findings say of the handshake.
pub(super) fn of_chain(findings: &[Finding]) -> Path {
    let mut path = Path::not_looked();
    if let Some(finding) = critical_at(findings, Hop::Tls) {
        path.set(Hop::Tls, HopStatus::Broken, finding.summary.clone());
    }
    path
}

/// The worst critical finding whose code belongs to the hop.
fn critical_at(findings: &[Finding], hop: Hop) -> Option<&Finding> {
    findings.iter().find(|finding| finding.severity == Severity::Critical && hop_of(finding.code) == Some(hop))
}

/// The hop a code speaks of by itself; those of a login are placed by the answer.
fn hop_of(code: Code) -> Option<Hop> {
    match (code, code.area()) {
        // What is yet to come, or concerns no login, breaks none.
        (Code::TlsExpiresSoon | Code::TlsClientCertificateExpired | Code::TlsClientCertificateExpiresSoon, _) => None,
        (Code::Auth0PostBlocked, _) => Some(Hop::Proxy),
        (_, "dns") => breaks_records(entry(code).family).then_some(Hop::Dns),
        (_, "connect") => Some(Hop::Connect),
        (_, "tls") => Some(Hop::Tls),
        _ => None,
    }
}

/// The others speak of what the resolver does not need for its answer, or of what is yet to come.
const fn breaks_records(family: Family) -> bool {
    matches!(family, Family::Address | Family::Cname | Family::Caa)
}

fn records(dns: &DnsObservation, findings: &[Finding], path: &mut Path) {
    let nameservers = dns.nameservers.join(", ");
    if findings.iter().any(|finding| finding.code == Code::WatchResolverFailed) {
        path.set(Hop::Resolver, HopStatus::Broken, format!("{nameservers}: {}", dns.a.outcome.title()));
        return;
    }
    if dns.failed() && [dns.a.outcome, dns.aaaa.outcome].contains(&Outcome::OutOfResources) {
        path.set(Hop::Resolver, HopStatus::Unknown, Outcome::OutOfResources.title());
        return;
    }
    path.set(Hop::Resolver, HopStatus::Ok, nameservers);
    match critical_at(findings, Hop::Dns) {
        Some(finding) => path.set(Hop::Dns, HopStatus::Broken, finding.summary.clone()),
        None if dns.a.outcome == Outcome::Found || dns.aaaa.outcome == Outcome::Found => {
            path.set(Hop::Dns, HopStatus::Ok, addresses(dns));
        }
        None => {}
    }
}

/// `> d111.cloudfront.net > 192.0.2.1, 2001:db8::1`
fn addresses(dns: &DnsObservation) -> String {
    let all: Vec<String> =
        dns.a.records.iter().map(ToString::to_string).chain(dns.aaaa.records.iter().map(ToString::to_string)).collect();
    let chain = dns.cname.iter().map(|link| format!("{} > ", link.target)).collect::<String>();
    let shown = all.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
    let more = all.len().saturating_sub(4);
    if more > 0 { format!("{chain}{shown} and {more} more") } else { format!("{chain}{shown}") }
}

fn connections(record: &Record, findings: &[Finding], path: &mut Path) {
    let all: Vec<&AddressRecord> = record.current().map(|(_, seen)| seen).collect();
    if all.iter().all(|seen| seen.tls.is_none()) {
        // Known from before, if at all.
        if let Some(finding) = critical_at(findings, Hop::Tls) {
            path.set(Hop::Tls, HopStatus::Broken, finding.summary.clone());
        }
        return;
    }
    let connected = all.iter().filter(|seen| has_connected(seen)).count();
    let of_all = |count: usize| format!("{count} of {} addresses", all.len());
    match critical_at(findings, Hop::Connect) {
        Some(finding) => path.set(Hop::Connect, HopStatus::Broken, finding.summary.clone()),
        None if connected == 0 => path.set(Hop::Connect, HopStatus::Unknown, ""),
        None => path.set(Hop::Connect, HopStatus::Ok, of_all(connected)),
    }
    if connected == 0 {
        return;
    }
    match critical_at(findings, Hop::Tls) {
        Some(finding) => path.set(Hop::Tls, HopStatus::Broken, finding.summary.clone()),
        None => path.set(Hop::Tls, HopStatus::Ok, handshake(&all)),
    }
}

fn has_connected(seen: &AddressRecord) -> bool {
    let failed_before = |failure: &Failure| failure.code.area() != "tls";
    seen.tls.as_ref().is_some_and(|tls| !tls.failure.as_ref().is_some_and(failed_before))
}

/// `TLSv1.3, certificate until 2027-02-01T00:00:00Z`
fn handshake(all: &[&AddressRecord]) -> String {
    let tls = all.iter().filter_map(|seen| seen.tls.as_ref()).find(|tls| tls.failure.is_none());
    let version = tls.and_then(|tls| tls.version.clone()).unwrap_or_else(|| "TLS".to_owned());
    let until = all.iter().filter_map(|seen| seen.presented.as_ref()?.1.effective_expiry()).min();
    until.map_or_else(|| version.clone(), |until| format!("{version}, good until {until}"))
}

fn answers(domain: &Domain, record: &Record, findings: &[Finding], path: &mut Path) {
    let views = Views::of(domain, record);
    let code = |answer: &Auth0Observation| login::fault_by(domain, answer, &views);
    let answers: Vec<&Auth0Observation> = record.current().filter_map(|(_, seen)| seen.auth0.as_deref()).collect();
    let good = answers.iter().find(|answer| code(answer).is_none());
    let bad = answers.iter().find(|answer| {
        let code = code(answer);
        code.is_some() && findings.iter().any(|found| Some(found.code) == code && found.severity == Severity::Critical)
    });
    let doubtful = answers.iter().find(|answer| code(answer).is_some());
    if let Some(answer) = bad {
        place(answer, code(answer), &views, path);
    } else if let Some(finding) = critical_at(findings, Hop::Proxy) {
        // Reading gets through, and what a login sends does not.
        path.set(Hop::Proxy, HopStatus::Broken, finding.summary.clone());
    } else if let Some(answer) = good {
        let milliseconds = answer.elapsed_ms.map(|ms| format!("200 in {ms} ms")).unwrap_or_default();
        path.set(Hop::Proxy, HopStatus::Ok, milliseconds);
        path.set(Hop::Edge, HopStatus::Ok, "");
        path.set(Hop::Tenant, HopStatus::Ok, format!("issuer {}", answer.issuer.as_deref().unwrap_or_default()));
    } else if let Some(answer) = doubtful {
        place(answer, code(answer), &views, path);
        // What is no more than a warning breaks nothing, but nobody can say that it is well.
        path.doubt_broken([Hop::Proxy, Hop::Edge, Hop::Tenant]);
    } else {
        past_the_proxy(&views, path);
    }
}

/// Where a bad answer breaks the path. What is not told stays unknown.
fn place(answer: &Auth0Observation, code: Option<Code>, views: &Views<'_>, path: &mut Path) {
    let Some(code) = code else { return };
    if code.area() == "tls" {
        // The server let nothing through that could tell of what lies behind.
        return past_the_proxy(views, path);
    }
    let blame = blame::place(code, answer, views);
    for (hop, (status, detail)) in [Hop::Proxy, Hop::Edge, Hop::Tenant].into_iter().zip(blame.hops) {
        path.set(hop, status, detail);
    }
}

/// Nothing came through the proxy. Edge and tenant are told as far as they were seen.
fn past_the_proxy(views: &Views<'_>, path: &mut Path) {
    let edge = match &views.origin {
        Sight::Bad(fault) => (HopStatus::Unknown, fault.said.as_str()),
        _ => blame::edge_seen(views),
    };
    let tenant = match &views.tenant {
        Sight::Bad(fault) => (HopStatus::Unknown, fault.said.as_str()),
        _ => blame::tenant_seen(views),
    };
    for (hop, (status, detail)) in [(Hop::Edge, edge), (Hop::Tenant, tenant)] {
        if status != HopStatus::NotLooked {
            path.set(hop, status, detail);
        }
    }
}
