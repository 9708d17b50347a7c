//! What there is to see of an [`Outbox`].

use std::time::Duration;

use super::Outbox;
use crate::domain::{Now, UnixTime};

/// What there is to see.
impl Outbox {
    /// The receiver's name.
    pub fn receiver(&self) -> &str {
        &self.receiver
    }

    /// How many notices are owed, with those that wait for the next mail about their cause.
    pub fn queue_len(&self) -> usize {
        let posted = self.posts.values().filter(|post| post.is_owed());
        let gathering = self.gathering.len() + self.waiting.len() + self.fates.len();
        gathering + posted.map(|post| post.notices.len()).sum::<usize>()
    }

    /// How many notices were refused for good and are no longer tried.
    pub fn rejected_len(&self) -> usize {
        let rejected = self.posts.values().filter(|post| !post.is_owed());
        rejected.map(|post| post.notices.len()).sum()
    }

    /// Since when the oldest notice is owed that does not wait for the next mail about its cause.
    pub fn oldest_owed(&self) -> Option<UnixTime> {
        let posted = self.posts.values().filter(|post| post.is_owed()).map(|post| post.row.owed_since);
        posted.chain(self.gathering.oldest()).chain(self.waiting.oldest()).min()
    }

    /// Since when mails to this receiver fail; over once each mail that failed is delivered or given up.
    pub fn failing_since(&self) -> Option<UnixTime> {
        self.posts.values().filter(|post| !post.is_dead()).filter_map(|post| post.row.failing_since).min()
    }

    /// For how long they have failed, whatever the wall clock did meanwhile.
    pub fn failing_for(&self, now: Now) -> Option<Duration> {
        self.posts.values().filter(|post| !post.is_dead()).filter_map(|post| post.failing_for(now)).max()
    }

    /// What the last failed attempt of a mail that is not delivered said.
    pub fn last_error(&self) -> Option<&str> {
        let failing = self.posts.values().filter(|post| !post.is_dead() && post.row.mail.last_error.is_some());
        failing.max_by_key(|post| post.offered_at)?.row.mail.last_error.as_deref()
    }

    /// How many rows of this receiver could not be read; they stay as they are.
    pub const fn unreadable_len(&self) -> usize {
        self.unreadable
    }
}
