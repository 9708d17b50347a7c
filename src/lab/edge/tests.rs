//! What the edge lets through and what it refuses, asked as a proxy asks it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request as HttpRequest};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

const KEY: &str = "a-key-of-the-lab";
const DISCOVERY: &str = "/.well-known/openid-configuration";

struct Scene {
    edge: Edge,
    issuer: Authority,
    registered: Registered,
}

/// What came back: status, header fields, body.
struct Answered(u16, HeaderMap, String);

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.2).unwrap_or_else(|error| panic!("{error}: {}", self.2))
    }

    fn has(&self, name: &str) -> bool {
        self.1.contains_key(name)
    }
}

impl Scene {
    async fn new(assumptions: Assumptions) -> Self {
        let issuer = Authority::root("Lab Root").unwrap();
        let now = UnixTime(jiff::Timestamp::now().as_second());
        let edge = Edge::start(now, assumptions).await.unwrap();
        let name = |text| DomainName::parse(text).unwrap();
        let registered = Registered::new(&name("login.example.com"), &name("example.us.auth0.com"), KEY).unwrap();
        edge.register(&issuer, registered.clone()).unwrap();
        Self { edge, issuer, registered }
    }

    async fn connect(&self, sni: Option<&str>) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.root_certificate().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.enable_sni = sni.is_some();
        let name = sni.unwrap_or(self.registered.origin.as_str()).to_owned();
        let tcp = TcpStream::connect(self.edge.address()).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), tcp).await
    }

    /// A request with these header fields and no others, on a connection with this SNI.
    async fn ask(&self, sni: &str, method: &str, path: &str, fields: &[(&str, &str)]) -> Answered {
        let stream = self.connect(Some(sni)).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let driver = tokio::spawn(connection);
        let mut request = HttpRequest::new(Full::<Bytes>::default());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = path.parse().unwrap();
        for (name, value) in fields {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        }
        let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        driver.abort();
        Answered(parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    /// As a good proxy asks, with more fields.
    async fn ask_well(&self, method: &str, path: &str, more: &[(&str, &str)]) -> Answered {
        let origin = self.registered.origin.as_str();
        let mut fields = vec![("host", origin), ("cname-api-key", KEY)];
        fields.extend(more);
        self.ask(origin, method, path, &fields).await
    }
}

#[tokio::test]
async fn a_good_proxy_gets_the_document_of_the_custom_domain_and_the_canonical_host_its_own() {
    let scene = Scene::new(Assumptions::default()).await;
    let answered = scene.ask_well("GET", DISCOVERY, &[("x-forwarded-for", "192.0.2.7")]).await;
    assert_eq!((answered.0, answered.json()["issuer"].as_str()), (200, Some("https://login.example.com/")));
    assert!(answered.has("x-auth0-requestid") && answered.has("cf-ray"), "{:?}", answered.1);
    let tenant = scene.registered.tenant.as_str();
    let answered = scene.ask(tenant, "GET", DISCOVERY, &[("host", tenant)]).await;
    assert_eq!((answered.0, answered.json()["issuer"].as_str()), (200, Some("https://example.us.auth0.com/")));
    let requests = scene.edge.requests();
    assert_eq!(requests.iter().map(|request| request.status).collect::<Vec<_>>(), [Some(200), Some(200)]);
    assert_eq!(requests[0].client.as_deref(), Some("192.0.2.7"));
    assert_eq!((requests[1].client.as_deref(), requests[1].host.as_str()), (None, tenant));
    assert_eq!(requests[0].values("cname-api-key"), [KEY]);
}

#[tokio::test]
async fn what_the_real_edge_refuses_is_refused_without_a_word_of_the_application() {
    let scene = Scene::new(Assumptions::default()).await;
    let origin = scene.registered.origin.as_str();
    let (host, key) = (("host", origin), ("cname-api-key", KEY));
    let long = "2001:db8::1".repeat(10);
    let large = "c".repeat(17_000);
    for (what, fields, status, said) in [
        ("no key", vec![host], 403, "Invalid API key"),
        ("wrong key", vec![host, ("cname-api-key", "other")], 403, "Invalid API key"),
        ("a key twice", vec![host, key, ("cname-api-key", "other")], 403, "Invalid API key"),
        ("custom domain as host", vec![("host", "login.example.com"), key], 403, "403 Forbidden"),
        ("tenant as host", vec![("host", "example.us.auth0.com"), key], 403, "403 Forbidden"),
        ("cf-connecting-ip", vec![host, key, ("cf-connecting-ip", "192.0.2.7")], 403, "Error 1000"),
        (
            "two fields",
            vec![host, key, ("x-forwarded-for", "192.0.2.7"), ("x-forwarded-for", "192.0.2.8")],
            403,
            "Error 1000",
        ),
        ("two addresses", vec![host, key, ("x-forwarded-for", "192.0.2.7, 192.0.2.8")], 403, "Error 1000"),
        ("a long field", vec![host, key, ("x-forwarded-for", long.as_str())], 403, "Error 1000"),
        ("large cookies", vec![host, key, ("cookie", large.as_str())], 400, "Too Large"),
    ] {
        let answered = scene.ask(origin, "GET", DISCOVERY, &fields).await;
        assert_eq!(answered.0, status, "{what}");
        assert!(answered.2.contains(said), "{what}: {}", answered.2);
        assert!(answered.has("cf-ray") && !answered.has("x-auth0-requestid"), "{what}");
    }
}

#[tokio::test]
async fn what_is_assumed_can_be_corrected() {
    let assumptions = Assumptions {
        key_status: 401,
        key_body: "no".to_owned(),
        refuses_address_lists: false,
        sni_must_be_host: false,
        ..Assumptions::default()
    };
    let scene = Scene::new(assumptions).await;
    let (origin, tenant) = (scene.registered.origin.as_str(), scene.registered.tenant.as_str());
    let answered = scene.ask(origin, "GET", DISCOVERY, &[("host", origin)]).await;
    assert_eq!((answered.0, answered.2.as_str()), (401, "no"));
    let list = [("x-forwarded-for", "192.0.2.7, 192.0.2.8")];
    assert_eq!(scene.ask_well("GET", DISCOVERY, &list).await.0, 200);
    assert_eq!(scene.ask(origin, "GET", DISCOVERY, &[("host", tenant)]).await.0, 200);
    // Of two addresses none is the user's.
    assert_eq!(scene.edge.requests()[1].client, None);
}

#[tokio::test]
async fn a_handshake_needs_a_name_the_edge_serves() {
    let scene = Scene::new(Assumptions::default()).await;
    for sni in [None, Some("login.example.com"), Some("www.example.com")] {
        let error = scene.connect(sni).await.unwrap_err();
        assert!(error.to_string().contains("HandshakeFailure"), "{sni:?}: {error}");
    }
    scene.edge.set_fault(&scene.registered.origin, Some(Fault::NoHandshake));
    scene.connect(Some(scene.registered.origin.as_str())).await.unwrap_err();
    assert_eq!((scene.edge.connections(), scene.edge.requests().len()), (4, 0));
}

#[tokio::test]
async fn plain_http_is_told_so() {
    let scene = Scene::new(Assumptions::default()).await;
    let mut stream = TcpStream::connect(scene.edge.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: example.us.auth0.com\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn endpoints_answer_in_the_shape_of_auth0s() {
    let scene = Scene::new(Assumptions::default()).await;
    let authorize = "/authorize?client_id=a&redirect_uri=https%3A%2F%2Fapp.example";
    for (method, path, status, said) in [
        ("GET", "/.well-known/oauth-authorization-server", 200, "https://login.example.com/oauth/token"),
        ("HEAD", DISCOVERY, 200, ""),
        ("GET", "/authorize", 400, "invalid_request"),
        ("GET", authorize, 302, "/u/login"),
        ("POST", "/oauth/token", 400, r#""error":"invalid_request""#),
        ("OPTIONS", "/oauth/token", 204, ""),
        ("GET", "/oauth/token", 404, "Not Found"),
        ("GET", "/userinfo", 401, "Unauthorized"),
        ("GET", "/test", 200, "clock"),
        ("GET", "/samlp/metadata/client", 200, "urn:login.example.com"),
        ("GET", FEDERATION, 200, "urn:login.example.com"),
        ("GET", "/pem", 200, "BEGIN CERTIFICATE"),
    ] {
        let answered = scene.ask_well(method, path, &[]).await;
        assert_eq!(answered.0, status, "{method} {path}: {}", answered.2);
        assert!(answered.2.contains(said), "{method} {path}: {}", answered.2);
        assert!(answered.has("x-auth0-requestid"), "{method} {path}");
    }
    let answered = scene.ask_well("GET", "/userinfo", &[("authorization", "Bearer junk")]).await;
    assert!(answered.0 == 401 && answered.2.contains("invalid_token"), "{}", answered.2);
    let answered = scene.ask_well("GET", authorize, &[]).await;
    let cookies: usize = answered.1.get_all("set-cookie").iter().map(HeaderValue::len).sum();
    assert!((5_500..7_000).contains(&cookies), "{cookies}");
}

const FEDERATION: &str = "/wsfed/FederationMetadata/2007-06/FederationMetadata.xml";

#[tokio::test]
async fn origin_and_canonical_host_show_the_same_keys_unless_one_is_stale() {
    let scene = Scene::new(Assumptions::default()).await;
    let kids = |answered: &Answered| {
        let keys = answered.json()["keys"].as_array().cloned().unwrap_or_default();
        keys.iter().map(|key| key["kid"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let tenant = scene.registered.tenant.as_str();
    let path = "/.well-known/jwks.json";
    let before = scene.ask_well("GET", path, &[]).await;
    let key = before.json()["keys"][0].clone();
    assert!(key["n"].as_str().unwrap().len() == 342 && key["e"] == "AQAB", "{key}");
    assert_eq!(kids(&before), kids(&scene.ask(tenant, "GET", path, &[("host", tenant)]).await));
    scene.edge.rotate_keys(&scene.registered.tenant);
    scene.edge.set_fault(&scene.registered.origin, Some(Fault::StaleKeys));
    assert_eq!(kids(&scene.ask_well("GET", path, &[]).await), kids(&before));
    let rotated = scene.ask(tenant, "GET", path, &[("host", tenant)]).await;
    assert_eq!((&kids(&rotated)[0], kids(&rotated).len()), (&kids(&before)[1], 2));
    scene.edge.set_fault(&scene.registered.origin, Some(Fault::NoKeys));
    assert!(kids(&scene.ask_well("GET", path, &[]).await).is_empty());
}

#[tokio::test]
async fn faults_are_told_by_who_answers() {
    let scene = Scene::new(Assumptions::default()).await;
    let name = |text| DomainName::parse(text).unwrap();
    for (fault, status, said, by_application) in [
        (Fault::Edge(502), 502, "502", false),
        (Fault::Application(500), 500, "Oops", true),
        (Fault::Challenge, 403, "Just a moment", false),
        (Fault::BlockPage, 403, "Access denied", true),
        (Fault::Html, 200, "<html>", true),
        (Fault::Issuer(name("other.example")), 200, r#""issuer":"https://other.example/""#, true),
        (Fault::Endpoints(name("other.example")), 200, r#""issuer":"https://login.example.com/""#, true),
        (Fault::RateLimited(30), 429, "Too many requests", true),
        (Fault::Gone, 409, "Error 1014", false),
        (Fault::Slow(Duration::from_millis(1)), 200, "issuer", true),
    ] {
        scene.edge.set_fault(&scene.registered.origin, Some(fault.clone()));
        let answered = scene.ask_well("GET", DISCOVERY, &[]).await;
        assert_eq!((answered.0, answered.has("x-auth0-requestid")), (status, by_application), "{fault:?}");
        assert!(answered.2.contains(said), "{fault:?}: {}", answered.2);
    }
    scene.edge.set_fault(&scene.registered.origin, None);
    assert_eq!(scene.ask_well("GET", DISCOVERY, &[]).await.0, 200);
}

#[tokio::test]
async fn a_domain_made_anew_has_another_origin_and_the_old_one_is_gone() {
    let scene = Scene::new(Assumptions::default()).await;
    let anew = Registered {
        origin: DomainName::parse("example-cd-0.edge.tenants.us.auth0.com").unwrap(),
        ..scene.registered.clone()
    };
    scene.edge.register(&scene.issuer, anew.clone()).unwrap();
    scene.connect(Some(scene.registered.origin.as_str())).await.unwrap_err();
    let fields = [("host", anew.origin.as_str()), ("cname-api-key", KEY)];
    assert_eq!(scene.ask(anew.origin.as_str(), "GET", DISCOVERY, &fields).await.0, 200);
}
