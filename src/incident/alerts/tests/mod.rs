//! Alerts under a virtual clock: [`Bench`] is the keeper and both Alertmanagers.

mod content;
mod peers;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Alerts, AlertsEvent, Post, Posted, Settings};
use crate::domain::{Now, UnixTime};
use crate::incident::{Key, Notice, NoticeId, Reason};

const START: Now = Now { wall: UnixTime(1_800_000_000), mono: Duration::from_secs(1000) };
const A: &str = "http://a.example:9093";
const B: &str = "http://b.example:9093";

fn settings(peers: &[&str]) -> Settings {
    Settings {
        peers: peers.iter().map(|peer| (*peer).to_owned()).collect(),
        resend: Duration::from_secs(60),
        labels: BTreeMap::new(),
        external_url: None,
        runbook_url: None,
    }
}

fn key(domain: &str) -> Key {
    Key::parse(&format!("{domain}/proxy/expiry")).unwrap()
}

fn notice(domain: &str, severity: &str) -> Notice {
    Notice {
        id: NoticeId::of(domain, "proxy", "expiry", 0, Reason::Opened, 0),
        domain: domain.to_owned(),
        view: "proxy".to_owned(),
        family: "expiry".to_owned(),
        episode: 0,
        reason: Reason::Opened,
        code: "tls.expires_soon".to_owned(),
        severity: severity.to_owned(),
        title: "the certificate expires soon".to_owned(),
        summary: "it expires in 6 d".to_owned(),
        remedy: "Renew it.".to_owned(),
        facts: Map::new(),
        path: Vec::new(),
        expires: None,
        opened_at: START.wall,
        at: START.wall,
        in_setup: false,
        bonds: Vec::new(),
        labels: Map::new(),
        extra: Map::new(),
    }
}

struct Bench {
    alerts: Alerts,
    now: Now,
    number: u64,
    /// What the ledger would say now.
    ledger: BTreeMap<Key, Notice>,
}

impl Bench {
    fn new(peers: &[&str]) -> Self {
        Self { alerts: Alerts::new(settings(peers)), now: START, number: 0, ledger: BTreeMap::new() }
    }

    fn fire(&mut self, notice: Notice) {
        let key = key(&notice.domain);
        self.alerts.handle_firing(&key, &notice, self.now);
        self.ledger.insert(key, notice);
    }

    fn mend(&mut self, domain: &str) {
        self.ledger.remove(&key(domain));
        self.alerts.handle_over(&key(domain), self.now);
    }

    fn post(&mut self) -> Option<Post> {
        self.number += 1;
        self.alerts.poll_post(self.number, |key| self.ledger.get(key).cloned(), self.now)
    }

    fn answer(&mut self, post: &Post, posted: Posted) {
        self.alerts.handle_posted(&post.peer, post.number, posted, self.now);
    }

    /// Lets time pass, waking the alerts when they ask for it. What each post holds, with the second at which it is made;
    /// every peer answers so.
    fn pass(&mut self, seconds: u64, answer: impl Fn(&Post) -> Posted) -> Vec<(u64, String)> {
        let end = self.now.mono + Duration::from_secs(seconds);
        let mut made = Vec::new();
        loop {
            while let Some(post) = self.post() {
                made.push(((self.now.mono - START.mono).as_secs(), told(&post)));
                let posted = answer(&post);
                self.answer(&post, posted);
            }
            let Some(at) = self.alerts.poll_timeout().filter(|at| *at <= end) else { break };
            assert!(at > self.now.mono, "it would be woken for ever");
            self.sleep_until(at);
            self.alerts.handle_timeout(self.now);
        }
        self.sleep_until(end);
        made
    }

    fn sleep_until(&mut self, at: Duration) {
        let slept = at.saturating_sub(self.now.mono);
        self.now = Now { wall: self.now.wall.plus(slept.as_secs() as i64), mono: at };
    }

    fn events(&mut self) -> Vec<AlertsEvent> {
        std::iter::from_fn(|| self.alerts.poll_event()).collect()
    }

    /// What was counted since, as `result n`.
    fn counted(&mut self) -> Vec<String> {
        let counted = self.events().into_iter().map(|event| event.counted());
        counted.filter(|(_, news)| *news > 0).map(|(result, news)| format!("{result} {news}")).collect()
    }
}

fn accept(_: &Post) -> Posted {
    Posted::Accepted
}

fn away(peer: &'static str) -> impl Fn(&Post) -> Posted {
    move |post| {
        if post.peer == peer {
            Posted::Deferred { error: "no connection".to_owned(), wait: None }
        } else {
            Posted::Accepted
        }
    }
}

fn alerts(post: &Post) -> Vec<Value> {
    serde_json::from_str(&post.body).unwrap()
}

/// A post in short: the peer's letter, then each alert as `severity domain start..end`, in seconds since the start.
fn told(post: &Post) -> String {
    let seconds = |value: &Value| START.wall.until(UnixTime::parse_rfc3339(value.as_str().unwrap()).unwrap());
    let one = |alert: &Value| {
        let label = |name: &str| alert["labels"][name].as_str().unwrap_or_default().to_owned();
        let (start, end) = (seconds(&alert["startsAt"]), seconds(&alert["endsAt"]));
        format!("{} {} {start}..{end}", label("severity"), label("domain"))
    };
    let all: Vec<String> = alerts(post).iter().map(one).collect();
    format!("{}: {}", &post.peer[7..8], all.join(", "))
}

fn at(second: u64, post: &str) -> (u64, String) {
    (second, post.to_owned())
}

#[test]
fn what_fires_is_posted_at_once_to_every_peer_and_every_minute_again() {
    let mut bench = Bench::new(&[A, B]);
    bench.fire(notice("x.example", "warning"));
    let made = bench.pass(130, accept);
    let expected: Vec<_> = [(0, 240), (60, 300), (120, 360)]
        .iter()
        .flat_map(|(second, end)| ["a", "b"].map(|peer| at(*second, &format!("{peer}: warning x.example 0..{end}"))))
        .collect();
    assert_eq!(made, expected);
    assert_eq!(bench.counted(), ["delivered 1"], "a repetition is no news, nor is the second peer's");
}

#[test]
fn what_is_over_is_posted_at_once_and_for_a_quarter_of_an_hour() {
    let mut bench = Bench::new(&[A]);
    bench.fire(notice("x.example", "warning"));
    bench.pass(70, accept);
    bench.mend("x.example");
    let made = bench.pass(3600, accept);
    let expected: Vec<_> = (0..15).map(|minute| at(70 + minute * 60, "a: warning x.example 0..70")).collect();
    assert_eq!(made, expected);
    assert_eq!(bench.counted(), ["delivered 1", "delivered 1"]);
    assert_eq!((bench.alerts.untold(), bench.alerts.poll_timeout(), bench.alerts.shown.len()), (0, None, 0));
}

#[test]
fn another_severity_is_another_alert_and_ends_the_one_before_in_the_same_post() {
    let mut bench = Bench::new(&[A]);
    bench.fire(notice("x.example", "warning"));
    bench.pass(30, accept);
    bench.fire(notice("x.example", "critical"));
    let both = "a: warning x.example 0..30, critical x.example 0..270";
    assert_eq!(bench.pass(1, accept), [at(30, both)]);
    // Back again: the alert that had ended fires once more, and is not ended besides.
    bench.fire(notice("x.example", "warning"));
    let back = "a: critical x.example 0..31, warning x.example 0..271";
    assert_eq!(bench.pass(1, accept), [at(31, back)]);
    assert_eq!(bench.pass(60, accept), [at(91, "a: critical x.example 0..31, warning x.example 0..331")]);
}

#[test]
fn what_was_over_before_any_peer_could_know_is_not_posted() {
    let mut bench = Bench::new(&[A]);
    bench.fire(notice("x.example", "warning"));
    bench.mend("x.example");
    assert_eq!(bench.pass(3600, accept), []);
    // A post without an answer may have been taken.
    bench.fire(notice("x.example", "warning"));
    let post = bench.post().unwrap();
    bench.mend("x.example");
    bench.answer(&post, Posted::Deferred { error: "cut".to_owned(), wait: None });
    assert_eq!(bench.pass(1, accept), [at(3601, "a: warning x.example 0..3600")]);
}

#[test]
fn a_change_during_a_post_is_posted_after_it() {
    let mut bench = Bench::new(&[A]);
    bench.fire(notice("x.example", "warning"));
    let post = bench.post().unwrap();
    assert_eq!(bench.post(), None, "one post at a time");
    bench.mend("x.example");
    bench.answer(&post, Posted::Accepted);
    bench.answer(&post, Posted::Accepted);
    assert_eq!(bench.pass(1, accept), [at(0, "a: warning x.example 0..0")]);
    assert_eq!(bench.counted(), ["delivered 1"]);
}

#[test]
fn alerts_that_fire_at_different_times_come_to_be_posted_together() {
    let mut bench = Bench::new(&[A]);
    bench.fire(notice("x.example", "warning"));
    bench.pass(7, accept);
    bench.fire(notice("y.example", "warning"));
    assert_eq!(bench.pass(1, accept), [at(7, "a: warning y.example 0..247")]);
    assert_eq!(bench.pass(60, accept), [at(60, "a: warning x.example 0..300, warning y.example 0..300")]);
    assert_eq!(bench.pass(60, accept), [at(120, "a: warning x.example 0..360, warning y.example 0..360")]);
}

#[test]
fn the_words_of_what_fires_are_those_of_the_present() {
    let mut bench = Bench::new(&[A]);
    bench.fire(notice("x.example", "warning"));
    bench.pass(59, accept);
    let later = Notice { summary: "it expires in 5 d".to_owned(), ..notice("x.example", "warning") };
    bench.ledger.insert(key("x.example"), later);
    bench.pass(1, |post| {
        assert_eq!(alerts(post)[0]["annotations"]["description"], "it expires in 5 d");
        Posted::Accepted
    });
    // What the ledger has not stored yet is another alert, and not told early.
    bench.ledger.insert(key("x.example"), notice("x.example", "critical"));
    assert_eq!(bench.pass(60, accept), [at(120, "a: warning x.example 0..360")]);
}

#[test]
fn a_wall_clock_that_jumps_back_makes_no_alert_that_would_be_refused() {
    let mut bench = Bench::new(&[A]);
    bench.now.wall = START.wall.plus(-86_400);
    bench.fire(notice("x.example", "warning"));
    assert_eq!(bench.pass(1, accept), [at(0, "a: warning x.example -86400..-86160")]);
    bench.now.wall = START.wall.plus(-2 * 86_400);
    bench.mend("x.example");
    assert_eq!(bench.pass(1, accept), [at(1, "a: warning x.example -172800..-172800")]);
}

#[test]
fn posts_are_bounded() {
    let mut bench = Bench::new(&[A]);
    for number in 0..1200 {
        let mut notice = notice(&format!("d{number}.example"), "warning");
        notice.facts.insert("evidence".to_owned(), json!("e".repeat(if number < 600 { 0 } else { 400 })));
        bench.fire(notice);
    }
    let mut shown = 0;
    while let Some(post) = bench.post() {
        let alerts = alerts(&post).len();
        assert!(alerts <= 500 && post.body.len() <= 64 * 1024, "{alerts} alerts, {} bytes", post.body.len());
        shown += alerts;
        bench.answer(&post, Posted::Accepted);
    }
    assert_eq!(shown, 1200);
    assert_eq!(bench.alerts.untold(), 0);
}
