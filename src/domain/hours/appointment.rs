//! [`Appointment`]: a moment that recurs: a time of day on some days of the week, in some zone.

use std::fmt;

use jiff::civil::Date;

use super::zone::Edge;
use super::{HoursError, TimeOfDay, Weekdays, Zone};
use crate::domain::UnixTime;

/// A time of day, on some days of the week.
///
/// It comes once on each of its days. In the night in which the clock is put forward over it, it comes at the jump; in
/// the night in which the clock shows it twice, the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    days: Weekdays,
    at: TimeOfDay,
    zone: Zone,
}

impl Appointment {
    /// This time of these days.
    pub fn new(days: Weekdays, at: TimeOfDay, zone: Zone) -> Result<Self, HoursError> {
        if days.is_empty() {
            Err(HoursError::NoDay)
        } else if at.ends_the_day() {
            Err(HoursError::BeginsAtEnd)
        } else {
            Ok(Self { days, at, zone })
        }
    }

    /// The zone it is kept in.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The first that is later than this. `None` only where no calendar reaches.
    pub fn next(&self, after: UnixTime) -> Option<UnixTime> {
        self.around(after, -1..9).find(|moment| *moment > after)
    }

    /// The last that is not later than this. `None` only where no calendar reaches.
    pub fn last(&self, until: UnixTime) -> Option<UnixTime> {
        self.around(until, -9..2).filter(|moment| *moment <= until).last()
    }

    /// Those on the days from so many before to so many after this one.
    fn around(&self, at: UnixTime, days: std::ops::Range<i64>) -> impl Iterator<Item = UnixTime> {
        let today = self.zone.civil(at).map(|civil| civil.date());
        let on = move |offset| today?.checked_add(jiff::Span::new().days(offset)).ok();
        days.filter_map(on).filter_map(|day| self.on(day))
    }

    fn on(&self, day: Date) -> Option<UnixTime> {
        let (hour, minute) = self.at.hour_and_minute();
        let has = self.days.has(day.weekday().to_monday_zero_offset());
        has.then(|| self.zone.moment(day.at(hour, minute, 0, 0), Edge::Begin)).flatten()
    }
}

impl fmt::Display for Appointment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.days, self.at, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appointment(days: &str, at: &str) -> Appointment {
        let zone = Zone::bundled("Europe/Berlin").unwrap();
        Appointment::new(Weekdays::parse(days).unwrap(), TimeOfDay::parse(at).unwrap(), zone).unwrap()
    }

    #[test]
    fn they_come_once_on_each_of_their_days() {
        // 2026-01-19 is a Monday. On 2026-03-29 Berlin jumps from 02:00 to 03:00, on 2026-10-25 back from 03:00 to 02:00.
        for (days, at, around, last, next) in [
            ("mon", "08:00", "2026-01-19T06:59:59Z", "2026-01-12T07:00:00Z", "2026-01-19T07:00:00Z"),
            ("mon", "08:00", "2026-01-19T07:00:00Z", "2026-01-19T07:00:00Z", "2026-01-26T07:00:00Z"),
            ("mon-fri", "09:00", "2026-01-16T12:00:00Z", "2026-01-16T08:00:00Z", "2026-01-19T08:00:00Z"),
            ("sat", "00:00", "2026-01-16T23:30:00Z", "2026-01-16T23:00:00Z", "2026-01-23T23:00:00Z"),
            ("mon-sun", "02:30", "2026-03-28T12:00:00Z", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z"),
            ("mon-sun", "02:30", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"),
            ("mon-sun", "02:30", "2026-10-25T00:29:59Z", "2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z"),
            ("mon-sun", "02:30", "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ] {
            let around = UnixTime::parse_rfc3339(around).unwrap();
            let appointment = appointment(days, at);
            let shown = |moment: Option<UnixTime>| moment.unwrap().to_string();
            assert_eq!(
                (shown(appointment.last(around)).as_str(), shown(appointment.next(around)).as_str()),
                (last, next)
            );
        }
    }

    #[test]
    fn what_never_comes_is_refused() {
        let new = |days, at| Appointment::new(days, TimeOfDay::parse(at).unwrap(), Zone::utc());
        assert_eq!(new(Weekdays::default(), "01:00"), Err(HoursError::NoDay));
        assert_eq!(new(Weekdays::ALL, "24:00"), Err(HoursError::BeginsAtEnd));
        assert_eq!(appointment("mon", "08:00").to_string(), "mon 08:00 Europe/Berlin");
    }
}
