//! The registration of the domain, by the registry's word: how long it is paid for, and whether it is on hold.

use super::bench::Bench;
use super::{Finding, Severity};
use crate::domain::Span;
use crate::observation::{Code, RegistrationObservation};

const DAY: i64 = 86_400;
/// Registrars renew by themselves 60 to 30 days before, some later.
const WARN_BEFORE: i64 = 30 * DAY;
/// The last days in which a bill can be paid.
const CRITICAL_BEFORE: i64 = 7 * DAY;

/// Statuses by which a domain is out of the DNS, or about to be (RFC 8056 §2; RFC 5731 §2.3, RFC 3915 §3.1).
const HOLDS: [(&str, &str); 4] = [
    ("clienthold", "the registrar has put it on hold"),
    ("serverhold", "the registry has put it on hold"),
    ("redemptionperiod", "it is deleted, and can be restored for a while"),
    ("pendingdelete", "it is about to be deleted for good"),
];

pub(super) fn judge(registration: &RegistrationObservation, bench: &mut Bench) {
    let domain = &registration.domain;
    let about = |finding: Finding| {
        let finding = finding.fact("registered_domain", domain.as_str()).fact("as_of", registration.at.to_string());
        let finding = match &registration.registrar {
            Some(registrar) => finding.fact("registrar", registrar.as_str()),
            None => finding,
        };
        match &registration.failure {
            Some(failure) => finding.fact("not_asked_since", failure.as_str()),
            None => finding,
        }
    };
    let held: Vec<_> = HOLDS.iter().filter(|(status, _)| registration.has_status(status)).collect();
    if let Some((_, what)) = held.first() {
        let summary = format!("the registration of {domain} is suspended: {what}");
        let statuses = registration.statuses.clone();
        bench.find(about(Finding::new(Code::DnsRegistrationHold, summary).fact("statuses", statuses)));
    }
    let Some(expires) = registration.expires else { return };
    for moment in [expires.plus(-WARN_BEFORE), expires.plus(-CRITICAL_BEFORE), expires.plus(1)] {
        bench.may_change_at(moment);
    }
    let left = bench.now.until(expires);
    if left > WARN_BEFORE {
        return;
    }
    let summary = if left < 0 {
        format!("the registration of {domain} ran out {} ago, at {expires}", Span(-left))
    } else {
        format!("the registration of {domain} runs out in {}, at {expires}", Span(left))
    };
    let severity = if left <= CRITICAL_BEFORE { Severity::Critical } else { Severity::Warning };
    let finding = Finding::new(Code::DnsRegistrationExpiresSoon, summary).severity(severity);
    bench.find(about(finding.fact("not_after", expires.to_string()).fact("seconds_left", left)));
}
