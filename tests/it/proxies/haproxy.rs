//! The lines of HAProxy's configuration.

use super::customer::get;
use super::pins::{Look, Pin, pin};

const DISCOVERY: &str = "/.well-known/openid-configuration";
const FULL: &str = "crt /etc/ssl/login.example.com/fullchain.pem";

pub(super) const PINS: &[Pin] = &[
    pin(&[("ssl sni str(", "ssl verifyhost edge sni str(www.")], Look::Check, "healthy", "http.error_status 503"),
    pin(
        &[("http-request set-header Host ORIGIN", "http-request set-header X-Host ORIGIN")],
        Look::Check,
        "healthy",
        "http.error_status 403",
    ),
    pin(
        &[("http-request set-header cname-api-key \"${AUTH0_CNAME_API_KEY}\"", "")],
        Look::Check,
        "healthy",
        "auth0.key_rejected 403 at edge",
    ),
    pin(
        &[("http-request set-header cname-api-key", "http-request add-header cname-api-key")],
        Look::Field(get("/").with(&[("cname-api-key", "a client's")]), "cname-api-key"),
        "planted-key-0123456789",
        "a client's | planted-key-0123456789",
    ),
    pin(
        &[("http-request set-header X-Forwarded-For %[src]", "option forwardfor")],
        Look::Customer(get(DISCOVERY).with(&[("x-forwarded-for", "192.0.2.7")])),
        "200",
        "403",
    ),
    pin(
        &[("http-request set-header X-Forwarded-For %[src]", "")],
        Look::Field(get("/").with(&[("x-forwarded-for", "192.0.2.7")]), "x-forwarded-for"),
        "127.0.0.1",
        "192.0.2.7",
    ),
    pin(
        &[("http-request del-header CF-Connecting-IP", "")],
        Look::Customer(get(DISCOVERY).with(&[("cf-connecting-ip", "192.0.2.7")])),
        "200",
        "403",
    ),
    pin(
        &[("http-request del-header True-Client-IP", "")],
        Look::Field(get("/").with(&[("true-client-ip", "192.0.2.7")]), "true-client-ip"),
        "",
        "192.0.2.7",
    ),
    pin(
        &[("http-request del-header X-Azure-ClientIP", "")],
        Look::Field(get("/").with(&[("x-azure-clientip", "192.0.2.7")]), "x-azure-clientip"),
        "",
        "192.0.2.7",
    ),
    pin(
        &[("http-request del-header X-Forwarded-Host", "")],
        Look::Field(get("/").with(&[("x-forwarded-host", "evil.example")]), "x-forwarded-host"),
        "",
        "evil.example",
    ),
    pin(
        &[("http-request del-header Forwarded", "")],
        Look::Field(get("/").with(&[("forwarded", "for=192.0.2.7")]), "forwarded"),
        "",
        "for=192.0.2.7",
    ),
    pin(&[(" resolvers system init-addr", " init-addr")], Look::CheckOldHosts, "healthy", "http.error_status 503"),
    pin(&[("parse-resolv-conf", "")], Look::CheckOldHosts, "healthy", "http.error_status 503"),
    pin(&[("verify required", "verify none")], Look::CheckImpostor, "http.error_status 503", "key given away"),
    pin(&[("ca-file /etc/ssl/certs/ca-certificates.crt", "")], Look::Check, "healthy", "does not start"),
    pin(
        &[("ssl-min-ver TLSv1.2 ciphers ECDHE+AESGCM:ECDHE+CHACHA20", "ssl-max-ver TLSv1.1")],
        Look::Check,
        "healthy",
        "http.error_status 503",
    ),
    pin(
        &[(
            "ssl-min-ver TLSv1.2 ciphers ECDHE+AESGCM:ECDHE+CHACHA20",
            "ssl-max-ver TLSv1.2 ciphers ECDHE-ECDSA-AES128-SHA256",
        )],
        Look::Check,
        "healthy",
        "http.error_status 503",
    ),
    pin(&[(":443 ssl sni", ":443 check sni")], Look::Check, "healthy", "http.error_status 400"),
    pin(&[("timeout server 60s", "timeout server 100ms")], Look::CheckSlow, "healthy", "http.error_status 504"),
    pin(
        &[("%HM %HP %ST", "%HM %HU %ST")],
        Look::Logged(get("/login/callback?code=planted-code"), "planted-code"),
        "not logged",
        "logged",
    ),
    pin(&[(FULL, "crt /etc/ssl/login.example.com/leaf.pem")], Look::Check, "healthy", "tls.chain_incomplete 200"),
    pin(
        &[("ssl crt /etc/ssl/login.example.com/fullchain.pem alpn h2,http/1.1", "")],
        Look::Check,
        "healthy",
        "tls.handshake_failed at tls",
    ),
    pin(
        &[("ssl-default-bind-options ssl-min-ver TLSv1.2", "ssl-default-bind-options ssl-max-ver TLSv1.1")],
        Look::Check,
        "healthy",
        "tls.handshake_failed at tls",
    ),
    pin(
        &[("http-request redirect prefix https://login.example.com code 308", "http-request return status 404")],
        Look::Plain(get("/authorize?a=b")),
        "308 https://login.example.com/authorize?a=b",
        "404",
    ),
    pin(&[("default_backend auth0", "")], Look::Check, "healthy", "http.error_status 503"),
    pin(&[("mode http", "mode tcp")], Look::Check, "healthy", "does not start"),
];

/// Lines that no look here can miss, and why they are there.
pub(super) const PLAIN: &[(&str, &str)] = &[
    ("global", "a section"),
    ("defaults", "a section"),
    ("resolvers system", "a section"),
    ("frontend http", "a section"),
    ("backend auth0", "a section"),
    ("log /dev/log local0", "where the machine's log is"),
    ("log global", "the same"),
    ("user haproxy", "needs root"),
    ("group haproxy", "needs root"),
    ("timeout http-request 10s", "who sends half a head is not waited for"),
    ("timeout client 60s", "nor who sends nothing"),
    ("timeout connect 5s", "an address that does not answer is not waited for a minute"),
    ("hold valid 10s", "the default; there to be found"),
    ("bind :80", "without it nothing listens"),
    ("bind [::]:80", "the same for IPv6"),
];
