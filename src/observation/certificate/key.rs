//! What a certificate says of its subject's public key.

use serde::{Serialize, Serializer};
use x509_parser::der_parser::asn1_rs::{FromDer, Integer, Oid, Sequence};
use x509_parser::public_key;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A public key's kind and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The kind of key.
    pub key_type: KeyType,
    /// Its size in bits: the modulus, the field, or the prime; absent where the kind alone says it all.
    pub bits: Option<u32>,
    /// The curve by its usual name, else its OID; for elliptic curves alone.
    pub curve: Option<String>,
}

/// The kinds of key certificates are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// RSA, any padding.
    Rsa,
    /// RSA, for PSS only (RFC 4055).
    RsaPss,
    /// ECDSA on a named curve.
    Ec,
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// Ed448 (RFC 8410).
    Ed448,
    /// DSA.
    Dsa,
    /// ML-DSA, any parameter set (RFC 9881).
    MlDsa,
    /// Anything else.
    Unknown,
}

impl KeyType {
    /// Its stable name, in JSON and labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::RsaPss => "rsa_pss",
            Self::Ec => "ec",
            Self::Ed25519 => "ed25519",
            Self::Ed448 => "ed448",
            Self::Dsa => "dsa",
            Self::MlDsa => "ml_dsa",
            Self::Unknown => "unknown",
        }
    }
}

impl Serialize for KeyType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PublicKey {
    pub(super) fn of(spki: &SubjectPublicKeyInfo<'_>) -> Self {
        let bits = match spki.parsed() {
            Ok(public_key::PublicKey::RSA(rsa)) => modulus_bits(rsa.modulus),
            _ => None,
        };
        let of = |key_type, bits| Self { key_type, bits, curve: None };
        match spki.algorithm.algorithm.to_id_string().as_str() {
            "1.2.840.113549.1.1.1" => of(KeyType::Rsa, bits),
            "1.2.840.113549.1.1.10" => of(KeyType::RsaPss, bits.or_else(|| bare_modulus_bits(spki))),
            "1.2.840.10045.2.1" => elliptic(spki),
            "1.3.101.112" => of(KeyType::Ed25519, Some(256)),
            "1.3.101.113" => of(KeyType::Ed448, Some(456)),
            "1.2.840.10040.4.1" => of(KeyType::Dsa, dsa_bits(spki)),
            "2.16.840.1.101.3.4.3.17" | "2.16.840.1.101.3.4.3.18" | "2.16.840.1.101.3.4.3.19" => {
                of(KeyType::MlDsa, None)
            }
            _ => of(KeyType::Unknown, None),
        }
    }

    /// As an operator would say it: `RSA 2048`, `EC P-256`, `Ed25519`.
    pub fn title(&self) -> String {
        match (self.key_type, self.bits, &self.curve) {
            (KeyType::Rsa, Some(bits), _) => format!("RSA {bits}"),
            (KeyType::Rsa, None, _) => "RSA".to_owned(),
            (KeyType::RsaPss, _, _) => "RSA-PSS".to_owned(),
            (KeyType::Ec, _, Some(curve)) => format!("EC {curve}"),
            (KeyType::Ec, _, None) => "EC".to_owned(),
            (KeyType::Ed25519, _, _) => "Ed25519".to_owned(),
            (KeyType::Ed448, _, _) => "Ed448".to_owned(),
            (KeyType::Dsa, _, _) => "DSA".to_owned(),
            (KeyType::MlDsa, _, _) => "ML-DSA".to_owned(),
            (KeyType::Unknown, _, _) => "unknown key".to_owned(),
        }
    }
}

fn modulus_bits(modulus: &[u8]) -> Option<u32> {
    let significant = &modulus[modulus.iter().position(|&byte| byte != 0)?..];
    let leading = significant.first()?.leading_zeros();
    u32::try_from(significant.len()).ok()?.checked_mul(8)?.checked_sub(leading)
}

/// x509-parser reads the key of rsaEncryption only; that of RSASSA-PSS has the same shape.
fn bare_modulus_bits(spki: &SubjectPublicKeyInfo<'_>) -> Option<u32> {
    let (_, sequence) = Sequence::from_der(&spki.subject_public_key.data).ok()?;
    first_integer_bits(&sequence.content)
}

/// DSA's size is that of its prime, the first of the parameters (RFC 3279 §2.3.2).
fn dsa_bits(spki: &SubjectPublicKeyInfo<'_>) -> Option<u32> {
    first_integer_bits(spki.algorithm.parameters.as_ref()?.data)
}

fn first_integer_bits(content: &[u8]) -> Option<u32> {
    let (_, integer) = Integer::from_der(content).ok()?;
    modulus_bits(integer.as_ref())
}

fn elliptic(spki: &SubjectPublicKeyInfo<'_>) -> PublicKey {
    let oid = spki.algorithm.parameters.as_ref().and_then(|any| Oid::try_from(any.clone()).ok());
    let oid = oid.map(|oid| oid.to_id_string());
    let (bits, name) = match oid.as_deref() {
        Some("1.2.840.10045.3.1.1") => (Some(192), Some("P-192")),
        Some("1.3.132.0.33") => (Some(224), Some("P-224")),
        Some("1.2.840.10045.3.1.7") => (Some(256), Some("P-256")),
        Some("1.3.132.0.34") => (Some(384), Some("P-384")),
        Some("1.3.132.0.35") => (Some(521), Some("P-521")),
        Some("1.3.132.0.10") => (Some(256), Some("secp256k1")),
        _ => (point_bits(&spki.subject_public_key.data), None),
    };
    PublicKey { key_type: KeyType::Ec, bits, curve: name.map(str::to_owned).or(oid) }
}

/// The size of the field by the length of an uncompressed point, for curves we have no name for.
fn point_bits(point: &[u8]) -> Option<u32> {
    match point {
        [4, coordinates @ ..] => u32::try_from(coordinates.len() / 2 * 8).ok().filter(|&bits| bits > 0),
        _ => None,
    }
}
