//! Whether the certificates a browser follows keep to the profiles they are issued under. Chrome and Mozilla let
//! pass what is found here, OpenSSL told to be strict and others do not: a warning, of a chain that is trusted.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Finding;
use super::bench::Bench;
use crate::observation::certificate::{Certificate, Rule, Sha256};
use crate::observation::{Code, Origin, PathStep, Presented, TrustPath};

/// Broken rules that a finding repeats.
const MAX_RULES: usize = 20;

/// Roots every browser has. Whoever uses a CA below one can mend nothing about it, and some are older than the rules.
static SHIPPED: LazyLock<HashSet<Sha256>> =
    LazyLock::new(|| webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| Sha256::of(der)).collect());

/// What is broken on the best of the paths that are good now; nothing if one of them keeps to every rule. Paths that
/// are over or to come count where none is good now, so that the finding does not go as the chain runs out.
pub(super) fn finding(leaf: &Certificate, presented: &Presented, bench: &Bench) -> Option<Finding> {
    let mut paths: Vec<&TrustPath> = presented.paths.iter().filter(|path| path.in_date(bench.now)).collect();
    if paths.is_empty() {
        paths = presented.paths.iter().collect();
    }
    let complete: Vec<&TrustPath> = paths.iter().copied().filter(|path| path.is_complete()).collect();
    let in_use = if complete.is_empty() { paths } else { complete };
    let broken = in_use.into_iter().map(broken_on).min_by_key(Vec::len)?;
    let (first, rule) = broken.first()?;
    let more = match broken.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    let summary = format!("{} is not made by the rules: {}{more}", first.title(), rule.words());
    let told = broken.iter().take(MAX_RULES);
    let rules: Vec<String> =
        told.map(|(of, rule)| format!("{}: {}: {}", of.title(), rule.source(), rule.words())).collect();
    Some(Finding::new(Code::TlsNonconforming, summary).fact("rules", rules).about(leaf))
}

/// What each certificate of a path breaks, the leaf's first.
fn broken_on(path: &TrustPath) -> Vec<(&Certificate, Rule)> {
    let alone = path.steps.len() == 1;
    if alone && path.steps[0].certificate.self_issued {
        // A server's own certificate among the roots: no CA issued it, and no profile is for it (RFC 6818 §2).
        return Vec::new();
    }
    let mut broken: Vec<(&Certificate, Rule)> = path.steps.iter().flat_map(broken_by).collect();
    // Only who has issued must be a CA.
    broken.retain(|(_, rule)| !(alone && *rule == Rule::NotCa));
    broken.extend(too_long(path).map(|root| (root, Rule::PathTooLong)));
    broken
}

fn broken_by(step: &PathStep) -> impl Iterator<Item = (&Certificate, Rule)> {
    let is_root = step.origin == Origin::Root;
    let judged = !(is_root && SHIPPED.contains(&step.certificate.sha256));
    let matters = move |rule: &Rule| match rule {
        // Of those that are no root only the leaf can be none, and still be on a path.
        Rule::NotCa => is_root,
        // A root is where the path ends: who might have signed it is nobody's question.
        Rule::AuthorityKeyMissing => !is_root,
        // It is an anchor by its name and key (RFC 5280 §6.1.1 d); only below it must a CA say what its key is for.
        Rule::KeyUsageMissing => !is_root,
        _ => true,
    };
    let certificate = step.certificate.as_ref();
    certificate.profile.broken().filter(move |rule| judged && matters(rule)).map(move |rule| (certificate, rule))
}

/// The root, if it allows fewer CAs below it than the path has. Verifiers that take a root for a name and a key
/// (RFC 5280 §6.1.1 d) do not ask.
fn too_long(path: &TrustPath) -> Option<&Certificate> {
    let root = &path.steps.last()?.certificate;
    let between = path.steps.iter().skip(1).rev().skip(1).filter(|step| !step.certificate.self_issued).count();
    let most = root.path_length.and_then(|most| usize::try_from(most).ok())?;
    (between > most).then_some(root.as_ref())
}
