//! `notafter mail queue`: what receivers do not have, from the state alone, whether or not the daemon runs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Format;
use super::check::system_now;
use super::text::{RED, YELLOW, printable, styled};
use crate::domain::Span;
use crate::incident::outbox::{QueueStanding, Queued};
use crate::incident::{Notice, Refusal};

/// All of it as it is printed.
pub(super) fn shown(queue: &[Queued], format: Format) -> String {
    match format {
        Format::Json => queue.iter().map(|queued| format!("{}\n", object(queued))).collect(),
        Format::Text if queue.is_empty() => "nothing is owed\n".to_owned(),
        Format::Text => queue.iter().map(paragraph).collect::<Vec<_>>().join("\n"),
    }
}

fn paragraph(queued: &Queued) -> String {
    let age = Span(queued.since.until(system_now()).max(0));
    let tag = match queued.standing {
        QueueStanding::Dead => styled("dead", RED),
        QueueStanding::InPart => styled("refused in part", RED),
        QueueStanding::Owed => styled("owed", YELLOW),
        QueueStanding::Gathering => styled("gathering", YELLOW),
    };
    let id = queued.id.as_deref().map(|id| format!(", mail {}", printable(id))).unwrap_or_default();
    // Writing to a string cannot fail.
    let mut text = format!("{tag} {}, owed for {age}{id}\n", printable(&queued.receiver));
    if let Some(error) = &queued.error {
        let attempts = if queued.attempts == 1 { "attempt" } else { "attempts" };
        let _ = writeln!(text, "  {} failed {attempts}: {}", queued.attempts, printable(error));
    }
    for Refusal { recipient, error } in &queued.refused {
        let _ = writeln!(text, "  {} was refused: {}", printable(recipient), printable(error));
    }
    for notice in &queued.notices {
        let domain = if notice.domain.is_empty() { "notafter" } else { notice.domain.as_str() };
        let Notice { severity, code, reason, summary, .. } = notice;
        let words = format!("{severity} {domain} {code} {}: {summary}", reason.as_str());
        let _ = writeln!(text, "  - {}", printable(&words));
    }
    text
}

fn object(queued: &Queued) -> Value {
    let notice = |notice: &Notice| {
        json!({
            "id": notice.id, "domain": notice.domain, "view": notice.view, "code": notice.code,
            "severity": notice.severity, "reason": notice.reason, "at": notice.at, "opened_at": notice.opened_at,
            "title": notice.title, "summary": notice.summary, "remedy": notice.remedy, "facts": notice.facts,
        })
    };
    json!({
        "receiver": queued.receiver, "state": queued.standing.as_str(), "id": queued.id, "since": queued.since,
        "attempts": queued.attempts, "error": queued.error, "refused": queued.refused,
        "notices": queued.notices.iter().map(notice).collect::<Vec<_>>(),
    })
}
