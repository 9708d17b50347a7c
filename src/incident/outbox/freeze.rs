//! From a notice owed to a frozen mail: what gathers, what cancels out, what the limit holds back.

use std::collections::BTreeSet;
use std::time::Duration;

use super::fates::Kin;
use super::gathering::{Opening, opening, worst_first};
use super::post::Post;
use super::row::{MailRow, MailState, NoticeRow, WHOLE, delete_mail, mail_id};
use super::stale::{Carried, over_before_told};
use super::{Outbox, limit};
use crate::incident::{Mail, MailKind, Notice, Operation, Reason};

/// A cause that so many domains share has a mail of its own.
const SHARED_BY: usize = 3;
/// So many mails leave at once: what is beyond that is told in the last of them.
const AT_ONCE: usize = 5;

impl Outbox {
    /// What a first start found is complete: one mail at once, whatever the limit says.
    pub(super) fn summarise(&mut self, rows: Vec<NoticeRow>) {
        for row in &rows {
            self.change(Operation::Insert(row.row()));
        }
        let (waiting, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| self.has_to_wait(&row.notice));
        waiting.into_iter().for_each(|row| self.wait(row));
        if !rows.is_empty() {
            let kin = self.fates.sort(rows);
            self.freeze(MailKind::FirstSummary, kin);
        }
    }

    /// Stores that a notice is owed and lets it gather, unless it makes itself and others needless.
    pub(super) fn owe(&mut self, row: NoticeRow) {
        let Some(row) = self.speak_for_waiting(row) else { return };
        let places = [&self.gathering, &self.waiting];
        let waits = places.iter().any(|place| place.has_opened(&row.notice)) || self.fates.has_opened(&row.notice);
        let untold = waits && row.notice.reason == Reason::Resolved;
        let soon = self.now.mono + self.policy.collect_for;
        let mut needless = self.gathering.cancel_by(&row.notice, untold);
        needless.extend(self.fates.cancel_by(&row.notice, untold, soon));
        needless.extend(self.take_from_waiting(|waiting| waiting.cancel_by(&row.notice, untold)));
        if untold {
            self.untold += 1;
            needless.push(row);
        } else {
            self.change(Operation::Insert(row.row()));
            match self.has_to_wait(&row.notice) {
                true => self.wait(row),
                false => self.gather(row, Duration::ZERO),
            }
        }
        self.is_stuck = false;
        self.cancel(needless);
    }

    /// Lets a notice gather that has waited for so long already: with what is told of its cause, or with everything else.
    pub(super) fn gather(&mut self, row: NoticeRow, waited: Duration) {
        let now = self.now.mono;
        let alone = self.tells_from_memory() || self.gathering.speaks_of(&row.notice);
        let left = if alone { Err(Box::new(row)) } else { self.fates.hold(row, waited, now, &self.policy) };
        if let Err(row) = left {
            self.gathering.add(*row, now + self.policy.collect_for.saturating_sub(waited));
        }
    }

    /// Commits have failed for so long that silence is the greater evil.
    pub(super) fn tells_from_memory(&self) -> bool {
        self.patience_ends.is_some_and(|ends| self.now.mono >= ends)
    }

    /// Takes mails apart that were neither stored nor offered. A restart would gather their notices anew and perhaps
    /// otherwise; told one by one, a notice told twice has the same Message-ID.
    pub(super) fn thaw(&mut self) {
        self.thawed = true;
        let stored = self.stored;
        let frozen = self.posts.extract_if(.., |_, post| {
            let whole = post.row.mail.kind == MailKind::FirstSummary || post.notices.len() == 1;
            !whole && post.frozen_by > stored && post.offered_at.is_none()
        });
        for (id, post) in frozen.collect::<Vec<_>>() {
            self.change(delete_mail(&self.receiver, &id));
            self.untold += over_before_told(&post.row);
            self.fates.untell(post.notices.iter().map(|row| &row.notice));
            for row in post.notices {
                self.gathering.add(row, self.now.mono);
            }
        }
    }

    /// Makes a mail of what has gathered, if nothing holds it back.
    pub(super) fn freeze_ripe(&mut self) {
        let from_memory = self.tells_from_memory();
        if from_memory {
            self.stop_waiting();
        }
        let is_ripe = |outbox: &Self| {
            (outbox.gathering.is_ripe() || from_memory) && !outbox.gathering.is_empty() && !outbox.is_stuck
        };
        if !(is_ripe(self) || self.fates.is_due(self.now.mono)) || self.is_held_by_a_mail() {
            return;
        }
        self.fold_stale();
        let ripe = is_ripe(self);
        if !(ripe || self.fates.is_due(self.now.mono)) {
            return;
        }
        let left = self.limit.left(self.allowed(), self.open_posts());
        if left == 0 {
            return if ripe {
                self.gathering.hold_back()
            };
        }
        let one_by_one = from_memory && self.gathering.len() <= left;
        let on_their_way = self.openings_on_their_way();
        let waits = |notice: &Notice| notice.reason == Reason::Resolved && on_their_way.contains(&opening(notice));
        let (kind, mut rows) = match ripe {
            true if one_by_one => self.gathering.take_worst(waits),
            true => self.gathering.take_all(waits),
            false => (MailKind::News, Vec::new()),
        };
        rows.extend(self.fates.take_due(self.now.mono));
        let mut kin = self.fates.sort(rows);
        for left in kin.iter_mut().flat_map(|kin| kin.rows.extract_if(.., |row| waits(&row.notice))) {
            self.gathering.add(left, self.now.mono);
            self.gathering.ripen();
        }
        kin.retain(|kin| !kin.rows.is_empty());
        // What is left waits for a mail to be settled.
        self.is_stuck = kin.is_empty();
        let together = from_memory || matches!(kind, MailKind::Overflow | MailKind::AfterQuiet);
        for kin in if together { vec![kin] } else { self.mails_of(kin, left) } {
            if !kin.is_empty() {
                self.freeze(kind, kin);
            }
        }
    }

    /// What waits for the next mail about its cause gathers with everything else.
    pub(super) fn stop_waiting(&mut self) {
        for row in self.fates.take_all() {
            self.gathering.add(row, self.now.mono);
        }
    }

    /// The incidents of which something is in a mail that is still to be delivered: that they are over is told after that.
    pub(super) fn openings_on_their_way(&self) -> BTreeSet<Opening> {
        let notices = self.posts.values().filter(|post| post.is_owed() && !self.is_hushed(post));
        let notices = notices.flat_map(|post| &post.row.mail.notices);
        notices.filter(|notice| notice.reason != Reason::Resolved).map(opening).collect()
    }

    /// A mail for each cause that several domains share, the worst first, and one for everything else; at most so many,
    /// and never more than a reader wants at once.
    fn mails_of(&self, kin: Vec<Kin>, left: usize) -> Vec<Vec<Kin>> {
        let (mut own, mut rest): (Vec<Kin>, Vec<Kin>) =
            kin.into_iter().partition(|kin| self.fates.reach(kin) >= SHARED_BY);
        own.sort_by(|a, b| a.rank().cmp(&b.rank()));
        let most = left.clamp(1, AT_ONCE);
        if own.len() + usize::from(!rest.is_empty()) > most {
            rest.extend(own.split_off(most - 1));
        }
        let mut mails: Vec<Vec<Kin>> = own.into_iter().map(|kin| vec![kin]).collect();
        mails.extend((!rest.is_empty()).then_some(rest));
        mails
    }

    pub(super) fn is_held_by_a_mail(&self) -> bool {
        self.posts.values().any(|post| post.holds(&self.policy.retry) && !self.is_hushed(post))
    }

    /// How many mails an hour what has gathered may use.
    pub(super) fn allowed(&self) -> usize {
        let limit = self.policy.mails_per_hour.max(1) as usize;
        let urgent = self.gathering.is_urgent() || self.fates.is_urgent(self.now.mono);
        if urgent { limit } else { limit - limit::reserved(limit) }
    }

    pub(super) fn open_posts(&self) -> usize {
        self.posts.values().filter(|post| post.is_owed()).count()
    }

    pub(super) fn freeze(&mut self, kind: MailKind, mut kin: Vec<Kin>) {
        let id = mail_id(&self.receiver, kin.iter().flat_map(|kin| &kin.rows).map(|row| &row.notice));
        let now = self.now.mono;
        let mut causes = Vec::new();
        for kin in &mut kin {
            causes.push(self.fates.tell(kin, &id, now, &self.policy));
        }
        let (thread, shared) = match causes.pop() {
            Some(Some((mark, shared))) if causes.is_empty() => {
                (Some(mark.thread), Some(shared).filter(|shared| shared.domains > 1))
            }
            _ => (None, None),
        };
        let notices = worst_first(kin.into_iter().flat_map(|kin| kin.rows).collect());
        if std::mem::take(&mut self.folded) && notices.len() > WHOLE {
            // The mail's row has but their ids, and they are no longer what was stored of them.
            for row in &notices {
                self.change(Operation::Put(row.row()));
            }
        }
        let told: Vec<Notice> = notices.iter().map(|row| row.notice.clone()).collect();
        let mut mail = Mail {
            id: id.clone(),
            receiver: self.receiver.clone(),
            kind,
            notices: told,
            shared,
            thread,
            created_at: self.now.wall,
            attempts: 0,
            last_error: None,
            extra: serde_json::Map::new(),
        };
        if self.untold > 0 {
            mail.extra.insert("over_before_told".to_owned(), std::mem::take(&mut self.untold).into());
        }
        let carried = self.carried.take();
        if let Some(Carried { attempts, failing_since }) = carried {
            mail.attempts = attempts;
            mail.extra.insert("failing_since".to_owned(), serde_json::json!(failing_since));
        }
        let failing_since = carried.and_then(|carried| carried.failing_since);
        let owed_since = notices.iter().map(|row| row.since).min().unwrap_or(self.now.wall);
        let refused = Vec::new();
        let row = MailRow { mail, state: MailState::Owed, owed_since, rejections: 0, failing_since, refused };
        let frozen_by = self.change(Operation::Put(row.row()));
        self.posts.insert(id, Post::new(row, notices, frozen_by, self.now));
    }
}
