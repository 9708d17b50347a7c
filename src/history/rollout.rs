//! [`Rollout`]: one leaf taking another's place, address by address; [`Renewal`]: the same for whoever reads of it.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::difference::{Difference, Surprise, differences, lost_names, surprises};
use super::{Expectation, Leaf};
use crate::domain::UnixTime;
use crate::observation::certificate::Sha256;

/// Without a habit, what is renewed before this share of its lifetime is over is renewed early: CAs suggest two thirds, of
/// short-lived certificates half.
const EARLY: f64 = 0.4;
/// With a habit, what is renewed so much sooner, as a share of the lifetime.
const SOONER: f64 = 0.15;

/// A leaf taking another's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rollout {
    pub(super) from: Sha256,
    pub(super) to: Sha256,
    /// When the new leaf was first seen in the place of the old one.
    pub(super) began: UnixTime,
    /// When the old one, or one before it, was last seen since.
    pub(super) last_old: UnixTime,
    /// When it was taken to be complete.
    #[serde(default)]
    pub(super) completed: Option<UnixTime>,
    #[serde(default)]
    pub(super) early: bool,
}

/// A rollout under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The old leaf.
    pub from: &'a Leaf,
    /// The new leaf.
    pub to: &'a Leaf,
    /// When the new leaf was first seen in the old one's place.
    pub began: UnixTime,
    /// The addresses that serve the old leaf, or one before it.
    pub behind: Vec<SocketAddr>,
    /// Those of them that serve both in turn: several servers are behind one address.
    pub in_turn: Vec<SocketAddr>,
    /// The addresses that serve the new leaf, or one after it.
    pub ahead: Vec<SocketAddr>,
}

/// A renewal, complete or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal<'a> {
    /// The old leaf.
    pub from: &'a Leaf,
    /// The new leaf.
    pub to: &'a Leaf,
    /// When the new leaf was first seen in the old one's place.
    pub began: UnixTime,
    /// When the last address was first seen without the old one; `None` while some still serve it.
    pub completed: Option<UnixTime>,
    /// What kind of renewal it is.
    pub class: Class,
    /// What nobody expects of a renewal; empty unless it is surprising.
    pub surprises: Vec<Surprise>,
    /// In which fields the new leaf differs.
    pub differences: Vec<Difference>,
    /// Whether the new leaf has the old one's key.
    pub key_reused: bool,
}

/// What kind of renewal one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// As every time.
    Routine,
    /// Sooner than usual: somebody had a reason.
    Early,
    /// Another CA, names lost, or a weaker key.
    Surprising,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Routine, Self::Early, Self::Surprising];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Early => "early",
            Self::Surprising => "surprising",
        }
    }
}

/// Whether a leaf that is replaced at this time is replaced early.
pub(super) fn is_early(leaf: &Leaf, expected: Option<Expectation>, at: UnixTime) -> bool {
    let share = leaf.not_before.until(at) as f64 / leaf.lifetime().max(1) as f64;
    share < expected.map_or(EARLY, |expected| expected.share - SOONER)
}

impl<'a> Renewal<'a> {
    pub(super) fn new(rollout: &Rollout, from: &'a Leaf, to: &'a Leaf) -> Self {
        let surprises = surprises(from, to);
        let class = match () {
            () if !surprises.is_empty() => Class::Surprising,
            () if rollout.early => Class::Early,
            () => Class::Routine,
        };
        Self {
            from,
            to,
            began: rollout.began,
            completed: rollout.completed.map(|_| rollout.last_old),
            class,
            surprises,
            differences: differences(from, to),
            key_reused: from.key.sha256.is_some() && from.key.sha256 == to.key.sha256,
        }
    }

    /// The names that the new leaf no longer covers.
    pub fn lost_names(&self) -> Vec<&'a str> {
        lost_names(self.from, self.to)
    }
}

/// What changed, for people: `issuer R10 -> R11, lifetime 90 d -> 47 d`.
impl fmt::Display for Renewal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.differences.is_empty() {
            return f.write_str("nothing but serial number and dates");
        }
        for (index, Difference { field, before, after }) in self.differences.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{field} {before} -> {after}")?;
        }
        Ok(())
    }
}
