//! [`Library`]: what was fetched, kept between looks and shared by all domains of the process.
//!
//! A [`Shelf`] holds documents of one kind by their place. What is not there is fetched once for all who ask meanwhile,
//! and a failure is kept like a document, so that nobody is asked more often than we mean to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What was fetched for looks, by kind. One a process: it outlives a change of the configuration.
#[derive(Debug, Default)]
pub struct Library {}

/// Values of one kind by a key, each for as long as whoever made it said, and no more of them than the bound.
#[derive(Debug)]
pub(super) struct Shelf<V> {
    most: usize,
    places: Mutex<HashMap<String, Arc<Place<V>>>>,
}

/// One value and until when it is kept. Whoever makes it holds the lock meanwhile, so that the others wait for it.
#[derive(Debug)]
struct Place<V> {
    kept: tokio::sync::Mutex<Option<(V, Instant)>>,
}

impl<V: Clone> Shelf<V> {
    /// A shelf for so many values.
    pub(super) fn new(most: usize) -> Self {
        Self { most, places: Mutex::default() }
    }

    /// What is kept under the key; else what `make` comes to, for as long as it says. It is made once, however many ask
    /// for it meanwhile.
    pub(super) async fn get_or_make(&self, key: &str, make: impl Future<Output = (V, Duration)>) -> V {
        let place = self.place(key);
        let mut kept = place.kept.lock().await;
        if let Some((value, until)) = &*kept
            && Instant::now() < *until
        {
            return value.clone();
        }
        let (value, keep_for) = make.await;
        *kept = Some((value.clone(), Instant::now() + keep_for));
        value
    }

    fn place(&self, key: &str) -> Arc<Place<V>> {
        let mut places = self.places();
        if let Some(place) = places.get(key) {
            return Arc::clone(place);
        }
        if places.len() >= self.most {
            make_room(&mut places);
        }
        let place = Arc::new(Place { kept: tokio::sync::Mutex::new(None) });
        places.insert(key.to_owned(), Arc::clone(&place));
        place
    }

    fn places(&self) -> MutexGuard<'_, HashMap<String, Arc<Place<V>>>> {
        // What a panic left behind is whole: every change is one insertion or removal.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes away the value that would have to go first. One that is being made is never the last to be kept.
fn make_room<V>(places: &mut HashMap<String, Arc<Place<V>>>) {
    let until = |place: &Place<V>| place.kept.try_lock().ok().and_then(|kept| kept.as_ref().map(|(_, until)| *until));
    let first = places.iter().min_by_key(|(_, place)| until(place).map_or((1, None), |until| (0, Some(until))));
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
            shelf.get_or_make("a", async {
                tokio::time::sleep(Duration::from_secs(5)).await;
                (made.fetch_add(1, Ordering::Relaxed), HOUR)
            })
        };
        assert_eq!(join_all((0..5).map(|_| ask())).await, [0; 5]);
        advance(HOUR - Duration::from_secs(1)).await;
        assert_eq!(ask().await, 0);
        advance(Duration::from_secs(2)).await;
        assert_eq!((ask().await, ask().await), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_makes_it_may_be_cut_off_and_another_makes_it() {
        let shelf = Shelf::new(8);
        let never = shelf.get_or_make("a", std::future::pending());
        assert!(tokio::time::timeout(HOUR, never).await.is_err());
        assert_eq!(shelf.get_or_make("a", async { (7, HOUR) }).await, 7);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_kept_than_the_bound_and_what_ends_first_goes_first() {
        let shelf = Shelf::new(3);
        for (key, hours) in [("a", 2), ("b", 1), ("c", 3), ("d", 4)] {
            shelf.get_or_make(key, async { (key, HOUR * hours) }).await;
        }
        let mut kept: Vec<String> = shelf.places().keys().cloned().collect();
        kept.sort();
        assert_eq!(kept, ["a", "c", "d"]);
    }
}
