//! The edge's connections: the handshake with its refusals, then one answer a request.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::HOST;
use http::request::Parts;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::server::Acceptor;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;

use super::application::{Asked, answer};
use super::assumed::Assumptions;
use super::fault::Fault;
use super::gate::{client, refusal};
use super::journal::{Journal, Request};
use super::pages::{self, Answer};
use super::registry::{Hosted, Registry};

/// A handshake or a request's head that takes longer is nobody's.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than any login posts.
const MAX_BODY: usize = 1024 * 1024;
/// A TLS record that holds a handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) registry: Registry,
    pub(super) journal: Journal,
    assumed: Assumptions,
    connections: AtomicU64,
    answers: AtomicU64,
}

impl Shared {
    pub(super) fn new(registry: Registry, assumed: Assumptions) -> Self {
        let (connections, answers) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { registry, journal: Journal::default(), assumed, connections, answers }
    }

    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

/// What is known of a connection once its handshake is over.
#[derive(Debug, Clone)]
struct Connection {
    number: u64,
    sni: String,
    tls: String,
}

pub(super) async fn talk(mut stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let number = shared.connections.fetch_add(1, Ordering::Relaxed);
    let mut first = [0];
    let some = timeout(PATIENCE, stream.peek(&mut first)).await??;
    if some > 0 && first[0] != HANDSHAKE {
        return stream.write_all(plain_http().as_bytes()).await;
    }
    let mut start = timeout(PATIENCE, LazyConfigAcceptor::new(Acceptor::default(), stream)).await??;
    let sni = start.client_hello().server_name().unwrap_or_default().to_owned();
    let served = shared.registry.get(&sni).filter(|hosted| hosted.fault != Some(Fault::NoHandshake));
    let Some(hosted) = served else {
        return start.io.write_all(&fatal(shared.assumed.sni_alert)).await;
    };
    let stream = timeout(PATIENCE, start.into_stream(hosted.tls)).await??;
    let version = stream.get_ref().1.protocol_version().map(|version| format!("{version:?}"));
    let connection = Connection { number, sni, tls: version.unwrap_or_default() };
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new());
    let service = service_fn(move |request| respond(request, connection.clone(), Arc::clone(&shared)));
    builder.serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
}

/// A record with a fatal alert, before any key was agreed on (RFC 8446 §6).
const fn fatal(alert: u8) -> [u8; 7] {
    [21, 3, 3, 0, 2, 2, alert]
}

fn plain_http() -> String {
    let body = "<html>\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>\n";
    let length = body.len();
    format!(
        "HTTP/1.1 400 Bad Request\r\nServer: cloudflare\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

async fn respond(
    request: http::Request<Incoming>,
    connection: Connection,
    shared: Arc<Shared>,
) -> Result<Answer, io::Error> {
    let (parts, body) = request.into_parts();
    let host = host_of(&parts);
    let hosted = shared.registry.get(&host);
    let number = shared.answers.fetch_add(1, Ordering::Relaxed);
    let mut note = noted(&parts, &host, hosted.as_ref(), &connection);
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        shared.journal.add(note);
        return Ok(pages::from_edge(pages::edge_page(413, "Payload Too Large"), number));
    };
    let body = body.to_bytes();
    note.body = body.len();
    let refused = refusal(&parts.headers, &host, &connection.sni, hosted.as_ref(), &shared.assumed);
    let answered = match (refused, &hosted) {
        (Some(refused), _) => Ok(pages::from_edge(pages::refused(refused, &shared.assumed), number)),
        (None, Some(hosted)) => faulty_or(&parts, &body, hosted, &shared.assumed, number).await,
        (None, None) => Ok(pages::from_edge(pages::edge_page(404, "Not Found"), number)),
    };
    note.status = answered.as_ref().ok().map(|answer| answer.status().as_u16());
    shared.journal.add(note);
    answered
}

/// What the host's fault makes of it, else what the application answers.
async fn faulty_or(
    parts: &Parts,
    body: &[u8],
    hosted: &Hosted,
    assumed: &Assumptions,
    number: u64,
) -> Result<Answer, io::Error> {
    let edge = |answer| Ok(pages::from_edge(answer, number));
    let application = |answer| edge(pages::from_application(answer, number));
    match &hosted.fault {
        Some(Fault::Edge(status)) => return edge(pages::edge_page(*status, "Error")),
        Some(Fault::Application(status)) => {
            return application(pages::json(*status, &json!({ "statusCode": status, "message": "Oops" })));
        }
        Some(Fault::Challenge) => return edge(pages::challenge()),
        Some(Fault::BlockPage) => return application(pages::block_page()),
        Some(Fault::Html) => return application(pages::html(200, "<html><h1>Hello</h1></html>\n")),
        Some(Fault::RateLimited(seconds)) => return application(rate_limited(*seconds)),
        Some(Fault::Says(status, body)) => return application(careless(*status, body)),
        Some(Fault::Gone) => {
            let (status, number) = assumed.gone;
            return edge(pages::cloudflare(status, number, "CNAME Cross-User Banned"));
        }
        Some(Fault::Slow(time)) => tokio::time::sleep(*time).await,
        Some(Fault::Silent) => std::future::pending().await,
        Some(Fault::Cut) => return Err(io::ErrorKind::ConnectionAborted.into()),
        _ => {}
    }
    let asked = Asked {
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body,
    };
    application(answer(&asked, hosted, assumed).map_err(io::Error::other)?)
}

/// An answer with everything in its header that should not be kept anywhere.
fn careless(status: u16, body: &str) -> Answer {
    let answer = pages::new(status, "application/json; charset=utf-8", body.to_owned());
    let answer = pages::with(answer, "set-cookie", "did=planted-cookie; Path=/; HttpOnly; Secure; SameSite=None");
    let answer = pages::with(answer, "authorization", "Bearer planted-bearer");
    pages::with(answer, "location", "https://login.example.com/callback?code=planted-code&state=planted-token")
}

fn rate_limited(seconds: u32) -> Answer {
    let message =
        "Too many requests. Check the X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset headers.";
    let body = json!({ "statusCode": 429, "error": "Too Many Requests", "message": message });
    let answer = pages::with(pages::json(429, &body), "retry-after", &seconds.to_string());
    pages::with(pages::with(answer, "x-ratelimit-limit", "20"), "x-ratelimit-remaining", "0")
}

fn host_of(parts: &Parts) -> String {
    let authority = parts.uri.host().or_else(|| parts.headers.get(HOST)?.to_str().ok()).unwrap_or_default();
    authority.split(':').next().unwrap_or_default().to_ascii_lowercase()
}

fn noted(parts: &Parts, host: &str, hosted: Option<&Hosted>, connection: &Connection) -> Request {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let target = parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |target| target.as_str());
    Request {
        connection: connection.number,
        sni: connection.sni.clone(),
        tls: connection.tls.clone(),
        http: format!("{:?}", parts.version),
        method: parts.method.to_string(),
        host: host.to_owned(),
        target: target.to_owned(),
        headers: parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: 0,
        client: client(&parts.headers, hosted),
        status: None,
    }
}
