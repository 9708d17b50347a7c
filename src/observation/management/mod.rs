//! What Auth0's Management API says of a tenant's custom domains: [`ManagedDomain`] and the [`Listing`] of them all, read
//! from answers whose fields come and go; and [`Refusal`], why an answer was none.
//!
//! The one-time `cname_api_key` that a verification answers with is a field nobody here knows: it is never read.

mod log;
mod page;
mod refusal;

use serde::{Deserialize, Serialize};

use crate::domain::{DomainName, UnixTime};

pub use log::{TokenLog, read_token_logs};
pub use page::{Page, read_domain, read_page};
pub use refusal::Refusal;

/// All custom domains of a tenant, as its Management API lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The tenant's canonical host.
    pub tenant: DomainName,
    /// When the list was read.
    pub at: UnixTime,
    /// The domains that could be read, in the order listed.
    pub domains: Vec<ManagedDomain>,
    /// Why some entries could not be read; a list with such entries is not complete.
    pub unreadable: Vec<String>,
}

/// One custom domain as Auth0 describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedDomain {
    /// Auth0's id for it, e.g. `cd_…`: a domain that was deleted and created anew has another.
    pub id: String,
    /// The custom domain.
    pub name: DomainName,
    /// Who manages its certificate.
    pub certificates: CertificateKeeper,
    /// How far its set-up has come.
    pub status: DomainStatus,
    /// The host at Auth0's edge that the proxy must send its requests to; told only of a ready domain.
    pub origin: Option<DomainName>,
    /// In which header the proxy tells Auth0 the client's address.
    pub client_ip_header: Option<String>,
    /// Name and value of the ownership TXT record.
    pub ownership: Option<OwnershipRecord>,
    /// What Auth0 says went wrong with the verification, for people.
    pub verification_error: Option<String>,
    /// When it was created, where the API tells: the start of the time in which it must be verified.
    pub created_at: Option<UnixTime>,
}

/// The record by which Auth0 verifies that the domain is the owner's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnershipRecord {
    /// Where it must be; at the default place if the API does not say.
    pub name: Option<DomainName>,
    /// What it must say.
    pub value: String,
}

/// Who manages a domain's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKeeper {
    /// The owner: `self_managed_certs`.
    Owner,
    /// Auth0: `auth0_managed_certs`.
    Auth0,
    /// A word we do not know.
    Other(String),
}

/// How far a domain's set-up has come. An open set: Auth0's documents do not agree on the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainStatus {
    /// Verified and in service.
    Ready,
    /// Being set up.
    Pending,
    /// The ownership record has not been found yet.
    PendingVerification,
    /// Auth0 has given the verification up.
    Failed,
    /// Out of service; Auth0's support must mend it.
    Disabled,
    /// A word we do not know.
    Other(String),
}

impl DomainStatus {
    /// Auth0's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ready => "ready",
            Self::Pending => "pending",
            Self::PendingVerification => "pending_verification",
            Self::Failed => "failed",
            Self::Disabled => "disabled",
            Self::Other(word) => word,
        }
    }

    /// Whether the verification is still to come or to be repeated.
    pub const fn is_pending(&self) -> bool {
        matches!(self, Self::Pending | Self::PendingVerification)
    }
}

impl From<&str> for DomainStatus {
    fn from(word: &str) -> Self {
        match word {
            "ready" => Self::Ready,
            "pending" => Self::Pending,
            "pending_verification" => Self::PendingVerification,
            "failed" => Self::Failed,
            "disabled" => Self::Disabled,
            other => Self::Other(other.to_owned()),
        }
    }
}
