//! [`Memory`]: what was assessed, for as long as somebody holds it. A chain that has not changed is not worked
//! through again, and equal certificates are held once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustls_pki_types::CertificateDer;

use crate::domain::DomainName;
use crate::observation::certificate::{Certificate, CertificateError, Sha256};
use crate::observation::{Presented, Revocation};

/// Chains without a path that are kept; there are few.
const MAX_PATHLESS: usize = 256;

/// Chains and certificates that a store of roots has assessed. It keeps none alive: what no record holds any more is
/// forgotten, so that it needs no bound of its own. Only of chains without a path are the last few kept, because their
/// place in the record is taken by what was made of them with issuers from elsewhere. It belongs to one store, and goes
/// with it when the roots change.
#[derive(Default)]
pub(super) struct Memory {
    shelves: Mutex<Shelves>,
}

#[derive(Default)]
struct Shelves {
    chains: Shelf<Presented>,
    certificates: Shelf<Certificate>,
    staples: Shelf<Revocation>,
    pathless: VecDeque<Arc<Presented>>,
}

impl Memory {
    /// What was made of this chain for this name.
    pub(super) fn chain(&self, key: Sha256) -> Option<Arc<Presented>> {
        self.shelves().chains.get(key)
    }

    /// From now on, this is what was made of it. Whoever was quicker is right as well, and stays.
    pub(super) fn keep(&self, key: Sha256, presented: Presented) -> Arc<Presented> {
        let mut shelves = self.shelves();
        let kept = shelves.chains.get_or_put(key, || Arc::new(presented));
        if kept.paths.is_empty() && !shelves.pathless.iter().any(|other| Arc::ptr_eq(other, &kept)) {
            shelves.pathless.truncate(MAX_PATHLESS - 1);
            shelves.pathless.push_front(Arc::clone(&kept));
        }
        kept
    }

    /// What was made of this stapled response.
    pub(super) fn staple(&self, key: Sha256) -> Option<Arc<Revocation>> {
        self.shelves().staples.get(key)
    }

    /// From now on, this is what was made of it.
    pub(super) fn keep_staple(&self, key: Sha256, staple: Revocation) -> Arc<Revocation> {
        self.shelves().staples.get_or_put(key, || Arc::new(staple))
    }

    /// Every CA's certificate that somebody holds.
    pub(super) fn authorities(&self) -> Vec<Arc<Certificate>> {
        self.shelves().certificates.all().filter(|certificate| certificate.is_ca).collect()
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

/// A key for this chain, as sent, this name and these issuers from elsewhere.
pub(super) fn key(chain: &[CertificateDer<'_>], name: &DomainName, issuers: &[Arc<Certificate>]) -> Sha256 {
    let sent = chain.iter().flat_map(|der| Sha256::of(der).0);
    let found = issuers.iter().flat_map(|issuer| issuer.sha256.0);
    let count = u8::try_from(chain.len()).unwrap_or(u8::MAX);
    // No name contains a zero, and the chain is as long as it says: no two are written alike.
    let written: Vec<u8> = name.as_str().bytes().chain([0, count]).chain(sent).chain(found).collect();
    Sha256::of(&written)
}

/// A key for this stapled response, to this leaf below this issuer.
pub(super) fn staple_key(response: &[u8], leaf: &Certificate, issuer: &Certificate) -> Sha256 {
    let digests = [Sha256::of(response), leaf.sha256, issuer.sha256];
    Sha256::of(&digests.map(|digest| digest.0).concat())
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

    fn all(&self) -> impl Iterator<Item = Arc<T>> {
        self.places.values().filter_map(Weak::upgrade)
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
    use crate::domain::UnixTime;

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
        let issuer = Arc::new(Certificate::sample("Issuing CA", UnixTime(0), UnixTime(1)));
        let keys = [
            key(&[one.clone(), two.clone()], &name("a.example"), &[]),
            key(&[two.clone(), one.clone()], &name("a.example"), &[]),
            key(std::slice::from_ref(&one), &name("a.example"), &[]),
            key(std::slice::from_ref(&one), &name("a.example"), &[Arc::clone(&issuer)]),
            key(std::slice::from_ref(&one), &name("b.example"), &[]),
            key(&[], &name("a.example"), &[]),
            key(&[], &name("a.example"), &[issuer]),
        ];
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), keys.len());
    }
}
