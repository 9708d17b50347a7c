//! [`ClientIdentity`]: the certificate that we show to servers that ask for one, and what becomes of showing it.
//!
//! It is no bearer secret: TLS proves that we have its key and gives nothing away that could be used again, so it is shown
//! in the ordinary handshake, before the server's own chain is judged. Whoever listens on a connection of TLS 1.2 sees it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, InconsistentKeys, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::observation::certificate::{Certificate, CertificateError};
use crate::observation::{Auth0Observation, ClientCertificate, Code, Failure};

/// A client certificate with its key.
#[derive(Clone)]
pub struct ClientIdentity {
    chain: Arc<[Arc<Certificate>]>,
    certified: Arc<CertifiedKey>,
}

impl ClientIdentity {
    /// This chain, leaf first, with the private key of the leaf in PEM.
    pub fn new(chain: Vec<CertificateDer<'static>>, key_pem: &[u8]) -> Result<Self, IdentityError> {
        let facts = chain.iter().map(|der| Certificate::from_der(der).map(Arc::new));
        let facts: Arc<[_]> = facts.collect::<Result<_, _>>()?;
        if facts.is_empty() {
            return Err(IdentityError::NoCertificate);
        }
        // The library's own words may repeat what stands in the file.
        let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| IdentityError::NoKey)?;
        let key = any_supported_type(&key).map_err(|_| IdentityError::KindOfKey)?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(IdentityError::OtherKey),
            _ => Ok(Self { chain: facts, certified: Arc::new(certified) }),
        }
    }

    /// The certificates, leaf first.
    pub const fn chain(&self) -> &Arc<[Arc<Certificate>]> {
        &self.chain
    }
}

/// By the chain alone: one certificate has one key.
impl PartialEq for ClientIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain
    }
}

impl Eq for ClientIdentity {}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").field("chain", &self.chain).field("key", &"***").finish()
    }
}

/// Why a chain and a key are no client certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// A certificate cannot be read.
    #[error("a certificate in it cannot be read: {0}")]
    Certificate(#[from] CertificateError),
    /// There is none.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// There is no private key.
    #[error("there is no private key in PEM (PKCS#8, PKCS#1 or SEC1, not encrypted)")]
    NoKey,
    /// It is of a kind that TLS has no signatures for.
    #[error("the private key is damaged, or of a kind that TLS does not take")]
    KindOfKey,
    /// It is another certificate's.
    #[error("the private key is not that of the first certificate")]
    OtherKey,
}

/// Whether one handshake was asked for a certificate, and what it showed.
#[derive(Debug)]
pub(super) struct Doorman {
    identity: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
    shown: AtomicBool,
}

impl Doorman {
    pub(super) fn new(identity: Option<&ClientIdentity>) -> Self {
        let identity = identity.map(|identity| Arc::clone(&identity.certified));
        Self { identity, asked: AtomicBool::new(false), shown: AtomicBool::new(false) }
    }

    /// What came of it so far.
    pub(super) fn outcome(&self) -> ClientCertificate {
        match (self.asked.load(Ordering::Relaxed), self.shown.load(Ordering::Relaxed)) {
            (false, _) => ClientCertificate::NotAsked,
            (true, false) => ClientCertificate::NotShown,
            (true, true) => ClientCertificate::Shown,
        }
    }
}

impl ResolvesClientCert for Doorman {
    fn resolve(&self, _root_hint_subjects: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        let fits = |identity: &&Arc<CertifiedKey>| identity.key.choose_scheme(schemes).is_some();
        let shown = self.identity.as_ref().filter(fits).cloned();
        self.shown.store(shown.is_some(), Ordering::Relaxed);
        shown
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}

/// What a refused handshake was refused for, if it was for the certificate.
pub(super) fn refusal(client: ClientCertificate, alert: Option<AlertDescription>, detail: &str) -> Option<Failure> {
    use AlertDescription as Alert;
    let code = code_of(client)?;
    // An old server has no word of its own for it (RFC 5246 §7.2.2: a fatal handshake failure), and some just hang up.
    let is_of_it = matches!(
        alert,
        None | Some(
            Alert::CertificateRequired
                | Alert::NoCertificate
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::HandshakeFailure
        )
    );
    is_of_it.then(|| Failure::new(code, told(client, detail)))
}

/// In TLS 1.3 a server's refusal comes after the handshake, as the first thing that is read (RFC 8446 §4.4.2.4); others
/// let everybody in and answer with a page.
pub(super) fn name_refusal(client: ClientCertificate, answer: &mut Auth0Observation) {
    let Some(code) = code_of(client) else { return };
    let broken = answer.failure.as_ref().filter(|failure| failure.code == Code::HttpBroken);
    let reason = match broken {
        // Whoever was shown a certificate and breaks off may have another reason, unless it says so.
        Some(failure) if client == ClientCertificate::NotShown || failure.detail.contains("fatal alert") => {
            failure.detail.clone()
        }
        Some(_) => return,
        None => match answer.excerpt.as_deref().filter(|_| answer.status == Some(400)).and_then(said_by_nginx) {
            Some(said) => format!("status 400, {said}"),
            None => return,
        },
    };
    answer.failure = Some(Failure::new(code, told(client, &reason)));
}

/// nginx's own pages for it (its statuses 495 and 496, sent as 400).
fn said_by_nginx(page: &str) -> Option<&'static str> {
    ["No required SSL certificate was sent", "The SSL certificate error"].into_iter().find(|said| page.contains(said))
}

const fn code_of(client: ClientCertificate) -> Option<Code> {
    match client {
        ClientCertificate::NotAsked => None,
        ClientCertificate::NotShown => Some(Code::TlsClientCertificateRequired),
        ClientCertificate::Shown => Some(Code::TlsClientCertificateRefused),
    }
}

fn told(client: ClientCertificate, reason: &str) -> String {
    match client {
        ClientCertificate::Shown => format!("the server refuses our client certificate: {reason}"),
        _ => format!("the server demands a client certificate: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(failure: Option<Failure>, status: Option<u16>, page: &str) -> Auth0Observation {
        let mut answer = Auth0Observation::new("192.0.2.1:443".parse().unwrap());
        (answer.failure, answer.status, answer.excerpt) = (failure, status, Some(page.to_owned()));
        answer
    }

    #[test]
    fn an_answer_is_named_by_what_the_server_asked_for() {
        use ClientCertificate::{NotAsked, NotShown, Shown};
        let broken = |detail: &str| answer(Some(Failure::new(Code::HttpBroken, detail)), None, "");
        let slow = answer(Some(Failure::new(Code::HttpTimeout, "slow")), None, "");
        let page = |said: &str| answer(None, Some(400), &format!("<title>400 {said}</title>"));
        let required = Some(Code::TlsClientCertificateRequired);
        let refused = Some(Code::TlsClientCertificateRefused);
        let alert = "received fatal alert: CertificateRequired";
        for (client, answer, code) in [
            (NotShown, broken(alert), required),
            (NotShown, broken("connection closed"), required),
            (NotShown, page("No required SSL certificate was sent"), required),
            (NotShown, page("Bad Request"), None),
            (NotShown, slow, Some(Code::HttpTimeout)),
            (Shown, broken("received fatal alert: UnknownCA"), refused),
            (Shown, broken("connection closed"), Some(Code::HttpBroken)),
            (Shown, page("The SSL certificate error"), refused),
            (NotAsked, broken(alert), Some(Code::HttpBroken)),
            (NotAsked, page("No required SSL certificate was sent"), None),
        ] {
            let mut named = answer.clone();
            name_refusal(client, &mut named);
            assert_eq!(named.failure.map(|failure| failure.code), code, "{client:?} {answer:?}");
        }
    }

    #[test]
    fn a_handshake_is_refused_for_the_certificate_by_some_alerts_alone() {
        let code = |client, alert| refusal(client, alert, "").map(|failure| failure.code);
        let required = Some(Code::TlsClientCertificateRequired);
        assert_eq!(code(ClientCertificate::NotShown, None), required);
        assert_eq!(code(ClientCertificate::NotShown, Some(AlertDescription::HandshakeFailure)), required);
        let refused = Some(Code::TlsClientCertificateRefused);
        assert_eq!(code(ClientCertificate::Shown, Some(AlertDescription::UnknownCA)), refused);
        assert_eq!(code(ClientCertificate::Shown, Some(AlertDescription::DecodeError)), None);
        assert_eq!(code(ClientCertificate::NotAsked, Some(AlertDescription::UnknownCA)), None);
    }
}
