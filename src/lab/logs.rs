//! [`Log`]: a certificate transparency log of the lab, as far as it signs what it is shown (RFC 6962 §3.2). It keeps
//! nothing, and nobody can ask it anything.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use x509_parser::parse_x509_certificate;

use super::ca::LabError;

/// The extension that holds the receipts (RFC 6962 §3.3).
pub(super) const SCT_LIST: &[u64] = &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];

/// A log with its key.
#[derive(Debug)]
pub struct Log {
    name: String,
    /// The SHA-256 of its key, unless it is an impostor.
    id: Vec<u8>,
    key: Key,
}

#[derive(Debug)]
enum Key {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    /// Its SubjectPublicKeyInfo.
    fn der(&self) -> Vec<u8> {
        let der = match self {
            Self::P256(key) => AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()),
            Self::Rsa(key) => AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()),
        };
        der.map(|der| der.as_ref().to_vec()).unwrap_or_default()
    }
}

impl Log {
    /// A new log with a key of P-256, as nearly all have.
    pub fn new(name: &str) -> Result<Self, LabError> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| LabError::Log)?;
        Ok(Self::with_key(name, Key::P256(key)))
    }

    /// A new log with an RSA key.
    pub fn with_rsa(name: &str) -> Result<Self, LabError> {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| LabError::Log)?;
        Ok(Self::with_key(name, Key::Rsa(key)))
    }

    /// One that goes by this log's id, and does not have its key.
    pub fn impostor(&self) -> Result<Self, LabError> {
        Ok(Self { id: self.id.clone(), ..Self::new(&self.name)? })
    }

    fn with_key(name: &str, key: Key) -> Self {
        let id = digest(&SHA256, &key.der()).as_ref().to_vec();
        Self { name: name.to_owned(), id, key }
    }

    /// How it stands in a list of logs, in this state (`"usable"`, `"retired"` …) since this time in RFC 3339.
    pub fn listed(&self, state: &str, since: &str) -> Value {
        json!({ "description": self.name, "log_id": BASE64.encode(&self.id), "key": BASE64.encode(self.key.der()),
            "url": "https://log.example/", "mmd": 86400, "state": { state: { "timestamp": since } } })
    }

    /// One receipt, as it stands in a list.
    pub(super) fn sign(&self, entry: &Entry, timestamp: u64) -> Result<Vec<u8>, LabError> {
        let message = entry.message(timestamp);
        let random = SystemRandom::new();
        let (algorithm, signature) = match &self.key {
            Key::P256(key) => ([4, 3], key.sign(&random, &message).map_err(|_| LabError::Log)?.as_ref().to_vec()),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature).map_err(|_| LabError::Log)?;
                ([4, 1], signature)
            }
        };
        let timestamp = timestamp.to_be_bytes();
        Ok([&[0][..], &self.id, &timestamp, &[0, 0], &algorithm, &vector(&signature)].concat())
    }
}

/// A list of logs as Google publishes it (version 3), made at this time: the logs of each operator, and its tiled ones.
pub fn list(made_at: &str, operators: &[(&str, Vec<Value>, Vec<Value>)]) -> String {
    let operators: Vec<Value> = operators
        .iter()
        .map(|(name, logs, tiled)| json!({ "name": name, "email": [], "logs": logs, "tiled_logs": tiled }))
        .collect();
    json!({ "version": "1.0", "log_list_timestamp": made_at, "operators": operators }).to_string()
}

/// What a log is shown: a certificate without receipts, and who issues it.
#[derive(Debug)]
pub(super) struct Entry {
    issuer_key_hash: Vec<u8>,
    tbs: Vec<u8>,
}

impl Entry {
    pub(super) fn new(unfinished: &CertificateDer<'_>, issuer: &CertificateDer<'_>) -> Result<Self, LabError> {
        let (_, unfinished) = parse_x509_certificate(unfinished).map_err(|_| LabError::Log)?;
        let (_, issuer) = parse_x509_certificate(issuer).map_err(|_| LabError::Log)?;
        let issuer_key_hash = digest(&SHA256, issuer.public_key().raw).as_ref().to_vec();
        Ok(Self { issuer_key_hash, tbs: unfinished.tbs_certificate.as_ref().to_vec() })
    }

    fn message(&self, timestamp: u64) -> Vec<u8> {
        let length = u32::try_from(self.tbs.len()).unwrap_or(u32::MAX).to_be_bytes();
        let head = [&[0, 0][..], &timestamp.to_be_bytes(), &[0, 1], &self.issuer_key_hash].concat();
        [&head[..], &length[1..], &self.tbs, &[0, 0]].concat()
    }
}

/// The content of the extension: an OCTET STRING with the list as TLS writes it.
pub(super) fn sct_list(scts: &[Vec<u8>]) -> Vec<u8> {
    let list = vector(&scts.iter().flat_map(|sct| vector(sct)).collect::<Vec<u8>>());
    // Few receipts of some hundred bytes: the length takes two bytes at most.
    let [high, low] = u16::try_from(list.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head = match list.len() {
        0..0x80 => vec![4, low],
        0x80..0x100 => vec![4, 0x81, low],
        _ => vec![4, 0x82, high, low],
    };
    [head, list].concat()
}

fn vector(content: &[u8]) -> Vec<u8> {
    [&u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes()[..], content].concat()
}
