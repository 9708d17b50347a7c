//! [`ByAddress`]: what is known of a domain's addresses.

use std::net::SocketAddr;

/// A value for each of some addresses, in their order. Most domains have one or two, and there may be a hundred thousand
/// domains: it takes no more room than they need, where a node of a tree has room for eleven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByAddress<T>(Vec<(SocketAddr, T)>);

impl<T> ByAddress<T> {
    /// None yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many addresses there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of an address.
    pub fn get(&self, address: &SocketAddr) -> Option<&T> {
        self.0.get(self.place(address).ok()?).map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, address: &SocketAddr) -> Option<&mut T> {
        let place = self.place(address).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// Whether the address has a value.
    pub fn contains_key(&self, address: &SocketAddr) -> bool {
        self.place(address).is_ok()
    }

    /// The value of an address, which is given this one if it has none.
    pub fn or_insert_with(&mut self, address: SocketAddr, value: impl FnOnce() -> T) -> &mut T {
        let place = match self.place(&address) {
            Ok(place) => place,
            Err(place) => {
                self.0.reserve_exact(1);
                self.0.insert(place, (address, value()));
                place
            }
        };
        &mut self.0[place].1
    }

    /// From now on this is the value of the address.
    pub fn insert(&mut self, address: SocketAddr, value: T) {
        let mut value = Some(value);
        let kept = self.or_insert_with(address, || value.take().expect("taken once"));
        if let Some(value) = value {
            *kept = value;
        }
    }

    /// Takes an address away, with its value.
    pub fn remove(&mut self, address: &SocketAddr) -> Option<T> {
        let place = self.place(address).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Keeps those for which this holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&SocketAddr, &mut T) -> bool) {
        self.0.retain_mut(|(address, value)| keep(address, value));
    }

    /// The addresses with their values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&SocketAddr, &T)> + Clone {
        self.0.iter().map(|(address, value)| (address, value))
    }

    /// The addresses.
    pub fn keys(&self) -> impl Iterator<Item = &SocketAddr> {
        self.0.iter().map(|(address, _)| address)
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    fn place(&self, address: &SocketAddr) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(address))
    }
}

impl<T: Default> ByAddress<T> {
    /// The value of an address, made if it has none.
    pub fn or_default(&mut self, address: SocketAddr) -> &mut T {
        self.or_insert_with(address, T::default)
    }
}

impl<T> Default for ByAddress<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> FromIterator<(SocketAddr, T)> for ByAddress<T> {
    fn from_iter<I: IntoIterator<Item = (SocketAddr, T)>>(all: I) -> Self {
        let mut made = Self::new();
        all.into_iter().for_each(|(address, value)| made.insert(address, value));
        made
    }
}

impl<'a, T> IntoIterator for &'a ByAddress<T> {
    type Item = (&'a SocketAddr, &'a T);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (SocketAddr, T)>, fn(&'a (SocketAddr, T)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(address, value)| (address, value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_is_a_map_in_the_order_of_addresses_with_no_room_to_spare() {
        let address = |last: u8| SocketAddr::from(([192, 0, 2, last], 443));
        let (mut map, mut model) = (ByAddress::new(), BTreeMap::new());
        for (step, last) in [7, 3, 9, 3, 1, 7, 200, 9].into_iter().enumerate() {
            map.insert(address(last), step);
            model.insert(address(last), step);
            assert_eq!(map.0.capacity(), map.len());
        }
        assert!(map.iter().eq(&model) && map.keys().eq(model.keys()));
        assert_eq!((map.remove(&address(3)), map.remove(&address(4))), (model.remove(&address(3)), None));
        assert_eq!((map.get(&address(9)), map.get(&address(3))), (Some(&7), None));
        *map.or_insert_with(address(1), || 0) += 10;
        *map.or_default(address(2)) += 1;
        map.retain(|address, value| address.port() == 443 && *value != 7);
        let left: Vec<usize> = map.values().copied().collect();
        assert_eq!(left, [14, 1, 5, 6]);
    }
}
