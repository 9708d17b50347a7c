//! How spans of time read in a mail: the two largest units, cut off and never rounded up, so that what is left
//! is not overstated.

use std::ops::Range;

use crate::domain::UnixTime;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A span of seconds, its sign dropped: `35 s`, `14 min`, `3 h 5 min`, `2 d 4 h`, `64 d`, `7973 y`.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => pair(seconds / HOUR, "h", seconds % HOUR / MINUTE, "min"),
        _ => match seconds / DAY {
            days @ ..30 => pair(days, "d", seconds % DAY / HOUR, "h"),
            days @ 30..730 => format!("{days} d"),
            days => format!("{} y", days / 365),
        },
    }
}

/// How long something is good for: `2 d 4 h left`, or `expired 3 h ago`. Its last second still counts as left.
pub fn left(now: UnixTime, expires: UnixTime) -> String {
    match now.until(expires) {
        seconds @ 0.. => format!("{} left", span(seconds)),
        seconds => format!("expired {} ago", span(seconds)),
    }
}

/// When, seen from now: `in 2 d 4 h`, `3 h ago`, `now`.
pub fn relative(now: UnixTime, time: UnixTime) -> String {
    match now.until(time) {
        0 => "now".to_owned(),
        seconds @ 1.. => format!("in {}", span(seconds)),
        seconds => format!("{} ago", span(seconds)),
    }
}

/// The time in RFC 3339 with its distance: `2026-12-01T00:00:00Z (in 2 d 4 h)`.
pub fn moment(now: UnixTime, time: UnixTime) -> String {
    format!("{time} ({})", relative(now, time))
}

/// A date as people write it: `1 December 2026 at 14:00 UTC`; one that RFC 3339 cannot write, as it is.
pub fn date(time: UnixTime) -> String {
    let text = time.to_string();
    let number = |range: Range<usize>| text.get(range).and_then(|digits| digits.parse::<usize>().ok());
    let month = number(5..7).and_then(|month| MONTHS.get(month.checked_sub(1)?));
    match (text.get(..4), month, number(8..10), text.get(11..16)) {
        (Some(year), Some(month), Some(day), Some(clock)) if text.ends_with('Z') => {
            format!("{day} {month} {year} at {clock} UTC")
        }
        _ => text,
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A number with its noun: `1 domain`, `12 domains`.
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

fn pair(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_show_their_two_largest_units() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (3 * 3600 + 5 * 60 + 59, "3 h 5 min"),
            (86_400, "1 d"),
            (2 * 86_400 + 4 * 3600 + 3599, "2 d 4 h"),
            (30 * 86_400 - 1, "29 d 23 h"),
            (64 * 86_400 + 3600, "64 d"),
            (730 * 86_400, "2 y"),
            (-840, "14 min"),
            (i64::MIN, "292471208677 y"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn the_last_second_is_still_left() {
        let now = UnixTime(1_000_000);
        assert_eq!(left(now, now.plus(187_200)), "2 d 4 h left");
        assert_eq!(left(now, now), "0 s left");
        assert_eq!(left(now, now.plus(-10_800)), "expired 3 h ago");
    }

    #[test]
    fn moments_say_when_and_how_far() {
        let now = UnixTime(1_767_225_600);
        assert_eq!(moment(now, now.plus(86_400)), "2026-01-02T00:00:00Z (in 1 d)");
        assert_eq!(moment(now, now.plus(-60)), "2025-12-31T23:59:00Z (1 min ago)");
        assert_eq!(moment(now, now), "2026-01-01T00:00:00Z (now)");
        assert_eq!(relative(UnixTime(i64::MAX), UnixTime(i64::MIN)), "292471208677 y ago");
    }

    #[test]
    fn dates_are_written_out() {
        assert_eq!(date(UnixTime(1_796_133_600)), "1 December 2026 at 14:00 UTC");
        assert_eq!(date(UnixTime(253_402_300_799)), "31 December 9999 at 23:59 UTC");
        assert_eq!(date(UnixTime(i64::MAX)), i64::MAX.to_string());
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(count(1, "domain"), "1 domain");
        assert_eq!(count(0, "domain"), "0 domains");
    }
}
