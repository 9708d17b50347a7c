//! What is wrong with a domain, by what was seen of it: [`judge`] turns a [`Record`] and its [`Surroundings`]
//! into a [`Verdict`] at a given moment. Pure: the same facts and the same `now` give the same verdict.
//!
//! The codes a [`Finding`] may carry, their severities, kinds and families and what they mean stand in one
//! table, the [`catalogue`].

mod agreement;
mod authority;
mod bench;
mod blame;
mod caa;
pub mod catalogue;
mod certificates;
mod client;
mod cname;
mod conforming;
mod contract;
mod deployment;
mod dns;
mod dnssec;
mod documents;
mod finding;
mod hops;
mod judge;
mod lifetime;
mod limiting;
mod login;
mod managed;
mod mend;
mod order;
mod ownership;
mod pairs;
mod path;
mod protocol;
mod reach;
mod record;
mod registration;
mod renewal;
mod revocation;
mod rollout;
mod roots;
mod sight;
mod stores;
mod strength;
mod suggested;
mod transparency;
mod unchanged;
mod views;

use serde::Serialize;

use crate::domain::{DomainName, UnixTime};

pub use caa::may_renew;
pub use catalogue::{Entry, Family, Kind};
pub use deployment::key_mismatch;
pub use finding::{Finding, Severity};
pub use judge::{judge, judge_chain, judge_chain_with};
pub use limiting::Limiting;
pub use managed::{ClientIp, Managed, Recreated};
pub use path::{Hop, HopStatus, Path, Step};
pub use record::{AddressRecord, Differing, DocumentsRecord, Record, References, Surroundings};
pub use revocation::Standing;
pub use suggested::Suggested;
pub use transparency::LIST_HOLDS as LOG_LIST_HOLDS;
pub use unchanged::{Basis, stands};
pub use views::answers_well;

/// All findings of a domain at one moment, and what they come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The domain.
    pub domain: DomainName,
    /// As of when.
    pub at: UnixTime,
    /// The worst that the findings come to.
    pub level: Level,
    /// What is wrong or about to be, worst first.
    pub findings: Vec<Finding>,
    /// The hops of a login.
    pub path: Path,
    /// When the domain stops being good for its certificates, as far as seen: the earliest of its addresses'
    /// effective expiries.
    pub effective_expiry: Option<UnixTime>,
    /// What that hangs on.
    pub limiting: Option<Limiting>,
    /// The earliest expiry of all that was presented, needed or not.
    pub presented_earliest: Option<UnixTime>,
    /// Whether the certificates were revoked, as far as known; `None` where that was not asked.
    pub revocation: Option<Standing>,
    /// The next moment at which the same facts give another verdict: a threshold, an expiry, the end of a rollout.
    pub changes_at: Option<UnixTime>,
}

/// What a domain's findings come to. Ordered: healthy < unknown < warning < critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing found but information.
    Healthy,
    /// We could not look.
    Unknown,
    /// Customers can log in, but not for long, or not all.
    Warning,
    /// Customers cannot log in, or cannot trust what they see.
    Critical,
}

impl Level {
    /// Every level, best first.
    pub const ALL: [Self; 4] = [Self::Healthy, Self::Unknown, Self::Warning, Self::Critical];

    /// The word for it, in JSON, labels and mails.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The exit code of `check`: 0 healthy, 1 warning, 2 critical, 3 unknown (the monitoring plugins' codes).
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Healthy => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

#[cfg(test)]
mod tests;
