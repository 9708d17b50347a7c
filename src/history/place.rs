//! [`Place`]: which leaf an address serves, and which it served before. It is learned anew after a restart: what must
//! not be forgotten stands in the leaves and their rollouts.

use crate::domain::UnixTime;
use crate::observation::certificate::Sha256;

/// An address that had the new leaf for so long and serves the old one again has fallen back; before, several servers
/// behind it take turns while they are renewed. In seconds.
pub(super) const SETTLED: i64 = 3600;
/// An address that goes back and forth is looked upon as doing both for so many seconds.
const DOES_BOTH: i64 = 3600;
/// Going back counts for so many seconds.
const GOES_BACK: i64 = 86_400;
/// From so many times on it is no accident.
const OFTEN: u8 = 2;

/// One address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) serves: Sha256,
    since: UnixTime,
    /// When it was last seen.
    at: UnixTime,
    /// The leaf it served before this one, and from when until when.
    before: Option<(Sha256, UnixTime, UnixTime)>,
    /// How often it went back to an older leaf of late, and when last.
    back: (u8, UnixTime),
    /// Since when it serves an old leaf again.
    pub(super) fell_back: Option<UnixTime>,
}

impl Place {
    pub(super) const fn new(serves: Sha256, at: UnixTime) -> Self {
        Self { serves, since: at, at, before: None, back: (0, at), fell_back: None }
    }

    /// Whether both tell the same, whenever each was last seen: that matters only where it goes back and forth.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let Self { serves, since, at, before, back, fell_back } = self;
        (serves, since, before, back, fell_back)
            == (&other.serves, &other.since, &other.before, &other.back, &other.fell_back)
            && (back.0 < OFTEN || *at == other.at)
    }

    /// The leaf that it served before.
    pub(super) fn before(&self) -> Option<Sha256> {
        self.before.map(|(leaf, ..)| leaf)
    }

    /// It is seen to serve the same as before.
    pub(super) const fn stays(&mut self, at: UnixTime) {
        self.at = at;
    }

    /// It is seen to serve another leaf.
    pub(super) const fn turns(&mut self, to: Sha256, at: UnixTime) {
        self.before = Some((self.serves, self.since, self.at));
        (self.serves, self.since, self.at) = (to, at, at);
    }

    /// That leaf is one that had gone before: counts it. Whether the address had been done with it, as opposed to being
    /// in the middle of a rollout.
    pub(super) fn goes_back(&mut self, at: UnixTime) -> bool {
        let times = if self.back.1.until(at) < GOES_BACK { self.back.0 } else { 0 };
        self.back = (times.saturating_add(1), at);
        self.before.is_some_and(|(_, since, until)| since.until(until) >= SETTLED)
    }

    /// The leaves it serves: one, or two if it has gone back and forth between them lately.
    pub(super) fn shows(&self) -> impl Iterator<Item = Sha256> {
        let both = self.back.0 >= OFTEN && self.back.1.until(self.at) < GOES_BACK;
        let before = self.before.filter(|(_, _, until)| both && until.until(self.at) < DOES_BOTH);
        std::iter::once(self.serves).chain(before.map(|(leaf, ..)| leaf))
    }
}
