//! What Auth0's Management API says of a domain, held against what is seen.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bench::Bench;
use super::{Finding, Record, Severity, login};
use crate::domain::{Domain, DomainName, Span, UnixTime};
use crate::observation::Code;
use crate::observation::management::{DomainStatus, ManagedDomain};

/// That a domain was created anew is told until logins have been seen to work so long after it, in seconds: the old key
/// may open for a while yet.
const PROVEN_AFTER: i64 = 3600;

/// A custom domain as its tenant's Management API knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Managed {
    /// The tenant's canonical host.
    pub tenant: DomainName,
    /// What the API last said of it.
    pub said: Arc<ManagedDomain>,
    /// Since when a complete list has lacked it.
    pub gone_since: Option<UnixTime>,
    /// That it was created anew, or moved to another origin.
    pub recreated: Option<Recreated>,
    /// Whom Auth0 took us for when we came through the domain's proxy, where that is checked.
    #[serde(default, skip_serializing)]
    pub client_ip: Option<ClientIp>,
}

/// Whom Auth0 takes for the client of a request that we sent through the domain's proxy, by the tenant's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientIp {
    /// When it was checked.
    pub at: UnixTime,
    /// The address in the log.
    pub ip: String,
    /// The host in the log, if it names one.
    pub hostname: Option<String>,
    /// The addresses our requests come from, as the operator says.
    pub ours: Vec<IpAddr>,
}

/// A domain has another id or another origin than before: the key that the proxy has is worth nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recreated {
    /// When the API first said so.
    pub at: UnixTime,
    /// Its id before.
    pub id_before: String,
    /// Its origin host before, if that was known.
    pub origin_before: Option<DomainName>,
}

/// Judges a domain by what the API says of it.
pub(super) fn judge(domain: &Domain, record: &Record, managed: &Managed, bench: &mut Bench) {
    if let Some(since) = managed.gone_since {
        bench.findings.push(gone(managed, since, bench.now));
        return;
    }
    let works = login::works(domain, record);
    bench.findings.extend(recreated(managed, works, record));
    bench.findings.extend(unready(managed, works));
    bench.findings.extend(verification(managed));
    bench.findings.extend(origin(domain, managed));
    bench.findings.extend(managed.client_ip.as_ref().and_then(|seen| client_ip(domain, seen)));
}

fn gone(managed: &Managed, since: UnixTime, now: UnixTime) -> Finding {
    let summary = format!(
        "the tenant {} no longer lists this custom domain, for {}: Auth0 will not accept its logins",
        managed.tenant,
        Span(since.until(now))
    );
    Finding::new(Code::Auth0DomainGone, summary)
        .fact("tenant", managed.tenant.as_str())
        .fact("since", since.to_string())
        .fact("custom_domain_id", managed.said.id.as_str())
}

fn recreated(managed: &Managed, works: Option<bool>, record: &Record) -> Option<Finding> {
    let recreated = managed.recreated.as_ref()?;
    let proven = record.looked_at.is_some_and(|at| recreated.at.until(at) >= PROVEN_AFTER);
    let severity = match works {
        Some(false) => Severity::Critical,
        Some(true) if proven => return None,
        _ => Severity::Warning,
    };
    let summary = if severity == Severity::Critical {
        "the custom domain was deleted and created anew: the proxy still has the old key or the old origin"
    } else {
        "the custom domain was deleted and created anew: the proxy needs the new key and the new origin"
    };
    let finding = Finding::new(Code::Auth0DomainRecreated, summary).severity(severity);
    let origin = |origin: &Option<DomainName>| origin.as_ref().map(ToString::to_string);
    Some(
        finding
            .fact("since", recreated.at.to_string())
            .fact("custom_domain_id", managed.said.id.as_str())
            .fact("custom_domain_id_before", recreated.id_before.as_str())
            .fact("origin", origin(&managed.said.origin))
            .fact("origin_before", origin(&recreated.origin_before)),
    )
}

/// A status other than ready. While the verification is pending, the ownership record has findings of its own; here it
/// is only said that Auth0 waits.
fn unready(managed: &Managed, works: Option<bool>) -> Option<Finding> {
    let status = &managed.said.status;
    let (severity, words) = match status {
        DomainStatus::Ready => return None,
        DomainStatus::Failed => (Severity::Critical, "Auth0 has given up verifying it"),
        DomainStatus::Disabled => (Severity::Critical, "Auth0 has taken it out of service"),
        // Once logins work, it was ready before.
        status if status.is_pending() && works == Some(true) => {
            (Severity::Warning, "logins work, but Auth0 says that its verification is pending")
        }
        status if status.is_pending() => (Severity::Info, "Auth0 waits for its verification"),
        _ => (Severity::Warning, "Auth0 says of it what we do not know"),
    };
    let summary = format!("status `{}`: {words}", status.as_str().escape_debug());
    let finding = Finding::new(Code::Auth0DomainNotReady, summary).severity(severity);
    Some(finding.fact("status", status.as_str()).fact("tenant", managed.tenant.as_str()))
}

/// What the operator wrote down once may be of before the domain was created anew, and the proxy's own line as well.
fn origin(domain: &Domain, managed: &Managed) -> Option<Finding> {
    let (written, told) = (domain.expected.origin.as_ref()?, managed.said.origin.as_ref()?);
    (written != told).then(|| {
        let summary = format!("the configured origin host is {written}, Auth0 says {told}");
        let finding = Finding::new(Code::Auth0OriginMismatch, summary);
        finding.fact("configured", written.as_str()).fact("origin", told.as_str())
    })
}

fn verification(managed: &Managed) -> Option<Finding> {
    let error = managed.said.verification_error.as_deref()?;
    let summary = format!("Auth0 could not verify the domain: {}", error.escape_debug());
    Some(Finding::new(Code::Auth0VerificationError, summary).fact("error", error))
}

/// Auth0 blocks and slows down by the client's address: if that is the proxy's for everybody, one attacker locks all out.
fn client_ip(domain: &Domain, seen: &ClientIp) -> Option<Finding> {
    let is_ours = seen.ip.parse().is_ok_and(|ip: IpAddr| seen.ours.contains(&ip.to_canonical()));
    let is_here = seen.hostname.as_deref().is_none_or(|host| host.eq_ignore_ascii_case(domain.name.as_str()));
    let ours: Vec<String> = seen.ours.iter().map(ToString::to_string).collect();
    let summary = match (is_ours, is_here) {
        (true, true) => return None,
        (false, _) => format!("Auth0 takes {} for the client, not {}", seen.ip.escape_debug(), ours.join(" or ")),
        (true, false) => {
            let host = seen.hostname.as_deref().unwrap_or_default();
            format!("a request through the domain reached Auth0 as one for {}", host.escape_debug())
        }
    };
    let finding = Finding::new(Code::Auth0ClientIpHidden, summary);
    Some(
        finding
            .fact("client_ip", seen.ip.as_str())
            .fact("hostname", seen.hostname.as_deref())
            .fact("expected", ours)
            .fact("checked_at", seen.at.to_string()),
    )
}
