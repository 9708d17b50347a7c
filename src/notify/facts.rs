//! A finding's facts as rows of a mail: a label for people, and the value made plain and bounded. What tells where and
//! what comes first, as the evidence; what one looks up later, digests and the like, are its details.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{plain, words};
use crate::domain::UnixTime;

/// So many facts of a finding are shown.
const MOST: usize = 20;
/// What is so long is shown once.
const LONG: usize = 40;
/// So many of them before the mend: more would push it off the screen.
const MOST_EVIDENCE: usize = 6;
/// So many characters of a value.
const LONGEST: usize = 200;
/// So many elements of a list.
const LONGEST_LIST: usize = 10;
/// So deep into lists and objects.
const DEEPEST: usize = 3;

/// One labelled line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) value: String,
}

impl Row {
    pub(super) fn new(label: &str, value: impl Into<String>) -> Self {
        Self { label: label.to_owned(), value: value.into() }
    }
}

/// Facts by what they are good for.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// What the finding rests on. Addresses come first: where to look is the first question.
    pub(super) evidence: Vec<Row>,
    /// What else is known.
    pub(super) details: Vec<Row>,
    /// How many were left out.
    pub(super) more: usize,
}

/// The facts as rows. What the summary says already is a detail.
pub(super) fn sorted<'a>(
    facts: impl IntoIterator<Item = (&'a String, &'a Value)>,
    summary: &str,
    now: UnixTime,
) -> Sorted {
    let mut facts: Vec<_> = facts.into_iter().collect();
    facts.sort_by_key(|(name, _)| *name != "addresses");
    let mut sorted = Sorted { more: facts.len().saturating_sub(MOST), ..Sorted::default() };
    for (name, value) in facts.into_iter().take(MOST) {
        let row = Row { label: label(name), value: value_of(name, value, now) };
        let is_evidence = !DETAILS.contains(&name.as_str()) && !is_said(value, summary);
        if is_evidence && sorted.evidence.len() < MOST_EVIDENCE {
            sorted.evidence.push(row);
        } else if row.value.len() < LONG || !sorted.details.iter().any(|other| other.value == row.value) {
            // The leaf's digest is not shown once more as that of what runs out first.
            sorted.details.push(row);
        }
    }
    sorted
}

fn is_said(value: &Value, summary: &str) -> bool {
    match value {
        Value::String(text) => !text.is_empty() && summary.contains(text),
        Value::Array(all) => !all.is_empty() && all.iter().all(|value| is_said(value, summary)),
        _ => false,
    }
}

/// The operator's labels on one line.
pub(super) fn labels(labels: &Map<String, Value>) -> Option<String> {
    let text = object(labels, 1);
    (!labels.is_empty()).then(|| plain::line(&text, LONGEST))
}

fn label(name: &str) -> String {
    if let Some((_, label)) = LABELS.iter().find(|(known, _)| *known == name) {
        return (*label).to_owned();
    }
    let spoken = plain::line(&name.replace('_', " "), 30);
    let mut chars = spoken.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn value_of(name: &str, value: &Value, now: UnixTime) -> String {
    let seconds = || (name.ends_with("_seconds") || name == "seconds_left").then(|| value.as_i64()).flatten();
    let time = || value.as_str().filter(|text| text.len() <= 40).and_then(UnixTime::parse_rfc3339);
    match seconds() {
        Some(seconds @ 0..) => return words::span(seconds),
        Some(seconds) => return format!("none, for {}", words::span(seconds)),
        None => {}
    }
    if let Some(time) = time() {
        return words::moment(now, time);
    }
    plain::line(&shown(value, 0), LONGEST)
}

fn shown(value: &Value, depth: usize) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => plain::line(text, LONGEST),
        _ if depth == DEEPEST => "…".to_owned(),
        Value::Array(all) => list(all.iter().map(|value| shown(value, depth + 1)), all.len()),
        Value::Object(map) => object(map, depth + 1),
    }
}

fn object(map: &Map<String, Value>, depth: usize) -> String {
    let pairs = map.iter().map(|(key, value)| format!("{}={}", plain::line(key, 60), shown(value, depth)));
    list(pairs, map.len())
}

fn list(all: impl Iterator<Item = String>, length: usize) -> String {
    let shown: Vec<_> = all.take(LONGEST_LIST).collect();
    match length.saturating_sub(LONGEST_LIST) {
        0 if shown.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What nobody needs to begin with the mend.
const DETAILS: &[&str] = &[
    "lifetime_seconds",
    "limiting",
    "limiting_path",
    "limiting_sha256",
    "missing_sha256",
    "not_before",
    "remaining_seconds",
    "seconds_left",
    "serial",
    "sha256",
    "subject",
    "threshold_seconds",
];

/// Names that do not read well, or say too little, as they are.
const LABELS: &[(&str, &str)] = &[
    ("addresses", "Seen at"),
    ("addresses_working", "Fine at"),
    ("alert", "TLS alert"),
    ("basis", "Rests on"),
    ("cname", "CNAME"),
    ("cnames", "CNAME chain"),
    ("dns_names", "Certificate is for"),
    ("effective_expiry", "Good until"),
    ("flapping", "Times it came"),
    ("lifetime_seconds", "Lifetime"),
    ("issuer_urls", "To be had at"),
    ("limiting", "First to run out"),
    ("limiting_path", "On the path"),
    ("limiting_sha256", "Its SHA-256"),
    ("missing_sha256", "Its SHA-256"),
    ("not_after", "Valid until"),
    ("not_before", "Valid from"),
    ("not_told", "Could not be told"),
    ("remaining_seconds", "Left"),
    ("seconds_left", "Left"),
    ("sha256", "SHA-256"),
    ("status", "HTTP status"),
    ("threshold_seconds", "Threshold"),
    ("txt", "TXT record"),
    ("txt_name", "TXT record at"),
    ("url", "URL"),
    ("verification_started", "Verification began"),
    ("window_basis", "Length of the window"),
    ("window_ends", "Window ends"),
    ("window_ends_at", "Window ends"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: UnixTime = UnixTime(1_767_225_600);

    fn shown_rows(facts: Value) -> Vec<(String, String)> {
        let all = sorted(facts.as_object().unwrap(), "", NOW);
        all.evidence.into_iter().chain(all.details).map(|row| (row.label, row.value)).collect()
    }

    fn pair(label: &str, value: &str) -> (String, String) {
        (label.to_owned(), value.to_owned())
    }

    #[test]
    fn values_read_as_people_write_them() {
        let facts = json!({
            "not_after": "2026-01-03T04:00:00Z", "remaining_seconds": 187_200, "addresses": ["192.0.2.1:443", "[2001:db8::1]:443"],
            "is_ca": false, "seconds_left": -10_800, "serial_hex": "0a", "nothing": null, "nested": {"a": [1, {"b": [[2]]}]},
        });
        assert_eq!(
            shown_rows(facts),
            [
                pair("Seen at", "192.0.2.1:443, [2001:db8::1]:443"),
                pair("Is ca", "no"),
                pair("Nested", "a=1, b=…"),
                pair("Valid until", "2026-01-03T04:00:00Z (in 2 d 4 h)"),
                pair("Nothing", "none"),
                pair("Serial hex", "0a"),
                pair("Left", "2 d 4 h"),
                pair("Left", "none, for 3 h"),
            ]
        );
    }

    #[test]
    fn facts_are_bounded() {
        let many: Map<_, _> =
            (0..1000).map(|n| (format!("fact_{n}"), json!(n.to_string() + &"x".repeat(100_000)))).collect();
        let shown = sorted(&many, "", NOW);
        assert_eq!((shown.evidence.len(), shown.details.len(), shown.more), (6, 14, 980));
        assert!(shown.evidence.iter().all(|row| row.value.chars().count() == 200 && row.label.chars().count() <= 30));
        let said = sorted(json!({"detail": "no answer", "status": 502}).as_object().unwrap(), "it gave no answer", NOW);
        assert_eq!((said.evidence.len(), said.details[0].label.as_str()), (1, "Detail"));
        let list = json!({"names": (0..100).collect::<Vec<_>>()});
        assert_eq!(shown_rows(list), [pair("Names", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 90 more")]);
    }
}
