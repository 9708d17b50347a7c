//! What can wait: until quiet hours end, or until a digest is due. It is owed and stored like everything else, and is told in
//! one mail, as it is by then.
//!
//! All notices of one opening are in the same place, among those that wait or among those that gather: one that cannot
//! wait takes along what waits of its incident.

use std::collections::BTreeSet;
use std::time::Duration;

use super::gathering::{Gathering, Opening, opening};
use super::post::Post;
use super::row::{NoticeRow, delete_mail};
use super::stale::{Carried, over_before_told};
use super::{Calendar, Outbox};
use crate::domain::UnixTime;
use crate::incident::{MailKind, Notice, Operation, Reason};

impl Outbox {
    /// When this receiver is told what can wait; `None` where nothing can.
    fn calendar(&self) -> Option<&Calendar> {
        self.policy.calendars.get(&self.receiver)
    }

    /// Whether a notice can wait.
    pub(super) fn can_wait(&self, notice: &Notice) -> bool {
        self.calendar().is_some_and(|calendar| calendar.lets_wait(&notice.severity))
    }

    fn waits_until(&self, since: UnixTime) -> Option<UnixTime> {
        self.calendar()?.waits_until(since, self.now.wall)
    }

    /// Whether a notice that has come now is to wait.
    pub(super) fn has_to_wait(&self, notice: &Notice) -> bool {
        let told_at_once = self.gathering.speaks_of(notice);
        !told_at_once && self.can_wait(notice) && self.waits_until(self.now.wall).is_some()
    }

    /// Whether what is owed since before a restart, and can wait, did so.
    pub(super) fn has_waited(&self, since: UnixTime) -> bool {
        let waits = |calendar: &Calendar| {
            let was_quiet = || calendar.quiet_until(since).or_else(|| calendar.quiet_until(self.now.wall));
            calendar.digest.is_some() || was_quiet().is_some()
        };
        self.calendar().is_some_and(waits)
    }

    /// Notes whether it is quiet now; at every reading of the clock.
    pub(super) fn read_calendar(&mut self) {
        self.hushed_until = self.calendar().and_then(|calendar| calendar.quiet_until(self.now.wall));
        self.waiting_since = self.waiting_since.map(|since| since.min(self.now.wall));
    }

    /// Whether a mail waits for the end of the quiet hours: nothing in it is urgent enough. One that was put together
    /// before them goes whole, if something is.
    pub(super) fn is_hushed(&self, post: &Post) -> bool {
        self.hushed_until.is_some() && post.row.mail.notices.iter().all(|notice| self.can_wait(notice))
    }

    /// The mails that wait for the end of the quiet hours.
    pub(super) fn hushed_posts(&self) -> BTreeSet<String> {
        let hushed = self.posts.iter().filter(|(_, post)| self.is_hushed(post));
        hushed.map(|(id, _)| id.clone()).collect()
    }

    /// Lets wait what can, if it is time to, and lets go what has waited long enough.
    pub(super) fn keep_calendar(&mut self) {
        if self.waits_until(self.now.wall).is_some() {
            self.put_by();
        }
        if let Some(since) = self.waiting_since
            && self.waits_until(since).is_none()
        {
            self.let_go();
        }
    }

    /// What gathers, and mails that were not even offered, are put by if they can wait.
    fn put_by(&mut self) {
        let calendar = self.calendar().cloned().unwrap_or_default();
        let rows = self.gathering.take_openings(|notice| calendar.lets_wait(&notice.severity));
        rows.into_iter().for_each(|row| self.wait(row));
        if self.fates.has(|notice| calendar.lets_wait(&notice.severity)) {
            let rows = self.fates.take_all();
            let urgent =
                urgent_openings(rows.iter().map(|row| &row.notice), |notice| calendar.lets_wait(&notice.severity));
            for row in rows {
                let waited = Duration::from_secs(u64::try_from(row.since.until(self.now.wall)).unwrap_or(0));
                match urgent.contains(&opening(&row.notice)) {
                    true => self.gather(row, waited),
                    false => self.wait(row),
                }
            }
        }
        let fresh: Vec<String> =
            self.posts.iter().filter(|(_, post)| self.may_be_put_by(post)).map(|(id, _)| id.clone()).collect();
        for post in fresh.iter().filter_map(|id| self.posts.remove(id)).collect::<Vec<_>>() {
            self.change(delete_mail(&self.receiver, &post.row.mail.id));
            self.untold += over_before_told(&post.row);
            self.fates.untell(post.notices.iter().map(|row| &row.notice));
            post.notices.into_iter().for_each(|row| self.wait(row));
        }
    }

    /// What was offered already is repeated as it is, and keeps what is known of its failures.
    fn may_be_put_by(&self, post: &Post) -> bool {
        let is_fresh = post.offered_at.is_none() && !post.may_be_known && post.row.mail.attempts == 0;
        is_fresh && post.row.mail.kind == MailKind::News && post.is_owed() && self.is_hushed(post)
    }

    /// Adds to what waits.
    pub(super) fn wait(&mut self, row: NoticeRow) {
        let since = row.since.min(self.now.wall);
        self.waiting_since = Some(self.waiting_since.map_or(since, |oldest| oldest.min(since)));
        self.waiting.add(row, Duration::ZERO);
    }

    /// One mail of what has waited, each incident once, as it is now; nothing of what is over that nobody was told of.
    fn let_go(&mut self) {
        let is_digest = self.calendar().is_some_and(|calendar| calendar.digest.is_some());
        if is_digest {
            self.take_unsent_digests();
        }
        let (needless, untold) = self.waiting.fold();
        self.untold += untold;
        self.cancel(needless);
        (self.is_stuck, self.folded, self.waiting_since) = (false, true, None);
        if is_digest {
            self.put_digest();
        } else {
            for row in self.waiting.drain() {
                self.gathering.add(row, self.now.mono);
                self.gathering.note_waited();
            }
        }
    }

    /// Digests that surely nobody has are taken apart, for this one to tell all: a week without a relay is owed one digest.
    fn take_unsent_digests(&mut self) {
        let in_flight = self.in_flight.clone();
        let unsent = self.posts.extract_if(.., |id, post| {
            post.row.mail.kind == MailKind::Digest && post.may_change() && in_flight.as_ref() != Some(id)
        });
        let unsent: Vec<Post> = unsent.map(|(_, post)| post).collect();
        let mut rows = Vec::new();
        for post in unsent {
            self.change(delete_mail(&self.receiver, &post.row.mail.id));
            self.untold += over_before_told(&post.row);
            self.fates.untell(post.notices.iter().map(|row| &row.notice));
            post.notices.into_iter().for_each(|row| self.waiting.add(row, Duration::ZERO));
            rows.push(post.row);
        }
        self.carried = Carried::of(&rows).or(self.carried);
    }

    fn put_digest(&mut self) {
        let on_their_way = self.openings_on_their_way();
        let waits = |notice: &Notice| notice.reason == Reason::Resolved && on_their_way.contains(&opening(notice));
        let (_, rows) = self.waiting.take_all(waits);
        let mut kin = self.fates.sort(rows);
        let left: Vec<NoticeRow> =
            kin.iter_mut().flat_map(|kin| kin.rows.extract_if(.., |row| waits(&row.notice))).collect();
        kin.retain(|kin| !kin.rows.is_empty());
        for row in left {
            match self.can_wait(&row.notice) {
                true => self.waiting.add(row, Duration::ZERO),
                false => self.gather(row, Duration::ZERO),
            }
        }
        // That something is over is told after that it began, and so with the next digest.
        self.waiting_since = (!self.waiting.is_empty()).then_some(self.now.wall);
        if !kin.is_empty() {
            self.freeze(MailKind::Digest, kin);
            self.nudge();
        }
    }

    /// A notice has come; one that cannot wait speaks for what waits of its incident. `None` if that is told in its
    /// stead, or if nothing need be told any more.
    pub(super) fn speak_for_waiting(&mut self, row: NoticeRow) -> Option<NoticeRow> {
        if self.can_wait(&row.notice) {
            return Some(row);
        }
        let mut needless = self.take_from_waiting(|waiting| waiting.take_opening(&opening(&row.notice)));
        let opened = needless.iter().position(|waiting| waiting.notice.reason == Reason::Opened);
        let rest = match opened {
            Some(_) if row.notice.reason == Reason::Resolved => {
                self.untold += 1;
                needless.push(row);
                None
            }
            Some(index) => {
                let mut opened = needless.swap_remove(index);
                opened.notice = Notice { id: opened.notice.id, reason: Reason::Opened, ..row.notice.clone() };
                self.change(Operation::Put(opened.row()));
                self.gather(opened, Duration::ZERO);
                needless.push(row);
                None
            }
            None => Some(row),
        };
        self.cancel(needless);
        rest
    }

    /// Takes what need not wait any more.
    pub(super) fn take_from_waiting(&mut self, take: impl FnOnce(&mut Gathering) -> Vec<NoticeRow>) -> Vec<NoticeRow> {
        let taken = take(&mut self.waiting);
        if self.waiting.is_empty() {
            self.waiting_since = None;
        }
        taken
    }

    /// How many notices wait, and until when, by the wall clock.
    pub fn waiting(&self) -> Option<(usize, UnixTime)> {
        let until = self.waiting_since.and_then(|since| self.waits_until(since))?;
        Some((self.waiting.len(), until))
    }

    /// When what waits may go, by the monotonic clock.
    pub(super) fn waiting_ends(&self) -> Option<Duration> {
        let until = self.waiting_since.map(|since| self.waits_until(since).unwrap_or(self.now.wall))?;
        Some(self.at_mono(until))
    }

    /// When the quiet hours end, by the monotonic clock, for a mail that waits for it.
    pub(super) fn hushed(&self, post: &Post) -> Duration {
        let until = self.hushed_until.filter(|_| self.is_hushed(post));
        until.map_or(Duration::ZERO, |until| self.at_mono(until))
    }

    fn at_mono(&self, wall: UnixTime) -> Duration {
        self.now.mono + Duration::from_secs(u64::try_from(self.now.wall.until(wall)).unwrap_or(0))
    }
}

/// The openings of which one notice cannot wait, so that all of them go together.
pub(super) fn urgent_openings<'a>(
    notices: impl Iterator<Item = &'a Notice>,
    can_wait: impl Fn(&Notice) -> bool,
) -> BTreeSet<Opening> {
    notices.filter(|notice| !can_wait(notice)).map(opening).collect()
}
