//! Where a certificate says that more is to be found: its issuer's certificate and the lists of the revoked. But for the
//! latter it is read from the DER when asked for: few chains are in need of it, and every certificate is held in memory.

use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{FromDer, Integer, Sequence};
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};

use super::Certificate;

/// URLs taken of one kind; no honest certificate names more.
const MAX_URLS: usize = 4;
/// id-ad-caIssuers (RFC 5280 §4.2.2.1).
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
/// id-pe-tlsfeature (RFC 7633 §4).
const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
/// status_request (RFC 6066 §8), which RFC 7633 calls for by its number.
const STATUS_REQUEST: u64 = 5;

/// Where the lists lie on which a certificate would stand if it were revoked (RFC 5280 §4.2.1.13).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrlPoints {
    /// http and https URLs, each of which has the whole list.
    pub urls: Vec<String>,
    /// Whether there are lists of a kind that is not read: for some reasons only, or another's.
    pub others: bool,
}

impl Certificate {
    /// Where its issuer's certificate can be had, by http or https (RFC 5280 §4.2.2.1).
    pub fn ca_issuers(&self) -> Vec<String> {
        self.parsed(|parsed| {
            let access = parsed.extensions().iter().filter_map(|found| match found.parsed_extension() {
                ParsedExtension::AuthorityInfoAccess(access) => Some(&access.accessdescs),
                _ => None,
            });
            let of_issuers = access.flatten().filter(|access| access.access_method.to_id_string() == CA_ISSUERS);
            of_issuers.filter_map(|access| url(&access.access_location)).take(MAX_URLS).collect()
        })
    }

    /// Where the lists lie on which it would stand if it were revoked.
    pub const fn crl_points(&self) -> &CrlPoints {
        &self.crl_points
    }

    /// The serial number as it stands in the DER, less leading zeros, by which OCSP responses and CRLs name it.
    pub fn bare_serial(&self) -> Vec<u8> {
        self.parsed(|parsed| parsed.raw_serial().iter().copied().skip_while(|&byte| byte == 0).collect())
    }

    /// What is in it; nothing where it cannot be read, as a sample for tests cannot.
    fn parsed<T: Default>(&self, read: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
        X509Certificate::from_der(&self.der()).map(|(_, parsed)| read(&parsed)).unwrap_or_default()
    }
}

/// Every look asks for these, so that they are among the facts.
pub(super) fn crl_points(parsed: &X509Certificate<'_>) -> CrlPoints {
    let mut found = CrlPoints::default();
    let points = parsed.extensions().iter().filter_map(|extension| match extension.parsed_extension() {
        ParsedExtension::CRLDistributionPoints(points) => Some(&points.points),
        _ => None,
    });
    for point in points.flatten() {
        let names = match &point.distribution_point {
            Some(DistributionPointName::FullName(names)) => &names[..],
            _ => &[],
        };
        let before = found.urls.len();
        if point.reasons.is_none() && point.crl_issuer.is_none() {
            found.urls.extend(names.iter().filter_map(url));
        }
        found.others |= found.urls.len() == before;
    }
    found.urls.truncate(MAX_URLS);
    found
}

/// Whether the TLS feature is there that asks for a staple.
pub(super) fn must_staple(parsed: &X509Certificate<'_>) -> bool {
    let feature = parsed.extensions().iter().find(|found| found.oid.to_id_string() == TLS_FEATURE);
    feature.is_some_and(|feature| features(feature.value).contains(&STATUS_REQUEST))
}

fn url(name: &GeneralName<'_>) -> Option<String> {
    let GeneralName::URI(url) = name else { return None };
    let scheme = url.split_once("://")?.0;
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then(|| (*url).to_owned())
}

/// RFC 7633 §4: a SEQUENCE of INTEGERs.
fn features(value: &[u8]) -> Vec<u64> {
    let Ok((_, sequence)) = Sequence::from_der(value) else { return Vec::new() };
    let mut rest: &[u8] = &sequence.content;
    let mut found = Vec::new();
    while let Ok((after, feature)) = Integer::from_der(rest) {
        found.extend(feature.as_u64().ok());
        rest = after;
    }
    found
}
