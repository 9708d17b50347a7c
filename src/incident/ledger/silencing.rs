//! What silences do to what is told: an incident that one matches lives on, and owes no notice but that it is over.
//! What was held back is told when its silence ends, if it is still there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::incident::MENDS_WITHIN;
use super::moment::Moment;
use super::{Due, Incident, Key, Ledger, Operation, State, Table, Timer};
use crate::domain::{DomainName, Now, Span};
use crate::incident::Reason;
use crate::incident::silence::{Cover, Maintenance, Silence, SilenceId, SilenceView, Subject, Wish};
use crate::observation::certificate::Sha256;

/// How many incidents are silenced, by what and of whom.
#[derive(Debug, Default)]
pub(super) struct Silenced {
    by_silence: BTreeMap<SilenceId, usize>,
    by_domain: Arc<BTreeMap<DomainName, usize>>,
}

impl Silenced {
    pub(super) fn add(&mut self, key: &Key, by: &SilenceId) {
        *self.by_silence.entry(by.clone()).or_default() += 1;
        if let Some(domain) = &key.domain {
            *Arc::make_mut(&mut self.by_domain).entry(domain.clone()).or_default() += 1;
        }
    }

    fn remove(&mut self, key: &Key, by: &SilenceId) {
        less(&mut self.by_silence, by);
        if let Some(domain) = &key.domain {
            less(Arc::make_mut(&mut self.by_domain), domain);
        }
    }
}

fn less<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    let Some(count) = counts.get_mut(key) else { return };
    *count = count.saturating_sub(1);
    if *count == 0 {
        counts.remove(key);
    }
}

/// Inputs and what is shown of them.
impl Ledger {
    /// Somebody asks for a silence; `seen` are the leaves that the domains it is about serve. It holds at once. Its name,
    /// and the change after which it is stored; or what is wrong with it.
    pub fn handle_silence(
        &mut self,
        wish: Wish,
        seen: BTreeMap<DomainName, BTreeSet<Sha256>>,
        now: Now,
    ) -> Result<(SilenceId, u64), Vec<String>> {
        self.now = now;
        if !self.roll.has_room(now.wall) {
            return Err(vec!["there are a thousand silences already; end some".to_owned()]);
        }
        let id = self.roll.free_id(&format!("{}\n{}\n{}", now.wall, wish.matcher, wish.comment));
        self.roll.add(wish.silence(id.clone(), seen, now.wall)?);
        self.see_to_silences();
        self.settle();
        Ok((id, self.sequence))
    }

    /// Somebody ends a silence: the change after which that is stored; `None` if there is no such silence to end.
    pub fn handle_silence_end(&mut self, id: &SilenceId, now: Now) -> Option<u64> {
        self.now = now;
        if !self.roll.end(id, now.wall) {
            return None;
        }
        self.see_to_silences();
        self.settle();
        Some(self.sequence)
    }

    /// These are the maintenance windows of the configuration, from the next [`Ledger::handle_domains`] on: what both
    /// change is one change, and nothing is told in between.
    pub fn handle_maintenance(&mut self, all: Vec<Maintenance>) {
        self.roll.set_maintenance(all);
    }

    /// Every silence and maintenance window, those that hold first.
    pub fn silences(&self) -> Vec<SilenceView> {
        self.roll.views(&self.silenced.by_silence, self.now.wall)
    }

    /// How many incidents of each domain are silenced; no domain of which none is.
    pub fn silenced_domains(&self) -> Arc<BTreeMap<DomainName, usize>> {
        Arc::clone(&self.silenced.by_domain)
    }

    /// How many incidents are silenced, those of our own sight among them.
    pub fn silenced_incidents(&self) -> usize {
        self.silenced.by_silence.values().sum()
    }
}

impl Ledger {
    /// Whether an incident is silenced now, which is noted. One whose silence has just ended waits as long as it looks
    /// as if it were about to be over: nobody wants to be woken for what the new certificate has mended.
    pub(super) fn is_silenced(&mut self, key: &Key) -> bool {
        let Some(incident) = self.incidents.get(key) else { return false };
        if incident.silenced_by.is_none() && self.roll.is_empty() {
            return false;
        }
        let by = match self.cover(key) {
            Some(cover) => Some(cover.id),
            None => incident.silenced_by.clone().filter(|_| incident.is_mending(self.now)),
        };
        let is_silenced = by.is_some();
        if is_silenced && incident.is_mending(self.now) {
            let due = Due::Mono(Moment::of(self.now).plus(MENDS_WITHIN));
            self.timers.set(Timer::Mending(Box::new(key.clone())), due);
        }
        self.set_silenced(key, by);
        is_silenced
    }

    /// Notes by what an incident is silenced.
    pub(super) fn set_silenced(&mut self, key: &Key, by: Option<SilenceId>) {
        let Some(incident) = self.incidents.get_mut(key).filter(|incident| incident.silenced_by != by) else { return };
        if let Some(before) = &incident.silenced_by {
            self.silenced.remove(key, before);
        }
        if let Some(by) = &by {
            self.silenced.add(key, by);
            self.roll.note_match(by, self.now.wall);
        }
        incident.silenced_by = by;
        self.touched.incidents.insert(key.clone());
    }

    /// Silences that begin or end by the passing of time, or because they were made or ended.
    pub(super) fn see_to_silences(&mut self) {
        // Before the domains are known nobody knows what matches.
        if self.offers_owed {
            return;
        }
        let passed = self.roll.tick(self.now.wall);
        if passed.any {
            self.review_incidents();
            for word in passed.words {
                self.say_that_it_ends(&word);
            }
        }
    }

    /// Looks at every incident anew: labels and maintenance windows may be others.
    pub(super) fn review_all(&mut self) {
        self.see_to_silences();
        self.review_incidents();
    }

    fn review_incidents(&mut self) {
        if self.roll.is_empty() && self.silenced.by_silence.is_empty() {
            return;
        }
        let firing = self.incidents.iter().filter(|(_, incident)| incident.state == State::Firing);
        for key in firing.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.review(&key);
        }
    }

    /// The end of an input: what it touched may be silenced now, or no more.
    pub(super) fn settle_silences(&mut self) {
        self.see_to_silences();
        if !self.roll.is_empty() || !self.silenced.by_silence.is_empty() {
            for key in self.touched.incidents.iter().cloned().collect::<Vec<_>>() {
                self.review(&key);
            }
        }
        self.timers.set_or_cancel(Timer::Silences, self.roll.next_edge().map(Due::Wall));
    }

    /// Looks at an incident anew; one that is no longer silenced is told as far as it was not.
    pub(super) fn review(&mut self, key: &Key) {
        let Some(incident) = self.incidents.get(key).filter(|incident| incident.state == State::Firing) else { return };
        let was_silenced = incident.silenced_by.is_some();
        if !self.is_silenced(key) && was_silenced {
            self.tell_what_was_held_back(key);
        }
    }

    fn tell_what_was_held_back(&mut self, key: &Key) {
        self.timers.cancel(&Timer::Mending(Box::new(key.clone())));
        let Some(incident) = self.incidents.get(key) else { return };
        if !incident.told {
            self.tell_opened(key);
        } else if self.key_in_setup(key) {
            // The day's one mail says it.
        } else if incident.is_worse_than_heard() {
            self.tell(key, Reason::Escalated);
            self.schedule_reminder(key);
        } else if incident.remind.is_none() {
            self.schedule_reminder(key);
        }
    }

    /// A reminder fell due under a silence: the next comes a whole step after its end, and not all at once.
    pub(super) fn pause_reminders(&mut self, key: &Key) {
        if let Some(incident) = self.incidents.get_mut(key) {
            incident.remind = None;
            self.touched.incidents.insert(key.clone());
        }
    }

    /// Says of every incident that a silence holds back, and nothing else will, that it is still there.
    fn say_that_it_ends(&mut self, word: &Cover) {
        if self.window.holds() {
            return;
        }
        let held = |(key, incident): &(&Key, &Incident)| {
            incident.silenced_by.as_ref() == Some(&word.id)
                && incident.state == State::Firing
                && incident.word_for != Some(word.until)
                && !incident.is_mending(self.now)
                && !self.key_in_setup(key)
                && !self.subject(key, incident, |subject| self.roll.will_cover(subject, word.until))
        };
        let held: Vec<Key> = self.incidents.iter().filter(held).map(|(key, _)| key.clone()).collect();
        for key in held {
            if let Some(incident) = self.incidents.get_mut(&key) {
                incident.word_for = Some(word.until);
            }
            self.tell(&key, Reason::SilenceEnds);
        }
    }

    /// What is said of an incident whose silence is about to end.
    pub(super) fn word_of_silence(&self, incident: &Incident) -> String {
        let ends = incident.word_for.unwrap_or(self.now.wall);
        let left = Span(self.now.wall.until(ends));
        format!("The silence ends in {left}, at {ends}, and it is still there: {}", incident.summary)
    }

    pub(super) fn write_silence(&mut self, id: &SilenceId, silence: Option<Silence>) {
        // A map with string keys and no floats always becomes JSON.
        let payload = silence.map(|silence| serde_json::to_value(silence).unwrap_or_default());
        match payload {
            Some(payload) => _ = self.put(Table::Silence, id.to_string(), payload),
            None => _ = self.change(Operation::Delete { table: Table::Silence, key: id.to_string() }),
        }
    }

    fn cover(&self, key: &Key) -> Option<Cover> {
        let incident = self.incidents.get(key)?;
        self.subject(key, incident, |subject| self.roll.cover(subject, self.now.wall))
    }

    fn subject<T>(&self, key: &Key, incident: &Incident, of: impl FnOnce(&Subject<'_>) -> T) -> T {
        let watched = key.domain.as_ref().and_then(|domain| self.domains.get(domain));
        of(&Subject {
            domain: key.domain.as_ref(),
            labels: watched.map(|watched| &watched.labels),
            code: &incident.code,
            severity: incident.severity,
            leaf: incident.facts.get("sha256").and_then(serde_json::Value::as_str),
        })
    }
}
