//! [`Gathering`]: the notices that are owed and in no mail yet, and when they become one.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::row::NoticeRow;
use crate::domain::UnixTime;
use crate::incident::{MailKind, Notice, NoticeId, Reason};
use crate::verdict::Severity;

/// One opening of an incident: domain, view, family, episode.
pub(super) type Opening = (String, String, String, u64);

/// The notices in no mail yet.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    rows: BTreeMap<NoticeId, NoticeRow>,
    by_opening: BTreeMap<Opening, Vec<NoticeId>>,
    /// How many of them are urgent: asked after every input, of tens of thousands.
    urgent: usize,
    /// How many there are of each reason.
    reasons: BTreeMap<Reason, usize>,
    /// Until when the present window gathers.
    closes: Option<Duration>,
    /// A window has closed: they may go as soon as nothing else holds them.
    ripe: bool,
    /// The hourly limit held them back.
    held: bool,
    /// Some waited for the end of quiet hours.
    waited: bool,
}

impl Gathering {
    /// Adds a notice, which opens a window if none is open.
    pub(super) fn add(&mut self, row: NoticeRow, closes: Duration) {
        self.closes.get_or_insert(closes);
        self.by_opening.entry(opening(&row.notice)).or_default().push(row.notice.id.clone());
        self.urgent += usize::from(is_urgent(&row.notice));
        *self.reasons.entry(row.notice.reason).or_default() += 1;
        if let Some(replaced) = self.rows.insert(row.notice.id.clone(), row) {
            self.discount(&replaced.notice);
        }
    }

    fn discount(&mut self, notice: &Notice) {
        self.urgent -= usize::from(is_urgent(notice));
        if let Some(count) = self.reasons.get_mut(&notice.reason) {
            *count -= 1;
        }
    }

    /// How many notices of this reason gather.
    pub(super) fn count(&self, reason: Reason) -> usize {
        self.reasons.get(&reason).copied().unwrap_or(0)
    }

    /// Whether anything gathers of this notice's incident.
    pub(super) fn speaks_of(&self, notice: &Notice) -> bool {
        self.by_opening.contains_key(&opening(notice))
    }

    /// Whether the opening of this notice's incident is among them.
    pub(super) fn has_opened(&self, notice: &Notice) -> bool {
        let waiting = self.by_opening.get(&opening(notice)).into_iter().flatten();
        waiting.into_iter().any(|id| self.reason(id) == Some(Reason::Opened))
    }

    /// Takes out what need not be told any more now that this notice has come. Of an incident that is over before
    /// anybody was told of it (`untold`) nobody is told; a reminder, or the word that a silence ends,
    /// yields to the next one, and to the end.
    pub(super) fn cancel_by(&mut self, notice: &Notice, untold: bool) -> Vec<NoticeRow> {
        if notice.reason != Reason::Resolved && !is_repeat(notice.reason) {
            return Vec::new();
        }
        let waiting = self.by_opening.get(&opening(notice)).cloned().unwrap_or_default();
        let cancelled = waiting.iter().filter(|id| untold || self.reason(id).is_some_and(is_repeat));
        let cancelled: Vec<_> = cancelled.cloned().collect();
        cancelled.iter().filter_map(|id| self.remove(id)).collect()
    }

    /// Closes the window if it is time; whether it just did.
    pub(super) fn close_window(&mut self, now: Duration) -> bool {
        let closing = self.closes.is_some_and(|closes| closes <= now);
        if closing {
            (self.closes, self.ripe) = (None, true);
        }
        closing
    }

    /// Takes all of them for one mail, but for those that wait for something else.
    pub(super) fn take_all(&mut self, waits: impl Fn(&Notice) -> bool) -> (MailKind, Vec<NoticeRow>) {
        let taken = std::mem::take(self);
        let kind = match (taken.held, taken.waited) {
            (true, _) => MailKind::Overflow,
            (false, true) => MailKind::AfterQuiet,
            (false, false) => MailKind::News,
        };
        let (left, rows): (Vec<_>, Vec<_>) = taken.rows.into_values().partition(|row| waits(&row.notice));
        if !left.is_empty() {
            left.into_iter().for_each(|row| self.add(row, Duration::ZERO));
            (self.closes, self.ripe) = (None, true);
        }
        (kind, worst_first(rows))
    }

    /// Takes the worst alone of those that wait for nothing else.
    pub(super) fn take_worst(&mut self, waits: impl Fn(&Notice) -> bool) -> (MailKind, Vec<NoticeRow>) {
        let may_go = self.rows.values().filter(|row| !waits(&row.notice));
        let worst = may_go.min_by_key(|row| rank(&row.notice)).map(|row| row.notice.id.clone());
        (MailKind::News, worst.and_then(|id| self.remove(&id)).into_iter().collect())
    }

    /// Leaves one notice an opening, with what is newest in it, and none of an opening that is over; what is needless now,
    /// and how many openings are over that nobody was told of.
    pub(super) fn fold(&mut self) -> (Vec<NoticeRow>, u64) {
        let several = self.by_opening.values().filter(|ids| ids.len() > 1).cloned().collect::<Vec<_>>();
        let (mut needless, mut untold) = (Vec::new(), 0);
        for ids in several {
            let mut rows: Vec<NoticeRow> = ids.iter().filter_map(|id| self.remove(id)).collect();
            rows.sort_by_key(|row| (row.notice.at, row.notice.reason));
            let has = |reason| rows.iter().any(|row| row.notice.reason == reason);
            if has(Reason::Opened) && has(Reason::Resolved) {
                untold += 1;
                needless.extend(rows);
                continue;
            }
            let Some(newest) = rows.last().map(|row| row.notice.clone()) else { continue };
            // Over, if it is; else what was to be told first.
            let told = |row: &NoticeRow| (row.notice.reason != Reason::Resolved, row.notice.reason);
            let Some(index) = (0..rows.len()).min_by_key(|index| rows.get(*index).map(told)) else { continue };
            let mut told = rows.swap_remove(index);
            if told.notice.reason != Reason::Resolved {
                told.notice = Notice { id: told.notice.id, reason: told.notice.reason, ..newest };
            }
            self.add(told, Duration::ZERO);
            needless.extend(rows);
        }
        if !self.rows.is_empty() {
            (self.closes, self.ripe) = (None, true);
        }
        (needless, untold)
    }

    /// What gathers may go.
    pub(super) const fn ripen(&mut self) {
        (self.closes, self.ripe) = (None, true);
    }

    /// Takes all notices of each opening of which every one is such.
    pub(super) fn take_openings(&mut self, such: impl Fn(&Notice) -> bool) -> Vec<NoticeRow> {
        let all_such =
            |ids: &&Vec<NoticeId>| ids.iter().filter_map(|id| self.rows.get(id)).all(|row| such(&row.notice));
        let ids: Vec<NoticeId> = self.by_opening.values().filter(all_such).flatten().cloned().collect();
        ids.iter().filter_map(|id| self.remove(id)).collect()
    }

    /// Takes all notices of one opening.
    pub(super) fn take_opening(&mut self, opening: &Opening) -> Vec<NoticeRow> {
        let ids = self.by_opening.get(opening).cloned().unwrap_or_default();
        ids.iter().filter_map(|id| self.remove(id)).collect()
    }

    /// Takes all of them, to be put elsewhere.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = NoticeRow> + use<> {
        std::mem::take(self).rows.into_values()
    }

    /// Whether there is such a notice.
    pub(super) fn has(&self, such: impl Fn(&Notice) -> bool) -> bool {
        self.rows.values().any(|row| such(&row.notice))
    }

    /// What is added has waited for the end of quiet hours.
    pub(super) const fn note_waited(&mut self) {
        self.waited = true;
    }

    /// The hourly limit forbids a mail now.
    pub(super) const fn hold_back(&mut self) {
        self.held = true;
    }

    pub(super) const fn is_ripe(&self) -> bool {
        self.ripe
    }

    pub(super) const fn closes(&self) -> Option<Duration> {
        self.closes
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether somebody must be told now: something critical that they have not heard of.
    pub(super) const fn is_urgent(&self) -> bool {
        self.urgent > 0
    }

    /// All of them.
    pub(super) fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.rows.values().map(|row| &row.notice)
    }

    pub(super) fn oldest(&self) -> Option<UnixTime> {
        self.rows.values().map(|row| row.since).min()
    }

    fn reason(&self, id: &NoticeId) -> Option<Reason> {
        self.rows.get(id).map(|row| row.notice.reason)
    }

    fn remove(&mut self, id: &NoticeId) -> Option<NoticeRow> {
        let row = self.rows.remove(id)?;
        self.discount(&row.notice);
        let opening = opening(&row.notice);
        if let Some(ids) = self.by_opening.get_mut(&opening) {
            ids.retain(|other| other != id);
            if ids.is_empty() {
                self.by_opening.remove(&opening);
            }
        }
        if self.rows.is_empty() {
            *self = Self::default();
        }
        Some(row)
    }
}

/// Which opening of which incident a notice speaks of.
pub(super) fn opening(notice: &Notice) -> Opening {
    (notice.domain.clone(), notice.view.clone(), notice.family.clone(), notice.episode)
}

/// Sorts notices as a mail tells them: what is still wrong before what is over, the worst first, equal codes together.
pub(super) fn worst_first(mut rows: Vec<NoticeRow>) -> Vec<NoticeRow> {
    rows.sort_by(|a, b| rank(&a.notice).cmp(&rank(&b.notice)));
    rows
}

/// Whether a notice may use the share of the hourly limit that is kept for the critical.
pub(super) fn is_urgent(notice: &Notice) -> bool {
    Severity::parse(&notice.severity) == Some(Severity::Critical)
        && matches!(notice.reason, Reason::Opened | Reason::Escalated)
}

/// Whether it tells again what is there still.
const fn is_repeat(reason: Reason) -> bool {
    matches!(reason, Reason::Reminder | Reason::SilenceEnds)
}

pub(super) type Rank<'a> =
    (bool, Reverse<Option<Severity>>, bool, &'a str, &'a str, &'a str, &'a str, u64, Reason, &'a str);

pub(super) fn rank(notice: &Notice) -> Rank<'_> {
    (
        notice.reason == Reason::Resolved,
        Reverse(Severity::parse(&notice.severity)),
        is_repeat(notice.reason),
        &notice.code,
        &notice.domain,
        &notice.view,
        &notice.family,
        notice.episode,
        notice.reason,
        notice.id.as_str(),
    )
}
