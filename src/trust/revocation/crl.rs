//! [`Crl`]: of a list of revoked certificates (RFC 5280 §5) what a lookup needs, in a few bytes an entry.

use webpki::{BorrowedCertRevocationList, CertRevocationList};

use super::signature::Signed;
use crate::domain::UnixTime;
use crate::observation::certificate::{Certificate, CrlPoints, Sha256};
use crate::observation::{Revocation, RevocationSource, RevocationStatus, revocation_reason};
use crate::trust::der::{Der, tag};

/// A list, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    this_update: UnixTime,
    next_update: UnixTime,
    scope: Scope,
    /// Sorted by key.
    revoked: Box<[Entry]>,
}

/// One revoked certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// Eight octets of the serial number's digest: nobody but the CA itself could make two alike.
    key: u64,
    /// Unix seconds, as far as they fit.
    revoked_at: u32,
    reason: u8,
}

/// Which certificates it is about (RFC 5280 §5.2.5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Scope {
    /// The places under which it is known; empty: it is the issuer's only one.
    urls: Vec<String>,
    users_only: bool,
    cas_only: bool,
    /// Others still: attribute certificates, some reasons.
    others: bool,
}

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// It is none, or has something in it that is not understood.
    #[error("the list cannot be read: {0}")]
    Malformed(String),
    /// It is of a kind that is not read.
    #[error("the list is {0}, which is not read")]
    Unsupported(&'static str),
    /// It is another CA's.
    #[error("the list is not the issuer's")]
    OfAnother,
    /// It is not signed by its issuer.
    #[error("the signature of the list is not the issuer's")]
    Unsigned,
}

impl Crl {
    /// Reads a list in DER and verifies that this issuer made it. Public-key work.
    pub fn read(der: &[u8], issuer: &Certificate) -> Result<Self, CrlError> {
        let list = BorrowedCertRevocationList::from_der(der).map_err(|error| refused(&error))?;
        let revoked = entries(&list).map_err(|error| refused(&error))?;
        let list = CertRevocationList::from(list);
        // The issuer's name without its own tag and length, as in the certificate it has both.
        if Der::new(&issuer.names.subject).enter(tag::SEQUENCE).is_none_or(|name| !name.is_all_of(list.issuer())) {
            return Err(CrlError::OfAnother);
        }
        let malformed = || CrlError::Malformed("its head".to_owned());
        let mut outer = Der::new(der).enter(tag::SEQUENCE).ok_or_else(malformed)?;
        let signed = Signed::read(&mut outer).ok_or_else(malformed)?;
        let (this_update, next_update) = dates(signed.content).ok_or_else(malformed)?;
        if !signed.is_by(&issuer.der()) {
            return Err(CrlError::Unsigned);
        }
        let scope = match list.issuing_distribution_point() {
            Some(point) => Scope::read(point).ok_or_else(malformed)?,
            None => Scope::default(),
        };
        Ok(Self { this_update, next_update, scope, revoked })
    }

    /// By when there is a newer one.
    pub const fn next_update(&self) -> UnixTime {
        self.next_update
    }

    /// The memory it takes, about, in bytes.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.revoked)
    }

    /// What it says of a certificate of its issuer that names these places for its list.
    pub fn status_of(&self, certificate: &Certificate, points: &CrlPoints, url: &str) -> Revocation {
        let mut found = Revocation::unknown(
            certificate.sha256,
            RevocationSource::Crl,
            Some(url.to_owned()),
            "the list is about other certificates of the issuer".to_owned(),
        );
        if !self.scope.includes(certificate, points) {
            return found;
        }
        (found.this_update, found.next_update, found.why) = (Some(self.this_update), Some(self.next_update), None);
        let key = key(&certificate.bare_serial());
        found.status = match self.revoked.binary_search_by_key(&key, |entry| entry.key) {
            Ok(at) => {
                let entry = self.revoked[at];
                found.revoked_at = Some(UnixTime(i64::from(entry.revoked_at)));
                found.reason = revocation_reason(entry.reason);
                RevocationStatus::Revoked
            }
            Err(_) => RevocationStatus::Good,
        };
        found
    }
}

impl Scope {
    fn read(point: &[u8]) -> Option<Self> {
        let mut scope = Self::default();
        for element in Der::new(point).enter(tag::SEQUENCE)? {
            let is_true = element.content.first().is_some_and(|&octet| octet != 0);
            match element.tag {
                0xa0 => {
                    scope.urls = urls(Der::new(element.content));
                    scope.others |= scope.urls.is_empty();
                }
                0x81 => scope.users_only = is_true,
                0x82 => scope.cas_only = is_true,
                0x83 => scope.others = true,
                0x84 | 0x85 => scope.others |= is_true,
                _ => return None,
            }
        }
        Some(scope)
    }

    /// RFC 5280 §6.3.3 (b) (2).
    fn includes(&self, certificate: &Certificate, points: &CrlPoints) -> bool {
        let of_its_kind = if certificate.is_ca { !self.users_only } else { !self.cas_only };
        let of_its_part = self.urls.is_empty() || self.urls.iter().any(|url| points.urls.contains(url));
        of_its_kind && of_its_part && !self.others
    }
}

/// The URLs of a DistributionPointName, where it is the full name.
fn urls(mut name: Der<'_>) -> Vec<String> {
    let names = name.enter(0xa0).into_iter().flatten();
    let urls = names.filter(|name| name.tag == 0x86).filter_map(|name| String::from_utf8(name.content.to_vec()).ok());
    urls.collect()
}

fn entries(list: &BorrowedCertRevocationList<'_>) -> Result<Box<[Entry]>, webpki::Error> {
    let mut entries = Vec::new();
    for revoked in list {
        let revoked = revoked?;
        let reason = revoked.reason_code.map_or(0, |reason| reason as u8);
        // What was taken back is not revoked; only delta lists should say so.
        if revocation_reason(reason) != Some("removeFromCRL") {
            let zeros = revoked.serial_number.iter().take_while(|&&byte| byte == 0).count();
            let revoked_at = u32::try_from(revoked.revocation_date.as_secs()).unwrap_or(u32::MAX);
            entries.push(Entry { key: key(&revoked.serial_number[zeros..]), revoked_at, reason });
        }
    }
    entries.sort_unstable();
    Ok(entries.into_boxed_slice())
}

/// Of a serial number without leading zeros.
fn key(serial: &[u8]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = Sha256::of(serial).0;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// TBSCertList: version, algorithm and issuer stand before the two dates.
fn dates(mut list: Der<'_>) -> Option<(UnixTime, UnixTime)> {
    list.expect(tag::INTEGER)?;
    list.expect(tag::SEQUENCE)?;
    list.expect(tag::SEQUENCE)?;
    Some((list.time()?, list.time()?))
}

fn refused(error: &webpki::Error) -> CrlError {
    match error {
        webpki::Error::UnsupportedDeltaCrl => CrlError::Unsupported("one of changes to another"),
        webpki::Error::UnsupportedIndirectCrl => CrlError::Unsupported("another's, made for the issuer"),
        webpki::Error::UnsupportedRevocationReasonsPartitioning => CrlError::Unsupported("for some reasons alone"),
        webpki::Error::UnsupportedCrlVersion => CrlError::Unsupported("of an old version"),
        other => CrlError::Malformed(other.to_string()),
    }
}
