//! What is committed on whose behalf, and which notices wait for it.

use std::collections::BTreeMap;

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

/// Notices the outboxes have, until they have stored them.
#[derive(Debug, Default)]
pub(super) struct Takings {
    /// By notice: which receivers must have stored up to where.
    waiting: BTreeMap<NoticeId, BTreeMap<String, u64>>,
    /// How far each receiver's changes were handed out and stored.
    handed_out: BTreeMap<String, u64>,
    stored: BTreeMap<String, u64>,
}

impl Takings {
    /// The notice was given to this receiver's outbox, whose changes were handed out up to now.
    pub(super) fn given(&mut self, id: &NoticeId, receiver: &str) {
        let up_to = self.handed_out.get(receiver).copied().unwrap_or(0);
        if up_to > self.stored.get(receiver).copied().unwrap_or(0) {
            self.waiting.entry(id.clone()).or_default().insert(receiver.to_owned(), up_to);
        }
    }

    /// Whether somebody must still store the notice.
    pub(super) fn waits(&self, id: &NoticeId) -> bool {
        self.waiting.contains_key(id)
    }

    /// The notices that everybody has stored by this commit.
    pub(super) fn stored(&mut self, receiver: &str, up_to: u64) -> Vec<NoticeId> {
        self.stored.insert(receiver.to_owned(), up_to);
        let mut taken = Vec::new();
        self.waiting.retain(|id, needs| {
            if needs.get(receiver).is_some_and(|needed| *needed <= up_to) {
                needs.remove(receiver);
            }
            if needs.is_empty() {
                taken.push(id.clone());
            }
            !needs.is_empty()
        });
        taken
    }
}

impl Keeper {
    /// All that the ledger and the outboxes have changed, one commit each.
    pub(super) fn collect_commits(&mut self) {
        let of_ledger: Vec<Change> = std::iter::from_fn(|| self.ledger.poll_change()).collect();
        if !of_ledger.is_empty() {
            self.commits.push_back((Tag::Ledger, of_ledger));
        }
        let receivers: Vec<String> = self.outboxes.keys().cloned().collect();
        for receiver in receivers {
            self.collect_commit_of(&receiver);
        }
    }

    /// What one outbox has changed; a mail it froze may only go once that is stored.
    pub(super) fn collect_commit_of(&mut self, receiver: &str) {
        let Some(outbox) = self.outboxes.get_mut(receiver) else { return };
        let changes: Vec<Change> = std::iter::from_fn(|| outbox.poll_change()).collect();
        if let Some(last) = changes.last() {
            self.takings.handed_out.insert(receiver.to_owned(), last.sequence);
            self.commits.push_back((Tag::Outbox(receiver.to_owned()), changes));
        }
    }
}
