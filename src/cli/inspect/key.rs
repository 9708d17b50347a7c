//! [`PublicHalf`]: of a private key in a file the public key alone. Nothing else of it is kept, and no message repeats
//! what stands in the file.

use std::io::Read;
use std::path::Path;

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{FromDer, Integer, OctetString, Sequence};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::source;
use crate::observation::certificate::Certificate;

/// No key has more bytes, with certificates in the same file.
const MAX_FILE: u64 = 1 << 20;

/// A public key as it stands in a certificate: the content of `subjectPublicKey` (RFC 5280 section 4.1.2.7).
pub(in crate::cli) struct PublicHalf(Vec<u8>);

impl PublicHalf {
    /// Of the first private key in the file; `Err` says why there is none.
    pub(super) fn of_file(file: &Path) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let read = source(file).and_then(|source| source.take(MAX_FILE).read_to_end(&mut bytes));
        read.map_err(|error| format!("the private key cannot be read: {error}"))?;
        Self::of_bytes(&bytes)
    }

    pub(in crate::cli) fn of_bytes(bytes: &[u8]) -> Result<Self, String> {
        let contains = |words: &[u8]| bytes.windows(words.len()).any(|window| window == words);
        let is_pem = contains(b"-----BEGIN ");
        let key = if is_pem {
            PrivateKeyDer::from_pem_slice(bytes).ok()
        } else {
            PrivateKeyDer::try_from(bytes.to_vec()).ok()
        };
        let Some(key) = key else {
            // The library's own words may repeat what stands in the file.
            return Err(if contains(b"ENCRYPTED") {
                "the private key is encrypted; decrypt it first".to_owned()
            } else if is_pem && !contains(b"PRIVATE KEY-----") {
                "there is no private key in the file".to_owned()
            } else {
                "the private key is damaged, or is none".to_owned()
            });
        };
        let public = by_rustls(&key).or_else(|| of_rsa(&key)).map(Self);
        public.ok_or_else(|| "the private key is damaged, or of a kind that servers do not take".to_owned())
    }

    /// Whether it is this certificate's.
    pub(super) fn is_of(&self, certificate: &Certificate) -> bool {
        let der = certificate.der();
        let parsed = X509Certificate::from_der(&der);
        parsed.is_ok_and(|(_, parsed)| parsed.public_key().subject_public_key.data.as_ref() == self.0)
    }
}

fn by_rustls(key: &PrivateKeyDer<'_>) -> Option<Vec<u8>> {
    let key = any_supported_type(key).ok()?;
    let public = key.public_key()?;
    let (_, info) = SubjectPublicKeyInfo::from_der(&public).ok()?;
    Some(info.subject_public_key.data.to_vec())
}

/// The public half of an RSA key of any size; the library reads none below 2048 bits.
fn of_rsa(key: &PrivateKeyDer<'_>) -> Option<Vec<u8>> {
    match key {
        PrivateKeyDer::Pkcs1(key) => of_pkcs1(key.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(key) => {
            // RFC 5208 section 5: version, algorithm, and an OCTET STRING with the key.
            let (_, outer) = Sequence::from_der(key.secret_pkcs8_der()).ok()?;
            let (rest, _) = Integer::from_der(&outer.content).ok()?;
            let (rest, _) = Sequence::from_der(rest).ok()?;
            let (_, inner) = OctetString::from_der(rest).ok()?;
            of_pkcs1(inner.as_ref())
        }
        _ => None,
    }
}

/// RFC 8017 appendix A.1: a private key has version, modulus, public exponent and the secret numbers, a public key
/// modulus and public exponent.
fn of_pkcs1(der: &[u8]) -> Option<Vec<u8>> {
    let (_, private) = Sequence::from_der(der).ok()?;
    let (numbers, _) = Integer::from_der(&private.content).ok()?;
    let (rest, _) = Integer::from_der(numbers).ok()?;
    let (secret, _) = Integer::from_der(rest).ok()?;
    sequence(&numbers[..numbers.len() - secret.len()])
}

/// A SEQUENCE with this content, in DER.
fn sequence(content: &[u8]) -> Option<Vec<u8>> {
    let [high, low] = u16::try_from(content.len()).ok()?.to_be_bytes();
    let head = match (high, low) {
        (0, 0..0x80) => vec![0x30, low],
        (0, _) => vec![0x30, 0x81, low],
        _ => vec![0x30, 0x82, high, low],
    };
    Some([&head, content].concat())
}
