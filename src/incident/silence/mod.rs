//! Silences: what is known and need not be told for a while. A [`Silence`] was asked for by somebody and is stored; a
//! [`Maintenance`] window stands in the configuration. Neither touches an incident's life: it opens, gets worse and
//! ends as ever, and only what would be told of it is held back.
//!
//! [`Wish`] is a silence as it is asked for, with all its mistakes; [`Roll`] holds them all and knows which one matches.

mod maintenance;
mod matcher;
mod roll;
#[cfg(test)]
mod tests;
mod view;
mod wish;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{DomainName, UnixTime};
use crate::observation::certificate::Sha256;

pub use maintenance::{Maintenance, When};
pub(crate) use matcher::is_code;
pub use matcher::{DomainPattern, Matcher};
pub(super) use roll::{Cover, Roll, Subject};
pub use view::{SilenceState, SilenceView};
pub use wish::{Until, Wish};

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
/// No silence is longer, in seconds: one that nobody remembers hides what nobody expects.
pub const LONGEST: i64 = 400 * DAY;
/// One that has ended is shown for so long.
const SHOWN_AFTER_END: i64 = 5 * DAY;
/// The word that one ends while the fault lasts comes so long before, or a tenth of its length, if that is less …
const WORD_BEFORE: i64 = HOUR;
/// … and not at all where that is less than a minute.
const SHORTEST_WORD: i64 = 60;

/// The name of a silence: eight hex digits, short enough to be typed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SilenceId(String);

impl SilenceId {
    /// Reads an id.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 8 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// The id of what is so described; `attempt` counts those that were taken.
    pub(super) fn of(description: &str, attempt: usize) -> Self {
        let digest = Sha256::of(format!("{attempt}\n{description}").as_bytes()).to_string();
        Self(digest.chars().take(8).collect())
    }

    /// Eight hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SilenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody asked not to be told for a while. A stored row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its name.
    pub id: SilenceId,
    /// What it is about.
    pub matcher: Matcher,
    /// From when on.
    pub from: UnixTime,
    /// Until when.
    pub until: End,
    /// Why, in somebody's words.
    pub comment: String,
    /// Who asked for it.
    #[serde(default)]
    pub author: Option<String>,
    /// When it was asked for.
    pub created_at: UnixTime,
    /// When an incident last came to be silenced by it; `None` if it was of no use so far.
    #[serde(default)]
    pub last_matched_at: Option<UnixTime>,
    /// When it ended before its time: somebody ended it, or the certificates have changed.
    #[serde(default)]
    pub ended_at: Option<UnixTime>,
    /// What a newer version stored besides.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Until when a silence holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Until this time.
    At(UnixTime),
    /// Until the certificates change.
    CertificateChanges {
        /// The leaves that each domain served when the silence was made. A domain is taken out once it serves none of
        /// its own any more.
        seen: BTreeMap<DomainName, BTreeSet<Sha256>>,
        /// At the latest until this time.
        latest: UnixTime,
    },
}

impl End {
    /// The time at which it ends at the latest.
    pub const fn latest(&self) -> UnixTime {
        match self {
            Self::At(at) => *at,
            Self::CertificateChanges { latest, .. } => *latest,
        }
    }
}

impl Silence {
    /// When it ends, or has ended, as far as that is known.
    pub fn ends_at(&self) -> UnixTime {
        self.ended_at.unwrap_or_else(|| self.until.latest())
    }

    /// Where it is in its life.
    pub fn state(&self, now: UnixTime) -> SilenceState {
        if now >= self.ends_at() {
            SilenceState::Ended
        } else if now < self.from {
            SilenceState::Pending
        } else {
            SilenceState::Active
        }
    }
}

/// When the word is due that a silence of this length ends; `None` for one too short for it.
fn word_at(from: UnixTime, to: UnixTime) -> Option<UnixTime> {
    let before = WORD_BEFORE.min(from.until(to) / 10);
    (before >= SHORTEST_WORD).then(|| to.plus(-before))
}
