//! [`Memory`]: what was assessed, for as long as somebody holds it. A chain that has not changed is not worked
//! through again, and equal certificates are held once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustls_pki_types::CertificateDer;

use crate::domain::DomainName;
use crate::observation::Presented;
use crate::observation::certificate::{Certificate, CertificateError, Sha256};

/// Chains and certificates that a store of roots has assessed. It keeps none alive: what no record holds any more is
/// forgotten, so that it needs no bound of its own. It belongs to one store, and goes with it when the roots change.
#[derive(Default)]
pub(super) struct Memory {
    shelves: Mutex<Shelves>,
}

#[derive(Default)]
struct Shelves {
    chains: Shelf<Presented>,
    certificates: Shelf<Certificate>,
}

impl Memory {
    /// What was made of this chain for this name.
    pub(super) fn chain(&self, key: Sha256) -> Option<Arc<Presented>> {
        self.shelves().chains.get(key)
    }

    /// From now on, this is what was made of it. Whoever was quicker is right as well, and stays.
    pub(super) fn keep(&self, key: Sha256, presented: Presented) -> Arc<Presented> {
        self.shelves().chains.get_or_put(key, || Arc::new(presented))
    }

    /// The certificate in these bytes, read unless it is known.
    pub(super) fn certificate(&self, der: &CertificateDer<'_>) -> Result<Arc<Certificate>, CertificateError> {
        let sha256 = Sha256::of(der);
        if let Some(known) = self.shelves().certificates.get(sha256) {
            return Ok(known);
        }
        let read = Certificate::from_der(der)?;
        Ok(self.shelves().certificates.get_or_put(sha256, || Arc::new(read)))
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        // What a panic left behind is whole: every change is one insertion.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key for this chain, as sent, and this name.
pub(super) fn key(chain: &[CertificateDer<'_>], name: &DomainName) -> Sha256 {
    let digests = chain.iter().flat_map(|der| Sha256::of(der).0);
    // No name contains a zero, so no two pairs are written alike.
    let written: Vec<u8> = name.as_str().bytes().chain([0]).chain(digests).collect();
    Sha256::of(&written)
}

/// Shared values, as long as others hold them.
struct Shelf<T> {
    places: HashMap<Sha256, Weak<T>>,
    /// At so many places those that nobody holds are cleared.
    clear_at: usize,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { places: HashMap::new(), clear_at: Self::LEAST }
    }
}

impl<T> Shelf<T> {
    /// With fewer places it is not worth clearing.
    const LEAST: usize = 64;

    fn get(&self, key: Sha256) -> Option<Arc<T>> {
        self.places.get(&key)?.upgrade()
    }

    fn get_or_put(&mut self, key: Sha256, make: impl FnOnce() -> Arc<T>) -> Arc<T> {
        if let Some(known) = self.get(key) {
            return known;
        }
        if self.places.len() >= self.clear_at {
            self.places.retain(|_, value| value.strong_count() > 0);
            self.clear_at = Self::LEAST.max(2 * self.places.len());
        }
        let value = make();
        self.places.insert(key, Arc::downgrade(&value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shelf_holds_what_others_hold_and_no_more() {
        let mut shelf = Shelf::default();
        let key = |number: u32| Sha256::of(&number.to_be_bytes());
        let held: Vec<Arc<u32>> = (0..100).map(|number| shelf.get_or_put(key(number), || Arc::new(number))).collect();
        for number in 100..10_000 {
            shelf.get_or_put(key(number), || Arc::new(number));
        }
        assert!(shelf.places.len() <= 2 * held.len(), "{}", shelf.places.len());
        assert!(held.iter().all(|one| Arc::ptr_eq(one, &shelf.get_or_put(key(**one), || Arc::new(0)))));
        assert_eq!(shelf.get(key(9_999)), None);
    }

    #[test]
    fn names_and_chains_have_keys_of_their_own() {
        let name = |text| DomainName::parse(text).unwrap();
        let [one, two] = [b"one", b"two"].map(|der| CertificateDer::from(&der[..]));
        let keys = [
            key(&[one.clone(), two.clone()], &name("a.example")),
            key(&[two.clone(), one.clone()], &name("a.example")),
            key(std::slice::from_ref(&one), &name("a.example")),
            key(std::slice::from_ref(&one), &name("b.example")),
            key(&[], &name("a.example")),
        ];
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), keys.len());
    }
}
