//! [`Post`]: a frozen mail on its way, and when it is tried next.

use std::time::Duration;

use super::gathering::is_urgent;
use super::row::{MailRow, MailState, NoticeRow};
use crate::domain::{Now, UnixTime};

/// A mail refused for good so many times is given up until there is reason to hope: RFC 5321 4.2.1 has a client not
/// repeat the same request after a 5yz reply, but such replies also come from relays that are wrongly set up for a
/// minute.
pub(super) const REJECTIONS: u32 = 3;
/// What an error may say, in characters.
const ERROR_LENGTH: usize = 500;
/// Where the policy names no wait at all.
const DEFAULT_WAIT: Duration = Duration::from_secs(60);
/// Attempts begin at least so far apart, whatever the policy: a relay that refuses at once is not to be hammered.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);

/// A frozen mail that is not delivered.
#[derive(Debug)]
pub(super) struct Post {
    /// What is stored of it.
    pub(super) row: MailRow,
    /// Its notices' own rows.
    pub(super) notices: Vec<NoticeRow>,
    /// The number of the change that stored it.
    pub(super) frozen_by: u64,
    /// When it is tried next.
    pub(super) next_try: Duration,
    /// When it was offered last.
    pub(super) offered_at: Option<Duration>,
    /// It was refused for good, and got its second chance.
    pub(super) revived: bool,
    /// Somebody may have it: it is repeated as it is, or not at all.
    pub(super) may_be_known: bool,
    /// The last attempt handed nothing over: whatever is next would fare the same.
    pub(super) is_unsent: bool,
    failing: Option<Failing>,
}

/// How the attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing was handed over.
    Unsent,
    /// For now, or it is not known.
    Deferred,
    /// For good.
    Rejected,
}

/// For how long it has failed: by the monotonic clock as far as we were there, for the wall clock may jump.
#[derive(Debug, Clone, Copy)]
struct Failing {
    noted: Duration,
    before: Duration,
}

impl Post {
    /// One that was put together just now.
    pub(super) fn new(row: MailRow, notices: Vec<NoticeRow>, frozen_by: u64, now: Now) -> Self {
        let failing = row.failing_since.map(|since| Failing { noted: now.mono, before: passed(since, now.wall) });
        Self {
            row,
            notices,
            frozen_by,
            next_try: now.mono,
            offered_at: None,
            revived: false,
            may_be_known: false,
            is_unsent: false,
            failing,
        }
    }

    /// One of an earlier life, which may have ended in the middle of an attempt.
    pub(super) fn restored(row: MailRow, notices: Vec<NoticeRow>, now: Now) -> Self {
        Self { may_be_known: true, ..Self::new(row, notices, 0, now) }
    }

    /// Whether it is still to be tried.
    pub(super) fn is_owed(&self) -> bool {
        self.row.state == MailState::Owed
    }

    /// Whether it was given up, be it that it gets one more chance.
    pub(super) const fn is_dead(&self) -> bool {
        self.row.rejections >= REJECTIONS
    }

    /// Whether the next mail waits for this one: as long as nothing was handed over, or it has not failed at every wait of
    /// the policy, and nothing says that the fault is the mail's own.
    pub(super) fn holds(&self, retry: &[Duration]) -> bool {
        let is_young = self.row.mail.attempts as usize <= retry.len();
        self.is_owed() && self.row.rejections == 0 && (self.is_unsent || is_young)
    }

    /// Whether it may be taken apart: nobody has it, and no attempt is said to be its own fault.
    pub(super) fn may_change(&self) -> bool {
        self.is_owed() && self.is_unsent && !self.may_be_known && self.row.rejections == 0
    }

    pub(super) fn is_urgent(&self) -> bool {
        self.row.mail.notices.iter().any(is_urgent)
    }

    /// For how long it has failed.
    pub(super) fn failing_for(&self, now: Now) -> Option<Duration> {
        self.failing.map(|failing| failing.before + now.mono.saturating_sub(failing.noted))
    }

    /// Notes a failed attempt; the wait until the next one.
    pub(super) fn fail(&mut self, failure: Failure, error: &str, retry: &[Duration], now: Now) -> Duration {
        let waits = self.row.mail.attempts as usize;
        let wait = retry.get(waits).or_else(|| retry.last()).copied().unwrap_or(DEFAULT_WAIT);
        self.row.mail.attempts = self.row.mail.attempts.saturating_add(1);
        self.row.mail.last_error = Some(bounded(error));
        self.row.failing_since.get_or_insert(now.wall);
        self.failing.get_or_insert(Failing { noted: now.mono, before: Duration::ZERO });
        self.is_unsent = failure == Failure::Unsent;
        self.may_be_known |= failure == Failure::Deferred;
        let soonest = self.offered_at.map_or(now.mono, |offered| offered + BETWEEN_ATTEMPTS);
        self.next_try = (now.mono + wait).max(soonest);
        self.next_try.saturating_sub(now.mono)
    }

    /// Notes that the attempt was refused for good; whether that is the end of it.
    pub(super) const fn reject(&mut self) -> bool {
        self.row.rejections = self.row.rejections.saturating_add(1);
        let given_up = self.is_dead();
        if given_up {
            self.row.state = MailState::Rejected;
        }
        given_up
    }

    /// Gives one that was given up one more try, once.
    pub(super) fn revive(&mut self, now: Duration) {
        if self.row.state == MailState::Rejected && !self.revived {
            (self.row.state, self.revived, self.next_try) = (MailState::Owed, true, now);
        }
    }

    /// Tries it now rather than later.
    pub(super) fn nudge(&mut self, now: Duration) {
        self.next_try = self.next_try.min(now);
    }
}

/// How long ago by the wall clock; nothing for what is to come, after a clock was set back.
fn passed(since: UnixTime, wall: UnixTime) -> Duration {
    Duration::from_secs(u64::try_from(since.until(wall)).unwrap_or(0))
}

/// What a relay said, short and on one line: it comes from the network.
pub(super) fn bounded(error: &str) -> String {
    error.chars().take(ERROR_LENGTH).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
