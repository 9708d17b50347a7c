//! The rows an [`Outbox`](super::Outbox) keeps: [`NoticeRow`], one a notice and receiver, and [`MailRow`], one a
//! frozen mail. Both carry along what a newer version stored in them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fate::Mark;
use crate::domain::UnixTime;
use crate::incident::{Mail, Notice, NoticeId, Operation, Refusal, Row, Table};
use crate::observation::certificate::Sha256;

/// So many notices are whole in a mail's row.
pub(super) const WHOLE: usize = 50;
/// Where the ids of the others are.
const MORE: &str = "more_notices";

/// A notice and what has become of it with one receiver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NoticeRow {
    /// The receiver's name.
    pub(super) receiver: String,
    /// What has become of it.
    pub(super) state: NoticeState,
    /// Since when it is so.
    pub(super) since: UnixTime,
    /// The mail that delivered it.
    #[serde(default)]
    pub(super) mail: Option<String>,
    /// Under which cause it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<Mark>,
    /// What is to be told.
    pub(super) notice: Notice,
    /// What a newer version stored besides.
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

/// What has become of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NoticeState {
    /// To be sent: waiting, or in a mail that is not delivered.
    Owed,
    /// A mail with it was delivered.
    Delivered,
    /// It was over, or superseded, before it could be told.
    Cancelled,
}

/// A frozen mail and what has become of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct MailRow {
    /// The mail as it is offered.
    #[serde(flatten)]
    pub(super) mail: Mail,
    /// What has become of it.
    #[serde(default)]
    pub(super) state: MailState,
    /// Since when the oldest of its notices is owed.
    pub(super) owed_since: UnixTime,
    /// How many attempts were refused for good.
    #[serde(default)]
    pub(super) rejections: u32,
    /// When its first attempt failed.
    #[serde(default)]
    pub(super) failing_since: Option<UnixTime>,
    /// Who never will have it, of one that others have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) refused: Vec<Refusal>,
}

/// What has become of a mail that is not delivered to all. One that is has no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MailState {
    /// It is tried until it is delivered.
    #[default]
    Owed,
    /// It was refused for good; kept for those who ask, and tried again when there is reason to.
    Rejected,
    /// Some recipients have it, and the others never will: kept for those who ask.
    InPart,
}

impl NoticeRow {
    pub(super) fn owed(receiver: &str, notice: Notice, since: UnixTime) -> Self {
        let receiver = receiver.to_owned();
        Self { receiver, state: NoticeState::Owed, since, mail: None, cause: None, notice, extra: Map::new() }
    }

    pub(super) fn settled(mut self, state: NoticeState, since: UnixTime) -> Self {
        (self.state, self.since) = (state, since);
        self
    }

    pub(super) fn row(&self) -> Row {
        Row { table: Table::Notice, key: notice_key(&self.receiver, &self.notice.id), payload: payload(self) }
    }
}

impl MailRow {
    /// Its row: of many notices the worst whole, of the others the ids. Their bodies are in rows of their own, which stay
    /// as they are until the mail is delivered; with fifty thousand of them a mail that is tried again would else
    /// write them all again.
    pub(super) fn row(&self) -> Row {
        let (whole, more) = self.mail.notices.split_at(self.mail.notices.len().min(WHOLE));
        let mut mail = Mail { notices: whole.to_vec(), ..self.mail.without_notices() };
        if !more.is_empty() {
            let ids: Vec<&str> = more.iter().map(|notice| notice.id.as_str()).collect();
            mail.extra.insert(MORE.to_owned(), ids.into());
        }
        let row = Self { mail, refused: self.refused.clone(), ..*self };
        Row { table: Table::Mail, key: mail_key(&self.mail.receiver, &self.mail.id), payload: payload(&row) }
    }

    /// The ids of the notices that are not whole in the row it was read from.
    pub(super) fn take_more(&mut self) -> Vec<NoticeId> {
        let ids = self.mail.extra.remove(MORE).and_then(|ids| Vec::deserialize(ids).ok());
        ids.unwrap_or_default()
    }
}

/// The identity of a mail: a hash over the receiver and the sorted ids of its notices.
pub(super) fn mail_id<'a>(receiver: &str, notices: impl Iterator<Item = &'a Notice>) -> String {
    let mut ids: Vec<&str> = notices.map(|notice| notice.id.as_str()).collect();
    ids.sort_unstable();
    let text = format!("{receiver}\n{}", ids.join("\n"));
    Sha256::of(text.as_bytes()).to_string()[..32].to_owned()
}

pub(super) fn delete_notice(receiver: &str, id: &NoticeId) -> Operation {
    Operation::Delete { table: Table::Notice, key: notice_key(receiver, id) }
}

pub(super) fn delete_mail(receiver: &str, id: &str) -> Operation {
    Operation::Delete { table: Table::Mail, key: mail_key(receiver, id) }
}

/// The receiver a row of notices or mails belongs to.
pub(super) fn receiver_of(row: &Row) -> Option<&str> {
    matches!(row.table, Table::Notice | Table::Mail).then(|| row.payload.get("receiver")?.as_str()).flatten()
}

pub(super) fn parse<T: DeserializeOwned>(row: &Row) -> Option<T> {
    T::deserialize(&row.payload).ok()
}

fn notice_key(receiver: &str, id: &NoticeId) -> String {
    format!("{receiver}/{}", id.as_str())
}

fn mail_key(receiver: &str, id: &str) -> String {
    format!("{receiver}/{id}")
}

fn payload(row: &impl Serialize) -> Value {
    // Serialising fails on keys that are no strings alone, and these rows have none.
    serde_json::to_value(row).expect("a row has only string keys")
}
