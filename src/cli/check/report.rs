//! A look and its verdict, printed: for people, or as the JSON object that others depend on.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::Seen;
use crate::cli::verdict_text;
use crate::observation::{Auth0Observation, ViewObservation};
use crate::verdict::{Level, Verdict};

/// The object of `--format json`, with these observations.
pub(crate) fn verdict_json(verdict: &Verdict, observations: Value) -> Value {
    json!({
        "domain": verdict.domain,
        "domain_unicode": verdict.domain.to_unicode(),
        "at": verdict.at,
        "verdict": verdict.level,
        "findings": verdict.findings,
        "path": verdict.path,
        "broken_at": verdict.path.broken_at(),
        "effective_expiry": verdict.effective_expiry,
        "limiting": verdict.limiting,
        "presented_earliest": verdict.presented_earliest,
        "revocation": verdict.revocation,
        "observations": observations,
    })
}

pub(super) fn json(seen: &Seen) -> Value {
    let look = &seen.look;
    let past: Vec<&ViewObservation> = look.origin.as_deref().into_iter().chain(seen.tenant.as_deref()).collect();
    let answers: Vec<&Auth0Observation> = look.auth0.iter().chain(past.iter().flat_map(|view| &view.auth0)).collect();
    verdict_json(
        &seen.verdict,
        json!({
            "dns": look.dns,
            "tls": look.tls,
            "auth0": answers,
            "past_proxy": past,
            "client_certificate": look.client_certificate.as_deref(),
            "contract": look.contract,
            "no_route": look.no_route.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "not_looked": look.not_looked,
            "surplus_addresses": look.surplus_addresses,
        }),
    )
}

/// One block a domain; of many, a last line that counts them.
pub(super) fn text(all: &[Seen]) -> String {
    let mut out = all.iter().map(block).collect::<Vec<_>>().join("\n");
    if all.len() > 3 {
        let count = |level: Level| all.iter().filter(|seen| seen.verdict.level == level).count();
        let worst_first = Level::ALL.into_iter().rev().filter(|level| count(*level) > 0);
        let counts: Vec<String> = worst_first.map(|level| format!("{} {}", count(level), level.as_str())).collect();
        out += &format!("\n{} domains: {}\n", all.len(), counts.join(", "));
    }
    out
}

fn block(seen: &Seen) -> String {
    verdict_text::headline(&seen.verdict)
        + &verdict_text::path_strip(&seen.verdict.path)
        + &verdict_text::addresses(&seen.look.tls, seen.at)
        + &verdict_text::standing(&seen.verdict)
        + &not_looked_at(seen)
        + &verdict_text::past_proxy(seen.look.origin.as_deref().into_iter().chain(seen.tenant.as_deref()))
        + &bargain(seen)
        + &verdict_text::findings(&seen.verdict.findings)
}

fn bargain(seen: &Seen) -> String {
    let trial = seen.look.contract.as_deref();
    trial.map(|trial| verdict_text::bargain(trial, &seen.verdict.findings)).unwrap_or_default()
}

/// Addresses that this machine cannot look at, which is nobody's fault.
fn not_looked_at(seen: &Seen) -> String {
    let line = |address: &SocketAddr, reason: &str| format!("  {address}  not looked at: {reason}\n");
    let no_route = seen.look.no_route.iter().map(|address| line(address, "this machine has no route over IPv6"));
    let not_looked = seen.look.not_looked.iter().map(|other| line(&other.address, &other.reason));
    no_route.chain(not_looked).collect()
}

/// How far a command has come; shown on a terminal alone, and only where there is something to wait for.
pub(super) struct Progress {
    all: usize,
    done: AtomicUsize,
    shown: bool,
}

impl Progress {
    pub(super) fn new(all: usize) -> Self {
        Self { all, done: AtomicUsize::new(0), shown: all > 1 && std::io::stderr().is_terminal() }
    }

    pub(super) fn one_more(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.shown {
            let end = if done == self.all { "\r\u{1b}[K" } else { "" };
            let _ = write!(std::io::stderr().lock(), "\r{done} of {} looked at{end}", self.all);
        }
    }
}
