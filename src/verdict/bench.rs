//! [`Bench`]: where the findings gather while a domain is judged.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::Bound;

use super::{Finding, Kind};
use crate::domain::UnixTime;
use crate::observation::Code;
use crate::observation::certificate::Certificate;

/// The findings on a domain so far, and the moments at which there may be others.
pub(super) struct Bench {
    pub(super) now: UnixTime,
    pub(super) findings: Vec<Finding>,
    changes: BTreeSet<UnixTime>,
}

impl Bench {
    pub(super) fn new(now: UnixTime) -> Self {
        Self { now, findings: Vec::new(), changes: BTreeSet::new() }
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// From this moment on the same facts may be judged otherwise. The moments named must not hang on the time
    /// they are named at.
    pub(super) fn may_change_at(&mut self, moment: UnixTime) {
        self.changes.insert(moment);
    }

    /// Puts the findings in their order: the worst first, then by code.
    pub(super) fn worst_first(&mut self) {
        self.findings.sort_by_key(|finding| (Reverse(finding.severity), finding.code.as_str()));
    }

    /// The first moment to come at which the same facts do give other findings.
    pub(super) fn next_change(&self, hear_at: impl Fn(UnixTime) -> Self) -> Option<UnixTime> {
        let mut to_come = self.changes.range((Bound::Excluded(self.now), Bound::Unbounded)).copied();
        to_come.find(|moment| !self.says_the_same(&hear_at(*moment)))
    }

    /// Whether both found the same, whatever time is left.
    fn says_the_same(&self, other: &Self) -> bool {
        let says = |finding: &Finding| (finding.code, finding.severity);
        let same = |(a, b): (&Finding, &Finding)| says(a) == says(b) && a.addresses == b.addresses;
        self.findings.len() == other.findings.len() && self.findings.iter().zip(&other.findings).all(same)
    }

    /// What the network did not carry to us says nothing about the domain; an answer that came, and what
    /// certificates say, still holds.
    pub(super) fn call_it_blindness(&mut self) {
        let before = self.findings.len();
        self.findings.retain(|finding| finding.entry().kind != Kind::Network || was_answered(finding.code));
        if self.findings.len() < before {
            let summary = "this domain and every reference fail: it is our own network that is down";
            self.find(Finding::new(Code::WatchBlind, summary));
        }
    }
}

const fn was_answered(code: Code) -> bool {
    matches!(code, Code::HttpErrorStatus | Code::HttpRateLimited)
}

/// `192.0.2.1:443`, or `192.0.2.1:443 and 3 more`.
pub(super) fn where_of(addresses: impl IntoIterator<Item = SocketAddr>) -> String {
    let mut addresses = addresses.into_iter();
    let first = addresses.next().map(|address| address.to_string()).unwrap_or_default();
    match addresses.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// What to call a certificate of the leaf's path.
pub(super) fn subject_of(leaf: &Certificate, limiting: &Certificate) -> String {
    if leaf.sha256 == limiting.sha256 {
        "the certificate".to_owned()
    } else {
        format!("{} in the certificate's chain", limiting.title())
    }
}
