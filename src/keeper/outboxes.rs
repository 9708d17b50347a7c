//! [`Outboxes`]: one a receiver, and those of receivers that the configuration no longer names.

use std::collections::BTreeMap;

use crate::domain::Now;
use crate::incident::{Outbox, Policy, Row, outbox};

/// One outbox a receiver.
#[derive(Debug)]
pub(super) struct Outboxes {
    told: BTreeMap<String, Outbox>,
    /// Of receivers that are not configured. Answers and commits still come home to them, and what they change is stored,
    /// but nothing is given to them nor offered by them. Should the receiver be configured again, it is owed what it was.
    retired: BTreeMap<String, Outbox>,
}

impl Outboxes {
    pub(super) fn restore(policy: &Policy, receivers: &[String], rows: &[Row], now: Now) -> Self {
        let restored = |name: &str| (name.to_owned(), Outbox::restore(name, policy.of_receiver(name), rows, now));
        let others = outbox::receivers(rows).into_iter().filter(|name| !receivers.iter().any(|known| known == name));
        Self { told: receivers.iter().map(|name| restored(name)).collect(), retired: others.map(restored).collect() }
    }

    /// These are the receivers from now on.
    pub(super) fn reconcile(&mut self, policy: &Policy, receivers: &[String], now: Now) {
        self.retired.extend(self.told.extract_if(.., |name, _| !receivers.contains(name)));
        for name in receivers {
            if let Some(back) = self.retired.remove(name) {
                self.told.insert(name.clone(), back);
            }
            self.told.entry(name.clone()).or_insert_with(|| Outbox::new(name, policy.of_receiver(name), now));
        }
        for (name, outbox) in &mut self.told {
            outbox.handle_policy(policy.of_receiver(name), now);
        }
    }

    /// Those of the receivers that are configured, by name.
    pub(super) fn told(&self) -> impl Iterator<Item = (&String, &Outbox)> {
        self.told.iter()
    }

    /// The same, to be fed.
    pub(super) fn told_mut(&mut self) -> impl Iterator<Item = (&String, &mut Outbox)> {
        self.told.iter_mut()
    }

    /// All that may have something on its way to the store or to a relay.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = (&String, &mut Outbox)> {
        self.told.iter_mut().chain(&mut self.retired)
    }

    /// The outbox of this receiver, configured or not.
    pub(super) fn get_mut(&mut self, receiver: &str) -> Option<&mut Outbox> {
        self.told.get_mut(receiver).or_else(|| self.retired.get_mut(receiver))
    }

    /// What receivers are owed that are not configured; none that is owed nothing.
    pub(super) fn owed_by_retired(&self) -> impl Iterator<Item = (&str, usize)> {
        let owed = self.retired.iter().map(|(name, outbox)| (name.as_str(), outbox.queue_len()));
        owed.filter(|(_, owed)| *owed > 0)
    }

    /// How many rows of notices and mails could not be read.
    pub(super) fn unreadable(&self) -> usize {
        self.told.values().chain(self.retired.values()).map(Outbox::unreadable_len).sum()
    }
}
