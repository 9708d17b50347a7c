//! A resolver that dies is one notice, whatever the number of domains; and what is asked of resolvers at all.

use std::sync::Arc;

use notafter::observation::{Look, Outcome, ResolverFailure, ResolverObservation};
use notafter::verdict::Level;

use super::site::{Fault, Mint, Site};
use super::{DAY, HOUR, MINUTE, World};

const FIRST: &str = "192.0.2.53:53";
const SECOND: &str = "192.0.2.54:53";
/// Whoever has resolvers of its own.
const APART: &str = "apart.example";

/// Makes a look one that several resolvers were asked for.
pub(super) fn fare(look: &mut Look, resolvers: &[(&str, bool)]) {
    let own = [("192.0.2.99:53", true)];
    let resolvers = if look.domain.as_str() == APART { &own } else { resolvers };
    let (Some(dns), false) = (&mut look.dns, resolvers.is_empty()) else { return };
    dns.nameservers = resolvers.iter().map(|(label, _)| Arc::from(*label)).collect();
    let fared = |(label, answers): &(&str, bool)| ResolverObservation {
        resolver: Arc::from(*label),
        failure: (!answers).then_some(ResolverFailure { outcome: Outcome::Timeout, detail: None }),
        resting: false,
        answers_others: None,
        oddities: Vec::new(),
        extended_errors: Vec::new(),
    };
    dns.resolvers = resolvers.iter().map(fared).collect();
    dns.resolvers_agree = resolvers.iter().filter(|(_, answers)| *answers).count() > 1;
}

/// A hundred domains, and one beside them.
fn fleet() -> World {
    let mint = Mint::new();
    let names = (0..100).map(|number| format!("d{number}.example")).chain([APART.to_owned()]);
    let site = |name: String| Site::new(&name).every(5 * MINUTE).certificate(&mint, 0, 90 * DAY, 80 * DAY);
    let mut world = World::new(names.map(site).collect::<Vec<_>>());
    world.resolvers = vec![(FIRST, true), (SECOND, true)];
    world.run_until(HOUR);
    assert_eq!(world.told(), [] as [String; 0]);
    world
}

fn levels(world: &World) -> Vec<Level> {
    world.keeper.snapshot().domains.iter().map(|state| state.level()).collect()
}

#[test]
fn of_two_resolvers_one_dies_and_a_hundred_domains_stay_as_they_are() {
    let mut world = fleet();
    world.resolvers = vec![(FIRST, true), (SECOND, false)];
    world.run_until(HOUR + 30);
    assert_eq!(world.told(), [] as [String; 0], "nobody is woken by one answer that went astray");
    world.run_until(2 * HOUR);
    assert_eq!(world.told(), ["day 0 01h notafter warning watch.resolver_down opened"]);
    assert!(world.sent[0].time < HOUR + 3 * MINUTE, "{}", world.sent[0].time);
    let summary = &world.sent[0].mail.notices[0].summary;
    assert_eq!(summary, "1 of 2 resolvers does not answer: 192.0.2.54:53: timed out");
    assert_eq!(levels(&world), [Level::Healthy; 101]);
    assert!(world.codes("d7.example").contains(&"watch.resolver_down"));
    // It answers again: three good looks over two minutes, and it is over.
    world.resolvers = vec![(FIRST, true), (SECOND, true)];
    world.run_until(3 * HOUR);
    assert_eq!(world.told()[1..], ["day 0 02h notafter warning watch.resolver_down resolved"]);
    assert!(world.sent[1].time < 2 * HOUR + 5 * MINUTE, "{}", world.sent[1].time);
}

#[test]
fn both_die_and_it_is_one_notice_and_then_one_of_them_comes_back() {
    let mut world = fleet();
    (world.resolvers, world.resolver_answers) = (vec![(FIRST, false), (SECOND, false)], false);
    world.run_until(2 * HOUR);
    assert_eq!(world.told(), ["day 0 01h notafter warning watch.resolver_failed opened"]);
    let unknown = levels(&world).iter().filter(|level| **level == Level::Unknown).count();
    assert_eq!(unknown, 101);
    (world.resolvers, world.resolver_answers) = (vec![(FIRST, true), (SECOND, false)], true);
    world.run_until(3 * HOUR);
    // What stands is less than before, and no news.
    assert_eq!(world.told().len(), 1, "{:#?}", world.told());
    let ours: Vec<String> = world.keeper.snapshot().own_sight.into_iter().map(|own| own.code).collect();
    assert_eq!(ours, ["watch.resolver_down"]);
    assert_eq!(levels(&world), [Level::Healthy; 101]);
    world.resolvers = vec![(FIRST, true), (SECOND, true)];
    world.run_until(4 * HOUR);
    assert_eq!(world.told()[1..], ["day 0 03h notafter warning watch.resolver_down resolved"]);
}

#[test]
fn looks_that_ask_others_say_nothing_of_a_resolver() {
    let mint = Mint::new();
    let site = |name: &str, every| Site::new(name).every(every).certificate(&mint, 0, 90 * DAY, 80 * DAY);
    let mut world = World::new([site("login.example", 10 * MINUTE), site(APART, 10)]);
    world.resolvers = vec![(FIRST, true), (SECOND, false)];
    world.run_until(3 * HOUR);
    assert_eq!(world.told(), ["day 0 00h notafter warning watch.resolver_down opened"]);
}

#[test]
fn an_answer_astray_now_and_then_wakes_nobody() {
    let mut world = fleet();
    for minute in 0..60 {
        world.resolvers = vec![(FIRST, true), (SECOND, minute % 2 == 0)];
        world.run_until(HOUR + minute * 30);
    }
    assert_eq!(world.told(), [] as [String; 0]);
}

#[test]
fn what_is_known_is_given_to_looks_that_have_nothing_to_clear_up() {
    let mint = Mint::new();
    let site = Site::new("login.example").every(MINUTE).certificate(&mint, 0, 90 * DAY, 80 * DAY);
    let mut world = World::new([site.fails(HOUR, HOUR + 10 * MINUTE, Fault::Nxdomain)]);
    world.run_until(2 * HOUR);
    let told: Vec<&str> =
        world.sent.iter().flat_map(|sent| &sent.mail.notices).map(|notice| notice.reason.as_str()).collect();
    assert_eq!(told, ["opened", "resolved"]);
    let (first, rest) = world.known.split_first().unwrap();
    assert!(!first.1, "at first nothing is known");
    let (opened, resolved) = (world.sent[0].time, world.sent[1].time);
    for (at, known) in rest {
        // From the look that saw it first until it was told to be over, whatever confirms or clears it is asked afresh.
        let clearing = (HOUR + MINUTE..resolved - 30).contains(at);
        let well = *at <= HOUR || *at > resolved;
        assert!(!(clearing && *known) && (!well || *known), "{at} {known}; {opened} to {resolved}");
    }
}

#[test]
fn two_resolvers_that_agree_need_no_second_look() {
    let mint = Mint::new();
    let lone = |name: &str| {
        let site = Site::new(name).every(5 * MINUTE).certificate(&mint, 0, 90 * DAY, 80 * DAY);
        site.fails(HOUR, 2 * HOUR, Fault::Nxdomain)
    };
    let mut opened = Vec::new();
    for resolvers in [vec![], vec![(FIRST, true)], vec![(FIRST, true), (SECOND, true)]] {
        let mut world = World::new([lone("login.example")]);
        world.resolvers = resolvers;
        world.run_until(HOUR);
        let looks = world.looks;
        while world.sent.is_empty() {
            let now = world.seconds();
            world.run_until(now + 1);
        }
        opened.push(world.looks - looks);
    }
    assert_eq!(opened, [2, 2, 1]);
}
