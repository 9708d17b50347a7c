//! [`preview`]: a mail as its recipients would get it, made without a relay.

use super::super::Stationery;
use super::MailerError;
use super::mailer::mailbox;
use super::message::Correspondents;
use crate::domain::UnixTime;
use crate::incident::Mail;

/// From whom, to whom and on what a mail is written.
#[derive(Debug, Clone)]
pub struct Letterhead {
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// The links and templates.
    pub stationery: Stationery,
}

impl Letterhead {
    /// Of nobody in particular, by the built-in templates.
    pub fn example() -> Self {
        let (from, to) = ("notafter@example.com".to_owned(), vec!["oncall@example.com".to_owned()]);
        Self { from, to, stationery: Stationery::default() }
    }
}

/// The whole message, as it would go to the relay.
pub fn preview(head: &Letterhead, mail: &Mail, now: UnixTime, host: &str) -> Result<Vec<u8>, MailerError> {
    let to = head.to.iter().map(|to| mailbox(to)).collect::<Result<Vec<_>, _>>()?;
    if to.is_empty() {
        return Err(MailerError::NoRecipient);
    }
    let correspondents = Correspondents { from: mailbox(&head.from)?, to };
    let message = correspondents.message(mail, head.stationery.render(mail, now, host), now);
    let message = message.map_err(|error| MailerError::Message { reason: error.to_string() })?;
    Ok(message.formatted())
}
