//! What Auth0's application answers, by path. Documents are as Auth0 describes them; of errors the status class and
//! the form are what is known, their wording is assumed.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::assumed::Assumptions;
use super::fault::Fault;
use super::registry::Hosted;
use super::{cookies, pages};
use crate::lab::ca::LabError;

/// OpenID Connect Discovery 1.0 §4, and what RFC 8414 §3 calls the same.
const DISCOVERY: &str = "/.well-known/openid-configuration";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const KEYS: &str = "/.well-known/jwks.json";
pub(in crate::lab) const FEDERATION: &str = "/wsfed/FederationMetadata/2007-06/FederationMetadata.xml";

/// A request that the edge let through.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// The answer of the tenant behind this host.
pub(super) fn answer(asked: &Asked<'_>, hosted: &Hosted, assumed: &Assumptions) -> Result<pages::Answer, LabError> {
    let fault = hosted.fault.as_ref();
    let named = if let Some(Fault::Issuer(other)) = fault { other } else { &hosted.known_as };
    let host = named.as_str();
    let reading = matches!(*asked.method, Method::GET | Method::HEAD);
    Ok(match asked.path {
        DISCOVERY | METADATA if reading => cacheable(pages::json(200, &document(hosted, host)), assumed),
        KEYS if reading => limited(cacheable(pages::json(200, &keys(hosted)?), assumed), assumed),
        "/pem" if reading => pages::new(200, "application/x-pem-file", hosted.keys.certificate_pem()?),
        "/test" if reading => pages::json(200, &json!({ "clock": milliseconds() })),
        "/authorize" if reading => limited(authorize(asked, assumed), assumed),
        "/u/login" if reading => limited(pages::html(200, "<html><h1>Log in</h1></html>\n"), assumed),
        "/userinfo" => limited(userinfo(asked), assumed),
        "/oauth/token" if *asked.method == Method::POST => limited(token(asked), assumed),
        "/oauth/token" if *asked.method == Method::OPTIONS => preflight(asked),
        "/v2/logout" if reading => pages::new(200, "text/plain", "OK".to_owned()),
        FEDERATION if reading => xml(&federation(host)),
        path if reading && path.starts_with("/samlp/metadata") => xml(&saml(host)),
        _ => pages::json(404, &json!({ "statusCode": 404, "error": "Not Found", "message": "Not Found" })),
    })
}

/// The discovery document of a host, as far as clients read it.
pub(in crate::lab) fn discovery(host: &str) -> Value {
    json!({
        "issuer": format!("https://{host}/"),
        "authorization_endpoint": format!("https://{host}/authorize"),
        "token_endpoint": format!("https://{host}/oauth/token"),
        "device_authorization_endpoint": format!("https://{host}/oauth/device/code"),
        "userinfo_endpoint": format!("https://{host}/userinfo"),
        "mfa_challenge_endpoint": format!("https://{host}/mfa/challenge"),
        "jwks_uri": format!("https://{host}{KEYS}"),
        "registration_endpoint": format!("https://{host}/oidc/register"),
        "revocation_endpoint": format!("https://{host}/oauth/revoke"),
        "end_session_endpoint": format!("https://{host}/oidc/logout"),
        "scopes_supported": ["openid", "profile", "offline_access", "email"],
        "response_types_supported": ["code", "token", "id_token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["HS256", "RS256", "PS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "code_challenge_methods_supported": ["S256", "plain"],
    })
}

fn document(hosted: &Hosted, host: &str) -> Value {
    let Some(Fault::Endpoints(other)) = &hosted.fault else {
        return discovery(host);
    };
    let mut document = discovery(other.as_str());
    document["issuer"] = json!(format!("https://{host}/"));
    document
}

fn keys(hosted: &Hosted) -> Result<Value, LabError> {
    match hosted.fault {
        Some(Fault::NoKeys) => Ok(json!({ "keys": [] })),
        _ => hosted.keys.set(hosted.fault == Some(Fault::StaleKeys)),
    }
}

/// With a client and where to return to, on to the login page of the same host; without, an error page.
fn authorize(asked: &Asked<'_>, assumed: &Assumptions) -> pages::Answer {
    let has = |name: &str| asked.query.split('&').any(|pair| pair.split('=').next() == Some(name));
    if !has("client_id") || !has("redirect_uri") {
        return pages::html(400, "<html><h1>Oops!, something went wrong</h1><p>invalid_request</p></html>\n");
    }
    let answer = pages::new(302, "text/html; charset=utf-8", "Found. Redirecting to /u/login\n".to_owned());
    let answer = pages::with(answer, "location", "/u/login?state=hKFo2SBsYWItc3RhdGU");
    cookies::of_authorize(assumed.cookie_bytes)
        .iter()
        .fold(answer, |answer, cookie| pages::with(answer, "set-cookie", cookie))
}

/// Without a token and with a bad one it is 401; that the bodies differ is assumed.
fn userinfo(asked: &Asked<'_>) -> pages::Answer {
    if asked.headers.contains_key("authorization") {
        let refused = pages::json(401, &json!({ "error": "invalid_token", "error_description": "Invalid token" }));
        return pages::with(refused, "www-authenticate", r#"Bearer realm="Users", error="invalid_token""#);
    }
    pages::with(pages::new(401, "text/plain", "Unauthorized".to_owned()), "www-authenticate", r#"Bearer realm="Users""#)
}

/// An error of RFC 6749 §5.2: nobody gets a token here.
fn token(asked: &Asked<'_>) -> pages::Answer {
    let body = String::from_utf8_lossy(asked.body);
    if !body.contains("grant_type") {
        let why = "Missing required parameter: grant_type";
        return pages::json(400, &json!({ "error": "invalid_request", "error_description": why }));
    }
    pages::json(401, &json!({ "error": "access_denied", "error_description": "Unauthorized" }))
}

fn preflight(asked: &Asked<'_>) -> pages::Answer {
    let origin = asked.headers.get("origin").and_then(|origin| origin.to_str().ok()).unwrap_or("*");
    let answer = pages::with(pages::new(204, "text/plain", String::new()), "access-control-allow-origin", origin);
    pages::with(answer, "access-control-allow-methods", "POST")
}

/// Entity and consumer are named after the host asked (Auth0, "Configure Features to Use Custom Domains").
fn saml(host: &str) -> String {
    format!(
        "<EntityDescriptor entityID=\"urn:{host}\" xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">\
         <IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://{host}/samlp/lab\"/></IDPSSODescriptor></EntityDescriptor>\n"
    )
}

/// The metadata for WS-Federation, whose entity is named after the host asked.
pub(in crate::lab) fn federation(host: &str) -> String {
    format!(
        "<EntityDescriptor entityID=\"urn:{host}\" xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">\
         <RoleDescriptor protocolSupportEnumeration=\"http://docs.oasis-open.org/wsfed/federation/200706\">\
         https://{host}/wsfed</RoleDescriptor></EntityDescriptor>\n"
    )
}

fn xml(body: &str) -> pages::Answer {
    pages::new(200, "application/xml; charset=utf-8", body.to_owned())
}

fn cacheable(answer: pages::Answer, assumed: &Assumptions) -> pages::Answer {
    pages::with(answer, "cache-control", assumed.cache_control)
}

/// The header fields of an endpoint that has a limit (Auth0, "Rate Limit Use Cases").
fn limited(answer: pages::Answer, assumed: &Assumptions) -> pages::Answer {
    let limit = assumed.rate_limit;
    let answer = pages::with(answer, "x-ratelimit-limit", &limit.to_string());
    let answer = pages::with(answer, "x-ratelimit-remaining", &limit.saturating_sub(1).to_string());
    pages::with(answer, "x-ratelimit-reset", &(milliseconds() / 1000 + 1).to_string())
}

fn milliseconds() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
