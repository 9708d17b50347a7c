//! Several addresses of one domain, and addresses that do not answer as they should.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use notafter::lab::ca::{Authority, LeafSpec};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use super::servers::{Vhost, auth0_like};
use super::stage::{Ran, Stage, codes, day, sound, statuses};

/// A port that takes connections and never says a word.
fn silent() -> (TcpListener, SocketAddr) {
    // The kernel completes connections that nobody accepts.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A port that is taken, so that no other test gets it, and on which nobody listens.
fn closed() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A port that answers the first bytes of every connection with these, and then closes it.
fn answering(answer: &'static [u8]) -> SocketAddr {
    let (listener, address) = silent();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut hello = [0; 4096];
            drop(stream.read(&mut hello));
            drop(stream.write_all(answer));
        }
    });
    address
}

/// A port that resets every connection once the client has spoken: to close with bytes unread is to reset.
fn resetting() -> SocketAddr {
    let (listener, address) = silent();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            drop(stream.peek(&mut [0; 1]));
        }
    });
    address
}

fn stage(spec: &LeafSpec) -> (Authority, Stage) {
    let root = Authority::root("Lab Root").unwrap();
    let host = Vhost::new("login.example", &root.leaf(spec).unwrap());
    let stage = Stage::new(&root, &[host]);
    (root, stage)
}

fn look_at(stage: &Stage, addresses: &[SocketAddr]) -> Ran {
    let config = stage.config("timeout = \"1s\"\n");
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let mut arguments = vec!["login.example", "--format", "json", "--config", &config];
    arguments.extend(addresses.iter().flat_map(|address| ["--address", address]));
    stage.check(&arguments)
}

#[test]
fn each_way_not_to_answer_has_its_name() {
    let (_, stage) = stage(&sound("login.example"));
    let (_silent, silent) = silent();
    let (_closed, closed) = closed();
    let http = answering(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    let alert = answering(b"\x15\x03\x03\x00\x02\x02\x70");
    for (address, code, hop, detail) in [
        (silent, "tls.timeout", "tls", "did not end before the deadline"),
        (closed, "connect.refused", "connect", "nothing listens there"),
        (resetting(), "connect.reset", "connect", "reset during the handshake"),
        (http, "tls.handshake_failed", "tls", "does not speak TLS"),
        (alert, "tls.handshake_failed", "tls", "nothing for this server name"),
        (answering(b""), "tls.handshake_failed", "tls", "closed the connection during the handshake"),
    ] {
        let ran = look_at(&stage, &[address]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (vec![code], 2), "{seen:#}");
        let tls = &seen["observations"]["tls"][0];
        assert_eq!(tls["failure"]["code"], code);
        assert!(tls["failure"]["detail"].as_str().unwrap().contains(detail), "{tls:#}");
        assert_eq!((&tls["chain"], &tls["version"]), (&json!([]), &Value::Null));
        assert_eq!(tls["failure"].as_object().unwrap().len(), 2, "code and detail alone: {tls:#}");
        assert_eq!(seen["observations"]["auth0"], json!([]));
        assert_eq!(seen["broken_at"], hop);
        let (connect, handshake) = if hop == "connect" { ("broken", "not_looked") } else { ("ok", "broken") };
        let not = "not_looked";
        assert_eq!(statuses(&seen), ["ok", "ok", connect, handshake, not, not, not], "{code}");
    }
}

#[test]
fn a_dead_address_beside_a_living_one_is_a_warning() {
    let (_, stage) = stage(&sound("login.example"));
    let (_closed, closed) = closed();
    let living = stage.nginx.at("127.0.0.1");
    for addresses in [[living, closed], [closed, living]] {
        let ran = look_at(&stage, &addresses);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (vec!["connect.refused"], 1), "{seen:#}");
        assert_eq!((&seen["verdict"], &seen["broken_at"]), (&json!("warning"), &Value::Null));
        assert_eq!(statuses(&seen), ["ok"; 7]);
        let facts = &seen["findings"][0]["facts"];
        assert_eq!((&facts["addresses"], &facts["addresses_working"]), (&json!([closed.to_string()]), &json!(1)));
    }
    let (_silent, silent) = silent();
    let ran = look_at(&stage, &[closed, silent]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["connect.refused", "tls.timeout"], 2), "with none that lives");
}

#[test]
fn an_old_certificate_at_one_of_two_addresses_stays_critical() {
    let root = Authority::root("Lab Root").unwrap();
    let old = root.leaf(&LeafSpec::new("login.example", day(-100), day(-1))).unwrap();
    let new = root.leaf(&sound("login.example")).unwrap();
    let newer = root.leaf(&LeafSpec::new("login.example", day(-1), day(89))).unwrap();
    let hosts = [(&old, "127.0.0.1"), (&new, "127.0.0.2"), (&newer, "::1")]
        .map(|(issued, address)| Vhost::new("login.example", issued).on(&[address]));
    let stage = Stage::new(&root, &hosts);
    let [old, new, newer] = ["127.0.0.1", "127.0.0.2", "::1"].map(|address| stage.nginx.at(address));
    let ran = look_at(&stage, &[new, old]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec!["tls.expired", "tls.addresses_disagree"], 2), "{seen:#}");
    assert_eq!(seen["findings"][0]["facts"]["addresses"], json!([old.to_string()]));
    assert_eq!(seen["effective_expiry"], "2026-11-30T00:00:00Z", "good until its first address is not");
    assert_eq!(seen["broken_at"], "tls");
    // Two that are both good are a rollout: worth knowing, no more.
    let ran = look_at(&stage, &[new, newer]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec!["tls.split_by_family"], 0), "{seen:#}");
    assert_eq!((&seen["findings"][0]["severity"], &seen["verdict"]), (&json!("info"), &json!("healthy")));
}

#[test]
fn a_fault_past_one_of_two_proxies_does_not_hide_behind_the_other() {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("login.example")).unwrap();
    let page = |content: &str| Vhost::new("login.example", &issued).answering(content);
    let elsewhere = auth0_like("t.auth0.com");
    let stage = Stage::new(
        &root,
        &[
            Vhost::new("login.example", &issued),
            page("location / { return 502; }").on(&["127.0.0.2"]),
            page(&elsewhere).on(&["127.0.0.3"]),
        ],
    );
    let [good, failing, stray] = ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map(|address| stage.nginx.at(address));
    let ran = look_at(&stage, &[good, failing]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["http.error_status"], 1), "a network fault is a warning");
    let ran = look_at(&stage, &[good, stray]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec!["auth0.issuer_mismatch"], 2), "a fact stays critical");
    assert_eq!(seen["observations"]["auth0"].as_array().unwrap().len(), 2);
}
