//! [`Finding`]: one thing wrong with a domain, or about to be.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::catalogue::{self, Entry};
use crate::observation::Code;
use crate::observation::certificate::Certificate;

/// One thing wrong, with its stable code and its facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What kind of thing, by its stable name.
    pub code: Code,
    /// How bad it is, here and now.
    pub severity: Severity,
    /// One sentence for people: what, where, how long.
    pub summary: String,
    /// The addresses it was seen at; empty where it concerns none in particular.
    pub addresses: BTreeSet<SocketAddr>,
    /// The facts it rests on, by name.
    pub facts: Map<String, Value>,
    /// How to mend it here, where more can be said than the catalogue says of every case.
    pub mend: Option<String>,
}

impl Finding {
    /// A finding at its code's default severity, without facts yet.
    pub fn new(code: Code, summary: impl Into<String>) -> Self {
        Self {
            code,
            severity: catalogue::entry(code).severity,
            summary: summary.into(),
            addresses: BTreeSet::new(),
            facts: Map::new(),
            mend: None,
        }
    }

    /// With a mend for this very case.
    #[must_use]
    pub(super) fn mended_by(self, mend: Option<String>) -> Self {
        Self { mend, ..self }
    }

    /// With one more fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// With one more fact, if it is known.
    #[must_use]
    pub(super) fn fact_if(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.fact(name, value),
            None => self,
        }
    }

    /// With another severity than the default.
    #[must_use]
    pub const fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Seen at these addresses.
    #[must_use]
    pub fn at(mut self, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.addresses.extend(addresses);
        self
    }

    /// With the facts by which an operator recognises the certificate it is about.
    #[must_use]
    pub(super) fn about(self, certificate: &Certificate) -> Self {
        self.fact("sha256", certificate.sha256.to_string())
            .fact("serial", certificate.serial.as_str())
            .fact("subject", certificate.subject.as_str())
            .fact("issuer", certificate.issuer.as_str())
    }

    /// What the catalogue says of its code.
    pub fn entry(&self) -> &'static Entry {
        catalogue::entry(self.code)
    }

    /// How to mend it, in short.
    pub fn remedy(&self) -> &str {
        self.mend.as_deref().unwrap_or_else(|| self.entry().remedy)
    }

    /// The facts as they are shown: with the addresses among them.
    pub fn all_facts(&self) -> Map<String, Value> {
        let mut facts = self.facts.clone();
        if !self.addresses.is_empty() {
            let addresses = self.addresses.iter().map(|address| Value::from(address.to_string()));
            facts.insert("addresses".to_owned(), addresses.collect());
        }
        facts
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Finding", 5)?;
        out.serialize_field("code", &self.code)?;
        out.serialize_field("severity", &self.severity)?;
        out.serialize_field("summary", &self.summary)?;
        out.serialize_field("remedy", self.remedy())?;
        out.serialize_field("facts", &self.all_facts())?;
        out.end()
    }
}

/// How bad a finding is. Ordered: info < warning < critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; never changes a verdict.
    Info,
    /// To be mended in working hours.
    Warning,
    /// To be mended now.
    Critical,
}

impl Severity {
    /// Every severity, mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The word for it, in JSON, labels, state and mails.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text)
    }
}
