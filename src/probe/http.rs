//! One request over a connection that stands: the discovery document, asked through the proxy as a customer's
//! SDK asks it. Nothing is followed, nothing is sent that a stranger might not see.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{ACCEPT, HOST, HeaderName, USER_AGENT};
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::client::TlsStream;
use tokio_util::task::AbortOnDropHandle;

use super::Settings;
use super::bounded::Bounded;
use super::sockets::is_caused_by_shortage;
use crate::domain::DomainName;
use crate::observation::{AnswerHeaders, Auth0Observation, Code, Failure, bounded};

/// OpenID Connect Discovery 1.0 §4.
const DISCOVERY: &str = "/.well-known/openid-configuration";
/// A discovery document has some 4 KiB; what is longer is read no further.
const MAX_BODY: usize = 256 * 1024;
/// What a server may send us ahead of our reading it, by stream and by connection: a document has room in it, and a
/// hostile one cannot fill our memory, connection by connection.
const WINDOW: u32 = 256 * 1024;
/// Everything that a server may send us over one request, heads and frames and chunks and what else surrounds a body, in
/// bytes.
const MAX_EXCHANGE: usize = 512 * 1024;
/// A head of HTTP/1.1 has fewer bytes; servers and proxies that we know write none beyond 32 KiB.
const MAX_HEAD: usize = 64 * 1024;
/// Bytes of a body that are read for its excerpt.
const EXCERPT_FROM: usize = 4 * 1024;
/// Characters kept of a header.
const MAX_HEADER: usize = 200;
/// Characters kept of an issuer.
const MAX_ISSUER: usize = 300;
/// Characters kept of a body that is no JSON.
const MAX_EXCERPT: usize = 200;

/// Asks for the discovery document over the connection of this address. `None` if it is we who could not.
pub(super) async fn observe(
    stream: TlsStream<TcpStream>,
    address: SocketAddr,
    name: &DomainName,
    settings: &Settings,
    deadline: Instant,
) -> Option<Auth0Observation> {
    let mut observation = Auth0Observation::new(address);
    let started = Instant::now();
    match timeout_at(deadline, exchange(stream, name, settings)).await {
        Ok(Ok((response, body))) => {
            observation.status = Some(response.status.as_u16());
            observation.http_version = Some(format!("{:?}", response.version));
            observation.headers = answer_headers(&response.headers);
            read_body(&body, settings, &mut observation);
        }
        Ok(Err(error)) if is_caused_by_shortage(&error) => return None,
        Ok(Err(error)) => {
            let detail = format!("the connection broke before a complete answer: {}", causes(&error));
            observation.failure = Some(Failure::new(Code::HttpBroken, detail));
        }
        Err(_) => {
            let detail = "no complete answer to the request before the deadline";
            observation.failure = Some(Failure::new(Code::HttpTimeout, detail));
        }
    }
    observation.elapsed_ms = Some(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
    Some(observation)
}

async fn exchange(
    stream: TlsStream<TcpStream>,
    name: &DomainName,
    settings: &Settings,
) -> Result<(http::response::Parts, Vec<u8>), hyper::Error> {
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let path = format!("{DISCOVERY}?notafter={}", nonce());
    let io = TokioIo::new(Bounded::new(stream, MAX_EXCHANGE));
    let (response, _connection) = if is_h2 {
        let uri = format!("https://{name}{path}");
        let (mut sender, connection) = http2().handshake(io).await?;
        let guard = AbortOnDropHandle::new(tokio::spawn(async move {
            let _ = connection.await;
        }));
        (sender.send_request(request(&uri, None, settings)).await?, guard)
    } else {
        let (mut sender, connection) =
            http1::Builder::new().max_headers(128).max_buf_size(MAX_HEAD).handshake(io).await?;
        let guard = AbortOnDropHandle::new(tokio::spawn(async move {
            let _ = connection.await;
        }));
        (sender.send_request(request(&path, Some(name), settings)).await?, guard)
    };
    let (parts, body) = Response::into_parts(response);
    Ok((parts, read_up_to(body, MAX_BODY).await?))
}

fn http2() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
    builder
}

fn request(uri: &str, host: Option<&DomainName>, settings: &Settings) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri.parse().unwrap_or_else(|_| Uri::from_static(DISCOVERY));
    let headers = request.headers_mut();
    let agent = user_agent(settings.contact.as_deref());
    for (header, value) in [(USER_AGENT, agent.as_str()), (ACCEPT, "application/json")] {
        if let Ok(value) = value.parse() {
            headers.insert(header, value);
        }
    }
    if let Some(host) = host.and_then(|host| host.as_str().parse().ok()) {
        headers.insert(HOST, host);
    }
    request
}

/// What we call ourselves, and whom to ask about us.
pub(super) fn user_agent(contact: Option<&str>) -> String {
    let contact = contact.map(|contact| format!(" ({contact})")).unwrap_or_default();
    format!("notafter/{}{contact}", env!("CARGO_PKG_VERSION"))
}

/// A query nobody has asked before, so that no cache answers in Auth0's place.
fn nonce() -> String {
    let mut bytes = [0; 8];
    // Without randomness a constant still asks; a cache may then answer, which `age` and `x-cache` show.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes))
}

async fn read_up_to(mut body: Incoming, most: usize) -> Result<Vec<u8>, hyper::Error> {
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

fn read_body(body: &[u8], settings: &Settings, observation: &mut Auth0Observation) {
    if let Ok(Value::Object(document)) = serde_json::from_slice(body) {
        observation.is_json = true;
        let issuer = document.get("issuer").and_then(Value::as_str);
        observation.issuer = issuer.map(|issuer| bounded(issuer.to_owned(), MAX_ISSUER));
    }
    if observation.status != Some(200) {
        observation.key_marker = settings.key_markers.iter().find(|marker| contains(body, marker)).cloned();
    }
    if observation.status != Some(200) || !observation.is_json {
        let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT_FROM)]);
        let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let words = printable.split_whitespace().collect::<Vec<_>>().join(" ");
        observation.excerpt = Some(bounded(words, MAX_EXCERPT)).filter(|excerpt| !excerpt.is_empty());
    }
}

fn contains(body: &[u8], text: &str) -> bool {
    !text.is_empty() && body.windows(text.len()).any(|window| window == text.as_bytes())
}

fn answer_headers(headers: &HeaderMap) -> AnswerHeaders {
    let get = |name: &'static str| {
        let value = headers.get(HeaderName::from_static(name))?;
        Some(bounded(String::from_utf8_lossy(value.as_bytes()).into_owned(), MAX_HEADER))
    };
    AnswerHeaders {
        content_type: get("content-type"),
        server: get("server"),
        via: get("via"),
        location: get("location"),
        retry_after: get("retry-after"),
        age: get("age"),
        x_cache: get("x-cache"),
        cf_ray: get("cf-ray"),
        cf_mitigated: get("cf-mitigated"),
        auth0_request_id: get("x-auth0-requestid"),
    }
}

/// hyper says what failed, its source why.
pub(super) fn causes(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
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
        let client = http2().handshake::<_, Empty<Bytes>>(TokioIo::new(ours));
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

    #[test]
    fn only_the_beginning_of_a_body_is_read_for_its_excerpt_and_all_of_it_for_the_key() {
        let body = format!("<p>{}Invalid API key", " ".repeat(EXCERPT_FROM));
        let mut observation = Auth0Observation::new("192.0.2.1:443".parse().unwrap());
        observation.status = Some(403);
        read_body(body.as_bytes(), &Settings::default(), &mut observation);
        assert_eq!(observation.excerpt.as_deref(), Some("<p>"));
        assert_eq!(observation.key_marker.as_deref(), Some("Invalid API key"));
    }
}
