//! Whether a renewal is late by the domain's own habit, and whether the last one was a surprise.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::bench::Bench;
use super::{Family, Finding, Record};
use crate::domain::{Span, UnixTime};
use crate::history::{Expectation, Renewal, Surprise};
use crate::observation::Code;
use crate::observation::certificate::{Certificate, Sha256};

/// A surprise is news for so many seconds: less than a day, after which a warning is told again.
const NEWS: i64 = 20 * 3600;
/// Names shown in a summary and kept as facts.
const MAX_NAMES: usize = 10;

pub(super) fn judge(record: &Record, bench: &mut Bench) {
    let mut leaves: BTreeMap<Sha256, (Arc<Certificate>, Vec<SocketAddr>)> = BTreeMap::new();
    for (address, presented) in record.presenting() {
        let Some(leaf) = presented.leaf() else { continue };
        leaves.entry(leaf.sha256).or_insert_with(|| (Arc::clone(leaf), Vec::new())).1.push(address);
    }
    for (leaf, addresses) in leaves.values() {
        for finding in late(record, leaf, addresses, bench).into_iter().chain(surprising(record, leaf, bench)) {
            bench.find(finding.at(addresses.iter().copied()));
        }
    }
}

/// A certificate that is usually replaced by now. Once its end is near, that is what is told.
fn late(record: &Record, leaf: &Certificate, addresses: &[SocketAddr], bench: &mut Bench) -> Option<Finding> {
    let expected = record.history.expects(leaf.sha256)?;
    bench.may_change_at(expected.late);
    let is_told = |finding: &Finding| {
        finding.entry().family == Family::Expiry && addresses.iter().any(|address| finding.addresses.contains(address))
    };
    let is_late = bench.now >= expected.late && bench.now <= leaf.not_after;
    (is_late && !bench.findings.iter().any(is_told)).then(|| late_finding(leaf, &expected, bench.now))
}

fn late_finding(leaf: &Certificate, expected: &Expectation, now: UnixTime) -> Finding {
    let left = now.until(leaf.not_after);
    let summary = format!(
        "the certificate is usually renewed with {} left, and has {} left, until {}",
        Span(expected.usual.until(leaf.not_after)),
        Span(left),
        leaf.not_after
    );
    Finding::new(Code::TlsRenewalLate, summary)
        .fact("usual_at", expected.usual.to_string())
        .fact("usual_percent", (expected.share * 100.0).round() as i64)
        .fact("late_seconds", expected.usual.until(now))
        .fact("renewals_seen", expected.renewals)
        .fact("not_after", leaf.not_after.to_string())
        .fact("seconds_left", left)
        .about(leaf)
}

/// A leaf that has taken another's place of late, and differs in what a renewal leaves alone.
fn surprising(record: &Record, leaf: &Certificate, bench: &mut Bench) -> Option<Finding> {
    let renewal = record.history.renewal_to(leaf.sha256, bench.now.plus(1 - NEWS))?;
    if renewal.surprises.is_empty() {
        return None;
    }
    bench.may_change_at(renewal.began.plus(NEWS));
    let what: Vec<String> = renewal.surprises.iter().map(|surprise| in_words(*surprise, &renewal)).collect();
    let summary = format!("the new certificate, first seen on {}, {}", renewal.began, what.join("; it "));
    let mut finding = Finding::new(Code::TlsRenewalSurprising, summary)
        .fact("surprises", renewal.surprises.iter().map(|surprise| surprise.as_str()).collect::<Vec<_>>())
        .fact("since", renewal.began.to_string())
        .fact("old_sha256", renewal.from.sha256.to_string());
    for difference in &renewal.differences {
        finding = finding.fact(&format!("old_{}", difference.field), difference.before.as_str());
        finding = finding.fact(&format!("new_{}", difference.field), difference.after.as_str());
    }
    Some(finding.about(leaf))
}

fn in_words(surprise: Surprise, renewal: &Renewal<'_>) -> String {
    match surprise {
        Surprise::Authority => {
            format!("is from another CA: {}, before {}", renewal.to.authority, renewal.from.authority)
        }
        Surprise::NamesLost => {
            let lost = renewal.lost_names();
            let shown = lost.iter().take(MAX_NAMES).copied().collect::<Vec<_>>().join(", ");
            format!("is no longer for {shown}")
        }
        Surprise::WeakerKey => {
            format!("has a weaker key: {}, before {}", renewal.to.key.title, renewal.from.key.title)
        }
    }
}
