//! [`Bond`]: something that was seen to be the same for several incidents: an address, a certificate, a zone. Incidents
//! that share a bond may have one cause, and are told in one mail.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// So many bonds of one incident are kept.
const MOST: usize = 12;
/// A value is cut to so many characters: names of CAs are a stranger's words.
const LONGEST: usize = 400;

/// What a bond is made of, the most specific first.
///
/// **Which bond wins**: the one that covers the most domains; of those that cover equally many the most specific, in this
/// order; of two of one kind the lesser text. So eighty domains at the same two addresses are bound by both addresses
/// together; if forty of them have the second address alone, all eighty are bound by that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BondKind {
    /// The leaf that is served, by SHA-256.
    Certificate,
    /// A certificate of a CA on the path (or missing from it), by SHA-256.
    Authority,
    /// All the addresses it was seen at, where they are several.
    Addresses,
    /// One of the addresses it was seen at.
    Address,
    /// The zone the domain lies in, as its name servers have it.
    Zone,
    /// The name servers of the zone, all of them.
    NameServers,
    /// Who issued the leaf, by name.
    Issuer,
    /// The Auth0 tenant.
    Tenant,
    /// What a newer version stored.
    Unknown,
}

impl BondKind {
    const KNOWN: [Self; 8] = [
        Self::Certificate,
        Self::Authority,
        Self::Addresses,
        Self::Address,
        Self::Zone,
        Self::NameServers,
        Self::Issuer,
        Self::Tenant,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Authority => "authority",
            Self::Addresses => "addresses",
            Self::Address => "address",
            Self::Zone => "zone",
            Self::NameServers => "name_servers",
            Self::Issuer => "issuer",
            Self::Tenant => "tenant",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was observed and may be shared, as text that survives load and save even where its kind is not known:
/// `address:192.0.2.10:443`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bond(String);

impl Bond {
    /// A bond of this kind.
    pub fn new(kind: BondKind, value: &str) -> Self {
        let value: String = value.chars().take(LONGEST).collect();
        Self(format!("{}:{value}", kind.as_str()))
    }

    /// By one address each, and by all of them together if they are several.
    pub fn of_addresses(addresses: &BTreeSet<SocketAddr>) -> Vec<Self> {
        let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let each = shown.iter().take(MOST / 2).map(|address| Self::new(BondKind::Address, address));
        let together = (shown.len() > 1).then(|| Self::new(BondKind::Addresses, &shown.join(",")));
        together.into_iter().chain(each).collect()
    }

    /// What it is made of.
    pub fn kind(&self) -> BondKind {
        let name = self.0.split_once(':').map_or("", |(kind, _)| kind);
        BondKind::KNOWN.into_iter().find(|kind| kind.as_str() == name).unwrap_or(BondKind::Unknown)
    }

    /// What of that kind: an address, a digest in hex, a name. Several are separated by commas.
    pub fn value(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, value)| value)
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The order of preference among bonds that cover equally many.
    pub(super) fn preference(&self) -> (BondKind, &str) {
        (self.kind(), &self.0)
    }
}

impl fmt::Display for Bond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Each once, the most specific first, within bounds.
pub(super) fn bounded(bonds: impl IntoIterator<Item = Bond>) -> Vec<Bond> {
    let mut bonds: Vec<Bond> = bonds.into_iter().collect();
    bonds.sort_by(|a, b| a.preference().cmp(&b.preference()));
    bonds.dedup();
    bonds.truncate(MOST);
    bonds
}

/// Those that all have, in the order of the first.
pub(super) fn common<'a>(mut all: impl Iterator<Item = &'a [Bond]>) -> Vec<Bond> {
    let mut shared = all.next().map(<[Bond]>::to_vec).unwrap_or_default();
    for bonds in all {
        shared.retain(|bond| bonds.contains(bond));
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bond_is_text_and_survives_a_kind_we_do_not_know() {
        let bond: Bond = serde_json::from_str("\"planet:mars\"").unwrap();
        assert_eq!((bond.kind(), bond.value()), (BondKind::Unknown, "mars"));
        assert_eq!(serde_json::to_string(&bond).unwrap(), "\"planet:mars\"");
        let nothing: Bond = serde_json::from_str("\"\"").unwrap();
        assert_eq!((nothing.kind(), nothing.value()), (BondKind::Unknown, ""));
        for kind in BondKind::KNOWN {
            assert_eq!(Bond::new(kind, "a:b").kind(), kind);
        }
    }

    #[test]
    fn addresses_bind_together_and_one_by_one() {
        let both: BTreeSet<SocketAddr> =
            ["192.0.2.10:443", "[2001:db8::1]:443"].map(|text| text.parse().unwrap()).into();
        let bonds: Vec<String> = Bond::of_addresses(&both).iter().map(ToString::to_string).collect();
        let expected =
            ["addresses:192.0.2.10:443,[2001:db8::1]:443", "address:192.0.2.10:443", "address:[2001:db8::1]:443"];
        assert_eq!(bonds, expected);
        let many: BTreeSet<SocketAddr> = (0..200).map(|n| ([192, 0, 2, n], 443).into()).collect();
        let bonds = bounded(Bond::of_addresses(&many));
        assert!(bonds.len() <= MOST && bonds.iter().all(|bond| bond.as_str().len() < 450), "{bonds:?}");
    }
}
