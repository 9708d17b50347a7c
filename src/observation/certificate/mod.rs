//! [`Certificate`]: the facts of one X.509 certificate, as they stand in it, with its DER kept beside them.
//!
//! `file` finds certificates in a file, `parse` reads the DER, `name` writes distinguished names by RFC 4514, `key`
//! describes the public key, `profile` lists the rules for certificates that it breaks, `pointers` reads where more is to
//! be found, `sct` the receipts of
//! transparency logs, and `precertificate` what these have signed.

mod file;
mod key;
mod name;
mod parse;
mod pointers;
mod precertificate;
mod profile;
mod sct;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::UnixTime;

pub use file::certificates_in;
pub use key::{KeyType, PublicKey};
pub use pointers::CrlPoints;
pub(crate) use precertificate::Precertificate;
pub use profile::{Profile, Rule};
pub(crate) use sct::SignedSct;
pub use sct::{LogId, Sct};

/// The facts of one certificate. Immutable and shared: equal certificates are held once where it matters.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 over the DER.
    pub sha256: Sha256,
    /// The serial number in lower-case hex: the INTEGER's content less one 00 sign byte, `-` before a negative one.
    pub serial: String,
    /// The subject by RFC 4514, bounded.
    pub subject: String,
    /// The issuer by RFC 4514, bounded.
    pub issuer: String,
    /// First second of validity.
    pub not_before: UnixTime,
    /// Last second of validity (RFC 5280 §4.1.2.5: inclusive).
    pub not_after: UnixTime,
    /// `dNSName` entries of the subject alternative name, as they stand there.
    pub dns_names: Vec<String>,
    /// `iPAddress` entries of the subject alternative name.
    pub ip_addresses: Vec<IpAddr>,
    /// The subject's public key.
    pub key: PublicKey,
    /// The signature algorithm's usual name, else its OID.
    pub signature_algorithm: String,
    /// Whether basicConstraints says that this is a CA.
    pub is_ca: bool,
    /// Whether subject and issuer are the same name, octet for octet.
    pub self_issued: bool,
    /// How many CAs may follow below this one, if that is bounded.
    pub path_length: Option<u32>,
    /// Whether it asks every server that has it to staple an OCSP response (RFC 7633).
    pub must_staple: bool,
    /// The rules for certificates that it breaks.
    pub profile: Profile,
    /// The receipts of transparency logs that it carries, in its order, bounded.
    pub scts: Vec<Sct>,
    /// Subject and issuer in DER, by which paths are built.
    pub(crate) names: RawNames,
    der: Arc<[u8]>,
    crl_points: CrlPoints,
}

/// Subject and issuer as they stand in the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawNames {
    pub(crate) subject: Box<[u8]>,
    pub(crate) issuer: Box<[u8]>,
}

impl Certificate {
    /// Reads a certificate. Leniently: an extension that cannot be read is passed over, dates never are.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        parse::certificate(der)
    }

    /// The certificate itself.
    pub fn der(&self) -> CertificateDer<'_> {
        CertificateDer::from(&self.der[..])
    }

    /// From first to last second of validity, in seconds; negative if the dates are the wrong way round.
    pub const fn lifetime(&self) -> i64 {
        self.not_before.until(self.not_after)
    }

    /// Whether its dates contain the time.
    pub fn in_date(&self, at: UnixTime) -> bool {
        self.not_before <= at && at <= self.not_after
    }

    /// What a person calls it: the common name of the subject, else its first DNS name, else the fingerprint.
    pub fn title(&self) -> String {
        name::common_name(&self.subject)
            .map(str::to_owned)
            .or_else(|| self.dns_names.first().cloned())
            .unwrap_or_else(|| self.sha256.to_string())
    }

    /// What a person calls its issuer: the common name, else the whole name.
    pub fn issuer_title(&self) -> String {
        name::common_name(&self.issuer).unwrap_or(&self.issuer).to_owned()
    }

    /// SHA-256 over its SubjectPublicKeyInfo: two certificates of one key have it in common. Reads the DER again.
    pub fn key_sha256(&self) -> Option<Sha256> {
        parse::key_info(&self.der).map(|info| Sha256::of(&info))
    }

    /// By what a CA finds it for renewal information (RFC 9773 §4.1): its authority's key identifier and its serial number,
    /// each in base64url. `None` without the former. Reads the DER again.
    pub fn renewal_id(&self) -> Option<String> {
        parse::renewal_id(&self.der)
    }

    /// The organization of its issuer: by it a CA is known.
    pub fn issuer_organization(&self) -> Option<String> {
        name::organization(&self.issuer)
    }
}

#[cfg(test)]
impl Certificate {
    /// A certificate for tests of what comes after parsing: its subject, its dates and a digest of both are all
    /// there is to it.
    pub(crate) fn sample(subject: &str, not_before: UnixTime, not_after: UnixTime) -> Self {
        let der: Arc<[u8]> = format!("{subject} {not_before} {not_after}").into_bytes().into();
        Self {
            sha256: Sha256::of(&der),
            serial: "01".to_owned(),
            subject: format!("CN={subject}"),
            issuer: "CN=Issuing CA".to_owned(),
            not_before,
            not_after,
            dns_names: vec![subject.to_owned()],
            ip_addresses: Vec::new(),
            key: PublicKey { key_type: KeyType::Ec, bits: Some(256), curve: Some("P-256".to_owned()) },
            signature_algorithm: "ecdsa-with-SHA256".to_owned(),
            is_ca: false,
            self_issued: false,
            path_length: None,
            must_staple: false,
            profile: Profile::default(),
            scts: Vec::new(),
            names: RawNames { subject: subject.as_bytes().into(), issuer: (*b"Issuing CA").into() },
            der,
            crl_points: CrlPoints::default(),
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:?}, until {})", self.subject, self.not_after)
    }
}

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Certificate", 14)?;
        out.serialize_field("sha256", &self.sha256)?;
        out.serialize_field("serial", &self.serial)?;
        out.serialize_field("subject", &self.subject)?;
        out.serialize_field("issuer", &self.issuer)?;
        out.serialize_field("not_before", &self.not_before)?;
        out.serialize_field("not_after", &self.not_after)?;
        out.serialize_field("dns_names", &self.dns_names)?;
        out.serialize_field("ip_addresses", &self.ip_addresses)?;
        out.serialize_field("key_type", &self.key.key_type)?;
        out.serialize_field("key_bits", &self.key.bits)?;
        out.serialize_field("curve", &self.key.curve)?;
        out.serialize_field("signature_algorithm", &self.signature_algorithm)?;
        out.serialize_field("is_ca", &self.is_ca)?;
        out.serialize_field("scts", &self.scts)?;
        out.end()
    }
}

/// A SHA-256 digest; prints and serializes as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// A digest in hex, in either case, with colons between the octets or without.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
        if digits.len() != 64 {
            return None;
        }
        let mut out = [0; 32];
        for (octet, pair) in out.iter_mut().zip(digits.chunks(2)) {
            *octet = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(out))
    }

    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        let mut out = [0; 32];
        out.copy_from_slice(digest.as_ref());
        Self(out)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        unhex(&text).map(Self).ok_or_else(|| serde::de::Error::custom("not 64 hex digits"))
    }
}

/// Why bytes are no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not an X.509 certificate in DER.
    #[error("not a DER certificate: {0}")]
    NotACertificate(String),
    /// A certificate followed by something else.
    #[error("{0} bytes follow the certificate")]
    TrailingData(usize),
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 2 * out.len() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

/// Lower-case hex without separators.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
