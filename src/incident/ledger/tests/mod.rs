//! The ledger's rules, one test each, on a small world under a virtual clock: [`World`] makes the looks that are
//! due, stores what is to be stored, takes what is told, and steps from one event to the next.

mod confirming;
mod flapping;
mod fleet;
mod opening;
mod random;
mod resolving;
mod restart;
mod silence;
mod telling;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::domain::UnixTime;
use crate::incident::{MailKind, Notice, Reason};
use crate::observation::View;
use crate::observation::certificate::Sha256;
use crate::verdict::{Kind, Path, Severity};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
/// The wall clock when the world begins.
const START: i64 = 1_800_000_000;

/// Domains, what befalls them, and a ledger that watches them.
struct World {
    ledger: Ledger,
    sites: BTreeMap<DomainName, Site>,
    disk: BTreeMap<(Table, String), Value>,
    /// Seconds since the world began; the monotonic clock began `boot` seconds in.
    time: i64,
    boot: i64,
    /// How far the wall clock is off.
    skew: i64,
    next_look: BTreeMap<DomainName, i64>,
    /// The earliest look asked for; like a schedule, the world remembers no other.
    again: BTreeMap<DomainName, i64>,
    told: Vec<Told>,
    /// When a look was made that a confirmation asked for.
    looked_again: Vec<(i64, String)>,
    changes: usize,
    store_works: bool,
    outbox_works: bool,
    unstored: Vec<Change>,
    steps: usize,
    crash: Option<(usize, Crash)>,
}

/// One domain, and what is true of it when.
#[derive(Clone)]
struct Site {
    domain: Domain,
    addresses: BTreeSet<SocketAddr>,
    /// From when on which certificate is served: (second, seconds it runs out at).
    certificates: Vec<(i64, i64)>,
    faults: Vec<Fault>,
}

#[derive(Clone)]
struct Fault {
    from: i64,
    to: i64,
    finding: Finding,
}

/// What was told, when.
#[derive(Clone, Debug)]
struct Told {
    time: i64,
    kind: MailKind,
    unstored: bool,
    notice: Notice,
}

/// Where in handling one step's outputs the process is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Crash {
    BeforeStoring,
    StoringHalf,
    BeforeTelling,
    BeforeTaking,
}

impl Site {
    fn new(name: &str) -> Self {
        let domain = Domain::new(DomainName::parse(name).unwrap());
        Self { domain, addresses: [address(1)].into(), certificates: Vec::new(), faults: Vec::new() }
    }

    fn at(mut self, addresses: &[u8]) -> Self {
        self.addresses = addresses.iter().map(|last| address(*last)).collect();
        self
    }

    fn interval(mut self, seconds: u64) -> Self {
        self.domain.interval = Duration::from_secs(seconds);
        self
    }

    fn in_setup(mut self) -> Self {
        self.domain.live = false;
        self
    }

    /// A fault from one second to another (exclusive), at every address unless its code is of none.
    fn fails(self, from: i64, to: i64, code: Code) -> Self {
        let spots: Vec<SocketAddr> = self.addresses.iter().copied().collect();
        let everywhere = !matches!(code.area(), "dns" | "watch");
        let finding = Finding::new(code, format!("{code} was seen"));
        self.shows(from, to, if everywhere { finding.at(spots) } else { finding })
    }

    fn shows(mut self, from: i64, to: i64, finding: Finding) -> Self {
        self.faults.push(Fault { from, to, finding });
        self
    }

    fn certificate(mut self, from: i64, runs_out: i64) -> Self {
        self.certificates.push((from, runs_out));
        self
    }

    fn verdict(&self, time: i64, skew: i64) -> Verdict {
        let at = UnixTime(START + time + skew);
        let mut findings: Vec<Finding> =
            self.faults.iter().filter(|f| f.from <= time && time < f.to).map(|f| f.finding.clone()).collect();
        let served = self.certificates.iter().rev().find(|(from, _)| *from <= time);
        let expires = served.map(|(_, end)| UnixTime(START + end));
        let mut changes_at = None;
        if let Some(expires) = expires {
            let left = at.until(expires);
            let (code, severity) = match left {
                ..=0 => (Some(Code::TlsExpired), Severity::Critical),
                _ if left <= 7 * DAY => (Some(Code::TlsExpiresSoon), Severity::Critical),
                _ if left <= 21 * DAY => (Some(Code::TlsExpiresSoon), Severity::Warning),
                _ => (None, Severity::Info),
            };
            let leaf = self.leaf(time).map(|leaf| leaf.to_string()).unwrap_or_default();
            let new = |code| {
                Finding::new(code, format!("{left} s are left")).severity(severity).fact("sha256", leaf.as_str())
            };
            findings.extend(code.map(|code| new(code).at(self.addresses.iter().copied())));
            let thresholds = [21 * DAY, 7 * DAY, 0].map(|before| expires.plus(-before));
            changes_at = thresholds.into_iter().find(|threshold| *threshold > at);
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let worst = findings.iter().filter(|f| f.entry().kind != Kind::Watch).map(|f| f.severity).max();
        let level = match worst {
            Some(Severity::Critical) => Level::Critical,
            Some(Severity::Warning) => Level::Warning,
            _ if findings.iter().any(|f| f.entry().kind == Kind::Watch && f.severity > Severity::Info) => {
                Level::Unknown
            }
            _ => Level::Healthy,
        };
        let domain = self.domain.name.clone();
        Verdict {
            domain,
            at,
            level,
            findings,
            path: Path::not_looked(),
            effective_expiry: expires,
            limiting: None,
            presented_earliest: None,
            revocation: None,
            changes_at,
        }
    }

    /// The leaf that is served.
    fn leaf(&self, time: i64) -> Option<Sha256> {
        let served = self.certificates.iter().rev().find(|(from, _)| *from <= time);
        served.map(|(from, _)| Sha256::of(from.to_string().as_bytes()))
    }

    fn looked(&self, time: i64) -> Looked {
        Looked {
            fresh: true,
            leaves: self.leaf(time).into_iter().collect(),
            view: View::Proxy,
            records: true,
            txt: true,
            handshakes: self.addresses.clone(),
            requests: self.addresses.clone(),
            known: self.addresses.clone(),
            ..Looked::default()
        }
    }
}

impl World {
    /// A world whose first summary is long over.
    fn new(sites: impl IntoIterator<Item = Site>) -> Self {
        let over = Row { table: Table::Meta, key: FIRST_SUMMARY.to_owned(), payload: serde_json::json!({}) };
        Self::from_rows(sites, vec![over])
    }

    /// A world at its very first start.
    fn first_start(sites: impl IntoIterator<Item = Site>) -> Self {
        Self::from_rows(sites, Vec::new())
    }

    fn from_rows(sites: impl IntoIterator<Item = Site>, rows: Vec<Row>) -> Self {
        let sites: BTreeMap<_, _> = sites.into_iter().map(|site| (site.domain.name.clone(), site)).collect();
        let now = Now { wall: UnixTime(START), mono: Duration::ZERO };
        let disk = rows.iter().map(|row| ((row.table, row.key.clone()), row.payload.clone())).collect();
        let spread = |(i, (name, site)): (usize, (&DomainName, &Site))| {
            let interval = site.domain.interval.as_secs() as i64;
            (name.clone(), i as i64 * interval / sites.len() as i64)
        };
        let next_look = sites.iter().enumerate().map(spread).collect();
        let mut world = Self {
            ledger: Ledger::restore(Policy::default(), rows, now),
            sites,
            disk,
            time: 0,
            boot: 0,
            skew: 0,
            next_look,
            again: BTreeMap::new(),
            told: Vec::new(),
            looked_again: Vec::new(),
            changes: 0,
            store_works: true,
            outbox_works: true,
            unstored: Vec::new(),
            steps: 0,
            crash: None,
        };
        world.watch_sites();
        world
    }

    fn now(&self) -> Now {
        let mono = Duration::from_secs((self.time - self.boot) as u64);
        Now { wall: UnixTime(START + self.time + self.skew), mono }
    }

    fn watch_sites(&mut self) {
        let domains: Vec<Domain> = self.sites.values().map(|site| site.domain.clone()).collect();
        self.ledger.handle_domains(&domains, self.now());
        self.drain();
    }

    /// Steps from event to event until this second, inclusive.
    fn run_until(&mut self, end: i64) -> &mut Self {
        while let Some(next) = self.next_event().filter(|next| *next <= end) {
            self.time = self.time.max(next);
            self.step();
        }
        self.time = end;
        self
    }

    fn next_event(&self) -> Option<i64> {
        let timeout = self.ledger.poll_timeout().map(|due| self.boot + due.as_millis().div_ceil(1000) as i64);
        let again = self.again.values().copied();
        self.next_look.values().copied().chain(timeout).chain(again).min()
    }

    fn step(&mut self) {
        let due = |looks: &BTreeMap<DomainName, i64>| {
            looks.iter().find(|(_, at)| **at <= self.time).map(|(name, _)| name.clone())
        };
        let (again, regular) = (due(&self.again), due(&self.next_look));
        if self.ledger.poll_timeout().is_some_and(|due| due <= self.now().mono) {
            self.ledger.handle_timeout(self.now());
        } else if let Some(name) = again {
            self.looked_again.push((self.time, name.to_string()));
            self.look(&name);
        } else if let Some(name) = regular {
            let interval = self.sites[&name].domain.interval.as_secs() as i64;
            *self.next_look.get_mut(&name).unwrap() += interval;
            self.look(&name);
        }
        self.drain();
    }

    fn look(&mut self, name: &DomainName) {
        self.again.retain(|asked, at| asked != name || *at > self.time);
        let site = &self.sites[name];
        self.ledger.handle_verdict(&site.verdict(self.time, self.skew), &site.looked(self.time), self.now());
    }

    /// Hands in a verdict with a look of one's own making.
    fn see(&mut self, name: &str, change: impl FnOnce(&mut Looked)) {
        let site = &self.sites[&DomainName::parse(name).unwrap()];
        let mut looked = site.looked(self.time);
        change(&mut looked);
        self.ledger.handle_verdict(&site.verdict(self.time, self.skew), &looked, self.now());
        self.drain();
    }

    /// Takes every output, as a keeper does; or is killed at it.
    fn drain(&mut self) {
        self.steps += 1;
        let crash = self.crash.filter(|(step, _)| *step == self.steps).map(|(_, crash)| crash);
        loop {
            let mut changes: Vec<Change> = std::mem::take(&mut self.unstored);
            changes.extend(std::iter::from_fn(|| self.ledger.poll_change()));
            self.changes += changes.len();
            if crash == Some(Crash::BeforeStoring) {
                return self.restart();
            }
            let half = changes.len() / 2;
            if !self.store_works {
                if !changes.is_empty() {
                    self.ledger.handle_store_failed(self.now());
                }
                self.unstored = changes;
            } else if let Some(last) = changes.last().map(|change| change.sequence) {
                for (i, change) in changes.into_iter().enumerate() {
                    if crash == Some(Crash::StoringHalf) && i == half {
                        return self.restart();
                    }
                    self.store(change);
                }
                self.ledger.handle_stored(last, self.now());
            }
            if crash == Some(Crash::BeforeTelling) {
                return self.restart();
            }
            let batches: Vec<Batch> = std::iter::from_fn(|| self.ledger.poll_batch()).collect();
            let judge: Vec<DomainName> = std::iter::from_fn(|| self.ledger.poll_judge()).collect();
            let quiet = batches.is_empty() && judge.is_empty();
            for Batch { kind, notices, unstored } in batches {
                for notice in notices {
                    self.told.push(Told { time: self.time, kind, unstored, notice: notice.clone() });
                    if crash != Some(Crash::BeforeTaking) && self.outbox_works {
                        self.ledger.handle_taken(&notice.id, self.now());
                    }
                }
            }
            if crash == Some(Crash::BeforeTaking) {
                return self.restart();
            }
            while let Some(look) = self.ledger.poll_look() {
                let at = self.boot + look.at.as_millis().div_ceil(1000) as i64;
                let asked = self.again.entry(look.domain).or_insert(at);
                *asked = at.min(*asked);
            }
            for name in judge {
                let site = &self.sites[&name];
                self.ledger.handle_verdict(&site.verdict(self.time, self.skew), &Looked::default(), self.now());
            }
            if quiet {
                return;
            }
        }
    }

    fn store(&mut self, change: Change) {
        match change.operation {
            Operation::Put(row) => _ = self.disk.insert((row.table, row.key), row.payload),
            Operation::Insert(row) => _ = self.disk.entry((row.table, row.key)).or_insert(row.payload),
            Operation::Delete { table, key } => _ = self.disk.remove(&(table, key)),
        }
    }

    /// The process is killed, and started again from what is stored.
    fn restart(&mut self) {
        let rows = self.disk.iter().map(|((table, key), payload)| Row {
            table: *table,
            key: key.clone(),
            payload: payload.clone(),
        });
        self.boot = self.time;
        self.unstored.clear();
        self.again.clear();
        self.ledger = Ledger::restore(Policy::default(), rows.collect::<Vec<_>>(), self.now());
        assert_eq!(self.ledger.unreadable(), [""; 0]);
        self.watch_sites();
    }

    /// What was told: second, domain, reason, code, severity.
    fn news(&self) -> Vec<String> {
        self.told.iter().map(Told::line).collect()
    }

    fn ids(&self) -> BTreeSet<NoticeId> {
        self.told.iter().map(|told| told.notice.id.clone()).collect()
    }

    /// The incidents as they stand: domain, family, state, severity.
    fn standing(&self) -> Vec<String> {
        let line = |s: Standing<'_>| format!("{} {} {} {}", s.domain, s.family, s.state.as_str(), s.severity.as_str());
        self.ledger.incidents().map(line).collect()
    }
}

impl Told {
    fn line(&self) -> String {
        let Notice { domain, reason, code, severity, .. } = &self.notice;
        format!("{} {domain} {} {code} {severity}", self.time, reason.as_str())
    }
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 443))
}
