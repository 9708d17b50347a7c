//! The lines of Caddy's configuration.

use super::customer::get;
use super::pins::{Look, Pin, pin};

const DISCOVERY: &str = "/.well-known/openid-configuration";

pub(super) const PINS: &[Pin] = &[
    pin(
        &[("tls_server_name ORIGIN", "tls_server_name login.example.com")],
        Look::Check,
        "healthy",
        "http.error_status 502",
    ),
    pin(&[("header_up Host ORIGIN", "")], Look::Check, "healthy", "http.error_status 403 at edge"),
    pin(
        &[("header_up cname-api-key {env.AUTH0_CNAME_API_KEY}", "")],
        Look::Check,
        "healthy",
        "auth0.key_rejected 403 at edge",
    ),
    pin(
        &[("header_up cname-api-key", "header_up +cname-api-key")],
        Look::Field(get("/").with(&[("cname-api-key", "a client's")]), "cname-api-key"),
        "planted-key-0123456789",
        "a client's | planted-key-0123456789",
    ),
    pin(
        &[(
            "header_up X-Forwarded-For {remote_host}",
            "header_up X-Forwarded-For \"{http.request.header.X-Forwarded-For}, {remote_host}\"",
        )],
        Look::Customer(get(DISCOVERY).with(&[("x-forwarded-for", "192.0.2.7")])),
        "200",
        "403",
    ),
    pin(
        &[(
            "header_up X-Forwarded-For {remote_host}",
            "header_up X-Forwarded-For {http.request.header.X-Forwarded-For}",
        )],
        Look::Field(get("/").with(&[("x-forwarded-for", "192.0.2.7")]), "x-forwarded-for"),
        "127.0.0.1",
        "192.0.2.7",
    ),
    pin(
        &[("header_up -CF-Connecting-IP", "")],
        Look::Customer(get(DISCOVERY).with(&[("cf-connecting-ip", "192.0.2.7")])),
        "200",
        "403",
    ),
    pin(
        &[("header_up -True-Client-IP", "")],
        Look::Field(get("/").with(&[("true-client-ip", "192.0.2.7")]), "true-client-ip"),
        "",
        "192.0.2.7",
    ),
    pin(
        &[("header_up -X-Azure-ClientIP", "")],
        Look::Field(get("/").with(&[("x-azure-clientip", "192.0.2.7")]), "x-azure-clientip"),
        "",
        "192.0.2.7",
    ),
    pin(&[("header_up -X-Forwarded-Host", "")], Look::Field(get("/"), "x-forwarded-host"), "", "login.example.com"),
    pin(&[("header_up -X-Forwarded-Proto", "")], Look::Field(get("/"), "x-forwarded-proto"), "", "https"),
    pin(
        &[("header_up -Forwarded", "")],
        Look::Field(get("/").with(&[("forwarded", "for=192.0.2.7")]), "forwarded"),
        "",
        "for=192.0.2.7",
    ),
    pin(
        &[("tls_server_name ORIGIN", "tls_insecure_skip_verify")],
        Look::CheckImpostor,
        "http.error_status 502",
        "key given away",
    ),
    pin(
        &[("reverse_proxy https://ORIGIN:443", "reverse_proxy http://ORIGIN:443"), ("tls_server_name ORIGIN", "")],
        Look::Check,
        "healthy",
        "http.error_status 400 at edge",
    ),
    pin(
        &[("response_header_timeout 60s", "response_header_timeout 100ms")],
        Look::CheckSlow,
        "healthy",
        "http.error_status 504",
    ),
    pin(
        &[("request>uri regexp \\?.* ?***", "")],
        Look::Logged(get("/login/callback?code=planted-code"), "planted-code"),
        "not logged",
        "logged",
    ),
    pin(
        &[("request>headers>Referer delete", "")],
        Look::Logged(
            get("/login/callback").with(&[("referer", "https://a.example/?code=planted-code")]),
            "planted-code",
        ),
        "not logged",
        "logged",
    ),
    pin(
        &[("resp_headers>Location delete", "")],
        Look::Logged(get("/authorize?client_id=a&redirect_uri=b"), "state=hKFo2SBsYWItc3RhdGU"),
        "not logged",
        "logged",
    ),
    pin(
        &[("tls /etc/ssl/login.example.com/fullchain.pem", "tls /etc/ssl/login.example.com/leaf.pem")],
        Look::Check,
        "healthy",
        "tls.chain_incomplete 200",
    ),
];

/// Lines that no look here can miss, and why they are there.
pub(super) const PLAIN: &[(&str, &str)] = &[
    ("login.example.com {", "a block; that http is redirected is Caddy's own doing, and looked at for all"),
    ("log {", "a block"),
    ("format filter {", "a block"),
    ("wrap json", "the format that is filtered"),
    ("fields {", "a block"),
    ("output file", "where the machine's logs are"),
    ("transport http {", "a block"),
    ("dial_timeout 5s", "an address that does not answer is not waited for a minute"),
];
