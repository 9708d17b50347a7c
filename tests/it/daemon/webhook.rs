//! Webhooks are posted to a server that writes them down: once each, signed, again until they are taken.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::lab::domain;
use super::recorder::{Post, Recorder};
use super::{DAY, Daemon, Home, Lab};
use crate::servers::{Nginx, lab_identity, program, run};

const NAME: &str = "login.lab.example";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A `[[receiver]]` of this URL; `more` are further lines of its `[receiver.webhook]`.
fn receiver(url: &str, more: &str) -> String {
    format!(
        "[[receiver]]\nname = \"chat\"\n[receiver.webhook]\nurl = \"{url}\"\nsigning_secret = {{ file = \"signing\" }}\n\
         {more}\n"
    )
}

/// A daemon that watches a domain whose certificate runs out in five days.
fn watch(lab: &Lab, home: &Home, nginx: &Nginx, receiver: &str) -> Daemon {
    home.write("signing", SECRET);
    home.configure(&(lab.probe(home, "200ms") + &domain(NAME, &[nginx.at("127.0.0.1")]) + receiver));
    home.start_ready()
}

fn expiring(lab: &Lab) -> Nginx {
    Nginx::start(&[lab.host(NAME, 5 * DAY + 3600)])
}

/// What OpenSSL makes of the same secret, id, time and body.
fn signature(post: &Post) -> String {
    let key = BASE64_STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut openssl = program("usr/bin/openssl");
    openssl.args(["dgst", "-sha256", "-binary", "-mac", "HMAC", "-macopt", &format!("hexkey:{hex}")]);
    let text = format!("{}.{}.{}", post.header("webhook-id"), post.header("webhook-timestamp"), post.body);
    let output = run(&mut openssl, &text);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    format!("v1,{}", BASE64_STANDARD.encode(output.stdout))
}

#[test]
fn what_opens_and_what_is_over_is_posted_once_over_tls_and_signed() {
    let (lab, home) = (Lab::start(), Home::bare());
    let mut nginx = expiring(&lab);
    let (root, identity) = lab_identity("localhost");
    home.write("hook.pem", &root.root_pem());
    let recorder = Recorder::over_tls(&["500 Oops"], "200 OK", &identity);
    let url = format!("https://localhost:{}/hook?team=identity", recorder.port());
    let mut daemon = watch(&lab, &home, &nginx, &receiver(&url, "roots = \"hook.pem\"\nheaders = { X-Team = \"a\" }"));
    daemon.wait_for_sample("notafter_notices_total{receiver=\"chat\",result=\"delivered\"}", 1.0);
    nginx.reload(&[lab.host(NAME, 60 * DAY)]);
    daemon.wait_for_sample("notafter_notices_total{receiver=\"chat\",result=\"delivered\"}", 2.0);
    let log = daemon.stop();
    assert!(log.contains("answers 500 Internal Server Error: ok") && !log.contains("/hook?team"), "{log}");

    let posts = recorder.posts();
    let [refused, opened, over] = &posts[..] else { panic!("{} posts", posts.len()) };
    assert_eq!(refused.header("webhook-id"), opened.header("webhook-id"));
    for post in &posts {
        assert_eq!((post.path.as_str(), post.header("content-type")), ("/hook?team=identity", "application/json"));
        assert_eq!((post.header("webhook-signature"), post.header("x-team")), (signature(post).as_str(), "a"));
        assert_eq!(post.json()["id"], post.header("webhook-id"));
    }
    let told = |post: &Post| post.json()["notices"][0].clone();
    assert_eq!((&told(opened)["reason"], &told(over)["reason"]), (&"opened".into(), &"resolved".into()));
    assert_eq!(told(opened)["incident"], told(over)["incident"]);
    assert_eq!((&told(opened)["domain"], &told(opened)["code"]), (&NAME.into(), &"tls.expires_soon".into()));
    let subject = opened.json()["subject"].as_str().unwrap().to_owned();
    assert!(subject.starts_with(&format!("[critical] {NAME}: the certificate expires soon, 5 d ")), "{subject}");
}

#[test]
fn a_server_that_asks_for_a_pause_gets_one() {
    let (lab, home) = (Lab::start(), Home::bare());
    let nginx = expiring(&lab);
    let recorder = Recorder::start(&["429 Too Many Requests\r\nRetry-After: 3"], "200 OK");
    let url = format!("http://127.0.0.1:{}/", recorder.port());
    let mut daemon = watch(&lab, &home, &nginx, &receiver(&url, "template = \"slack\""));
    daemon.wait_until("a deferral", |_| recorder.posts().len() == 1);
    let asked = Instant::now();
    daemon.wait_for_sample("notafter_notices_total{receiver=\"chat\",result=\"delivered\"}", 1.0);
    // The policy of this home would have had it tried again after a second.
    assert!(asked.elapsed() >= Duration::from_millis(2_500), "{:?}", asked.elapsed());
    daemon.stop();
    let posts = recorder.posts();
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[1].json()["blocks"][0]["type"], "header");
}

#[test]
fn what_is_refused_for_good_becomes_a_dead_letter_and_is_not_lost() {
    let (lab, home) = (Lab::start(), Home::bare());
    let nginx = expiring(&lab);
    let recorder = Recorder::start(&["410 Gone"; 3], "202 Accepted");
    let url = format!("http://127.0.0.1:{}/v2/enqueue", recorder.port());
    home.write("key", "0123456789abcdef0123456789abcdef");
    let pagerduty = "template = \"pagerduty\"\nrouting_key = { file = \"key\" }";
    let mut daemon = watch(&lab, &home, &nginx, &receiver(&url, pagerduty));
    daemon.wait_for_sample("notafter_notices_total{receiver=\"chat\",result=\"dead\"}", 1.0);
    let log = daemon.stop();
    assert!(log.contains("410 Gone") && !log.contains("0123456789abcdef0123456789abcdef"), "{log}");
    // A restart tries it once more.
    let mut daemon = home.start_ready();
    daemon.wait_for_sample("notafter_notices_total{receiver=\"chat\",result=\"delivered\"}", 1.0);
    daemon.stop();
    let posts = recorder.posts();
    let ids: Vec<&str> = posts.iter().map(|post| post.header("webhook-id")).collect();
    assert!(ids.len() == 4 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let event = posts[3].json();
    assert_eq!((&event["event_action"], &event["payload"]["severity"]), (&"trigger".into(), &"critical".into()));
}

#[test]
fn the_test_message_says_how_it_went() {
    let home = Home::bare();
    let recorder = Recorder::start(&["200 OK"], "404 Not Found");
    let url = format!("http://127.0.0.1:{}/hook", recorder.port());
    home.write("signing", SECRET);
    home.configure(&(domain(NAME, &[]) + &receiver(&url, "")));
    let test = |code: i32| {
        let output = home.run(&["mail", "test"]);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{text}");
        text
    };
    let sent = test(0);
    let at = format!("127.0.0.1:{}", recorder.port());
    assert!(sent.starts_with("sent chat\n") && sent.contains(&format!("posted to {at}, signed")), "{sent}");
    assert!(sent.contains("answers 200 OK: ok"), "{sent}");
    assert_eq!(recorder.posts()[0].json()["type"], "notafter.test");
    let failed = test(1);
    assert!(failed.starts_with("failed chat\n") && failed.contains("answers 404 Not Found: ok"), "{failed}");
}
