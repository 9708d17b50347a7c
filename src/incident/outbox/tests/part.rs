//! A receiver of several recipients, one of whom is refused for good.

use super::*;

fn first_mail(bench: &mut Bench) -> Mail {
    bench.tell([opened("a.example")]);
    bench.pass(30);
    bench.mail().unwrap()
}

#[test]
fn the_others_have_it_and_the_refused_is_kept_until_a_mail_reaches_all() {
    let mut bench = Bench::new();
    let mail = first_mail(&mut bench);
    bench.answer(&mail, in_part(&["bob@example.com"]));
    assert_eq!(bench.outbox.queue_len(), 0);
    assert!(matches!(
        bench.events().as_slice(),
        [OutboxEvent::Delivered { .. }, OutboxEvent::Refused { error, .. }] if error == "bob@example.com: 550 gone"
    ));
    let dead = bench.outbox.dead_letters().unwrap();
    assert_eq!((dead.mails, dead.refused.len(), dead.refused[0].recipient.as_str()), (0, 1, "bob@example.com"));
    assert_eq!(dead.since, START.wall.plus(30));
    bench.restart();
    assert_eq!(bench.mail(), None, "it is not sent again");
    assert_eq!(bench.outbox.dead_letters(), Some(dead));
    bench.tell([opened("b.example")]);
    bench.pass(30);
    assert_eq!(bench.deliver_all().len(), 1);
    assert_eq!(bench.outbox.dead_letters(), None);
    assert!(bench.tables(Table::Mail).is_empty());
}

#[test]
fn somebody_who_is_gone_fills_nothing_and_is_named_once() {
    let mut bench = Bench::with(Policy { mails_per_hour: 3600, ..Policy::default() });
    for n in 0..30 {
        bench.tell([opened(&format!("d{n}.example"))]);
        bench.pass(30);
        let mail = bench.mail().unwrap();
        bench.answer(&mail, in_part(&["bob@example.com"]));
    }
    assert_eq!(bench.tables(Table::Mail).len(), 10);
    assert_eq!(bench.outbox.dead_letters().unwrap().refused.len(), 1);
    bench.pass(31 * 86_400);
    assert_eq!(bench.outbox.dead_letters(), None, "after thirty days it is forgotten");
    assert!(bench.tables(Table::Mail).is_empty());
}

#[test]
fn a_reload_takes_note_of_the_refused_and_tries_the_dead_once() {
    let mut bench = Bench::new();
    let mail = first_mail(&mut bench);
    bench.answer(&mail, in_part(&["bob@example.com"]));
    bench.tell([opened("b.example")]);
    bench.pass(30);
    for _ in 0..3 {
        let mail = bench.mail().unwrap();
        bench.answer(&mail, rejected());
        bench.pass(3600);
    }
    assert_eq!(bench.mail(), None);
    let before = bench.outbox.dead_letters().unwrap();
    assert_eq!((before.mails, before.refused.len()), (1, 1));
    for _ in 0..2 {
        bench.outbox.handle_policy(Policy::default(), bench.now);
        let dead = bench.outbox.dead_letters().unwrap();
        assert_eq!((dead.mails, dead.refused.len()), (1, 0), "it stays dead until it is delivered");
        let mail = bench.mail().unwrap();
        bench.answer(&mail, rejected());
        assert_eq!(bench.mail(), None);
    }
    bench.outbox.handle_policy(Policy::default(), bench.now);
    assert_eq!(bench.deliver_all().len(), 1);
    assert_eq!(bench.outbox.dead_letters(), None);
}

#[test]
fn a_restart_in_which_the_dead_is_tried_does_not_end_that_it_is_dead() {
    let mut bench = Bench::new();
    first_mail(&mut bench);
    for _ in 0..3 {
        let id = bench.tables(Table::Mail)[0]["id"].as_str().unwrap().to_owned();
        bench.outbox.handle_delivery(&id, rejected(), bench.now);
        bench.pass(3600);
        bench.mail();
    }
    let dead = bench.outbox.dead_letters();
    assert!(dead.is_some());
    bench.restart();
    assert_eq!(bench.outbox.dead_letters(), dead);
    assert_eq!(bench.outbox.failing_since(), None);
}

#[test]
fn a_receiver_may_have_its_own_number_of_mails_an_hour() {
    let pace = Pace { mails_per_hour: Some(1), ..Pace::default() };
    for (name, expected) in [("oncall", 1), ("other", 3)] {
        let of_receivers = BTreeMap::from([(name.to_owned(), pace.clone())]);
        let mut bench = Bench::with(Policy { of_receivers, ..Policy::default() }.of_receiver("oncall"));
        let mut sent = 0;
        for n in 0..3 {
            bench.tell([opened(&format!("d{n}.example"))]);
            bench.pass(60);
            sent += bench.deliver_all().len();
        }
        assert_eq!(sent, expected, "{name}");
    }
}

#[test]
fn whoever_asks_sees_what_a_receiver_does_not_have() {
    use crate::incident::outbox::{QueueStanding, Queued, queue};

    let mut bench = Bench::new();
    let mail = first_mail(&mut bench);
    bench.answer(&mail, in_part(&["bob@example.com"]));
    bench.tell([opened("b.example")]);
    bench.pass(30);
    for _ in 0..3 {
        let mail = bench.mail().unwrap();
        bench.answer(&mail, rejected());
        bench.pass(3600);
    }
    bench.tell([opened("c.example")]);
    bench.pass(30);
    let owed = bench.mail().unwrap();
    bench.answer(&owed, unsent());
    bench.tell([opened("d.example"), opened("e.example")]);
    bench.commit();
    let shown = queue(&bench.stored());
    let line = |queued: &Queued| {
        let domains = queued.notices.iter().map(|notice| notice.domain.as_str()).collect::<Vec<_>>().join(" ");
        (queued.standing, domains, queued.attempts)
    };
    assert_eq!(shown.len(), 4);
    assert_eq!(line(&shown[0]), (QueueStanding::Dead, "b.example".to_owned(), 3));
    assert_eq!(line(&shown[1]), (QueueStanding::InPart, "a.example".to_owned(), 0));
    assert_eq!(line(&shown[2]), (QueueStanding::Owed, "c.example".to_owned(), 1));
    assert_eq!((shown[3].standing, shown[3].notices.len()), (QueueStanding::Gathering, 2));
    assert_eq!(shown[0].error.as_deref(), Some("550 no such user"));
    assert_eq!(shown[1].refused[0].recipient, "bob@example.com");
    assert_eq!(shown[2].id.as_deref(), Some(owed.id.as_str()));
}
