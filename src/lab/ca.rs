//! The certificate maker of the lab: authorities, and leaves with any dates, keys and flaws.
//!
//! An [`Authority`] is a root or an intermediate. It issues [`Issued`] leaves after a [`LeafSpec`], or further
//! authorities below itself. Nothing reads a clock: every date is given in seconds since 1970, so the same spec yields the
//! same certificate but for its key.

use std::io;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SubjectPublicKeyInfo,
};
use rustls_pki_types::CertificateDer;
use thiserror::Error;

use super::leaf::common_name;
pub use super::leaf::{Flaw, KeyKind, LeafSpec, Validity};
use super::logs::{Entry, Log, SCT_LIST, sct_list};
pub use super::pointers::{CrlSpec, Pointers};
use crate::domain::NameError;

/// A certificate authority of the lab: its certificate, its key, and the intermediates between it and its root.
#[derive(Debug)]
pub struct Authority {
    name: String,
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

    /// A new self-signed root called `name` of an organization: the issuer of what it signs says both.
    pub fn root_of(organization: &str, name: &str) -> Result<Self, LabError> {
        let key = KeyKind::P256.generate()?;
        let mut params = authority_params(name, LASTING)?;
        params.distinguished_name.push(DnType::OrganizationName, organization);
        let certificate = params.self_signed(&key)?;
        let (name, issuer) = (name.to_owned(), Issuer::new(params, key));
        Ok(Self { name, issuer, root: certificate.clone(), presented: Vec::new(), certificate })
    }

    /// A new self-signed root with dates and key of one's own.
    pub fn root_with(name: &str, validity: Validity, key: KeyKind) -> Result<Self, LabError> {
        let key = key.generate()?;
        let params = authority_params(name, validity)?;
        let certificate = params.self_signed(&key)?;
        let (name, issuer) = (name.to_owned(), Issuer::new(params, key));
        Ok(Self { name, issuer, root: certificate.clone(), presented: Vec::new(), certificate })
    }

    /// A new intermediate called `name` below this authority, valid from 2000 until 2100.
    pub fn intermediate(&self, name: &str) -> Result<Self, LabError> {
        self.intermediate_with(name, LASTING, KeyKind::P256)
    }

    /// A new intermediate below this authority with dates and key of one's own.
    pub fn intermediate_with(&self, name: &str, validity: Validity, key: KeyKind) -> Result<Self, LabError> {
        self.intermediate_of(authority_params(name, validity)?, name, key)
    }

    /// A new intermediate below this authority that says where more is to be found.
    pub fn intermediate_pointing(&self, name: &str, pointers: &Pointers) -> Result<Self, LabError> {
        let mut params = authority_params(name, LASTING)?;
        pointers.apply(&mut params);
        self.intermediate_of(params, name, KeyKind::P256)
    }

    fn intermediate_of(&self, mut params: CertificateParams, name: &str, key: KeyKind) -> Result<Self, LabError> {
        let key = key.generate()?;
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let mut presented = vec![certificate.clone()];
        presented.extend(self.presented.iter().cloned());
        let (name, issuer) = (name.to_owned(), Issuer::new(params, key));
        Ok(Self { name, issuer, root: self.root.clone(), presented, certificate })
    }

    /// A certificate for this authority's name and key that `other` has signed: a cross-sign, by which what this
    /// authority issues leads to the other's root as well.
    pub fn cross_signed_by(&self, other: &Self, validity: Validity) -> Result<CertificateDer<'static>, LabError> {
        let mut params = authority_params(&self.name, validity)?;
        params.use_authority_key_identifier_extension = true;
        Ok(params.signed_by(self.issuer.key(), &other.issuer)?.der().clone())
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

    /// A certificate after `spec`, but for its key, for a key that others have made: of it, the `SubjectPublicKeyInfo` in
    /// DER (RFC 5280 section 4.1.2.7).
    pub fn certify(&self, spec: &LeafSpec, public_key: &[u8]) -> Result<CertificateDer<'static>, LabError> {
        let mut params = spec.params()?;
        params.use_authority_key_identifier_extension = true;
        Ok(params.signed_by(&SubjectPublicKeyInfo::from_der(public_key)?, &self.issuer)?.der().clone())
    }

    /// This authority's key as PKCS#8 PEM, for who would use it in a server's place.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// A leaf after `spec`, shown to these logs before it was finished, each at a time in milliseconds since 1970: it carries what
    /// they signed (RFC 6962 §3.1-3.3).
    pub fn logged_leaf(&self, spec: &LeafSpec, logs: &[(&Log, u64)]) -> Result<Issued, LabError> {
        let key = spec.key.generate()?;
        let mut params = spec.params()?;
        params.use_authority_key_identifier_extension = true;
        let unfinished = params.signed_by(&key, &self.issuer)?;
        let entry = Entry::new(unfinished.der(), self.certificate.der())?;
        let scts = logs.iter().map(|(log, timestamp)| log.sign(&entry, *timestamp)).collect::<Result<Vec<_>, _>>()?;
        params.custom_extensions.push(CustomExtension::from_oid_content(SCT_LIST, sct_list(&scts)));
        let mut chain = vec![params.signed_by(&key, &self.issuer)?];
        chain.extend(self.presented.iter().cloned());
        Ok(Issued { chain, key })
    }

    /// A list of revoked certificates, signed by this authority, in DER.
    pub fn crl(&self, spec: &CrlSpec) -> Result<Vec<u8>, LabError> {
        spec.signed_by(&self.issuer)
    }

    /// This authority's own certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        self.certificate.der()
    }

    /// The same as PEM.
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
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
    Ok(Issued { chain: vec![leaf], key })
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
        self.chain.iter().map(|certificate| certificate.der().clone()).collect()
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

/// Why the lab could not make a certificate, or a server with it.
#[derive(Debug, Error)]
pub enum LabError {
    /// A date outside of what a certificate can hold, in seconds since 1970.
    #[error("{0} seconds since 1970 is a date no certificate can hold")]
    Date(i64),
    /// The certificate maker refused.
    #[error("cannot make the certificate: {0}")]
    Maker(#[from] rcgen::Error),
    /// A server of the lab cannot use a certificate, or cannot speak TLS at all.
    #[error("cannot serve over TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A server of the lab cannot listen, or cannot write.
    #[error("a server of the lab cannot run: {0}")]
    Server(#[from] io::Error),
    /// A log's key could not be made, or would not sign.
    #[error("a transparency log of the lab cannot sign")]
    Log,
    /// What was to be a host's name is none.
    #[error(transparent)]
    Name(#[from] NameError),
}

fn authority_params(name: &str, validity: Validity) -> Result<CertificateParams, LabError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    validity.apply(&mut params)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// 2000-01-01 until 2100-01-01.
const LASTING: Validity = Validity { not_before: 946_684_800, not_after: 4_102_444_800 };

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        let issued = intermediate.leaf(&LeafSpec::new("login.example.com", FROM, UNTIL)).unwrap();
        assert_eq!(issued.chain().len(), 2);
        assert_eq!(verify(&issued, intermediate.root_certificate(), FROM), Ok(()));
        assert!(matches!(verify(&issued, root.root_certificate(), UNTIL + 1), Err(webpki::Error::CertExpired { .. })));
        let stranger = Authority::root("Lab Root").unwrap();
        assert!(verify(&issued, stranger.root_certificate(), FROM).is_err());
        let leaf = issued.leaf().clone();
        let name = |name| ServerName::try_from(name).unwrap();
        let leaf = EndEntityCert::try_from(&leaf).unwrap();
        assert!(leaf.verify_is_valid_for_subject_name(&name("login.example.com")).is_ok());
        assert!(leaf.verify_is_valid_for_subject_name(&name("other.example.com")).is_err());
    }

    #[test]
    fn every_kind_of_key_makes_a_leaf_that_verifies() {
        let root = Authority::root("Lab Root").unwrap();
        for key in KeyKind::ALL {
            let issued = root.leaf(&LeafSpec::new("login.example.com", FROM, UNTIL).with_key(key)).unwrap();
            assert_eq!(verify(&issued, root.root_certificate(), FROM), Ok(()), "{key:?}");
            let private = PrivateKeyDer::try_from(issued.key_der()).unwrap();
            assert!(rustls::crypto::aws_lc_rs::sign::any_supported_type(&private).is_ok(), "{key:?}");
        }
    }

    #[test]
    fn dates_go_before_1970_and_until_the_last_of_rfc_5280() {
        let root = Authority::root("Lab Root").unwrap();
        let issued = root.leaf(&LeafSpec::new("old.example.com", -1_000_000_000, 253_402_300_799)).unwrap();
        let (_, leaf) = parse_x509_certificate(issued.leaf()).unwrap();
        assert_eq!(leaf.validity().not_before.timestamp(), -1_000_000_000);
        assert_eq!(leaf.validity().not_after.timestamp(), 253_402_300_799);
        let late = LeafSpec::new("late.example.com", 0, 253_402_300_800);
        assert!(matches!(root.leaf(&late), Err(LabError::Date(253_402_300_800))));
        let early = LeafSpec::new("early.example.com", -100_000_000_000, 0);
        assert!(matches!(root.leaf(&early), Err(LabError::Date(-100_000_000_000))));
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
            assert!(verify(&issued, root.root_certificate(), FROM).is_err(), "{flaw:?}");
        }
    }

    #[test]
    fn a_self_signed_leaf_is_alone_and_names_itself_as_issuer() {
        let issued = self_signed(&LeafSpec::new("login.example.com", FROM, UNTIL).with_serial(42)).unwrap();
        assert_eq!(issued.chain().len(), 1);
        let (_, leaf) = parse_x509_certificate(issued.leaf()).unwrap();
        assert_eq!(leaf.subject(), leaf.issuer());
        assert_eq!(leaf.serial.to_string(), "42");
    }

    #[test]
    fn an_expired_intermediate_spoils_a_good_leaf() {
        let root = Authority::root("Lab Root").unwrap();
        let expired = Validity { not_before: FROM, not_after: FROM + 1 };
        let intermediate = root.intermediate_with("Lab Stale", expired, KeyKind::P384).unwrap();
        let issued = intermediate.leaf(&LeafSpec::new("login.example.com", FROM, UNTIL)).unwrap();
        assert_eq!(verify(&issued, root.root_certificate(), FROM), Ok(()));
        assert!(verify(&issued, root.root_certificate(), FROM + 10).is_err());
        assert_eq!(issued.chain_pem().matches("BEGIN CERTIFICATE").count(), 2);
        assert_eq!(issued.leaf_pem().matches("BEGIN CERTIFICATE").count(), 1);
    }
}
