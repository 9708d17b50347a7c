//! What a kill at any moment may cost: nothing but a notice offered twice.

use super::*;

/// Some hours in which every rule has its turn.
fn troubled() -> Vec<Site> {
    let soon = |site: Site| site.certificate(0, 21 * DAY + 2 * HOUR);
    vec![
        soon(Site::new("a.example")).fails(600, 5 * HOUR, Code::ConnectRefused),
        Site::new("b.example").at(&[2, 3]).fails(700, 3 * HOUR, Code::TlsNameMismatch),
        Site::new("c.example").at(&[4]).fails(900, 6 * HOUR, Code::DnsTxtMissing).shows(
            2 * HOUR,
            6 * HOUR,
            Finding::new(Code::DnsTxtMismatch, "wrong").severity(Severity::Critical),
        ),
        Site::new("d.example").in_setup().at(&[5]).fails(0, 4 * HOUR, Code::TlsSelfSigned),
        Site::new("e.example").fails(600, HOUR, Code::ConnectRefused).fails(3 * HOUR, 4 * HOUR, Code::TlsTimeout),
        Site::new("f.example").fails(600, HOUR, Code::ConnectRefused),
        Site::new("g.example").fails(600, HOUR, Code::ConnectRefused),
    ]
    .into_iter()
    .map(|site| site.interval(1800))
    .collect()
}

fn run(crash: Option<(usize, Crash)>) -> World {
    let mut world = World::first_start(troubled());
    world.crash = crash;
    world.run_until(8 * HOUR);
    world
}

#[test]
fn a_kill_at_any_step_loses_no_notice_and_invents_none() {
    let calm = run(None);
    assert_eq!(calm.ids().len(), calm.told.len(), "without a crash nothing is offered twice");
    assert!(calm.ids().len() > 20, "{:?}", calm.news());
    for crash in [Crash::BeforeStoring, Crash::StoringHalf, Crash::BeforeTelling, Crash::BeforeTaking] {
        for step in 1..=calm.steps {
            let world = run(Some((step, crash)));
            if world.ids() != calm.ids() {
                panic!("{crash:?} at step {step}: {:#?} but calm {:#?}", world.news(), calm.news());
            }
            assert_eq!(world.standing(), calm.standing(), "{crash:?} at step {step}");
        }
    }
}

#[test]
fn a_kill_after_every_single_step_loses_nothing_that_was_stored() {
    let calm = run(None);
    let mut world = World::first_start(troubled());
    while world.time < 8 * HOUR {
        let next = world.next_event().unwrap();
        world.run_until(next.min(8 * HOUR));
        let open = world.standing();
        world.restart();
        assert_eq!(world.standing(), open, "at {}", world.time);
    }
    assert_eq!(world.ids(), calm.ids(), "{:#?} but calm {:#?}", world.news(), calm.news());
}

#[test]
fn a_confirming_counter_survives() {
    let mut world = World::new([Site::new("a.example").interval(3600).fails(0, HOUR, Code::ConnectRefused)]);
    world.run_until(25);
    world.restart();
    world.run_until(50);
    assert_eq!(world.news(), ["40 a.example opened connect.refused critical"]);
}

#[test]
fn a_setup_s_daily_mail_survives() {
    let site = Site::new("new.example").in_setup().fails(0, 2 * DAY, Code::TlsSelfSigned);
    let mut world = World::new([site.fails(500, 2 * DAY, Code::HttpErrorStatus)]);
    world.run_until(1000);
    world.restart();
    world.run_until(DAY + 100);
    let line = |at: i64, what: &str| format!("{at} new.example {what} warning");
    let day = 10 + DAY;
    let expected = [
        line(10, "opened tls.self_signed"),
        line(day, "opened http.error_status"),
        line(day, "reminder tls.self_signed"),
    ];
    assert_eq!(world.news(), expected);
}

#[test]
fn a_good_look_survives() {
    let mut world = World::new([Site::new("a.example").fails(60, 300, Code::ConnectRefused)]);
    world.run_until(400);
    world.restart();
    world.run_until(430);
    assert_eq!(world.news()[1..], ["420 a.example resolved connect.refused critical"]);
}

#[test]
fn an_address_not_seen_yet_is_not_taken_for_forgotten() {
    let mut world = World::new([Site::new("a.example").at(&[1, 2]).fails(0, DAY, Code::ConnectRefused)]);
    world.run_until(100);
    world.restart();
    world.next_look.clear();
    world.sites.values_mut().next().unwrap().faults.clear();
    let one = |looked: &mut Looked| {
        looked.handshakes.remove(&address(2));
        looked.known.remove(&address(2));
    };
    for time in [160, 220, 280, 340] {
        world.time = time;
        world.see("a.example", one);
    }
    assert_eq!(world.standing(), ["a.example reach firing critical"]);
    world.time = 100 + 600;
    world.see("a.example", one);
    assert_eq!(world.standing(), [""; 0]);
}

#[test]
fn a_clock_set_back_while_down_postpones_reminders_by_no_more_than_a_day() {
    let mut world = World::new([Site::new("a.example").fails(60, 9 * DAY, Code::DnsTxtMissing)]);
    world.run_until(200);
    world.skew = -400 * DAY;
    world.restart();
    world.run_until(DAY + 200);
    assert_eq!(world.told.len(), 2);
    world.skew = 400 * DAY;
    world.restart();
    world.run_until(DAY + 400);
    assert_eq!(world.told.len(), 3, "one, however far ahead: {:?}", world.news());
}

#[test]
fn a_notice_nobody_took_is_offered_again() {
    let mut world = World::new([Site::new("a.example").fails(60, HOUR, Code::TlsExpired)]);
    world.outbox_works = false;
    world.run_until(100);
    world.outbox_works = true;
    world.restart();
    assert_eq!(world.told.len(), 2);
    assert_eq!(world.told[0].notice, world.told[1].notice);
    world.restart();
    assert_eq!(world.told.len(), 2);
}

#[test]
fn nothing_is_offered_before_it_is_known_who_is_to_be_told() {
    let mut world = World::new([Site::new("a.example").fails(60, HOUR, Code::TlsExpired)]);
    world.outbox_works = false;
    world.run_until(100);
    let rows = world.disk.iter().map(|((table, key), payload)| Row {
        table: *table,
        key: key.clone(),
        payload: payload.clone(),
    });
    let mut ledger = Ledger::restore(Policy::default(), rows, world.now());
    assert_eq!(ledger.poll_batch(), None);
    ledger.handle_domains([], world.now());
    assert_eq!(ledger.poll_batch(), None, "the domain was taken away meanwhile");
}

#[test]
fn what_a_newer_version_stored_survives_load_and_save() {
    let mut world = World::new([Site::new("a.example").fails(60, HOUR, Code::ConnectRefused)]);
    world.run_until(200);
    let key = (Table::Incident, "a.example/proxy/reach".to_owned());
    let row = world.disk.get_mut(&key).unwrap();
    row["code"] = "connect.eaten".into();
    row["mood"] = "bad".into();
    let mut unknown = row.clone();
    unknown["code"] = "spell.broken".into();
    world.disk.insert((Table::Incident, "a.example/proxy/sorcery".to_owned()), unknown);
    world.restart();
    assert_eq!(world.ledger.incidents().next().unwrap().code, "connect.eaten");
    world.run_until(3 * HOUR);
    assert_eq!(world.disk[&key]["mood"], "bad");
    assert_eq!(world.disk[&key]["state"], "resolved");
    assert_eq!(world.standing(), ["a.example sorcery firing critical"], "what we cannot see we cannot end");
}

#[test]
fn a_row_that_cannot_be_read_is_named_and_left() {
    let row = |key: &str, payload: Value| Row { table: Table::Incident, key: key.to_owned(), payload };
    let rows = [row("a.example/proxy/reach", serde_json::json!({"state": 7})), row("nonsense", Value::Null)];
    let now = Now { wall: UnixTime(START), mono: Duration::ZERO };
    let mut ledger = Ledger::restore(Policy::default(), rows, now);
    assert_eq!(ledger.unreadable(), ["a.example/proxy/reach", "nonsense"]);
    assert_eq!(ledger.poll_change(), None);
}
