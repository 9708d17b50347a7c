//! [`Way`]: one relay, and what a connection to it needs.

use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials as Login, Mechanism};
use lettre::transport::smtp::client::{Certificate as Root, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::Auth;
use lettre::transport::smtp::response::Response;
use lettre::{Address, Message};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout, timeout_at};

use super::super::plain;
use super::session::{Session, Taken, Terms, Trouble, bare};
use super::{Credentials, MailerError, Relay, Security};

/// From looking up the relay's name to its answer to the message. lettre's own limit ends with the connect.
const DEADLINE: Duration = Duration::from_secs(30);
/// For the good-bye, which nothing depends on.
const GOODBYE: Duration = Duration::from_secs(2);
/// So much of what a relay says is passed on.
const LONGEST: usize = 400;

/// A relay, ready to be tried.
pub(super) struct Way {
    pub(super) relay: Relay,
    tls: Option<TlsParameters>,
    login: Option<Login>,
    /// What must never be read in an error: the password, bare and as AUTH encodes it.
    secrets: Vec<String>,
}

/// A message that a relay took.
pub(super) struct Sent {
    pub(super) taken: Taken,
    /// By which it proved itself, in DER.
    pub(super) certificate: Option<Vec<u8>>,
}

impl Way {
    /// Reads the roots, from the relay's own file or from the system; connects to nobody.
    pub(super) fn new(relay: &Relay) -> Result<Self, MailerError> {
        Ok(Self {
            tls: tls(relay)?,
            login: relay.credentials.as_ref().map(login),
            secrets: relay.credentials.as_ref().map(secrets).unwrap_or_default(),
            relay: relay.clone(),
        })
    }

    pub(super) const fn logs_in(&self) -> bool {
        self.login.is_some()
    }

    /// Hands over one message, for half a minute at most.
    pub(super) async fn send(&self, message: &Message, terms: Terms<'_>) -> Result<Sent, Trouble> {
        let deadline = Instant::now() + DEADLINE;
        let open = Session::open(&self.relay, self.tls.as_ref(), self.login.as_ref());
        let mut session = timeout_at(deadline, open).await.unwrap_or_else(|_| Err(Trouble::late_to_open()))?;
        let taken = timeout_at(deadline, session.send(message, terms)).await;
        let taken = taken.unwrap_or_else(|_| Err(session.late()));
        let certificate = session.certificate();
        // Not waited for: until the delivery is known to be stored, a crash repeats the mail.
        tokio::spawn(timeout(GOODBYE, session.close()));
        Ok(Sent { taken: taken?, certificate })
    }

    /// Finds out whether the relay would take a mail, for half a minute at most; which recipients it would refuse.
    pub(super) async fn ask(&self, from: &Address, to: &[Address]) -> Result<Vec<Trouble>, Trouble> {
        let deadline = Instant::now() + DEADLINE;
        let open = Session::open(&self.relay, self.tls.as_ref(), self.login.as_ref());
        let mut session = timeout_at(deadline, open).await.unwrap_or_else(|_| Err(Trouble::late_to_open()))?;
        let refused = timeout_at(deadline, session.ask(from, to)).await.unwrap_or_else(|_| Err(session.late()));
        let _ = timeout(GOODBYE, session.close()).await;
        refused
    }

    /// What went wrong, and with whom.
    pub(super) fn told(&self, trouble: &Trouble) -> String {
        self.safe(&format!("{}: {trouble}", self.relay))
    }

    /// A relay's words without our secrets, bounded.
    pub(super) fn safe(&self, text: &str) -> String {
        let text = self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
        plain::line(&text, LONGEST)
    }
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
