//! [`judge`]: from what was seen to what is wrong.

use super::bench::Bench;
use super::{Family, Finding, Kind, Level, Limiting, Path, Record, References, Severity, Surroundings, Verdict};
use super::{
    agreement, caa, certificates, client, contract, dns, documents, hops, login, managed, protocol, reach, revocation,
    sight, views,
};
use crate::domain::{Domain, UnixTime};
use crate::observation::{Code, Presented, StatusNote};

/// What is wrong with a domain at the moment `now`, by all that was seen of it.
///
/// Findings are worst first, then by code. A domain never looked at is unknown, and so is one of which nothing
/// could be seen; whatever was seen is judged.
pub fn judge(domain: &Domain, record: &Record, surroundings: &Surroundings, now: UnixTime) -> Verdict {
    let bench = hear(domain, record, surroundings, now);
    let limit = certificates::limit(record);
    Verdict {
        domain: domain.name.clone(),
        at: now,
        level: level(record, &bench.findings),
        path: path(domain, record, &bench.findings),
        effective_expiry: limit.map(|limit| limit.certificate.not_after),
        limiting: limit.map(Limiting::of),
        presented_earliest: record.presenting().filter_map(|(_, presented)| presented.earliest_expiry()).min(),
        revocation: revocation::standing(record, now),
        changes_at: bench.next_change(|then| hear(domain, record, surroundings, then)),
        findings: bench.findings,
    }
}

/// All findings at this moment, in their order, and the moments at which there may be others.
fn hear(domain: &Domain, record: &Record, surroundings: &Surroundings, now: UnixTime) -> Bench {
    let mut bench = Bench::new(now);
    dns::judge(domain, record, surroundings, &mut bench);
    caa::judge(domain, record, &mut bench);
    agreement::judge(record, &mut bench);
    reach::judge(domain, record, &mut bench);
    sight::judge(domain, record, &mut bench);
    certificates::judge(domain, record, &mut bench);
    protocol::judge(record, &mut bench);
    client::judge(domain, record, &mut bench);
    revocation::judge(record, &mut bench);
    login::judge(domain, record, &mut bench);
    documents::judge(domain, record, &mut bench);
    views::judge(domain, record, &mut bench);
    contract::judge(domain, record.contract.values(), &mut bench);
    if let Some(managed) = &surroundings.managed {
        managed::judge(domain, record, managed, &mut bench);
    }
    if surroundings.references == References::AllFail {
        bench.call_it_blindness();
    }
    if let Some(note) = &surroundings.status_note {
        annotate(&mut bench.findings, note);
    }
    bench.worst_first();
    bench
}

/// What the status page says stands beside what may be its doing.
fn annotate(findings: &mut [Finding], note: &StatusNote) {
    let may_be_its_doing = |finding: &&mut Finding| {
        finding.severity > Severity::Info
            && matches!(finding.entry().family, Family::Login | Family::Edge | Family::Tenant)
    };
    for finding in findings.iter_mut().filter(may_be_its_doing) {
        finding.facts.insert("auth0_status".to_owned(), format!("{}: {}", note.status, note.title).into());
    }
}

/// What is wrong with a chain by itself, as a server would present it for the domain: the same findings, without
/// anything that must be seen over the network.
pub fn judge_chain(domain: &Domain, presented: &Presented, now: UnixTime) -> Verdict {
    judge_chain_with(domain, presented, &[], now)
}

/// The same with findings that were made on what belongs to the chain: its private key, or who may issue it.
pub fn judge_chain_with(domain: &Domain, presented: &Presented, others: &[Finding], now: UnixTime) -> Verdict {
    let bench = hear_chain(domain, presented, others, now);
    let worst = bench.findings.first().map_or(Severity::Info, |finding| finding.severity);
    Verdict {
        domain: domain.name.clone(),
        at: now,
        level: match worst {
            _ if presented.leaf().is_none() => Level::Unknown,
            Severity::Critical => Level::Critical,
            Severity::Warning => Level::Warning,
            Severity::Info => Level::Healthy,
        },
        path: hops::of_chain(&bench.findings),
        effective_expiry: presented.effective_expiry(),
        limiting: presented.limit().map(Limiting::of),
        presented_earliest: presented.earliest_expiry(),
        revocation: None,
        changes_at: bench.next_change(|then| hear_chain(domain, presented, others, then)),
        findings: bench.findings,
    }
}

fn hear_chain(domain: &Domain, presented: &Presented, others: &[Finding], now: UnixTime) -> Bench {
    let mut bench = Bench::new(now);
    bench.findings = certificates::chain(domain, presented, &mut bench);
    bench.findings.extend_from_slice(others);
    bench.worst_first();
    bench
}

/// Critical > warning > unknown > healthy. Our own sight never makes a domain worse than unknown.
fn level(record: &Record, findings: &[Finding]) -> Level {
    let of_domain = findings.iter().filter(|finding| finding.entry().kind != Kind::Watch);
    let worst = of_domain.map(|finding| finding.severity).max().unwrap_or(Severity::Info);
    // One resolver of several takes nothing from our sight.
    let blinds = |finding: &&Finding| {
        let ours = finding.entry().kind == Kind::Watch && finding.code != Code::WatchResolverDown;
        ours && finding.severity >= Severity::Warning
    };
    let blind = findings.iter().any(|finding| blinds(&finding));
    match worst {
        Severity::Critical => Level::Critical,
        Severity::Warning => Level::Warning,
        Severity::Info if blind || !record.current().any(|(_, seen)| seen.tls.is_some()) => Level::Unknown,
        Severity::Info => Level::Healthy,
    }
}

pub(super) fn path(domain: &Domain, record: &Record, findings: &[Finding]) -> Path {
    let mut path = Path::not_looked();
    hops::fill(domain, record, findings, &mut path);
    path
}
