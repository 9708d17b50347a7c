//! [`Row`]: one domain on the page.

use std::net::SocketAddr;

use serde::Serialize;

use super::finding::{Fact, Trouble};
use super::life::Life;
use super::past::Past;
use super::plain;
use crate::domain::{DomainName, Span, UnixTime};
use crate::keeper::DomainState;
use crate::verdict::{AddressRecord, HopStatus, Standing, Step, Verdict};

/// Findings of a domain that are shown.
const FINDINGS: usize = 12;
/// Addresses of a domain that are shown; a look goes to no more.
const ADDRESSES: usize = 16;
/// The operator's labels that are shown.
const LABELS: usize = 8;

/// One domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// The name in A-labels.
    pub(super) name: String,
    /// The name in U-labels, where it differs.
    pub(super) unicode: Option<String>,
    pub(super) level: &'static str,
    /// Whether something of it is not told, as a silence is about it.
    pub(super) silenced: bool,
    /// Whether this process has looked at it yet.
    pub(super) waits: bool,
    /// When it was last looked at, and how often that is done.
    pub(super) looked: String,
    pub(super) life: Option<Life>,
    pub(super) hops: Vec<HopView>,
    /// Where a login breaks, or may break.
    pub(super) fault: Option<Fault>,
    /// Whether every hop was seen to work.
    pub(super) gets_through: bool,
    pub(super) findings: Vec<Trouble>,
    pub(super) more_findings: usize,
    pub(super) addresses: Vec<AddressView>,
    pub(super) more_addresses: usize,
    /// What its certificates have been.
    pub(super) past: Option<Past>,
    /// Whether the certificates were revoked, as far as known, and why.
    pub(super) revocation: Option<String>,
    /// The operator's labels.
    pub(super) labels: Vec<Fact>,
}

/// One hop of a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct HopView {
    pub(super) hop: &'static str,
    pub(super) status: &'static str,
    /// The status for people.
    pub(super) word: &'static str,
    pub(super) detail: String,
}

/// The hop where a login breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    pub(super) hop: &'static str,
    /// Whether it is sure; otherwise this hop is the first of those in question.
    pub(super) sure: bool,
    /// What was seen there; empty where a finding says the same.
    pub(super) detail: String,
}

/// What was seen at one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct AddressView {
    pub(super) address: String,
    /// The protocol, or why there was no handshake.
    pub(super) said: String,
    pub(super) failed: bool,
    /// The leaf: whom it is for, who issued it, until when.
    pub(super) leaf: Option<String>,
}

impl Row {
    pub(super) fn new(state: &DomainState, silenced: bool, now: UnixTime) -> Self {
        let verdict = state.verdict.as_deref();
        let findings = verdict.map_or(&[][..], |verdict| &verdict.findings);
        let labels = state.domain.labels.iter().take(LABELS);
        Self {
            name: state.domain.name.to_string(),
            unicode: unicode(&state.domain.name),
            level: state.level().as_str(),
            silenced,
            waits: !state.was_looked_at,
            looked: looked(state, now),
            life: Life::new(state, now),
            hops: hops(verdict),
            fault: verdict.and_then(fault),
            gets_through: verdict.is_some_and(gets_through),
            findings: findings.iter().take(FINDINGS).map(Trouble::new).collect(),
            more_findings: findings.len().saturating_sub(FINDINGS),
            addresses: state.record.current().take(ADDRESSES).map(|(at, seen)| AddressView::new(at, seen)).collect(),
            more_addresses: state.record.current().count().saturating_sub(ADDRESSES) + state.record.surplus_addresses,
            past: Past::new(&state.record, now),
            revocation: verdict.and_then(|verdict| verdict.revocation.as_ref()).map(revocation),
            labels: labels
                .map(|(name, value)| Fact { name: plain::line(name, 40), value: plain::line(value, 80) })
                .collect(),
        }
    }
}

impl AddressView {
    fn new(address: SocketAddr, seen: &AddressRecord) -> Self {
        let failure = seen.tls.as_ref().and_then(|tls| tls.failure.as_ref());
        let version = || seen.tls.as_ref().and_then(|tls| tls.version.clone()).unwrap_or_default();
        let said = failure.map_or_else(version, |failure| format!("{}: {}", failure.code, failure.detail));
        let leaf = seen.presented.as_ref().and_then(|(_, presented)| presented.leaf());
        let leaf =
            leaf.map(|leaf| format!("{}, issued by {}, until {}", leaf.title(), leaf.issuer_title(), leaf.not_after));
        Self {
            address: address.to_string(),
            said: plain::line(&said, 300),
            failed: failure.is_some(),
            leaf: leaf.map(|leaf| plain::line(&leaf, 300)),
        }
    }
}

fn revocation(standing: &Standing) -> String {
    plain::line(&format!("{} ({})", standing.status.as_str(), standing.why), 300)
}

/// The name in U-labels, where it is another. A name of several scripts may pass for one of ours, so it never stands alone.
fn unicode(name: &DomainName) -> Option<String> {
    let unicode = name.to_unicode();
    (unicode != name.as_str()).then(|| plain::line(&unicode, 253))
}

fn looked(state: &DomainState, now: UnixTime) -> String {
    let every = Span(i64::try_from(state.domain.interval.as_secs()).unwrap_or(i64::MAX));
    match state.record.looked_at {
        Some(at) if state.was_looked_at => format!("looked at {} ago, every {every}", Span(at.until(now).max(0))),
        Some(_) => "as an earlier run saw it; not looked at since the start".to_owned(),
        None => "not looked at yet".to_owned(),
    }
}

/// All seven, or none before the first look.
fn hops(verdict: Option<&Verdict>) -> Vec<HopView> {
    verdict.iter().flat_map(|verdict| verdict.path.steps()).map(hop).collect()
}

fn hop(step: &Step) -> HopView {
    let word = match step.status {
        HopStatus::Ok => "ok",
        HopStatus::Broken => "broken",
        HopStatus::Unknown => "in question",
        HopStatus::NotLooked => "not looked at",
    };
    let detail = plain::line(&step.detail, 300);
    HopView { hop: step.hop.as_str(), status: step.status.as_str(), word, detail }
}

fn gets_through(verdict: &Verdict) -> bool {
    verdict.path.steps().iter().all(|step| step.status == HopStatus::Ok)
}

fn fault(verdict: &Verdict) -> Option<Fault> {
    let of = |status| verdict.path.steps().iter().find(|step| step.status == status);
    let (step, sure) = match of(HopStatus::Broken) {
        Some(step) => (step, true),
        None => (of(HopStatus::Unknown)?, false),
    };
    let is_told = verdict.findings.iter().any(|finding| finding.summary == step.detail);
    let detail = if is_told { String::new() } else { plain::line(&step.detail, 300) };
    Some(Fault { hop: step.hop.as_str(), sure, detail })
}
