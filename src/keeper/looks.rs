//! Looks: when one is begun, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use super::lanes::Way;
use super::snapshot::LookResult;
use super::watched::{Absorbed, Wish};
use super::{Keeper, Tag};
use crate::domain::{DomainName, Now};
use crate::history::{Event, EventKind};
use crate::observation::{DnsObservation, Look};

/// A look the daemon is to make now.
#[derive(Debug, Clone)]
pub struct LookRequest {
    /// At which domain.
    pub domain: DomainName,
    /// How many looks the domain has had.
    pub turn: u64,
    /// At how many addresses the look may ask for the discovery document.
    pub requests: usize,
    /// At how many of those for the keys and the rest as well.
    pub documents: usize,
    /// At how many addresses it may ask the origin host: now, or if the domain fails.
    pub origin: usize,
    /// Whether the origin host's turn has come though the domain may do well.
    pub origin_is_due: bool,
    /// Whether the proxy's part of the bargain is to be tried.
    pub contract: bool,
    /// The last answers of DNS, whose TTLs may still hold; `None` where everything is to be asked afresh.
    pub known: Option<Arc<DnsObservation>>,
    /// Whether the look is to ask what not every look asks.
    pub closely: bool,
}

/// A look under way.
#[derive(Debug)]
pub(super) struct Flight {
    /// The way in which the domain was looked at when it began.
    way: u64,
    /// Whose budget its requests are on, and how many were granted.
    payer: DomainName,
    granted: usize,
    /// Where it has places.
    there: Way,
}

/// Inputs.
impl Keeper {
    /// A look is over. If the domain is looked at otherwise by now, or was removed and has come back, it says nothing
    /// any more.
    pub fn handle_look(&mut self, look: Look, now: Now) {
        self.now = now;
        let flight = self.land(&look.domain, look.requests());
        let Some(watched) = self.domains.get_mut(&look.domain) else { return self.settle() };
        self.manners.heed(watched.payer(), look.answers(), now.mono);
        if flight.is_some_and(|flight| flight.way != watched.way()) {
            self.schedule.look_at(&look.domain, now.mono);
            return self.settle();
        }
        self.own_sight.note_look(&look, now);
        self.heartbeat.note_look(now);
        self.with_mtls.note(&look);
        self.counters.count_questions(look.dns.as_ref().map(|dns| dns.questions).unwrap_or_default());
        let name = look.domain.clone();
        let (before, interval) = (watched.way_there().addresses, watched.domain().interval);
        let Absorbed { looked, changes, events } = watched.absorb(look, now.mono);
        let after = watched.way_there().addresses;
        if before != after {
            self.lanes.moved(&before, &after, interval);
        }
        self.note_events(&name, events);
        let verdict = self.judged(&name);
        self.counters.count_look(verdict.as_ref().map_or(LookResult::Panicked, |verdict| verdict.level.into()));
        if let Some(verdict) = verdict {
            self.own_sight.note_verdict(&verdict);
            self.conclude(verdict, &looked);
        }
        if !changes.is_empty() {
            self.commit(Tag::Keeper, changes);
        }
        self.settle();
    }

    fn note_events(&mut self, name: &DomainName, events: Vec<Event>) {
        for event in events {
            if event.kind == EventKind::Completed {
                self.counters.count_renewal(event.class);
            }
            self.renewals.push_back((name.clone(), event));
        }
    }

    /// A look ended in a panic: a fault of ours, counted, and no reason to stop looking.
    pub fn handle_panic(&mut self, name: &DomainName, now: Now) {
        self.now = now;
        self.land(name, 0);
        self.counters.count_look(LookResult::Panicked);
        self.settle();
    }

    /// A look was not made: the domain was removed as it was about to begin.
    pub fn handle_no_look(&mut self, name: &DomainName, now: Now) {
        self.now = now;
        self.land(name, 0);
    }

    /// A look has ended that made so many requests: its place is free for another.
    fn land(&mut self, name: &DomainName, made: usize) -> Option<Flight> {
        self.schedule.done_at(name, self.now.mono);
        let flight = self.flights.remove(name)?;
        self.lanes.leave(&flight.there);
        self.manners.refund(&flight.payer, flight.granted.saturating_sub(made));
        Some(flight)
    }
}

/// Outputs.
impl Keeper {
    /// The next look to make now.
    pub fn poll_look(&mut self) -> Option<LookRequest> {
        while self.may_look() {
            let domain = self.next_domain()?;
            let Some(watched) = self.domains.get(&domain) else {
                // It was removed while it waited.
                self.schedule.done_at(&domain, self.now.mono);
                continue;
            };
            let there = watched.way_there();
            if self.lanes.enter(&domain, &there) {
                return self.begin(domain, there);
            }
        }
        None
    }

    /// Who is next: who has waited for a place, else who is due. How late that is counts when it is found due: what waits
    /// for its address is not late for us.
    fn next_domain(&mut self) -> Option<DomainName> {
        if let Some(domain) = self.lanes.released() {
            return Some(domain);
        }
        let (domain, since) = self.schedule.due_since(self.now.mono)?;
        let lag = self.now.mono.saturating_sub(since);
        self.load.note(lag);
        self.counters.count_lag(lag);
        Some(domain)
    }

    fn begin(&mut self, domain: DomainName, there: Way) -> Option<LookRequest> {
        let known = self.known_records(&domain);
        let watched = self.domains.get_mut(&domain)?;
        let (turn, payer) = (watched.take_turn(), watched.payer().clone());
        let closely = self.ledger.wants_a_close_look(&domain);
        let wish = watched.wish(self.now.mono);
        let granted = self.manners.take(&payer, wish.requests(), self.now.mono);
        let wish = wish.within(granted);
        watched.note_granted(wish, self.now.mono);
        self.flights.insert(domain.clone(), Flight { way: watched.way(), payer, granted, there });
        let Wish { discovery: requests, documents, origin, origin_is_due, contract } = wish;
        let contract = contract > 0;
        Some(LookRequest { domain, turn, requests, documents, origin, origin_is_due, contract, known, closely })
    }

    /// What need not be asked of DNS again as long as it holds. A look that is to confirm or to clear something asks
    /// for everything: nobody is helped by hearing once more what was heard before.
    fn known_records(&mut self, domain: &DomainName) -> Option<Arc<DnsObservation>> {
        let anew = self.asked_anew.get(domain).is_some_and(|at| *at <= self.now.mono);
        if anew {
            self.asked_anew.remove(domain);
        }
        let known = self.domains.get(domain)?.known_records()?;
        (!anew && !self.ledger.has_incident(domain)).then_some(known)
    }

    /// The ledger wants a look then, and means a fresh one.
    pub(super) fn ask_anew(&mut self, domain: &DomainName, at: Duration) {
        let wanted = self.asked_anew.entry(domain.clone()).or_insert(at);
        *wanted = at.min(*wanted);
        self.schedule.look_at(domain, at);
    }

    pub(super) fn may_look(&self) -> bool {
        !self.draining && self.lanes.has_room()
    }
}
