//! Durations (`"90s"`) and thresholds (`["21d", "25%"]`).

use std::time::Duration;

use toml::de::DeValue;

use super::{Fault, quoted, wrong_type};
use crate::config::grammar::Kind;
use crate::config::section::Value;
use crate::domain::Threshold;

/// No duration in the file is longer, in milliseconds: ten years.
const LONGEST: u64 = 3650 * 86_400_000;
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a number and a unit; at least so many milliseconds.
pub(super) fn duration(text: &str, least: u64) -> Result<Duration, Fault> {
    let mend = "write one number and one unit of ms, s, m, h or d, such as \"90s\"";
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(Fault::new(format!("{} is no duration: a number was expected first", quoted(text)), mend));
    }
    if unit.is_empty() {
        return Err(Fault::new(format!("{} has no unit", quoted(text)), mend));
    }
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(Fault::new(format!("{} is no duration: {} is no unit", quoted(text), quoted(unit)), mend));
    };
    let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor));
    let Some(millis) = millis.filter(|millis| *millis <= LONGEST) else {
        return Err(Fault::new(format!("{} is too long", quoted(text)), "take at most 3650d"));
    };
    if millis < least {
        let least = if least.is_multiple_of(1000) { format!("{}s", least / 1000) } else { format!("{least}ms") };
        return Err(Fault::new(
            format!("{} is too short: {least} is the least", quoted(text)),
            format!("take \"{least}\" or more"),
        ));
    }
    Ok(Duration::from_millis(millis))
}

/// Reads a span, a share, or a list with at most one of each.
pub(super) fn threshold(value: &DeValue<'_>) -> Result<Value, Fault> {
    let mut parts = Parts::default();
    match value {
        DeValue::String(text) => parts.add(text)?,
        DeValue::Array(items) if items.is_empty() => {
            return Err(Fault::new("an empty list is no threshold", "write a span, a share, or leave the key out"));
        }
        DeValue::Array(items) => {
            for item in items.iter() {
                let at = |fault: Fault| Fault { span: Some(item.span()), ..fault };
                let text = item.get_ref().as_str().ok_or_else(|| wrong_type(&Kind::Threshold, item.get_ref()));
                text.and_then(|text| parts.add(text)).map_err(at)?;
            }
        }
        _ => return Err(wrong_type(&Kind::Threshold, value)),
    }
    Ok(Value::Threshold(Threshold::new(parts.span, parts.percent)))
}

#[derive(Default)]
struct Parts {
    span: Option<Duration>,
    percent: Option<u8>,
}

impl Parts {
    fn add(&mut self, text: &str) -> Result<(), Fault> {
        if let Some(share) = text.strip_suffix('%') {
            let percent = share.parse::<u8>().ok().filter(|percent| (1..=100).contains(percent)).ok_or_else(|| {
                Fault::new(
                    format!("{} is no share of a lifetime", quoted(text)),
                    "take a whole number from \"1%\" to \"100%\"",
                )
            })?;
            return once(&mut self.percent, percent, text, "share");
        }
        let span = duration(text, 0)?;
        if span.as_secs() == 0 {
            return Err(Fault::new(
                format!("{} is no threshold: nothing would be told before the expiry", quoted(text)),
                "take a longer span, such as \"7d\"",
            ));
        }
        once(&mut self.span, span, text, "span")
    }
}

fn once<T>(slot: &mut Option<T>, value: T, text: &str, what: &str) -> Result<(), Fault> {
    if slot.replace(value).is_some() {
        return Err(Fault::new(
            format!("{} is a second {what}", quoted(text)),
            format!("keep one {what} and at most one of the other kind"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_counts() {
        let of = |text| duration(text, 0).map(|duration| duration.as_millis());
        assert_eq!(
            ["500ms", "90s", "5m", "2h", "30d", "0s"].map(|text| of(text).ok()),
            [Some(500), Some(90_000), Some(300_000), Some(7_200_000), Some(2_592_000_000), Some(0)]
        );
        for text in ["", "s", "5", "5w", "-5s", "1.5h", "1h30m", " 5s", "5 s", "5S", "99999999999999999999s", "3651d"] {
            assert!(of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_least_is_part_of_the_range() {
        assert!(duration("100ms", 100).is_ok());
        assert_eq!(duration("99ms", 100).unwrap_err().message, "\"99ms\" is too short: 100ms is the least");
    }
}
