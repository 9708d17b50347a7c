//! [`Limit`]: how many mails a receiver has had within the hour.

use std::collections::VecDeque;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// The mails delivered within the last hour, each by when it no longer counts.
#[derive(Debug, Default)]
pub(super) struct Limit {
    frees: VecDeque<Duration>,
}

impl Limit {
    /// From the ages of the mails delivered before a restart; those of more than an hour do not count.
    pub(super) fn restore(ages: impl IntoIterator<Item = Duration>, now: Duration) -> Self {
        let mut frees: Vec<Duration> =
            ages.into_iter().filter_map(|age| HOUR.checked_sub(age)).map(|left| now + left).collect();
        frees.sort_unstable();
        Self { frees: frees.into() }
    }

    /// A mail was delivered now.
    pub(super) fn count(&mut self, now: Duration) {
        self.frees.push_back(now + HOUR);
    }

    /// Forgets what an hour has passed over.
    pub(super) fn expire(&mut self, now: Duration) {
        while self.frees.front().is_some_and(|frees| *frees <= now) {
            self.frees.pop_front();
        }
    }

    /// How many of `allowed` mails may still go while `open` others are on their way.
    pub(super) fn left(&self, allowed: usize, open: usize) -> usize {
        allowed.saturating_sub(self.frees.len() + open)
    }

    /// When [`left`](Self::left) becomes one by the mere passing of time; `None` if it never does.
    pub(super) fn frees_at(&self, allowed: usize, open: usize) -> Option<Duration> {
        let surplus = (self.frees.len() + open).checked_sub(allowed)?;
        self.frees.get(surplus).copied()
    }
}

/// How many of the mails an hour are kept for news that are critical and new, so that a wave of warnings or of
/// resolved incidents cannot make them wait: a fifth, but never all.
pub(super) const fn reserved(mails_per_hour: usize) -> usize {
    if mails_per_hour > 1 && mails_per_hour < 5 { 1 } else { mails_per_hour / 5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_mail_counts_for_an_hour() {
        let mut limit = Limit::default();
        limit.count(seconds(10));
        limit.count(seconds(20));
        assert_eq!(limit.left(2, 0), 0);
        assert_eq!(limit.frees_at(2, 0), Some(seconds(3610)));
        assert_eq!(limit.frees_at(2, 1), Some(seconds(3620)));
        assert_eq!(limit.frees_at(2, 2), None);
        limit.expire(seconds(3609));
        assert_eq!(limit.left(2, 0), 0);
        limit.expire(seconds(3610));
        assert_eq!(limit.left(2, 0), 1);
    }

    #[test]
    fn after_a_restart_the_mails_of_the_hour_still_count() {
        let mut limit = Limit::restore([seconds(4000), seconds(3000), seconds(100)], seconds(5));
        assert_eq!(limit.left(10, 0), 8);
        limit.expire(seconds(605));
        assert_eq!(limit.left(10, 0), 9);
    }

    #[test]
    fn a_share_is_reserved_but_never_all() {
        assert_eq!([0, 1, 2, 4, 5, 10, 100].map(reserved), [0, 0, 1, 1, 1, 2, 20]);
    }
}
