//! [`Load`]: whether looks begin when they are due. If they do not for a minute, there is more to look at than we can; then
//! all intervals are stretched until they do, and it is said so.

use std::time::Duration;

use crate::domain::Now;
use crate::observation::Code;
use crate::verdict::Finding;

/// A look that begins later is late.
const LATE: Duration = Duration::from_secs(1);
/// So long are looks counted together.
const WINDOW: Duration = Duration::from_secs(10);
/// If more than one in so many is late, the window is.
const ONE_IN: u64 = 10;
/// Late for so long, and intervals are stretched, or stretched further.
const PATIENCE: Duration = Duration::from_secs(60);
/// In time for so long, and they are stretched less.
const EASED: Duration = Duration::from_secs(300);
/// By how much at a time, in percent.
const STEP: u32 = 150;
/// At most, in percent.
const MOST: u32 = 1600;
/// Not at all, in percent.
const NOT: u32 = 100;

/// Upper bounds of the histogram's buckets, in seconds.
const BOUNDS: [f64; 11] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// How late looks begin.
#[derive(Debug)]
pub(super) struct Load {
    window: Window,
    /// Since when every window was late, or none was.
    late_since: Option<Duration>,
    eased_since: Option<Duration>,
    /// Intervals are so long, in percent.
    stretch: u32,
    /// How late looks began when this was last found out.
    lateness: Duration,
}

#[derive(Debug, Default)]
struct Window {
    began: Duration,
    looks: u64,
    late: u64,
    most: Duration,
}

impl Load {
    pub(super) fn new(now: Now) -> Self {
        let window = Window { began: now.mono, ..Window::default() };
        Self { window, late_since: None, eased_since: None, stretch: NOT, lateness: Duration::ZERO }
    }

    /// A look begins so much later than it was due.
    pub(super) fn note(&mut self, lag: Duration) {
        self.window.looks += 1;
        self.window.late += u64::from(lag > LATE);
        self.window.most = self.window.most.max(lag);
    }

    /// Takes stock; whether intervals are stretched otherwise from now on.
    pub(super) fn handle_timeout(&mut self, now: Now) -> bool {
        if now.mono < self.window.began + WINDOW {
            return false;
        }
        let window = std::mem::replace(&mut self.window, Window { began: now.mono, ..Window::default() });
        if window.looks == 0 {
            return false;
        }
        let before = self.stretch;
        if window.late * ONE_IN > window.looks {
            self.eased_since = None;
            self.lateness = window.most;
            let since = *self.late_since.get_or_insert(window.began);
            if now.mono >= since + PATIENCE {
                self.stretch = (self.stretch * STEP / NOT).min(MOST);
                self.late_since = Some(now.mono);
            }
        } else {
            self.late_since = None;
            let since = *self.eased_since.get_or_insert(window.began);
            if now.mono >= since + EASED {
                self.stretch = (self.stretch * NOT / STEP).max(NOT);
                self.eased_since = Some(now.mono);
            }
        }
        self.stretch != before
    }

    /// How long intervals are, in percent of what the operator wants.
    pub(super) const fn stretch(&self) -> u32 {
        self.stretch
    }

    /// That there is too much to look at, as long as intervals are stretched.
    pub(super) fn finding(&self) -> Option<Finding> {
        if self.stretch <= NOT {
            return None;
        }
        let factor = f64::from(self.stretch) / f64::from(NOT);
        let late = self.lateness.as_secs_f64();
        let summary =
            format!("looks began up to {late:.0} s late: each domain is now looked at {factor:.1} times less often");
        let lateness = u64::try_from(self.lateness.as_millis()).unwrap_or(u64::MAX);
        Some(Finding::new(Code::WatchOverloaded, summary).fact("factor", factor).fact("lateness_ms", lateness))
    }
}

/// How many looks began how late, since the start.
#[derive(Debug, Clone, Default)]
pub struct Lag {
    counts: [u64; BOUNDS.len()],
    all: u64,
    sum: f64,
}

impl Lag {
    pub(super) fn note(&mut self, lag: Duration) {
        let seconds = lag.as_secs_f64();
        if let Some(bucket) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.counts[bucket] += 1;
        }
        self.all += 1;
        self.sum += seconds;
    }

    /// How many began no later than each of these bounds, in seconds.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let counts = self.counts.iter().scan(0, |below, count| {
            *below += count;
            Some(*below)
        });
        BOUNDS.into_iter().zip(counts)
    }

    /// How many there were.
    pub const fn count(&self) -> u64 {
        self.all
    }

    /// How late they were together, in seconds.
    pub const fn sum(&self) -> f64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UnixTime;

    fn now(seconds: u64) -> Now {
        Now { wall: UnixTime(0), mono: Duration::from_secs(seconds) }
    }

    /// From one second until another, ten looks a second of which so many are so late; the seconds at which the stretch
    /// became what.
    fn run(load: &mut Load, from: u64, until: u64, late: usize, lag: u64) -> Vec<(u64, u32)> {
        let mut changes = Vec::new();
        for second in from..until {
            (0..10).for_each(|n| load.note(if n < late { Duration::from_secs(lag) } else { Duration::ZERO }));
            if load.handle_timeout(now(second + 1)) {
                changes.push((second + 1, load.stretch()));
            }
        }
        changes
    }

    #[test]
    fn late_for_a_minute_stretches_and_in_time_for_five_relaxes() {
        let mut load = Load::new(now(0));
        assert_eq!(run(&mut load, 0, 50, 5, 7), []);
        assert!(load.finding().is_none(), "a hiccup is no overload");
        assert_eq!(run(&mut load, 50, 190, 5, 7), [(60, 150), (120, 225), (180, 337)]);
        let finding = load.finding().unwrap();
        assert_eq!(
            (finding.code, &finding.summary[..]),
            (Code::WatchOverloaded, "looks began up to 7 s late: each domain is now looked at 3.4 times less often")
        );
        assert_eq!(run(&mut load, 190, 1500, 0, 0), [(490, 224), (790, 149), (1090, 100)]);
        assert!(load.finding().is_none());
    }

    #[test]
    fn one_late_look_in_ten_is_nothing_and_there_is_an_end_to_stretching() {
        let mut load = Load::new(now(0));
        assert_eq!(run(&mut load, 0, 600, 1, 60), []);
        assert_eq!(run(&mut load, 600, 800, 10, 1), [], "a second is no delay");
        run(&mut load, 800, 4000, 10, 2);
        assert_eq!(load.stretch(), MOST);
    }

    #[test]
    fn lags_are_counted_by_their_bounds() {
        let mut lag = Lag::default();
        for milliseconds in [0, 10, 11, 999, 1000, 61_000] {
            lag.note(Duration::from_millis(milliseconds));
        }
        let buckets: Vec<u64> = lag.buckets().map(|(_, count)| count).collect();
        assert_eq!(buckets, [2, 3, 3, 3, 3, 5, 5, 5, 5, 5, 5]);
        assert_eq!((lag.count(), lag.sum()), (6, 63.02));
    }
}
