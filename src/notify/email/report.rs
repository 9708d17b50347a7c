//! [`TestReport`] and [`TestError`]: what came of a test mail.

use std::fmt;

use super::super::plain;
use crate::domain::UnixTime;
use crate::observation::certificate::Certificate;

/// What a test mail showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// The relay, as `smtps://mail.example.com:465`.
    pub relay: String,
    /// The sender.
    pub sender: String,
    /// All recipients.
    pub recipients: Vec<String>,
    /// Whether we logged in.
    pub logged_in: bool,
    /// The certificate by which the relay proved itself; none on an unprotected connection.
    pub certificate: Option<RelayCertificate>,
    /// What the relay said when it took the mail, often with its queue id. Plain and bounded.
    pub answer: String,
    /// What it said of the recipients that it refused, if it took the mail for others.
    pub refused: Vec<String>,
}

/// A relay's certificate in a test report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayCertificate {
    /// What a person calls it. Plain and bounded.
    pub title: String,
    /// Its last second of validity.
    pub not_after: UnixTime,
}

impl RelayCertificate {
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        Some(Self { title: plain::line(&certificate.title(), 100), not_after: certificate.not_after })
    }
}

impl fmt::Display for TestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} took a test mail from {} for {}.", self.relay, self.sender, self.recipients.join(", "))?;
        match &self.certificate {
            Some(shown) => writeln!(f, "TLS:   certificate of {}, valid until {}", shown.title, shown.not_after)?,
            None => writeln!(f, "TLS:   none")?,
        }
        writeln!(f, "Login: {}", if self.logged_in { "accepted" } else { "none" })?;
        write!(f, "It said: {}", self.answer)?;
        self.refused.iter().try_for_each(|refused| write!(f, "\nBut {refused}"))
    }
}

/// Why a test mail did not get through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{relay} did not take the test mail: {words}")]
pub struct TestError {
    /// The relay.
    pub relay: String,
    /// How far we came and what it said. Plain and bounded.
    pub words: String,
}
