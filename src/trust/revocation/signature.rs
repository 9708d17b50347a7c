//! Signatures of CAs over what is no certificate: OCSP responses and CRLs.

use rustls_pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::trust::der::{Der, tag};

/// Something signed (RFC 5280 §4.1.1, §5.1.1, RFC 6960 §4.2.1): what, how and with what result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed<'a> {
    message: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    /// What is signed, to be read.
    pub(super) content: Der<'a>,
}

impl<'a> Signed<'a> {
    /// Reads the three fields; what may follow them is left.
    pub(super) fn read(der: &mut Der<'a>) -> Option<Self> {
        let message = der.expect(tag::SEQUENCE)?;
        let algorithm = der.expect(tag::SEQUENCE)?.content;
        let signature = der.bit_string()?;
        Some(Self { message: message.whole, algorithm, signature, content: Der::new(message.content) })
    }

    /// Whether it was signed with the key of this certificate, by an algorithm that is accepted for certificates. One
    /// verification, if any.
    pub(super) fn is_by(&self, signer: &CertificateDer<'_>) -> bool {
        let Ok(signer) = EndEntityCert::try_from(signer) else { return false };
        let mut fitting =
            webpki::ALL_VERIFICATION_ALGS.iter().filter(|known| known.signature_alg_id().as_ref() == self.algorithm);
        // Of those with one name the kinds of key differ, and only that of the signer is tried.
        fitting.any(|known| signer.verify_signature(*known, self.message, self.signature).is_ok())
    }
}
