//! What a certificate of the lab shall say: names, dates, key, and what is wrong with it.
//!
//! A [`LeafSpec`] is a wish; an [`Authority`](super::ca::Authority) fulfils it.

use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, RsaKeySize, date_time_ymd,
};

use super::ca::LabError;
use super::pointers::Pointers;

/// What a leaf certificate shall say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafSpec {
    /// Subject alternative names: DNS names (A-labels, wildcards) and addresses; the first is also the common name.
    pub names: Vec<String>,
    /// From when until when it is valid.
    pub validity: Validity,
    /// The kind of its key.
    pub key: KeyKind,
    /// Its serial number; drawn from the key where there is none.
    pub serial: Option<u64>,
    /// What is wrong with it, if anything.
    pub flaw: Option<Flaw>,
    /// Where it says that more is to be found.
    pub pointers: Pointers,
}

impl LeafSpec {
    /// A sound P-256 leaf for `name`, valid from `not_before` until `not_after` (seconds since 1970).
    pub fn new(name: &str, not_before: i64, not_after: i64) -> Self {
        Self {
            names: vec![name.to_owned()],
            validity: Validity { not_before, not_after },
            key: KeyKind::P256,
            serial: None,
            flaw: None,
            pointers: Pointers::default(),
        }
    }

    /// The same with a key of another kind.
    pub fn with_key(mut self, key: KeyKind) -> Self {
        self.key = key;
        self
    }

    /// The same for one name more.
    pub fn with_name(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }

    /// The same with this serial number.
    pub fn with_serial(mut self, serial: u64) -> Self {
        self.serial = Some(serial);
        self
    }

    /// The same with something wrong.
    pub fn with_flaw(mut self, flaw: Flaw) -> Self {
        self.flaw = Some(flaw);
        self
    }

    /// The same, saying where more is to be found.
    pub fn with_pointers(mut self, pointers: Pointers) -> Self {
        self.pointers = pointers;
        self
    }

    pub(super) fn params(&self) -> Result<CertificateParams, LabError> {
        let names = if self.flaw == Some(Flaw::NoNames) { Vec::new() } else { self.names.clone() };
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = common_name(self.names.first().map_or("nameless", String::as_str));
        self.validity.apply(&mut params)?;
        params.serial_number = self.serial.map(Into::into);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.pointers.apply(&mut params);
        match self.flaw {
            Some(Flaw::OcspSigner) => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning],
            Some(Flaw::ClientOnly) => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            Some(Flaw::Authority) => params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            Some(Flaw::NoCommonName) => params.distinguished_name = organization("Lab"),
            Some(Flaw::NoSubject) => params.distinguished_name = DistinguishedName::new(),
            Some(Flaw::NoNames) | None => {}
        }
        Ok(params)
    }
}

/// What can be wrong with a leaf beside its dates, its names and who signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// No subject alternative name; only the common name, which browsers have not read since 2017 (RFC 9525 section 2).
    NoNames,
    /// A subject without a common name, which nobody needs (RFC 9525 section 2).
    NoCommonName,
    /// An empty subject; the alternative names are then critical (RFC 5280 section 4.1.2.6).
    NoSubject,
    /// An extended key usage for clients alone (RFC 5280 section 4.2.1.12).
    ClientOnly,
    /// An extended key usage for signing OCSP responses alone: a responder's (RFC 6960 section 4.2.2.2).
    OcspSigner,
    /// Basic constraints that make it an authority (RFC 5280 section 4.2.1.9), as appliances like to do.
    Authority,
}

/// From when until when a certificate is valid, both inclusive (RFC 5280 section 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First moment, in seconds since 1970; negative before.
    pub not_before: i64,
    /// Last moment, in seconds since 1970; negative before.
    pub not_after: i64,
}

impl Validity {
    pub(super) fn apply(self, params: &mut CertificateParams) -> Result<(), LabError> {
        // A closure, because the maker's date type belongs to a crate that we do not name.
        let date = |seconds: i64| {
            let since = Duration::from_secs(seconds.unsigned_abs()).try_into().ok()?;
            let epoch = date_time_ymd(1970, 1, 1);
            let date = if seconds < 0 { epoch.checked_sub(since) } else { epoch.checked_add(since) };
            date.filter(|date| date.year() >= 0)
        };
        params.not_before = date(self.not_before).ok_or(LabError::Date(self.not_before))?;
        params.not_after = date(self.not_after).ok_or(LabError::Date(self.not_after))?;
        Ok(())
    }
}

/// The kinds of keys a lab certificate can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA with 2048 bits, signing PKCS#1 v1.5 with SHA-256.
    Rsa2048,
    /// ECDSA on NIST P-256 with SHA-256.
    P256,
    /// ECDSA on NIST P-384 with SHA-384.
    P384,
    /// ECDSA on NIST P-521 with SHA-512.
    P521,
    /// Ed25519 (RFC 8410), which few browsers accept.
    Ed25519,
}

impl KeyKind {
    /// Every kind, for tests that go through them all.
    pub const ALL: [Self; 5] = [Self::Rsa2048, Self::P256, Self::P384, Self::P521, Self::Ed25519];

    pub(super) fn generate(self) -> Result<KeyPair, LabError> {
        Ok(match self {
            Self::Rsa2048 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048)?,
            Self::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?,
            Self::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?,
            Self::P521 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512)?,
            Self::Ed25519 => ed25519()?,
        })
    }
}

/// An Ed25519 key in version 1 of PKCS#8: OpenSSL 3.0, and so nginx, does not read the maker's version 2 (RFC 5958).
fn ed25519() -> Result<KeyPair, LabError> {
    let key = Ed25519KeyPair::generate().and_then(|key| key.to_pkcs8v1());
    let key = key.map_err(|_| rcgen::Error::KeyGenerationUnavailable)?;
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&key.as_ref().into(), &rcgen::PKCS_ED25519)?)
}

fn organization(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, name);
    subject
}

pub(super) fn common_name(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}
