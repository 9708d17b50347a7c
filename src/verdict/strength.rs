//! Keys and signatures that are too weak for anybody to rely on, wherever on the certificate's path they are.

use serde_json::json;

use super::Finding;
use super::bench::subject_of;
use crate::observation::certificate::{Certificate, KeyType};
use crate::observation::{Code, Origin, Presented, TrustPath};

/// The least that browsers accept of RSA, in bits (CA/Browser Forum, Baseline Requirements section 6.1.5).
const LEAST_RSA: u32 = 2048;
/// The least that anybody should accept of a curve, in bits; P-256 is the smallest that browsers know.
const LEAST_CURVE: u32 = 256;
/// Signatures over a hash for which forgeries can be made.
const WEAK_SIGNATURES: [&str; 5] =
    ["md2WithRSAEncryption", "md5WithRSAEncryption", "sha1WithRSAEncryption", "ecdsa-with-SHA1", "dsaWithSHA1"];

/// A finding for the weak keys, and one for the weak signatures, of the path that has the fewest.
pub(super) fn judge(leaf: &Certificate, presented: &Presented) -> Vec<Finding> {
    let weaknesses = weaknesses(leaf, presented);
    let (keys, signatures): (Vec<_>, Vec<_>) =
        weaknesses.iter().partition(|weakness| weakness.code == Code::TlsWeakKey);
    [keys, signatures].into_iter().filter_map(|alike| finding(leaf, &alike)).collect()
}

/// Why nobody finds a path over these certificates, as far as weakness is the reason.
pub(super) fn refused(leaf: &Certificate, presented: &Presented) -> Option<String> {
    weaknesses(leaf, presented).first().map(|weakness| weakness.told(leaf))
}

/// One certificate whose key or signature is too weak.
struct Weakness<'a> {
    code: Code,
    certificate: &'a Certificate,
}

impl Weakness<'_> {
    fn told(&self, leaf: &Certificate) -> String {
        let subject = subject_of(leaf, self.certificate);
        match self.code {
            Code::TlsWeakKey => format!("{subject} has a weak key: {}", self.certificate.key.title()),
            _ => format!("{subject} is signed with {}", self.certificate.signature_algorithm),
        }
    }

    fn facts(&self) -> serde_json::Value {
        let subject = &self.certificate.subject;
        match self.code {
            Code::TlsWeakKey => json!({ "subject": subject, "key": self.certificate.key.title() }),
            _ => json!({ "subject": subject, "signature_algorithm": self.certificate.signature_algorithm }),
        }
    }
}

fn finding(leaf: &Certificate, alike: &[&Weakness<'_>]) -> Option<Finding> {
    let (first, others) = alike.split_first()?;
    let more = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
    let facts: Vec<_> = alike.iter().map(|weakness| weakness.facts()).collect();
    Some(Finding::new(first.code, first.told(leaf) + &more).fact("weak", facts).about(leaf))
}

/// Of the path with the fewest. Paths that need nothing but what was presented count before others; without any path,
/// what was presented is followed from issuer to issuer.
fn weaknesses<'a>(leaf: &'a Certificate, presented: &'a Presented) -> Vec<Weakness<'a>> {
    let mut paths: Vec<&TrustPath> = presented.complete_paths().collect();
    if paths.is_empty() {
        paths = presented.paths.iter().collect();
    }
    let of_paths = paths.into_iter().map(of_path).min_by_key(Vec::len);
    of_paths.unwrap_or_else(|| upwards(leaf, presented).into_iter().flat_map(of_certificate).collect())
}

fn of_path(path: &TrustPath) -> Vec<Weakness<'_>> {
    let of_step = |certificate, origin| {
        let all = of_certificate(certificate);
        // A root is trusted for being in the store, not for what it says of itself.
        all.into_iter().filter(move |weakness| origin != Origin::Root || weakness.code == Code::TlsWeakKey)
    };
    path.steps.iter().flat_map(|step| of_step(&step.certificate, step.origin)).collect()
}

/// The leaf, and above it whoever by name could have issued the one below, each once.
fn upwards<'a>(leaf: &'a Certificate, presented: &'a Presented) -> Vec<&'a Certificate> {
    let mut path = vec![leaf];
    while let Some(issuer) = path.last().and_then(|last| issuer_of(last, presented, &path)) {
        path.push(issuer);
    }
    path
}

fn issuer_of<'a>(below: &Certificate, presented: &'a Presented, path: &[&Certificate]) -> Option<&'a Certificate> {
    let others = presented.chain.iter().map(AsRef::as_ref);
    let mut new = others.filter(|other: &&Certificate| path.iter().all(|known| known.sha256 != other.sha256));
    new.find(|other| !below.self_issued && other.names.subject == below.names.issuer)
}

fn of_certificate(certificate: &Certificate) -> Vec<Weakness<'_>> {
    let weak = [
        has_weak_key(certificate).then_some(Code::TlsWeakKey),
        has_weak_signature(certificate).then_some(Code::TlsWeakSignature),
    ];
    weak.into_iter().flatten().map(|code| Weakness { code, certificate }).collect()
}

fn has_weak_key(certificate: &Certificate) -> bool {
    let below = |least| certificate.key.bits.is_some_and(|bits| bits < least);
    match certificate.key.key_type {
        KeyType::Rsa | KeyType::RsaPss => below(LEAST_RSA),
        KeyType::Ec => below(LEAST_CURVE),
        // Of whatever size: no browser has accepted it for years.
        KeyType::Dsa => true,
        KeyType::Ed25519 | KeyType::Ed448 | KeyType::MlDsa | KeyType::Unknown => false,
    }
}

/// What has signed itself has proved nothing by it, strong or weak.
fn has_weak_signature(certificate: &Certificate) -> bool {
    !certificate.self_issued && WEAK_SIGNATURES.contains(&certificate.signature_algorithm.as_str())
}
