//! What a domain's certificates have been, learned look by look: [`History`]. A leaf that was never seen before starts a
//! rollout; one that is complete is a [`Renewal`], and teaches the domain's [`Habit`].
//!
//! A leaf replaces the one its address served before, so a pair of certificates (RSA and ECDSA) at one domain are two
//! lines that are renewed each for itself. Only leaves that are for the domain and lead to a root are remembered: what a
//! misconfigured server serves besides is no renewal.

mod difference;
mod habit;
mod leaf;
mod place;
mod rollout;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use place::{Place, SETTLED};
use rollout::{Rollout, is_early};

use crate::domain::{ByAddress, DomainName, UnixTime};
use crate::observation::Presented;
use crate::observation::certificate::{Certificate, Sha256};

pub use difference::{Difference, Surprise};
pub use habit::{Expectation, Habit};
pub use leaf::{Key, Leaf};
pub use rollout::{Class, Progress, Renewal};

/// Leaves remembered of a domain.
const MAX_LEAVES: usize = 12;
/// A leaf is new, and not one that always stood beside the other, if it was issued no longer than so many seconds before
/// the other was first seen: CAs date back, and clocks differ.
const DATED_BACK: i64 = 86_400;
/// Whoever goes back to an old leaf everywhere, and stays with it for so many seconds, meant it.
const MEANT: i64 = 7 * 86_400;
/// A new leaf that nobody serves any more for so many seconds was taken back.
const TAKEN_BACK: i64 = 86_400;

/// What a domain's certificates have been: of bounded size, and what of it must survive a restart can be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// In the order in which they were first seen.
    leaves: Vec<Leaf>,
    rollouts: Vec<Rollout>,
    habit: Habit,
    #[serde(skip)]
    places: ByAddress<Place>,
}

/// What a look taught.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noted {
    /// Whether there is something to store.
    pub changed: bool,
    /// What happened.
    pub events: Vec<Event>,
}

/// Something that happened to a domain's certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// The leaf that it is about: the new one, or the old one that came back.
    pub sha256: Sha256,
    /// What kind of renewal it is.
    pub class: Class,
    /// What the new leaf changes, or where the old one is back.
    pub detail: String,
}

/// What can happen to a domain's certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// A new leaf was seen in the place of another.
    Began,
    /// No address serves the old leaf any more.
    Completed,
    /// An address serves the old leaf again.
    FellBack,
}

impl EventKind {
    /// In words, for the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Began => "a new certificate is rolled out",
            Self::Completed => "a new certificate is rolled out completely",
            Self::FellBack => "an old certificate is back",
        }
    }
}

/// Inputs.
impl History {
    /// Takes in what a look saw of the domain at this time. Addresses for which `is_known` does not hold are forgotten.
    pub fn note<'a>(
        &mut self,
        domain: &DomainName,
        at: UnixTime,
        seen: impl Iterator<Item = (SocketAddr, &'a Presented)>,
        is_known: impl Fn(&SocketAddr) -> bool,
    ) -> Noted {
        let mut noted = Noted::default();
        let mut good: Vec<_> = seen.filter_map(|(address, presented)| Some((address, worth(presented)?))).collect();
        // What follows upon another leaf is told by the addresses we know.
        good.sort_by_key(|(address, _)| !self.places.contains_key(address));
        let first = self.leaves.is_empty();
        for (address, certificate) in good {
            self.sight(address, certificate, domain, at, first, &mut noted);
        }
        self.places.retain(|address, _| is_known(address));
        self.advance(at, &mut noted);
        self.prune();
        noted
    }

    /// This address presented this leaf before the restart.
    pub fn remember(&mut self, address: SocketAddr, leaf: Sha256, at: UnixTime) {
        if self.leaf(leaf).is_some() {
            self.places.or_insert_with(address, || Place::new(leaf, at));
        }
    }
}

/// Outputs.
impl History {
    /// Every leaf that is remembered, in the order in which they were first seen.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The leaf of this digest, if it is remembered.
    pub fn leaf(&self, sha256: Sha256) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.sha256 == sha256)
    }

    /// When the domain renews.
    pub const fn habit(&self) -> &Habit {
        &self.habit
    }

    /// When the renewal of a leaf is expected; `None` without a habit, and for a leaf that has been replaced.
    pub fn expects(&self, sha256: Sha256) -> Option<Expectation> {
        let leaf = self.leaf(sha256).filter(|leaf| self.successor(leaf.sha256).is_none())?;
        self.habit.expects(leaf)
    }

    /// Whether both tell the same of a domain, whenever each was last seen to be so.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self { leaves, rollouts, habit, places } = self;
        let same_place = |(one, other): ((&SocketAddr, &Place), (&SocketAddr, &Place))| {
            one.0 == other.0 && one.1.says_the_same(other.1)
        };
        *habit == other.habit
            && *rollouts == other.rollouts
            && leaves.len() == other.leaves.len()
            && leaves.iter().zip(&other.leaves).all(|(one, other)| one.says_the_same(other))
            && places.len() == other.places.len()
            && places.iter().zip(&other.places).all(same_place)
    }

    /// The renewals that are remembered, the last first.
    pub fn renewals(&self) -> impl Iterator<Item = Renewal<'_>> {
        self.rollouts.iter().rev().filter_map(|rollout| self.renewal(rollout))
    }

    /// The last renewal in which this leaf was the new one, unless it began before this time.
    pub fn renewal_to(&self, sha256: Sha256, since: UnixTime) -> Option<Renewal<'_>> {
        let is_this = |rollout: &&Rollout| rollout.to == sha256 && rollout.began >= since;
        self.renewal(self.rollouts.iter().rev().find(is_this)?)
    }

    /// The rollouts under way of which some address serves the new leaf and some the old.
    pub fn under_way(&self) -> impl Iterator<Item = Progress<'_>> {
        let open = self.rollouts.iter().filter(|rollout| rollout.completed.is_none());
        open.filter_map(|rollout| self.progress(rollout))
    }

    /// The addresses that serve an old leaf again: since when, which, and the one they should serve.
    pub fn fallen_back(&self) -> impl Iterator<Item = (SocketAddr, UnixTime, &Leaf, &Leaf)> {
        self.places.iter().filter_map(|(address, place)| {
            let since = place.fell_back?;
            let old = place.shows().find(|leaf| self.successor(*leaf).is_some())?;
            Some((*address, since, self.leaf(old)?, self.leaf(self.newest(old))?))
        })
    }

    /// Whether these two are of one CA and for the same names, one for an RSA key and one for another kind, and neither was
    /// replaced: a pair for old clients and new ones.
    pub fn are_side_by_side(&self, one: Sha256, other: Sha256) -> bool {
        let current = |leaf: Sha256| self.leaf(leaf).filter(|_| self.successor(leaf).is_none());
        current(one).zip(current(other)).is_some_and(|(one, other)| one.is_alike_but_for_the_key(other))
    }

    /// Whether some address is seen to serve this leaf.
    pub fn is_served(&self, sha256: Sha256) -> bool {
        self.places.values().any(|place| place.shows().any(|leaf| leaf == sha256))
    }
}

impl History {
    fn sight(
        &mut self,
        address: SocketAddr,
        certificate: &Certificate,
        domain: &DomainName,
        at: UnixTime,
        first: bool,
        noted: &mut Noted,
    ) {
        let to = certificate.sha256;
        let is_new = self.take_up(certificate, domain, at, noted);
        let place = self.places.get(&address);
        match place.map(|place| (place.serves, place.before())) {
            Some((serves, _)) if serves == to => {}
            Some((serves, before)) => {
                if is_new {
                    self.succeed(self.predecessor(to, serves, before), to, at, noted);
                }
                self.turn(address, serves, to, at, noted);
            }
            None => {
                if is_new && !first {
                    self.succeed(self.head_before(to), to, at, noted);
                }
                self.places.insert(address, Place::new(to, at));
                if self.has_gone(to) {
                    self.fall_back(address, to, at, noted);
                }
            }
        }
        if let Some(place) = self.places.get_mut(&address) {
            place.stays(at);
        }
    }

    /// Remembers a leaf; says whether it may take another's place: it was never seen, or came to nothing then.
    fn take_up(&mut self, certificate: &Certificate, domain: &DomainName, at: UnixTime, noted: &mut Noted) -> bool {
        let sha256 = certificate.sha256;
        let is_served = self.is_served(sha256);
        let follows = self.rollouts.iter().any(|rollout| rollout.to == sha256);
        match self.leaves.iter_mut().find(|leaf| leaf.sha256 == sha256) {
            Some(leaf) => {
                leaf.last_seen = at;
                !is_served && !follows
            }
            None => {
                let mut leaf = Leaf::of(certificate, domain, at);
                if let Some(earlier) = self.leaves.last() {
                    leaf.share_with(earlier);
                }
                // Most domains have but one.
                self.leaves.reserve_exact(1);
                self.leaves.push(leaf);
                noted.changed = true;
                true
            }
        }
    }

    /// Which leaf a new one replaces at an address that served these: of its own kind of key the one that ends first.
    fn predecessor(&self, to: Sha256, serves: Sha256, before: Option<Sha256>) -> Option<Sha256> {
        let new = self.leaf(to)?;
        let others = [Some(serves), before].into_iter().flatten().filter(|leaf| *leaf != to);
        let served = others.filter_map(|leaf| self.leaf(leaf));
        let alike = served.filter(|leaf| leaf.key.is_rsa == new.key.is_rsa && self.successor(leaf.sha256).is_none());
        alike.min_by_key(|leaf| leaf.not_after).map_or(Some(serves), |leaf| Some(leaf.sha256))
    }

    /// Which leaf a new one replaces at an address of which nothing is known: of its own kind of key the one that was seen
    /// last, of equals the one that ends first.
    fn head_before(&self, to: Sha256) -> Option<Sha256> {
        let new = self.leaf(to)?;
        let heads = self.leaves.iter().filter(|leaf| leaf.sha256 != to && self.successor(leaf.sha256).is_none());
        let alike = heads.filter(|leaf| leaf.key.is_rsa == new.key.is_rsa && leaf.not_after < new.not_after);
        alike.max_by_key(|leaf| (leaf.last_seen, std::cmp::Reverse(leaf.not_after))).map(|leaf| leaf.sha256)
    }

    /// Begins a rollout, unless both always stood side by side.
    fn succeed(&mut self, from: Option<Sha256>, to: Sha256, at: UnixTime, noted: &mut Noted) {
        let Some((old, new)) = from.and_then(|from| self.leaf(from)).zip(self.leaf(to)) else { return };
        // One for old clients beside one for new ones was found out to be that when it was first seen.
        let is_other_kind = new.first_seen < at && old.key.is_rsa != new.key.is_rsa;
        if is_other_kind || old.is_paired_with(new) || new.not_before < old.first_seen.plus(-DATED_BACK) {
            return;
        }
        let early = is_early(old, self.habit.expects(old), at);
        let rollout = Rollout { from: old.sha256, to, began: at, last_old: at, completed: None, early };
        noted.tell(EventKind::Began, &Renewal::new(&rollout, old, new));
        self.rollouts.push(rollout);
    }

    /// An address serves another leaf than before.
    fn turn(&mut self, address: SocketAddr, from: Sha256, to: Sha256, at: UnixTime, noted: &mut Noted) {
        let goes_back = self.is_behind(to, from);
        let has_gone = self.has_gone(to);
        let kinds_differ = self.leaf(from).zip(self.leaf(to)).is_some_and(|(a, b)| a.key.is_rsa != b.key.is_rsa);
        let Some(place) = self.places.get_mut(&address) else { return };
        place.turns(to, at);
        if !goes_back {
            return;
        }
        if place.goes_back(at) || has_gone {
            self.fall_back(address, to, at, noted);
        } else if kinds_differ {
            // Not one after the other, but one for old clients beside one for new ones.
            self.rollouts.retain(|rollout| (rollout.from, rollout.to) != (to, from));
            noted.changed = true;
        }
    }

    fn fall_back(&mut self, address: SocketAddr, to: Sha256, at: UnixTime, noted: &mut Noted) {
        let Some(place) = self.places.get_mut(&address) else { return };
        if place.fell_back.is_none() {
            place.fell_back = Some(at);
            let detail = format!("at {address}");
            noted.events.push(Event { kind: EventKind::FellBack, sha256: to, class: Class::Surprising, detail });
        }
    }

    /// What has come of the rollouts.
    fn advance(&mut self, at: UnixTime, noted: &mut Noted) {
        for place in self.places.values_mut() {
            let is_old = |leaf: Sha256| self.rollouts.iter().any(|rollout| rollout.from == leaf);
            if place.fell_back.is_some() && !place.shows().any(is_old) {
                place.fell_back = None;
            }
        }
        self.accept_what_was_meant(at, noted);
        for index in 0..self.rollouts.len() {
            self.advance_one(index, at, noted);
        }
    }

    fn advance_one(&mut self, index: usize, at: UnixTime, noted: &mut Noted) {
        let Some(rollout) = self.rollouts.get(index).filter(|rollout| rollout.completed.is_none()) else { return };
        let (from, to) = (rollout.from, rollout.to);
        let is_left = |leaf: Sha256| leaf == from || self.is_behind(leaf, from);
        let some_left = self.places.values().any(|place| place.shows().any(is_left));
        let Some(rollout) = self.rollouts.get_mut(index) else { return };
        if some_left {
            rollout.last_old = at;
        } else if rollout.last_old.until(at) >= SETTLED {
            rollout.completed = Some(at);
            let rollout = rollout.clone();
            if let Some((old, new)) = self.leaf(from).cloned().zip(self.leaf(to)) {
                noted.tell(EventKind::Completed, &Renewal::new(&rollout, &old, new));
                self.habit.learn(&old, rollout.began);
            }
        }
    }

    /// Rollouts that were taken back, or gone back upon for good, are none.
    fn accept_what_was_meant(&mut self, at: UnixTime, noted: &mut Noted) {
        let places = || self.places.values();
        let all_back = |leaf: Sha256| {
            let meant = |place: &Place| place.fell_back.is_some_and(|since| since.until(at) >= MEANT);
            !self.places.is_empty() && places().all(|place| place.serves == leaf && meant(place))
        };
        let unserved = |leaf: Sha256| {
            !self.is_served(leaf) && self.leaf(leaf).is_none_or(|leaf| leaf.last_seen.until(at) >= TAKEN_BACK)
        };
        let is_none = |rollout: &Rollout| match rollout.completed {
            Some(_) => all_back(rollout.from),
            None => unserved(rollout.to) && self.successor(rollout.to).is_none() && self.is_served(rollout.from),
        };
        let none: Vec<Sha256> = self.rollouts.iter().filter(|rollout| is_none(rollout)).map(|one| one.to).collect();
        if !none.is_empty() {
            self.rollouts.retain(|rollout| !none.contains(&rollout.to));
            noted.changed = true;
        }
    }

    /// Forgets the oldest leaves that are of no use any more, and what followed upon them.
    fn prune(&mut self) {
        while self.leaves.len() > MAX_LEAVES {
            let is_open = |leaf: &Leaf| {
                let of = |rollout: &Rollout| [rollout.from, rollout.to].contains(&leaf.sha256);
                self.rollouts.iter().any(|rollout| rollout.completed.is_none() && of(rollout))
            };
            let in_use = |leaf: &Leaf| self.is_served(leaf.sha256) || is_open(leaf);
            let index = self.leaves.iter().position(|leaf| !in_use(leaf)).unwrap_or(0);
            self.leaves.remove(index);
        }
        let Self { leaves, rollouts, .. } = self;
        let is_known = |sha256: Sha256| leaves.iter().any(|leaf| leaf.sha256 == sha256);
        rollouts.retain(|rollout| is_known(rollout.from) && is_known(rollout.to));
    }

    fn renewal(&self, rollout: &Rollout) -> Option<Renewal<'_>> {
        Some(Renewal::new(rollout, self.leaf(rollout.from)?, self.leaf(rollout.to)?))
    }

    fn progress(&self, rollout: &Rollout) -> Option<Progress<'_>> {
        let is_old = |leaf: &Sha256| *leaf == rollout.from || self.is_behind(*leaf, rollout.from);
        let is_new = |leaf: &Sha256| *leaf == rollout.to || self.is_behind(rollout.to, *leaf);
        let (mut behind, mut in_turn, mut ahead) = (Vec::new(), Vec::new(), Vec::new());
        for (address, place) in &self.places {
            let (old, new) = (place.shows().any(|leaf| is_old(&leaf)), place.shows().any(|leaf| is_new(&leaf)));
            behind.extend(old.then_some(*address));
            in_turn.extend((old && new).then_some(*address));
            ahead.extend((new && !old).then_some(*address));
        }
        let under_way = !behind.is_empty() && (!ahead.is_empty() || !in_turn.is_empty());
        let (from, to) = self.leaf(rollout.from).zip(self.leaf(rollout.to)).filter(|_| under_way)?;
        Some(Progress { from, to, began: rollout.began, behind, in_turn, ahead })
    }

    /// The leaf that has replaced this one, or is about to; of several the last.
    fn successor(&self, leaf: Sha256) -> Option<Sha256> {
        self.rollouts.iter().rev().find(|rollout| rollout.from == leaf).map(|rollout| rollout.to)
    }

    /// The last of those that followed upon this leaf.
    fn newest(&self, leaf: Sha256) -> Sha256 {
        // No longer than there are rollouts, should they ever lead in a circle.
        let step = |leaf: Sha256, _: &Rollout| self.successor(leaf).unwrap_or(leaf);
        self.rollouts.iter().fold(leaf, step)
    }

    /// Whether one leaf was replaced by the other, if by way of more.
    fn is_behind(&self, leaf: Sha256, other: Sha256) -> bool {
        let mut reached = vec![leaf];
        for _ in 0..=self.rollouts.len() {
            let next: Vec<Sha256> =
                self.rollouts.iter().filter(|rollout| reached.contains(&rollout.from)).map(|one| one.to).collect();
            if next.contains(&other) {
                return true;
            }
            reached = next;
        }
        false
    }

    /// Whether a leaf was replaced everywhere.
    fn has_gone(&self, leaf: Sha256) -> bool {
        self.rollouts.iter().any(|rollout| rollout.from == leaf && rollout.completed.is_some())
    }
}

impl Noted {
    fn tell(&mut self, kind: EventKind, renewal: &Renewal<'_>) {
        self.changed = true;
        let (sha256, class, detail) = (renewal.to.sha256, renewal.class, renewal.to_string());
        self.events.push(Event { kind, sha256, class, detail });
    }
}

/// The leaf of a chain that is to be remembered: it is for the domain, and leads to a root, if by way of a certificate
/// that is not sent.
fn worth(presented: &Presented) -> Option<&Certificate> {
    let is_good = presented.name_matches == Some(true) && !presented.paths.is_empty();
    presented.leaf().filter(|_| is_good).map(AsRef::as_ref)
}
