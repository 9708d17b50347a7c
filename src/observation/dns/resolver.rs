//! [`ResolverObservation`]: how one resolver fared in a look. [`Oddity`]: what it did that it should not, though it may
//! have answered in the end. [`Disagreement`]: what several resolvers say differently though they should not.

use std::sync::Arc;

use serde::Serialize;

use super::Outcome;
use crate::domain::DomainName;

/// How one resolver fared in one look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResolverObservation {
    /// The resolver as it is configured: `system`, `192.0.2.53:53`, `tls://…`, `https://…`.
    pub resolver: Arc<str>,
    /// Why none of its answers could be used; `None` if one could.
    pub failure: Option<ResolverFailure>,
    /// Whether it was left alone because it has not answered for a while; the failure is that of the last who asked.
    pub resting: bool,
    /// Whether it answered for another zone; asked only where it failed for this one.
    pub answers_others: Option<bool>,
    /// What was odd about its answers; at most sixteen.
    pub oddities: Vec<Oddity>,
    /// What it added to explain its answers (RFC 8914); at most eight.
    pub extended_errors: Vec<ExtendedError>,
}

impl ResolverObservation {
    /// Whether it is the resolver that fails, as opposed to what it was asked for: it gave no usable answer, nor one
    /// for another zone.
    pub fn is_down(&self) -> bool {
        self.failure.is_some() && self.answers_others != Some(true)
    }

    /// `192.0.2.53:53: SERVFAIL (DNSSEC Bogus: signature expired)`
    pub fn told(&self) -> String {
        let Some(failure) = &self.failure else { return format!("{}: answers", self.resolver) };
        let mut text = format!("{}: {}", self.resolver, failure.outcome.title());
        let why = self.extended_errors.first().map(ExtendedError::told).or_else(|| failure.detail.clone());
        if let Some(why) = why {
            text.push_str(&format!(" ({why})"));
        }
        text
    }
}

/// Why a resolver's answers could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResolverFailure {
    /// What it came to.
    pub outcome: Outcome,
    /// What the system, the TLS library or the other side said.
    pub detail: Option<String>,
}

/// Something a resolver did that it should not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Oddity {
    /// What.
    pub kind: OddityKind,
    /// On which question: `TXT _cf-custom-hostname.login.example.com`.
    pub question: String,
    /// How often.
    pub count: u32,
}

/// What a resolver, or somebody in its place, can do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OddityKind {
    /// The answer did not fit into a datagram and came over TCP: as it should be, but slower.
    Truncated,
    /// It does not answer questions with EDNS (RFC 6891), only those without.
    EdnsUnanswered,
    /// It answers questions with EDNS with an error, those without properly.
    EdnsRefused,
    /// Answers with another id than the question's were ignored.
    WrongId,
    /// Answers from another address or port than was asked were ignored.
    WrongSource,
    /// Answers to another question were ignored.
    WrongQuestion,
    /// The question came back with its letters in other case.
    ChangedCase,
    /// "There is nothing" without the SOA record that says how long that holds (RFC 2308 §3).
    NoSoa,
    /// NXDOMAIN for a name below which there are records: it is empty, and exists (RFC 8020).
    NxdomainAboveRecords,
}

impl OddityKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Truncated,
        Self::EdnsUnanswered,
        Self::EdnsRefused,
        Self::WrongId,
        Self::WrongSource,
        Self::WrongQuestion,
        Self::ChangedCase,
        Self::NoSoa,
        Self::NxdomainAboveRecords,
    ];
}

/// What a name server said of its own answer (RFC 8914).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExtendedError {
    /// On which question.
    pub question: String,
    /// The code.
    pub code: u16,
    /// What the code means, by IANA's registry; `null` for one that it does not have.
    pub title: Option<&'static str>,
    /// Its own words, bounded; empty if it has none.
    pub text: String,
}

impl ExtendedError {
    /// `DNSSEC Bogus: signature expired`
    pub fn told(&self) -> String {
        let title = self.title.map_or_else(|| format!("extended error {}", self.code), str::to_owned);
        if self.text.is_empty() { title } else { format!("{title}: {}", self.text) }
    }
}

/// Something that resolvers say differently though they should not. Different addresses are none: a CDN gives each
/// resolver those near it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// What it is about.
    pub topic: Topic,
    /// The name that was asked for.
    pub name: DomainName,
    /// What they say, each thing once; the first is what is believed.
    pub answers: Vec<Said>,
}

impl Disagreement {
    /// For how many seconds from now it may be explained by what resolvers still remember.
    pub fn explained_for(&self) -> u32 {
        self.answers.iter().filter_map(|said| said.ttl).max().unwrap_or(0)
    }
}

/// On what resolvers must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Whether the domain is there and has an address at all, and where its own CNAME leads.
    Address,
    /// The ownership TXT record.
    Txt,
    /// The CAA records.
    Caa,
}

impl Topic {
    /// As an operator would say it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Address => "the address",
            Self::Txt => "the TXT record",
            Self::Caa => "the CAA records",
        }
    }
}

/// One of the things that resolvers say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// In words.
    pub answer: String,
    /// Who says so.
    pub resolvers: Vec<Arc<str>>,
    /// For how long they may, in seconds, at most; `null` if that is not known.
    pub ttl: Option<u32>,
}
