//! The process dies at every commit and at every step of SMTP, in a thousand lives whose chances hang on their seeds:
//! nothing owed is lost, nothing is told by two mails, and no end before its beginning.
//!
//! `NOTAFTER_SEED=17 cargo test --test it keeper::crashes` lives the life of that seed alone.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

use notafter::incident::{NoticeId, Reason, Refusal};
use notafter::observation::Presented;
use serde_json::Value;

use super::*;
use crate::random::Random;

const LIVES: u64 = 1000;
/// From then on nothing goes wrong any more.
const PEACE: i64 = 5 * HOUR;

#[test]
fn nothing_is_lost_or_told_by_two_mails_in_a_thousand_lives() {
    let mint = Mint::new();
    let names = [0, 1].map(|n| DomainName::parse(&format!("d{n}.example")).unwrap());
    let chains = names.map(|name| (mint.chain(&name, -30 * DAY, 60 * DAY), name));
    let seeds = Random::given().map_or(0..LIVES, |seed| seed..seed + 1);
    let began = std::time::Instant::now();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let lived: Vec<(usize, Places, usize)> = std::thread::scope(|scope| {
        let (seeds, chains) = (&seeds, &chains);
        let work = |worker: usize| seeds.clone().skip(worker).step_by(workers).map(|seed| live(seed, chains)).collect();
        let all: Vec<_> = (0..workers).map(|worker| scope.spawn(move || -> Vec<_> { work(worker) })).collect();
        all.into_iter().flat_map(|worker| worker.join().expect("a life as it should be")).collect()
    });
    let (mut crashes, mut steps, mut repeats) = (0, Places::new(), 0);
    for (crashed, stepped, repeated) in lived {
        crashes += crashed;
        repeats += repeated;
        stepped.into_iter().for_each(|(step, count)| *steps.entry(step).or_insert(0) += count);
    }
    println!(
        "{} lives, {crashes} crashes, {repeats} repeats in {:?}: {steps:?}",
        seeds.end - seeds.start,
        began.elapsed()
    );
    if Random::given().is_none() {
        for place in PLACES {
            assert!(steps.contains_key(place), "nobody died at {place}");
        }
        assert!(repeats > 0, "a crash after the relay took a mail repeats it");
    }
}

/// How many died where.
type Places = BTreeMap<&'static str, usize>;

/// Lives one life: how often it died, where, and how many mails came again.
fn live(seed: u64, chains: &[(Arc<Presented>, DomainName)]) -> (usize, Places, usize) {
    let lived = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut life = Life::new(seed, chains);
        life.live();
        life.check();
        (life.crashes, life.steps, life.repeats)
    }));
    lived.unwrap_or_else(|_| panic!("NOTAFTER_SEED={seed} fails"))
}

/// Where a life may end: beside commits, the steps of SMTP in their order.
const PLACES: [&str; 13] = [
    "before commit",
    "after commit",
    "connect",
    "greeting",
    "EHLO",
    "STARTTLS",
    "AUTH",
    "MAIL",
    "RCPT",
    "DATA",
    "content",
    "dot",
    "QUIT",
];
const STEPS: usize = 11;
const MAIL: usize = 5;
const RCPT: usize = 6;
const CONTENT: usize = 8;
const DOT: usize = 9;
const QUIT: usize = 10;

/// What may happen at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    Crash,
    /// The connection breaks, or nobody answers.
    Cut,
    RefusedForNow,
    RefusedForGood,
}

struct Life {
    world: World,
    random: Random,
    /// From when until when no relay can be reached.
    outage: std::ops::Range<i64>,
    /// What relays took, in order: mail and notices.
    taken: Vec<(String, Vec<Part>)>,
    /// How often each mail was refused for good.
    refusals: BTreeMap<String, u32>,
    crashes: usize,
    repeats: usize,
    steps: Places,
}

type Opening = (String, String, u64);

/// A notice in a mail.
type Part = (NoticeId, Opening, Reason);

impl Life {
    fn new(seed: u64, chains: &[(Arc<Presented>, DomainName)]) -> Self {
        let mut random = Random::of(seed);
        let mut sites = Vec::new();
        for (n, (chain, name)) in (1..).zip(chains) {
            let mut site = Site::new(name.as_str()).every(HOUR).at(n).presents(0, Arc::clone(chain));
            let mut from = random.below(3) as i64 * HOUR;
            while from < PEACE {
                let until = (from + (10 + random.below(120) as i64) * MINUTE).min(PEACE);
                site = site.fails(from, until, Fault::Refused);
                from = until + (20 + random.below(120) as i64) * MINUTE;
            }
            sites.push(match n {
                1 => site.fails(PEACE - HOUR, 1000 * DAY, Fault::Refused),
                _ => site,
            });
        }
        let begins = random.below(3) as i64 * HOUR;
        let outage = begins..begins + random.below(5) as i64 * HOUR * i64::from(random.percent(50));
        let (taken, refusals, steps) = Default::default();
        let mut world = World::new(sites);
        // An absence of hours is told in one mail.
        world.policy.stale_after = Duration::from_secs(2 * HOUR as u64);
        world.restart();
        Self { world, random, outage, taken, refusals, crashes: 0, repeats: 0, steps }
    }

    fn live(&mut self) {
        self.run_until(PEACE);
        // Whoever was given up is tried after a start.
        self.crash();
        self.run_until(PEACE + 80 * MINUTE);
        self.crash();
        self.run_until(PEACE + 90 * MINUTE);
    }

    fn is_peace(&self) -> bool {
        self.world.seconds() >= PEACE
    }

    fn run_until(&mut self, seconds: i64) {
        let end = Duration::from_secs(u64::try_from(seconds).unwrap());
        loop {
            while self.commit() | self.look() | self.mail() {}
            while self.world.keeper.poll_transition().is_some() || self.world.keeper.poll_event().is_some() {}
            while self.world.keeper.poll_renewal().is_some() || self.world.keeper.poll_ping().is_some() {}
            let due = self.world.boot + self.world.keeper.poll_timeout();
            if due > end {
                self.world.time = end.max(self.world.time);
                self.world.keeper.handle_timeout(self.world.now());
                return;
            }
            self.world.time = due.max(self.world.time + Duration::from_millis(1));
            self.world.keeper.handle_timeout(self.world.now());
        }
    }

    fn look(&mut self) -> bool {
        self.world.keeper.poll_references();
        self.world.look()
    }

    fn commit(&mut self) -> bool {
        let all: Vec<_> = std::iter::from_fn(|| self.world.keeper.poll_commit()).collect();
        if all.is_empty() {
            return false;
        }
        if self.dies(2) {
            self.die("before commit");
            return true;
        }
        for change in all.iter().flat_map(|(_, changes)| changes) {
            write(&mut self.world.disk, &change.operation);
        }
        if self.dies(2) {
            self.die("after commit");
            return true;
        }
        for (tag, changes) in all {
            let up_to = changes.last().map_or(0, |change| change.sequence);
            self.world.keeper.handle_stored(&tag, up_to, self.world.now());
        }
        true
    }

    fn mail(&mut self) -> bool {
        let Some((receiver, mail)) = self.world.keeper.poll_mail() else { return false };
        let step = self.random.index(STEPS);
        let mishap = match self.random.below(100) {
            _ if self.is_peace() => None,
            _ if self.outage.contains(&self.world.seconds()) => Some(Mishap::Cut),
            0..20 => Some(Mishap::Crash),
            20..35 => Some(Mishap::Cut),
            35..45 => Some(Mishap::RefusedForNow),
            45..60 => Some(Mishap::RefusedForGood),
            _ => None,
        };
        let step = if self.outage.contains(&self.world.seconds()) { 0 } else { step };
        // Whether a relay that was cut off had taken it is its own affair.
        let dot_was_heard =
            step == DOT && matches!(mishap, Some(Mishap::Crash | Mishap::Cut)) && self.random.percent(50);
        if mishap.is_none() || step == QUIT || dot_was_heard {
            self.take(&mail);
        }
        if mishap == Some(Mishap::Crash) {
            self.die(PLACES[step + 2]);
            return true;
        }
        let delivery = self.answer(&mail.id, step, mishap);
        if matches!(delivery, Delivery::DeliveredInPart { .. }) {
            self.take(&mail);
        }
        self.world.keeper.handle_delivery(&receiver, &mail.id, delivery, self.world.now());
        true
    }

    /// What the mailer makes of it; its own tests hold that it does.
    fn answer(&mut self, mail: &str, step: usize, mishap: Option<Mishap>) -> Delivery {
        let error = || "as told".to_owned();
        match mishap {
            Some(Mishap::RefusedForGood) if step == RCPT && self.random.percent(30) => Delivery::DeliveredInPart {
                refused: vec![Refusal { recipient: "b@example.com".to_owned(), error: error() }],
            },
            Some(Mishap::RefusedForGood) if (MAIL..QUIT).contains(&step) => {
                *self.refusals.entry(mail.to_owned()).or_default() += 1;
                Delivery::Rejected { error: error() }
            }
            Some(_) if step < CONTENT => Delivery::Unsent { error: error() },
            Some(_) if step < QUIT => Delivery::Deferred { error: error() },
            _ => Delivery::Delivered,
        }
    }

    fn take(&mut self, mail: &Mail) {
        let notice = |notice: &notafter::incident::Notice| {
            let opening = (notice.domain.clone(), notice.family.clone(), notice.episode);
            (notice.id.clone(), opening, notice.reason)
        };
        self.repeats += usize::from(self.taken.iter().any(|(id, _)| *id == mail.id));
        self.taken.push((mail.id.clone(), mail.notices.iter().map(notice).collect()));
    }

    fn dies(&mut self, percent: u64) -> bool {
        !self.is_peace() && self.random.percent(percent)
    }

    fn die(&mut self, place: &'static str) {
        *self.steps.entry(place).or_insert(0) += 1;
        self.crash();
    }

    fn crash(&mut self) {
        self.crashes += 1;
        self.world.time += Duration::from_secs(1 + self.random.below(20));
        self.world.restart();
    }

    fn check(&self) {
        self.check_mails();
        self.check_order();
        self.check_rows();
    }

    /// A notice is told by one mail, which may come again.
    fn check_mails(&self) {
        let mut by: BTreeMap<&NoticeId, &str> = BTreeMap::new();
        for (mail, notices) in &self.taken {
            for (id, opening, reason) in notices {
                let first = by.entry(id).or_insert(mail);
                assert_eq!(first, mail, "{opening:?} {reason:?} is told by two mails");
            }
        }
    }

    /// Nothing is said of an incident after its end but what was given up and came late.
    fn check_order(&self) {
        let given_up = |mail: &String| self.refusals.get(mail).is_some_and(|count| *count >= 3);
        let mut over = BTreeSet::new();
        for (mail, notices) in self.taken.iter().filter(|(mail, _)| !given_up(mail)) {
            for (id, opening, reason) in notices {
                match reason {
                    Reason::Resolved => _ = over.insert(opening),
                    _ => {
                        assert!(!over.contains(opening), "{opening:?} {reason:?} {id:?} in {mail} comes after its end")
                    }
                }
            }
        }
    }

    /// Each opening and each end was taken by a relay, or both were over before anybody was told.
    fn check_rows(&self) {
        let taken: BTreeSet<&str> =
            self.taken.iter().flat_map(|(_, notices)| notices.iter().map(|(id, ..)| id.as_str())).collect();
        let of = |table| self.world.disk.values().filter(move |row| row.table == table);
        let notices: Vec<&Value> = of(Table::Notice).map(|row| &row.payload).collect();
        let lately = self.world.now().wall.plus(-MINUTE).to_string();
        for notice in &notices {
            match notice["state"].as_str() {
                Some("delivered") => assert!(taken.contains(notice["notice"]["id"].as_str().unwrap()), "{notice:#}"),
                Some("cancelled") => {}
                // It has only begun to gather.
                Some("owed") if notice["notice"]["at"].as_str() > Some(lately.as_str()) => {}
                _ => panic!("owed for ever: {notice:#}"),
            }
        }
        let state = |name: &str, episode: u64, reason: &str| {
            let is_it = |notice: &&&Value| {
                let notice = &notice["notice"];
                notice["domain"] == name && notice["episode"] == episode && notice["reason"] == reason
            };
            notices.iter().find(is_it).map(|notice| notice["state"].as_str().unwrap())
        };
        let mut firing = Vec::new();
        for row in of(Table::Incident) {
            // All faults of domains are of one family here.
            let name = row.key.split('/').next().unwrap_or_default();
            let (openings, is_open) = (row.payload["openings"].as_u64().unwrap(), row.payload["state"] == "firing");
            firing.extend(is_open.then_some(name));
            for episode in (0..openings).filter(|_| !name.is_empty()) {
                match (state(name, episode, "opened"), state(name, episode, "resolved")) {
                    (Some("delivered"), Some("delivered")) | (Some("cancelled"), Some("cancelled")) => {}
                    (Some("delivered"), None) if is_open && episode + 1 == openings => {}
                    other => panic!("{name} {episode} of {openings}: {other:?}\n{:#}", row.payload),
                }
            }
        }
        assert_eq!(firing, ["d0.example"], "it stays down");
    }
}
