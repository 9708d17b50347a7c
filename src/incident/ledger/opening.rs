//! How a finding becomes an incident, and an incident worse: by as many looks as the kind of its code asks for.

use std::cmp::Ordering;

use super::binding::Around;
use super::incident::Confirming;
use super::moment::Run;
use super::sighting::rank;
use super::{Hiding, Incident, Key, Ledger, Looked, Sighting, State, Timer};
use crate::domain::UnixTime;
use crate::incident::Reason;
use crate::verdict::{Family, Level, Severity, Verdict};

impl Ledger {
    /// Takes up what a verdict says of its domain.
    pub(super) fn see_domain(&mut self, verdict: &Verdict, looked: &Looked) {
        if looked.fresh && verdict.level == Level::Healthy {
            self.note_healthy(&verdict.domain);
        }
        let cap = if self.in_setup(&verdict.domain) { Severity::Warning } else { Severity::Critical };
        let tenant = self.domains.get(&verdict.domain).and_then(|watched| watched.tenant.clone());
        let sightings = Sighting::all(verdict, cap, Around::of(verdict, looked, tenant.as_ref()));
        let hiding = Hiding::of(verdict);
        for (family, sighting) in &sightings {
            let key = Key::of(&verdict.domain, family.view(), *family);
            if looked.has_seen(*family, &hiding.uncovered(*family, sighting.spots())) {
                self.sighted(&key, sighting, looked);
            } else if *family == Family::Expiry && !looked.fresh {
                self.expired_unseen(&key, sighting);
            }
        }
        if looked.fresh {
            for key in self.keys_of(&verdict.domain) {
                let sighting = sightings.values().find(|sighting| key.is_family(sighting.family));
                self.count_good(&key, sighting, looked, &hiding);
            }
        }
    }

    /// A look has seen it.
    fn sighted(&mut self, key: &Key, sighting: &Sighting<'_>, looked: &Looked) {
        match self.incidents.get(key).map(|incident| incident.state) {
            None | Some(State::Resolved) => self.begin(key, sighting, looked),
            Some(State::Pending) => {
                self.refresh(key, sighting);
                self.seen_again(key, looked);
            }
            Some(State::Firing) => {
                self.still_there(key, sighting, looked);
                // What another fault hid has outlasted it.
                self.tell_opened(key);
            }
        }
    }

    /// No look has seen it, but the certificate last seen has run out, or soon will. As nothing new was read
    /// there is nothing to confirm, unless a look is confirming it already.
    fn expired_unseen(&mut self, key: &Key, sighting: &Sighting<'_>) {
        match self.incidents.get(key).map(|incident| incident.state) {
            None | Some(State::Resolved) => {
                self.create(key, sighting);
                self.confirmed(key);
            }
            Some(State::Pending) => self.refresh(key, sighting),
            Some(State::Firing) => {
                let lead = sighting.lead(None);
                let worse = rank(sighting.severity(lead), lead.code.as_str());
                if self.incidents.get(key).is_some_and(|incident| worse > incident.rank()) {
                    self.refresh(key, sighting);
                    self.candidate(key, sighting);
                    self.confirmed(key);
                }
            }
        }
    }

    fn create(&mut self, key: &Key, sighting: &Sighting<'_>) {
        let before = self.incidents.remove(key);
        let mut incident = Incident::begin(sighting, before, self.now);
        if sighting.family == Family::Expiry {
            incident.expires = self.expires(key);
        }
        self.incidents.insert(key.clone(), incident);
        self.touched.incidents.insert(key.clone());
    }

    fn begin(&mut self, key: &Key, sighting: &Sighting<'_>, looked: &Looked) {
        self.create(key, sighting);
        self.await_confirmation(key, looked);
    }

    /// Takes up the words and facts, which are no change, and the rest of a pending incident, which is.
    fn refresh(&mut self, key: &Key, sighting: &Sighting<'_>) {
        let expires = self.expires(key);
        let Some(incident) = self.incidents.get_mut(key) else { return };
        let lead = sighting.lead(Some(&incident.code));
        let severity = sighting.severity(lead);
        let mut changed = incident.affect(&sighting.spots());
        incident.summary.clone_from(&lead.summary);
        incident.facts = lead.all_facts();
        incident.mend = lead.mend.clone().unwrap_or_default();
        incident.bonds = sighting.bonds(lead);
        let another_certificate = sighting.family == Family::Expiry && incident.expires != expires;
        if another_certificate {
            incident.expires = expires;
            changed = true;
        }
        let halves = incident.told && incident.halves();
        if incident.state == State::Pending {
            changed |= incident.turn_into(lead.code.as_str(), severity);
            if let Some(confirming) = &mut incident.confirming {
                confirming.code.clone_from(&incident.code);
                confirming.severity = severity;
            }
        }
        if changed {
            self.touched.incidents.insert(key.clone());
        }
        if another_certificate && halves {
            self.schedule_reminder(key);
        }
    }

    /// A firing incident is seen: as it was, worse, or milder.
    fn still_there(&mut self, key: &Key, sighting: &Sighting<'_>, looked: &Looked) {
        let Some(incident) = self.incidents.get(key) else { return };
        let same_certificate = sighting.family == Family::Expiry && incident.expires == self.expires(key);
        let told = incident.rank();
        let lead = sighting.lead(Some(&incident.code));
        let (code, severity) = (lead.code.as_str(), sighting.severity(lead));
        self.note_return(key);
        self.refresh(key, sighting);
        match rank(severity, code).cmp(&told) {
            Ordering::Greater => self.worse(key, sighting, looked, same_certificate),
            Ordering::Equal => self.as_it_was(key, code, severity),
            Ordering::Less => self.milder(key, code, severity),
        }
    }

    /// Worse must be confirmed as an opening is; but that time has passed over the same certificate needs no
    /// second look.
    fn worse(&mut self, key: &Key, sighting: &Sighting<'_>, looked: &Looked, same_certificate: bool) {
        let new = self.candidate(key, sighting);
        if same_certificate {
            self.confirmed(key);
        } else if new {
            self.await_confirmation(key, looked);
        } else {
            self.seen_again(key, looked);
        }
    }

    /// Makes what is seen the candidate for an escalation; says whether there was none.
    fn candidate(&mut self, key: &Key, sighting: &Sighting<'_>) -> bool {
        let now = self.now;
        let Some(incident) = self.incidents.get_mut(key) else { return false };
        let so_far = incident.confirming.as_ref().map(|confirming| confirming.code.clone());
        let lead = sighting.lead(so_far.as_deref());
        let (code, severity) = (lead.code.as_str(), sighting.severity(lead));
        let calmed = incident.milder.take().is_some();
        let new = incident.confirming.is_none();
        let confirming = incident.confirming.get_or_insert_with(|| Confirming::of(lead, now));
        let changed = confirming.code != code || confirming.severity != severity;
        code.clone_into(&mut confirming.code);
        confirming.severity = severity;
        if new || changed || calmed {
            self.touched.incidents.insert(key.clone());
        }
        new
    }

    fn as_it_was(&mut self, key: &Key, code: &str, severity: Severity) {
        let Some(incident) = self.incidents.get_mut(key) else { return };
        let calmed = incident.confirming.take().is_some();
        let milder = incident.milder.take().is_some();
        if incident.turn_into(code, severity) || calmed || milder {
            self.touched.incidents.insert(key.clone());
        }
        if calmed {
            self.refile_cause(key);
        }
    }

    /// Milder is believed after as many looks as resolve an incident, else a fault that comes and goes at one
    /// of two addresses would escalate again and again. Nothing is told.
    fn milder(&mut self, key: &Key, code: &str, severity: Severity) {
        let (life, now) = (self.life(key), self.now);
        let Some(incident) = self.incidents.get_mut(key) else { return };
        let calmed = incident.confirming.take().is_some();
        let counted = Run::count(&mut incident.milder, &life, now);
        let believed = incident.milder.is_some_and(|run| run.suffices(&life, now));
        if believed {
            incident.milder = None;
            incident.step = 0;
            incident.turn_into(code, severity);
            if incident.heard.is_some() && !incident.is_worse_than_heard() {
                incident.note_heard();
            }
        }
        let told = incident.told;
        if calmed || counted || believed {
            self.touched.incidents.insert(key.clone());
        }
        if calmed || believed {
            self.refile_cause(key);
        }
        if believed && told {
            self.schedule_reminder(key);
        }
    }

    /// Opens an incident.
    pub(super) fn fire(&mut self, key: &Key) {
        let (life, now) = (self.life(key), self.now);
        if let Some(incident) = self.incidents.get_mut(key) {
            incident.fire(&life, now);
            self.touched.incidents.insert(key.clone());
            self.tell_opened(key);
        }
    }

    /// A firing incident becomes what was being confirmed.
    pub(super) fn escalate(&mut self, key: &Key) {
        let Some(incident) = self.incidents.get_mut(key) else { return };
        let Some(worse) = incident.confirming.take() else { return };
        incident.turn_into(&worse.code, worse.severity);
        incident.worst = incident.worst.max(worse.severity);
        incident.milder = None;
        incident.step = 0;
        let told = incident.told;
        self.touched.incidents.insert(key.clone());
        if !told {
            self.tell_opened(key);
        } else if !self.key_in_setup(key) && !self.is_silenced(key) {
            self.tell(key, Reason::Escalated);
            self.schedule_reminder(key);
        }
    }

    pub(super) fn cancel_timers(&mut self, key: &Key) {
        self.timers.cancel(&Timer::Reminder(Box::new(key.clone())));
        self.timers.cancel(&Timer::Tell(Box::new(key.clone())));
        self.timers.cancel(&Timer::Mending(Box::new(key.clone())));
    }

    fn expires(&self, key: &Key) -> Option<UnixTime> {
        self.domains.get(key.domain.as_ref()?)?.expires
    }
}
