//! Mail by SMTP: the settings of a receiver.

use secrecy::SecretString;

/// A receiver that is told by mail.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The recipients, as RFC 5322 mailboxes.
    pub to: Vec<String>,
    /// The sender.
    pub from: String,
    /// The relay.
    pub relay: Relay,
    /// Who we are to the relay.
    pub credentials: Option<Credentials>,
}

/// A mail relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// How the connection is protected.
    pub security: Security,
    /// Its host name or address, checked against its certificate.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// A PEM file with the roots the relay's certificate is checked against, instead of the system's.
    pub roots: Option<std::path::PathBuf>,
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

/// What SMTP AUTH needs.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}
