//! Who answered: [`SIGNS`], the one table of signs by which a layer on the way is known, to be extended by the operator
//! with [`Sign`]s of their own. Signs in a body were left by whoever gave the answer; signs in a header by whoever had
//! it in hand.

use std::borrow::Cow;
use std::sync::LazyLock;

use http::HeaderMap;
use http::header::HeaderName;
use memchr::memmem::{self, Finder};

use crate::observation::Layer::{Cdn, CdnOrEdge, Proxy, Tenant};
use crate::observation::{Evidence, Layer};

/// Signs kept of one answer.
const MOST: usize = 8;
/// Bytes of a body that are searched for signs.
const SEARCHED: usize = 16 * 1024;

/// A sign by which a layer is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// The header it stands in, in lower case; the body if none.
    pub header: Option<Cow<'static, str>>,
    /// The text to look for, in any case; empty for a header that needs only be there.
    pub contains: Cow<'static, str>,
    /// Whose sign it is.
    pub layer: Layer,
    /// The product that leaves it.
    pub product: Option<Cow<'static, str>>,
    /// What it is called where it is told; the header's name or the text if empty.
    pub name: Cow<'static, str>,
}

impl Sign {
    const fn header(name: &'static str, contains: &'static str, layer: Layer, product: &'static str) -> Self {
        Self {
            header: Some(Cow::Borrowed(name)),
            contains: Cow::Borrowed(contains),
            layer,
            product: Some(Cow::Borrowed(product)),
            name: Cow::Borrowed(""),
        }
    }

    const fn body(contains: &'static str, layer: Layer, product: &'static str, name: &'static str) -> Self {
        Self {
            header: None,
            contains: Cow::Borrowed(contains),
            layer,
            product: Some(Cow::Borrowed(product)),
            name: Cow::Borrowed(name),
        }
    }

    /// Whether it is in these headers or this body, which has been [`folded`].
    fn is_found(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let text = folded(self.contains.as_bytes());
        match &self.header {
            Some(name) => {
                let mut values = headers.get_all(name.as_ref()).iter();
                values.any(|value| memmem::find(&folded(value.as_bytes()), &text).is_some())
            }
            None => !text.is_empty() && memmem::find(body, &text).is_some(),
        }
    }

    fn seen(&self) -> Evidence {
        let called = match (self.name.as_ref(), &self.header) {
            ("", Some(header)) => header.as_ref(),
            ("", None) => self.contains.as_ref(),
            (name, _) => name,
        };
        Evidence {
            layer: self.layer,
            product: self.product.as_deref().map(str::to_owned),
            sign: called.to_owned(),
            in_body: self.header.is_none(),
        }
    }
}

/// A sign of the table, ready to be looked for: every answer is searched for all of them.
struct Prepared {
    sign: &'static Sign,
    header: Option<HeaderName>,
    text: Finder<'static>,
}

static PREPARED: LazyLock<Vec<Prepared>> = LazyLock::new(|| SIGNS.iter().map(Prepared::new).collect());

impl Prepared {
    fn new(sign: &'static Sign) -> Self {
        let header = sign.header.as_deref().map(HeaderName::from_static);
        let text = Finder::new(&folded(sign.contains.as_bytes())).into_owned();
        Self { sign, header, text }
    }

    /// As [`Sign::is_found`].
    fn is_found(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let Some(name) = &self.header else { return self.text.find(body).is_some() };
        headers.get_all(name).iter().any(|value| self.text.find(&folded(value.as_bytes())).is_some())
    }
}

/// Every sign in an answer: the operator's first, then those of the table, each once.
pub(super) fn gather(own: &[Sign], headers: &HeaderMap, body: &[u8]) -> Vec<Evidence> {
    let body = folded(&body[..body.len().min(SEARCHED)]);
    let mut found: Vec<Evidence> = Vec::new();
    let own = own.iter().filter(|sign| sign.is_found(headers, &body));
    let known = PREPARED.iter().filter(|known| known.is_found(headers, &body)).map(|known| known.sign);
    for sign in own.chain(known) {
        let seen = sign.seen();
        let is_new = |other: &Evidence| {
            (other.layer, &other.product, other.in_body) != (seen.layer, &seen.product, seen.in_body)
        };
        if found.iter().all(is_new) && found.len() < MOST {
            found.push(seen);
        }
    }
    found
}

/// In lower case, each run of white space a single blank: pages are wrapped at will.
fn folded(bytes: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    for byte in bytes {
        let byte = if byte.is_ascii_whitespace() { b' ' } else { byte.to_ascii_lowercase() };
        if byte != b' ' || out.last() != Some(&b' ') {
            out.push(byte);
        }
    }
    out
}

/// The signs of the products that stand before Auth0, and of Auth0. Error pages are quoted as the products ship them; that
/// a header is a product's own is its vendor's documentation.
#[rustfmt::skip]
static SIGNS: &[Sign] = &[
    // Auth0's application alone numbers its requests so.
    Sign::header("x-auth0-requestid", "", Tenant, "auth0"),
    Sign::body("You should not be hitting this endpoint", Tenant, "auth0", "Auth0's page for a wrong domain"),
    // Cloudflare, which is Auth0's edge as well. Its errors first: they say what is wrong.
    Sign::body("Error 1000", CdnOrEdge, "cloudflare", "Cloudflare error 1000"),
    Sign::body("error code: 1000", CdnOrEdge, "cloudflare", "Cloudflare error 1000"),
    Sign::body("Error 1001", CdnOrEdge, "cloudflare", "Cloudflare error 1001"),
    Sign::body("error code: 1001", CdnOrEdge, "cloudflare", "Cloudflare error 1001"),
    Sign::body("Error 1014", CdnOrEdge, "cloudflare", "Cloudflare error 1014"),
    Sign::body("error code: 1014", CdnOrEdge, "cloudflare", "Cloudflare error 1014"),
    Sign::body("Error 1016", CdnOrEdge, "cloudflare", "Cloudflare error 1016"),
    Sign::body("error code: 1016", CdnOrEdge, "cloudflare", "Cloudflare error 1016"),
    Sign::body("error code: 10", CdnOrEdge, "cloudflare", "Cloudflare's error"),
    Sign::body("cf-error-details", CdnOrEdge, "cloudflare", "Cloudflare's error page"),
    Sign::body("<center>cloudflare</center>", CdnOrEdge, "cloudflare", "Cloudflare's error page"),
    Sign::body("<title>Just a moment...</title>", CdnOrEdge, "cloudflare", "Cloudflare's challenge"),
    Sign::header("cf-ray", "", CdnOrEdge, "cloudflare"),
    Sign::header("server", "cloudflare", CdnOrEdge, "cloudflare"),
    // CDNs and cloud load balancers.
    Sign::body("Generated by cloudfront", Cdn, "cloudfront", "CloudFront's error page"),
    Sign::header("server", "CloudFront", Cdn, "cloudfront"),
    Sign::header("x-amz-cf-id", "", Cdn, "cloudfront"),
    Sign::header("x-cache", "cloudfront", Cdn, "cloudfront"),
    Sign::header("via", "CloudFront", Cdn, "cloudfront"),
    Sign::body("Fastly error:", Cdn, "fastly", "Fastly's error"),
    Sign::header("x-fastly-request-id", "", Cdn, "fastly"),
    Sign::header("x-served-by", "cache-", Cdn, "fastly"),
    Sign::header("via", "varnish", Cdn, "fastly"),
    Sign::body("Our services aren't available right now", Cdn, "front_door", "Front Door's error page"),
    Sign::header("x-azure-ref", "", Cdn, "front_door"),
    Sign::body("<h1>Error: Server Error</h1>", Cdn, "google", "Google's error page"),
    Sign::body("The server encountered a temporary error and could not complete your request", Cdn, "google", "Google's error page"),
    Sign::header("via", "1.1 google", Cdn, "google"),
    Sign::header("server", "AkamaiGHost", Cdn, "akamai"),
    Sign::header("server", "awselb", Cdn, "aws_load_balancer"),
    // Reverse proxies.
    Sign::body("<center>nginx", Proxy, "nginx", "nginx's error page"),
    Sign::body("<title>Welcome to nginx!</title>", Proxy, "nginx", "nginx's default page"),
    Sign::body("<center>openresty", Proxy, "nginx", "OpenResty's error page"),
    Sign::header("server", "nginx", Proxy, "nginx"),
    Sign::header("server", "openresty", Proxy, "nginx"),
    Sign::body("No server is available to handle this request", Proxy, "haproxy", "HAProxy's 503 page"),
    Sign::body("The server returned an invalid or incomplete response", Proxy, "haproxy", "HAProxy's 502 page"),
    Sign::body("The server didn't respond in time", Proxy, "haproxy", "HAProxy's 504 page"),
    Sign::body("Request forbidden by administrative rules", Proxy, "haproxy", "HAProxy's 403 page"),
    Sign::body("upstream connect error or disconnect/reset before headers", Proxy, "envoy", "Envoy's error"),
    Sign::body("upstream request timeout", Proxy, "envoy", "Envoy's error"),
    Sign::body("no healthy upstream", Proxy, "envoy", "Envoy's error"),
    Sign::header("server", "envoy", Proxy, "envoy"),
    Sign::header("x-envoy-upstream-service-time", "", Proxy, "envoy"),
    Sign::body("The proxy server received an invalid response from an upstream server", Proxy, "apache", "Apache's 502 page"),
    Sign::body("The proxy server could not handle the request", Proxy, "apache", "Apache's proxy error page"),
    Sign::body("The server is temporarily unable to service your request due to maintenance downtime", Proxy, "apache", "Apache's 503 page"),
    Sign::body("The gateway did not receive a timely response from the upstream server", Proxy, "apache", "Apache's 504 page"),
    Sign::body("<address>Apache", Proxy, "apache", "Apache's error page"),
    Sign::header("server", "Apache", Proxy, "apache"),
    Sign::header("server", "Caddy", Proxy, "caddy"),
    Sign::header("via", "Caddy", Proxy, "caddy"),
    Sign::header("server", "Microsoft-Azure-Application-Gateway", Proxy, "application_gateway"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[(&'static str, &'static str)], body: &str) -> Vec<(Layer, String)> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let seen = gather(&[], &map, body.as_bytes());
        seen.into_iter().map(|evidence| (evidence.layer, evidence.sign)).collect()
    }

    #[test]
    fn each_layer_is_known_by_its_pages_and_headers() {
        let nginx = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>";
        let haproxy = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>";
        let apache = "<p>The proxy server received an invalid\r\nresponse from an upstream server.<br />";
        type Case = (&'static [(&'static str, &'static str)], &'static str, Layer, &'static str);
        let cases: &[Case] = &[
            (&[], nginx, Proxy, "nginx's error page"),
            (&[], haproxy, Proxy, "HAProxy's 503 page"),
            (&[], apache, Proxy, "Apache's 502 page"),
            (&[("server", "Caddy")], "", Proxy, "server"),
            (&[], "upstream connect error or disconnect/reset before headers. reset reason", Proxy, "Envoy's error"),
            (&[], "Generated by cloudfront (CloudFront)", Cdn, "CloudFront's error page"),
            (&[("x-amz-cf-id", "abc")], "", Cdn, "x-amz-cf-id"),
            (&[], "Fastly error: unknown domain: login.example.com", Cdn, "Fastly's error"),
            (&[("x-azure-ref", "20261124")], "", Cdn, "x-azure-ref"),
            (&[], "<h1>Error: Server Error</h1>", Cdn, "Google's error page"),
            (&[("cf-ray", "8f00-FRA")], "", CdnOrEdge, "cf-ray"),
            (&[], "<h1>Error 1000</h1>", CdnOrEdge, "Cloudflare error 1000"),
            (&[], "error code: 1016", CdnOrEdge, "Cloudflare error 1016"),
            (&[("x-auth0-requestid", "0123")], "", Tenant, "x-auth0-requestid"),
        ];
        for (headers, body, layer, sign) in cases {
            assert_eq!(found(headers, body), [(*layer, (*sign).to_owned())], "{headers:?} {body}");
        }
        assert_eq!(found(&[("server", "lab")], "<html><h1>It is broken</h1></html>"), []);
    }

    #[test]
    fn signs_of_one_answer_are_told_once_a_product_and_place() {
        let headers = [("server", "nginx"), ("cf-ray", "8f00-FRA"), ("x-auth0-requestid", "0123")];
        let seen = found(&headers, "<center>nginx</center>");
        let layers: Vec<Layer> = seen.iter().map(|(layer, _)| *layer).collect();
        assert_eq!(layers, [Tenant, CdnOrEdge, Proxy, Proxy], "{seen:?}");
    }

    #[test]
    fn the_operators_signs_come_first() {
        let own = [Sign {
            header: Some("x-shield".into()),
            contains: "BLOCKED".into(),
            layer: Proxy,
            product: None,
            name: "".into(),
        }];
        let mut headers = HeaderMap::new();
        headers.insert("x-shield", "blocked by rule 7".parse().unwrap());
        let seen = gather(&own, &headers, b"");
        assert_eq!((seen[0].layer, seen[0].sign.as_str(), seen[0].product.as_deref()), (Proxy, "x-shield", None));
    }

    #[test]
    fn the_table_has_no_header_in_capitals() {
        for sign in SIGNS {
            let header = sign.header.as_deref().unwrap_or_default();
            assert_eq!(header, header.to_lowercase());
            assert!(sign.header.is_some() || !sign.contains.is_empty());
        }
    }
}
