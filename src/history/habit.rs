//! [`Habit`]: at which share of its certificates' lifetime a domain renews them, learned from the renewals seen.

use serde::{Deserialize, Serialize};

use crate::domain::UnixTime;

use super::Leaf;

/// Renewals remembered; older ones are forgotten, so that a new habit is learned within as many.
const REMEMBERED: usize = 8;
/// As many renewals make a habit: with one, nobody knows what was chance.
const ENOUGH: usize = 2;
/// Renewals whose shares lie further apart, as a share of the lifetime, are no habit: somebody does them by hand.
const IRREGULAR: f64 = 0.10;
/// What is late by less is chance, as a share of the lifetime …
const MARGIN: f64 = 0.05;
/// … and in seconds: timers run once or twice a day.
const LEAST_MARGIN: f64 = 12.0 * 3600.0;
/// Lifetimes are alike up to this factor.
const ALIKE: f64 = 1.25;

/// When a domain renews its certificates, as far as it has shown. Of a fixed small size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Habit {
    /// The last renewals, oldest first.
    renewals: Vec<Served>,
}

/// One certificate's service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Served {
    /// From its first to its last second of validity.
    lifetime: i64,
    /// From its first second until its successor was seen.
    served: i64,
}

/// When a certificate's renewal is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectation {
    /// When it is usually renewed.
    pub usual: UnixTime,
    /// From when on it is late.
    pub late: UnixTime,
    /// The share of the lifetime at which it is usually renewed, 0 to 1.
    pub share: f64,
    /// On how many renewals that rests.
    pub renewals: usize,
}

impl Habit {
    /// How many renewals it remembers.
    pub fn renewals(&self) -> usize {
        self.renewals.len()
    }

    /// Learns of a renewal: this leaf was replaced at this time.
    pub(super) fn learn(&mut self, leaf: &Leaf, replaced: UnixTime) {
        let (lifetime, served) = (leaf.lifetime(), leaf.not_before.until(replaced));
        if lifetime <= 0 || served < 0 {
            return;
        }
        self.renewals.push(Served { lifetime, served: served.min(lifetime) });
        let surplus = self.renewals.len().saturating_sub(REMEMBERED);
        self.renewals.drain(..surplus);
    }

    /// When this leaf's renewal is expected; `None` without a habit.
    pub fn expects(&self, leaf: &Leaf) -> Option<Expectation> {
        let lifetime = leaf.lifetime();
        if lifetime <= 0 {
            return None;
        }
        let alike: Vec<f64> =
            self.renewals.iter().filter(|served| served.is_like(lifetime)).map(Served::share).collect();
        // Whoever renews so many days before the end renews at another share when lifetimes change; whoever renews at a
        // share, at another number of days. Until it is seen which, the later of the two is expected.
        let shares = if alike.len() >= ENOUGH {
            alike
        } else {
            self.renewals.iter().map(|served| served.share_of(lifetime)).collect()
        };
        let (share, spread) = usual(shares.clone())?;
        let seconds = |share: f64| (share * lifetime as f64) as i64;
        let margin = (MARGIN.max(2.0 * spread) * lifetime as f64).max(LEAST_MARGIN) as i64;
        let usual = leaf.not_before.plus(seconds(share));
        Some(Expectation { usual, late: usual.plus(margin), share, renewals: shares.len() })
    }
}

impl Served {
    fn is_like(&self, lifetime: i64) -> bool {
        let ratio = self.lifetime as f64 / lifetime as f64;
        (1.0 / ALIKE..=ALIKE).contains(&ratio)
    }

    fn share(&self) -> f64 {
        self.served as f64 / self.lifetime as f64
    }

    /// At which share of another lifetime the same would be done.
    fn share_of(&self, lifetime: i64) -> f64 {
        let left = (self.lifetime - self.served) as f64 / lifetime as f64;
        if self.is_like(lifetime) { self.share() } else { self.share().max(1.0 - left) }
    }
}

/// What most of them come to, and how far they lie apart; `None` if there are too few, or they lie too far apart. One
/// that lies apart from three or more others' company is passed over.
fn usual(mut shares: Vec<f64>) -> Option<(f64, f64)> {
    if shares.len() < ENOUGH {
        return None;
    }
    shares.sort_by(f64::total_cmp);
    // Of an even number the later: too late a warning is better than a false one.
    let usual = *shares.get(shares.len() / 2)?;
    let mut apart: Vec<f64> = shares.iter().map(|share| (share - usual).abs()).collect();
    apart.sort_by(f64::total_cmp);
    if apart.len() > ENOUGH {
        apart.pop();
    }
    let spread = apart.last().copied().unwrap_or(0.0);
    (spread <= IRREGULAR).then_some((usual, spread))
}
