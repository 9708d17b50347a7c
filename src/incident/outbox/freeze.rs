//! From a notice owed to a frozen mail: what gathers, what cancels out, what the limit holds back.

use std::collections::BTreeSet;

use super::gathering::{Opening, opening, worst_first};
use super::post::Post;
use super::row::{MailRow, MailState, NoticeRow, delete_mail, mail_id};
use super::stale::{Carried, over_before_told};
use super::{Outbox, limit};
use crate::incident::{Mail, MailKind, Notice, Operation, Reason};

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
        self.is_stuck = false;
        self.cancel(needless);
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
            for row in post.notices {
                self.gathering.add(row, self.now.mono);
            }
        }
    }

    /// Makes a mail of what has gathered, if nothing holds it back.
    pub(super) fn freeze_ripe(&mut self) {
        let from_memory = self.tells_from_memory();
        let ripe = self.gathering.is_ripe() || from_memory;
        if self.gathering.is_empty() || !ripe || self.is_stuck || self.is_held_by_a_mail() {
            return;
        }
        self.fold_stale();
        if self.gathering.is_empty() {
            return;
        }
        let left = self.limit.left(self.allowed(), self.open_posts());
        if left == 0 {
            return self.gathering.hold_back();
        }
        let one_by_one = from_memory && self.gathering.len() <= left;
        let on_their_way = self.openings_on_their_way();
        let waits = |notice: &Notice| notice.reason == Reason::Resolved && on_their_way.contains(&opening(notice));
        let (kind, rows) = if one_by_one { self.gathering.take_worst(waits) } else { self.gathering.take_all(waits) };
        // What is left waits for a mail to be settled.
        self.is_stuck = rows.is_empty();
        if !rows.is_empty() {
            self.freeze(kind, rows);
        }
    }

    /// The incidents of which something is in a mail that is still to be delivered: that they are over is told after that.
    fn openings_on_their_way(&self) -> BTreeSet<Opening> {
        let notices = self.posts.values().filter(|post| post.is_owed()).flat_map(|post| &post.row.mail.notices);
        notices.filter(|notice| notice.reason != Reason::Resolved).map(opening).collect()
    }

    pub(super) fn is_held_by_a_mail(&self) -> bool {
        self.posts.values().any(|post| post.holds(&self.policy.retry))
    }

    /// How many mails an hour what has gathered may use.
    pub(super) fn allowed(&self) -> usize {
        let ours = self.policy.mails_per_hour_of.get(&self.receiver);
        let limit = (*ours.unwrap_or(&self.policy.mails_per_hour)).max(1) as usize;
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
