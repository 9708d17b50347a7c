//! [`Auth0Observation`]: one request for the discovery document over one address's connection, and what came
//! back. Headers and bodies are strangers' text: bounded here, escaped where they are shown.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;

use super::View;
use super::certificate::Sha256;
use super::documents::Documents;
use super::evidence::Evidence;
use super::failure::Failure;
use crate::domain::{DomainName, UnixTime};

/// One `GET /.well-known/openid-configuration` and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Auth0Observation {
    /// Whose connection carried it.
    #[serde(serialize_with = "super::tls::as_text")]
    pub address: SocketAddr,
    /// Along which way it went.
    pub view: View,
    /// Whether the `cname-api-key` was sent with it; `None` where it has no place: to the proxy and to the tenant's own host.
    pub key_sent: Option<bool>,
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
    /// The document's hash, however it was written down.
    pub sha256: Option<Sha256>,
    /// Endpoints of the document that are on another host than the one that was asked, as `name: URL`.
    pub foreign_endpoints: Vec<String>,
    /// What was said of a limit on requests.
    pub rate_limit: Option<RateLimit>,
    /// The signs of who had the answer in hand.
    pub evidence: Vec<Evidence>,
    /// The hosts that its `mtls_endpoint_aliases` names (RFC 8705 §5), each once, bounded.
    pub mtls_hosts: Vec<String>,
    /// The first marker of a rejected key found in the body, as the table of markers writes it.
    pub key_marker: Option<String>,
    /// The beginning of a body that was no JSON, or of an error's body.
    pub excerpt: Option<String>,
    /// Why there was no answer, if there was none.
    pub failure: Option<Failure>,
    /// Milliseconds from the request to the end of the body.
    pub elapsed_ms: Option<u64>,
    /// What else was asked over the same connection; `None` at most looks.
    pub documents: Option<Arc<Documents>>,
}

impl Auth0Observation {
    /// A request of which nothing is known but its address.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            view: View::Proxy,
            key_sent: None,
            status: None,
            http_version: None,
            headers: AnswerHeaders::default(),
            is_json: false,
            issuer: None,
            sha256: None,
            foreign_endpoints: Vec::new(),
            rate_limit: None,
            evidence: Vec::new(),
            mtls_hosts: Vec::new(),
            key_marker: None,
            excerpt: None,
            failure: None,
            elapsed_ms: None,
            documents: None,
        }
    }

    /// How many requests were made, those for other documents included.
    pub fn requests(&self) -> usize {
        1 + self.documents.as_ref().map_or(0, |documents| documents.replies().count())
    }

    /// Whether it was answered with a JSON object and status 200.
    pub fn is_document(&self) -> bool {
        self.status == Some(200) && self.is_json && self.failure.is_none()
    }

    /// Everything that was said of limits on requests, on any of the answers.
    pub fn rate_limits(&self) -> impl Iterator<Item = &RateLimit> {
        let others = self.documents.iter().flat_map(|documents| documents.replies());
        self.rate_limit.iter().chain(others.filter_map(|reply| reply.rate_limit.as_ref()))
    }

    /// The host for mutual TLS that belongs to this domain, if the document names it: always `mtls.` before the domain,
    /// as Auth0 calls it. What else a document names is none of ours to look at.
    pub fn mtls_alias_of(&self, domain: &DomainName) -> Option<DomainName> {
        let alias = domain.mtls_alias()?;
        self.mtls_hosts.iter().any(|host| host.eq_ignore_ascii_case(alias.as_str())).then_some(alias)
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
    /// `cache-control`.
    pub cache_control: Option<String>,
    /// `age`: seconds in somebody's cache.
    pub age: Option<String>,
    /// `x-cache`, as CloudFront and others set it.
    pub x_cache: Option<String>,
    /// `cf-ray`: Cloudflare saw the request; Auth0's edge is Cloudflare, the owner's proxy may be too.
    pub cf_ray: Option<String>,
    /// `cf-cache-status`: what Cloudflare's cache did.
    pub cf_cache_status: Option<String>,
    /// `cf-mitigated`: Cloudflare challenged the request.
    pub cf_mitigated: Option<String>,
    /// `x-auth0-requestid`: Auth0's application answered.
    pub auth0_request_id: Option<String>,
}

impl AnswerHeaders {
    /// Whether a cache gave the answer, by what it says of itself: an age (RFC 9111 §5.1), or a hit.
    pub fn came_from_cache(&self) -> bool {
        let word = |value: &Option<String>, words: &[&str]| {
            let value = value.as_deref().unwrap_or_default().to_ascii_lowercase();
            value.split([' ', ',', ';']).any(|part| words.contains(&part))
        };
        let aged = self.seconds_cached().is_some_and(|age| age > 0);
        // CloudFront's `RefreshHit` is no hit: it has asked the origin whether its copy is still good.
        let hit = word(&self.x_cache, &["hit", "tcp_hit", "tcp_mem_hit", "tcp_remote_hit"]);
        aged || hit || word(&self.cf_cache_status, &["hit", "stale", "updating"])
    }

    /// For how many seconds the answer had been in a cache, if one says so.
    pub fn seconds_cached(&self) -> Option<u64> {
        self.age.as_deref()?.trim().parse().ok()
    }
}

/// What an endpoint with a limit says of it (Auth0, "Rate Limit Use Cases").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RateLimit {
    /// `x-ratelimit-limit`: requests it takes at once.
    pub limit: Option<u64>,
    /// `x-ratelimit-remaining`: how many of these are left.
    pub remaining: Option<u64>,
    /// `x-ratelimit-reset`: when there will be more.
    pub reset: Option<UnixTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_known_by_what_it_says_of_itself() {
        let with = |set: &dyn Fn(&mut AnswerHeaders)| {
            let mut headers = AnswerHeaders::default();
            set(&mut headers);
            headers.came_from_cache()
        };
        for (x_cache, cached) in [
            ("Hit from cloudfront", true),
            ("Miss from cloudfront", false),
            ("RefreshHit from cloudfront", false),
            ("Error from cloudfront", false),
            ("HIT", true),
            ("MISS, HIT", true),
            ("TCP_HIT", true),
            ("CONFIG_NOCACHE", false),
        ] {
            assert_eq!(with(&|headers| headers.x_cache = Some(x_cache.to_owned())), cached, "{x_cache}");
        }
        for (age, cached) in [("0", false), (" 7", true), ("a while", false), ("", false)] {
            assert_eq!(with(&|headers| headers.age = Some(age.to_owned())), cached, "{age}");
        }
        for (status, cached) in [("HIT", true), ("DYNAMIC", false), ("STALE", true), ("BYPASS", false)] {
            assert_eq!(with(&|headers| headers.cf_cache_status = Some(status.to_owned())), cached, "{status}");
        }
    }
}
