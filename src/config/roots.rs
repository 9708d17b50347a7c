//! [`TrustStores`]: the roots that settings name, read once however many domains name them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::trust::{LogList, RootSource, TrustStore, check_root};

/// Trust stores by what they were read from.
#[derive(Debug, Default)]
pub struct TrustStores {
    read: Vec<(Sources, Arc<TrustStore>)>,
}

/// What a store was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sources {
    roots: Vec<RootSource>,
    intermediates: Vec<PathBuf>,
    log_list: Option<PathBuf>,
}

impl TrustStores {
    /// The store of all these roots together, of these intermediates and of this list of logs.
    pub fn load(
        &mut self,
        roots: &[RootSource],
        intermediates: &[PathBuf],
        log_list: Option<&Path>,
    ) -> Result<Arc<TrustStore>, String> {
        let sources = Sources {
            roots: roots.to_vec(),
            intermediates: intermediates.to_vec(),
            log_list: log_list.map(Path::to_owned),
        };
        if let Some((_, store)) = self.read.iter().find(|(known, _)| *known == sources) {
            return Ok(Arc::clone(store));
        }
        let ders = roots.iter().map(certificates).collect::<Result<Vec<_>, _>>()?.concat();
        let known = intermediates.iter().map(|file| pem(file)).collect::<Result<Vec<_>, _>>()?.concat();
        let store = TrustStore::new(&ders, &known).map_err(|error| format!("{}: {error}", told(roots)))?;
        let store = Arc::new(store.with_logs(log_list.map(logs).transpose()?));
        self.read.push((sources, Arc::clone(&store)));
        Ok(store)
    }
}

fn logs(file: &Path) -> Result<Arc<LogList>, String> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    LogList::parse(&bytes).map(Arc::new).map_err(|error| format!("{}: {error}", file.display()))
}

fn certificates(source: &RootSource) -> Result<Vec<CertificateDer<'static>>, String> {
    match source {
        RootSource::Mozilla => Ok(webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec()),
        RootSource::System => system(),
        RootSource::File(file) => roots_of(file),
    }
}

/// The system's store. Some odd entries among many are the distribution's trouble, and passed over; none at all is
/// ours.
fn system() -> Result<Vec<CertificateDer<'static>>, String> {
    let mut found = rustls_native_certs::load_native_certs();
    let reason = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
    found.certs.retain(|der| check_root(der).is_ok());
    if found.certs.is_empty() { Err(format!("the system's roots: {reason}")) } else { Ok(found.certs) }
}

/// The operator's own choice: every certificate in it must do.
fn roots_of(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = pem(file)?;
    for (position, der) in all.iter().enumerate() {
        let place = || format!("{}: certificate {} cannot be a root", file.display(), position + 1);
        check_root(der).map_err(|reason| format!("{}: {reason}", place()))?;
    }
    Ok(all)
}

fn pem(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match all {
        Ok(all) if all.is_empty() => Err(format!("{}: there is no certificate in it", file.display())),
        Ok(all) => Ok(all),
        Err(error) => Err(format!("{}: bad PEM: {error}", file.display())),
    }
}

fn told(roots: &[RootSource]) -> String {
    let name = |source: &RootSource| match source {
        RootSource::Mozilla => "mozilla".to_owned(),
        RootSource::System => "system".to_owned(),
        RootSource::File(file) => file.display().to_string(),
    };
    roots.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_roots_names_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let load = |text: &str| {
            let file = folder.path().join("roots.pem");
            fs::write(&file, text).unwrap();
            TrustStores::default()
                .load(&[RootSource::Mozilla, RootSource::File(file)], &[], None)
                .map(drop)
                .unwrap_err()
        };
        assert!(load("no PEM at all\n").ends_with("roots.pem: there is no certificate in it"));
        let odd = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert!(load(odd).contains("roots.pem: certificate 1 cannot be a root"), "{}", load(odd));
    }

    #[test]
    fn equal_choices_share_one_store() {
        let mut stores = TrustStores::default();
        let one = stores.load(&[RootSource::Mozilla], &[], None).unwrap();
        assert!(Arc::ptr_eq(&one, &stores.load(&[RootSource::Mozilla], &[], None).unwrap()));
        assert!(one.roots().len() > 100);
    }
}
