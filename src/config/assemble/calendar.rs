//! When a receiver is told what can wait: `timezone`, `quiet` and `digest` of a `[[receiver]]`.

use crate::config::mistake::Notes;
use crate::config::section::{Section, Value};
use crate::domain::UnixTime;
use crate::domain::hours::{Appointment, Hours, TimeOfDay, Weekdays, Zone};
use crate::incident::{Calendar, Digest};

/// The keys that only mean something where a receiver is told by mails or webhooks.
const KEYS: [&str; 3] = ["timezone", "quiet", "digest"];
/// A moment like any other, from which it is asked whether quiet hours ever end: a Thursday.
const SOME_TIME: UnixTime = UnixTime(1_767_225_600);

/// What a receiver says of its calendar, by its name; `None` if it says nothing.
pub(super) fn calendar(receiver: &Section, notes: &mut Notes) -> Option<(String, Calendar)> {
    if receiver.has("alertmanager") {
        for key in KEYS.into_iter().filter(|key| receiver.has(key)) {
            let message = format!(
                "`{key}` has no meaning for an Alertmanager: it is shown what fires, and tells by its own rules"
            );
            let mend = "take it out; in the Alertmanager, `mute_time_intervals` of a route does this";
            notes.mistake(receiver.place(key), &receiver.path_of(key), message, mend);
        }
        return None;
    }
    let zone = zone(receiver)?;
    let quiet: Vec<Option<Hours>> =
        receiver.sections("quiet").iter().map(|section| hours(section, &zone, notes)).collect();
    let all_read = quiet.iter().all(Option::is_some);
    let digest = receiver.section("digest").and_then(|section| digest(section, &zone, notes));
    let calendar = Calendar { quiet: quiet.into_iter().flatten().collect(), digest };
    if all_read && calendar.is_always_quiet(SOME_TIME) {
        let message = "the quiet hours never end: no warning would ever be told";
        let mend = "leave some time between them, or give the route `min_severity = \"critical\"`";
        notes.mistake(receiver.place("quiet"), &receiver.path_of("quiet"), message, mend);
    }
    if receiver.has("timezone") && !receiver.has("quiet") && !receiver.has("digest") {
        let message = "`timezone` stands here with nothing that goes by it";
        notes.mistake(
            receiver.place("timezone"),
            &receiver.path_of("timezone"),
            message,
            "add `quiet` or `digest`, or take it out",
        );
    }
    let name = receiver.text("name")?.to_owned();
    (calendar != Calendar::default()).then_some((name, calendar))
}

/// None if it is bad, which has then been told.
fn zone(receiver: &Section) -> Option<Zone> {
    match receiver.value("timezone") {
        Some(Value::Zone(zone)) => Some(zone.clone()),
        _ if receiver.has("timezone") => None,
        _ => Some(Zone::utc()),
    }
}

fn hours(section: &Section, zone: &Zone, notes: &mut Notes) -> Option<Hours> {
    let (from, to) = (time(section, "from", notes), time(section, "to", notes));
    let (days, from, to) = (super::maintenance::days(section)?, from?, to?);
    let told = |reason: crate::domain::hours::HoursError| {
        let mend = "write two different times of day; hours that end on the next day end earlier than they begin";
        notes.mistake(section.place("to"), &section.path_of("to"), reason.to_string(), mend);
    };
    Hours::new(days, from, to, zone.clone()).map_err(told).ok()
}

fn digest(section: &Section, zone: &Zone, notes: &mut Notes) -> Option<Digest> {
    let at = appointment(section, super::maintenance::days(section)?, zone, notes)?;
    Some(Digest { at, critical: section.flag("critical").unwrap_or(false) })
}

fn appointment(section: &Section, days: Weekdays, zone: &Zone, notes: &mut Notes) -> Option<Appointment> {
    let at = time(section, "at", notes)?;
    let told = |reason: crate::domain::hours::HoursError| {
        notes.mistake(
            section.place("at"),
            &section.path_of("at"),
            reason.to_string(),
            "write \"00:00\", on the next day",
        );
    };
    Appointment::new(days, at, zone.clone()).map_err(told).ok()
}

/// A time of day; where a date stands instead, that is told.
fn time(section: &Section, key: &str, notes: &mut Notes) -> Option<TimeOfDay> {
    match section.value(key)? {
        Value::TimeOfDay(time) => Some(*time),
        _ => {
            let message = format!("`{key}` is a time of day, and this is a date and time");
            notes.mistake(section.place(key), &section.path_of(key), message, "write it as \"22:00\"");
            None
        }
    }
}
