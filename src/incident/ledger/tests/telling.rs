//! Commit before telling, reminders, the first summary, set-up.

use super::*;

fn reminders(world: &World) -> Vec<i64> {
    world.told.iter().filter(|told| told.notice.reason == Reason::Reminder).map(|told| told.time).collect()
}

#[test]
fn nothing_is_told_before_it_is_stored() {
    let mut world = World::new([Site::new("a.example").fails(0, HOUR, Code::TlsNameMismatch)]);
    world.next_look.clear();
    let name = DomainName::parse("a.example").unwrap();
    for time in [0, 10] {
        world.time = time;
        world.look(&name);
    }
    let changes: Vec<Change> = std::iter::from_fn(|| world.ledger.poll_change()).collect();
    assert_eq!(changes.iter().map(|change| change.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(world.ledger.poll_batch(), None);
    world.ledger.handle_stored(1, world.now());
    assert_eq!(world.ledger.poll_batch(), None);
    world.ledger.handle_stored(2, world.now());
    let batch = world.ledger.poll_batch().unwrap();
    assert_eq!((batch.kind, batch.unstored, batch.notices.len()), (MailKind::News, false, 1));
    assert_eq!(world.ledger.poll_batch(), None);
}

#[test]
fn after_thirty_seconds_of_failing_commits_it_is_told_from_memory() {
    let mut world = World::new([Site::new("a.example").fails(60, 2 * HOUR, Code::TlsNameMismatch)]);
    world.run_until(59);
    world.store_works = false;
    world.run_until(89);
    assert_eq!(world.news(), [""; 0]);
    world.run_until(10 * MINUTE);
    assert_eq!(
        world.news(),
        ["90 a.example opened tls.name_mismatch critical", "90  opened watch.store_failed critical"]
    );
    assert!(world.told.iter().all(|told| told.unstored));
    world.store_works = true;
    world.run_until(50 * MINUTE);
    // The store is found to work again when something is next to be stored: by a reminder, at the latest.
    world.run_until(70 * MINUTE);
    assert_eq!(world.ids().len(), world.told.len(), "nothing twice: {:?}", world.news());
    assert!(world.news().iter().any(|line| line.contains(" resolved watch.store_failed")));
}

#[test]
fn critical_reminders_come_after_one_hour_four_hours_and_daily() {
    let mut world = World::new([Site::new("a.example").fails(60, 4 * DAY, Code::ConnectRefused)]);
    world.run_until(3 * DAY);
    let since_opening: Vec<i64> = reminders(&world).iter().map(|at| at - 100).collect();
    assert_eq!(since_opening, [HOUR, 4 * HOUR, 28 * HOUR, 52 * HOUR]);
    assert_eq!(world.ids().len(), 5);
}

#[test]
fn warnings_are_told_again_daily() {
    let mut world = World::new([Site::new("a.example").fails(60, 4 * DAY, Code::DnsTxtMissing)]);
    world.run_until(3 * DAY);
    assert_eq!(reminders(&world), [DAY + 70, 2 * DAY + 70]);
}

#[test]
fn getting_worse_begins_the_reminders_anew() {
    let worse = Finding::new(Code::DnsTxtMissing, "pending").severity(Severity::Critical);
    let site = Site::new("a.example").fails(60, 4 * DAY, Code::DnsTxtMissing).shows(HOUR, 4 * DAY, worse);
    let mut world = World::new([site]);
    world.run_until(6 * HOUR);
    assert_eq!(world.news()[1], format!("{} a.example escalated dns.txt_missing critical", HOUR + 10));
    assert_eq!(reminders(&world), [2 * HOUR + 10, 5 * HOUR + 10]);
}

#[test]
fn expiry_is_told_again_at_each_halving_of_the_time_left() {
    let end = 21 * DAY + 600;
    let mut world = World::new([Site::new("a.example").certificate(0, end)]);
    world.run_until(end + 5 * HOUR);
    let told: Vec<(Reason, i64)> = world.told.iter().map(|told| (told.notice.reason, end - told.time)).collect();
    use Reason::{Escalated, Opened, Reminder};
    let day = |days: f64| (days * DAY as f64) as i64;
    let mut expected = vec![(Opened, 21 * DAY), (Reminder, day(10.5)), (Escalated, 7 * DAY), (Reminder, day(3.5))];
    // 1.75 d, 21 h, 10.5 h, 5.25 h, 2 h 37 min 30 s, 1 h 18 min 45 s: half of that would be less than an hour.
    expected.extend([1.75, 0.875, 0.4375].map(|days| (Reminder, day(days))));
    expected.extend([(Reminder, 18_900), (Reminder, 9_450), (Reminder, 4_725)]);
    expected.extend([(Escalated, 0), (Reminder, -HOUR), (Reminder, -4 * HOUR)]);
    assert_eq!(told, expected);
}

#[test]
fn a_jump_of_the_wall_clock_sets_off_no_burst() {
    let end = 20 * DAY;
    let sites =
        [Site::new("a.example").fails(60, 40 * DAY, Code::ConnectRefused), Site::new("b.example").certificate(0, end)];
    let mut world = World::new(sites);
    world.run_until(2 * HOUR);
    let before = world.told.len();
    world.skew = 11 * DAY;
    world.run_until(2 * HOUR + 300);
    // Half of b's time left has passed by the clock: that is told once, as soon as the jump is noticed. What goes
    // by cadence goes on as it did.
    assert_eq!(world.news()[before..], [format!("{} b.example reminder tls.expires_soon warning", 2 * HOUR + 30)]);
    world.skew = -5 * DAY;
    world.run_until(4 * HOUR);
    let expiry = |line: &&String| line.contains("b.example");
    assert_eq!(world.news()[before..].iter().filter(expiry).count(), 2, "{:?}", world.news());
    assert!(world.news().last().unwrap().contains("b.example resolved"), "by this clock 24 days are left");
}

#[test]
fn a_first_start_sends_one_summary() {
    let sites = [
        Site::new("a.example").fails(0, HOUR, Code::ConnectRefused),
        Site::new("b.example").fails(0, HOUR, Code::DnsTxtMissing),
        Site::new("c.example"),
        Site::new("d.example").fails(0, HOUR, Code::TlsExpired),
    ];
    let mut world = World::first_start(sites);
    world.run_until(10 * MINUTE);
    // The last domain is first looked at at 45 s, and confirmed at 55 s.
    assert_eq!(
        world.news(),
        [
            "55 a.example opened connect.refused critical",
            "55 d.example opened tls.expired critical",
            "55 b.example opened dns.txt_missing warning",
        ]
    );
    assert!(world.told.iter().all(|told| told.kind == MailKind::FirstSummary));
    assert!(world.disk[&(Table::Meta, FIRST_SUMMARY.to_owned())]["over_at"].is_string());
}

#[test]
fn a_first_start_with_nothing_wrong_says_nothing_and_is_over() {
    let mut world = World::first_start([Site::new("a.example"), Site::new("b.example")]);
    world.run_until(30);
    assert!(!world.ledger.window.holds());
    world.run_until(100);
    assert_eq!(world.news(), [""; 0]);
    assert!(world.disk[&(Table::Meta, FIRST_SUMMARY.to_owned())]["over_at"].is_string());
    world.sites.values_mut().next().unwrap().faults = Site::new("a.example").fails(120, HOUR, Code::TlsExpired).faults;
    world.run_until(200);
    assert_eq!(world.told[0].kind, MailKind::News);
}

#[test]
fn restarts_do_not_draw_out_the_first_summary() {
    let sites = [
        Site::new("a.example").interval(600).fails(0, 9 * HOUR, Code::DnsTxtMissing),
        Site::new("b.example").interval(600),
    ];
    let mut world = World::first_start(sites);
    for time in (30..900).step_by(30) {
        world.run_until(time);
        world.restart();
    }
    let told: Vec<_> = world.told.iter().map(|told| (told.line(), told.kind)).collect();
    assert_eq!(told, [("600 a.example opened dns.txt_missing warning".to_owned(), MailKind::FirstSummary)]);
}

#[test]
fn what_is_critical_waits_a_minute_for_the_first_summary_at_most() {
    let sites = [
        Site::new("a.example").interval(3600).fails(0, HOUR * 9, Code::TlsExpired),
        Site::new("b.example").interval(3600).fails(0, HOUR * 9, Code::DnsTxtMissing),
        Site::new("c.example").interval(3600),
    ];
    let mut world = World::first_start(sites);
    world.next_look.insert(DomainName::parse("c.example").unwrap(), 9 * HOUR);
    world.run_until(2 * HOUR);
    let told: Vec<_> = world.told.iter().map(|told| (told.line(), told.kind)).collect();
    assert_eq!(told[0], ("70 a.example opened tls.expired critical".to_owned(), MailKind::News));
    // One interval has passed without a look at the third.
    assert_eq!(told[1], (format!("{HOUR} b.example opened dns.txt_missing warning"), MailKind::FirstSummary));
    assert_eq!(told.len(), 3, "and a reminder of the first: {told:?}");
}

#[test]
fn a_domain_in_setup_gets_one_mail_and_a_daily_reminder() {
    let site = Site::new("new.example").in_setup().fails(0, 2 * DAY + 1000, Code::TlsSelfSigned);
    let site = site.fails(500, 2 * DAY + 1000, Code::Auth0KeyRejected);
    let mut world = World::new([site]);
    world.run_until(3 * DAY);
    let line = |at: i64, what: &str| format!("{at} new.example {what} warning");
    assert_eq!(
        world.news(),
        [
            line(10, "opened tls.self_signed"),
            line(10 + DAY, "opened auth0.key_rejected"),
            line(10 + DAY, "reminder tls.self_signed"),
            line(10 + 2 * DAY, "reminder auth0.key_rejected"),
            line(10 + 2 * DAY, "reminder tls.self_signed"),
            line(2 * DAY + 1140, "resolved auth0.key_rejected"),
            line(2 * DAY + 1140, "resolved tls.self_signed"),
        ]
    );
    assert!(world.told[..5].iter().all(|told| told.notice.in_setup));
    assert!(!world.ledger.in_setup(&DomainName::parse("new.example").unwrap()));
}

#[test]
fn after_its_first_healthy_look_a_domain_is_told_of_like_any_other() {
    let site = Site::new("new.example").in_setup().fails(60, HOUR, Code::TlsSelfSigned);
    let mut world = World::new([site]);
    world.run_until(30);
    world.restart();
    world.run_until(100);
    assert_eq!(world.news(), ["70 new.example opened tls.self_signed critical"]);
}

#[test]
fn what_setup_held_back_is_told_when_the_domain_goes_live() {
    let site = Site::new("new.example").in_setup().fails(0, DAY, Code::TlsSelfSigned);
    let mut world = World::new([site.fails(500, DAY, Code::HttpErrorStatus)]);
    world.run_until(600);
    assert_eq!(world.news().len(), 1);
    world.sites.values_mut().next().unwrap().domain.live = true;
    world.watch_sites();
    world.run_until(1000);
    assert_eq!(
        world.news()[1..],
        [
            "600 new.example opened http.error_status warning",
            "670 new.example escalated tls.self_signed critical",
            "700 new.example escalated http.error_status critical",
        ]
    );
}

#[test]
fn a_live_domain_said_to_be_in_setup_after_all_is_told_of_daily() {
    let mut world = World::new([Site::new("new.example").fails(0, 9 * DAY, Code::TlsSelfSigned)]);
    world.run_until(600);
    world.sites.values_mut().next().unwrap().domain.live = false;
    world.watch_sites();
    world.run_until(2 * DAY + 700);
    assert_eq!(reminders(&world), [DAY + 600, 2 * DAY + 600]);
}

#[test]
fn a_look_that_tells_nothing_new_changes_nothing() {
    let sites =
        [Site::new("a.example"), Site::new("b.example").fails(0, HOUR, Code::ConnectRefused).certificate(0, 10 * DAY)];
    let mut world = World::new(sites);
    world.run_until(300);
    let before = world.changes;
    world.run_until(50 * MINUTE);
    assert_eq!(world.changes, before);
}

#[test]
fn a_notice_carries_what_a_mail_needs() {
    let mut site = Site::new("a.example").certificate(0, 90 * DAY).fails(60, HOUR, Code::TlsNameMismatch);
    site.domain.labels.insert("team".into(), "identity".into());
    let mut world = World::new([site]);
    world.run_until(100);
    let notice = &world.told[0].notice;
    assert_eq!(notice.id, NoticeId::of("a.example", "proxy", "name", 0, Reason::Opened, 0));
    assert_eq!(notice.labels["team"], "identity");
    assert_eq!(notice.expires, Some(UnixTime(START + 90 * DAY)));
    assert_eq!(notice.facts["addresses"][0], "192.0.2.1:443");
    assert_eq!(notice.path.len(), 7);
    assert_eq!((notice.opened_at, notice.at), (UnixTime(START + 70), UnixTime(START + 70)));
    assert!(!notice.title.is_empty() && !notice.summary.is_empty() && !notice.remedy.is_empty());
}
