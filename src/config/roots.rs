//! [`TrustStores`]: the roots that settings name, read once however many domains name them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::settings::Trust;
use crate::trust::{DistrustList, LogList, RootSource, TrustStore, check_root};

/// Trust stores by what they were read from.
#[derive(Debug, Default)]
pub struct TrustStores {
    read: Vec<(Trust, Arc<TrustStore>)>,
}

impl TrustStores {
    /// The store of all its roots together, its intermediates and its list of logs, beside those it is to be compared
    /// with.
    pub fn load(&mut self, trust: &Trust) -> Result<Arc<TrustStore>, String> {
        if let Some((_, store)) = self.read.iter().find(|(known, _)| known == trust) {
            return Ok(Arc::clone(store));
        }
        let ders = trust.roots.iter().map(certificates).collect::<Result<Vec<_>, _>>()?.concat();
        let known = trust.intermediates.iter().map(|file| pem(file)).collect::<Result<Vec<_>, _>>()?.concat();
        let store = TrustStore::new(&ders, &known).map_err(|error| format!("{}: {error}", told(&trust.roots)))?;
        let beside = trust.compare.iter().map(|source| self.alone(source)).collect::<Result<_, _>>()?;
        let distrust = trust.distrust.as_deref().map_or_else(|| Ok(DistrustList::default()), distrusted)?;
        let logs = trust.log_list.as_deref().map(logs).transpose()?;
        let store = Arc::new(store.beside(beside).distrusting(distrust).with_logs(logs));
        self.read.push((trust.clone(), Arc::clone(&store)));
        Ok(store)
    }

    /// A store of one source, and what to call it.
    fn alone(&mut self, source: &RootSource) -> Result<(Arc<str>, Arc<TrustStore>), String> {
        let roots = vec![source.clone()];
        let name = told(&roots).into();
        Ok((name, self.load(&Trust { roots, ..Trust::default() })?))
    }
}

fn distrusted(file: &Path) -> Result<DistrustList, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    DistrustList::parse(&text).map_err(|error| format!("{}: {error}", file.display()))
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
            let roots = vec![RootSource::Mozilla, RootSource::File(file)];
            TrustStores::default().load(&Trust { roots, ..Trust::default() }).map(drop).unwrap_err()
        };
        assert!(load("no PEM at all\n").ends_with("roots.pem: there is no certificate in it"));
        let odd = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert!(load(odd).contains("roots.pem: certificate 1 cannot be a root"), "{}", load(odd));
    }

    #[test]
    fn equal_choices_share_one_store() {
        let mut stores = TrustStores::default();
        let one = stores.load(&Trust::default()).unwrap();
        assert!(Arc::ptr_eq(&one, &stores.load(&Trust::default()).unwrap()));
        assert!(one.roots().len() > 100);
    }
}
