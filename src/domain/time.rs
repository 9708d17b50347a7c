//! Time as facts, JSON, state and metrics hold it: [`UnixTime`]; the moment of a tick: [`Now`]; a length of time
//! as people read it: [`Span`].

use std::fmt;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

/// Seconds since 1970-01-01T00:00:00Z, negative before. Reaches RFC 5280's 9999-12-31T23:59:59Z and year 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// Reads an RFC 3339 date and time.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        // jiff's `Timestamp` ends 26 hours before RFC 5280's last date; a civil time in UTC does not.
        if let Some(utc) = text.strip_suffix(['Z', 'z']) {
            let civil: DateTime = utc.parse().ok().filter(|_| utc.contains(['T', 't', ' ']))?;
            return Some(Self(civil.duration_since(epoch()).as_secs())).filter(|time| time.is_in_rfc3339());
        }
        let time = text.parse::<Timestamp>().ok().map(|time| Self(time.as_second()));
        time.filter(|time| time.is_in_rfc3339())
    }

    /// Whether it lies within the years that RFC 3339 writes, 0000 to 9999.
    const fn is_in_rfc3339(self) -> bool {
        -62_167_219_200 <= self.0 && self.0 <= 253_402_300_799
    }

    /// Seconds from `self` to `later`, negative if it lies before.
    pub const fn until(self, later: Self) -> i64 {
        later.0.saturating_sub(self.0)
    }

    /// This time moved by so many seconds.
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

impl fmt::Display for UnixTime {
    /// RFC 3339 in UTC, whole seconds; a bare number of seconds beyond years 0000 to 9999.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match epoch().checked_add(SignedDuration::from_secs(self.0)) {
            Ok(civil) if self.is_in_rfc3339() => write!(f, "{}Z", civil.strftime("%Y-%m-%dT%H:%M:%S")),
            _ => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for UnixTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text)
            .or_else(|| text.parse().ok().map(Self))
            .ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

const fn epoch() -> DateTime {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
}

/// The moment of one tick: the wall clock for expiry and stored times, the monotonic one for cadence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock; it may jump.
    pub wall: UnixTime,
    /// Time since an arbitrary start of this process; it never jumps.
    pub mono: Duration,
}

/// Where the time of a tick comes from. The daemon holds one; everything else is given a [`Now`].
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Now;
}

/// A length of time in seconds, printed for people: two units at most, `21 d 4 h`, `14 min`, `3 s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)];
        let seconds = self.0.unsigned_abs();
        let first = UNITS.iter().position(|(_, size)| seconds >= *size).unwrap_or(3);
        let (unit, size) = UNITS[first];
        write!(f, "{} {unit}", seconds / size)?;
        match UNITS.get(first + 1) {
            Some((next, smaller)) if seconds % size >= *smaller && seconds / size < 100 => {
                write!(f, " {} {next}", seconds % size / smaller)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_reach_from_year_one_to_the_last_second_of_rfc_5280() {
        for text in [
            "0001-01-01T00:00:00Z",
            "1950-06-01T12:00:00Z",
            "1970-01-01T00:00:00Z",
            "2026-12-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            let time = UnixTime::parse_rfc3339(text).unwrap();
            assert_eq!(time.to_string(), text);
        }
        assert_eq!(UnixTime(253_402_300_799).to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(UnixTime::parse_rfc3339("2026-01-01T02:00:00+02:00"), Some(UnixTime(1_767_225_600)));
        assert_eq!(UnixTime::parse_rfc3339("2026-01-01"), None);
        assert_eq!(UnixTime::parse_rfc3339("soon"), None);
        // Years that RFC 3339 does not have: what is written is read again.
        assert_eq!(UnixTime::parse_rfc3339("-000001-01-01T00:00:00Z"), None);
        for (seconds, text) in [(-62_167_219_200, "0000-01-01T00:00:00Z"), (-62_167_219_201, "-62167219201")] {
            assert_eq!(UnixTime(seconds).to_string(), text);
            let read: UnixTime = serde_json::from_value(text.into()).unwrap();
            assert_eq!(read, UnixTime(seconds));
        }
    }

    #[test]
    fn spans_are_read_at_a_glance() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min 59 s"),
            (90_000, "1 d 1 h"),
            (86_400 * 21 + 59, "21 d"),
            (86_400 * 200 + 7_200, "200 d"),
            (-7_260, "2 h 1 min"),
        ];
        for (seconds, text) in cases {
            assert_eq!(Span(seconds).to_string(), text);
        }
    }
}
