//! nginx's certificate changes under the daemon's eyes, and people are told of it once.

use serde_json::{Value, json};

use super::lab::{domain, receiver};
use super::mail::{Letter, letters};
use super::{DAY, Daemon, HOUR, Home, Lab, now};
use crate::servers::{Nginx, Postfix, PostfixConfig, Vhost};

const NAME: &str = "login.lab.example";

#[test]
fn from_warning_to_critical_to_expired_to_renewed() {
    let lab = Lab::start();
    let mut nginx = Nginx::start(&[lab.host(NAME, 60 * DAY)]);
    let mut postfix = Postfix::start(&PostfixConfig::default());
    let home = Home::bare();
    let watched = domain(NAME, &[nginx.at("127.0.0.1")]);
    let told = receiver(&format!("smtp+plain://{}", postfix.plain()), "");
    home.configure(&(lab.probe(&home, "100ms") + &watched + &told));
    let mut daemon = home.start_ready();
    let not_after = format!(
        "notafter_certificate_not_after_timestamp_seconds{{domain=\"{NAME}\",address=\"{}\"}}",
        nginx.at("127.0.0.1")
    );
    let first = daemon.sample(&not_after).unwrap();
    assert!((first - (now() + 60 * DAY) as f64).abs() < 120.0, "{first}");

    // 90 days of life: a warning from 21 days on, critical from 7 days on.
    nginx.reload(&[lab.host(NAME, 20 * DAY + HOUR)]);
    let opened = mail(&mut postfix, 1);
    opened.begins("[warning] login.lab.example: the certificate expires soon, 20 d ");
    // What is shown may lag behind what is told, by a moment.
    daemon.wait_until("the new date", |daemon| daemon.sample(&not_after).unwrap() < first);

    nginx.reload(&[lab.host(NAME, 6 * DAY + HOUR)]);
    let worse = mail(&mut postfix, 2);
    worse.begins("[critical] login.lab.example: now worse: the certificate expires soon, 6 d ");

    let expired = Vhost::new(NAME, lab.identity(NAME, -90 * DAY, -2 * HOUR));
    nginx.reload(&[expired]);
    let expired = mail(&mut postfix, 3);
    expired.begins("[critical] login.lab.example: now worse: the certificate has expired, 2 h ago");
    let finding = format!("notafter_finding{{domain=\"{NAME}\",code=\"tls.expired\",severity=\"critical\"}}");
    daemon.wait_for_sample(&finding, 1.0);

    nginx.reload(&[lab.host(NAME, 89 * DAY)]);
    let over = mail(&mut postfix, 4);
    over.begins("[resolved] login.lab.example: over: the certificate has expired, lasted ");
    let renewed = (now() + 89 * DAY) as f64;
    daemon.wait_until("the new date", |daemon| (daemon.sample(&not_after).unwrap() - renewed).abs() < 120.0);

    // All four are one conversation, and nobody is told anything twice.
    let all = letters(&postfix);
    assert!(all.iter().all(|letter| letter.references == all[0].references && !letter.references.is_empty()));
    daemon.wait_until("a quiet moment", |daemon| {
        daemon.sample("notafter_notices_owed{receiver=\"oncall\"}") == Some(0.0)
    });
    daemon.stop();
    assert_eq!(postfix.mails().len(), 4, "{all:?}");
}

#[test]
fn an_ordinary_renewal_is_not_news() {
    let lab = Lab::start();
    let mut nginx = Nginx::start(&[lab.host(NAME, 30 * DAY)]);
    let postfix = Postfix::start(&PostfixConfig::default());
    let home = Home::bare();
    let told = receiver(&format!("smtp+plain://{}", postfix.plain()), "");
    home.configure(&(lab.probe(&home, "100ms") + &domain(NAME, &[nginx.at("127.0.0.1")]) + &told));
    let mut daemon = home.start_ready();
    nginx.reload(&[lab.host(NAME, 90 * DAY - HOUR)]);
    let expiry = format!("notafter_effective_expiry_timestamp_seconds{{domain=\"{NAME}\"}}");
    daemon.wait_until("the new certificate", |daemon| daemon.sample(&expiry).unwrap() > (now() + 80 * DAY) as f64);
    assert_eq!(daemon.sample(&format!("notafter_domain_verdict{{domain=\"{NAME}\",verdict=\"healthy\"}}")), Some(1.0));
    let log = daemon.stop();
    assert!(postfix.mails().is_empty(), "{:?}\n{log}", postfix.mails());
}

#[test]
fn what_certificates_have_been_outlives_a_kill() {
    let lab = Lab::start();
    let old = lab.host(NAME, 30 * DAY);
    let new = lab.host(NAME, 90 * DAY - HOUR);
    let [one, two] = ["127.0.0.1", "127.0.0.2"];
    let mut nginx = Nginx::start(&[old.clone().on(&[one, two])]);
    let home = Home::bare();
    let watched = domain(NAME, &[nginx.at(one), nginx.at(two)]);
    home.configure(&(lab.probe(&home, "100ms") + &watched));
    let mut daemon = home.start_ready();
    nginx.reload(&[new.on(&[one]), old.on(&[two])]);
    let behind = format!("notafter_rollout_old_addresses{{domain=\"{NAME}\"}}");
    daemon.wait_for_sample(&behind, 1.0);
    let path = format!("/api/v1/domains/{NAME}/certificates");
    let told = |daemon: &Daemon| -> Value { serde_json::from_str(&daemon.get(&path).unwrap().1).unwrap() };
    let before = told(&daemon);
    let renewal = &before["renewals"][0];
    assert_eq!((&renewal["class"], &renewal["completed_at"]), (&json!("routine"), &Value::Null), "{before:#}");
    assert_eq!(renewal["old_addresses"], json!([nginx.at(two).to_string()]));
    assert_eq!((&before["leaves"][0]["sha256"], &before["leaves"][1]["sha256"]), (&renewal["from"], &renewal["to"]));
    let first_seen = |at| {
        let at = nginx.at(at);
        format!("notafter_certificate_first_seen_timestamp_seconds{{domain=\"{NAME}\",address=\"{at}\"}}")
    };
    assert!(daemon.sample(&first_seen(one)) >= daemon.sample(&first_seen(two)));
    // Stored when the rollout began; nothing has happened since.
    daemon.wait_until("the row", |daemon| daemon.log().contains("a new certificate is rolled out"));
    daemon.kill();
    let mut daemon = home.start_ready();
    daemon.wait_for_sample(&behind, 1.0);
    let after = told(&daemon);
    assert_eq!(
        (&after["renewals"], &after["leaves"][0]["first_seen"]),
        (&before["renewals"], &before["leaves"][0]["first_seen"])
    );
    assert_eq!(daemon.get("/api/v1/domains/other.example/certificates").unwrap().0, 404);
    let page = daemon.get("/").unwrap().1;
    assert!(page.contains("a new certificate is rolled out since"), "{page}");
    daemon.stop();
}

fn mail(postfix: &mut Postfix, count: usize) -> Letter {
    postfix.wait_for_mails(count);
    letters(postfix).swap_remove(count - 1)
}
