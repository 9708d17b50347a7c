//! [`Revocation`]: what one source, the stapled OCSP response or a CRL, says of whether a certificate was revoked. Facts
//! with their dates; what they come to now is the verdict's to say.

use serde::Serialize;

use super::certificate::Sha256;
use crate::domain::UnixTime;

/// What one source says of one certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revocation {
    /// The certificate.
    pub sha256: Sha256,
    /// Who says it.
    pub source: RevocationSource,
    /// Where the list lies; `None` of what was stapled.
    pub url: Option<String>,
    /// What it says.
    pub status: RevocationStatus,
    /// Why it says nothing, for people, where the status is unknown.
    pub why: Option<String>,
    /// From when on it holds.
    pub this_update: Option<UnixTime>,
    /// By when there is news (RFC 6960 §4.2.2.1, RFC 5280 §5.1.2.5); what is older counts for nothing, unless it says
    /// revoked.
    pub next_update: Option<UnixTime>,
    /// Since when it is revoked.
    pub revoked_at: Option<UnixTime>,
    /// The reason the CA gives (RFC 5280 §5.3.1).
    pub reason: Option<&'static str>,
}

impl Revocation {
    /// Nothing is said, for this reason.
    pub const fn unknown(sha256: Sha256, source: RevocationSource, url: Option<String>, why: String) -> Self {
        Self {
            sha256,
            source,
            url,
            status: RevocationStatus::Unknown,
            why: Some(why),
            this_update: None,
            next_update: None,
            revoked_at: None,
            reason: None,
        }
    }

    /// Whether it holds at this moment, by its dates.
    pub fn holds(&self, at: UnixTime) -> bool {
        self.this_update.is_some_and(|from| from <= at) && self.next_update.is_none_or(|until| at <= until)
    }
}

/// Who says whether a certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationSource {
    /// The OCSP response the server sent along (RFC 6066 §8).
    Staple,
    /// The CA's list (RFC 5280 §5).
    Crl,
}

/// What a source says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationStatus {
    /// It is not revoked.
    Good,
    /// It is revoked.
    Revoked,
    /// That cannot be told from it.
    Unknown,
}

impl RevocationStatus {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked => "revoked",
            Self::Unknown => "unknown",
        }
    }
}

/// The name of a reason by its number (RFC 5280 §5.3.1); `None` of one that is not defined.
pub const fn revocation_reason(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "unspecified",
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => return None,
    })
}
