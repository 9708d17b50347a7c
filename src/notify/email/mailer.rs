//! [`Mailer`]: delivers mails to one receiver, each over a connection of its own, for one kept from the last mail
//! may be dead hours later without our knowing.
//!
//! Of several relays the next is tried within one attempt where the one before could not be reached, would not have us, or
//! refused the mail for now. Not where it was refused for good, for that is an answer. Nor, the first time, where it is
//! not known whether a relay took it: the next attempt asks that one again, and if it is silent once more the others get
//! the mail, with the same Message-ID.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use lettre::message::Mailbox;
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};

use super::super::{Stationery, plain};
use super::Settings;
use super::message::Correspondents;
use super::report::{RelayCertificate, TestError, TestReport};
use super::session::{Patience, Terms, Trouble};
use super::way::{Sent, Way};
use crate::domain::{DomainName, UnixTime};
use crate::incident::{Checked, Delivery, Mail, Refusal};
use crate::observation::certificate::Sha256;

/// After so many attempts a recipient that is still refused for now no longer keeps the others waiting.
const WAIT_FOR_ALL: u32 = 3;
/// It is waited for itself until the mail is so old, in seconds: greylisting asks for 5 to 15 minutes (RFC 6647 §5).
const WAIT_FOR_ONE: i64 = 1800;

/// Delivers to one receiver.
pub struct Mailer {
    /// Not empty.
    ways: Vec<Way>,
    correspondents: Correspondents,
    stationery: Stationery,
    host: String,
    /// Which recipients already have a mail that others wait for, by the mail's id. A restart forgets it, and they may
    /// get the same mail once more. Never held over an await.
    served: Mutex<BTreeMap<String, Vec<Address>>>,
}

impl Mailer {
    /// A mailer with these settings. Reads the roots, from the relays' own files or from the system; connects to
    /// nobody.
    pub fn new(settings: &Settings) -> Result<Self, MailerError> {
        let to = settings.to.iter().map(|to| mailbox(to)).collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() {
            return Err(MailerError::NoRecipient);
        }
        if settings.relays.is_empty() {
            return Err(MailerError::NoRelay);
        }
        Ok(Self {
            ways: settings.relays.iter().map(Way::new).collect::<Result<_, _>>()?,
            correspondents: Correspondents { from: mailbox(&settings.from)?, to },
            stationery: settings.stationery.clone(),
            host: host(),
            served: Mutex::default(),
        })
    }

    /// Tries once to deliver the mail, for half a minute at most with each relay. After a cut it is not known whether
    /// the relay took it; the next attempt has the same Message-ID.
    pub async fn deliver(&self, mail: &Mail, now: UnixTime) -> Delivery {
        let rendered = self.stationery.render(mail, now, &self.host);
        if let Some(trouble) = &rendered.trouble {
            tracing::error!(receiver = mail.receiver, mail = mail.id, "{trouble}");
        }
        let message = match self.correspondents.message(mail, rendered, now) {
            Ok(message) => message,
            Err(error) => return Delivery::Rejected { error: format!("no message can be made of it: {error}") },
        };
        let patience = if mail.attempts < WAIT_FOR_ALL { Patience::All } else { Patience::Some };
        let have_it = self.take_served(&mail.id);
        let mut failed = Vec::new();
        for way in &self.ways {
            match way.send(&message, Terms { patience, have_it: &have_it }).await {
                Ok(Sent { taken, .. }) => {
                    let have_it = [have_it, taken.served].concat();
                    return self.served_some(mail, have_it, way, &taken.refused, now);
                }
                Err(trouble) => {
                    let is_answer = trouble.is_permanent() || trouble.is_doubtful() && mail.attempts == 0;
                    failed.push((way, trouble));
                    if is_answer {
                        break;
                    }
                }
            }
        }
        self.served_nobody(mail, have_it, &failed, now)
    }

    /// Some have the mail. It is delivered unless another may still get it that has not been waited for long enough.
    fn served_some(
        &self,
        mail: &Mail,
        have_it: Vec<Address>,
        way: &Way,
        refused: &[Trouble],
        now: UnixTime,
    ) -> Delivery {
        let waits = mail.created_at.until(now) < WAIT_FOR_ONE;
        if let Some(waiting) = refused.iter().find(|trouble| waits && !trouble.is_permanent()) {
            self.note_served(mail, have_it);
            return Delivery::Deferred { error: way.told(waiting) };
        }
        let refusal = |trouble: &Trouble| {
            let recipient = trouble.recipient()?.to_owned();
            Some(Refusal { recipient, error: way.safe(&trouble.reply()) })
        };
        let refused: Vec<Refusal> = refused.iter().filter_map(refusal).collect();
        if refused.is_empty() { Delivery::Delivered } else { Delivery::DeliveredInPart { refused } }
    }

    /// No relay took it in this attempt. It is refused for good only if the first one says so: where that is down and
    /// another has no place for it, it may get through yet.
    fn served_nobody(&self, mail: &Mail, have_it: Vec<Address>, failed: &[(&Way, Trouble)], now: UnixTime) -> Delivery {
        let error = failed.iter().map(|(way, trouble)| way.told(trouble)).collect::<Vec<_>>().join("; ");
        if !have_it.is_empty() {
            if let Some((way, trouble)) = failed.iter().find(|(_, trouble)| trouble.is_of_recipient()) {
                return self.served_some(mail, have_it, way, std::slice::from_ref(trouble), now);
            }
            self.note_served(mail, have_it);
            return Delivery::Deferred { error };
        }
        match failed {
            [(_, trouble)] if trouble.is_permanent() => Delivery::Rejected { error },
            _ if failed.iter().all(|(_, trouble)| trouble.is_before_content()) => Delivery::Unsent { error },
            _ => Delivery::Deferred { error },
        }
    }

    fn take_served(&self, mail: &str) -> Vec<Address> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner).remove(mail).unwrap_or_default()
    }

    fn note_served(&self, mail: &Mail, have_it: Vec<Address>) {
        if !have_it.is_empty() {
            self.served.lock().unwrap_or_else(PoisonError::into_inner).insert(mail.id.clone(), have_it);
        }
    }

    /// Asks each relay whether it would take a mail for every recipient. Nobody is sent anything.
    pub async fn check(&self) -> Checked {
        let to: Vec<Address> = self.correspondents.to.iter().map(|to| to.email.clone()).collect();
        let (mut reached, mut errors) = (0, Vec::new());
        for way in &self.ways {
            match way.ask(&self.correspondents.from.email, &to).await {
                Ok(refused) => {
                    reached += usize::from(refused.len() < to.len());
                    errors.extend(refused.iter().map(|trouble| way.told(trouble)));
                }
                Err(trouble) => errors.push(way.told(&trouble)),
            }
        }
        let error = errors.join("; ");
        match (reached, errors.is_empty()) {
            (_, true) => Checked::Good,
            (0, _) => Checked::Failed { error },
            _ => Checked::InPart { error },
        }
    }

    /// Sends one test mail through each relay; what came of each, in order.
    pub async fn test(&self, now: UnixTime) -> Vec<Result<TestReport, TestError>> {
        let mut reports = Vec::new();
        for way in &self.ways {
            reports.push(self.test_way(way, now).await);
        }
        reports
    }

    async fn test_way(&self, way: &Way, now: UnixTime) -> Result<TestReport, TestError> {
        let failed = |words: String| TestError { relay: way.relay.to_string(), words: way.safe(&words) };
        let message = self.test_message(way, now).map_err(|error| failed(error.to_string()))?;
        let sent = way.send(&message, Terms { patience: Patience::Some, have_it: &[] }).await;
        let sent = sent.map_err(|trouble| failed(trouble.to_string()))?;
        Ok(TestReport {
            relay: way.relay.to_string(),
            sender: self.correspondents.from.to_string(),
            recipients: self.correspondents.to.iter().map(ToString::to_string).collect(),
            logged_in: way.logs_in(),
            certificate: sent.certificate.and_then(|der| RelayCertificate::read(&der)),
            answer: way.safe(&sent.taken.answer),
            refused: sent.taken.refused.iter().map(|trouble| way.safe(&trouble.to_string())).collect(),
        })
    }

    fn test_message(&self, way: &Way, now: UnixTime) -> Result<Message, lettre::error::Error> {
        let text = format!("{}\n{}\n{now}", self.host, way.relay);
        let id = format!("test-{}", &Sha256::of(text.as_bytes()).to_string()[..32]);
        let subject = format!("[test] notafter on {}: mail arrives", self.host);
        let text = format!(
            "This is a test mail of notafter on {}, sent at {now}\nthrough {}.\n\nNothing is wrong. Mails about your \
             domains will come this way.\n",
            self.host, way.relay
        );
        self.correspondents.plain_message(&id, subject, text, now)
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relays: Vec<String> = self.ways.iter().map(|way| way.relay.to_string()).collect();
        f.debug_struct("Mailer").field("relays", &relays).field("to", &self.correspondents.to).finish_non_exhaustive()
    }
}

/// Why there can be no mailer with these settings.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// Nobody to write to.
    #[error("there is no recipient")]
    NoRecipient,
    /// Nobody to hand it to.
    #[error("there is no relay")]
    NoRelay,
    /// Not a mailbox, or one that needs SMTPUTF8 (RFC 6531).
    #[error("{address:?} is no mail address: {reason}")]
    Address {
        /// As it was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No message can be made of a mail.
    #[error("no message can be made of it: {reason}")]
    Message {
        /// What is wrong.
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
pub(super) fn mailbox(text: &str) -> Result<Mailbox, MailerError> {
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

/// This machine's name, as it is also told to the relay.
/// The name of this machine.
pub(in crate::notify) fn host() -> String {
    match ClientId::default() {
        ClientId::Domain(name) => plain::line(&name, 100),
        _ => "localhost".to_owned(),
    }
}
