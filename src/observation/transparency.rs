//! [`Transparency`]: what a list of certificate transparency logs says of the receipts in a certificate.

use serde::Serialize;
use serde::ser::SerializeStruct;

use super::certificate::Sct;
use crate::domain::UnixTime;

/// The receipts of a certificate, held against a list of logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transparency {
    /// When the list was made, if it says so.
    pub listed_at: Option<UnixTime>,
    /// The receipts, in the order of the certificate.
    pub scts: Vec<CheckedSct>,
}

/// One receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedSct {
    /// The receipt.
    pub sct: Sct,
    /// The log, if it is on the list.
    pub log: Option<ListedLog>,
    /// Whether its signature verifies; `None` where that could not be tried.
    pub is_signed: Option<bool>,
}

/// A log as the list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLog {
    /// Its name.
    pub description: String,
    /// Who runs it.
    pub operator: String,
    /// What has become of it.
    pub state: LogState,
}

/// What has become of a log, as Chrome sees it. A state that is not named here counts as pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogState {
    /// Not accepted yet.
    Pending,
    /// Accepted, and not in every browser yet.
    Qualified,
    /// In use.
    Usable,
    /// Takes no more certificates.
    ReadOnly,
    /// Over since then: only what it saw before counts, and not by itself.
    Retired(UnixTime),
    /// Never accepted.
    Rejected,
}

impl LogState {
    /// Its word in the list.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Qualified => "qualified",
            Self::Usable => "usable",
            Self::ReadOnly => "readonly",
            Self::Retired(_) => "retired",
            Self::Rejected => "rejected",
        }
    }
}

impl Serialize for CheckedSct {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let log = self.log.as_ref();
        let mut out = serializer.serialize_struct("CheckedSct", 6)?;
        out.serialize_field("log_id", &self.sct.log_id.to_string())?;
        out.serialize_field("timestamp", &self.sct.at())?;
        out.serialize_field("log", &log.map(|log| &log.description))?;
        out.serialize_field("operator", &log.map(|log| &log.operator))?;
        out.serialize_field("state", &log.map(|log| log.state.as_str()))?;
        out.serialize_field("is_signed", &self.is_signed)?;
        out.end()
    }
}
