//! [`Proxy`]: a customers' reverse proxy on loopback. It shows each host its own certificate, by SNI, and answers for it
//! as Auth0 behind a good proxy would, or as it does when something is wrong.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, SERVER, STRICT_TRANSPORT_SECURITY};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::CertificateDer;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::ca::{Issued, LabError};
use super::edge;
use super::identity::certified;
use super::listen::{ANY, serve};
use crate::domain::DomainName;

/// OpenID Connect Discovery 1.0 §4.
const DISCOVERY: &str = "/.well-known/openid-configuration";
/// Where Auth0 has a tenant's keys.
const KEYS: &str = "/.well-known/jwks.json";
/// A handshake or a request's head that takes longer is nobody's.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running proxy; dropping it ends it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    sites: Sites,
    _tasks: JoinSet<io::Result<()>>,
}

impl Proxy {
    /// Starts a proxy without any host.
    pub async fn start() -> Result<Self, LabError> {
        let listener = TcpListener::bind(ANY).await?;
        let address = listener.local_addr()?;
        let sites = Sites::default();
        let acceptor = acceptor(&sites)?;
        let known = sites.clone();
        let tasks = serve(listener, move |stream| talk(stream, acceptor.clone(), known.clone()));
        Ok(Self { address, sites, _tasks: tasks })
    }

    /// Where it answers.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on this is what the host shows; it may have been there before.
    pub fn put(&self, host: &DomainName, site: Site) {
        self.sites.0.write().unwrap_or_else(PoisonError::into_inner).insert(host.as_str().to_owned(), Arc::new(site));
    }
}

/// What a host shows: its chain, and how it answers.
#[derive(Debug, Clone)]
pub struct Site {
    identity: Arc<CertifiedKey>,
    answer: Answer,
}

impl Site {
    /// A host that sends the leaf with its intermediates.
    pub fn new(issued: &Issued, answer: Answer) -> Result<Self, LabError> {
        Self::presenting(issued, issued.chain(), answer)
    }

    /// A host that has forgotten to send the intermediates.
    pub fn with_leaf_alone(issued: &Issued, answer: Answer) -> Result<Self, LabError> {
        Self::presenting(issued, vec![issued.leaf().clone()], answer)
    }

    fn presenting(issued: &Issued, chain: Vec<CertificateDer<'static>>, answer: Answer) -> Result<Self, LabError> {
        Ok(Self { identity: certified(issued, chain)?, answer })
    }
}

/// How a host answers to the request for the discovery document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// As Auth0 does for the custom domain.
    Discovery,
    /// As Auth0 does for another host, which the proxy names in its stead.
    DiscoveryOf(DomainName),
    /// As Auth0's edge is assumed to do without a good `cname-api-key`; its wording is the one Auth0 has published, in its
    /// guide to Google Cloud load balancers.
    KeyRejected,
    /// With a page of the proxy's own and this status.
    Page(u16),
}

/// The hosts, by name.
#[derive(Clone, Default)]
struct Sites(Arc<RwLock<HashMap<String, Arc<Site>>>>);

impl Sites {
    fn get(&self, host: &str) -> Option<Arc<Site>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }
}

impl fmt::Debug for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sites = self.0.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(sites.keys()).finish()
    }
}

impl ResolvesServerCert for Sites {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.get(hello.server_name()?)?.identity))
    }
}

fn acceptor(sites: &Sites) -> Result<TlsAcceptor, LabError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(sites.clone()));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn talk(stream: TcpStream, acceptor: TlsAcceptor, sites: Sites) -> io::Result<()> {
    let stream = timeout(PATIENCE, acceptor.accept(stream)).await??;
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new());
    let service = service_fn(move |request| {
        let response = respond(&request, &sites);
        async { Ok::<_, Infallible>(response) }
    });
    builder.serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
}

fn respond(request: &Request<Incoming>, sites: &Sites) -> Response<Full<Bytes>> {
    let authority = request.uri().host().or_else(|| request.headers().get(HOST)?.to_str().ok());
    let host = authority.unwrap_or_default().split(':').next().unwrap_or_default();
    match sites.get(host).map(|site| site.answer.clone()) {
        Some(Answer::KeyRejected) => json_response(StatusCode::FORBIDDEN, &json!({ "message": "Invalid API key" })),
        Some(Answer::Page(status)) => page(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)),
        Some(answer) => {
            let issuer = if let Answer::DiscoveryOf(other) = &answer { other.as_str() } else { host };
            let mut response = as_auth0(request, issuer);
            let headers = response.headers_mut();
            headers.insert("x-auth0-requestid", HeaderValue::from_static("0123456789abcdef0123"));
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
            response
        }
        None => page(StatusCode::MISDIRECTED_REQUEST),
    }
}

/// What Auth0 answers as `issuer`. Its one key has signed nothing.
fn as_auth0(request: &Request<Incoming>, issuer: &str) -> Response<Full<Bytes>> {
    let key = json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "lab", "n": "AQAB", "e": "AQAB" });
    match request.uri().path() {
        DISCOVERY => json_response(StatusCode::OK, &edge::discovery(issuer)),
        KEYS => json_response(StatusCode::OK, &json!({ "keys": [key] })),
        edge::FEDERATION => response(StatusCode::OK, "application/xml; charset=utf-8", edge::federation(issuer)),
        "/userinfo" if request.headers().contains_key(AUTHORIZATION) => {
            json_response(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_token" }))
        }
        "/userinfo" => json_response(StatusCode::UNAUTHORIZED, &json!({ "message": "Unauthorized" })),
        _ => page(StatusCode::NOT_FOUND),
    }
}

fn json_response(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    response(status, "application/json; charset=utf-8", body.to_string())
}

fn page(status: StatusCode) -> Response<Full<Bytes>> {
    response(status, "text/html", format!("<html><head><title>{status}</title></head><h1>{status}</h1></html>\n"))
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(SERVER, HeaderValue::from_static("lab"));
    response
}
