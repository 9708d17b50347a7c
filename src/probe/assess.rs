//! [`assess`]: what a presented chain is worth, asked of the trust room; aside, unless it is known.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::aside::aside;
use crate::domain::DomainName;
use crate::observation::certificate::Certificate;
use crate::observation::{Presented, Revocation};
use crate::trust::TrustStore;

/// What is true of the chain; at once if it was assessed before. `None` only while the runtime is being shut down.
pub(super) async fn assess(
    chain: &[CertificateDer<'static>],
    name: &DomainName,
    issuers: &[Arc<Certificate>],
    trust: &Arc<TrustStore>,
) -> Option<Arc<Presented>> {
    if let Some(known) = trust.assessed(chain, name, issuers) {
        return Some(known);
    }
    let (chain, name, issuers, trust) = (chain.to_vec(), name.clone(), issuers.to_vec(), Arc::clone(trust));
    aside(move || trust.assess_with(&chain, &name, &issuers)).await
}

/// What the stapled response says of the leaf; `None` where nobody knows whose signature it should bear.
pub(super) async fn judge_staple(
    presented: &Arc<Presented>,
    response: Vec<u8>,
    trust: &Arc<TrustStore>,
) -> Option<Arc<Revocation>> {
    if let Some(known) = trust.judged_staple(presented, &response) {
        return Some(known);
    }
    let (presented, trust) = (Arc::clone(presented), Arc::clone(trust));
    aside(move || trust.judge_staple(&presented, &response)).await.flatten()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn only_what_is_known_is_answered_on_the_spot() {
        let trust = Arc::new(TrustStore::new(webpki_root_certs::TLS_SERVER_ROOT_CERTS, &[]).unwrap());
        let name = DomainName::parse("login.example.com").unwrap();
        let chain = vec![CertificateDer::from(b"garbage".to_vec())];
        assert!(trust.assessed(&chain, &name, &[]).is_none());
        let first = assess(&chain, &name, &[], &trust).await.unwrap();
        let again = assess(&chain, &name, &[], &trust).now_or_never().flatten().unwrap();
        assert!(Arc::ptr_eq(&first, &again));
    }
}
