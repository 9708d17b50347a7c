//! [`Post`]: a frozen mail on its way, and when it is tried next.

use std::time::Duration;

use super::gathering::is_urgent;
use super::row::{MailRow, MailState, NoticeRow};
use crate::domain::Now;

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
}

impl Post {
    /// Whether it is still to be tried.
    pub(super) fn is_owed(&self) -> bool {
        self.row.state == MailState::Owed
    }

    /// Whether the next mail waits for this one: as long as it has not failed at every wait of the policy, and nothing
    /// says that the fault is the mail's own.
    pub(super) fn holds(&self, retry: &[Duration]) -> bool {
        self.is_owed() && self.row.rejections == 0 && self.row.mail.attempts as usize <= retry.len()
    }

    pub(super) fn is_urgent(&self) -> bool {
        self.row.mail.notices.iter().any(is_urgent)
    }

    /// Notes a failed attempt; the wait until the next one.
    pub(super) fn fail(&mut self, error: &str, retry: &[Duration], now: Now) -> Duration {
        let waits = self.row.mail.attempts as usize;
        let wait = retry.get(waits).or_else(|| retry.last()).copied().unwrap_or(DEFAULT_WAIT);
        self.row.mail.attempts = self.row.mail.attempts.saturating_add(1);
        self.row.mail.last_error = Some(bounded(error));
        self.row.failing_since.get_or_insert(now.wall);
        let soonest = self.offered_at.map_or(now.mono, |offered| offered + BETWEEN_ATTEMPTS);
        self.next_try = (now.mono + wait).max(soonest);
        self.next_try.saturating_sub(now.mono)
    }

    /// Notes that the attempt was refused for good; whether that is the end of it.
    pub(super) fn reject(&mut self) -> bool {
        self.row.rejections = self.row.rejections.saturating_add(1);
        let given_up = self.row.rejections >= REJECTIONS;
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

/// What a relay said, short and on one line: it comes from the network.
pub(super) fn bounded(error: &str) -> String {
    error.chars().take(ERROR_LENGTH).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
