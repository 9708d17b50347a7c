//! Finding every path from a leaf to a root, by webpki, whatever the time is.
//!
//! webpki judges at one moment, and an expired certificate hides whether its chain is trusted. But a path whose
//! certificates are ever valid all at once is valid at the moment the last of them becomes so: that moment is the
//! notBefore of one of them. Judging at each certificate's notBefore therefore finds every path there is.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime as PkiTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::bundle::{self, Bundle};
use super::refusal;
use super::store::TrustStore;
use crate::domain::UnixTime;
use crate::observation::certificate::Certificate;
use crate::observation::{Origin, PathStep, TrustPath};

/// Moments tried at most; each may cost a hundred signatures where a chain was made to be costly.
const MAX_MOMENTS: usize = 8;
/// Paths kept at most.
const MAX_PATHS: usize = 16;

/// What the search for paths came to.
pub(super) struct Found {
    pub(super) paths: Vec<TrustPath>,
    /// Why there is none, for people.
    pub(super) refusal: Option<String>,
}

/// Every path from the leaf through the other certificates presented to a root; if there is none, every path that
/// needs intermediates we know besides.
pub(super) fn find(store: &TrustStore, leaf: &Arc<Certificate>, others: &[Arc<Certificate>]) -> Found {
    if store.roots.iter().any(|root| root.sha256 == leaf.sha256) {
        // Whoever puts a server's own certificate among the roots trusts it, be it marked as a CA, as OpenSSL marks
        // what it signs with its own key, or not.
        let step = PathStep { certificate: Arc::clone(leaf), origin: Origin::Root };
        return Found { paths: vec![TrustPath { steps: vec![step] }], refusal: None };
    }
    let presented = Pool { presented: others, known: &[] };
    let found = search(store, leaf, &presented);
    if !found.paths.is_empty() {
        return found;
    }
    let start: Vec<_> = std::iter::once(leaf).chain(others).cloned().collect();
    let known = bundle::above(&[&store.given, Bundle::public()], &start);
    if known.is_empty() {
        return found;
    }
    let completed = search(store, leaf, &Pool { presented: others, known: &known });
    if completed.paths.is_empty() { found } else { completed }
}

/// Whether the leaf's signature verifies with its own key (RFC 5280 §3.2: self-signed, as opposed to self-issued).
pub(super) fn is_self_signed(leaf: &Certificate) -> bool {
    let der = leaf.der();
    let Ok((_, parsed)) = X509Certificate::from_der(&der) else {
        return false;
    };
    let Ok(end_entity) = EndEntityCert::try_from(&der) else {
        // A version 1 certificate, which webpki does not read, so its key cannot be tried.
        return leaf.self_issued;
    };
    leaf.self_issued
        && algorithms().iter().any(|algorithm| {
            end_entity
                .verify_signature(*algorithm, parsed.tbs_certificate.as_ref(), &parsed.signature_value.data)
                .is_ok()
        })
}

/// The certificates a path may pass between leaf and root.
struct Pool<'a> {
    presented: &'a [Arc<Certificate>],
    known: &'a [Arc<Certificate>],
}

impl Pool<'_> {
    fn all(&self) -> impl Iterator<Item = (&Arc<Certificate>, Origin)> {
        let presented = self.presented.iter().map(|certificate| (certificate, Origin::Presented));
        presented.chain(self.known.iter().map(|certificate| (certificate, Origin::Bundled)))
    }

    fn step(&self, der: &[u8]) -> Option<PathStep> {
        self.all()
            .find(|(certificate, _)| certificate.der().as_ref() == der)
            .map(|(certificate, origin)| PathStep { certificate: Arc::clone(certificate), origin })
    }
}

fn search(store: &TrustStore, leaf: &Arc<Certificate>, pool: &Pool<'_>) -> Found {
    let der = leaf.der();
    let end_entity = match EndEntityCert::try_from(&der) {
        Ok(end_entity) => end_entity,
        Err(error) => return Found { paths: Vec::new(), refusal: Some(refusal::words(&error)) },
    };
    let intermediates: Vec<CertificateDer<'_>> = pool.all().map(|(certificate, _)| certificate.der()).collect();
    let paths = RefCell::new(Vec::new());
    // Refusing each path makes webpki go on to the next.
    let note = |path: &VerifiedPath<'_>| {
        paths.borrow_mut().extend(trust_path(store, leaf, pool, path));
        Err(webpki::Error::UnknownIssuer)
    };
    let mut refusal = None;
    for moment in moments(leaf, pool) {
        let outcome = end_entity.verify_for_usage(
            algorithms(),
            &store.anchors,
            &intermediates,
            moment,
            KeyUsage::server_auth(),
            None,
            Some(&note),
        );
        refusal = outcome.err().map(|error| refusal::words(&error)).or(refusal);
    }
    let paths = distinct(paths.into_inner());
    Found { refusal: refusal.filter(|_| paths.is_empty()), paths }
}

/// The leaf's notBefore, come what may; then, within its lifetime, those of the others, the latest first.
fn moments(leaf: &Certificate, pool: &Pool<'_>) -> Vec<PkiTime> {
    let others = pool.all().map(|(certificate, _)| certificate.not_before);
    let later: BTreeSet<UnixTime> =
        others.filter(|moment| leaf.in_date(*moment) && *moment != leaf.not_before).collect();
    let moments = std::iter::once(leaf.not_before).chain(later.into_iter().rev());
    let seconds = moments.map(|moment| u64::try_from(moment.0).unwrap_or(0));
    seconds.take(MAX_MOMENTS).map(|seconds| PkiTime::since_unix_epoch(Duration::from_secs(seconds))).collect()
}

fn trust_path(
    store: &TrustStore,
    leaf: &Arc<Certificate>,
    pool: &Pool<'_>,
    path: &VerifiedPath<'_>,
) -> Option<TrustPath> {
    let root = store.anchors.iter().position(|anchor| std::ptr::eq(anchor, path.anchor()))?;
    let mut steps = vec![PathStep { certificate: Arc::clone(leaf), origin: Origin::Presented }];
    for intermediate in path.intermediate_certificates() {
        steps.push(pool.step(intermediate.der().as_ref())?);
    }
    // A path over the root as the server sent it is the path to the root itself.
    let root = &store.roots[root];
    let sent = steps[1..].iter().any(|step| step.certificate.sha256 == root.sha256);
    steps.push(PathStep { certificate: Arc::clone(root), origin: Origin::Root });
    (!sent).then_some(TrustPath { steps })
}

fn distinct(paths: Vec<TrustPath>) -> Vec<TrustPath> {
    let mut distinct: Vec<TrustPath> = Vec::new();
    for path in paths {
        if !distinct.contains(&path) && distinct.len() < MAX_PATHS {
            distinct.push(path);
        }
    }
    distinct
}

fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    webpki::ALL_VERIFICATION_ALGS
}
