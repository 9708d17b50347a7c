//! [`Causes`]: which incidents fail alike. Where three or more do, confirming looks are made for three of them
//! and count for all: a dead proxy before a thousand domains is not looked at three thousand times more.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::key::Key;
use super::moment::Moment;
use crate::verdict::Severity;

/// For so many of those that fail alike confirming looks are made.
const ENOUGH: usize = 3;

/// Confirmations count for others no longer than this: a hiccup amid old sores is still a hiccup.
const COUNTS_FOR: Duration = Duration::from_secs(300);

/// What incidents that fail alike have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cause {
    pub(super) address: SocketAddr,
    pub(super) view: String,
    pub(super) code: String,
    pub(super) severity: Severity,
}

/// What becomes of an incident that waits for confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Looks are made for it.
    Asks,
    /// Looks are made for others that fail alike.
    Waits,
    /// Enough that fail alike were confirmed already.
    Settled,
}

/// The incidents that fail, by what they have in common.
#[derive(Debug, Clone, Default)]
pub(super) struct Causes {
    groups: BTreeMap<Cause, Group>,
    causes: BTreeMap<Key, Cause>,
}

#[derive(Debug, Clone, Default)]
struct Group {
    asking: BTreeSet<Key>,
    waiting: BTreeSet<Key>,
    confirmed: Confirmed,
}

/// Incidents with the moment each was confirmed.
#[derive(Debug, Clone, Default)]
struct Confirmed {
    at: BTreeMap<Key, Moment>,
    by_moment: BTreeSet<(Moment, Key)>,
}

impl Confirmed {
    fn insert(&mut self, key: &Key, at: Moment) {
        self.remove(key);
        self.at.insert(key.clone(), at);
        self.by_moment.insert((at, key.clone()));
    }

    fn remove(&mut self, key: &Key) {
        if let Some(at) = self.at.remove(key) {
            self.by_moment.remove(&(at, key.clone()));
        }
    }

    /// Forgets those that no longer count, and touches no other: a dead proxy may have thousands.
    fn expire(&mut self, now: Moment) {
        while self.by_moment.first().is_some_and(|(at, _)| now.since(*at) > COUNTS_FOR) {
            let oldest = self.by_moment.pop_first();
            oldest.map(|(_, key)| self.at.remove(&key));
        }
    }

    fn len(&self) -> usize {
        self.at.len()
    }

    fn is_empty(&self) -> bool {
        self.at.is_empty()
    }
}

impl Causes {
    /// An incident waits for confirmation. Returns its role, and another whose turn to be looked at has come
    /// because this one failed otherwise before.
    pub(super) fn join(&mut self, key: &Key, cause: Option<Cause>, now: Moment) -> (Role, Option<Key>) {
        let next = if self.causes.get(key) == cause.as_ref() { None } else { self.leave(key) };
        let Some(cause) = cause else { return (Role::Asks, next) };
        let group = self.groups.entry(cause.clone()).or_default();
        self.causes.insert(key.clone(), cause);
        group.confirmed.remove(key);
        group.confirmed.expire(now);
        let role = if group.confirmed.len() >= ENOUGH {
            Role::Settled
        } else if group.asking.contains(key) {
            Role::Asks
        } else if group.waiting.contains(key) || group.asking.len() + group.confirmed.len() >= ENOUGH {
            group.waiting.insert(key.clone());
            Role::Waits
        } else {
            group.asking.insert(key.clone());
            Role::Asks
        };
        (role, next)
    }

    /// Whether looks are made for an incident that waits for confirmation.
    pub(super) fn asks(&self, key: &Key) -> bool {
        let group = self.causes.get(key).and_then(|cause| self.groups.get(cause));
        group.is_none_or(|group| group.asking.contains(key))
    }

    /// An incident is confirmed. Returns those that are confirmed with it.
    pub(super) fn confirm(&mut self, key: &Key, at: Moment) -> Vec<Key> {
        let Some(group) = self.causes.get(key).and_then(|cause| self.groups.get_mut(cause)) else { return Vec::new() };
        group.asking.remove(key);
        group.waiting.remove(key);
        group.confirmed.insert(key, at);
        if group.confirmed.len() < ENOUGH {
            return Vec::new();
        }
        let rest: Vec<Key> = group.asking.union(&group.waiting).cloned().collect();
        group.asking.clear();
        group.waiting.clear();
        rest
    }

    /// Takes up a confirmed incident again after a restart.
    pub(super) fn remember(&mut self, key: &Key, cause: Option<Cause>, at: Moment) {
        self.join(key, cause, at);
        self.confirm(key, at);
    }

    /// An incident is over, or fails otherwise. Returns one whose turn to be looked at has come.
    pub(super) fn leave(&mut self, key: &Key) -> Option<Key> {
        let cause = self.causes.remove(key)?;
        let group = self.groups.get_mut(&cause)?;
        group.asking.remove(key);
        group.waiting.remove(key);
        group.confirmed.remove(key);
        if group.asking.len() + group.confirmed.len() >= ENOUGH {
            return None;
        }
        let next = group.waiting.pop_first();
        group.asking.extend(next.clone());
        if group.asking.is_empty() && group.confirmed.is_empty() {
            self.groups.remove(&cause);
        }
        next
    }
}
