//! [`DistrustList`]: CAs that browsers are about to drop, or have dropped for what is issued from some day on, as the
//! operator lists them. A store has them still: browsers drop a CA by such rules long before its root leaves the list.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::domain::UnixTime;
use crate::observation::certificate::{Certificate, Sct, Sha256};
use crate::observation::{DistrustedCa, TrustPath};

/// The last second of a day, from its first.
const LAST_SECOND: i64 = 86_399;

/// Certificates of CAs that are not trusted any more, by their fingerprints, and for what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DistrustList {
    rules: BTreeMap<Sha256, Distrust>,
}

/// For which certificates a CA is not trusted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Distrust {
    /// For all.
    All,
    /// For those whose notBefore is later: Mozilla's "distrust after".
    IssuedAfter(UnixTime),
    /// For those whose every SCT is later: Chrome's "SCT not after".
    LoggedAfter(UnixTime),
}

/// Why a line of a list cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct DistrustError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl DistrustList {
    /// Reads a list: a line a certificate, its SHA-256 in hex, then nothing, `issued-after DATE` or `logged-after DATE`.
    /// What follows a `#` is a remark. A date's whole day is still trusted.
    pub fn parse(text: &str) -> Result<Self, DistrustError> {
        let mut list = Self::default();
        for (index, line) in text.lines().enumerate() {
            let words = line.split('#').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
            if let Some((sha256, distrust)) =
                rule(&words).map_err(|reason| DistrustError { line: index + 1, reason })?
            {
                list.rules.insert(sha256, distrust);
            }
        }
        Ok(list)
    }

    /// Which of the certificates of these paths are listed, and what that means for their leaf.
    pub(super) fn on(&self, paths: &[TrustPath]) -> Vec<DistrustedCa> {
        let mut found: Vec<DistrustedCa> = Vec::new();
        for path in paths.iter().filter(|_| !self.rules.is_empty()) {
            let Some(leaf) = path.steps.first() else { continue };
            for step in &path.steps {
                let is_new = found.iter().all(|other| other.certificate.sha256 != step.certificate.sha256);
                if let Some(rule) = self.rules.get(&step.certificate.sha256).filter(|_| is_new) {
                    found.push(rule.on(&step.certificate, &leaf.certificate));
                }
            }
        }
        found
    }
}

impl Distrust {
    fn on(self, listed: &Arc<Certificate>, leaf: &Certificate) -> DistrustedCa {
        let certificate = Arc::clone(listed);
        match self {
            Self::All => DistrustedCa { certificate, since: None, applies: true },
            Self::IssuedAfter(day) => DistrustedCa { certificate, since: Some(day), applies: leaf.not_before > day },
            Self::LoggedAfter(day) => {
                // Without an SCT in it nobody knows when it was logged, but not before it was made.
                let logged = leaf.scts.iter().map(Sct::at).min().unwrap_or(leaf.not_before);
                DistrustedCa { certificate, since: Some(day), applies: logged > day }
            }
        }
    }
}

fn rule(words: &[&str]) -> Result<Option<(Sha256, Distrust)>, &'static str> {
    let [fingerprint, rest @ ..] = words else { return Ok(None) };
    let sha256 = Sha256::parse(fingerprint).ok_or("a SHA-256 fingerprint has 64 hex digits")?;
    let distrust = match rest {
        [] => Distrust::All,
        ["issued-after", day] => Distrust::IssuedAfter(end_of(day)?),
        ["logged-after", day] => Distrust::LoggedAfter(end_of(day)?),
        _ => return Err("after the fingerprint may follow `issued-after` or `logged-after`, and a date"),
    };
    Ok(Some((sha256, distrust)))
}

fn end_of(day: &str) -> Result<UnixTime, &'static str> {
    let date: Date = day.parse().map_err(|_| "a date such as 2026-04-15 is needed")?;
    let first = UnixTime::parse_rfc3339(&format!("{date}T00:00:00Z"));
    first.map(|first| first.plus(LAST_SECOND)).ok_or("a date such as 2026-04-15 is needed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_rules_and_every_other_is_told_with_its_number() {
        let (a, b, c) = ("0a".repeat(32), "0B:".repeat(31) + "0B", "0c".repeat(32));
        let text = format!("# dropped\n{a}\n\n{b} issued-after 2026-04-15 # Mozilla\n  {c}  logged-after 2026-04-15\n");
        let list = DistrustList::parse(&text).unwrap();
        let day = UnixTime::parse_rfc3339("2026-04-15T23:59:59Z").unwrap();
        let rules: Vec<_> = list.rules.values().copied().collect();
        assert_eq!(rules, [Distrust::All, Distrust::IssuedAfter(day), Distrust::LoggedAfter(day)]);
        for (line, reason) in [
            ("0a0a", "64 hex digits"),
            (&"zz".repeat(32), "64 hex digits"),
            (&format!("{a} 2026-04-15"), "may follow"),
            (&format!("{a} issued-after"), "may follow"),
            (&format!("{a} issued-after soon"), "a date"),
            (&format!("{a} logged-after 2026-04-15 2026-04-16"), "may follow"),
        ] {
            let error = DistrustList::parse(&format!("# a list\n{line}\n")).unwrap_err();
            assert_eq!(error.line, 2, "{line}");
            assert!(error.reason.contains(reason), "{line}: {error}");
        }
    }
}
