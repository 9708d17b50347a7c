//! [`Outbox`]: what one receiver is still to be sent. It groups, limits, retries and sends; it does no I/O and reads no
//! clock.
//!
//! A notice comes in a [`Batch`], is stored as owed, and gathers with others until the window closes; then they are
//! frozen into one [`Mail`], worst first, which is stored before it is offered. A mail that fails is offered again, the
//! very same, until it is delivered; meanwhile what comes next goes on gathering, so that a relay that was away for a
//! night is owed a few mails and not hundreds. What surely nobody has, and is owed for hours, is put together anew and told
//! as it is by then; whatever somebody may have is repeated as it is. Beyond the hourly limit notices gather for as long as it takes, and
//! leave as one [`MailKind::Overflow`]; a share of the limit is kept for what is critical and new.
//!
//! Feed it (`handle_*`), then drain it (`poll_*`). What [`poll_change`](Outbox::poll_change) yields after one input
//! belongs in one transaction.

mod attempt;
mod dead;
mod event;
mod fate;
mod fates;
mod freeze;
mod gathering;
mod kin;
mod limit;
mod post;
mod queue;
mod restore;
mod row;
mod settled;
mod stale;
#[cfg(test)]
mod tests;
mod unheard;
mod view;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use self::fates::Fates;
use self::gathering::Gathering;
use self::limit::Limit;
use self::post::{Failure, Post};
use self::row::{MailRow, NoticeRow, delete_mail, delete_notice};
use self::settled::Settled;
use self::stale::Carried;
use super::{Batch, Calendar, Change, Delivery, Mail, MailKind, Notice, NoticeId, Operation, Policy};
use crate::domain::{Now, UnixTime};

pub use self::dead::DeadLetters;
pub use self::event::OutboxEvent;
pub use self::queue::{QueueStanding, Queued, queue};
pub use self::restore::receivers;

/// After so long of failing commits we tell from memory what could not be stored.
const PATIENCE: Duration = Duration::from_secs(30);
/// Who asks us to wait longer is taken to mean this: a critical notice is not to be muted for a day by somebody's slip.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// How often old rows are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
/// A mail given up for good is kept so long, in seconds.
const REJECTED_KEPT: i64 = 30 * 86_400;

/// What one receiver is still to be sent.
#[derive(Debug)]
pub struct Outbox {
    receiver: String,
    policy: Policy,
    now: Now,
    gathering: Gathering,
    /// The causes that were told.
    fates: Fates,
    /// What gathers may be told otherwise than it was stored.
    folded: bool,
    /// What can wait, and does.
    waiting: Gathering,
    /// Since when the oldest of it is owed; by a clock that is set back, since now.
    waiting_since: Option<UnixTime>,
    /// When the quiet hours end that are now, by the wall clock.
    hushed_until: Option<UnixTime>,
    posts: BTreeMap<String, Post>,
    /// Mails that some recipients never will have.
    in_part: BTreeMap<String, MailRow>,
    /// The notices that gather or are in a mail.
    unsettled: BTreeSet<NoticeId>,
    settled: Settled,
    limit: Limit,
    in_flight: Option<String>,
    /// Until when the receiver has asked to be sent nothing. A restart forgets it.
    quiet_until: Duration,
    /// Incidents that were over before anybody was told, since the last mail.
    untold: u64,
    /// For the next mail, of those it is made of.
    carried: Option<Carried>,
    /// All that has gathered waits for a mail to be settled.
    is_stuck: bool,
    unreadable: usize,
    sequence: u64,
    stored: u64,
    /// The change that says the last mail was delivered: until it is stored no other is offered, so that a crash costs
    /// at most one repeat.
    told_by: u64,
    /// Commits fail, and from then on we tell from memory.
    patience_ends: Option<Duration>,
    /// What was frozen before that is taken apart.
    thawed: bool,
    /// The notices handed over, each with the change by which it is stored.
    taken: VecDeque<(u64, NoticeId)>,
    pruned_at: Option<Duration>,
    changes: VecDeque<Change>,
    events: VecDeque<OutboxEvent>,
}

/// Inputs.
impl Outbox {
    /// An outbox that owes nothing.
    pub fn new(receiver: &str, policy: Policy, now: Now) -> Self {
        Self {
            receiver: receiver.to_owned(),
            policy,
            now,
            gathering: Gathering::default(),
            fates: Fates::default(),
            folded: false,
            waiting: Gathering::default(),
            waiting_since: None,
            hushed_until: None,
            posts: BTreeMap::new(),
            in_part: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            settled: Settled::default(),
            limit: Limit::default(),
            in_flight: None,
            quiet_until: Duration::ZERO,
            untold: 0,
            carried: None,
            is_stuck: false,
            unreadable: 0,
            sequence: 0,
            stored: 0,
            told_by: 0,
            patience_ends: None,
            thawed: false,
            taken: VecDeque::new(),
            pruned_at: None,
            changes: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Takes over notices to send. One that is owed, in a mail, or delivered already is ignored.
    pub fn handle_batch(&mut self, batch: Batch, now: Now) {
        self.read_clock(now);
        if batch.unstored {
            // The ledger has been as patient as we would be.
            self.patience_ends = Some(self.now.mono);
        }
        let taken: Vec<NoticeId> = batch.notices.iter().map(|notice| notice.id.clone()).collect();
        let new: Vec<NoticeRow> = batch.notices.into_iter().filter_map(|notice| self.accept(notice)).collect();
        match batch.kind {
            MailKind::FirstSummary => self.summarise(new),
            _ => new.into_iter().for_each(|row| self.owe(row)),
        }
        self.taken.extend(taken.into_iter().map(|id| (self.sequence, id)));
        self.advance();
    }

    /// Takes how the attempt ended that was offered last. Each mail offered must be answered, or none is offered again.
    pub fn handle_delivery(&mut self, mail: &str, delivery: Delivery, now: Now) {
        self.read_clock(now);
        if self.in_flight.as_deref() != Some(mail) {
            return;
        }
        self.in_flight = None;
        match delivery {
            Delivery::Delivered => self.delivered(mail, Vec::new()),
            Delivery::DeliveredInPart { refused } => self.delivered(mail, refused),
            Delivery::Unsent { error } => self.failed(mail, &error, Failure::Unsent),
            Delivery::Deferred { error } => self.failed(mail, &error, Failure::Deferred),
            Delivery::Postponed { error, wait } => {
                self.quiet_until = self.now.mono + wait.min(LONGEST_WAIT);
                self.failed(mail, &error, Failure::Deferred);
            }
            Delivery::Rejected { error } => self.failed(mail, &error, Failure::Rejected),
        }
        self.advance();
    }

    /// Time has passed; see [`poll_timeout`](Self::poll_timeout).
    pub fn handle_timeout(&mut self, now: Now) {
        self.read_clock(now);
        self.advance();
    }

    /// All changes up to this number are stored.
    pub fn handle_stored(&mut self, up_to: u64) {
        self.stored = self.stored.max(up_to);
        (self.patience_ends, self.thawed) = (None, false);
    }

    /// A commit has failed; it is being tried again.
    pub fn handle_store_failed(&mut self, now: Now) {
        self.read_clock(now);
        self.patience_ends.get_or_insert(self.now.mono + PATIENCE);
        self.advance();
    }

    /// Of these domains this receiver is told from now on; what was told of others is waited for no longer.
    pub fn handle_recipients(&mut self, is_told_of: impl Fn(&str) -> bool) {
        self.fates.retain(is_told_of, self.now.mono + self.policy.collect_for);
    }

    /// The configuration was read again. What was refused for good by it gets one more try: somebody may have mended it.
    pub fn handle_policy(&mut self, policy: Policy, now: Now) {
        self.read_clock(now);
        self.policy = policy;
        self.read_calendar();
        self.forget_refused();
        for post in self.posts.values_mut() {
            post.revived = false;
            post.revive(self.now.mono);
        }
        self.advance();
    }
}

/// Outputs.
impl Outbox {
    /// The next change to store, in order.
    pub fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// The next notice of a batch that is stored as owed, or was before: the ledger need not keep it for this receiver.
    /// Each notice handed over comes out once.
    pub fn poll_taken(&mut self) -> Option<NoticeId> {
        let (_, id) = self.taken.pop_front_if(|(stored_by, _)| *stored_by <= self.stored)?;
        Some(id)
    }

    /// The mail to deliver now, if there is one: at most one is on its way to a receiver.
    pub fn poll_mail(&mut self) -> Option<Mail> {
        if self.in_flight.is_some() {
            return None;
        }
        let id = self.next_due()?;
        let post = self.posts.get_mut(&id)?;
        post.offered_at = Some(self.now.mono);
        let mut mail = post.row.mail.clone();
        if post.frozen_by > self.stored {
            mail.extra.insert("store_failed".to_owned(), true.into());
        }
        self.in_flight = Some(id);
        Some(mail)
    }

    /// What has happened to mails, for counters and logs.
    pub fn poll_event(&mut self) -> Option<OutboxEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, by the monotonic clock.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let retries = self
            .posts
            .values()
            .filter(|post| post.is_owed())
            .map(|post| post.next_try.max(self.quiet_until).max(self.hushed(post)));
        let memory = self.patience_ends.filter(|_| self.is_unstored());
        let ripe = self.gathering.is_ripe() || self.fates.is_due(self.now.mono);
        let limited = ripe && !self.is_held_by_a_mail();
        let limit = limited.then(|| self.limit.frees_at(self.allowed(), self.open_posts())).flatten();
        let retries = retries.filter(|_| self.in_flight.is_none());
        let own = [self.gathering.closes(), self.fates.next_due(), self.waiting_ends()].into_iter().flatten();
        let all = retries.chain(own).chain(memory).chain(limit);
        all.filter(|at| *at > self.now.mono).min()
    }
}

impl Outbox {
    fn read_clock(&mut self, now: Now) {
        self.now = Now { wall: now.wall, mono: now.mono.max(self.now.mono) };
        self.read_calendar();
    }

    /// Does all that is due now.
    fn advance(&mut self) {
        self.limit.expire(self.now.mono);
        self.prune();
        if self.tells_from_memory() && !self.thawed {
            self.thaw();
        }
        self.keep_calendar();
        if self.gathering.close_window(self.now.mono) {
            self.nudge();
        }
        self.gather_stale();
        self.freeze_ripe();
    }

    /// The row of a notice that is new to us.
    fn accept(&mut self, notice: Notice) -> Option<NoticeRow> {
        let is_new = !self.settled.contains(&notice.id) && self.unsettled.insert(notice.id.clone());
        is_new.then(|| NoticeRow::owed(&self.receiver, notice, self.now.wall))
    }

    fn settle(&mut self, row: NoticeRow) {
        self.change(Operation::Put(row.row()));
        self.unsettled.remove(&row.notice.id);
        self.settled.add(&row);
    }

    fn is_unstored(&self) -> bool {
        let gathering = self.gathering.len() + self.waiting.len() + self.fates.len();
        gathering > 0 || self.posts.values().any(|post| post.frozen_by > self.stored)
    }

    /// Forgets what was settled, or given up, long ago.
    fn prune(&mut self) {
        if self.pruned_at.is_some_and(|at| self.now.mono < at + PRUNE_EVERY) {
            return;
        }
        self.pruned_at = Some(self.now.mono);
        for id in self.settled.prune(self.now.wall) {
            self.change(delete_notice(&self.receiver, &id));
        }
        let wall = self.now.wall;
        let is_old = |row: &MailRow| row.mail.created_at.until(wall) >= REJECTED_KEPT;
        let given_up = self.posts.extract_if(.., |_, post| !post.is_owed() && is_old(&post.row));
        for (id, post) in given_up.collect::<Vec<_>>() {
            for row in post.notices {
                self.unsettled.remove(&row.notice.id);
                self.change(delete_notice(&self.receiver, &row.notice.id));
            }
            self.change(delete_mail(&self.receiver, &id));
        }
        let in_part: Vec<String> = self.in_part.extract_if(.., |_, row| is_old(row)).map(|(id, _)| id).collect();
        for id in in_part {
            self.change(delete_mail(&self.receiver, &id));
        }
    }

    fn change(&mut self, operation: Operation) -> u64 {
        self.sequence += 1;
        self.changes.push_back(Change { sequence: self.sequence, operation });
        self.sequence
    }
}
