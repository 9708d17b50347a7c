//! What a CA says of a certificate's renewal: a CA of two pages on loopback, and the real program asking it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use notafter::lab::ca::Authority;
use serde_json::{Value, json};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::servers::Vhost;
use super::stage::{Stage, codes, day, sound};

const NAME: &str = "renewed.example";

/// A CA's ACME server, as far as anybody may read it without an account.
struct Ca {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Ca {
    /// Answers every question about a certificate with this status line, these headers and this body.
    fn start(answer: &str, directory: impl Fn(SocketAddr) -> Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, directory, log) = (answer.to_owned(), directory(address).to_string(), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &answer, &directory, &log);
            }
        });
        Self { address, asked }
    }

    fn suggesting(window: &Value) -> Self {
        Self::start(&ok(window), |address| json!({"renewalInfo": format!("http://{address}/renewal")}))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// One look at the host, as JSON, with this line more in the configuration.
    fn look(&self, stage: &Stage, line: &str) -> Value {
        let directory = format!("acme_directory = \"http://{}/directory\"\n", self.address);
        let config = stage.config(&format!("{directory}{line}\n{}", stage.domain(NAME)));
        let seen = stage.check(&[NAME, "--format", "json", "--config", &config]);
        assert!(seen.stderr.is_empty(), "{seen:?}");
        seen.json()
    }
}

fn ok(body: &Value) -> String {
    let body = body.to_string();
    format!("HTTP/1.1 200 OK\r\nRetry-After: 21600\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn serve(mut stream: TcpStream, answer: &str, directory: &str, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(path) = lines.next().and_then(|line| Some(line.split(' ').nth(1)?.to_owned())) else { return };
    let _ = lines.take_while(|line| !line.is_empty()).count();
    let directory = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{directory}", directory.len());
    let _ = stream.write_all(if path == "/directory" { directory.as_bytes() } else { answer.as_bytes() });
    log.lock().unwrap().push(path);
}

/// A host with a certificate of 90 days, a month old, and what a CA is asked about it.
fn stage() -> (Stage, String) {
    let root = Authority::root("Lab Root").unwrap();
    let leaf = root.leaf(&sound(NAME)).unwrap();
    let id = renewal_id(&leaf.chain()[0]);
    (Stage::new(&root, &[Vhost::new(NAME, &leaf)]), id)
}

fn renewal_id(der: &[u8]) -> String {
    let (_, leaf) = X509Certificate::from_der(der).unwrap();
    let key = leaf.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(key) => key.key_identifier.clone(),
        _ => None,
    });
    format!("{}.{}", BASE64URL.encode(key.unwrap().0), BASE64URL.encode(leaf.raw_serial()))
}

fn window(start: i64, end: i64) -> Value {
    let time = |seconds| notafter::domain::UnixTime(seconds).to_string();
    json!({"start": time(start), "end": time(end)})
}

#[test]
fn an_ordinary_window_is_a_fact() {
    let (stage, id) = stage();
    let suggested = window(day(30), day(32));
    let ca = Ca::suggesting(&json!({ "suggestedWindow": suggested }));
    let seen = ca.look(&stage, "");
    assert!(codes(&seen).is_empty(), "{seen:#}");
    let info = &seen["observations"]["tls"][0]["renewal_info"];
    assert_eq!((&info["start"], &info["end"]), (&suggested["start"], &suggested["end"]));
    assert_eq!(info["explanation_url"], Value::Null);
    assert_eq!(info["sha256"], seen["observations"]["tls"][0]["chain"][0]["sha256"]);
    assert_eq!(ca.asked(), ["/directory".to_owned(), format!("/renewal/{id}")]);
}

#[test]
fn a_window_that_has_begun_long_before_it_is_due_is_told_with_its_explanation() {
    let (stage, _) = stage();
    let explained = "https://ca.example/incidents/2026-11-30";
    let ca = Ca::suggesting(&json!({ "suggestedWindow": window(day(-1), day(1)), "explanationURL": explained }));
    let seen = ca.look(&stage, "");
    assert_eq!(codes(&seen), ["tls.renewal_urged"], "{seen:#}");
    let finding = seen["findings"].as_array().unwrap().iter().find(|one| one["code"] == "tls.renewal_urged").unwrap();
    assert_eq!((&finding["severity"], &finding["facts"]["explanation_url"]), (&"warning".into(), &explained.into()));
    assert_eq!(finding["facts"]["seconds_left"], 60 * 86_400);
}

#[test]
fn a_ca_that_says_nothing_of_use_is_no_fault() {
    let (stage, _) = stage();
    let broken = ok(&json!({"suggestedWindow": {"start": "soon"}}));
    for answer in ["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 500 Oh\r\n\r\n", "", &broken] {
        let ca = Ca::start(answer, |address| json!({"renewalInfo": format!("http://{address}/renewal")}));
        let seen = ca.look(&stage, "");
        assert!(codes(&seen).is_empty(), "{answer}: {seen:#}");
        assert_eq!(seen["observations"]["tls"][0]["renewal_info"], Value::Null);
        assert_eq!(ca.asked().len(), 2, "{answer}");
    }
}

#[test]
fn a_directory_may_offer_nothing_and_not_send_us_elsewhere() {
    let (stage, _) = stage();
    let stranger = Ca::suggesting(&json!({ "suggestedWindow": window(day(-1), day(1)) }));
    let elsewhere = format!("http://{}/renewal", stranger.address);
    for directory in [json!({"newNonce": "http://x/"}), json!({ "renewalInfo": elsewhere }), json!([]), json!("x")] {
        let ca = Ca::start("", |_| directory.clone());
        let seen = ca.look(&stage, "");
        assert_eq!(seen["observations"]["tls"][0]["renewal_info"], Value::Null, "{directory}");
        assert_eq!(ca.asked(), ["/directory"]);
    }
    assert!(stranger.asked().is_empty());
}

#[test]
fn it_can_be_turned_off() {
    let (stage, _) = stage();
    let ca = Ca::suggesting(&json!({ "suggestedWindow": window(day(-1), day(1)) }));
    let seen = ca.look(&stage, "ari = false");
    assert!(codes(&seen).is_empty() && ca.asked().is_empty(), "{seen:#}");
}
