//! [`Page`]: what the status page says, before it is laid out. Pure: made from a snapshot, the time and the filter.

use serde::Serialize;

use super::super::health::STALE_AFTER;
use super::order;
use super::plain::{self, Part};
use super::row::Row;
use crate::domain::{Now, Span};
use crate::keeper::{DomainState, OwnFinding, Snapshot};
use crate::observation::Code;
use crate::verdict::{Level, Severity, catalogue};

/// Domains that are shown; a page of more would be read by nobody.
const SHOWN: usize = 500;

/// The status page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Page {
    /// The state in a few words, for the title of the tab.
    pub(super) title: String,
    pub(super) version: &'static str,
    /// When the snapshot was taken.
    pub(super) at: String,
    /// How long ago that is.
    pub(super) age: String,
    /// How many domains there are in all.
    pub(super) total: usize,
    /// How many have this level, worst first.
    pub(super) counts: Vec<Count>,
    /// How many this process has not looked at yet.
    pub(super) waiting: usize,
    /// What is wrong with our own sight.
    pub(super) notes: Vec<Note>,
    /// The filter.
    pub(super) wanted: String,
    /// How many domains the filter lets through.
    pub(super) matching: usize,
    /// The domains of which something is to be said, worst first.
    pub(super) troubled: Vec<Row>,
    /// The healthy ones.
    pub(super) healthy: Vec<Row>,
    /// How many more there are than are shown.
    pub(super) more: usize,
}

/// How many domains have a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Count {
    pub(super) level: &'static str,
    pub(super) count: usize,
}

/// One thing that is wrong with our own sight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Note {
    pub(super) severity: &'static str,
    pub(super) title: String,
    pub(super) mend: Vec<Part>,
    /// What exactly, where and for how long; may be empty.
    pub(super) summary: String,
    /// Its code; `None` for what has none.
    pub(super) code: Option<&'static str>,
}

impl Page {
    pub(super) fn new(snapshot: &Snapshot, now: Now, wanted: &str) -> Self {
        let wanted = plain::line(wanted, 253);
        let (shown, matching) = order::worst(snapshot, &wanted, SHOWN);
        let (troubled, healthy): (Vec<_>, Vec<_>) = shown.iter().partition(|state| state.level() != Level::Healthy);
        let silenced = |state: &DomainState| snapshot.silenced_domains.contains_key(&state.domain.name);
        let rows = |states: Vec<&&DomainState>| {
            states.into_iter().map(|state| Row::new(state, silenced(state), now.wall)).collect()
        };
        let counts = counts(snapshot);
        let age = now.mono.saturating_sub(snapshot.at.mono);
        Self {
            title: title(&counts, snapshot.domains.len()),
            version: env!("CARGO_PKG_VERSION"),
            at: snapshot.at.wall.to_string(),
            age: Span(i64::try_from(age.as_secs()).unwrap_or(i64::MAX)).to_string(),
            total: snapshot.domains.len(),
            counts,
            waiting: snapshot.domains.iter().filter(|state| !state.was_looked_at).count(),
            notes: notes(snapshot, now),
            wanted,
            matching,
            more: matching - shown.len(),
            troubled: rows(troubled),
            healthy: rows(healthy),
        }
    }
}

fn counts(snapshot: &Snapshot) -> Vec<Count> {
    let mut counts = [0; Level::ALL.len()];
    for state in snapshot.domains.iter() {
        counts[state.level() as usize] += 1;
    }
    Level::ALL.into_iter().rev().map(|level| Count { level: level.as_str(), count: counts[level as usize] }).collect()
}

/// What a tab shows of it: the levels above healthy that occur.
fn title(counts: &[Count], total: usize) -> String {
    let bad = counts.iter().filter(|count| count.count > 0 && count.level != Level::Healthy.as_str());
    let words: Vec<String> = bad.map(|count| format!("{} {}", count.count, count.level)).collect();
    match total {
        0 => "nothing is watched".to_owned(),
        _ if words.is_empty() => "all healthy".to_owned(),
        _ => words.join(", "),
    }
}

/// The worst first; and before all, that what is shown is old.
fn notes(snapshot: &Snapshot, now: Now) -> Vec<Note> {
    let mut notes: Vec<Note> = snapshot.own_sight.iter().map(Note::new).collect();
    notes.sort_by_key(|note| std::cmp::Reverse(Severity::parse(note.severity)));
    let age = now.mono.saturating_sub(snapshot.at.mono);
    if age > STALE_AFTER {
        let age = Span(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        let title = format!("notafter hangs: what this page says is {age} old");
        let mend = plain::parts("Look into its log and restart it; what it remembers survives that.");
        let summary = String::new();
        notes.insert(0, Note { severity: Severity::Critical.as_str(), title, summary, mend, code: None });
    }
    notes
}

impl Note {
    /// A code of a later version, out of a state it left behind, is shown as it is.
    fn new(own: &OwnFinding) -> Self {
        let entry = Code::parse(&own.code).map(catalogue::entry);
        Self {
            severity: own.severity.as_str(),
            title: entry.map_or_else(|| plain::line(&own.code, 60), |entry| entry.title.to_owned()),
            summary: plain::line(&own.summary, 300),
            mend: entry.map(|entry| plain::parts(entry.remedy)).unwrap_or_default(),
            code: entry.map(|entry| entry.code.as_str()),
        }
    }
}
