//! Certificates: one, a chain, a file of them.

use std::sync::{Arc, LazyLock};

use notafter::domain::{Domain, DomainName};
use notafter::observation::certificate::{Certificate, Sha256, certificates_in};
use notafter::trust::{LogList, TrustStore};
use notafter::verdict::judge_chain;

use super::NOW;

/// The root above the seeds of the target `chain`.
const ROOT: &[u8] = include_bytes!("../seeds/root.der");

/// The logs that have signed a receipt in one of them.
const LOGS: &[u8] = include_bytes!("../seeds/log_list/two");

static STORE: LazyLock<TrustStore> = LazyLock::new(|| {
    let logs = Arc::new(LogList::parse(LOGS).expect("a list of logs"));
    TrustStore::new(&[ROOT.into()], &[]).expect("a root").with_logs(Some(logs))
});
static NAME: LazyLock<DomainName> = LazyLock::new(|| DomainName::parse("healthy.example.com").expect("a name"));

/// A certificate in DER.
pub(super) fn certificate(data: &[u8]) {
    let Ok(read) = Certificate::from_der(data) else { return };
    assert_eq!(read.der().as_ref(), data);
    assert_eq!(read.sha256, Sha256::of(data));
    assert!(read.subject.chars().count() <= 4_096 && read.issuer.chars().count() <= 4_096);
    let _ = (read.title(), read.issuer_title(), read.issuer_organization(), read.lifetime());
    assert!(read.ca_issuers().len() <= 4 && read.crl_points().urls.len() <= 4);
    serde_json::to_string(&read).expect("JSON");
}

/// A chain as a server sends it: certificates in DER, a length of two bytes before each.
pub(super) fn chain(data: &[u8]) {
    let mut chain = Vec::new();
    let mut rest = data;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (der, further) = after.split_at(length);
        chain.push(der.into());
        rest = further;
    }
    let presented = STORE.assess(&chain, &NAME);
    let verdict = judge_chain(&Domain::new(NAME.clone()), &presented, NOW);
    for finding in &verdict.findings {
        assert!(!finding.summary.is_empty());
        serde_json::to_string(finding).expect("JSON");
    }
    // What is not for the name, or leads nowhere, is never healthy.
    let sound = presented.name_matches == Some(true) && !presented.paths.is_empty();
    assert!(sound || !verdict.findings.is_empty() || presented.leaf().is_none());
}

/// A file of certificates, in PEM or DER.
pub(super) fn pem(data: &[u8]) {
    let Ok(all) = certificates_in(data.to_vec()) else { return };
    assert!(!all.is_empty());
    for der in all.into_iter().flatten() {
        let _ = Certificate::from_der(&der);
    }
}
