//! What is committed on whose behalf, and which notices wait for it.

use std::collections::{BTreeMap, BTreeSet};

use super::Keeper;
use crate::incident::{Change, NoticeId};

/// Whose changes a commit holds; each numbers its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tag {
    /// The ledger's.
    Ledger,
    /// The outbox's of this receiver.
    Outbox(String),
    /// The keeper's own: chains remembered, the heartbeat.
    Keeper,
}

/// Notices that were given to outboxes, with the receivers whose outbox has not stored it yet. The ledger owes a
/// notice until all have.
#[derive(Debug, Default)]
pub(super) struct Takings {
    waiting: BTreeMap<NoticeId, BTreeSet<String>>,
}

impl Takings {
    pub(super) fn given(&mut self, id: &NoticeId, receiver: &str) {
        self.waiting.entry(id.clone()).or_default().insert(receiver.to_owned());
    }

    /// Whether somebody must still store the notice.
    pub(super) fn waits(&self, id: &NoticeId) -> bool {
        self.waiting.contains_key(id)
    }

    /// This receiver's outbox has stored the notice; whether all have now.
    pub(super) fn taken(&mut self, id: &NoticeId, receiver: &str) -> bool {
        let Some(receivers) = self.waiting.get_mut(id) else { return false };
        receivers.remove(receiver);
        let all = receivers.is_empty();
        if all {
            self.waiting.remove(id);
        }
        all
    }
}

impl Keeper {
    /// Everything that was changed, in one transaction's order: what the ledger changed and what the outboxes made of
    /// it belong together.
    pub(super) fn collect_commits(&mut self) {
        let of_ledger: Vec<Change> = std::iter::from_fn(|| self.ledger.poll_change()).collect();
        let mut commits = vec![(Tag::Ledger, of_ledger)];
        for (receiver, outbox) in self.outboxes.all_mut() {
            commits.push((Tag::Outbox(receiver.clone()), std::iter::from_fn(|| outbox.poll_change()).collect()));
        }
        self.commits.extend(commits.into_iter().filter(|(_, changes)| !changes.is_empty()));
    }

    /// Tells the ledger which notices every outbox has stored; whether there was one.
    pub(super) fn collect_taken(&mut self) -> bool {
        let mut taken = Vec::new();
        for (receiver, outbox) in self.outboxes.all_mut() {
            let stored = std::iter::from_fn(|| outbox.poll_taken());
            taken.extend(stored.filter(|id| self.takings.taken(id, receiver)));
        }
        for id in &taken {
            self.ledger.handle_taken(id, self.now);
        }
        !taken.is_empty()
    }
}
