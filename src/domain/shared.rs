//! [`Shared`]: a value that many have in common until one of them changes it; and [`packed`].

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value behind a pointer that is cheap to clone; whoever changes it has a copy of their own from then on. A hundred
/// thousand domains are looked at in the same few ways.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// A value that nobody else has yet.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// The pointer itself.
    pub fn arc(&self) -> Arc<T> {
        Arc::clone(&self.0)
    }
}

impl<T: PartialEq> Shared<T> {
    /// Takes its place among values that are held: an equal one is held once. Of those known, the last few are compared.
    pub fn join(&mut self, known: &mut Vec<Self>) {
        const COMPARED: usize = 16;
        match known.iter().rev().take(COMPARED).find(|other| *other == self) {
            Some(other) => *self = other.clone(),
            None => known.push(self.clone()),
        }
    }
}

/// The same map with its nodes full. One that grew in the order of its keys, as names come that were sorted, has every node
/// but the last half empty.
pub fn packed<K: Ord, V>(map: BTreeMap<K, V>) -> BTreeMap<K, V> {
    // What is collected is sorted as a whole, and its nodes are filled one after another.
    map.into_iter().collect()
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.arc())
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_held_once_until_one_is_changed() {
        let mut known = Vec::new();
        let mut all: Vec<Shared<String>> = (0..5).map(|n| Shared::new(format!("{}", n % 2))).collect();
        all.iter_mut().for_each(|value| value.join(&mut known));
        assert!(Arc::ptr_eq(&all[0].0, &all[4].0) && !Arc::ptr_eq(&all[0].0, &all[1].0));
        all[4].push('!');
        assert_eq!((all[0].as_str(), all[4].as_str()), ("0", "0!"));
    }

    #[test]
    fn a_packed_map_is_the_same_map() {
        let map: BTreeMap<u32, u32> = (0..1000).map(|key| (key, key * 7)).collect();
        assert_eq!(packed(map.clone()), map);
    }
}
