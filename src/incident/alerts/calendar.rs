//! [`Calendar`]: what is due when, by number.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is due when, by the monotonic clock; each number once.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    at: BTreeMap<u64, Duration>,
    order: BTreeSet<(Duration, u64)>,
}

impl Calendar {
    /// It is due then, and not when it was before.
    pub(super) fn set(&mut self, id: u64, at: Duration) {
        self.remove(id);
        self.at.insert(id, at);
        self.order.insert((at, id));
    }

    pub(super) fn remove(&mut self, id: u64) {
        if let Some(at) = self.at.remove(&id) {
            self.order.remove(&(at, id));
        }
    }

    /// When the first is due.
    pub(super) fn first(&self) -> Option<Duration> {
        self.order.first().map(|(at, _)| *at)
    }

    /// What is due by then, the first first.
    pub(super) fn until(&self, then: Duration) -> Vec<u64> {
        self.order.iter().take_while(|(at, _)| *at <= then).map(|(_, id)| *id).collect()
    }
}
