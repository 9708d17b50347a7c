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
    /// Hours, in which what is owed grows stale.
    Wait(u8),
    Deliver,
    DeliverInPart,
    Unsent,
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
        1 => (1..9u8).prop_map(Step::Wait),
        3 => Just(Step::Deliver),
        1 => Just(Step::DeliverInPart),
        3 => Just(Step::Unsent),
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
    /// A mail was refused for good: it may be told at any later time.
    rejected: bool,
    /// The openings whose end was told, and those that were spoken of after it.
    ended: BTreeSet<(String, u64)>,
    late: Vec<(String, u64)>,
}

impl World {
    fn new() -> Self {
        Self {
            bench: Bench::new(),
            told: Vec::new(),
            episodes: [(0, false, 0); 12],
            taken: BTreeMap::new(),
            taken_mails: Vec::new(),
            rejected: false,
            ended: BTreeSet::new(),
            late: Vec::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Open(n) => self.transition(*n, Reason::Opened),
            Step::Resolve(n) => self.transition(*n, Reason::Resolved),
            Step::Remind(n) => self.transition(*n, Reason::Reminder),
            Step::Pass(seconds) => self.pass(u64::from(*seconds)),
            Step::Wait(hours) => self.pass(u64::from(*hours) * 3600),
            Step::Commit => self.bench.commit(),
            Step::Deliver => self.attempt(Delivery::Delivered),
            Step::DeliverInPart => self.attempt(in_part(&["gone@example.com"])),
            Step::Unsent => self.attempt(unsent()),
            Step::Defer => self.attempt(deferred()),
            Step::Reject => self.attempt(rejected()),
            Step::Crash => self.crash(),
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.bench.sleep(seconds);
        self.bench.outbox.handle_timeout(self.bench.now);
    }

    fn transition(&mut self, n: u8, reason: Reason) {
        let (episode, is_open, reminders) = &mut self.episodes[usize::from(n)];
        if *is_open == (reason == Reason::Opened) {
            return;
        }
        let ordinal = if reason == Reason::Reminder { *reminders } else { 0 };
        let mut told = notice(&format!("d{n}.example"), "connect.refused", "critical", reason, *episode, ordinal);
        told.at = self.bench.now.wall;
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
        if matches!(delivery, Delivery::Delivered | Delivery::DeliveredInPart { .. }) {
            self.take(&mail);
        }
        self.rejected |= matches!(delivery, Delivery::Rejected { .. });
        self.bench.outbox.handle_delivery(&mail.id, delivery, self.bench.now);
    }

    fn take(&mut self, mail: &Mail) {
        self.taken_mails.push(mail.id.clone());
        for notice in &mail.notices {
            self.taken.entry(notice.id.clone()).or_default().insert(mail.id.clone());
            let opening = (notice.domain.clone(), notice.episode);
            match notice.reason {
                Reason::Resolved => {
                    self.ended.insert(opening);
                }
                _ if self.ended.contains(&opening) => self.late.push(opening),
                _ => {}
            }
        }
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
                self.take(&mail);
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
        prop_assert!(world.late.is_empty() || world.rejected, "told after their end: {:?}", world.late);
        let distinct: BTreeSet<_> = world.taken_mails.iter().collect();
        prop_assert!(world.taken_mails.len() - distinct.len() <= crashes, "a crash costs at most one repeat");
    }
}
