//! What the dead man's switch is told, and at which second.

use super::*;

fn healthy(name: &str) -> Site {
    Site::new(name).certificate(&Mint::new(), 0, 90 * DAY, 60 * DAY)
}

fn watching(sites: impl IntoIterator<Item = Site>) -> World {
    let mut world = World::new(sites);
    world.run_until(10 * MINUTE - 1);
    world.pings.clear();
    world
}

impl World {
    /// The switch is told since last asked: the second within the hour, and what.
    fn told_switch(&mut self) -> Vec<String> {
        let told = std::mem::take(&mut self.pings).into_iter().map(|(second, ping)| match ping {
            Ping::Start => format!("{second} start"),
            Ping::Success => format!("{second} success"),
            Ping::Fail(why) => format!("{second} fail: {why}"),
        });
        told.collect()
    }
}

#[test]
fn it_hears_that_we_begin_and_then_each_minute_that_all_is_well() {
    let mut world = World::new([healthy("a.example").every(MINUTE)]);
    world.run_until(5 * MINUTE);
    assert_eq!(
        world.told_switch(),
        ["0 start", "60 success", "120 success", "180 success", "240 success", "300 success"]
    );
    world.restart();
    world.run_until(6 * MINUTE);
    assert_eq!(world.told_switch(), ["300 start", "360 success"]);
}

#[test]
fn with_nothing_to_look_at_it_hears_nothing_and_then_that() {
    let mut world = World::new([]);
    world.run_until(5 * MINUTE - 1);
    assert_eq!(world.told_switch(), ["0 start"]);
    world.run_until(6 * MINUTE);
    let nothing = "fail: there is no domain to watch";
    assert_eq!(world.told_switch(), [format!("300 {nothing}"), format!("360 {nothing}")]);
}

#[test]
fn long_intervals_are_no_silence() {
    let mut world = watching([healthy("a.example").every(HOUR)]);
    world.run_until(70 * MINUTE);
    assert_eq!(world.told_switch().len(), 61);
}

#[test]
fn looks_that_never_end_are_silence_and_then_a_failure() {
    let mut world = watching([healthy("a.example").every(MINUTE)]);
    world.is_stuck = true;
    world.run_until(30 * MINUTE);
    let told = world.told_switch();
    assert_eq!(told[0], "600 success", "the last look was made within the minute and a half");
    // Six minutes and a half after the last look, and then with every beat.
    let failed: Vec<&String> = told.iter().filter(|told| told.contains("fail: no look has ended for ")).collect();
    assert_eq!(failed.len() + told.iter().filter(|told| told.ends_with("success")).count(), told.len(), "{told:?}");
    assert!(told.len() - failed.len() <= 2, "{told:?}");
    let first: i64 = failed[0].split(' ').next().unwrap().parse().unwrap();
    assert!((930..=991).contains(&first), "{told:?}");
}

#[test]
fn without_a_commit_it_hears_nothing_and_if_storing_fails_that() {
    let mut world = watching([healthy("a.example").every(MINUTE)]);
    world.store = Store::Hangs;
    world.run_until(20 * MINUTE);
    assert_eq!(world.told_switch(), <[&str; 0]>::default());
    world.store = Store::Works;
    world.run_until(22 * MINUTE);
    assert_eq!(
        world.told_switch(),
        ["1200 success", "1260 success", "1320 success"],
        "the one that waited is told once"
    );

    world.store = Store::Fails;
    world.run_until(25 * MINUTE);
    let told = world.told_switch();
    assert!(told[0].ends_with("fail: The state could not be stored for 30 seconds."), "{told:?}");
    world.store = Store::Works;
    world.run_until(28 * MINUTE);
    assert!(world.told_switch().last().unwrap().ends_with(" success"));
}

#[test]
fn a_notice_that_is_not_taken_is_silence_and_after_five_minutes_a_failure() {
    let mut world = watching([healthy("a.example").every(MINUTE).fails(10 * MINUTE, 90 * MINUTE, Fault::Refused)]);
    world.relay_answers = false;
    world.run_until(25 * MINUTE);
    let told = world.told_switch();
    let failed = told.iter().position(|told| told.contains("fail")).unwrap();
    assert!(told[..failed].iter().all(|told| told.ends_with("success")) && failed <= 2, "{told:?}");
    assert!(told[failed].contains("fail: nothing gets through to oncall for 5 min"), "{told:?}");
    assert!(told[failed..].iter().all(|told| told.contains("fail")), "{told:?}");
    world.relay_answers = true;
    world.run_until(2 * HOUR);
    assert!(world.told_switch().last().unwrap().ends_with(" success"), "what was owed is delivered");
}

#[test]
fn what_was_given_up_is_a_failure_until_something_gets_through() {
    let mut world = watching([
        healthy("a.example").every(MINUTE).fails(10 * MINUTE, 20 * DAY, Fault::Refused),
        healthy("b.example").every(MINUTE).fails(60 * MINUTE, 61 * DAY, Fault::Refused),
    ]);
    world.answers = Some(|_, _| Delivery::Rejected { error: "550 no such user".to_owned() });
    world.run_until(30 * MINUTE);
    let told = world.told_switch();
    assert!(told.last().unwrap().contains("mail to oncall was given up: 550 no such user"), "{told:?}");
    world.answers = None;
    world.run_until(70 * MINUTE);
    assert!(world.told_switch().last().unwrap().ends_with("4200 success"), "another mail was taken");
}

#[test]
fn a_ping_that_is_not_taken_is_tried_once_more_soon_and_after_five_minutes_a_finding() {
    let mut world = watching([healthy("a.example").every(MINUTE)]);
    world.switch_answers = false;
    world.run_until(12 * MINUTE);
    assert_eq!(world.told_switch(), ["600 success", "610 success", "660 success", "720 success"]);
    world.run_until(15 * MINUTE - 1);
    assert!(world.told().is_empty(), "{:?}", world.told());
    world.run_until(16 * MINUTE);
    assert_eq!(world.told(), ["day 0 00h notafter warning watch.heartbeat_failing opened"]);
    // A restart alone does not mend it.
    world.restart();
    world.run_until(17 * MINUTE);
    assert_eq!(world.told().len(), 1, "{:?}", world.told());
    world.switch_answers = true;
    world.run_until(19 * MINUTE);
    assert_eq!(world.told()[1..], ["day 0 00h notafter warning watch.heartbeat_failing resolved"]);
}

#[test]
fn a_switch_that_understands_one_word_hears_no_other() {
    let plain = HeartbeatSettings { every: Duration::from_secs(30), plain: true };
    let mut world = World::new([healthy("a.example").every(MINUTE)]);
    world.keeper.handle_heartbeat(Some(plain), world.now());
    world.run_until(10 * MINUTE);
    let told = world.told_switch();
    assert!(told.iter().all(|told| told.ends_with(" success")) && told.len() >= 19, "{told:?}");
    world.store = Store::Fails;
    world.run_until(20 * MINUTE);
    assert_eq!(world.told_switch(), <[&str; 0]>::default());
}

#[test]
fn who_stops_us_is_not_told_on() {
    let mut world = watching([healthy("a.example").every(MINUTE)]);
    world.keeper.handle_drain();
    world.run_until(12 * MINUTE);
    assert_eq!(world.told_switch(), <[&str; 0]>::default());
}
