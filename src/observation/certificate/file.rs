//! The certificates in a file: a bundle in PEM, or one certificate in DER.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// The certificates in a file's bytes, each or why it could not be had; an error if there is none to be had at all. What
/// is no PEM is taken for one certificate in DER, unread.
pub fn certificates_in(bytes: Vec<u8>) -> Result<Vec<Result<CertificateDer<'static>, String>>, String> {
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    if !bytes.windows(11).any(|window| window == b"-----BEGIN ") {
        return Ok(vec![Ok(CertificateDer::from(bytes))]);
    }
    let all: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .map(|found| found.map_err(|error| format!("bad PEM: {error}")))
        .collect();
    if all.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(all) }
}
