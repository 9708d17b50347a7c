//! A certificate with its key, as rustls presents it.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::ca::{Issued, LabError};

/// These certificates, with the leaf's key.
pub(super) fn certified(issued: &Issued, chain: Vec<CertificateDer<'static>>) -> Result<Arc<CertifiedKey>, LabError> {
    let key = PrivateKeyDer::Pkcs8(issued.key_der().into());
    Ok(Arc::new(CertifiedKey::new(chain, aws_lc_rs::sign::any_supported_type(&key)?)))
}

/// Presents one identity, whoever is asked for.
#[derive(Debug)]
pub(super) struct Always(pub(super) Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
