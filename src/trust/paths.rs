//! Finding every path from a leaf to a root, by webpki, whatever the time is.
//!
//! webpki judges at one moment, and an expired certificate hides whether its chain is trusted. But a path whose
//! certificates are ever valid all at once is valid at the moment the last of them becomes so: that moment is the
//! notBefore of one of them. Judging at each certificate's notBefore therefore finds every path there is.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime as PkiTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::budget::Budget;
use super::bundle::{self, Bundle};
use super::refusal;
use super::store::TrustStore;
use crate::domain::UnixTime;
use crate::observation::certificate::{Certificate, Rule};
use crate::observation::{Origin, PathStep, TrustPath};

/// Signatures verified at most for one chain, all moments and both searches together. Honest chains need a dozen.
pub(super) const MAX_SIGNATURES: usize = 100;
/// Moments tried at most.
const MAX_MOMENTS: usize = 8;
/// Certificates of one subject at most: cross-signs make two or three. Every further one multiplies the paths there
/// may be.
const MAX_OF_SUBJECT: usize = 4;
/// Paths kept at most.
const MAX_PATHS: usize = 16;

/// What the search for paths came to.
pub(super) struct Found {
    pub(super) paths: Vec<TrustPath>,
    /// Why there is none, for people.
    pub(super) refusal: Option<String>,
}

/// Every path from the leaf through the other certificates presented to a root; if there is none, every path that
/// needs intermediates we know besides: the operator's, those of public CAs, and `issuers`.
pub(super) fn find(
    store: &TrustStore,
    leaf: &Arc<Certificate>,
    others: &[Arc<Certificate>],
    issuers: &[Arc<Certificate>],
    budget: &Budget,
) -> Found {
    if store.roots.iter().any(|root| root.sha256 == leaf.sha256) {
        // Whoever puts a server's own certificate among the roots trusts it, be it marked as a CA, as OpenSSL marks
        // what it signs with its own key, or not.
        let step = PathStep { certificate: Arc::clone(leaf), origin: Origin::Root };
        return Found { paths: vec![TrustPath { steps: vec![step] }], refusal: None };
    }
    let found = search(store, leaf, &Pool::new(others, &[]), budget);
    if !found.paths.is_empty() || budget.is_exhausted() {
        return found;
    }
    let start: Vec<_> = std::iter::once(leaf).chain(others).cloned().collect();
    let found_elsewhere = Bundle::of(issuers.iter().cloned());
    let known = bundle::above(&[&store.given, Bundle::public(), &found_elsewhere], &start);
    if known.is_empty() {
        return found;
    }
    let completed = search(store, leaf, &Pool::new(others, &known), budget);
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
        && webpki::ALL_VERIFICATION_ALGS.iter().any(|algorithm| {
            end_entity
                .verify_signature(*algorithm, parsed.tbs_certificate.as_ref(), &parsed.signature_value.data)
                .is_ok()
        })
}

/// The certificates a path may pass between leaf and root, each once.
struct Pool {
    certificates: Vec<(Arc<Certificate>, Origin)>,
}

impl Pool {
    fn new(presented: &[Arc<Certificate>], known: &[Arc<Certificate>]) -> Self {
        let mut pool = Self { certificates: Vec::new() };
        let presented = presented.iter().map(|certificate| (certificate, Origin::Presented));
        for (certificate, origin) in presented.chain(known.iter().map(|certificate| (certificate, Origin::Bundled))) {
            pool.add(certificate, origin);
        }
        pool
    }

    fn add(&mut self, certificate: &Arc<Certificate>, origin: Origin) {
        let namesakes = self.all().filter(|other| other.names.subject == certificate.names.subject);
        let is_new = self.all().all(|other| other.sha256 != certificate.sha256);
        if is_new && namesakes.count() < MAX_OF_SUBJECT {
            self.certificates.push((Arc::clone(certificate), origin));
        }
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Certificate>> {
        self.certificates.iter().map(|(certificate, _)| certificate)
    }

    fn step(&self, der: &[u8]) -> Option<PathStep> {
        self.certificates
            .iter()
            .find(|(certificate, _)| certificate.der().as_ref() == der)
            .map(|(certificate, origin)| PathStep { certificate: Arc::clone(certificate), origin: *origin })
    }
}

fn search(store: &TrustStore, leaf: &Arc<Certificate>, pool: &Pool, budget: &Budget) -> Found {
    let der = leaf.der();
    let end_entity = match EndEntityCert::try_from(&der) {
        Ok(end_entity) => end_entity,
        Err(error) => return Found { paths: Vec::new(), refusal: Some(refusal::words(&error)) },
    };
    let intermediates: Vec<CertificateDer<'_>> = pool.all().map(|certificate| certificate.der()).collect();
    let charged = budget.algorithms();
    let algorithms: Vec<&dyn SignatureVerificationAlgorithm> =
        charged.iter().map(|algorithm| algorithm as &dyn SignatureVerificationAlgorithm).collect();
    let paths = RefCell::new(Vec::new());
    // Refusing each path makes webpki go on to the next.
    let not_to_sign = Cell::new(false);
    let note = |path: &VerifiedPath<'_>| {
        let found = trust_path(store, leaf, pool, path);
        let (signed, other): (Vec<_>, Vec<_>) = found.into_iter().partition(is_signed_by_right);
        not_to_sign.set(not_to_sign.get() || !other.is_empty());
        paths.borrow_mut().extend(signed);
        Err(webpki::Error::UnknownIssuer)
    };
    let mut refusal = None;
    for moment in moments(leaf, pool) {
        let outcome = end_entity.verify_for_usage(
            &algorithms,
            &store.anchors,
            &intermediates,
            moment,
            KeyUsage::server_auth(),
            None,
            Some(&note),
        );
        let error = outcome.err();
        if error.as_ref().is_some_and(is_tangled) {
            budget.exhaust();
        }
        refusal = error.map(|error| refusal::words(&error)).or(refusal);
        if budget.is_exhausted() {
            refusal = Some(refusal::words(&webpki::Error::MaximumSignatureChecksExceeded));
            break;
        }
    }
    if not_to_sign.get() {
        refusal = Some(refusal::NOT_TO_SIGN.to_owned());
    }
    let paths = distinct(paths.into_inner());
    Found { refusal: refusal.filter(|_| paths.is_empty()), paths }
}

/// Whether webpki gave up on a chain for the work it makes, which it would make at every other moment as well.
const fn is_tangled(error: &webpki::Error) -> bool {
    matches!(
        error,
        webpki::Error::MaximumSignatureChecksExceeded
            | webpki::Error::MaximumPathBuildCallsExceeded
            | webpki::Error::MaximumNameConstraintComparisonsExceeded
    )
}

/// The leaf's notBefore, come what may; then, within its lifetime, those of the others, the latest first.
fn moments(leaf: &Certificate, pool: &Pool) -> Vec<PkiTime> {
    let others = pool.all().map(|certificate| certificate.not_before);
    let later: BTreeSet<UnixTime> =
        others.filter(|moment| leaf.in_date(*moment) && *moment != leaf.not_before).collect();
    let moments = std::iter::once(leaf.not_before).chain(later.into_iter().rev());
    let seconds = moments.map(|moment| u64::try_from(moment.0).unwrap_or(0));
    seconds.take(MAX_MOMENTS).map(|seconds| PkiTime::since_unix_epoch(Duration::from_secs(seconds))).collect()
}

fn trust_path(store: &TrustStore, leaf: &Arc<Certificate>, pool: &Pool, path: &VerifiedPath<'_>) -> Option<TrustPath> {
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

/// Whether the key usage of every intermediate allows it to sign certificates (RFC 5280 §6.1.4 n), which webpki does
/// not ask. Of a root, name and key alone count.
fn is_signed_by_right(path: &TrustPath) -> bool {
    let intermediates = path.steps.iter().filter(|step| step.origin != Origin::Root);
    intermediates.skip(1).all(|step| !step.certificate.profile.breaks(Rule::KeyUsageNotOfCa))
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

#[cfg(all(test, feature = "demo"))]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};

    use super::*;

    /// Parameters for a certificate of this subject from this day of January 2027 until 2028.
    fn params(subject: &str, day: u8) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, subject);
        (params.not_before, params.not_after) = (date_time_ymd(2027, 1, day), date_time_ymd(2028, 1, 1));
        params
    }

    fn authority(subject: &str, day: u8) -> (rcgen::Certificate, Issuer<'static, KeyPair>) {
        let (mut params, key) = (params(subject, day), KeyPair::generate().unwrap());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        (params.self_signed(&key).unwrap(), Issuer::new(params, key))
    }

    fn leaf(issuer: &Issuer<'_, KeyPair>, day: u8) -> Arc<Certificate> {
        read(&params("leaf", day).signed_by(&KeyPair::generate().unwrap(), issuer).unwrap())
    }

    fn read(certificate: &rcgen::Certificate) -> Arc<Certificate> {
        Arc::new(Certificate::from_der(certificate.der()).unwrap())
    }

    /// Fifteen authorities that bear the root's name, each with a key and a first day of its own: every one might
    /// have signed the leaf and all the others, and the root every one of them. The leaf begins on `day`.
    fn namesakes(day: u8) -> (TrustStore, Arc<Certificate>, Vec<Arc<Certificate>>) {
        let (root, _) = authority("Root", 1);
        let pretenders: Vec<_> = (2..17).map(|day| authority("Root", day)).collect();
        let store = TrustStore::new(&[root.der().clone()], &[root.der().clone()]).unwrap();
        let others = pretenders.iter().map(|(certificate, _)| read(certificate)).collect();
        (store, leaf(&pretenders[14].1, day), others)
    }

    #[test]
    fn a_tangled_chain_spends_one_budget_whatever_the_moments_and_searches() {
        let (store, leaf, others) = namesakes(1);
        let budget = Budget::new(MAX_SIGNATURES);
        assert_eq!(find(&store, &leaf, &others, &[], &budget).paths, []);
        // Webpki's own bound would have been twice as much by now, and no moment alone exceeds it.
        assert_eq!((budget.left(), budget.is_exhausted()), (0, true));
        let little = Budget::new(MAX_SIGNATURES / 2);
        let refusal = find(&store, &leaf, &others, &[], &little).refusal;
        assert_eq!(refusal.unwrap(), "the chain is too tangled to follow");
    }

    #[test]
    fn of_certificates_with_one_subject_few_are_tried() {
        let (store, leaf, others) = namesakes(17);
        assert_eq!(Pool::new(&others, &others).all().count(), MAX_OF_SUBJECT);
        // The leaf began after all others, so there is one moment, at which they stay within the budget: 4 + 4·3 + 4·3·2 + 4·3·2·1 paths, and the
        // leaf's own.
        let budget = Budget::new(MAX_SIGNATURES);
        let found = search(&store, &leaf, &Pool::new(&others, &[]), &budget);
        assert_eq!((found.paths.len(), MAX_SIGNATURES - budget.left(), budget.is_exhausted()), (0, 65, false));
    }

    #[test]
    fn a_ca_whose_key_usage_forbids_signing_leads_nowhere() {
        let (root, issuer) = authority("Root", 1);
        let store = TrustStore::new(&[root.der().clone()], &[]).unwrap();
        let found = |usages: Vec<KeyUsagePurpose>| {
            let (mut params, key) = (params("Issuing CA", 1), KeyPair::generate().unwrap());
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = usages;
            let issuing = read(&params.signed_by(&key, &issuer).unwrap());
            let leaf = leaf(&Issuer::new(params, key), 1);
            find(&store, &leaf, &[issuing], &[], &Budget::new(MAX_SIGNATURES))
        };
        for usages in [vec![], vec![KeyUsagePurpose::KeyCertSign]] {
            assert_eq!(found(usages).paths.len(), 1);
        }
        let refused = found(vec![KeyUsagePurpose::CrlSign]);
        assert_eq!((refused.paths.len(), refused.refusal.as_deref()), (0, Some(refusal::NOT_TO_SIGN)));
    }

    #[test]
    fn an_honest_chain_costs_its_own_signatures() {
        let (root, issuer) = authority("Root", 1);
        let store = TrustStore::new(&[root.der().clone()], &[]).unwrap();
        let budget = Budget::new(MAX_SIGNATURES);
        let found = find(&store, &leaf(&issuer, 1), &[], &[], &budget);
        assert_eq!((found.paths.len(), found.refusal, MAX_SIGNATURES - budget.left()), (1, None, 1));
    }
}
