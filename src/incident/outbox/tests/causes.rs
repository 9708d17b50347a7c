//! One cause, one mail: what is told together, what waits for it, and what does not.

use proptest::prelude::*;

use super::*;
use crate::incident::{Bond, BondKind};

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

/// A bond as a test writes it: `a` to `z` an address, `a+b` two of them, otherwise of the kind before the colon.
fn bonds(text: &str) -> Vec<Bond> {
    text.split_whitespace()
        .map(|bond| match bond.split_once(':') {
            Some(("cert", value)) => Bond::new(BondKind::Certificate, value),
            Some(("issuer", value)) => Bond::new(BondKind::Issuer, value),
            Some((_, value)) => Bond::new(BondKind::Tenant, value),
            None if bond.contains('+') => Bond::new(BondKind::Addresses, bond),
            None => Bond::new(BondKind::Address, bond),
        })
        .collect()
}

fn bound(notice: Notice, to: &str) -> Notice {
    Notice { bonds: bonds(to), ..notice }
}

fn domain(n: usize) -> String {
    format!("d{n:03}.example")
}

fn opened_at(n: usize, to: &str) -> Notice {
    bound(opened(&domain(n)), to)
}

fn resolved_at(n: usize, to: &str) -> Notice {
    bound(resolved(&domain(n)), to)
}

fn reminder_at(n: usize, ordinal: u64, to: &str) -> Notice {
    bound(reminder(&domain(n), ordinal), to)
}

/// The mails that leave within these seconds: when, of how many domains, new, over, still open, by which bond.
fn mails(bench: &mut Bench, seconds: u64) -> Vec<String> {
    let begin = bench.now.mono;
    let mut all = Vec::new();
    for _ in 0..seconds {
        for mail in bench.deliver_all() {
            let at = (bench.now.mono - begin).as_secs();
            all.push(match &mail.shared {
                Some(shared) => format!(
                    "{at}: {} of {} new {} over {} open {}",
                    mail.notices.len(),
                    shared.bond,
                    shared.new,
                    shared.over,
                    shared.open
                ),
                None => format!("{at}: {}", mail.notices.len()),
            });
        }
        bench.pass(1);
    }
    all
}

/// How many notices share what, and how they are told.
type Case<'a> = (&'a [(usize, &'a str)], &'a [&'a str]);

#[test]
fn the_bond_that_covers_most_wins_and_of_equals_the_most_specific() {
    // What the notices of so many domains each share, and how they are told.
    let cases: [Case<'_>; 8] = [
        (&[(80, "a+b a b")], &["80 addresses:a+b"]),
        (&[(40, "a+b a b"), (40, "b")], &["80 address:b"]),
        (&[(4, "cert:1 issuer:x")], &["4 certificate:1"]),
        (&[(4, "cert:1 issuer:x"), (5, "cert:2 issuer:x")], &["9 issuer:x"]),
        (&[(4, "a"), (5, "b")], &["5 address:b", "4 address:a"]),
        (&[(5, "a tenant:t"), (3, "b tenant:t"), (3, "b")], &["8 tenant:t", "3 address:b"]),
        (&[(2, "a"), (1, "")], &["3 -"]),
        (&[(3, "a"), (1, ""), (2, "c")], &["3 address:a", "3 -"]),
    ];
    for (groups, expected) in cases {
        let mut bench = Bench::new();
        let all = groups.iter().flat_map(|(count, to)| std::iter::repeat_n(*to, *count)).enumerate();
        bench.tell(all.map(|(n, to)| opened_at(n, to)));
        bench.pass(30);
        let told = bench.deliver_all();
        let mut told: Vec<String> = told
            .iter()
            .map(|mail| match &mail.shared {
                Some(shared) => format!("{} {}", mail.notices.len(), shared.bond),
                None => format!("{} -", mail.notices.len()),
            })
            .collect();
        told.sort_by(|a, b| b.cmp(a));
        let mut expected = expected.to_vec();
        expected.sort_by(|a, b| b.cmp(a));
        assert_eq!(told, expected, "{groups:?}");
    }
}

#[test]
fn who_comes_late_waits_for_the_next_mail_about_the_cause() {
    let mut bench = Bench::new();
    bench.tell((0..5).map(|n| opened_at(n, "a")));
    assert_eq!(mails(&mut bench, 60), ["30: 5 of address:a new 5 over 0 open 5"]);
    // Twelve more, one every ten seconds, come as one mail five minutes after the first.
    for n in 5..17 {
        bench.tell([opened_at(n, "a")]);
        assert_eq!(mails(&mut bench, 10), [""; 0]);
    }
    assert_eq!(mails(&mut bench, 5 * MINUTE), ["150: 12 of address:a new 12 over 0 open 17"]);
    // The one after that waits for ten minutes, another an hour later for nobody.
    bench.tell([opened_at(17, "a")]);
    assert_eq!(mails(&mut bench, 10 * MINUTE), ["450: 1 of address:a new 1 over 0 open 18"]);
    bench.sleep(HOUR);
    bench.tell([opened_at(18, "a")]);
    assert_eq!(mails(&mut bench, MINUTE), ["30: 1 of address:a new 1 over 0 open 19"]);
}

#[test]
fn what_is_worse_or_of_another_cause_waits_for_nothing() {
    let mut bench = Bench::new();
    bench.tell((0..5).map(|n| bound(warned(&domain(n)), "a")));
    bench.pass(60);
    assert_eq!(bench.deliver_all().len(), 1);
    bench.tell([bound(warned(&domain(5)), "a")]);
    bench.tell([opened_at(6, "b")]);
    assert_eq!(mails(&mut bench, 40), ["30: 1"]);
    bench.tell([opened_at(7, "a")]);
    assert_eq!(mails(&mut bench, 40), ["30: 2 of address:a new 2 over 0 open 7"], "and takes along who waited");
}

#[test]
fn reminders_of_a_cause_are_one_mail() {
    let mut bench = Bench::new();
    for n in 0..10 {
        bench.tell([opened_at(n, "a")]);
        bench.pass(30);
        bench.deliver_all();
    }
    bench.pass(10 * MINUTE);
    bench.deliver_all();
    bench.pass(HOUR - 15 * MINUTE);
    for ordinal in 0..3 {
        let mut told = Vec::new();
        for n in 0..10 {
            bench.tell([reminder_at(n, ordinal, "a")]);
            told.extend(mails(&mut bench, 30));
        }
        told.extend(mails(&mut bench, 5 * MINUTE));
        assert!(told.len() == 1 && told[0].ends_with(": 10 of address:a new 0 over 0 open 10"), "{told:?}");
        bench.pass(86_400 - 10 * MINUTE);
    }
}

#[test]
fn a_recovery_gathers_and_the_last_ones_wait_for_nobody() {
    let mut bench = Bench::new();
    bench.tell((0..92).map(|n| opened_at(n, "a")));
    bench.pass(2 * HOUR);
    assert_eq!(bench.deliver_all().len(), 1);
    for n in 0..80 {
        bench.tell([resolved_at(n, "a")]);
        bench.pass(1);
    }
    assert_eq!(mails(&mut bench, 5 * MINUTE), ["220: 80 of address:a new 0 over 80 open 12"]);
    bench.tell((80..92).map(|n| resolved_at(n, "a")));
    assert_eq!(mails(&mut bench, 40), ["30: 12 of address:a new 0 over 12 open 0"]);
    // The cause is over: should it come back, that is another.
    bench.tell((0..5).map(|n| bound(notice(&domain(n), "connect.refused", "critical", Reason::Opened, 1, 0), "a")));
    assert_eq!(mails(&mut bench, 40), ["30: 5 of address:a new 5 over 0 open 5"]);
}

#[test]
fn one_that_is_over_before_it_was_told_is_told_to_nobody() {
    let mut bench = Bench::new();
    bench.tell((0..5).map(|n| opened_at(n, "a")));
    bench.pass(60);
    bench.deliver_all();
    bench.tell([opened_at(5, "a"), opened_at(6, "a")]);
    bench.pass(60);
    bench.tell([resolved_at(5, "a")]);
    assert_eq!(mails(&mut bench, 10 * MINUTE), ["210: 1 of address:a new 1 over 0 open 6"]);
    assert_eq!(bench.outbox.queue_len(), 0);
}

#[test]
fn the_mails_about_a_cause_are_one_thread_and_a_domain_alone_is_told_as_ever() {
    let mut bench = Bench::new();
    bench.tell([opened_at(0, "a")]);
    bench.pass(30);
    let first = bench.deliver_all().remove(0);
    assert_eq!((first.thread(), first.shared), (Some(first.notices[0].thread()), None));
    bench.tell((1..9).map(|n| opened_at(n, "a")));
    bench.pass(10 * MINUTE);
    let second = bench.deliver_all().remove(0);
    assert_eq!((second.thread(), second.notices.len()), (first.thread.clone(), 8));
    bench.restart();
    bench.tell((0..9).map(|n| resolved_at(n, "a")));
    bench.pass(10 * MINUTE);
    let last = bench.deliver_all().remove(0);
    assert_eq!((last.thread(), last.notices.len(), last.shared.unwrap().open), (first.thread, 9, 0));
}

#[test]
fn a_restart_at_any_second_changes_nothing_but_seconds() {
    for kill in [10, 45, 100, 200, 400, 700, 1000] {
        let mut bench = Bench::new();
        let mut told = Vec::new();
        for second in 0..1500 {
            if second == kill {
                bench.restart();
            }
            match second {
                0 => bench.tell((0..5).map(|n| opened_at(n, "a"))),
                60 => bench.tell((5..9).map(|n| opened_at(n, "a"))),
                620 => bench.tell((0..7).map(|n| resolved_at(n, "a"))),
                _ => {}
            }
            bench.commit();
            told.extend(bench.deliver_all());
            bench.pass(1);
        }
        let shown: Vec<_> = told
            .iter()
            .map(|mail| (mail.notices.len(), mail.shared.as_ref().map(|shared| (shared.domains, shared.open))))
            .collect();
        assert_eq!(shown, [(5, Some((5, 5))), (4, Some((9, 9))), (7, Some((9, 2)))], "killed at {kill}");
        assert!(told.iter().all(|mail| mail.thread == told[0].thread), "killed at {kill}");
    }
}

#[test]
fn reminders_after_a_first_summary_are_one_mail_as_well() {
    let mut bench = Bench::new();
    bench.batch(MailKind::FirstSummary, (0..10).map(|n| opened_at(n, "a")), false);
    assert_eq!(bench.deliver_all().len(), 1);
    bench.pass(HOUR);
    for n in 0..10 {
        bench.tell([reminder_at(n, 0, "a")]);
        assert_eq!(mails(&mut bench, 20), [""; 0]);
    }
    assert_eq!(mails(&mut bench, MINUTE), ["10: 10 of address:a new 0 over 0 open 10"]);
}

#[test]
fn a_domain_that_is_no_longer_watched_is_waited_for_no_longer() {
    let mut bench = Bench::new();
    bench.tell((0..10).map(|n| opened_at(n, "a")));
    bench.pass(HOUR);
    bench.deliver_all();
    bench.outbox.handle_recipients(|name| name != domain(9));
    bench.tell((0..9).map(|n| resolved_at(n, "a")));
    assert_eq!(mails(&mut bench, 40), ["30: 9 of address:a new 0 over 9 open 0"]);
}

#[test]
fn a_mail_of_many_notices_is_stored_in_few_bytes_and_survives_whole() {
    let mut bench = Bench::new();
    bench.tell((0..2000).map(|n| opened_at(n, "a")));
    bench.pass(30);
    let size = bench.tables(Table::Mail)[0].to_string().len();
    assert!(size < 150_000, "{size} bytes");
    let before = bench.mail().unwrap();
    bench.restart();
    assert_eq!(bench.mail().unwrap(), before);
    assert_eq!(before.notices.len(), 2000);
}

/// What befalls a domain: when it opens, for how long it lasts (in seconds), and what it shares.
type Life = (u64, u64, usize);

fn lives() -> impl Strategy<Value = Vec<Life>> {
    prop::collection::vec((0..4000_u64, 1..6000_u64, 0..SHARES.len()), 1..40)
}

const SHARES: [&str; 6] = ["a+b a b", "a", "b", "cert:1 issuer:x", "cert:2 issuer:x", ""];

/// Runs these lives; what is offered within a second comes in this order. Every mail with its second.
fn run(lives: &[Life], reversed: bool, kill: Option<u64>) -> Vec<(u64, Mail)> {
    let mut bench = Bench::with(Policy { mails_per_hour: 1000, ..Policy::default() });
    let mut told = Vec::new();
    for second in 0..12 * HOUR {
        let mut due: Vec<Notice> = lives
            .iter()
            .enumerate()
            .flat_map(|(n, (from, lasts, share))| {
                let (from, to) = (*from / 10 * 10, (from + lasts) / 10 * 10 + 10);
                let to_share = SHARES[*share];
                let reminds = second == from + HOUR && second < to;
                let events = [
                    (second == from).then(|| opened_at(n, to_share)),
                    reminds.then(|| reminder_at(n, 0, to_share)),
                    (second == to).then(|| resolved_at(n, to_share)),
                ];
                events.into_iter().flatten()
            })
            .collect();
        if reversed {
            due.reverse();
        }
        if kill == Some(second) {
            bench.commit();
            bench.restart();
        }
        if !due.is_empty() {
            bench.tell(due);
        }
        let due = bench.outbox.poll_timeout().is_some_and(|at| at <= bench.now.mono + Duration::from_secs(1));
        told.extend(bench.deliver_all().into_iter().map(|mail| (second, mail)));
        if due { bench.pass(1) } else { bench.sleep(1) }
    }
    assert_eq!(bench.outbox.queue_len(), 0, "nothing is owed for ever");
    told
}

/// Each incident is told as opened and then as over, once each, unless it was over before it was told.
fn assert_whole(lives: &[Life], told: &[(u64, Mail)]) {
    let mut of: BTreeMap<&str, Vec<(u64, Reason)>> = BTreeMap::new();
    for (at, notice) in told.iter().flat_map(|(at, mail)| mail.notices.iter().map(move |notice| (*at, notice))) {
        of.entry(&notice.domain).or_default().push((at, notice.reason));
    }
    for (n, (from, lasts, _)) in lives.iter().enumerate() {
        let name = domain(n);
        let heard = of.remove(name.as_str()).unwrap_or_default();
        let reasons: Vec<Reason> = heard.iter().map(|(_, reason)| *reason).collect();
        let whole = matches!(
            reasons[..],
            [Reason::Opened, Reason::Resolved] | [Reason::Opened, Reason::Reminder, Reason::Resolved]
        );
        assert!(whole || reasons.is_empty() && *lasts <= HOUR + 60, "{name}: {heard:?}");
        assert!(heard.first().is_none_or(|(at, _)| *at <= from + HOUR + 60), "{name}: {heard:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_matters_and_nothing_is_lost(lives in lives()) {
        let (one, other) = (run(&lives, false, None), run(&lives, true, None));
        assert_whole(&lives, &one);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn nor_when_killed(lives in lives(), kill in 0..8 * HOUR) {
        assert_whole(&lives, &run(&lives, false, Some(kill)));
    }
}
