//! What is said of one domain: time left, the way of a login, bounds.

use super::DAY;
use super::scene::{Site, World};
use crate::observation::{Code, Outcome};
use crate::web::status::life::Life;
use crate::web::status::render;
use crate::web::status::row::{Fault, Row};

fn row(site: Site) -> Row {
    let page = World::of([site]).page();
    page.troubled.into_iter().chain(page.healthy).next().unwrap()
}

fn life(site: Site) -> Life {
    row(site).life.unwrap()
}

#[test]
fn time_left_is_a_share_of_the_lifetime() {
    let life = life(Site::new("a.example").left(67 * DAY + 3600));
    assert_eq!(life.text, "67 d left of 90 d");
    assert_eq!((life.until.as_str(), life.at.as_str()), ("until 2027-02-06", "2027-02-06T01:00:00Z"));
    assert_eq!((life.used, life.zone), (256, "fine"));
    // The defaults: the lesser of 21 days and a quarter, and the lesser of 7 days and a tenth.
    assert_eq!((life.warn_at, life.critical_at), (Some(1000 - 233), Some(1000 - 77)));
    assert_eq!(life.thresholds.as_deref(), Some("warning from 21 d, critical from 7 d"));
    assert_eq!(life.limiting, None);
}

#[test]
fn the_bar_changes_where_the_verdict_does() {
    let zones = [
        (21 * DAY + 1, "fine", "healthy"),
        (21 * DAY, "warning", "warning"),
        (7 * DAY + 1, "warning", "warning"),
        (7 * DAY, "critical", "critical"),
        (0, "critical", "critical"),
        (-1, "over", "critical"),
    ];
    for (left, zone, level) in zones {
        let row = row(Site::new("a.example").left(left));
        assert_eq!((row.life.unwrap().zone, row.level), (zone, level), "{left} s left");
    }
}

#[test]
fn few_days_are_told_to_the_minute_and_what_is_over_is_over() {
    let soon = life(Site::new("a.example").left(2 * DAY + 5 * 3600 + 60));
    assert_eq!((soon.text.as_str(), soon.until.as_str()), ("2 d 5 h left of 90 d", "until 2026-12-03 05:01 UTC"));
    let over = life(Site::new("a.example").left(-5 * DAY));
    assert_eq!((over.text.as_str(), over.until.as_str()), ("expired 5 d ago", "on 2026-11-26"));
    assert_eq!(over.used, 1000);
    let early = life(Site::new("a.example").left(91 * DAY));
    assert_eq!(early.text, "not valid for another 1 d, then for 90 d");
    assert_eq!((early.used, early.zone), (0, "early"));
    let long = life(Site::new("a.example").left(4000 * DAY));
    assert_eq!(long.text, "not valid for another 10 y, then for 90 d");
}

#[test]
fn what_runs_out_first_is_named_if_it_is_not_the_leaf() {
    let life = life(Site::new("a.example").intermediate_left(12 * DAY));
    assert_eq!(life.limiting.as_deref(), Some("Example Issuing CA 7"));
    assert_eq!((life.text.as_str(), life.zone), ("12 d left of 90 d", "warning"));
}

#[test]
fn what_is_known_of_revocation_is_said_where_it_was_asked() {
    let asked = World::of([Site::new("a.example").staples_nothing()]);
    let html = render::html(&asked.page()).unwrap();
    assert!(html.contains("<dt>revocation</dt><dd><bdi>unknown (no OCSP response is stapled)</bdi>"), "{html}");
    assert_eq!(row(Site::new("a.example")).revocation, None);
}

#[test]
fn what_was_never_seen_has_no_life() {
    assert_eq!(row(Site::new("a.example").dns(Outcome::Nxdomain)).life, None);
    let waiting = row(Site::new("a.example").not_looked_at());
    assert_eq!((waiting.life, waiting.looked.as_str(), waiting.waits), (None, "not looked at yet", true));
    assert!(waiting.hops.is_empty());
}

#[test]
fn the_broken_hop_is_named_with_what_no_finding_says() {
    let status = |row: &Row| row.hops.iter().map(|hop| hop.status).collect::<Vec<_>>().join(" ");
    let refused = row(Site::new("a.example").fails(Code::ConnectRefused, "connection refused"));
    assert_eq!(status(&refused), "ok ok broken not_looked not_looked not_looked not_looked");
    assert_eq!(refused.fault, Some(Fault { hop: "connect", sure: true, detail: String::new() }));
    assert_eq!(refused.addresses[0].said, "connect.refused: connection refused");
    let refused = &refused.findings[0];
    assert_eq!((refused.code, refused.severity), ("connect.refused", "critical"));
    assert_eq!(refused.addresses, ["192.0.2.1:443"]);

    let elsewhere = row(Site::new("a.example").answers(|answer| answer.issuer = Some("https://t.example/".to_owned())));
    let detail = "auth0.issuer_mismatch: https://t.example/".to_owned();
    assert_eq!(elsewhere.fault, Some(Fault { hop: "proxy", sure: true, detail }));

    let page = row(Site::new("a.example").answers(|answer| {
        answer.is_json = false;
        answer.issuer = None;
    }));
    let detail = "auth0.not_json, status 200".to_owned();
    assert_eq!(page.fault, Some(Fault { hop: "proxy", sure: false, detail }));
    assert_eq!(row(Site::new("a.example")).fault, None);
}

#[test]
fn what_is_shown_of_one_domain_is_bounded() {
    let site = (2..40).fold(Site::new("a.example"), |site, number| site.address(&format!("192.0.2.{number}:443"), DAY));
    let row = row(site.domain(|domain| {
        domain.labels = (0..100).map(|number| (format!("label{number}"), "x".repeat(1000))).collect();
    }));
    assert_eq!((row.addresses.len(), row.more_addresses), (16, 23));
    assert_eq!((row.findings[0].addresses.len(), row.findings[0].more_addresses), (8, 30));
    assert!(row.labels.len() == 8 && row.labels.iter().all(|label| label.value.chars().count() == 81));
}

#[test]
fn renewals_are_told_the_last_first() {
    let site = Site::new("a.example").left(30 * DAY).and_later(DAY).left(89 * DAY).and_later(7200);
    let past = row(site).past.unwrap();
    assert_eq!((past.under_way.len(), past.outlook.len()), (0, 0));
    let [change] = &past.renewals[..] else { panic!("{past:?}") };
    assert_eq!((change.class, change.text.as_str()), ("routine", "nothing but serial number and dates"));
    assert_eq!((change.at.as_str(), change.day.as_str()), ("2026-11-30T21:59:48Z", "2026-11-30"));
    let waits =
        Site::new("a.example").address("192.0.2.2:443", 30 * DAY).left(30 * DAY).and_later(DAY).renewed(89 * DAY);
    let past = row(waits).past.unwrap();
    assert_eq!(past.under_way, ["a new certificate is rolled out since 12 s; still the old one at 192.0.2.2:443"]);
    assert!(past.renewals[0].text.ends_with("; not yet everywhere"), "{past:?}");
    assert_eq!(row(Site::new("a.example")).past, None);
}
