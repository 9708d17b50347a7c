//! [`Snapshot`]: everything there is to see, immutable and cheap to take. It clones pointers, not domains.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::load::Lag;
use crate::domain::{Domain, DomainName, Now, UnixTime};
use crate::history::Class;
use crate::incident::OutboxEvent;
use crate::incident::silence::SilenceView;
use crate::observation::Questions;
use crate::verdict::{Level, Record, References, Severity, Verdict};

/// Domains in a chunk: changing one copies so many pointers.
const CHUNK: usize = 256;

/// Everything there is to see at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// When it was taken.
    pub at: Now,
    /// The domains, by name.
    pub domains: Chunks,
    /// What has happened since the start.
    pub counters: Counters,
    /// What is wrong with our own sight.
    pub own_sight: Vec<OwnFinding>,
    /// How many notices each receiver is owed.
    pub owed: BTreeMap<String, usize>,
    /// How the references fared when they were last asked.
    pub references: References,
    /// Whether the relay of each receiver would take a mail for all, when it was last asked.
    pub relays_ready: BTreeMap<String, bool>,
    /// When the dead man's switch last heard that all is well.
    pub heartbeat_at: Option<UnixTime>,
    /// When the list of transparency logs was made, if there is one.
    pub log_list_made_at: Option<UnixTime>,
    /// Every silence and maintenance window, those that hold first.
    pub silences: Arc<[SilenceView]>,
    /// How many incidents of each domain are silenced; no domain of which none is.
    pub silenced_domains: Arc<BTreeMap<DomainName, usize>>,
    /// How many incidents are silenced, those of our own sight among them.
    pub silenced_incidents: usize,
    /// Looks under way.
    pub looks_in_flight: usize,
    /// Looks that are due and wait for a place at their address.
    pub looks_waiting: usize,
    /// How long intervals are, as a multiple of what the operator wants.
    pub stretch: f64,
}

/// One thing wrong with our own sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFinding {
    /// Its code; that of a later version may be among them, out of a state it left behind.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence: what, where, how long.
    pub summary: String,
}

/// All that is known of one domain.
#[derive(Debug)]
pub struct DomainState {
    /// The domain.
    pub domain: Arc<Domain>,
    /// What was seen.
    pub record: Arc<Record>,
    /// What that comes to; `None` while nothing is known.
    pub verdict: Option<Arc<Verdict>>,
    /// Whether this process has looked at it, as opposed to what an earlier one remembered.
    pub was_looked_at: bool,
}

impl DomainState {
    /// What it comes to; unknown before the first look.
    pub fn level(&self) -> Level {
        self.verdict.as_ref().map_or(Level::Unknown, |verdict| verdict.level)
    }
}

/// Domains by name, in chunks that are shared until one of their domains changes.
#[derive(Debug, Clone, Default)]
pub struct Chunks(Vec<Arc<Vec<Arc<DomainState>>>>);

impl Chunks {
    /// Every domain, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<DomainState>> {
        self.0.iter().flat_map(|chunk| chunk.iter())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(|chunk| chunk.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The domains from this place on, at most so many at a time: all of a chunk's or fewer.
    pub fn strides(&self, from: usize, most: usize) -> impl Iterator<Item = &[Arc<DomainState>]> {
        let first = from / CHUNK;
        let chunks = self.0.iter().enumerate().skip(first);
        let rest = move |(number, chunk): (usize, &'_ Arc<Vec<Arc<DomainState>>>)| {
            if number == first { from % CHUNK } else { 0 }.min(chunk.len())
        };
        chunks.flat_map(move |each| each.1.get(rest(each)..).unwrap_or_default().chunks(most.max(1)))
    }

    pub(super) fn rebuild(&mut self, states: impl Iterator<Item = DomainState>) {
        let states: Vec<Arc<DomainState>> = states.map(Arc::new).collect();
        self.0 = states.chunks(CHUNK).map(|chunk| Arc::new(chunk.to_vec())).collect();
    }

    /// The state of the domain at this place, counted from 0 in the order of [`Chunks::rebuild`], is another now.
    pub(super) fn replace(&mut self, slot: usize, state: DomainState) {
        let chunk = self.0.get_mut(slot / CHUNK).map(Arc::make_mut);
        if let Some(place) = chunk.and_then(|chunk| chunk.get_mut(slot % CHUNK)) {
            *place = Arc::new(state);
        }
    }
}

/// What has happened since the start.
#[derive(Debug, Clone)]
pub struct Counters {
    looks: [u64; LookResult::ALL.len()],
    renewals: [u64; Class::ALL.len()],
    notices: BTreeMap<String, [u64; OutboxEvent::RESULTS.len()]>,
    questions_asked: u64,
    questions_remembered: u64,
    lag: Lag,
}

impl Counters {
    pub(super) fn new(receivers: &[String]) -> Self {
        let notices = receivers.iter().map(|name| (name.clone(), Default::default())).collect();
        Self {
            looks: Default::default(),
            renewals: Default::default(),
            notices,
            questions_asked: 0,
            questions_remembered: 0,
            lag: Lag::default(),
        }
    }

    pub(super) fn keep_receivers(&mut self, receivers: &[String]) {
        self.notices.retain(|name, _| receivers.contains(name));
        for name in receivers {
            self.notices.entry(name.clone()).or_default();
        }
    }

    pub(super) fn count_lag(&mut self, lag: Duration) {
        self.lag.note(lag);
    }

    /// How late looks began, as far as that was for us.
    pub const fn lag(&self) -> &Lag {
        &self.lag
    }

    pub(super) const fn count_look(&mut self, result: LookResult) {
        self.looks[result as usize] += 1;
    }

    pub(super) const fn count_renewal(&mut self, class: Class) {
        self.renewals[class as usize] += 1;
    }

    pub(super) fn count_questions(&mut self, questions: Questions) {
        self.questions_asked += u64::from(questions.asked);
        self.questions_remembered += u64::from(questions.remembered);
    }

    pub(super) fn count_notices(&mut self, receiver: &str, event: &OutboxEvent) {
        if let Some(result) = event.result() {
            self.count_result(receiver, result, event.notices());
        }
    }

    pub(super) fn count_result(&mut self, receiver: &str, result: &str, notices: usize) {
        let result = OutboxEvent::RESULTS.iter().position(|known| *known == result);
        if let (Some(result), Some(counts)) = (result, self.notices.get_mut(receiver)) {
            counts[result] += notices as u64;
        }
    }

    /// Rounds of all checks of a domain, by how they ended; from 0.
    pub fn looks(&self) -> impl Iterator<Item = (LookResult, u64)> {
        LookResult::ALL.into_iter().zip(self.looks)
    }

    /// Renewals that were completed, by what kind they were; from 0.
    pub fn renewals(&self) -> impl Iterator<Item = (Class, u64)> {
        Class::ALL.into_iter().zip(self.renewals)
    }

    /// Questions about records, by who answered them: a resolver, or what was remembered.
    pub fn questions(&self) -> [(&'static str, u64); 2] {
        [("resolver", self.questions_asked), ("memory", self.questions_remembered)]
    }

    /// Notices by receiver and result; from 0.
    pub fn notices(&self) -> impl Iterator<Item = (&str, &'static str, u64)> {
        self.notices.iter().flat_map(|(receiver, counts)| {
            OutboxEvent::RESULTS.into_iter().zip(counts).map(|(result, count)| (receiver.as_str(), result, *count))
        })
    }
}

/// How a round of all checks of a domain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookResult {
    /// The verdict was healthy.
    Healthy,
    /// The verdict was a warning.
    Warning,
    /// The verdict was critical.
    Critical,
    /// Nothing could be said.
    Unknown,
    /// A fault of ours.
    Panicked,
}

impl LookResult {
    /// Every result.
    pub const ALL: [Self; 5] = [Self::Healthy, Self::Warning, Self::Critical, Self::Unknown, Self::Panicked];

    /// Its value of the label `result`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
            Self::Panicked => "panicked",
        }
    }
}

impl From<Level> for LookResult {
    fn from(level: Level) -> Self {
        match level {
            Level::Healthy => Self::Healthy,
            Level::Warning => Self::Warning,
            Level::Critical => Self::Critical,
            Level::Unknown => Self::Unknown,
        }
    }
}
