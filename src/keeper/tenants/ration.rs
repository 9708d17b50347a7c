//! [`Ration`]: how many tokens may still be asked for today. Tokens for machines are metered, and a process that is
//! restarted in a loop would spend a month's quota in an hour: so each is written down before it is asked for.

use crate::domain::UnixTime;

/// Tokens asked for within any 24 hours, at most. One that lives a day is renewed once or twice.
const A_DAY: usize = 4;
/// Seconds after which one that was asked for counts no longer.
const DAY: i64 = 86_400;

/// When tokens were asked for lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ration {
    spent: Vec<UnixTime>,
}

impl Ration {
    /// As it was stored.
    pub(super) fn restore(mut spent: Vec<UnixTime>) -> Self {
        spent.sort_unstable();
        Self { spent }
    }

    /// Takes one, if one is left. What the clock says was asked for in the future counts as well: a clock that was set
    /// back must not refill it.
    pub(super) fn take(&mut self, now: UnixTime) -> bool {
        self.spent.retain(|at| at.until(now) < DAY);
        let left = self.spent.len() < A_DAY;
        if left {
            self.spent.push(now);
        }
        left
    }

    /// Takes one only if that leaves two for the list, whose token may be refused before its time.
    pub(super) fn take_spare(&mut self, now: UnixTime) -> bool {
        let counting = self.spent.iter().filter(|at| at.until(now) < DAY).count();
        counting + 2 < A_DAY && self.take(now)
    }

    /// When one is left again; `None` if one is left.
    pub(super) fn refilled_at(&self, now: UnixTime) -> Option<UnixTime> {
        let counting: Vec<UnixTime> = self.spent.iter().copied().filter(|at| at.until(now) < DAY).collect();
        let surplus = counting.len().checked_sub(A_DAY)?;
        counting.get(surplus).map(|at| at.plus(DAY))
    }

    pub(super) fn spent(&self) -> &[UnixTime] {
        &self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_four_in_any_day() {
        let mut ration = Ration::default();
        let mut taken = Vec::new();
        for hour in 0..96 {
            // Restarted each hour.
            ration = Ration::restore(ration.spent().to_vec());
            if ration.take(UnixTime(hour * 3600)) {
                taken.push(hour);
            }
        }
        assert_eq!(taken, [0, 1, 2, 3, 24, 25, 26, 27, 48, 49, 50, 51, 72, 73, 74, 75]);
    }

    #[test]
    fn a_clock_set_back_does_not_refill_it() {
        let mut ration = Ration::restore(vec![UnixTime(10_000_000); 4]);
        assert!(!ration.take(UnixTime(0)));
        assert_eq!(ration.refilled_at(UnixTime(0)), Some(UnixTime(10_086_400)));
        assert!(ration.take(UnixTime(10_086_400)));
        assert_eq!(ration.refilled_at(UnixTime(10_086_400)), None);
    }
}
