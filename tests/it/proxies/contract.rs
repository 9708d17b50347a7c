//! The proxy's part of the bargain, tried in earnest: every clause is kept by the configurations as they are printed, and
//! each is found broken in a proxy that breaks it.

use std::fs;

use super::scene::{Altered, Proxy, Scene};
use super::{ALL, Kind};

/// Lines with what stands there instead, how it is tried, and what is found.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

/// What `check --contract=HOW` finds, each code once; with a file for what takes a client.
fn tried(scene: &Scene, proxy: &Proxy, how: &str) -> Vec<String> {
    let plain = proxy.http;
    let file = proxy.server.folder().join("notafter.toml");
    let text = format!(
        "[[domain]]\nname = \"login.example.com\"\n[domain.auth0]\nclient_id = \"abc\"\n\
         redirect_uri = \"https://app.example.com/callback\"\nplain_addresses = [\"{plain}\"]\n"
    );
    fs::write(&file, text).expect("a file written");
    let ran = scene.check_with(proxy, &["--config", file.to_str().expect("UTF-8"), &format!("--contract={how}")]);
    let json = ran.json();
    assert!(!json["observations"]["contract"]["tried"].as_array().expect("clauses").is_empty(), "{ran:?}");
    let mut codes: Vec<String> = json["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| {
            format!("{} {}", finding["code"].as_str().unwrap(), finding["facts"]["clause"].as_str().unwrap_or(""))
        })
        .map(|text| text.trim_end().to_owned())
        .collect();
    codes.dedup();
    codes
}

#[test]
fn every_printed_configuration_keeps_every_clause() {
    let scene = Scene::new();
    for kind in ALL {
        let proxy = scene.start(kind, Altered::default()).unwrap_or_else(|log| panic!("{kind:?}: {log}"));
        assert_eq!(tried(&scene, &proxy, "hostile"), Vec::<String>::new(), "{kind:?}");
    }
    let forged: Vec<_> =
        scene.edge.requests().into_iter().filter(|request| !request.values("cf-connecting-ip").is_empty()).collect();
    assert_eq!(forged, [], "a clause that is kept lets nothing forged through");
}

#[test]
fn people_are_told_what_was_tried() {
    let scene = Scene::new();
    let said = |lines: &[(&str, &str)]| {
        let proxy = scene.start(Kind::Nginx, Altered { lines, ..Altered::default() }).unwrap();
        let ran = scene.check_with(&proxy, &["--contract", "--format", "text"]);
        ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let whole = said(&[]);
    // Nobody listens at port 80 here, which is no more than information.
    assert!(whole.contains("not kept: https; kept: post, authorization, query, cookies, ws_federation"), "{whole}");
    let broken = said(&[("proxy_redirect off;", "proxy_set_header Authorization ''; proxy_redirect off;")]);
    assert!(broken.contains("not kept: authorization, https; kept: post, query,"), "{broken}");
}

#[test]
fn without_being_told_to_nothing_forged_and_nothing_posted_is_sent() {
    let scene = Scene::new();
    let proxy = scene.start(Kind::Nginx, Altered::default()).unwrap();
    scene.check(&proxy);
    assert!(scene.edge.requests().iter().all(|request| request.method == "GET"));
    tried(&scene, &proxy, "friendly");
    let posted = scene.edge.requests().into_iter().filter(|request| request.method == "POST");
    assert_eq!(posted.map(|request| request.target).collect::<Vec<_>>(), ["/oauth/token"]);
}

#[test]
fn each_clause_is_found_broken_by_the_proxy_that_breaks_it() {
    const LOCATION: &str = "        proxy_redirect off;";
    let scene = Scene::new();
    let cases: &[Case] = &[
        (&[(LOCATION, "limit_except GET { deny all; } proxy_redirect off;")], "friendly", "auth0.post_blocked post"),
        (
            &[(LOCATION, "proxy_set_header Authorization \"\"; proxy_redirect off;")],
            "friendly",
            "auth0.authorization_stripped authorization",
        ),
        (
            &[("proxy_cache off;", "proxy_cache_key $uri; proxy_cache_valid 200 1m; add_header age 7;")],
            "friendly",
            "auth0.cache_key_incomplete query",
        ),
        (
            &[("proxy_cache off;", "proxy_cache_valid 200 1m; add_header x-cache $upstream_cache_status;")],
            "friendly",
            "auth0.cache_key_incomplete cookies",
        ),
        (
            &[("return 308 https://login.example.com$request_uri;", "return 200 hello;")],
            "friendly",
            "http.no_https_redirect https",
        ),
        (
            &[("return 308 https://login.example.com$request_uri;", "return 301 https://example.com/;")],
            "friendly",
            "http.no_https_redirect https",
        ),
        (
            &[(LOCATION, "proxy_redirect / https://example.us.auth0.com/;")],
            "friendly",
            "auth0.authorize_elsewhere authorize",
        ),
        (
            &[(LOCATION, "proxy_cookie_flags ~ nosecure; proxy_redirect off;")],
            "friendly",
            "auth0.cookie_altered authorize",
        ),
        (
            &[(LOCATION, "proxy_cookie_path / /login; proxy_redirect off;")],
            "friendly",
            "auth0.cookie_altered authorize",
        ),
        (
            &[(
                LOCATION,
                "sub_filter_types application/xml; sub_filter login.example.com other.example.com; sub_filter_once off; proxy_set_header Accept-Encoding \"\"; proxy_redirect off;",
            )],
            "friendly",
            "auth0.metadata_foreign saml",
        ),
        (
            &[(LOCATION, "location /wsfed/ { return 404; } proxy_redirect off;")],
            "friendly",
            "auth0.metadata_foreign ws_federation",
        ),
        (
            &[(LOCATION, "proxy_hide_header Strict-Transport-Security; proxy_redirect off;")],
            "friendly",
            "http.hsts_missing",
        ),
        (
            &[(
                "include /etc/nginx/login.example.com.key;",
                "set $key planted-key-0123456789; if ($http_cname_api_key) { set $key $http_cname_api_key; } \
                 proxy_set_header cname-api-key $key;",
            )],
            "hostile",
            "auth0.client_key_passed client_key",
        ),
        (
            &[("X-Forwarded-For $remote_addr;", "X-Forwarded-For $proxy_add_x_forwarded_for;")],
            "hostile",
            "auth0.client_header_passed forwarded_for",
        ),
        (&[("proxy_set_header CF-Connecting-IP \"\";", "")], "hostile", "auth0.client_header_passed connecting_ip"),
    ];
    let mut wrong = Vec::new();
    for (lines, how, expected) in cases {
        match scene.start(Kind::Nginx, Altered { lines, ..Altered::default() }) {
            Err(log) => wrong.push(format!("{lines:?}: {log}")),
            Ok(proxy) => {
                let found = tried(&scene, &proxy, how);
                if !found.iter().any(|code| code == expected) {
                    wrong.push(format!("{lines:?}: {found:?}, not {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
