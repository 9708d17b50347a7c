//! Whatever happens, and however often the process dies: no notice is lost, none is delivered twice except in one mail
//! that was on its way, and then with the same id.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What may happen next.
#[derive(Debug, Clone)]
enum Step {
    Open(u8),
    Resolve(u8),
    Remind(u8),
    Pass(u16),
    Commit,
    Deliver,
    Defer,
    Reject,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..12u8).prop_map(Step::Open),
        2 => (0..12u8).prop_map(Step::Resolve),
        1 => (0..12u8).prop_map(Step::Remind),
        4 => (1..600u16).prop_map(Step::Pass),
        4 => Just(Step::Commit),
        3 => Just(Step::Deliver),
        2 => Just(Step::Defer),
        1 => Just(Step::Reject),
        2 => Just(Step::Crash),
    ]
}

/// The ledger and the relay about an outbox.
struct World {
    bench: Bench,
    /// All that the ledger has handed over; it sees, and tells, it again after a crash.
    told: Vec<Notice>,
    episodes: [(u64, bool, u64); 12],
    /// What the relay has taken: by notice the ids of the mails.
    taken: BTreeMap<NoticeId, BTreeSet<String>>,
    taken_mails: Vec<String>,
}

impl World {
    fn new() -> Self {
        let (told, taken, taken_mails) = Default::default();
        Self { bench: Bench::new(), told, episodes: [(0, false, 0); 12], taken, taken_mails }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Open(n) => self.transition(*n, Reason::Opened),
            Step::Resolve(n) => self.transition(*n, Reason::Resolved),
            Step::Remind(n) => self.transition(*n, Reason::Reminder),
            Step::Pass(seconds) => {
                self.bench.sleep(u64::from(*seconds));
                self.bench.outbox.handle_timeout(self.bench.now);
            }
            Step::Commit => self.bench.commit(),
            Step::Deliver => self.attempt(Delivery::Delivered),
            Step::Defer => self.attempt(deferred()),
            Step::Reject => self.attempt(rejected()),
            Step::Crash => self.crash(),
        }
    }

    fn transition(&mut self, n: u8, reason: Reason) {
        let (episode, is_open, reminders) = &mut self.episodes[usize::from(n)];
        if *is_open == (reason == Reason::Opened) {
            return;
        }
        let ordinal = if reason == Reason::Reminder { *reminders } else { 0 };
        let told = notice(&format!("d{n}.example"), "connect.refused", "critical", reason, *episode, ordinal);
        match reason {
            Reason::Opened => *is_open = true,
            Reason::Resolved => (*episode, *is_open, *reminders) = (*episode + 1, false, 0),
            _ => *reminders += 1,
        }
        self.told.push(told.clone());
        self.bench.tell([told]);
    }

    /// An attempt whose outcome the outbox learns, but has not stored yet.
    fn attempt(&mut self, delivery: Delivery) {
        let Some(mail) = self.bench.outbox.poll_mail() else { return };
        if delivery == Delivery::Delivered {
            self.taken_mails.push(mail.id.clone());
            for notice in &mail.notices {
                self.taken.entry(notice.id.clone()).or_default().insert(mail.id.clone());
            }
        }
        self.bench.outbox.handle_delivery(&mail.id, delivery, self.bench.now);
    }

    fn crash(&mut self) {
        self.bench.restart();
        let told = self.told.clone();
        self.bench.tell(told);
    }

    fn settle(&mut self) {
        self.bench.commit();
        // What was given up is tried once more after a restart.
        self.bench.restart();
        for _ in 0..40 {
            self.bench.pass(3600);
            while let Some(mail) = self.bench.outbox.poll_mail() {
                assert!(mail.extra.get("store_failed").is_none());
                self.taken_mails.push(mail.id.clone());
                for notice in &mail.notices {
                    self.taken.entry(notice.id.clone()).or_default().insert(mail.id.clone());
                }
                self.bench.answer(&mail, Delivery::Delivered);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn nothing_is_lost_and_nothing_shouts_twice(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        let mut crashes = 0;
        for step in &steps {
            world.step(step);
            crashes += usize::from(matches!(step, Step::Crash));
        }
        world.settle();
        prop_assert_eq!(world.bench.outbox.queue_len() + world.bench.outbox.rejected_len(), 0);
        for id in world.told.iter().map(|notice| &notice.id) {
            let row = &world.bench.rows[&(Table::Notice, format!("oncall/{}", id.as_str()))];
            let told = world.taken.contains_key(id);
            prop_assert!(told || row["state"] == "cancelled", "{} is lost", id.as_str());
        }
        for (id, mails) in &world.taken {
            prop_assert_eq!(mails.len(), 1, "{} was told in several mails", id.as_str());
        }
        let distinct: BTreeSet<_> = world.taken_mails.iter().collect();
        prop_assert!(world.taken_mails.len() - distinct.len() <= crashes, "a crash costs at most one repeat");
    }
}
