//! [`Watched`]: all the keeper holds of one domain.

use std::net::SocketAddr;
use std::sync::Arc;

use super::chains::{self, Kept, StoredChain};
use super::histories;
use super::routing::{Recipient, Watch};
use super::snapshot::DomainState;
use crate::domain::{Domain, DomainName, UnixTime};
use crate::history::{Event, History};
use crate::incident::{Looked, Operation};
use crate::observation::{Look, Presented};
use crate::verdict::{Level, Record, Verdict};

/// One domain.
#[derive(Debug)]
pub(super) struct Watched {
    watch: Watch,
    record: Arc<Record>,
    verdict: Option<Arc<Verdict>>,
    turn: u64,
    /// Another number whenever it is looked at otherwise.
    way: u64,
    looked_at: bool,
    /// What was committed of its chains, to tell what is news.
    committed: Kept,
    /// Its place in the snapshot.
    pub(super) slot: usize,
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
            turn: 0,
            way,
            looked_at: false,
            committed: Kept::default(),
            slot: 0,
        }
    }

    /// The same, watched as the configuration says now; by this number if that is another way.
    pub(super) fn with(self, watch: Watch, way: u64) -> Self {
        let same = self.watch.domain == watch.domain && self.watch.revision == watch.revision;
        Self { watch, way: if same { self.way } else { way }, ..self }
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

    pub(super) fn nameservers(&self) -> &[SocketAddr] {
        self.record.dns.as_ref().map_or(&[], |dns| &dns.nameservers)
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

    /// How many requests a look would like to make.
    pub(super) const fn wanted_requests(&self) -> usize {
        self.watch.http_addresses
    }

    pub(super) const fn take_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn - 1
    }

    /// Takes in a look.
    pub(super) fn absorb(&mut self, look: Look) -> Absorbed {
        self.looked_at = true;
        let record = Arc::make_mut(&mut self.record);
        let noted = record.absorb(look.clone());
        let looked = Looked::of(&look, record);
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

    pub(super) fn conclude(&mut self, verdict: Verdict) {
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
