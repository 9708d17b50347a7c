//! [`Peer`]: one Alertmanager of a cluster, what it is still to be posted, and how it fares.

use std::time::Duration;

use super::Calendar;
use crate::domain::{Now, UnixTime};

/// Waits before a peer that failed is tried again; the last repeats. None is longer than what fires may wait for its
/// next post, else it would be over by itself.
const RETRY: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
];

/// One Alertmanager.
#[derive(Debug)]
pub(super) struct Peer {
    name: String,
    pub(super) due: Calendar,
    /// Parts of posts that were refused, to be posted by themselves.
    suspects: Vec<Vec<u64>>,
    in_flight: Option<(u64, Vec<(u64, u32)>)>,
    not_before: Duration,
    failures: usize,
    failing: Option<(UnixTime, String)>,
    has_accepted: bool,
}

impl Peer {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            due: Calendar::default(),
            suspects: Vec::new(),
            in_flight: None,
            not_before: Duration::ZERO,
            failures: 0,
            failing: None,
            has_accepted: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What may go into its next post: if something is due, what is so `soon` as well. None while a post is on its way,
    /// or it is to be left alone.
    pub(super) fn candidates(&mut self, now: Duration, soon: Duration) -> Vec<u64> {
        if self.in_flight.is_some() || now < self.not_before {
            return Vec::new();
        }
        if let Some(suspects) = self.suspects.pop() {
            return suspects;
        }
        if self.due.first().is_some_and(|at| at <= now) { self.due.until(now + soon) } else { Vec::new() }
    }

    /// A post with these is on its way.
    pub(super) fn offered(&mut self, number: u64, batch: Vec<(u64, u32)>) {
        batch.iter().for_each(|(id, _)| self.due.remove(*id));
        self.in_flight = Some((number, batch));
    }

    /// What was in the post of this number, if it was on its way.
    pub(super) fn answered(&mut self, number: u64) -> Option<Vec<(u64, u32)>> {
        self.in_flight.take_if(|(known, _)| *known == number).map(|(_, batch)| batch)
    }

    /// When it may be posted something again.
    pub(super) fn wakes_at(&self) -> Option<Duration> {
        let due = if self.suspects.is_empty() { self.due.first() } else { Some(Duration::ZERO) };
        due.filter(|_| self.in_flight.is_none()).map(|at| at.max(self.not_before))
    }

    /// Since when it takes nothing, and what it said last.
    pub(super) fn failing(&self) -> Option<(UnixTime, &str)> {
        self.failing.as_ref().map(|(since, error)| (*since, error.as_str()))
    }

    /// It took a post; whether it had failed before.
    pub(super) fn works(&mut self) -> bool {
        self.has_accepted = true;
        self.failures = 0;
        self.not_before = Duration::ZERO;
        self.failing.take().is_some()
    }

    /// It refused a post of several.
    pub(super) fn halve(&mut self, batch: &[(u64, u32)]) {
        let (first, second) = batch.split_at(batch.len() / 2);
        for half in [second, first] {
            self.suspects.push(half.iter().map(|(id, _)| *id).collect());
        }
    }

    /// It refused a single alert. One that has taken others works all the same.
    pub(super) fn refuses(&mut self, error: &str, now: Now) {
        if !self.has_accepted {
            self.note_failure(error, now);
        }
    }

    /// It failed. When it is tried again, and whether it failed like this before.
    pub(super) fn fails(&mut self, error: &str, wait: Option<Duration>, most: Duration, now: Now) -> (Duration, bool) {
        let again = self.note_failure(error, now);
        let step = RETRY.get(self.failures).or(RETRY.last()).copied().unwrap_or_default();
        self.failures += 1;
        let retry_in = step.max(wait.unwrap_or_default()).min(most);
        self.not_before = now.mono + retry_in;
        (retry_in, again)
    }

    fn note_failure(&mut self, error: &str, now: Now) -> bool {
        let (_, last) = self.failing.get_or_insert_with(|| (now.wall, String::new()));
        let again = last == error;
        error.clone_into(last);
        again
    }
}
