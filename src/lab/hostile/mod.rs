//! [`Hostile`]: a server on loopback that breaks faith in one way, so that we can see that a look at it ends in time, in
//! little memory, and with the right finding.
//!
//! A [`Manner`] says what it does. Below TLS, an honest conversation is cut off after so many bytes; above it, whatever
//! words one likes are answered; and either goes on with a [`Then`]. [`chains`] makes chains that are a burden to
//! whoever looks for a path through them.

pub mod chains;
mod line;
mod then;

use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::server::ServerConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{SupportedProtocolVersion, version};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, copy, duplex, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::ca::{Issued, LabError};
use super::listen::{ANY, serve};

pub use then::Then;

/// Bytes on their way between the honest server and the line; no fault lies in how many.
const BETWEEN: usize = 64 * 1024;
/// A request's head has fewer.
const MAX_REQUEST: usize = 16 * 1024;

/// A running server; dropping it ends it.
#[derive(Debug)]
pub struct Hostile {
    address: SocketAddr,
    _tasks: JoinSet<io::Result<()>>,
}

impl Hostile {
    /// Starts a server of these manners on a free port.
    pub async fn start(manner: Manner) -> Result<Self, LabError> {
        let listener = TcpListener::bind(ANY).await?;
        let address = listener.local_addr()?;
        let acceptor = manner.identity.as_ref().map(|identity| acceptor(&manner, identity)).transpose()?;
        let manner = Arc::new(manner);
        let tasks = serve(listener, move |stream| talk(stream, acceptor.clone(), Arc::clone(&manner)));
        Ok(Self { address, _tasks: tasks })
    }

    /// Where it answers.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// How a server behaves.
#[derive(Clone)]
pub struct Manner {
    /// With what it shakes hands; `None` if it does not speak TLS.
    identity: Option<Arc<CertifiedKey>>,
    versions: Vec<&'static SupportedProtocolVersion>,
    protocols: Vec<Vec<u8>>,
    tickets: usize,
    key_updates: usize,
    /// What is answered to a request, or to whoever speaks first where there is no TLS.
    words: Vec<u8>,
    after_words: Then,
    /// So many bytes go over the line, whatever they say.
    line: u64,
    after_line: Then,
}

impl Manner {
    /// A server that speaks TLS with this certificate and its chain, reads a request over HTTP/1.1, and closes.
    pub fn shaking_hands(issued: &Issued) -> Result<Self, LabError> {
        let key = aws_lc_rs::sign::any_supported_type(&PrivateKeyDer::Pkcs8(issued.key_der().into()))?;
        let identity = Some(Arc::new(CertifiedKey::new(issued.chain(), key)));
        Ok(Self { identity, ..Self::saying("") })
    }

    /// A server without TLS: once it was spoken to, it says these words.
    pub fn saying(words: impl Into<Vec<u8>>) -> Self {
        Self {
            identity: None,
            versions: vec![&version::TLS13, &version::TLS12],
            protocols: vec![b"http/1.1".to_vec()],
            tickets: 2,
            key_updates: 0,
            words: words.into(),
            after_words: Then::Close,
            line: u64::MAX,
            after_line: Then::Close,
        }
    }

    /// The same with other certificates than its own after its leaf, or in the leaf's place.
    pub fn presenting(mut self, chain: Vec<CertificateDer<'static>>) -> Self {
        self.identity = self.identity.map(|identity| Arc::new(CertifiedKey::new(chain, Arc::clone(&identity.key))));
        self
    }

    /// The same with this version of TLS alone.
    pub fn over(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    /// The same with these protocols for ALPN (RFC 7301), its favourite first.
    pub fn offering(mut self, protocols: &[&[u8]]) -> Self {
        self.protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        self
    }

    /// The same with so many session tickets (RFC 8446 section 4.6.1) after the handshake.
    pub fn with_tickets(mut self, tickets: usize) -> Self {
        self.tickets = tickets;
        self
    }

    /// The same with so many changes of its key (RFC 8446 section 4.6.3) before it answers.
    pub fn with_key_updates(mut self, key_updates: usize) -> Self {
        self.key_updates = key_updates;
        self
    }

    /// The same, answering these words to a request, verbatim.
    pub fn answering(mut self, words: impl Into<Vec<u8>>) -> Self {
        self.words = words.into();
        self
    }

    /// The same, and what it does when it has said its words, instead of closing.
    pub fn then(mut self, then: Then) -> Self {
        self.after_words = then;
        self
    }

    /// The same, but after so many bytes over the line, be they of the handshake or of an answer, this happens.
    pub fn cut(mut self, after: u64, then: Then) -> Self {
        (self.line, self.after_line) = (after, then);
        self
    }
}

impl fmt::Debug for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tls = self.identity.is_some();
        write!(
            f,
            "Manner(tls: {tls}, then {:?}, cut after {}, then {:?})",
            self.after_words, self.line, self.after_line
        )
    }
}

fn acceptor(manner: &Manner, identity: &Arc<CertifiedKey>) -> Result<TlsAcceptor, LabError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&manner.versions)?;
    let resolver = Arc::new(SingleCertAndKey::from(CertifiedKey::clone(identity)));
    let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
    config.alpn_protocols.clone_from(&manner.protocols);
    config.send_tls13_tickets = manner.tickets;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The conversation goes on behind a line that knows nothing of it, and that breaks where it shall.
async fn talk(stream: TcpStream, acceptor: Option<TlsAcceptor>, manner: Arc<Manner>) -> io::Result<()> {
    let (near, far) = duplex(BETWEEN);
    let conversation = async {
        let _ = match acceptor {
            Some(acceptor) => over_tls(near, &acceptor, &manner).await,
            None => in_the_clear(near, &manner).await,
        };
        // What was said last is still on the line.
        pending().await
    };
    tokio::select! {
        carried = line::carry(stream, far, manner.line, &manner.after_line) => carried,
        never = conversation => never,
    }
}

async fn over_tls(near: DuplexStream, acceptor: &TlsAcceptor, manner: &Manner) -> io::Result<()> {
    let mut stream = acceptor.accept(near).await?;
    change_keys(&mut stream, manner.key_updates).await?;
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        read_request_of_http2(&mut stream).await?;
    } else {
        read_request(&mut stream).await?;
    }
    stream.write_all(&manner.words).await?;
    stream.flush().await?;
    manner.after_words.on(&mut stream).await
}

async fn in_the_clear(mut near: DuplexStream, manner: &Manner) -> io::Result<()> {
    // Whoever is connected to speaks first, in TLS.
    near.read_u8().await?;
    near.write_all(&manner.words).await?;
    manner.after_words.on(&mut near).await
}

async fn change_keys(stream: &mut TlsStream<DuplexStream>, times: usize) -> io::Result<()> {
    for _ in 0..times {
        stream.get_mut().1.refresh_traffic_keys().map_err(io::Error::other)?;
        stream.flush().await?;
    }
    Ok(())
}

/// Reads up to the empty line that ends a head (RFC 9112 section 2.1).
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_REQUEST {
        head.push(stream.read_u8().await?);
    }
    Ok(())
}

/// Reads the preface and frames up to the first of HEADERS (RFC 9113 sections 3.4, 4.1 and 6.2).
async fn read_request_of_http2(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    const PREFACE: u64 = 24;
    const HEADERS: u8 = 1;
    skip(stream, PREFACE).await?;
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await?;
        let [a, b, c, kind, ..] = header;
        skip(stream, u32::from_be_bytes([0, a, b, c]).into()).await?;
        if kind == HEADERS {
            return Ok(());
        }
    }
}

async fn skip(stream: &mut (impl AsyncRead + Unpin), bytes: u64) -> io::Result<()> {
    copy(&mut stream.take(bytes), &mut sink()).await.map(drop)
}
