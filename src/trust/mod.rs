//! Whom to trust. A [`TrustStore`] holds roots and finds every path from a presented chain to one of them; what
//! it finds goes into the observation as [`Presented`]. Pure: no file, no network, no clock. Dates are left to
//! the verdict, so that one assessment serves as long as the chain and the store do not change: [`TrustStore::assess`]
//! makes it once and remembers it while somebody holds it.

mod budget;
mod bundle;
mod der;
mod distrust;
mod issuers;
mod logs;
mod memory;
mod paths;
mod refusal;
mod revocation;
mod store;

use std::path::PathBuf;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

use crate::domain::DomainName;
use crate::observation::certificate::Certificate;
use crate::observation::{Beside, Presented, Revocation};

use budget::Budget;
use bundle::Bundle;

pub use distrust::{DistrustError, DistrustList};
pub use issuers::certificates_in;
pub use logs::{LogList, LogListError};
pub use revocation::{Crl, CrlError};
pub use store::{StoreError, TrustStore, check_root};

/// Where roots come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootSource {
    /// Mozilla's list, compiled in: what customers' browsers have.
    Mozilla,
    /// The system's store.
    System,
    /// A PEM file.
    File(PathBuf),
}

/// More certificates than any honest chain has; what is sent beyond is not looked at.
const MAX_CHAIN: usize = 16;

impl TrustStore {
    /// What is true of a chain as presented (leaf first), whatever the time: whom it is for, and which paths lead
    /// from it to a root of this store. Public-key work, some milliseconds of it, unless it was done before.
    pub fn assess(&self, chain: &[CertificateDer<'_>], name: &DomainName) -> Arc<Presented> {
        self.assess_with(chain, name, &[])
    }

    /// The same, where these issuers may stand in for what the server does not send.
    pub fn assess_with(
        &self,
        chain: &[CertificateDer<'_>],
        name: &DomainName,
        found: &[Arc<Certificate>],
    ) -> Arc<Presented> {
        let chain = within_bound(chain);
        let key = memory::key(chain, name, found);
        self.memory.chain(key).unwrap_or_else(|| self.memory.keep(key, self.work_through(chain, name, found)))
    }

    /// What [`TrustStore::assess_with`] has made of these, if anybody still holds it. No work.
    pub fn assessed(
        &self,
        chain: &[CertificateDer<'_>],
        name: &DomainName,
        found: &[Arc<Certificate>],
    ) -> Option<Arc<Presented>> {
        self.memory.chain(memory::key(within_bound(chain), name, found))
    }

    /// Issuers of these and of one another that anybody presented: one may be what a chain lacks.
    pub fn seen_above(&self, certificates: &[Arc<Certificate>]) -> Vec<Arc<Certificate>> {
        let seen = Bundle::of(self.memory.authorities());
        bundle::above(&[&seen], certificates)
    }

    /// What a stapled OCSP response says of the leaf of a chain. `None` where nobody knows whose signature it should
    /// bear. Public-key work, unless it was done before.
    pub fn judge_staple(&self, presented: &Presented, response: &[u8]) -> Option<Arc<Revocation>> {
        let (leaf, issuer) = (presented.leaf()?, presented.issuer()?);
        let key = memory::staple_key(response, leaf, issuer);
        let judge = || revocation::judge_staple(response, leaf, issuer);
        Some(self.memory.staple(key).unwrap_or_else(|| self.memory.keep_staple(key, judge())))
    }

    /// What [`TrustStore::judge_staple`] has made of it, if anybody still holds it. No work.
    pub fn judged_staple(&self, presented: &Presented, response: &[u8]) -> Option<Arc<Revocation>> {
        self.memory.staple(memory::staple_key(response, presented.leaf()?, presented.issuer()?))
    }

    fn work_through(&self, chain: &[CertificateDer<'_>], name: &DomainName, issuers: &[Arc<Certificate>]) -> Presented {
        let mut certificates = Vec::new();
        let mut unreadable = Vec::new();
        for (position, der) in chain.iter().enumerate() {
            match self.memory.certificate(der) {
                Ok(certificate) => certificates.push(certificate),
                Err(error) => unreadable.push((position, error.to_string())),
            }
        }
        let mut presented = Presented {
            chain: certificates,
            unreadable,
            name_matches: None,
            self_signed: false,
            paths: Vec::new(),
            refusal: None,
            transparency: None,
            beside: Vec::new(),
            distrusted: Vec::new(),
        };
        let Some(leaf) = presented.leaf().cloned() else {
            presented.refusal = presented.unreadable.first().map(|(_, reason)| reason.clone());
            return presented;
        };
        presented.name_matches = name_matches(&leaf, name);
        let budget = Budget::new(paths::MAX_SIGNATURES);
        let found = paths::find(self, &leaf, &presented.chain[1..], issuers, &budget);
        presented.refusal = found.refusal;
        presented.self_signed = found.paths.is_empty() && paths::is_self_signed(&leaf);
        presented.paths = found.paths;
        presented.transparency = self.logs.as_ref().and_then(|logs| logs.check(&presented));
        presented.distrusted = self.distrust.on(&presented.paths);
        presented.beside = self.beside.iter().map(|(name, store)| store.judge_beside(name, &presented)).collect();
        presented
    }

    /// What this store makes of a chain that another has read.
    fn judge_beside(&self, name: &Arc<str>, presented: &Presented) -> Beside {
        let found = presented.leaf().map(|leaf| {
            let budget = Budget::new(paths::MAX_SIGNATURES);
            paths::find(self, leaf, &presented.chain[1..], &[], &budget)
        });
        let (paths, refusal) = found.map(|found| (found.paths, found.refusal)).unwrap_or_default();
        Beside { store: Arc::clone(name), paths, refusal }
    }
}

fn within_bound<'a, 'der>(chain: &'a [CertificateDer<'der>]) -> &'a [CertificateDer<'der>] {
    &chain[..chain.len().min(MAX_CHAIN)]
}

/// Whether the leaf is for the name, by RFC 9525: subject alternative names alone count.
fn name_matches(leaf: &Certificate, name: &DomainName) -> Option<bool> {
    if leaf.dns_names.is_empty() {
        return Some(false);
    }
    let der = leaf.der();
    let server_name = ServerName::try_from(name.as_str()).ok()?;
    let end_entity = EndEntityCert::try_from(&der).ok()?;
    match end_entity.verify_is_valid_for_subject_name(&server_name) {
        Ok(()) => Some(true),
        Err(webpki::Error::CertNotValidForName(_)) => Some(false),
        // A malformed entry: what matched nothing so far matches nothing.
        Err(_) => Some(false),
    }
}
