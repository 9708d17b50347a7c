//! `check`: the JSON that others depend on, to the letter; one handshake an address; exit codes.

use notafter::lab::ca::{Authority, KeyKind};
use notafter::observation::certificate::Sha256;
use serde_json::{Value, json};

use super::servers::Vhost;
use super::stage::{NOW, Ran, Stage, codes, notafter, sound};

/// Numbers of milliseconds replaced by 0: they are the one thing that differs from run to run.
fn timeless(mut value: Value) -> Value {
    match &mut value {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                if key.ends_with("_ms") && value.is_u64() {
                    *value = json!(0);
                } else if key == "detail" && value.as_str().is_some_and(|text| text.starts_with("200 in ")) {
                    *value = json!("200 in 0 ms");
                } else {
                    *value = timeless(value.take());
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| *one = timeless(one.take())),
        _ => {}
    }
    value
}

#[test]
fn the_json_of_a_healthy_domain_to_the_letter() {
    let root = Authority::root("Lab Root").unwrap();
    let spec = sound("login.example").with_name("*.login.example").with_name("192.0.2.7").with_serial(0x80_1234);
    let issued = root.leaf(&spec.with_key(KeyKind::P384)).unwrap();
    let stage = Stage::new(&root, &[Vhost::new("login.example", &issued)]);
    let ran = stage.look("login.example", &[]);
    let (address, nameserver) = (stage.nginx.at("127.0.0.1").to_string(), stage.knot.address().to_string());
    let step = |hop: &str, detail: &str| json!({ "hop": hop, "status": "ok", "detail": detail });
    let no_caa = json!({ "name": null, "cname": [], "records": [], "ttl": null, "outcome": "no_data" });
    let answer = ran.json()["observations"]["auth0"][0].clone();
    let hash = |at: &str| {
        let hash = answer.pointer(&format!("{at}/sha256")).unwrap().clone();
        assert_eq!(hash.as_str().unwrap().len(), 64);
        hash
    };
    let lab_key = json!([{ "kid": "lab", "alg": "RS256", "usable": true, "not_after": null }]);
    let reply = |own: Value| {
        let mut reply = json!({
            "status": 200, "content_type": "application/json", "age": null, "from_cache": false,
            "auth0_request_id": "0123456789abcdef0123", "is_json": true, "sha256": null, "key_set": null,
            "rate_limit": null, "failure": null,
        });
        reply.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        reply
    };
    let refused = |version: &str, said: &str| json!({ "version": version, "accepted": false, "cipher_suite": null, "detail": said });
    let leaf_sha256 = Sha256::of(issued.leaf()).to_string();
    let limiting = json!({
        "subject": "CN=login.example",
        "sha256": leaf_sha256,
        "not_after": "2027-01-30T00:00:00Z",
        "path": [
            { "subject": "CN=login.example", "sha256": leaf_sha256 },
            { "subject": "CN=Lab Root", "sha256": Sha256::of(root.certificate()).to_string() },
        ],
    });
    let unlisted = json!({
        "sha256": leaf_sha256,
        "source": "crl",
        "url": null,
        "status": "unknown",
        "why": "the certificate names none",
        "this_update": null,
        "next_update": null,
        "revoked_at": null,
        "reason": null,
    });
    let tls = json!({
        "address": address,
        "version": "TLSv1.3",
        "cipher_suite": "TLS_AES_256_GCM_SHA384",
        "group": "x25519",
        "post_quantum": false,
        "alpn": "http/1.1",
        "chain": [{
            "sha256": leaf_sha256,
            "serial": "801234",
            "subject": "CN=login.example",
            "issuer": "CN=Lab Root",
            "not_before": "2026-11-01T00:00:00Z",
            "not_after": "2027-01-30T00:00:00Z",
            "dns_names": ["login.example", "*.login.example"],
            "ip_addresses": ["192.0.2.7"],
            "key_type": "ec",
            "key_bits": 384,
            "curve": "P-384",
            "signature_algorithm": "ecdsa-with-SHA256",
            "is_ca": false,
            "scts": [],
        }],
        "transparency": null,
        "other_chain": [],
        "client_certificate": "not_asked",
        "legacy": [
            refused("SSLv3.0", "alert HandshakeFailure"),
            refused("TLSv1.0", "alert ProtocolVersion"),
            refused("TLSv1.1", "alert ProtocolVersion"),
        ],
        "renewal_info": null,
        "stapled": false,
        "revocation": [unlisted],
        "failure": null,
        "connect_ms": 0,
        "handshake_ms": 0,
    });
    let auth0 = json!({
        "address": address,
        "view": "proxy",
        "key_sent": null,
        "status": 200,
        "http_version": "HTTP/1.1",
        "headers": {
            "content_type": "application/json",
            "server": server_of(&ran),
            "via": null,
            "location": null,
            "retry_after": null,
            "cache_control": null,
            "age": null,
            "x_cache": null,
            "cf_ray": null,
            "cf_cache_status": null,
            "cf_mitigated": null,
            "auth0_request_id": "0123456789abcdef0123",
        },
        "is_json": true,
        "issuer": "https://login.example/",
        "sha256": hash(""),
        "foreign_endpoints": [],
        "mtls_hosts": [],
        "rate_limit": null,
        "evidence": [
            { "layer": "tenant", "product": "auth0", "sign": "x-auth0-requestid", "in_body": false },
            { "layer": "proxy", "product": "nginx", "sign": "server", "in_body": false },
        ],
        "key_marker": null,
        "excerpt": null,
        "failure": null,
        "elapsed_ms": 0,
        "documents": {
            "keys": reply(json!({ "sha256": hash("/documents/keys"), "key_set": lab_key })),
            "keys_as_cached": reply(json!({ "sha256": hash("/documents/keys_as_cached"), "key_set": lab_key })),
            "discovery_as_cached": reply(json!({ "sha256": hash("") })),
            "userinfo": reply(json!({ "status": 401, "content_type": "text/plain", "is_json": false })),
            "stale": [],
        },
    });
    let expected = json!({
        "domain": "login.example",
        "domain_unicode": "login.example",
        "at": NOW,
        "verdict": "healthy",
        "findings": [],
        "path": [
            step("resolver", &nameserver),
            step("dns", "127.0.0.1"),
            step("connect", "1 of 1 addresses"),
            step("tls", "TLSv1.3, good until 2027-01-30T00:00:00Z"),
            step("proxy", "200 in 0 ms"),
            step("edge", ""),
            step("tenant", "issuer https://login.example/"),
        ],
        "broken_at": null,
        "effective_expiry": "2027-01-30T00:00:00Z",
        "limiting": limiting,
        "presented_earliest": "2027-01-30T00:00:00Z",
        "revocation": { "status": "unknown", "why": "the CA's list: the certificate names none" },
        "observations": {
            "dns": {
                "nameservers": [nameserver],
                "resolvers": [{
                    "resolver": nameserver,
                    "failure": null,
                    "resting": false,
                    "answers_others": null,
                    "oddities": [],
                    "extended_errors": [],
                }],
                "disagreements": [],
                "resolvers_agree": false,
                "from_hosts_file": false,
                "questions": { "asked": 5, "remembered": 0 },
                "a": { "records": ["127.0.0.1"], "ttl": 300, "outcome": "found", "asked_at": NOW, "cached": false },
                "aaaa": { "records": [], "ttl": 60, "outcome": "no_data", "asked_at": NOW, "cached": false },
                "cname": [],
                "cname_loop": false,
                "txt_name": "_cf-custom-hostname.login.example",
                "txt": { "records": [], "ttl": 60, "outcome": "no_data", "asked_at": NOW, "cached": false },
                "txt_cname": [],
                "txt_elsewhere": [],
                "caa": { "own": no_caa, "wildcard": no_caa },
                "authority": null,
                "bogus": [],
                "dnssec": null,
                "registration": null,
                "others_answer": null,
                "elapsed_ms": 0,
            },
            "tls": [tls],
            "client_certificate": null,
            "auth0": [auth0],
            "past_proxy": [],
            "contract": null,
            "no_route": [],
            "not_looked": [],
            "surplus_addresses": 0,
        },
    });
    assert_eq!(timeless(ran.json()), expected);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

/// nginx says which version it is.
fn server_of(ran: &Ran) -> String {
    let server = ran.json()["observations"]["auth0"][0]["headers"]["server"].as_str().unwrap_or_default().to_owned();
    assert!(server.starts_with("nginx/"), "{server}");
    server
}

#[test]
fn one_handshake_an_address_and_the_request_over_that_very_connection() {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("login.example").with_name("other.example")).unwrap();
    let hosts =
        ["other.example", "login.example"].map(|name| Vhost::new(name, &issued).on(&["127.0.0.1", "127.0.0.2", "::1"]));
    let mut stage = Stage::new(&root, &hosts);
    let addresses = ["127.0.0.1", "127.0.0.2", "::1"].map(|address| stage.nginx.at(address).to_string());
    let mut arguments = vec!["login.example", "--format", "json"];
    arguments.extend(addresses.iter().flat_map(|address| ["--address", address]));
    for _ in 0..2 {
        let ran = stage.check(&arguments);
        assert_eq!((codes(&ran.json()), ran.code), (vec![], 0));
    }
    let requests = stage.nginx.wait_for_requests(30);
    let all: Vec<Vec<&str>> = requests.iter().map(|line| line.split(' ').collect()).collect();
    assert_eq!(all.len(), 30);
    let (fields, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|line| line[1] == "1");
    let agent = format!("\"notafter/{}\"", env!("CARGO_PKG_VERSION"));
    for line in &fields {
        let told = [line[1], line[3], line[4], line[5], line[7], line[8], line[9]];
        assert_eq!(told, ["1", "\"login.example\"", "\"login.example\"", "GET", "200", &agent, "\"-\""]);
        assert!(line[6].starts_with("/.well-known/openid-configuration?"), "{line:?}");
    }
    // A query of its own each time, else a cache might answer.
    let mut queries: Vec<&str> = fields.iter().map(|line| line[6]).collect();
    queries.sort_unstable();
    queries.dedup();
    assert_eq!(queries.len(), 6);
    // nginx numbers connections as they come: beside these each address has one that asks for the other kind of key, and
    // three greetings in old versions. Thirty for two looks at three addresses leave no room for another.
    let mut numbers: Vec<u64> = fields.iter().map(|line| line[0].parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 6, "{numbers:?}");
    assert!(numbers[5] - numbers[0] < 30, "{numbers:?}");
    // What else is asked goes over the same connections.
    let whats =
        ["/.well-known/jwks.json?", "/.well-known/jwks.json ", "/.well-known/openid-configuration ", "/userinfo?"];
    for (position, what) in (2..).zip(whats) {
        let at = others.iter().filter(|line| line[1] == position.to_string());
        let paths: Vec<String> = at.map(|line| format!("{} ", line[6])).collect();
        assert!(paths.len() == 6 && paths.iter().all(|path| path.starts_with(what)), "{what}: {paths:?}");
    }
    let mut at: Vec<&str> = fields[..3].iter().map(|line| line[2]).collect();
    at.sort_unstable();
    assert_eq!(at, ["127.0.0.1", "127.0.0.2", "::1"]);
}

#[test]
fn versions_suites_groups_and_protocols_by_their_own_names() {
    let root = Authority::root("Lab Root").unwrap();
    let host = |name: &str, key: KeyKind, address: &str| {
        Vhost::new(name, &root.leaf(&sound(name).with_key(key)).unwrap()).on(&[address])
    };
    let plain = host("plain.example", KeyKind::P256, "127.0.0.1");
    let mut old = host("old.example", KeyKind::P256, "127.0.0.2");
    old.protocols = "TLSv1.2";
    let mut old_rsa = host("old-rsa.example", KeyKind::Rsa2048, "127.0.0.2");
    old_rsa.protocols = "TLSv1.2";
    let mut h2 = host("h2.example", KeyKind::P256, "127.0.0.3");
    h2.http2 = true;
    let stage = Stage::new(&root, &[plain, old, old_rsa, h2]);
    for (name, address, expected) in [
        ("plain.example", "127.0.0.1", ["TLSv1.3", "TLS_AES_256_GCM_SHA384", "http/1.1", "HTTP/1.1"]),
        ("old.example", "127.0.0.2", ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "http/1.1", "HTTP/1.1"]),
        ("old-rsa.example", "127.0.0.2", ["TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "http/1.1", "HTTP/1.1"]),
        ("h2.example", "127.0.0.3", ["TLSv1.3", "TLS_AES_256_GCM_SHA384", "h2", "HTTP/2.0"]),
    ] {
        let at = stage.nginx.at(address).to_string();
        let ran = stage.check(&[name, "--format", "json", "--address", &at]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (vec![], 0), "{name}: {seen:#}");
        let tls = &seen["observations"]["tls"][0];
        let http = &seen["observations"]["auth0"][0];
        let told = [&tls["version"], &tls["cipher_suite"], &tls["alpn"], &http["http_version"]];
        assert_eq!(told, expected, "{name}");
        assert_eq!(tls["group"], "x25519", "{name}");
    }
}

#[test]
fn usage_errors_exit_64_and_name_the_mistake() {
    let stage_free = |arguments: &[&str]| notafter([&["check"], arguments].concat());
    for (arguments, said) in [
        (&[][..], "nothing to look at"),
        (&["login.example", "--at", "tomorrow"], "RFC 3339"),
        (&["login.example", "--address", "login.example:443"], "an IP address is needed"),
        (&["login.example", "--nameserver", "ns.example"], "no IP address and port"),
        (&["login.example", "--roots", "/nonexistent/roots.pem"], "/nonexistent/roots.pem"),
        (&["login.example", "--config", "/nonexistent/notafter.toml"], "/nonexistent/notafter.toml"),
        (&["login.example", "--colour"], "--colour"),
        (&["login.example", "--format", "xml"], "xml"),
    ] {
        let ran = stage_free(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (64, ""), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains('\u{1b}'), "{arguments:?}: {}", ran.stderr);
    }
    assert_eq!(notafter(["--help"]).code, 0);
    assert_eq!(notafter(["--version"]).stdout, format!("notafter {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(notafter::<&str>([]).code, 64);
}
