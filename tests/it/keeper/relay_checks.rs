//! Relays are asked before they are needed: when, and what is told of those that would not take a mail.

use std::collections::BTreeSet;

use super::*;

fn world() -> World {
    let site = Site::new("a.example").certificate(&Mint::new(), 0, 90 * DAY, 60 * DAY).every(MINUTE);
    let mut world = World::new([site]);
    let every = Duration::from_secs(3600);
    world.keeper.handle_relays(every, &BTreeSet::from(["oncall".to_owned()]), world.now());
    world
}

impl World {
    /// Lets time pass; at which seconds the relay was asked.
    fn asked_until(&mut self, seconds: i64, answer: &Checked) -> Vec<i64> {
        self.relay_says = answer.clone();
        self.run_until(seconds);
        std::mem::take(&mut self.relay_asked)
    }
}

fn failed() -> Checked {
    Checked::Failed { error: "smtps://mail.example.com:465: the login failed: 535 no".to_owned() }
}

#[test]
fn it_is_asked_after_a_minute_and_then_each_hour_and_sooner_after_a_no() {
    let mut world = world();
    assert_eq!(world.asked_until(2 * HOUR + 60, &Checked::Good), [60, 3660, 7260]);
    assert_eq!(world.asked_until(3 * HOUR + 700, &failed()), [10_860, 11_160, 11_460]);
    assert_eq!(world.keeper.snapshot().relays_ready, BTreeMap::from([("oncall".to_owned(), false)]));
}

#[test]
fn what_would_not_be_taken_for_a_quarter_of_an_hour_is_told_and_no_heartbeat_goes_meanwhile() {
    let mut world = world();
    world.asked_until(900, &failed());
    world.pings.clear();
    world.asked_until(959, &failed());
    assert!(world.pings.is_empty() && world.told().is_empty(), "{:?} {:?}", world.pings, world.told());
    world.asked_until(1000, &failed());
    assert_eq!(world.told(), ["day 0 00h notafter critical watch.notice_failing opened"]);
    let broken =
        |(_, ping): &(i64, Ping)| matches!(ping, Ping::Fail(why) if why.contains("no mail to oncall would be taken"));
    assert!(world.pings.first().is_some_and(broken), "{:?}", world.pings);
    world.asked_until(1400, &Checked::Good);
    assert_eq!(world.told()[1..], ["day 0 00h notafter critical watch.notice_failing resolved"]);
    assert_eq!(world.pings.last().map(|(_, ping)| ping), Some(&Ping::Success));
}

#[test]
fn a_way_that_is_left_makes_it_a_warning_and_no_failure() {
    let mut world = world();
    world.asked_until(1000, &Checked::InPart { error: "smtp://b.example: no connection".to_owned() });
    assert_eq!(world.told(), ["day 0 00h notafter warning watch.notice_failing opened"]);
    assert!(world.pings[1..].iter().all(|(_, ping)| *ping == Ping::Success), "{:?}", world.pings);
}

#[test]
fn greylisting_is_over_before_anybody_hears_of_it() {
    let mut world = world();
    world.asked_until(900, &failed());
    world.asked_until(2 * HOUR, &Checked::Good);
    assert!(world.told().is_empty(), "{:?}", world.told());
}

#[test]
fn nobody_is_asked_where_it_is_not_wanted() {
    let mut world = world();
    world.keeper.handle_relays(Duration::ZERO, &BTreeSet::from(["oncall".to_owned()]), world.now());
    assert!(world.asked_until(2 * HOUR, &failed()).is_empty() && world.told().is_empty());
}
