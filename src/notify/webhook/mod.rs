//! Webhooks: a mail as JSON, posted to a URL. The [`Settings`] of a receiver, and the [`Hook`] that delivers to it.
//!
//! `shape` makes of a mail what the other side takes (our own [`document`], Slack's blocks, PagerDuty's events,
//! Opsgenie's alerts, or what a template of the operator's makes), as one [`call`] or several; `sign` signs them;
//! `hook` posts them, and says of the answers what became of the mail.

mod call;
mod document;
mod hook;
mod shape;
mod sign;
#[cfg(test)]
mod tests;
mod trial;

use std::path::PathBuf;

use http::header::HeaderName;
use secrecy::{ExposeSecret, SecretString};

use super::render::Context;
use crate::incident::Mail;

use call::{Call, call_id};
use document::documents;
use shape::opsgenie::{self, Action};
use shape::{pagerduty, slack};

pub use hook::{Hook, TestError, TestReport};
pub use shape::{OwnTemplate, TemplateError};
pub use sign::{SecretError, Signer};

/// A receiver that is told by a webhook.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where is posted to; Slack's URLs are secrets in themselves.
    pub url: SecretString,
    /// What is posted.
    pub shape: Shape,
    /// Headers of every post, their values held as secrets.
    pub headers: Vec<(HeaderName, SecretString)>,
    /// Signs every post.
    pub signer: Option<Signer>,
    /// A PEM file with the roots the server is checked against, instead of the system's.
    pub roots: Option<PathBuf>,
}

/// What is posted.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Our own JSON.
    Notafter,
    /// A message to a channel of Slack, or of what takes the same.
    Slack,
    /// Events to PagerDuty.
    PagerDuty {
        /// The integration's key.
        routing_key: SecretString,
    },
    /// Alerts to Opsgenie or Jira Service Management.
    Opsgenie {
        /// The integration's key.
        api_key: SecretString,
    },
    /// What a template of the operator's makes of our own JSON.
    Own(Box<OwnTemplate>),
}

impl Shape {
    /// The words for those that are ready.
    pub const NAMES: [&'static str; 4] = ["notafter", "slack", "pagerduty", "opsgenie"];

    /// Where PagerDuty, by this word, or Opsgenie takes posts.
    pub fn default_url(name: &str) -> Option<&'static str> {
        match name {
            "pagerduty" => Some(pagerduty::URL),
            "opsgenie" => Some(opsgenie::URL),
            _ => None,
        }
    }

    /// Whether an incident is opened there and resolved, so that a test is to be resolved too.
    const fn keeps_incidents(&self) -> bool {
        matches!(self, Self::PagerDuty { .. } | Self::Opsgenie { .. })
    }

    /// The posts that a mail comes to, in their order. The same mail comes to the same ids.
    fn calls(&self, mail: &Mail, context: &Context<'_>) -> Result<Vec<Call>, String> {
        match self {
            Self::Notafter => {
                let made = documents(mail, context).iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
                Ok(numbered(mail, &made.map_err(|error| error.to_string())?))
            }
            Self::Own(template) => {
                let made = documents(mail, context).iter().map(|document| template.fill(document)).collect();
                let made: Result<Vec<_>, String> = made;
                Ok(numbered(mail, &made?))
            }
            Self::Slack => Ok(numbered(mail, &[slack::message(mail, context)])),
            Self::PagerDuty { routing_key } => {
                let key = routing_key.expose_secret();
                let event = |notice| pagerduty::event(mail, notice, key, context);
                Ok(numbered(mail, &mail.notices.iter().map(event).collect::<Vec<_>>()))
            }
            Self::Opsgenie { .. } => {
                let actions = mail.notices.iter().flat_map(|notice| opsgenie::actions(mail, notice, context));
                let actions: Vec<_> = actions.collect();
                let all = actions.len();
                Ok(actions
                    .into_iter()
                    .enumerate()
                    .map(|(at, action)| on_alert(call_id(&mail.id, at, all), action))
                    .collect())
            }
        }
    }
}

fn numbered(mail: &Mail, bodies: &[serde_json::Value]) -> Vec<Call> {
    let all = bodies.len();
    bodies.iter().enumerate().map(|(at, body)| Call::new(call_id(&mail.id, at, all), body)).collect()
}

fn on_alert(id: String, action: Action) -> Call {
    match action {
        Action::Create(body) => Call::new(id, &body),
        Action::Close { alias, body } => {
            Call { below: format!("/{alias}/close?identifierType=alias"), may_be_absent: true, ..Call::new(id, &body) }
        }
    }
}
