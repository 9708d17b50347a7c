//! Confirmation: an incident waits until it was seen often enough, or until enough that fail alike were.

use std::collections::{BTreeSet, VecDeque};

use super::cause::{Cause, Role};
use super::incident::{Affected, kind};
use super::moment::Moment;
use super::{Incident, Key, Ledger, Looked, State};
use crate::verdict::Kind;

impl Ledger {
    /// Another look has seen what is being confirmed.
    pub(super) fn seen_again(&mut self, key: &Key, looked: &Looked) {
        let now = Moment::of(self.now);
        let life = self.life(key);
        let Some(confirming) = self.incidents.get_mut(key).and_then(|incident| incident.confirming.as_mut()) else {
            return;
        };
        if now >= confirming.next_look(&life) {
            confirming.seen += 1;
            self.touched.incidents.insert(key.clone());
            self.await_confirmation(key, looked);
        } else if self.causes.asks(key) {
            // Of several looks that were asked for only the earliest may have been remembered.
            self.ask_look(key);
        }
    }

    /// Confirms it if it was seen often enough, else asks for the next look if it is its turn.
    pub(super) fn await_confirmation(&mut self, key: &Key, looked: &Looked) {
        let Some(incident) = self.incidents.get(key) else { return };
        let Some(confirming) = &incident.confirming else { return };
        let agreed = looked.resolvers_agree && kind(&confirming.code) == Kind::Record;
        if agreed || confirming.is_complete(&self.life(key)) {
            return self.confirmed(key);
        }
        let (role, next) = self.causes.join(key, cause(key, incident), Moment::of(self.now));
        match role {
            Role::Asks => self.ask_look(key),
            Role::Waits => {}
            Role::Settled => self.confirmed(key),
        }
        if let Some(next) = next {
            self.ask_look(&next);
        }
    }

    /// Asks for the look that confirms an incident.
    pub(super) fn ask_look(&mut self, key: &Key) {
        let confirming = self.incidents.get(key).and_then(|incident| incident.confirming.as_ref());
        if let (Some(confirming), Some(domain)) = (confirming, &key.domain) {
            let at = confirming.next_look(&self.life(key)).max(Moment::of(self.now));
            self.looks.insert((at, domain.clone()));
        }
    }

    /// It is confirmed, and with it, if they are enough, all that fail alike.
    pub(super) fn confirmed(&mut self, key: &Key) {
        let mut work = VecDeque::from([key.clone()]);
        while let Some(key) = work.pop_front() {
            match self.incidents.get(&key) {
                Some(incident) if incident.state == State::Pending => self.fire(&key),
                Some(incident) if incident.confirming.is_some() => self.escalate(&key),
                _ => continue,
            }
            work.extend(self.file_cause(&key));
        }
    }

    /// Files a firing incident under what it fails of now; returns those that are confirmed with it.
    fn file_cause(&mut self, key: &Key) -> Vec<Key> {
        let cause = self.incidents.get(key).and_then(|incident| cause(key, incident));
        let now = Moment::of(self.now);
        let (_, next) = self.causes.join(key, cause, now);
        if let Some(next) = next {
            self.ask_look(&next);
        }
        self.causes.confirm(key, now)
    }

    /// A firing incident is no longer what it was.
    pub(super) fn refile_cause(&mut self, key: &Key) {
        for alike in self.file_cause(key) {
            self.confirmed(&alike);
        }
    }

    /// Strikes an incident from those that fail alike; another may have to be looked at in its place.
    pub(super) fn leave_cause(&mut self, key: &Key) {
        if let Some(next) = self.causes.leave(key) {
            self.ask_look(&next);
        }
    }
}

/// What an incident has in common with others: code and severity of what is being confirmed, or else of what it
/// is, at the first of its addresses that is not good.
pub(super) fn cause(key: &Key, incident: &Incident) -> Option<Cause> {
    let bad = |affected: &&Affected| affected.good.is_none();
    let addresses: BTreeSet<_> = incident.affected.iter().filter(bad).filter_map(|affected| affected.address).collect();
    let (code, severity) = match &incident.confirming {
        Some(confirming) => (&confirming.code, confirming.severity),
        None => (&incident.code, incident.severity),
    };
    Some(Cause { address: addresses.first().copied()?, view: key.view.clone(), code: code.clone(), severity })
}
