//! [`Wire`]: one HTTPS exchange with the API, on a connection of its own. What is asked is sent only once the server's
//! chain, name and dates have verified; redirects are answers like any other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::trust::TrustStore;

/// One exchange, from looking up the name to the last byte.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of an answer that are read at most: hundreds of domains with all their fields.
const MAX_BODY: usize = 4 << 20;

/// How servers are reached and verified.
pub(super) struct Wire {
    host: String,
    port: u16,
    /// Connect here instead of where the name leads.
    at: Vec<SocketAddr>,
    /// What stands before each target: a path below which the API lies, usually nothing.
    prefix: String,
    name: ServerName<'static>,
    tls: TlsConnector,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Wire {
    /// To the server that this base names, which is to verify by these roots.
    pub(super) fn new(base: &str, trust: &TrustStore) -> Result<Self, String> {
        let uri: Uri = base.parse().map_err(|error| format!("`{base}`: {error}"))?;
        if uri.scheme_str() != Some("https") {
            return Err(format!("`{base}` is not `https://`: the secret would be sent in the clear"));
        }
        let host = uri.host().ok_or_else(|| format!("`{base}` names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|error| format!("`{base}`: {error}"))?;
        let roots = RootCertStore { roots: trust.anchors().to_vec() };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (port, prefix) = (uri.port_u16().unwrap_or(443), uri.path().trim_end_matches('/').to_owned());
        Ok(Self { host, port, at: Vec::new(), prefix, name, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// The same, but connecting here; nowhere in particular if there is no address.
    pub(super) fn at(self, addresses: &[SocketAddr]) -> Self {
        Self { at: addresses.to_vec(), ..self }
    }

    /// Asks, and reads the whole answer. `request` carries only the target. The error says, for people, what happened.
    pub(super) async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let late = |_| format!("no whole answer within {} s", PATIENCE.as_secs());
        tokio::time::timeout(PATIENCE, self.ask(request)).await.map_err(late)?
    }

    async fn ask(&self, mut request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let shown = |what: &str, error: &dyn std::fmt::Display| format!("{what} {}:{}: {error}", self.host, self.port);
        let stream = match self.at.as_slice() {
            [] => TcpStream::connect((self.host.as_str(), self.port)).await,
            addresses => TcpStream::connect(addresses).await,
        };
        let stream = stream.map_err(|error| shown("cannot connect to", &error))?;
        let stream = self.tls.connect(self.name.clone(), stream).await;
        let stream = TokioIo::new(stream.map_err(|error| shown("no TLS with", &error))?);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(stream).await.map_err(|error| shown("no HTTP with", &error))?;
        let authority = if self.port == 443 { self.host.clone() } else { format!("{}:{}", self.host, self.port) };
        let target = format!("{}{}", self.prefix, request.uri());
        *request.uri_mut() = target.parse().map_err(|error| format!("`{target}`: {error}"))?;
        let host = authority.parse().map_err(|_| format!("`{authority}` cannot be a Host"))?;
        request.headers_mut().insert(header::HOST, host);
        // The connection ends with the exchange, whichever of the two ends first.
        let answer = async {
            let response = sender.send_request(request).await.map_err(|error| shown("no answer from", &error))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, MAX_BODY).collect().await;
            let body = body.map_err(|error| shown("no whole answer from", &error))?.to_bytes();
            Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
        };
        tokio::pin!(answer);
        tokio::select! {
            answer = &mut answer => answer,
            _ = connection => answer.await,
        }
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wire({}:{})", self.host, self.port)
    }
}
