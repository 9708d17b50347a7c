//! Mails that fail: retried, rejected, given up, and what comes next meanwhile.

use super::*;

fn with_retry(seconds: &[u64]) -> Bench {
    Bench::with(Policy { retry: seconds.iter().copied().map(Duration::from_secs).collect(), ..Policy::default() })
}

fn first_mail(bench: &mut Bench) -> Mail {
    bench.tell([opened("a.example")]);
    bench.pass(30);
    bench.mail().unwrap()
}

#[test]
fn a_retry_is_the_very_same_mail_after_each_wait_of_the_policy() {
    let mut bench = with_retry(&[10, 30]);
    let first = first_mail(&mut bench);
    let mut waits = Vec::new();
    for _ in 0..4 {
        bench.answer(&first, deferred());
        assert_eq!(bench.mail(), None);
        waits.push(bench.wakes_in().unwrap());
        bench.pass(*waits.last().unwrap());
        let again = bench.mail().unwrap();
        assert_eq!((&again.id, &again.notices), (&first.id, &first.notices));
    }
    assert_eq!(waits, [10, 30, 30, 30]);
    assert_eq!(bench.results(), ["deferred"; 4]);
    bench.answer(&first, Delivery::Delivered);
    assert_eq!(bench.results(), ["delivered"]);
    assert!(bench.tables(Table::Mail).is_empty());
}

#[test]
fn a_wait_of_zero_is_no_wait_but_attempts_begin_a_second_apart() {
    let mut bench = with_retry(&[0]);
    let first = first_mail(&mut bench);
    bench.answer(&first, deferred());
    assert_eq!((bench.mail(), bench.wakes_in()), (None, Some(1)));
    bench.pass(1);
    assert_eq!(bench.mail().unwrap().id, first.id);
    // This attempt took half a minute, as the relay said nothing.
    bench.pass(30);
    bench.answer(&first, deferred());
    assert_eq!(bench.mail().unwrap().id, first.id);
}

#[test]
fn a_receiver_that_asks_for_quiet_is_sent_nothing_until_then() {
    let mut bench = with_retry(&[10, 10, 10, 10]);
    let first = first_mail(&mut bench);
    let postponed = |wait| Delivery::Postponed { error: "429 slow down".to_owned(), wait: Duration::from_secs(wait) };
    bench.answer(&first, postponed(120));
    let [OutboxEvent::Deferred { retry_in, .. }] = &bench.events()[..] else { panic!("one deferral") };
    assert_eq!(*retry_in, Duration::from_secs(120));
    assert_eq!(bench.wakes_in(), Some(120));
    // News have an old mail tried at once, but not now.
    bench.tell([opened("b.example")]);
    bench.pass(119);
    assert_eq!(bench.mail(), None);
    bench.pass(1);
    assert_eq!(bench.mail().unwrap().id, first.id);
    // Neither is it tried sooner than it would have been without.
    bench.answer(&first, postponed(1));
    assert_eq!(bench.wakes_in(), Some(10));
    bench.pass(10);
    assert_eq!(bench.mail().unwrap().id, first.id);
    bench.answer(&first, postponed(1_000_000));
    assert_eq!(bench.wakes_in(), Some(3600), "a slip does not mute us for days");
}

#[test]
fn there_is_one_mail_on_its_way_and_only_its_answer_ends_it() {
    let mut bench = Bench::new();
    let mail = first_mail(&mut bench);
    bench.batch(MailKind::FirstSummary, [opened("b.example")], false);
    assert_eq!(bench.mail(), None);
    bench.outbox.handle_delivery("another", Delivery::Delivered, bench.now);
    bench.pass(7200);
    assert_eq!(bench.mail(), None);
    bench.answer(&mail, Delivery::Delivered);
    assert_eq!(domains(&bench.mail().unwrap()), ["b.example"]);
    bench.answer(&mail, Delivery::Delivered);
    assert_eq!(bench.outbox.queue_len(), 1, "an answer counts once");
}

#[test]
fn while_a_mail_waits_the_next_gathers_and_has_it_tried_early() {
    let mut bench = Bench::new();
    let first = first_mail(&mut bench);
    for _ in 0..5 {
        bench.answer(&first, deferred());
        bench.pass(bench.wakes_in().unwrap());
        bench.mail().unwrap();
    }
    bench.answer(&first, deferred());
    assert_eq!(bench.wakes_in(), Some(3600));
    bench.tell([opened("b.example")]);
    bench.pass(30);
    assert_eq!(bench.mail().unwrap().id, first.id, "news are reason to try early");
    bench.answer(&first, Delivery::Delivered);
    assert_eq!(domains(&bench.mail().unwrap()), ["b.example"]);
}

#[test]
fn a_night_without_a_relay_is_owed_in_few_mails() {
    let mut bench = Bench::new();
    let mut sent = 0;
    for hour in 0..8 {
        bench.tell((0..40).map(|n| opened(&format!("d{n}-{hour}.example"))));
        for _ in 0..60 {
            bench.pass(60);
            while let Some(mail) = bench.mail().filter(|_| sent < 10_000) {
                bench.answer(&mail, deferred());
                sent += 1;
            }
        }
    }
    assert_eq!(bench.outbox.queue_len(), 320);
    assert_eq!(bench.outbox.oldest_owed(), Some(START.wall));
    assert!(bench.tables(Table::Mail).len() <= 8, "{}", bench.tables(Table::Mail).len());
    bench.pass(3600);
    let told = bench.deliver_all();
    assert_eq!(told.iter().map(|mail| mail.notices.len()).sum::<usize>(), 320);
}

#[test]
fn a_mail_that_fails_for_ever_does_not_hold_the_next_for_ever() {
    let mut bench = with_retry(&[10]);
    let poison = first_mail(&mut bench);
    bench.answer(&poison, deferred());
    bench.tell([opened("b.example")]);
    bench.pass(30);
    assert_eq!(bench.mail().unwrap().id, poison.id);
    bench.answer(&poison, deferred());
    assert_eq!(domains(&bench.mail().unwrap()), ["b.example"]);
}

#[test]
fn once_the_receiver_takes_a_mail_those_that_failed_wait_no_longer() {
    let mut bench = with_retry(&[3000]);
    let first = first_mail(&mut bench);
    bench.answer(&first, deferred());
    bench.batch(MailKind::FirstSummary, [opened("b.example")], false);
    let second = bench.mail().unwrap();
    assert_eq!(domains(&second), ["b.example"]);
    bench.answer(&second, Delivery::Delivered);
    assert_eq!(bench.mail().unwrap().id, first.id);
}

#[test]
fn a_rejected_mail_is_tried_again_then_given_up_but_kept() {
    let mut bench = with_retry(&[10, 30, 60]);
    let mail = first_mail(&mut bench);
    for wait in [10, 30] {
        bench.answer(&mail, rejected());
        assert_eq!(bench.wakes_in(), Some(wait));
        bench.pass(wait);
        bench.mail().unwrap();
    }
    bench.answer(&mail, rejected());
    assert_eq!(bench.results(), ["rejected", "rejected", "dead"]);
    bench.pass(86_400);
    assert_eq!(bench.mail(), None);
    assert_eq!((bench.outbox.queue_len(), bench.outbox.rejected_len()), (0, 1));
    assert_eq!(
        (bench.outbox.failing_since(), bench.outbox.last_error()),
        (None, None),
        "it is not failing, it is dead"
    );
    let dead = bench.outbox.dead_letters().unwrap();
    assert_eq!((dead.since, dead.mails, dead.notices), (START.wall.plus(30), 1, 1));
    assert_eq!((dead.error.as_str(), dead.refused.len()), ("550 no such user", 0));
    assert_eq!(bench.tables(Table::Mail)[0]["state"], "rejected");
}

#[test]
fn a_mail_given_up_gets_one_more_try_when_the_receiver_takes_another() {
    let mut bench = with_retry(&[0]);
    let dead = first_mail(&mut bench);
    for _ in 0..3 {
        bench.answer(&dead, rejected());
        bench.pass(1);
        bench.outbox.poll_mail();
    }
    for (domain, revived) in [("b.example", true), ("c.example", false)] {
        bench.tell([opened(domain)]);
        bench.pass(30);
        let mail = bench.mail().unwrap();
        assert_eq!(domains(&mail), [domain]);
        bench.answer(&mail, Delivery::Delivered);
        let again = bench.mail();
        assert_eq!(again.is_some(), revived);
        again.iter().for_each(|mail| bench.answer(mail, rejected()));
    }
    assert_eq!(bench.outbox.failing_since(), None, "others are delivered");
    bench.restart();
    let again = bench.mail().unwrap();
    assert_eq!(again.id, dead.id, "and one after a restart");
    bench.answer(&again, Delivery::Delivered);
    assert_eq!(bench.outbox.rejected_len(), 0);
}

#[test]
fn a_mail_given_up_is_forgotten_after_thirty_days() {
    let mut bench = with_retry(&[0]);
    let dead = first_mail(&mut bench);
    for _ in 0..3 {
        bench.answer(&dead, rejected());
        bench.pass(1);
        bench.outbox.poll_mail();
    }
    bench.pass(29 * 86_400);
    assert_eq!(bench.rows.len(), 2);
    bench.pass(86_400);
    assert!(bench.rows.is_empty());
}

#[test]
fn it_says_since_when_it_fails_until_what_failed_is_delivered() {
    let mut bench = Bench::new();
    let mail = first_mail(&mut bench);
    assert_eq!(bench.outbox.failing_since(), None);
    bench.answer(&mail, deferred());
    bench.pass(10);
    bench.answer(&mail, deferred());
    let since = Some(START.wall.plus(30));
    assert_eq!(bench.outbox.failing_since(), since);
    bench.restart();
    assert_eq!(bench.outbox.failing_since(), since);
    let mail = bench.mail().unwrap();
    assert_eq!(mail.attempts, 1);
    bench.answer(&mail, Delivery::Delivered);
    assert_eq!((bench.outbox.failing_since(), bench.outbox.last_error()), (None, None));
}

#[test]
fn what_a_relay_says_is_bounded_and_on_one_line() {
    let mut bench = Bench::new();
    let mail = first_mail(&mut bench);
    bench.answer(&mail, Delivery::Deferred { error: format!("421\r\n\u{1b}[31m{}", "x".repeat(10_000)) });
    let error = bench.outbox.last_error().unwrap();
    assert!(error.chars().count() == 500 && error.starts_with("421   [31mx"));
}

#[test]
fn settled_notices_are_forgotten_thirty_days_after_the_end_of_their_incident() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example"), opened("b.example")]);
    bench.pass(30);
    bench.deliver_all();
    bench.tell([resolved("a.example")]);
    bench.pass(30);
    bench.deliver_all();
    bench.pass(29 * 86_400);
    assert_eq!(bench.rows.len(), 3);
    bench.pass(2 * 86_400);
    bench.tell([opened("b.example")]);
    bench.pass(30);
    assert_eq!(bench.mail(), None, "an incident that is open is remembered");
    assert_eq!(bench.rows.len(), 1);
    bench.pass(400 * 86_400);
    assert!(bench.rows.is_empty(), "but not for ever");
}
