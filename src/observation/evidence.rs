//! [`Evidence`]: a sign in an answer that tells which layer on the way had it in hand.

use serde::Serialize;

/// A layer between the customer and the tenant, from the outside in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The owner's reverse proxy.
    Proxy,
    /// The owner's CDN, which is their proxy or stands before it.
    Cdn,
    /// Cloudflare: the owner's CDN or Auth0's edge, which is Cloudflare as well. Nothing in such an answer tells the two apart.
    CdnOrEdge,
    /// Auth0's edge.
    Edge,
    /// Auth0's application.
    Tenant,
}

impl Layer {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Cdn => "cdn",
            Self::CdnOrEdge => "cdn_or_edge",
            Self::Edge => "edge",
            Self::Tenant => "tenant",
        }
    }
}

/// One sign that was found in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Who leaves it.
    pub layer: Layer,
    /// The product that leaves it, if that is known: `nginx`, `cloudfront`.
    pub product: Option<String>,
    /// The sign: a header's name, or what was found in the body.
    pub sign: String,
    /// Whether it stands in the body. Whoever wrote the body gave the answer; a header may have been added on the way.
    pub in_body: bool,
}
