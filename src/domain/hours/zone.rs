//! [`Zone`]: a time zone with its rules.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::domain::UnixTime;

/// A time zone of the IANA database, with its rules. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: Arc<str>,
    rules: TimeZone,
}

/// Which moment is meant where the clock shows a time twice, or jumps over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// The first at which the clock shows that time or a later one.
    Begin,
    /// The last at which it shows that time, or has jumped over it.
    End,
}

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        Self { name: "UTC".into(), rules: TimeZone::UTC }
    }

    /// The zone of this name by the rules that came with this program; upper and lower case are the same.
    pub fn bundled(name: &str) -> Option<Self> {
        let rules = TimeZoneDatabase::bundled().get(name).ok()?;
        let name = rules.iana_name().unwrap_or(name).into();
        Some(Self { name, rules })
    }

    /// The zone of this name by the rules in a file of the system's database (RFC 8536).
    pub fn from_tzif(name: &str, file: &[u8]) -> Option<Self> {
        Some(Self { name: name.into(), rules: TimeZone::tzif(name, file).ok()? })
    }

    /// Whether this may be the name of a zone, and so of a file below the system's database: `Europe/Berlin`, `UTC`.
    pub fn is_name(text: &str) -> bool {
        let is_part = |part: &str| {
            let mut bytes = part.bytes();
            bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
        };
        text.len() <= 64 && text.split('/').all(is_part)
    }

    /// Its name: `Europe/Berlin`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads a date and time without an offset as clocks in this zone show it: `2026-05-01T22:00`. Of a time that they
    /// show twice the first counts, for one that they jump over the moment of the jump.
    pub fn parse_local(&self, text: &str) -> Option<UnixTime> {
        // A bare date would pass for its midnight.
        let civil: DateTime = text.parse().ok().filter(|_| text.contains(['T', 't', ' ']))?;
        self.moment(civil, Edge::Begin)
    }

    /// What clocks in this zone show at this moment: `Sat 2026-03-28 04:00`. Beyond the years that people plan for, UTC.
    pub fn show(&self, at: UnixTime) -> String {
        self.civil(at).map_or_else(|| at.to_string(), |civil| civil.strftime("%a %Y-%m-%d %H:%M").to_string())
    }

    pub(super) fn civil(&self, at: UnixTime) -> Option<DateTime> {
        Timestamp::from_second(at.0).ok().map(|at| self.rules.to_datetime(at))
    }

    pub(super) fn moment(&self, civil: DateTime, edge: Edge) -> Option<UnixTime> {
        let at = match self.rules.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(civil),
            AmbiguousOffset::Fold { before, .. } if edge == Edge::Begin => before.to_timestamp(civil),
            AmbiguousOffset::Fold { after, .. } => after.to_timestamp(civil),
            AmbiguousOffset::Gap { after, .. } => {
                // By the later offset a time that is jumped over lies shortly before the jump.
                let shortly_before = after.to_timestamp(civil).ok()?;
                return self.rules.following(shortly_before).next().map(|jump| UnixTime(jump.timestamp().as_second()));
            }
        };
        at.ok().map(|at| UnixTime(at.as_second()))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_but_below_the_database() {
        for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince"] {
            assert!(Zone::is_name(name) && Zone::bundled(name).is_some(), "{name}");
        }
        for name in ["", "/etc/passwd", "../etc/passwd", "Europe/../x", "Europe/", "Europe//Berlin", ".", "a b", "+2"] {
            assert!(!Zone::is_name(name), "{name}");
        }
        assert_eq!(Zone::bundled("Europe/Atlantis"), None);
        assert_eq!(Zone::bundled("europe/berlin").unwrap().name(), "Europe/Berlin");
    }

    #[test]
    fn local_times_are_those_of_the_zone() {
        let berlin = Zone::bundled("Europe/Berlin").unwrap();
        let read = |text| berlin.parse_local(text).map(|time| time.to_string());
        assert_eq!(read("2026-01-15T12:00").as_deref(), Some("2026-01-15T11:00:00Z"));
        assert_eq!(read("2026-07-15T12:00:30").as_deref(), Some("2026-07-15T10:00:30Z"));
        // Jumped over, and shown twice.
        assert_eq!(read("2026-03-29T02:30").as_deref(), Some("2026-03-29T01:00:00Z"));
        assert_eq!(read("2026-10-25T02:30").as_deref(), Some("2026-10-25T00:30:00Z"));
        for text in ["2026-01-15", "12:00", "soon", "2026-02-30T12:00"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(berlin.show(UnixTime::parse_rfc3339("2026-03-29T01:00:00Z").unwrap()), "Sun 2026-03-29 03:00");
    }
}
