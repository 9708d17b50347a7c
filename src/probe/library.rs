//! [`Library`]: what was fetched, kept between looks and shared by all domains of the process.
//!
//! A [`Shelf`] holds documents of one kind by their place. What is not there is fetched once for all who ask meanwhile,
//! and a failure is kept like a document, so that nobody is asked more often than we mean to.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::registration::Registrations;
use super::renewal::{KeptDirectory, KeptInfo};
use super::revocation::KeptList;
use super::wire;
use crate::observation::certificate::Certificate;

/// What was fetched for looks, by kind. One a process: it outlives a change of the configuration.
#[derive(Debug)]
pub struct Library {
    /// Where CAs have their renewal information, by the URL of their directory.
    pub(super) directories: Arc<Shelf<KeptDirectory>>,
    /// What they say of leaves, by SHA-256.
    pub(super) renewals: Arc<Shelf<KeptInfo>>,
    /// What registries said of domains.
    pub(super) registrations: Registrations,
    /// What CAs hand out as their own certificates, by URL; nothing where nothing could be had.
    pub(super) issuers: Arc<Shelf<Arc<[Arc<Certificate>]>>>,
    /// Lists of revoked certificates, by URL and issuer.
    pub(super) lists: Arc<Shelf<KeptList>>,
    /// What the lists weigh together.
    pub(super) weight: Arc<AtomicUsize>,
}

impl Default for Library {
    fn default() -> Self {
        Self {
            directories: Arc::new(Shelf::new(MOST_DIRECTORIES)),
            renewals: Arc::new(Shelf::new(MOST_RENEWALS)),
            registrations: Registrations::default(),
            issuers: Arc::new(Shelf::new(MOST_ISSUERS)),
            lists: Arc::new(Shelf::new(MOST_LISTS)),
            weight: Arc::default(),
        }
    }
}

/// Directories of CAs that are kept.
const MOST_DIRECTORIES: usize = 64;
/// Leaves of which it is kept when they are to be renewed.
const MOST_RENEWALS: usize = 65_536;
/// Documents with issuers that are kept.
const MOST_ISSUERS: usize = 256;
/// Lists that are kept; a CA that serves millions of sites cuts its list into a few hundred.
const MOST_LISTS: usize = 4096;

/// Values of one kind by a key, each for as long as whoever made it said, and no more of them than the bound.
#[derive(Debug)]
pub(super) struct Shelf<V> {
    most: usize,
    places: Mutex<HashMap<String, Arc<Place<V>>>>,
}

/// One value and until when it is good.
#[derive(Debug)]
struct Place<V> {
    /// Held by whoever makes the value, so that the others wait for it.
    making: tokio::sync::Mutex<()>,
    kept: Mutex<Option<(V, Instant)>>,
}

impl<V: Clone> Place<V> {
    const fn new() -> Self {
        Self { making: tokio::sync::Mutex::const_new(()), kept: Mutex::new(None) }
    }

    /// What is kept, and whether its time is not up.
    fn kept(&self) -> Option<(V, bool)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(|(value, until)| (value.clone(), Instant::now() < *until))
    }

    fn keep(&self, value: V, keep_for: Duration) {
        let until = Instant::now() + keep_for;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((value, until));
    }

    fn until(&self) -> Option<Instant> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, until)| *until)
    }
}

impl<V: Clone + Send + Sync + 'static> Shelf<V> {
    /// A shelf for so many values.
    pub(super) fn new(most: usize) -> Self {
        Self { most, places: Mutex::default() }
    }

    /// What is kept under the key; once its time is up, what `make` comes to, given what was kept before. It is made
    /// once, however many ask for it meanwhile. A value is returned with the time for which it is to be kept.
    pub(super) async fn get_or_make<F>(&self, key: &str, make: impl FnOnce(Option<V>) -> F) -> V
    where
        F: Future<Output = (V, Duration)>,
    {
        let place = self.place(key);
        let _turn = place.making.lock().await;
        let before = match place.kept() {
            Some((value, true)) => return value,
            before => before.map(|(value, _)| value),
        };
        let (value, keep_for) = make(before).await;
        place.keep(value.clone(), keep_for);
        value
    }

    /// The same for whoever cannot wait: what is kept, however old, at once, while it is made anew aside; without any,
    /// what comes to be within this time. `None` if nothing did: it goes on being made, for whoever asks next.
    pub(super) async fn get_within<F, M>(self: &Arc<Self>, patience: Duration, key: &str, make: M) -> Option<V>
    where
        F: Future<Output = (V, Duration)> + Send,
        M: FnOnce(Option<V>) -> F + Send + 'static,
    {
        let kept = self.place(key).kept();
        if let Some((value, true)) = kept {
            return Some(value);
        }
        let (shelf, key) = (Arc::clone(self), key.to_owned());
        // Which wire it is belongs to the task, and this is another.
        let made = tokio::spawn(wire::carried(async move { shelf.get_or_make(&key, make).await }));
        match kept {
            Some((value, _)) => Some(value),
            None => tokio::time::timeout(patience, made).await.ok()?.ok(),
        }
    }

    fn place(&self, key: &str) -> Arc<Place<V>> {
        let mut places = self.places();
        if let Some(place) = places.get(key) {
            return Arc::clone(place);
        }
        if places.len() >= self.most {
            make_room(&mut places);
        }
        let place = Arc::new(Place::new());
        places.insert(key.to_owned(), Arc::clone(&place));
        place
    }

    fn places(&self) -> MutexGuard<'_, HashMap<String, Arc<Place<V>>>> {
        // What a panic left behind is whole: every change is one insertion or removal.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes away the value that ends first. One that is being made is the last to go.
fn make_room<V: Clone>(places: &mut HashMap<String, Arc<Place<V>>>) {
    let end = |place: &Place<V>| place.until().map_or((1, None), |until| (0, Some(until)));
    let first = places.iter().min_by_key(|(_, place)| end(place));
    if let Some(key) = first.map(|(key, _)| key.clone()) {
        places.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;
    use tokio::time::advance;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn a_value_is_made_once_for_all_who_ask_until_its_time_is_up() {
        let (shelf, made) = (Shelf::new(8), AtomicU32::new(0));
        let ask = || {
            shelf.get_or_make("a", async |before: Option<u32>| {
                tokio::time::sleep(Duration::from_secs(5)).await;
                (before.unwrap_or(0) * 10 + made.fetch_add(1, Ordering::Relaxed) + 1, HOUR)
            })
        };
        assert_eq!(join_all((0..5).map(|_| ask())).await, [1; 5]);
        advance(HOUR - Duration::from_secs(1)).await;
        assert_eq!(ask().await, 1);
        advance(Duration::from_secs(2)).await;
        assert_eq!((ask().await, ask().await), (12, 12));
    }

    #[tokio::test(start_paused = true)]
    async fn who_makes_it_may_be_cut_off_and_another_makes_it() {
        let shelf = Shelf::new(8);
        let never = shelf.get_or_make("a", |_| std::future::pending());
        assert!(tokio::time::timeout(HOUR, never).await.is_err());
        assert_eq!(shelf.get_or_make("a", async |_| (7, HOUR)).await, 7);
    }

    #[tokio::test(start_paused = true)]
    async fn who_cannot_wait_gets_what_there_is_and_the_next_what_came_of_it() {
        let shelf = Arc::new(Shelf::new(8));
        let ask = |value: u32| {
            shelf.get_within(Duration::from_secs(1), "a", move |_| async move {
                tokio::time::sleep(Duration::from_secs(5)).await;
                (value, HOUR)
            })
        };
        assert_eq!(ask(1).await, None);
        advance(Duration::from_secs(5)).await;
        tokio::task::yield_now().await;
        assert_eq!(ask(2).await, Some(1));
        advance(HOUR).await;
        assert_eq!(ask(3).await, Some(1), "old, and at once");
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(ask(4).await, Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_kept_than_the_bound_and_what_ends_first_goes_first() {
        let shelf = Shelf::new(3);
        for (key, hours) in [("a", 2), ("b", 1), ("c", 3), ("d", 4)] {
            shelf.get_or_make(key, async |_| (key, HOUR * hours)).await;
        }
        let mut kept: Vec<String> = shelf.places().keys().cloned().collect();
        kept.sort();
        assert_eq!(kept, ["a", "c", "d"]);
    }
}
