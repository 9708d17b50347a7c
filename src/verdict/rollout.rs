//! Different leaves at different addresses: a rollout for a day if all of them are good, then somebody was left behind.
//! And old leaves that are back.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::bench::{Bench, where_of};
use super::{Finding, Record, Severity};
use crate::domain::{Span, UnixTime};
use crate::history::{Leaf, Progress};
use crate::observation::certificate::{Certificate, Sha256};
use crate::observation::{Code, Presented};

/// For so long different good certificates are a rollout, in seconds.
pub(super) const ROLLOUT: i64 = 86_400;

/// `chains` are those presented now, each with the addresses it is presented at.
pub(super) fn judge<'a>(
    record: &Record,
    chains: impl Iterator<Item = (&'a Presented, &'a [SocketAddr])>,
    bench: &mut Bench,
) {
    let mut served = Served::of(chains, bench.now);
    if let Some((finding, addresses)) = flip_back(record, &served) {
        bench.find(finding);
        served.leave_out(&addresses);
    }
    let Some(since) = record.disagree_since.filter(|_| served.leaves.len() > 1) else {
        return in_turn(record, &served, bench);
    };
    let under_way = explanation(record, &served);
    let since = under_way.as_ref().map_or(since, |progress| progress.began);
    let is_rollout = served.all_good && (is_pair(record, &served) || before_end(since, bench));
    let severity = if is_rollout { Severity::Info } else { Severity::Warning };
    let finding = match (by_family(&served), under_way) {
        // Whatever is wrong with one of them is told by itself, and worse.
        _ if !served.all_good => disagreement(&served),
        (Some((v4, v6)), _) => split(v4, v6),
        (None, Some(progress)) if !is_rollout => stuck(&progress, bench.now),
        (None, _) => disagreement(&served),
    };
    let sha256: Vec<String> = served.leaves.keys().map(ToString::to_string).collect();
    bench.find(finding.severity(severity).fact("since", since.to_string()).fact("sha256", sha256));
}

/// Which leaf is served where.
struct Served<'a> {
    leaves: BTreeMap<Sha256, (&'a Certificate, Vec<SocketAddr>)>,
    /// Whether each of them is for the domain, trusted and in date.
    all_good: bool,
}

impl<'a> Served<'a> {
    fn of(chains: impl Iterator<Item = (&'a Presented, &'a [SocketAddr])>, now: UnixTime) -> Self {
        let mut served = Self { leaves: BTreeMap::new(), all_good: true };
        for (presented, at) in chains {
            let Some(leaf) = presented.leaf() else { continue };
            served.all_good &=
                presented.name_matches == Some(true) && presented.complete_paths().any(|path| path.in_date(now));
            served.leaves.entry(leaf.sha256).or_insert_with(|| (leaf, Vec::new())).1.extend(at);
        }
        served
    }

    fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.leaves.values().flat_map(|(_, at)| at.iter().copied())
    }

    fn is_at(&self, address: SocketAddr) -> bool {
        self.addresses().any(|other| other == address)
    }

    fn leave_out(&mut self, addresses: &[SocketAddr]) {
        self.leaves.values_mut().for_each(|(_, at)| at.retain(|address| !addresses.contains(address)));
        self.leaves.retain(|_, (_, at)| !at.is_empty());
    }
}

/// Whether a rollout that began then may still be under way.
fn before_end(began: UnixTime, bench: &mut Bench) -> bool {
    let over = began.plus(ROLLOUT);
    bench.may_change_at(over);
    bench.now < over
}

/// Addresses that serve what had been replaced.
fn flip_back(record: &Record, served: &Served<'_>) -> Option<(Finding, Vec<SocketAddr>)> {
    let all: Vec<_> = record.history.fallen_back().filter(|(address, ..)| served.is_at(*address)).collect();
    let (_, since, old, new) = *all.iter().min_by_key(|(_, since, ..)| *since)?;
    let addresses: Vec<SocketAddr> = all.iter().map(|(address, ..)| *address).collect();
    let summary = format!(
        "the old certificate, until {}, is served again at {}; it had been replaced by one until {}",
        old.not_after,
        where_of(addresses.iter().copied()),
        new.not_after
    );
    let finding = old_and_new(Finding::new(Code::TlsFlipBack, summary), old, new).fact("since", since.to_string());
    Some((finding.at(addresses.iter().copied()), addresses))
}

/// The one rollout that is the reason for all different leaves: each is its new one, its old one, or one before that.
fn explanation<'a>(record: &'a Record, served: &Served<'_>) -> Option<Progress<'a>> {
    let explains = |progress: &Progress<'_>| {
        served.addresses().all(|address| progress.behind.contains(&address) || progress.ahead.contains(&address))
    };
    record.history.under_way().find(explains)
}

/// Whether the two leaves are one for old clients and one for new ones, neither of which was replaced: each address has
/// but one of them, and that may stay so.
fn is_pair(record: &Record, served: &Served<'_>) -> bool {
    let mut leaves = served.leaves.keys();
    let (Some(one), Some(other), None) = (leaves.next(), leaves.next(), leaves.next()) else { return false };
    record.history.are_side_by_side(*one, *other)
}

/// The leaf of all IPv4 addresses and that of all IPv6 addresses, where these are two.
fn by_family<'s>(served: &'s Served<'_>) -> Option<(&'s Group<'s>, &'s Group<'s>)> {
    let mut groups = served.leaves.values();
    let (one, other, None) = (groups.next()?, groups.next()?, groups.next()) else { return None };
    let all = |group: &Group<'_>, v4: bool| group.1.iter().all(|address| address.is_ipv4() == v4);
    match () {
        () if all(one, true) && all(other, false) => Some((one, other)),
        () if all(one, false) && all(other, true) => Some((other, one)),
        () => None,
    }
}

type Group<'a> = (&'a Certificate, Vec<SocketAddr>);

fn split(v4: &Group<'_>, v6: &Group<'_>) -> Finding {
    let (behind, family) = if v4.0.not_after <= v6.0.not_after { (v4, "IPv4") } else { (v6, "IPv6") };
    let summary = format!(
        "IPv4 addresses serve a certificate until {}, IPv6 addresses another until {}",
        v4.0.not_after, v6.0.not_after
    );
    let finding = Finding::new(Code::TlsSplitByFamily, summary).fact("behind", family);
    finding.at(behind.1.iter().copied())
}

fn disagreement(served: &Served<'_>) -> Finding {
    let describe = |(leaf, at): &Group<'_>| format!("{} until {}", where_of(at.iter().copied()), leaf.not_after);
    let each: Vec<String> = served.leaves.values().map(describe).collect();
    let summary = format!("{} different certificates: {}", served.leaves.len(), each.join("; "));
    Finding::new(Code::TlsAddressesDisagree, summary).at(served.addresses())
}

fn stuck(progress: &Progress<'_>, now: UnixTime) -> Finding {
    let summary = format!(
        "the old certificate, until {}, is still served at {}; the new one was first seen {} ago",
        progress.from.not_after,
        where_of(progress.behind.iter().copied()),
        Span(progress.began.until(now))
    );
    let finding = Finding::new(Code::TlsRolloutStuck, summary).at(progress.behind.iter().copied());
    old_and_new(finding, progress.from, progress.to)
}

/// Several servers behind one address, one of which was left behind: no look sees both certificates at once.
fn in_turn(record: &Record, served: &Served<'_>, bench: &mut Bench) {
    let is_here = |progress: &Progress<'_>| progress.in_turn.iter().any(|address| served.is_at(*address));
    let Some(progress) = record.history.under_way().find(is_here) else { return };
    if before_end(progress.began, bench) {
        return;
    }
    let summary = format!(
        "the old certificate, until {}, is served now and then at {}: one of several servers there was left behind; the \
         new one was first seen {} ago",
        progress.from.not_after,
        where_of(progress.in_turn.iter().copied()),
        Span(progress.began.until(bench.now))
    );
    let finding = Finding::new(Code::TlsRolloutStuck, summary).at(progress.in_turn.iter().copied());
    bench.find(old_and_new(finding, progress.from, progress.to).fact("since", progress.began.to_string()));
}

fn old_and_new(finding: Finding, old: &Leaf, new: &Leaf) -> Finding {
    finding
        .fact("old_sha256", old.sha256.to_string())
        .fact("old_not_after", old.not_after.to_string())
        .fact("new_sha256", new.sha256.to_string())
        .fact("new_not_after", new.not_after.to_string())
}
