//! From a frozen mail to one delivered: which is tried next, and what an attempt changes.

use super::post::{Failure, bounded};
use super::row::{NoticeState, delete_mail};
use super::{Outbox, OutboxEvent};
use crate::incident::{Operation, Refusal};

impl Outbox {
    /// News have gathered while a mail waits to be tried again: reason enough to try it now.
    pub(super) fn nudge(&mut self) {
        let now = self.now.mono;
        for post in self.posts.values_mut().filter(|post| post.holds(&self.policy.retry)) {
            post.nudge(now);
        }
    }

    /// The mail that is tried next: of those that are due and may be told the urgent first, then the oldest.
    pub(super) fn next_due(&self) -> Option<String> {
        if self.now.mono < self.quiet_until {
            return None;
        }
        let due = self.posts.iter().filter(|(_, post)| {
            let may_be_told = post.frozen_by.max(self.told_by) <= self.stored || self.tells_from_memory();
            post.is_owed() && may_be_told && post.next_try <= self.now.mono && !self.is_hushed(post)
        });
        let first = due.min_by_key(|(id, post)| (!post.is_urgent(), post.row.mail.created_at, *id));
        first.map(|(id, _)| id.clone())
    }

    /// It is delivered, but for the recipients who were refused for good.
    pub(super) fn delivered(&mut self, id: &str, refused: Vec<Refusal>) {
        let Some(post) = self.posts.remove(id) else { return };
        self.limit.count(self.now.mono);
        self.events.push_back(OutboxEvent::Delivered { mail: id.to_owned(), notices: post.notices.len() });
        for mut row in post.notices {
            row.mail = Some(id.to_owned());
            self.settle(row.settled(NoticeState::Delivered, self.now.wall));
        }
        self.told_by = match refused.is_empty() {
            true => {
                self.forget_refused();
                self.change(delete_mail(&self.receiver, id))
            }
            false => self.keep_in_part(post.row, refused),
        };
        // The receiver takes mail: what waits to be tried again need not wait longer.
        for post in self.posts.values_mut() {
            post.revive(self.now.mono);
            if post.row.rejections == 0 {
                post.nudge(self.now.mono);
            }
        }
        self.is_stuck = false;
    }

    pub(super) fn failed(&mut self, id: &str, error: &str, failure: Failure) {
        let Some(post) = self.posts.get_mut(id) else { return };
        let retry_in = post.fail(failure, error, &self.policy.retry, self.now);
        let retry_in = retry_in.max(self.quiet_until.saturating_sub(self.now.mono));
        let (mail, notices, error) = (id.to_owned(), post.notices.len(), bounded(error));
        let event = if failure != Failure::Rejected {
            OutboxEvent::Deferred { mail, notices, error, retry_in }
        } else if post.reject() {
            OutboxEvent::Dead { mail, notices, error }
        } else {
            OutboxEvent::Rejected { mail, notices, error, retry_in }
        };
        let row = post.row.row();
        self.events.push_back(event);
        self.change(Operation::Put(row));
        self.is_stuck = false;
    }
}
