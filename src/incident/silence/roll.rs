//! [`Roll`]: all silences and maintenance windows, which of them match, and when one begins or ends.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{End, Maintenance, Matcher, SHOWN_AFTER_END, Silence, SilenceId, SilenceState, SilenceView, When, word_at};
use crate::domain::hours::Occurrence;
use crate::domain::{DomainName, UnixTime};
use crate::observation::Code;
use crate::observation::certificate::Sha256;
use crate::verdict::Severity;

/// So many silences may be pending or active …
const MOST: usize = 1000;
/// … and so many that have ended are shown.
const MOST_ENDED: usize = 1000;

/// Of these, where they are critical, we always speak: they say that we might not be heard.
const NEVER_SILENCED: [Code; 2] = [Code::WatchStoreFailed, Code::WatchNoticeFailing];

/// All silences and maintenance windows.
#[derive(Debug, Default)]
pub(in crate::incident) struct Roll {
    silences: BTreeMap<SilenceId, Silence>,
    windows: BTreeMap<SilenceId, Window>,
    /// The domains whose certificate a silence waits for to change.
    awaited: BTreeSet<DomainName>,
    /// When it was last seen to whether one begins or ends.
    ticked: Option<UnixTime>,
    /// When the next one begins or ends, or a word is due.
    next: Option<UnixTime>,
    /// Whether another one has come, or one has ended before its time, since it was last seen to.
    stale: bool,
    /// Silences whose rows are to be written.
    changed: BTreeSet<SilenceId>,
}

/// A maintenance window with the time at which it is, or will next be.
#[derive(Debug)]
struct Window {
    maintenance: Maintenance,
    occurrence: Option<Occurrence>,
    last_matched_at: Option<UnixTime>,
}

/// An incident, as far as silences care.
#[derive(Debug, Clone, Copy)]
pub(in crate::incident) struct Subject<'a> {
    /// Its domain; `None` for our own sight.
    pub(in crate::incident) domain: Option<&'a DomainName>,
    /// The labels of its domain.
    pub(in crate::incident) labels: Option<&'a Map<String, Value>>,
    pub(in crate::incident) code: &'a str,
    pub(in crate::incident) severity: Severity,
    /// The digest of the leaf it is about, if it is about one.
    pub(in crate::incident) leaf: Option<&'a str>,
}

/// The silence that matches; of several the one that ends last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::incident) struct Cover {
    pub(in crate::incident) id: SilenceId,
    pub(in crate::incident) until: UnixTime,
}

/// What the passing of time has brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::incident) struct Passed {
    /// Whether one has begun or ended.
    pub(in crate::incident) any: bool,
    /// Of which it is to be said now that they end.
    pub(in crate::incident) words: Vec<Cover>,
}

/// Inputs.
impl Roll {
    /// Takes up a stored silence.
    pub(in crate::incident) fn restore(&mut self, silence: Silence) {
        self.silences.insert(silence.id.clone(), silence);
        self.await_certificates();
    }

    /// Adds a silence.
    pub(in crate::incident) fn add(&mut self, silence: Silence) {
        self.changed.insert(silence.id.clone());
        self.restore(silence);
        self.stale = true;
    }

    /// Whether there is room for one more.
    pub(in crate::incident) fn has_room(&self, now: UnixTime) -> bool {
        self.silences.values().filter(|silence| silence.state(now) != SilenceState::Ended).count() < MOST
    }

    /// An id that is free.
    pub(in crate::incident) fn free_id(&self, description: &str) -> SilenceId {
        let taken = |id: &SilenceId| self.silences.contains_key(id) || self.windows.contains_key(id);
        let mut attempts = (0..).map(|attempt| SilenceId::of(description, attempt));
        attempts.find(|id| !taken(id)).unwrap_or_else(|| SilenceId::of(description, 0))
    }

    /// These are the maintenance windows from now on.
    pub(in crate::incident) fn set_maintenance(&mut self, all: Vec<Maintenance>) {
        let mut before = std::mem::take(&mut self.windows);
        for maintenance in all {
            let mut ids = (0..).map(|attempt| maintenance.id(attempt));
            let Some(id) = ids.find(|id| !self.windows.contains_key(id)) else { continue };
            let last_matched_at = before.remove(&id).and_then(|window| window.last_matched_at);
            self.windows.insert(id, Window { maintenance, occurrence: None, last_matched_at });
        }
        self.stale = true;
    }

    /// Somebody ends a silence; whether there was one to end.
    pub(in crate::incident) fn end(&mut self, id: &SilenceId, now: UnixTime) -> bool {
        let going = |silence: &&mut Silence| silence.state(now) != SilenceState::Ended;
        let Some(silence) = self.silences.get_mut(id).filter(going) else { return false };
        silence.ended_at = Some(now);
        self.changed.insert(id.clone());
        self.await_certificates();
        self.stale = true;
        true
    }

    /// An incident has come to be silenced by it.
    pub(in crate::incident) fn note_match(&mut self, id: &SilenceId, now: UnixTime) {
        if let Some(silence) = self.silences.get_mut(id) {
            silence.last_matched_at = Some(now);
            self.changed.insert(id.clone());
        } else if let Some(window) = self.windows.get_mut(id) {
            window.last_matched_at = Some(now);
        }
    }

    /// A look has shown which leaves a domain serves; whether a silence has ended by that, for this domain or altogether.
    pub(in crate::incident) fn note_served(&mut self, domain: &DomainName, leaves: &[Sha256], now: UnixTime) -> bool {
        if leaves.is_empty() || !self.awaited.contains(domain) {
            return false;
        }
        let mut ended = false;
        for silence in self.silences.values_mut().filter(|silence| silence.state(now) != SilenceState::Ended) {
            let End::CertificateChanges { seen, .. } = &mut silence.until else { continue };
            let changed = seen.get(domain).is_some_and(|own| !leaves.iter().any(|leaf| own.contains(leaf)));
            if changed {
                seen.remove(domain);
                silence.ended_at = seen.is_empty().then_some(now);
                self.changed.insert(silence.id.clone());
                ended = true;
            }
        }
        if ended {
            self.await_certificates();
            self.stale = true;
        }
        ended
    }

    /// Domains that are no longer watched are not waited for.
    pub(in crate::incident) fn forget_domain(&mut self, domain: &DomainName, now: UnixTime) {
        if !self.awaited.contains(domain) {
            return;
        }
        for silence in self.silences.values_mut() {
            let End::CertificateChanges { seen, .. } = &mut silence.until else { continue };
            if seen.remove(domain).is_some() {
                silence.ended_at = silence.ended_at.or_else(|| seen.is_empty().then_some(now));
                self.changed.insert(silence.id.clone());
            }
        }
        self.await_certificates();
    }

    /// Time has passed: tells whether one has begun or ended since this was last asked, or the clock was set back.
    pub(in crate::incident) fn tick(&mut self, now: UnixTime) -> Passed {
        let since = self.ticked.filter(|ticked| *ticked <= now);
        let waits = self.next.is_none_or(|next| now < next);
        if since.is_some() && waits && !std::mem::take(&mut self.stale) {
            return Passed::default();
        }
        self.stale = false;
        self.ticked = Some(now);
        let words = self.words(since, now);
        self.forget_ended(now);
        for window in self.windows.values_mut() {
            window.occurrence = window.maintenance.current_or_next(now);
        }
        self.next = self.edges().filter(|edge| *edge > now).min();
        Passed { any: true, words }
    }
}

/// Outputs.
impl Roll {
    /// Whether there is nothing that could match.
    pub(in crate::incident) fn is_empty(&self) -> bool {
        self.silences.is_empty() && self.windows.is_empty()
    }

    /// When [`Roll::tick`] is to be called.
    pub(in crate::incident) const fn next_edge(&self) -> Option<UnixTime> {
        self.next
    }

    /// The silence that matches an incident now; of several the one that ends last.
    pub(in crate::incident) fn cover(&self, subject: &Subject<'_>, now: UnixTime) -> Option<Cover> {
        let windows = self.windows.iter().filter_map(|(id, window)| {
            let occurrence = window.occurrence.filter(|occurrence| occurrence.contains(now))?;
            window.maintenance.matcher.covers(subject).then(|| Cover { id: id.clone(), until: occurrence.to })
        });
        self.silences_that_cover(subject, now).chain(windows).max_by_key(|cover| cover.until)
    }

    /// Whether something will still match an incident at a later time.
    pub(in crate::incident) fn will_cover(&self, subject: &Subject<'_>, at: UnixTime) -> bool {
        let by_window = |window: &Window| {
            let occurrence = match &window.maintenance.when {
                When::Once(occurrence) => Some(*occurrence),
                When::Weekly(hours) => hours.current_or_next(at),
            };
            occurrence.is_some_and(|occurrence| occurrence.contains(at)) && window.maintenance.matcher.covers(subject)
        };
        self.silences_that_cover(subject, at).next().is_some() || self.windows.values().any(by_window)
    }

    /// The rows to write: what they hold now, or nothing where they are to be deleted.
    pub(in crate::incident) fn take_changed(&mut self) -> Vec<(SilenceId, Option<Silence>)> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|id| (id.clone(), self.silences.get(&id).cloned())).collect()
    }

    /// All of them as they are shown, given how many incidents each silences: those that hold first, then by their end.
    pub(in crate::incident) fn views(&self, silenced: &BTreeMap<SilenceId, usize>, now: UnixTime) -> Vec<SilenceView> {
        let count = |id| silenced.get(id).copied().unwrap_or(0);
        let silences = self.silences.values().map(|silence| SilenceView::of(silence, count(&silence.id), now));
        let windows = self.windows.iter().filter_map(|(id, window)| window.view(id, count(id), now));
        let mut all: Vec<SilenceView> = silences.chain(windows).collect();
        all.sort_by(|a, b| (a.state, a.until, &a.id).cmp(&(b.state, b.until, &b.id)));
        all
    }
}

impl Roll {
    fn silences_that_cover<'a>(
        &'a self,
        subject: &'a Subject<'_>,
        at: UnixTime,
    ) -> impl Iterator<Item = Cover> + use<'a> {
        let active = self.silences.values().filter(move |silence| silence.state(at) == SilenceState::Active);
        let matching = active.filter(|silence| silence.matcher.covers(subject) && silence.until.covers(subject));
        matching.map(|silence| Cover { id: silence.id.clone(), until: silence.ends_at() })
    }

    /// The words that have become due since then, of what has not ended.
    fn words(&self, since: Option<UnixTime>, now: UnixTime) -> Vec<Cover> {
        let due = |from, to| {
            let at = word_at(from, to);
            at.is_some_and(|at| at <= now && now < to && since.is_none_or(|since| since < at))
        };
        let going = self.silences.values().filter(|silence| silence.state(now) == SilenceState::Active);
        let going = going.filter(|silence| due(silence.from, silence.ends_at()));
        let silences = going.map(|silence| Cover { id: silence.id.clone(), until: silence.ends_at() });
        let windows = self.windows.iter().filter_map(|(id, window)| {
            // The cache may be of before a restart or a jump of the clock.
            let occurrence = window.maintenance.current_or_next(now)?;
            due(occurrence.from, occurrence.to).then(|| Cover { id: id.clone(), until: occurrence.to })
        });
        silences.chain(windows).collect()
    }

    /// Every time at which something is to be seen to.
    fn edges(&self) -> impl Iterator<Item = UnixTime> {
        let of = |from: UnixTime, to: UnixTime| [Some(from), Some(to), word_at(from, to)].into_iter().flatten();
        let silences = self.silences.values().flat_map(move |silence| {
            let ends = silence.ends_at();
            of(silence.from, ends).chain([ends.plus(SHOWN_AFTER_END)])
        });
        let windows = self.windows.values().filter_map(|window| window.occurrence);
        silences.chain(windows.flat_map(move |occurrence| of(occurrence.from, occurrence.to)))
    }

    /// Forgets what has ended long ago, and of much that has ended the oldest.
    fn forget_ended(&mut self, now: UnixTime) {
        let ended = self.silences.values().filter(|silence| silence.state(now) == SilenceState::Ended);
        let mut ended: Vec<(UnixTime, SilenceId)> = ended.map(|one| (one.ends_at(), one.id.clone())).collect();
        ended.sort();
        let surplus = ended.len().saturating_sub(MOST_ENDED);
        for (place, (at, id)) in ended.into_iter().enumerate() {
            if place < surplus || at.until(now) >= SHOWN_AFTER_END {
                self.silences.remove(&id);
                self.changed.insert(id);
            }
        }
    }

    fn await_certificates(&mut self) {
        let awaited = self.silences.values().filter(|silence| silence.ended_at.is_none());
        let seen = awaited.filter_map(|silence| match &silence.until {
            End::CertificateChanges { seen, .. } => Some(seen.keys().cloned()),
            End::At(_) => None,
        });
        self.awaited = seen.flatten().collect();
    }
}

impl Window {
    fn view(&self, id: &SilenceId, incidents: usize, now: UnixTime) -> Option<SilenceView> {
        let occurrence = self.occurrence.or_else(|| self.maintenance.current_or_next(now))?;
        let state = match () {
            () if now < occurrence.from => SilenceState::Pending,
            () if now < occurrence.to => SilenceState::Active,
            () => SilenceState::Ended,
        };
        let recurs = match &self.maintenance.when {
            When::Once(_) => None,
            When::Weekly(hours) => Some(hours.to_string()),
        };
        Some(SilenceView {
            id: id.clone(),
            state,
            matcher: self.maintenance.matcher.clone(),
            from: occurrence.from,
            until: occurrence.to,
            certificates: None,
            recurs,
            comment: self.maintenance.comment.clone(),
            author: None,
            created_at: None,
            last_matched_at: self.last_matched_at,
            incidents,
        })
    }
}

impl Matcher {
    /// Whether it is about this incident.
    fn covers(&self, subject: &Subject<'_>) -> bool {
        let critical = subject.severity == Severity::Critical;
        if critical && NEVER_SILENCED.iter().any(|code| code.as_str() == subject.code) {
            return false;
        }
        let label = |name: &str| subject.labels?.get(name)?.as_str();
        let domain = subject.domain.map_or_else(|| self.covers_own_sight(), |domain| self.covers_domain(domain, label));
        domain && self.covers_fault(subject.code, subject.severity)
    }
}

impl End {
    /// Whether an incident is of the time before the end: of one that waits for a certificate to change, it must be a
    /// domain's that has not changed its own, and not about another certificate.
    fn covers(&self, subject: &Subject<'_>) -> bool {
        let Self::CertificateChanges { seen, .. } = self else { return true };
        let own = subject.domain.and_then(|domain| seen.get(domain));
        own.is_some_and(|own| subject.leaf.is_none_or(|leaf| own.iter().any(|known| known.to_string() == leaf)))
    }
}
