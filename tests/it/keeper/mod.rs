//! The one writer under a virtual clock: a [`World`] makes the looks it asks for, commits, delivers, and steps from one
//! moment at which something is due to the next. No I/O, so that weeks pass in seconds.

mod alerts;
mod causes;
mod clocks;
mod crashes;
mod crowd;
mod heartbeat;
mod rehearsals;
mod relay_checks;
mod relays;
mod renewals;
mod resolvers;
mod routes;
mod rules;
mod silences;
mod site;
mod views;
mod week;
mod year;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use notafter::domain::{DomainName, Now, UnixTime};
use notafter::incident::{Change, Checked, Delivery, Mail, Operation, Policy, Row, Table};
use notafter::keeper::{HeartbeatSettings, Keeper, LookRequest, Ping, Recipient, Tag, Watch};
use notafter::verdict::{Level, References, Severity, Surroundings, Verdict, judge};

use alerts::Alertmanager;
use site::{Fault, Mint, Site};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
/// The wall clock's time when a world begins: 2027-01-15T08:00:00Z.
const HEARTBEAT: HeartbeatSettings = HeartbeatSettings { every: Duration::from_secs(60), plain: false };
const START: i64 = 1_800_000_000;

/// What is watched, and the keeper that watches it.
struct World {
    keeper: Keeper,
    sites: BTreeMap<DomainName, Site>,
    /// Since the world began; the keeper's monotonic clock began `boot` in.
    time: Duration,
    boot: Duration,
    disk: BTreeMap<(Table, String), Row>,
    store: Store,
    uncommitted: Vec<(Tag, Vec<Change>)>,
    relay_answers: bool,
    receivers: Vec<String>,
    policy: Policy,
    /// Who is told of every domain; `None` for all receivers.
    recipients: Option<Vec<Recipient>>,
    /// What comes of each attempt to deliver, if not what `relay_answers` says.
    answers: Option<fn(&str, &Mail) -> Delivery>,
    /// By how much the wall clock was set anew, in seconds.
    jumped: i64,
    references: References,
    resolver_answers: bool,
    /// Resolvers that are asked side by side, and whether each answers; none for one that is not told of.
    resolvers: Vec<(&'static str, bool)>,
    sent: Vec<Sent>,
    /// What the dead man's switch was told when, in seconds.
    pings: Vec<(i64, Ping)>,
    /// Whether the dead man's switch takes them.
    switch_answers: bool,
    /// What a relay says that is asked whether it would take a mail, and when one was, in seconds.
    relay_says: Checked,
    relay_asked: Vec<i64>,
    /// Whether no look ever ends.
    is_stuck: bool,
    looks: usize,
    /// Requests that looks made to the origin host, in seconds.
    origin_looks: Vec<i64>,
    /// When tenants' own hosts were looked at, in seconds.
    tenant_looks: Vec<i64>,
    /// Each look: when, and whether it was given what is known of the records.
    known: Vec<(i64, bool)>,
    /// Of how each domain is looked at.
    revision: u64,
    /// The receiver `am`, if there is one.
    alertmanager: Option<Alertmanager>,
}

/// How the store fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Store {
    Works,
    /// Nothing comes back.
    Hangs,
    /// Every commit is an error.
    Fails,
}

/// A mail that was delivered, when.
#[derive(Debug, Clone)]
struct Sent {
    time: i64,
    mail: Mail,
}

impl World {
    fn new(sites: impl IntoIterator<Item = Site>) -> Self {
        let now = Now { wall: UnixTime(START), mono: Duration::ZERO };
        let mut world = Self {
            keeper: Keeper::restore(Policy::default(), &["oncall".to_owned()], Vec::new(), now),
            sites: sites.into_iter().map(|site| (site.domain.name.clone(), site)).collect(),
            time: Duration::ZERO,
            boot: Duration::ZERO,
            disk: BTreeMap::new(),
            store: Store::Works,
            uncommitted: Vec::new(),
            relay_answers: true,
            receivers: vec!["oncall".to_owned()],
            policy: Policy::default(),
            recipients: None,
            answers: None,
            jumped: 0,
            references: References::None,
            resolver_answers: true,
            resolvers: Vec::new(),
            known: Vec::new(),
            sent: Vec::new(),
            pings: Vec::new(),
            switch_answers: true,
            relay_says: Checked::Good,
            relay_asked: Vec::new(),
            is_stuck: false,
            looks: 0,
            origin_looks: Vec::new(),
            tenant_looks: Vec::new(),
            revision: 0,
            alertmanager: None,
        };
        world.keeper.handle_heartbeat(Some(HEARTBEAT), now);
        world.keeper.handle_watches(world.watches(), now);
        world
    }

    fn now(&self) -> Now {
        Now { wall: UnixTime(START + self.seconds() + self.jumped), mono: self.time - self.boot }
    }

    fn seconds(&self) -> i64 {
        i64::try_from(self.time.as_secs()).unwrap()
    }

    fn watches(&self) -> Vec<Watch> {
        let recipient = |name: &String| Recipient::of_all(name, Severity::Warning);
        let mut recipients: Vec<Recipient> = match &self.recipients {
            Some(recipients) => recipients.clone(),
            None => self.receivers.iter().map(recipient).collect(),
        };
        recipients.extend(self.alertmanager.as_ref().map(Alertmanager::recipient));
        let recipients: Arc<[Recipient]> = recipients.into();
        let watch = |site: &Site| Watch {
            domain: Arc::new(site.domain.clone()),
            recipients: recipients.clone(),
            http_addresses: 4,
            contract: 0,
            origin: site.has_origin,
            tenant: site.domain.tenant.is_some(),
            revision: self.revision,
        };
        self.sites.values().map(watch).collect()
    }

    /// Reads the configuration again, after `sites` was changed.
    fn reload(&mut self) {
        self.tell_of_alertmanager();
        self.keeper.handle_watches(self.watches(), self.now());
    }

    /// The process is killed, and begins anew from what is stored, its chains still to be remembered.
    fn restart(&mut self) {
        self.boot = self.time;
        self.uncommitted.clear();
        let rows = self.disk.values().cloned().collect();
        self.keeper = Keeper::restore(self.policy.clone(), &self.receivers, rows, self.now());
        self.keeper.handle_heartbeat(Some(HEARTBEAT), self.now());
        self.reload();
    }

    /// Lets everything happen until so many seconds after the beginning.
    fn run_until(&mut self, seconds: i64) {
        let end = Duration::from_secs(u64::try_from(seconds).unwrap());
        loop {
            self.act();
            let due = self.boot + self.keeper.poll_timeout();
            if due > end {
                self.time = end;
                return self.keeper.handle_timeout(self.now());
            }
            self.time = due.max(self.time + Duration::from_millis(1));
            self.keeper.handle_timeout(self.now());
        }
    }

    /// Does all that the keeper asks for now.
    fn act(&mut self) {
        loop {
            let committed = self.commit();
            let looked = self.look() | self.look_at_tenant();
            let mailed = self.mail() | self.post();
            if self.keeper.poll_references() && self.references != References::None {
                self.keeper.handle_references(self.references, self.now());
            }
            while let Some(receiver) = self.keeper.poll_relay_check() {
                self.relay_asked.push(self.seconds());
                self.keeper.handle_relay_checked(&receiver, self.relay_says.clone(), self.now());
            }
            while let Some(ping) = self.keeper.poll_ping() {
                self.pings.push((self.seconds(), ping));
                let taken = if self.switch_answers { Ok(()) } else { Err("hc.example:443: status 503".to_owned()) };
                self.keeper.handle_pinged(taken, self.now());
            }
            if !committed && !looked && !mailed {
                break;
            }
        }
        while self.keeper.poll_transition().is_some() || self.keeper.poll_event().is_some() {}
        while self.keeper.poll_renewal().is_some() {}
    }

    fn commit(&mut self) -> bool {
        let new = self.uncommitted.len();
        self.uncommitted.extend(std::iter::from_fn(|| self.keeper.poll_commit()));
        match self.store {
            Store::Works => {}
            Store::Fails if self.uncommitted.len() > new => {
                self.keeper.handle_store_failed(self.now());
                return true;
            }
            Store::Hangs | Store::Fails => return false,
        }
        let all = std::mem::take(&mut self.uncommitted);
        let any = !all.is_empty();
        for change in all.iter().flat_map(|(_, changes)| changes) {
            write(&mut self.disk, &change.operation);
        }
        for (tag, changes) in all {
            let up_to = changes.last().map_or(0, |change| change.sequence);
            self.keeper.handle_stored(&tag, up_to, self.now());
        }
        any
    }

    fn look(&mut self) -> bool {
        let Some(request) = self.keeper.poll_look() else { return false };
        if self.is_stuck {
            return true;
        }
        self.make(&request);
        true
    }

    fn look_at_tenant(&mut self) -> bool {
        let Some(request) = self.keeper.poll_tenant() else { return false };
        self.tenant_looks.push(self.seconds());
        let of_tenant = self.sites.values().find(|site| site.domain.tenant.as_ref() == Some(&request.tenant));
        let seen = of_tenant.map(|site| site.tenant_view(self.seconds(), self.now().wall));
        self.keeper.handle_tenant(&request.tenant, seen, self.now());
        true
    }

    /// Goes on to the next look at this domain, which is left under way.
    fn begin_look(&mut self, name: &str) -> LookRequest {
        loop {
            match self.keeper.poll_look() {
                Some(request) if request.domain.as_str() == name => return request,
                Some(request) => self.make(&request),
                None => {
                    let due = self.boot + self.keeper.poll_timeout();
                    self.time = due.max(self.time + Duration::from_millis(1));
                    self.keeper.handle_timeout(self.now());
                }
            }
        }
    }

    fn make(&mut self, request: &LookRequest) {
        self.looks += 1;
        let now = self.now();
        match self.sites.get(&request.domain) {
            Some(site) => {
                let mut look = site.look_as(self.seconds(), now.wall, request, self.resolver_answers);
                resolvers::fare(&mut look, &self.resolvers);
                self.known.push((self.seconds(), request.known.is_some()));
                let to_origin = look.origin.is_some();
                self.keeper.handle_look(look, now);
                self.stands_as_if_judged_anew(&request.domain);
                if to_origin {
                    self.origin_looks.push(self.seconds());
                }
            }
            None => self.keeper.handle_no_look(&request.domain, now),
        }
    }

    /// A verdict without findings may be the one from before the look. Whichever it is, it is what the record comes to.
    fn stands_as_if_judged_anew(&self, name: &DomainName) {
        let (snapshot, now) = (self.keeper.snapshot(), self.now().wall);
        let Some(state) = snapshot.domains.iter().find(|state| state.domain.name == *name) else { return };
        if let Some(verdict) = state.verdict.as_ref().filter(|verdict| verdict.findings.is_empty() && verdict.at == now)
        {
            assert_eq!(**verdict, judge(&state.domain, &state.record, &Surroundings::default(), now));
        }
    }

    fn mail(&mut self) -> bool {
        let Some((receiver, mail)) = self.keeper.poll_mail() else { return false };
        let answer = self.answers.map(|answer| answer(&receiver, &mail));
        let delivery = if let Some(answer) = answer {
            if matches!(answer, Delivery::Delivered | Delivery::DeliveredInPart { .. }) {
                self.sent.push(Sent { time: self.seconds(), mail: mail.clone() });
            }
            answer
        } else if self.relay_answers {
            self.sent.push(Sent { time: self.seconds(), mail: mail.clone() });
            Delivery::Delivered
        } else {
            Delivery::Deferred { error: "no route to host".to_owned() }
        };
        self.keeper.handle_delivery(&receiver, &mail.id, delivery, self.now());
        true
    }

    /// What is concluded of a domain now.
    fn verdict(&self, name: &str) -> Option<Arc<Verdict>> {
        let snapshot = self.keeper.snapshot();
        snapshot.domains.iter().find(|state| state.domain.name.as_str() == name)?.verdict.clone()
    }

    fn level(&self, name: &str) -> Level {
        self.verdict(name).map_or(Level::Unknown, |verdict| verdict.level)
    }

    fn codes(&self, name: &str) -> Vec<&'static str> {
        let verdict = self.verdict(name);
        verdict.iter().flat_map(|verdict| &verdict.findings).map(|finding| finding.code.as_str()).collect()
    }

    /// Every notice that was delivered: when by `clock`, and what.
    fn told(&self) -> Vec<String> {
        let line = |sent: &Sent, notice: &notafter::incident::Notice| {
            let domain = if notice.domain.is_empty() { "notafter" } else { notice.domain.as_str() };
            format!("{} {domain} {} {} {}", clock(sent.time), notice.severity, notice.code, notice.reason.as_str())
        };
        self.sent.iter().flat_map(|sent| sent.mail.notices.iter().map(|notice| line(sent, notice))).collect()
    }
}

/// Day and hour since the beginning.
fn clock(seconds: i64) -> String {
    format!("day {} {:02}h", seconds / DAY, seconds % DAY / HOUR)
}

fn write(disk: &mut BTreeMap<(Table, String), Row>, operation: &Operation) {
    match operation {
        Operation::Put(row) => _ = disk.insert((row.table, row.key.clone()), row.clone()),
        Operation::Insert(row) => _ = disk.entry((row.table, row.key.clone())).or_insert_with(|| row.clone()),
        Operation::Delete { table, key } => _ = disk.remove(&(*table, key.clone())),
    }
}
