//! [`Fate`]: a cause that this receiver was told of, whom it has struck, and what is new of it and waits to be told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::gathering::Gathering;
use super::row::NoticeRow;
use crate::domain::{Now, UnixTime};
use crate::incident::{Bond, BondKind, Notice, NoticeId, Policy, Reason, Shared, ledger};
use crate::verdict::Severity;

/// The wait between two mails about one cause is doubled up to this.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// After it was told, a critical cause is told again after 1 h, and after 4 h, like a critical incident.
const CRITICAL_STEPS: [Duration; 2] = [Duration::from_secs(3600), Duration::from_secs(3 * 3600)];

/// Under which cause a notice was told; stored with it, so that a restart finds the cause again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The cause's identity: a hash of the mail that told it first, and of one of its notices.
    pub(super) id: String,
    /// The thread of the mails about it.
    pub(super) thread: String,
}

/// How bad it is, and whether a certificate has run out already: that is worse than that it will. `None` if we do not know
/// the severity.
type Height = Option<(Severity, bool)>;

/// A cause that was told.
#[derive(Debug)]
pub(super) struct Fate {
    pub(super) mark: Mark,
    /// What all have in common that were told of.
    pub(super) bonds: Vec<Bond>,
    /// The worst that was told of each family.
    told: Vec<(String, Height)>,
    /// Each domain that was told of, with its incidents that go on.
    pub(super) domains: BTreeMap<String, usize>,
    /// How many incidents that were told go on.
    pub(super) open: usize,
    /// How many domains those are.
    open_domains: usize,
    since: UnixTime,
    pub(super) pace: Pace,
    /// What is new of it.
    pub(super) waiting: Gathering,
    dues: Dues,
}

/// How often a cause was told, and before when it is not told again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pace {
    pub(super) mails: u32,
    pub(super) reminders: u32,
    /// How many of the mails said that it is over for some.
    pub(super) ends: u32,
    pub(super) quiet_until: Duration,
    pub(super) ends_from: Duration,
    pub(super) remind_from: Duration,
}

/// From when on each notice that waits may be told.
#[derive(Debug, Default)]
struct Dues {
    of: BTreeMap<NoticeId, Duration>,
    all: BTreeSet<(Duration, NoticeId)>,
    /// Nobody is missing: then it is soon.
    complete: Option<Duration>,
}

impl Dues {
    fn set(&mut self, id: &NoticeId, due: Duration) {
        self.clear(id);
        self.of.insert(id.clone(), due);
        self.all.insert((due, id.clone()));
    }

    fn clear(&mut self, id: &NoticeId) {
        if let Some(due) = self.of.remove(id) {
            self.all.remove(&(due, id.clone()));
        }
    }

    fn first(&self) -> Option<Duration> {
        let first = self.all.first().map(|(due, _)| *due);
        first.into_iter().chain(self.complete).min()
    }
}

/// What kinds of notices a mail about a cause holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content {
    /// Something worse than what was told.
    pub(super) raised: bool,
    /// That it goes on.
    pub(super) reminds: bool,
    /// That it is over for some.
    pub(super) ends: bool,
    /// Something that is told again at each halving of the time left.
    pub(super) halves: bool,
}

impl Pace {
    /// Between the `mails`-th mail and the next.
    pub(super) fn wait(mails: u32, policy: &Policy) -> Duration {
        let doubled = 2_u32.checked_pow(mails.saturating_sub(1)).unwrap_or(u32::MAX);
        policy.group_interval.saturating_mul(doubled).min(LONGEST_WAIT.max(policy.group_interval))
    }

    /// Between the telling, or the `reminders`-th reminder, and the next.
    pub(super) fn step(reminders: u32, severity: Option<Severity>, halves: bool) -> Duration {
        let step = usize::try_from(reminders).unwrap_or(usize::MAX);
        match severity {
            // Its notices come at each halving of the time left, and the time left is the same for all.
            _ if halves => LONGEST_WAIT,
            Some(Severity::Critical) | None => CRITICAL_STEPS.get(step).copied().unwrap_or(DAY),
            Some(Severity::Warning | Severity::Info) => DAY,
        }
    }
}

impl Fate {
    pub(super) fn new(mark: Mark, since: UnixTime) -> Self {
        Self {
            mark,
            bonds: Vec::new(),
            told: Vec::new(),
            domains: BTreeMap::new(),
            open: 0,
            open_domains: 0,
            since,
            pace: Pace::default(),
            waiting: Gathering::default(),
            dues: Dues::default(),
        }
    }

    /// Whether no other domain than this one was told of.
    pub(super) fn is_alone(&self, domain: &str) -> bool {
        self.domains.len() == 1 && self.domains.contains_key(domain)
    }

    /// Whether a notice waits: what is no worse than what was told until the cause may be told again, its end and its
    /// reminders for those of the others. What concerns a single domain so far waits for nobody.
    pub(super) fn may_wait(&self, notice: &Notice, now: Duration) -> bool {
        match notice.reason {
            Reason::Resolved | Reason::Reminder => self.domains.len() > 1,
            Reason::Opened | Reason::Escalated => now < self.pace.quiet_until && self.knows(notice),
            // Said while there is time to do something.
            Reason::SilenceEnds => false,
        }
    }

    fn knows(&self, notice: &Notice) -> bool {
        let height = height(notice);
        self.told.iter().any(|(family, worst)| *family == notice.family && *worst >= height)
    }

    /// Lets a notice wait that has waited for so long already.
    pub(super) fn hold(&mut self, row: NoticeRow, waited: Duration, now: Duration, policy: &Policy) {
        let from = |wait: Duration| now + wait.saturating_sub(waited);
        let gathers = policy.group_interval.max(policy.collect_for);
        let due = match row.notice.reason {
            Reason::Opened | Reason::Escalated | Reason::SilenceEnds => {
                from(policy.collect_for).max(self.pace.quiet_until)
            }
            Reason::Resolved => from(gathers).max(self.pace.ends_from),
            Reason::Reminder => from(gathers).max(self.pace.remind_from),
        };
        self.dues.set(&row.notice.id, due);
        self.waiting.add(row, now);
        self.weigh(from(policy.collect_for));
    }

    /// Takes out what need not be told any more, as [`Gathering::cancel_by`] does.
    pub(super) fn cancel_by(&mut self, notice: &Notice, untold: bool, soon: Duration) -> Vec<NoticeRow> {
        let cancelled = self.waiting.cancel_by(notice, untold);
        for row in &cancelled {
            self.dues.clear(&row.notice.id);
        }
        self.weigh(soon);
        cancelled
    }

    /// Whether everybody who was told of has something to say, be it that it goes on: then it is told soon.
    pub(super) fn weigh(&mut self, soon: Duration) {
        let heard = self.waiting.count(Reason::Resolved) + self.waiting.count(Reason::Reminder);
        let complete = heard > 0 && heard >= self.open;
        self.dues.complete = complete.then(|| self.dues.complete.unwrap_or(soon));
    }

    /// When what waits becomes a mail.
    pub(super) fn due(&self) -> Option<Duration> {
        self.dues.first()
    }

    /// Takes all that waits.
    pub(super) fn take_waiting(&mut self) -> Vec<NoticeRow> {
        self.dues = Dues::default();
        self.waiting.take_all(|_| false).1
    }

    /// How it stands after a mail that ended it for so many, where so many were known before.
    pub(super) fn shared(&self, known: usize, over: usize) -> Shared {
        let (bond, domains) = (self.bonds.first().cloned(), self.domains.len());
        Shared {
            bond: bond.unwrap_or_else(|| Bond::new(BondKind::Unknown, "")),
            domains,
            new: domains - known,
            over,
            open: self.open_domains,
            since: self.since,
        }
    }

    /// An incident that was told is over; whether its domain is well by that.
    pub(super) fn ends(&mut self, domain: &str) -> bool {
        self.open = self.open.saturating_sub(1);
        let Some(open) = self.domains.get_mut(domain).filter(|open| **open > 0) else { return false };
        *open -= 1;
        let well = *open == 0;
        self.open_domains -= usize::from(well);
        well
    }

    /// What was told of an incident that goes on; whether it was told of for the first time.
    pub(super) fn goes_on(&mut self, notice: &Notice, is_new: bool) {
        self.since = self.since.min(notice.opened_at);
        let height = height(notice);
        match self.told.iter_mut().find(|(family, _)| *family == notice.family) {
            Some((_, worst)) => *worst = (*worst).max(height),
            None => self.told.push((notice.family.clone(), height)),
        }
        if is_new {
            self.open += 1;
            let open = self.domains.entry(notice.domain.clone()).or_default();
            self.open_domains += usize::from(*open == 0);
            *open += 1;
        }
    }

    /// What was told of a domain's incident counts no more.
    pub(super) fn forget(&mut self, domain: &str) {
        if self.ends(domain) {
            self.domains.remove(domain);
        }
    }

    /// Whether any of these is worse than what was told, or was told of nothing yet.
    pub(super) fn is_raised_by<'a>(&self, mut notices: impl Iterator<Item = &'a Notice>) -> bool {
        notices.any(|notice| matches!(notice.reason, Reason::Opened | Reason::Escalated) && !self.knows(notice))
    }

    /// A mail about it is made now.
    pub(super) fn note_mail(&mut self, what: Content, now: Duration, policy: &Policy) {
        let Content { raised, reminds, ends, halves } = what;
        let worst = self.worst();
        let first = self.pace.mails == 0;
        let rested = now >= self.pace.quiet_until + LONGEST_WAIT;
        self.pace.mails = if raised || rested { 1 } else { self.pace.mails.saturating_add(1) };
        self.pace.quiet_until = now + Pace::wait(self.pace.mails, policy);
        self.pace.ends += u32::from(ends);
        if ends {
            self.pace.ends_from = now + Pace::wait(self.pace.ends, policy);
        }
        self.pace.reminders += u32::from(reminds);
        if first || reminds {
            self.pace.remind_from = now + Pace::step(self.pace.reminders, worst, halves);
        }
    }

    /// Finds again how often it was told by what is stored of its notices.
    pub(super) fn restore_pace(&mut self, rows: &[NoticeRow], now: Now, policy: &Policy) {
        let age = |since: UnixTime| Duration::from_secs(u64::try_from(since.until(now.wall)).unwrap_or(0));
        let mails = |wanted: &dyn Fn(&NoticeRow) -> bool| -> BTreeMap<&str, Duration> {
            let rows = rows.iter().filter(|row| wanted(row));
            rows.filter_map(|row| Some((row.mail.as_deref()?, age(row.since)))).collect()
        };
        let of = |reason: Reason| mails(&move |row| row.notice.reason == reason);
        let (all, reminding, ending) = (mails(&|_| true), of(Reason::Reminder), of(Reason::Resolved));
        let recent = all.values().filter(|age| **age <= LONGEST_WAIT).count();
        let last = all.values().min().copied().unwrap_or_default();
        let first = all.values().max().copied().unwrap_or_default();
        let reminded = reminding.values().min().copied().unwrap_or(first);
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        self.pace.mails = count(recent.max(1));
        self.pace.reminders = count(reminding.len());
        self.pace.quiet_until = now.mono + Pace::wait(self.pace.mails, policy).saturating_sub(last);
        self.pace.ends = count(ending.len());
        if let Some(ended) = ending.values().min() {
            self.pace.ends_from = now.mono + Pace::wait(self.pace.ends, policy).saturating_sub(*ended);
        }
        let halves = rows.iter().any(|row| row.notice.family == "expiry");
        let step = Pace::step(self.pace.reminders, self.worst(), halves);
        self.pace.remind_from = now.mono + step.saturating_sub(reminded);
    }

    fn worst(&self) -> Option<Severity> {
        self.told.iter().map(|(_, height)| height.map(|(severity, _)| severity)).max().flatten()
    }
}

fn height(notice: &Notice) -> Height {
    Severity::parse(&notice.severity).map(|severity| ledger::rank(severity, &notice.code))
}
