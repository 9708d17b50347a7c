//! [`Fates`]: the causes a receiver was told of that are not over. What comes of a cause that was told already waits, so
//! that a proxy that dies under eighty domains is told once, then grows, and ends, in few mails of one thread. Nothing
//! is dropped for that: each notice leaves in some mail, and what is worse than what was told waits for nothing.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::fate::{Content, Fate, Mark};
use super::gathering::{Opening, Rank, opening, rank};
use super::kin::kindred;
use super::row::NoticeRow;
use crate::domain::Now;
use crate::incident::notice::thread;
use crate::incident::{Bond, Notice, NoticeId, Policy, Reason, Shared, bond};
use crate::observation::certificate::Sha256;

/// A cause among those of one process.
pub(super) type Handle = u64;

/// The causes that were told and are not over.
#[derive(Debug, Default)]
pub(super) struct Fates {
    all: BTreeMap<Handle, Fate>,
    by_bond: BTreeMap<Bond, BTreeSet<Handle>>,
    by_opening: BTreeMap<Opening, (Handle, Standing)>,
    due_of: BTreeMap<Handle, Duration>,
    dues: BTreeSet<(Duration, Handle)>,
    last: Handle,
    waiting: usize,
}

/// What this receiver knows of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It was told.
    Told,
    /// It waits to be told.
    Waits,
}

/// Notices of one cause that leave together.
#[derive(Debug)]
pub(super) struct Kin {
    /// The cause, if it was told before.
    pub(super) fate: Option<Handle>,
    /// Whether they may have a cause in common with later ones at all.
    bound: bool,
    pub(super) rows: Vec<NoticeRow>,
}

impl Kin {
    /// How bad the worst of it is.
    pub(super) fn rank(&self) -> Option<Rank<'_>> {
        self.rows.iter().map(|row| rank(&row.notice)).min()
    }
}

/// What waits.
impl Fates {
    /// Lets a notice wait that is of a cause told already, if it may; else gives it back. It may have waited already.
    pub(super) fn hold(
        &mut self,
        row: NoticeRow,
        waited: Duration,
        now: Duration,
        policy: &Policy,
    ) -> Result<(), Box<NoticeRow>> {
        let Some(handle) = self.place(&row.notice) else { return Err(Box::new(row)) };
        let Some(fate) = self.all.get_mut(&handle).filter(|fate| fate.may_wait(&row.notice, now)) else {
            return Err(Box::new(row));
        };
        self.by_opening.entry(opening(&row.notice)).or_insert((handle, Standing::Waits));
        self.waiting += 1;
        fate.hold(row, waited, now, policy);
        self.reset(handle);
        Ok(())
    }

    /// Whether the opening of this notice's incident waits to be told.
    pub(super) fn has_opened(&self, notice: &Notice) -> bool {
        let fate = self.by_opening.get(&opening(notice)).and_then(|(handle, _)| self.all.get(handle));
        fate.is_some_and(|fate| fate.waiting.has_opened(notice))
    }

    /// Takes out what need not be told any more now that this notice has come, as [`Gathering::cancel_by`] does.
    ///
    /// [`Gathering::cancel_by`]: super::gathering::Gathering::cancel_by
    pub(super) fn cancel_by(&mut self, notice: &Notice, untold: bool, soon: Duration) -> Vec<NoticeRow> {
        let key = opening(notice);
        let Some((handle, standing)) = self.by_opening.get(&key).copied() else { return Vec::new() };
        let Some(fate) = self.all.get_mut(&handle) else { return Vec::new() };
        let cancelled = fate.cancel_by(notice, untold, soon);
        self.waiting -= cancelled.len();
        if untold && standing == Standing::Waits {
            self.by_opening.remove(&key);
        }
        self.reset(handle);
        self.bury(handle);
        cancelled
    }

    /// Takes all that waits.
    pub(super) fn take_all(&mut self) -> Vec<NoticeRow> {
        let waiting: Vec<Handle> = self.due_of.keys().copied().collect();
        waiting.into_iter().flat_map(|handle| self.take_waiting(handle)).collect()
    }

    /// Whether there is such a notice among what waits.
    pub(super) fn has(&self, such: impl Fn(&Notice) -> bool) -> bool {
        let waiting = self.due_of.keys().filter_map(|handle| self.all.get(handle));
        waiting.into_iter().any(|fate| fate.waiting.has(&such))
    }

    /// Whether something that waits may be told now.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.dues.first().is_some_and(|(due, _)| *due <= now)
    }

    /// Whether something critical and new is among what may be told now.
    pub(super) fn is_urgent(&self, now: Duration) -> bool {
        let due = self.dues.iter().take_while(|(due, _)| *due <= now);
        due.filter_map(|(_, handle)| self.all.get(handle)).any(|fate| fate.waiting.is_urgent())
    }

    /// When the next of what waits may be told.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.dues.first().map(|(due, _)| *due)
    }

    /// How many notices wait.
    pub(super) const fn len(&self) -> usize {
        self.waiting
    }

    /// Takes what may be told by now.
    pub(super) fn take_due(&mut self, now: Duration) -> Vec<NoticeRow> {
        let due = self.dues.iter().take_while(|(due, _)| *due <= now);
        let due: Vec<Handle> = due.map(|(_, handle)| *handle).collect();
        due.into_iter().flat_map(|handle| self.take_waiting(handle)).collect()
    }

    fn take_waiting(&mut self, handle: Handle) -> Vec<NoticeRow> {
        let rows = self.all.get_mut(&handle).map(Fate::take_waiting).unwrap_or_default();
        for row in &rows {
            let key = opening(&row.notice);
            if self.by_opening.get(&key).is_some_and(|(_, standing)| *standing == Standing::Waits) {
                self.by_opening.remove(&key);
            }
        }
        self.waiting -= rows.len();
        self.reset(handle);
        rows
    }

    /// Sets when a cause is told next by what it says itself.
    fn reset(&mut self, handle: Handle) {
        if let Some(before) = self.due_of.remove(&handle) {
            self.dues.remove(&(before, handle));
        }
        if let Some(due) = self.all.get(&handle).and_then(Fate::due) {
            self.due_of.insert(handle, due);
            self.dues.insert((due, handle));
        }
    }

    /// Forgets a cause that is over for all that were told of it.
    fn bury(&mut self, handle: Handle) {
        let over = |fate: &&Fate| fate.open == 0 && fate.waiting.is_empty();
        if self.all.get(&handle).as_ref().is_some_and(over)
            && let Some(fate) = self.all.remove(&handle)
        {
            self.unbind(handle, &fate.bonds);
        }
    }

    fn unbind(&mut self, handle: Handle, bonds: &[Bond]) {
        for bond in bonds {
            let Some(handles) = self.by_bond.get_mut(bond) else { continue };
            handles.remove(&handle);
            if handles.is_empty() {
                self.by_bond.remove(bond);
            }
        }
    }

    /// The cause that a notice is of: the one its incident was told under, else of those it shares a bond with the one
    /// that has struck the most domains. A domain's own incidents make no cause by themselves.
    fn place(&self, notice: &Notice) -> Option<Handle> {
        if let Some((handle, _)) = self.by_opening.get(&opening(notice)) {
            return Some(*handle);
        }
        if notice.reason == Reason::Resolved {
            return None;
        }
        let shared = notice.bonds.iter().filter_map(|bond| self.by_bond.get(bond)).flatten();
        let fates = shared.filter_map(|handle| Some((*handle, self.all.get(handle)?)));
        let others = fates.filter(|(_, fate)| !fate.is_alone(&notice.domain));
        others.max_by_key(|(_, fate)| (fate.domains.len(), Reverse(&fate.mark.id))).map(|(handle, _)| handle)
    }
}

/// What is told.
impl Fates {
    /// Sorts what is to be told by cause: what is of one that was told, with whatever waits there; and what has one in
    /// common now.
    pub(super) fn sort(&mut self, rows: Vec<NoticeRow>) -> Vec<Kin> {
        let mut of_fates: BTreeMap<Handle, Vec<NoticeRow>> = BTreeMap::new();
        let (mut others, mut ends) = (Vec::new(), Vec::new());
        for row in rows {
            match self.place(&row.notice) {
                Some(handle) => of_fates.entry(handle).or_default().push(row),
                None if row.notice.reason == Reason::Resolved => ends.push(row),
                None => others.push(row),
            }
        }
        let mut sorted = Vec::new();
        for (handle, mut rows) in of_fates {
            rows.extend(self.take_waiting(handle));
            let (rows, strangers) = self.admit(handle, rows);
            others.extend(strangers);
            sorted.push(Kin { fate: Some(handle), bound: true, rows });
        }
        let kindred = kindred(others).into_iter();
        sorted.extend(kindred.map(|rows| Kin { fate: None, bound: true, rows }));
        sorted.extend(ends.into_iter().map(|row| Kin { fate: None, bound: false, rows: vec![row] }));
        sorted.retain(|kin| !kin.rows.is_empty());
        sorted
    }

    /// Those that share with a cause that was told the one of its bonds that most of the new ones share; the others are
    /// of another cause. Whether it is the one or the other does not hang on who came first.
    fn admit(&self, handle: Handle, rows: Vec<NoticeRow>) -> (Vec<NoticeRow>, Vec<NoticeRow>) {
        let Some(fate) = self.all.get(&handle) else { return (Vec::new(), rows) };
        let is_told = |row: &NoticeRow| self.by_opening.contains_key(&opening(&row.notice));
        let reach = |bond: &Bond| {
            let new = rows.iter().filter(|row| !is_told(row) && row.notice.bonds.contains(bond));
            new.map(|row| row.notice.domain.as_str()).collect::<BTreeSet<_>>().len()
        };
        let best = fate.bonds.iter().max_by_key(|bond| (reach(bond), Reverse(bond.preference()))).cloned();
        let shares = |row: &NoticeRow| best.as_ref().is_some_and(|bond| row.notice.bonds.contains(bond));
        rows.into_iter().partition(|row| is_told(row) || shares(row))
    }

    /// How many domains a cause will have struck once these are told.
    pub(super) fn reach(&self, kin: &Kin) -> usize {
        let told = kin.fate.and_then(|handle| self.all.get(&handle));
        let new = kin.rows.iter().map(|row| row.notice.domain.as_str()).collect::<BTreeSet<_>>();
        told.map_or(0, |fate| fate.domains.len())
            + new.iter().filter(|domain| told.is_none_or(|fate| !fate.domains.contains_key(**domain))).count()
    }

    /// Notes that these leave in this mail, and marks them with their cause. How it stands with the cause then.
    pub(super) fn tell(&mut self, kin: &mut Kin, mail: &str, now: Duration, policy: &Policy) -> Option<(Mark, Shared)> {
        let handle = kin.fate.or_else(|| self.begin(kin, mail))?;
        let raised = self.all.get(&handle)?.is_raised_by(kin.rows.iter().map(|row| &row.notice));
        self.bind(handle, kin);
        let known = self.all.get(&handle)?.domains.len();
        let mut over = 0;
        let (ends, goes_on): (Vec<&NoticeRow>, Vec<&NoticeRow>) =
            kin.rows.iter().partition(|row| row.notice.reason == Reason::Resolved);
        for notice in goes_on.iter().map(|row| &row.notice) {
            let is_new = self.by_opening.insert(opening(notice), (handle, Standing::Told)).is_none();
            self.all.get_mut(&handle)?.goes_on(notice, is_new);
        }
        for notice in ends.iter().map(|row| &row.notice) {
            if self.by_opening.remove(&opening(notice)).is_some() {
                over += usize::from(self.all.get_mut(&handle)?.ends(&notice.domain));
            }
        }
        let fate = self.all.get_mut(&handle)?;
        let content = Content {
            raised,
            reminds: goes_on.iter().any(|row| row.notice.reason == Reason::Reminder),
            ends: !ends.is_empty(),
            halves: goes_on.iter().any(|row| row.notice.family == "expiry"),
        };
        fate.note_mail(content, now, policy);
        let (mark, shared) = (fate.mark.clone(), fate.shared(known, over));
        for row in &mut kin.rows {
            row.cause = Some(mark.clone());
        }
        self.bury(handle);
        Some((mark, shared))
    }

    /// What a cause's incidents have in common is what the new ones have as well.
    fn bind(&mut self, handle: Handle, kin: &Kin) {
        let is_new = |row: &&NoticeRow| !self.by_opening.contains_key(&opening(&row.notice));
        let new = kin.rows.iter().filter(is_new).map(|row| row.notice.bonds.as_slice());
        let Some(fate) = self.all.get_mut(&handle) else { return };
        let before = std::mem::take(&mut fate.bonds);
        let founding = Some(before.as_slice()).filter(|bonds| !bonds.is_empty());
        fate.bonds = bond::common(founding.into_iter().chain(new));
        let bonds = fate.bonds.clone();
        self.unbind(handle, &before);
        for bond in bonds {
            self.by_bond.entry(bond).or_default().insert(handle);
        }
    }

    /// A cause that was never told before, if there is anything by which others could share it.
    fn begin(&mut self, kin: &Kin, mail: &str) -> Option<Handle> {
        let first: &Notice = &kin.rows.iter().min_by_key(|row| &row.notice.id)?.notice;
        let alone = kin.rows.iter().all(|row| opening(&row.notice) == opening(first));
        if !kin.bound || first.bonds.is_empty() {
            return None;
        }
        let id = identity(mail, &first.id);
        let thread = if alone { first.thread() } else { thread(&format!("cause\n{id}")) };
        self.last += 1;
        self.all.insert(self.last, Fate::new(Mark { id, thread }, first.opened_at));
        Some(self.last)
    }

    /// Forgets what was told of domains that this receiver is told of no longer.
    pub(super) fn retain(&mut self, is_told_of: impl Fn(&str) -> bool, soon: Duration) {
        let gone = self
            .by_opening
            .extract_if(.., |(domain, ..), (_, standing)| *standing == Standing::Told && !is_told_of(domain));
        for ((domain, ..), (handle, _)) in gone.collect::<Vec<_>>() {
            if let Some(fate) = self.all.get_mut(&handle) {
                fate.forget(&domain);
                fate.weigh(soon);
            }
            self.reset(handle);
            self.bury(handle);
        }
    }

    /// What these notices told has not been told after all: the mail was taken apart.
    pub(super) fn untell<'a>(&mut self, notices: impl Iterator<Item = &'a Notice>) {
        for notice in notices.filter(|notice| notice.reason == Reason::Opened) {
            let Some((handle, _)) = self.by_opening.remove(&opening(notice)) else { continue };
            if let Some(fate) = self.all.get_mut(&handle) {
                fate.forget(&notice.domain);
            }
            self.bury(handle);
        }
    }
}

/// After a restart.
impl Fates {
    /// The causes by what is stored of the notices that were told under them.
    pub(super) fn restore(told: Vec<NoticeRow>, now: Now, policy: &Policy) -> Self {
        let mut by_cause: BTreeMap<String, Vec<NoticeRow>> = BTreeMap::new();
        for row in told {
            let Some(cause) = &row.cause else { continue };
            by_cause.entry(cause.id.clone()).or_default().push(row);
        }
        let mut fates = Self::default();
        for rows in by_cause.into_values() {
            fates.restore_one(rows, now, policy);
        }
        fates
    }

    fn restore_one(&mut self, rows: Vec<NoticeRow>, now: Now, policy: &Policy) {
        let Some((mark, since)) = rows.iter().find_map(|row| Some((row.cause.clone()?, row.notice.opened_at))) else {
            return;
        };
        let is_end = |row: &&NoticeRow| row.notice.reason == Reason::Resolved;
        let over: BTreeSet<Opening> = rows.iter().filter(is_end).map(|row| opening(&row.notice)).collect();
        self.last += 1;
        let (handle, mut fate) = (self.last, Fate::new(mark, since));
        for row in rows.iter().filter(|row| !is_end(row)) {
            let key = opening(&row.notice);
            let goes_on = !over.contains(&key);
            let is_new = goes_on && self.by_opening.insert(key, (handle, Standing::Told)).is_none();
            fate.goes_on(&row.notice, is_new);
            fate.domains.entry(row.notice.domain.clone()).or_default();
        }
        if fate.open == 0 {
            return;
        }
        let opened = rows.iter().filter(|row| row.notice.reason == Reason::Opened);
        fate.bonds = bond::common(opened.map(|row| row.notice.bonds.as_slice()));
        fate.restore_pace(&rows, now, policy);
        for bond in &fate.bonds {
            self.by_bond.entry(bond.clone()).or_default().insert(handle);
        }
        self.all.insert(handle, fate);
    }
}

/// The identity of a cause that this mail tells first.
fn identity(mail: &str, notice: &NoticeId) -> String {
    Sha256::of(format!("cause\n{mail}\n{}", notice.as_str()).as_bytes()).to_string()[..32].to_owned()
}
