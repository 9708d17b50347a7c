//! Time as people keep it: a [`Zone`], a [`TimeOfDay`], days of the week ([`Weekdays`]), and what recurs by them
//! ([`Hours`], [`Appointment`]). Pure: the rules of a zone are given, or those that came with this program.

mod appointment;
mod recurring;
mod zone;

use std::fmt;

pub use appointment::Appointment;
pub use recurring::{Hours, HoursError, Occurrence};
pub use zone::Zone;

/// A time of day to the minute, from 00:00 to 24:00, which is where the day ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    const LAST: u16 = 24 * 60;

    /// Reads `HH:MM`, 24 hours to the day.
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let number = |digits: &str| {
            let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u16>().ok().filter(|_| plain)
        };
        let (hour, minute) = (number(hour)?, number(minute)?);
        let of_day = hour * 60 + minute;
        (minute < 60 && of_day <= Self::LAST).then_some(Self(of_day))
    }

    /// Whether it is 24:00: the next day's 00:00, but not a time to begin at.
    pub const fn ends_the_day(self) -> bool {
        self.0 == Self::LAST
    }

    const fn hour_and_minute(self) -> (i8, i8) {
        ((self.0 / 60) as i8, (self.0 % 60) as i8)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A set of days of the week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// The days as the configuration writes them, Monday first.
    pub const NAMES: [&'static str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// Reads one day (`sat`) or a span of them (`mon-fri`, also over Sunday: `fri-mon`).
    pub fn parse(text: &str) -> Option<Self> {
        let day = |name: &str| Self::NAMES.iter().position(|known| *known == name);
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(text)?, day(text)?),
        };
        let length = (last + 7 - first) % 7;
        Some((0..=length).fold(Self::default(), |days, step| days.and(Self(1 << ((first + step) % 7)))))
    }

    /// These days and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this day, counted from Monday as 0, is among them.
    const fn has(self, day: i8) -> bool {
        self.0 & (1 << day) != 0
    }
}

impl fmt::Display for Weekdays {
    /// `daily`, or each day: `mon, tue, sat`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return f.write_str("daily");
        }
        let days = Self::NAMES.iter().zip(0_i8..).filter(|(_, day)| self.has(*day));
        f.write_str(&days.map(|(name, _)| *name).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_have_two_digits_each() {
        for text in ["00:00", "02:30", "23:59", "24:00"] {
            assert_eq!(TimeOfDay::parse(text).map(|time| time.to_string()).as_deref(), Some(text));
        }
        for text in ["", "2:30", "02:60", "24:01", "25:00", "02:30:00", "+2:30", "02.30", " 02:30", "٠٢:٣٠"] {
            assert_eq!(TimeOfDay::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_named_alone_or_as_a_span() {
        let shown = |text| Weekdays::parse(text).map(|days| days.to_string());
        assert_eq!(shown("sat").as_deref(), Some("sat"));
        assert_eq!(shown("mon-wed").as_deref(), Some("mon, tue, wed"));
        assert_eq!(shown("sat-mon").as_deref(), Some("mon, sat, sun"));
        assert_eq!(shown("mon-sun").as_deref(), Some("daily"));
        for text in ["", "Sat", "saturday", "mon-", "-fri", "mon-fri-sun"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
