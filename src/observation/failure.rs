//! [`Failure`]: an attempt that came to nothing, which is an observation like any other.

use serde::Serialize;

use super::code::Code;

/// Why an attempt came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The stable name.
    pub code: Code,
    /// What exactly happened, for people; bounded, and never a label.
    pub detail: String,
}

impl Failure {
    /// A failure with its detail, cut to a length that fits a mail.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: super::bounded(detail.into(), 300) }
    }
}
