//! [`Keeper`]: the one writer. Whatever is seen, delivered or stored comes here, and here alone is anything changed.
//!
//! It joins the pure rooms: the schedule says who is looked at, a look is judged, the verdict goes to the ledger, the
//! ledger's notices to the outboxes, and what both change to whoever commits it. It does no I/O and reads no clock:
//! the daemon feeds it (`handle_*`), does what it asks for (`poll_*`), and reads its [`Snapshot`].

mod alerts;
mod chains;
mod commits;
mod fallback;
mod heartbeat;
mod histories;
mod lanes;
mod load;
mod looks;
mod manners;
mod mtls;
mod outboxes;
mod own_sight;
mod rehearsal;
mod relay_checks;
mod routing;
mod silences;
mod snapshot;
mod status;
mod tenant_views;
mod tenants;
mod unheard;
mod watched;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use alerts::AlertReceivers;
use commits::Takings;
use fallback::Routing;
use heartbeat::Heartbeat;
use lanes::Lanes;
use load::Load;
use looks::Flight;
use manners::Manners;
use mtls::WithMtls;
use outboxes::Outboxes;
use own_sight::OwnSight;
use relay_checks::RelayChecks;
use status::StatusNotes;
use tenant_views::TenantViews;
use tenants::Tenants;
use watched::Watched;

use crate::domain::{DomainName, Now, UnixTime, packed};
use crate::history::{self, History};
use crate::incident::{Change, Delivery, Ledger, Looked, Mail, Operation, OutboxEvent, Policy, Row};
use crate::observation::Presented;
use crate::schedule::Schedule;
use crate::verdict::{Family, Finding, Level, References, Verdict};

pub use chains::{StoredChain, stored_chains};
pub use commits::Tag;
pub use heartbeat::{HeartbeatSettings, Ping};
pub use lanes::Crowded;
pub use load::Lag;
pub use looks::LookRequest;
pub use rehearsal::{EVERYBODY, Rehearsal, Scene, Told, What};
pub use routing::{Recipient, Watch};
pub use silences::{NotEnded, SilenceChange};
pub use snapshot::{Chunks, Counters, DomainState, LookResult, OwnFinding, Snapshot};
pub use tenant_views::TenantRequest;
pub use tenants::{ClientIpRequest, ClientIpSeen, Listed, ListingRequest, TenantWatch};

/// With nothing to do at all, somebody looks in so often.
const IDLE: Duration = Duration::from_secs(60);

/// The one writer.
#[derive(Debug)]
pub struct Keeper {
    now: Now,
    schedule: Schedule,
    domains: BTreeMap<DomainName, Watched>,
    ledger: Ledger,
    outboxes: Outboxes,
    alerts: AlertReceivers,
    own_sight: OwnSight,
    heartbeat: Heartbeat,
    relay_checks: RelayChecks,
    manners: Manners,
    tenants: Tenants,
    tenant_views: TenantViews,
    status_notes: StatusNotes,
    takings: Takings,
    routing: Routing,
    with_mtls: WithMtls,
    /// Whose chains were stored before the start, until it is known who is watched.
    stored_chains: BTreeSet<DomainName>,
    /// And whose histories.
    stored_histories: BTreeMap<DomainName, History>,
    commits: VecDeque<(Tag, Vec<Change>)>,
    events: VecDeque<(String, OutboxEvent)>,
    flights: BTreeMap<DomainName, Flight>,
    lanes: Lanes,
    load: Load,
    /// From when on a look at a domain is one that the ledger wanted.
    asked_anew: BTreeMap<DomainName, Duration>,
    /// Numbers the ways in which domains are looked at.
    ways: u64,
    draining: bool,
    chunks: Chunks,
    counters: Counters,
    transitions: VecDeque<Transition>,
    renewals: VecDeque<(DomainName, history::Event)>,
}

/// A verdict that is another than the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The domain.
    pub domain: DomainName,
    /// What it was; unknown before the first look.
    pub from: Level,
    /// What it is.
    pub to: Level,
    /// The worst finding in words; empty if there is none.
    pub why: String,
}

impl Keeper {
    /// A keeper as its stored rows left it. It watches nobody until [`Keeper::handle_watches`].
    pub fn restore(policy: Policy, receivers: &[String], rows: Vec<Row>, now: Now) -> Self {
        let outboxes = Outboxes::restore(&policy, receivers, &rows, now);
        let routing = Routing::of(&policy);
        let stored_chains = rows.iter().filter_map(chains::owner).collect();
        let stored_histories = histories::stored(&rows);
        let mut keeper = Self {
            now,
            schedule: Schedule::default(),
            domains: BTreeMap::new(),
            outboxes,
            alerts: AlertReceivers::default(),
            tenants: Tenants::restore(&rows),
            ledger: Ledger::restore(policy, rows, now),
            own_sight: OwnSight::new(),
            heartbeat: Heartbeat::new(now),
            relay_checks: RelayChecks::default(),
            manners: Manners::default(),
            tenant_views: TenantViews::default(),
            status_notes: StatusNotes::default(),
            takings: Takings::default(),
            routing,
            with_mtls: WithMtls::default(),
            stored_chains,
            stored_histories,
            commits: VecDeque::new(),
            events: VecDeque::new(),
            flights: BTreeMap::new(),
            lanes: Lanes::default(),
            load: Load::new(now),
            asked_anew: BTreeMap::new(),
            ways: 0,
            draining: false,
            chunks: Chunks::default(),
            counters: Counters::new(receivers),
            transitions: VecDeque::new(),
            renewals: VecDeque::new(),
        };
        keeper.restore_with_mtls();
        keeper.settle();
        keeper
    }
}

/// Inputs.
impl Keeper {
    /// These are the domains to watch from now on, and who is told of each.
    pub fn handle_watches(&mut self, watches: Vec<Watch>, now: Now) {
        self.now = now;
        self.schedule
            .reconcile(watches.iter().map(|watch| (watch.domain.name.clone(), watch.domain.interval)), now.mono);
        self.ledger.handle_domains(watches.iter().map(|watch| watch.domain.as_ref()), now);
        let mut known = std::mem::take(&mut self.domains);
        let mut histories = std::mem::take(&mut self.stored_histories);
        for watch in watches {
            let name = watch.domain.name.clone();
            self.ways += 1;
            let watched = match known.remove(&name) {
                Some(watched) => watched.with(watch, self.ways),
                None => Watched::new(watch, self.ways, histories.remove(&name).unwrap_or_default()),
            };
            self.domains.insert(name, watched);
        }
        self.domains = packed(std::mem::take(&mut self.domains));
        self.update_recipients();
        // Some may have been removed while we were down.
        let mut gone = std::mem::take(&mut self.stored_chains);
        gone.extend(histories.into_keys());
        gone.retain(|name| !self.domains.contains_key(name));
        gone.extend(known.into_keys());
        for name in gone {
            self.own_sight.forget_domain(&name);
            self.asked_anew.remove(&name);
            self.commit(Tag::Keeper, vec![chains::forgotten(&name), histories::forgotten(&name)]);
        }
        self.heartbeat.expect_looks(self.domains.values().map(|watched| watched.domain().interval).min());
        let payers: BTreeSet<&DomainName> = self.domains.values().map(Watched::payer).collect();
        self.manners.keep(|payer| payers.contains(payer));
        let of_tenants = |watched: &'_ Watched| Some((watched.tenant_view()?.clone(), watched.domain().interval));
        self.tenant_views.reconcile(self.domains.values().filter_map(of_tenants));
        self.lanes.forget_demand();
        for (slot, watched) in self.domains.values_mut().enumerate() {
            watched.slot = slot;
            self.lanes.moved(&[], &watched.way_there().addresses, watched.domain().interval);
        }
        self.chunks.rebuild(self.domains.values().map(Watched::state));
        let names: Vec<DomainName> = self.domains.keys().cloned().collect();
        for name in names {
            // Thresholds may have changed; what was seen is judged by the new ones at once.
            self.judge_anew(&name);
        }
        self.show_all();
        self.settle();
    }

    /// So many looks may be under way at once, as there are descriptors for; and so many at one address, if the operator
    /// says so. For connections to one address there are so many local ports, if that is known.
    pub const fn handle_bounds(&mut self, looks: usize, per_address: Option<usize>, ports: Option<u64>) {
        self.lanes.set_bounds(looks, per_address, ports);
    }

    /// When the list of transparency logs was made that is gone by from now on, if there is one.
    pub fn handle_log_list(&mut self, made_at: Option<UnixTime>, now: Now) {
        self.now = now;
        self.own_sight.log_list_made_at = made_at;
        self.tell_of_log_list();
        self.settle();
    }

    /// The receivers there are from now on, and how often they are told.
    pub fn handle_receivers(&mut self, policy: &Policy, receivers: &[String], now: Now) {
        self.now = now;
        self.outboxes.reconcile(policy, receivers, now);
        self.ledger.handle_policy(policy.clone(), now);
        self.routing.read(policy);
        self.keep_counters();
        self.tell_of_dead_letters();
        self.settle();
    }

    /// A chain that was seen before the restart, assessed anew: its dates count until the address is seen again.
    pub fn handle_remembered(&mut self, name: &DomainName, chain: &StoredChain, presented: Arc<Presented>, now: Now) {
        self.now = now;
        if self.domains.get_mut(name).is_some_and(|watched| watched.remember(chain, presented, now.wall)) {
            self.judge_anew(name);
            self.settle();
        }
    }

    /// How the references fared.
    pub fn handle_references(&mut self, references: References, now: Now) {
        self.now = now;
        if self.own_sight.note_references(references, now) {
            let names: Vec<DomainName> = self.domains.keys().cloned().collect();
            names.iter().for_each(|name| self.judge_anew(name));
        }
        self.settle();
    }

    /// How the attempt to deliver a mail ended.
    pub fn handle_delivery(&mut self, receiver: &str, mail: &str, delivery: Delivery, now: Now) {
        self.now = now;
        if delivery != Delivery::Delivered {
            self.routing.look_now();
        }
        if let Some(outbox) = self.outboxes.get_mut(receiver) {
            outbox.handle_delivery(mail, delivery, now);
        }
        self.fall_back();
        self.tell_of_dead_letters();
        self.settle();
    }

    /// Changes were committed.
    pub fn handle_stored(&mut self, tag: &Tag, up_to: u64, now: Now) {
        self.now = now;
        // There is one store: what one has stored shows all that storing works again.
        let up_to_of = |other: &Tag| if other == tag { up_to } else { 0 };
        self.ledger.handle_stored(up_to_of(&Tag::Ledger), now);
        for (name, outbox) in self.outboxes.all_mut() {
            outbox.handle_stored(up_to_of(&Tag::Outbox(name.clone())));
        }
        self.note_beat_stored(up_to_of(&Tag::Keeper));
        self.note_tenants_stored(up_to_of(&Tag::Keeper));
        self.settle();
    }

    /// A commit failed, and is being tried again.
    pub fn handle_store_failed(&mut self, now: Now) {
        self.now = now;
        self.ledger.handle_store_failed(now);
        for (_, outbox) in self.outboxes.all_mut() {
            outbox.handle_store_failed(now);
        }
        self.settle();
    }

    /// Time has passed; see [`Keeper::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Now) {
        self.now = now;
        self.ledger.handle_timeout(now);
        for (_, outbox) in self.outboxes.told_mut() {
            outbox.handle_timeout(now);
        }
        self.alerts.handle_timeout(now);
        self.fall_back();
        self.tell_of_mail();
        self.tell_of_log_list();
        self.tell_of_load();
        self.beat();
        self.settle();
    }

    /// No more looks are started; what is under way ends.
    pub fn handle_drain(&mut self) {
        self.draining = true;
    }
}

/// Outputs.
impl Keeper {
    /// Changes to commit together, in order.
    pub fn poll_commit(&mut self) -> Option<(Tag, Vec<Change>)> {
        self.commits.pop_front()
    }

    /// A mail to deliver to a receiver.
    pub fn poll_mail(&mut self) -> Option<(String, Mail)> {
        if self.draining {
            return None;
        }
        self.outboxes.told_mut().find_map(|(name, outbox)| Some((name.clone(), outbox.poll_mail()?)))
    }

    /// An address at which more is looked at than there are local ports for, for the log; each once.
    pub fn poll_crowded(&mut self) -> Option<Crowded> {
        self.lanes.crowded()
    }

    /// A verdict that has changed, for the log.
    pub fn poll_transition(&mut self) -> Option<Transition> {
        self.transitions.pop_front()
    }

    /// What has happened to a domain's certificates, for the log.
    pub fn poll_renewal(&mut self) -> Option<(DomainName, history::Event)> {
        self.renewals.pop_front()
    }

    /// What has happened to a mail, for the log.
    pub fn poll_event(&mut self) -> Option<(String, OutboxEvent)> {
        self.events.pop_front()
    }

    /// Whether the references are to be asked.
    pub fn poll_references(&mut self) -> bool {
        self.own_sight.wants_references(self.now)
    }

    /// When [`Keeper::handle_timeout`] is to be called at the latest, by the monotonic clock; but at least every half
    /// minute, as the wall clock may jump.
    pub fn poll_timeout(&self) -> Duration {
        let released = self.lanes.has_released().then_some(self.now.mono);
        let looks = self.schedule.next_wakeup().into_iter().chain(released).min().filter(|_| self.may_look());
        let outboxes = self.outboxes.told().filter_map(|(_, outbox)| outbox.poll_timeout());
        let all = looks.into_iter().chain(self.ledger.poll_timeout()).chain(outboxes).chain(self.next_fallback());
        let tenants = self.next_listing().into_iter().chain(self.tenant_views.next_wakeup());
        let not_draining =
            tenants.chain(self.alerts.poll_timeout()).chain(self.relay_checks.next_wakeup()).filter(|_| !self.draining);
        all.chain(not_draining).chain(self.heartbeat.next_wakeup(self.now.mono)).min().unwrap_or(self.now.mono + IDLE)
    }

    /// Looks under way.
    pub fn looks_in_flight(&self) -> usize {
        self.flights.len()
    }

    /// How many notices receivers are owed that the configuration does not name. They are kept, and told should it
    /// name the receiver again.
    pub fn owed_to_others(&self) -> impl Iterator<Item = (&str, usize)> {
        self.outboxes.owed_by_retired()
    }

    /// How many stored rows could not be read; they stay as they are.
    pub fn unreadable_rows(&self) -> usize {
        self.ledger.unreadable().len() + self.outboxes.unreadable()
    }

    /// Everything there is to see, as it is now; cheap to take.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            at: self.now,
            domains: self.chunks.clone(),
            counters: self.counters.clone(),
            own_sight: self.own_sight_findings(),
            owed: self.owed(),
            references: self.own_sight.references(),
            relays_ready: self.relay_checks.last(),
            heartbeat_at: self.heartbeat.last_success(),
            log_list_made_at: self.own_sight.log_list_made_at,
            silences: self.ledger.silences().into(),
            silenced_domains: self.ledger.silenced_domains(),
            silenced_incidents: self.ledger.silenced_incidents(),
            looks_in_flight: self.flights.len(),
            looks_waiting: self.lanes.waiting(),
            stretch: f64::from(self.load.stretch()) / 100.0,
        }
    }
}

impl Keeper {
    /// The verdict on a domain by all that is known of it now.
    fn judged(&mut self, name: &DomainName) -> Option<Verdict> {
        let watched = self.domains.get_mut(name)?;
        let mut surroundings = self.own_sight.surroundings(watched.domain(), watched.nameservers(), self.now);
        surroundings.managed = self.tenants.managed(name).map(Box::new);
        surroundings.status_note = self.status_notes.of(watched.domain().tenant.as_ref(), self.now).map(Box::new);
        Some(watched.judge(surroundings, self.now.wall))
    }

    /// Judges a domain because something else than a look has changed.
    fn judge_anew(&mut self, name: &DomainName) {
        if self.domains.get(name).is_some_and(Watched::was_seen)
            && let Some(verdict) = self.judged(name)
        {
            self.conclude(verdict, &Looked::default());
        }
    }

    fn conclude(&mut self, verdict: Verdict, looked: &Looked) {
        self.want_tenant(&verdict);
        let tenant = self.domains.get(&verdict.domain).and_then(|watched| watched.domain().tenant.as_ref());
        self.status_notes.note_verdict(tenant, &verdict);
        self.ledger.handle_verdict(&verdict, looked, self.now);
        if let Some(watched) = self.domains.get_mut(&verdict.domain) {
            self.transitions.extend(transition(watched.level(), &verdict));
            watched.conclude(verdict, self.now.mono);
            self.chunks.replace(watched.slot, watched.state());
        }
    }

    /// A login that fails makes us ask how the tenant fares, and keys that are not the tenant's whether they still are not.
    fn want_tenant(&mut self, verdict: &Verdict) {
        let is_family = |finding: &Finding, families: &[Family]| families.contains(&finding.entry().family);
        let fails = verdict.findings.iter().any(|finding| is_family(finding, &[Family::Login, Family::Reach]));
        let keys = verdict.findings.iter().any(|finding| is_family(finding, &[Family::Keys]));
        let tenant = self.domains.get(&verdict.domain).and_then(Watched::tenant_view);
        if let Some(tenant) = tenant.filter(|_| fails || keys) {
            self.tenant_views.want(tenant, keys);
        }
    }

    /// Commits changes of the keeper's own; the number of the last.
    fn commit(&mut self, tag: Tag, operations: Vec<Operation>) -> u64 {
        let changes: Vec<Change> = operations.into_iter().map(|operation| self.own_sight.number(operation)).collect();
        let last = changes.last().map_or(0, |change| change.sequence);
        self.commits.push_back((tag, changes));
        last
    }

    /// Takes every output of the state machines that is for another of them, until there is none.
    fn settle(&mut self) {
        loop {
            let mut moved = false;
            while let Some(again) = self.ledger.poll_look() {
                self.ask_anew(&again.domain, again.at);
                moved = true;
            }
            while let Some(name) = self.ledger.poll_judge() {
                self.judge_anew(&name);
                moved = true;
            }
            while let Some(batch) = self.ledger.poll_batch() {
                self.hand_over(batch);
                moved = true;
            }
            if !moved && !self.collect_taken() {
                break;
            }
        }
        self.show_changed();
        self.collect_commits();
        self.collect_events();
    }

    fn collect_events(&mut self) {
        for (name, outbox) in self.outboxes.all_mut() {
            while let Some(event) = outbox.poll_event() {
                self.counters.count_notices(name, &event);
                self.heartbeat.note_taken_or_not(name, &event);
                self.events.push_back((name.clone(), event));
            }
        }
        self.count_posts();
    }
}

fn transition(from: Level, verdict: &Verdict) -> Option<Transition> {
    let why = || verdict.findings.first().map(|finding| finding.summary.clone()).unwrap_or_default();
    (from != verdict.level).then(|| Transition { domain: verdict.domain.clone(), from, to: verdict.level, why: why() })
}
