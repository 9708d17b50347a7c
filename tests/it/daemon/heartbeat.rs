//! A dead man's switch hears that we begin, that all is well, and what is broken; nobody else hears its URL.

use super::lab::domain;
use super::recorder::{Post, Recorder};
use super::{DAY, Home, Lab};
use crate::servers::{Nginx, lab_identity};

const NAME: &str = "login.lab.example";

fn is_at(end: &'static str) -> impl Fn(&&Post) -> bool {
    move |post| post.path == format!("/ping/s3cr3t-t0ken{end}?create=1")
}

#[test]
fn the_switch_hears_start_success_and_failure_and_nothing_at_the_end() {
    let (lab, home) = (Lab::start(), Home::bare());
    let mut nginx = Nginx::start(&[lab.host(NAME, 60 * DAY)]);
    let (root, identity) = lab_identity("localhost");
    home.write("hc.pem", &root.root_pem());
    let switch = Recorder::over_tls(&[], "200 OK", &identity);
    home.write("ping", &format!("https://localhost:{}/ping/s3cr3t-t0ken?create=1\n", switch.port()));
    let hook = Recorder::start(&[], "400 Bad");
    home.configure(
        &(lab.probe(&home, "200ms")
            + &domain(NAME, &[nginx.at("127.0.0.1")])
            + "[watch]\nheartbeat_url = { file = \"ping\" }\nheartbeat_every = \"1s\"\nheartbeat_roots = \"hc.pem\"\n"
            + &format!("[[receiver]]\nname = \"chat\"\nwebhook.url = \"http://127.0.0.1:{}/\"\n", hook.port())),
    );
    let mut daemon = home.start_ready();
    daemon.wait_until("two successes", |_| switch.posts().iter().filter(is_at("")).count() >= 2);
    assert!(is_at("/start")(&&switch.posts()[0]), "{:?}", switch.posts());
    assert!(daemon.metrics().contains("\nnotafter_heartbeat_last_success_timestamp_seconds "));

    // Nobody takes what is to be told.
    nginx.reload(&[lab.host(NAME, 5 * DAY + 3600)]);
    daemon.wait_until("a failure", |_| switch.posts().iter().any(|post| is_at("/fail")(&post)));
    let posts = switch.posts();
    let failure = posts.iter().find(is_at("/fail")).unwrap();
    assert!(failure.body.starts_with("mail to chat was given up: ") && failure.body.contains("400"), "{failure:?}");
    assert_eq!(failure.header("content-type"), "text/plain; charset=utf-8");
    // Whatever is said last is said by the daemon while it runs.
    let log = daemon.stop();
    let at_the_end = switch.posts().len();
    assert!(log.contains("the heartbeat says that we are broken"), "{log}");
    assert!(!log.contains("s3cr3t"), "{log}");
    assert_eq!(switch.posts().len(), at_the_end);
}

#[test]
fn a_switch_that_does_not_know_us_is_spoken_of_without_its_url() {
    let (lab, home) = (Lab::start(), Home::bare());
    let nginx = Nginx::start(&[lab.host(NAME, 60 * DAY)]);
    let switch = Recorder::start(&[], "404 Gone");
    let url = format!("http://127.0.0.1:{}/ping/s3cr3t-t0ken", switch.port());
    let watch = format!("[watch]\nheartbeat_url = \"{url}\"\nheartbeat_every = \"1s\"\n");
    home.configure(&(lab.probe(&home, "200ms") + &domain(NAME, &[nginx.at("127.0.0.1")]) + &watch));
    let mut daemon = home.start_ready();
    daemon.wait_until("word of it", |daemon| daemon.log().contains("the heartbeat was not taken"));
    let log = daemon.stop();
    assert!(log.contains("status 404") && !log.contains("s3cr3t"), "{log}");
}
