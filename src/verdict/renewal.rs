//! Whether a renewal is late by the domain's own habit, whether the last one was a surprise, and whether the CA wants one
//! before it is due.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::bench::Bench;
use super::{Family, Finding, Record, Suggested};
use crate::domain::{Span, UnixTime};
use crate::history::{Expectation, Renewal, Surprise};
use crate::observation::Code;
use crate::observation::certificate::{Certificate, Sha256};

/// A surprise is news for so many seconds: less than a day, after which a warning is told again.
const NEWS: i64 = 20 * 3600;
/// A window that begins before this share of the lifetime is no ordinary one: CAs suggest two thirds, of short-lived
/// certificates half.
const ORDINARY: f64 = 0.45;
/// A window that begins earlier than the CA has said before, by this share of the lifetime, was moved for a reason.
const MOVED: f64 = 0.05;
/// Names shown in a summary and kept as facts.
const MAX_NAMES: usize = 10;

pub(super) fn judge(record: &Record, bench: &mut Bench) {
    let mut leaves: BTreeMap<Sha256, (Arc<Certificate>, Vec<SocketAddr>)> = BTreeMap::new();
    for (address, presented) in record.presenting() {
        let Some(leaf) = presented.leaf() else { continue };
        leaves.entry(leaf.sha256).or_insert_with(|| (Arc::clone(leaf), Vec::new())).1.push(address);
    }
    for (leaf, addresses) in leaves.values() {
        let suggested = record.suggested_of(leaf.sha256);
        let all = [
            late(record, leaf, addresses, bench),
            surprising(record, leaf, bench),
            suggested.and_then(|suggested| urged(suggested, leaf, bench)),
        ];
        for finding in all.into_iter().flatten() {
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

/// A certificate that the CA wants replaced long before it would be due.
fn urged(suggested: &Suggested, leaf: &Certificate, bench: &mut Bench) -> Option<Finding> {
    let info = &suggested.info;
    let share = |seconds: i64| seconds as f64 / leaf.lifetime().max(1) as f64;
    let is_early = share(leaf.not_before.until(info.start)) < ORDINARY;
    let was_moved = share(info.start.until(suggested.latest_start)) > MOVED;
    if !is_early && !was_moved {
        return None;
    }
    bench.may_change_at(info.start);
    if bench.now < info.start || bench.now > leaf.not_after {
        return None;
    }
    let left = bench.now.until(leaf.not_after);
    let summary = format!(
        "the CA wants this certificate replaced now, between {} and {}, though it has {} left: it may be about to be revoked",
        info.start,
        info.end,
        Span(left)
    );
    let finding = Finding::new(Code::TlsRenewalUrged, summary)
        .fact("window_start", info.start.to_string())
        .fact("window_end", info.end.to_string())
        .fact("not_after", leaf.not_after.to_string())
        .fact("seconds_left", left);
    let finding = match &info.explanation_url {
        Some(url) => finding.fact("explanation_url", url.as_str()),
        None => finding,
    };
    Some(finding.about(leaf))
}
