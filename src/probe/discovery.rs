//! The request for the discovery document, as a customer's SDK makes it, and what the answer tells.

use std::net::SocketAddr;

use http::header::HeaderName;
use http::{HeaderMap, Uri};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use super::gate::Verified;
use super::http::{Answer, HttpError, Session, causes};
use super::sockets::is_caused_by_shortage;
use super::tls::Line;
use super::{Settings, evidence};
use crate::domain::{DomainName, UnixTime};
use crate::observation::certificate::Sha256;
use crate::observation::{AnswerHeaders, Auth0Observation, Code, Failure, RateLimit, View, bounded};

/// OpenID Connect Discovery 1.0 §4.
pub(super) const DISCOVERY: &str = "/.well-known/openid-configuration";
/// Bytes of a body that are read for its excerpt.
const EXCERPT_FROM: usize = 4 * 1024;
/// Characters kept of a header.
const MAX_HEADER: usize = 200;
/// Characters kept of an issuer or an endpoint.
const MAX_ISSUER: usize = 300;
/// Characters kept of a body that is no JSON.
const MAX_EXCERPT: usize = 200;
/// Hosts kept of a document's endpoints for mutual TLS: there is one.
const MAX_MTLS_HOSTS: usize = 4;
/// Endpoints kept that are on another host; a document has a dozen.
const MAX_FOREIGN: usize = 16;

/// Takes a connection over to ask this host. `Err` with what came of it if it takes no request, and with nothing if it
/// is we who could not.
pub(super) async fn begin<'a>(
    line: Line,
    unasked: &Auth0Observation,
    host: &'a DomainName,
    settings: &Settings,
    deadline: Instant,
) -> Result<Session<'a>, Option<Auth0Observation>> {
    match timeout_at(deadline, Session::open(line, host, settings.contact.as_deref())).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err(error)) if is_caused_by_shortage(&error) => Err(None),
        Ok(Err(error)) => Err(Some(Auth0Observation { failure: Some(broken(&error)), ..unasked.clone() })),
        Err(_) => Err(Some(Auth0Observation { failure: Some(late()), ..unasked.clone() })),
    }
}

/// Asks for the document with a query that nobody has asked before, and with the proxy's key where the peer has shown
/// that it may have it. `None` if it is we who could not.
pub(super) async fn ask(
    session: &mut Session<'_>,
    unasked: Auth0Observation,
    settings: &Settings,
    to: Option<&Verified>,
    deadline: Instant,
) -> Option<Auth0Observation> {
    let mut observation = unasked;
    let started = Instant::now();
    match timeout_at(deadline, request(session, settings, observation.view, to)).await {
        Ok(Ok((answer, key_sent))) => {
            observation.key_sent = key_sent;
            read(&answer, session.host(), settings, &mut observation);
        }
        Ok(Err(error)) if is_caused_by_shortage(&error) => return None,
        Ok(Err(error)) => observation.failure = Some(broken(&error)),
        Err(_) => observation.failure = Some(late()),
    }
    observation.elapsed_ms = Some(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
    Some(observation)
}

async fn request(
    session: &mut Session<'_>,
    settings: &Settings,
    view: View,
    to: Option<&Verified>,
) -> Result<(Answer, Option<bool>), HttpError> {
    let path = unique(DISCOVERY);
    if view != View::Origin {
        return Ok((session.get(&path).await?, None));
    }
    match (settings.origin.as_ref().and_then(|origin| origin.key.as_ref()), to) {
        (Some(key), Some(to)) => {
            let (answer, sent) = session.get_with_key(&path, key, to).await?;
            Ok((answer, Some(sent)))
        }
        _ => Ok((session.get(&path).await?, Some(false))),
    }
}

/// Nothing is known yet of a request along this way over the connection of this address.
pub(super) fn unasked(address: SocketAddr, view: View) -> Auth0Observation {
    Auth0Observation { view, ..Auth0Observation::new(address) }
}

/// The connection broke.
pub(super) fn broken(error: &HttpError) -> Failure {
    match error {
        HttpError::Recorded { failure, .. } => failure.clone(),
        HttpError::Hyper(_) => {
            Failure::new(Code::HttpBroken, format!("the connection broke before a complete answer: {}", causes(error)))
        }
    }
}

/// Time ran out.
pub(super) fn late() -> Failure {
    Failure::new(Code::HttpTimeout, "no complete answer to the request before the deadline")
}

/// The path with a query nobody has asked before, so that no cache answers in Auth0's place.
pub(super) fn unique(path: &str) -> String {
    let mut bytes = [0; 8];
    // Without randomness a constant still asks; a cache may then answer, which `age` and `x-cache` show.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    format!("{path}?notafter={:016x}", u64::from_be_bytes(bytes))
}

pub(super) fn read(answer: &Answer, host: &DomainName, settings: &Settings, observation: &mut Auth0Observation) {
    observation.status = Some(answer.head.status.as_u16());
    observation.http_version = Some(format!("{:?}", answer.head.version));
    observation.headers = answer_headers(&answer.head.headers, settings);
    observation.rate_limit = rate_limit(&answer.head.headers);
    observation.evidence = evidence::gather(&settings.evidence, &answer.head.headers, &answer.body);
    read_body(&answer.body, host, settings, observation);
}

fn read_body(body: &[u8], host: &DomainName, settings: &Settings, observation: &mut Auth0Observation) {
    if let Some(document) = object(body) {
        observation.is_json = true;
        let issuer = document.get("issuer").and_then(Value::as_str);
        observation.issuer = issuer.map(|issuer| bounded(shown(issuer, settings), MAX_ISSUER));
        observation.foreign_endpoints = foreign(&document, host, settings);
        observation.mtls_hosts = mtls_hosts(document.get("mtls_endpoint_aliases"));
        observation.sha256 = Some(hash(document));
    }
    if observation.status != Some(200) {
        observation.key_marker = settings.key_markers.iter().find(|marker| contains(body, marker)).cloned();
    }
    if observation.status != Some(200) || !observation.is_json {
        observation.excerpt = excerpt(body, settings);
    }
}

/// The hosts of the endpoints for mutual TLS (RFC 8705 §5).
fn mtls_hosts(aliases: Option<&Value>) -> Vec<String> {
    let mut hosts = Vec::new();
    for endpoint in aliases.and_then(Value::as_object).into_iter().flat_map(|aliases| aliases.values()) {
        let uri = endpoint.as_str().and_then(|uri| uri.parse::<Uri>().ok());
        let Some(host) = uri.as_ref().and_then(Uri::host).filter(|host| host.len() <= 253) else { continue };
        if !hosts.iter().any(|known| known == host) && hosts.len() < MAX_MTLS_HOSTS {
            hosts.push(host.to_owned());
        }
    }
    hosts
}

/// The body as the JSON object it should be.
pub(super) fn object(body: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(body).ok()
}

/// The hash of an object, in whatever order its members came and however they were spaced.
pub(super) fn hash(document: Map<String, Value>) -> Sha256 {
    Sha256::of(Value::Object(document).to_string().as_bytes())
}

/// The endpoints of a document that are not on the host that was asked. Those for clients with certificates are on a
/// host of their own (`mtls_endpoint_aliases`), and are no members of the document itself.
fn foreign(document: &Map<String, Value>, host: &DomainName, settings: &Settings) -> Vec<String> {
    let is_endpoint = |name: &str| name.ends_with("_endpoint") || name == "jwks_uri";
    let endpoints = document.iter().filter(|(name, _)| is_endpoint(name));
    let of = endpoints.filter_map(|(name, url)| Some((name, url.as_str()?)));
    of.filter(|(_, url)| !is_on(url, host))
        .take(MAX_FOREIGN)
        .map(|(name, url)| bounded(shown(&format!("{name}: {url}"), settings), MAX_ISSUER))
        .collect()
}

fn is_on(url: &str, host: &DomainName) -> bool {
    let uri = url.parse::<Uri>().ok();
    let of_host = |uri: &Uri| uri.host().is_some_and(|other| other.eq_ignore_ascii_case(host.as_str()));
    uri.is_some_and(|uri| uri.scheme_str() == Some("https") && of_host(&uri))
}

fn excerpt(body: &[u8], settings: &Settings) -> Option<String> {
    let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT_FROM)]);
    let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = printable.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(bounded(shown(&words, settings), MAX_EXCERPT)).filter(|excerpt| !excerpt.is_empty())
}

fn contains(body: &[u8], text: &str) -> bool {
    !text.is_empty() && body.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A stranger's text without the key, which who was given it may repeat.
fn shown(text: &str, settings: &Settings) -> String {
    let key = settings.origin.as_ref().and_then(|origin| origin.key.as_ref());
    key.map_or_else(|| text.to_owned(), |key| key.hidden_in(text))
}

/// The headers that tell who answered.
pub(super) fn answer_headers(headers: &HeaderMap, settings: &Settings) -> AnswerHeaders {
    let get = |name: &'static str| {
        let value = headers.get(HeaderName::from_static(name))?;
        Some(bounded(shown(&String::from_utf8_lossy(value.as_bytes()), settings), MAX_HEADER))
    };
    AnswerHeaders {
        content_type: get("content-type"),
        server: get("server"),
        via: get("via"),
        location: get("location"),
        retry_after: get("retry-after"),
        cache_control: get("cache-control"),
        age: get("age"),
        x_cache: get("x-cache"),
        cf_ray: get("cf-ray"),
        cf_cache_status: get("cf-cache-status"),
        cf_mitigated: get("cf-mitigated"),
        auth0_request_id: get("x-auth0-requestid"),
    }
}

/// What the answer says of a limit on requests; `None` if it says nothing.
pub(super) fn rate_limit(headers: &HeaderMap) -> Option<RateLimit> {
    let number = |name: &'static str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let reset = number("x-ratelimit-reset").and_then(|at| i64::try_from(at).ok()).map(UnixTime);
    let read = RateLimit { limit: number("x-ratelimit-limit"), remaining: number("x-ratelimit-remaining"), reset };
    (read != RateLimit::default()).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::super::settings::{ApiKey, Host, Origin};
    use super::*;

    fn name(text: &str) -> DomainName {
        DomainName::parse(text).unwrap()
    }

    fn body_read(status: u16, body: &str, settings: &Settings) -> Auth0Observation {
        let mut observation = unasked(([192, 0, 2, 1], 443).into(), View::Proxy);
        observation.status = Some(status);
        read_body(body.as_bytes(), &name("login.example.com"), settings, &mut observation);
        observation
    }

    #[test]
    fn only_the_beginning_of_a_body_is_read_for_its_excerpt_and_all_of_it_for_the_key() {
        let body = format!("<p>{}Invalid API key", " ".repeat(EXCERPT_FROM));
        let observation = body_read(403, &body, &Settings::default());
        assert_eq!(observation.excerpt.as_deref(), Some("<p>"));
        assert_eq!(observation.key_marker.as_deref(), Some("Invalid API key"));
    }

    #[test]
    fn endpoints_on_another_host_are_named_but_for_those_of_clients_with_certificates() {
        let document = r#"{"issuer": "https://login.example.com/",
            "authorization_endpoint": "https://LOGIN.example.com/authorize",
            "token_endpoint": "https://example.us.auth0.com/oauth/token",
            "userinfo_endpoint": "http://login.example.com/userinfo",
            "jwks_uri": "https://login.example.com.evil.example/jwks",
            "op_policy_uri": "https://www.example.com/policy",
            "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.login.example.com/oauth/token"}}"#;
        let observation = body_read(200, document, &Settings::default());
        let expected = [
            "jwks_uri: https://login.example.com.evil.example/jwks",
            "token_endpoint: https://example.us.auth0.com/oauth/token",
            "userinfo_endpoint: http://login.example.com/userinfo",
        ];
        assert_eq!(observation.foreign_endpoints, expected);
    }

    #[test]
    fn a_document_is_the_same_however_it_is_written_down() {
        let hash = |body: &str| body_read(200, body, &Settings::default()).sha256;
        assert_eq!(hash(r#"{"a":1,"b":[2]}"#), hash("{\n  \"b\": [2],\n  \"a\": 1 }"));
        assert_ne!(hash(r#"{"a":1}"#), hash(r#"{"a":2}"#));
    }

    #[test]
    fn whoever_repeats_the_key_does_not_make_us_repeat_it() {
        let key = Some(ApiKey::new("sesame-open".into()));
        let host = Host { name: name("edge.example.com"), addresses: Vec::new() };
        let settings = Settings { origin: Some(Origin { host, key }), ..Settings::default() };
        let observation = body_read(403, "no such key: sesame-open!", &settings);
        assert_eq!(observation.excerpt.as_deref(), Some("no such key: ***!"));
        let mut headers = HeaderMap::new();
        headers.insert("location", "https://login.example.com/?key=sesame-open".parse().unwrap());
        let headers = answer_headers(&headers, &settings);
        assert_eq!(headers.location.as_deref(), Some("https://login.example.com/?key=***"));
        assert!(!format!("{settings:?}").contains("sesame"), "{settings:?}");
    }

    #[test]
    fn limits_are_read_where_they_are_told() {
        let mut headers = HeaderMap::new();
        assert_eq!(rate_limit(&headers), None);
        headers.insert("x-ratelimit-limit", "20".parse().unwrap());
        headers.insert("x-ratelimit-remaining", "19".parse().unwrap());
        headers.insert("x-ratelimit-reset", "1800000000".parse().unwrap());
        let read = RateLimit { limit: Some(20), remaining: Some(19), reset: Some(UnixTime(1_800_000_000)) };
        assert_eq!(rate_limit(&headers), Some(read));
    }
}
