//! Signatures: those that do not verify, those that run out, and a signed zone that nobody vouches for.

use super::bench::Bench;
use super::{Finding, Severity};
use crate::domain::{Domain, DomainName, Span, Threshold, UnixTime};
use crate::observation::{Bogus, Code, DnsObservation, DnssecObservation, ExtendedError, Signed};

/// Signers renew with half (on the fly, as Cloudflare), half of fourteen days (Knot), five of fourteen (BIND), three of
/// fourteen (OpenDNSSEC) or a week of three (PowerDNS) left: below all of these.
const WARN_BEFORE: Threshold = Threshold::new(Some(std::time::Duration::from_secs(2 * 86_400)), Some(25));
const CRITICAL_BEFORE: Threshold = Threshold::new(Some(std::time::Duration::from_secs(12 * 3600)), Some(10));

/// The question that fails is answered without its signatures.
pub(super) fn bogus(domain: &Domain, dns: &DnsObservation, bogus: &Bogus) -> Finding {
    let errors: Vec<String> = bogus.extended_errors.iter().map(ExtendedError::told).collect();
    let why = errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
    let summary = format!(
        "{} of {}: SERVFAIL, because DNSSEC signatures do not verify{why}; without checking them there is an answer",
        bogus.record_type, domain.name
    );
    let nameservers: Vec<&str> = dns.nameservers.iter().map(|nameserver| &**nameserver).collect();
    let finding = Finding::new(Code::DnsDnssecBogus, summary)
        .fact("record_type", bogus.record_type.as_str())
        .fact("nameservers", nameservers);
    if errors.is_empty() { finding } else { finding.fact("extended_errors", errors) }
}

pub(super) fn judge(dnssec: &DnssecObservation, bench: &mut Bench) {
    for signed in dnssec.counting() {
        let validity = signed.inception.until(signed.expiration);
        for before in [WARN_BEFORE, CRITICAL_BEFORE].map(|threshold| threshold.seconds(validity)) {
            bench.may_change_at(signed.expiration.plus(-before));
        }
        bench.may_change_at(signed.expiration.plus(1));
    }
    if let Some(finding) = dnssec.first_to_expire().and_then(|signed| expiry(signed, bench.now)) {
        bench.find(finding);
    }
    let unverified = dnssec.unverified_zones();
    if let Some(zone) = unverified.first() {
        let summary =
            format!("{zone} is signed, but the resolver does not vouch for it: is there a DS record above it?");
        let zones: Vec<&str> = unverified.iter().map(|zone| DomainName::as_str(zone)).collect();
        bench.find(Finding::new(Code::DnsDnssecUnverified, summary).fact("zones", zones));
    }
}

/// RFC 4034 §3.1.5: the expiration itself is the last second.
fn expiry(signed: &Signed, now: UnixTime) -> Option<Finding> {
    let left = now.until(signed.expiration);
    let validity = signed.inception.until(signed.expiration);
    let (warn, critical) = (WARN_BEFORE.seconds(validity), CRITICAL_BEFORE.seconds(validity));
    let what = format!("the DNSSEC signature of {} of {}", signed.record_type, signed.name);
    let finding = if left < 0 {
        Finding::new(Code::DnsSignatureExpired, format!("{what} ran out {} ago, at {}", Span(-left), signed.expiration))
    } else if left <= warn {
        let severity = if left <= critical { Severity::Critical } else { Severity::Warning };
        let summary = format!("{what} runs out in {}, at {}", Span(left), signed.expiration);
        let threshold = if left <= critical { critical } else { warn };
        Finding::new(Code::DnsSignatureExpiresSoon, summary).severity(severity).fact("threshold_seconds", threshold)
    } else {
        return None;
    };
    Some(
        finding
            .fact("name", signed.name.as_str())
            .fact("record_type", signed.record_type.as_str())
            .fact("zone", signed.zone.as_str())
            .fact("not_before", signed.inception.to_string())
            .fact("not_after", signed.expiration.to_string())
            .fact("lifetime_seconds", validity)
            .fact("seconds_left", left),
    )
}
