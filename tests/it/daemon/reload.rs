//! The configuration is read again on SIGHUP and on `POST /-/reload`; a bad one changes nothing.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::home::request;
use super::lab::domain;
use super::{DAY, Home, Lab};
use crate::servers::Nginx;

#[test]
fn a_new_domain_is_watched_and_a_removed_one_is_gone() {
    let lab = Lab::start();
    let names = ["stays.lab.example", "comes.lab.example", "goes.lab.example"];
    let nginx = Nginx::start(&names.map(|name| lab.host(name, 60 * DAY)));
    let [stays, comes, goes] = names.map(|name| domain(name, &[nginx.at("127.0.0.1")]));
    let home = Home::bare();
    let probe = lab.probe(&home, "200ms");
    home.configure(&format!("{probe}{stays}{goes}"));
    let mut daemon = home.start_ready();
    assert!(daemon.metrics().contains("domain=\"goes.lab.example\""));
    home.configure(&format!("{probe}{stays}{comes}"));
    daemon.signal("HUP");
    daemon.wait_for_sample("notafter_domain_verdict{domain=\"comes.lab.example\",verdict=\"healthy\"}", 1.0);
    let metrics = daemon.metrics();
    assert!(!metrics.contains("goes.lab.example"), "{metrics}");
    assert!(metrics.contains("notafter_domains 2\n"), "{metrics}");
    assert!(daemon.log().contains("the configuration was read again"), "{}", daemon.log());
    // What stayed has kept its place: nothing is unknown in between.
    assert_eq!(daemon.sample("notafter_domain_verdict{domain=\"stays.lab.example\",verdict=\"healthy\"}"), Some(1.0));
    home.configure(&format!("{probe}{goes}"));
    assert_eq!(daemon.post("/-/reload"), (200, "reloaded\n".to_owned()));
    assert!(!daemon.metrics().contains("stays.lab.example"));
    daemon.wait_until_ready();
    daemon.stop();
}

#[test]
fn a_bad_file_keeps_the_old_configuration_and_says_so() {
    let lab = Lab::start();
    let nginx = Nginx::start(&[lab.host("login.lab.example", 60 * DAY)]);
    let home = Home::bare();
    let good = lab.probe(&home, "200ms") + &domain("login.lab.example", &[nginx.at("127.0.0.1")]);
    home.configure(&good);
    let mut daemon = home.start_ready();
    home.configure(&format!("{good}intervall = \"1m\"\nlive = 7\n"));
    let (status, body) = daemon.post("/-/reload");
    assert_eq!(status, 500);
    assert!(body.contains("intervall") && body.contains("live"), "{body}");
    assert!(body.contains("notafter.toml:") && body.ends_with("the old configuration stays\n"), "{body}");
    daemon.signal("HUP");
    daemon.wait_until("word of it", |daemon| daemon.log().contains("the old configuration stays"));
    home.write("root.pem", "no certificate");
    home.configure(&good);
    let (status, body) = daemon.post("/-/reload");
    assert_eq!(status, 500, "{body}");
    assert!(body.contains("root.pem"), "{body}");
    let looks = "notafter_looks_total{result=\"healthy\"}";
    let before = daemon.sample(looks).unwrap();
    daemon.wait_until("more looks by the old configuration", |daemon| daemon.sample(looks).unwrap() > before + 1.0);
    assert_eq!(daemon.get("/-/reload").unwrap().0, 405);
    daemon.stop();
}

#[test]
fn what_only_a_restart_can_change_is_said() {
    let lab = Lab::start();
    let home = Home::bare();
    let text = lab.probe(&home, "1m") + &domain("login.lab.example", &["127.99.99.99:1".parse().unwrap()]);
    home.configure(&text);
    let daemon = home.start();
    let file = fs::read_to_string(home.path().join("notafter.toml")).unwrap();
    home.write("notafter.toml", &file.replace("notafter.db", "other.db"));
    assert_eq!(daemon.post("/-/reload").0, 200);
    assert!(daemon.log().contains("only a restart"), "{}", daemon.log());
    daemon.stop();
}

#[test]
fn a_file_that_is_slow_to_read_keeps_nothing_else_waiting() {
    let lab = Lab::start();
    let nginx = Nginx::start(&[lab.host("login.lab.example", 60 * DAY)]);
    let home = Home::bare();
    home.configure(&(lab.probe(&home, "100ms") + &domain("login.lab.example", &[nginx.at("127.0.0.1")])));
    let mut daemon = home.start_ready();
    // Whoever reads a pipe waits for somebody to write it.
    let pipe = home.path().join("notafter.toml");
    let text = fs::read_to_string(&pipe).unwrap();
    fs::remove_file(&pipe).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (address, answered) = (home.address(), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                assert_eq!(request(address, "POST", "/-/reload"), Some((200, "reloaded\n".to_owned())));
                answered.fetch_add(1, Ordering::SeqCst);
            });
        }
        let looks = "notafter_looks_total{result=\"healthy\"}";
        let before = daemon.sample(looks).unwrap();
        daemon.wait_until("looks by the old configuration", |daemon| daemon.sample(looks).unwrap() > before + 3.0);
        for turn in 1..=2 {
            // One at a time, and the answer comes when it is in force.
            assert_eq!(answered.load(Ordering::SeqCst), turn - 1);
            fs::write(&pipe, &text).unwrap();
            daemon.wait_until("an answer", |_| answered.load(Ordering::SeqCst) == turn);
            assert_eq!(daemon.log().matches("the configuration was read again").count(), turn);
        }
    });
    daemon.stop();
}
