//! The configurations under `config/proxies` in the real proxies, in front of Auth0's edge as the lab has it: each is
//! healthy as it is printed, and each of its lines is pinned by what goes wrong without it.

mod apache;
mod caddy;
mod contract;
mod customer;
mod haproxy;
mod nginx;
mod pins;
mod scene;

use notafter::lab::edge::Registered;

use self::pins::Pin;
use self::scene::{Altered, DOMAIN, Scene};
use crate::stage::notafter;

/// The proxies that are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nginx,
    Haproxy,
    Caddy,
    Apache,
}

const ALL: [Kind; 4] = [Kind::Nginx, Kind::Haproxy, Kind::Caddy, Kind::Apache];

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Caddy => "caddy",
            Self::Apache => "apache",
        }
    }

    /// What the program prints for a domain.
    fn printed(self, registered: &Registered) -> String {
        let (domain, origin) = (registered.domain.as_str(), registered.origin.as_str());
        let ran = notafter(["proxy-config", self.name(), "--domain", domain, "--origin", origin]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{self:?}");
        ran.stdout
    }

    /// Lines and what shows that they are missing; and lines that nothing shows, each with the reason.
    const fn pins(self) -> (&'static [Pin], &'static [(&'static str, &'static str)]) {
        match self {
            Self::Nginx => (nginx::PINS, nginx::PLAIN),
            Self::Haproxy => (haproxy::PINS, haproxy::PLAIN),
            Self::Caddy => (caddy::PINS, caddy::PLAIN),
            Self::Apache => (apache::PINS, apache::PLAIN),
        }
    }
}

#[test]
fn every_line_of_nginxs_is_needed() {
    pins::hold(&Scene::new(), Kind::Nginx, nginx::PINS);
}

#[test]
fn every_line_of_haproxys_is_needed() {
    pins::hold(&Scene::new(), Kind::Haproxy, haproxy::PINS);
}

#[test]
fn every_line_of_caddys_is_needed() {
    pins::hold(&Scene::new(), Kind::Caddy, caddy::PINS);
}

#[test]
fn every_line_of_apaches_is_needed() {
    pins::hold(&Scene::new(), Kind::Apache, apache::PINS);
}

#[test]
fn no_line_is_without_its_pin() {
    let scene = Scene::new();
    for kind in ALL {
        let (pins, plain) = kind.pins();
        let lines = pins.iter().flat_map(|pin| pin.broken.iter().map(|(line, _)| *line));
        let broken: Vec<String> = lines.map(|line| line.replace("ORIGIN", scene.registered.origin.as_str())).collect();
        let printed = kind.printed(&scene.registered);
        for line in printed.lines().map(str::trim).filter(|line| is_a_setting(line)) {
            let is_pinned = broken.iter().any(|part| line.contains(part.trim()) || part.contains(line));
            let is_plain = plain.iter().any(|(part, _)| line.contains(part));
            assert!(is_pinned || is_plain, "{kind:?}: nothing shows that this line is missing: {line}");
        }
        for (part, why) in plain {
            assert!(printed.contains(part) && !why.is_empty(), "{kind:?}: there is no {part}");
        }
    }
}

/// Neither blank, nor a comment, nor the end of a block.
fn is_a_setting(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#') && line != "}" && !line.starts_with("</")
}

#[test]
fn customers_reach_auth0_through_each_as_themselves() {
    let scene = Scene::new();
    for kind in ALL {
        let proxy = scene.start(kind, Altered::default()).unwrap_or_else(|log| panic!("{kind:?}: {log}"));
        let ran = scene.check(&proxy);
        assert_eq!((ran.json()["verdict"].as_str(), ran.code), (Some("healthy"), 0), "{kind:?}: {ran:?}");
        let before = scene.edge.requests().len();
        let ask = customer::get("/userinfo?a=b%20c").with(&[
            ("authorization", "Bearer junk"),
            ("origin", "https://app.example.com"),
            ("cookie", "auth0=one; did=two"),
            ("accept-language", "de"),
        ]);
        let answer = scene.runtime.block_on(customer::over_tls(proxy.https, DOMAIN, &scene.issuer, &ask)).unwrap();
        assert_eq!(answer.status, 401, "{kind:?}");
        assert!(answer.body.contains("invalid_token") && answer.headers.contains_key("x-auth0-requestid"), "{kind:?}");
        let seen = scene.edge.requests().split_off(before);
        assert_eq!(seen.len(), 1, "{kind:?}");
        assert_eq!(seen[0].client.as_deref(), Some("127.0.0.1"), "{kind:?}");
        assert_eq!(
            (seen[0].target.as_str(), seen[0].http.starts_with("HTTP/")),
            ("/userinfo?a=b%20c", true),
            "{kind:?}"
        );
        for (name, value) in ask.fields {
            // Over HTTP/2 a cookie may come in parts (RFC 9113 §8.2.3).
            assert_eq!(seen[0].values(name).join("; "), *value, "{kind:?}");
        }
        let plain =
            scene.runtime.block_on(customer::in_the_clear(proxy.http, DOMAIN, &customer::get("/a?b=c"))).unwrap();
        let to = plain.headers["location"].to_str().unwrap().replace(&format!(":{}", proxy.https.port()), "");
        assert_eq!((plain.status, to.as_str()), (308, "https://login.example.com/a?b=c"), "{kind:?}");
        // What Auth0 sets is handed on as it is.
        let ask = customer::get("/authorize?client_id=a&redirect_uri=b");
        let answer = scene.runtime.block_on(customer::over_tls(proxy.https, DOMAIN, &scene.issuer, &ask)).unwrap();
        let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
        assert_eq!((answer.status, cookies.len()), (302, 4), "{kind:?}");
        assert!(cookies[0].to_str().unwrap().ends_with("; HttpOnly; Secure; SameSite=None"), "{kind:?}: {cookies:?}");
        for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"] {
            let before = scene.edge.requests().len();
            let ask = customer::Ask { method, ..customer::get("/api/v2/users") };
            drop(scene.runtime.block_on(customer::over_tls(proxy.https, DOMAIN, &scene.issuer, &ask)).unwrap());
            assert_eq!(scene.edge.requests()[before].method, method, "{kind:?}");
        }
    }
}
