//! The chains of a domain that outlive a restart: a row a domain, in which each certificate stands once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

use crate::domain::{DomainName, UnixTime};
use crate::incident::{Operation, Row, Table};
use crate::observation::Presented;
use crate::observation::certificate::Sha256;
use crate::verdict::Record;

/// What the key of a row with a domain's chains ends in.
const ROW: &str = "/chains";

/// A chain as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChain {
    /// Where it was presented.
    pub address: SocketAddr,
    /// When it was last news.
    pub seen_at: UnixTime,
    /// Its certificates, leaf first, in DER; shared by the addresses that present them.
    certificates: Arc<[CertificateDer<'static>]>,
}

impl StoredChain {
    /// This chain, presented at this address.
    pub fn new(address: SocketAddr, seen_at: UnixTime, presented: &Presented) -> Self {
        let ders = presented.chain.iter().map(|certificate| CertificateDer::from(certificate.der().to_vec()));
        Self { address, seen_at, certificates: ders.collect() }
    }

    /// Its certificates, leaf first.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }
}

/// The chains among the rows of a state, by domain; rows of others are passed over.
pub fn stored_chains(rows: &[Row]) -> Vec<(DomainName, Vec<StoredChain>)> {
    rows.iter()
        .filter_map(|row| {
            let name = owner(row)?;
            let stored = Stored::deserialize(&row.payload).ok()?;
            Some((name, stored.chains()))
        })
        .collect()
}

/// The domain whose chains a row holds, if it is such a row.
pub(super) fn owner(row: &Row) -> Option<DomainName> {
    let name = row.key.strip_suffix(ROW).filter(|_| row.table == Table::Domain)?;
    DomainName::parse_record(name).ok()
}

/// The change that stores a domain's chains.
pub(super) fn put(name: &DomainName, record: &Record) -> Operation {
    // A map with string keys and no floats always becomes JSON.
    let payload = serde_json::to_value(Stored::of(record)).unwrap_or_default();
    Operation::Put(Row { table: Table::Domain, key: row_key(name), payload })
}

/// The change that forgets a domain's chains.
pub(super) fn forgotten(name: &DomainName) -> Operation {
    Operation::Delete { table: Table::Domain, key: row_key(name) }
}

fn row_key(name: &DomainName) -> String {
    format!("{name}{ROW}")
}

/// Which chains a row holds, and of which addresses.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Over the chains, each once; `None` if there is none.
    chains: Option<Sha256>,
    /// In their order.
    addresses: Box<[SocketAddr]>,
}

impl Kept {
    pub(super) fn of(record: &Record) -> Self {
        let chains: BTreeSet<Vec<Sha256>> = presenting(record).map(|(.., presented)| digests(presented)).collect();
        // Where one chain ends and another begins is a part of it: the number of its certificates stands before them.
        let written = |chain: &Vec<Sha256>| {
            let certificates: Vec<u8> = chain.iter().flat_map(|digest| digest.0).collect();
            [vec![u8::try_from(chain.len()).unwrap_or(u8::MAX)], certificates].concat()
        };
        let all: Vec<u8> = chains.iter().flat_map(written).collect();
        Self {
            chains: (!chains.is_empty()).then(|| Sha256::of(&all)),
            addresses: presenting(record).map(|(address, ..)| address).collect(),
        }
    }

    /// Whether the row need not be written again. Names behind a large proxy have other addresses every minute: that is
    /// no news as long as the chains are the same and any of the addresses stored is still known.
    pub(super) fn is_covered_by(&self, committed: &Self) -> bool {
        let known = || self.addresses.iter().any(|address| committed.addresses.binary_search(address).is_ok());
        self.chains == committed.chains && (self.chains.is_none() || known())
    }
}

/// The content of a row.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    /// DER in base64, by SHA-256.
    certificates: BTreeMap<String, String>,
    chains: Vec<Place>,
}

/// One chain, and where it is presented.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// The SHA-256 of its certificates, leaf first.
    certificates: Vec<String>,
    /// The addresses that presented it, and when each last did.
    seen_at: BTreeMap<SocketAddr, UnixTime>,
}

impl Stored {
    fn of(record: &Record) -> Self {
        let mut stored = Self::default();
        let mut places: BTreeMap<Vec<Sha256>, BTreeMap<SocketAddr, UnixTime>> = BTreeMap::new();
        for (address, seen_at, presented) in presenting(record) {
            for certificate in &presented.chain {
                let digest = certificate.sha256.to_string();
                stored.certificates.entry(digest).or_insert_with(|| BASE64.encode(certificate.der()));
            }
            places.entry(digests(presented)).or_default().insert(address, seen_at);
        }
        let text = |all: Vec<Sha256>| all.iter().map(ToString::to_string).collect();
        stored.chains = places.into_iter().map(|(all, seen_at)| Place { certificates: text(all), seen_at }).collect();
        stored
    }

    /// A chain of which a certificate is missing or cannot be read is left out.
    fn chains(&self) -> Vec<StoredChain> {
        let der = |digest: &String| BASE64.decode(self.certificates.get(digest)?).ok().map(CertificateDer::from);
        let mut chains = Vec::new();
        for place in &self.chains {
            let Some(certificates) = place.certificates.iter().map(der).collect::<Option<Arc<[_]>>>() else { continue };
            let at = |(address, seen_at): (&SocketAddr, &UnixTime)| StoredChain {
                address: *address,
                seen_at: *seen_at,
                certificates: Arc::clone(&certificates),
            };
            chains.extend(place.seen_at.iter().map(at));
        }
        chains
    }
}

fn presenting(record: &Record) -> impl Iterator<Item = (SocketAddr, UnixTime, &Presented)> {
    record.addresses.iter().filter_map(|(address, seen)| {
        let (seen_at, presented) = seen.presented.as_ref()?;
        Some((*address, *seen_at, presented.as_ref()))
    })
}

fn digests(presented: &Presented) -> Vec<Sha256> {
    presented.chain.iter().map(|certificate| certificate.sha256).collect()
}
