//! What the certificates say: three separate questions (dates, trust, name), then surplus, and what several of them say
//! together.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::bench::{Bench, subject_of};
use super::{Finding, Limiting, Record, Severity};
use super::{conforming, lifetime, order, pairs, renewal, rollout, roots, stores, strength, transparency};
use crate::domain::{Domain, Span, UnixTime};
use crate::observation::certificate::{Certificate, Sha256};
use crate::observation::{Code, Limit, Origin, Presented, TrustPath};

/// Names of a certificate that a finding repeats.
const MAX_NAMES: usize = 20;

pub(super) fn judge(domain: &Domain, record: &Record, bench: &mut Bench) {
    let ordinary = by_chain(record.presenting());
    for (presented, addresses) in &ordinary {
        let findings = chain(domain, presented, bench);
        for finding in findings.into_iter().chain(unreadable(presented)) {
            bench.find(finding.at(addresses.iter().copied()));
        }
    }
    for (presented, addresses) in by_chain(record.other_chains()) {
        for finding in chain(domain, presented, bench) {
            bench.find(shown_to_few(finding, presented).at(addresses.iter().copied()));
        }
    }
    rollout::judge(record, ordinary.iter().map(|(presented, at)| (presented.as_ref(), at.as_slice())), bench);
    pairs::judge(record, bench);
    renewal::judge(record, bench);
}

/// Addresses that present the same chain share their findings.
fn by_chain<'a>(
    all: impl Iterator<Item = (SocketAddr, &'a Arc<Presented>)>,
) -> Vec<(&'a Arc<Presented>, Vec<SocketAddr>)> {
    let mut chains: BTreeMap<Vec<Sha256>, (&Arc<Presented>, Vec<SocketAddr>)> = BTreeMap::new();
    for (address, presented) in all {
        let key = presented.chain.iter().map(|certificate| certificate.sha256).collect();
        chains.entry(key).or_insert_with(|| (presented, Vec::new())).1.push(address);
    }
    chains.into_values().collect()
}

/// A finding on the certificate of a pair that browsers hardly ever see.
fn shown_to_few(mut finding: Finding, presented: &Presented) -> Finding {
    let Some(leaf) = presented.leaf() else { return finding };
    let clients = pairs::asking_for(leaf);
    finding.summary = format!("the second certificate ({}), for {clients}: {}", leaf.key.title(), finding.summary);
    finding.fact("shown_to", clients)
}

/// The findings on one presented chain, no address named.
pub(super) fn chain(domain: &Domain, presented: &Presented, bench: &mut Bench) -> Vec<Finding> {
    let Some(leaf) = presented.leaf() else {
        return Vec::new();
    };
    // Which paths and certificates are in date decides several of the questions below.
    for path in &presented.paths {
        bench.may_change_at(path.not_before());
        bench.may_change_at(path.not_after().plus(1));
    }
    for certificate in &presented.chain {
        bench.may_change_at(certificate.not_after.plus(1));
    }
    [
        dates(domain, leaf, presented, bench),
        trust(leaf, presented),
        name(domain, leaf, presented),
        surplus(presented, bench),
        conforming::finding(leaf, presented, bench),
    ]
    .into_iter()
    .flatten()
    .chain(strength::judge(leaf, presented))
    .chain(lifetime::judge(leaf, presented))
    .chain(transparency::judge(leaf, presented, bench))
    .chain(order::judge(presented, bench.now))
    .chain(roots::judge(presented, bench))
    .chain(stores::judge(leaf, presented, bench))
    .collect()
}

/// What the domain's expiry hangs on: it is good until its first address is not.
pub(super) fn limit(record: &Record) -> Option<Limit<'_>> {
    let all = record.presenting().chain(record.other_chains());
    all.filter_map(|(_, presented)| presented.limit()).min_by_key(|limit| limit.certificate.not_after)
}

/// The certificate that runs out first on the best path, and when it all begins and ends.
struct Window<'a> {
    limit: Limit<'a>,
    not_before: UnixTime,
    not_after: UnixTime,
}

/// The dates that count: those of the best complete path; without one the leaf's own.
fn window<'a>(leaf: &'a Arc<Certificate>, presented: &'a Presented, now: UnixTime) -> Window<'a> {
    let of_path = |path: &'a TrustPath| Window {
        limit: Limit { certificate: path.limiting().map_or(leaf, |step| &step.certificate), path: Some(path) },
        not_before: path.not_before(),
        not_after: path.not_after(),
    };
    // A path in date counts before one that is over or to come, whatever their ends.
    let best = presented.complete_paths().max_by_key(|path| (path.in_date(now), path.not_after()));
    let limit = Limit { certificate: leaf, path: None };
    let of_leaf = Window { limit, not_before: leaf.not_before, not_after: leaf.not_after };
    best.map_or(of_leaf, of_path)
}

/// Whoever cannot read the leaf a server presents does not trust it; what the leaf says cannot be judged then.
fn unreadable(presented: &Presented) -> Option<Finding> {
    let (_, reason) = presented.unreadable.first().filter(|_| presented.leaf().is_none())?;
    let finding = Finding::new(Code::TlsUntrusted, "the server's certificate cannot be read, so nobody trusts it");
    Some(finding.fact("reason", reason.as_str()))
}

fn dates(domain: &Domain, leaf: &Arc<Certificate>, presented: &Presented, bench: &mut Bench) -> Option<Finding> {
    let now = bench.now;
    let window = window(leaf, presented, now);
    let lifetime = leaf.lifetime();
    let warn = domain.thresholds.warn_before.seconds(lifetime);
    let critical = domain.thresholds.critical_before.seconds(lifetime);
    // Every path's dates, not those of the best one now: when another becomes the best, that is a change as well.
    let of_paths = presented.complete_paths().map(|path| (path.not_before(), path.not_after()));
    for (not_before, not_after) in of_paths.chain([(window.not_before, window.not_after)]) {
        for boundary in [not_before, not_after.plus(-warn), not_after.plus(-critical), not_after.plus(1)] {
            bench.may_change_at(boundary);
        }
    }
    let subject = subject_of(leaf, window.limit.certificate);
    let left = now.until(window.not_after);
    let finding = if left < 0 {
        Finding::new(Code::TlsExpired, format!("{subject} expired {} ago, on {}", Span(left), window.not_after))
    } else if window.not_before > now {
        let wait = Span(now.until(window.not_before));
        Finding::new(
            Code::TlsNotYetValid,
            format!("{subject} is not valid for another {wait}, until {}", window.not_before),
        )
    } else if left <= warn || left <= critical {
        let severity = if left <= critical { Severity::Critical } else { Severity::Warning };
        let summary = format!("{subject} expires in {}, on {}", Span(left), window.not_after);
        let threshold = if left <= critical { critical } else { warn };
        Finding::new(Code::TlsExpiresSoon, summary).severity(severity).fact("threshold_seconds", threshold)
    } else {
        return None;
    };
    let limiting = Limiting::of(window.limit);
    let finding = finding
        .fact("not_before", window.not_before.to_string())
        .fact("not_after", window.not_after.to_string())
        .fact("seconds_left", left)
        .fact("lifetime_seconds", lifetime)
        .fact("limiting", limiting.certificate.subject.as_str())
        .fact("limiting_sha256", limiting.certificate.sha256.to_string())
        .fact("limiting_path", limiting.titles());
    Some(finding.about(leaf))
}

/// Exactly one of: complete, incomplete, self-signed, untrusted.
fn trust(leaf: &Certificate, presented: &Presented) -> Option<Finding> {
    if presented.complete_paths().next().is_some() {
        return None;
    }
    let issuer = leaf.issuer_title();
    if let Some(path) = presented.paths.first() {
        return Some(incomplete(path).about(leaf));
    }
    let finding = if presented.self_signed {
        Finding::new(Code::TlsSelfSigned, "the certificate is signed with its own key, by no CA")
    } else {
        let mut summary = format!("no path leads from the certificate, issued by {issuer}, to a trusted root");
        let mut reason = presented.refusal.clone().unwrap_or_else(|| "no path found".to_owned());
        // Paths over what is too weak are not found at all; the operator must hear why.
        if let Some(weakness) = strength::refused(leaf, presented) {
            summary += &format!("; {weakness}");
            reason += &format!("; {weakness}");
        }
        Finding::new(Code::TlsUntrusted, summary).fact("reason", reason)
    };
    Some(finding.about(leaf))
}

/// What the path needs and the server does not send, and where it can be had.
fn incomplete(path: &TrustPath) -> Finding {
    let missing: Vec<String> = path.missing().map(|certificate| certificate.subject.clone()).collect();
    let digests: Vec<String> = path.missing().map(|certificate| certificate.sha256.to_string()).collect();
    let titles: Vec<String> = path.missing().map(Certificate::title).collect();
    let mut summary = format!("the server does not send the intermediate {}", titles.join(", "));
    // Each missing one is named by the certificate below it.
    let below = path.steps.windows(2).filter_map(|pair| match pair {
        [below, above] if above.origin == Origin::Bundled => below.certificate.ca_issuers().into_iter().next(),
        _ => None,
    });
    let urls: Vec<String> = below.collect();
    if !urls.is_empty() {
        summary += &format!("; it can be had at {}", urls.join(", "));
    }
    let finding = Finding::new(Code::TlsChainIncomplete, summary);
    finding.fact("missing", missing).fact("missing_sha256", digests).fact("issuer_urls", urls)
}

fn name(domain: &Domain, leaf: &Certificate, presented: &Presented) -> Option<Finding> {
    if presented.name_matches != Some(false) {
        return None;
    }
    let names: Vec<String> = leaf.dns_names.iter().take(MAX_NAMES).cloned().collect();
    let whom = match &names[..] {
        [] => "no DNS name at all".to_owned(),
        [one] => one.clone(),
        [one, ..] => format!("{one} and {} more", leaf.dns_names.len() - 1),
    };
    let finding =
        Finding::new(Code::TlsNameMismatch, format!("the certificate is for {whom}, not for {}", domain.name));
    Some(finding.fact("dns_names", names).about(leaf))
}

/// A certificate that was sent, has run out, and is needed by no path that is good now.
fn surplus(presented: &Presented, bench: &mut Bench) -> Option<Finding> {
    for certificate in &presented.chain {
        bench.may_change_at(certificate.not_after.plus(1));
    }
    let good: Vec<&TrustPath> = presented.complete_paths().filter(|path| path.in_date(bench.now)).collect();
    if good.is_empty() {
        return None;
    }
    let unneeded = |certificate: &&Arc<Certificate>| !good.iter().any(|path| path.contains(certificate.sha256));
    let mut others = presented.chain.iter().filter(unneeded);
    let stale = others.find(|certificate| certificate.not_after < bench.now)?;
    let summary =
        format!("the chain holds {}, which nobody needs and which expired on {}", stale.title(), stale.not_after);
    let finding = Finding::new(Code::TlsChainStale, summary);
    Some(finding.fact("subject", stale.subject.as_str()).fact("not_after", stale.not_after.to_string()))
}
