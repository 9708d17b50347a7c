//! [`Session`]: one conversation with a relay, one command at a time. What goes wrong is a [`Trouble`] that says
//! at which [`Stage`] and what the relay said.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::{Address, Message};

use super::super::plain;
use super::wire::Wire;
use super::{Relay, Security};

/// For each of the relay's addresses: one that does not answer must leave time for the next.
const CONNECT: Duration = Duration::from_secs(10);

/// A connection that was greeted, is protected as asked for, and logged in where credentials are given.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    /// What is being said.
    stage: Stage,
}

/// How far a conversation had come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Name, connection, implicit TLS, greeting, EHLO.
    Connect,
    /// STARTTLS and what follows from it.
    StartTls,
    /// AUTH.
    LogIn,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient(String),
    /// DATA.
    Data,
    /// The message.
    Content,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// How far we had come.
    pub(super) stage: Stage,
    /// The relay's reply code, if it was the relay that refused.
    pub(super) code: Option<u16>,
    /// What it said, or what happened: plain, but long.
    pub(super) words: String,
}

/// What became of a message the relay took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// What the relay said to it, often with its queue id: plain, but long.
    pub(super) answer: String,
    /// The recipients it took it for.
    pub(super) served: Vec<Address>,
    /// The recipients it did not take it for.
    pub(super) refused: Vec<Trouble>,
}

/// On which terms a message is handed over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) patience: Patience,
    /// Recipients who have it already.
    pub(super) have_it: &'a [Address],
}

/// Whether to go on without recipients that are refused for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Better to send to all of them later.
    All,
    /// Those that it is taken for need not wait longer.
    Some,
}

impl Session {
    /// Connects, protects, and logs in.
    pub(super) async fn open(
        relay: &Relay,
        tls: Option<&TlsParameters>,
        credentials: Option<&Credentials>,
    ) -> Result<Self, Trouble> {
        let me = ClientId::default();
        let host = bare(&relay.host);
        let connection = if relay.security == Security::StartTls {
            let wire = Wire::connect(host, relay.port, CONNECT).await.map_err(|error| Trouble::of_system(&error))?;
            AsyncSmtpConnection::connect_with_transport(Box::new(wire), &me).await
        } else {
            let implicit = tls.filter(|_| relay.security == Security::Implicit).cloned();
            AsyncSmtpConnection::connect_tokio1((host, relay.port), Some(CONNECT), &me, implicit, None).await
        };
        let mut connection = connection.map_err(|error| Trouble::new(Stage::Connect, &error))?;
        if let Some(tls) = tls.filter(|_| relay.security == Security::StartTls) {
            let upgraded = connection.starttls(tls.clone(), &me).await;
            upgraded.map_err(|error| Trouble::new(Stage::StartTls, &error))?;
        }
        if let Some(credentials) = credentials {
            let answer = connection.auth(DEFAULT_MECHANISMS, credentials).await;
            answer.map_err(|error| Trouble::new(Stage::LogIn, &error))?;
        }
        Ok(Self { connection, stage: Stage::Sender })
    }

    /// Hands the relay one message for those that do not have it yet. A recipient that it refuses for ever does not keep
    /// the others from theirs; one that it refuses for now does, as long as our patience is for all.
    pub(super) async fn send(
        &mut self,
        message: &Message,
        Terms { patience, have_it }: Terms<'_>,
    ) -> Result<Taken, Trouble> {
        let content = message.formatted();
        let envelope = message.envelope();
        self.sender(envelope.from(), &content).await?;
        let (mut served, mut refused) = (Vec::new(), Vec::new());
        for recipient in envelope.to().iter().filter(|recipient| !have_it.contains(recipient)) {
            self.stage = Stage::Recipient(recipient.to_string());
            match self.recipient(recipient).await? {
                Some(trouble) => refused.push(trouble),
                None => served.push(recipient.clone()),
            }
        }
        let waiting = refused.iter().position(|trouble| !trouble.is_permanent());
        if let Some(index) = waiting.filter(|_| patience == Patience::All || served.is_empty()) {
            return Err(refused.swap_remove(index));
        }
        if served.is_empty() && !refused.is_empty() {
            return Err(refused.swap_remove(0));
        }
        let answer = self.content(&content).await?;
        Ok(Taken { answer, served, refused })
    }

    /// Finds out whether the relay would take a mail for these, and takes it back before there is one (RSET, RFC 5321
    /// §4.1.1.5). Those it would refuse.
    pub(super) async fn ask(&mut self, from: &Address, to: &[Address]) -> Result<Vec<Trouble>, Trouble> {
        self.sender(Some(from), b"").await?;
        let mut refused = Vec::new();
        for recipient in to {
            self.stage = Stage::Recipient(recipient.to_string());
            refused.extend(self.recipient(recipient).await?);
        }
        // Whatever is said to that, the connection ends with it.
        let _ = self.connection.command(Rset).await;
        Ok(refused)
    }

    /// The certificate the relay proved itself by, in DER.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        self.connection.is_encrypted().then(|| self.connection.peer_certificate().ok()).flatten()
    }

    /// Time was up while this was being said.
    pub(super) fn late(&self) -> Trouble {
        Trouble { stage: self.stage.clone(), code: None, words: TOO_LATE.to_owned() }
    }

    /// Says good-bye. What comes back no longer matters.
    pub(super) async fn close(mut self) {
        let _ = self.connection.quit().await;
    }

    async fn sender(&mut self, from: Option<&Address>, content: &[u8]) -> Result<(), Trouble> {
        let eight_bit = !content.is_ascii() && self.connection.server_info().supports_feature(Extension::EightBitMime);
        let body = eight_bit.then_some(MailParameter::Body(MailBodyParameter::EightBitMime));
        let command = Mail::new(from.cloned(), body.into_iter().collect());
        self.connection.command(command).await.map_err(|error| Trouble::new(Stage::Sender, &error))?;
        Ok(())
    }

    /// A refusal is an answer here; only a broken connection is an error.
    async fn recipient(&mut self, to: &Address) -> Result<Option<Trouble>, Trouble> {
        let Err(error) = self.connection.command(Rcpt::new(to.clone(), Vec::new())).await else {
            return Ok(None);
        };
        let trouble = Trouble::new(Stage::Recipient(to.to_string()), &error);
        if trouble.code.is_some() && trouble.code != Some(421) { Ok(Some(trouble)) } else { Err(trouble) }
    }

    async fn content(&mut self, content: &[u8]) -> Result<String, Trouble> {
        self.stage = Stage::Data;
        self.connection.command(Data).await.map_err(|error| Trouble::new(Stage::Data, &error))?;
        self.stage = Stage::Content;
        let answer = self.connection.message(content).await;
        let answer = answer.map_err(|error| Trouble::new(Stage::Content, &error))?;
        let lines: Vec<_> = answer.message().collect();
        Ok(plain::line(&format!("{} {}", answer.code(), lines.join(" ")), LONGEST))
    }
}

/// So much of what a relay says is kept: more than is ever shown, so that a secret in it is found whole before the
/// rest is cut off.
const LONGEST: usize = 4000;
const TOO_LATE: &str = "no end within 30 s";

impl Trouble {
    fn new(stage: Stage, error: &Error) -> Self {
        let said = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        Self { stage, code: error.status().map(u16::from), words: plain::line(&said, LONGEST) }
    }

    fn of_system(error: &io::Error) -> Self {
        Self { stage: Stage::Connect, code: None, words: plain::line(&error.to_string(), LONGEST) }
    }

    /// Time was up before there was a session.
    pub(super) fn late_to_open() -> Self {
        Self { stage: Stage::Connect, code: None, words: TOO_LATE.to_owned() }
    }

    /// Whether the relay may have taken the mail all the same: it was handed over, and no answer came.
    pub(super) fn is_doubtful(&self) -> bool {
        self.stage == Stage::Content && self.code.is_none()
    }

    /// Whether nothing of the message was shown to the relay.
    pub(super) fn is_before_content(&self) -> bool {
        self.stage != Stage::Content
    }

    /// Which recipient this is about.
    pub(super) fn recipient(&self) -> Option<&str> {
        match &self.stage {
            Stage::Recipient(to) => Some(to),
            _ => None,
        }
    }

    /// The relay's own words, with their code.
    pub(super) fn reply(&self) -> String {
        self.code.map_or_else(|| self.words.clone(), |code| format!("{code} {}", self.words))
    }

    /// Whether this is the relay's word on one recipient; a connection that broke is none.
    pub(super) const fn is_of_recipient(&self) -> bool {
        matches!((&self.stage, self.code), (Stage::Recipient(_), Some(code)) if code != 421)
    }

    /// Whether the relay will never take this mail. What it says of us (that we must log in, or failed to: 530,
    /// 534, 535, 538 of RFC 4954 §6) is not about the mail, nor is what it says before it has seen any of it.
    pub(super) const fn is_permanent(&self) -> bool {
        let about_mail = matches!(self.stage, Stage::Sender | Stage::Recipient(_) | Stage::Data | Stage::Content);
        match self.code {
            Some(530 | 534 | 535 | 538) => false,
            Some(500..=599) => about_mail,
            _ => false,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, self.reply())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("no connection"),
            Self::StartTls => f.write_str("STARTTLS failed"),
            Self::LogIn => f.write_str("the login failed"),
            Self::Sender => f.write_str("the sender was refused"),
            Self::Recipient(to) => write!(f, "the recipient {} was refused", plain::line(to, 100)),
            Self::Data | Self::Content => f.write_str("the message was not accepted"),
        }
    }
}

/// A host as sockets and certificates want it: an IPv6 address without its brackets.
pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
