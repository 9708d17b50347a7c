//! [`Life`]: how sure we must be before we speak of a domain's faults, when we speak again, and when they are over.

use std::time::Duration;

/// How a finding of a domain becomes an incident, and what then becomes of it. Many domains share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// A fact is read once more after this long, on a fresh connection.
    pub confirm_fact: Duration,
    /// A fault of the network is looked at again so long after it was first seen, each time.
    pub confirm_network: Vec<Duration>,
    /// So many good looks of the same address resolve an incident …
    pub resolve_after: u32,
    /// … if they span at least this long.
    pub resolve_for: Duration,
    /// What is critical is told again so long after it was told that it is; from then on every so often as the last says.
    /// Empty: never.
    pub remind_critical: Vec<Duration>,
    /// Likewise of warnings.
    pub remind_warning: Vec<Duration>,
    /// An incident that opens so often within the window flaps: it stays one until it was good for that long. 0: never.
    pub flap_after: u32,
    /// The window of that.
    pub flap_window: Duration,
}

impl Life {
    /// A reminder waits no longer than this.
    pub const LONGEST_REMINDER: Duration = Duration::from_secs(30 * 86_400);

    /// How long after the reminder before (the first: after it was told) what is critical, or a warning, is told again;
    /// `None` if it is not.
    pub fn reminds_after(&self, critical: bool, reminders: usize) -> Option<Duration> {
        let moments = if critical { &self.remind_critical } else { &self.remind_warning };
        let (every, moments) = moments.split_last()?;
        let before = reminders.checked_sub(1).and_then(|before| moments.get(before)).copied().unwrap_or_default();
        Some(moments.get(reminders).map_or(*every, |moment| moment.saturating_sub(before)))
    }

    /// The longest that any reminder waits.
    pub fn longest_reminder(&self) -> Duration {
        self.remind_critical.iter().chain(&self.remind_warning).max().copied().unwrap_or_default()
    }
}

impl Default for Life {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        let seconds = |all: &[u64]| all.iter().copied().map(Duration::from_secs).collect();
        Self {
            confirm_fact: Duration::from_secs(10),
            confirm_network: seconds(&[20, 40]),
            resolve_after: 3,
            resolve_for: Duration::from_secs(120),
            remind_critical: seconds(&[HOUR, 4 * HOUR, 24 * HOUR]),
            remind_warning: seconds(&[24 * HOUR]),
            flap_after: 4,
            flap_window: Duration::from_secs(HOUR),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminders_thin_out_and_the_last_repeats() {
        let minutes = |life: &Life, critical| -> Vec<_> {
            (0..5).map(|n| life.reminds_after(critical, n).map(|wait| wait.as_secs() / 60)).collect()
        };
        let life = Life::default();
        assert_eq!(minutes(&life, true), [Some(60), Some(180), Some(1440), Some(1440), Some(1440)]);
        assert_eq!(minutes(&life, false), [Some(1440); 5]);
        let never = Life { remind_warning: Vec::new(), ..life };
        assert_eq!(minutes(&never, false), [None; 5]);
        assert_eq!(never.longest_reminder(), Duration::from_secs(86_400));
    }
}
