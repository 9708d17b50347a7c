//! [`DomainName`]: the key of everything kept about a domain.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

/// What Auth0 puts before a custom domain for its host for mutual TLS.
const MTLS: &str = "mtls.";

/// A DNS name as it goes over the wire: A-labels, lower case, no trailing dot. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(Arc<str>);

impl DomainName {
    /// The name by which Auth0 calls the host for mutual TLS that belongs to a custom domain of this name; none where it
    /// would be too long, or this is one already.
    pub fn mtls_alias(&self) -> Option<Self> {
        let alias = Self::parse(&format!("{MTLS}{self}")).ok();
        alias.filter(|_| self.mtls_owner().is_none())
    }

    /// The custom domain to which a host of this name would belong, if that is a host for mutual TLS.
    pub fn mtls_owner(&self) -> Option<Self> {
        Self::parse(self.as_str().strip_prefix(MTLS)?).ok()
    }

    /// Reads a host name, with U-labels or A-labels, by the rules of RFC 1123 §2.1 and RFC 5891 §4.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Self::parse_with(text, Underscores::Refused)
    }

    /// As [`DomainName::parse`], but labels may hold underscores: names of records and CNAME targets do.
    pub fn parse_record(text: &str) -> Result<Self, NameError> {
        Self::parse_with(text, Underscores::Allowed)
    }

    fn parse_with(text: &str, underscores: Underscores) -> Result<Self, NameError> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if let Some(found) = name.chars().find(|c| c.is_whitespace() || c.is_control()) {
            return Err(NameError::Character { found });
        }
        let ascii = if name.is_ascii() {
            name.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii(name).map_err(|_| NameError::NotIdna(text.to_owned()))?
        };
        // Digits and dots of other scripts become those of ours.
        if is_address(&ascii) {
            return Err(NameError::IsAddress(text.to_owned()));
        }
        check_labels(&ascii, underscores)?;
        Ok(Self(ascii.into()))
    }

    /// The name in A-labels.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name one label up; `None` above the last.
    #[must_use]
    pub fn above(&self) -> Option<Self> {
        let (_, rest) = self.as_str().split_once('.')?;
        Self::parse_record(rest).ok()
    }

    /// This name and those above it, down to the last label.
    pub fn upward(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::above)
    }

    /// The name as a person reads it: in U-labels if they are valid and lead back to this very name.
    pub fn to_unicode(&self) -> String {
        match idna::domain_to_unicode(&self.0) {
            (unicode, Ok(())) if Self::parse_record(&unicode).as_ref() == Ok(self) => unicode,
            _ => self.0.to_string(),
        }
    }

    /// A name with one more label in front, e.g. `_cf-custom-hostname`. The label must be a valid one.
    pub(crate) fn prefixed(&self, label: &str) -> Self {
        Self(format!("{label}.{}", self.0).into())
    }

    /// The name without its first label; `None` where that leaves a top-level domain.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_once('.')?;
        parent.contains('.').then(|| Self(parent.into()))
    }

    /// This whole name below another; `None` if that is too long for a name.
    pub(crate) fn below(&self, zone: &Self) -> Option<Self> {
        Self::parse_record(&format!("{self}.{zone}")).ok()
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl FromStr for DomainName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl Serialize for DomainName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DomainName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_record(&text).map_err(serde::de::Error::custom)
    }
}

/// Why a text is no domain name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or a lone dot.
    #[error("the name is empty")]
    Empty,
    /// An IP address where a name must be.
    #[error("{0} is an IP address; a domain name is needed (put the address under `addresses`)")]
    IsAddress(String),
    /// A character no host name may hold.
    #[error("a domain name cannot contain {found:?}; letters, digits, hyphens and dots are allowed")]
    Character {
        /// The first such character.
        found: char,
    },
    /// Two dots in a row, or a leading one.
    #[error("a label is empty (two dots in a row, or a leading dot)")]
    EmptyLabel,
    /// RFC 1035 §2.3.4: at most 63 octets.
    #[error("the label {label:?} is {length} bytes long; 63 is the most")]
    LabelTooLong {
        /// The label, as it goes over the wire.
        label: String,
        /// Its length in octets.
        length: usize,
    },
    /// RFC 1035 §2.3.4: at most 253 characters without the trailing dot.
    #[error("the name is {length} bytes long; 253 is the most")]
    TooLong {
        /// Its length in octets.
        length: usize,
    },
    /// RFC 1123 §2.1: labels begin and end with a letter or digit.
    #[error("the label {0:?} begins or ends with a hyphen")]
    Hyphen(String),
    /// U-labels that IDNA refuses, or an A-label that decodes to none.
    #[error("{0:?} is not a valid internationalised name (IDNA)")]
    NotIdna(String),
}

#[derive(Clone, Copy, PartialEq)]
enum Underscores {
    Allowed,
    Refused,
}

/// Whether the text is an IP address, brackets or not, or could only be read as one (`127.1`): a name whose
/// last label is a number is taken for an IPv4 address by the URL standard and by many resolvers.
fn is_address(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let last = name.rsplit('.').next().unwrap_or_default();
    bare.parse::<IpAddr>().is_ok() || last.bytes().all(|b| b.is_ascii_digit()) && !last.is_empty()
}

fn check_labels(ascii: &str, underscores: Underscores) -> Result<(), NameError> {
    for label in ascii.split('.') {
        check_label(label, underscores)?;
    }
    if ascii.len() > 253 {
        return Err(NameError::TooLong { length: ascii.len() });
    }
    Ok(())
}

fn check_label(label: &str, underscores: Underscores) -> Result<(), NameError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' && underscores == Underscores::Allowed;
    if label.is_empty() {
        return Err(NameError::EmptyLabel);
    }
    if let Some(found) = label.chars().find(|&c| !allowed(c)) {
        return Err(NameError::Character { found });
    }
    if label.len() > 63 {
        return Err(NameError::LabelTooLong { label: label.to_owned(), length: label.len() });
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(NameError::Hyphen(label.to_owned()));
    }
    if label.starts_with("xn--") && idna::domain_to_unicode(label).1.is_err() {
        return Err(NameError::NotIdna(label.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_up_ends_at_the_last_label() {
        let name = DomainName::parse("login.example.co.uk").unwrap();
        let climbed: Vec<String> = name.upward().map(|name| name.to_string()).collect();
        assert_eq!(climbed, ["login.example.co.uk", "example.co.uk", "co.uk", "uk"]);
    }

    #[test]
    fn names_are_kept_as_a_labels_and_shown_both_ways() {
        let name = DomainName::parse("Ä.Example.").unwrap();
        assert_eq!(name.as_str(), "xn--4ca.example");
        assert_eq!(name.to_unicode(), "ä.example");
        assert_eq!(DomainName::parse("xn--4ca.example").unwrap(), name);
        // An A-label of what looks like an A-label again, which nobody could type.
        let twice = DomainName::parse("xn--xn--bcjeeeeeeeeeeeeer-kva.example").unwrap();
        assert_eq!(twice.to_unicode(), twice.as_str());
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_reason() {
        let long = "a".repeat(64);
        let cases = [
            ("", NameError::Empty),
            (".", NameError::Empty),
            ("exa mple", NameError::Character { found: ' ' }),
            ("exa_mple.test", NameError::Character { found: '_' }),
            ("*.example.com", NameError::Character { found: '*' }),
            ("https://example.com", NameError::Character { found: ':' }),
            ("-x.example", NameError::Hyphen("-x".into())),
            ("x-.example", NameError::Hyphen("x-".into())),
            ("a..example", NameError::EmptyLabel),
            ("192.0.2.1", NameError::IsAddress("192.0.2.1".into())),
            ("[2001:db8::1]", NameError::IsAddress("[2001:db8::1]".into())),
            ("127.1", NameError::IsAddress("127.1".into())),
            ("１２７.０.０.１", NameError::IsAddress("１２７.０.０.１".into())),
            ("日本語。443", NameError::IsAddress("日本語。443".into())),
        ];
        for (text, error) in cases {
            assert_eq!(DomainName::parse(text), Err(error), "{text:?}");
        }
        assert!(matches!(
            DomainName::parse(&format!("{long}.example")),
            Err(NameError::LabelTooLong { length: 64, .. })
        ));
        assert!(DomainName::parse(&format!("{}.example", "a".repeat(63))).is_ok());
        let deep = vec!["a".repeat(60); 5].join(".");
        assert!(matches!(DomainName::parse(&deep), Err(NameError::TooLong { length: 304 })));
        assert!(matches!(DomainName::parse("xn--a.example"), Err(NameError::NotIdna(_))));
    }
}
