//! [`RelayChecks`]: when each receiver's relay is asked whether it would take a mail, and what is made of the answers.
//! Pure. So a password that ran out is known before the night it matters.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Keeper;
use crate::domain::{Now, Span, UnixTime};
use crate::incident::Checked;

/// The first check comes so long after the start, or after the receiver was added.
const FIRST_AFTER: Duration = Duration::from_secs(60);
/// One that failed is repeated after so long: greylisting asks for five minutes or more (RFC 6647 §5).
const AGAIN_AFTER: Duration = Duration::from_secs(300);
/// What fails for so long is a finding; greylisting is over by then.
const FAILS_AFTER: Duration = Duration::from_secs(900);

/// Every receiver's relay.
#[derive(Debug, Default)]
pub(super) struct RelayChecks {
    /// How often each is asked; `None` for never.
    every: Option<Duration>,
    relays: BTreeMap<String, Relay>,
}

#[derive(Debug)]
struct Relay {
    next: Duration,
    is_asked: bool,
    failing: Option<Failing>,
    /// Whether the last check was good; `None` before the first.
    is_good: Option<bool>,
}

#[derive(Debug)]
struct Failing {
    since: UnixTime,
    since_mono: Duration,
    error: String,
    /// Whether nothing at all would get through.
    is_whole: bool,
}

/// A relay that would not take a mail, or not for all.
#[derive(Debug)]
pub(super) struct Unready<'a> {
    pub(super) receiver: &'a str,
    pub(super) since: UnixTime,
    pub(super) is_whole: bool,
    /// In a sentence.
    pub(super) summary: String,
    pub(super) error: &'a str,
}

impl RelayChecks {
    fn reconcile(&mut self, every: Duration, receivers: &BTreeSet<String>, now: Now) {
        self.every = (!every.is_zero()).then_some(every);
        self.relays.retain(|name, _| self.every.is_some() && receivers.contains(name));
        for name in receivers.iter().filter(|_| self.every.is_some()) {
            let new = || Relay { next: now.mono + FIRST_AFTER, is_asked: false, failing: None, is_good: None };
            let relay = self.relays.entry(name.clone()).or_insert_with(new);
            // Whatever failed may have been mended.
            relay.next = relay.next.min(now.mono + if relay.failing.is_some() { Duration::ZERO } else { every });
        }
    }

    fn due(&mut self, now: Now) -> Option<String> {
        let (name, relay) = self.relays.iter_mut().find(|(_, relay)| !relay.is_asked && relay.next <= now.mono)?;
        relay.is_asked = true;
        Some(name.clone())
    }

    fn checked(&mut self, receiver: &str, checked: Checked, now: Now) {
        let Some((relay, every)) = self.relays.get_mut(receiver).zip(self.every) else { return };
        relay.is_asked = false;
        relay.is_good = Some(checked == Checked::Good);
        let (is_whole, error) = match checked {
            Checked::Good => {
                relay.failing = None;
                relay.next = now.mono + every;
                return;
            }
            Checked::InPart { error } => (false, error),
            Checked::Failed { error } => (true, error),
        };
        relay.next = now.mono + every.min(AGAIN_AFTER);
        match &mut relay.failing {
            Some(failing) if failing.is_whole || !is_whole => (failing.error, failing.is_whole) = (error, is_whole),
            // What has become worse is given its time anew.
            failing => *failing = Some(Failing { since: now.wall, since_mono: now.mono, error, is_whole }),
        }
    }

    /// Whether nothing would get through to one of them, be it for a moment.
    pub(super) fn any_fails(&self) -> bool {
        self.relays.values().any(|relay| relay.failing.as_ref().is_some_and(|failing| failing.is_whole))
    }

    /// Those that have failed for long, the worst first.
    pub(super) fn unready(&self, now: Now) -> Vec<Unready<'_>> {
        let long = self.relays.iter().filter_map(|(receiver, relay)| {
            let Failing { since, since_mono, error, is_whole } = relay.failing.as_ref()?;
            let lasted = now.mono.saturating_sub(*since_mono);
            let span = Span(i64::try_from(lasted.as_secs()).unwrap_or(i64::MAX));
            let what = if *is_whole { "no mail to" } else { "not every mail to" };
            let summary = format!("{what} {receiver} would be taken, for {span}: {error}");
            let unready = Unready { receiver, since: *since, is_whole: *is_whole, summary, error };
            (lasted >= FAILS_AFTER).then_some(unready)
        });
        let mut long: Vec<_> = long.collect();
        long.sort_by_key(|unready| (!unready.is_whole, unready.since));
        long
    }

    pub(super) fn next_wakeup(&self) -> Option<Duration> {
        self.relays.values().filter(|relay| !relay.is_asked).map(|relay| relay.next).min()
    }

    /// What each said last, of those that were asked.
    pub(super) fn last(&self) -> BTreeMap<String, bool> {
        self.relays.iter().filter_map(|(name, relay)| Some((name.clone(), relay.is_good?))).collect()
    }
}

/// Inputs and outputs.
impl Keeper {
    /// How often the relays of these receivers are asked from now on; never if that is zero.
    pub fn handle_relays(&mut self, every: Duration, receivers: &BTreeSet<String>, now: Now) {
        self.now = now;
        self.relay_checks.reconcile(every, receivers, now);
        self.settle();
    }

    /// A receiver whose relay is to be asked now whether it would take a mail.
    pub fn poll_relay_check(&mut self) -> Option<String> {
        if self.draining { None } else { self.relay_checks.due(self.now) }
    }

    /// What it said.
    pub fn handle_relay_checked(&mut self, receiver: &str, checked: Checked, now: Now) {
        self.now = now;
        self.relay_checks.checked(receiver, checked, now);
        self.tell_of_mail();
        self.settle();
    }
}
