//! [`SilenceView`]: a silence as it is shown, whoever made it.

use std::collections::{BTreeMap, BTreeSet};

use super::{End, Matcher, Silence, SilenceId};
use crate::domain::{DomainName, UnixTime};
use crate::observation::certificate::Sha256;

/// Where a silence is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SilenceState {
    /// What matches is not told.
    Active,
    /// It has not begun.
    Pending,
    /// It is over.
    Ended,
}

impl SilenceState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Active, Self::Pending, Self::Ended];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Ended => "ended",
        }
    }
}

/// A silence, or the present or next time of a maintenance window.
#[derive(Debug, Clone, PartialEq)]
pub struct SilenceView {
    /// Its name.
    pub id: SilenceId,
    /// Where it is in its life.
    pub state: SilenceState,
    /// What it is about.
    pub matcher: Matcher,
    /// From when on.
    pub from: UnixTime,
    /// Until when, at the latest; of one that has ended, when that was.
    pub until: UnixTime,
    /// The certificates it waits for to change, if it does.
    pub certificates: Option<BTreeMap<DomainName, BTreeSet<Sha256>>>,
    /// When it comes again: `sat 02:00-04:00 Europe/Berlin`.
    pub recurs: Option<String>,
    /// Why.
    pub comment: String,
    /// Who asked for it.
    pub author: Option<String>,
    /// When it was asked for; `None` for one of the configuration.
    pub created_at: Option<UnixTime>,
    /// When an incident last came to be silenced by it; of one of the configuration since the start.
    pub last_matched_at: Option<UnixTime>,
    /// How many incidents it silences now.
    pub incidents: usize,
}

impl SilenceView {
    /// Whether the configuration made it.
    pub const fn is_configured(&self) -> bool {
        self.created_at.is_none()
    }

    pub(super) fn of(silence: &Silence, incidents: usize, now: UnixTime) -> Self {
        let certificates = match &silence.until {
            End::At(_) => None,
            End::CertificateChanges { seen, .. } => Some(seen.clone()),
        };
        Self {
            id: silence.id.clone(),
            state: silence.state(now),
            matcher: silence.matcher.clone(),
            from: silence.from,
            until: silence.ends_at(),
            certificates,
            recurs: None,
            comment: silence.comment.clone(),
            author: silence.author.clone(),
            created_at: Some(silence.created_at),
            last_matched_at: silence.last_matched_at,
            incidents,
        }
    }
}
