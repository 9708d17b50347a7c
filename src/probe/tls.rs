//! Connection and handshake with one address. The chain is captured before anybody judges it: an expired,
//! untrusted or foreign certificate is shown like any other.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ClientConfig, ResolvesClientCert};
use rustls::{AlertDescription, CertificateError, InvalidMessage, NamedGroup, ProtocolVersion};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::capture::{Capture, Signer};
use super::identity::{ClientIdentity, refusal};
use super::sockets::is_shortage;
use crate::domain::DomainName;
use crate::observation::certificate::KeyType;
use crate::observation::{Code, Failure, NotLooked, TlsObservation};

/// What came of a connection attempt: always an observation, the chain if one was presented, and the open connection if
/// the handshake ended well.
pub(super) struct Handshake {
    pub(super) observation: TlsObservation,
    pub(super) chain: Option<Vec<CertificateDer<'static>>>,
    /// The OCSP response that was stapled; empty if there was none.
    pub(super) staple: Vec<u8>,
    pub(super) stream: Option<Line>,
    /// Whether the server was there, and refused or fell silent before it had shown anything, as one does that is too
    /// old for us.
    pub(super) lacks_common_ground: bool,
}

/// A connection that takes requests.
pub(super) enum Line {
    /// It stands.
    Open(Box<TlsStream<TcpStream>>),
    /// It stood at this address when the look was recorded.
    Recorded(SocketAddr),
}

/// Connects and shakes hands with SNI = the domain. What the chain is worth is not asked here. `Err` if it is we who
/// could not look.
pub(super) async fn observe(
    address: SocketAddr,
    name: &DomainName,
    client: Option<&ClientIdentity>,
    deadline: Instant,
) -> Result<Handshake, NotLooked> {
    let mut observation = TlsObservation::new(address);
    let started = Instant::now();
    let tcp = match timeout_at(deadline, TcpStream::connect(address)).await {
        Ok(Ok(tcp)) => tcp,
        Ok(Err(error)) if is_shortage(&error) => return Err(not_looked(address, &error)),
        Ok(Err(error)) => return Ok(failed(observation, connect_failure(&error))),
        Err(_) => return Ok(failed(observation, Failure::new(Code::ConnectTimeout, "no answer before the deadline"))),
    };
    observation.connect_ms = Some(milliseconds_since(started));
    let capture = Arc::new(Capture::new(None, client));
    let outcome = shake_hands(tcp, name, &capture, deadline).await;
    observation.handshake_ms = Some(milliseconds_since(started).saturating_sub(observation.connect_ms.unwrap_or(0)));
    let chain = capture.chain.get().cloned();
    let staple = capture.staple.get().cloned().unwrap_or_default();
    let client = capture.doorman.outcome();
    observation.client_certificate = (chain.is_some()).then_some(client);
    match outcome {
        Ok(Ok(stream)) => {
            describe(&stream, &mut observation);
            let stream = Some(Line::Open(Box::new(stream)));
            Ok(Handshake { observation, chain, staple, stream, lacks_common_ground: false })
        }
        Ok(Err(error)) if is_shortage(&error) => Err(not_looked(address, &error)),
        Ok(Err(error)) => {
            let failure = handshake_failure(&error);
            let of_client = is_refusal(&error).then(|| refusal(client, alert(&error), &failure.detail)).flatten();
            Ok(Handshake {
                lacks_common_ground: chain.is_none() && is_refusal(&error),
                chain,
                staple,
                ..failed(observation, of_client.unwrap_or(failure))
            })
        }
        Err(failure) => Ok(Handshake { chain, staple, ..failed(observation, failure) }),
    }
}

/// What a server shows to clients that ask for another kind of key.
pub(super) enum Other {
    /// It has no certificate for them.
    Absent,
    /// This chain, leaf first.
    Chain(Vec<CertificateDer<'static>>),
}

/// Shakes hands as a client that does not know this kind of key. `None` where nothing can be said.
pub(super) async fn observe_other(
    address: SocketAddr,
    name: &DomainName,
    shown: KeyType,
    deadline: Instant,
) -> Option<Other> {
    let capture = Arc::new(Capture::new(Some(Signer::other_than(shown)?), None));
    let tcp = timeout_at(deadline, TcpStream::connect(address)).await.ok()?.ok()?;
    let outcome = shake_hands(tcp, name, &capture, deadline).await.ok()?;
    match (capture.chain.get(), outcome) {
        (Some(chain), _) => Some(Other::Chain(chain.clone())),
        (None, Err(error)) if is_refusal(&error) => Some(Other::Absent),
        (None, _) => None,
    }
}

async fn shake_hands(
    tcp: TcpStream,
    name: &DomainName,
    capture: &Arc<Capture>,
    deadline: Instant,
) -> Result<io::Result<TlsStream<TcpStream>>, Failure> {
    let _ = tcp.set_nodelay(true);
    let config = client_config(capture);
    let server_name = ServerName::try_from(name.as_str().to_owned())
        .map_err(|error| Failure::new(Code::TlsHandshakeFailed, error.to_string()))?;
    let outcome = timeout_at(deadline, TlsConnector::from(Arc::new(config)).connect(server_name, tcp)).await;
    outcome.map_err(|_| Failure::new(Code::TlsTimeout, "the handshake did not end before the deadline"))
}

/// A configuration for one handshake: what all have in common, with who looks at this one.
fn client_config(capture: &Arc<Capture>) -> ClientConfig {
    let mut config = capture.kind().config.clone();
    config.dangerous().set_certificate_verifier(Arc::clone(capture) as Arc<dyn ServerCertVerifier>);
    config.client_auth_cert_resolver = Arc::clone(&capture.doorman) as Arc<dyn ResolvesClientCert>;
    config
}

fn describe(stream: &TlsStream<TcpStream>, observation: &mut TlsObservation) {
    let (_, connection) = stream.get_ref();
    observation.version = connection.protocol_version().map(version_name);
    observation.cipher_suite = connection.negotiated_cipher_suite().map(|suite| suite_name(suite.suite()));
    observation.group = connection.negotiated_key_exchange_group().map(|group| group_name(group.name()));
    observation.post_quantum = observation.group.as_deref().map(is_post_quantum);
    observation.alpn = connection.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned());
}

/// What the server said as it broke off.
fn alert(error: &io::Error) -> Option<AlertDescription> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

/// Whether the server said no, or hung up.
fn is_refusal(error: &io::Error) -> bool {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(_) | rustls::Error::PeerIncompatible(_)) => true,
        Some(_) => false,
        None => !is_shortage(error),
    }
}

fn version_name(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
        ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
        other => format!("{other:?}"),
    }
}

/// IANA's name; rustls writes `TLS13_…` where the registry says `TLS_…`.
fn suite_name(suite: rustls::CipherSuite) -> String {
    let name = format!("{suite:?}");
    name.strip_prefix("TLS13_").map(|rest| format!("TLS_{rest}")).unwrap_or(name)
}

/// IANA's name: rustls writes as the registry does, but for Montgomery's curves in capitals.
fn group_name(group: NamedGroup) -> String {
    match group {
        NamedGroup::X25519 => "x25519".to_owned(),
        NamedGroup::X448 => "x448".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Whether a recording of the connection is safe from the quantum computers to come: ML-KEM alone, or with a curve.
fn is_post_quantum(group: &str) -> bool {
    group.contains("MLKEM")
}

fn failed(mut observation: TlsObservation, failure: Failure) -> Handshake {
    observation.failure = Some(failure);
    Handshake { observation, chain: None, staple: Vec::new(), stream: None, lacks_common_ground: false }
}

fn not_looked(address: SocketAddr, error: &io::Error) -> NotLooked {
    NotLooked { address, reason: error.to_string() }
}

fn milliseconds_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn connect_failure(error: &io::Error) -> Failure {
    let (code, detail) = match error.kind() {
        io::ErrorKind::ConnectionRefused => (Code::ConnectRefused, "nothing listens there".to_owned()),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            (Code::ConnectReset, "the connection was reset at once".to_owned())
        }
        io::ErrorKind::TimedOut => (Code::ConnectTimeout, "no answer".to_owned()),
        _ => (Code::ConnectUnreachable, error.to_string()),
    };
    Failure::new(code, detail)
}

fn handshake_failure(error: &io::Error) -> Failure {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Failure::new(Code::TlsHandshakeFailed, tls_detail(tls));
    }
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            Failure::new(Code::ConnectReset, "the connection was reset during the handshake")
        }
        io::ErrorKind::UnexpectedEof => {
            Failure::new(Code::TlsHandshakeFailed, "the server closed the connection during the handshake")
        }
        _ => Failure::new(Code::TlsHandshakeFailed, error.to_string()),
    }
}

fn tls_detail(error: &rustls::Error) -> String {
    match error {
        // An alert carries no more than this; the usual reasons are worth their words.
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion) => {
            format!("{error}: the server offers none of TLS 1.2 and 1.3 with ECDHE")
        }
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            format!("{error}: the server has nothing for this server name")
        }
        // No honest certificate comes near, but one with ten thousand names does, and one browser or another still takes it.
        rustls::Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        ) => {
            format!("{error}: what the server sends of certificates is longer than the 64 KiB that clients read")
        }
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => {
            format!("{error}: the certificate's key is not the server's, or too weak to be believed")
        }
        rustls::Error::InvalidMessage(_) => format!("{error}: what answers does not speak TLS"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_with_ml_kem_are_post_quantum() {
        for (group, name, expected) in [
            (NamedGroup::X25519MLKEM768, "X25519MLKEM768", true),
            (NamedGroup::secp256r1MLKEM768, "SecP256r1MLKEM768", true),
            (NamedGroup::MLKEM768, "MLKEM768", true),
            (NamedGroup::X25519, "x25519", false),
            (NamedGroup::secp384r1, "secp384r1", false),
        ] {
            let written = group_name(group);
            assert_eq!(is_post_quantum(&written), expected, "{written}");
            assert!(written.eq_ignore_ascii_case(name), "{written}");
        }
    }
}
