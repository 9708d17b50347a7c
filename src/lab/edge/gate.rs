//! What the edge lets through: [`refusal`] of a request, by its header fields.

use http::HeaderMap;

use super::assumed::Assumptions;
use super::registry::{ClientIp, Hosted};

/// Why a request does not get to the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Cloudflare's error 1000: the request bears what only Cloudflare itself may add, or too much of it.
    Prohibited,
    /// The head is larger than the edge reads.
    HeadTooLarge,
    /// The `Host` is none of the edge's, or not the one of the handshake.
    UnknownHost,
    /// The `cname-api-key` is missing, wrong, or there twice.
    Key,
}

/// What speaks against a request for `hosted` (the host of its `Host`, if the edge has it) on a connection with this SNI.
/// In the order in which the layers read it: Cloudflare's own rules, the host, the key.
pub(super) fn refusal(
    headers: &HeaderMap,
    host: &str,
    sni: &str,
    hosted: Option<&Hosted>,
    assumed: &Assumptions,
) -> Option<Refusal> {
    if is_prohibited(headers, hosted, assumed) {
        return Some(Refusal::Prohibited);
    }
    if size(headers) > assumed.largest_head {
        return Some(Refusal::HeadTooLarge);
    }
    let Some(hosted) = hosted.filter(|_| !assumed.sni_must_be_host || host == sni) else {
        return Some(Refusal::UnknownHost);
    };
    let registered = hosted.registered.as_ref()?;
    let mut keys = headers.get_all("cname-api-key").iter();
    let is_right = keys.next().is_some_and(|key| key.as_bytes() == registered.key.as_bytes());
    (!is_right || keys.next().is_some()).then_some(Refusal::Key)
}

/// The address Auth0 takes for the user's, if it was told one.
pub(super) fn client(headers: &HeaderMap, hosted: Option<&Hosted>) -> Option<String> {
    let value = headers.get(client_ip(hosted).header())?.to_str().ok()?;
    value.trim().parse().ok().map(|address: std::net::IpAddr| address.to_string())
}

/// Cloudflare's list of what comes to error 1000, and Auth0's rule of one address.
fn is_prohibited(headers: &HeaderMap, hosted: Option<&Hosted>, assumed: &Assumptions) -> bool {
    let forwarded = || headers.get_all("x-forwarded-for").iter();
    let lists_addresses =
        headers.get_all(client_ip(hosted).header()).iter().any(|value| value.as_bytes().contains(&b','));
    headers.contains_key("cf-connecting-ip")
        || forwarded().count() > 1
        || forwarded().any(|value| value.len() > assumed.longest_forwarded_for)
        || (assumed.refuses_address_lists && lists_addresses)
}

fn client_ip(hosted: Option<&Hosted>) -> ClientIp {
    hosted.and_then(|hosted| hosted.registered.as_ref()).map(|registered| registered.client_ip).unwrap_or_default()
}

fn size(headers: &HeaderMap) -> usize {
    // The colon, the blank and the line's end count as well.
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}
