//! [`Assumptions`]: what the fake edge does where nobody has published what the real one does.

/// How the edge answers. Each field says what of it is stated, by whom, and what is assumed; whoever has a tenant can
/// correct the latter with what `notafter check --record` kept.
///
/// Not here, because it is stated: that SNI and HTTPS are mandatory, that TLS is 1.2 or 1.3 with the AEAD suites of ECDHE
/// alone, that `Host` is the origin host and that `cname-api-key` must be there (Auth0, "Custom Domains with Self-Managed
/// Certificates" and "TLS (SSL) Versions and Ciphers"), and which headers Cloudflare prohibits (Cloudflare, "Error 1000").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumptions {
    /// The alert (RFC 8446 §6) that ends a handshake without SNI, or with a name the edge does not serve. That SNI is
    /// mandatory is stated; the alert is assumed: `handshake_failure`.
    pub sni_alert: u8,
    /// Whether a request is refused whose `Host` is a host of the edge, but not the one of its SNI. That SNI must be the
    /// origin host is stated; that the edge compares the two is assumed.
    pub sni_must_be_host: bool,
    /// The status for a `Host` the edge does not know. Stated ("403 Forbidden", Auth0's guide to Google Cloud's load
    /// balancer); its page is assumed.
    pub unknown_host_status: u16,
    /// The status for a missing or wrong `cname-api-key`. Assumed.
    pub key_status: u16,
    /// The body of that answer. The words are stated ("Invalid API key", in the same guide); that they come in JSON is
    /// assumed.
    pub key_body: String,
    /// The content type of that answer. Assumed.
    pub key_content_type: &'static str,
    /// The status of Cloudflare's page for error 1000. Which requests come to it is stated; the status is assumed.
    pub prohibited_status: u16,
    /// The most characters `X-Forwarded-For` may have before that is error 1000. Stated by Cloudflare.
    pub longest_forwarded_for: usize,
    /// Whether several addresses in one client-IP header are refused like a header that comes twice. That there must be
    /// no more than one is stated by Auth0; what happens otherwise is not, and this edge is the stricter one.
    pub refuses_address_lists: bool,
    /// The most bytes a request's header fields may have together. That several kilobytes may be refused is stated (Auth0,
    /// "Authentication API Cookies"); the number and the status, 400, are assumed.
    pub largest_head: usize,
    /// The status and the number of Cloudflare's error for a domain that was deleted at Auth0. That there are such pages is
    /// stated by Cloudflare; that a deleted domain comes to this one is assumed.
    pub gone: (u16, u16),
    /// `Cache-Control` of the discovery document and of the keys. Assumed; if it is right, a cache that honours
    /// `stale-if-error` hides a broken key for a day.
    pub cache_control: &'static str,
    /// Bytes of the cookies that `/authorize` sets, together. Assumed; it is what a proxy's header buffer must hold.
    pub cookie_bytes: usize,
    /// `X-RateLimit-Limit` where there is a policy: how many requests at once a client may send. The header is stated, its
    /// number depends on tenant and endpoint.
    pub rate_limit: u32,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            sni_alert: 40,
            sni_must_be_host: true,
            unknown_host_status: 403,
            key_status: 403,
            key_body: r#"{"message":"Invalid API key"}"#.to_owned(),
            key_content_type: "application/json; charset=utf-8",
            prohibited_status: 403,
            longest_forwarded_for: 100,
            refuses_address_lists: true,
            largest_head: 16 * 1024,
            gone: (409, 1014),
            cache_control: "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400",
            cookie_bytes: 6 * 1024,
            rate_limit: 20,
        }
    }
}
