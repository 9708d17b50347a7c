//! Silences as a terminal shows them: three lines each.

use std::fmt::Write as _;

use serde_json::Value;

use crate::cli::text::{BOLD, DIM, GREEN, YELLOW, printable, styled, wrapped};
use crate::domain::{Span, UnixTime};

/// All of them, those that hold first.
pub(super) fn list(silences: &[Value], now: UnixTime) -> String {
    if silences.is_empty() {
        return "no silences\n".to_owned();
    }
    silences.iter().map(|silence| entry(silence, now)).collect::<Vec<_>>().join("\n")
}

/// One that was just made.
pub(super) fn made(silence: &Value, now: UnixTime) -> String {
    let domains = silence["matching_domains"].as_u64().unwrap_or(0);
    let mut text = entry(silence, now);
    let about = match domains {
        0 => "It is about none of the watched domains.".to_owned(),
        1 => "It is about 1 of the watched domains.".to_owned(),
        many => format!("It is about {many} of the watched domains."),
    };
    let _ = writeln!(text, "{about} End it with: notafter silence end {}", word(silence, "id"));
    text
}

/// One that was just ended.
pub(super) fn ended(silence: &Value) -> String {
    format!("ended {}: {}\n", styled(word(silence, "id"), BOLD), matcher(silence))
}

fn entry(silence: &Value, now: UnixTime) -> String {
    let state = word(silence, "state");
    let style = match state.as_str() {
        "active" => YELLOW,
        "pending" => GREEN,
        _ => DIM,
    };
    let head = format!("{}  {}  {}", styled(word(silence, "id"), BOLD), styled(&state, style), times(silence, now));
    let lines = [matcher(silence), reason(silence), use_of(silence, now)];
    let lines = lines.iter().filter(|line| !line.is_empty()).map(|line| wrapped(line, "  ", "  ") + "\n");
    format!("{head}\n{}", lines.collect::<String>())
}

fn times(silence: &Value, now: UnixTime) -> String {
    let (from, until) = (time(silence, "from"), time(silence, "until"));
    let (Some(from), Some(until)) = (from, until) else { return String::new() };
    match word(silence, "state").as_str() {
        "pending" => format!("begins in {}, {from} to {until}", Span(now.until(from))),
        "ended" => format!("ended {} ago, {until}", Span(until.until(now))),
        _ if silence["certificates"].is_object() => format!("until the certificate changes, {until} at the latest"),
        _ => format!("ends in {}, {until}", Span(now.until(until))),
    }
}

fn matcher(silence: &Value) -> String {
    let all = |key: &str| {
        let items = silence[key].as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let values = |value: &Value| {
        let values = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        values.collect::<Vec<_>>().join("|")
    };
    let labels = silence["labels"].as_object().into_iter().flatten();
    let labels = labels.map(|(name, value)| format!("{name}={}", values(value)));
    let severity = silence["max_severity"].as_str().map(|most| format!("at most {most}"));
    let about = [all("domains"), labels.collect(), all("codes"), severity.into_iter().collect()].concat();
    printable(&about.join(", "))
}

fn reason(silence: &Value) -> String {
    let comment = word(silence, "comment");
    match (silence["author"].as_str(), silence["recurs"].as_str()) {
        (Some(author), _) => format!("{comment} ({})", printable(author)),
        (None, Some(recurs)) => format!("{comment} (from the configuration: {})", printable(recurs)),
        (None, None) if silence["origin"] == "config" => format!("{comment} (from the configuration)"),
        (None, None) => comment,
    }
}

fn use_of(silence: &Value, now: UnixTime) -> String {
    match (silence["incidents"].as_u64().unwrap_or(0), time(silence, "last_matched_at")) {
        (1, _) => "silences 1 incident".to_owned(),
        (0, Some(at)) => format!("last of use {} ago", Span(at.until(now))),
        (0, None) if word(silence, "state") == "pending" => String::new(),
        (0, None) => "of no use so far: no incident has matched".to_owned(),
        (many, _) => format!("silences {many} incidents"),
    }
}

fn word(silence: &Value, key: &str) -> String {
    printable(silence[key].as_str().unwrap_or_default())
}

fn time(silence: &Value, key: &str) -> Option<UnixTime> {
    UnixTime::parse_rfc3339(silence[key].as_str()?)
}
