//! A verdict for people: the path at a glance, then the chain, then what is wrong and how to mend it.

use std::fmt::Write;

use serde_json::Value;

use super::text::{
    BOLD, DIM, RED, WIDTH, YELLOW, cut, hop_style, level_style, printable, severity_style, styled, wrapped,
};
use crate::domain::{DomainName, Span, UnixTime};
use crate::observation::certificate::Certificate;
use crate::observation::{
    Auth0Observation, Clause, ContractObservation, OtherChain, Presented, TlsObservation, ViewObservation,
};
use crate::verdict::{Finding, HopStatus, Path, Verdict};

/// Addresses whose chains are shown each; with more, equal ones are told by number.
const MAX_ADDRESSES: usize = 8;

/// The first line: the name, and what it all comes to.
pub(super) fn headline(verdict: &Verdict) -> String {
    let name = both_ways(&verdict.domain);
    let level = verdict.level.as_str().to_uppercase();
    let gap = " ".repeat(WIDTH.saturating_sub(name.chars().count() + level.len()).max(2));
    format!("{}{gap}{}\n", styled(name, BOLD), styled(level, level_style(verdict.level)))
}

/// `xn--4ca.example (ä.example)`, or the one form where both are the same.
pub(super) fn both_ways(name: &DomainName) -> String {
    let unicode = name.to_unicode();
    if unicode == name.as_str() { unicode } else { format!("{name} ({unicode})") }
}

/// The seven hops on one line; the words are short so that it fits with three of them broken.
pub(super) fn path_strip(path: &Path) -> String {
    let word = |status| match status {
        HopStatus::Ok => "ok",
        HopStatus::Broken => "BAD",
        HopStatus::Unknown => "?",
        HopStatus::NotLooked => "-",
    };
    let hops: Vec<String> = path
        .steps()
        .iter()
        .map(|step| format!("{} {}", step.hop.as_str(), styled(word(step.status), hop_style(step.status))))
        .collect();
    format!("  {}\n", hops.join(" > "))
}

/// One line an address, and under it the chain it presented; equal chains once.
pub(super) fn addresses(observations: &[TlsObservation], now: UnixTime) -> String {
    let mut out = String::new();
    let mut shown: Vec<&Presented> = Vec::new();
    for tls in observations.iter().take(MAX_ADDRESSES) {
        let _ = writeln!(out, "  {}", printable(&connection(tls)));
        let other = tls.other_chain.as_ref().and_then(OtherChain::presented).map(AsRef::as_ref);
        for (head, presented) in [(None, tls.presented.as_deref()), (Some("to other clients:"), other)] {
            let Some(presented) = presented else { continue };
            if shown.contains(&presented) {
                let _ = writeln!(out, "    {}", styled("the same chain as above", DIM));
                continue;
            }
            if let Some(head) = head {
                let _ = writeln!(out, "    {}", styled(head, DIM));
            }
            out += &chain(presented, now);
            shown.push(presented);
        }
    }
    if observations.len() > MAX_ADDRESSES {
        let _ = writeln!(out, "  and {} more addresses", observations.len() - MAX_ADDRESSES);
    }
    out
}

/// What was seen past the proxy: a line for each address of the two views.
pub(super) fn past_proxy<'a>(views: impl Iterator<Item = &'a ViewObservation>) -> String {
    views.map(view).collect()
}

fn view(view: &ViewObservation) -> String {
    let mut lines: Vec<String> =
        view.auth0.iter().map(|answer| format!("{}  {}", answer.address, spoken(answer))).collect();
    lines.extend(view.failure.iter().map(|failure| failure.detail.clone()));
    let failed = view.tls.iter().filter_map(|tls| Some(format!("{}  {}", tls.address, tls.failure.as_ref()?.detail)));
    lines.extend(failed);
    lines.extend(view.distrusted.iter().map(|other| format!("{}  not asked: {}", other.address, other.failure.detail)));
    lines.extend(view.not_looked.iter().map(|other| format!("{}  not looked at: {}", other.address, other.reason)));
    let head = format!("  past the proxy, {} {}:\n", view.view.as_str(), printable(view.host.as_str()));
    head + &lines.iter().map(|line| format!("    {}\n", cut(&printable(line), WIDTH - 4))).collect::<String>()
}

/// Which clauses of the proxy's part of the bargain were tried, and which are kept; what is broken has its finding.
pub(super) fn bargain(trial: &ContractObservation, findings: &[Finding]) -> String {
    let is_broken = |clause: Clause| {
        findings.iter().any(|finding| finding.facts.get("clause").and_then(Value::as_str) == Some(clause.as_str()))
    };
    let (broken, kept): (Vec<Clause>, Vec<Clause>) =
        trial.tried.iter().map(|tried| tried.clause).partition(|clause| is_broken(*clause));
    let named = |clauses: &[Clause]| clauses.iter().map(|clause| clause.as_str()).collect::<Vec<_>>().join(", ");
    let said = match (kept.as_slice(), broken.as_slice()) {
        ([], []) => "no clause could be tried: an ordinary request does not get through".to_owned(),
        (kept, []) => format!("all kept ({})", named(kept)),
        ([], broken) => format!("not kept: {}", named(broken)),
        (kept, broken) => format!("not kept: {}; kept: {}", named(broken), named(kept)),
    };
    wrapped(&format!("the proxy's part of the bargain, at {}: {said}", trial.address), "  ", "    ") + "\n"
}

fn spoken(answer: &Auth0Observation) -> String {
    let key = match answer.key_sent {
        Some(true) => " with the key",
        Some(false) => " without a key",
        None => "",
    };
    match (&answer.failure, answer.status) {
        (Some(failure), _) => failure.detail.clone(),
        (None, status) => {
            let issuer = answer.issuer.as_deref().map(|issuer| format!(", issuer {issuer}")).unwrap_or_default();
            format!("{}{key}{issuer}", status.unwrap_or_default())
        }
    }
}

fn connection(tls: &TlsObservation) -> String {
    let facts = [&tls.version, &tls.cipher_suite, &tls.group, &tls.alpn];
    let said: Vec<&str> = facts.into_iter().flatten().map(String::as_str).collect();
    match &tls.failure {
        Some(failure) => cut(&format!("{}  {}: {}", tls.address, failure.code, failure.detail), WIDTH - 2),
        None => cut(&format!("{}  {}", tls.address, said.join("  ")), WIDTH - 2),
    }
}

/// A line a certificate: who, what key, until when, how long that is.
pub(super) fn chain(presented: &Presented, now: UnixTime) -> String {
    let mut out = String::new();
    for (position, certificate) in presented.chain.iter().enumerate() {
        let who = cut(&printable(&certificate.title()), 29);
        let key = cut(&certificate.key.title(), 11);
        let day = certificate.not_after.to_string();
        let day = day.split('T').next().unwrap_or_default();
        let _ = writeln!(out, "    {position} {who:<29} {key:<11} to {day}  {}", left(certificate, now));
    }
    for (position, reason) in &presented.unreadable {
        let _ = writeln!(out, "    {position} {}", styled(cut(&printable(reason), WIDTH - 6), RED));
    }
    out
}

/// What the effective expiry hangs on, where it is not the leaf, and what is known of revocation.
pub(super) fn standing(verdict: &Verdict) -> String {
    let mut out = String::new();
    if let Some(limiting) = verdict.limiting.as_ref().filter(|limiting| limiting.is_above_leaf()) {
        let name = printable(&limiting.certificate.title());
        let path = printable(&limiting.titles().join(" < "));
        let until = format!("good until {}, when {name} runs out ({path})", limiting.certificate.not_after);
        let _ = writeln!(out, "{}", wrapped(&until, "    ", "      "));
    }
    if let Some(revocation) = &verdict.revocation {
        let text = format!("revocation: {} ({})", revocation.status.as_str(), printable(&revocation.why));
        let _ = writeln!(out, "{}", wrapped(&text, "    ", "      "));
    }
    out
}

/// How long a certificate is still good, or has not been.
pub(super) fn left(certificate: &Certificate, now: UnixTime) -> String {
    let left = now.until(certificate.not_after);
    if left < 0 {
        styled(format!("expired {}", Span(left)), RED)
    } else if certificate.not_before > now {
        styled(format!("from {} on", Span(now.until(certificate.not_before))), YELLOW)
    } else {
        format!("{} left", Span(left))
    }
}

/// What is wrong, worst first, each with its mend.
pub(super) fn findings(findings: &[Finding]) -> String {
    findings.iter().map(finding).collect()
}

fn finding(finding: &Finding) -> String {
    let severity = finding.severity.as_str();
    let head = format!("{} ({severity})", finding.code);
    let style = severity_style(finding.severity);
    let body = wrapped(&finding.summary, "    ", "    ");
    let mend = wrapped(finding.remedy(), "    mend: ", "          ");
    format!("  {}\n{body}\n{mend}\n", styled(head, style))
}
