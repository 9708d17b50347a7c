//! A mail as a MIME message: the headers by which clients thread it, filters sort it and robots leave it alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart};

use super::super::Rendered;
use super::labels::labels;
use crate::domain::UnixTime;
use crate::incident::Mail;

/// Who writes to whom.
#[derive(Debug, Clone)]
pub(super) struct Correspondents {
    pub(super) from: Mailbox,
    pub(super) to: Vec<Mailbox>,
}

impl Correspondents {
    /// The message of a mail, whose Message-ID is the mail's own: the same at every attempt, on every machine.
    pub(super) fn message(
        &self,
        mail: &Mail,
        rendered: Rendered,
        now: UnixTime,
    ) -> Result<Message, lettre::error::Error> {
        let mut builder = self.headers(&mail.id, rendered.subject, now);
        if let Some(root) = mail.thread() {
            let root = self.message_id(&root);
            builder = builder.in_reply_to(root.clone()).references(root);
        }
        for (name, value) in labels(mail, self.from.email.domain()) {
            builder = builder.raw_header(raw(name, &value));
        }
        builder.multipart(MultiPart::alternative_plain_html(rendered.text, rendered.html))
    }

    /// A message that belongs to no mail.
    pub(super) fn plain_message(
        &self,
        id: &str,
        subject: String,
        text: String,
        now: UnixTime,
    ) -> Result<Message, lettre::error::Error> {
        self.headers(id, subject, now).body(text)
    }

    fn headers(&self, id: &str, subject: String, now: UnixTime) -> MessageBuilder {
        let builder = Message::builder().from(self.from.clone()).subject(subject).message_id(Some(self.message_id(id)));
        let builder = self.to.iter().fold(builder, |builder, to| builder.to(to.clone()));
        builder
            .date(system_time(now))
            // RFC 3834 §5: no vacation answers, please; Exchange has a header of its own for that.
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .raw_header(raw("X-Auto-Response-Suppress", "All"))
    }

    /// Under the sender's domain, not under this machine's name: after a failover another machine may have to send
    /// the same mail, and only with the same Message-ID is it recognisably the same.
    fn message_id(&self, id: &str) -> String {
        let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(64).collect();
        format!("<{id}@notafter.{}>", self.from.email.domain())
    }
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn system_time(time: UnixTime) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(time.0).unwrap_or_default().min(253_402_300_799))
}
