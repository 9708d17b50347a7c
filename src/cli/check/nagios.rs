//! The output of a monitoring plugin: a status line, performance data, then a line a domain that is not healthy.

use std::fmt::Write;

use super::Seen;
use super::plan::Plan;
use crate::cli::text::printable;
use crate::verdict::Level;

pub(super) fn report(all: &[Seen], plan: &Plan) -> String {
    let worst = all.iter().map(|seen| seen.verdict.level).max().unwrap_or(Level::Unknown);
    let ill: Vec<&Seen> = all.iter().filter(|seen| seen.verdict.level != Level::Healthy).collect();
    let headline = match ill[..] {
        [] if all.len() == 1 => format!("{} is healthy", all[0].verdict.domain),
        [] => format!("all {} domains are healthy", all.len()),
        [one] => about(one),
        _ => format!("{} of {} domains are not healthy", ill.len(), all.len()),
    };
    let mut out = format!("NOTAFTER {} - {headline}{}\n", status(worst), performance(all, plan));
    if ill.len() > 1 {
        for seen in ill {
            let _ = writeln!(out, "{}: {}", status(seen.verdict.level), about(seen));
        }
    }
    out
}

/// The words the plugins' guidelines have for their exit codes.
const fn status(level: Level) -> &'static str {
    match level {
        Level::Healthy => "OK",
        Level::Warning => "WARNING",
        Level::Critical => "CRITICAL",
        Level::Unknown => "UNKNOWN",
    }
}

/// One line about one domain. A pipe would begin the performance data.
fn about(seen: &Seen) -> String {
    let verdict = &seen.verdict;
    let what = match &verdict.findings[..] {
        [] => "nothing could be seen".to_owned(),
        [only] => only.summary.clone(),
        [worst, rest @ ..] => format!("{} (and {} more)", worst.summary, rest.len()),
    };
    printable(&format!("{}: {what}", verdict.domain)).replace('|', "/")
}

/// Seconds left until the effective expiry, with the thresholds by which it was judged; nothing, not even the bar
/// before it, where no certificate was seen.
fn performance(all: &[Seen], plan: &Plan) -> String {
    let datum = |(index, seen): (usize, &Seen)| {
        let left = seen.at.until(seen.verdict.effective_expiry?);
        let lifetime = lifetime(seen)?;
        let thresholds = &plan.watches[index].watch.domain.thresholds;
        let (warn, critical) = (thresholds.warn_before.seconds(lifetime), thresholds.critical_before.seconds(lifetime));
        Some(format!("'{}'={left}s;{warn}:;{critical}:", seen.verdict.domain))
    };
    let data: Vec<String> = all.iter().enumerate().filter_map(datum).collect();
    if data.is_empty() { String::new() } else { format!(" | {}", data.join(" ")) }
}

/// The lifetime of the leaf whose effective expiry is the domain's.
fn lifetime(seen: &Seen) -> Option<i64> {
    let first = seen.look.tls.iter().filter_map(|tls| tls.presented.as_deref());
    let limiting = first.min_by_key(|presented| presented.effective_expiry())?;
    limiting.leaf().map(|leaf| leaf.lifetime())
}
