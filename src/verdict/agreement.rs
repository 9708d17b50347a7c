//! What several resolvers make of a domain together: one that is down, and those that tell different things.

use super::bench::Bench;
use super::{Finding, Record, Severity};
use crate::domain::UnixTime;
use crate::observation::{Code, Disagreement, ResolverObservation};

/// Answers shown of those that differ.
const MAX_SHOWN: usize = 4;

pub(super) fn judge(record: &Record, bench: &mut Bench) {
    let Some(dns) = &record.dns else { return };
    if let Some(finding) = some_down(&dns.resolvers) {
        bench.find(finding);
    }
    if let Some(finding) = differing(&dns.disagreements, record, bench) {
        bench.find(with_resolvers(finding, &dns.resolvers));
    }
}

/// Resolvers that do not answer while others do. If none does, that is another finding.
fn some_down(resolvers: &[ResolverObservation]) -> Option<Finding> {
    let down: Vec<&ResolverObservation> = resolvers.iter().filter(|fared| fared.is_down()).collect();
    if down.is_empty() || down.len() == resolvers.len() {
        return None;
    }
    let told = down.iter().map(|fared| fared.told()).collect::<Vec<_>>().join("; ");
    let summary = format!("{} of {} resolvers does not answer: {told}", down.len(), resolvers.len());
    let names: Vec<&str> = down.iter().map(|fared| &*fared.resolver).collect();
    let finding = Finding::new(Code::WatchResolverDown, summary).fact("down", names);
    Some(with_resolvers(finding, resolvers))
}

/// With a line on how each resolver fared that was asked.
pub(super) fn with_resolvers(finding: Finding, resolvers: &[ResolverObservation]) -> Finding {
    if resolvers.is_empty() {
        return finding;
    }
    finding.fact("resolvers", resolvers.iter().map(ResolverObservation::told).collect::<Vec<_>>())
}

/// All that they differ in; information as long as what they may still remember explains each of it.
fn differing(disagreements: &[Disagreement], record: &Record, bench: &mut Bench) -> Option<Finding> {
    let mut all: Vec<(UnixTime, &Disagreement)> = disagreements
        .iter()
        .map(|disagreement| {
            let until = record.differ.get(&disagreement.topic).map_or(bench.now, |differ| differ.explained_until);
            (until, disagreement)
        })
        .collect();
    // What is explained for the shortest time, or not at all any more, speaks for the rest.
    all.sort_by_key(|(until, disagreement)| (*until, disagreement.topic));
    let (until, first) = all.first()?;
    all.iter().for_each(|(until, _)| bench.may_change_at(*until));
    let explained = bench.now < *until;
    let (topic, name) = (first.topic.title(), &first.name);
    let mut summary = format!("resolvers tell different things of {topic} of {name}: {}", said(first).join("; "));
    if explained {
        summary += &format!("; what they remember explains it until {until}");
    }
    let severity = if explained { Severity::Info } else { Severity::Warning };
    let answers = all.iter().flat_map(|(_, disagreement)| {
        said(disagreement).into_iter().map(|said| format!("{}: {said}", disagreement.topic.title()))
    });
    let finding = Finding::new(Code::DnsResolversDisagree, summary).severity(severity);
    Some(finding.fact("answers", answers.collect::<Vec<_>>()).fact("explained_until", until.to_string()))
}

/// `192.0.2.53:53, 192.0.2.54:53: an address`
fn said(disagreement: &Disagreement) -> Vec<String> {
    let shown = disagreement.answers.iter().take(MAX_SHOWN);
    shown.map(|said| format!("{}: {}", said.resolvers.join(", "), said.answer)).collect()
}
