//! [`Session`]: requests one after the other over a connection that stands. Nothing is followed, and nothing secret is
//! sent but over a connection that was [`Verified`].

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ACCEPT, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio_util::task::AbortOnDropHandle;

use super::bounded::Bounded;
use super::gate::Verified;
use super::settings::ApiKey;
use super::tls::Line;
use super::wire::{self, Question};
use crate::domain::DomainName;
use crate::observation::{Code, Failure};

/// The documents asked for have some 4 KiB; what is longer is read no further.
const MAX_BODY: usize = 256 * 1024;
/// What a server may send us ahead of our reading it, by stream and by connection: a document has room in it, and a
/// hostile one cannot fill our memory, connection by connection.
const WINDOW: u32 = 256 * 1024;
/// Everything that a server may send us over one connection, heads and frames and chunks and what else surrounds bodies,
/// in bytes.
pub(super) const MAX_EXCHANGE: usize = 512 * 1024;
/// A head of HTTP/1.1 has fewer bytes; servers and proxies that we know write none beyond 32 KiB.
pub(super) const MAX_HEAD: usize = 64 * 1024;
/// Stands for the address of a peer that is gone.
const UNKNOWN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
/// By which Auth0's edge knows the proxy of a custom domain (Auth0, "Custom Domains with Self-Managed Certificates").
const KEY: HeaderName = HeaderName::from_static("cname-api-key");

/// A connection that takes requests; it ends with this value.
pub(super) struct Session<'a> {
    sender: Sender,
    address: SocketAddr,
    host: &'a DomainName,
    agent: String,
    connection: Connection,
}

/// What drives a connection.
#[derive(Default)]
enum Connection {
    /// HTTP/2, in a task of its own: hyper puts an answer in the way of whoever asked only while this runs, and a server
    /// may answer and say farewell in one breath.
    Apart(AbortOnDropHandle<Result<(), hyper::Error>>),
    /// HTTP/1.1, within the requests: there is nothing for it to do between them, and to wake another thread costs more
    /// than a request.
    Within(Pin<Box<dyn Future<Output = Result<(), hyper::Error>> + Send>>),
    /// It ended, and perhaps said why.
    Ended(Option<hyper::Error>),
    /// It was asked why, or never was.
    #[default]
    Gone,
}

impl Connection {
    /// Does this work while the connection is driven.
    async fn drive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(done);
            }
            // What the connection has brought is there at once, and so is what it ended for.
            self.poll(cx);
            work.as_mut().poll(cx)
        })
        .await
    }

    /// Lets it do what there is to do now.
    async fn turn(&mut self) {
        poll_fn(|cx| {
            self.poll(cx);
            Poll::Ready(())
        })
        .await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Self::Within(connection) = self
            && let Poll::Ready(ended) = connection.as_mut().poll(cx)
        {
            *self = Self::Ended(ended.err());
        }
    }

    /// Why it ended; waits for its end.
    async fn end(&mut self) -> Option<hyper::Error> {
        match std::mem::take(self) {
            Self::Apart(connection) => connection.await.ok().and_then(Result::err),
            Self::Within(connection) => connection.await.err(),
            Self::Ended(error) => error,
            Self::Gone => None,
        }
    }
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
    /// Nobody is asked.
    Recorded,
}

/// A complete answer; of a long body its beginning.
pub(super) struct Answer {
    pub(super) head: http::response::Parts,
    pub(super) body: Vec<u8>,
}

/// A request that is more than a GET.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) headers: Vec<(HeaderName, &'a str)>,
    pub(super) body: &'static str,
}

impl<'a> Session<'a> {
    /// Takes the connection over, in the version of HTTP that was negotiated, to ask this host.
    pub(super) async fn open(line: Line, host: &'a DomainName, contact: Option<&str>) -> Result<Self, HttpError> {
        let agent = user_agent(contact);
        let stream = match line {
            Line::Open(stream) => *stream,
            Line::Recorded(address) => {
                return Ok(Self { sender: Sender::Recorded, address, host, agent, connection: Connection::Gone });
            }
        };
        // Of a connection that is gone again nothing more will come; the first request tells.
        let address = stream.get_ref().0.peer_addr().unwrap_or(UNKNOWN);
        let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let io = TokioIo::new(Bounded::new(stream, MAX_EXCHANGE));
        let (sender, connection) = if is_h2 {
            let (sender, connection) = http2().handshake(io).await?;
            (Sender::Http2(sender), Connection::Apart(AbortOnDropHandle::new(tokio::spawn(connection))))
        } else {
            let mut builder = http1::Builder::new();
            let (sender, connection) = builder.max_headers(128).max_buf_size(MAX_HEAD).handshake(io).await?;
            (Sender::Http1(sender), Connection::Within(Box::pin(connection)))
        };
        Ok(Self { sender, address, host, agent, connection })
    }

    /// Whom it asks.
    pub(super) const fn host(&self) -> &'a DomainName {
        self.host
    }

    /// One GET, as a stranger makes it.
    pub(super) async fn get(&mut self, path: &str) -> Result<Answer, HttpError> {
        let request = self.request(path);
        self.exchange(request).await
    }

    /// One GET with the proxy's key, to a peer that has shown who it is. Whether the key could be sent: it may hold what
    /// no header can.
    pub(super) async fn get_with_key(
        &mut self,
        path: &str,
        key: &ApiKey,
        _to: &Verified,
    ) -> Result<(Answer, bool), HttpError> {
        let mut request = self.request(path);
        let value = HeaderValue::from_bytes(key.expose().as_bytes());
        let sent = value.is_ok();
        if let Ok(mut value) = value {
            value.set_sensitive(true);
            request.headers_mut().insert(KEY, value);
        }
        Ok((self.exchange(request).await?, sent))
    }

    /// One request with a method, fields and a body of its own; nothing secret.
    pub(super) async fn send(&mut self, ask: Ask<'_>) -> Result<Answer, HttpError> {
        let mut request = self.request(ask.path);
        *request.method_mut() = ask.method;
        for (name, value) in ask.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                request.headers_mut().append(name, value);
            }
        }
        *request.body_mut() = Full::new(Bytes::from_static(ask.body.as_bytes()));
        self.exchange(request).await
    }

    /// Whether another request may follow: a server may end the connection after any answer.
    pub(super) async fn is_open(&mut self) -> bool {
        let (address, host) = (self.address, self.host);
        wire::is_open(address, host.as_str(), self.is_ready()).await
    }

    async fn is_ready(&mut self) -> bool {
        // That the server has ended it may be there to be read already.
        self.connection.turn().await;
        match &mut self.sender {
            Sender::Http1(sender) => self.connection.drive(sender.ready()).await.is_ok(),
            Sender::Http2(sender) => self.connection.drive(sender.ready()).await.is_ok(),
            Sender::Recorded => false,
        }
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, HttpError> {
        let (host, method, target) = (self.host, request.method().to_string(), target(request.uri()).to_owned());
        let question = Question {
            address: self.address,
            host: host.as_str(),
            method: &method,
            target: &target,
            with_key: request.headers().contains_key(KEY),
        };
        wire::exchange(question, self.send_request(request)).await
    }

    async fn send_request(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, HttpError> {
        let sent = match &mut self.sender {
            Sender::Http1(sender) => self.connection.drive(sender.send_request(request)).await,
            Sender::Http2(sender) => self.connection.drive(sender.send_request(request)).await,
            // Whatever is asked here was answered before it came to this.
            Sender::Recorded => return Err(HttpError::gone()),
        };
        let response = match sent {
            Ok(response) => response,
            Err(error) => return Err(self.cause(error).await.into()),
        };
        let (head, body) = Response::into_parts(response);
        Ok(Answer { head, body: self.connection.drive(read_up_to(body, MAX_BODY)).await? })
    }

    /// Of a request that was not sent because the connection had ended, why that had ended: the connection itself knows.
    async fn cause(&mut self, error: hyper::Error) -> hyper::Error {
        if error.is_canceled() || error.is_closed() { self.connection.end().await.unwrap_or(error) } else { error }
    }

    fn request(&self, path: &str) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::default());
        let is_h2 = matches!(self.sender, Sender::Http2(_));
        let uri = if is_h2 { format!("https://{}{path}", self.host) } else { path.to_owned() };
        *request.uri_mut() = uri.parse().unwrap_or_else(|_| Uri::from_static("/"));
        let headers = request.headers_mut();
        for (header, value) in [(USER_AGENT, self.agent.as_str()), (ACCEPT, "application/json")] {
            if let Ok(value) = value.parse() {
                headers.insert(header, value);
            }
        }
        if let Some(host) = self.host.as_str().parse().ok().filter(|_| !is_h2) {
            headers.insert(HOST, host);
        }
        request
    }
}

fn target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |target| target.as_str())
}

fn http2() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
    builder
}

/// What we call ourselves, and whom to ask about us.
pub(super) fn user_agent(contact: Option<&str>) -> String {
    let contact = contact.map(|contact| format!(" ({contact})")).unwrap_or_default();
    format!("notafter/{}{contact}", env!("CARGO_PKG_VERSION"))
}

pub(super) async fn read_up_to(mut body: Incoming, most: usize) -> Result<Vec<u8>, hyper::Error> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            read.extend_from_slice(&data[..data.len().min(most - read.len())]);
        }
        if read.len() >= most {
            break;
        }
    }
    Ok(read)
}

/// Why no complete answer came.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// The exchange failed.
    #[error(transparent)]
    Hyper(#[from] hyper::Error),
    /// It failed when it was recorded.
    #[error("{}", failure.detail)]
    Recorded {
        /// How.
        failure: Failure,
        /// Whether the connection was closed before an answer began.
        closed: bool,
    },
}

impl HttpError {
    /// There is no connection.
    pub(super) fn gone() -> Self {
        Self::Recorded { failure: Failure::new(Code::HttpBroken, "there is no connection"), closed: true }
    }

    /// Whether the connection was closed before an answer began, as a server may do between two requests.
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Hyper(error) => error.is_canceled() || error.is_closed() || error.is_incomplete_message(),
            Self::Recorded { closed, .. } => *closed,
        }
    }
}

/// hyper says what failed, its source why.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn a_server_may_send_no_more_than_a_window_ahead() {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        let client = http2().handshake::<_, Full<Bytes>>(TokioIo::new(ours));
        let (_sender, connection) = client.await.unwrap();
        let _driver = AbortOnDropHandle::new(tokio::spawn(async move {
            let _ = connection.await;
        }));
        // RFC 9113 §3.4: the preface, then SETTINGS.
        let mut preface = [0; 24];
        theirs.read_exact(&mut preface).await.unwrap();
        let (kind, settings) = frame(&mut theirs).await;
        assert_eq!(kind, 4, "SETTINGS");
        let initial_window = settings.chunks(6).find(|setting| setting[..2] == [0, 4]).unwrap();
        assert_eq!(initial_window[2..], WINDOW.to_be_bytes());
        let (kind, increment) = frame(&mut theirs).await;
        assert_eq!((kind, &increment[..]), (8, &(WINDOW - 65_535).to_be_bytes()[..]), "WINDOW_UPDATE");
    }

    /// The next frame's type and payload (RFC 9113 §4.1).
    async fn frame(stream: &mut tokio::io::DuplexStream) -> (u8, Vec<u8>) {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await.unwrap();
        let mut payload = vec![0; u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize];
        stream.read_exact(&mut payload).await.unwrap();
        (header[3], payload)
    }
}
