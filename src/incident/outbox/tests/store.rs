//! Commit before telling, and what to do when no commit succeeds.

use super::*;

/// A process whose commits fail from the start, told of these domains.
fn failing(domains: &[&str]) -> Bench {
    let mut bench = Bench::new();
    bench.outbox.handle_store_failed(bench.now);
    bench.tell(domains.iter().map(|domain| opened(domain)));
    bench
}

fn offered(bench: &mut Bench) -> Option<Mail> {
    bench.outbox.poll_mail()
}

#[test]
fn a_mail_is_offered_only_once_its_row_is_stored() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    bench.sleep(30);
    bench.outbox.handle_timeout(bench.now);
    let changes: Vec<_> = std::iter::from_fn(|| bench.outbox.poll_change()).collect();
    let numbers: Vec<_> = changes.iter().map(|change| change.sequence).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(offered(&mut bench), None);
    bench.outbox.handle_stored(1);
    assert_eq!(offered(&mut bench), None, "the notice is stored, the mail is not");
    bench.outbox.handle_stored(2);
    let mail = offered(&mut bench).unwrap();
    let Operation::Put(row) = &changes[1].operation else { panic!("{changes:?}") };
    assert_eq!(
        (row.table, serde_json::from_value::<Mail>(row.payload.clone()).unwrap().notices),
        (Table::Mail, mail.notices)
    );
}

#[test]
fn a_notice_is_taken_once_it_is_stored_as_owed() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example"), opened("b.example")]);
    assert_eq!(bench.outbox.poll_taken(), None);
    bench.commit();
    let mut taken = || std::iter::from_fn(|| bench.outbox.poll_taken()).collect::<Vec<_>>();
    assert_eq!(taken(), [opened("a.example").id, opened("b.example").id]);
    assert_eq!(taken(), []);
    bench.restart();
    bench.tell([opened("b.example")]);
    assert_eq!(bench.outbox.poll_taken(), Some(opened("b.example").id), "one that is known is stored already");
}

#[test]
fn the_next_mail_waits_until_it_is_stored_that_the_last_was_delivered() {
    let mut bench = Bench::new();
    bench.batch(MailKind::FirstSummary, [opened("a.example")], false);
    bench.batch(MailKind::FirstSummary, [opened("b.example")], false);
    let first = bench.mail().unwrap();
    bench.outbox.handle_delivery(&first.id, Delivery::Delivered, bench.now);
    assert_eq!(offered(&mut bench), None, "a crash now repeats one mail; it must not be two");
    assert!(bench.mail().is_some());
}

#[test]
fn after_thirty_seconds_of_failing_commits_it_is_told_one_by_one() {
    let mut bench = failing(&["a.example", "b.example", "c.example"]);
    assert_eq!(bench.wakes_in(), Some(30));
    bench.sleep(29);
    bench.outbox.handle_store_failed(bench.now);
    assert_eq!(offered(&mut bench), None);
    bench.sleep(1);
    bench.outbox.handle_timeout(bench.now);
    for domain in ["a.example", "b.example", "c.example"] {
        let mail = offered(&mut bench).unwrap();
        assert_eq!(domains(&mail), [domain]);
        assert_eq!(mail.extra["store_failed"], true);
        bench.outbox.handle_delivery(&mail.id, Delivery::Delivered, bench.now);
    }
    assert_eq!(offered(&mut bench), None);
    bench.commit();
    bench.restart();
    bench.tell([opened("a.example"), opened("b.example"), opened("c.example")]);
    bench.pass(60);
    assert_eq!(bench.mail(), None, "stored later, it is known as delivered");
}

#[test]
fn a_crash_before_the_store_recovers_repeats_with_the_same_id() {
    let mut bench = failing(&["a.example", "b.example"]);
    bench.sleep(30);
    bench.outbox.handle_timeout(bench.now);
    let first = offered(&mut bench).unwrap();
    bench.restart();
    bench.outbox.handle_store_failed(bench.now);
    bench.tell([opened("b.example"), opened("a.example")]);
    bench.sleep(30);
    bench.outbox.handle_timeout(bench.now);
    assert_eq!(offered(&mut bench).unwrap().id, first.id);
}

#[test]
fn a_flood_is_grouped_even_from_memory() {
    let names: Vec<_> = (0..100).map(|n| format!("d{n}.example")).collect();
    let mut bench = failing(&names.iter().map(String::as_str).collect::<Vec<_>>());
    bench.sleep(30);
    bench.outbox.handle_timeout(bench.now);
    while bench.outbox.poll_change().is_some() {}
    bench.outbox.handle_store_failed(bench.now);
    assert_eq!(bench.outbox.poll_change(), None, "it is not frozen again and again");
    assert_eq!(offered(&mut bench).unwrap().notices.len(), 100);
}

#[test]
fn a_mail_frozen_but_not_stored_is_taken_apart() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example"), opened("b.example")]);
    bench.sleep(30);
    bench.outbox.handle_timeout(bench.now);
    bench.outbox.handle_store_failed(bench.now);
    bench.sleep(30);
    bench.outbox.handle_timeout(bench.now);
    assert_eq!(domains(&offered(&mut bench).unwrap()), ["a.example"]);
    bench.commit();
    assert_eq!(bench.tables(Table::Mail).len(), 1);
    bench.restart();
    assert_eq!(bench.outbox.queue_len(), 2);
}

#[test]
fn what_the_ledger_could_not_store_is_told_at_once() {
    let mut bench = Bench::new();
    bench.batch(MailKind::News, [opened("a.example")], true);
    assert_eq!(domains(&offered(&mut bench).unwrap()), ["a.example"]);
}

#[test]
fn once_commits_succeed_again_notices_gather_again() {
    let mut bench = failing(&["a.example"]);
    bench.sleep(29);
    bench.commit();
    bench.sleep(1);
    bench.outbox.handle_timeout(bench.now);
    assert_eq!(offered(&mut bench), None, "the mail is frozen now, and not stored yet");
    assert_eq!(bench.deliver_all().len(), 1);
    bench.tell([opened("b.example")]);
    assert_eq!(bench.wakes_in(), Some(30));
}

#[test]
fn rows_of_others_are_passed_over_and_unreadable_ones_left_alone() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    bench.commit();
    let key = (Table::Notice, "oncall/odd".to_owned());
    bench.rows.insert(key.clone(), serde_json::json!({"receiver": "oncall", "state": "from-the-future"}));
    bench.rows.insert((Table::Notice, "x".to_owned()), serde_json::json!({"receiver": "other"}));
    bench.rows.insert((Table::Incident, "y".to_owned()), serde_json::json!({"receiver": "oncall"}));
    assert_eq!(
        crate::incident::outbox::receivers(&bench.stored()).into_iter().collect::<Vec<_>>(),
        ["oncall", "other"]
    );
    bench.restart();
    assert_eq!((bench.outbox.unreadable_len(), bench.outbox.queue_len()), (1, 1));
    bench.pass(86_400);
    assert!(bench.rows.contains_key(&key));
}

#[test]
fn fields_of_a_newer_version_survive() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    bench.commit();
    for payload in bench.rows.values_mut() {
        payload["colour"] = "red".into();
        payload["notice"]["shape"] = "round".into();
    }
    bench.restart();
    bench.pass(30);
    let mail = bench.mail().unwrap();
    bench.rows.iter_mut().filter(|((table, _), _)| *table == Table::Mail).for_each(|(_, row)| row["size"] = 3.into());
    bench.restart();
    let again = bench.mail().unwrap();
    bench.answer(&again, deferred());
    assert_eq!(bench.tables(Table::Mail)[0]["size"], 3);
    bench.pass(10);
    bench.answer(&mail, Delivery::Delivered);
    bench.pass(10);
    let again = bench.mail();
    again.iter().for_each(|mail| bench.answer(mail, Delivery::Delivered));
    let row = bench.tables(Table::Notice)[0];
    assert_eq!((&row["state"], &row["colour"]), (&"delivered".into(), &"red".into()));
    assert_eq!(row["notice"]["shape"], "round");
}

#[test]
fn a_window_goes_on_over_a_restart() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    bench.commit();
    bench.sleep(20);
    bench.restart();
    assert_eq!(bench.wakes_in(), Some(10));
}
