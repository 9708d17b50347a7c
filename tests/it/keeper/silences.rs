//! Silences and maintenance windows, to the second.

use notafter::domain::hours::{Hours, TimeOfDay, Weekdays, Zone};
use notafter::incident::silence::{Maintenance, Matcher, SilenceState, When, Wish};
use notafter::keeper::NotEnded;
use serde_json::{Value, json};

use super::*;

const GONE: i64 = 1_000_000_000;

fn healthy(name: &str) -> Site {
    Site::new(name).every(MINUTE).certificate(&Mint::new(), 0, 90 * DAY, 60 * DAY)
}

fn settled(sites: impl IntoIterator<Item = Site>) -> World {
    let mut world = World::new(sites);
    world.run_until(10 * MINUTE);
    world
}

/// What was delivered: the second, the domain, the reason.
fn mails(world: &World) -> Vec<String> {
    let line = |sent: &Sent| {
        let notices = sent.mail.notices.iter();
        let told: Vec<String> = notices.map(|notice| format!("{} {}", notice.domain, notice.reason.as_str())).collect();
        format!("{} {}", sent.time, told.join(", "))
    };
    world.sent.iter().map(line).collect()
}

fn silence(world: &mut World, wish: Value) -> Result<notafter::keeper::SilenceChange, Vec<String>> {
    let made = world.keeper.handle_silence(Wish::parse(&wish).unwrap(), world.now());
    world.act();
    made
}

#[test]
fn what_is_there_at_its_end_is_told_half_a_minute_later() {
    let mut world = settled([healthy("a.example").fails(HOUR, GONE, Fault::Refused), healthy("b.example")]);
    let made = silence(&mut world, json!({ "domains": ["a.example"], "for": "4h", "comment": "x" })).unwrap();
    assert_eq!((made.domains, made.silence.state), (1, SilenceState::Active));
    world.run_until(2 * HOUR);
    // It holds back what is told, and nothing else.
    assert_eq!((world.level("a.example"), world.codes("a.example")), (Level::Critical, vec!["connect.refused"]));
    let snapshot = world.keeper.snapshot();
    assert_eq!((snapshot.silenced_incidents, snapshot.silences[0].incidents), (1, 1));
    assert!(snapshot.silenced_domains.keys().map(DomainName::as_str).eq(["a.example"]));
    world.run_until(5 * HOUR);
    let end = 10 * MINUTE + 4 * HOUR;
    // The word comes a tenth of four hours before, and what opened at the end; each gathers for half a minute.
    let word = end - 24 * MINUTE + 30;
    assert_eq!(mails(&world), [format!("{word} a.example silence_ends"), format!("{} a.example opened", end + 30)]);
    let opened = &world.sent[1].mail.notices[0];
    assert!((START + HOUR..START + HOUR + 2 * MINUTE).contains(&opened.opened_at.0), "{}", opened.opened_at);
}

#[test]
fn it_outlives_a_restart_and_one_that_was_not_stored_does_not() {
    let mut world = settled([healthy("a.example").fails(HOUR, GONE, Fault::Refused)]);
    let made = silence(&mut world, json!({ "domains": ["*"], "for": "1d", "comment": "x" })).unwrap();
    assert!(world.disk.keys().any(|(table, key)| *table == Table::Silence && key == made.silence.id.as_str()));
    world.run_until(2 * HOUR);
    world.restart();
    world.run_until(3 * HOUR);
    assert_eq!(mails(&world), [""; 0]);
    world.store = Store::Hangs;
    world.keeper.handle_silence_end(&made.silence.id, world.now()).unwrap();
    world.act();
    world.store = Store::Works;
    world.restart();
    world.run_until(4 * HOUR);
    assert_eq!(mails(&world), [""; 0], "that it was ended was not stored, and nobody was told so");
    world.keeper.handle_silence_end(&made.silence.id, world.now()).unwrap();
    world.run_until(4 * HOUR + MINUTE);
    assert_eq!(mails(&world), [format!("{} a.example opened", 4 * HOUR + 30)]);
}

#[test]
fn names_that_are_not_watched_and_ends_of_what_is_none_are_refused() {
    let mut world = settled([healthy("a.example")]);
    let wish = json!({ "domains": ["a.exmaple", "a.example", "*.nowhere.example"], "for": "1h", "comment": "x" });
    assert_eq!(silence(&mut world, wish).unwrap_err(), ["domains: a.exmaple is not watched"]);
    let made = silence(&mut world, json!({ "domains": ["*.nowhere.example"], "for": "1h", "comment": "x" })).unwrap();
    assert_eq!(made.domains, 0);
    let end = |world: &mut World, id| world.keeper.handle_silence_end(id, world.now());
    assert_eq!(end(&mut world, &made.silence.id).unwrap().silence.state, SilenceState::Ended);
    assert_eq!(end(&mut world, &made.silence.id), Err(NotEnded::Unknown));
    world.keeper.handle_maintenance(vec![saturdays()]);
    world.reload();
    let window = world.keeper.snapshot().silences.iter().find(|view| view.is_configured()).unwrap().clone();
    assert_eq!(
        (window.state, window.recurs.as_deref()),
        (SilenceState::Pending, Some("sat 02:00-04:00 Europe/Berlin"))
    );
    assert_eq!(end(&mut world, &window.id), Err(NotEnded::Configured));
}

fn saturdays() -> Maintenance {
    let time = |text| TimeOfDay::parse(text).unwrap();
    let zone = Zone::bundled("Europe/Berlin").unwrap();
    let hours = Hours::new(Weekdays::parse("sat").unwrap(), time("02:00"), time("04:00"), zone).unwrap();
    let matcher = Matcher { codes: vec!["connect.*".to_owned()], ..Matcher::default() };
    Maintenance { matcher, when: When::Weekly(hours), comment: "the proxies are patched".to_owned() }
}

/// The world begins on Friday 2027-01-15 at 09:00 in Berlin; the window is 17 to 19 hours later, and 7 days after that.
#[test]
fn a_window_recurs_and_what_it_held_back_is_told_at_its_end() {
    let (opens, closes) = (17 * HOUR, 19 * HOUR);
    let site = healthy("a.example")
        .fails(opens + 600, opens + HOUR, Fault::Refused)
        .fails(opens + 7 * DAY + 600, closes + 7 * DAY + 1800, Fault::Refused)
        .fails(opens + 8 * DAY + 600, opens + 8 * DAY + HOUR, Fault::Refused);
    let mut world = settled([site]);
    world.keeper.handle_maintenance(vec![saturdays()]);
    world.reload();
    world.run_until(7 * DAY);
    assert_eq!(mails(&world), [""; 0]);
    // In its word time a restart says nothing twice.
    world.run_until(closes + 7 * DAY - 5 * MINUTE);
    world.boot = world.time;
    let rows = world.disk.values().cloned().collect();
    world.keeper = Keeper::restore(Policy::default(), &["oncall".to_owned()], rows, world.now());
    world.keeper.handle_maintenance(vec![saturdays()]);
    world.reload();
    world.run_until(8 * DAY);
    let closes = closes + 7 * DAY;
    let told = mails(&world);
    assert_eq!(
        told[..2],
        [format!("{} a.example silence_ends", closes - 12 * MINUTE + 30), format!("{} a.example opened", closes + 30),]
    );
    assert!(told.len() == 3 && told[2].ends_with("a.example resolved"), "{told:?}");
    // On Sunday nothing is held back.
    world.run_until(9 * DAY);
    assert_eq!(mails(&world).len(), 5, "{:?}", mails(&world));
}

#[test]
fn until_the_certificate_changes() {
    let mint = Mint::new();
    let site = Site::new("a.example").every(MINUTE).certificate(&mint, 0, 90 * DAY, 5 * DAY);
    let mut world = settled([site.certificate(&mint, DAY, 90 * DAY, 80 * DAY)]);
    // The first summary told of it; the reminders are silenced, and the end is told.
    let before = world.sent.len();
    let wish = json!({ "codes": ["tls.expires_soon"], "until_certificate_changes": true, "comment": "on Friday" });
    let made = silence(&mut world, wish).unwrap();
    assert_eq!(made.silence.certificates.as_ref().map(BTreeMap::len), Some(1));
    world.run_until(DAY + HOUR);
    let reasons: Vec<&str> = world.sent[before..].iter().map(|sent| sent.mail.notices[0].reason.as_str()).collect();
    assert_eq!(reasons, ["resolved"]);
    assert_eq!(world.keeper.snapshot().silences[0].state, SilenceState::Ended);
}
