//! The daemon looks until it is told to stop, finishes what is under way, and says clearly why it cannot begin.

use std::fs::{self, Permissions};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;

use super::lab::domain;
use super::{DAY, Daemon, Home, Lab};
use crate::servers::Nginx;

#[test]
fn each_domain_is_looked_at_on_its_interval() {
    let lab = Lab::start();
    let nginx = Nginx::start(&[lab.host("often.lab.example", 60 * DAY), lab.host("seldom.lab.example", 60 * DAY)]);
    let home = Home::bare();
    let often = domain("often.lab.example", &[nginx.at("127.0.0.1")]);
    let seldom = domain("seldom.lab.example", &[nginx.at("127.0.0.1")]) + "interval = \"1500ms\"\n";
    home.configure(&(lab.probe(&home, "100ms") + &often + &seldom));
    let mut daemon = home.start_ready();
    let of = |host: &str| {
        let is_look = |line: &&String| line.contains(host) && line.contains("openid-configuration?");
        nginx.requests().iter().filter(is_look).count()
    };
    // Only the daemon's own clock counts, so a slow machine shifts both alike.
    let seldom_before = of("seldom.lab.example");
    let often_before = of("often.lab.example");
    daemon.wait_until("two more turns", |_| of("seldom.lab.example") >= seldom_before + 2);
    let often_since = of("often.lab.example") - often_before;
    assert!((5..=45).contains(&often_since), "{often_since} looks in 1.5 to 3 s");
    for line in nginx.requests() {
        assert!(line.contains(" GET /") && line.contains(" \"notafter/"), "{line}");
    }
    let log = daemon.stop();
    assert!(log.contains("notafter is running") && log.contains("notafter has stopped"), "{log}");
}

#[test]
fn sigterm_waits_for_a_look_under_way_but_not_for_one_without_end() {
    let lab = Lab::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = Home::bare();
    let watched = domain("silent.lab.example", &[silent.local_addr().unwrap()]);
    home.configure(&(lab.probe(&home, "100ms") + &watched));
    let daemon = home.start();
    // Taken, and never answered: the look hangs until its deadline of 2 s.
    let (_connection, _) = silent.accept().unwrap();
    let log = daemon.stop();
    assert!(log.contains("to=\"critical\""), "the look was finished:\n{log}");
    assert!(log.contains("stopping") && log.contains("notafter has stopped"), "{log}");
}

#[test]
fn a_second_signal_does_not_wait() {
    let lab = Lab::start();
    let home = Home::bare();
    let (mut daemon, _connection) = looking_for_a_minute(&lab, &home);
    daemon.signal("INT");
    daemon.wait_until("word of it", |daemon| daemon.log().contains("stopping"));
    daemon.signal("INT");
    let status = daemon.wait();
    assert_eq!(status.code(), Some(0), "{}", daemon.log());
}

#[test]
fn the_pages_end_beside_the_last_looks_and_not_after_them() {
    let lab = Lab::start();
    let home = Home::bare();
    let (mut daemon, _connection) = looking_for_a_minute(&lab, &home);
    daemon.signal("TERM");
    // The look is under way still: the daemon must not have ended before nobody answers.
    daemon.wait_until("nobody who answers", |daemon| daemon.get("/-/healthy").is_none());
    assert!(!daemon.log().contains("notafter has stopped"), "{}", daemon.log());
    daemon.stop();
}

#[test]
fn every_mistake_of_the_configuration_is_told_and_nothing_is_begun() {
    let home = Home::new("[probe]\nintervall = \"1m\"\n[[domain]]\nname = \"-x.example\"\n");
    let mut daemon = home.spawn();
    let status = daemon.wait();
    let log = daemon.log();
    assert_eq!(status.code(), Some(64), "{log}");
    assert!(log.contains("intervall") && log.contains("-x.example") && log.contains("notafter.toml:"), "{log}");
    assert!(!home.path().join("notafter.db").exists());
}

#[test]
fn a_port_that_is_taken_is_named() {
    let home = Home::new("[[domain]]\nname = \"login.lab.example\"\n");
    let _taken = TcpListener::bind(home.address()).unwrap();
    let mut daemon = home.spawn();
    let status = daemon.wait();
    let log = daemon.log();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains(&format!("cannot listen on {}", home.address())), "{log}");
}

#[test]
fn a_state_that_cannot_be_made_or_read_is_named() {
    let home = Home::new("[[domain]]\nname = \"login.lab.example\"\n");
    // Not by its mode, which root may ignore.
    fs::create_dir(home.path().join("notafter.db")).unwrap();
    let mut daemon = home.spawn();
    let status = daemon.wait();
    let log = daemon.log();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("notafter.db: cannot open the state for writing"), "{log}");
    fs::remove_dir(home.path().join("notafter.db")).unwrap();
    fs::write(home.path().join("notafter.db"), "no database at all, but long enough to be one".repeat(99)).unwrap();
    fs::set_permissions(home.path().join("notafter.db"), Permissions::from_mode(0o600)).unwrap();
    let mut daemon = home.spawn();
    let status = daemon.wait();
    let log = daemon.log();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("the state is damaged"), "{log}");
}

/// A daemon in the midst of a look at a host that takes the connection and says nothing.
fn looking_for_a_minute(lab: &Lab, home: &Home) -> (Daemon, TcpStream) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let watched = domain("silent.lab.example", &[silent.local_addr().unwrap()]) + "timeout = \"60s\"\n";
    home.configure(&(lab.probe(home, "100ms") + &watched));
    let daemon = home.start();
    let (connection, _) = silent.accept().unwrap();
    (daemon, connection)
}
