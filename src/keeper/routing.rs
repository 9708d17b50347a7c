//! Who is told of what.

use std::sync::Arc;

use super::Keeper;
use super::unheard::is_about_own_dead;
use crate::domain::{Domain, DomainName};
use crate::incident::silence::is_code;
use crate::incident::{Batch, Notice, Reason};
use crate::observation::Code;
use crate::verdict::Severity;

/// A domain to watch, and who is told of it.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The domain.
    pub domain: Arc<Domain>,
    /// At how many addresses a look asks for the discovery document, if the tenant's budget allows.
    pub http_addresses: usize,
    /// Whether the origin host is looked at past the proxy.
    pub origin: bool,
    /// Requests by which the proxy's part of the bargain is tried; 0 if it is not.
    pub contract: usize,
    /// Whether the tenant's canonical host is looked at.
    pub tenant: bool,
    /// Another number whenever something else has changed of how it is looked at: roots, name servers, time limits. What
    /// a look saw that began before says nothing any more.
    pub revision: u64,
    /// Who is told; many domains share one.
    pub recipients: Arc<[Recipient]>,
}

/// A receiver who is told of a domain. One may stand several times, and is told what any says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The receiver's name.
    pub receiver: String,
    /// Nothing milder is told.
    pub min_severity: Severity,
    /// Only faults of these codes, or of areas such as `tls.*`; empty: of all.
    pub codes: Vec<String>,
}

impl Recipient {
    /// Told of every fault that is at least so bad.
    pub fn of_all(receiver: &str, min_severity: Severity) -> Self {
        Self { receiver: receiver.to_owned(), min_severity, codes: Vec::new() }
    }

    /// Told of what none of the others is told, whatever its severity; `None` if there is no such thing.
    pub fn of_the_rest(receiver: &str, others: &[Self]) -> Option<Self> {
        let untold = |code: &Code| !others.iter().any(|other| other.is_about(code.as_str()));
        let domains = Code::ALL.iter().filter(|code| code.area() != "watch");
        let codes: Vec<String> = domains.filter(|code| untold(code)).map(ToString::to_string).collect();
        let codes = if others.is_empty() { Some(Vec::new()) } else { Some(codes).filter(|codes| !codes.is_empty()) };
        codes.map(|codes| Self { codes, ..Self::of_all(receiver, Severity::Warning) })
    }

    /// The same without those that add nothing to another of the same receiver, by name.
    pub fn folded(all: Vec<Self>) -> Vec<Self> {
        let adds = |index: usize, one: &Self| {
            let covered = |(other_index, other): (usize, &Self)| {
                let covers = other.receiver == one.receiver
                    && other.min_severity <= one.min_severity
                    && (other.codes.is_empty() || other.codes == one.codes);
                // Of two that say the same the first stays.
                covers && other_index != index && (one.covers_less_than(other) || other_index < index)
            };
            !all.iter().enumerate().any(covered)
        };
        let mut folded: Vec<Self> =
            all.iter().enumerate().filter(|(index, one)| adds(*index, one)).map(|(_, one)| one.clone()).collect();
        folded.sort_by(|a, b| a.receiver.cmp(&b.receiver));
        folded
    }

    fn covers_less_than(&self, other: &Self) -> bool {
        (self.min_severity, &self.codes) != (other.min_severity, &other.codes)
    }

    fn wants(&self, notice: &Notice) -> bool {
        let is_bad = Severity::parse(&notice.severity).is_none_or(|severity| severity >= self.min_severity);
        is_bad && self.is_about(&notice.code)
    }

    /// Whether it is told of faults of this code at all.
    pub fn is_about(&self, code: &str) -> bool {
        self.codes.is_empty() || self.codes.iter().any(|pattern| is_code(pattern, code))
    }
}

impl Keeper {
    /// Gives each outbox its part of a batch. A notice that nobody is to be told of is taken by that.
    pub(super) fn hand_over(&mut self, batch: Batch) {
        let receivers: Vec<String> = self.outboxes.told().map(|(receiver, _)| receiver.clone()).collect();
        for receiver in receivers {
            let notices: Vec<Notice> =
                batch.notices.iter().filter(|notice| self.is_told(&receiver, notice)).cloned().collect();
            if notices.is_empty() {
                continue;
            }
            let ids: Vec<_> = notices.iter().map(|notice| notice.id.clone()).collect();
            if let Some(outbox) = self.outboxes.get_mut(&receiver) {
                outbox.handle_batch(Batch { kind: batch.kind, notices, unstored: batch.unstored }, self.now);
            }
            for id in &ids {
                self.takings.given(id, &receiver);
            }
        }
        for notice in &batch.notices {
            if !self.takings.waits(&notice.id) {
                self.ledger.handle_taken(&notice.id, self.now);
            }
        }
    }

    /// Whom each receiver is told of may have changed.
    pub(super) fn update_recipients(&mut self) {
        let (domains, routing) = (&self.domains, &self.routing);
        for (receiver, outbox) in self.outboxes.told_mut() {
            outbox.handle_recipients(|name| {
                let watched = DomainName::parse_record(name).ok().and_then(|name| domains.get(&name));
                let any_domain = watched.is_some() && routing.is_fallback(receiver);
                any_domain
                    || watched.is_some_and(|watched| watched.recipients().iter().any(|told| told.receiver == *receiver))
            });
        }
    }

    /// Those who are to be are told of our own sight, unless it is that they could not be told; of a domain, those to whom it
    /// is routed. Who was told of something in another's place is told of its end.
    pub(super) fn is_told(&self, receiver: &str, notice: &Notice) -> bool {
        if self.routing.is_fallback(receiver) && self.hears_the_end(receiver, notice) {
            return true;
        }
        if notice.domain.is_empty() {
            let may_hear = || !is_about_own_dead(notice, receiver) || self.hears_the_end(receiver, notice);
            return self.routing.is_told_of_own_sight(receiver, notice) && may_hear();
        }
        let domain = DomainName::parse_record(&notice.domain).ok().and_then(|name| self.domains.get(&name));
        domain.is_some_and(|watched| {
            let mut routes = watched.recipients().iter().filter(|recipient| recipient.receiver == receiver);
            match notice.reason {
                // It may have become something else since it was told.
                Reason::Resolved if routes.clone().all(|recipient| !recipient.codes.is_empty()) => {
                    routes.next().is_some() && self.hears_the_end(receiver, notice)
                }
                _ => routes.any(|recipient| recipient.wants(notice)),
            }
        })
    }

    /// Whether this is the end of something that the receiver was told of.
    fn hears_the_end(&self, receiver: &str, notice: &Notice) -> bool {
        let outbox = || self.outboxes.told().find(|(name, _)| *name == receiver);
        notice.reason == Reason::Resolved && outbox().is_some_and(|(_, outbox)| outbox.has_heard_of(notice))
    }
}
