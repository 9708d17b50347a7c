//! Killed a hundred times at random moments while domains come and go: nothing owed is lost, nothing told is told again
//! but for what was on its way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use notafter::incident::{Row, Table};
use notafter::store::Store;
use serde_json::Value;

use super::lab::{domain, receiver};
use super::mail::Letter;
use super::sink::{Sink, Switch};
use super::{DAY, Home, Lab, wait_until};
use crate::random::Random;
use crate::servers::Nginx;

const KILLS: usize = 100;
const DOMAINS: usize = 4;
/// The loop ends after so long, however far it has come, lest a slow machine be kept for ever.
const PATIENCE: Duration = Duration::from_secs(150);

#[test]
fn nothing_is_lost_and_nothing_told_twice() {
    let mut random = Random::seeded(u64::from(std::process::id()));
    let lab = Lab::start();
    let names: Vec<String> = (0..DOMAINS).map(|n| format!("d{n}.lab.example")).collect();
    let nginx = Nginx::start(&names.iter().map(|name| lab.host(name, 60 * DAY)).collect::<Vec<_>>());
    let wires: Vec<Switch> = names.iter().map(|_| Switch::to(nginx.at("127.0.0.1"))).collect();
    let (sink, home) = (Sink::start(), Home::bare());
    let domains: String = names.iter().zip(&wires).map(|(name, wire)| domain(name, &[wire.address()])).collect();
    let told = receiver(&format!("smtp+plain://{}", sink.address()), "");
    home.configure(&(lab.probe(&home, "100ms") + &domains + &told));

    // The first start sums up what it finds, which is another story.
    home.start_ready().stop();
    let began = Instant::now();
    // Where in the mailbox each life ends.
    let mut ends = Vec::new();
    for _ in 0..KILLS {
        assert!(began.elapsed() < PATIENCE, "a hundred kills take too long");
        let daemon = home.spawn();
        let life = Instant::now() + Duration::from_millis(random.below(500));
        while let Some(left) = life.checked_duration_since(Instant::now()) {
            wires[random.index(DOMAINS)].set(random.below(2) == 0);
            std::thread::sleep(left.min(Duration::from_millis(random.below(150))));
        }
        daemon.kill();
        ends.push(sink.settled());
    }
    // Two stay down, two come back.
    for (n, wire) in wires.iter().enumerate() {
        wire.set(n.is_multiple_of(2));
    }
    let mut daemon = home.start_ready();
    let down = |n: usize| if n.is_multiple_of(2) { "healthy" } else { "critical" };
    for (n, name) in names.iter().enumerate() {
        let series = format!("notafter_domain_verdict{{domain=\"{name}\",verdict=\"{}\"}}", down(n));
        daemon.wait_for_sample(&series, 1.0);
    }
    wait_until("rest", || Ledger::peek(home.path()).is_at_rest(&names));
    daemon.wait_for_sample("notafter_notices_owed{receiver=\"oncall\"}", 0.0);
    let log = daemon.stop();

    let letters: Vec<Letter> = sink.mails().iter().map(|mail| Letter::parse(mail)).collect();
    let ledger = Ledger::read(home.path());
    println!("{} mails, {} notices in {:?}", letters.len(), ledger.notices.len(), began.elapsed());
    check_repeats(&letters, &ends);
    ledger.check(&names, &letters, &log);
}

/// A mail comes again only if it was the last of a life: the one on its way when that was ended.
fn check_repeats(letters: &[Letter], ends: &[usize]) {
    let last_of_a_life: BTreeSet<usize> = ends.iter().filter_map(|end| end.checked_sub(1)).collect();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut repeats = 0;
    for (at, letter) in letters.iter().enumerate() {
        if let Some(before) = seen.insert(&letter.id, at) {
            repeats += 1;
            assert!(last_of_a_life.contains(&before), "mail {before} came again as {at}: {letter:?}");
            assert_eq!(letters[before].subject.split(", lasted").next(), letter.subject.split(", lasted").next());
        }
    }
    println!("{repeats} repeats");
    assert!(repeats <= KILLS, "{repeats} repeats");
}

/// What the state says has happened.
struct Ledger {
    incidents: BTreeMap<String, Value>,
    notices: Vec<Value>,
}

impl Ledger {
    /// Of a state that nobody has open.
    fn read(home: &Path) -> Self {
        Self::of(Store::open(home.join("notafter.db")).expect("the state").load().expect("its rows"))
    }

    /// Of a state in use.
    fn peek(home: &Path) -> Self {
        Self::of(Store::peek(home.join("notafter.db")).expect("the state in use"))
    }

    fn of(rows: Vec<Row>) -> Self {
        let mut ledger = Self { incidents: BTreeMap::new(), notices: Vec::new() };
        for row in rows {
            match row.table {
                Table::Incident => _ = ledger.incidents.insert(row.key, row.payload),
                Table::Notice => ledger.notices.push(row.payload),
                Table::Meta | Table::Domain | Table::Mail | Table::Silence => {}
            }
        }
        ledger
    }

    /// The one incident of a domain: all faults here are of one family.
    fn incident(&self, name: &str) -> Option<&Value> {
        self.incidents.iter().find(|(key, _)| key.starts_with(name)).map(|(_, incident)| incident)
    }

    /// Every odd domain has an open incident and no other has.
    fn is_at_rest(&self, names: &[String]) -> bool {
        names.iter().enumerate().all(|(n, name)| {
            let state = self.incident(name).and_then(|incident| incident["state"].as_str());
            if n.is_multiple_of(2) { state.is_none_or(|state| state == "resolved") } else { state == Some("firing") }
        }) && self.notices.iter().all(|notice| notice["state"] != "owed")
    }

    fn check(&self, names: &[String], letters: &[Letter], log: &str) {
        assert!(self.incidents.keys().all(|key| key.contains("reach")), "{:?}", self.incidents.keys());
        let mails: BTreeSet<&str> = letters.iter().filter_map(|letter| letter.id.split('@').next()).collect();
        for name in names {
            self.check_domain(name, &mails);
        }
        // What was told by a mail that the state knows nothing of would be told by another as well.
        let known: BTreeSet<&str> = self.notices.iter().filter_map(|notice| notice["mail"].as_str()).collect();
        let unknown: Vec<_> = mails.difference(&known).collect();
        assert!(unknown.is_empty(), "mails whose notices were told by others as well: {unknown:?}\n{log}");
    }

    /// Each opening and each end is in a mail that was delivered, or both were over before anybody was told.
    fn check_domain(&self, name: &str, mails: &BTreeSet<&str>) {
        let incident = self.incident(name).expect("each domain was down at some time");
        let openings = incident["openings"].as_u64().expect("a count");
        let is_open = incident["state"] == "firing";
        for episode in 0..openings {
            let reasons: &[&str] =
                if is_open && episode + 1 == openings { &["opened"] } else { &["opened", "resolved"] };
            for reason in reasons {
                let notice = self.notice(name, episode, reason);
                match notice["state"].as_str() {
                    Some("delivered") => {
                        let mail = notice["mail"].as_str().expect("a mail");
                        assert!(mails.contains(mail), "{name} {episode} {reason}: its mail never came");
                    }
                    Some("cancelled") => assert!(!is_open || episode + 1 < openings, "{name} {episode} {reason}"),
                    other => panic!("{name} {episode} {reason} is {other:?}"),
                }
            }
            let state = |reason| self.notice(name, episode, reason)["state"].clone();
            assert!(reasons.len() == 1 || state("opened") == state("resolved"), "{name} {episode}: half is told");
        }
    }

    fn notice(&self, name: &str, episode: u64, reason: &str) -> &Value {
        let is_it = |row: &&Value| {
            let notice = &row["notice"];
            notice["domain"] == name && notice["episode"] == episode && notice["reason"] == reason
        };
        let all: Vec<&Value> = self.notices.iter().filter(is_it).collect();
        assert_eq!(all.len(), 1, "{name} {episode} {reason}: {all:?}\n{:#?}", self.incident(name));
        all[0]
    }
}
