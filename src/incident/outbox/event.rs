//! [`OutboxEvent`]: what has happened to a mail, for counters and logs.

use std::time::Duration;

/// What has happened to a mail, or to notices that will be in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxEvent {
    /// The receiver has it.
    Delivered {
        /// The mail's id.
        mail: String,
        /// How many notices are in it.
        notices: usize,
    },
    /// It could not be delivered and is tried again.
    Deferred {
        /// The mail's id.
        mail: String,
        /// How many notices are in it.
        notices: usize,
        /// What was said, bounded, on one line.
        error: String,
        /// How long from now.
        retry_in: Duration,
    },
    /// It was refused for good, and is tried again all the same.
    Rejected {
        /// The mail's id.
        mail: String,
        /// How many notices are in it.
        notices: usize,
        /// What was said, bounded, on one line.
        error: String,
        /// How long from now.
        retry_in: Duration,
    },
    /// It was refused for good so often that it is given up: kept, and tried once more after another mail to this
    /// receiver is delivered, and after each restart.
    Dead {
        /// The mail's id.
        mail: String,
        /// How many notices are in it.
        notices: usize,
        /// What was said, bounded, on one line.
        error: String,
    },
    /// Some recipients of a mail that was delivered will never have it.
    Refused {
        /// The mail's id.
        mail: String,
        /// How many notices are in it.
        notices: usize,
        /// Who, and what was said: bounded, on one line.
        error: String,
    },
    /// Notices that nobody need be told any more: the incident was over before it could be told, or a reminder was
    /// overtaken by the next.
    Cancelled {
        /// How many.
        notices: usize,
    },
}

impl OutboxEvent {
    /// Every value of the counter's label `result`.
    pub const RESULTS: [&'static str; 4] = ["delivered", "deferred", "rejected", "dead"];

    /// Its value of the label `result`; a cancelled notice is no result of a delivery, and a
    /// mail that some have is delivered.
    pub const fn result(&self) -> Option<&'static str> {
        match self {
            Self::Delivered { .. } => Some("delivered"),
            Self::Deferred { .. } => Some("deferred"),
            Self::Rejected { .. } => Some("rejected"),
            Self::Dead { .. } => Some("dead"),
            Self::Refused { .. } | Self::Cancelled { .. } => None,
        }
    }

    /// How many notices it concerns.
    pub const fn notices(&self) -> usize {
        match self {
            Self::Delivered { notices, .. }
            | Self::Deferred { notices, .. }
            | Self::Rejected { notices, .. }
            | Self::Dead { notices, .. }
            | Self::Refused { notices, .. }
            | Self::Cancelled { notices } => *notices,
        }
    }
}
