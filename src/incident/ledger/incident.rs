//! [`Incident`]: a fault with a life, and the row it is stored as. What only retells the same fault (summary,
//! facts, times) rides along with the next real change and is none by itself.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::flapping::Flapping;
use super::moment::{Moment, Run, Stamp};
use super::sighting::{Sighting, Spot, rank};
use crate::domain::{Life, Now, UnixTime};
use crate::incident::silence::SilenceId;
use crate::incident::{Bond, Notice, Reason};
use crate::observation::Code;
use crate::verdict::{Entry, Finding, Kind, Severity, catalogue};

/// An incident whose spots have begun to be good is over within this, or will not be.
pub(super) const MENDS_WITHIN: Duration = Duration::from_secs(3600);

/// Where an incident is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Seen, but not often enough to speak of it.
    Pending,
    /// Confirmed.
    Firing,
    /// Over. What is left remembers how often it had opened.
    Resolved,
}

impl State {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// A fault with a life.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Incident {
    pub(super) state: State,
    pub(super) code: String,
    #[serde(deserialize_with = "severity")]
    pub(super) severity: Severity,
    /// The worst it was while it was firing.
    #[serde(deserialize_with = "severity")]
    pub(super) worst: Severity,
    /// How often it opened, this time included.
    pub(super) openings: u64,
    /// When it was first seen, this time.
    pub(super) began: Stamp,
    /// When it fired, this time.
    pub(super) opened: Option<Stamp>,
    /// Whether its opening was told: the first summary and a set-up hold it back.
    #[serde(default)]
    pub(super) told: bool,
    /// What was last told of it, as far as it still holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) heard: Option<Heard>,
    /// The silence that keeps it from being told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) silenced_by: Option<SilenceId>,
    /// The end of the silence of which it was last said that it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) word_for: Option<UnixTime>,
    /// How often that was said.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) words: u64,
    /// What is seen but not yet often enough: the fault itself while pending, a worse one while firing.
    #[serde(default)]
    pub(super) confirming: Option<Confirming>,
    /// Every spot it was seen at, each with its good looks since.
    #[serde(default)]
    pub(super) affected: Vec<Affected>,
    /// Looks at which it was milder than told.
    #[serde(default)]
    pub(super) milder: Option<Run>,
    #[serde(default)]
    pub(super) escalations: u64,
    #[serde(default)]
    pub(super) reminders: u64,
    /// How many reminders since it last got better or worse.
    #[serde(default)]
    pub(super) step: u32,
    /// When it is to be told again.
    #[serde(default)]
    pub(super) remind: Option<Stamp>,
    /// When it opened lately, this time included: that it is over does not end this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) lately: Vec<Stamp>,
    /// Set while it opens too often to be told each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) flapping: Option<Flapping>,
    /// When the domain's certificate runs out.
    #[serde(default)]
    pub(super) expires: Option<UnixTime>,
    #[serde(default)]
    pub(super) summary: String,
    #[serde(default)]
    pub(super) facts: Map<String, Value>,
    /// What it may share with incidents of other domains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) bonds: Vec<Bond>,
    /// How to mend it, where more can be said than the catalogue says of its code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) mend: String,
    /// Notices that the outboxes have not stored yet.
    #[serde(default)]
    pub(super) owed: Vec<Owed>,
    /// What a newer version stored besides.
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

/// What was told of an incident: that it is this, and so bad.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Heard {
    pub(super) code: String,
    #[serde(deserialize_with = "severity")]
    pub(super) severity: Severity,
}

/// A notice on its way to the outboxes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Owed {
    pub(super) notice: Notice,
    /// Whether it belongs into the first summary.
    #[serde(default)]
    pub(super) summary: bool,
}

/// One spot an incident was seen at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Affected {
    pub(super) address: Spot,
    #[serde(default)]
    pub(super) good: Option<Run>,
}

/// Something seen, but not yet often enough.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Confirming {
    pub(super) code: String,
    #[serde(deserialize_with = "severity")]
    pub(super) severity: Severity,
    /// In how many looks it was seen.
    pub(super) seen: u32,
    /// When in the first.
    pub(super) since: Stamp,
}

impl Confirming {
    /// Seen once, now.
    pub(super) fn of(finding: &Finding, now: Now) -> Self {
        let code = finding.code.as_str().to_owned();
        Self { code, severity: finding.severity, seen: 1, since: Stamp::of(now) }
    }

    /// How many looks a fault of its kind needs.
    pub(super) fn is_complete(&self, life: &Life) -> bool {
        let needed = match kind(&self.code) {
            Kind::Watch => 1,
            Kind::Fact | Kind::Record => 2,
            Kind::Network => 1 + life.confirm_network.len(),
        };
        usize::try_from(self.seen).is_ok_and(|seen| seen >= needed)
    }

    /// From when on the next look counts: looks at shorter intervals would confirm a hiccup.
    pub(super) fn next_look(&self, life: &Life) -> Moment {
        let after = match kind(&self.code) {
            Kind::Network => {
                let looks = usize::try_from(self.seen.saturating_sub(1)).unwrap_or(usize::MAX);
                life.confirm_network.get(looks).copied().unwrap_or_default()
            }
            Kind::Fact | Kind::Record | Kind::Watch => life.confirm_fact,
        };
        self.since.mono.plus(after)
    }
}

impl Incident {
    /// An incident at its first sight. `before` is what is left of its earlier life.
    pub(super) fn begin(sighting: &Sighting<'_>, before: Option<Self>, now: Now) -> Self {
        let lead = sighting.lead(None);
        let mut incident = Self::of_finding(lead, before, now);
        let severity = sighting.severity(lead);
        incident.severity = severity;
        incident.worst = severity;
        incident.confirming = Some(Confirming { severity, ..Confirming::of(lead, now) });
        incident.bonds = sighting.bonds(lead);
        incident.affected = sighting.spots().into_iter().map(|address| Affected { address, good: None }).collect();
        incident
    }

    /// An incident of a finding of our own sight.
    pub(super) fn of_finding(finding: &Finding, before: Option<Self>, now: Now) -> Self {
        let (openings, lately, owed, extra) =
            before.map(|before| (before.openings, before.lately, before.owed, before.extra)).unwrap_or_default();
        Self {
            state: State::Pending,
            code: finding.code.as_str().to_owned(),
            severity: finding.severity,
            worst: finding.severity,
            openings,
            began: Stamp::of(now),
            opened: None,
            told: false,
            heard: None,
            silenced_by: None,
            word_for: None,
            words: 0,
            confirming: None,
            affected: vec![Affected { address: None, good: None }],
            milder: None,
            escalations: 0,
            reminders: 0,
            step: 0,
            remind: None,
            lately,
            flapping: None,
            expires: None,
            summary: finding.summary.clone(),
            facts: finding.all_facts(),
            bonds: Vec::new(),
            mend: finding.mend.clone().unwrap_or_default(),
            owed,
            extra,
        }
    }

    /// How often it had opened before this time.
    pub(super) fn episode(&self) -> u64 {
        if self.opened.is_some() { self.openings.saturating_sub(1) } else { self.openings }
    }

    /// How to mend it: here, or else as the catalogue says.
    pub(super) fn remedy<'a>(&'a self, entry: Option<&'a Entry>) -> &'a str {
        if self.mend.is_empty() { entry.map_or("", |entry| entry.remedy) } else { &self.mend }
    }

    pub(super) fn rank(&self) -> (Severity, bool) {
        rank(self.severity, &self.code)
    }

    /// Takes up what a sighting says of spots; says whether that changed anything.
    pub(super) fn affect(&mut self, spots: &BTreeSet<Spot>) -> bool {
        let mut changed = false;
        for affected in self.affected.iter_mut().filter(|affected| spots.contains(&affected.address)) {
            changed |= affected.good.take().is_some();
        }
        for spot in spots {
            if let Err(at) = self.affected.binary_search_by_key(spot, |affected| affected.address) {
                self.affected.insert(at, Affected { address: *spot, good: None });
                changed = true;
            }
        }
        changed
    }

    /// Takes this code and severity; says whether it was of another.
    pub(super) fn turn_into(&mut self, code: &str, severity: Severity) -> bool {
        if self.code == code && self.severity == severity {
            return false;
        }
        code.clone_into(&mut self.code);
        self.severity = severity;
        true
    }

    /// What is found now is to become of it.
    pub(super) fn candidate_of(&mut self, finding: &Finding, now: Now) {
        self.confirming = Some(Confirming::of(finding, now));
    }

    /// Fires: it is confirmed.
    pub(super) fn fire(&mut self, life: &Life, now: Now) {
        self.note_opening(life, now);
        self.state = State::Firing;
        self.opened = Some(Stamp::of(now));
        self.openings += 1;
        self.worst = self.severity;
        self.confirming = None;
    }

    /// Is over. Of its life nothing but the count of its openings is kept, and what is still owed.
    pub(super) fn end(&mut self) {
        self.state = State::Resolved;
        self.opened = None;
        self.told = false;
        self.heard = None;
        self.word_for = None;
        self.confirming = None;
        self.affected.clear();
        self.milder = None;
        self.remind = None;
        self.flapping = None;
        self.summary.clear();
        self.facts.clear();
        self.bonds.clear();
        self.mend.clear();
    }

    /// Whether nothing is left to remember.
    pub(super) fn is_blank(&self) -> bool {
        self.state == State::Resolved && self.openings == 0 && self.owed.is_empty()
    }

    /// Whether it is told again at each halving of the time left, rather than by the clock.
    pub(super) fn halves(&self) -> bool {
        let codes = [Code::TlsExpiresSoon, Code::TlsRenewalLate];
        codes.iter().any(|code| self.code == code.as_str()) && self.expires.is_some()
    }

    /// The identity of what is told next for this reason counts those of the same reason before.
    pub(super) const fn ordinal(&self, reason: Reason) -> u64 {
        match reason {
            Reason::Opened | Reason::Resolved => 0,
            Reason::Escalated => self.escalations,
            Reason::Reminder => self.reminders,
            Reason::SilenceEnds => self.words,
        }
    }

    /// What it is now is what was told, or milder than that.
    pub(super) fn note_heard(&mut self) {
        self.heard = Some(Heard { code: self.code.clone(), severity: self.severity });
    }

    /// Whether it is worse than was told.
    pub(super) fn is_worse_than_heard(&self) -> bool {
        self.heard.as_ref().is_some_and(|heard| self.rank() > rank(heard.severity, &heard.code))
    }

    /// Whether all its spots have begun to be good: it will be over soon, or it is seen again.
    pub(super) fn is_mending(&self, now: Now) -> bool {
        let begun = |run: Run| Moment::of(now).since(run.since.mono) < MENDS_WITHIN;
        self.affected.iter().all(|affected| affected.good.is_some_and(begun))
    }

    /// Finds its moments again after a restart.
    pub(super) fn rebase(&mut self, now: Now, longest_wait: Duration) {
        let past = [Some(&mut self.began), self.opened.as_mut(), self.milder.as_mut().map(|run| &mut run.since)];
        let confirming = self.confirming.as_mut().map(|confirming| &mut confirming.since);
        let good = self.affected.iter_mut().filter_map(|affected| affected.good.as_mut()).map(|run| &mut run.since);
        let flapping = self.flapping.as_mut().map(|flapping| &mut flapping.since).into_iter().chain(&mut self.lately);
        for stamp in past.into_iter().flatten().chain(confirming).chain(good).chain(flapping) {
            stamp.rebase(now, Duration::ZERO);
        }
        if let Some(remind) = &mut self.remind {
            remind.rebase(now, longest_wait);
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The kind of a code; one that we do not know is taken for a fact.
pub(super) fn kind(code: &str) -> Kind {
    Code::parse(code).map_or(Kind::Fact, |code| catalogue::entry(code).kind)
}

/// A severity we do not know is taken for the worst.
fn severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Severity, D::Error> {
    String::deserialize(deserializer).map(|text| Severity::parse(&text).unwrap_or(Severity::Critical))
}
