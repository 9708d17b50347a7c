//! What could not be told for so long that it is no news any more. A relay that was away for a day is not owed the day's
//! mails one by one when it returns: what is over by then is counted, what stands is told once and as it is by then.

use std::time::Duration;

use super::row::{MailRow, NoticeRow, NoticeState, delete_mail};
use super::{Outbox, OutboxEvent};
use crate::domain::UnixTime;
use crate::incident::MailKind;

/// What is taken over from mails that were taken apart by the one that is made of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carried {
    pub(super) attempts: u32,
    pub(super) failing_since: Option<UnixTime>,
}

impl Carried {
    pub(super) fn of(rows: &[MailRow]) -> Option<Self> {
        let attempts = rows.iter().map(|row| row.mail.attempts).max()?;
        Some(Self { attempts, failing_since: rows.iter().filter_map(|row| row.failing_since).min() })
    }
}

impl Outbox {
    /// News are there, and mails have waited for too long that surely nobody has: they are taken apart and gather with the
    /// news, to become one mail. One that somebody may have is left alone, for its repeat must be the same.
    pub(super) fn gather_stale(&mut self) {
        let news = self.gathering.is_ripe() && !self.gathering.is_empty() || self.fates.is_due(self.now.mono);
        if !news || self.tells_from_memory() {
            return;
        }
        let (stored, in_flight) = (self.stored, self.in_flight.clone());
        let (after, wall) = (self.policy.stale_after, self.now.wall);
        let hushed = self.hushed_posts();
        let posts = self.posts.extract_if(.., |id, post| {
            let is_here = post.frozen_by <= stored && in_flight.as_ref() != Some(id) && !hushed.contains(id);
            let is_here = is_here && post.row.mail.kind != MailKind::Digest;
            is_here && post.may_change() && is_stale(post.row.owed_since, wall, after)
        });
        let posts: Vec<_> = posts.collect();
        let mut rows = Vec::new();
        for (id, post) in posts {
            self.change(delete_mail(&self.receiver, &id));
            self.fates.untell(post.notices.iter().map(|row| &row.notice));
            post.notices.into_iter().for_each(|row| self.gathering.add(row, self.now.mono));
            self.untold += over_before_told(&post.row);
            rows.push(post.row);
        }
        if !rows.is_empty() {
            self.stop_waiting();
            self.gathering.ripen();
        }
        self.carried = Carried::of(&rows).or(self.carried);
    }

    /// Leaves of what has gathered for too long one notice an incident, as it is by now, and none of an incident that is
    /// over.
    pub(super) fn fold_stale(&mut self) {
        let after = self.policy.stale_after;
        if !self.gathering.oldest().is_some_and(|oldest| is_stale(oldest, self.now.wall, after)) {
            return;
        }
        let (needless, untold) = self.gathering.fold();
        self.folded = true;
        self.untold += untold;
        self.cancel(needless);
    }

    /// Nobody need be told of these any more.
    pub(super) fn cancel(&mut self, needless: Vec<NoticeRow>) {
        if !needless.is_empty() {
            self.events.push_back(OutboxEvent::Cancelled { notices: needless.len() });
        }
        for row in needless {
            self.settle(row.settled(NoticeState::Cancelled, self.now.wall));
        }
    }
}

/// How many incidents were over that nobody was told of, by a mail that is taken apart.
pub(super) fn over_before_told(row: &MailRow) -> u64 {
    row.mail.extra.get("over_before_told").and_then(serde_json::Value::as_u64).unwrap_or(0)
}

/// Whether something is owed for too long. By the wall clock, as it is stored: a clock that jumps makes us tell in one
/// mail, or in several, but not later.
fn is_stale(since: UnixTime, wall: UnixTime, after: Duration) -> bool {
    u64::try_from(since.until(wall)).is_ok_and(|age| age >= after.as_secs())
}
