//! [`ContractObservation`]: what came back when the proxy's part of the bargain was tried, clause by clause. Facts; whether
//! a clause was kept is the verdict's to say.

use std::net::SocketAddr;

use serde::Serialize;

use super::failure::Failure;
use crate::domain::UnixTime;

/// What a proxy before Auth0 must do (Auth0, "Custom Domains with Self-Managed Certificates"), as far as it can be tried
/// without logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clause {
    /// `POST` passes: a token is asked for without saying what for.
    Post,
    /// `Authorization` passes: `/userinfo` without a token, and with one that is none.
    Authorization,
    /// The query is a part of the cache's key: the same document by two queries nobody has asked.
    Query,
    /// Cookies are a part of the cache's key: the same query with two cookies.
    Cookies,
    /// Whoever types `http://` is sent to `https://`.
    Https,
    /// `/authorize` for a client of the operator's leads to the login page of the same host, its cookies unchanged. Opens
    /// no session, and is no login; the tenant's log may have it.
    Authorize,
    /// SAML metadata of a client of the operator's names this host.
    Saml,
    /// WS-Federation metadata names this host.
    WsFederation,
    /// A client's own `cname-api-key` does not get through.
    ClientKey,
    /// A client's own `X-Forwarded-For` does no harm.
    ForwardedFor,
    /// Nor do two of them.
    ForwardedForTwice,
    /// Nor does one that is longer than Cloudflare lets pass.
    ForwardedForLong,
    /// A client's own `CF-Connecting-IP`, which Cloudflare refuses, does not get through.
    ConnectingIp,
}

impl Clause {
    /// Every clause.
    pub const ALL: [Self; 13] = [
        Self::Post,
        Self::Authorization,
        Self::Query,
        Self::Cookies,
        Self::Https,
        Self::Authorize,
        Self::Saml,
        Self::WsFederation,
        Self::ClientKey,
        Self::ForwardedFor,
        Self::ForwardedForTwice,
        Self::ForwardedForLong,
        Self::ConnectingIp,
    ];

    /// Its stable name, in the configuration and in facts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Authorization => "authorization",
            Self::Query => "query",
            Self::Cookies => "cookies",
            Self::Https => "https",
            Self::Authorize => "authorize",
            Self::Saml => "saml",
            Self::WsFederation => "ws_federation",
            Self::ClientKey => "client_key",
            Self::ForwardedFor => "forwarded_for",
            Self::ForwardedForTwice => "forwarded_for_twice",
            Self::ForwardedForLong => "forwarded_for_long",
            Self::ConnectingIp => "connecting_ip",
        }
    }

    /// Whether trying it forges what only an attacker would send: never done but by hand.
    pub const fn is_hostile(self) -> bool {
        matches!(
            self,
            Self::ClientKey
                | Self::ForwardedFor
                | Self::ForwardedForTwice
                | Self::ForwardedForLong
                | Self::ConnectingIp
        )
    }

    /// The clause of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|clause| clause.as_str() == text)
    }
}

/// One trial of the clauses asked for, at one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContractObservation {
    /// When it was made.
    pub at: UnixTime,
    /// Where.
    #[serde(serialize_with = "super::tls::as_text")]
    pub address: SocketAddr,
    /// The answer to a plain request for the discovery document: what the others are measured by.
    pub plain: Returned,
    /// The clauses that were tried, each with its answers in the order they were asked for.
    pub tried: Vec<Tried>,
}

impl ContractObservation {
    /// Requests that were made.
    pub fn requests(&self) -> usize {
        1 + self.tried.iter().map(|tried| tried.returned.len()).sum::<usize>()
    }
}

/// A clause, and the answers that tell whether it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The clause.
    pub clause: Clause,
    /// The answers.
    pub returned: Vec<Returned>,
}

/// What came back of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Returned {
    /// The status; `None` if no answer came.
    pub status: Option<u16>,
    /// `content-type`.
    pub content_type: Option<String>,
    /// Whether the body was JSON.
    pub is_json: bool,
    /// Whether Auth0's application answered (`x-auth0-requestid`).
    pub reached_auth0: bool,
    /// `server`.
    pub server: Option<String>,
    /// Who says that it came from a cache: the header and its value.
    pub cached: Option<String>,
    /// `www-authenticate`.
    pub www_authenticate: Option<String>,
    /// `location`.
    pub location: Option<String>,
    /// Whether `strict-transport-security` was there.
    pub hsts: bool,
    /// The cookies it sets: names and attributes, never values.
    pub cookies: Vec<CookieSet>,
    /// The marker of a rejected key in its body, if there was one.
    pub key_marker: Option<String>,
    /// SHA-256 of the body, by which two of them are told apart.
    pub body_sha256: Option<String>,
    /// What metadata in XML names: its entity, and the hosts of its URLs.
    pub metadata: Option<Metadata>,
    /// Why there was no answer.
    pub failure: Option<Failure>,
}

/// A `Set-Cookie` without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CookieSet {
    /// The cookie's name.
    pub name: String,
    /// Whether it is sent over HTTPS alone.
    pub secure: bool,
    /// Whether scripts cannot read it.
    pub http_only: bool,
    /// `SameSite`, if it is set, in lower case.
    pub same_site: Option<String>,
    /// `Domain`, if it is set: then every host below it is sent the cookie.
    pub domain: Option<String>,
    /// `Path`, if it is set.
    pub path: Option<String>,
}

/// What SAML or WS-Federation metadata names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// `entityID`.
    pub entity: Option<String>,
    /// The hosts of the URLs in it, each once, sorted.
    pub hosts: Vec<String>,
}
