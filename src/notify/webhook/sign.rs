//! [`Signer`]: signatures by the Standard Webhooks specification 1.0.0
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>), for which libraries
//! exist in most languages: HMAC-SHA256 over `id.timestamp.body`, in base64, as `v1,…`.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::UnixTime;

/// What secrets begin with, for people and scanners to tell them by.
const PREFIX: &str = "whsec_";
/// How many bytes a key has, by "Signature scheme" of the specification.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// Signs what is posted. Its `Debug` shows nothing of the key.
#[derive(Clone)]
pub struct Signer(hmac::Key);

/// A secret that is none of Standard Webhooks. It is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be base64 of 24 to 64 bytes, after `whsec_`")]
pub struct SecretError;

impl Signer {
    /// Reads a secret: `whsec_` and base64; the prefix may be missing, as the specification's libraries allow.
    pub fn new(secret: &SecretString) -> Result<Self, SecretError> {
        let text = secret.expose_secret().trim();
        let key = BASE64_STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).map_err(|_| SecretError)?;
        if !LENGTHS.contains(&key.len()) {
            return Err(SecretError);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// The value of `webhook-signature` for this body, sent under this id at this time.
    pub(super) fn sign(&self, id: &str, at: UnixTime, body: &[u8]) -> String {
        let mut signing = hmac::Context::with_key(&self.0);
        signing.update(format!("{id}.{}.", at.0).as_bytes());
        signing.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(signing.sign()))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the specification's libraries are tested with.
    #[test]
    fn the_published_vector_comes_out() {
        for secret in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"] {
            let signer = Signer::new(&secret.into()).unwrap();
            let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
            assert_eq!(
                signer.sign(id, UnixTime(1_614_265_330), br#"{"test": 2432232314}"#),
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
            );
            assert_eq!(format!("{signer:?}"), "Signer(***)");
        }
    }

    #[test]
    fn a_secret_has_24_to_64_bytes() {
        let of = |bytes: usize| Signer::new(&format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes])).into());
        assert!(of(24).is_ok() && of(64).is_ok());
        for bad in [of(0), of(23), of(65), Signer::new(&"correct horse battery staple".into())] {
            let error = bad.unwrap_err().to_string();
            assert!(error.contains("24 to 64") && !error.contains("horse"), "{error}");
        }
    }
}
