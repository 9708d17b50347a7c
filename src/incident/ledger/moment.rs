//! The two clocks as the ledger keeps them: a [`Moment`] of the monotonic clock for cadence, and a [`Stamp`],
//! which holds the wall clock's time beside it so that the moment can be found again after a restart.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::{Life, Now, UnixTime};

/// Milliseconds of the monotonic clock; negative for what lies before this process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i64);

impl Moment {
    /// The monotonic part of now.
    pub(super) fn of(now: Now) -> Self {
        Self(millis(now.mono))
    }

    /// So much later.
    pub(super) fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// How long after an earlier moment; nothing if it is not earlier.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As the monotonic clock tells it.
    pub(super) fn as_duration(self) -> Duration {
        self.since(Self(0))
    }
}

/// A moment by both clocks. Stored is the wall's time alone: the monotonic clock ends with the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) wall: UnixTime,
    pub(super) mono: Moment,
}

impl Stamp {
    /// Now.
    pub(super) fn of(now: Now) -> Self {
        Self { wall: now.wall, mono: Moment::of(now) }
    }

    /// So much later than now.
    pub(super) fn after(now: Now, span: Duration) -> Self {
        let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        Self { wall: now.wall.plus(seconds), mono: Moment::of(now).plus(span) }
    }

    /// At this time of the wall clock.
    pub(super) fn at(wall: UnixTime, now: Now) -> Self {
        let mut stamp = Self { wall, mono: Moment::default() };
        stamp.rebase(now, Duration::MAX);
        stamp
    }

    /// Finds the moment again by the wall's time, at most so far ahead: the wall clock may have been set back
    /// since, and must not postpone things for years.
    pub(super) fn rebase(&mut self, now: Now, ahead: Duration) {
        let ahead = millis(ahead);
        let distance = now.wall.until(self.wall).saturating_mul(1000).min(ahead);
        self.mono = Moment(Moment::of(now).0.saturating_add(distance));
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.wall.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        UnixTime::deserialize(deserializer).map(|wall| Self { wall, mono: Moment::default() })
    }
}

/// Good looks in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    /// How many, counted no further than is asked for: more would be changes that tell nothing.
    pub(super) looks: u32,
    /// When the first was.
    pub(super) since: Stamp,
}

impl Run {
    /// Counts one more good look; says whether that changed anything.
    pub(super) fn count(run: &mut Option<Self>, life: &Life, now: Now) -> bool {
        match run {
            None => *run = Some(Self { looks: 1, since: Stamp::of(now) }),
            Some(run) if run.looks < life.resolve_after => run.looks += 1,
            Some(_) => return false,
        }
        true
    }

    /// Whether these are enough, over long enough.
    pub(super) fn suffices(&self, life: &Life, now: Now) -> bool {
        self.looks >= life.resolve_after && self.spans(life.resolve_for, now)
    }

    /// Whether they go on for so long by now.
    pub(super) fn spans(&self, length: Duration, now: Now) -> bool {
        Moment::of(now).since(self.since.mono) >= length
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
