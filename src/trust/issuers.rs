//! [`certificates_in`]: the certificates in what a CA hands out as its own (RFC 5280 §4.2.2.1).

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::der::{Der, tag};
use crate::observation::certificate::Certificate;

/// Certificates taken of one document: a CA has a few cross-signed ones.
const MAX_CERTIFICATES: usize = 8;
/// id-signedData (RFC 5652 §5.1).
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// The CAs' certificates in it, as a certificate in DER, a "certs-only" CMS message (PKCS#7), or, against the rule, PEM.
pub fn certificates_in(body: &[u8]) -> Vec<Certificate> {
    let ders: Vec<CertificateDer<'_>> = if body.windows(11).any(|window| window == b"-----BEGIN ") {
        CertificateDer::pem_slice_iter(body).filter_map(Result::ok).take(MAX_CERTIFICATES).collect()
    } else if let Some(bag) = certs_only(body) {
        bag.filter(|one| one.tag == tag::SEQUENCE).take(MAX_CERTIFICATES).map(|one| one.whole.into()).collect()
    } else {
        vec![CertificateDer::from(body)]
    };
    ders.iter().filter_map(|der| Certificate::from_der(der).ok()).filter(|certificate| certificate.is_ca).collect()
}

/// The certificates of SignedData: they follow version, digest algorithms and the content, which is none.
fn certs_only(body: &[u8]) -> Option<Der<'_>> {
    let mut message = Der::new(body).enter(tag::SEQUENCE)?;
    if message.expect(tag::OID)?.content != SIGNED_DATA {
        return None;
    }
    let mut signed = message.enter(0xa0)?.enter(tag::SEQUENCE)?;
    signed.expect(tag::INTEGER)?;
    signed.expect(tag::SET)?;
    signed.expect(tag::SEQUENCE)?;
    signed.enter(0xa0)
}
