//! [`Timers`]: what is to happen when nobody gives an input.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::key::Key;
use super::moment::Moment;
use crate::domain::{DomainName, Now, UnixTime};

/// What is to happen. Every domain has one to be judged anew, few have an incident: so the keys of those lie apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// An incident is to be told again.
    Reminder(Box<Key>),
    /// A critical incident has waited long enough for the first summary.
    Tell(Box<Key>),
    /// What is wrong with a domain in set-up is to be told again.
    SetUp(DomainName),
    /// The same facts now give another verdict.
    Judge(DomainName),
    /// The first summary waits no longer.
    Window,
    /// Commits have failed for too long.
    Store,
    /// A silence begins or ends.
    Silences,
    /// An incident that was about to be over when its silence ended may not be.
    Mending(Box<Key>),
}

/// When it is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// By the monotonic clock: cadence.
    Mono(Moment),
    /// By the wall clock: certificates run out by it, jumps and all.
    Wall(UnixTime),
}

/// All timers, the next of either clock first. Each is set once.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers {
    due: BTreeMap<Timer, Due>,
    mono: BTreeSet<(Moment, Timer)>,
    wall: BTreeSet<(UnixTime, Timer)>,
}

impl Timers {
    /// Sets a timer, in place of what it was set to before.
    pub(super) fn set(&mut self, timer: Timer, due: Due) {
        self.cancel(&timer);
        match due {
            Due::Mono(at) => self.mono.insert((at, timer.clone())),
            Due::Wall(at) => self.wall.insert((at, timer.clone())),
        };
        self.due.insert(timer, due);
    }

    /// Sets or cancels a timer.
    pub(super) fn set_or_cancel(&mut self, timer: Timer, due: Option<Due>) {
        match due {
            Some(due) => self.set(timer, due),
            None => self.cancel(&timer),
        }
    }

    /// Cancels a timer, if it is set.
    pub(super) fn cancel(&mut self, timer: &Timer) {
        match self.due.remove(timer) {
            Some(Due::Mono(at)) => self.mono.remove(&(at, timer.clone())),
            Some(Due::Wall(at)) => self.wall.remove(&(at, timer.clone())),
            None => false,
        };
    }

    /// Takes every timer that is due.
    pub(super) fn take_due(&mut self, now: Now) -> Vec<Timer> {
        let mono = self.mono.iter().take_while(|(at, _)| *at <= Moment::of(now)).map(|(_, timer)| timer);
        let wall = self.wall.iter().take_while(|(at, _)| *at <= now.wall).map(|(_, timer)| timer);
        let due: Vec<Timer> = mono.chain(wall).cloned().collect();
        for timer in &due {
            self.cancel(timer);
        }
        due
    }

    /// When the next is due, by the monotonic clock, if the wall clock does not jump until then.
    pub(super) fn next(&self, now: Now) -> Option<Duration> {
        let mono = self.mono.first().map(|(at, _)| at.as_duration());
        let wall = self.wall.first().map(|(at, _)| {
            let seconds = u64::try_from(now.wall.until(*at)).unwrap_or(0);
            now.mono.saturating_add(Duration::from_secs(seconds))
        });
        mono.into_iter().chain(wall).min()
    }
}
