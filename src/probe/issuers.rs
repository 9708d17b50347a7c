//! [`complete`]: a chain that leads nowhere may only lack what its server should have sent. What others presented is
//! tried, then what the chain says where its issuers can be had (RFC 5280 §4.2.2.1): that tells an incomplete chain,
//! which the on-call mends with a file, from one that nobody can trust.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rustls_pki_types::CertificateDer;
use tokio::time::Instant;

use super::Target;
use super::aside::aside;
use super::assess::assess;
use super::fetch::{Fetcher, Wanted};
use crate::observation::Presented;
use crate::observation::certificate::Certificate;
use crate::trust::certificates_in;

/// How many issuers up a chain is completed; public hierarchies have two or three.
const MAX_DEPTH: usize = 4;
/// Documents asked for to complete one chain.
const MAX_DOCUMENTS: usize = 6;
/// A certificate has some 2 KiB, a message with several 10.
const MAX_BYTES: usize = 64 * 1024;
/// What the documents may be (RFC 5280 §4.2.2.1), and what servers take PEM for.
const ACCEPT: &str = "application/pkix-cert, application/pkcs7-mime, application/x-x509-ca-cert, */*;q=0.1";
/// A document, or the lack of one, is not asked for again for so long.
const KEEP: Duration = Duration::from_secs(86_400);
/// Unless it is we who could not ask.
const KEEP_OWN_FAULT: Duration = Duration::from_secs(60);

/// The same chain with what it lacks, as far as that can be had until then; as it was if it lacks nothing or nothing
/// helps.
pub(super) async fn complete(
    presented: Arc<Presented>,
    chain: &[CertificateDer<'static>],
    target: Target<'_>,
    fetcher: &Fetcher,
    until: Instant,
) -> Arc<Presented> {
    if !presented.paths.is_empty() || presented.self_signed || presented.leaf().is_none() {
        return presented;
    }
    let mut known = presented.chain.clone();
    let mut left = if target.settings.aia { MAX_DOCUMENTS } else { 0 };
    for _ in 0..MAX_DEPTH {
        let seen = target.trust.seen_above(&known);
        let found: Vec<_> = known[presented.chain.len()..].iter().chain(&seen).cloned().collect();
        if !found.is_empty() {
            let completed = assess(chain, &target.domain.name, &found, target.trust).await;
            if let Some(completed) = completed.filter(|completed| !completed.paths.is_empty()) {
                return completed;
            }
        }
        let urls: Vec<String> = tips(&known).flat_map(Certificate::ca_issuers).take(left).collect();
        left -= urls.len();
        let before = known.len();
        for issuer in join_all(urls.into_iter().map(|url| issuers_at(url, target, fetcher, until))).await.concat() {
            if known.iter().all(|other| other.sha256 != issuer.sha256) {
                known.push(issuer);
            }
        }
        if known.len() == before {
            break;
        }
    }
    presented
}

/// The certificates above the leaf, itself included, whose issuer is not among them.
fn tips(known: &[Arc<Certificate>]) -> impl Iterator<Item = &Certificate> {
    let mut above: Vec<&Certificate> = known.first().map(AsRef::as_ref).into_iter().collect();
    let mut next = 0;
    while let Some(certificate) = above.get(next).copied() {
        let issuers = known.iter().filter(|other| other.names.subject == certificate.names.issuer);
        for issuer in issuers {
            if above.iter().all(|other| other.sha256 != issuer.sha256) {
                above.push(issuer);
            }
        }
        next += 1;
    }
    let has_issuer = |certificate: &Certificate| {
        certificate.self_issued || known.iter().any(|other| other.names.subject == certificate.names.issuer)
    };
    above.into_iter().filter(move |certificate| !has_issuer(certificate))
}

/// The issuers that this URL hands out; none if there are none.
async fn issuers_at(url: String, target: Target<'_>, fetcher: &Fetcher, until: Instant) -> Vec<Arc<Certificate>> {
    let (fetcher, wanted) = (fetcher.clone(), url.clone());
    let fetch = async move |_| match fetcher.get(Wanted { url: &wanted, accept: ACCEPT, most_bytes: MAX_BYTES }).await {
        Ok(document) => {
            let read = aside(move || certificates_in(&document.body)).await.unwrap_or_default();
            (read.into_iter().map(Arc::new).collect(), KEEP)
        }
        Err(error) => {
            tracing::debug!(url = wanted, %error, "no issuer there");
            (Arc::default(), if error.is_ours() { KEEP_OWN_FAULT } else { KEEP })
        }
    };
    let patience = until.saturating_duration_since(Instant::now());
    let kept = target.library.issuers.get_within(patience, &url, fetch).await;
    kept.map(|issuers| issuers.to_vec()).unwrap_or_default()
}
