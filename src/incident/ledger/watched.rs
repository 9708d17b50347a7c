//! [`Watched`]: what the ledger knows of a domain besides its incidents, and how domains come and go.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::moment::Stamp;
use super::{Due, Incident, Ledger, Operation, PathFact, State, Table, Timer};
use crate::domain::{Domain, DomainName, Life, Shared, UnixTime};
use crate::verdict::{Path, Step, Verdict};

/// What the ledger knows of a domain.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Watched {
    /// Whether a look ever found it healthy.
    #[serde(default)]
    pub(super) healthy: bool,
    /// When what is wrong with it in set-up was last told.
    #[serde(default)]
    pub(super) setup_told: Option<Stamp>,
    #[serde(skip)]
    pub(super) live: bool,
    /// When what is wrong with it is spoken of.
    #[serde(skip)]
    pub(super) life: Shared<Life>,
    #[serde(skip)]
    pub(super) labels: Map<String, Value>,
    /// The Auth0 tenant it belongs to.
    #[serde(skip)]
    pub(super) tenant: Option<DomainName>,
    #[serde(skip)]
    pub(super) path: Option<Path>,
    /// When its certificate runs out, as far as seen since the start.
    #[serde(skip)]
    pub(super) expires: Option<UnixTime>,
    /// What a newer version stored besides.
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

impl Watched {
    /// The key of its row. The store keeps other rows of the domain in the same table.
    pub(super) fn row_key(domain: &DomainName) -> String {
        format!("{domain}{ROW}")
    }

    /// The domain whose row has this key, if it is one of ours.
    pub(super) fn parse_key(key: &str) -> Option<DomainName> {
        DomainName::parse_record(key.strip_suffix(ROW)?).ok()
    }

    /// Not live, and never seen healthy.
    pub(super) const fn in_setup(&self) -> bool {
        !self.live && !self.healthy
    }

    /// The hops of a login, as a notice tells them.
    pub(super) fn path_facts(&self) -> Vec<PathFact> {
        self.path.iter().flat_map(|path| path.steps()).map(path_fact).collect()
    }

    /// Takes up what a notice may want to say of the domain.
    pub(super) fn absorb(&mut self, verdict: &Verdict) {
        self.path = Some(verdict.path.clone());
        self.expires = verdict.effective_expiry;
    }
}

const ROW: &str = "/ledger";

fn path_fact(step: &Step) -> PathFact {
    PathFact { hop: step.hop.as_str().to_owned(), status: step.status.as_str().to_owned(), detail: step.detail.clone() }
}

impl Ledger {
    /// Watches a domain, or takes up what has changed of it.
    pub(super) fn watch_domain(&mut self, name: &DomainName, domain: &Domain) {
        let was_in_setup = self.in_setup(name);
        let watched = self.domains.entry(name.clone()).or_default();
        watched.live = domain.live;
        watched.tenant.clone_from(&domain.tenant);
        let before = std::mem::replace(&mut watched.life, domain.life.clone());
        watched.labels = domain.labels.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
        match (watched.in_setup(), watched.setup_told) {
            (true, Some(told)) => {
                let due = Due::Mono(told.mono.plus(super::telling::DAY));
                self.timers.set(Timer::SetUp(name.clone()), due);
            }
            (true, None) => self.begin_setup(name),
            (false, _) if was_in_setup => self.end_setup(name),
            _ => {}
        }
        // The first time since a restart nobody knows what held before.
        if !self.offers_owed {
            self.take_up_reminders(name, &before, &domain.life);
        }
    }

    /// Reminders come otherwise than before: those to come do as well.
    fn take_up_reminders(&mut self, name: &DomainName, before: &Life, life: &Life) {
        if (&before.remind_critical, &before.remind_warning) == (&life.remind_critical, &life.remind_warning) {
            return;
        }
        for key in self.keys_of(name) {
            let told = |incident: &Incident| incident.state == State::Firing && incident.told;
            if self.incidents.get(&key).is_some_and(|incident| told(incident) && incident.silenced_by.is_none()) {
                self.schedule_reminder(&key);
            }
        }
    }

    /// A look found the domain healthy: should it be in set-up, that is over.
    pub(super) fn note_healthy(&mut self, name: &DomainName) {
        let was_in_setup = self.in_setup(name);
        let Some(watched) = self.domains.get_mut(name).filter(|watched| !watched.healthy) else { return };
        watched.healthy = true;
        self.touched.domains.insert(name.clone());
        if was_in_setup {
            self.end_setup(name);
        }
    }

    /// A live domain that never was healthy is said to be in set-up after all: what was told of it is told again
    /// daily.
    fn begin_setup(&mut self, name: &DomainName) {
        for key in self.keys_of(name) {
            if self.incidents.get(&key).is_some_and(|incident| incident.told) {
                self.takes_turn_in_setup(&key);
                self.schedule_reminder(&key);
            }
        }
    }

    /// Set-up is over: what still is wrong is told as of any other domain.
    fn end_setup(&mut self, name: &DomainName) {
        self.timers.cancel(&Timer::SetUp(name.clone()));
        if let Some(watched) = self.domains.get_mut(name) {
            watched.setup_told = None;
            self.touched.domains.insert(name.clone());
        }
        for key in self.keys_of(name) {
            if self.incidents.get(&key).is_some_and(|incident| incident.told) {
                self.schedule_reminder(&key);
            }
        }
    }

    /// Forgets a domain that is no longer watched. What is left of an incident that ever opened is the count of
    /// its openings: should the domain come back, its next opening must not pass for one told already.
    pub(super) fn forget_domain(&mut self, name: &DomainName) {
        if self.domains.remove(name).is_some() {
            self.touched.domains.insert(name.clone());
        }
        self.roll.forget_domain(name, self.now.wall);
        for key in self.keys_of(name) {
            self.set_silenced(&key, None);
            let Some(incident) = self.incidents.get_mut(&key) else { continue };
            if incident.state == State::Resolved && incident.owed.is_empty() {
                continue;
            }
            incident.end();
            for owed in std::mem::take(&mut incident.owed) {
                self.owed.remove(&owed.notice.id);
            }
            self.leave_cause(&key);
            self.cancel_timers(&key);
            self.touched.incidents.insert(key);
        }
        for timer in [Timer::Judge(name.clone()), Timer::SetUp(name.clone())] {
            self.timers.cancel(&timer);
        }
        for (_, batch) in &mut self.batches {
            batch.notices.retain(|notice| notice.domain != name.as_str());
        }
        self.batches.retain(|(_, batch)| !batch.notices.is_empty());
        self.looks.retain(|(_, domain)| domain != name);
        self.judge.remove(name);
        self.window.strike(name);
    }

    /// Writes a domain's row, or removes it if the domain is gone.
    pub(super) fn write_domain(&mut self, name: &DomainName) {
        let key = Watched::row_key(name);
        match self.domains.get(name) {
            Some(watched) => {
                // A map with string keys and no floats always becomes JSON.
                let payload = serde_json::to_value(watched).unwrap_or_default();
                self.put(Table::Domain, key, payload);
            }
            None => _ = self.change(Operation::Delete { table: Table::Domain, key }),
        }
    }
}
