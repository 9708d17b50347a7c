//! The lines of nginx's configuration.

use super::customer::get;
use super::pins::{Look, Pin, pin};

const DISCOVERY: &str = "/.well-known/openid-configuration";

pub(super) const PINS: &[Pin] = &[
    pin(&[("proxy_ssl_server_name on;", "")], Look::Check, "healthy", "http.error_status 502"),
    pin(
        &[("proxy_ssl_name $auth0_origin;", "proxy_ssl_name login.example.com;")],
        Look::Check,
        "healthy",
        "http.error_status 502",
    ),
    pin(
        &[("proxy_set_header Host $auth0_origin;", "proxy_set_header Host $host;")],
        Look::Check,
        "healthy",
        "http.error_status 403 at edge",
    ),
    pin(&[("include /etc/nginx/login.example.com.key;", "")], Look::Check, "healthy", "auth0.key_rejected 403 at edge"),
    pin(
        &[("include /etc/nginx/login.example.com.key;", "proxy_set_header cname-api-key $http_cname_api_key;")],
        Look::Field(get("/").with(&[("cname-api-key", "a client's")]), "cname-api-key"),
        "planted-key-0123456789",
        "a client's",
    ),
    pin(
        &[(
            "proxy_set_header X-Forwarded-For $remote_addr;",
            "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        )],
        Look::Customer(get(DISCOVERY).with(&[("x-forwarded-for", "192.0.2.7")])),
        "200",
        "403",
    ),
    pin(
        &[("proxy_set_header X-Forwarded-For $remote_addr;", "")],
        Look::Field(get("/").with(&[("x-forwarded-for", "192.0.2.7")]), "x-forwarded-for"),
        "127.0.0.1",
        "192.0.2.7",
    ),
    pin(
        &[("proxy_set_header CF-Connecting-IP \"\";", "")],
        Look::Customer(get(DISCOVERY).with(&[("cf-connecting-ip", "192.0.2.7")])),
        "200",
        "403",
    ),
    pin(
        &[("proxy_set_header True-Client-IP \"\";", "")],
        Look::Field(get("/").with(&[("true-client-ip", "192.0.2.7")]), "true-client-ip"),
        "",
        "192.0.2.7",
    ),
    pin(
        &[("proxy_set_header X-Azure-ClientIP \"\";", "")],
        Look::Field(get("/").with(&[("x-azure-clientip", "192.0.2.7")]), "x-azure-clientip"),
        "",
        "192.0.2.7",
    ),
    pin(
        &[("proxy_set_header X-Forwarded-Host \"\";", "")],
        Look::Field(get("/").with(&[("x-forwarded-host", "evil.example")]), "x-forwarded-host"),
        "",
        "evil.example",
    ),
    pin(
        &[("proxy_set_header Forwarded \"\";", "")],
        Look::Field(get("/").with(&[("forwarded", "for=192.0.2.7")]), "forwarded"),
        "",
        "for=192.0.2.7",
    ),
    pin(&[("proxy_http_version 1.1;", "")], Look::Version, "HTTP/1.1", "HTTP/1.0"),
    pin(
        &[("proxy_pass https://$auth0_origin:443;", "proxy_pass https://ORIGIN:443;")],
        Look::CheckOldHosts,
        "healthy",
        "http.error_status 502",
    ),
    pin(
        &[("proxy_pass https://$auth0_origin:443;", "proxy_pass https://$auth0_origin:443/;")],
        Look::Target(get("/authorize?a=b")),
        "/authorize?a=b",
        "/",
    ),
    pin(
        &[("proxy_pass https://$auth0_origin:443;", "proxy_pass http://$auth0_origin:443;")],
        Look::Check,
        "healthy",
        "http.error_status 400",
    ),
    pin(&[("resolver 127.0.0.53;", "")], Look::Check, "healthy", "http.error_status 502"),
    pin(&[("proxy_ssl_verify on;", "")], Look::CheckImpostor, "http.error_status 502", "key given away"),
    pin(&[("proxy_ssl_verify_depth 4;", "")], Look::Check, "healthy", "http.error_status 502"),
    pin(
        &[("proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;", "")],
        Look::Check,
        "healthy",
        "does not start",
    ),
    pin(
        &[("proxy_ssl_protocols TLSv1.2 TLSv1.3;", "proxy_ssl_protocols TLSv1 TLSv1.1;")],
        Look::Check,
        "healthy",
        "http.error_status 502",
    ),
    pin(
        &[
            ("proxy_ssl_protocols TLSv1.2 TLSv1.3;", "proxy_ssl_protocols TLSv1.2;"),
            (
                "proxy_ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;",
                "proxy_ssl_ciphers ECDHE-ECDSA-AES128-SHA256:AES128-SHA;",
            ),
        ],
        Look::Check,
        "healthy",
        "http.error_status 502",
    ),
    pin(&[("proxy_cache off;", "")], Look::Twice(get("/.well-known/jwks.json")), "2", "1"),
    pin(
        &[("proxy_redirect off;", "")],
        Look::Answered(get("/authorize?client_id=a&redirect_uri=b"), "location"),
        "/u/login?state=hKFo2SBsYWItc3RhdGU",
        "https://elsewhere.example/u/login?state=hKFo2SBsYWItc3RhdGU",
    ),
    pin(
        &[("proxy_buffer_size 16k;", ""), ("proxy_buffers 8 16k;", "")],
        Look::Customer(get("/authorize?client_id=a&redirect_uri=b")),
        "302",
        "502",
    ),
    pin(
        &[("proxy_read_timeout 60s;", "proxy_read_timeout 100ms;")],
        Look::CheckSlow,
        "healthy",
        "http.error_status 504",
    ),
    pin(
        &[("large_client_header_buffers 4 16k;", "")],
        Look::Customer(get(DISCOVERY).with_cookie(10_000)),
        "200",
        "400",
    ),
    pin(&[("client_max_body_size 4m;", "")], Look::Customer(get("/oauth/token").posting(2000)), "400", "413"),
    pin(
        &[(
            "access_log /var/log/nginx/login.example.com.log login.example.com;",
            "access_log /var/log/nginx/login.example.com.log combined;",
        )],
        Look::Logged(get("/login/callback?code=planted-code"), "planted-code"),
        "not logged",
        "logged",
    ),
    pin(
        &[("$uri $status", "$request_uri $status")],
        Look::Logged(get("/login/callback?code=planted-code"), "planted-code"),
        "not logged",
        "logged",
    ),
    pin(
        &[(
            "ssl_certificate /etc/ssl/login.example.com/fullchain.pem;",
            "ssl_certificate /etc/ssl/login.example.com/leaf.pem;",
        )],
        Look::Check,
        "healthy",
        "tls.chain_incomplete 200",
    ),
    pin(
        &[("ssl_certificate_key /etc/ssl/login.example.com/privkey.pem;", "")],
        Look::Check,
        "healthy",
        "does not start",
    ),
    pin(
        &[("ssl_protocols TLSv1.2 TLSv1.3;\n\n    access", "ssl_protocols TLSv1.1;\n\n    access")],
        Look::Check,
        "healthy",
        "tls.handshake_failed at tls",
    ),
    pin(&[("listen 443 ssl http2;", "listen 443;")], Look::Check, "healthy", "tls.handshake_failed at tls"),
    pin(
        &[("return 308 https://login.example.com$request_uri;", "return 404;")],
        Look::Plain(get("/authorize?a=b")),
        "308 https://login.example.com/authorize?a=b",
        "404",
    ),
    pin(
        &[("location /.well-known/acme-challenge/ {", "location /.well-known/acme/ {")],
        Look::Plain(get("/.well-known/acme-challenge/token")),
        "200 proof",
        "308 https://login.example.com/.well-known/acme-challenge/token",
    ),
];

/// Lines that no look here can miss, and why they are there.
pub(super) const PLAIN: &[(&str, &str)] = &[
    ("server {", "a block"),
    ("location / {", "a block"),
    ("root /var/www/acme;", "belongs to its block"),
    ("server_name login.example.com;", "this file's hosts are alone here; elsewhere they are not"),
    ("listen 80;", "without it nothing listens"),
    ("listen [::]:", "the same for IPv6"),
    ("set $auth0_origin", "the variable of the others"),
    ("'$request_time", "the log's second line"),
    ("proxy_connect_timeout 5s;", "an address that does not answer is not waited for a minute"),
];
