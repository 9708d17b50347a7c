//! [`Mailer`]: delivers mails to one receiver, each over a connection of its own, for one kept from the last mail
//! may be dead hours later without our knowing.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials as Login, Mechanism};
use lettre::transport::smtp::client::{Certificate as Root, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::Auth;
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use lettre::{Address, Message};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::ExposeSecret;
use tokio::time::timeout;

use super::super::{Context, plain, render};
use super::message::Correspondents;
use super::report::{RelayCertificate, TestError, TestReport};
use super::session::{Patience, Session, Taken, Trouble, bare};
use super::{Credentials, Relay, Security, Settings};
use crate::domain::{DomainName, UnixTime};
use crate::incident::{Delivery, Mail};
use crate::observation::certificate::Sha256;

/// From looking up the relay's name to its answer to the message. lettre's own limit ends with the connect.
const DEADLINE: Duration = Duration::from_secs(30);
/// For the good-bye, which nothing depends on.
const GOODBYE: Duration = Duration::from_secs(2);
/// So much of what a relay says is passed on.
const LONGEST: usize = 400;
/// After so many attempts a recipient that is still refused for now no longer keeps the others waiting.
const WAIT_FOR_ALL: u32 = 3;
/// It is waited for itself until the mail is so old, in seconds: greylisting asks for 5 to 15 minutes (RFC 6647 §5).
const WAIT_FOR_ONE: i64 = 1800;

/// Delivers to one receiver.
pub struct Mailer {
    relay: Relay,
    correspondents: Correspondents,
    tls: Option<TlsParameters>,
    login: Option<Login>,
    /// What must never be read in an error: the password, bare and as AUTH encodes it.
    secrets: Vec<String>,
    host: String,
    /// Which recipients already have a mail that others wait for, by the mail's id. A restart forgets it, and they may
    /// get the same mail once more. Never held over an await.
    served: Mutex<BTreeMap<String, Vec<Address>>>,
}

impl Mailer {
    /// A mailer with these settings. Reads the roots, from the relay's own file or from the system; connects to
    /// nobody.
    pub fn new(settings: &Settings) -> Result<Self, MailerError> {
        let to = settings.to.iter().map(|to| mailbox(to)).collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() {
            return Err(MailerError::NoRecipient);
        }
        let login = settings.credentials.as_ref().map(login);
        Ok(Self {
            relay: settings.relay.clone(),
            correspondents: Correspondents { from: mailbox(&settings.from)?, to },
            tls: tls(&settings.relay)?,
            secrets: settings.credentials.as_ref().map(secrets).unwrap_or_default(),
            login,
            host: host(),
            served: Mutex::default(),
        })
    }

    /// Tries once to deliver the mail, for half a minute at most. After a cut it is not known whether the relay
    /// took it; the next attempt has the same Message-ID.
    pub async fn deliver(&self, mail: &Mail, now: UnixTime) -> Delivery {
        let rendered = render(mail, &Context { now, host: &self.host });
        let message = match self.correspondents.message(mail, rendered, now) {
            Ok(message) => message,
            Err(error) => return Delivery::Rejected { error: format!("no message can be made of it: {error}") },
        };
        let patience = if mail.attempts < WAIT_FOR_ALL { Patience::All } else { Patience::Some };
        let have_it = self.take_served(&mail.id);
        match self.send(&message, patience, &have_it).await {
            Ok(Sent { taken, .. }) => self.served_some(mail, [have_it, taken.served].concat(), &taken.refused, now),
            Err(Failure::Trouble(trouble)) if !have_it.is_empty() && trouble.is_of_recipient() => {
                self.served_some(mail, have_it, &[trouble], now)
            }
            Err(failure) => {
                self.note_served(mail, have_it);
                match failure {
                    Failure::Trouble(trouble) if trouble.is_permanent() => {
                        Delivery::Rejected { error: self.told(&trouble) }
                    }
                    Failure::Trouble(trouble) => Delivery::Deferred { error: self.told(&trouble) },
                    Failure::Late => Delivery::Deferred { error: self.late() },
                }
            }
        }
    }

    /// Some have the mail. It is delivered unless another may still get it that has not been waited for long enough.
    fn served_some(&self, mail: &Mail, have_it: Vec<Address>, refused: &[Trouble], now: UnixTime) -> Delivery {
        let waits = mail.created_at.until(now) < WAIT_FOR_ONE;
        if let Some(waiting) = refused.iter().find(|trouble| waits && !trouble.is_permanent()) {
            self.note_served(mail, have_it);
            return Delivery::Deferred { error: self.told(waiting) };
        }
        for trouble in refused {
            tracing::error!(
                receiver = mail.receiver,
                mail = mail.id,
                "{}; the others have it",
                self.safe(&trouble.to_string())
            );
        }
        Delivery::Delivered
    }

    fn take_served(&self, mail: &str) -> Vec<Address> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner).remove(mail).unwrap_or_default()
    }

    fn note_served(&self, mail: &Mail, have_it: Vec<Address>) {
        if !have_it.is_empty() {
            self.served.lock().unwrap_or_else(PoisonError::into_inner).insert(mail.id.clone(), have_it);
        }
    }

    /// Sends one test mail.
    pub async fn test(&self, now: UnixTime) -> Result<TestReport, TestError> {
        let message = self.test_message(now).map_err(|error| self.test_error(error.to_string()))?;
        let sent = match self.send(&message, Patience::Some, &[]).await {
            Ok(sent) => sent,
            Err(Failure::Trouble(trouble)) => return Err(self.test_error(trouble.to_string())),
            Err(Failure::Late) => return Err(self.test_error(TOO_LATE.to_owned())),
        };
        Ok(TestReport {
            relay: self.relay.to_string(),
            sender: self.correspondents.from.to_string(),
            recipients: self.correspondents.to.iter().map(ToString::to_string).collect(),
            logged_in: self.login.is_some(),
            certificate: sent.certificate.and_then(|der| RelayCertificate::read(&der)),
            answer: self.safe(&sent.taken.answer),
            refused: sent.taken.refused.iter().map(|trouble| self.safe(&trouble.to_string())).collect(),
        })
    }

    fn test_message(&self, now: UnixTime) -> Result<Message, lettre::error::Error> {
        let id = format!("test-{}", &Sha256::of(format!("{}\n{now}", self.host).as_bytes()).to_string()[..32]);
        let subject = format!("[test] notafter on {}: mail arrives", self.host);
        let text = format!(
            "This is a test mail of notafter on {}, sent at {now}\nthrough {}.\n\nNothing is wrong. Mails about your \
             domains will come this way.\n",
            self.host, self.relay
        );
        self.correspondents.plain_message(&id, subject, text, now)
    }

    async fn send(&self, message: &Message, patience: Patience, have_it: &[Address]) -> Result<Sent, Failure> {
        let talk = async {
            let mut session = Session::open(&self.relay, self.tls.as_ref(), self.login.as_ref()).await?;
            let taken = session.send(message, patience, have_it).await;
            Ok((session, taken))
        };
        let (session, taken) = timeout(DEADLINE, talk).await.map_err(|_| Failure::Late)?.map_err(Failure::Trouble)?;
        let certificate = session.certificate();
        // Not waited for: until the delivery is known to be stored, a crash repeats the mail.
        tokio::spawn(timeout(GOODBYE, session.close()));
        Ok(Sent { taken: taken.map_err(Failure::Trouble)?, certificate })
    }

    fn told(&self, trouble: &Trouble) -> String {
        self.safe(&format!("{}: {trouble}", self.relay))
    }

    fn late(&self) -> String {
        format!("{}: {TOO_LATE}", self.relay)
    }

    fn test_error(&self, words: String) -> TestError {
        TestError { relay: self.relay.to_string(), words: self.safe(&words) }
    }

    /// A relay's words without our secrets, bounded.
    fn safe(&self, text: &str) -> String {
        let text = self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
        plain::line(&text, LONGEST)
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer")
            .field("relay", &self.relay)
            .field("to", &self.correspondents.to)
            .finish_non_exhaustive()
    }
}

const TOO_LATE: &str = "no end within 30 s";

struct Sent {
    taken: Taken,
    certificate: Option<Vec<u8>>,
}

enum Failure {
    Trouble(Trouble),
    Late,
}

/// Why there can be no mailer with these settings.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// Nobody to write to.
    #[error("there is no recipient")]
    NoRecipient,
    /// Not a mailbox, or one that needs SMTPUTF8 (RFC 6531).
    #[error("{address:?} is no mail address: {reason}")]
    Address {
        /// As it was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file with the relay's roots cannot be read.
    #[error("the relay's roots in {path} cannot be read: {reason}")]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No TLS can be set up.
    #[error("no TLS to the relay is possible: {reason}")]
    Tls {
        /// What is wrong.
        reason: String,
    },
}

/// A mailbox whose address is ASCII: the domain in A-labels, and a local part that needs no SMTPUTF8.
fn mailbox(text: &str) -> Result<Mailbox, MailerError> {
    let wrong = |reason: String| MailerError::Address { address: text.to_owned(), reason };
    let mailbox: Mailbox = text.parse().map_err(|error: lettre::address::AddressError| wrong(error.to_string()))?;
    if mailbox.email.to_string().is_ascii() {
        return Ok(mailbox);
    }
    if !mailbox.email.user().is_ascii() {
        return Err(wrong("the part before the @ must be ASCII".to_owned()));
    }
    let domain = DomainName::parse(mailbox.email.domain()).map_err(|error| wrong(error.to_string()))?;
    let email = Address::new(mailbox.email.user(), domain.as_str()).map_err(|error| wrong(error.to_string()))?;
    Ok(Mailbox::new(mailbox.name, email))
}

fn tls(relay: &Relay) -> Result<Option<TlsParameters>, MailerError> {
    if relay.security == Security::Plain {
        return Ok(None);
    }
    let mut builder = TlsParameters::builder(bare(&relay.host).to_owned());
    if let Some(path) = &relay.roots {
        let wrong = |reason: String| MailerError::Roots { path: path.clone(), reason };
        let roots = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let roots = roots.map_err(|error| wrong(error.to_string()))?;
        if roots.is_empty() {
            return Err(wrong("there is no certificate in it".to_owned()));
        }
        builder = builder.certificate_store(CertificateStore::None);
        for root in roots {
            let root = Root::from_der(root.to_vec()).map_err(|error| wrong(error.to_string()))?;
            builder = builder.add_root_certificate(root);
        }
    }
    builder.build_rustls().map(Some).map_err(|error| MailerError::Tls { reason: error.to_string() })
}

fn login(credentials: &Credentials) -> Login {
    Login::new(credentials.username.clone(), credentials.password.expose_secret().to_owned())
}

/// The password in every form that a relay could echo: bare, and in base64 as AUTH PLAIN and AUTH LOGIN send it.
fn secrets(credentials: &Credentials) -> Vec<String> {
    let plain = Auth::new(Mechanism::Plain, login(credentials), None).ok();
    let prompt = "334 UGFzc3dvcmQ6\r\n".parse::<Response>().ok();
    let answer = prompt.and_then(|prompt| Auth::new_from_response(Mechanism::Login, login(credentials), &prompt).ok());
    let encoded = [plain, answer].into_iter().flatten().filter_map(|auth| {
        let line = auth.to_string();
        line.split_whitespace().last().map(str::to_owned)
    });
    let mut all: Vec<_> = encoded.collect();
    all.push(credentials.password.expose_secret().to_owned());
    all.retain(|secret| !secret.is_empty());
    all
}

/// This machine's name, as it is also told to the relay.
/// The name of this machine.
pub(in crate::notify) fn host() -> String {
    match ClientId::default() {
        ClientId::Domain(name) => plain::line(&name, 100),
        _ => "localhost".to_owned(),
    }
}
