//! What survives a restart, and whose it is.

use super::lab::{domain, receiver};
use super::mail::Letter;
use super::sink::{Sink, Switch};
use super::{DAY, Home, Lab, now, wait_until};
use crate::servers::Nginx;

const NAME: &str = "login.lab.example";

#[test]
fn a_second_daemon_on_the_same_state_is_refused() {
    let home = Home::new(&domain("login.lab.example", &["127.99.99.99:1".parse().unwrap()]));
    let daemon = home.start();
    let other = Home::new(&domain("login.lab.example", &["127.99.99.99:1".parse().unwrap()]));
    let path = home.path().join("notafter.db");
    let file = std::fs::read_to_string(other.path().join("notafter.toml")).unwrap();
    other.write("notafter.toml", &file.replace("notafter.db", path.to_str().unwrap()));
    let mut second = other.spawn();
    let status = second.wait();
    let log = second.log();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("the state is in use by another notafter, process "), "{log}");
    daemon.kill();
    // The lock does not outlive its holder.
    other.start().stop();
}

#[test]
fn a_host_that_is_down_still_expires_after_a_restart() {
    let lab = Lab::start();
    let nginx = Nginx::start(&[lab.host(NAME, 40 * DAY)]);
    let wire = Switch::to(nginx.at("127.0.0.1"));
    let home = Home::bare();
    home.configure(&(lab.probe(&home, "100ms") + &domain(NAME, &[wire.address()])));
    let expiry = format!("notafter_effective_expiry_timestamp_seconds{{domain=\"{NAME}\"}}");
    let mut daemon = home.start_ready();
    let before = daemon.sample(&expiry).unwrap();
    assert!((before - (now() + 40 * DAY) as f64).abs() < 120.0, "{before}");
    wire.set(false);
    daemon.wait_for_sample(&format!("notafter_domain_verdict{{domain=\"{NAME}\",verdict=\"critical\"}}"), 1.0);
    assert_eq!(daemon.sample(&expiry), Some(before));
    daemon.stop();
    for _ in 0..3 {
        let daemon = home.start_ready();
        assert_eq!(daemon.sample(&expiry), Some(before), "{}", daemon.metrics());
        assert_eq!(
            daemon.sample(&format!("notafter_domain_verdict{{domain=\"{NAME}\",verdict=\"critical\"}}")),
            Some(1.0),
            "ready means looked at: {}",
            daemon.metrics()
        );
        daemon.stop();
    }
}

#[test]
fn a_first_start_says_all_at_once_and_a_second_nothing_again() {
    let lab = Lab::start();
    let names: Vec<String> = (0..5).map(|n| format!("d{n}.lab.example")).collect();
    let hosts: Vec<_> =
        names.iter().enumerate().map(|(n, name)| lab.host(name, [3, 15, 60][n % 3] * DAY + 3600)).collect();
    let nginx = Nginx::start(&hosts);
    let sink = Sink::start();
    let home = Home::bare();
    let domains: String = names.iter().map(|name| domain(name, &[nginx.at("127.0.0.1")])).collect();
    let told = receiver(&format!("smtp+plain://{}", sink.address()), "");
    home.configure(&(lab.probe(&home, "1s") + &domains + &told));
    let daemon = home.start_ready();
    wait_until("the summary", || sink.mails().len() == 1);
    daemon.kill();
    // d0 and d3 are critical, d1 and d4 a warning, d2 is healthy.
    let subject = "[critical] first look: 4 domains: 2 critical, 2 warning";
    assert_eq!(Letter::parse(&sink.mails()[0]).subject, subject);
    let mut daemon = home.start_ready();
    let looks = "notafter_looks_total{result=\"critical\"}";
    daemon.wait_until("a few looks", |daemon| daemon.sample(looks).unwrap() >= 8.0);
    daemon.stop();
    let mails = sink.mails();
    let id = |mail: &String| mail.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned);
    assert!(mails.iter().all(|mail| id(mail) == id(&mails[0])), "{mails:?}");
    assert!(mails.len() <= 2, "at most the one in flight again");
}

#[test]
fn a_first_start_that_finds_nothing_says_nothing() {
    let lab = Lab::start();
    let mut nginx = Nginx::start(&[lab.host(NAME, 60 * DAY)]);
    let sink = Sink::start();
    let home = Home::bare();
    let told = receiver(&format!("smtp+plain://{}", sink.address()), "");
    home.configure(&(lab.probe(&home, "100ms") + &domain(NAME, &[nginx.at("127.0.0.1")]) + &told));
    let mut daemon = home.start_ready();
    let looks = "notafter_looks_total{result=\"healthy\"}";
    daemon.wait_until("a few looks", |daemon| daemon.sample(looks).unwrap() >= 5.0);
    assert!(sink.mails().is_empty());
    // What comes after the first summary is ordinary news.
    nginx.reload(&[lab.host(NAME, 3 * DAY + 3600)]);
    wait_until("the news", || sink.mails().len() == 1);
    Letter::parse(&sink.mails()[0]).begins("[critical] login.lab.example: the certificate expires soon, 3 d ");
    daemon.stop();
}
