//! [`Watched`]: all the keeper holds of one domain, and the chains of it that outlive a restart.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

use super::routing::{Recipient, Watch};
use super::snapshot::DomainState;
use crate::domain::{Domain, DomainName, UnixTime};
use crate::incident::{Looked, Operation, Row, Table};
use crate::observation::certificate::Sha256;
use crate::observation::{Look, Presented};
use crate::verdict::{Level, Record, Verdict};

/// What the key of a row with a domain's chains ends in.
const ROW: &str = "/chains";

/// One domain.
#[derive(Debug)]
pub(super) struct Watched {
    watch: Watch,
    record: Arc<Record>,
    verdict: Option<Arc<Verdict>>,
    turn: u64,
    looked_at: bool,
    /// The chains that were committed, to tell what is news.
    committed: Vec<(SocketAddr, Vec<Sha256>)>,
    /// Its place in the snapshot.
    pub(super) slot: usize,
}

impl Watched {
    pub(super) fn new(watch: Watch) -> Self {
        Self { watch, record: Arc::default(), verdict: None, turn: 0, looked_at: false, committed: Vec::new(), slot: 0 }
    }

    /// The same, watched as the configuration says now.
    pub(super) fn with(self, watch: Watch) -> Self {
        Self { watch, ..self }
    }

    pub(super) fn domain(&self) -> &Domain {
        &self.watch.domain
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn recipients(&self) -> &[Recipient] {
        &self.watch.recipients
    }

    pub(super) fn nameservers(&self) -> &[SocketAddr] {
        self.record.dns.as_ref().map_or(&[], |dns| &dns.nameservers)
    }

    /// Whether anything is known of it that could be judged.
    pub(super) fn was_seen(&self) -> bool {
        self.record.looked_at.is_some()
    }

    pub(super) fn level(&self) -> Level {
        self.verdict.as_ref().map_or(Level::Unknown, |verdict| verdict.level)
    }

    /// Whose budget its requests are on: its tenant's, or its own where the tenant is not known.
    pub(super) fn payer(&self) -> &DomainName {
        self.watch.domain.tenant.as_ref().unwrap_or(&self.watch.domain.name)
    }

    /// How many requests a look would like to make.
    pub(super) const fn wanted_requests(&self) -> usize {
        self.watch.http_addresses
    }

    pub(super) const fn take_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn - 1
    }

    /// Takes in a look: what it touched, and the change to store if it showed a chain that was not there before.
    pub(super) fn absorb(&mut self, look: Look) -> (Looked, Option<Operation>) {
        self.looked_at = true;
        let record = Arc::make_mut(&mut self.record);
        record.absorb(look.clone());
        let looked = Looked::of(&look, record);
        (looked, self.changed_chains())
    }

    /// A chain that was seen before the restart; it counts until the address is seen again. A look may have been
    /// quicker than we are: then it counts if that found the address, but no chain there. Whether it counts.
    pub(super) fn remember(&mut self, chain: &StoredChain, presented: Arc<Presented>, at: UnixTime) -> bool {
        let record = Arc::make_mut(&mut self.record);
        if !self.looked_at {
            record.remember(chain.address, chain.seen_at, presented, at);
            self.committed = self.chains();
            return true;
        }
        // What is committed may lack it by now, so the next look commits it again.
        let silent = record.addresses.get_mut(&chain.address).filter(|address| address.presented.is_none());
        silent.map(|address| address.presented = Some((chain.seen_at, presented))).is_some()
    }

    pub(super) fn conclude(&mut self, verdict: Verdict) {
        self.verdict = Some(Arc::new(verdict));
    }

    pub(super) fn state(&self) -> DomainState {
        DomainState {
            domain: Arc::clone(&self.watch.domain),
            record: Arc::clone(&self.record),
            verdict: self.verdict.clone(),
            was_looked_at: self.looked_at,
        }
    }

    fn chains(&self) -> Vec<(SocketAddr, Vec<Sha256>)> {
        let presented =
            self.record.addresses.iter().filter_map(|(address, seen)| Some((address, &seen.presented.as_ref()?.1)));
        let digests = |presented: &Presented| presented.chain.iter().map(|certificate| certificate.sha256).collect();
        presented.map(|(address, presented)| (*address, digests(presented))).collect()
    }

    fn changed_chains(&mut self) -> Option<Operation> {
        let chains = self.chains();
        if chains == self.committed {
            return None;
        }
        self.committed = chains;
        let stored: Vec<StoredChain> = self
            .record
            .addresses
            .iter()
            .filter_map(|(address, seen)| {
                let (seen_at, presented) = seen.presented.as_ref()?;
                let ders = presented.chain.iter().map(|certificate| BASE64.encode(certificate.der())).collect();
                Some(StoredChain { address: *address, seen_at: *seen_at, ders })
            })
            .collect();
        let payload = serde_json::json!({ "chains": stored });
        Some(Operation::Put(Row { table: Table::Domain, key: row_key(&self.domain().name), payload }))
    }
}

/// A chain as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredChain {
    /// Where it was presented.
    pub address: SocketAddr,
    /// When it was last news.
    pub seen_at: UnixTime,
    /// Its certificates, leaf first, DER in base64.
    ders: Vec<String>,
}

impl StoredChain {
    /// Its certificates, leaf first.
    pub fn certificates(&self) -> Vec<CertificateDer<'static>> {
        self.ders.iter().filter_map(|text| BASE64.decode(text).ok()).map(CertificateDer::from).collect()
    }
}

/// The chains among the rows of a state, by domain; rows of others are passed over.
pub fn stored_chains(rows: &[Row]) -> Vec<(DomainName, Vec<StoredChain>)> {
    let of_domain = rows.iter().filter(|row| row.table == Table::Domain);
    of_domain
        .filter_map(|row| {
            let name = DomainName::parse_record(row.key.strip_suffix(ROW)?).ok()?;
            let chains = serde_json::from_value(row.payload.get("chains")?.clone()).ok()?;
            Some((name, chains))
        })
        .collect()
}

/// The change that forgets a domain's chains.
pub(super) fn forgotten(name: &DomainName) -> Operation {
    Operation::Delete { table: Table::Domain, key: row_key(name) }
}

fn row_key(name: &DomainName) -> String {
    format!("{name}{ROW}")
}
