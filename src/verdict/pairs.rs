//! Which leaves disagree. A server may have two certificates for one name, of RSA and of a curve, and show whichever the
//! client knows: such a pair is one answer, and only leaves of one kind can disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::bench::{Bench, where_of};
use super::rollout::ROLLOUT;
use super::{Finding, Record, Severity};
use crate::observation::certificate::{Certificate, KeyType, Sha256};
use crate::observation::{Code, Presented};

/// A leaf, the chain it came in, and where.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) leaf: &'a Certificate,
    pub(super) presented: &'a Presented,
    pub(super) addresses: Vec<SocketAddr>,
}

/// A few words for the clients that are shown this leaf and not the ordinary one.
pub(super) const fn asking_for(leaf: &Certificate) -> &'static str {
    match leaf.key.key_type {
        KeyType::Rsa | KeyType::RsaPss => "clients that know RSA alone",
        _ => "clients that know ECDSA alone",
    }
}

/// Second certificates that disagree behind one and the same first: no rollout that anybody sees. What differs ordinarily
/// is told of by itself.
pub(super) fn judge(record: &Record, bench: &mut Bench) {
    let ordinary: Vec<_> = record.presenting().collect();
    let Some(since) = record.disagree_since.filter(|_| gather(&ordinary, &[], |_| true).len() < 2) else { return };
    let leaves = disagreeing(record);
    let is_good = |presented: &Presented| {
        presented.name_matches == Some(true) && presented.complete_paths().any(|path| path.in_date(bench.now))
    };
    let all_good = leaves.iter().all(|shown| is_good(shown.presented));
    let over = since.plus(ROLLOUT);
    bench.may_change_at(over);
    let severity = if all_good && bench.now < over { Severity::Info } else { Severity::Warning };
    let Some(first) = leaves.first() else { return };
    let describe =
        |shown: &Shown<'_>| format!("{} until {}", where_of(shown.addresses.iter().copied()), shown.leaf.not_after);
    let each: Vec<String> = leaves.iter().map(describe).collect();
    let clients = asking_for(first.leaf);
    let summary = format!("{} different second certificates, for {clients}: {}", leaves.len(), each.join("; "));
    let sha256: Vec<String> = leaves.iter().map(|shown| shown.leaf.sha256.to_string()).collect();
    let addresses = leaves.iter().flat_map(|shown| shown.addresses.iter().copied());
    let finding = Finding::new(Code::TlsAddressesDisagree, summary).severity(severity).at(addresses);
    bench.find(finding.fact("since", since.to_string()).fact("sha256", sha256).fact("shown_to", clients));
}

/// The leaves that disagree, each with where it is shown; none if all addresses show the same leaf, or the same pair.
pub(super) fn disagreeing(record: &Record) -> Vec<Shown<'_>> {
    let ordinary: Vec<_> = record.presenting().collect();
    let other: Vec<_> = record.other_chains().collect();
    let mut kinds = [gather(&ordinary, &other, is_rsa), gather(&ordinary, &other, |leaf| !is_rsa(leaf))];
    for kind in &mut kinds {
        if kind.len() < 2 {
            kind.clear();
        }
    }
    let of_a_kind: Vec<Shown<'_>> = kinds.into_iter().flat_map(BTreeMap::into_values).collect();
    if of_a_kind.is_empty() && !are_pairs(&ordinary, &other) {
        return gather(&ordinary, &[], |_| true).into_values().collect();
    }
    of_a_kind
}

type At<'a> = (SocketAddr, &'a Arc<Presented>);

const fn is_rsa(leaf: &Certificate) -> bool {
    matches!(leaf.key.key_type, KeyType::Rsa | KeyType::RsaPss)
}

fn gather<'a>(
    ordinary: &[At<'a>],
    other: &[At<'a>],
    is_meant: impl Fn(&Certificate) -> bool,
) -> BTreeMap<Sha256, Shown<'a>> {
    let mut leaves: BTreeMap<Sha256, Shown<'a>> = BTreeMap::new();
    for (address, presented) in ordinary.iter().chain(other) {
        let Some(leaf) = presented.leaf().filter(|leaf| is_meant(leaf)) else { continue };
        let new = || Shown { leaf, presented, addresses: Vec::new() };
        leaves.entry(leaf.sha256).or_insert_with(new).addresses.push(*address);
    }
    leaves
}

/// Whether every address has, ordinarily or else, each leaf that any of them shows ordinarily.
fn are_pairs(ordinary: &[At<'_>], other: &[At<'_>]) -> bool {
    let leaf = |presented: &Presented| presented.leaf().map(|leaf| leaf.sha256);
    let all: BTreeSet<Sha256> = ordinary.iter().filter_map(|(_, presented)| leaf(presented)).collect();
    let mut has: BTreeMap<SocketAddr, BTreeSet<Sha256>> = BTreeMap::new();
    for (address, presented) in ordinary.iter().chain(other) {
        has.entry(*address).or_default().extend(leaf(presented));
    }
    // An address whose leaf cannot be read says nothing of the others.
    has.values().filter(|leaves| !leaves.is_empty()).all(|leaves| all.is_subset(leaves))
}
