//! [`Checked`]: whether a receiver would be reached, found out without telling it anything.

/// What came of asking whatever stands between us and a receiver whether it would take a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It would.
    Good,
    /// It would, but not by every way or not for everybody.
    InPart {
        /// What was said, or what happened.
        error: String,
    },
    /// It would not.
    Failed {
        /// What was said, or what happened.
        error: String,
    },
}
