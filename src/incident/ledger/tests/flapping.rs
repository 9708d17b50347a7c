//! What opens again and again is one incident that says so.

use super::*;
use crate::domain::Life;

/// A fault of four minutes every eight, so often, from the second on at which looks see it.
fn comes_and_goes(times: i64) -> Site {
    (0..times)
        .map(|n| 60 + 480 * n)
        .fold(Site::new("a.example"), |site, from| site.fails(from, from + 240, Code::ConnectRefused))
}

fn line(time: i64, what: &str) -> String {
    format!("{time} a.example {what} connect.refused critical")
}

/// What is told of seven times: the fourth opening says that it flaps, and the end comes a window after the last.
fn expected() -> Vec<String> {
    let each = (0..3).flat_map(|n| [line(100 + 480 * n, "opened"), line(420 + 480 * n, "resolved")]);
    each.chain([line(1540, "opened"), line(3180 + HOUR, "resolved")]).collect()
}

#[test]
fn the_fourth_opening_within_an_hour_says_so_and_is_the_last() {
    let mut world = World::new([comes_and_goes(7)]);
    world.run_until(5 * HOUR);
    assert_eq!(world.news(), expected());
    assert_eq!(world.standing(), [""; 0]);
    let said: Vec<&str> = world.told[6..].iter().map(|told| told.notice.summary.as_str()).collect();
    let over = "It is over, after it came 7 times in 1 h 51 min. It was: connect.refused was seen";
    assert_eq!(said, ["Flapping, 4 times in 24 min: connect.refused was seen", over]);
    assert_eq!(world.told[6].notice.facts["flapping"], 4);
    assert_eq!((world.told[6].notice.episode, world.told[7].notice.episode), (3, 3));
}

#[test]
fn it_does_so_whenever_the_process_is_killed() {
    for kills in [[500, 1000, 1600], [1541, 1900, 3000], [2200, 4000, 6500]] {
        let mut world = World::new([comes_and_goes(7)]);
        for kill in kills {
            world.run_until(kill);
            world.restart();
        }
        world.run_until(5 * HOUR);
        assert_eq!(world.news(), expected(), "{kills:?}");
        assert!(world.told[7].notice.summary.contains("7 times"), "{}", world.told[7].notice.summary);
    }
}

#[test]
fn what_was_good_for_the_window_begins_anew() {
    let again = 4 * HOUR + 60;
    let mut world = World::new([comes_and_goes(4).fails(again, again + 240, Code::ConnectRefused)]);
    world.run_until(5 * HOUR);
    let end = 1740 + HOUR;
    let last = [line(end, "resolved"), line(again + 40, "opened"), line(again + 360, "resolved")];
    assert_eq!(world.news()[7..], last);
    assert_eq!(world.told[8].notice.summary, "connect.refused was seen");
}

#[test]
fn slower_than_that_is_no_flapping_nor_where_nobody_wants_it() {
    let slow = (0..6)
        .map(|n| 60 + 1260 * n)
        .fold(Site::new("a.example"), |site, from| site.fails(from, from + 240, Code::ConnectRefused));
    let mut never = comes_and_goes(6);
    never.domain.life = Life { flap_after: 0, ..Life::default() }.into();
    for site in [slow, never] {
        let mut world = World::new([site]);
        world.run_until(4 * HOUR);
        assert_eq!(world.told.len(), 12, "{:?}", world.news());
        assert!(world.told.iter().all(|told| !told.notice.summary.contains("lapping")));
    }
}

#[test]
fn it_is_reminded_of_while_it_is_bad_and_not_while_it_is_good() {
    // From the fourth opening on it stays for two hours.
    let site = comes_and_goes(3).fails(1500, 1500 + 2 * HOUR, Code::ConnectRefused);
    let mut world = World::new([site]);
    world.run_until(5 * HOUR);
    let good = 1500 + 2 * HOUR;
    assert_eq!(world.news()[6..], [line(1540, "opened"), line(1540 + HOUR, "reminder"), line(good + HOUR, "resolved")]);
    assert_eq!(world.told[7].notice.summary, "Flapping, 4 times in 1 h 24 min: connect.refused was seen");
}

#[test]
fn reminders_come_as_the_domain_says() {
    let life = |critical: &[u64], warning: &[u64]| {
        let minutes = |all: &[u64]| all.iter().map(|minutes| Duration::from_secs(minutes * 60)).collect();
        Life { remind_critical: minutes(critical), remind_warning: minutes(warning), ..Life::default() }
    };
    let mut often = Site::new("often.example").fails(60, DAY, Code::ConnectRefused);
    often.domain.life = life(&[10, 30, 120], &[]).into();
    let mut never = Site::new("never.example").fails(60, DAY, Code::DnsTxtMissing);
    never.domain.life = life(&[10], &[]).into();
    let mut world = World::new([often, never]);
    world.run_until(6 * HOUR);
    let reminders = |world: &World| -> Vec<i64> {
        let all = world.told.iter().filter(|told| told.notice.reason == Reason::Reminder);
        all.map(|told| (told.time - 130) / MINUTE).collect()
    };
    assert_eq!(reminders(&world), [10, 30, 150, 270]);
    // Another list holds for those to come; a restart changes nothing.
    let name = DomainName::parse("often.example").unwrap();
    world.sites.get_mut(&name).unwrap().domain.life = life(&[60], &[]).into();
    world.watch_sites();
    world.run_until(6 * HOUR + 30 * MINUTE);
    world.restart();
    world.run_until(8 * HOUR);
    assert_eq!(world.told.last().unwrap().time, 8 * HOUR);
    assert_eq!(reminders(&world).len(), 6, "{:?}", world.news());
}

#[test]
fn each_domain_is_as_sure_as_it_says() {
    let mut quick = Site::new("quick.example").fails(60, 300, Code::ConnectRefused);
    let life = Life { confirm_network: Vec::new(), resolve_after: 1, resolve_for: Duration::ZERO, ..Life::default() };
    quick.domain.life = life.into();
    let mut world = World::new([quick]);
    world.run_until(HOUR);
    let line = |time: i64, what: &str| format!("{time} quick.example {what} connect.refused critical");
    assert_eq!(world.news(), [line(60, "opened"), line(300, "resolved")]);
}
