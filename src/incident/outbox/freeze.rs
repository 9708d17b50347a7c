//! From a notice owed to a frozen mail: what gathers, what cancels out, what the limit holds back.

use super::gathering::worst_first;
use super::post::Post;
use super::row::{MailRow, MailState, NoticeRow, NoticeState, delete_mail, mail_id};
use super::{Outbox, OutboxEvent, limit};
use crate::incident::{Mail, MailKind, Notice, Operation};

impl Outbox {
    /// What a first start found is complete: one mail at once, whatever the limit says.
    pub(super) fn summarise(&mut self, rows: Vec<NoticeRow>) {
        for row in &rows {
            self.change(Operation::Insert(row.row()));
        }
        if !rows.is_empty() {
            self.freeze(MailKind::FirstSummary, worst_first(rows));
        }
    }

    /// Stores that a notice is owed and lets it gather, unless it makes itself and others needless.
    pub(super) fn owe(&mut self, row: NoticeRow) {
        let (cancelled, untold) = self.gathering.cancel_by(&row.notice);
        let mut needless = cancelled;
        if untold {
            self.untold += 1;
            needless.push(row);
        } else {
            self.change(Operation::Insert(row.row()));
            self.gathering.add(row, self.now.mono + self.policy.collect_for);
        }
        if !needless.is_empty() {
            self.events.push_back(OutboxEvent::Cancelled { notices: needless.len() });
        }
        for row in needless {
            self.settle(row.settled(NoticeState::Cancelled, self.now.wall));
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
            for row in post.notices {
                self.gathering.add(row, self.now.mono);
            }
        }
    }

    /// Makes a mail of what has gathered, if nothing holds it back.
    pub(super) fn freeze_ripe(&mut self) {
        let from_memory = self.tells_from_memory();
        let ripe = self.gathering.is_ripe() || from_memory;
        if self.gathering.is_empty() || !ripe || self.is_held_by_a_mail() {
            return;
        }
        let left = self.limit.left(self.allowed(), self.open_posts());
        if left == 0 {
            return self.gathering.hold_back();
        }
        let one_by_one = from_memory && self.gathering.len() <= left;
        let (kind, rows) = if one_by_one { self.gathering.take_worst() } else { self.gathering.take_all() };
        self.freeze(kind, rows);
    }

    pub(super) fn is_held_by_a_mail(&self) -> bool {
        self.posts.values().any(|post| post.holds(&self.policy.retry))
    }

    /// How many mails an hour what has gathered may use.
    pub(super) fn allowed(&self) -> usize {
        let limit = self.policy.mails_per_hour.max(1) as usize;
        if self.gathering.is_urgent() { limit } else { limit - limit::reserved(limit) }
    }

    pub(super) fn open_posts(&self) -> usize {
        self.posts.values().filter(|post| post.is_owed()).count()
    }

    pub(super) fn freeze(&mut self, kind: MailKind, notices: Vec<NoticeRow>) {
        let told: Vec<Notice> = notices.iter().map(|row| row.notice.clone()).collect();
        let id = mail_id(&self.receiver, &told);
        let mut mail = Mail {
            id: id.clone(),
            receiver: self.receiver.clone(),
            kind,
            notices: told,
            created_at: self.now.wall,
            attempts: 0,
            last_error: None,
            extra: serde_json::Map::new(),
        };
        if self.untold > 0 {
            mail.extra.insert("over_before_told".to_owned(), std::mem::take(&mut self.untold).into());
        }
        let owed_since = notices.iter().map(|row| row.since).min().unwrap_or(self.now.wall);
        let row = MailRow { mail, state: MailState::Owed, owed_since, rejections: 0, failing_since: None };
        let frozen_by = self.change(Operation::Put(row.row()));
        let next_try = self.now.mono;
        let post = Post { row, notices, frozen_by, next_try, offered_at: None, revived: false };
        self.posts.insert(id, post);
    }
}
