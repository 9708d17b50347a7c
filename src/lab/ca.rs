//! The certificate maker of the lab: authorities, and leaves with any dates, keys and flaws.
//!
//! An [`Authority`] is a root or an intermediate. It issues [`Issued`] leaves after a [`LeafSpec`], or further
//! authorities below itself. Nothing reads a clock: every date is given in seconds since 1970, so the same spec yields the
//! same certificate but for its key.

use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, RsaKeySize, date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use thiserror::Error;

/// A certificate authority of the lab: its certificate, its key, and the intermediates between it and its root.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Certificate,
    /// What a server presents beside the leaf: own certificate first, upwards, without the root.
    presented: Vec<Certificate>,
    root: Certificate,
}

impl Authority {
    /// A new self-signed root called `name` (its common name), valid from 2000 until 2100.
    pub fn root(name: &str) -> Result<Self, LabError> {
        Self::root_with(name, LASTING, KeyKind::P256)
    }

    /// A new self-signed root with dates and key of one's own.
    pub fn root_with(name: &str, validity: Validity, key: KeyKind) -> Result<Self, LabError> {
        let key = key.generate()?;
        let params = authority_params(name, validity)?;
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            root: certificate.clone(),
            presented: Vec::new(),
            certificate,
        })
    }

    /// A new intermediate called `name` below this authority, valid from 2000 until 2100.
    pub fn intermediate(&self, name: &str) -> Result<Self, LabError> {
        self.intermediate_with(name, LASTING, KeyKind::P256)
    }

    /// A new intermediate below this authority with dates and key of one's own.
    pub fn intermediate_with(
        &self,
        name: &str,
        validity: Validity,
        key: KeyKind,
    ) -> Result<Self, LabError> {
        let key = key.generate()?;
        let mut params = authority_params(name, validity)?;
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let mut presented = vec![certificate.clone()];
        presented.extend(self.presented.iter().cloned());
        Ok(Self {
            issuer: Issuer::new(params, key),
            root: self.root.clone(),
            presented,
            certificate,
        })
    }

    /// A leaf after `spec`, signed by this authority, with the chain a well-kept server would present.
    pub fn leaf(&self, spec: &LeafSpec) -> Result<Issued, LabError> {
        let key = spec.key.generate()?;
        let mut params = spec.params()?;
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&key, &self.issuer)?;
        let mut chain = vec![leaf];
        chain.extend(self.presented.iter().cloned());
        Ok(Issued { chain, key })
    }

    /// This authority's own certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    /// The root above this authority, or itself if it is one.
    pub fn root_certificate(&self) -> &CertificateDer<'static> {
        self.root.der()
    }

    /// The root as PEM: what `--roots FILE` is given.
    pub fn root_pem(&self) -> String {
        self.root.pem()
    }
}

/// A leaf certificate after `spec` that its own key has signed.
pub fn self_signed(spec: &LeafSpec) -> Result<Issued, LabError> {
    let key = spec.key.generate()?;
    let leaf = spec.params()?.self_signed(&key)?;
    Ok(Issued {
        chain: vec![leaf],
        key,
    })
}

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
}

impl LeafSpec {
    /// A sound P-256 leaf for `name`, valid from `not_before` until `not_after` (seconds since 1970).
    pub fn new(name: &str, not_before: i64, not_after: i64) -> Self {
        Self {
            names: vec![name.to_owned()],
            validity: Validity {
                not_before,
                not_after,
            },
            key: KeyKind::P256,
            serial: None,
            flaw: None,
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

    fn params(&self) -> Result<CertificateParams, LabError> {
        let names = if self.flaw == Some(Flaw::NoNames) {
            Vec::new()
        } else {
            self.names.clone()
        };
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name =
            common_name(self.names.first().map_or("nameless", String::as_str));
        self.validity.apply(&mut params)?;
        params.serial_number = self.serial.map(Into::into);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        match self.flaw {
            Some(Flaw::ClientOnly) => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]
            }
            Some(Flaw::Authority) => params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
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
    /// An extended key usage for clients alone (RFC 5280 section 4.2.1.12).
    ClientOnly,
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
    fn apply(self, params: &mut CertificateParams) -> Result<(), LabError> {
        // A closure, because the maker's date type belongs to a crate that we do not name.
        let date = |seconds: i64| {
            let since = Duration::from_secs(seconds.unsigned_abs())
                .try_into()
                .ok()?;
            let epoch = date_time_ymd(1970, 1, 1);
            let date = if seconds < 0 {
                epoch.checked_sub(since)
            } else {
                epoch.checked_add(since)
            };
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
    pub const ALL: [Self; 5] = [
        Self::Rsa2048,
        Self::P256,
        Self::P384,
        Self::P521,
        Self::Ed25519,
    ];

    fn generate(self) -> Result<KeyPair, LabError> {
        Ok(match self {
            Self::Rsa2048 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048)?,
            Self::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?,
            Self::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?,
            Self::P521 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512)?,
            Self::Ed25519 => ed25519()?,
        })
    }
}

/// A leaf with its key and the chain to present with it.
#[derive(Debug)]
pub struct Issued {
    chain: Vec<Certificate>,
    key: KeyPair,
}

impl Issued {
    /// The certificates in DER, leaf first, without the root.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain
            .iter()
            .map(|certificate| certificate.der().clone())
            .collect()
    }

    /// The leaf alone.
    pub fn leaf(&self) -> &CertificateDer<'static> {
        self.chain[0].der()
    }

    /// The chain as PEM, leaf first, as web servers want it.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(Certificate::pem).collect()
    }

    /// The leaf alone as PEM: the chain of a server that forgot its intermediates.
    pub fn leaf_pem(&self) -> String {
        self.chain[0].pem()
    }

    /// The private key as PKCS#8 PEM.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The private key as PKCS#8 DER.
    pub fn key_der(&self) -> Vec<u8> {
        self.key.serialize_der()
    }
}

/// Why the lab could not make a certificate.
#[derive(Debug, Error)]
pub enum LabError {
    /// A date outside of what a certificate can hold, in seconds since 1970.
    #[error("{0} seconds since 1970 is a date no certificate can hold")]
    Date(i64),
    /// The certificate maker refused.
    #[error("cannot make the certificate: {0}")]
    Maker(#[from] rcgen::Error),
}

/// An Ed25519 key in version 1 of PKCS#8: OpenSSL 3.0, and so nginx, does not read the maker's version 2 (RFC 5958).
fn ed25519() -> Result<KeyPair, LabError> {
    let key = Ed25519KeyPair::generate().and_then(|key| key.to_pkcs8v1());
    let key = key.map_err(|_| rcgen::Error::KeyGenerationUnavailable)?;
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(
        &key.as_ref().into(),
        &rcgen::PKCS_ED25519,
    )?)
}

fn authority_params(name: &str, validity: Validity) -> Result<CertificateParams, LabError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    validity.apply(&mut params)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn common_name(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}

/// 2000-01-01 until 2100-01-01.
const LASTING: Validity = Validity {
    not_before: 946_684_800,
    not_after: 4_102_444_800,
};

#[cfg(test)]
mod tests {
    use rustls_pki_types::{PrivateKeyDer, ServerName, UnixTime};
    use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
    use x509_parser::parse_x509_certificate;

    use super::*;

    const FROM: i64 = 1_700_000_000;
    const UNTIL: i64 = 1_707_776_000;

    fn verify(issued: &Issued, root: &CertificateDer<'_>, at: i64) -> Result<(), webpki::Error> {
        let chain = issued.chain();
        let anchors = [anchor_from_trusted_cert(root)?];
        EndEntityCert::try_from(&chain[0])?
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &anchors,
                &chain[1..],
                UnixTime::since_unix_epoch(Duration::from_secs(at.unsigned_abs())),
                KeyUsage::server_auth(),
                None,
                None,
            )
            .map(drop)
    }

    #[test]
    fn a_leaf_below_an_intermediate_leads_to_the_root() {
        let root = Authority::root("Lab Root").unwrap();
        let intermediate = root.intermediate("Lab Intermediate").unwrap();
        let issued = intermediate
            .leaf(&LeafSpec::new("login.example.com", FROM, UNTIL))
            .unwrap();
        assert_eq!(issued.chain().len(), 2);
        assert_eq!(
            verify(&issued, intermediate.root_certificate(), FROM),
            Ok(())
        );
        assert!(matches!(
            verify(&issued, root.root_certificate(), UNTIL + 1),
            Err(webpki::Error::CertExpired { .. })
        ));
        let stranger = Authority::root("Lab Root").unwrap();
        assert!(verify(&issued, stranger.root_certificate(), FROM).is_err());
        let leaf = issued.leaf().clone();
        let name = |name| ServerName::try_from(name).unwrap();
        let leaf = EndEntityCert::try_from(&leaf).unwrap();
        assert!(
            leaf.verify_is_valid_for_subject_name(&name("login.example.com"))
                .is_ok()
        );
        assert!(
            leaf.verify_is_valid_for_subject_name(&name("other.example.com"))
                .is_err()
        );
    }

    #[test]
    fn every_kind_of_key_makes_a_leaf_that_verifies() {
        let root = Authority::root("Lab Root").unwrap();
        for key in KeyKind::ALL {
            let issued = root
                .leaf(&LeafSpec::new("login.example.com", FROM, UNTIL).with_key(key))
                .unwrap();
            assert_eq!(
                verify(&issued, root.root_certificate(), FROM),
                Ok(()),
                "{key:?}"
            );
            let private = PrivateKeyDer::try_from(issued.key_der()).unwrap();
            assert!(
                rustls::crypto::aws_lc_rs::sign::any_supported_type(&private).is_ok(),
                "{key:?}"
            );
        }
    }

    #[test]
    fn dates_go_before_1970_and_until_the_last_of_rfc_5280() {
        let root = Authority::root("Lab Root").unwrap();
        let issued = root
            .leaf(&LeafSpec::new(
                "old.example.com",
                -1_000_000_000,
                253_402_300_799,
            ))
            .unwrap();
        let (_, leaf) = parse_x509_certificate(issued.leaf()).unwrap();
        assert_eq!(leaf.validity().not_before.timestamp(), -1_000_000_000);
        assert_eq!(leaf.validity().not_after.timestamp(), 253_402_300_799);
        let late = LeafSpec::new("late.example.com", 0, 253_402_300_800);
        assert!(matches!(
            root.leaf(&late),
            Err(LabError::Date(253_402_300_800))
        ));
        let early = LeafSpec::new("early.example.com", -100_000_000_000, 0);
        assert!(matches!(
            root.leaf(&early),
            Err(LabError::Date(-100_000_000_000))
        ));
    }

    #[test]
    fn flaws_are_in_the_certificate() {
        let root = Authority::root("Lab Root").unwrap();
        let spec = LeafSpec::new("login.example.com", FROM, UNTIL);
        let nameless = root.leaf(&spec.clone().with_flaw(Flaw::NoNames)).unwrap();
        let (_, parsed) = parse_x509_certificate(nameless.leaf()).unwrap();
        assert!(parsed.subject_alternative_name().unwrap().is_none());
        for flaw in [Flaw::ClientOnly, Flaw::Authority] {
            let issued = root.leaf(&spec.clone().with_flaw(flaw)).unwrap();
            assert!(
                verify(&issued, root.root_certificate(), FROM).is_err(),
                "{flaw:?}"
            );
        }
    }

    #[test]
    fn a_self_signed_leaf_is_alone_and_names_itself_as_issuer() {
        let issued =
            self_signed(&LeafSpec::new("login.example.com", FROM, UNTIL).with_serial(42)).unwrap();
        assert_eq!(issued.chain().len(), 1);
        let (_, leaf) = parse_x509_certificate(issued.leaf()).unwrap();
        assert_eq!(leaf.subject(), leaf.issuer());
        assert_eq!(leaf.serial.to_string(), "42");
    }

    #[test]
    fn an_expired_intermediate_spoils_a_good_leaf() {
        let root = Authority::root("Lab Root").unwrap();
        let expired = Validity {
            not_before: FROM,
            not_after: FROM + 1,
        };
        let intermediate = root
            .intermediate_with("Lab Stale", expired, KeyKind::P384)
            .unwrap();
        let issued = intermediate
            .leaf(&LeafSpec::new("login.example.com", FROM, UNTIL))
            .unwrap();
        assert_eq!(verify(&issued, root.root_certificate(), FROM), Ok(()));
        assert!(verify(&issued, root.root_certificate(), FROM + 10).is_err());
        assert_eq!(issued.chain_pem().matches("BEGIN CERTIFICATE").count(), 2);
        assert_eq!(issued.leaf_pem().matches("BEGIN CERTIFICATE").count(), 1);
    }
}
