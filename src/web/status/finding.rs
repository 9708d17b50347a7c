//! [`Trouble`]: one finding as the page shows it, with its mend.

use serde::Serialize;
use serde_json::Value;

use super::plain::{self, Part};
use crate::domain::Span;
use crate::verdict::Finding;

/// Addresses of a finding that are named.
const ADDRESSES: usize = 8;
/// Facts of a finding that are shown.
const FACTS: usize = 16;
/// Characters of a fact that are shown, and elements of a list.
const FACT: usize = 240;
const ELEMENTS: usize = 10;

/// One thing wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Trouble {
    pub(super) severity: &'static str,
    pub(super) title: &'static str,
    pub(super) code: &'static str,
    pub(super) summary: String,
    /// Where it was seen; empty where it concerns no address in particular.
    pub(super) addresses: Vec<String>,
    pub(super) more_addresses: usize,
    /// How to mend it.
    pub(super) mend: Vec<Part>,
    pub(super) facts: Vec<Fact>,
}

/// One fact a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
}

impl Trouble {
    pub(super) fn new(finding: &Finding) -> Self {
        let entry = finding.entry();
        Self {
            severity: finding.severity.as_str(),
            title: entry.title,
            code: finding.code.as_str(),
            summary: plain::line(&finding.summary, 600),
            addresses: finding.addresses.iter().take(ADDRESSES).map(ToString::to_string).collect(),
            more_addresses: finding.addresses.len().saturating_sub(ADDRESSES),
            mend: plain::parts(finding.remedy()),
            facts: finding.facts.iter().take(FACTS).map(|(name, value)| Fact::new(name, value)).collect(),
        }
    }
}

impl Fact {
    fn new(name: &str, value: &Value) -> Self {
        let spoken = match name {
            "seconds_left" => "left".to_owned(),
            _ => name.strip_suffix("_seconds").unwrap_or(name).replace('_', " "),
        };
        Self { name: plain::line(&spoken, 40), value: plain::line(&shown(name, value), FACT) }
    }
}

fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::Number(number) if name.ends_with("_seconds") || name == "seconds_left" => match number.as_i64() {
            Some(seconds @ ..0) => format!("none for {}", Span(seconds)),
            Some(seconds) => Span(seconds).to_string(),
            None => number.to_string(),
        },
        Value::String(text) => text.clone(),
        Value::Array(all) => list(all),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "none".to_owned(),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

fn list(all: &[Value]) -> String {
    let shown: Vec<String> = all.iter().take(ELEMENTS).map(|value| shown("", value)).collect();
    match all.len().saturating_sub(ELEMENTS) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn facts_read_as_people_write_them_and_are_bounded() {
        let shown = |name: &str, value: Value| {
            let fact = Fact::new(name, &value);
            format!("{}: {}", fact.name, fact.value)
        };
        assert_eq!(shown("lifetime_seconds", json!(90 * 86_400)), "lifetime: 90 d");
        assert_eq!(shown("seconds_left", json!(-7200)), "left: none for 2 h");
        assert_eq!(shown("status", json!(403)), "status: 403");
        assert_eq!(shown("is_ca", json!(false)), "is ca: no");
        assert_eq!(shown("dns_names", json!(["a.example", "b.example"])), "dns names: a.example, b.example");
        assert_eq!(shown("n", json!((0..12).collect::<Vec<_>>())), "n: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
        assert_eq!(shown("excerpt", json!("a\u{202e}\r\nb")), "excerpt: a\u{fffd} b");
        let long = Fact::new(&"n".repeat(1000), &json!({ "x": "y".repeat(100_000) }));
        assert_eq!((long.name.chars().count(), long.value.chars().count()), (41, FACT + 1));
    }
}
