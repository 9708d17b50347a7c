//! [`Fault`]: what may be wrong with a host of the edge.

use std::time::Duration;

use crate::domain::DomainName;

/// What is wrong with an origin host or a tenant's canonical host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The edge answers with an error page of its own and this status: it does not reach the tenant.
    Edge(u16),
    /// Auth0's application answers with this status.
    Application(u16),
    /// Bot protection asks for a proof of humanity: HTML with status 403 and `cf-mitigated: challenge`.
    Challenge,
    /// A tenant access control list blocks who asks: Auth0's block page, HTML with status 403.
    BlockPage,
    /// An HTML page with status 200 where the document should be.
    Html,
    /// The document and its endpoints are those of another host.
    Issuer(DomainName),
    /// The document names this host's issuer, and endpoints of another host.
    Endpoints(DomainName),
    /// The keys are those of before the last rotation.
    StaleKeys,
    /// There are no keys in the set.
    NoKeys,
    /// Too many requests; to be tried again after so many seconds.
    RateLimited(u32),
    /// The domain was deleted: Cloudflare knows of no such custom host name.
    Gone,
    /// The handshake is refused, as it is for a host the edge does not serve.
    NoHandshake,
    /// Every answer takes so long.
    Slow(Duration),
    /// Auth0's application answers with this status and this JSON, a cookie and a few secrets of the lab's among its header
    /// fields: what a careless server repeats.
    Says(u16, String),
    /// There is no answer.
    Silent,
    /// The connection is closed instead of an answer.
    Cut,
}
