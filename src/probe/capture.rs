//! [`Capture`]: takes any chain and keeps it, be it good or bad, from servers that prove that they have the leaf's key.

use std::sync::{Arc, LazyLock, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedCipherSuite};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime as PkiTime};

use super::identity::{ClientIdentity, Doorman};
use crate::observation::certificate::KeyType;

/// How a server proves that it has the leaf's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signer {
    /// By RSA.
    Rsa,
    /// By a curve: ECDSA, or Ed25519.
    Curve,
}

impl Signer {
    /// How a client that does not know this kind of key would have it.
    pub(super) const fn other_than(shown: KeyType) -> Option<Self> {
        match shown {
            KeyType::Rsa | KeyType::RsaPss => Some(Self::Curve),
            KeyType::Ec | KeyType::Ed25519 | KeyType::Ed448 | KeyType::MlDsa => Some(Self::Rsa),
            KeyType::Dsa | KeyType::Unknown => None,
        }
    }

    /// Whether a proof by this scheme is of its kind.
    const fn makes(self, scheme: SignatureScheme) -> bool {
        use SignatureScheme as Scheme;
        let by_rsa = matches!(
            scheme,
            Scheme::RSA_PKCS1_SHA256
                | Scheme::RSA_PKCS1_SHA384
                | Scheme::RSA_PKCS1_SHA512
                | Scheme::RSA_PSS_SHA256
                | Scheme::RSA_PSS_SHA384
                | Scheme::RSA_PSS_SHA512
        );
        let by_curve = matches!(
            scheme,
            Scheme::ECDSA_NISTP256_SHA256
                | Scheme::ECDSA_NISTP384_SHA384
                | Scheme::ECDSA_NISTP521_SHA512
                | Scheme::ED25519
        );
        match self {
            Self::Rsa => by_rsa,
            Self::Curve => by_curve,
        }
    }

    /// Whether the suite leaves it the choice; those of TLS 1.3 leave it to the signature scheme.
    fn fits(self, suite: &SupportedCipherSuite) -> bool {
        match suite {
            SupportedCipherSuite::Tls12(suite) => suite.sign.iter().any(|scheme| self.makes(*scheme)),
            SupportedCipherSuite::Tls13(_) => true,
        }
    }
}

/// What all handshakes have in common that ask for the same kind of proof. It is made once: the tables of a configuration
/// are larger than all else that a handshake holds.
#[derive(Debug)]
pub(super) struct Kind {
    /// The one kind of proof that is asked for; any, if there is none.
    signer: Option<Signer>,
    provider: Arc<CryptoProvider>,
    /// Nothing is resumed, remembered or sent early, so that every look sees the certificate the server has now. Whoever
    /// takes it has to say who looks.
    pub(super) config: ClientConfig,
}

static KINDS: LazyLock<[Kind; 3]> = LazyLock::new(|| [None, Some(Signer::Rsa), Some(Signer::Curve)].map(Kind::new));

impl Kind {
    fn new(signer: Option<Signer>) -> Self {
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.cipher_suites.retain(|suite| signer.is_none_or(|signer| signer.fits(suite)));
        let provider = Arc::new(provider);
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .expect("each kind of proof has suites of both versions")
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Self { signer, provider, config }
    }

    fn of(signer: Option<Signer>) -> &'static Self {
        let [any, rsa, curve] = &*KINDS;
        match signer {
            None => any,
            Some(Signer::Rsa) => rsa,
            Some(Signer::Curve) => curve,
        }
    }
}

/// Accepts any chain and keeps it; the signature that proves possession of the leaf's key is checked as ever.
#[derive(Debug)]
pub(super) struct Capture {
    kind: &'static Kind,
    pub(super) doorman: Arc<Doorman>,
    /// What was presented, leaf first; there even if the handshake failed after it.
    pub(super) chain: OnceLock<Vec<CertificateDer<'static>>>,
    /// The OCSP response that was stapled to it; empty if there was none.
    pub(super) staple: OnceLock<Vec<u8>>,
}

impl Capture {
    pub(super) fn new(signer: Option<Signer>, client: Option<&ClientIdentity>) -> Self {
        let doorman = Arc::new(Doorman::new(client));
        Self { kind: Kind::of(signer), doorman, chain: OnceLock::new(), staple: OnceLock::new() }
    }

    /// What it has in common with others.
    pub(super) const fn kind(&self) -> &'static Kind {
        self.kind
    }
}

impl ServerCertVerifier for Capture {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: PkiTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(end_entity).chain(intermediates).map(|der| der.clone().into_owned());
        let _ = self.staple.set(ocsp_response.to_vec());
        let _ = self.chain.set(all.collect());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.kind.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.kind.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.kind.provider.signature_verification_algorithms.supported_schemes();
        schemes.retain(|scheme| self.kind.signer.is_none_or(|signer| signer.makes(*scheme)));
        schemes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kind_of_proof_leaves_no_suite_and_no_scheme_for_the_other() {
        let all = Capture::new(None, None);
        for (signer, shown, by) in [
            (Signer::Rsa, KeyType::Ec, "RSA"),
            (Signer::Curve, KeyType::Rsa, "ECDSA"),
            (Signer::Rsa, KeyType::MlDsa, "RSA"),
        ] {
            assert_eq!(Signer::other_than(shown), Some(signer));
            let one = Capture::new(Some(signer), None);
            assert!(one.kind.provider.cipher_suites.len() < all.kind.provider.cipher_suites.len());
            for suite in &one.kind.provider.cipher_suites {
                let name = format!("{:?}", suite.suite());
                assert!(name.starts_with("TLS13_") || name.starts_with(&format!("TLS_ECDHE_{by}_")), "{name}");
            }
            let schemes = one.supported_verify_schemes();
            assert!(!schemes.is_empty() && schemes.iter().all(|scheme| signer.makes(*scheme)), "{schemes:?}");
        }
        assert_eq!(Signer::other_than(KeyType::Unknown), None);
        assert_eq!(
            all.supported_verify_schemes(),
            all.kind.provider.signature_verification_algorithms.supported_schemes()
        );
    }
}
