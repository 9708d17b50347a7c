//! An [`Outbox`] from its stored rows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Outbox;
use super::fates::Fates;
use super::gathering::{opening, worst_first};
use super::limit::Limit;
use super::post::Post;
use super::row::{MailRow, MailState, NoticeRow, NoticeState, parse, receiver_of};
use super::waiting::urgent_openings;
use crate::domain::{Now, UnixTime};
use crate::incident::{NoticeId, Policy, Row, Table};

/// Whom the rows of notices and mails are for: a receiver that the configuration no longer names may still be owed some.
pub fn receivers(rows: &[Row]) -> BTreeSet<&str> {
    rows.iter().filter_map(receiver_of).collect()
}

impl Outbox {
    /// The outbox of this receiver as it was stored; rows of others are passed over. Every mail that is not delivered,
    /// the rejected ones among them, is tried once at once.
    pub fn restore(receiver: &str, policy: Policy, rows: &[Row], now: Now) -> Self {
        let mut outbox = Self::new(receiver, policy, now);
        outbox.read_calendar();
        let ours: Vec<&Row> = rows.iter().filter(|row| receiver_of(row) == Some(receiver)).collect();
        let mut owed = outbox.restore_notices(&ours);
        outbox.restore_mails(&ours, &mut owed);
        outbox.restore_causes_of_mails();
        let posted = outbox.posts.values().flat_map(|post| &post.notices).map(|row| row.notice.id.clone());
        outbox.unsettled = posted.chain(owed.keys().cloned()).collect();
        outbox.restore_gathering(owed);
        outbox.limit = Limit::restore(outbox.settled.mail_ages(now.wall), now.mono);
        outbox.advance();
        outbox
    }

    /// Remembers the settled notices; the others are owed.
    fn restore_notices(&mut self, rows: &[&Row]) -> BTreeMap<NoticeId, NoticeRow> {
        let mut owed = BTreeMap::new();
        let mut told = Vec::new();
        for row in rows.iter().filter(|row| row.table == Table::Notice) {
            match parse::<NoticeRow>(row) {
                Some(row) if row.state == NoticeState::Owed => {
                    owed.insert(row.notice.id.clone(), row);
                }
                Some(row) => {
                    self.settled.add(&row);
                    told.extend(Some(row).filter(|row| row.cause.is_some()));
                }
                None => self.unreadable += 1,
            }
        }
        self.fates = Fates::restore(told, self.now, &self.policy);
        owed
    }

    fn restore_mails(&mut self, rows: &[&Row], owed: &mut BTreeMap<NoticeId, NoticeRow>) {
        for row in rows.iter().filter(|row| row.table == Table::Mail) {
            let Some(mut row) = parse::<MailRow>(row) else {
                self.unreadable += 1;
                continue;
            };
            if row.state == MailState::InPart {
                self.in_part.insert(row.mail.id.clone(), row);
                continue;
            }
            row.state = MailState::Owed;
            for id in row.take_more() {
                match owed.get(&id) {
                    Some(told) => row.mail.notices.push(told.notice.clone()),
                    None => self.unreadable += 1,
                }
            }
            let notices = row.mail.notices.iter().map(|notice| {
                let fresh = || NoticeRow::owed(&self.receiver, notice.clone(), row.owed_since);
                owed.remove(&notice.id).unwrap_or_else(fresh)
            });
            let notices = notices.collect();
            let post = Post::restored(row, notices, self.now);
            self.posts.insert(post.row.mail.id.clone(), post);
        }
    }

    /// What is in a mail was told, though it is not delivered: in the order in which the mails were made.
    fn restore_causes_of_mails(&mut self) {
        let mut mails: Vec<(UnixTime, String)> =
            self.posts.iter().map(|(id, post)| (post.row.mail.created_at, id.clone())).collect();
        mails.sort();
        for (_, id) in mails {
            let Some(post) = self.posts.get_mut(&id) else { continue };
            let mut told = Vec::new();
            for mut kin in self.fates.sort(std::mem::take(&mut post.notices)) {
                self.fates.tell(&mut kin, &id, self.now.mono, &self.policy);
                told.extend(kin.rows);
            }
            post.notices = worst_first(told);
        }
    }

    /// The window goes on where it was, so that not even one restart after the other puts a notice off for ever.
    fn restore_gathering(&mut self, owed: BTreeMap<NoticeId, NoticeRow>) {
        let urgent = urgent_openings(owed.values().map(|row| &row.notice), |notice| self.can_wait(notice));
        let mut owed: Vec<NoticeRow> = owed.into_values().collect();
        owed.sort_by(|a, b| (a.since, &a.notice.id).cmp(&(b.since, &b.notice.id)));
        for row in owed {
            if self.has_waited(row.since) && !urgent.contains(&opening(&row.notice)) {
                self.wait(row);
                continue;
            }
            let waited = Duration::from_secs(u64::try_from(row.since.until(self.now.wall)).unwrap_or(0));
            self.gather(row, waited);
        }
    }
}
