//! The lines of Apache httpd's configuration.

use super::customer::get;
use super::pins::{Look, Pin, pin};

const DISCOVERY: &str = "/.well-known/openid-configuration";

pub(super) const PINS: &[Pin] = &[
    pin(&[("ProxyPreserveHost Off", "ProxyPreserveHost On")], Look::Check, "healthy", "http.error_status 500"),
    pin(
        &[("Include /etc/apache2/login.example.com.key", "")],
        Look::Check,
        "healthy",
        "auth0.key_rejected 403 at edge",
    ),
    pin(
        &[("Include /etc/apache2/login.example.com.key", "RequestHeader add cname-api-key planted-key-0123456789")],
        Look::Field(get("/").with(&[("cname-api-key", "a client's")]), "cname-api-key"),
        "planted-key-0123456789",
        "a client's | planted-key-0123456789",
    ),
    pin(
        &[
            ("ProxyAddHeaders Off", "ProxyAddHeaders On"),
            ("RequestHeader set X-Forwarded-For \"expr=%{REMOTE_ADDR}\"", ""),
        ],
        Look::Customer(get(DISCOVERY).with(&[("x-forwarded-for", "192.0.2.7")])),
        "200",
        "403",
    ),
    pin(
        &[("RequestHeader set X-Forwarded-For \"expr=%{REMOTE_ADDR}\"", "")],
        Look::Field(get("/").with(&[("x-forwarded-for", "192.0.2.7")]), "x-forwarded-for"),
        "127.0.0.1",
        "192.0.2.7",
    ),
    pin(
        &[("RequestHeader unset CF-Connecting-IP", "")],
        Look::Customer(get(DISCOVERY).with(&[("cf-connecting-ip", "192.0.2.7")])),
        "200",
        "403",
    ),
    pin(
        &[("RequestHeader unset True-Client-IP", "")],
        Look::Field(get("/").with(&[("true-client-ip", "192.0.2.7")]), "true-client-ip"),
        "",
        "192.0.2.7",
    ),
    pin(
        &[("RequestHeader unset X-Azure-ClientIP", "")],
        Look::Field(get("/").with(&[("x-azure-clientip", "192.0.2.7")]), "x-azure-clientip"),
        "",
        "192.0.2.7",
    ),
    pin(
        &[("RequestHeader unset X-Forwarded-Host", "")],
        Look::Field(get("/").with(&[("x-forwarded-host", "evil.example")]), "x-forwarded-host"),
        "",
        "evil.example",
    ),
    pin(
        &[("RequestHeader unset Forwarded", "")],
        Look::Field(get("/").with(&[("forwarded", "for=192.0.2.7")]), "forwarded"),
        "",
        "for=192.0.2.7",
    ),
    pin(
        &[("SSLProxyVerify require", "SSLProxyVerify none"), ("SSLProxyVerifyDepth 4", "SSLProxyCheckPeerName off")],
        Look::CheckImpostor,
        "http.error_status 500",
        "key given away",
    ),
    pin(&[("SSLProxyVerifyDepth 4", "")], Look::Check, "healthy", "http.error_status 500"),
    pin(
        &[("SSLProxyCACertificateFile /etc/ssl/certs/ca-certificates.crt", "")],
        Look::Check,
        "healthy",
        "http.error_status 500",
    ),
    pin(&[("SSLProxyEngine on", "")], Look::Check, "healthy", "http.error_status 500"),
    pin(
        &[("SSLProxyProtocol -all +TLSv1.2 +TLSv1.3", "SSLProxyProtocol -all +TLSv1.1")],
        Look::Check,
        "healthy",
        "http.error_status 500",
    ),
    pin(
        &[
            ("SSLProxyProtocol -all +TLSv1.2 +TLSv1.3", "SSLProxyProtocol -all +TLSv1.2"),
            ("SSLProxyCipherSuite ECDHE+AESGCM:ECDHE+CHACHA20", "SSLProxyCipherSuite ECDHE-ECDSA-AES128-SHA256"),
        ],
        Look::Check,
        "healthy",
        "http.error_status 500",
    ),
    pin(&[("CacheDisable /", "")], Look::Twice(get("/.well-known/jwks.json")), "2", "1"),
    pin(
        &[("AllowEncodedSlashes NoDecode", "")],
        Look::Target(get("/api/v2/users/saml%7Ca%2Fb")),
        "/api/v2/users/saml%7Ca%2Fb",
        "404",
    ),
    pin(
        &[(" nocanon", "")],
        Look::Target(get("/api/v2/users/saml%7Ca%3Ab~%21")),
        "/api/v2/users/saml%7Ca%3Ab~%21",
        "/api/v2/users/saml%7Ca:b~!",
    ),
    pin(&[("ProxyPass / https://", "ProxyPass / http://")], Look::Check, "healthy", "http.error_status 400"),
    pin(&[(" disablereuse=on", "")], Look::Moved, "503", "200"),
    pin(&[("timeout=60", "timeout=1")], Look::CheckSlow, "healthy", "http.error_status 502"),
    pin(&[("LimitRequestFieldSize 16384", "")], Look::Customer(get(DISCOVERY).with_cookie(10_000)), "200", "400"),
    pin(
        &[(
            "CustomLog /var/log/apache2/login.example.com.log login.example.com",
            "CustomLog /var/log/apache2/login.example.com.log \"%r\"",
        )],
        Look::Logged(get("/login/callback?code=planted-code"), "planted-code"),
        "not logged",
        "logged",
    ),
    pin(
        &[("%m %U %>s", "%m %U%q %>s")],
        Look::Logged(get("/login/callback?code=planted-code"), "planted-code"),
        "not logged",
        "logged",
    ),
    pin(
        &[(
            "SSLCertificateFile /etc/ssl/login.example.com/fullchain.pem",
            "SSLCertificateFile /etc/ssl/login.example.com/leaf.pem",
        )],
        Look::Check,
        "healthy",
        "tls.chain_incomplete 200",
    ),
    pin(
        &[("SSLCertificateKeyFile /etc/ssl/login.example.com/privkey.pem", "")],
        Look::Check,
        "healthy",
        "does not start",
    ),
    pin(
        &[("SSLProtocol -all +TLSv1.2 +TLSv1.3", "SSLProtocol -all +TLSv1.1")],
        Look::Check,
        "healthy",
        "tls.handshake_failed at tls",
    ),
    pin(&[("SSLEngine on", "")], Look::Check, "healthy", "tls.handshake_failed at tls"),
    pin(
        &[("RedirectMatch 308 ^/(?!\\.well-known/acme-challenge/)(.*)$ https://login.example.com/$1", "")],
        Look::Plain(get("/authorize?a=b")),
        "308 https://login.example.com/authorize?a=b",
        "404",
    ),
    pin(
        &[(
            "Alias /.well-known/acme-challenge/ /var/www/acme/.well-known/acme-challenge/",
            "Alias /acme /var/www/acme/",
        )],
        Look::Plain(get("/.well-known/acme-challenge/token")),
        "200 proof",
        "404",
    ),
];

/// Lines that no look here can miss, and why they are there.
pub(super) const PLAIN: &[(&str, &str)] = &[
    ("<VirtualHost", "a block"),
    ("<IfModule", "a block"),
    ("<Directory", "a block"),
    ("Require all granted", "belongs to its block"),
    ("ServerName", "this file's hosts are alone here; elsewhere they are not"),
    ("Protocols h2", "HTTP/2 is faster, not needed"),
];
