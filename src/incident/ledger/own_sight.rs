//! What is wrong with our own sight: one incident for the process, whatever domain's verdict it was found in. What a
//! look found is told once it has lasted as long as a fault of the network must; what others know, at once.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::moment::{Moment, Run};
use super::{Hiding, Incident, Key, Ledger, Looked, State};
use crate::domain::{DomainName, Now};
use crate::observation::Code;
use crate::verdict::{Family, Finding, Kind, Severity, Verdict};

/// The families that domains' verdicts speak of; the others are told us by those who know.
const BY_VERDICT: [Family; 2] = [Family::Resolver, Family::Sight];

impl Ledger {
    /// Takes up what the verdict of a look says of our own sight. That it says nothing is a good look; but where our
    /// resolvers failed, only for those that have answered it.
    pub(super) fn see_ourselves(&mut self, verdict: &Verdict, looked: &Looked) {
        for family in BY_VERDICT {
            let of_family = |finding: &&Finding| {
                let entry = finding.entry();
                entry.kind == Kind::Watch && entry.family == family && finding.severity > Severity::Info
            };
            let worst = verdict.findings.iter().filter(of_family).max_by_key(|finding| finding.severity);
            let good = worst.is_none() && looked.is_good(family, None, &Hiding::default());
            let over = |down: &BTreeSet<String>| {
                if down.is_empty() { good } else { down.iter().all(|name| looked.resolvers.contains(name.as_str())) }
            };
            self.failing_sight.retain(|(failing, down), _| *failing != family || !over(down));
            let standing = self.incidents.get(&Key::own_sight(family)).map(|incident| down(&incident.facts));
            match worst {
                Some(finding) if self.has_lasted(family, finding, &verdict.domain) => {
                    self.set_own_sight(family, Some(finding));
                }
                None if good && standing.is_none_or(|down| over(&down)) => self.count_good_sight(family),
                _ => {}
            }
        }
    }

    /// Whether our sight has failed, in every look since, for as long as a fault of the network must; if it has only
    /// begun to, the domain is looked at again then. One answer that went astray wakes nobody.
    fn has_lasted(&mut self, family: Family, finding: &Finding, domain: &DomainName) -> bool {
        let now = Moment::of(self.now);
        let patience = self.policy.life.confirm_network.last().copied().unwrap_or_default();
        let since = *self.failing_sight.entry((family, down(&finding.facts))).or_insert_with(|| {
            self.looks.insert((now.plus(patience), domain.clone()));
            now
        });
        now.since(since) >= patience
    }

    /// Opens, updates or ends an incident of our own sight.
    pub(super) fn set_own_sight(&mut self, family: Family, finding: Option<&Finding>) {
        let key = Key::own_sight(family);
        let state = self.incidents.get(&key).map_or(State::Resolved, |incident| incident.state);
        match finding.filter(|finding| finding.severity > Severity::Info) {
            Some(finding) if state == State::Resolved => self.open_own_sight(&key, finding),
            Some(finding) => self.update_own_sight(&key, finding),
            None if state == State::Resolved => {}
            None => self.resolve(&key),
        }
    }

    fn open_own_sight(&mut self, key: &Key, finding: &Finding) {
        let before = self.incidents.remove(key);
        self.incidents.insert(key.clone(), Incident::of_finding(finding, before, self.now));
        self.fire(key);
    }

    fn update_own_sight(&mut self, key: &Key, finding: &Finding) {
        let now = self.now;
        let Some(incident) = self.incidents.get_mut(key) else { return };
        let worse = finding.severity > incident.severity;
        let mut changed = incident.affect(&[None].into());
        incident.summary.clone_from(&finding.summary);
        incident.facts = finding.all_facts();
        incident.mend = finding.mend.clone().unwrap_or_default();
        if worse {
            incident.candidate_of(finding, now);
            self.escalate(key);
        } else {
            changed |= incident.turn_into(finding.code.as_str(), finding.severity);
        }
        if changed {
            self.touched.incidents.insert(key.clone());
        }
    }

    fn count_good_sight(&mut self, family: Family) {
        let key = Key::own_sight(family);
        let (life, now): (_, Now) = (&self.policy.life, self.now);
        let Some(incident) = self.incidents.get_mut(&key).filter(|incident| incident.state == State::Firing) else {
            return;
        };
        let Some(affected) = incident.affected.first_mut() else { return };
        let counted = Run::count(&mut affected.good, life, now);
        let over = affected.good.is_some_and(|run| run.suffices(life, now));
        if counted {
            self.touched.incidents.insert(key.clone());
        }
        if over {
            self.resolve(&key);
        }
    }

    /// Commits have failed for long enough: what is owed is told from memory from now on, and this with it.
    pub(super) fn tell_store_failing(&mut self) {
        if self.tells_unstored() {
            let finding = Finding::new(Code::WatchStoreFailed, "The state could not be stored for 30 seconds.");
            self.set_own_sight(Family::Store, Some(&finding));
        }
    }

    /// Whether an incident tells of the store, which holds back everything else.
    pub(super) fn is_store(key: &Key) -> bool {
        key.domain.is_none() && key.is_family(Family::Store)
    }
}

/// The resolvers that a finding says are down, as they are configured; none where it is not about them.
fn down(facts: &Map<String, Value>) -> BTreeSet<String> {
    let names = facts.get("down").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(|name| Some(name.as_str()?.to_owned())).collect()
}
