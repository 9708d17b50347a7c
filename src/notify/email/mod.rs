//! Mail by SMTP: the [`Settings`] of a receiver, and the [`Mailer`] that delivers to it.
//!
//! `message` makes a MIME message of a mail, `way` hands it to one relay, `session` speaks SMTP with the relay over lettre's connection, one
//! command at a time: only so is it known *what* the relay refused, and a refused login is not a refused mail.

#[cfg(test)]
mod fake;
mod labels;
mod mailer;
mod message;
mod preview;
mod report;
mod session;
#[cfg(test)]
mod tests;
mod way;
mod wire;

use std::fmt;

use secrecy::SecretString;

use super::Stationery;

pub(super) use mailer::host;
pub use mailer::{Mailer, MailerError};
pub use preview::{Letterhead, preview};
pub use report::{RelayCertificate, TestError, TestReport};

/// A receiver that is told by mail.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The recipients, as RFC 5322 mailboxes.
    pub to: Vec<String>,
    /// The sender.
    pub from: String,
    /// The relays, in the order in which they are tried.
    pub relays: Vec<Relay>,
    /// On what its mails are written.
    pub stationery: Stationery,
}

/// A mail relay.
#[derive(Debug, Clone)]
pub struct Relay {
    /// How the connection is protected.
    pub security: Security,
    /// Its host name or address, checked against its certificate.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// A PEM file with the roots the relay's certificate is checked against, instead of the system's.
    pub roots: Option<std::path::PathBuf>,
    /// Who we are to it.
    pub credentials: Option<Credentials>,
}

impl fmt::Display for Relay {
    /// As it is written in the configuration: `smtps://mail.example.com:465`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.security.scheme(), self.host, self.port)
    }
}

/// How the connection to a relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `smtp://`: STARTTLS, required (RFC 3207).
    StartTls,
    /// `smtps://`: TLS from the first byte (RFC 8314).
    Implicit,
    /// `smtp+plain://`: none; loopback only unless allowed.
    Plain,
}

impl Security {
    /// The scheme of a relay's URL.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::StartTls => "smtp",
            Self::Implicit => "smtps",
            Self::Plain => "smtp+plain",
        }
    }
}

/// What SMTP AUTH needs.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}
