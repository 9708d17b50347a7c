//! [`Past`]: what a domain's certificates have been, and when the next is expected.

use serde::Serialize;

use super::plain;
use crate::domain::{Span, UnixTime};
use crate::history::{Progress, Renewal};
use crate::verdict::Record;

/// Renewals of a domain that are shown.
const RENEWALS: usize = 6;
/// Addresses that are named of a rollout.
const ADDRESSES: usize = 4;

/// What a domain's certificates have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Past {
    /// When the next renewal is expected, and what the CA suggests; may be empty.
    pub(super) outlook: Vec<String>,
    /// Rollouts under way.
    pub(super) under_way: Vec<String>,
    /// The last renewals, the last first.
    pub(super) renewals: Vec<Change>,
}

/// One renewal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    /// When it began, in RFC 3339.
    pub(super) at: String,
    /// The same, the day alone.
    pub(super) day: String,
    /// `routine`, `early` or `surprising`.
    pub(super) class: &'static str,
    /// What it changed, and how long it took.
    pub(super) text: String,
}

impl Past {
    /// `None` where there is nothing to tell.
    pub(super) fn new(record: &Record, now: UnixTime) -> Option<Self> {
        let past = Self {
            outlook: outlook(record),
            under_way: record.history.under_way().map(|progress| under_way(&progress, now)).collect(),
            renewals: record.history.renewals().take(RENEWALS).map(|renewal| Change::new(&renewal)).collect(),
        };
        let is_empty = past.outlook.is_empty() && past.under_way.is_empty() && past.renewals.is_empty();
        (!is_empty).then_some(past)
    }
}

fn outlook(record: &Record) -> Vec<String> {
    let expected = record.expected_renewal().map(|expected| {
        let share = (expected.share * 100.0).round() as i64;
        let seen = expected.renewals;
        format!("usually renewed after {share}% of the lifetime ({seen} renewals seen): next about {}", expected.usual)
    });
    let suggested = record.suggested().map(|suggested| {
        format!("the CA suggests to renew between {} and {}", suggested.info.start, suggested.info.end)
    });
    expected.into_iter().chain(suggested).collect()
}

fn under_way(progress: &Progress<'_>, now: UnixTime) -> String {
    let behind: Vec<String> = progress.behind.iter().take(ADDRESSES).map(ToString::to_string).collect();
    let more = progress.behind.len().saturating_sub(ADDRESSES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let since = Span(progress.began.until(now).max(0));
    format!("a new certificate is rolled out since {since}; still the old one at {}{more}", behind.join(", "))
}

impl Change {
    fn new(renewal: &Renewal<'_>) -> Self {
        let at = renewal.began.to_string();
        let took = match renewal.completed {
            Some(completed) if completed > renewal.began => {
                format!("; took {}", Span(renewal.began.until(completed)))
            }
            Some(_) => String::new(),
            None => "; not yet everywhere".to_owned(),
        };
        let key = if renewal.key_reused { "; same key" } else { "" };
        Self {
            day: at.split('T').next().unwrap_or_default().to_owned(),
            class: renewal.class.as_str(),
            text: plain::line(&format!("{renewal}{key}{took}"), 300),
            at,
        }
    }
}
