//! How an incident ends.

use super::*;

#[test]
fn three_good_looks_over_two_minutes_resolve() {
    let mut world = World::new([Site::new("a.example").fails(60, 300, Code::ConnectRefused)]);
    world.run_until(419);
    assert_eq!(world.standing(), ["a.example reach firing critical"]);
    world.run_until(420);
    assert_eq!(world.standing(), [""; 0]);
    assert_eq!(world.news()[1..], ["420 a.example resolved connect.refused critical"]);
    let summary = &world.told[1].notice.summary;
    assert_eq!(summary, "It is over, after 6 min. It was: connect.refused was seen");
}

#[test]
fn many_good_looks_in_short_time_do_not() {
    let site = Site::new("a.example").interval(5).fails(60, 300, Code::ConnectRefused);
    let mut world = World::new([site]);
    world.run_until(419);
    assert_eq!(world.standing(), ["a.example reach firing critical"]);
    world.run_until(420);
    assert_eq!(world.standing(), [""; 0]);
}

#[test]
fn a_bad_look_in_between_begins_anew() {
    let site = Site::new("a.example").fails(60, 300, Code::ConnectRefused).fails(420, 421, Code::ConnectReset);
    let mut world = World::new([site]);
    world.run_until(HOUR);
    assert_eq!(world.news()[1..], ["600 a.example resolved connect.reset critical"]);
}

#[test]
fn every_address_once_affected_needs_its_own_good_looks() {
    let at = |last| Finding::new(Code::ConnectRefused, "refused").severity(Severity::Warning).at([address(last)]);
    let site = Site::new("a.example").at(&[1, 2]).shows(0, 1200, at(1)).shows(0, 600, at(2));
    let mut world = World::new([site]);
    world.run_until(1319);
    assert_eq!(world.standing(), ["a.example reach firing warning"]);
    world.run_until(1320);
    assert_eq!(world.standing(), [""; 0]);
}

#[test]
fn an_address_that_is_not_looked_at_does_not_get_better() {
    let mut world = World::new([Site::new("a.example").at(&[1, 2]).fails(0, 100, Code::ConnectRefused)]);
    world.run_until(119);
    world.next_look.clear();
    for time in [120, 180, 240, 300, 360] {
        world.time = time;
        world.see("a.example", |looked| looked.handshakes = [address(1)].into());
    }
    assert_eq!(world.standing(), ["a.example reach firing critical"]);
}

#[test]
fn a_forgotten_address_holds_nothing_up() {
    let mut world = World::new([Site::new("a.example").at(&[1, 2]).fails(0, 100, Code::ConnectRefused)]);
    world.run_until(119);
    world.next_look.clear();
    for time in [120, 180, 240] {
        world.time = time;
        world.see("a.example", |looked| looked.known.retain(|known| *known == address(1)));
    }
    assert_eq!(world.standing(), [""; 0]);

    let mut world = World::new([Site::new("a.example").fails(0, 100, Code::ConnectRefused)]);
    world.run_until(119);
    world.see("a.example", |looked| looked.known.clear());
    assert_eq!(world.told[1].notice.reason, Reason::Resolved);
    assert!(world.told[1].notice.summary.starts_with("Its addresses are no longer in use"));
}

#[test]
fn what_an_earlier_fault_hides_is_not_gone() {
    let site = Site::new("a.example").fails(0, 600, Code::TlsNameMismatch).fails(600, HOUR, Code::ConnectRefused);
    let mut world = World::new([site]);
    world.run_until(30 * MINUTE);
    assert_eq!(world.standing(), ["a.example name firing critical", "a.example reach firing critical"]);

    let site = Site::new("a.example").fails(0, 600, Code::HttpErrorStatus).fails(600, HOUR, Code::DnsNxdomain);
    let mut world = World::new([site]);
    world.run_until(599);
    world.next_look.clear();
    for time in [600, 660, 720, 780] {
        world.time = time;
        world.see("a.example", |looked| {
            looked.handshakes.clear();
            looked.requests.clear();
        });
    }
    assert_eq!(world.standing(), ["a.example address firing critical", "a.example login firing critical"]);
}

#[test]
fn a_login_gets_better_only_where_it_is_asked_for() {
    let mut world = World::new([Site::new("a.example").fails(0, 100, Code::HttpErrorStatus)]);
    world.run_until(119);
    world.next_look.clear();
    for time in [120, 180, 240, 300] {
        world.time = time;
        world.see("a.example", |looked| looked.requests.clear());
    }
    assert_eq!(world.standing(), ["a.example login firing critical"]);
}

#[test]
fn a_login_that_is_only_remembered_confirms_nothing() {
    let mut world = World::new([Site::new("a.example").fails(0, HOUR, Code::Auth0NotJson)]);
    world.next_look.clear();
    world.see("a.example", |_| {});
    for time in [10, 20, 30] {
        world.time = time;
        world.see("a.example", |looked| looked.requests.clear());
    }
    assert_eq!(world.standing(), ["a.example login pending critical"]);
    world.see("a.example", |_| {});
    assert_eq!(world.standing(), ["a.example login firing critical"]);
}

#[test]
fn a_txt_record_gets_better_only_when_a_resolver_answers() {
    let mut world = World::new([Site::new("a.example").fails(0, 100, Code::DnsTxtMissing)]);
    world.run_until(119);
    world.next_look.clear();
    for time in [120, 180, 240, 300] {
        world.time = time;
        world.see("a.example", |looked| looked.txt = false);
    }
    assert_eq!(world.standing(), ["a.example txt firing warning"]);
}

#[test]
fn what_opens_again_is_another_episode() {
    let site = Site::new("a.example").fails(60, 300, Code::ConnectRefused).fails(900, 1200, Code::ConnectRefused);
    let mut world = World::new([site]);
    world.run_until(HOUR);
    let episodes: Vec<_> = world.told.iter().map(|told| (told.notice.reason, told.notice.episode)).collect();
    use Reason::{Opened, Resolved};
    assert_eq!(episodes, [(Opened, 0), (Resolved, 0), (Opened, 1), (Resolved, 1)]);
    assert_eq!(world.ids().len(), 4);
}

#[test]
fn a_domain_taken_away_is_not_told_of_and_may_come_back() {
    let site = Site::new("a.example").fails(60, 2 * HOUR, Code::ConnectRefused);
    let mut world = World::new([site.clone(), Site::new("b.example")]);
    world.run_until(200);
    let looks = world.next_look.clone();
    world.sites.remove(&site.domain.name);
    world.next_look.remove(&site.domain.name);
    world.watch_sites();
    world.run_until(HOUR);
    assert_eq!(world.standing(), [""; 0]);
    assert_eq!(world.news(), ["100 a.example opened connect.refused critical"]);
    world.restart();
    world.sites.insert(site.domain.name.clone(), site);
    world.next_look = looks.into_keys().map(|name| (name, HOUR)).collect();
    world.watch_sites();
    world.run_until(HOUR + 100);
    assert_eq!(world.news()[1..], ["3640 a.example opened connect.refused critical"]);
    assert_eq!(world.ids().len(), 2);
}
