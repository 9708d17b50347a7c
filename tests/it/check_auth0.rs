//! Whether a login reaches Auth0 through the proxy: everything that can come back in place of the document.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use notafter::lab::ca::Authority;
use serde_json::{Value, json};

use super::servers::{Vhost, proxy_to};
use super::stage::{Stage, codes, sound, statuses};

/// What the three hops behind the handshake come to.
const UNPLACED: [&str; 3] = ["unknown", "unknown", "unknown"];
const ALL_OK: [&str; 3] = ["ok", "ok", "ok"];

/// A host's answer, and what is to be found in it.
struct Case {
    name: &'static str,
    content: String,
    code: &'static str,
    exit: i32,
    hops: [&'static str; 3],
    broken_at: Option<&'static str>,
    said: &'static str,
}

fn case(name: &'static str, content: &str, code: &'static str, exit: i32, said: &'static str) -> Case {
    Case { name, content: content.to_owned(), code, exit, hops: UNPLACED, broken_at: None, said }
}

impl Case {
    /// A warning breaks no hop.
    const fn doubted(mut self, hops: [&'static str; 3]) -> Self {
        self.hops = hops;
        self
    }

    fn broken(mut self, hops: [&'static str; 3], at: &'static str) -> Self {
        (self.hops, self.broken_at) = (hops, Some(at));
        self
    }
}

fn cases() -> Vec<Case> {
    let html = "default_type text/html; return 200 '<html><h1>It works!</h1></html>';";
    let stranger = r#"default_type application/json; return 200 '{"issuer":"https://tenant.eu.auth0.com/"}';"#;
    let no_slash = r#"default_type application/json; return 200 '{"issuer":"https://no-slash.example"}';"#;
    let challenge = "add_header cf-mitigated challenge always; return 403 '<html>Just a moment...</html>';";
    let auth0 = "add_header x-auth0-requestid 0123456789abcdef0123 always;";
    let at = |content: &str| format!("location = /.well-known/openid-configuration {{ {content} }}");
    vec![
        case("502.example", &at("return 502;"), "http.error_status", 2, "status 502, the proxy does not reach Auth0"),
        case("504.example", &at("return 504;"), "http.error_status", 2, "status 504, the proxy does not reach Auth0"),
        case("401.example", &at("return 401;"), "http.error_status", 2, "status 401, refused")
            .broken(["broken", "not_looked", "not_looked"], "proxy"),
        case("403.example", &at("return 403 'Forbidden';"), "http.error_status", 2, "status 403, refused"),
        case("404.example", &at("return 404;"), "http.error_status", 2, "status 404, nothing there")
            .broken(["broken", "not_looked", "not_looked"], "proxy"),
        case(
            "key.example",
            &at("default_type application/json; return 403 '{\"message\":\"Invalid API key\"}';"),
            "auth0.key_rejected",
            2,
            "rejects the proxy's cname-api-key (status 403)",
        )
        .broken(["ok", "broken", "not_looked"], "edge"),
        case(
            "tenant.example",
            &at(&format!("{auth0} return 500 'Oops';")),
            "http.error_status",
            2,
            "status 500, from Auth0 itself",
        )
        .broken(["ok", "ok", "broken"], "tenant"),
        case(
            "301.example",
            &at("return 301 https://elsewhere.example/;"),
            "http.redirect",
            1,
            "status 301, a redirect to https://elsewhere.example/",
        )
        .doubted(["unknown", "not_looked", "not_looked"]),
        case(
            "429.example",
            &at("add_header retry-after 30 always; return 429;"),
            "http.rate_limited",
            1,
            "status 429, too many requests",
        )
        .doubted(["unknown", "not_looked", "not_looked"]),
        case("html.example", &at(html), "auth0.not_json", 2, "no discovery document"),
        case("array.example", &at("return 200 '[1,2]';"), "auth0.not_json", 2, "no discovery document"),
        case("empty.example", &at("return 200 '';"), "auth0.not_json", 2, "no discovery document"),
        case("issuer.example", &at(stranger), "auth0.issuer_mismatch", 2, "the issuer is https://tenant.eu.auth0.com/")
            .broken(["broken", "not_looked", "not_looked"], "proxy"),
        case(
            "no-slash.example",
            &at(no_slash),
            "auth0.issuer_mismatch",
            2,
            "https://no-slash.example, not https://no-slash.example/",
        )
        .broken(["broken", "not_looked", "not_looked"], "proxy"),
        case("challenge.example", &at(challenge), "auth0.challenge", 1, "a bot challenge was served to us"),
        case("closes.example", &at("return 444;"), "http.broken", 2, "the connection broke before a complete answer"),
    ]
}

#[test]
fn every_answer_that_is_not_the_document_has_its_name_and_its_place() {
    let root = Authority::root("Lab Root").unwrap();
    let cases = cases();
    let mut hosts: Vec<Vhost> = cases
        .iter()
        .map(|case| Vhost::new(case.name, &root.leaf(&sound(case.name)).unwrap()).answering(&case.content))
        .collect();
    hosts.push(Vhost::new("elsewhere.example", &root.leaf(&sound("elsewhere.example")).unwrap()));
    let mut stage = Stage::new(&root, &hosts);
    for case in &cases {
        let ran = stage.look(case.name, &[]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (vec![case.code], case.exit), "{}: {seen:#}", case.name);
        let summary = seen["findings"][0]["summary"].as_str().unwrap();
        assert!(summary.contains(case.said), "{}: {summary}", case.name);
        assert_eq!(statuses(&seen)[..4], ["ok"; 4], "{}", case.name);
        assert_eq!(statuses(&seen)[4..], case.hops, "{}", case.name);
        assert_eq!(seen["broken_at"], json!(case.broken_at), "{}", case.name);
        assert_eq!(seen["observations"]["auth0"].as_array().unwrap().len(), 1, "{}", case.name);
    }
    // Nothing was followed or asked twice: a line a case, and none for the redirect's target.
    let requests = stage.nginx.wait_for_requests(cases.len());
    assert_eq!(requests.len(), cases.len(), "{requests:?}");
    assert!(!requests.iter().any(|line| line.contains("elsewhere.example")), "{requests:?}");
}

#[test]
fn facts_tell_who_answered() {
    let root = Authority::root("Lab Root").unwrap();
    let content = "add_header x-auth0-requestid abc123 always; add_header via '1.1 proxy' always; \
                   add_header cf-ray 8f00-FRA always; add_header x-cache 'Miss from cloudfront' always; \
                   add_header age 7 always; add_header retry-after 30 always; \
                   location / { default_type text/plain; return 403 'Invalid API key\n  for   this domain'; }";
    let issued = root.leaf(&sound("login.example")).unwrap();
    let stage = Stage::new(&root, &[Vhost::new("login.example", &issued).answering(content)]);
    let seen = stage.look("login.example", &[]).json();
    let http = &seen["observations"]["auth0"][0];
    let headers = &http["headers"];
    let told = ["auth0_request_id", "via", "cf_ray", "x_cache", "age", "retry_after"].map(|name| &headers[name]);
    assert_eq!(told, ["abc123", "1.1 proxy", "8f00-FRA", "Miss from cloudfront", "7", "30"]);
    assert_eq!((&http["status"], &http["key_marker"]), (&json!(403), &json!("Invalid API key")));
    assert_eq!(http["excerpt"], "Invalid API key for this domain");
    let facts = &seen["findings"][0]["facts"];
    assert_eq!((&facts["basis"], &facts["marker"]), (&json!("marker"), &json!("Invalid API key")));
    assert_eq!((&facts["auth0_request_id"], &facts["via"]), (&json!("abc123"), &json!("1.1 proxy")));
}

#[test]
fn markers_of_a_rejected_key_can_be_told_in_the_file() {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("login.example")).unwrap();
    let content = "location / { return 403 'Schluessel abgelehnt'; }";
    let stage = Stage::new(&root, &[Vhost::new("login.example", &issued).answering(content)]);
    let file = |markers: &str| stage.config(&format!("key_markers = {markers}\n{}", stage.domain("login.example")));
    let ran = stage.check(&["--format", "json", "--config", &file("[\"abgelehnt\"]")]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["auth0.key_rejected"], 2));
    let ran = stage.check(&["--format", "json", "--config", &file("[]")]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["http.error_status"], 2));
}

/// A port that reads a request and then does this with the connection.
fn origin(answer: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            drop(stream.read(&mut [0; 4096]));
            answer(stream);
        }
    });
    address
}

#[test]
fn answers_that_never_end_or_never_come_are_given_up() {
    let root = Authority::root("Lab Root").unwrap();
    // Held open until the proxy gives up in its turn.
    let silent = origin(|mut stream| drop(stream.read(&mut [0; 1])));
    let half = origin(|mut stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"issuer\":"));
        drop(stream.read(&mut [0; 1]));
    });
    let cut = origin(|mut stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"issuer\":"));
    });
    let endless = origin(|mut stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"));
        while stream.write_all(&[b' '; 65_536]).is_ok() {}
    });
    let host = |name: &str, to: SocketAddr| {
        let content = format!("proxy_buffering off;\n{}", proxy_to(to, "edge.example", "sesame"));
        Vhost::new(name, &root.leaf(&sound(name)).unwrap()).answering(content)
    };
    let hosts = [
        host("silent.example", silent),
        host("half.example", half),
        host("cut.example", cut),
        host("endless.example", endless),
    ];
    let stage = Stage::new(&root, &hosts);
    let domains: String = hosts.iter().map(|host| stage.domain(&host.name)).collect();
    let config = stage.config(&format!("timeout = \"1s\"\n{domains}"));
    let ran = stage.check(&["--format", "json", "--config", &config]);
    let seen = ran.lines();
    let failure = |seen: &Value| seen["observations"]["auth0"][0]["failure"]["code"].clone();
    for (seen, (code, failed)) in seen.iter().zip([
        ("http.timeout", true),
        ("http.timeout", true),
        ("http.broken", true),
        ("auth0.not_json", false),
    ]) {
        assert_eq!(codes(seen), [code], "{seen:#}");
        assert_eq!(statuses(seen)[4..], UNPLACED, "{seen:#}");
        assert_eq!(failure(seen), if failed { json!(code) } else { Value::Null }, "{seen:#}");
        // The certificate was seen all the same.
        assert_eq!(seen["observations"]["tls"][0]["chain"].as_array().unwrap().len(), 1);
    }
    assert_eq!((seen.len(), ran.code), (4, 2));
}

#[test]
fn the_document_may_come_over_h2_and_a_good_one_leads_to_the_tenant() {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("login.example")).unwrap();
    let mut host = Vhost::new("login.example", &issued);
    host.http2 = true;
    let mut stage = Stage::new(&root, &[host]);
    let ran = stage.look("login.example", &[]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec![], 0), "{seen:#}");
    assert_eq!(statuses(&seen)[4..], ALL_OK);
    let requests = stage.nginx.wait_for_requests(1);
    let agent = format!("200 \"notafter/{}\"", env!("CARGO_PKG_VERSION"));
    assert!(requests[0].contains(&agent), "{requests:?}");
}
