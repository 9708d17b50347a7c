//! [`Calendar`]: when one receiver is told what can wait. Pure: it is asked about a moment.

use crate::domain::UnixTime;
use crate::domain::hours::{Appointment, Hours};
use crate::verdict::Severity;

/// Quiet hours that touch each other are one; for longer than this, in seconds, they are no hours any more.
const LONGEST_QUIET: i64 = 8 * 86_400;

/// When a receiver is told what can wait. What is critical never does, unless the receiver wants all in its digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// When nothing is to be told that can wait.
    pub quiet: Vec<Hours>,
    /// When what can wait is told together.
    pub digest: Option<Digest>,
}

/// When what can wait is told together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// When it comes.
    pub at: Appointment,
    /// Whether what is critical waits for it too: somebody else is told of that at once.
    pub critical: bool,
}

impl Calendar {
    /// Whether a notice of this severity can wait. One that we do not know, from a newer version, cannot.
    pub fn lets_wait(&self, severity: &str) -> bool {
        let all = self.digest.as_ref().is_some_and(|digest| digest.critical);
        all || Severity::parse(severity).is_some_and(|severity| severity < Severity::Critical)
    }

    /// When the quiet hours end that are now. `None` where there are none now, or where they would never end.
    pub fn quiet_until(&self, at: UnixTime) -> Option<UnixTime> {
        let mut end = at;
        loop {
            let now = self.quiet.iter().filter_map(|hours| hours.current_or_next(end));
            match now.filter(|occurrence| occurrence.contains(end)).map(|occurrence| occurrence.to).max() {
                None => return (end > at).then_some(end),
                Some(_) if at.until(end) > LONGEST_QUIET => return None,
                Some(later) => end = later,
            }
        }
    }

    /// Until when a notice that can wait, and is owed since `since`, has to; `None` if it need not any more.
    pub fn waits_until(&self, since: UnixTime, now: UnixTime) -> Option<UnixTime> {
        let digest = self.digest.as_ref().and_then(|digest| digest.at.next(since.min(now)));
        let due = digest.unwrap_or(now).max(now);
        self.quiet_until(due).or_else(|| (due > now).then_some(due))
    }

    /// Whether it would be quiet for ever, as seen from this moment.
    pub fn is_always_quiet(&self, at: UnixTime) -> bool {
        let is_quiet = |at| self.quiet.iter().any(|hours| hours.contains(at));
        is_quiet(at) && self.quiet_until(at).is_none()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::hours::{TimeOfDay, Weekdays, Zone};

    fn days(text: &str) -> Weekdays {
        Weekdays::parse(text).unwrap()
    }

    fn time(text: &str) -> TimeOfDay {
        TimeOfDay::parse(text).unwrap()
    }

    /// Quiet hours, each as `mon-fri 22:00 07:00`.
    pub(crate) fn quiet(zone: &str, hours: &[&str]) -> Calendar {
        let zone = Zone::bundled(zone).unwrap();
        let read = |text: &&str| {
            let parts: Vec<&str> = text.split(' ').collect();
            Hours::new(days(parts[0]), time(parts[1]), time(parts[2]), zone.clone()).unwrap()
        };
        Calendar { quiet: hours.iter().map(read).collect(), digest: None }
    }

    /// A digest on these days at this time.
    pub(crate) fn digest(zone: &str, on: &str, at: &str, critical: bool) -> Digest {
        Digest { at: Appointment::new(days(on), time(at), Zone::bundled(zone).unwrap()).unwrap(), critical }
    }

    fn at(text: &str) -> UnixTime {
        UnixTime::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn quiet_hours_end_by_the_clock_on_the_wall() {
        let nights = &["mon-sun 22:00 07:00"];
        let weekend = &["fri-sun 18:00 24:00", "sat-sun 00:00 18:00", "mon 00:00 07:00", "mon-thu 22:00 07:00"];
        for (zone, hours, now, until) in [
            ("Europe/Berlin", &nights[..], "2026-01-12T20:59:59Z", None),
            ("Europe/Berlin", nights, "2026-01-12T21:00:00Z", Some("2026-01-13T06:00:00Z")),
            ("Europe/Berlin", nights, "2026-01-13T05:59:59Z", Some("2026-01-13T06:00:00Z")),
            ("Europe/Berlin", nights, "2026-01-13T06:00:00Z", None),
            // The night that is an hour shorter, and the one that is longer.
            ("Europe/Berlin", nights, "2026-03-28T21:00:00Z", Some("2026-03-29T05:00:00Z")),
            ("Europe/Berlin", nights, "2026-10-24T20:00:00Z", Some("2026-10-25T06:00:00Z")),
            ("America/New_York", nights, "2026-03-08T03:00:00Z", Some("2026-03-08T11:00:00Z")),
            ("America/New_York", nights, "2026-11-01T02:00:00Z", Some("2026-11-01T12:00:00Z")),
            // By half an hour, and on the other half of the globe.
            ("Australia/Lord_Howe", nights, "2026-04-04T11:00:00Z", Some("2026-04-04T20:30:00Z")),
            ("Asia/Kathmandu", nights, "2026-06-01T16:15:00Z", Some("2026-06-02T01:15:00Z")),
            // Those that touch are one: from Friday evening to Monday morning.
            ("Europe/Berlin", weekend, "2026-01-16T17:00:00Z", Some("2026-01-19T06:00:00Z")),
            ("Europe/Berlin", weekend, "2026-01-18T23:30:00Z", Some("2026-01-19T06:00:00Z")),
            ("Europe/Berlin", weekend, "2026-01-16T16:59:59Z", None),
        ] {
            let found = quiet(zone, hours).quiet_until(at(now)).map(|end| end.to_string());
            assert_eq!(found.as_deref(), until, "{zone} {hours:?} at {now}");
        }
    }

    /// In every zone, in each night of a year in which its clocks are changed: quiet hours have one end, at which it is not
    /// quiet, and which is the same however far they have gone.
    #[test]
    fn quiet_hours_have_one_end_in_every_zone() {
        let mut changes = 0;
        for name in jiff::tz::TimeZoneDatabase::bundled().available() {
            let Ok(rules) = jiff::tz::TimeZone::get(name.as_str()) else { continue };
            let calendar = quiet(name.as_str(), &["mon-sun 22:00 07:00"]);
            let year = jiff::Timestamp::from_second(at("2026-01-01T00:00:00Z").0).unwrap();
            for change in rules.following(year).take(2) {
                changes += 1;
                let around = UnixTime(change.timestamp().as_second());
                for now in (-24..24).map(|hours| around.plus(hours * 3600)) {
                    let Some(end) = calendar.quiet_until(now) else { continue };
                    assert!(now.until(end) <= 11 * 3600, "{name} {now} {end}", name = name.as_str());
                    assert_eq!(calendar.quiet_until(end), None, "{} {now} {end}", name.as_str());
                    assert_eq!(calendar.quiet_until(end.plus(-1)), Some(end), "{} {now} {end}", name.as_str());
                }
            }
        }
        assert!(changes > 300, "{changes}");
    }

    #[test]
    fn what_can_wait_waits_for_the_digest_and_the_end_of_the_quiet() {
        let mut calendar = quiet("Europe/Berlin", &["mon-sun 22:00 07:00"]);
        calendar.digest = Some(digest("Europe/Berlin", "mon-fri", "09:00", false));
        let waits =
            |calendar: &Calendar, since, now| calendar.waits_until(at(since), at(now)).map(|end| end.to_string());
        // 2026-01-16 is a Friday.
        let monday = Some("2026-01-19T08:00:00Z".to_owned());
        assert_eq!(waits(&calendar, "2026-01-16T08:00:00Z", "2026-01-16T08:00:00Z"), monday);
        assert_eq!(waits(&calendar, "2026-01-16T08:00:00Z", "2026-01-19T07:59:59Z"), monday);
        assert_eq!(waits(&calendar, "2026-01-16T08:00:00Z", "2026-01-19T08:00:00Z"), None);
        // Due while we were away, and it is night.
        assert_eq!(
            waits(&calendar, "2026-01-16T08:00:00Z", "2026-01-19T22:00:00Z"),
            Some("2026-01-20T06:00:00Z".to_owned())
        );
        // Owed since a time that is to come, by a clock that was set back: it counts from now.
        assert_eq!(waits(&calendar, "2038-01-16T08:00:00Z", "2026-01-16T08:00:00Z"), monday);
        calendar.digest = Some(digest("Europe/Berlin", "mon-sun", "06:00", false));
        assert_eq!(
            waits(&calendar, "2026-01-16T12:00:00Z", "2026-01-16T12:00:00Z"),
            Some("2026-01-17T06:00:00Z".to_owned()),
            "a digest within quiet hours comes at their end"
        );
    }

    #[test]
    fn only_what_is_critical_never_waits() {
        let mut calendar = quiet("UTC", &["mon-sun 22:00 07:00"]);
        let can_wait =
            |calendar: &Calendar| ["info", "warning", "critical", "dire"].map(|word| calendar.lets_wait(word));
        assert_eq!(can_wait(&calendar), [true, true, false, false]);
        calendar.digest = Some(digest("UTC", "mon", "09:00", true));
        assert_eq!(can_wait(&calendar), [true; 4]);
    }

    #[test]
    fn quiet_for_ever_is_told_from_quiet_for_long() {
        let now = at("2026-01-12T20:59:59Z");
        let always = quiet("UTC", &["mon-sun 00:00 24:00"]);
        assert!(always.is_always_quiet(now));
        assert_eq!(always.waits_until(now, now), None);
        assert!(!quiet("UTC", &["mon-sun 00:00 23:59"]).is_always_quiet(now));
        assert!(!quiet("UTC", &["mon-sat 00:00 24:00"]).is_always_quiet(now));
    }
}
