//! How incidents stand, for whoever is shown that rather than told what happens: offered once it is stored, and by what
//! is then the case, not by what was.

use std::collections::{BTreeMap, VecDeque};

use super::{Incident, Key, Ledger, State};
use crate::incident::{Notice, Reason};

/// Incidents that have changed, each with the change that must be stored before it is shown.
#[derive(Debug, Default)]
pub(super) struct Showing {
    last: BTreeMap<Key, u64>,
    queue: VecDeque<(u64, Key)>,
}

impl Showing {
    /// The incident has changed by this change.
    pub(super) fn changed(&mut self, key: &Key, sequence: u64) {
        self.last.insert(key.clone(), sequence);
        self.queue.push_back((sequence, key.clone()));
    }

    /// The next whose last change is this one or an earlier.
    fn take(&mut self, up_to: u64) -> Option<Key> {
        while let Some((sequence, key)) = self.queue.pop_front_if(|(sequence, _)| *sequence <= up_to) {
            // One that has changed since waits for that.
            if self.last.get(&key) == Some(&sequence) {
                self.last.remove(&key);
                return Some(key);
            }
        }
        None
    }
}

impl Ledger {
    /// An incident that may stand otherwise than before: what is the case now is stored, or commits have failed for 30 s.
    pub fn poll_standing(&mut self) -> Option<Key> {
        let up_to = if self.tells_unstored() { u64::MAX } else { self.stored };
        self.showing.take(up_to)
    }

    /// Whether all that has changed of this incident was offered by [`Ledger::poll_standing`].
    pub fn is_shown(&self, key: &Key) -> bool {
        !self.showing.last.contains_key(key)
    }

    /// The incidents that fire.
    pub fn firing(&self) -> impl Iterator<Item = &Key> {
        self.incidents.iter().filter(|(_, incident)| incident.state == State::Firing).map(|(key, _)| key)
    }

    /// What there is to tell of an incident that fires, held back or not; `None` if it does not. One that opened under a
    /// silence is not shown until that ends. One that was shown before stays: to take it away would say that it is over.
    pub fn firing_notice(&self, key: &Key) -> Option<Notice> {
        let is_shown = |incident: &&Incident| incident.told || incident.silenced_by.is_none();
        let incident = self.incidents.get(key).filter(|incident| incident.state == State::Firing).filter(is_shown)?;
        Some(self.notice(key, incident, Reason::Opened))
    }
}
