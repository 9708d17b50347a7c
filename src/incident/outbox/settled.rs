//! [`Settled`]: which notices a receiver is no longer owed, so that one offered again is not sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::gathering::{Opening, opening};
use super::row::{NoticeRow, NoticeState};
use crate::domain::UnixTime;
use crate::incident::{NoticeId, Reason};

const DAY: i64 = 86_400;
/// So long after an incident's end its notices are remembered.
const KEPT_AFTER_END: i64 = 30 * DAY;
/// So long a notice of an incident without an end is remembered: its domain may have been removed.
const KEPT_AT_MOST: i64 = 400 * DAY;

/// The notices delivered or cancelled, within bounds.
#[derive(Debug, Default)]
pub(super) struct Settled {
    markers: BTreeMap<NoticeId, Marker>,
}

#[derive(Debug)]
struct Marker {
    at: UnixTime,
    opening: Opening,
    is_end: bool,
    mail: Option<String>,
}

impl Settled {
    pub(super) fn add(&mut self, row: &NoticeRow) {
        let is_end = row.notice.reason == Reason::Resolved;
        let mail = row.mail.clone().filter(|_| row.state == NoticeState::Delivered);
        let marker = Marker { at: row.since, opening: opening(&row.notice), is_end, mail };
        self.markers.insert(row.notice.id.clone(), marker);
    }

    pub(super) fn contains(&self, id: &NoticeId) -> bool {
        self.markers.contains_key(id)
    }

    /// How long ago each mail was delivered that the markers know of. One from the future, by a clock set back, counts
    /// as new.
    pub(super) fn mail_ages(&self, now: UnixTime) -> Vec<Duration> {
        let mails: BTreeMap<&str, UnixTime> =
            self.markers.values().filter_map(|marker| Some((marker.mail.as_deref()?, marker.at))).collect();
        mails.values().map(|at| Duration::from_secs(u64::try_from(at.until(now)).unwrap_or(0))).collect()
    }

    /// Forgets those that are out of bounds, and says which.
    pub(super) fn prune(&mut self, now: UnixTime) -> Vec<NoticeId> {
        let over = |marker: &Marker| marker.is_end && marker.at.until(now) >= KEPT_AFTER_END;
        let ended: BTreeSet<Opening> = self.markers.values().filter(|m| over(m)).map(|m| m.opening.clone()).collect();
        let expired = |marker: &Marker| marker.at.until(now) >= KEPT_AT_MOST || ended.contains(&marker.opening);
        let pruned: Vec<_> =
            self.markers.iter().filter(|(_, marker)| expired(marker)).map(|(id, _)| id.clone()).collect();
        for id in &pruned {
            self.markers.remove(id);
        }
        pruned
    }
}
