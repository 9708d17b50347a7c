//! [`mend`]: what to do about a [`Trouble`], with the line of the proxy's configuration that is to be mended, in the words
//! of the product that stands there if that shows, else in those of the four that most have.

use super::blame::Trouble;
use crate::domain::DomainName;

/// How to mend it; `None` where the catalogue says all there is to say.
pub(super) fn mend(trouble: Trouble, product: Option<&str>, origin: Option<&DomainName>) -> Option<String> {
    let opening = opening(trouble)?;
    let lines = lines(trouble);
    let named = lines.iter().find(|(name, _)| Some(*name) == product);
    let said = match (named, lines) {
        (_, []) => String::new(),
        (Some((name, line)), _) => format!(" In {}: {line}.", super::login::product_name(name)),
        (None, lines) => {
            let own = ["nginx", "haproxy", "caddy", "apache"];
            let usual = lines.iter().filter(|(name, _)| own.contains(name));
            let all = usual.map(|(name, line)| format!("{}: {line}", super::login::product_name(name)));
            format!(" {}.", all.collect::<Vec<_>>().join("; "))
        }
    };
    let origin = origin.map_or("ORIGIN", DomainName::as_str);
    let chapter = chapter(trouble).map(|name| format!(" See \"{name}\" in docs/proxies.md.")).unwrap_or_default();
    Some(format!("{opening}{said}{chapter}").replace("ORIGIN", origin))
}

/// Where the manual of the proxy's configuration says more.
const fn chapter(trouble: Trouble) -> Option<&'static str> {
    match trouble {
        Trouble::Gateway | Trouble::Slow | Trouble::WrongHost | Trouble::NotForwarded => Some("Line by line"),
        Trouble::Key => Some("The key"),
        Trouble::Prohibited => Some("Who is the client"),
        Trouble::DeadKey | Trouble::Gone => Some("When Auth0 changes the origin"),
        _ => None,
    }
}

fn opening(trouble: Trouble) -> Option<&'static str> {
    Some(match trouble {
        Trouble::Gateway => {
            "The proxy does not get through to Auth0's edge: it must send SNI and Host of the origin host over TLS 1.2 \
             or later, and ask for the host's addresses anew, which change."
        }
        Trouble::Slow => {
            "The proxy gets no answer in time: its address of the origin host may be an old one, so that it must be \
             resolved afresh; or its time-out is too short for slow Actions."
        }
        Trouble::Key => {
            "Set cname-api-key in the proxy to the key of this domain, and Host to the origin host; any other header \
             set in the same block may drop what was inherited."
        }
        Trouble::Prohibited => {
            "Cloudflare's error 1000: the proxy sends CF-Connecting-IP, two X-Forwarded-For or one of more than 100 \
             characters, or another SNI or Host than the origin host. Send exactly one client address."
        }
        Trouble::WrongHost => {
            "The proxy forwards to the tenant's own host: forward to the origin host of this domain, with Host set to it."
        }
        Trouble::NotForwarded => {
            "The proxy answers in Auth0's place: it must forward every path, as it is, to the origin host."
        }
        Trouble::Refused => {
            "The proxy refuses the request itself: look for the rule (WAF, bot rule, access list, allowed methods) that \
             does, and exempt /.well-known/*, /oauth/*, /userinfo and /authorize."
        }
        Trouble::DeadKey => {
            "Auth0 accepts neither the proxy's key nor the one in `cname_api_key`: most likely the custom domain was \
             deleted and created anew, which gives it a new key and a new origin host. Set both in the proxy; a lost key \
             cannot be had again, only by creating the domain anew."
        }
        Trouble::Gone => {
            "Auth0's edge knows no such domain: see in the Dashboard (Branding > Custom Domains) whether it is still there \
             and ready. Created anew it has another key and another origin host."
        }
        Trouble::Blocked => {
            "Auth0 itself refuses the request, past proxy and key: see whether the tenant's access control list, bot or \
             attack protection blocks the proxy's addresses, or ours, and whether the proxy sends one client address."
        }
        Trouble::Edge => {
            "Nothing to mend at the proxy as far as it shows: Auth0's edge does not answer for this domain, the tenant \
             does. See the domain's state in the Dashboard, and https://status.auth0.com."
        }
        Trouble::Auth0 => {
            "Nothing to mend at the proxy as far as it shows: Auth0 itself fails. See https://status.auth0.com, and the \
             tenant's logs."
        }
        Trouble::Redirected | Trouble::Challenged => return None,
    })
}

/// The lines by product. ORIGIN stands for the origin host.
fn lines(trouble: Trouble) -> &'static [(&'static str, &'static str)] {
    match trouble {
        Trouble::Gateway => GATEWAY,
        Trouble::Slow => SLOW,
        Trouble::Key => KEY,
        Trouble::Prohibited => PROHIBITED,
        Trouble::WrongHost => WRONG_HOST,
        Trouble::NotForwarded => NOT_FORWARDED,
        _ => &[],
    }
}

const GATEWAY: &[(&str, &str)] = &[
    (
        "nginx",
        "`proxy_ssl_server_name on`, `proxy_ssl_name ORIGIN`, `proxy_set_header Host ORIGIN`, `proxy_ssl_protocols TLSv1.2 \
         TLSv1.3`, and a `resolver` with the host in a variable of `proxy_pass`",
    ),
    (
        "haproxy",
        "`sni str(ORIGIN)` and `resolvers` at the `server`, `http-request set-header Host ORIGIN`, `ssl-min-ver TLSv1.2`",
    ),
    ("caddy", "`header_up Host ORIGIN`, and `tls_server_name ORIGIN` in `transport http`"),
    (
        "apache",
        "`SSLProxyEngine on`, `ProxyPreserveHost Off` (else SNI and Host are the custom domain's), `SSLProxyProtocol -all +TLSv1.2 +TLSv1.3`, `disablereuse=on` at `ProxyPass`",
    ),
    ("envoy", "`sni: ORIGIN` in the cluster's TLS context, `host_rewrite_literal: ORIGIN`, `type: LOGICAL_DNS`"),
    (
        "cloudfront",
        "origin domain ORIGIN, protocol policy HTTPS only, origin SSL protocol TLSv1.2, and no viewer's Host in the origin request policy",
    ),
    ("cloudflare", "an Origin Rule with Host header and SNI ORIGIN, SSL/TLS mode Full (strict)"),
    ("front_door", "origin host name and origin host header both ORIGIN, HTTPS alone"),
    ("google", "an Internet NEG with the FQDN ORIGIN, HTTPS, and the host rewritten to ORIGIN"),
    ("fastly", "override host, SNI hostname and certificate hostname all ORIGIN"),
];

const SLOW: &[(&str, &str)] = &[
    ("nginx", "a `resolver` with the host in a variable of `proxy_pass`; `proxy_read_timeout` of a minute"),
    ("haproxy", "`resolvers` at the `server`; `timeout server` of a minute"),
    ("caddy", "`response_header_timeout` in `transport http`"),
    ("apache", "`disablereuse=on` and `timeout=60` at `ProxyPass`"),
    ("envoy", "`type: LOGICAL_DNS`; the route's `timeout`"),
    ("cloudfront", "the origin's response timeout (30 s by default)"),
    ("front_door", "the origin response timeout (30 s by default)"),
];

const KEY: &[(&str, &str)] = &[
    ("nginx", "`proxy_set_header cname-api-key …` and `proxy_set_header Host ORIGIN` side by side in the same block"),
    ("haproxy", "`http-request set-header cname-api-key …` and `http-request set-header Host ORIGIN`"),
    ("caddy", "`header_up cname-api-key …` and `header_up Host ORIGIN`"),
    ("apache", "`RequestHeader set cname-api-key …` and `ProxyPreserveHost Off`"),
    ("envoy", "`request_headers_to_add` with cname-api-key, and `host_rewrite_literal: ORIGIN`"),
    (
        "cloudfront",
        "the origin custom header cname-api-key, and an origin request policy without the viewer's Host (AllViewerExceptHostHeader)",
    ),
    ("cloudflare", "the Transform Rule that sets cname-api-key, and the Host override ORIGIN"),
    ("front_door", "the rule that sets cname-api-key, and the origin host header ORIGIN"),
    ("google", "the custom request headers cname-api-key and host: ORIGIN, and the host rewrite ORIGIN"),
    ("fastly", "the request header cname-api-key, and override host ORIGIN"),
];

const PROHIBITED: &[(&str, &str)] = &[
    (
        "nginx",
        "`proxy_set_header X-Forwarded-For $remote_addr` (not `$proxy_add_x_forwarded_for`) and `proxy_set_header CF-Connecting-IP \"\"`",
    ),
    (
        "haproxy",
        "`http-request set-header X-Forwarded-For %[src]` (not `option forwardfor`) and `http-request del-header CF-Connecting-IP`",
    ),
    ("caddy", "`header_up X-Forwarded-For {remote_host}` and `header_up -CF-Connecting-IP`"),
    (
        "apache",
        "`ProxyAddHeaders Off`, `RequestHeader set X-Forwarded-For \"expr=%{REMOTE_ADDR}\"`, `RequestHeader unset CF-Connecting-IP`",
    ),
    ("cloudflare", "`True-Client-IP` instead of CF-Connecting-IP, and SNI and Host ORIGIN in the Origin Rule"),
];

const WRONG_HOST: &[(&str, &str)] = &[
    ("nginx", "`proxy_pass https://ORIGIN`, `proxy_set_header Host ORIGIN`, `proxy_ssl_name ORIGIN`"),
    ("haproxy", "`server … ORIGIN:443 ssl sni str(ORIGIN)` and `http-request set-header Host ORIGIN`"),
    ("caddy", "`reverse_proxy https://ORIGIN` with `header_up Host ORIGIN`"),
    ("apache", "`ProxyPass / https://ORIGIN/` with `ProxyPreserveHost Off`"),
    ("cloudfront", "origin domain ORIGIN"),
    ("cloudflare", "the Origin Rule's host ORIGIN"),
];

const NOT_FORWARDED: &[(&str, &str)] = &[
    (
        "nginx",
        "`location / { proxy_pass https://ORIGIN; }` in the `server` of this very `server_name`, without a path behind the host",
    ),
    (
        "haproxy",
        "the `use_backend` (or `default_backend`) of this host, without `http-request return` or `set-path` before it",
    ),
    ("caddy", "`reverse_proxy` in the site block of this very host, without `respond`, `redir` or `rewrite` before it"),
    (
        "apache",
        "`ProxyPass / https://ORIGIN/` in the `VirtualHost` of this very `ServerName`, without a `RewriteRule` before it",
    ),
    ("cloudfront", "the default behaviour's origin ORIGIN and the alias of this domain at the distribution"),
    ("fastly", "the domain at the service, and its backend ORIGIN"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Trouble; 14] = [
        Trouble::Gateway,
        Trouble::Slow,
        Trouble::Key,
        Trouble::Prohibited,
        Trouble::WrongHost,
        Trouble::NotForwarded,
        Trouble::Refused,
        Trouble::Redirected,
        Trouble::Challenged,
        Trouble::DeadKey,
        Trouble::Gone,
        Trouble::Blocked,
        Trouble::Edge,
        Trouble::Auth0,
    ];

    #[test]
    fn what_the_proxy_must_mend_names_the_line_for_each_of_the_four() {
        for trouble in ALL.into_iter().filter(|trouble| !lines(*trouble).is_empty()) {
            for product in ["nginx", "haproxy", "caddy", "apache"] {
                let line = lines(trouble).iter().find(|(name, _)| *name == product).map(|(_, line)| *line);
                let said = mend(trouble, Some(product), None).unwrap();
                assert!(said.contains(line.unwrap_or_else(|| panic!("{trouble:?}: no line for {product}"))), "{said}");
            }
        }
    }

    #[test]
    fn the_origin_host_is_named_where_it_is_known() {
        let origin = DomainName::parse("t-cd-x.edge.tenants.us.auth0.com").unwrap();
        let said = mend(Trouble::Gateway, Some("nginx"), Some(&origin)).unwrap();
        assert!(
            said.contains("`proxy_ssl_name t-cd-x.edge.tenants.us.auth0.com`") && !said.contains("ORIGIN"),
            "{said}"
        );
        assert!(mend(Trouble::Gateway, Some("nginx"), None).unwrap().contains("proxy_ssl_name ORIGIN"));
    }

    #[test]
    fn the_manual_has_the_chapters() {
        let manual = include_str!("../../docs/proxies.md");
        for name in ALL.into_iter().filter_map(chapter) {
            assert!(manual.lines().any(|line| line == format!("## {name}")), "{name}");
        }
    }

    #[test]
    fn a_mend_fits_a_mail() {
        for trouble in ALL {
            for product in [None, Some("nginx"), Some("cloudfront"), Some("nobody")] {
                let said = mend(trouble, product, None).unwrap_or_default();
                assert!(said.chars().count() <= 1000 && !said.contains("  ") && !said.contains(".."), "{said}");
            }
        }
    }
}
