//! Whom to trust. A [`TrustStore`] holds roots and finds every path from a presented chain to one of them; what
//! it finds goes into the observation as [`Presented`]. Pure: no file, no network, no clock. Dates are left to
//! the verdict, so that one assessment serves as long as the chain does not change.

mod budget;
mod bundle;
mod paths;
mod refusal;
mod store;

use std::path::PathBuf;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

use crate::domain::DomainName;
use crate::observation::Presented;
use crate::observation::certificate::Certificate;

use budget::Budget;

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
    /// from it to a root of this store.
    pub fn assess(&self, chain: &[CertificateDer<'_>], name: &DomainName) -> Presented {
        let mut certificates = Vec::new();
        let mut unreadable = Vec::new();
        for (position, der) in chain.iter().take(MAX_CHAIN).enumerate() {
            match Certificate::from_der(der) {
                Ok(certificate) => certificates.push(Arc::new(certificate)),
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
        };
        let Some(leaf) = presented.leaf().cloned() else {
            presented.refusal = presented.unreadable.first().map(|(_, reason)| reason.clone());
            return presented;
        };
        presented.name_matches = name_matches(&leaf, name);
        let budget = Budget::new(paths::MAX_SIGNATURES);
        let found = paths::find(self, &leaf, &presented.chain[1..], &budget);
        presented.refusal = found.refusal;
        presented.self_signed = found.paths.is_empty() && paths::is_self_signed(&leaf);
        presented.paths = found.paths;
        presented
    }
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
