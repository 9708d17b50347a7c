//! [`Auth0Observation`]: one request for the discovery document over one address's connection, and what came
//! back. Headers and bodies are strangers' text: bounded here, escaped where they are shown.

use std::net::SocketAddr;

use serde::Serialize;

use super::failure::Failure;

/// One `GET /.well-known/openid-configuration` and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Auth0Observation {
    /// Whose connection carried it.
    #[serde(serialize_with = "super::tls::as_text")]
    pub address: SocketAddr,
    /// The status code, if an answer came.
    pub status: Option<u16>,
    /// The version of HTTP the answer came in, e.g. `HTTP/2.0`.
    pub http_version: Option<String>,
    /// The headers that tell who answered.
    pub headers: AnswerHeaders,
    /// Whether the body was a JSON object.
    pub is_json: bool,
    /// The document's `issuer`, if it had one.
    pub issuer: Option<String>,
    /// The first marker of a rejected key found in the body, as the table of markers writes it.
    pub key_marker: Option<String>,
    /// The beginning of a body that was no JSON, or of an error's body.
    pub excerpt: Option<String>,
    /// Why there was no answer, if there was none.
    pub failure: Option<Failure>,
    /// Milliseconds from the request to the end of the body.
    pub elapsed_ms: Option<u64>,
}

impl Auth0Observation {
    /// A request of which nothing is known but its address.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            status: None,
            http_version: None,
            headers: AnswerHeaders::default(),
            is_json: false,
            issuer: None,
            key_marker: None,
            excerpt: None,
            failure: None,
            elapsed_ms: None,
        }
    }

    /// Whether Auth0's own application answered, as opposed to its edge or the proxy: it alone sets
    /// `x-auth0-requestid`.
    pub const fn reached_auth0(&self) -> bool {
        self.headers.auth0_request_id.is_some()
    }
}

/// The headers that tell who answered and how; absent ones are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AnswerHeaders {
    /// `content-type`.
    pub content_type: Option<String>,
    /// `server`.
    pub server: Option<String>,
    /// `via`.
    pub via: Option<String>,
    /// `location`, of a redirect.
    pub location: Option<String>,
    /// `retry-after`.
    pub retry_after: Option<String>,
    /// `age`: seconds in somebody's cache.
    pub age: Option<String>,
    /// `x-cache`, as CloudFront and others set it.
    pub x_cache: Option<String>,
    /// `cf-ray`: Cloudflare saw the request; Auth0's edge is Cloudflare, the owner's proxy may be too.
    pub cf_ray: Option<String>,
    /// `cf-mitigated`: Cloudflare challenged the request.
    pub cf_mitigated: Option<String>,
    /// `x-auth0-requestid`: Auth0's application answered.
    pub auth0_request_id: Option<String>,
}
