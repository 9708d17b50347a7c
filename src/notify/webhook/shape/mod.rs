//! The shapes that a mail can be posted in, each with what its service says it takes.

mod lines;
pub(super) mod opsgenie;
mod own;
pub(super) mod pagerduty;
pub(super) mod slack;

pub use own::{OwnTemplate, TemplateError};

use serde_json::{Map, Value};

use super::super::letter::{Letter, Message, Paragraph};
use super::super::plain;
use super::super::render::Context;
use super::super::subject::subject;
use crate::domain::DomainName;
use crate::incident::{Mail, MailKind, Notice};
use crate::verdict::Severity;

/// A notice by itself, said as a mail of it alone would.
struct Alone {
    /// The subject without the word in brackets: services have a field for the severity.
    headline: String,
    paragraph: Option<Paragraph>,
}

impl Alone {
    fn new(mail: &Mail, notice: &Notice, context: &Context<'_>) -> Self {
        let alone = alone(mail, notice);
        let subject = subject(&alone, context);
        let headline = subject.split_once("] ").map_or(subject.as_str(), |(_, rest)| rest).to_owned();
        Self { headline, paragraph: Message::from(Letter::new(&alone, context)).paragraphs.pop() }
    }
}

/// A mail of this notice alone.
fn alone(mail: &Mail, notice: &Notice) -> Mail {
    Mail {
        id: mail.id.clone(),
        receiver: mail.receiver.clone(),
        kind: MailKind::News,
        notices: vec![notice.clone()],
        shared: None,
        thread: None,
        created_at: mail.created_at,
        attempts: mail.attempts,
        last_error: None,
        extra: Map::new(),
    }
}

/// How bad it is; of a newer version's severity that it is unknown must not make it look harmless.
fn severity(notice: &Notice) -> Severity {
    Severity::parse(&notice.severity).unwrap_or(Severity::Warning)
}

/// What is broken: the domain, or notafter itself.
fn source(notice: &Notice, context: &Context<'_>) -> String {
    match plain::line(&notice.domain, 253) {
        none if none.is_empty() => format!("notafter on {}", plain::line(context.host, 80)),
        domain => domain,
    }
}

/// A link to what a login asks for first, of a domain that is one.
fn discovery_document(notice: &Notice) -> Option<String> {
    let name = DomainName::parse(&notice.domain).ok()?;
    Some(format!("https://{name}/.well-known/openid-configuration"))
}

/// Adds a text to an object; what has the same name already is kept beside it.
fn add(object: &mut Map<String, Value>, name: &str, value: &str) {
    let entry = object.entry(name).or_insert_with(|| Value::String(String::new()));
    let text = entry.as_str().filter(|text| !text.is_empty());
    *entry = Value::String(text.map_or_else(|| value.to_owned(), |text| format!("{text}; {value}")));
}
