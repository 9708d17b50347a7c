//! Does the harness itself work? One story a server.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::slice;
use std::thread;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{Error, response::Response};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use notafter::lab::ca::{Authority, KeyKind, LeafSpec};
use serde_json::Value;

use super::process::{LOOPBACK, folder, program, run};
use super::{Knot, Nginx, Postfix, PostfixConfig, Prometheus, Vhost, lab_identity, promtool, proxy_to};

/// Fetches discovery with openssl, which must end well: chain trusted below `roots`, name right, in date.
fn fetch(at: SocketAddr, name: &str, root: &Authority, scratch: &Path) -> String {
    let roots = scratch.join("roots.pem");
    fs::write(&roots, root.root_pem()).unwrap();
    let mut command = program("usr/bin/openssl");
    command.args(["s_client", "-connect", &at.to_string(), "-servername", name, "-verify_hostname", name]);
    command.args(["-verify_return_error", "-quiet", "-ign_eof", "-CAfile"]).arg(&roots);
    let request = format!("GET /.well-known/openid-configuration HTTP/1.0\r\nHost: {name}\r\n\r\n");
    let output = run(&mut command, &request);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn nginx_serves_every_kind_of_key_over_both_families() {
    let scratch = folder();
    let root = Authority::root("Lab Root").unwrap();
    let name = |key: KeyKind| format!("{key:?}.example.com").to_lowercase();
    let vhosts = KeyKind::ALL.map(|key| {
        let issued = root.leaf(&LeafSpec::new(&name(key), 0, 4_000_000_000).with_key(key)).unwrap();
        Vhost::new(&name(key), &issued).on(&["127.0.0.1", "127.0.0.2", "::1"])
    });
    let mut nginx = Nginx::start(&vhosts);
    for key in KeyKind::ALL {
        for address in ["127.0.0.2", "::1"] {
            let answer = fetch(nginx.at(address), &name(key), &root, scratch.path());
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
            assert!(answer.contains(&format!(r#""issuer":"https://{}/""#, name(key))), "{answer}");
        }
    }
    let requests = nginx.wait_for_requests(10);
    assert_eq!(requests.len(), 10);
    assert!(requests[0].contains(r#"127.0.0.2 "rsa2048.example.com""#), "{requests:?}");
}

#[test]
fn nginx_takes_a_renewed_certificate_without_a_restart() {
    let scratch = folder();
    let (old_root, old) = lab_identity("login.example.com");
    let (new_root, new) = lab_identity("login.example.com");
    let vhost = Vhost::new("login.example.com", old);
    let mut nginx = Nginx::start(slice::from_ref(&vhost));
    fetch(nginx.at("127.0.0.1"), "login.example.com", &old_root, scratch.path());
    nginx.reload(&[Vhost { identities: vec![new], ..vhost }]);
    fetch(nginx.at("127.0.0.1"), "login.example.com", &new_root, scratch.path());
}

#[test]
fn nginx_forwards_to_an_origin_with_the_key() {
    let scratch = folder();
    let (root, identity) = lab_identity("login.example.com");
    let listener = TcpListener::bind((LOOPBACK[0], 0)).unwrap();
    let content = proxy_to(listener.local_addr().unwrap(), "custom-domain.edge.example.net", "sesame");
    let nginx = Nginx::start(&[Vhost::new("login.example.com", identity).answering(content)]);
    let origin = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let answer = fetch(nginx.at("127.0.0.1"), "login.example.com", &root, scratch.path());
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let request = origin.join().unwrap();
    assert!(request.contains("\r\nHost: custom-domain.edge.example.net\r\n"), "{request}");
    assert!(request.contains("\r\ncname-api-key: sesame\r\n"), "{request}");
}

#[test]
fn knot_answers_over_udp_and_tcp_and_takes_a_new_zone() {
    let mut knot = Knot::start(&[
        ("example.com", "login A 192.0.2.1\nlogin AAAA 2001:db8::1\ntext TXT \"a b\""),
        ("example.net", "edge CNAME login.example.com."),
    ]);
    assert_eq!(knot.dig(&["login.example.com", "A", "+short"]), "192.0.2.1\n");
    assert_eq!(knot.dig(&["login.example.com", "AAAA", "+short", "+tcp"]), "2001:db8::1\n");
    assert_eq!(knot.dig(&["text.example.com", "TXT", "+short"]), "\"a b\"\n");
    assert_eq!(knot.dig(&["edge.example.net", "CNAME", "+short"]), "login.example.com.\n");
    assert!(knot.dig(&["gone.example.com", "A"]).contains("NXDOMAIN"));
    knot.update("example.com", "login A 192.0.2.2");
    assert_eq!(knot.dig(&["login.example.com", "A", "+short"]), "192.0.2.2\n");
    assert!(knot.dig(&["text.example.com", "TXT"]).contains("NXDOMAIN"));
}

fn send(to: SocketAddr, tls: Tls, credentials: Option<(&str, &str)>, subject: &str) -> Result<Response, Error> {
    let message = Message::builder()
        .from("notafter@example.com".parse().unwrap())
        .to("oncall@example.com".parse().unwrap())
        .subject(subject)
        .body("Grüße\n.dot\n".to_owned())
        .unwrap();
    let mut transport =
        AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(to.ip().to_string()).port(to.port()).tls(tls);
    if let Some((user, password)) = credentials {
        transport = transport.credentials(Credentials::new(user.to_owned(), password.to_owned()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { transport.build().send(message).await })
}

fn trusting(root_pem: &str, name: &str) -> TlsParameters {
    let root = Certificate::from_pem(root_pem.as_bytes()).unwrap();
    let parameters = TlsParameters::builder(name.to_owned()).certificate_store(CertificateStore::None);
    parameters.add_root_certificate(root).build_rustls().unwrap()
}

#[test]
fn postfix_delivers_plain_mail_that_is_read_back() {
    let mut postfix = Postfix::start(&PostfixConfig::default());
    send(postfix.plain(), Tls::None, None, "first").unwrap();
    send(postfix.plain(), Tls::None, None, "second").unwrap();
    let mails = postfix.wait_for_mails(2);
    assert!(mails.iter().any(|mail| mail.contains("\nSubject: first\n")), "{mails:?}");
    assert!(mails[0].contains("Delivered-To: oncall@example.com"), "{mails:?}");
}

#[test]
fn postfix_speaks_starttls_and_implicit_tls_and_knows_its_users() {
    let (root, identity) = lab_identity("relay.example.com");
    let config = PostfixConfig { identity: Some(identity), ..PostfixConfig::default() };
    let mut postfix = Postfix::start(&config.with_user("notafter", "correct horse"));
    let tls = || trusting(&root.root_pem(), "relay.example.com");
    let good = Some(("notafter", "correct horse"));
    send(postfix.plain(), Tls::Required(tls()), good, "starttls").unwrap();
    send(postfix.implicit(), Tls::Wrapper(tls()), good, "implicit").unwrap();
    let wrong = send(postfix.plain(), Tls::Required(tls()), Some(("notafter", "wrong")), "wrong").unwrap_err();
    assert!(wrong.is_permanent(), "{wrong}");
    let nobody = send(postfix.plain(), Tls::Required(tls()), None, "nobody").unwrap_err();
    assert!(nobody.is_permanent(), "{nobody}");
    let stranger = trusting(&lab_identity("relay.example.com").0.root_pem(), "relay.example.com");
    let stranger = send(postfix.plain(), Tls::Required(stranger), good, "stranger").unwrap_err();
    assert!(format!("{stranger:?}").contains("InvalidCertificate"), "{stranger:?}");
    let mails = postfix.wait_for_mails(2);
    assert!(mails.iter().all(|mail| mail.contains("Authenticated sender: notafter")), "{mails:?}");
}

#[test]
fn postfix_can_be_told_to_defer() {
    let postfix = Postfix::start(&PostfixConfig::default().with("smtpd_client_restrictions", "defer"));
    let error = send(postfix.plain(), Tls::None, None, "later").unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(postfix.mails().is_empty());
}

#[test]
fn prometheus_scrapes_its_target() {
    let listener = TcpListener::bind((LOOPBACK[0], 0)).unwrap();
    let mut prometheus = Prometheus::start(listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            drop(stream.read(&mut request));
            drop(stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nlab_answer 42\n"));
        }
    });
    let answer = prometheus.wait_for(r#"lab_answer{job="notafter"}"#);
    assert_eq!(answer[0]["value"][1], "42", "{answer}");
    assert_eq!(prometheus.query("up == 0"), Value::Array(Vec::new()));
}

#[test]
fn promtool_tells_good_metrics_from_bad() {
    let good = "# HELP lab_looks_total Looks.\n# TYPE lab_looks_total counter\nlab_looks_total 1\n";
    assert_eq!(promtool(&["check", "metrics"], good), (0, String::new()));
    let (code, output) = promtool(&["check", "metrics"], "lab_looks{ 1\n");
    assert_eq!(code, 1, "{output}");
}
