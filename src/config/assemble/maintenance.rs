//! Maintenance windows: once, or week after week.

use super::matching::patterns;
use crate::config::mistake::Notes;
use crate::config::section::{Section, Value};
use crate::domain::UnixTime;
use crate::domain::hours::{Hours, Occurrence, TimeOfDay, Weekdays, Zone};
use crate::incident::silence::{LONGEST, Maintenance, Matcher, When};
use crate::verdict::Severity;

/// The windows of the file.
pub(super) fn maintenance(sections: &[Section], notes: &mut Notes) -> Vec<Maintenance> {
    sections.iter().filter_map(|section| window(section, notes)).collect()
}

/// None if a key that it needs is missing or bad, which has then been told.
fn window(section: &Section, notes: &mut Notes) -> Option<Maintenance> {
    let matcher = matcher(section, notes);
    let when = when(section, notes);
    Some(Maintenance { matcher, when: when?, comment: section.text("comment")?.to_owned() })
}

fn matcher(section: &Section, notes: &mut Notes) -> Matcher {
    let domains = patterns(section, notes);
    let labels = section.matches("match");
    let max_severity = section.text("max_severity").and_then(Severity::parse);
    let matcher = Matcher { domains, labels, codes: section.texts("codes").unwrap_or_default(), max_severity };
    let is_read = ["domains", "match", "codes"].into_iter().all(|key| section.sound(key));
    let told = section.list("domains").map_or(0, <[_]>::len) > matcher.domains.len();
    for mistake in matcher.mistakes().into_iter().filter(|_| is_read && !told) {
        let key = if mistake.starts_with("codes: ") { "codes" } else { "domains" };
        let message = mistake.trim_start_matches("codes: ").to_owned();
        let mend = "see docs/silences.md for what a window may be about";
        notes.mistake(section.place(key), &section.path_of(key), message, mend);
    }
    matcher
}

fn when(section: &Section, notes: &mut Notes) -> Option<When> {
    let zone = match section.value("timezone") {
        Some(Value::Zone(zone)) => zone.clone(),
        _ if section.has("timezone") => return None,
        _ => Zone::utc(),
    };
    match (section.value("from")?, section.value("to")?) {
        (Value::TimeOfDay(from), Value::TimeOfDay(to)) => weekly(section, *from, *to, zone, notes),
        (Value::TimeOfDay(_), _) | (_, Value::TimeOfDay(_)) => {
            let message = "one is a time of day, the other a date and time";
            let mend = "write two times of day for a window that recurs, or two dates and times for one";
            notes.mistake(section.place("to"), &section.path_of("to"), message, mend);
            None
        }
        (from, to) => once(section, moment(from, &zone)?, moment(to, &zone)?, notes),
    }
}

fn weekly(section: &Section, from: TimeOfDay, to: TimeOfDay, zone: Zone, notes: &mut Notes) -> Option<When> {
    match Hours::new(days(section)?, from, to, zone) {
        Ok(hours) => Some(When::Weekly(hours)),
        Err(reason) => {
            let mend = "write two different times of day; one that ends on the next day ends earlier than it begins";
            notes.mistake(section.place("to"), &section.path_of("to"), reason.to_string(), mend);
            None
        }
    }
}

/// The days of the week; all where none is named. None if one is bad, which has then been told.
pub(super) fn days(section: &Section) -> Option<Weekdays> {
    match section.list("days") {
        Some(items) => Some(items.iter().fold(Weekdays::default(), |days, (_, value)| match value {
            Value::Days(more) => days.and(*more),
            _ => days,
        })),
        None if section.has("days") => None,
        None => Some(Weekdays::ALL),
    }
}

fn once(section: &Section, from: UnixTime, to: UnixTime, notes: &mut Notes) -> Option<When> {
    if section.has("days") {
        let message = "a window with dates does not recur";
        let mend = "take `days` out, or write times of day such as \"02:00\"";
        notes.mistake(section.place("days"), &section.path_of("days"), message, mend);
    }
    let (message, mend) = match from.until(to) {
        ..=0 => (format!("{to} is not later than the beginning, {from}"), "write a later time"),
        length if length > LONGEST => ("it lasts longer than 400 days".to_owned(), "end it earlier"),
        _ => return Some(When::Once(Occurrence { from, to })),
    };
    notes.mistake(section.place("to"), &section.path_of("to"), message, mend);
    None
}

fn moment(value: &Value, zone: &Zone) -> Option<UnixTime> {
    match value {
        Value::Time(time) => Some(*time),
        Value::LocalTime(text) => zone.parse_local(text),
        _ => None,
    }
}
