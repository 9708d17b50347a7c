//! [`Maintenance`]: a silence that the configuration makes, once or week after week.

use super::{Matcher, SilenceId};
use crate::domain::UnixTime;
use crate::domain::hours::{Hours, Occurrence};

/// A window of the configuration in which what matches is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// What it is about.
    pub matcher: Matcher,
    /// When it is.
    pub when: When,
    /// Why, in the operator's words.
    pub comment: String,
}

/// When a maintenance window is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Once.
    Once(Occurrence),
    /// Week after week.
    Weekly(Hours),
}

impl Maintenance {
    /// Its name, by what it says: the same after a restart.
    pub(super) fn id(&self, attempt: usize) -> SilenceId {
        SilenceId::of(&format!("maintenance\n{}\n{:?}\n{}", self.matcher, self.when, self.comment), attempt)
    }

    /// The time at which it is, was or will next be.
    pub(super) fn current_or_next(&self, at: UnixTime) -> Option<Occurrence> {
        match &self.when {
            When::Once(occurrence) => Some(*occurrence),
            When::Weekly(hours) => hours.current_or_next(at),
        }
    }
}
