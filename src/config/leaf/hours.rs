//! Time as people keep it: zones, days of the week, times of day.

use std::path::Path;

use super::{Fault, World, quoted};
use crate::config::reader::nearest;
use crate::config::section::Value;
use crate::domain::UnixTime;
use crate::domain::hours::{TimeOfDay, Weekdays, Zone};

/// Where systems keep the rules of zones. They are of a later date than ours, or as the administrator wants them.
const SYSTEM_ZONES: &str = "/usr/share/zoneinfo";
/// Zones whose names are mistaken for others.
const WELL_KNOWN: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Vienna",
    "Europe/Zurich",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Tokyo",
];

/// A time zone, by the system's rules, else by those that came with us.
pub(super) fn zone(name: &str, world: &World<'_>) -> Result<Value, Fault> {
    let file = || (world.read_file)(&Path::new(SYSTEM_ZONES).join(name)).ok();
    let by_system = || Zone::from_tzif(name, &file()?);
    let found = Zone::is_name(name).then(|| by_system().or_else(|| Zone::bundled(name))).flatten();
    found.map(Value::Zone).ok_or_else(|| {
        let mend = match nearest(name, WELL_KNOWN.into_iter()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "write a name of the IANA database, such as \"Europe/Berlin\" or \"UTC\"".to_owned(),
        };
        Fault::new(format!("{} is no time zone", quoted(name)), mend)
    })
}

/// A day of the week, or a span of them.
pub(super) fn days(text: &str) -> Result<Value, Fault> {
    Weekdays::parse(text).map(Value::Days).ok_or_else(|| {
        let mend = "write \"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\", or a span such as \"mon-fri\"";
        Fault::new(format!("{} is no day of the week", quoted(text)), mend)
    })
}

/// A time of day, or a date and time, with an offset or without.
pub(super) fn moment(text: &str) -> Result<Value, Fault> {
    // TOML writes a time of day with its seconds.
    let of_day = TimeOfDay::parse(text).or_else(|| TimeOfDay::parse(text.strip_suffix(":00")?));
    if let Some(time) = of_day {
        Ok(Value::TimeOfDay(time))
    } else if let Some(time) = UnixTime::parse_rfc3339(text) {
        Ok(Value::Time(time))
    } else if Zone::utc().parse_local(text).is_some() {
        Ok(Value::LocalTime(text.to_owned()))
    } else {
        Err(Fault::new(
            format!("{} is neither a time of day nor a date and time", quoted(text)),
            "write \"02:00\", or \"2026-05-01T22:00\" with `timezone`, or \"2026-05-01T22:00:00Z\"",
        ))
    }
}
