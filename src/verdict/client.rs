//! The dates of our own client certificate: who shows one that has run out is turned away.

use super::bench::Bench;
use super::{Finding, Record, Severity};
use crate::domain::{Domain, Span};
use crate::observation::Code;

pub(super) fn judge(domain: &Domain, record: &Record, bench: &mut Bench) {
    let Some(chain) = &record.client_certificate else { return };
    let (Some(leaf), Some(limiting)) = (chain.first(), chain.iter().min_by_key(|one| one.not_after)) else { return };
    let (lifetime, not_after) = (leaf.lifetime(), limiting.not_after);
    let warn = domain.thresholds.warn_before.seconds(lifetime);
    let critical = domain.thresholds.critical_before.seconds(lifetime);
    for moment in [not_after.plus(-warn), not_after.plus(-critical), not_after.plus(1)] {
        bench.may_change_at(moment);
    }
    let left = bench.now.until(not_after);
    let (code, severity, summary) = if left < 0 {
        let summary = format!("our client certificate expired {} ago, on {not_after}", Span(left));
        (Code::TlsClientCertificateExpired, Severity::Critical, summary)
    } else if left <= warn.max(critical) {
        let severity = if left <= critical { Severity::Critical } else { Severity::Warning };
        let summary = format!("our client certificate expires in {}, on {not_after}", Span(left));
        (Code::TlsClientCertificateExpiresSoon, severity, summary)
    } else {
        return;
    };
    let finding = Finding::new(code, summary).severity(severity).fact("not_after", not_after.to_string());
    bench.find(finding.fact("seconds_left", left).fact("limiting", limiting.subject.as_str()).about(leaf));
}
