//! [`Poster`]: posts to one URL that the operator names, or gets it, each time on a connection of its own. What is posted
//! goes out only once the server's chain, name and dates have verified; a redirect is an answer like any other.
//!
//! Neither an answer nor an error shows what may be secret: the URL beyond its host and port, the headers that every
//! post has, and what [`Target::hide`] names.

mod answer;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, HeaderName, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::plain;

pub use answer::Answer;

/// So much of an answer is read at most, in bytes, and for so long after its head has come: it only explains.
const MAX_BODY: usize = 4096;
const BODY_PATIENCE: Duration = Duration::from_secs(2);
/// So many characters of what went wrong are passed on.
const LONGEST: usize = 300;

/// Where is posted to, and how.
#[derive(Debug, Clone)]
pub struct Target {
    /// The URL, `http://` or `https://`; its path and query may be a secret.
    pub url: SecretString,
    /// A PEM file with the roots the server is checked against, instead of the system's.
    pub roots: Option<PathBuf>,
    /// Headers of every post, for instance `Authorization`; their values are secrets.
    pub headers: Vec<(HeaderName, SecretString)>,
    /// What else must never be shown, should the server repeat it: a password that a header holds in base64.
    pub hide: Vec<SecretString>,
    /// From looking up the name to the head of the answer.
    pub timeout: Duration,
}

impl Target {
    /// The URL, by the system's roots, without headers, in 10 s.
    pub fn new(url: SecretString) -> Self {
        Self { url, roots: None, headers: Vec::new(), hide: Vec::new(), timeout: Duration::from_secs(10) }
    }
}

/// Posts to one URL.
pub struct Poster {
    uri: Uri,
    host: String,
    port: u16,
    /// None for `http://`.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    headers: HeaderMap,
    hide: Vec<String>,
    timeout: Duration,
}

/// Why nothing can be posted to a target.
#[derive(Debug, thiserror::Error)]
pub enum PosterError {
    /// The URL is none, or not one we can post to. It is not shown: it may be a secret.
    #[error("the URL cannot be posted to: {0}")]
    Url(&'static str),
    /// A header's value cannot be one.
    #[error("the header {0} has characters that no header may have")]
    Header(HeaderName),
    /// The roots cannot be read.
    #[error("the roots in {path} cannot be read: {reason}")]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No TLS can be set up.
    #[error("no TLS is possible: {0}")]
    Tls(String),
}

/// Why there is no answer to a post. `at` is the server's host and port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// No connection; the server knows nothing of the post.
    #[error("{at}: no connection: {reason}")]
    Connect {
        /// The server.
        at: String,
        /// What the system said.
        reason: String,
    },
    /// No TLS, or none that verifies; the server knows nothing of the post.
    #[error("{at}: no TLS: {reason}")]
    Tls {
        /// The server.
        at: String,
        /// What is wrong.
        reason: String,
    },
    /// The connection ended without an answer, or with one that is no HTTP. The server may have taken the post.
    #[error("{at}: no answer: {reason}")]
    Cut {
        /// The server.
        at: String,
        /// What happened.
        reason: String,
    },
    /// No answer in time. The server may have taken the post.
    #[error("{at}: no answer within {} s", .after.as_secs_f32())]
    Late {
        /// The server.
        at: String,
        /// How long we waited.
        after: Duration,
    },
}

impl Poster {
    /// A poster to this target. Reads the roots, from the target's own file or from the system; connects to nobody.
    pub fn new(target: &Target) -> Result<Self, PosterError> {
        let uri: Uri = target.url.expose_secret().parse().map_err(|_| PosterError::Url("it is no URL"))?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(PosterError::Url("it is neither http nor https")),
        };
        let host = uri.host().ok_or(PosterError::Url("it names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let tls = if is_https {
            let name = ServerName::try_from(host.clone()).map_err(|_| PosterError::Url("its host is no name"))?;
            Some((tls::connector(target.roots.as_deref())?, name))
        } else {
            None
        };
        let mut headers = HeaderMap::new();
        let mut hide: Vec<String> = target.hide.iter().map(|secret| secret.expose_secret().to_owned()).collect();
        for (name, value) in &target.headers {
            let shown = value.expose_secret();
            let mut value = HeaderValue::from_str(shown).map_err(|_| PosterError::Header(name.clone()))?;
            value.set_sensitive(true);
            headers.append(name, value);
            hide.extend(shown.split(' ').skip_while(|part| is_scheme(part)).map(str::to_owned));
        }
        hide.extend(uri.path_and_query().map(|path| path.as_str().to_owned()).filter(|path| path.len() > 1));
        hide.retain(|secret| !secret.is_empty());
        Ok(Self { uri, host, port, tls, headers, hide, timeout: target.timeout })
    }

    /// The server: its host and port, which are no secret.
    pub fn at(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Posts the body with these headers besides those of every post. Any status is an answer.
    pub async fn post(&self, body: Bytes, headers: &HeaderMap) -> Result<Answer, PostError> {
        self.post_below("", body, headers).await
    }

    /// The same, with this appended to the URL's path.
    pub async fn post_below(&self, below: &str, body: Bytes, headers: &HeaderMap) -> Result<Answer, PostError> {
        self.ask((Method::POST, below, body), headers).await
    }

    /// Gets the URL. Any status is an answer.
    pub async fn get(&self) -> Result<Answer, PostError> {
        self.ask((Method::GET, "", Bytes::new()), &HeaderMap::new()).await
    }

    async fn ask(&self, what: (Method, &str, Bytes), headers: &HeaderMap) -> Result<Answer, PostError> {
        let until = Instant::now() + self.timeout;
        let late = |_| PostError::Late { at: self.at(), after: self.timeout };
        let connect = TcpStream::connect((self.host.as_str(), self.port));
        let tcp = timeout_at(until, connect).await.map_err(late)?;
        let tcp = tcp.map_err(|error| PostError::Connect { at: self.at(), reason: self.safe(&error.to_string()) })?;
        let Some((connector, name)) = &self.tls else { return self.exchange(tcp, what, headers, until).await };
        let stream = timeout_at(until, connector.connect(name.clone(), tcp)).await.map_err(late)?;
        let stream = stream.map_err(|error| PostError::Tls { at: self.at(), reason: self.safe(&error.to_string()) })?;
        self.exchange(stream, what, headers, until).await
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        what: (Method, &str, Bytes),
        headers: &HeaderMap,
        until: Instant,
    ) -> Result<Answer, PostError> {
        let cut = |error: &dyn fmt::Display| PostError::Cut { at: self.at(), reason: self.safe(&error.to_string()) };
        let late = |_| PostError::Late { at: self.at(), after: self.timeout };
        let handshake = timeout_at(until, http1::handshake(TokioIo::new(stream))).await.map_err(late)?;
        let (mut sender, connection) = handshake.map_err(|error| cut(&error))?;
        // However this ends, be it that nobody waits any longer, the connection ends with it.
        let _driver = AbortOnDropHandle::new(tokio::spawn(connection));
        let request = self.request(what, headers).map_err(|error| cut(&error))?;
        let response = timeout_at(until, sender.send_request(request)).await.map_err(late)?;
        let (parts, body) = response.map_err(|error| cut(&error))?.into_parts();
        let text = head(body).await;
        Ok(Answer::read(&parts, self.safe(&String::from_utf8_lossy(&text))))
    }

    fn request(
        &self,
        (method, below, body): (Method, &str, Bytes),
        headers: &HeaderMap,
    ) -> http::Result<Request<Full<Bytes>>> {
        let path = match below {
            "" => self.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            below => format!("{}{below}", self.uri.path().trim_end_matches('/')),
        };
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, authority)
            .header(USER_AGENT, concat!("notafter/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))?;
        request.headers_mut().extend(self.headers.clone());
        request.headers_mut().extend(headers.clone());
        Ok(request)
    }

    /// A server's words without our secrets, on one line, bounded.
    fn safe(&self, text: &str) -> String {
        let text = self.hide.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"));
        plain::line(&text, LONGEST)
    }
}

impl fmt::Debug for Poster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poster").field("at", &self.at()).field("tls", &self.tls.is_some()).finish_non_exhaustive()
    }
}

/// The scheme of an `Authorization` (RFC 9110 §11.4) is no secret.
fn is_scheme(word: &str) -> bool {
    ["Basic", "Bearer"].iter().any(|scheme| scheme.eq_ignore_ascii_case(word))
}

/// The first bytes of an answer's body. That it is cut, slow or endless takes nothing from the status.
async fn head(mut body: Incoming) -> Vec<u8> {
    let mut text = Vec::new();
    let until = Instant::now() + BODY_PATIENCE;
    while text.len() < MAX_BODY
        && let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await
    {
        text.extend_from_slice(frame.data_ref().map_or(&[][..], Bytes::as_ref));
    }
    text.truncate(MAX_BODY);
    text
}
