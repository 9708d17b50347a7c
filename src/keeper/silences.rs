//! Silences, as somebody asks for them or ends them, and the maintenance windows of the configuration.

use std::collections::{BTreeMap, BTreeSet};

use super::Keeper;
use super::watched::Watched;
use crate::domain::{DomainName, Now};
use crate::incident::silence::{DomainPattern, Maintenance, Matcher, SilenceId, SilenceView, Wish};
use crate::observation::certificate::Sha256;

/// A silence that was made or ended.
#[derive(Debug, Clone, PartialEq)]
pub struct SilenceChange {
    /// As it is now.
    pub silence: SilenceView,
    /// How many of the watched domains it is about.
    pub domains: usize,
    /// The ledger's change after which it is stored.
    pub stored_by: u64,
}

/// Why a silence cannot be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEnded {
    /// There is none of this name, or it is over.
    #[error("there is no such silence, or it is over")]
    Unknown,
    /// The configuration made it.
    #[error("it stands in the configuration, as [[maintenance]]: take it out there and reload")]
    Configured,
}

/// Inputs.
impl Keeper {
    /// Somebody asks for a silence; it holds at once. Everything that is wrong with it, if anything is.
    pub fn handle_silence(&mut self, wish: Wish, now: Now) -> Result<SilenceChange, Vec<String>> {
        self.now = now;
        let unknown = self.unknown_domains(&wish.matcher);
        if !unknown.is_empty() {
            return Err(unknown.iter().map(|name| format!("domains: {name} is not watched")).collect());
        }
        let waits = wish.until_certificate_changes;
        let seen = if waits { self.served_leaves(&wish.matcher) } else { BTreeMap::new() };
        let made = self.ledger.handle_silence(wish, seen, now);
        self.settle();
        let (id, stored_by) = made?;
        self.changed_silence(&id, stored_by).ok_or_else(Vec::new)
    }

    /// Somebody ends a silence.
    pub fn handle_silence_end(&mut self, id: &SilenceId, now: Now) -> Result<SilenceChange, NotEnded> {
        self.now = now;
        let known = self.ledger.silences().into_iter().find(|view| view.id == *id);
        if known.is_some_and(|view| view.is_configured()) {
            return Err(NotEnded::Configured);
        }
        let stored_by = self.ledger.handle_silence_end(id, now).ok_or(NotEnded::Unknown)?;
        self.settle();
        self.changed_silence(id, stored_by).ok_or(NotEnded::Unknown)
    }

    /// These are the maintenance windows, from the next [`Keeper::handle_watches`] on.
    pub fn handle_maintenance(&mut self, all: Vec<Maintenance>) {
        self.ledger.handle_maintenance(all);
    }
}

impl Keeper {
    fn changed_silence(&self, id: &SilenceId, stored_by: u64) -> Option<SilenceChange> {
        let silence = self.ledger.silences().into_iter().find(|view| view.id == *id)?;
        let domains = self.covered(&silence.matcher).count();
        Some(SilenceChange { silence, domains, stored_by })
    }

    /// Names that are not watched: a slip would silence nothing, and be noticed by the noise.
    fn unknown_domains<'a>(&self, matcher: &'a Matcher) -> Vec<&'a DomainName> {
        let named = matcher.domains.iter().filter_map(|pattern| match pattern {
            DomainPattern::Name(name) => Some(name),
            DomainPattern::Any | DomainPattern::Below(_) => None,
        });
        named.filter(|name| !self.domains.contains_key(*name)).collect()
    }

    fn covered(&self, matcher: &Matcher) -> impl Iterator<Item = &Watched> {
        let covers = move |watched: &&Watched| {
            let domain = watched.domain();
            !matcher.is_of_own_sight()
                && matcher.covers_domain(&domain.name, |label| domain.labels.get(label).map(String::as_str))
        };
        self.domains.values().filter(covers)
    }

    /// The leaves that the domains it is about serve; no domain of which none was seen.
    fn served_leaves(&self, matcher: &Matcher) -> BTreeMap<DomainName, BTreeSet<Sha256>> {
        let leaves = |watched: &Watched| {
            let leaves: BTreeSet<Sha256> = watched.record().leaves().collect();
            (!leaves.is_empty()).then(|| (watched.domain().name.clone(), leaves))
        };
        self.covered(matcher).filter_map(leaves).collect()
    }
}
