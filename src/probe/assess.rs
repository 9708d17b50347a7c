//! [`assess`]: what a presented chain is worth, asked of the trust room. Public-key work must not hold up the runtime,
//! so what is not known yet is worked out aside, by no more threads than there are processors.

use std::panic::resume_unwind;
use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;

use rustls_pki_types::CertificateDer;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::domain::DomainName;
use crate::observation::Presented;
use crate::trust::TrustStore;

static AT_ONCE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(available_parallelism().map_or(2, usize::from)));

/// What is true of the chain; at once if it was assessed before. `None` only while the runtime is being shut down.
pub(super) async fn assess(
    chain: Vec<CertificateDer<'static>>,
    name: &DomainName,
    trust: &Arc<TrustStore>,
) -> Option<Arc<Presented>> {
    if let Some(known) = trust.assessed(&chain, name) {
        return Some(known);
    }
    let turn = AT_ONCE.acquire().await;
    let (name, trust) = (name.clone(), Arc::clone(trust));
    let work = spawn_blocking(move || {
        // The turn ends with the work, though nobody may wait for it any more.
        let _turn = turn;
        trust.assess(&chain, &name)
    });
    match work.await {
        Ok(presented) => Some(presented),
        Err(error) => error.try_into_panic().map(|panic| resume_unwind(panic)).ok(),
    }
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
        assert!(trust.assessed(&chain, &name).is_none());
        let first = assess(chain.clone(), &name, &trust).await.unwrap();
        let again = assess(chain, &name, &trust).now_or_never().flatten().unwrap();
        assert!(Arc::ptr_eq(&first, &again));
    }
}
