//! A relay that was away for a day, clocks that jump, and what is told after.

use super::*;

const HOUR: u64 = 3600;

/// Lets so many hours pass in which no relay can be reached; how many attempts that took.
fn away(bench: &mut Bench, hours: u64) -> usize {
    let mut attempts = 0;
    for _ in 0..hours * 60 {
        bench.pass(60);
        while let Some(mail) = bench.mail() {
            bench.answer(&mail, unsent());
            attempts += 1;
        }
    }
    attempts
}

fn at(bench: &Bench, notice: Notice, summary: &str) -> Notice {
    Notice { at: bench.now.wall, summary: summary.to_owned(), ..notice }
}

fn told(mail: &Mail) -> Vec<(&str, Reason)> {
    mail.notices.iter().map(|notice| (notice.domain.as_str(), notice.reason)).collect()
}

#[test]
fn a_day_without_a_relay_is_told_in_one_mail_as_things_are_by_then() {
    let mut bench = Bench::new();
    // Twelve come and go, each an hour long, two an hour; three stay.
    bench.tell([warned("stays-w.example")]);
    away(&mut bench, 1);
    for n in 0..12 {
        let name = format!("gone{n}.example");
        let begins = at(&bench, opened(&name), "");
        bench.tell([begins]);
        away(&mut bench, 1);
        let ends = at(&bench, resolved(&name), "");
        bench.tell([ends]);
        if n == 5 {
            let stays = at(&bench, opened("stays-c.example"), "refused at first");
            bench.tell([stays]);
        }
        if n == 9 {
            let still = at(&bench, reminder("stays-c.example", 0), "refused for hours");
            bench.tell([still]);
        }
        away(&mut bench, 1);
    }
    bench.pass(HOUR);
    let mails = bench.deliver_all();
    let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
    assert_eq!(told(mail), [("stays-c.example", Reason::Opened), ("stays-w.example", Reason::Opened)]);
    assert_eq!(mail.notices[0].summary, "refused for hours", "as it is by now");
    assert_eq!(mail.extra["over_before_told"], 12);
    let failing: UnixTime = serde_json::from_value(mail.extra["failing_since"].clone()).unwrap();
    assert_eq!(failing, START.wall.plus(60));
    // That they are over is told as ever, and nothing twice.
    bench.tell([resolved("stays-c.example"), opened("stays-c.example")]);
    bench.pass(30);
    let mails = bench.deliver_all();
    assert_eq!(told(&mails[0]), [("stays-c.example", Reason::Resolved)]);
    assert!(bench.tables(Table::Notice).iter().all(|row| row["state"] != "owed"));
}

#[test]
fn while_nobody_can_be_reached_attempts_stay_few_and_one_mail_waits() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    let attempts = away(&mut bench, 24);
    assert!((24..40).contains(&attempts), "{attempts}");
    for n in 0..30 {
        bench.tell([opened(&format!("d{n}.example"))]);
        away(&mut bench, 1);
        assert_eq!(bench.tables(Table::Mail).len(), 1);
    }
    bench.pass(HOUR);
    let mails = bench.deliver_all();
    assert_eq!(mails.iter().map(|mail| mail.notices.len()).sum::<usize>(), 31);
    assert!(mails.len() <= 2, "{}", mails.len());
}

#[test]
fn a_mail_that_somebody_may_have_is_repeated_as_it_is_however_old() {
    for restart in [false, true] {
        let mut bench = Bench::new();
        bench.tell([opened("a.example")]);
        bench.pass(30);
        let first = bench.mail().unwrap();
        match restart {
            // It died in the middle of an attempt, for all that is known.
            true => bench.restart(),
            false => bench.answer(&first, deferred()),
        }
        bench.tell([resolved("a.example"), opened("b.example")]);
        away(&mut bench, 10);
        bench.tell([opened("c.example")]);
        away(&mut bench, 1);
        bench.pass(HOUR);
        let mails = bench.deliver_all();
        assert_eq!((&mails[0].id, &mails[0].notices), (&first.id, &first.notices), "{restart}");
        let rest: Vec<_> = mails[1..].iter().flat_map(told).collect();
        assert_eq!(rest.len(), 3, "{rest:?}");
        assert!(rest.contains(&("a.example", Reason::Resolved)), "{rest:?}");
    }
}

#[test]
fn an_hour_without_a_relay_is_told_as_it_was() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    away(&mut bench, 2);
    bench.tell([resolved("a.example")]);
    away(&mut bench, 1);
    bench.pass(HOUR);
    let mails = bench.deliver_all();
    let all: Vec<_> = mails.iter().flat_map(told).collect();
    assert_eq!(all, [("a.example", Reason::Opened), ("a.example", Reason::Resolved)]);
}

#[test]
fn that_it_is_over_waits_for_the_mail_that_says_it_began() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    bench.pass(30);
    let poison = bench.mail().unwrap();
    bench.answer(&poison, rejected());
    bench.tell([resolved("a.example"), opened("b.example")]);
    bench.pass(30);
    // The first is tried again, and still refused; what does not depend on it goes.
    let again = bench.mail().unwrap();
    assert_eq!(again.id, poison.id);
    bench.answer(&again, rejected());
    let next = bench.mail().unwrap();
    assert_eq!(told(&next), [("b.example", Reason::Opened)]);
    bench.answer(&next, Delivery::Delivered);
    bench.pass(30);
    let mails = bench.deliver_all();
    assert_eq!(
        mails.iter().flat_map(told).collect::<Vec<_>>(),
        [("a.example", Reason::Opened), ("a.example", Reason::Resolved)]
    );
}

#[test]
fn where_the_beginning_was_given_up_the_end_is_told_all_the_same() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    bench.pass(30);
    bench.tell([resolved("a.example")]);
    for _ in 0..3 {
        let mail = bench.mail().unwrap();
        assert_eq!(told(&mail), [("a.example", Reason::Opened)]);
        bench.answer(&mail, rejected());
        bench.pass(60);
    }
    let mail = bench.mail().unwrap();
    assert_eq!(told(&mail), [("a.example", Reason::Resolved)]);
}

#[test]
fn a_wall_clock_that_jumps_neither_holds_nor_hurries_anything() {
    for jump in [86_400_i64, -86_400, 400 * 86_400] {
        let mut bench = Bench::new();
        bench.tell([opened("a.example")]);
        bench.pass(10);
        bench.now.wall = bench.now.wall.plus(jump);
        bench.outbox.handle_timeout(bench.now);
        assert_eq!(bench.mail(), None, "the window goes on");
        bench.pass(20);
        let first = bench.mail().unwrap();
        bench.answer(&first, unsent());
        assert_eq!(bench.wakes_in(), Some(10));
        bench.now.wall = bench.now.wall.plus(jump);
        bench.pass(5);
        assert_eq!(bench.outbox.failing_for(bench.now), Some(Duration::from_secs(5)), "{jump}");
        assert_eq!(bench.mail(), None);
        bench.pass(5);
        let again = bench.mail().unwrap();
        assert_eq!(again.id, first.id, "{jump}");
        bench.answer(&again, Delivery::Delivered);
        bench.now.wall = bench.now.wall.plus(-2 * jump);
        bench.tell([resolved("a.example"), opened("b.example")]);
        bench.pass(30);
        let mails = bench.deliver_all();
        assert_eq!(mails.len(), 1, "{jump}");
        assert_eq!(mails[0].notices.len(), 2, "{jump}");
    }
}

#[test]
fn a_restart_after_the_wall_clock_was_set_back_waits_no_longer_than_a_window() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    bench.pass(30);
    let mail = bench.mail().unwrap();
    bench.answer(&mail, unsent());
    bench.tell([opened("b.example")]);
    bench.commit();
    bench.now.wall = bench.now.wall.plus(-86_400);
    bench.restart();
    assert_eq!(bench.outbox.failing_for(bench.now), Some(Duration::ZERO));
    assert_eq!(bench.deliver_all().len(), 1);
    bench.pass(30);
    assert_eq!(bench.deliver_all().len(), 1);
}

#[test]
fn a_machine_that_slept_for_a_day_goes_on_at_once() {
    let mut bench = Bench::new();
    bench.tell([opened("a.example")]);
    bench.pass(30);
    let mail = bench.mail().unwrap();
    bench.answer(&mail, unsent());
    // The monotonic clock stood still.
    bench.now.wall = bench.now.wall.plus(86_400);
    bench.outbox.handle_timeout(bench.now);
    bench.tell([opened("b.example")]);
    bench.pass(30);
    let mails = bench.deliver_all();
    assert_eq!(mails.iter().map(|mail| mail.notices.len()).sum::<usize>(), 2);
    assert_eq!(mails.len(), 1, "what is a day old by the wall's clock is told as it is now");
}
