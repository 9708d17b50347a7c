//! Receivers that are shown how things stand: what fires goes to the [`Alerts`] of each to whom it is routed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::Keeper;
use super::unheard::Failing;
use crate::domain::Now;
use crate::incident::alerts::{Post, Posted, Settings};
use crate::incident::{Alerts, AlertsEvent, Key};

/// What each such receiver is shown.
#[derive(Debug, Default)]
pub(super) struct AlertReceivers {
    shown: BTreeMap<String, Alerts>,
    /// Numbers the posts of all of them, so that an answer that comes late is nobody else's.
    posts: u64,
    events: VecDeque<(String, AlertsEvent)>,
}

impl AlertReceivers {
    /// These are the receivers from now on.
    fn reconcile(&mut self, receivers: BTreeMap<String, Settings>, now: Now) {
        self.shown.retain(|name, _| receivers.contains_key(name));
        for (name, settings) in receivers {
            match self.shown.get_mut(&name) {
                Some(alerts) => alerts.handle_settings(settings, now),
                None => _ = self.shown.insert(name, Alerts::new(settings)),
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Now) {
        self.shown.values_mut().for_each(|alerts| alerts.handle_timeout(now));
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.shown.values().filter_map(Alerts::poll_timeout).min()
    }
}

/// Inputs and outputs.
impl Keeper {
    /// The receivers there are from now on that are shown how things stand, by name.
    pub fn handle_alert_receivers(&mut self, receivers: BTreeMap<String, Settings>, now: Now) {
        self.now = now;
        self.alerts.reconcile(receivers, now);
        self.keep_counters();
        self.show_all();
        self.settle();
    }

    /// What came of a post.
    pub fn handle_posted(&mut self, receiver: &str, peer: &str, number: u64, posted: Posted, now: Now) {
        self.now = now;
        if let Some(alerts) = self.alerts.shown.get_mut(receiver) {
            alerts.handle_posted(peer, number, posted, now);
        }
        self.settle();
    }

    /// A post to make, and for which receiver.
    pub fn poll_post(&mut self) -> Option<(String, Post)> {
        if self.draining {
            return None;
        }
        let (ledger, now, number) = (&self.ledger, self.now, self.alerts.posts + 1);
        let mut all = self.alerts.shown.iter_mut();
        let (name, post) = all.find_map(|(name, alerts)| {
            Some((name.clone(), alerts.poll_post(number, |key| ledger.firing_notice(key), now)?))
        })?;
        self.alerts.posts = number;
        Some((name, post))
    }

    /// What has happened to a post, for the log.
    pub fn poll_alerts_event(&mut self) -> Option<(String, AlertsEvent)> {
        self.alerts.events.pop_front()
    }
}

impl Keeper {
    /// Shows what has changed in the ledger.
    pub(super) fn show_changed(&mut self) {
        while let Some(key) = self.ledger.poll_standing() {
            self.show(&key);
        }
    }

    /// Shows everything anew: who is shown what may be others now.
    pub(super) fn show_all(&mut self) {
        if self.alerts.shown.is_empty() {
            return;
        }
        let shown = self.alerts.shown.values().flat_map(Alerts::firing);
        let keys: BTreeSet<Key> = self.ledger.firing().chain(shown).cloned().collect();
        // What is not stored yet is shown once it is.
        for key in keys.iter().filter(|key| self.ledger.is_shown(key)).cloned().collect::<Vec<_>>() {
            self.show(&key);
        }
    }

    fn show(&mut self, key: &Key) {
        if self.alerts.shown.is_empty() {
            return;
        }
        let notice = self.ledger.firing_notice(key);
        let names: Vec<String> = self.alerts.shown.keys().cloned().collect();
        for name in names {
            let told = notice.as_ref().filter(|notice| self.is_told(&name, notice));
            let Some(alerts) = self.alerts.shown.get_mut(&name) else { continue };
            match told {
                Some(notice) => alerts.handle_firing(key, notice, self.now),
                None => alerts.handle_over(key, self.now),
            }
        }
    }

    pub(super) fn count_posts(&mut self) {
        for (name, alerts) in &mut self.alerts.shown {
            while let Some(event) = alerts.poll_event() {
                let (result, news) = event.counted();
                self.counters.count_result(name, result, news);
                self.alerts.events.push_back((name.clone(), event));
            }
        }
    }

    /// What receivers are owed: notices, or transitions that no peer knows of.
    pub(super) fn owed(&self) -> BTreeMap<String, usize> {
        let told = self.outboxes.told().map(|(name, outbox)| (name.clone(), outbox.queue_len()));
        told.chain(self.alerts.shown.iter().map(|(name, alerts)| (name.clone(), alerts.untold()))).collect()
    }

    pub(super) fn failing_receivers(&self) -> impl Iterator<Item = Failing<'_>> {
        let told = self.outboxes.told().filter_map(|(receiver, outbox)| {
            let (since, lasted) = (outbox.failing_since()?, outbox.failing_for(self.now)?);
            Some(Failing { lasted, since, receiver, error: outbox.last_error().unwrap_or_default() })
        });
        let shown = self.alerts.shown.iter().filter_map(|(receiver, alerts)| {
            let (since, error) = alerts.failing()?;
            let lasted = Duration::from_secs(u64::try_from(since.until(self.now.wall)).unwrap_or(0));
            Some(Failing { lasted, since, receiver, error })
        });
        told.chain(shown)
    }

    /// Those to whom nothing gets through for so long: the name, for how long, and what they would be shown.
    pub(super) fn failing_alerts(&self, after: Duration) -> impl Iterator<Item = (&str, Duration, Vec<&Key>)> {
        self.alerts.shown.iter().filter_map(move |(name, alerts)| {
            let (since, _) = alerts.failing()?;
            let lasted = Duration::from_secs(u64::try_from(since.until(self.now.wall)).unwrap_or(0));
            (lasted >= after).then(|| (name.as_str(), lasted, alerts.firing().collect()))
        })
    }

    pub(super) fn keep_counters(&mut self) {
        let told = self.outboxes.told().map(|(name, _)| name);
        let all: Vec<String> = told.chain(self.alerts.shown.keys()).cloned().collect();
        self.counters.keep_receivers(&all);
    }
}
