//! [`Way`]: the hops of a login, as a line and in a sentence.

use serde::Serialize;

use super::super::plain;
use crate::incident::PathFact;

/// So wide may the line of the hops be in a text: seven of them fit.
const WIDTH: usize = 78;

/// The hops of a login; nothing of it where none was looked at.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// Each hop.
    pub(super) hops: Vec<HopView>,
    /// The hops on one line or two: `resolver ok > dns ok > tls BROKEN`.
    pub(super) strip: Option<String>,
    /// Where it breaks, or that it does not.
    pub(super) words: Option<String>,
}

/// One hop.
#[derive(Debug, Serialize)]
pub(super) struct HopView {
    hop: String,
    status: &'static str,
    /// The status for people: `ok`, `BROKEN`, `?`, `-`.
    word: &'static str,
}

impl Way {
    /// The way as it was seen. What the summary says already of the broken hop is not said again.
    pub(super) fn of(path: &[PathFact], summary: &str) -> Self {
        if path.iter().all(|fact| fact.status == "not_looked") {
            return Self::default();
        }
        let hops: Vec<HopView> = path.iter().take(20).map(HopView::of).collect();
        Self { strip: Some(strip(&hops)), words: words(path, summary), hops }
    }
}

impl HopView {
    fn of(fact: &PathFact) -> Self {
        let (status, word) = match fact.status.as_str() {
            "ok" => ("ok", "ok"),
            "broken" => ("broken", "BROKEN"),
            "not_looked" => ("not_looked", "-"),
            _ => ("unknown", "?"),
        };
        Self { hop: plain::line(&fact.hop, 20), status, word }
    }
}

/// The name of the broken hop.
pub(super) fn broken(path: &[PathFact]) -> Option<String> {
    path.iter().find(|fact| fact.status == "broken").map(|fact| plain::line(&fact.hop, 20))
}

fn words(path: &[PathFact], summary: &str) -> Option<String> {
    let Some(at) = path.iter().position(|fact| fact.status == "broken") else {
        let all_ok = path.iter().all(|fact| fact.status == "ok");
        return all_ok.then(|| "When this was seen, logins got through.".to_owned());
    };
    let (fact, behind) = (path.get(at)?, path.get(at + 1..).unwrap_or_default());
    let hop = plain::line(&fact.hop, 20);
    let mut words = match plain::line(&fact.detail, 300) {
        detail if detail.is_empty() || summary.contains(&detail) => format!("A login breaks at {hop}."),
        detail => format!("A login breaks at {hop}: {detail}."),
    };
    if !behind.is_empty() && behind.iter().all(|fact| fact.status == "not_looked") {
        words += " What lies behind was not looked at.";
    }
    Some(words)
}

fn strip(hops: &[HopView]) -> String {
    let separator = |index| if index == 0 { "" } else { "> " };
    let words = hops.iter().enumerate().map(|(index, hop)| format!("{}{} {}", separator(index), hop.hop, hop.word));
    let words: Vec<_> = words.collect();
    let line = words.join(" ");
    if line.chars().count() <= WIDTH { line } else { plain::wrap_words(words.iter().map(String::as_str), "", "  ") }
}
