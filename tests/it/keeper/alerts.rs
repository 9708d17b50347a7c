//! What an Alertmanager is shown, and when.

use notafter::incident::alerts::{Posted, Settings};
use serde_json::Value;

use super::*;

const GONE: i64 = 1_000_000_000;
/// Seconds that a network fault takes to be confirmed.
const CONFIRMED: i64 = 40;

/// The receiver `am`: what it was posted, when.
#[derive(Debug, Clone)]
pub(super) struct Alertmanager {
    min_severity: Severity,
    answers: bool,
    posts: Vec<(i64, String)>,
}

impl Alertmanager {
    pub(super) fn recipient(&self) -> Recipient {
        Recipient::of_all("am", self.min_severity)
    }
}

impl World {
    pub(super) fn tell_of_alertmanager(&mut self) {
        let settings = Settings {
            peers: vec!["http://127.0.0.1:9093".to_owned()],
            resend: Duration::from_secs(60),
            labels: BTreeMap::new(),
            external_url: None,
            runbook_url: None,
        };
        let receivers = self.alertmanager.iter().map(|_| ("am".to_owned(), settings.clone())).collect();
        self.keeper.handle_alert_receivers(receivers, self.now());
    }

    pub(super) fn post(&mut self) -> bool {
        let Some((receiver, post)) = self.keeper.poll_post() else { return false };
        let time = self.seconds();
        let alertmanager = self.alertmanager.as_mut().unwrap();
        let posted = if alertmanager.answers {
            alertmanager.posts.push((time, post.body));
            Posted::Accepted
        } else {
            Posted::Deferred { error: "no route to host".to_owned(), wait: None }
        };
        self.keeper.handle_posted(&receiver, &post.peer, post.number, posted, self.now());
        while self.keeper.poll_alerts_event().is_some() {}
        true
    }

    fn am(&mut self) -> &mut Alertmanager {
        self.alertmanager.as_mut().unwrap()
    }

    /// What it learnt, as `second fires|over severity code domain`: no repetitions.
    fn shown(&self) -> Vec<String> {
        let mut known: BTreeMap<String, bool> = BTreeMap::new();
        let mut lines = Vec::new();
        for (second, body) in &self.alertmanager.as_ref().unwrap().posts {
            let alerts: Vec<Value> = serde_json::from_str(body).unwrap();
            for alert in alerts {
                let ends = UnixTime::parse_rfc3339(alert["endsAt"].as_str().unwrap()).unwrap();
                let fires = ends > UnixTime(START + second);
                let label = |name: &str| alert["labels"][name].as_str().unwrap_or("-").to_owned();
                if known.insert(alert["labels"].to_string(), fires) != Some(fires) {
                    let how = if fires { "fires" } else { "over" };
                    lines.push(format!("{second} {how} {} {} {}", label("severity"), label("code"), label("domain")));
                }
            }
        }
        lines
    }
}

fn healthy(name: &str) -> Site {
    Site::new(name).certificate(&Mint::new(), 0, 90 * DAY, 60 * DAY)
}

/// A world with an Alertmanager that has seen its sites.
fn world(sites: impl IntoIterator<Item = Site>) -> World {
    let mut world = World::new(sites);
    world.alertmanager = Some(Alertmanager { min_severity: Severity::Warning, answers: true, posts: Vec::new() });
    world.reload();
    world.run_until(9 * MINUTE);
    world
}

fn refused(from: i64, until: i64) -> Site {
    healthy("a.example").every(MINUTE).fails(from, until, Fault::Refused)
}

#[test]
fn an_alert_is_posted_the_second_it_is_confirmed_and_over_the_second_it_is_mended() {
    let mut world = world([refused(10 * MINUTE, 20 * MINUTE)]);
    world.run_until(HOUR);
    let shown = world.shown();
    let seen = world.sent[0].mail.notices[0].opened_at.0 - START;
    let over = world.sent[1].mail.notices[0].at.0 - START;
    assert_eq!(
        shown,
        [
            format!("{seen} fires critical connect.refused a.example"),
            format!("{over} over critical connect.refused a.example"),
        ]
    );
    assert!((10 * MINUTE + CONFIRMED..11 * MINUTE + CONFIRMED).contains(&seen), "{seen}");
    // The mail gathers for half a minute.
    assert_eq!(world.sent[0].time, seen + 30);
    // Over for a quarter of an hour, and then forgotten.
    let last = world.am().posts.last().unwrap().0;
    assert!((over + 14 * MINUTE..over + 15 * MINUTE).contains(&last), "{last}");
}

#[test]
fn nothing_is_shown_before_it_is_stored_unless_storing_fails() {
    let mut hangs = world([refused(10 * MINUTE, GONE)]);
    hangs.store = Store::Hangs;
    hangs.run_until(20 * MINUTE);
    assert_eq!(hangs.shown(), Vec::<String>::new());
    hangs.store = Store::Works;
    hangs.run_until(21 * MINUTE);
    assert_eq!(hangs.shown().len(), 1, "{:?}", hangs.shown());

    let mut fails = world([refused(10 * MINUTE, GONE)]);
    fails.store = Store::Fails;
    fails.run_until(20 * MINUTE);
    let codes: Vec<String> = fails.shown().iter().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect();
    assert!(codes.contains(&"fires critical connect.refused a.example".to_owned()), "{codes:?}");
    assert!(codes.contains(&"fires critical watch.store_failed -".to_owned()), "{codes:?}");
}

#[test]
fn what_a_set_up_holds_back_is_shown_as_it_is() {
    let mut site = refused(10 * MINUTE, GONE).fails(0, GONE, Fault::NoTxt);
    site.domain.live = false;
    let mut world = world([site]);
    world.run_until(HOUR);
    let mailed: Vec<String> = world.told();
    assert!(mailed.len() == 1 && mailed[0].contains("dns.txt_missing"), "one mail a day: {mailed:?}");
    let shown: Vec<String> = world.shown().iter().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect();
    let expected = ["fires warning dns.txt_missing a.example", "fires warning connect.refused a.example"];
    assert_eq!(shown, expected, "and nothing worse than a warning");
}

#[test]
fn what_the_first_summary_holds_back_is_shown_as_it_is() {
    // It waits for the look at the other, which takes its time.
    let mut world = World::new([refused(0, GONE), healthy("b.example").every(DAY)]);
    world.alertmanager = Some(Alertmanager { min_severity: Severity::Warning, answers: true, posts: Vec::new() });
    world.reload();
    let slow = DomainName::parse("b.example").unwrap();
    world.sites.remove(&slow);
    while world.shown().is_empty() {
        world.run_until(world.seconds() + 1);
    }
    assert!(world.sent.is_empty() && world.seconds() < 2 * MINUTE, "{:?}", world.told());
}

#[test]
fn a_look_that_cannot_be_made_ends_nothing() {
    let mut world = world([refused(10 * MINUTE, GONE), healthy("b.example").every(MINUTE)]);
    world.run_until(15 * MINUTE);
    world.resolver_answers = false;
    world.run_until(2 * HOUR);
    assert_eq!(world.level("a.example"), Level::Unknown);
    let shown = world.shown();
    assert!(shown.iter().all(|line| line.contains(" fires ")), "{shown:?}");
    let (last, body) = world.am().posts.last().unwrap().clone();
    assert!(last > 2 * HOUR - 70 && body.contains("connect.refused"), "{last}: {body}");
}

#[test]
fn a_restart_goes_on_with_the_same_alert_and_ends_it_when_it_is_mended() {
    let mut world = world([refused(10 * MINUTE, 40 * MINUTE)]);
    world.run_until(30 * MINUTE);
    let before = world.shown();
    world.restart();
    let posts = world.am().posts.len();
    world.run_until(30 * MINUTE + 1);
    assert_eq!(world.am().posts.len(), posts + 1, "at once");
    world.run_until(HOUR);
    let shown = world.shown();
    assert_eq!((&shown[..1], shown.len()), (&before[..], 2), "{shown:?}");
    let starts: std::collections::BTreeSet<String> = world
        .am()
        .posts
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()[0]["startsAt"].to_string())
        .collect();
    assert_eq!(starts.len(), 1, "{starts:?}");
}

#[test]
fn a_domain_that_is_no_longer_watched_is_over_at_once() {
    let mut world = world([refused(10 * MINUTE, GONE), healthy("b.example")]);
    world.run_until(30 * MINUTE);
    world.sites.remove(&DomainName::parse("a.example").unwrap());
    world.reload();
    world.run_until(30 * MINUTE + 1);
    assert_eq!(world.shown()[1], "1800 over critical connect.refused a.example");
}

#[test]
fn a_receiver_that_is_routed_elsewhere_is_shown_the_end_and_one_that_comes_what_fires() {
    let mut world = world([refused(10 * MINUTE, GONE)]);
    world.alertmanager = None;
    world.reload();
    world.run_until(30 * MINUTE);
    world.alertmanager = Some(Alertmanager { min_severity: Severity::Warning, answers: true, posts: Vec::new() });
    world.reload();
    world.run_until(30 * MINUTE + 1);
    assert_eq!(world.shown(), ["1800 fires critical connect.refused a.example"]);
    // What it was told of is no business of its own any more.
    let elsewhere: Vec<Watch> =
        world.watches().into_iter().map(|watch| Watch { recipients: watch.recipients[..1].into(), ..watch }).collect();
    world.keeper.handle_watches(elsewhere, world.now());
    world.run_until(30 * MINUTE + 2);
    assert_eq!(world.shown()[1], "1801 over critical connect.refused a.example");
}

#[test]
fn the_floor_of_a_route_counts() {
    let soon = Site::new("a.example").certificate(&Mint::new(), 0, 90 * DAY, 8 * DAY);
    let mut world = world([soon]);
    assert_eq!(world.shown().len(), 1, "a warning");
    world.alertmanager = Some(Alertmanager { min_severity: Severity::Critical, answers: true, posts: Vec::new() });
    world.reload();
    world.run_until(10 * MINUTE);
    assert!(world.shown()[0].contains(" over warning tls.expires_soon"), "{:?}", world.shown());
    world.run_until(2 * DAY);
    let fires: Vec<String> = world.shown().into_iter().filter(|line| line.contains(" fires ")).collect();
    assert!(fires.len() == 1 && fires[0].ends_with(" fires critical tls.expires_soon a.example"), "{fires:?}");
}

#[test]
fn an_alertmanager_that_takes_nothing_is_told_of_by_mail_and_in_the_end_to_itself() {
    let mut world = world([refused(10 * MINUTE, GONE)]);
    world.am().answers = false;
    world.run_until(30 * MINUTE);
    let owed = |world: &World| world.keeper.snapshot().owed.get("am").copied();
    assert_eq!(owed(&world), Some(2), "what fires, and that it cannot be told");
    let told = world.told();
    assert!(
        told.iter().any(|line| line.contains("notafter") && line.contains("watch.notice_failing opened")),
        "{told:?}"
    );
    world.am().answers = true;
    world.run_until(40 * MINUTE);
    assert_eq!(owed(&world), Some(0));
    let shown: Vec<String> = world.shown().iter().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect();
    let own = |how: &str| format!("{how} critical watch.notice_failing -");
    assert!(shown.contains(&own("fires")) && shown.contains(&own("over")), "{shown:?}");
    let delivered = world
        .keeper
        .snapshot()
        .counters
        .notices()
        .find(|(name, result, _)| (*name, *result) == ("am", "delivered"))
        .unwrap()
        .2;
    assert_eq!(delivered, 3);
}
