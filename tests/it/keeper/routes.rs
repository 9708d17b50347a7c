//! Who is told of what, and who in whose place, to the second.

use super::*;

const GONE: i64 = 1_000_000_000;

fn healthy(name: &str) -> Site {
    Site::new(name).every(MINUTE).certificate(&Mint::new(), 0, 90 * DAY, 60 * DAY)
}

/// A world with two receivers, of whom the second is the fallback; only the first is routed to.
fn world(sites: impl IntoIterator<Item = Site>, change: impl FnOnce(&mut World)) -> World {
    let mut world = World::new(sites);
    world.receivers = vec!["oncall".to_owned(), "standby".to_owned()];
    world.recipients = Some(vec![Recipient::of_all("oncall", Severity::Warning)]);
    world.policy.fallback = Some("standby".to_owned());
    change(&mut world);
    world.restart();
    world
}

/// What was delivered: the second, the receiver, the domain, the reason.
fn mails(world: &World) -> Vec<String> {
    let line = |sent: &Sent, notice: &notafter::incident::Notice| {
        let domain = if notice.domain.is_empty() { notice.code.as_str() } else { notice.domain.as_str() };
        format!("{} {} {domain} {}", sent.time, sent.mail.receiver, notice.reason.as_str())
    };
    world.sent.iter().flat_map(|sent| sent.mail.notices.iter().map(|notice| line(sent, notice))).collect()
}

fn only_standby(receiver: &str, _: &Mail) -> Delivery {
    match receiver {
        "standby" => Delivery::Delivered,
        _ => Delivery::Deferred { error: "421 try later".to_owned() },
    }
}

/// When the incident that begins after an hour is first tried to be told.
fn told_at(site: Site) -> i64 {
    let mut world = world([site], |_| {});
    world.run_until(2 * HOUR);
    assert_eq!(mails(&world).len(), 1, "{:?}", mails(&world));
    world.sent[0].time
}

#[test]
fn what_the_first_cannot_be_told_for_a_quarter_of_an_hour_the_fallback_is() {
    let site = || healthy("a.example").fails(HOUR, GONE, Fault::Refused);
    let first = told_at(site());
    let mut world = world([site()], |world| world.answers = Some(only_standby));
    world.run_until(HOUR + 50 * MINUTE);
    let all = mails(&world);
    let of_domain: Vec<&String> = all.iter().filter(|line| line.contains("a.example")).collect();
    // A quarter of an hour after the first attempt, gathered for half a minute; and once, however long it lasts.
    assert_eq!(of_domain, [&format!("{} standby a.example opened", first + 15 * MINUTE + 30)], "{all:?}");
    let sent = world.sent.iter().find(|sent| sent.mail.notices[0].domain == "a.example").unwrap();
    let summary = &sent.mail.notices[0].summary;
    assert!(summary.starts_with("oncall could not be told for 15 min. "), "{summary}");
    assert_eq!(sent.mail.notices[0].facts["not_told"], "oncall");
}

#[test]
fn a_restart_tells_it_no_second_time() {
    let site = healthy("a.example").fails(HOUR, GONE, Fault::Refused);
    let mut world = world([site], |world| world.answers = Some(only_standby));
    for until in [HOUR + 5 * MINUTE, HOUR + 17 * MINUTE, HOUR + 25 * MINUTE] {
        world.run_until(until);
        world.restart();
    }
    world.run_until(HOUR + 50 * MINUTE);
    let all = mails(&world);
    assert_eq!(all.iter().filter(|line| line.ends_with("a.example opened")).count(), 1, "{all:?}");
}

#[test]
fn who_was_told_instead_is_told_of_the_end() {
    let site = healthy("a.example").fails(HOUR, HOUR + 30 * MINUTE, Fault::Refused);
    let mut world = world([site], |world| world.answers = Some(only_standby));
    world.run_until(HOUR + 25 * MINUTE);
    world.answers = None;
    world.run_until(3 * HOUR);
    let all = mails(&world);
    let ends: Vec<&String> = all.iter().filter(|line| line.ends_with("a.example resolved")).collect();
    assert!(ends.iter().any(|line| line.contains("standby")), "{all:?}");
    assert!(ends.iter().any(|line| line.contains("oncall")), "{all:?}");
    assert_eq!(ends.len(), 2);
}

#[test]
fn warnings_and_what_is_told_in_time_are_not_the_fallback_s() {
    let late = Site::new("a.example").every(MINUTE).certificate(&Mint::new(), 0, 90 * DAY, 15 * DAY);
    let mut world = world([late], |world| world.answers = Some(only_standby));
    world.run_until(3 * HOUR);
    let all = mails(&world);
    assert!(all.iter().all(|line| !line.contains("a.example")), "{all:?}");
    assert!(all.iter().all(|line| line.contains("standby watch.notice_failing")), "{all:?}");
}

#[test]
fn what_was_refused_for_good_is_told_at_once() {
    fn refused(receiver: &str, _: &Mail) -> Delivery {
        match receiver {
            "standby" => Delivery::Delivered,
            _ => Delivery::Rejected { error: "550 no such user".to_owned() },
        }
    }
    let site = healthy("a.example").fails(HOUR, GONE, Fault::Refused);
    let first = told_at(healthy("a.example").fails(HOUR, GONE, Fault::Refused));
    let mut world = world([site], |world| world.answers = Some(refused));
    world.run_until(HOUR + 14 * MINUTE);
    let all = mails(&world);
    // Three refusals end it: at once, after 10 s and 30 s more; then half a minute gathers.
    assert!(all.contains(&format!("{} standby a.example opened", first + 40 + 30)), "{all:?} {first}");
}

#[test]
fn our_own_sight_is_told_to_those_who_are_to_be_told_of_it() {
    for (own_sight, expected) in [(None, vec!["oncall", "standby"]), (Some("standby"), vec!["standby"])] {
        let mut world = world([healthy("a.example")], |world| {
            world.policy.fallback = None;
            world.policy.own_sight = own_sight.map(|name| vec![name.to_owned()]);
        });
        world.run_until(HOUR);
        world.store = Store::Fails;
        world.keeper.handle_store_failed(world.now());
        world.run_until(HOUR + 20 * MINUTE);
        let told: Vec<&str> = world.sent.iter().map(|sent| sent.mail.receiver.as_str()).collect();
        assert_eq!(told, expected, "{:?}", mails(&world));
    }
}

#[test]
fn a_route_for_some_codes_tells_of_those_and_of_their_end() {
    let site = healthy("a.example").fails(HOUR, HOUR + 10 * MINUTE, Fault::Refused);
    let of = |codes: &[&str]| Recipient {
        codes: codes.iter().map(|&code| code.to_owned()).collect(),
        ..Recipient::of_all("oncall", Severity::Warning)
    };
    for (codes, expected) in [(&["connect.*"][..], 2), (&["tls.*", "dns.nxdomain"], 0), (&["connect.refused"], 2)] {
        let mut world = world([site.clone()], |world| world.recipients = Some(vec![of(codes)]));
        world.run_until(2 * HOUR);
        assert_eq!(mails(&world).len(), expected, "{codes:?} {:?}", mails(&world));
    }
}

#[test]
fn the_rest_is_what_nobody_else_is_told() {
    let all = Recipient::of_all("oncall", Severity::Critical);
    let tls = Recipient { codes: vec!["tls.*".to_owned()], ..Recipient::of_all("pki", Severity::Warning) };
    assert_eq!(Recipient::of_the_rest("standby", std::slice::from_ref(&all)), None);
    let nobody = Recipient::of_the_rest("standby", &[]).unwrap();
    assert!(nobody.codes.is_empty());
    let rest = Recipient::of_the_rest("standby", std::slice::from_ref(&tls)).unwrap();
    assert!(rest.codes.iter().any(|code| code == "connect.refused"));
    assert!(!rest.codes.iter().any(|code| code.starts_with("tls.") || code.starts_with("watch.")));
    // Of one receiver's routes those go that add nothing.
    let warnings = Recipient::of_all("oncall", Severity::Warning);
    let folded = Recipient::folded(vec![tls.clone(), all.clone(), warnings.clone(), all, tls.clone()]);
    assert_eq!(folded, [warnings, tls]);
}
