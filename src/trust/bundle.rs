//! [`Bundle`]: intermediates that servers often forget to send, found by their subject. Knowing them tells an
//! incomplete chain from an untrusted one without asking the network.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::observation::certificate::Certificate;

/// How many issuers up a chain is completed; public hierarchies have two or three.
const MAX_DEPTH: usize = 6;
/// Cross-signs make several certificates for one subject; no CA has more than this.
const MAX_FOUND: usize = 24;

/// Intermediates of public CAs, read when first needed.
static PUBLIC: LazyLock<Bundle> = LazyLock::new(|| {
    let pem = include_bytes!("intermediates.pem");
    Bundle::new(&CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect::<Vec<_>>())
});

/// Intermediates by subject.
#[derive(Default)]
pub(super) struct Bundle {
    by_subject: HashMap<Box<[u8]>, Vec<Arc<Certificate>>>,
}

impl Bundle {
    /// A bundle of these; what cannot be read or is no CA is left out.
    pub(super) fn new(ders: &[CertificateDer<'_>]) -> Self {
        Self::of(ders.iter().filter_map(|der| Certificate::from_der(der).ok()).map(Arc::new))
    }

    /// A bundle of these; what is no CA is left out.
    pub(super) fn of(certificates: impl IntoIterator<Item = Arc<Certificate>>) -> Self {
        let mut bundle = Self::default();
        for certificate in certificates.into_iter().filter(|found| found.is_ca) {
            bundle.by_subject.entry(certificate.names.subject.clone()).or_default().push(certificate);
        }
        bundle
    }

    /// The compiled-in intermediates of public CAs; `intermediates.md` says where they are from.
    pub(super) fn public() -> &'static Self {
        &PUBLIC
    }

    fn issuers_of(&self, certificate: &Certificate) -> &[Arc<Certificate>] {
        self.by_subject.get(&certificate.names.issuer).map_or(&[], Vec::as_slice)
    }
}

/// All the bundles' certificates that could be above these, by name, nearest first.
pub(super) fn above(bundles: &[&Bundle], start: &[Arc<Certificate>]) -> Vec<Arc<Certificate>> {
    let mut found: Vec<Arc<Certificate>> = Vec::new();
    let mut level = start.to_vec();
    for _ in 0..MAX_DEPTH {
        let mut next = Vec::new();
        for certificate in &level {
            for issuer in bundles.iter().flat_map(|bundle| bundle.issuers_of(certificate)) {
                let known = |all: &[Arc<Certificate>]| all.iter().any(|other| other.sha256 == issuer.sha256);
                if !known(&found) && !known(start) && found.len() < MAX_FOUND {
                    found.push(Arc::clone(issuer));
                    next.push(Arc::clone(issuer));
                }
            }
        }
        if next.is_empty() {
            break;
        }
        level = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_intermediates_of_public_cas_keep_to_the_rules() {
        let all = Bundle::public().by_subject.values().flatten();
        let broken: Vec<_> = all
            .filter(|certificate| certificate.profile.broken().next().is_some())
            .map(|certificate| (certificate.title(), certificate.profile.broken().collect::<Vec<_>>()))
            .collect();
        assert_eq!(broken, []);
    }
}
