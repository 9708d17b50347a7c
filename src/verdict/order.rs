//! Whether the certificates are sent in the order of the path, and which of them nobody needs.

use std::sync::Arc;

use super::Finding;
use crate::domain::UnixTime;
use crate::observation::certificate::Certificate;
use crate::observation::{Code, Origin, Presented, TrustPath};

pub(super) fn judge(presented: &Presented, now: UnixTime) -> Vec<Finding> {
    [misordered(presented).or_else(|| leaf_misplaced(presented)), surplus(presented, now)]
        .into_iter()
        .flatten()
        .collect()
}

/// No path's certificates are sent one after the other, leaf first (RFC 5246 section 7.4.2; RFC 8446 section 4.4.2 asks
/// for the same and lets clients be lenient).
fn misordered(presented: &Presented) -> Option<Finding> {
    let in_order = |path: &TrustPath| sent(path).zip(&presented.chain).all(|(step, sent)| step.sha256 == sent.sha256);
    let first = presented.complete_paths().next()?;
    if presented.complete_paths().any(in_order) {
        return None;
    }
    let due: Vec<String> = sent(first).map(Certificate::title).collect();
    let summary = format!("the chain is out of order; it should be {}", due.join(", "));
    Some(Finding::new(Code::TlsChainMisordered, summary).fact("order", subjects(sent(first))))
}

/// The chain begins with an authority's certificate, and the server's stands further back: every client takes the first
/// one for the server's, so that no path is found.
fn leaf_misplaced(presented: &Presented) -> Option<Finding> {
    let first = presented.leaf().filter(|first| first.is_ca && presented.paths.is_empty())?;
    let (position, leaf) = presented.chain.iter().enumerate().find(|(_, other)| !other.is_ca)?;
    let summary = format!(
        "the chain begins with the CA {}; the server's certificate, {}, is number {}",
        first.title(),
        leaf.title(),
        position + 1
    );
    Some(Finding::new(Code::TlsChainMisordered, summary))
}

/// What is sent twice, or is on no complete path. What of it has expired is told as stale.
fn surplus(presented: &Presented, now: UnixTime) -> Option<Finding> {
    presented.complete_paths().next()?;
    let all = presented.chain.iter().enumerate();
    let surplus: Vec<&Arc<Certificate>> = all
        .filter(|(position, certificate)| {
            let is_again = presented.chain[..*position].iter().any(|other| other.sha256 == certificate.sha256);
            let is_needed = presented.complete_paths().any(|path| path.contains(certificate.sha256));
            is_again || !is_needed && certificate.not_after >= now
        })
        .map(|(_, certificate)| certificate)
        .collect();
    let (first, others) = surplus.split_first()?;
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    let summary = format!("the chain holds {}{more}, which no path to a root needs", first.title());
    let subjects = subjects(surplus.iter().map(|certificate| certificate.as_ref()));
    Some(Finding::new(Code::TlsChainSurplus, summary).fact("surplus", subjects))
}

/// The certificates of the path that the server must send: without the root, leaf first.
fn sent(path: &TrustPath) -> impl Iterator<Item = &Certificate> {
    path.steps.iter().filter(|step| step.origin == Origin::Presented).map(|step| step.certificate.as_ref())
}

fn subjects<'a>(certificates: impl Iterator<Item = &'a Certificate>) -> Vec<String> {
    certificates.map(|certificate| certificate.subject.clone()).collect()
}
