//! What keeps a page in somebody's browser from changing anything here. Whoever may reach us may ask us to; but a page
//! that an operator happens to look at must not do so in their name.

use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, HeaderName};

/// Browsers say with every request where it comes from (Fetch Metadata Request Headers, W3C).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request that would change something comes from a page: browsers put an `Origin` into every POST and
/// DELETE, of our own pages too, and none of ours makes one. To compare it with `Host` would not do, as a name that
/// leads here may be anybody's.
pub(super) fn is_from_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key(SEC_FETCH_SITE)
}

/// Whether the body is said to be JSON, which no form of a page can say.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
