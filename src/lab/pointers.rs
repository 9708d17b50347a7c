//! Where a certificate of the lab says that more is to be found, and the lists it points at.

use std::time::Duration;

use rcgen::{
    CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint,
    CustomExtension, Issuer, KeyIdMethod, KeyPair, RevocationReason, RevokedCertParams, SerialNumber, date_time_ymd,
};

use super::ca::LabError;

/// id-pe-authorityInfoAccess (RFC 5280 section 4.2.2.1).
const INFORMATION_ACCESS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
/// id-pe-tlsfeature (RFC 7633 section 4).
const TLS_FEATURE: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 24];

/// Where a certificate says that more is to be found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pointers {
    /// The URLs of its issuer's certificate.
    pub issuers: Vec<String>,
    /// The URLs of the list on which it would stand if it were revoked.
    pub crls: Vec<String>,
    /// Whether it asks for a stapled OCSP response.
    pub must_staple: bool,
}

impl Pointers {
    pub(super) fn apply(&self, params: &mut CertificateParams) {
        if !self.issuers.is_empty() {
            let content = information_access(&self.issuers);
            params.custom_extensions.push(CustomExtension::from_oid_content(INFORMATION_ACCESS, content));
        }
        if !self.crls.is_empty() {
            params.crl_distribution_points = vec![CrlDistributionPoint { uris: self.crls.clone() }];
        }
        if self.must_staple {
            // status_request is number 5 (RFC 6066 section 1.1).
            let content = vec![0x30, 3, 2, 1, 5];
            params.custom_extensions.push(CustomExtension::from_oid_content(TLS_FEATURE, content));
        }
    }
}

/// What a list of revoked certificates says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlSpec {
    /// From when on it holds, in seconds since 1970.
    pub this_update: i64,
    /// By when there is a newer one.
    pub next_update: i64,
    /// The one URL under which it is known, where the issuer has several lists (RFC 5280 section 5.2.5).
    pub part: Option<String>,
    /// Who is revoked, by serial number, since when: for keyCompromise.
    pub revoked: Vec<(u64, i64)>,
}

impl CrlSpec {
    pub(super) fn signed_by(&self, issuer: &Issuer<'_, KeyPair>) -> Result<Vec<u8>, LabError> {
        // A closure, because the maker's date type belongs to a crate that we do not name.
        let date = |seconds: i64| {
            let since = Duration::from_secs(u64::try_from(seconds).ok()?).try_into().ok()?;
            date_time_ymd(1970, 1, 1).checked_add(since)
        };
        let moment = |seconds: i64| date(seconds).ok_or(LabError::Date(seconds));
        let mut revoked_certs = Vec::new();
        for (serial, since) in &self.revoked {
            revoked_certs.push(RevokedCertParams {
                serial_number: (*serial).into(),
                revocation_time: moment(*since)?,
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: None,
            });
        }
        let part = self.part.clone().map(|url| CrlIssuingDistributionPoint {
            distribution_point: CrlDistributionPoint { uris: vec![url] },
            scope: None,
        });
        let params = CertificateRevocationListParams {
            this_update: moment(self.this_update)?,
            next_update: moment(self.next_update)?,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: part,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(issuer)?.der().to_vec())
    }
}

/// AuthorityInfoAccessSyntax of caIssuers alone; each URL has at most some hundred octets.
fn information_access(urls: &[String]) -> Vec<u8> {
    let descriptions = urls.iter().flat_map(|url| {
        let method = element(0x06, &[0x2b, 6, 1, 5, 5, 7, 0x30, 2]);
        element(0x30, &[method, element(0x86, url.as_bytes())].concat())
    });
    element(0x30, &descriptions.collect::<Vec<u8>>())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[tag, 0x82][..], &length, content].concat()
}
