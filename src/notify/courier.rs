//! [`Line`]: what reaches one receiver, whatever its [`Channel`]; a [`Courier`] where it is told by mails.

use std::fmt;

use super::alertmanager::{self, PeerError, Peers};
use super::email::{self, Mailer, MailerError, host};
use super::http::PosterError;
use super::webhook::{self, Hook};
use crate::domain::UnixTime;
use crate::incident::{Checked, Delivery, Mail};

/// By what a receiver is told.
#[derive(Debug, Clone)]
pub enum Channel {
    /// Mail by SMTP.
    Email(email::Settings),
    /// Alerts, posted to an Alertmanager for as long as they fire.
    Alertmanager(alertmanager::Settings),
    /// JSON, posted to a URL.
    Webhook(Box<webhook::Settings>),
}

/// Delivers to one receiver.
#[derive(Debug)]
pub enum Courier {
    /// By mail.
    Email(Box<Mailer>),
    /// By a webhook.
    Webhook(Box<Hook>),
}

/// What reaches one receiver.
#[derive(Debug)]
pub enum Line {
    /// One that is told what happens, a mail at a time.
    Told(Courier),
    /// One that is shown how things stand.
    Shown(Peers),
}

/// Why nothing can be delivered by this channel.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// Not by mail.
    #[error(transparent)]
    Email(#[from] MailerError),
    /// Not by alerts.
    #[error(transparent)]
    Alertmanager(#[from] PeerError),
    /// Not by HTTP.
    #[error(transparent)]
    Http(#[from] PosterError),
}

impl Line {
    /// The line to a receiver by this channel. Reads what its settings name; connects to nobody.
    pub fn new(channel: &Channel) -> Result<Self, CourierError> {
        Ok(match channel {
            Channel::Email(settings) => Self::Told(Courier::Email(Box::new(Mailer::new(settings)?))),
            Channel::Alertmanager(settings) => Self::Shown(Peers::new(settings)?),
            Channel::Webhook(settings) => Self::Told(Courier::Webhook(Box::new(Hook::new(settings, host())?))),
        })
    }

    /// Sends a test message. What came of it, for people.
    pub async fn test(&self, now: UnixTime) -> Result<String, String> {
        match self {
            Self::Told(courier) => courier.test(now).await,
            Self::Shown(peers) => peers.test(now).await,
        }
    }
}

impl Courier {
    /// Tries once to deliver.
    pub async fn deliver(&self, mail: &Mail, now: UnixTime) -> Delivery {
        match self {
            Self::Email(mailer) => mailer.deliver(mail, now).await,
            Self::Webhook(hook) => hook.deliver(mail, now).await,
        }
    }

    /// Whether it can be asked what it would take without telling anybody.
    pub const fn can_be_checked(&self) -> bool {
        matches!(self, Self::Email(_))
    }

    /// Asks whether a notice would be taken. Nobody is told anything.
    pub async fn check(&self) -> Checked {
        match self {
            Self::Email(mailer) => mailer.check().await,
            Self::Webhook(_) => Checked::Good,
        }
    }

    /// Sends a test message. What came of it, for people.
    async fn test(&self, now: UnixTime) -> Result<String, String> {
        /// Of several ways all, if one failed.
        fn told<T: fmt::Display, E: fmt::Display>(results: &[Result<T, E>]) -> Result<String, String> {
            let text = |result: &Result<T, E>| match result {
                Ok(report) => report.to_string(),
                Err(error) => error.to_string(),
            };
            let all = results.iter().map(text).collect::<Vec<_>>().join("\n\n");
            if results.iter().all(Result::is_ok) { Ok(all) } else { Err(all) }
        }
        match self {
            Self::Email(mailer) => told(&mailer.test(now).await),
            Self::Webhook(hook) => told(&[hook.test(now).await]),
        }
    }
}
