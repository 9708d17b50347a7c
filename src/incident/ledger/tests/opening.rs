//! Escalation within a family, expiry without a probe, our own sight, and blindness.

use super::*;

fn warning(code: Code) -> Finding {
    Finding::new(code, "at one of two").severity(Severity::Warning).at([address(1)])
}

fn critical(code: Code) -> Finding {
    Finding::new(code, "at both").at([address(1), address(2)])
}

#[test]
fn another_code_of_the_family_updates_the_incident() {
    let site = Site::new("a.example").fails(60, 200, Code::ConnectRefused).fails(200, HOUR, Code::TlsTimeout);
    let mut world = World::new([site]);
    world.run_until(30 * MINUTE);
    assert_eq!(world.news(), ["100 a.example opened connect.refused critical"]);
    assert_eq!(world.ledger.incidents().next().unwrap().code, "tls.timeout");
    let row = &world.disk[&(Table::Incident, "a.example/proxy/reach".to_owned())];
    assert_eq!(row["code"], "tls.timeout");
}

#[test]
fn getting_worse_is_confirmed_and_told_once() {
    let site = Site::new("a.example").at(&[1, 2]).shows(60, HOUR, warning(Code::ConnectRefused));
    let site = site.shows(300, HOUR, critical(Code::ConnectTimeout));
    let mut world = World::new([site]);
    world.run_until(339);
    assert_eq!(world.news(), ["100 a.example opened connect.refused warning"]);
    world.run_until(50 * MINUTE);
    assert_eq!(world.news()[1..], ["340 a.example escalated connect.timeout critical"]);
}

#[test]
fn getting_worse_for_one_look_is_a_hiccup() {
    let site = Site::new("a.example").at(&[1, 2]).shows(60, HOUR, warning(Code::ConnectRefused));
    let site = site.shows(300, 310, critical(Code::ConnectTimeout));
    let mut world = World::new([site]);
    world.run_until(50 * MINUTE);
    assert_eq!(world.news(), ["100 a.example opened connect.refused warning"]);
}

#[test]
fn getting_better_is_not_told_and_must_last() {
    let mut site = Site::new("a.example").at(&[1, 2]).shows(60, HOUR, warning(Code::ConnectRefused));
    // Critical all the time but for one look now and then.
    for start in [60, 420, 780] {
        site = site.shows(start, start + 300, critical(Code::ConnectTimeout));
    }
    let mut world = World::new([site]);
    world.run_until(20 * MINUTE - 1);
    assert_eq!(world.news(), ["100 a.example opened connect.timeout critical"]);
    assert_eq!(world.standing(), ["a.example reach firing critical"]);
    world.run_until(20 * MINUTE);
    assert_eq!(world.standing(), ["a.example reach firing warning"]);
    assert_eq!(world.news().len(), 1);
}

#[test]
fn a_host_that_stopped_answering_still_expires_on_time() {
    let threshold = 2 * HOUR + 17;
    let site = Site::new("a.example").interval(3600).certificate(0, 21 * DAY + threshold);
    let site = site.fails(HOUR, 40 * DAY, Code::ConnectTimeout);
    let mut world = World::new([site]);
    world.run_until(22 * DAY);
    let expiry: Vec<String> = world
        .told
        .iter()
        .filter(|t| t.notice.family == "expiry" && t.notice.reason != Reason::Reminder)
        .map(Told::line)
        .collect();
    assert_eq!(
        expiry,
        [
            format!("{threshold} a.example opened tls.expires_soon warning"),
            format!("{} a.example escalated tls.expires_soon critical", threshold + 14 * DAY),
            format!("{} a.example escalated tls.expired critical", threshold + 21 * DAY),
        ]
    );
}

#[test]
fn time_alone_confirms_no_fault_and_cures_none() {
    let site = Site::new("a.example").fails(60, 200, Code::ConnectRefused).certificate(0, 90 * DAY);
    let mut world = World::new([site]);
    world.run_until(61);
    world.again.clear();
    for time in [80, 100, 119] {
        world.time = time;
        let site = &world.sites[&DomainName::parse("a.example").unwrap()];
        world.ledger.handle_verdict(&site.verdict(time, 0), &Looked::default(), world.now());
        world.drain();
        assert_eq!(world.standing(), ["a.example reach pending critical"]);
    }
    world.run_until(200);
    assert_eq!(world.standing(), ["a.example reach firing critical"]);
    for time in [201, 300, 400] {
        world.time = time;
        let site = &world.sites[&DomainName::parse("a.example").unwrap()];
        world.ledger.handle_verdict(&site.verdict(time, 0), &Looked::default(), world.now());
        world.drain();
    }
    assert_eq!(world.standing(), ["a.example reach firing critical"]);
}

#[test]
fn a_new_certificate_that_expires_soon_is_read_once_more() {
    let site = Site::new("a.example").certificate(0, 90 * DAY).certificate(60, DAY);
    let mut world = World::new([site]);
    world.run_until(100);
    assert_eq!(world.news(), ["70 a.example opened tls.expires_soon critical"]);
}

#[test]
fn our_own_sight_is_one_incident_for_all_domains() {
    let sites = (0..20).map(|i| Site::new(&format!("d{i:02}.example")).fails(60, 300, Code::WatchResolverFailed));
    let mut world = World::new(sites);
    world.run_until(HOUR);
    // Told once it has lasted 40 s; over two minutes after the first look that does not show it.
    assert_eq!(
        world.news(),
        ["100  opened watch.resolver_failed warning", "420  resolved watch.resolver_failed warning"]
    );
    assert_eq!(world.told[0].notice.view, "watch");
}

#[test]
fn an_answer_that_went_astray_wakes_nobody() {
    let blink = Site::new("a.example").fails(60, 90, Code::WatchResolverFailed);
    let again = Site::new("b.example").fails(600, 610, Code::WatchResolverFailed);
    let mut world = World::new([blink, again]);
    world.run_until(HOUR);
    assert_eq!(world.news(), [""; 0]);
}

#[test]
fn our_own_sight_may_be_told_of_by_others() {
    let mut world = World::new([Site::new("a.example")]);
    world.run_until(10);
    let finding = Finding::new(Code::WatchNoticeFailing, "the relay refuses");
    world.ledger.handle_own_sight(Family::Delivery, Some(&finding), world.now());
    world.ledger.handle_own_sight(Family::Delivery, Some(&finding), world.now());
    world.drain();
    world.run_until(20 * MINUTE);
    assert_eq!(world.news(), ["10  opened watch.notice_failing critical"]);
    world.ledger.handle_own_sight(Family::Delivery, None, world.now());
    world.drain();
    assert_eq!(world.news()[1..], ["1200  resolved watch.notice_failing critical"]);
}

#[test]
fn in_blindness_nothing_opens_and_nothing_resolves() {
    let blind = || Finding::new(Code::WatchBlind, "no reference answers");
    let site = Site::new("a.example").fails(60, 200, Code::ConnectRefused).shows(200, 2000, blind());
    let other = Site::new("b.example").shows(61, 2000, blind()).fails(61, 2000, Code::ConnectRefused);
    let mut world = World::new([site, other]);
    world.run_until(1999);
    assert_eq!(world.standing(), [" sight firing warning", "a.example reach firing critical"]);
    assert_eq!(world.news().len(), 2, "{:?}", world.news());
    world.run_until(HOUR);
    assert_eq!(world.standing(), [""; 0]);
}
