//! Relays that are away or refuse, and who hears of that.

use notafter::incident::Refusal;

use super::*;

fn healthy(name: &str) -> Site {
    Site::new(name).certificate(&Mint::new(), 0, 90 * DAY, 60 * DAY)
}

/// Two receivers, and sites that were seen healthy.
fn settled(sites: impl IntoIterator<Item = Site>) -> World {
    let mut world = World::new(sites);
    world.receivers.push("second".to_owned());
    let (now, receivers) = (world.now(), world.receivers.clone());
    world.keeper.handle_receivers(&Policy::default(), &receivers, now);
    world.reload();
    world.run_until(10 * MINUTE);
    assert!(world.sent.is_empty(), "{:?}", world.told());
    world
}

fn told_to(world: &World, receiver: &str) -> Vec<String> {
    let to = world.sent.iter().filter(|sent| sent.mail.receiver == receiver);
    let line = |notice: &notafter::incident::Notice| format!("{} {}", notice.code, notice.reason.as_str());
    to.flat_map(|sent| sent.mail.notices.iter().map(line)).collect()
}

fn own_sight(world: &World) -> Vec<String> {
    world.keeper.snapshot().own_sight.iter().map(|finding| finding.code.clone()).collect()
}

#[test]
fn a_mail_given_up_is_told_to_the_others_until_it_is_delivered_after_all() {
    let mut world = settled([
        healthy("a.example").fails(10 * MINUTE, 40 * MINUTE, Fault::Refused),
        healthy("b.example").fails(2 * HOUR, 3 * HOUR, Fault::Refused),
    ]);
    world.answers = Some(|receiver, _| match receiver {
        "oncall" => Delivery::Rejected { error: "550 5.1.1 no such user".to_owned() },
        _ => Delivery::Delivered,
    });
    world.run_until(30 * MINUTE);
    assert_eq!(told_to(&world, "second"), ["connect.refused opened", "watch.notice_dead opened"]);
    assert_eq!(told_to(&world, "oncall"), Vec::<String>::new());
    assert_eq!(own_sight(&world), ["watch.notice_dead"]);
    let notice = &world.sent[1].mail.notices[0];
    assert!(notice.summary.contains("1 mail to oncall given up: 550 5.1.1 no such user"), "{}", notice.summary);
    assert_eq!(notice.facts["receivers"], serde_json::json!(["oncall"]));
    world.run_until(65 * MINUTE);
    // A restart tries it again, and does not end that it is dead.
    world.restart();
    world.run_until(70 * MINUTE);
    assert_eq!(own_sight(&world), ["watch.notice_dead"]);
    // Somebody mends the address. The next mail that gets through brings the dead one with it.
    world.answers = None;
    world.run_until(4 * HOUR);
    let told = told_to(&world, "oncall");
    for line in ["connect.refused opened", "connect.refused resolved"] {
        assert!(told.iter().any(|told| told == line), "{told:?}");
    }
    // It never heard of its own dead letter, so it needs no end of it.
    assert!(!told.iter().any(|told| told.starts_with("watch.notice_dead")), "{told:?}");
    assert!(told_to(&world, "second").contains(&"watch.notice_dead resolved".to_owned()));
    assert_eq!(own_sight(&world), Vec::<String>::new());
}

#[test]
fn a_recipient_refused_is_told_to_those_who_have_the_mail() {
    let mut world = settled([
        healthy("a.example").fails(10 * MINUTE, 40 * MINUTE, Fault::Refused),
        healthy("b.example").fails(2 * HOUR, 3 * HOUR, Fault::Refused),
    ]);
    world.answers = Some(|receiver, _| match receiver {
        "oncall" => {
            let refusal = Refusal { recipient: "bob@example.com".to_owned(), error: "550 gone".to_owned() };
            Delivery::DeliveredInPart { refused: vec![refusal] }
        }
        _ => Delivery::Delivered,
    });
    world.run_until(35 * MINUTE);
    assert_eq!(told_to(&world, "oncall"), ["connect.refused opened", "watch.notice_dead opened"]);
    let of_dead = world.sent.iter().flat_map(|sent| &sent.mail.notices).find(|notice| notice.domain.is_empty());
    let facts = &of_dead.unwrap().facts;
    assert_eq!(facts["recipients"], serde_json::json!(["bob@example.com"]));
    assert!(!facts.contains_key("receivers"), "{facts:?}");
    assert_eq!(own_sight(&world), ["watch.notice_dead"]);
    world.answers = None;
    world.run_until(4 * HOUR);
    assert!(told_to(&world, "oncall").contains(&"watch.notice_dead resolved".to_owned()));
    assert_eq!(own_sight(&world), Vec::<String>::new());
}

#[test]
fn a_relay_away_for_a_day_is_told_the_day_in_few_mails_and_no_incident_twice() {
    let at = |hour: i64| 2 * HOUR + hour * HOUR;
    let comes_and_goes = |n: i64| healthy(&format!("gone{n}.example")).fails(at(n), at(n) + HOUR, Fault::Refused);
    let sites = (0..12).map(comes_and_goes).chain([
        healthy("stays.example").fails(at(3), at(1000), Fault::WrongIssuer),
        healthy("known.example").fails(HOUR, at(5), Fault::Servfail),
    ]);
    let mut world = World::new(sites);
    world.run_until(2 * HOUR);
    let known = world.told();
    assert_eq!(known, ["day 0 01h known.example critical dns.servfail opened"]);
    world.answers = Some(|_, _| Delivery::Unsent { error: "no route to host".to_owned() });
    world.run_until(at(24));
    assert!(own_sight(&world).contains(&"watch.notice_failing".to_owned()));
    world.answers = None;
    world.run_until(at(26));
    let after = &world.told()[known.len()..];
    let of = |name: &str| after.iter().filter(|line| line.contains(name)).cloned().collect::<Vec<_>>();
    assert_eq!(of("gone"), Vec::<String>::new(), "they were over before anybody could be told");
    assert_eq!(of("known.example").len(), 1, "{after:?}");
    assert!(of("known.example")[0].ends_with("dns.servfail resolved"), "{after:?}");
    assert!(of("stays.example")[0].ends_with("auth0.issuer_mismatch opened"), "{after:?}");
    let mails = world.sent.len() - 1;
    assert!(mails <= 3, "{mails} mails: {after:?}");
    let over: u64 = world.sent.iter().filter_map(|sent| sent.mail.extra.get("over_before_told")?.as_u64()).sum();
    assert!(over >= 12, "{over}");
    assert_eq!(world.keeper.snapshot().owed["oncall"], 0);
    assert_eq!(own_sight(&world), Vec::<String>::new());
}
