//! [`TrustStores`]: the roots that settings name, read once however many domains name them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::trust::{RootSource, TrustStore};

/// Trust stores by what they were read from.
#[derive(Debug, Default)]
pub struct TrustStores {
    read: Vec<(Vec<RootSource>, Vec<PathBuf>, Arc<TrustStore>)>,
}

impl TrustStores {
    /// The store of all these roots together, and of these intermediates.
    pub fn load(&mut self, roots: &[RootSource], intermediates: &[PathBuf]) -> Result<Arc<TrustStore>, String> {
        let same =
            |known: &&(Vec<RootSource>, Vec<PathBuf>, Arc<TrustStore>)| known.0 == roots && known.1 == intermediates;
        if let Some((_, _, store)) = self.read.iter().find(same) {
            return Ok(Arc::clone(store));
        }
        let ders = roots.iter().map(certificates).collect::<Result<Vec<_>, _>>()?.concat();
        let known = intermediates.iter().map(|file| pem(file)).collect::<Result<Vec<_>, _>>()?.concat();
        let store = TrustStore::new(&ders, &known).map_err(|error| format!("{}: {error}", told(roots)))?;
        let store = Arc::new(store);
        self.read.push((roots.to_vec(), intermediates.to_vec(), Arc::clone(&store)));
        Ok(store)
    }
}

fn certificates(source: &RootSource) -> Result<Vec<CertificateDer<'static>>, String> {
    match source {
        RootSource::Mozilla => Ok(webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec()),
        RootSource::System => system(),
        RootSource::File(file) => pem(file),
    }
}

/// The system's store. Some unreadable files among many are the distribution's trouble, none at all is ours.
fn system() -> Result<Vec<CertificateDer<'static>>, String> {
    let found = rustls_native_certs::load_native_certs();
    match (found.certs.is_empty(), found.errors.first()) {
        (true, Some(error)) => Err(format!("the system's roots: {error}")),
        _ => Ok(found.certs),
    }
}

fn pem(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    all.map_err(|error| format!("{}: bad PEM: {error}", file.display()))
}

fn told(roots: &[RootSource]) -> String {
    let name = |source: &RootSource| match source {
        RootSource::Mozilla => "mozilla".to_owned(),
        RootSource::System => "system".to_owned(),
        RootSource::File(file) => file.display().to_string(),
    };
    roots.iter().map(name).collect::<Vec<_>>().join(", ")
}
