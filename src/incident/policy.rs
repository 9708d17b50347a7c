//! [`Policy`]: how sure we must be before we speak, and how often we speak.

use std::collections::BTreeMap;
use std::time::Duration;

/// How a finding becomes an incident, an incident a notice, and a notice a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// A fact is read once more after this long, on a fresh connection.
    pub confirm_fact: Duration,
    /// A fault of the network is looked at again so long after it was first seen, each time.
    pub confirm_network: Vec<Duration>,
    /// Notices to one receiver gather for this long before they become a mail.
    pub collect_for: Duration,
    /// A cause that a receiver was told of gathers what is new of it for so long at least before it makes another mail;
    /// each further mail doubles that, up to an hour.
    pub group_interval: Duration,
    /// So many good looks of the same address resolve an incident …
    pub resolve_after: u32,
    /// … if they span at least this long.
    pub resolve_for: Duration,
    /// Waits before a mail that could not be delivered is tried again; the last repeats.
    pub retry: Vec<Duration>,
    /// A receiver gets at most so many mails an hour; what is more is gathered into a summary.
    pub mails_per_hour: u32,
    /// Receivers, by name, for whom another number holds.
    pub mails_per_hour_of: BTreeMap<String, u32>,
    /// What could not be told for so long is no news any more: it is told as it is by then, in one mail.
    pub stale_after: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        let seconds = |all: &[u64]| all.iter().copied().map(Duration::from_secs).collect();
        Self {
            confirm_fact: Duration::from_secs(10),
            confirm_network: seconds(&[20, 40]),
            collect_for: Duration::from_secs(30),
            group_interval: Duration::from_secs(300),
            resolve_after: 3,
            resolve_for: Duration::from_secs(120),
            retry: seconds(&[10, 30, 60, 300, 900, 3600]),
            mails_per_hour: 10,
            mails_per_hour_of: BTreeMap::new(),
            stale_after: Duration::from_secs(6 * 3600),
        }
    }
}
