//! What certification authorities and registries hand out: whether certificates were revoked, whose they are, when to
//! renew them, and until when a domain is registered.

use std::sync::{Arc, LazyLock};

use notafter::domain::DomainName;
use notafter::observation::certificate::{Certificate, Sha256};
use notafter::observation::{Presented, RenewalInfo, Revocation, RevocationStatus};
use notafter::probe::parsers;
use notafter::trust::{Crl, TrustStore, certificates_in};

use super::NOW;

/// The authority that made the seeds of the targets `crl` and `staple`, and the certificate that they are about.
const AUTHORITY: &[u8] = include_bytes!("../seeds/authority.der");
const LEAF: &[u8] = include_bytes!("../seeds/authority-leaf.der");

static STORE: LazyLock<TrustStore> = LazyLock::new(|| TrustStore::new(&[AUTHORITY.into()], &[]).expect("a root"));
static ISSUER: LazyLock<Certificate> = LazyLock::new(|| Certificate::from_der(AUTHORITY).expect("a certificate"));
static PRESENTED: LazyLock<Arc<Presented>> = LazyLock::new(|| STORE.assess(&[LEAF.into()], &name()));

fn name() -> DomainName {
    DomainName::parse("healthy.example.com").expect("a name")
}

/// An OCSP response, as it is stapled to a certificate.
pub(super) fn staple(data: &[u8]) {
    sound(&STORE.judge_staple(&PRESENTED, data).expect("the issuer is known"));
}

/// A list of revoked certificates.
pub(super) fn crl(data: &[u8]) {
    let leaf = PRESENTED.leaf().expect("a leaf");
    match Crl::read(data, &ISSUER) {
        Ok(list) => {
            // No entry of a list has fewer bytes than what is kept of it.
            assert!(list.weight() <= 1_024 + data.len(), "{}", list.weight());
            let points = leaf.crl_points();
            sound(&list.status_of(leaf, points, points.urls.first().map_or("", String::as_str)));
        }
        Err(error) => assert!(error.to_string().chars().count() < 300, "{error}"),
    }
}

/// Who knows nothing says why; who knows something says since when, and of which certificate.
fn sound(said: &Revocation) {
    assert_eq!(said.sha256, Sha256::of(LEAF));
    let is_unknown = said.status == RevocationStatus::Unknown;
    assert_eq!(is_unknown, said.why.is_some(), "{said:?}");
    assert!(is_unknown || said.this_update.is_some(), "{said:?}");
    assert_eq!(said.status == RevocationStatus::Revoked, said.revoked_at.is_some(), "{said:?}");
    serde_json::to_string(said).expect("JSON");
}

/// What a certificate names as its issuer's.
pub(super) fn issuers(data: &[u8]) {
    let found = certificates_in(data);
    assert!(found.len() <= 8 && found.iter().all(|certificate| certificate.is_ca));
}

/// When a CA suggests to renew.
pub(super) fn renewal_info(data: &[u8]) {
    match RenewalInfo::parse(Sha256::of(LEAF), data) {
        Ok(info) => {
            assert!(info.start < info.end);
            let url = info.explanation_url.as_deref().unwrap_or("http://");
            assert!(url.starts_with("http") && url.len() <= 300 && url.bytes().all(|byte| byte.is_ascii_graphic()));
        }
        Err(error) => assert!(error.to_string().chars().count() < 300, "{error}"),
    }
}

/// What a registry says of a domain.
pub(super) fn registration(data: &[u8]) {
    let domain = DomainName::parse("example.com").expect("a name");
    match parsers::registration(data, &domain, NOW) {
        Ok(read) => {
            assert_eq!((&read.domain, read.at), (&domain, NOW));
            assert!(read.statuses.len() <= 20);
            assert!(read.statuses.iter().chain(&read.registrar).all(|text| text.chars().count() <= 101));
        }
        Err(why) => assert!(!why.is_empty() && why.chars().count() < 200, "{why}"),
    }
}

/// The list of which registry answers where.
pub(super) fn registries(data: &[u8]) {
    match parsers::registry(data, &DomainName::parse("example.com").expect("a name")) {
        Ok(base) => assert!(base.is_none_or(|base| base.ends_with('/') && !base.ends_with("//"))),
        Err(why) => assert!(!why.is_empty() && why.chars().count() < 200, "{why}"),
    }
}
