//! A host for mutual TLS that a discovery document names is watched by itself; and the list of transparency logs grows old.

use super::lab::{domain, receiver};
use super::{DAY, Home, Lab};
use crate::servers::{Nginx, Postfix, PostfixConfig, Vhost, auth0_like};
use notafter::lab::logs::{Log, list};

const NAME: &str = "login.lab.example";
const MTLS: &str = "mtls.login.lab.example";

fn named(lab: &Lab) -> Vhost {
    let aliases = format!("\"mtls_endpoint_aliases\":{{\"token_endpoint\":\"https://{MTLS}/oauth/token\"}},");
    let document =
        auth0_like(NAME).replace("\"response_types_supported\"", &(aliases + "\"response_types_supported\""));
    lab.host(NAME, 60 * DAY).answering(document)
}

#[test]
fn a_host_for_mutual_tls_has_a_life_of_its_own() {
    let lab = Lab::start();
    let mut nginx = Nginx::start(&[named(&lab), lab.host(MTLS, 5 * DAY)]);
    let mut postfix = Postfix::start(&PostfixConfig::default());
    let home = Home::bare();
    let told = receiver(&format!("smtp+plain://{}", postfix.plain()), "");
    home.configure(&(lab.probe(&home, "100ms") + &domain(NAME, &[nginx.at("127.0.0.1")]) + &told));
    let mut daemon = home.start_ready();
    let verdict = |name: &str, level: &str| format!("notafter_domain_verdict{{domain=\"{name}\",verdict=\"{level}\"}}");
    daemon.wait_for_sample(&verdict(MTLS, "critical"), 1.0);
    daemon.wait_for_sample(&verdict(NAME, "healthy"), 1.0);
    assert_eq!(daemon.sample("notafter_domains"), Some(2.0));
    postfix.wait_for_mails(1);
    // After a restart the incident at the host goes on: nobody is told again.
    daemon.stop();
    let mut daemon = home.start_ready();
    daemon.wait_for_sample(&verdict(MTLS, "critical"), 1.0);
    // Once the document names it no more, it is forgotten.
    nginx.reload(&[lab.host(NAME, 60 * DAY), lab.host(MTLS, 5 * DAY)]);
    daemon.wait_for_sample("notafter_domains", 1.0);
    assert_eq!(daemon.sample(&verdict(MTLS, "critical")), None);
    daemon.stop();
    let openings = postfix.mails().iter().filter(|mail| format!("{mail:?}").contains("[critical]")).count();
    assert_eq!(openings, 1, "{:?}", postfix.mails());
}

#[test]
fn a_list_of_transparency_logs_is_too_old_after_seventy_days() {
    let lab = Lab::start();
    let nginx = Nginx::start(&[lab.host(NAME, 60 * DAY)]);
    let home = Home::bare();
    let log = Log::new("one").unwrap();
    let made = |days: i64| {
        let at = notafter::domain::UnixTime(super::now() - days * DAY).to_string();
        list(&at, &[("A", vec![log.listed("usable", "2026-01-01T00:00:00Z")], vec![])])
    };
    home.write("log_list.json", &made(71));
    home.configure(
        &(lab.probe(&home, "100ms") + "ct_log_list = \"log_list.json\"\n" + &domain(NAME, &[nginx.at("127.0.0.1")])),
    );
    let mut daemon = home.start_ready();
    let stale = "notafter_finding{domain=\"\",code=\"watch.log_list_stale\",severity=\"warning\"}";
    daemon.wait_for_sample(stale, 1.0);
    home.write("log_list.json", &made(1));
    daemon.signal("HUP");
    daemon.wait_until("a fresh list", |daemon| daemon.sample(stale).is_none());
    let at = daemon.sample("notafter_ct_log_list_timestamp_seconds").unwrap();
    assert!((at - (super::now() - DAY) as f64).abs() < 120.0, "{at}");
    daemon.stop();
}
