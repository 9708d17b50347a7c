//! What can be read off a ledger: [`Standing`], an incident as it stands.

use super::{Key, Ledger, State, Watched};
use crate::domain::{DomainName, UnixTime};
use crate::incident::silence::SilenceId;
use crate::verdict::{Family, Severity};

/// An incident as it stands, for pages and metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing<'a> {
    /// The domain's A-label; empty for our own sight.
    pub domain: &'a str,
    /// The view it is seen by; `watch` for our own sight.
    pub view: &'a str,
    /// Its family.
    pub family: &'a str,
    /// Pending or firing.
    pub state: State,
    /// The code of the finding.
    pub code: &'a str,
    /// How bad it is; in set-up nothing is worse than a warning.
    pub severity: Severity,
    /// How often it had opened before.
    pub episode: u64,
    /// When it was first seen.
    pub since: UnixTime,
    /// When it fired; `None` while it is pending.
    pub opened_at: Option<UnixTime>,
    /// One sentence: what, where, how long.
    pub summary: &'a str,
    /// Whether its domain is in set-up.
    pub in_setup: bool,
    /// The silence that keeps it from being told.
    pub silenced_by: Option<&'a SilenceId>,
}

impl Ledger {
    /// The incidents that are pending or firing, by domain.
    pub fn incidents(&self) -> impl Iterator<Item = Standing<'_>> {
        self.incidents.iter().filter(|(_, incident)| incident.state != State::Resolved).map(|(key, incident)| {
            Standing {
                domain: key.domain_str(),
                view: &key.view,
                family: &key.family,
                state: incident.state,
                code: &incident.code,
                severity: incident.severity,
                episode: incident.episode(),
                since: incident.began.wall,
                opened_at: incident.opened.map(|stamp| stamp.wall),
                summary: &incident.summary,
                in_setup: self.key_in_setup(key),
                silenced_by: incident.silenced_by.as_ref(),
            }
        })
    }

    /// Whether the domain has an incident that is pending or firing.
    pub fn has_incident(&self, domain: &DomainName) -> bool {
        self.open_families(domain).next().is_some()
    }

    /// Whether a look at this domain should ask what not every look asks: something of that kind is to be confirmed, or
    /// to be seen gone.
    pub fn wants_a_close_look(&self, domain: &DomainName) -> bool {
        self.open_families(domain).any(|family| Family::SELDOM_ASKED.iter().any(|seldom| seldom.as_str() == family))
    }

    fn open_families<'a>(&'a self, domain: &'a DomainName) -> impl Iterator<Item = &'a str> {
        let own = self.incidents.range(Key::first_of(domain)..);
        let own = own.take_while(|(key, _)| key.domain.as_ref() == Some(domain));
        own.filter(|(_, incident)| incident.state != State::Resolved).map(|(key, _)| key.family.as_str())
    }

    /// Whether the domain is in set-up: not live, and never seen healthy.
    pub fn in_setup(&self, domain: &DomainName) -> bool {
        self.domains.get(domain).is_some_and(Watched::in_setup)
    }

    /// Keys of rows that could not be read at the restart; they are left in the store as they are.
    pub fn unreadable(&self) -> &[String] {
        &self.unreadable
    }
}
