//! [`Policy`]: how sure we must be before we speak, and how often we speak.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Calendar;
use crate::domain::{Life, Shared};

/// How a finding becomes an incident, an incident a notice, and a notice a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// When the faults are spoken of that are of no domain: those of our own sight. Each domain brings its own.
    pub life: Shared<Life>,
    /// Notices to one receiver gather for this long before they become a mail.
    pub collect_for: Duration,
    /// A cause that a receiver was told of gathers what is new of it for so long at least before it makes another mail;
    /// each further mail doubles that, up to an hour.
    pub group_interval: Duration,
    /// Waits before a mail that could not be delivered is tried again; the last repeats.
    pub retry: Vec<Duration>,
    /// A receiver gets at most so many mails an hour; what is more is gathered into a summary.
    pub mails_per_hour: u32,
    /// Receivers, by name, who are told some things later.
    pub calendars: BTreeMap<String, Calendar>,
    /// What could not be told for so long is no news any more: it is told as it is by then, in one mail.
    pub stale_after: Duration,
    /// Who is told of our own sight; `None` for everybody.
    pub own_sight: Option<Vec<String>>,
    /// Who is told of what no route is about, and of what is critical and another receiver could not be told.
    pub fallback: Option<String>,
    /// After so long it could not.
    pub fallback_after: Duration,
    /// Receivers, by name, for whom something else holds.
    pub of_receivers: BTreeMap<String, Pace>,
}

/// What holds for one receiver, where that is not what holds for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pace {
    /// As [`Policy::collect_for`].
    pub collect_for: Option<Duration>,
    /// As [`Policy::group_interval`].
    pub group_interval: Option<Duration>,
    /// As [`Policy::retry`].
    pub retry: Option<Vec<Duration>>,
    /// As [`Policy::mails_per_hour`].
    pub mails_per_hour: Option<u32>,
    /// As [`Policy::stale_after`].
    pub stale_after: Option<Duration>,
}

impl Policy {
    /// What holds for this receiver.
    pub fn of_receiver(&self, name: &str) -> Self {
        let Pace { collect_for, group_interval, retry, mails_per_hour, stale_after } =
            self.of_receivers.get(name).cloned().unwrap_or_default();
        Self {
            collect_for: collect_for.unwrap_or(self.collect_for),
            group_interval: group_interval.unwrap_or(self.group_interval),
            retry: retry.unwrap_or_else(|| self.retry.clone()),
            mails_per_hour: mails_per_hour.unwrap_or(self.mails_per_hour),
            stale_after: stale_after.unwrap_or(self.stale_after),
            of_receivers: BTreeMap::new(),
            ..self.clone()
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        let seconds = |all: &[u64]| all.iter().copied().map(Duration::from_secs).collect();
        Self {
            life: Shared::default(),
            collect_for: Duration::from_secs(30),
            group_interval: Duration::from_secs(300),
            retry: seconds(&[10, 30, 60, 300, 900, 3600]),
            mails_per_hour: 10,
            calendars: BTreeMap::new(),
            stale_after: Duration::from_secs(6 * 3600),
            own_sight: None,
            fallback: None,
            fallback_after: Duration::from_secs(900),
            of_receivers: BTreeMap::new(),
        }
    }
}
