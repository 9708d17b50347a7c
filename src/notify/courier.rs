//! [`Courier`]: delivers to one receiver, whatever its [`Channel`].

use std::fmt;

use super::email::{self, Mailer, MailerError};
use crate::domain::UnixTime;
use crate::incident::{Delivery, Mail};

/// By what a receiver is told.
#[derive(Debug, Clone)]
pub enum Channel {
    /// Mail by SMTP.
    Email(email::Settings),
}

/// Delivers to one receiver.
#[derive(Debug)]
pub enum Courier {
    /// By mail.
    Email(Box<Mailer>),
}

/// Why nothing can be delivered by this channel.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// Not by mail.
    #[error(transparent)]
    Email(#[from] MailerError),
}

impl Courier {
    /// A courier by this channel. Reads what its settings name; connects to nobody.
    pub fn new(channel: &Channel) -> Result<Self, CourierError> {
        match channel {
            Channel::Email(settings) => Ok(Self::Email(Box::new(Mailer::new(settings)?))),
        }
    }

    /// Tries once to deliver.
    pub async fn deliver(&self, mail: &Mail, now: UnixTime) -> Delivery {
        match self {
            Self::Email(mailer) => mailer.deliver(mail, now).await,
        }
    }

    /// Sends a test message. What came of it, for people.
    pub async fn test(&self, now: UnixTime) -> Result<String, String> {
        fn told<T: fmt::Display, E: fmt::Display>(result: Result<T, E>) -> Result<String, String> {
            result.map(|report| report.to_string()).map_err(|error| error.to_string())
        }
        match self {
            Self::Email(mailer) => told(mailer.test(now).await),
        }
    }
}
