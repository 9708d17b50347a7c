//! [`Views`]: what the two views past the proxy come to, for placing faults; and the findings on them, which are codes of
//! their own. One fault is shouted of once: what these views see is information as long as the view through the proxy
//! tells of it, or does well without them.

use super::bench::Bench;
use super::login::{challenged, fault_by};
use super::{AddressRecord, Family, Finding, Record, Severity};
use crate::domain::{Domain, DomainName};
use crate::observation::{Auth0Observation, Code, View, ViewObservation};

/// What a view saw is evidence for so long, in seconds: a minute's interval and the time a look takes.
const EVIDENCE_HOLDS: i64 = 120;

/// What is known from past the proxy.
#[derive(Debug)]
pub(super) struct Views<'a> {
    /// Auth0's edge, at the origin host.
    pub(super) origin: Sight<'a>,
    /// The tenant, at its canonical host.
    pub(super) tenant: Sight<'a>,
    /// The origin host, if it is known.
    pub(super) origin_host: Option<&'a DomainName>,
}

/// What a view comes to.
#[derive(Debug, Clone)]
pub(super) enum Sight<'a> {
    /// It was not taken, or too long ago to say anything of now.
    Unknown,
    /// It saw what it should.
    Good(&'a Auth0Observation),
    /// Somebody is there and refuses us, which may be meant: without a key, by an access list, for too many requests.
    Refuses,
    /// It saw a fault.
    Bad(Fault<'a>),
}

/// A fault that a view saw.
#[derive(Debug, Clone)]
pub(super) struct Fault<'a> {
    pub(super) kind: FaultKind,
    /// What was seen, for people.
    pub(super) said: String,
    /// The answer, if one came.
    pub(super) answer: Option<&'a Auth0Observation>,
}

/// What kind of fault a view saw. Ordered: the later tells more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FaultKind {
    /// No connection or no handshake came to be, or the name leads nowhere.
    Unreachable,
    /// Its certificate does not show that it is this host, and nothing was asked.
    Distrusted,
    /// It answers with an error, or not at all, or as somebody else.
    Error,
    /// It does not accept the key.
    KeyRejected,
}

/// Whether what a view saw still says something of the last look through the proxy.
pub(super) fn holds(record: &Record, seen: &ViewObservation) -> bool {
    record.looked_at.is_none_or(|looked| seen.at.until(looked) <= EVIDENCE_HOLDS)
}

impl<'a> Views<'a> {
    /// What is known that still says something of the last look through the proxy.
    pub(super) fn of(domain: &'a Domain, record: &'a Record) -> Self {
        let sight = |seen: Option<&'a ViewObservation>| {
            seen.filter(|seen| holds(record, seen)).map_or(Sight::Unknown, |seen| sight(domain, seen))
        };
        Self {
            origin: sight(record.origin.as_deref()),
            tenant: sight(record.tenant.as_deref()),
            origin_host: record.origin.as_deref().map(|seen| &seen.host),
        }
    }

    /// Whether Auth0's edge takes our requests with the key, and answers as it should.
    pub(super) fn key_is_accepted(&self) -> bool {
        matches!(&self.origin, Sight::Good(answer) if answer.key_sent == Some(true))
    }
}

/// The best that any of the addresses shows: the host is one service. Of faults the one that tells the most.
pub(super) fn sight<'a>(domain: &Domain, seen: &'a ViewObservation) -> Sight<'a> {
    let answers: Vec<Sight<'a>> = seen.auth0.iter().map(|answer| of_answer(domain, seen, answer)).collect();
    let best = |wanted: fn(&Sight<'a>) -> bool| answers.iter().find(|sight| wanted(sight)).cloned();
    best(|sight| matches!(sight, Sight::Good(_)))
        .or_else(|| best(|sight| matches!(sight, Sight::Refuses)))
        .or_else(|| worst_of(answers.into_iter().chain(silent(seen))))
        .unwrap_or(Sight::Unknown)
}

fn worst_of<'a>(sights: impl Iterator<Item = Sight<'a>>) -> Option<Sight<'a>> {
    let faults = sights.filter_map(|sight| if let Sight::Bad(fault) = sight { Some(fault) } else { None });
    faults.max_by_key(|fault| fault.kind).map(Sight::Bad)
}

/// The faults of addresses that nothing was asked of.
fn silent(seen: &ViewObservation) -> impl Iterator<Item = Sight<'_>> {
    let bad = |kind, said| Sight::Bad(Fault { kind, said, answer: None });
    let nowhere = seen.failure.iter().map(move |failure| bad(FaultKind::Unreachable, failure.detail.clone()));
    let failed = seen.tls.iter().filter_map(|tls| Some((tls.address, tls.failure.as_ref()?)));
    let failed = failed.map(move |(at, failure)| bad(FaultKind::Unreachable, format!("{at}: {}", failure.detail)));
    let distrusted = seen.distrusted.iter();
    let distrusted =
        distrusted.map(move |other| bad(FaultKind::Distrusted, format!("{}: {}", other.address, other.failure.detail)));
    nowhere.chain(failed).chain(distrusted)
}

fn of_answer<'a>(domain: &Domain, seen: &ViewObservation, answer: &'a Auth0Observation) -> Sight<'a> {
    let bad = |kind, said: String| Sight::Bad(Fault { kind, said, answer: Some(answer) });
    let error = |said: String| bad(FaultKind::Error, format!("{}: {said}", answer.address));
    if let Some(failure) = &answer.failure {
        return error(failure.detail.clone());
    }
    let status = answer.status.unwrap_or_default();
    match status {
        _ if answer.is_document() => match stranger(domain, seen, answer) {
            Some(issuer) => error(format!("it answers as {issuer}")),
            None => Sight::Good(answer),
        },
        429 => Sight::Refuses,
        _ if challenged(answer) => Sight::Refuses,
        _ if answer.key_sent == Some(true) && speaks_of_key(answer) => {
            bad(FaultKind::KeyRejected, format!("{}: status {status} to the key", answer.address))
        }
        // Whom the application refuses, the edge has let through.
        401 | 403 if seen.view == View::Origin && answer.reached_auth0() => {
            error(format!("status {status} from Auth0"))
        }
        401 | 403 => Sight::Refuses,
        _ if answer.key_sent == Some(false) && answer.key_marker.is_some() => Sight::Refuses,
        200 => error("what it answers is no discovery document".to_owned()),
        _ => error(format!("status {status}")),
    }
}

/// Whether an answer to a request with the key says that it is not the right one.
fn speaks_of_key(answer: &Auth0Observation) -> bool {
    answer.key_marker.is_some() || matches!(answer.status, Some(401 | 403)) && !answer.reached_auth0()
}

/// The issuer of a document that is none of this host's: the tenant's canonical host must name itself. What the origin
/// host names is not published; only another customer's domain is certainly wrong there.
fn stranger<'a>(domain: &Domain, seen: &ViewObservation, answer: &'a Auth0Observation) -> Option<&'a str> {
    let issuer = answer.issuer.as_deref()?;
    let host = issuer.strip_prefix("https://")?.split(['/', ':', '?', '#']).next()?;
    let is_known = match seen.view {
        View::Tenant => host == seen.host.as_str(),
        View::Origin | View::Proxy => {
            host == domain.name.as_str() || host == seen.host.as_str() || host.ends_with(".auth0.com")
        }
    };
    (!is_known && !host.is_empty()).then_some(issuer)
}

/// Whether the view saw its host answer as it should when it was last taken: through the proxy at every address that was
/// asked. An origin host that refuses whoever has no key does. `None` if it was not taken.
pub fn answers_well(domain: &Domain, record: &Record, view: View) -> Option<bool> {
    let seen = match view {
        View::Proxy => {
            let mut asked = record.current().filter(|(_, seen)| seen.auth0.is_some() || has_failed(seen)).peekable();
            let views = Views::of(domain, record);
            let is_good = |seen: &AddressRecord| {
                seen.auth0.as_ref().is_some_and(|answer| fault_by(domain, answer, &views).is_none())
            };
            return asked.peek().is_some().then(|| asked.all(|(_, seen)| is_good(seen)));
        }
        View::Origin => record.origin.as_deref()?,
        View::Tenant => record.tenant.as_deref()?,
    };
    match sight(domain, seen) {
        Sight::Unknown => None,
        Sight::Good(_) => Some(true),
        Sight::Refuses => Some(view == View::Origin && seen.auth0.iter().any(|answer| answer.key_sent == Some(false))),
        Sight::Bad(_) => Some(false),
    }
}

fn has_failed(seen: &AddressRecord) -> bool {
    seen.tls.as_ref().is_some_and(|tls| tls.failure.is_some())
}

/// The findings of the two views.
pub(super) fn judge(domain: &Domain, record: &Record, bench: &mut Bench) {
    let told = bench.findings.iter().any(tells_of_logins);
    let by_cache_alone = !told && answered_by_caches(record);
    for seen in [&record.origin, &record.tenant].into_iter().flatten() {
        if let Sight::Bad(fault) = sight(domain, seen) {
            let finding = finding(seen, &fault);
            let severity = match finding.severity {
                // That the peer is not who it should be has a cause of its own.
                severity if fault.kind == FaultKind::Distrusted => severity,
                // It is told already: by what customers get.
                _ if told => Severity::Info,
                // All that customers get came from a cache, which will not last: nothing else tells of it.
                Severity::Info if by_cache_alone && seen.view == View::Origin => Severity::Warning,
                severity => severity,
            };
            bench.find(finding.severity(severity));
        }
    }
}

/// Whether a finding says that logins fail, wherever it is that they do.
fn tells_of_logins(finding: &Finding) -> bool {
    finding.severity == Severity::Critical
        && matches!(finding.entry().family, Family::Login | Family::Reach | Family::Address | Family::Keys)
}

/// Whether the domain was asked, and all its answers came out of a cache.
fn answered_by_caches(record: &Record) -> bool {
    let mut answers = record.current().filter_map(|(_, seen)| seen.auth0.as_deref()).peekable();
    answers.peek().is_some() && answers.all(|answer| answer.headers.came_from_cache())
}

fn finding(seen: &ViewObservation, fault: &Fault<'_>) -> Finding {
    let (code, what) = match (seen.view, fault.kind) {
        (View::Tenant, FaultKind::Unreachable) => (Code::Auth0TenantUnreachable, "the tenant's own host"),
        (View::Tenant, _) => (Code::Auth0TenantError, "the tenant's own host"),
        (_, FaultKind::Unreachable) => (Code::Auth0EdgeUnreachable, "the origin host"),
        (_, FaultKind::Distrusted) => (Code::Auth0EdgeUntrusted, "the origin host"),
        (_, FaultKind::Error) => (Code::Auth0EdgeError, "the origin host"),
        (_, FaultKind::KeyRejected) => (Code::Auth0EdgeKeyRejected, "the origin host"),
    };
    let mut finding = Finding::new(code, format!("{what} {}: {}", seen.host, fault.said));
    finding = finding.fact("host", seen.host.as_str()).fact("seen_at", seen.at.to_string());
    let Some(answer) = fault.answer else { return finding };
    if let Some(status) = answer.status {
        finding = finding.fact("status", status);
    }
    if code == Code::Auth0EdgeKeyRejected {
        finding = match &answer.key_marker {
            Some(marker) => finding.fact("basis", "marker").fact("marker", marker.as_str()),
            None => finding.fact("basis", "status"),
        };
    }
    answer.excerpt.iter().fold(finding, |finding, body| finding.fact("body", body.as_str()))
}
