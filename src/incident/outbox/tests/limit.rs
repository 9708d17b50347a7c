//! The hourly limit, and what happens to what it holds back.

use super::*;

/// Tells of one more domain each time, delivers what is offered, and returns the mails.
fn flood(bench: &mut Bench, count: usize, notice: impl Fn(&str) -> Notice) -> Vec<Mail> {
    let mut mails = Vec::new();
    for n in 0..count {
        bench.tell([notice(&format!("d{n:02}.example"))]);
        bench.pass(30);
        mails.extend(bench.deliver_all());
    }
    mails
}

#[test]
fn ten_mails_an_hour_then_one_summary_of_all_that_was_held_back() {
    let mut bench = Bench::new();
    let mails = flood(&mut bench, 40, opened);
    assert_eq!(mails.len(), 10);
    assert_eq!(bench.outbox.queue_len(), 30);
    // The first was delivered 39 * 30 s ago.
    assert_eq!(bench.wakes_in(), Some(3600 - 39 * 30));
    bench.tell([warned("w.example"), resolved("d00.example")]);
    bench.pass(3600 - 39 * 30 - 1);
    assert_eq!(bench.mail(), None);
    bench.pass(1);
    let summary = bench.mail().unwrap();
    assert_eq!((summary.kind, summary.notices.len()), (MailKind::Overflow, 32));
    assert_eq!(summary.notices[0].severity, "critical");
    assert_eq!(domains(&summary)[30..], ["w.example", "d00.example"]);
    bench.answer(&summary, Delivery::Delivered);
    bench.tell([opened("late.example")]);
    bench.pass(30);
    assert_eq!(bench.mail().unwrap().kind, MailKind::News, "what comes after is news again");
}

#[test]
fn a_share_is_kept_for_what_is_critical_and_new() {
    let mut bench = Bench::new();
    assert_eq!(flood(&mut bench, 12, warned).len(), 8);
    bench.tell([reminder("d00.example", 0), resolved("d01.example")]);
    bench.pass(30);
    assert_eq!(bench.mail(), None, "neither reminders nor ends use the share");
    bench.tell([opened("z.example")]);
    bench.pass(30);
    let mail = bench.mail().unwrap();
    assert_eq!((mail.kind, mail.notices.len()), (MailKind::Overflow, 7), "it takes what was held back along");
    assert_eq!(domains(&mail)[0], "z.example");
}

#[test]
fn a_restart_does_not_renew_the_limit() {
    let mut bench = Bench::new();
    assert_eq!(flood(&mut bench, 20, opened).len(), 10);
    bench.restart();
    bench.pass(600);
    assert_eq!(bench.mail(), None);
    bench.pass(3600 - 600 - 19 * 30);
    assert_eq!(bench.mail().unwrap().notices.len(), 10);
}

#[test]
fn a_limit_of_one_still_tells_warnings() {
    let mut bench = Bench::with(Policy { mails_per_hour: 1, ..Policy::default() });
    assert_eq!(flood(&mut bench, 3, warned).len(), 1);
    bench.pass(3600);
    assert_eq!(bench.deliver_all()[0].notices.len(), 2);
}

#[test]
fn whether_anything_is_urgent_is_known_without_a_search() {
    let mut bench = Bench::new();
    let urgent = |bench: &Bench| bench.outbox.gathering.is_urgent();
    bench.tell([warned("w.example"), opened("a.example"), opened("b.example")]);
    assert!(urgent(&bench));
    bench.tell([resolved("a.example")]);
    assert!(urgent(&bench));
    bench.tell([resolved("b.example")]);
    assert!(!urgent(&bench));
    bench.tell([opened("c.example")]);
    bench.pass(30);
    assert_eq!(bench.deliver_all().len(), 1);
    assert!(!urgent(&bench));
}
