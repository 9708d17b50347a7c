//! [`Management`]: a tenant's Management API on loopback, as far as a watchdog may use it. It lists what it is given, page
//! by page, to whoever holds a token of its own; it keeps account of everything it was asked; and it refuses as told.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::ca::{Issued, LabError};
use super::listen::{ANY, serve};

/// A handshake that takes longer is nobody's.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a request's body that are read.
const MAX_BODY: usize = 1 << 16;

/// A running API; dropping it ends it.
#[derive(Debug)]
pub struct Management {
    address: SocketAddr,
    tenant: Shared,
    _tasks: JoinSet<io::Result<()>>,
}

type Shared = Arc<Mutex<Tenant>>;

#[derive(Debug)]
struct Tenant {
    secret: String,
    domains: Vec<Value>,
    logs: Vec<Value>,
    page: usize,
    refusing: Option<Refusing>,
    tokens: usize,
    asked: Vec<String>,
}

/// How the API refuses.
#[derive(Debug, Clone)]
pub struct Refusing {
    /// Only what begins so: `/oauth/token`, `/api/v2/`.
    pub below: &'static str,
    /// The status.
    pub status: u16,
    /// The kind of content.
    pub content_type: &'static str,
    /// The content.
    pub body: String,
}

impl Management {
    /// Starts one that shows this identity and gives tokens for this client secret. It lists nothing yet.
    pub async fn start(identity: &Issued, secret: &str) -> Result<Self, LabError> {
        let listener = TcpListener::bind(ANY).await?;
        let address = listener.local_addr()?;
        let tenant = Tenant {
            secret: secret.to_owned(),
            domains: Vec::new(),
            logs: Vec::new(),
            page: usize::MAX,
            refusing: None,
            tokens: 0,
            asked: Vec::new(),
        };
        let tenant = Arc::new(Mutex::new(tenant));
        let (acceptor, known) = (acceptor(identity)?, Arc::clone(&tenant));
        let tasks = serve(listener, move |stream| talk(stream, acceptor.clone(), Arc::clone(&known)));
        Ok(Self { address, tenant, _tasks: tasks })
    }

    /// Where it answers.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it lists these, so many a page.
    pub fn list(&self, domains: Vec<Value>, page: usize) {
        let mut tenant = lock(&self.tenant);
        (tenant.domains, tenant.page) = (domains, page.max(1));
    }

    /// From now on these are its log's entries.
    pub fn log(&self, entries: Vec<Value>) {
        lock(&self.tenant).logs = entries;
    }

    /// From now on it refuses so, or no longer.
    pub fn refuse(&self, refusing: Option<Refusing>) {
        lock(&self.tenant).refusing = refusing;
    }

    /// From now on no token given so far is good.
    pub fn revoke_tokens(&self) {
        lock(&self.tenant).tokens += 1;
    }

    /// Everything it was asked so far: method, path and query.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.tenant).asked.clone()
    }
}

/// A custom domain with a self-managed certificate, as the API describes it.
pub fn custom_domain(name: &str, id: &str, status: &str, origin: Option<&str>) -> Value {
    let mut domain = json!({
        "custom_domain_id": id,
        "domain": name,
        "primary": false,
        "status": status,
        "type": "self_managed_certs",
        "verification": { "methods": [{ "name": "TXT", "record": "f7a51f40-0b47-40a5-89de-1f31bfef20af",
            "domain": format!("_cf-custom-hostname.{name}") }] },
        "custom_client_ip_header": null,
        "created_at": "2026-01-27T13:59:53.172Z",
    });
    if let (Some(origin), Some(fields)) = (origin, domain.as_object_mut()) {
        fields.insert("origin_domain_name".to_owned(), origin.into());
    }
    domain
}

fn lock(tenant: &Shared) -> std::sync::MutexGuard<'_, Tenant> {
    tenant.lock().unwrap_or_else(PoisonError::into_inner)
}

fn acceptor(identity: &Issued) -> Result<TlsAcceptor, LabError> {
    let key = PrivateKeyDer::Pkcs8(identity.key_der().into());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(identity.chain(), key)?)))
}

async fn talk(stream: TcpStream, acceptor: TlsAcceptor, tenant: Shared) -> io::Result<()> {
    let stream = timeout(PATIENCE, acceptor.accept(stream)).await??;
    let service = service_fn(move |request| {
        let tenant = Arc::clone(&tenant);
        async move { Ok::<_, Infallible>(respond(request, &tenant).await) }
    });
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
}

async fn respond(request: Request<Incoming>, tenant: &Shared) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut tenant = lock(tenant);
    tenant.asked.push(format!("{} {target}", head.method));
    if let Some(refusing) = tenant.refusing.as_ref().filter(|refusing| target.starts_with(refusing.below)) {
        return refused(refusing);
    }
    match (&head.method, head.uri.path()) {
        (&Method::POST, "/oauth/token") => tenant.give_token(&body),
        (&Method::GET, _) if !tenant.knows(head.headers.get(AUTHORIZATION)) => {
            answer(StatusCode::UNAUTHORIZED, &error(401, "Unauthorized", "Invalid token"))
        }
        (&Method::GET, "/api/v2/custom-domains") => tenant.list(head.uri.query().unwrap_or_default()),
        (&Method::GET, "/api/v2/logs") => answer(StatusCode::OK, &Value::Array(tenant.logs.clone())),
        _ => answer(StatusCode::NOT_FOUND, &error(404, "Not Found", "")),
    }
}

impl Tenant {
    fn give_token(&mut self, body: &[u8]) -> Response<Full<Bytes>> {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        if asked["client_secret"] != self.secret || asked["grant_type"] != "client_credentials" {
            return answer(
                StatusCode::UNAUTHORIZED,
                &json!({ "error": "access_denied", "error_description": "Unauthorized" }),
            );
        }
        self.tokens += 1;
        let token = json!({ "access_token": self.token(), "scope": "read:custom_domains", "expires_in": 86_400,
            "token_type": "Bearer" });
        answer(StatusCode::OK, &token)
    }

    fn token(&self) -> String {
        format!("lab-token-{}", self.tokens)
    }

    fn knows(&self, bearer: Option<&HeaderValue>) -> bool {
        bearer.is_some_and(|bearer| bearer == &format!("Bearer {}", self.token()))
    }

    /// With `take` an object with a page of the list, without it the whole as an array.
    fn list(&self, query: &str) -> Response<Full<Bytes>> {
        let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        if parameter("take").is_none() {
            return answer(StatusCode::OK, &Value::Array(self.domains.clone()));
        }
        let from = parameter("from").and_then(|from| from.parse().ok()).unwrap_or(0).min(self.domains.len());
        let until = from.saturating_add(self.page).min(self.domains.len());
        let mut page = json!({ "custom_domains": self.domains.get(from..until).unwrap_or_default() });
        if until < self.domains.len() {
            page["next"] = until.to_string().into();
        }
        answer(StatusCode::OK, &page)
    }
}

fn error(status: u16, error: &str, message: &str) -> Value {
    json!({ "statusCode": status, "error": error, "message": message })
}

fn answer(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    response(status, "application/json; charset=utf-8", body.to_string())
}

fn refused(refusing: &Refusing) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(refusing.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = response(status, refusing.content_type, refusing.body.clone());
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("900"));
    }
    response
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
