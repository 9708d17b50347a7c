//! [`Watched`]: all the keeper holds of one domain.

use std::sync::Arc;
use std::time::Duration;

use super::chains::{self, Kept, StoredChain};
use super::histories;
use super::lanes::Way;
use super::routing::{Recipient, Watch};
use super::snapshot::DomainState;
use crate::domain::{Domain, DomainName, UnixTime};
use crate::history::{Event, History};
use crate::incident::{Looked, Operation};
use crate::observation::{DnsObservation, Look, Presented, ViewObservation};
use crate::verdict::{Basis, Family, Level, Record, Severity, Surroundings, Verdict, judge, stands};

/// The origin host is asked so often though the domain does well, and the keys and the rest at all.
const RARELY: Duration = Duration::from_secs(300);
/// Requests that it takes to ask an address for everything but the discovery document.
const DOCUMENTS: usize = 4;
/// Addresses of the origin host that are asked: it is one service, however many it has.
const ORIGIN: usize = 2;

/// How often the proxy's part of the bargain is tried: it changes when somebody changes the proxy.
const CONTRACT_EVERY: Duration = Duration::from_secs(86_400);

/// One domain.
#[derive(Debug)]
pub(super) struct Watched {
    watch: Watch,
    record: Arc<Record>,
    verdict: Option<Arc<Verdict>>,
    /// What that verdict was made of.
    basis: Option<Basis>,
    turn: u64,
    /// Another number whenever it is looked at otherwise.
    way: u64,
    looked_at: bool,
    /// Whether the last look took long.
    slow: bool,
    /// What is not asked at every look.
    documents: Rarely,
    origin: Rarely,
    /// When the proxy's part of the bargain was last tried.
    tried_at: Option<Duration>,
    /// What was committed of its chains, to tell what is news.
    committed: Kept,
    /// Its place in the snapshot.
    pub(super) slot: usize,
}

/// What is asked every five minutes: as long as it is bad, and as long as good looks may be needed to believe that it is
/// over, at every look.
#[derive(Debug, Clone, Copy, Default)]
struct Rarely {
    asked_at: Option<Duration>,
    bad_at: Option<Duration>,
}

impl Rarely {
    fn is_due(self, now: Duration) -> bool {
        let within = |at: Option<Duration>| at.is_some_and(|at| now < at + RARELY);
        !within(self.asked_at) || within(self.bad_at)
    }
}

/// The requests of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    /// At how many addresses the discovery document is asked for.
    pub(super) discovery: usize,
    /// At how many of those the keys and the rest.
    pub(super) documents: usize,
    /// At how many of its addresses the origin host is asked, if at all.
    pub(super) origin: usize,
    /// Whether it is asked though the domain does well.
    pub(super) origin_is_due: bool,
    /// Requests by which the proxy's part of the bargain is tried; all or none.
    pub(super) contract: usize,
}

impl Wish {
    /// How many requests that makes.
    pub(super) const fn requests(self) -> usize {
        self.discovery + self.documents * DOCUMENTS + self.origin + self.contract
    }

    /// As much of it as may be done with so many requests: the discovery document tells the most, and without the origin
    /// host nobody can say whose fault it is.
    pub(super) fn within(self, requests: usize) -> Self {
        let discovery = self.discovery.min(requests);
        let origin = self.origin.min(requests - discovery);
        let documents = self.documents.min((requests - discovery - origin) / DOCUMENTS);
        let left = requests - discovery - origin - documents * DOCUMENTS;
        let contract = if self.contract <= left { self.contract } else { 0 };
        Self { discovery, documents, origin, contract, ..self }
    }
}

/// What a look came to.
#[derive(Debug)]
pub(super) struct Absorbed {
    /// What it touched.
    pub(super) looked: Looked,
    /// What is to be stored: it showed a chain or a leaf that was not there before.
    pub(super) changes: Vec<Operation>,
    /// What has happened to the domain's certificates.
    pub(super) events: Vec<Event>,
}

impl Watched {
    pub(super) fn new(watch: Watch, way: u64, history: History) -> Self {
        Self {
            watch,
            record: Arc::new(Record { history, ..Record::default() }),
            verdict: None,
            basis: None,
            turn: 0,
            way,
            looked_at: false,
            slow: false,
            documents: Rarely::default(),
            origin: Rarely::default(),
            tried_at: None,
            committed: Kept::default(),
            slot: 0,
        }
    }

    /// The same, watched as the configuration says now; by this number if that is another way.
    pub(super) fn with(self, watch: Watch, way: u64) -> Self {
        let same = self.watch.domain == watch.domain && self.watch.revision == watch.revision;
        Self { watch, way: if same { self.way } else { way }, basis: None, ..self }
    }

    pub(super) const fn way(&self) -> u64 {
        self.way
    }

    pub(super) fn domain(&self) -> &Domain {
        &self.watch.domain
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn recipients(&self) -> &[Recipient] {
        &self.watch.recipients
    }

    pub(super) fn nameservers(&self) -> &[Arc<str>] {
        self.record.dns.as_ref().map_or(&[], |dns| &dns.nameservers)
    }

    /// The last answers, as long as nothing is wrong that others might mend.
    pub(super) fn known_records(&self) -> Option<Arc<DnsObservation>> {
        self.record.dns.clone().filter(|_| self.level() == Level::Healthy)
    }

    /// Whether anything is known of it that could be judged.
    pub(super) fn was_seen(&self) -> bool {
        self.record.looked_at.is_some()
    }

    pub(super) fn level(&self) -> Level {
        self.verdict.as_ref().map_or(Level::Unknown, |verdict| verdict.level)
    }

    /// Whose budget its requests are on: its tenant's, or its own where the tenant is not known.
    pub(super) fn payer(&self) -> &DomainName {
        self.watch.domain.tenant.as_ref().unwrap_or(&self.watch.domain.name)
    }

    /// The canonical host that is looked at for it, if one is.
    pub(super) fn tenant_view(&self) -> Option<&DomainName> {
        self.watch.domain.tenant.as_ref().filter(|_| self.watch.tenant)
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.level() == Level::Healthy
    }

    /// The requests that a look would like to make now.
    pub(super) fn wish(&self, now: Duration) -> Wish {
        let addresses = if self.looked_at { self.record.current().count() } else { self.watch.http_addresses };
        Wish {
            discovery: self.watch.http_addresses,
            documents: if self.documents.is_due(now) { addresses.min(self.watch.http_addresses) } else { 0 },
            origin: if self.watch.origin { ORIGIN } else { 0 },
            origin_is_due: self.watch.origin && self.origin.is_due(now),
            contract: if self.tried_at.is_none_or(|at| now >= at + CONTRACT_EVERY) { self.watch.contract } else { 0 },
        }
    }

    /// So many may be made.
    pub(super) const fn note_granted(&mut self, wish: Wish, now: Duration) {
        if wish.documents > 0 {
            self.documents.asked_at = Some(now);
        }
        if wish.contract > 0 {
            self.tried_at = Some(now);
        }
    }

    /// Where the next look will go, as far as it is known: where the operator says, else where the last one went.
    pub(super) fn way_there(&self) -> Way {
        let said = &self.watch.domain.addresses;
        let current = || self.record.current().map(|(address, _)| address).collect();
        let addresses = if said.is_empty() { current() } else { said.clone().into_boxed_slice() };
        Way { addresses, slow: self.slow }
    }

    pub(super) const fn take_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn - 1
    }

    /// Takes in a look.
    pub(super) fn absorb(&mut self, look: Look, now: Duration) -> Absorbed {
        self.looked_at = true;
        self.slow = Way::is_slow(look.elapsed_ms);
        if look.origin.is_some() {
            self.origin.asked_at = Some(now);
        }
        let looked = Looked::by(&look);
        let record = Arc::make_mut(&mut self.record);
        let noted = record.absorb(look);
        let looked = looked.beside(record);
        let mut changes: Vec<Operation> = self.changed_chains().into_iter().collect();
        if noted.changed {
            changes.push(histories::put(&self.watch.domain.name, &self.record.history));
        }
        Absorbed { looked, changes, events: noted.events }
    }

    /// A chain that was seen before the restart; it counts until the address is seen again. A look may have been
    /// quicker than we are: then it counts if that found the address, but no chain there. Whether it counts.
    pub(super) fn remember(&mut self, chain: &StoredChain, presented: Arc<Presented>, at: UnixTime) -> bool {
        let record = Arc::make_mut(&mut self.record);
        if !self.looked_at {
            // As if of one look, however long it takes to assess them all: else only the last would count as current.
            let at = record.looked_at.unwrap_or(at);
            record.remember(chain.address, chain.seen_at, presented, at);
            self.committed = Kept::of(&self.record);
            return true;
        }
        // What is committed may lack it by now, so the next look commits it again.
        let silent = record.addresses.get_mut(&chain.address).filter(|address| address.presented.is_none());
        silent.map(|address| address.presented = Some((chain.seen_at, presented))).is_some()
    }

    /// Takes in what was seen at its tenant's canonical host.
    pub(super) fn absorb_tenant(&mut self, seen: &Arc<ViewObservation>) {
        Arc::make_mut(&mut self.record).absorb_tenant(seen);
    }

    /// The verdict by all that is known of it now. That of before stands if there is nothing new, which is most often so.
    pub(super) fn judge(&mut self, surroundings: Surroundings, now: UnixTime) -> Verdict {
        let before = self.verdict.as_deref().zip(self.basis.as_ref());
        let domain = self.watch.domain.as_ref();
        let stands = before.and_then(|before| stands(before, domain, &self.record, &surroundings, now));
        let verdict = stands.unwrap_or_else(|| judge(domain, &self.record, &surroundings, now));
        self.basis = Some(Basis::new(Arc::clone(&self.record), surroundings));
        verdict
    }

    pub(super) fn conclude(&mut self, verdict: Verdict, now: Duration) {
        let has = |families: &[Family]| {
            let bad = verdict.findings.iter().filter(|finding| finding.severity > Severity::Info);
            bad.map(|finding| finding.entry().family).any(|family| families.contains(&family))
        };
        if has(&[Family::Keys, Family::Forwarding]) {
            self.documents.bad_at = Some(now);
        }
        if has(&[Family::Edge]) {
            self.origin.bad_at = Some(now);
        }
        self.verdict = Some(Arc::new(verdict));
    }

    pub(super) fn state(&self) -> DomainState {
        DomainState {
            domain: Arc::clone(&self.watch.domain),
            record: Arc::clone(&self.record),
            verdict: self.verdict.clone(),
            was_looked_at: self.looked_at,
        }
    }

    fn changed_chains(&mut self) -> Option<Operation> {
        let kept = Kept::of(&self.record);
        if kept.is_covered_by(&self.committed) {
            return None;
        }
        self.committed = kept;
        Some(chains::put(&self.watch.domain.name, &self.record))
    }
}
