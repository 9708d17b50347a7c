//! Who is told of what.

use std::sync::Arc;

use super::Keeper;
use super::unheard::is_about_own_dead;
use crate::domain::{Domain, DomainName};
use crate::incident::{Batch, Notice};
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
    /// Who is told.
    pub recipients: Vec<Recipient>,
}

/// A receiver who is told of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The receiver's name.
    pub receiver: String,
    /// Nothing milder is told.
    pub min_severity: Severity,
}

impl Recipient {
    fn wants(&self, notice: &Notice) -> bool {
        Severity::parse(&notice.severity).is_none_or(|severity| severity >= self.min_severity)
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
        let domains = &self.domains;
        for (receiver, outbox) in self.outboxes.told_mut() {
            outbox.handle_recipients(|name| {
                let watched = DomainName::parse_record(name).ok().and_then(|name| domains.get(&name));
                watched.is_some_and(|watched| watched.recipients().iter().any(|told| told.receiver == *receiver))
            });
        }
    }

    /// Everybody is told of our own sight, unless it is that they cannot be told; of a domain, those to whom it is routed.
    pub(super) fn is_told(&self, receiver: &str, notice: &Notice) -> bool {
        if notice.domain.is_empty() {
            return !is_about_own_dead(notice, receiver);
        }
        let domain = DomainName::parse_record(&notice.domain).ok().and_then(|name| self.domains.get(&name));
        domain.is_some_and(|watched| {
            watched.recipients().iter().any(|recipient| recipient.receiver == receiver && recipient.wants(notice))
        })
    }
}
