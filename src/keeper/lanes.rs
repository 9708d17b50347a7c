//! [`Lanes`]: how many looks are under way at once, and where. Whoever does not answer has few of the places, so that the
//! others find one when their time has come; and nobody is looked at by many at a time.
//!
//! A look needs a place among all, and one at each of its addresses. What finds none at an address waits there, in order,
//! and holds nobody else up. Pure, as all of the keeper is.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use crate::domain::DomainName;

/// Looks under way at once, unless there are descriptors for more or for fewer.
const PLACES: usize = 512;
/// Looks at one address at once, at least.
const A_FEW: u64 = 4;
/// An address gets as many more as its domains need to keep their intervals, as long as a look takes no longer than this.
const PATIENCE: u64 = 2;
/// A domain whose look took longer is slow: all that are have half of the places together.
const SLOW: u64 = 2_000;
/// By which demand is counted: looks a second are fractions.
const MILLION: u64 = 1_000_000;
/// A local port stays in use for so many seconds after its connection was closed (Linux, `TCP_TIMEWAIT_LEN`).
const TIME_WAIT: u64 = 60;

/// Where a look goes, as far as it is known before it is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// Empty of what was never looked at.
    pub(super) addresses: Box<[SocketAddr]>,
    /// Whether the last look took long.
    pub(super) slow: bool,
}

impl Way {
    /// Whether a look that took so many milliseconds was slow.
    pub(super) const fn is_slow(elapsed_ms: u64) -> bool {
        elapsed_ms >= SLOW
    }
}

/// Places for looks.
#[derive(Debug)]
pub(super) struct Lanes {
    places: usize,
    per_address: Option<usize>,
    taken: usize,
    /// Those where somebody is under way or waits.
    lanes: HashMap<Place, Lane>,
    /// Looks that are due at an address, a million seconds long.
    demand: HashMap<SocketAddr, u64>,
    /// Who waited, and may try again.
    released: VecDeque<DomainName>,
    waiting: usize,
    /// Local ports that there are for each address; `None` if that is not known.
    ports: Option<u64>,
    /// Addresses whose looks need more, still to be told and told already.
    crowded: VecDeque<Crowded>,
    told: HashSet<SocketAddr>,
}

/// An address with so many looks that we run out of local ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowded {
    /// The address.
    pub address: SocketAddr,
    /// Local ports that the looks at it take, each for a minute.
    pub needs: u64,
    /// How many there are.
    pub ports: u64,
}

/// What has places of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    At(SocketAddr),
    Slow,
}

#[derive(Debug, Default)]
struct Lane {
    taken: usize,
    waiting: VecDeque<DomainName>,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            places: PLACES,
            per_address: None,
            taken: 0,
            lanes: HashMap::new(),
            demand: HashMap::new(),
            released: VecDeque::new(),
            waiting: 0,
            ports: None,
            crowded: VecDeque::new(),
            told: HashSet::new(),
        }
    }
}

impl Lanes {
    /// So many looks may be under way at once; and so many at one address, if that is said; with so many local ports.
    pub(super) const fn set_bounds(&mut self, places: usize, per_address: Option<usize>, ports: Option<u64>) {
        self.places = places;
        self.per_address = per_address;
        self.ports = ports;
    }

    /// An address that needs more local ports than there are; each once.
    pub(super) fn crowded(&mut self) -> Option<Crowded> {
        self.crowded.pop_front()
    }

    /// Whether there is a place for another look.
    pub(super) const fn has_room(&self) -> bool {
        self.taken < self.places
    }

    /// How many looks wait for a place at their address.
    pub(super) fn waiting(&self) -> usize {
        self.waiting + self.released.len()
    }

    /// Takes places for a look this way. If there is none, it waits there.
    pub(super) fn enter(&mut self, domain: &DomainName, way: &Way) -> bool {
        if let Some(full) = self.of(way).find(|place| self.taken_at(place) >= self.bound(place)) {
            self.lanes.entry(full).or_default().waiting.push_back(domain.clone());
            self.waiting += 1;
            return false;
        }
        self.taken += 1;
        for place in self.of(way).collect::<Vec<_>>() {
            self.lanes.entry(place).or_default().taken += 1;
        }
        true
    }

    /// A look this way is over; who waits for one of its places may try again.
    pub(super) fn leave(&mut self, way: &Way) {
        self.taken = self.taken.saturating_sub(1);
        for place in self.of(way).collect::<Vec<_>>() {
            let Some(lane) = self.lanes.get_mut(&place) else { continue };
            lane.taken = lane.taken.saturating_sub(1);
            if let Some(next) = lane.waiting.pop_front() {
                self.waiting -= 1;
                self.released.push_back(next);
            } else if lane.taken == 0 {
                self.lanes.remove(&place);
            }
        }
    }

    /// Who has waited and may try again.
    pub(super) fn released(&mut self) -> Option<DomainName> {
        self.released.pop_front()
    }

    /// Whether somebody may.
    pub(super) fn has_released(&self) -> bool {
        !self.released.is_empty()
    }

    /// A domain that is looked at so often is at these addresses now, instead of at those.
    pub(super) fn moved(&mut self, from: &[SocketAddr], to: &[SocketAddr], interval: Duration) {
        let looks = demand(interval);
        for address in from {
            let Some(demand) = self.demand.get_mut(address) else { continue };
            *demand = demand.saturating_sub(looks);
            if *demand == 0 {
                self.demand.remove(address);
            }
        }
        for address in to {
            let demand = self.demand.entry(*address).or_default();
            *demand += looks;
            let needs = demand.saturating_mul(TIME_WAIT) / MILLION;
            if let Some(ports) = self.ports.filter(|ports| needs > *ports)
                && self.told.insert(*address)
            {
                self.crowded.push_back(Crowded { address: *address, needs, ports });
            }
        }
    }

    /// Forgets who is where, to be told anew.
    pub(super) fn forget_demand(&mut self) {
        self.demand.clear();
    }

    fn of(&self, way: &Way) -> impl Iterator<Item = Place> + use<> {
        let at: Vec<Place> = way.addresses.iter().copied().map(Place::At).collect();
        at.into_iter().chain(way.slow.then_some(Place::Slow))
    }

    fn taken_at(&self, place: &Place) -> usize {
        self.lanes.get(place).map_or(0, |lane| lane.taken)
    }

    fn bound(&self, place: &Place) -> usize {
        let Place::At(address) = place else { return (self.places / 2).max(1) };
        let demand = self.demand.get(address).copied().unwrap_or(0);
        let needed = demand.saturating_mul(PATIENCE).div_ceil(MILLION).max(A_FEW);
        self.per_address.unwrap_or_else(|| usize::try_from(needed).unwrap_or(usize::MAX)).max(1)
    }
}

/// How many looks in a million seconds; at least one, so that whoever is somewhere counts.
fn demand(interval: Duration) -> u64 {
    let milliseconds = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX).max(1);
    (MILLION * 1000 / milliseconds).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn name(number: usize) -> DomainName {
        DomainName::parse(&format!("d{number}.example")).unwrap()
    }

    fn at(last: u8) -> Way {
        Way { addresses: [SocketAddr::from(([192, 0, 2, last], 443))].into(), slow: false }
    }

    #[test]
    fn a_few_look_at_one_address_and_the_rest_wait_in_order() {
        let mut lanes = Lanes::default();
        let entered: Vec<bool> = (0..7).map(|number| lanes.enter(&name(number), &at(1))).collect();
        assert_eq!(entered, [true, true, true, true, false, false, false]);
        assert!(lanes.enter(&name(7), &at(2)), "nobody else is held up");
        assert_eq!((lanes.released(), lanes.waiting()), (None, 3));
        lanes.leave(&at(1));
        assert_eq!(lanes.released(), Some(name(4)));
        assert!(lanes.enter(&name(4), &at(1)));
        assert!(!lanes.enter(&name(9), &at(1)));
        for expected in [5, 6, 9] {
            lanes.leave(&at(1));
            assert_eq!(lanes.released(), Some(name(expected)));
        }
    }

    #[test]
    fn an_address_of_many_domains_gets_as_many_places_as_their_intervals_need() {
        let mut lanes = Lanes::default();
        let address = at(1).addresses;
        (0..1200).for_each(|_| lanes.moved(&[], &address, MINUTE));
        let entered = |lanes: &mut Lanes| (0..100).filter(|number| lanes.enter(&name(*number), &at(1))).count();
        assert_eq!(entered(&mut lanes), 40, "20 looks a second, of two seconds each");
        let mut told = Lanes::default();
        told.set_bounds(512, Some(7), None);
        (0..1200).for_each(|_| told.moved(&[], &address, MINUTE));
        assert_eq!(entered(&mut told), 7);
        (0..1200).for_each(|_| lanes.moved(&address, &at(2).addresses, MINUTE));
        assert!(!lanes.demand.contains_key(&address[0]), "nothing is kept of where nobody is");
    }

    #[test]
    fn the_slow_have_half_of_the_places_wherever_they_are() {
        let mut lanes = Lanes::default();
        lanes.set_bounds(20, None, None);
        let slow = |last: u8| Way { slow: true, ..at(last) };
        let entered = (1..=20).filter(|last| lanes.enter(&name(usize::from(*last)), &slow(*last))).count();
        assert_eq!(entered, 10);
        assert!((1..=10).all(|last| lanes.enter(&name(100 + last), &at(100 + last as u8))));
        assert!(!lanes.has_room());
        lanes.leave(&slow(1));
        assert_eq!(lanes.released(), Some(name(11)));
    }

    #[test]
    fn an_address_that_needs_more_ports_than_there_are_is_told_of_once() {
        let mut lanes = Lanes::default();
        lanes.set_bounds(512, None, Some(1000));
        let address = at(1).addresses;
        (0..1000).for_each(|_| lanes.moved(&[], &address, MINUTE));
        assert_eq!(lanes.crowded(), None, "a port a minute each");
        (0..100).for_each(|_| lanes.moved(&[], &address, MINUTE));
        let crowded = lanes.crowded().unwrap();
        assert_eq!((crowded.address, crowded.ports), (address[0], 1000));
        assert_eq!(lanes.crowded(), None);
    }

    #[test]
    fn with_nobody_on_the_way_nothing_is_kept() {
        let mut lanes = Lanes::default();
        let both = Way { addresses: [at(1).addresses[0], at(2).addresses[0]].into(), slow: true };
        for _ in 0..3 {
            assert!(lanes.enter(&name(1), &both));
            lanes.leave(&both);
        }
        assert_eq!((lanes.taken, lanes.lanes.len(), lanes.waiting()), (0, 0, 0));
    }
}
