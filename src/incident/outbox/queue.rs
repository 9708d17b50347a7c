//! What receivers do not have, read from stored rows alone: for whoever asks while the daemon runs, or does not.

use std::collections::{BTreeMap, BTreeSet};

use super::post::REJECTIONS;
use super::row::{MailRow, MailState, NoticeRow, NoticeState, parse, receiver_of};
use crate::domain::UnixTime;
use crate::incident::{Notice, NoticeId, Refusal, Row, Table};

/// A mail that a receiver does not have, or what gathers to become one.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// The receiver's name.
    pub receiver: String,
    /// How it stands with it.
    pub standing: QueueStanding,
    /// The mail's id, the left part of its Message-ID; none as long as it gathers.
    pub id: Option<String>,
    /// Since when the oldest of its notices is owed.
    pub since: UnixTime,
    /// How many attempts have failed.
    pub attempts: u32,
    /// What the last of them said.
    pub error: Option<String>,
    /// The recipients who were refused while others got it.
    pub refused: Vec<Refusal>,
    /// What it says.
    pub notices: Vec<Notice>,
}

/// How it stands with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueStanding {
    /// It was refused for good, and is given up.
    Dead,
    /// Some recipients have it, and others never will.
    InPart,
    /// It is tried until it is delivered.
    Owed,
    /// It gathers, and was not tried yet.
    Gathering,
}

impl QueueStanding {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::InPart => "in_part",
            Self::Owed => "owed",
            Self::Gathering => "gathering",
        }
    }
}

/// All of it, the dead first, then by receiver and age. Rows that cannot be read are passed over.
pub fn queue(rows: &[Row]) -> Vec<Queued> {
    let ours = |table| rows.iter().filter(move |row| row.table == table && receiver_of(row).is_some());
    let notices = ours(Table::Notice).filter_map(parse::<NoticeRow>);
    let owed: Vec<NoticeRow> = notices.filter(|row| row.state == NoticeState::Owed).collect();
    let by_id: BTreeMap<(&str, &NoticeId), &Notice> =
        owed.iter().map(|row| ((row.receiver.as_str(), &row.notice.id), &row.notice)).collect();
    let mut mails: Vec<MailRow> = ours(Table::Mail).filter_map(parse).collect();
    for row in &mut mails {
        let more = row.take_more();
        let more = more.iter().filter_map(|id| by_id.get(&(row.mail.receiver.as_str(), id)));
        let more: Vec<Notice> = more.map(|notice| (*notice).clone()).collect();
        row.mail.notices.extend(more);
    }
    let posted: BTreeSet<(&str, &str)> = mails
        .iter()
        .flat_map(|row| row.mail.notices.iter().map(|notice| (row.mail.receiver.as_str(), notice.id.as_str())))
        .collect();
    let loose = owed.iter().filter(|row| !posted.contains(&(row.receiver.as_str(), row.notice.id.as_str())));
    let mut queue = gathering(loose.cloned());
    queue.extend(mails.into_iter().map(mailed));
    queue.sort_by(|a, b| (a.standing, &a.receiver, a.since, &a.id).cmp(&(b.standing, &b.receiver, b.since, &b.id)));
    queue
}

fn gathering(rows: impl Iterator<Item = NoticeRow>) -> Vec<Queued> {
    let mut by_receiver: BTreeMap<String, Queued> = BTreeMap::new();
    for row in rows {
        let queued = by_receiver.entry(row.receiver.clone()).or_insert_with(|| Queued {
            receiver: row.receiver,
            standing: QueueStanding::Gathering,
            id: None,
            since: row.since,
            attempts: 0,
            error: None,
            refused: Vec::new(),
            notices: Vec::new(),
        });
        queued.since = queued.since.min(row.since);
        queued.notices.push(row.notice);
    }
    by_receiver.into_values().collect()
}

fn mailed(row: MailRow) -> Queued {
    let standing = match row.state {
        MailState::InPart => QueueStanding::InPart,
        MailState::Rejected => QueueStanding::Dead,
        MailState::Owed if row.rejections >= REJECTIONS => QueueStanding::Dead,
        MailState::Owed => QueueStanding::Owed,
    };
    Queued {
        receiver: row.mail.receiver,
        standing,
        id: Some(row.mail.id),
        since: row.owed_since,
        attempts: row.mail.attempts,
        error: row.mail.last_error,
        refused: row.refused,
        notices: row.mail.notices,
    }
}
