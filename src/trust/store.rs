//! [`TrustStore`]: roots, each as a whole certificate beside its trust anchor, and intermediates we know.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, TrustAnchor};

use super::bundle::Bundle;
use super::distrust::DistrustList;
use super::logs::LogList;
use super::memory::Memory;
use crate::observation::certificate::Certificate;

/// A set of roots and of intermediates that may be left out by a server.
pub struct TrustStore {
    /// Index-aligned with `roots`.
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    pub(super) roots: Vec<Arc<Certificate>>,
    /// Intermediates the operator gave, asked before the compiled-in bundle.
    pub(super) given: Bundle,
    /// The transparency logs that are believed, if the operator gave a list.
    pub(super) logs: Option<Arc<LogList>>,
    /// Other stores to be asked as well, by what the operator calls them.
    pub(super) beside: Vec<(Arc<str>, Arc<Self>)>,
    /// CAs that are not trusted any more, though their roots may be here.
    pub(super) distrust: DistrustList,
    /// What was assessed by these roots and logs.
    pub(super) memory: Memory,
}

impl TrustStore {
    /// A store of these roots. What is no certificate is told by position; duplicates are dropped.
    pub fn new(roots: &[CertificateDer<'_>], intermediates: &[CertificateDer<'_>]) -> Result<Self, StoreError> {
        let mut store = Self {
            anchors: Vec::new(),
            roots: Vec::new(),
            given: Bundle::new(intermediates),
            logs: None,
            beside: Vec::new(),
            distrust: DistrustList::default(),
            memory: Memory::default(),
        };
        for (position, der) in roots.iter().enumerate() {
            store.add(der).map_err(|reason| StoreError::BadRoot { position, reason })?;
        }
        if store.roots.is_empty() {
            return Err(StoreError::Empty);
        }
        Ok(store)
    }

    /// The same, which believes these transparency logs.
    #[must_use]
    pub fn with_logs(self, logs: Option<Arc<LogList>>) -> Self {
        Self { logs, memory: Memory::default(), ..self }
    }

    /// The transparency logs that it believes.
    pub const fn logs(&self) -> Option<&Arc<LogList>> {
        self.logs.as_ref()
    }

    /// The same, with other stores that are to be asked as well.
    #[must_use]
    pub fn beside(self, stores: Vec<(Arc<str>, Arc<Self>)>) -> Self {
        Self { beside: stores, ..self }
    }

    /// The same, with CAs that are not trusted any more.
    #[must_use]
    pub fn distrusting(self, distrust: DistrustList) -> Self {
        Self { distrust, ..self }
    }

    /// Whether another store judges every chain alike: by the same roots, logs, comparisons and distrust. The
    /// intermediates it knows besides only tell how a bad chain is bad.
    pub fn judges_like(&self, other: &Self) -> bool {
        let roots = |store: &Self| store.roots.iter().map(|root| root.sha256).collect::<Vec<_>>();
        let mut pairs = self.beside.iter().zip(&other.beside);
        let alike = pairs.all(|((name, store), (others, with))| name == others && store.judges_like(with));
        std::ptr::eq(self, other)
            || roots(self) == roots(other)
                && self.logs == other.logs
                && self.distrust == other.distrust
                && self.beside.len() == other.beside.len()
                && alike
    }

    /// Its roots.
    pub fn roots(&self) -> &[Arc<Certificate>] {
        &self.roots
    }

    /// Its roots as a verifier takes them, in the same order.
    pub fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.anchors
    }

    fn add(&mut self, der: &CertificateDer<'_>) -> Result<(), String> {
        let certificate = Certificate::from_der(der).map_err(|error| error.to_string())?;
        if self.roots.iter().any(|root| root.sha256 == certificate.sha256) {
            return Ok(());
        }
        let anchor = webpki::anchor_from_trusted_cert(der).map_err(|error| error.to_string())?.to_owned();
        self.anchors.push(anchor);
        self.roots.push(Arc::new(certificate));
        Ok(())
    }
}

/// Whether a certificate can be a root; `Err` says why not.
pub fn check_root(der: &CertificateDer<'_>) -> Result<(), String> {
    Certificate::from_der(der).map_err(|error| error.to_string())?;
    webpki::anchor_from_trusted_cert(der).map(drop).map_err(|error| error.to_string())
}

impl fmt::Debug for TrustStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustStore({} roots)", self.roots.len())
    }
}

/// Why certificates make no trust store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is not one root: everything would be untrusted.
    #[error("there is no root certificate in it")]
    Empty,
    /// One is no certificate that could be a root.
    #[error("certificate {position} (counted from 0) cannot be a root: {reason}")]
    BadRoot {
        /// Its position, from 0.
        position: usize,
        /// What is wrong with it.
        reason: String,
    },
}
