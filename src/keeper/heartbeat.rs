//! [`Heartbeat`]: what a dead man's switch elsewhere is told, and when. Pure.
//!
//! It is told that all is well only where looks are made, the state could be stored after them, and whatever was last
//! handed to a receiver was taken. What is certainly broken it is told at once, with the reason; and of what may be a
//! hiccup, a relay that is being restarted, it hears nothing until that is over or certain.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Keeper, OwnFinding};
use crate::domain::{Now, Span, UnixTime};
use crate::incident::{Operation, OutboxEvent, Row, Table};
use crate::observation::Code;
use crate::verdict::{Family, Finding, Severity};

/// How often the state is stored to see that it can be, where no switch asks for it more often.
const EVERY: Duration = Duration::from_secs(60);
/// How often it is asked how we do, at the most, between two beats.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// A ping that was not taken is tried once more after so long.
const AGAIN: Duration = Duration::from_secs(10);
/// No ping was taken for so long: somebody should hear of it.
const UNHEARD_AFTER: Duration = Duration::from_secs(300);
/// So much longer than the interval a look may take to end.
const LOOK_TAKES: Duration = Duration::from_secs(30);
/// No look has ended for so long, beyond what intervals bring: that is no hiccup.
const STALLED_AFTER: Duration = Duration::from_secs(300);
/// So many characters of what is broken are told: enough to know where to look.
const LONGEST: usize = 1000;

/// What is told of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ping {
    /// We have begun.
    Start,
    /// All is well.
    Success,
    /// This is broken.
    Fail(String),
}

/// How a switch is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeartbeatSettings {
    /// How often.
    pub every: Duration,
    /// Whether it understands success alone, so that silence must say the rest.
    pub plain: bool,
}

/// How a switch is told, and how we stand.
#[derive(Debug)]
pub(super) struct Heartbeat {
    settings: Option<HeartbeatSettings>,
    began: Duration,
    last_look: Option<Duration>,
    /// The shortest interval there is; `None` where there is nothing to look at.
    expected: Option<Duration>,
    /// When it was last asked how we do.
    asked: Option<Duration>,
    next: Duration,
    /// The number of the change whose commit lets a success go.
    stored_by: Option<u64>,
    wanted: Option<Ping>,
    in_flight: Option<Ping>,
    again: Option<(Duration, Ping)>,
    /// Whether what went out last was no success.
    is_broken: bool,
    unheard: Option<Unheard>,
    /// Whether any ping was taken.
    was_heard: bool,
    /// What the last thing said that was given up, by receiver.
    given_up: BTreeMap<String, String>,
    last_success: Option<UnixTime>,
}

/// No ping is taken.
#[derive(Debug)]
struct Unheard {
    since: UnixTime,
    since_mono: Duration,
    error: String,
}

/// How we do.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Well,
    /// Not surely well, not surely broken.
    Doubtful,
    Broken(String),
}

impl Heartbeat {
    pub(super) const fn new(now: Now) -> Self {
        Self {
            settings: None,
            began: now.mono,
            last_look: None,
            expected: None,
            asked: None,
            next: now.mono.saturating_add(EVERY),
            stored_by: None,
            wanted: None,
            in_flight: None,
            again: None,
            is_broken: false,
            unheard: None,
            was_heard: false,
            given_up: BTreeMap::new(),
            last_success: None,
        }
    }

    pub(super) const fn last_success(&self) -> Option<UnixTime> {
        self.last_success
    }

    pub(super) const fn note_look(&mut self, now: Now) {
        self.last_look = Some(now.mono);
    }

    /// Looks are to end at least so often.
    pub(super) const fn expect_looks(&mut self, within: Option<Duration>) {
        self.expected = within;
    }

    /// What was given up was not taken, and what is delivered after it was.
    pub(super) fn note_taken_or_not(&mut self, receiver: &str, event: &OutboxEvent) {
        match event {
            OutboxEvent::Dead { error, .. } => _ = self.given_up.insert(receiver.to_owned(), error.clone()),
            OutboxEvent::Delivered { .. } => _ = self.given_up.remove(receiver),
            _ => {}
        }
    }

    fn every(&self) -> Duration {
        self.settings.as_ref().map_or(EVERY, |settings| settings.every)
    }

    fn reconcile(&mut self, settings: Option<HeartbeatSettings>, now: Now) {
        if self.settings == settings {
            return;
        }
        let begins = self.settings.is_none() && settings.as_ref().is_some_and(|settings| !settings.plain);
        self.settings = settings;
        self.next = self.next.min(now.mono + self.every());
        (self.wanted, self.again, self.unheard) = (begins.then_some(Ping::Start), None, None);
    }

    /// What is to be told takes the place of what was not told yet; but that we begin is told first.
    fn want(&mut self, ping: Ping) {
        let Some(settings) = &self.settings else { return };
        if (settings.plain && ping != Ping::Success) || self.wanted == Some(Ping::Start) {
            return;
        }
        (self.wanted, self.again) = (Some(ping), None);
    }

    fn pinged(&mut self, result: Result<(), String>, now: Now) {
        let Some(ping) = self.in_flight.take() else { return };
        match result {
            Ok(()) => {
                (self.unheard, self.was_heard) = (None, true);
                if ping == Ping::Success {
                    self.last_success = Some(now.wall);
                }
            }
            Err(error) => {
                let is_first = self.unheard.is_none();
                let unheard =
                    self.unheard.get_or_insert(Unheard { since: now.wall, since_mono: now.mono, error: String::new() });
                unheard.error = error;
                if is_first && self.wanted.is_none() {
                    self.again = Some((now.mono + AGAIN, ping));
                }
            }
        }
    }

    /// The finding that the switch does not hear us.
    fn unheard(&self, now: Now) -> Option<Finding> {
        let Unheard { since, since_mono, error } = self.unheard.as_ref()?;
        let lasted = now.mono.saturating_sub(*since_mono);
        let span = Span(i64::try_from(lasted.as_secs()).unwrap_or(i64::MAX));
        let summary = format!("the heartbeat has not been taken for {span}: {error}");
        let finding = || Finding::new(Code::WatchHeartbeatFailing, summary);
        (lasted >= UNHEARD_AFTER).then(|| finding().fact("since", since.to_string()).fact("error", error.clone()))
    }

    /// When there is something to do; `None` as long as there was nothing to prove.
    pub(super) fn next_wakeup(&self, now: Duration) -> Option<Duration> {
        let beats = (self.settings.is_some() || self.last_look.is_some()).then_some(self.next);
        let again = self.again.as_ref().map(|(at, _)| *at).filter(|at| *at > now);
        beats.into_iter().chain(again).min()
    }

    /// Whether it is time to ask how we do: at each beat, and now and then between, as it takes a walk through all
    /// incidents.
    fn asks(&mut self, now: Duration) -> bool {
        let asks = now >= self.next || self.asked.is_none_or(|at| now >= at + ASK_EVERY);
        if asks {
            self.asked = Some(now);
        }
        asks
    }

    /// Whether looks are made. With intervals stretched to a multiple they come later.
    fn looks(&self, stretch: u32, now: Now) -> Standing {
        let expected = self.expected.map(|interval| interval * stretch / 100);
        let idle = now.mono.saturating_sub(self.last_look.unwrap_or(self.began));
        let lasted = Span(i64::try_from(idle.as_secs()).unwrap_or(i64::MAX));
        match (expected, self.last_look) {
            (None, _) if idle >= STALLED_AFTER => Standing::Broken("there is no domain to watch".to_owned()),
            (None, _) => Standing::Doubtful,
            (Some(expected), Some(_)) if idle <= (expected + LOOK_TAKES).max(self.every()) => Standing::Well,
            (Some(expected), _) if idle >= expected + LOOK_TAKES + STALLED_AFTER => {
                Standing::Broken(format!("no look has ended for {lasted}"))
            }
            _ => Standing::Doubtful,
        }
    }
}

/// Inputs and outputs.
impl Keeper {
    /// How the switch is told from now on; `None` where there is none.
    pub fn handle_heartbeat(&mut self, settings: Option<HeartbeatSettings>, now: Now) {
        self.now = now;
        self.heartbeat.reconcile(settings, now);
        self.tell_of_heartbeat();
        self.settle();
    }

    /// What came of the ping that was polled last.
    pub fn handle_pinged(&mut self, result: Result<(), String>, now: Now) {
        self.now = now;
        self.heartbeat.pinged(result, now);
        self.tell_of_heartbeat();
        self.settle();
    }

    /// What the switch is to be told now; each is to be answered by [`Keeper::handle_pinged`].
    pub fn poll_ping(&mut self) -> Option<Ping> {
        let heartbeat = &mut self.heartbeat;
        // That an operator stops us is no failure: it ends as it would if we died, in silence.
        if self.draining || heartbeat.in_flight.is_some() {
            return None;
        }
        let due = heartbeat.again.take_if(|(at, _)| *at <= self.now.mono).map(|(_, ping)| ping);
        heartbeat.in_flight = heartbeat.wanted.take().or(due);
        heartbeat.in_flight.clone()
    }
}

impl Keeper {
    /// The beat: what is broken is told; else something is stored, whose commit says that all is well.
    pub(super) fn beat(&mut self) {
        self.tell_of_heartbeat();
        if !self.heartbeat.asks(self.now.mono) {
            return;
        }
        let standing = self.standing();
        let is_due = self.now.mono >= self.heartbeat.next;
        if is_due {
            self.heartbeat.next = self.now.mono + self.heartbeat.every();
        }
        let turns = !self.heartbeat.is_broken;
        self.heartbeat.is_broken = matches!(standing, Standing::Broken(_));
        match standing {
            Standing::Broken(why) if is_due || turns => self.heartbeat.want(Ping::Fail(why)),
            Standing::Well if is_due && self.heartbeat.stored_by.is_none() => {
                let payload = serde_json::json!({ "at": self.now.wall });
                let row = Row { table: Table::Meta, key: "heartbeat".to_owned(), payload };
                self.heartbeat.stored_by = Some(self.commit(super::Tag::Keeper, vec![Operation::Put(row)]));
            }
            _ => {}
        }
    }

    /// Changes of the keeper's own are stored.
    pub(super) fn note_beat_stored(&mut self, up_to: u64) {
        if self.heartbeat.stored_by.is_some_and(|by| by <= up_to) {
            self.heartbeat.stored_by = None;
            // Something may have broken since.
            if self.standing() == Standing::Well {
                self.heartbeat.want(Ping::Success);
            }
        }
    }

    fn tell_of_heartbeat(&mut self) {
        let unheard = self.heartbeat.unheard(self.now);
        // After a restart it is not over until a ping is taken.
        if unheard.is_none() && !self.heartbeat.was_heard && self.heartbeat.settings.is_some() {
            return;
        }
        self.ledger.handle_own_sight(Family::Heartbeat, unheard.as_ref(), self.now);
    }

    fn standing(&self) -> Standing {
        let looks = self.heartbeat.looks(self.load.stretch(), self.now);
        let mut broken: Vec<String> = Vec::new();
        if let Standing::Broken(why) = &looks {
            broken.push(why.clone());
        }
        broken.extend(self.own_sight_findings().into_iter().filter(breaks_us).map(|own| own.summary));
        let told = |receiver: &String| self.outboxes.told().any(|(name, _)| name == receiver);
        let given_up = self.heartbeat.given_up.iter().filter(|(receiver, _)| told(receiver));
        broken.extend(given_up.map(|(receiver, error)| format!("mail to {receiver} was given up: {error}")));
        if !broken.is_empty() {
            return Standing::Broken(broken.join("\n").chars().take(LONGEST).collect());
        }
        let is_doubtful =
            looks == Standing::Doubtful || self.failing_receivers().next().is_some() || self.relay_checks.any_fails();
        if is_doubtful { Standing::Doubtful } else { Standing::Well }
    }
}

/// Whether we do not do what we are for: look, remember, tell.
fn breaks_us(own: &OwnFinding) -> bool {
    let is = |code: Code| own.code == code.as_str();
    let blinds = [Code::WatchBlind, Code::WatchResolverFailed, Code::WatchOutOfResources, Code::WatchStoreFailed];
    blinds.into_iter().any(is) || is(Code::WatchNoticeFailing) && own.severity == Severity::Critical
}
