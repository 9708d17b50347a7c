//! [`Matcher`]: what a silence is about. Of several conditions all must hold; of several values of one, any.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::DomainName;
use crate::observation::Code;
use crate::verdict::Severity;

/// What a silence is about. A condition that is empty always holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    /// The domain is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<DomainPattern>,
    /// Each of these labels of the domain has one of these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Vec<String>>,
    /// The finding's code is one of these: a code, or an area such as `tls.*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// It is no worse than this.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "severity")]
    pub max_severity: Option<Severity>,
}

impl Matcher {
    /// Whether it is about this domain at all.
    pub fn covers_domain<'a>(&self, domain: &DomainName, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        let one_of = |(name, values): (&String, &Vec<String>)| {
            label(name).is_some_and(|value| values.iter().any(|wanted| wanted == value))
        };
        (self.domains.is_empty() || self.domains.iter().any(|pattern| pattern.covers(domain)))
            && self.labels.iter().all(one_of)
    }

    /// Whether it is about a fault of this code, as bad as this.
    pub fn covers_fault(&self, code: &str, severity: Severity) -> bool {
        (self.codes.is_empty() || self.codes.iter().any(|pattern| is_code(pattern, code)))
            && self.max_severity.is_none_or(|most| severity <= most)
    }

    /// Whether it is about our own sight and nothing else.
    pub fn is_of_own_sight(&self) -> bool {
        !self.codes.is_empty() && self.codes.iter().all(|code| code.starts_with("watch."))
    }

    /// Whether it may be about our own sight, which belongs to no domain: only where it names codes and no domains.
    pub fn covers_own_sight(&self) -> bool {
        self.domains.is_empty() && self.labels.is_empty() && !self.codes.is_empty()
    }
}

impl fmt::Display for Matcher {
    /// As a table shows it: `login.example.com, team=identity, tls.*, at most warning`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domains = self.domains.iter().map(ToString::to_string);
        let labels = self.labels.iter().map(|(name, values)| format!("{name}={}", values.join("|")));
        let severity = self.max_severity.map(|most| format!("at most {}", most.as_str()));
        let all: Vec<String> = domains.chain(labels).chain(self.codes.iter().cloned()).chain(severity).collect();
        f.write_str(&all.join(", "))
    }
}

/// One that we do not know must not become none: the silence would hide more than was asked for.
fn severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Severity>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let read = |text: String| Severity::parse(&text).ok_or_else(|| serde::de::Error::custom("no severity we know"));
    text.map(read).transpose()
}

/// Whether a code falls under a pattern: itself, or its area.
pub(crate) fn is_code(pattern: &str, code: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(area) => code.starts_with(area),
        None => pattern == code,
    }
}

/// Whether this is a code we know, or an area with one: `tls.*`.
pub(super) fn is_known_code(pattern: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(area) => Code::ALL.iter().any(|code| code.area() == area),
        None => Code::parse(pattern).is_some(),
    }
}

/// A domain, or all that lie below one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomainPattern {
    /// Every domain.
    Any,
    /// This one.
    Name(DomainName),
    /// All below this one, at any depth, but not itself.
    Below(DomainName),
}

impl DomainPattern {
    /// Reads `login.example.com`, `*.example.com` or `*`; says why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name = |text| DomainName::parse(text).map_err(|reason| reason.to_string());
        match text.strip_prefix("*.") {
            _ if text == "*" => Ok(Self::Any),
            Some(zone) => name(zone).map(Self::Below),
            None => name(text).map(Self::Name),
        }
    }

    fn covers(&self, domain: &DomainName) -> bool {
        match self {
            Self::Any => true,
            Self::Name(name) => name == domain,
            Self::Below(zone) => {
                domain.as_str().strip_suffix(zone.as_str()).is_some_and(|below| below.len() > 1 && below.ends_with('.'))
            }
        }
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Name(name) => name.fmt(f),
            Self::Below(zone) => write!(f, "*.{zone}"),
        }
    }
}

impl Serialize for DomainPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DomainPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
