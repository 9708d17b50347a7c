//! [`LegacyAnswer`]: what a server says to a greeting in a version of TLS that no browser speaks any more.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A version that is not to be used any more: SSL 3.0 (RFC 7568), TLS 1.0 and 1.1 (RFC 8996).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegacyVersion {
    /// SSL 3.0.
    Ssl30,
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
}

impl LegacyVersion {
    /// Every one, the oldest first.
    pub const ALL: [Self; 3] = [Self::Ssl30, Self::Tls10, Self::Tls11];

    /// Its name, in the form of `TLSv1.3`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ssl30 => "SSLv3.0",
            Self::Tls10 => "TLSv1.0",
            Self::Tls11 => "TLSv1.1",
        }
    }
}

impl fmt::Display for LegacyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for LegacyVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for LegacyVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Self::ALL.into_iter().find(|version| version.as_str() == text);
        known.ok_or_else(|| serde::de::Error::custom("not a version of TLS that is out of use"))
    }
}

/// What a server said to one greeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegacyAnswer {
    /// The version that was offered, and no later one.
    pub version: LegacyVersion,
    /// Whether it was taken; `None` where the answer says neither.
    pub accepted: Option<bool>,
    /// The cipher suite that the server chose, by its IANA name.
    pub cipher_suite: Option<String>,
    /// What was said instead, for people.
    pub detail: Option<String>,
}
