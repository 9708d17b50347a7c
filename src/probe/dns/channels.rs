//! [`Channels`]: encrypted connections to resolvers, kept from one question to the next: DNS over TLS (RFC 7858) and
//! DNS over HTTPS (RFC 8484).

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hickory_resolver::proto::op::Message;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::task::AbortOnDropHandle;

use super::datagrams::trouble;
use super::log::{Log, Trouble};
use super::message::Question;
use super::streams::{exchange, understood};
use crate::observation::Outcome;
use crate::probe::nameserver::Server;
use crate::trust::TrustStore;

/// How long a connection nobody uses is kept; servers close theirs a little later.
const IDLE: Duration = Duration::from_secs(5);
/// Connections kept to one server.
const MAX_IDLE: usize = 8;
/// No answer is longer.
const MAX_ANSWER: usize = 65_535;
/// The media type of RFC 8484 §6.
const DNS_MESSAGE: &str = "application/dns-message";

/// Connections to resolvers that are open, by whom they lead to and by whose roots it was found to be him.
#[derive(Default)]
pub(super) struct Channels {
    tls: Mutex<HashMap<Key, Vec<Idle>>>,
    https: Mutex<HashMap<Key, Shared>>,
}

type Key = (Server, Roots);

/// Roots that a connection was checked by; the same only if they are the very same store.
#[derive(Debug, Clone)]
struct Roots(Arc<TrustStore>);

impl PartialEq for Roots {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Roots {}

impl Hash for Roots {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// A connection that waits for the next question.
struct Idle {
    stream: TlsStream<TcpStream>,
    since: Instant,
}

/// A connection that takes questions side by side.
#[derive(Clone)]
struct Shared {
    sender: SendRequest<Full<Bytes>>,
    _driver: Arc<AbortOnDropHandle<()>>,
}

impl Channels {
    /// Asks over TLS: over a connection that is open, else, or if that was closed meanwhile, over a new one.
    pub(super) async fn ask_over_tls(
        &self,
        server: &Server,
        trust: &Arc<TrustStore>,
        question: &Question,
        log: &Log,
    ) -> Result<Box<Message>, Trouble> {
        let key = (server.clone(), Roots(Arc::clone(trust)));
        while let Some(mut stream) = self.take_idle(&key) {
            if let Ok(answer) = exchange(&mut stream, question, log).await {
                self.give_back(key, stream);
                return answer;
            }
        }
        let mut stream = connect(server, trust, None).await?;
        let answer = exchange(&mut stream, question, log).await;
        let answer = answer.map_err(|error| Trouble::because(Outcome::Unreachable, format!("TLS: {error}")))?;
        self.give_back(key, stream);
        answer
    }

    /// Asks over HTTPS, likewise; one connection takes all questions.
    pub(super) async fn ask_over_https(
        &self,
        server: &Server,
        trust: &Arc<TrustStore>,
        question: &Question,
        log: &Log,
    ) -> Result<Box<Message>, Trouble> {
        let key = (server.clone(), Roots(Arc::clone(trust)));
        let open = lock(&self.https).get(&key).cloned().filter(|shared| !shared.sender.is_closed());
        if let Some(shared) = open
            && let Ok(answer) = post(shared.sender, server, question, log).await
        {
            return answer;
        }
        let shared = http2(connect(server, trust, Some(b"h2")).await?).await?;
        lock(&self.https).retain(|_, shared| !shared.sender.is_closed());
        lock(&self.https).insert(key, shared.clone());
        let answer = post(shared.sender, server, question, log).await;
        answer.map_err(|error| Trouble::because(Outcome::Unreachable, format!("HTTPS: {error}")))?
    }

    fn take_idle(&self, key: &Key) -> Option<TlsStream<TcpStream>> {
        let mut all = lock(&self.tls);
        let idle = all.get_mut(key)?;
        idle.retain(|idle| idle.since.elapsed() < IDLE);
        let taken = idle.pop();
        if idle.is_empty() {
            all.remove(key);
        }
        taken.map(|idle| idle.stream)
    }

    fn give_back(&self, key: Key, stream: TlsStream<TcpStream>) {
        let mut all = lock(&self.tls);
        for idle in all.values_mut() {
            idle.retain(|idle| idle.since.elapsed() < IDLE);
        }
        all.retain(|_, idle| !idle.is_empty());
        let idle = all.entry(key).or_default();
        if idle.len() < MAX_IDLE {
            idle.push(Idle { stream, since: Instant::now() });
        }
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channels")
            .field("tls", &lock(&self.tls).len())
            .field("https", &lock(&self.https).len())
            .finish()
    }
}

/// What a panic left behind is whole: every change is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connects, and has the certificate checked by name and roots: who answers in a resolver's place must not be believed.
async fn connect(
    server: &Server,
    trust: &TrustStore,
    protocol: Option<&[u8]>,
) -> Result<TlsStream<TcpStream>, Trouble> {
    let address = server.address();
    let failed = |error: &dyn fmt::Display| Trouble::because(Outcome::ChannelFailed, error.to_string());
    let tcp = TcpStream::connect(address).await.map_err(|error| trouble(&error, address))?;
    let _ = tcp.set_nodelay(true);
    let config = client_config(trust, protocol).map_err(|error| failed(&error))?;
    let name = name(server).ok_or_else(|| failed(&"no encrypted resolver"))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
    connected.map_err(|error| failed(&error))
}

fn name(server: &Server) -> Option<ServerName<'static>> {
    match server {
        Server::Plain(_) => None,
        Server::Tls { name, .. } | Server::Https { name, .. } => Some(name.clone()),
    }
}

fn client_config(trust: &TrustStore, protocol: Option<&[u8]>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = RootCertStore { roots: trust.anchors().to_vec() };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocol.map(<[u8]>::to_vec).into_iter().collect();
    Ok(config)
}

async fn http2(stream: TlsStream<TcpStream>) -> Result<Shared, Trouble> {
    let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) =
        shaken.map_err(|error| Trouble::because(Outcome::ChannelFailed, format!("HTTPS: {error}")))?;
    let driver = tokio::spawn(async move {
        // That it broke is told to whoever asks over it.
        let _ = connection.await;
    });
    Ok(Shared { sender, _driver: Arc::new(AbortOnDropHandle::new(driver)) })
}

/// One question as the body of a POST, with the id 0 (RFC 8484 §4.1); `Err` where the connection broke. Redirects are
/// not followed.
async fn post(
    mut sender: SendRequest<Full<Bytes>>,
    server: &Server,
    question: &Question,
    log: &Log,
) -> Result<Result<Box<Message>, Trouble>, hyper::Error> {
    let Some(request) = question.to_bytes(0, true).and_then(|body| request(server, body)) else {
        return Ok(Err(Trouble::new(Outcome::Failed)));
    };
    log.ask();
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    if !status.is_success() {
        return Ok(Err(Trouble::because(Outcome::Failed, format!("HTTP status {}", status.as_u16()))));
    }
    let body = match Limited::new(response.into_body(), MAX_ANSWER).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Ok(Err(Trouble::because(Outcome::Malformed, error.to_string()))),
    };
    Ok(understood(&body, 0, question, log))
}

fn request(server: &Server, body: Vec<u8>) -> Option<Request<Full<Bytes>>> {
    let Server::Https { authority, path, .. } = server else { return None };
    Request::builder()
        .method(Method::POST)
        .uri(format!("https://{authority}{path}"))
        .header(CONTENT_TYPE, DNS_MESSAGE)
        .header(ACCEPT, DNS_MESSAGE)
        .header(USER_AGENT, concat!("notafter/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(Bytes::from(body)))
        .ok()
}
