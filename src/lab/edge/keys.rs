//! [`SigningKeys`]: what a tenant signs tokens with, as its key set (RFC 7517) and its certificate show it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64_URL};
use serde_json::{Value, json};
use x509_parser::parse_x509_certificate;
use x509_parser::public_key::PublicKey;

use crate::domain::{DomainName, UnixTime};
use crate::lab::ca::{KeyKind, LabError, LeafSpec, self_signed};

const DAY: i64 = 86_400;
/// Characters of a key's id, as Auth0's have.
const KID: usize = 21;

/// The keys of one tenant, made when they are first asked for: RSA keys take their time.
#[derive(Debug, Clone)]
pub(super) struct SigningKeys(Arc<Tenant>);

#[derive(Debug)]
struct Tenant {
    host: DomainName,
    now: UnixTime,
    made: Mutex<Made>,
}

/// Keys in the order they are used: the current one and the next are shown.
#[derive(Debug, Default)]
struct Made {
    keys: Vec<SigningKey>,
    current: usize,
}

#[derive(Debug, Clone)]
struct SigningKey {
    json: Value,
    pem: String,
}

impl SigningKeys {
    pub(super) fn new(host: &DomainName, now: UnixTime) -> Self {
        Self(Arc::new(Tenant { host: host.clone(), now, made: Mutex::default() }))
    }

    /// The next key becomes the current one.
    pub(super) fn rotate(&self) {
        self.0.made.lock().unwrap_or_else(PoisonError::into_inner).current += 1;
    }

    /// The key set: the current key and the next, now or before the last rotation.
    pub(super) fn set(&self, stale: bool) -> Result<Value, LabError> {
        let shown = self.with(stale, |keys| keys.iter().map(|key| key.json.clone()).collect::<Vec<_>>())?;
        Ok(json!({ "keys": shown }))
    }

    /// The certificate of the current key.
    pub(super) fn certificate_pem(&self) -> Result<String, LabError> {
        self.with(false, |keys| keys.first().map(|key| key.pem.clone()).unwrap_or_default())
    }

    fn with<T>(&self, stale: bool, read: impl FnOnce(&[SigningKey]) -> T) -> Result<T, LabError> {
        let mut made = self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        while made.keys.len() < made.current + 2 {
            made.keys.push(SigningKey::new(&self.0.host, self.0.now)?);
        }
        let first = made.current.saturating_sub(usize::from(stale));
        Ok(read(&made.keys[first..first + 2]))
    }
}

impl SigningKey {
    /// With a certificate signed by itself that names the tenant and lasts 13 years, as Auth0's do.
    fn new(host: &DomainName, now: UnixTime) -> Result<Self, LabError> {
        let spec = LeafSpec::new(host.as_str(), now.0 - DAY, now.0 + 13 * 365 * DAY).with_key(KeyKind::Rsa2048);
        let issued = self_signed(&spec)?;
        let der = issued.leaf();
        let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, der);
        let mut kid = BASE64_URL.encode(thumbprint.as_ref());
        kid.truncate(KID);
        let (modulus, exponent) = rsa(der).unwrap_or_default();
        let json = json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": kid,
            "n": BASE64_URL.encode(modulus),
            "e": BASE64_URL.encode(exponent),
            "x5t": BASE64_URL.encode(thumbprint.as_ref()),
            "x5c": [BASE64.encode(der)],
        });
        Ok(Self { json, pem: issued.leaf_pem() })
    }
}

/// Modulus and exponent without the sign's zero byte (RFC 7518 §6.3.1).
fn rsa(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (_, certificate) = parse_x509_certificate(der).ok()?;
    let PublicKey::RSA(key) = certificate.public_key().parsed().ok()? else {
        return None;
    };
    let unsigned = |bytes: &[u8]| bytes.strip_prefix(&[0]).unwrap_or(bytes).to_vec();
    Some((unsigned(key.modulus), unsigned(key.exponent)))
}
