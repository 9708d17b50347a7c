//! Quiet hours and digests: what can wait does, comes once, and comes; what is critical is told as if there were neither.

use proptest::prelude::*;

use super::*;
use crate::incident::Calendar;
use crate::incident::calendar::tests::{digest, quiet};

fn policy(calendar: Calendar) -> Policy {
    Policy { calendars: BTreeMap::from([("oncall".to_owned(), calendar)]), ..Policy::default() }
}

fn nights() -> Calendar {
    quiet("Europe/Berlin", &["mon-sun 22:00 07:00"])
}

fn daily() -> Calendar {
    Calendar { digest: Some(digest("Europe/Berlin", "mon-fri", "09:00", false)), ..Calendar::default() }
}

/// A bench at which it is now this time.
fn bench(calendar: Calendar, at: &str) -> Bench {
    let mut bench = Bench::with(policy(calendar));
    bench.now.wall = UnixTime::parse_rfc3339(at).unwrap();
    bench.outbox.handle_timeout(bench.now);
    bench
}

fn over(notice: Notice) -> Notice {
    let Notice { domain, code, severity, episode, .. } = notice;
    super::notice(&domain, &code, &severity, Reason::Resolved, episode, 0)
}

/// Passes this time and says which mails came at which second, as `06:00:00 after_quiet a.example opened warning`.
fn told(bench: &mut Bench, seconds: u64) -> Vec<String> {
    let end = bench.now.mono + Duration::from_secs(seconds);
    let mut told = Vec::new();
    loop {
        for mail in bench.deliver_all() {
            let kind = serde_json::to_value(mail.kind).unwrap();
            let words = |notice: &Notice| format!("{} {} {}", notice.domain, notice.reason.as_str(), notice.severity);
            let notices: Vec<_> = mail.notices.iter().map(words).collect();
            let clock = bench.now.wall.to_string();
            told.push(format!("{} {} {}", &clock[11..19], kind.as_str().unwrap(), notices.join(", ")));
        }
        let Some(left) = end.checked_sub(bench.now.mono).filter(|left| !left.is_zero()) else { return told };
        bench.pass(bench.wakes_in().unwrap_or(left.as_secs()).clamp(1, left.as_secs()));
    }
}

const NIGHT: u64 = 12 * 3600;

#[test]
fn warnings_wait_for_the_end_of_the_night_and_come_in_one_mail_worst_first() {
    let mut bench = bench(nights(), "2026-01-12T20:59:00Z");
    bench.tell([warned("before.example")]);
    assert_eq!(told(&mut bench, 60), ["20:59:30 news before.example opened warning"]);
    bench.tell([warned("b.example"), warned("over.example"), over(warned("before.example"))]);
    bench.pass(3600);
    bench.tell([warned("a.example"), over(warned("over.example")), opened("dead.example")]);
    assert_eq!(
        told(&mut bench, NIGHT),
        [
            "22:00:30 news dead.example opened critical",
            "06:00:00 after_quiet a.example opened warning, b.example opened warning, \
             before.example resolved warning",
        ]
    );
    assert_eq!((bench.outbox.queue_len(), bench.wakes_in()), (0, None));
}

#[test]
fn the_mail_after_the_night_says_what_is_left_out() {
    let mut bench = bench(nights(), "2026-01-12T22:00:00Z");
    bench.tell([warned("over.example"), warned("a.example"), over(warned("over.example"))]);
    bench.pass(NIGHT);
    let [mail] = bench.deliver_all().try_into().unwrap();
    assert_eq!((mail.notices.len(), mail.extra["over_before_told"].as_u64()), (1, Some(1)));
}

#[test]
fn what_gathers_when_the_night_begins_waits_for_its_end() {
    let mut bench = bench(nights(), "2026-01-12T20:59:45Z");
    bench.tell([warned("a.example"), opened("dead.example")]);
    assert_eq!(
        told(&mut bench, NIGHT),
        ["21:00:15 news dead.example opened critical", "06:00:00 after_quiet a.example opened warning"]
    );
}

#[test]
fn a_mail_that_could_not_be_delivered_before_the_night_is_not_tried_in_it() {
    let mut bench = bench(nights(), "2026-01-12T20:59:00Z");
    bench.tell([warned("a.example")]);
    bench.pass(59);
    let mail = bench.mail().unwrap();
    bench.answer(&mail, deferred());
    bench.pass(60);
    assert_eq!(bench.mail(), None, "it is quiet");
    bench.tell([opened("dead.example")]);
    assert_eq!(
        told(&mut bench, NIGHT),
        ["21:01:29 news dead.example opened critical", "06:00:00 news a.example opened warning"],
        "and keeps nothing critical waiting"
    );
}

#[test]
fn what_becomes_critical_in_the_night_is_told_at_once_and_once() {
    let mut bench = bench(nights(), "2026-01-12T22:00:00Z");
    let worse = notice("a.example", "connect.refused", "critical", Reason::Escalated, 0, 0);
    bench.tell([warned("a.example"), warned("b.example")]);
    bench.pass(3600);
    bench.tell([worse]);
    assert_eq!(told(&mut bench, 60), ["23:00:30 news a.example opened critical"]);
    bench.tell([resolved("a.example")]);
    assert_eq!(
        told(&mut bench, NIGHT),
        ["23:01:30 news a.example resolved critical", "06:00:00 after_quiet b.example opened warning"]
    );
}

#[test]
fn an_escalation_in_the_night_survives_a_crash_before_it_is_told() {
    let mut bench = bench(nights(), "2026-01-12T22:00:00Z");
    bench.tell([warned("a.example")]);
    bench.pass(60);
    bench.tell([notice("a.example", "connect.refused", "critical", Reason::Escalated, 0, 0)]);
    bench.commit();
    bench.restart();
    assert_eq!(told(&mut bench, NIGHT), ["22:01:00 news a.example opened critical"]);
}

#[test]
fn restarts_and_another_configuration_lose_nothing_and_double_nothing() {
    let mut bench = bench(nights(), "2026-01-12T22:00:00Z");
    bench.tell([warned("a.example"), warned("b.example")]);
    bench.commit();
    bench.restart();
    bench.pass(3600);
    // The same news again, as after a crash of the ledger.
    bench.tell([warned("a.example")]);
    bench.restart();
    let longer = policy(quiet("Europe/Berlin", &["mon-sun 22:00 08:30"]));
    bench.policy = longer.clone();
    bench.outbox.handle_policy(longer, bench.now);
    let expected = ["07:30:00 after_quiet a.example opened warning, b.example opened warning"];
    assert_eq!(told(&mut bench, NIGHT), expected);
    bench.now.wall = UnixTime::parse_rfc3339("2026-01-13T23:00:00Z").unwrap();
    bench.tell([warned("c.example")]);
    bench.pass(600);
    bench.outbox.handle_policy(Policy::default(), bench.now);
    assert_eq!(told(&mut bench, 60), ["23:10:00 after_quiet c.example opened warning"], "no quiet hours any more");
}

#[test]
fn the_night_may_end_while_nobody_is_there() {
    let mut bench = bench(nights(), "2026-01-12T22:00:00Z");
    bench.tell([warned("a.example")]);
    bench.commit();
    bench.sleep(NIGHT);
    bench.restart();
    assert_eq!(told(&mut bench, 60), ["10:00:00 after_quiet a.example opened warning"]);
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_doubles_nothing() {
    for jump in [-40 * 86_400, -8 * 3600, 3600, 40 * 86_400_i64] {
        for calendar in [nights(), daily()] {
            let mut bench = bench(calendar, "2026-01-12T22:00:00Z");
            bench.tell([warned("a.example")]);
            bench.pass(60);
            bench.now.wall = bench.now.wall.plus(jump);
            bench.outbox.handle_timeout(bench.now);
            let told = told(&mut bench, 4 * 86_400);
            assert_eq!(told.len(), 1, "{jump}: {told:?}");
        }
    }
}

#[test]
fn a_first_look_in_the_night_tells_what_is_critical_and_the_rest_in_the_morning() {
    let mut bench = bench(nights(), "2026-01-12T22:00:00Z");
    bench.batch(MailKind::FirstSummary, [opened("dead.example"), warned("a.example")], false);
    assert_eq!(
        told(&mut bench, NIGHT),
        ["22:00:00 first_summary dead.example opened critical", "06:00:00 after_quiet a.example opened warning"]
    );
}

#[test]
fn a_digest_tells_once_what_began_goes_on_and_is_over() {
    // A Thursday.
    let mut bench = bench(daily(), "2026-01-15T08:00:00Z");
    let reminded = |domain, day| notice(domain, "connect.refused", "warning", Reason::Reminder, 0, day);
    bench.tell([warned("a.example"), warned("b.example"), warned("brief.example"), opened("dead.example")]);
    assert_eq!(told(&mut bench, 3600), ["08:00:30 news dead.example opened critical"]);
    bench.tell([over(warned("brief.example"))]);
    assert_eq!(
        told(&mut bench, 24 * 3600),
        ["08:00:00 digest a.example opened warning, b.example opened warning"],
        "on Friday, at nine in Berlin"
    );
    // The next is on Monday: one word of what goes on, however often it is said.
    for day in 0..3 {
        bench.tell([reminded("a.example", day)]);
        bench.pass(20 * 3600);
    }
    bench.tell([over(warned("b.example")), warned("c.example")]);
    assert_eq!(
        told(&mut bench, 24 * 3600),
        ["08:00:00 digest c.example opened warning, a.example reminder warning, b.example resolved warning"]
    );
    assert_eq!(told(&mut bench, 3 * 86_400), [""; 0], "nothing to tell is no mail");
}

#[test]
fn a_digest_of_everything_holds_what_is_critical_too() {
    let all = Calendar { digest: Some(digest("Europe/Berlin", "mon-fri", "09:00", true)), ..Calendar::default() };
    let mut bench = bench(all, "2026-01-15T09:00:00Z");
    bench.tell([opened("dead.example"), warned("a.example")]);
    assert_eq!(told(&mut bench, 24 * 3600), ["08:00:00 digest dead.example opened critical, a.example opened warning"]);
}

#[test]
fn days_without_a_relay_are_owed_one_digest() {
    let mut bench = bench(daily(), "2026-01-12T09:00:00Z");
    bench.tell([warned("a.example"), warned("b.example")]);
    let mut ids = std::collections::BTreeSet::new();
    for hour in 0..3 * 24 {
        bench.pass(3600);
        while let Some(mail) = bench.mail() {
            ids.insert(mail.id.clone());
            bench.answer(&mail, unsent());
        }
        if hour == 30 {
            bench.tell([warned("c.example"), over(warned("b.example"))]);
        }
    }
    assert_eq!(ids.len(), 2, "anew only where there is news");
    let told = told(&mut bench, 3600);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("digest a.example opened warning, c.example opened warning"), "{told:?}");
}

/// What may happen next.
#[derive(Debug, Clone)]
enum Step {
    Tell(u8, Reason),
    Pass(u16),
    Deliver,
    Unsent,
    Defer,
    Restart,
    Reload(u8),
    Jump(i16),
}

fn step() -> impl Strategy<Value = Step> {
    let reasons = [Reason::Opened, Reason::Escalated, Reason::Reminder, Reason::Resolved];
    prop_oneof![
        6 => (0..6u8, proptest::sample::select(reasons.to_vec())).prop_map(|(n, reason)| Step::Tell(n, reason)),
        6 => (1..400u16).prop_map(Step::Pass),
        6 => Just(Step::Deliver),
        1 => Just(Step::Unsent),
        1 => Just(Step::Defer),
        1 => Just(Step::Restart),
        1 => (0..4u8).prop_map(Step::Reload),
        1 => (-600..600i16).prop_map(Step::Jump),
    ]
}

fn calendar(n: u8) -> Calendar {
    match n {
        0 => Calendar::default(),
        1 => nights(),
        2 => daily(),
        _ => Calendar { digest: daily().digest, ..nights() },
    }
}

/// An outbox and who feeds it: warnings of even domains, which may become critical; criticals of odd ones.
struct World {
    bench: Bench,
    calendar: Calendar,
    episodes: [(u64, bool, u64); 6],
    owed: BTreeMap<NoticeId, Duration>,
    delivered: BTreeMap<NoticeId, std::collections::BTreeSet<String>>,
}

impl World {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Tell(n, reason) => self.tell(*n, *reason),
            Step::Pass(minutes) => self.pass(u64::from(*minutes) * 60),
            Step::Deliver => self.attempt(&Delivery::Delivered),
            Step::Unsent => self.attempt(&unsent()),
            Step::Defer => self.attempt(&deferred()),
            Step::Restart => {
                self.bench.commit();
                // What was in the middle of an attempt is offered again.
                self.bench.restart();
            }
            Step::Reload(n) => {
                self.calendar = calendar(*n);
                self.bench.policy = policy(self.calendar.clone());
                self.bench.outbox.handle_policy(self.bench.policy.clone(), self.bench.now);
            }
            Step::Jump(minutes) => {
                self.bench.now.wall = self.bench.now.wall.plus(i64::from(*minutes) * 60);
                self.bench.outbox.handle_timeout(self.bench.now);
            }
        }
        self.bench.commit();
    }

    fn pass(&mut self, seconds: u64) {
        self.bench.pass(seconds);
    }

    fn tell(&mut self, n: u8, reason: Reason) {
        let (episode, is_open, count) = &mut self.episodes[usize::from(n)];
        if *is_open == (reason == Reason::Opened) {
            return;
        }
        *count += 1;
        // An incident that was critical ends as one.
        let escalates = *episode % 2 == 1 && (reason == Reason::Escalated || reason == Reason::Resolved);
        let severity = if n % 2 == 1 || escalates { "critical" } else { "warning" };
        let mut told = notice(&format!("d{n}.example"), "connect.refused", severity, reason, *episode, *count);
        told.at = self.bench.now.wall;
        match reason {
            Reason::Opened => *is_open = true,
            Reason::Resolved => (*episode, *is_open) = (*episode + 1, false),
            _ => {}
        }
        self.owed.insert(told.id.clone(), self.bench.now.mono);
        self.bench.tell([told]);
    }

    fn attempt(&mut self, delivery: &Delivery) {
        let now = self.bench.now.wall;
        while let Some(mail) = self.bench.mail() {
            let warning = |notice: &Notice| notice.severity == "warning";
            if self.calendar.quiet_until(now).is_some() {
                assert!(!mail.notices.iter().all(warning), "a warning at {now}: {mail:?}");
                let before = self.calendar.quiet_until(mail.created_at).is_none();
                assert!(before || !mail.notices.iter().any(warning), "a warning at {now}: {mail:?}");
            }
            let mut ids: Vec<_> = mail.notices.iter().map(|notice| notice.id.clone()).collect();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), mail.notices.len(), "a notice twice in a mail");
            if *delivery == Delivery::Delivered {
                for id in ids {
                    self.delivered.entry(id).or_default().insert(mail.id.clone());
                }
            }
            self.bench.answer(&mail, delivery.clone());
            if *delivery != Delivery::Delivered {
                break;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// No warning leaves in quiet hours, nothing is told twice, nothing is owed for ever, and nothing critical for long.
    #[test]
    fn whatever_happens_the_calendar_holds(first in 0..4u8, steps in proptest::collection::vec(step(), 1..60)) {
        let bench = bench(calendar(first), "2026-01-12T12:00:00Z");
        let (owed, delivered) = (BTreeMap::new(), BTreeMap::new());
        let mut world = World { bench, calendar: calendar(first), episodes: [(0, false, 0); 6], owed, delivered };
        for step in &steps {
            world.step(step);
        }
        // Nothing critical waits for an hour's end or a night's: only for the wait between two mails.
        world.attempt(&Delivery::Delivered);
        for _ in 0..130 {
            world.pass(60);
            world.attempt(&Delivery::Delivered);
        }
        let waiting = world.bench.tables(Table::Notice).into_iter().filter(|row| row["state"] == "owed");
        for row in waiting {
            prop_assert_eq!(&row["notice"]["severity"], "warning");
        }
        for _ in 0..8 * 24 {
            world.pass(3600);
            world.attempt(&Delivery::Delivered);
        }
        prop_assert_eq!(world.bench.outbox.queue_len(), 0);
        let states: BTreeMap<&str, &str> = world.bench.tables(Table::Notice).into_iter()
            .filter_map(|row| Some((row["notice"]["id"].as_str()?, row["state"].as_str()?))).collect();
        for id in world.owed.keys() {
            let known = states.get(id.as_str()).copied();
            prop_assert!(known.is_some_and(|state| state != "owed") , "{:?}: {:?}", id, known);
            prop_assert_eq!(world.delivered.contains_key(id), known == Some("delivered"));
        }
        prop_assert!(world.delivered.values().all(|mails| mails.len() == 1));
    }
}
