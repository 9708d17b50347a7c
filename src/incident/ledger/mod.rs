//! [`Ledger`]: a set of domains and their incidents. Verdicts go in; changes to store, notices to tell and looks
//! to make come out.
//!
//! It does no I/O and reads no clock. Whoever drives it gives an input (`handle_*`, each with the time), then
//! takes every output (`poll_*`) until there is none, and calls [`Ledger::handle_timeout`] no later than
//! [`Ledger::poll_timeout`] says:
//!
//! 1. [`Ledger::poll_change`]: commit the changes in their order, best all of one input in one transaction, then
//!    say so with [`Ledger::handle_stored`]. A prefix of them is a state to restart from as well.
//! 2. [`Ledger::poll_batch`]: give the notices to the outboxes, and when these have stored them (or nobody is to
//!    be told) say so with [`Ledger::handle_taken`]. What was not taken is offered again after a restart.
//! 3. [`Ledger::poll_look`]: look at the domain at that time, whatever its interval.
//! 4. [`Ledger::poll_standing`]: show how that incident stands to whoever keeps track of it.
//! 5. [`Ledger::poll_judge`]: judge the domain anew by what is known of it, and hand in the verdict with
//!    `Looked::default()`. So a host that has stopped answering still expires on time.

mod binding;
mod cause;
mod confirming;
mod flapping;
mod hidden;
mod incident;
mod key;
mod moment;
mod opening;
mod own_sight;
mod resolving;
mod restore;
mod showing;
mod sighting;
mod silencing;
mod standing;
mod telling;
#[cfg(test)]
mod tests;
mod timers;
mod watched;
mod window;
mod writing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use cause::Causes;
use incident::Incident;
use moment::Moment;
use showing::Showing;
use sighting::{Hiding, Sighting};
use silencing::Silenced;
use timers::{Due, Timer, Timers};
use watched::Watched;
use window::Window;
use writing::Touched;

use super::silence::Roll;
use super::{Batch, Change, NoticeId, Operation, PathFact, Policy, Row, Table};
use crate::domain::{Domain, DomainName, Life, Now, Shared, packed};
use crate::observation::Code;
use crate::verdict::{Family, Finding, Level, Verdict};

pub use incident::State;
pub use key::Key;
pub use sighting::Looked;
pub(super) use sighting::rank;
pub use standing::Standing;

/// Commits that fail for so long no longer hold notices back.
const TELL_UNSTORED_AFTER: Duration = Duration::from_secs(30);
/// The key of the row that says when the first summary began (`began_at`), or that it is over (`over_at`).
const FIRST_SUMMARY: &str = "first_summary";

/// A set of domains and their incidents.
#[derive(Debug)]
pub struct Ledger {
    policy: Policy,
    /// The time of the last input.
    now: Now,
    domains: BTreeMap<DomainName, Watched>,
    incidents: BTreeMap<Key, Incident>,
    /// Whose incident a notice is that the outboxes have not taken.
    owed: BTreeMap<NoticeId, Key>,
    causes: Causes,
    /// Since when looks have found our own sight failing, and by which resolvers, without one that found it good.
    failing_sight: BTreeMap<(Family, BTreeSet<String>), Moment>,
    window: Window,
    roll: Roll,
    silenced: Silenced,
    timers: Timers,
    /// Until then an address that is not known may merely not have been seen since the restart.
    remembers_from: Moment,
    unreadable: Vec<String>,
    /// Whether notices from before the restart are still to be offered again.
    offers_owed: bool,
    touched: Touched,
    changes: VecDeque<Change>,
    sequence: u64,
    stored: u64,
    failing_since: Option<Moment>,
    /// Each with the change that must be stored before.
    batches: VecDeque<(u64, Batch)>,
    looks: BTreeSet<(Moment, DomainName)>,
    judge: BTreeSet<DomainName>,
    showing: Showing,
}

/// A look that is wanted besides those the interval brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookAgain {
    /// At which domain.
    pub domain: DomainName,
    /// When, by the monotonic clock; may have passed. Looks of one domain that fall together may be one look.
    pub at: Duration,
}

impl Ledger {
    /// A ledger without a past. It knows no domains until [`Ledger::handle_domains`].
    pub fn new(policy: Policy, now: Now) -> Self {
        Self {
            policy,
            now,
            domains: BTreeMap::new(),
            incidents: BTreeMap::new(),
            owed: BTreeMap::new(),
            causes: Causes::default(),
            failing_sight: BTreeMap::new(),
            window: Window::Waiting { since: None },
            roll: Roll::default(),
            silenced: Silenced::default(),
            timers: Timers::default(),
            remembers_from: Moment::of(now),
            unreadable: Vec::new(),
            offers_owed: false,
            touched: Touched::default(),
            changes: VecDeque::new(),
            sequence: 0,
            stored: 0,
            failing_since: None,
            batches: VecDeque::new(),
            looks: BTreeSet::new(),
            judge: BTreeSet::new(),
            showing: Showing::default(),
        }
    }

    /// These are the domains to watch from now on. What a domain no longer among them owed is dropped: the
    /// operator took it away and needs no notice of that.
    pub fn handle_domains<'a>(&mut self, domains: impl IntoIterator<Item = &'a Domain>, now: Now) {
        self.now = now;
        let listed: BTreeMap<&DomainName, &Domain> = domains.into_iter().map(|domain| (&domain.name, domain)).collect();
        let known = self.incidents.keys().filter_map(|key| key.domain.as_ref()).chain(self.domains.keys());
        let gone: BTreeSet<DomainName> = known.filter(|name| !listed.contains_key(name)).cloned().collect();
        for name in &gone {
            self.forget_domain(name);
        }
        for (name, domain) in &listed {
            self.watch_domain(name, domain);
        }
        self.domains = packed(std::mem::take(&mut self.domains));
        self.bound_reminders();
        self.offer_owed();
        self.review_all();
        // A crash may have come between an opening and the word of it.
        for key in self.incidents.keys().cloned().collect::<Vec<_>>() {
            self.tell_opened(&key);
        }
        let interval = listed.values().map(|domain| domain.interval).max().unwrap_or_default();
        let began = self.window.start(listed.into_keys().cloned().collect(), interval, Moment::of(now));
        self.touched.first_summary |= began;
        self.settle();
    }

    /// The verdict of a domain, after a look or (`Looked::default()`) because time has passed.
    pub fn handle_verdict(&mut self, verdict: &Verdict, looked: &Looked, now: Now) {
        self.now = now;
        self.see_to_silences();
        let Some(watched) = self.domains.get_mut(&verdict.domain) else { return };
        watched.absorb(verdict);
        let judge = verdict.changes_at.filter(|at| *at > now.wall).map(Due::Wall);
        self.timers.set_or_cancel(Timer::Judge(verdict.domain.clone()), judge);
        if looked.fresh {
            self.window.strike(&verdict.domain);
            self.see_ourselves(verdict, looked);
        }
        let blind = verdict.findings.iter().any(|finding| finding.code == Code::WatchBlind);
        if verdict.level != Level::Unknown && !blind {
            self.see_domain(verdict, looked);
        }
        self.roll.note_served(&verdict.domain, &looked.leaves, now.wall);
        self.settle();
    }

    /// What is known of our own sight from elsewhere than a domain's verdict, e.g. that mail cannot be delivered:
    /// the finding as long as there is one, `None` once it is over.
    pub fn handle_own_sight(&mut self, family: Family, finding: Option<&Finding>, now: Now) {
        self.now = now;
        self.see_to_silences();
        self.set_own_sight(family, finding);
        self.settle();
    }

    /// The configuration was read again.
    pub fn handle_policy(&mut self, policy: Policy, now: Now) {
        self.now = now;
        self.policy = policy;
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        self.now = now;
        self.see_to_silences();
        for timer in self.timers.take_due(now) {
            match timer {
                Timer::Reminder(key) => self.remind(&key),
                Timer::Tell(key) => self.tell_waiting(&key),
                Timer::SetUp(domain) => self.remind_setup(&domain),
                Timer::Judge(domain) => _ = self.judge.insert(domain),
                Timer::Window | Timer::Silences => {}
                Timer::Mending(key) => self.review(&key),
                Timer::Store => self.tell_store_failing(),
            }
        }
        self.settle();
    }

    /// Every change up to this one is stored.
    pub fn handle_stored(&mut self, up_to: u64, now: Now) {
        self.now = now;
        self.stored = self.stored.max(up_to);
        self.failing_since = None;
        self.timers.cancel(&Timer::Store);
        self.set_own_sight(Family::Store, None);
        self.settle();
    }

    /// A commit failed. Its changes stay with whoever commits them, to be tried again.
    pub fn handle_store_failed(&mut self, now: Now) {
        self.now = now;
        if self.failing_since.is_none() {
            let since = Moment::of(now);
            self.failing_since = Some(since);
            self.timers.set(Timer::Store, Due::Mono(since.plus(TELL_UNSTORED_AFTER)));
        }
    }

    /// The outboxes have stored this notice, or nobody is to be told of it.
    pub fn handle_taken(&mut self, id: &NoticeId, now: Now) {
        self.now = now;
        let Some(key) = self.owed.remove(id) else { return };
        if let Some(incident) = self.incidents.get_mut(&key) {
            incident.owed.retain(|owed| owed.notice.id != *id);
            self.touched.incidents.insert(key);
        }
        self.settle();
    }

    /// The next change to store.
    pub fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// The next notices to tell: their changes are stored, or commits have failed for 30 s.
    pub fn poll_batch(&mut self) -> Option<Batch> {
        let unstored = self.batches.front()?.0 > self.stored;
        if unstored && !self.tells_unstored() {
            return None;
        }
        let (_, batch) = self.batches.pop_front()?;
        Some(Batch { unstored, ..batch })
    }

    /// The next look to be made besides those the intervals bring.
    pub fn poll_look(&mut self) -> Option<LookAgain> {
        self.looks.pop_first().map(|(at, domain)| LookAgain { domain, at: at.as_duration() })
    }

    /// A domain whose verdict must be made anew, as time alone has changed it.
    pub fn poll_judge(&mut self) -> Option<DomainName> {
        self.judge.pop_first()
    }

    /// When [`Ledger::handle_timeout`] is to be called at the latest, by the monotonic clock. Some of it hangs on
    /// the wall clock, so ask again at least every 30 s: it may have jumped.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timers.next(self.now)
    }

    fn tells_unstored(&self) -> bool {
        self.failing_since.is_some_and(|since| Moment::of(self.now).since(since) >= TELL_UNSTORED_AFTER)
    }

    fn key_in_setup(&self, key: &Key) -> bool {
        key.domain.as_ref().is_some_and(|domain| self.in_setup(domain))
    }

    /// When what this incident is about is spoken of.
    fn life(&self, key: &Key) -> Shared<Life> {
        let watched = key.domain.as_ref().and_then(|domain| self.domains.get(domain));
        watched.map_or_else(|| self.policy.life.clone(), |watched| watched.life.clone())
    }

    /// The keys of a domain's incidents.
    fn keys_of(&self, domain: &DomainName) -> Vec<Key> {
        let from = Key::first_of(domain);
        let of_domain = |key: &&Key| key.domain.as_ref() == Some(domain);
        self.incidents.range(from..).map(|(key, _)| key).take_while(of_domain).cloned().collect()
    }
}
