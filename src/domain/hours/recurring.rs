//! [`Hours`]: a time of day on some days of the week, in some zone.

use std::fmt;

use jiff::civil::Date;

use super::zone::Edge;
use super::{TimeOfDay, Weekdays, Zone};
use crate::domain::UnixTime;

/// From a time of day to another, on some days of the week. Where it does not end later than it begins, it ends on the
/// next day; the day counts on which it begins.
///
/// It is what the clock on the wall says. In the night in which the clock is put forward, what is jumped over is not
/// there, so the window is shorter, and one that lies within the jump does not come to be. In the night in which it is
/// put back it begins when the clock first shows `from` and ends when it last shows `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    days: Weekdays,
    from: TimeOfDay,
    to: TimeOfDay,
    zone: Zone,
}

/// Why these are no hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// There is no day.
    #[error("there is no day of the week")]
    NoDay,
    /// They begin where the day ends.
    #[error("24:00 is the end of a day, nothing begins there")]
    BeginsAtEnd,
    /// They end when they begin.
    #[error("they end when they begin; a whole day is from 00:00 to 24:00")]
    Empty,
}

/// One time at which hours come to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// The first second.
    pub from: UnixTime,
    /// The first second after it.
    pub to: UnixTime,
}

impl Occurrence {
    /// Whether this moment is in it.
    pub fn contains(&self, at: UnixTime) -> bool {
        self.from <= at && at < self.to
    }
}

impl Hours {
    /// These hours of these days.
    pub fn new(days: Weekdays, from: TimeOfDay, to: TimeOfDay, zone: Zone) -> Result<Self, HoursError> {
        if days.is_empty() {
            Err(HoursError::NoDay)
        } else if from.ends_the_day() {
            Err(HoursError::BeginsAtEnd)
        } else if from == to {
            Err(HoursError::Empty)
        } else {
            Ok(Self { days, from, to, zone })
        }
    }

    /// The zone they are kept in.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether they are now.
    pub fn contains(&self, at: UnixTime) -> bool {
        self.current_or_next(at).is_some_and(|occurrence| occurrence.contains(at))
    }

    /// The time that is now, or else the next. `None` only where no calendar reaches.
    pub fn current_or_next(&self, at: UnixTime) -> Option<Occurrence> {
        let today = self.zone.civil(at)?.date();
        // Yesterday's may not be over. Three weeks, as a clock that is put forward takes one away.
        let days = (-1..21).filter_map(|days| today.checked_add(jiff::Span::new().days(days)).ok());
        let mut all = days.filter_map(|day| self.on(day));
        all.find(|occurrence| at < occurrence.to)
    }

    /// Those that begin on this day.
    fn on(&self, day: Date) -> Option<Occurrence> {
        if !self.days.has(day.weekday().to_monday_zero_offset()) {
            return None;
        }
        let next_day = self.to <= self.from || self.to.ends_the_day();
        let last_day = if next_day { day.tomorrow().ok()? } else { day };
        let from = self.moment(day, self.from, Edge::Begin)?;
        let to = self.moment(last_day, self.to, Edge::End)?;
        (from < to).then_some(Occurrence { from, to })
    }

    fn moment(&self, day: Date, time: TimeOfDay, edge: Edge) -> Option<UnixTime> {
        let (hour, minute) = time.hour_and_minute();
        self.zone.moment(day.at(hour % 24, minute, 0, 0), edge)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}-{} {}", self.days, self.from, self.to, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(days: &str, from: &str, to: &str) -> Hours {
        let time = |text| TimeOfDay::parse(text).unwrap();
        let zone = Zone::bundled("Europe/Berlin").unwrap();
        Hours::new(Weekdays::parse(days).unwrap(), time(from), time(to), zone).unwrap()
    }

    fn next(hours: &Hours, at: &str) -> String {
        let found = hours.current_or_next(UnixTime::parse_rfc3339(at).unwrap()).unwrap();
        format!("{} {}", found.from, found.to)
    }

    #[test]
    fn they_come_on_their_days_by_the_clock_on_the_wall() {
        // 2026-01-17 is a Saturday; Berlin is an hour ahead, in summer two.
        for (days, from, to, at, expected) in [
            ("sat", "02:00", "04:00", "2026-01-12T00:00:00Z", "2026-01-17T01:00:00Z 2026-01-17T03:00:00Z"),
            ("sat", "02:00", "04:00", "2026-01-17T02:59:59Z", "2026-01-17T01:00:00Z 2026-01-17T03:00:00Z"),
            ("sat", "02:00", "04:00", "2026-01-17T03:00:00Z", "2026-01-24T01:00:00Z 2026-01-24T03:00:00Z"),
            ("sat", "02:00", "04:00", "2026-07-15T00:00:00Z", "2026-07-18T00:00:00Z 2026-07-18T02:00:00Z"),
            // Over midnight it belongs to the day on which it begins.
            ("fri", "22:00", "06:00", "2026-01-17T04:59:59Z", "2026-01-16T21:00:00Z 2026-01-17T05:00:00Z"),
            ("fri", "22:00", "06:00", "2026-01-17T05:00:00Z", "2026-01-23T21:00:00Z 2026-01-24T05:00:00Z"),
            ("sun", "22:00", "24:00", "2026-01-18T22:00:00Z", "2026-01-18T21:00:00Z 2026-01-18T23:00:00Z"),
            ("mon-sun", "00:00", "24:00", "2026-01-18T23:00:00Z", "2026-01-18T23:00:00Z 2026-01-19T23:00:00Z"),
            // The day is that of the zone: late on Friday in UTC it is Saturday there.
            ("sat", "00:00", "01:00", "2026-01-16T23:30:00Z", "2026-01-16T23:00:00Z 2026-01-17T00:00:00Z"),
        ] {
            assert_eq!(next(&hours(days, from, to), at), expected, "{days} {from}-{to} at {at}");
        }
    }

    /// 2026-03-29 at 02:00 the clock is put forward to 03:00, which is 01:00 UTC.
    #[test]
    fn the_night_in_which_the_clock_is_put_forward_is_shorter() {
        let before = "2026-03-28T12:00:00Z";
        for (from, to, expected) in [
            ("02:00", "04:00", "2026-03-29T01:00:00Z 2026-03-29T02:00:00Z"),
            ("01:00", "02:30", "2026-03-29T00:00:00Z 2026-03-29T01:00:00Z"),
            ("02:30", "03:15", "2026-03-29T01:00:00Z 2026-03-29T01:15:00Z"),
            // There is no such time in that night; the next is a week later.
            ("02:15", "02:45", "2026-04-05T00:15:00Z 2026-04-05T00:45:00Z"),
            ("00:00", "24:00", "2026-03-28T23:00:00Z 2026-03-29T22:00:00Z"),
        ] {
            assert_eq!(next(&hours("sun", from, to), before), expected, "{from}-{to}");
        }
        let over_midnight = hours("sat", "23:00", "02:30");
        assert_eq!(next(&over_midnight, before), "2026-03-28T22:00:00Z 2026-03-29T01:00:00Z");
    }

    /// 2026-10-25 at 03:00 the clock is put back to 02:00, which is 01:00 UTC.
    #[test]
    fn the_night_in_which_the_clock_is_put_back_is_longer() {
        let before = "2026-10-24T12:00:00Z";
        for (from, to, expected) in [
            ("02:00", "04:00", "2026-10-25T00:00:00Z 2026-10-25T03:00:00Z"),
            ("01:00", "02:30", "2026-10-24T23:00:00Z 2026-10-25T01:30:00Z"),
            ("02:30", "03:30", "2026-10-25T00:30:00Z 2026-10-25T02:30:00Z"),
            ("02:15", "02:45", "2026-10-25T00:15:00Z 2026-10-25T01:45:00Z"),
            ("03:00", "04:00", "2026-10-25T02:00:00Z 2026-10-25T03:00:00Z"),
        ] {
            assert_eq!(next(&hours("sun", from, to), before), expected, "{from}-{to}");
        }
    }

    #[test]
    fn what_never_comes_to_be_is_refused() {
        let time = |text| TimeOfDay::parse(text).unwrap();
        let new = |days, from, to| Hours::new(days, time(from), time(to), Zone::utc());
        assert_eq!(new(Weekdays::default(), "01:00", "02:00"), Err(HoursError::NoDay));
        assert_eq!(new(Weekdays::ALL, "24:00", "02:00"), Err(HoursError::BeginsAtEnd));
        assert_eq!(new(Weekdays::ALL, "02:00", "02:00"), Err(HoursError::Empty));
        assert_eq!(hours("mon-fri", "22:00", "06:00").to_string(), "mon, tue, wed, thu, fri 22:00-06:00 Europe/Berlin");
    }
}
