//! What gathers, in which order it is told, and what cancels out.

use super::*;

#[test]
fn notices_gather_from_the_first_and_leave_as_one_mail() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    assert_eq!(bench.wakes_in(), Some(30));
    bench.sleep(29);
    bench.tell([opened("b.example")]);
    assert_eq!(bench.mail(), None);
    bench.pass(1);
    let mail = bench.mail().unwrap();
    assert_eq!((mail.kind, domains(&mail)), (MailKind::News, vec!["a.example", "b.example"]));
    bench.tell([opened("c.example")]);
    bench.answer(&mail, Delivery::Delivered);
    assert_eq!(bench.mail(), None, "a new window gathers");
    bench.pass(30);
    assert_eq!(domains(&bench.mail().unwrap()), ["c.example"]);
}

#[test]
fn the_worst_is_told_first_and_what_is_over_last() {
    let mut bench = Bench::new();
    bench.tell([
        resolved("over.example"),
        warned("warned.example"),
        notice("reminded.example", "tls.expired", "critical", Reason::Reminder, 0, 0),
        opened("z.example"),
        notice("m.example", "dns.nxdomain", "critical", Reason::Escalated, 0, 0),
        opened("a.example"),
    ]);
    bench.pass(30);
    let mail = bench.mail().unwrap();
    let order = ["a.example", "z.example", "m.example", "reminded.example", "warned.example", "over.example"];
    assert_eq!(domains(&mail), order);
}

#[test]
fn a_mail_does_not_depend_on_the_order_its_notices_came_in() {
    let [mut one, mut other] = [Bench::new(), Bench::new()];
    one.tell([opened("a.example"), warned("b.example"), resolved("c.example")]);
    other.tell([resolved("c.example"), warned("b.example"), opened("a.example")]);
    one.pass(30);
    other.pass(30);
    assert_eq!(one.mail().unwrap(), other.mail().unwrap());
}

#[test]
fn a_mail_id_is_of_receiver_and_notices_alone() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    bench.pass(30);
    let ours = bench.mail().unwrap().id;
    let mut other = Outbox::new("second", Policy::default(), START);
    other.handle_batch(
        Batch { kind: MailKind::FirstSummary, notices: vec![opened("a.example")], unstored: false },
        START,
    );
    other.handle_stored(9);
    assert_eq!(ours.len(), 32);
    assert_ne!(other.poll_mail().unwrap().id, ours);
}

#[test]
fn a_notice_offered_again_is_ignored_in_every_state() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example"), opened("a.example")]);
    bench.tell([opened("a.example")]);
    assert_eq!(bench.outbox.queue_len(), 1);
    bench.pass(30);
    let mail = bench.mail().unwrap();
    bench.tell([opened("a.example")]);
    bench.answer(&mail, Delivery::Delivered);
    bench.tell([opened("a.example")]);
    bench.pass(60);
    assert_eq!((bench.mail(), bench.outbox.queue_len()), (None, 0));
    bench.restart();
    bench.tell([opened("a.example")]);
    bench.pass(60);
    assert_eq!(bench.mail(), None);
}

#[test]
fn the_first_summary_leaves_at_once_as_one_mail() {
    let mut bench = Bench::new();
    bench.batch(MailKind::FirstSummary, [], false);
    assert_eq!(bench.mail(), None, "nothing found, nothing told");
    bench.batch(MailKind::FirstSummary, (0..50).map(|n| opened(&format!("d{n}.example"))), false);
    let mail = bench.mail().unwrap();
    assert_eq!((mail.kind, mail.notices.len()), (MailKind::FirstSummary, 50));
    bench.answer(&mail, Delivery::Delivered);
    bench.batch(MailKind::FirstSummary, [opened("d1.example")], false);
    assert_eq!(bench.mail(), None);
}

#[test]
fn what_is_over_before_it_is_told_is_told_to_nobody() {
    let mut bench = Bench::new();
    let escalated = notice("a.example", "connect.refused", "critical", Reason::Escalated, 0, 0);
    bench.tell([warned("a.example"), escalated, opened("b.example")]);
    bench.tell([resolved("a.example")]);
    assert_eq!(bench.events(), [OutboxEvent::Cancelled { notices: 3 }]);
    bench.pass(30);
    let mail = bench.mail().unwrap();
    assert_eq!(domains(&mail), ["b.example"]);
    assert_eq!(mail.extra["over_before_told"], 1);
    let cancelled = bench.tables(Table::Notice).into_iter().filter(|row| row["state"] == "cancelled").count();
    assert_eq!(cancelled, 3, "they stay marked");
    bench.answer(&mail, Delivery::Delivered);
    bench.restart();
    bench.tell([warned("a.example"), resolved("a.example")]);
    bench.pass(60);
    assert_eq!(bench.mail(), None, "nor after a restart");
}

#[test]
fn another_episode_or_incident_cancels_nothing() {
    let mut bench = Bench::new();
    bench.tell([notice("a.example", "connect.refused", "critical", Reason::Opened, 1, 0), opened("b.example")]);
    bench.tell([resolved("a.example"), notice("b.example", "dns.nxdomain", "critical", Reason::Resolved, 0, 0)]);
    bench.pass(30);
    assert_eq!(bench.mail().unwrap().notices.len(), 4);
}

#[test]
fn an_end_is_told_if_the_beginning_is_in_a_mail() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    bench.pass(30);
    let mail = bench.mail().unwrap();
    bench.tell([resolved("a.example")]);
    bench.answer(&mail, Delivery::Delivered);
    bench.pass(30);
    assert_eq!(bench.mail().unwrap().notices, [resolved("a.example")]);
}

#[test]
fn a_reminder_yields_to_the_next_and_to_the_end() {
    let mut bench = Bench::new();
    bench.tell([reminder("a.example", 0), reminder("a.example", 1), reminder("b.example", 0), resolved("b.example")]);
    bench.pass(30);
    assert_eq!(bench.mail().unwrap().notices, [reminder("a.example", 1), resolved("b.example")]);
}

#[test]
fn without_collecting_a_notice_leaves_at_once() {
    let mut bench = Bench::with(Policy { collect_for: Duration::ZERO, ..Policy::default() });
    bench.tell([opened("a.example")]);
    assert_eq!(bench.deliver_all().len(), 1);
}
