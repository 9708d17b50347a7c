//! [`Preflight`]: the questions one has before a certificate is deployed, each with its answer.

use std::fmt::Write;

use serde_json::{Value, json};

use super::key::PublicHalf;
use crate::cli::text::{DIM, GREEN, MAGENTA, level_style, styled, wrapped};
use crate::cli::verdict_text;
use crate::domain::Span;
use crate::observation::{CaaObservation, Code, Outcome, Presented};
use crate::verdict::{Finding, Level, Severity, Verdict};

/// What belongs to a chain, as far as it was given or could be asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) key: Option<&'a Result<PublicHalf, String>>,
    pub(super) caa: Option<&'a Result<CaaObservation, String>>,
}

/// The answers on one chain.
pub(super) struct Preflight {
    answers: Vec<Answer>,
    /// Findings that answer none of the questions.
    others: Vec<Finding>,
}

impl Preflight {
    pub(super) fn of(presented: &Presented, verdict: &Verdict, asked: Asked<'_>) -> Self {
        let answer = |question: Question| {
            let about = verdict.findings.iter().filter(|finding| question.codes().contains(&finding.code));
            let (bad, info): (Vec<_>, Vec<_>) = about.partition(|finding| finding.severity > Severity::Info);
            let (status, detail) = match (bad.first(), info.first()) {
                (Some(bad), _) => (Status::Bad, bad.summary.clone()),
                // Who may issue is not known then.
                (None, Some(info)) if info.code == Code::DnsCaaUnknownIssuer => {
                    (Status::NotAsked, info.summary.clone())
                }
                (None, Some(info)) => (Status::Ok, info.summary.clone()),
                (None, None) => question.unless_found(presented, verdict, asked),
            };
            Answer { question, status, detail, bad: bad.into_iter().cloned().collect() }
        };
        let is_other = |finding: &&Finding| Question::ALL.iter().all(|one| !one.codes().contains(&finding.code));
        Self {
            answers: Question::ALL.into_iter().map(answer).collect(),
            others: verdict.findings.iter().filter(is_other).cloned().collect(),
        }
    }

    /// Whether there is a question that could not be answered.
    pub(super) fn has_unknown(&self) -> bool {
        self.answers.iter().any(|answer| answer.status == Status::Unknown)
    }

    pub(super) fn json(&self) -> Value {
        let is_ready = self.answers.iter().all(|answer| matches!(answer.status, Status::Ok | Status::NotAsked));
        let questions: Vec<Value> = self.answers.iter().map(Answer::json).collect();
        json!({ "ready": is_ready && self.others.iter().all(|other| other.severity == Severity::Info), "questions": questions })
    }

    pub(super) fn text(&self) -> String {
        self.answers.iter().map(Answer::text).collect::<String>() + &verdict_text::findings(&self.others)
    }
}

struct Answer {
    question: Question,
    status: Status,
    detail: String,
    /// What makes it bad, worst first.
    bad: Vec<Finding>,
}

impl Answer {
    fn json(&self) -> Value {
        json!({
            "question": self.question.as_str(),
            "status": self.status.as_str(),
            "codes": self.bad.iter().map(|finding| finding.code).collect::<Vec<_>>(),
            "detail": self.detail,
            "mend": self.bad.first().map(|finding| finding.remedy()),
        })
    }

    /// A line, wrapped where it is long; a line more for each thing that is bad, and its mend.
    fn text(&self) -> String {
        let line = |word: &str, style, detail: &str| {
            let head = format!("  {} {:<10}", styled(format!("{word:<3}"), style), self.question.as_str());
            wrapped(detail, &head, &" ".repeat(16)) + "\n"
        };
        match self.status {
            Status::Ok => line("ok", GREEN, &self.detail),
            Status::Unknown => line("?", MAGENTA, &self.detail),
            Status::NotAsked => line("-", DIM, &self.detail),
            Status::Bad => self.bad.iter().fold(String::new(), |mut out, finding| {
                let style =
                    level_style(if finding.severity == Severity::Critical { Level::Critical } else { Level::Warning });
                let mend = wrapped(finding.remedy(), &format!("{:16}mend: ", ""), &" ".repeat(22));
                let _ = writeln!(out, "{}{mend}", line("BAD", style, &finding.summary));
                out
            }),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Ok,
    Bad,
    Unknown,
    NotAsked,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
            Self::NotAsked => "not_asked",
        }
    }
}

#[derive(Clone, Copy)]
enum Question {
    Name,
    Chain,
    Key,
    Trust,
    Lifetime,
    Strength,
    Caa,
}

impl Question {
    const ALL: [Self; 7] = [Self::Name, Self::Chain, Self::Key, Self::Trust, Self::Lifetime, Self::Strength, Self::Caa];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Chain => "chain",
            Self::Key => "key",
            Self::Trust => "trust",
            Self::Lifetime => "lifetime",
            Self::Strength => "strength",
            Self::Caa => "caa",
        }
    }

    /// The findings that answer it with no; one that is mere information with yes.
    const fn codes(self) -> &'static [Code] {
        match self {
            Self::Name => &[Code::TlsNameMismatch],
            Self::Chain => {
                &[Code::TlsChainIncomplete, Code::TlsChainMisordered, Code::TlsChainStale, Code::TlsChainSurplus]
            }
            Self::Key => &[Code::TlsKeyMismatch],
            Self::Trust => &[
                Code::TlsUntrusted,
                Code::TlsSelfSigned,
                Code::TlsRootDistrusted,
                Code::TlsRootExpires,
                Code::TlsSctMissing,
                Code::TlsSctInvalid,
            ],
            Self::Lifetime => &[Code::TlsExpired, Code::TlsExpiresSoon, Code::TlsNotYetValid, Code::TlsLifetimeTooLong],
            Self::Strength => &[Code::TlsWeakKey, Code::TlsWeakSignature],
            Self::Caa => &[Code::DnsCaaForbidsIssuer, Code::DnsCaaUnknownIssuer],
        }
    }

    /// The answer where nothing was found.
    fn unless_found(self, presented: &Presented, verdict: &Verdict, asked: Asked<'_>) -> (Status, String) {
        let Some(leaf) = presented.leaf() else {
            return (Status::Unknown, "the certificate cannot be read".to_owned());
        };
        let root = presented.paths.first().and_then(|path| path.steps.last());
        let ok = |detail: String| (Status::Ok, detail);
        match (self, root) {
            (Self::Name, _) if presented.name_matches.is_none() => (Status::Unknown, "cannot be judged".to_owned()),
            (Self::Name, _) => ok(format!("is for {}", verdict.domain)),
            (Self::Key, _) => match asked.key {
                None => (Status::NotAsked, "no private key was given (--key)".to_owned()),
                Some(Err(reason)) => (Status::Unknown, reason.clone()),
                Some(Ok(_)) => ok("the private key is the certificate's".to_owned()),
            },
            (Self::Chain, _) if !presented.unreadable.is_empty() => {
                (Status::Unknown, format!("{} of its certificates cannot be read", presented.unreadable.len()))
            }
            (Self::Chain | Self::Trust, None) => (Status::Unknown, "no path leads to a trusted root".to_owned()),
            (Self::Chain, Some(_)) => ok("complete and in order".to_owned()),
            (Self::Trust, Some(root)) => ok(format!("leads to {}", root.certificate.title())),
            (Self::Lifetime, _) => {
                let until = verdict.effective_expiry.unwrap_or(leaf.not_after);
                ok(format!("until {until}, {} left", Span(verdict.at.until(until))))
            }
            (Self::Caa, _) => permitted(presented, asked.caa),
            (Self::Strength, _) => ok(format!("{}, signed with {}", leaf.key.title(), leaf.signature_algorithm)),
        }
    }
}

/// What the CAA records say where they forbid nothing. They matter at the next renewal, so that nobody need be held up
/// where they cannot be asked for.
fn permitted(presented: &Presented, caa: Option<&Result<CaaObservation, String>>) -> (Status, String) {
    let not_asked = |why: &str| (Status::NotAsked, why.to_owned());
    let Some(leaf) = presented.leaf().filter(|_| !presented.self_signed) else {
        return not_asked("no CA has issued it");
    };
    match caa {
        None => not_asked("the CAA records were not asked for"),
        Some(Err(why)) => not_asked(why),
        Some(Ok(caa)) => match [&caa.own, &caa.wildcard].into_iter().find(|set| set.outcome.is_failure()) {
            Some(failed) => not_asked(&format!("the CAA records could not be asked for: {}", failed.outcome.title())),
            None if caa.own.outcome != Outcome::Found => {
                (Status::Ok, "no CAA records: every CA may issue the next one".to_owned())
            }
            None => (Status::Ok, format!("the CAA records let {} issue the next one", leaf.issuer_title())),
        },
    }
}
