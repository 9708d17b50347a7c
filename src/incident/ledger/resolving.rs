//! How an incident ends: every address it was ever seen at has had its good looks, or is forgotten.

use super::moment::{Moment, Run};
use super::{Hiding, Key, Ledger, Looked, Sighting, State};
use crate::incident::Reason;
use crate::verdict::{Family, catalogue};

impl Ledger {
    /// Counts the good looks of an incident's addresses, and ends it when they suffice. `sighting` is what the
    /// verdict of this look says of its family.
    pub(super) fn count_good(&mut self, key: &Key, sighting: Option<&Sighting<'_>>, looked: &Looked, hiding: &Hiding) {
        // A family only a newer version knows is not judged by this one, so its absence says nothing.
        let Some(family) = family(&key.family) else { return };
        let spots = sighting.map(Sighting::spots).unwrap_or_default();
        let (now, life) = (self.now, self.life(key));
        let forgets = Moment::of(now) >= self.remembers_from;
        let Some(incident) = self.incidents.get_mut(key).filter(|incident| incident.state != State::Resolved) else {
            return;
        };
        let mut changed = false;
        let before = incident.affected.len();
        incident.affected.retain_mut(|affected| {
            if spots.contains(&affected.address) {
                return true;
            }
            if looked.is_good(family, affected.address, hiding) {
                changed |= Run::count(&mut affected.good, &life, now);
            }
            !forgets || affected.address.is_none_or(|address| looked.known.contains(&address))
        });
        if changed || incident.affected.len() != before {
            self.touched.incidents.insert(key.clone());
        }
        if sighting.is_none() {
            self.end_if_good(key);
        }
    }

    fn end_if_good(&mut self, key: &Key) {
        let Some(incident) = self.incidents.get(key) else { return };
        let all = |good: &dyn Fn(&Run) -> bool| {
            incident.affected.iter().all(|affected| affected.good.as_ref().is_some_and(good))
        };
        let life = self.life(key);
        let (flaps, stays_good) = (incident.flapping.is_some(), |run: &Run| run.spans(life.flap_window, self.now));
        match incident.state {
            State::Pending if all(&|_| true) => self.drop_pending(key),
            State::Firing if all(&|run| run.suffices(&life, self.now)) => match flaps && !all(&stays_good) {
                true => self.calm_down(key),
                false => self.resolve(key),
            },
            _ => {}
        }
    }

    /// What was seen was a hiccup: nothing is told of it.
    fn drop_pending(&mut self, key: &Key) {
        if let Some(incident) = self.incidents.get_mut(key) {
            incident.end();
            self.leave_cause(key);
            self.touched.incidents.insert(key.clone());
        }
    }

    /// It is over.
    pub(super) fn resolve(&mut self, key: &Key) {
        // Who was told of the beginning, or that it was still there when a silence was about to end, is told of the end.
        if self.incidents.get(key).is_some_and(|incident| incident.told || incident.word_for.is_some()) {
            self.tell(key, Reason::Resolved);
        }
        self.set_silenced(key, None);
        if let Some(incident) = self.incidents.get_mut(key) {
            incident.end();
            self.leave_cause(key);
            self.cancel_timers(key);
            self.touched.incidents.insert(key.clone());
        }
    }
}

/// The family of this name, if we know it.
pub(super) fn family(name: &str) -> Option<Family> {
    catalogue::ENTRIES.iter().map(|entry| entry.family).find(|family| family.as_str() == name)
}
