//! From DER to [`Certificate`], by x509-parser.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::Oid;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use super::key::PublicKey;
use super::{Certificate, CertificateError, Precertificate, Profile, RawNames, Sha256, hex, name, pointers, profile};
use crate::domain::UnixTime;

/// More bytes than any certificate we would judge; badssl's with 10,000 names has under 300 KiB.
const MAX_DER: usize = 1 << 20;

pub(super) fn certificate(der: &[u8]) -> Result<Certificate, CertificateError> {
    if der.len() > MAX_DER {
        return Err(CertificateError::NotACertificate(format!("{} bytes, {MAX_DER} is the most", der.len())));
    }
    let (rest, parsed) =
        X509Certificate::from_der(der).map_err(|error| CertificateError::NotACertificate(error.to_string()))?;
    if !rest.is_empty() {
        return Err(CertificateError::TrailingData(rest.len()));
    }
    let (dns_names, ip_addresses) = alternative_names(&parsed);
    let key = PublicKey::of(parsed.public_key());
    Ok(Certificate {
        sha256: Sha256::of(der),
        serial: serial(parsed.raw_serial()),
        subject: name::rfc4514(parsed.subject()),
        issuer: name::rfc4514(parsed.issuer()),
        not_before: UnixTime(parsed.validity().not_before.timestamp()),
        not_after: UnixTime(parsed.validity().not_after.timestamp()),
        dns_names,
        ip_addresses,
        path_length: profile::path_length(&parsed),
        must_staple: pointers::must_staple(&parsed),
        profile: Profile::of(&parsed, &key),
        key,
        signature_algorithm: signature_algorithm(&parsed.signature_algorithm.algorithm),
        is_ca: is_ca(&parsed),
        self_issued: parsed.subject().as_raw() == parsed.issuer().as_raw(),
        scts: Precertificate::of(der).map_or_else(Vec::new, |pre| pre.scts.iter().map(|one| one.sct).collect()),
        names: RawNames { subject: parsed.subject().as_raw().into(), issuer: parsed.issuer().as_raw().into() },
        crl_points: pointers::crl_points(&parsed),
        der: der.into(),
    })
}

/// The SubjectPublicKeyInfo in DER.
pub(super) fn key_info(der: &[u8]) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    Some(parsed.public_key().raw.to_vec())
}

/// `base64url(keyIdentifier).base64url(serial)`, the serial number as its INTEGER's content, sign byte included
/// (RFC 9773 §4.1).
pub(super) fn renewal_id(der: &[u8]) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let authority = parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(identifier) => identifier.key_identifier.as_ref(),
        _ => None,
    })?;
    Some(format!("{}.{}", BASE64URL.encode(authority.0), BASE64URL.encode(parsed.raw_serial())))
}

/// The INTEGER's content less one 00 sign byte; two's complement turned into `-` and the magnitude.
fn serial(content: &[u8]) -> String {
    match content {
        [] => "00".to_owned(),
        [0, rest @ ..] if !rest.is_empty() => hex(rest),
        [first, ..] if first & 0x80 != 0 => format!("-{}", hex(&negated(content))),
        _ => hex(content),
    }
}

/// The magnitude of a negative two's complement number, without leading zero bytes.
fn negated(content: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = content.iter().map(|byte| !byte).collect();
    for byte in out.iter_mut().rev() {
        let (sum, carry) = byte.overflowing_add(1);
        *byte = sum;
        if !carry {
            break;
        }
    }
    let zeros = out.iter().take_while(|&&byte| byte == 0).count();
    out.split_off(zeros.min(out.len() - 1))
}

fn is_ca(parsed: &X509Certificate<'_>) -> bool {
    parsed
        .extensions()
        .iter()
        .any(|extension| matches!(extension.parsed_extension(), ParsedExtension::BasicConstraints(basic) if basic.ca))
}

fn alternative_names(parsed: &X509Certificate<'_>) -> (Vec<String>, Vec<IpAddr>) {
    let mut dns_names = Vec::new();
    let mut ip_addresses = Vec::new();
    for extension in parsed.extensions() {
        let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension() else {
            continue;
        };
        for general in &names.general_names {
            match general {
                GeneralName::DNSName(name) => dns_names.push((*name).to_owned()),
                GeneralName::Invalid(tag, bytes) if tag.0 == 2 => {
                    dns_names.push(String::from_utf8_lossy(bytes).into_owned());
                }
                GeneralName::IPAddress(bytes) => ip_addresses.extend(ip_address(bytes)),
                _ => {}
            }
        }
    }
    // They stay for as long as the certificate is served.
    dns_names.shrink_to_fit();
    (dns_names, ip_addresses)
}

fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|octets| IpAddr::from(Ipv4Addr::from(octets)));
    let v6 = <[u8; 16]>::try_from(bytes).map(|octets| IpAddr::from(Ipv6Addr::from(octets)));
    v4.or(v6).ok()
}

/// OpenSSL's names, which operators know from `openssl x509 -text`.
fn signature_algorithm(oid: &Oid<'_>) -> String {
    let oid = oid.to_id_string();
    let known = match oid.as_str() {
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.840.10040.4.3" => "dsaWithSHA1",
        "2.16.840.1.101.3.4.3.2" => "dsa_with_SHA256",
        "1.3.101.112" => "ED25519",
        "1.3.101.113" => "ED448",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => return oid,
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_lose_one_sign_byte_and_keep_their_sign() {
        let cases: [(&[u8], &str); 8] = [
            (&[], "00"),
            (&[0x00], "00"),
            (&[0x01], "01"),
            (&[0x00, 0x80], "80"),
            (&[0x00, 0x00, 0x01], "0001"),
            (&[0xff], "-01"),
            (&[0x80, 0x00], "-8000"),
            (&[0xff, 0x7f], "-81"),
        ];
        for (content, expected) in cases {
            assert_eq!(serial(content), expected, "{content:?}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        for bytes in [&b""[..], b"0", b"\x30\x03\x02\x01\x01", &[0x30; 4096]] {
            assert!(matches!(certificate(bytes), Err(CertificateError::NotACertificate(_))));
        }
    }
}
