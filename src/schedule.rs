//! [`Schedule`]: who is to be looked at, and when. Pure: it reads no clock; time is the monotonic [`Duration`] of
//! [`Now`](crate::domain::Now).
//!
//! A domain's looks are spread by a hash of its name, so that the order of the configuration does not matter and a
//! restart does not bunch them. A domain is never looked at twice at once: what falls due meanwhile waits.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::domain::{DomainName, packed};

/// So few have their first look at once: nobody should have to wait for what is no burst.
const FIRST_AT_ONCE: usize = 10;
/// Of more than these, so many have it in a second, as long as that brings all of them theirs …
const FIRST_A_SECOND: usize = 50;
/// … within this, however long the interval; …
const FIRST_WITHIN: Duration = Duration::from_secs(60);
/// … unless there are so many that more than this number would then have theirs in a second.
const MOST_A_SECOND: usize = 200;
/// As long as the operator wants, in percent.
const NOT_STRETCHED: u32 = 100;

/// Who is to be looked at, and when.
#[derive(Debug)]
pub struct Schedule {
    entries: BTreeMap<DomainName, Entry>,
    /// Those that are not being looked at, by when they are next.
    queue: BTreeSet<(Duration, DomainName)>,
    /// Those that are being looked at, though they may be listed no longer.
    in_flight: BTreeSet<DomainName>,
    /// How long intervals are, in percent.
    stretch: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        let (entries, queue, in_flight) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Self { entries, queue, in_flight, stretch: NOT_STRETCHED }
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    interval: Duration,
    /// When the interval brings the next look.
    regular: Duration,
    /// When a look is wanted besides, to confirm or because somebody asked.
    wanted: Option<Duration>,
    /// When the last look was over: nothing is due before.
    free: Duration,
}

impl Entry {
    fn next(&self) -> Duration {
        self.wanted.map_or(self.regular, |wanted| wanted.min(self.regular))
    }
}

impl Schedule {
    /// These are the domains to look at from now on, each with its interval. Those that stay keep their turn.
    pub fn reconcile(&mut self, domains: impl IntoIterator<Item = (DomainName, Duration)>, now: Duration) {
        let listed: BTreeMap<DomainName, Duration> = domains.into_iter().collect();
        let gone: Vec<DomainName> = self.entries.keys().filter(|name| !listed.contains_key(name)).cloned().collect();
        for name in gone {
            self.remove(&name);
        }
        let first_within = first_within(listed.keys().filter(|name| !self.entries.contains_key(name)).count());
        for (name, interval) in listed {
            match self.entries.get(&name) {
                Some(entry) if entry.interval == interval => {}
                Some(entry) => {
                    let sooner = entry.regular.min(now + interval);
                    self.change(&name, |entry| (entry.interval, entry.regular) = (interval, sooner));
                }
                None => self.add(name, interval, first_within, now),
            }
        }
        self.entries = packed(std::mem::take(&mut self.entries));
    }

    /// Wants a look at this time, whatever the interval; a look in flight then is followed by another.
    pub fn look_at(&mut self, name: &DomainName, at: Duration) {
        self.change(name, |entry| entry.wanted = Some(entry.wanted.map_or(at, |wanted| wanted.min(at))));
    }

    /// From now on intervals are so long, in percent of what they are.
    pub const fn stretch(&mut self, percent: u32) {
        self.stretch = percent;
    }

    /// The next domain that is due, if one is. It is in flight from now on, until [`Schedule::done`].
    pub fn due(&mut self, now: Duration) -> Option<DomainName> {
        self.due_since(now).map(|(name, _)| name)
    }

    /// As [`Schedule::due`], and since when it is: what was wanted while it was looked at, since that was over.
    pub fn due_since(&mut self, now: Duration) -> Option<(DomainName, Duration)> {
        let (at, _) = self.queue.first()?;
        if *at > now {
            return None;
        }
        let (at, name) = self.queue.pop_first()?;
        let entry = self.entries.get_mut(&name)?;
        let at = at.max(entry.free);
        if entry.regular <= now {
            entry.regular = next_turn(entry.regular, entry.interval * self.stretch / NOT_STRETCHED, now);
        }
        entry.wanted = entry.wanted.filter(|wanted| *wanted > now);
        self.in_flight.insert(name.clone());
        Some((name, at))
    }

    /// The look at this domain is over by now.
    pub fn done_at(&mut self, name: &DomainName, now: Duration) {
        self.in_flight.remove(name);
        self.change(name, |entry| entry.free = now);
    }

    #[cfg(test)]
    fn done(&mut self, name: &DomainName) {
        self.done_at(name, Duration::ZERO);
    }

    /// When [`Schedule::due`] will next have a domain.
    pub fn next_wakeup(&self) -> Option<Duration> {
        self.queue.first().map(|(at, _)| *at)
    }

    fn add(&mut self, name: DomainName, interval: Duration, first_within: Duration, now: Duration) {
        let regular = now + phase(&name, interval);
        let first = (interval > first_within).then(|| now + phase(&name, first_within));
        let entry = Entry { interval, regular, wanted: first, free: Duration::ZERO };
        self.entries.insert(name.clone(), entry);
        self.change(&name, |_| {});
    }

    fn remove(&mut self, name: &DomainName) {
        if let Some(entry) = self.entries.remove(name) {
            self.queue.remove(&(entry.next(), name.clone()));
        }
    }

    /// Changes an entry and puts it where it then belongs in the queue.
    fn change(&mut self, name: &DomainName, change: impl FnOnce(&mut Entry)) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        self.queue.remove(&(entry.next(), name.clone()));
        change(entry);
        if !self.in_flight.contains(name) {
            self.queue.insert((entry.next(), name.clone()));
        }
    }
}

/// Within which time so many have their first look.
fn first_within(count: usize) -> Duration {
    let spread = Duration::from_secs(count.saturating_sub(FIRST_AT_ONCE) as u64) / FIRST_A_SECOND as u32;
    spread.min(FIRST_WITHIN).max(Duration::from_secs((count / MOST_A_SECOND) as u64))
}

/// A domain's place within a span, by its name alone.
fn phase(name: &DomainName, span: Duration) -> Duration {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let share = (hasher.finish() >> 32) as u32;
    let nanos = (span.as_nanos() * u128::from(share)) >> 32;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The first turn after now; turns that were missed are not made up for.
fn next_turn(turn: Duration, interval: Duration, now: Duration) -> Duration {
    let interval = interval.max(Duration::from_millis(1));
    let missed = now.saturating_sub(turn).as_nanos() / interval.as_nanos();
    turn + interval.saturating_mul(u32::try_from(missed + 1).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn name(text: &str) -> DomainName {
        DomainName::parse(text).unwrap()
    }

    fn fleet(count: usize) -> Vec<(DomainName, Duration)> {
        (0..count).map(|index| (name(&format!("d{index}.example")), MINUTE)).collect()
    }

    /// A schedule of so few that each had its first look at once.
    fn begun(count: usize) -> Schedule {
        let mut schedule = Schedule::default();
        schedule.reconcile(fleet(count), Duration::ZERO);
        let first: Vec<DomainName> = std::iter::from_fn(|| schedule.due(Duration::ZERO)).collect();
        assert_eq!(first.len(), count);
        first.iter().for_each(|name| schedule.done(name));
        schedule
    }

    #[test]
    fn a_few_have_their_first_look_at_once_and_more_are_spread() {
        for (count, within) in [
            (1, 0),
            (FIRST_AT_ONCE, 0),
            (FIRST_AT_ONCE + 1, 20),
            (60, 1_000),
            (3_010, 60_000),
            (12_000, 60_000),
            (30_000, 150_000),
        ] {
            assert_eq!(first_within(count), Duration::from_millis(within), "{count}");
        }
        let mut schedule = begun(FIRST_AT_ONCE);
        // Neither do two wait that come to many.
        schedule.reconcile(fleet(FIRST_AT_ONCE + 2), MINUTE * 9);
        let new = |name: &DomainName| ["d10.example", "d11.example"].contains(&name.as_str());
        assert_eq!(std::iter::from_fn(|| schedule.due(MINUTE * 9)).filter(new).count(), 2);
    }

    #[test]
    fn looks_are_spread_over_the_interval_and_keep_their_place() {
        let mut schedule = Schedule::default();
        schedule.reconcile(fleet(600), Duration::ZERO);
        let mut by_tenth = [0; 10];
        let mut turns = BTreeMap::new();
        for tick in 0..1800_u32 {
            let now = MINUTE * tick / 600;
            while let Some(name) = schedule.due(now) {
                match tick {
                    // With the first looks, which come sooner.
                    0..600 => {}
                    600..1200 => {
                        by_tenth[(tick / 60 - 10) as usize] += 1;
                        turns.insert(name.clone(), tick);
                    }
                    _ => assert_eq!(turns[&name] + 600, tick),
                }
                schedule.done(&name);
            }
        }
        assert_eq!(by_tenth.iter().sum::<i32>(), 600);
        assert!(by_tenth.iter().all(|count| (35..90).contains(count)), "{by_tenth:?}");
    }

    #[test]
    fn the_first_looks_come_within_a_minute_and_the_others_are_spread_over_the_hour() {
        let mut schedule = Schedule::default();
        schedule.reconcile(fleet(600).into_iter().map(|(name, _)| (name, MINUTE * 60)), Duration::ZERO);
        let mut looks = |from: u32, to: u32| {
            let turns = (from * 60..to * 60).map(|second| {
                let now = Duration::from_secs(u64::from(second));
                std::iter::from_fn(|| schedule.due(now).inspect(|name| schedule.done(name))).count()
            });
            turns.sum::<usize>()
        };
        assert!((600..650).contains(&looks(0, 1)));
        let rest = looks(1, 60);
        assert!((550..600).contains(&rest), "{rest}");
        for quarter in [60, 75, 90, 105] {
            let turns = looks(quarter, quarter + 15);
            assert!((110..190).contains(&turns), "{turns} in a quarter of an hour");
        }
    }

    #[test]
    fn the_first_looks_at_a_large_fleet_are_no_burst() {
        let (count, interval) = (30_000, MINUTE * 10);
        let mut schedule = Schedule::default();
        schedule.reconcile(fleet(count).into_iter().map(|(name, _)| (name, interval)), Duration::ZERO);
        let most = (0..150).map(|second| {
            let now = Duration::from_secs(second);
            std::iter::from_fn(|| schedule.due(now).inspect(|name| schedule.done(name))).count()
        });
        let each: Vec<usize> = most.collect();
        // At the interval's own pace of 50 a second besides.
        assert!(each.iter().skip(1).all(|looks| (150..360).contains(looks)), "{each:?}");
    }

    #[test]
    fn what_is_stretched_comes_later_and_says_since_when_it_was_due() {
        let mut schedule = begun(1);
        let first = schedule.next_wakeup().unwrap();
        schedule.stretch(150);
        let late = first + Duration::from_secs(3);
        let (name, since) = schedule.due_since(late).unwrap();
        assert_eq!(since, first);
        schedule.done(&name);
        assert_eq!(schedule.next_wakeup(), Some(first + MINUTE * 3 / 2));
        schedule.look_at(&name, first);
        schedule.done_at(&name, late);
        assert_eq!(schedule.due_since(late).map(|(_, since)| since), Some(late), "it could not be sooner");
        schedule.done(&name);
        schedule.stretch(100);
        let _ = schedule.due(first + MINUTE * 3 / 2).map(|name| schedule.done(&name));
        assert_eq!(schedule.next_wakeup(), Some(first + MINUTE * 5 / 2));
    }

    #[test]
    fn a_domain_is_never_looked_at_twice_at_once() {
        let mut schedule = Schedule::default();
        schedule.reconcile(fleet(1), Duration::ZERO);
        let slow = schedule.due(MINUTE).unwrap();
        schedule.look_at(&slow, MINUTE);
        assert_eq!(schedule.due(MINUTE * 5), None);
        assert_eq!(schedule.next_wakeup(), None);
        schedule.done(&slow);
        assert_eq!(schedule.due(MINUTE * 5), Some(slow.clone()));
        schedule.done(&slow);
        // The turns that went by meanwhile are not made up for.
        assert_eq!(schedule.due(MINUTE * 5), None);
        assert!(schedule.next_wakeup().is_some_and(|next| next > MINUTE * 5 && next <= MINUTE * 6));
    }

    #[test]
    fn a_domain_that_comes_back_while_it_is_looked_at_waits_for_the_end_of_that() {
        let mut schedule = Schedule::default();
        schedule.reconcile(fleet(1), Duration::ZERO);
        let slow = schedule.due(MINUTE).unwrap();
        schedule.reconcile([], MINUTE);
        schedule.reconcile(fleet(1), MINUTE);
        assert_eq!(schedule.due(MINUTE * 5), None);
        schedule.done(&slow);
        assert_eq!(schedule.due(MINUTE * 5), Some(slow));
    }

    #[test]
    fn a_wanted_look_comes_besides_the_regular_ones() {
        let mut schedule = begun(1);
        let first = schedule.next_wakeup().unwrap();
        let a = schedule.due(first).unwrap();
        schedule.done(&a);
        schedule.look_at(&a, first + Duration::from_secs(10));
        assert_eq!(schedule.next_wakeup(), Some(first + Duration::from_secs(10)));
        assert_eq!(schedule.due(first + Duration::from_secs(10)), Some(a.clone()));
        schedule.done(&a);
        assert_eq!(schedule.next_wakeup(), Some(first + MINUTE));
    }

    #[test]
    fn reconciling_keeps_turns_and_forgets_who_is_gone() {
        let mut schedule = Schedule::default();
        let hourly = MINUTE * 60;
        schedule.reconcile([(name("a.example"), hourly), (name("b.example"), hourly)], Duration::ZERO);
        assert!(schedule.next_wakeup().unwrap() <= MINUTE);
        while schedule.due(MINUTE).is_some() {}
        schedule.done(&name("a.example"));
        schedule.reconcile([(name("a.example"), MINUTE)], MINUTE * 2);
        assert!(schedule.next_wakeup().unwrap() <= MINUTE * 3);
        schedule.done(&name("b.example"));
        assert_eq!(schedule.due(MINUTE * 9), Some(name("a.example")));
        assert_eq!(schedule.due(MINUTE * 99), None);
    }
}
