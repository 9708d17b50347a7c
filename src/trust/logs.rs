//! [`LogList`]: the certificate transparency logs that the operator believes, in the form in which Google and Apple
//! publish theirs (version 3), and the check of what such a log has signed.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::Value;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::domain::UnixTime;
use crate::observation::certificate::{Certificate, LogId, Precertificate, Sha256, SignedSct};
use crate::observation::{CheckedSct, ListedLog, LogState, Presented, Transparency, bounded};

/// More logs than there have ever been.
const MAX_LOGS: usize = 2000;
/// Characters kept of a log's or an operator's name.
const MAX_NAME: usize = 100;
/// Receipts whose signature is checked, of one certificate.
const MAX_CHECKED: usize = 8;

/// The logs of a list, by their ids.
#[derive(Debug, PartialEq, Eq)]
pub struct LogList {
    made_at: Option<UnixTime>,
    logs: BTreeMap<LogId, Log>,
}

#[derive(Debug, PartialEq, Eq)]
struct Log {
    listed: ListedLog,
    key: Key,
}

/// The bare public key of a log: P-256 or RSA (RFC 6962 §2.1.4).
#[derive(Debug, PartialEq, Eq)]
enum Key {
    P256(Vec<u8>),
    Rsa(Vec<u8>),
}

impl LogList {
    /// Reads a list, `log_list.json` of version 3.
    pub fn parse(json: &[u8]) -> Result<Self, LogListError> {
        let written: Written = serde_json::from_slice(json).map_err(|error| LogListError::Json(error.to_string()))?;
        let mut logs = BTreeMap::new();
        for operator in written.operators {
            let all = operator.logs.iter().chain(&operator.tiled_logs);
            // A log that cannot be read must not take the others with it when a new list is put into place.
            logs.extend(all.filter_map(|log| log.read(&operator.name)));
        }
        match logs.len() {
            0 => Err(LogListError::Empty),
            1..=MAX_LOGS => {
                Ok(Self { made_at: written.log_list_timestamp.as_deref().and_then(UnixTime::parse_rfc3339), logs })
            }
            count => Err(LogListError::TooMany(count)),
        }
    }

    /// When it was made, if it says so.
    pub const fn made_at(&self) -> Option<UnixTime> {
        self.made_at
    }

    /// What it says of the receipts in the leaf of a chain.
    pub(super) fn check(&self, presented: &Presented) -> Option<Transparency> {
        let leaf = presented.leaf()?;
        let Some(precertificate) = Precertificate::of(&leaf.der()) else {
            return Some(Transparency { listed_at: self.made_at, scts: Vec::new() });
        };
        let issuer = issuer_of(leaf, presented).and_then(key_hash);
        let scts = precertificate.scts.iter().enumerate().map(|(index, signed)| {
            let log = self.logs.get(&signed.sct.log_id);
            let is_checked = index < MAX_CHECKED;
            let is_signed = log.zip(issuer).filter(|_| is_checked);
            CheckedSct {
                sct: signed.sct,
                log: log.map(|log| log.listed.clone()),
                is_signed: is_signed.map(|(log, issuer)| log.key.has_signed(signed, issuer, &precertificate.tbs)),
            }
        });
        Some(Transparency { listed_at: self.made_at, scts: scts.collect() })
    }
}

/// The certificate whose key has signed the leaf, as far as that is proved by a path.
fn issuer_of<'a>(leaf: &Certificate, presented: &'a Presented) -> Option<&'a Certificate> {
    let of_path = presented.paths.iter().find_map(|path| path.steps.get(1));
    let sent = || presented.chain.iter().skip(1).find(|sent| sent.names.subject == leaf.names.issuer);
    of_path.map(|step| step.certificate.as_ref()).or_else(|| sent().map(AsRef::as_ref))
}

/// The SHA-256 of its SubjectPublicKeyInfo, which is part of what a log signs (RFC 6962 §3.2).
fn key_hash(issuer: &Certificate) -> Option<Sha256> {
    let der = issuer.der();
    let (_, parsed) = X509Certificate::from_der(&der).ok()?;
    Some(Sha256::of(parsed.public_key().raw))
}

impl Key {
    fn read(der: &[u8]) -> Option<Self> {
        let (_, key) = SubjectPublicKeyInfo::from_der(der).ok().filter(|(rest, _)| rest.is_empty())?;
        let bare = key.subject_public_key.data.to_vec();
        match key.algorithm.algorithm.to_id_string().as_str() {
            // An uncompressed point of P-256.
            "1.2.840.10045.2.1" if bare.len() == 65 => Some(Self::P256(bare)),
            "1.2.840.113549.1.1.1" => Some(Self::Rsa(bare)),
            _ => None,
        }
    }

    fn has_signed(&self, signed: &SignedSct, issuer: Sha256, tbs: &[u8]) -> bool {
        let Some(message) = message(signed, issuer, tbs) else { return false };
        let verified = match (self, signed.algorithm) {
            (Self::P256(key), [4, 3]) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(&message, &signed.signature)
            }
            (Self::Rsa(key), [4, 1]) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(&message, &signed.signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

/// What a log signs for a certificate that it saw before it was finished (RFC 6962 §3.2): version, kind of signature,
/// time, kind of entry, hash of the issuer's key, TBSCertificate, extensions.
fn message(signed: &SignedSct, issuer: Sha256, tbs: &[u8]) -> Option<Vec<u8>> {
    let [zero, length @ ..] = u32::try_from(tbs.len()).ok()?.to_be_bytes();
    let extensions = u16::try_from(signed.extensions.len()).ok()?.to_be_bytes();
    let timestamp = signed.sct.timestamp_ms.to_be_bytes();
    let parts: [&[u8]; 8] = [&[0, 0], &timestamp, &[0, 1], &issuer.0, &length, tbs, &extensions, &signed.extensions];
    (zero == 0).then(|| parts.concat())
}

/// The list as it is written; what else is in it does not matter here.
#[derive(Deserialize)]
struct Written {
    log_list_timestamp: Option<String>,
    operators: Vec<WrittenOperator>,
}

#[derive(Deserialize)]
struct WrittenOperator {
    #[serde(default)]
    name: String,
    #[serde(default)]
    logs: Vec<WrittenLog>,
    #[serde(default)]
    tiled_logs: Vec<WrittenLog>,
}

#[derive(Deserialize)]
struct WrittenLog {
    #[serde(default)]
    description: String,
    log_id: String,
    key: String,
    /// An object of one member: the state's word, and with it since when.
    #[serde(default)]
    state: Option<BTreeMap<String, Value>>,
}

impl WrittenLog {
    /// `None` if its key is of no kind that logs have, or its id is not that of its key.
    fn read(&self, operator: &str) -> Option<(LogId, Log)> {
        let der = BASE64.decode(&self.key).ok()?;
        let key = Key::read(&der)?;
        let id = LogId(Sha256::of(&der).0);
        let name = if self.description.is_empty() { &self.log_id } else { &self.description };
        let listed = ListedLog {
            description: bounded(name.clone(), MAX_NAME),
            operator: bounded(operator.to_owned(), MAX_NAME),
            state: self.state(),
        };
        (id.to_string() == self.log_id).then_some((id, Log { listed, key }))
    }

    /// Without a state a log was never anything else than in use: lists for tests and older ones have none.
    fn state(&self) -> LogState {
        let Some((word, since)) = self.state.as_ref().and_then(BTreeMap::first_key_value) else {
            return LogState::Usable;
        };
        let since = since.get("timestamp").and_then(Value::as_str).and_then(UnixTime::parse_rfc3339);
        match word.as_str() {
            "qualified" => LogState::Qualified,
            "usable" => LogState::Usable,
            "readonly" => LogState::ReadOnly,
            "retired" => LogState::Retired(since.unwrap_or_default()),
            "rejected" => LogState::Rejected,
            _ => LogState::Pending,
        }
    }
}

/// Why a file is no list of logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogListError {
    /// It is not JSON of that form.
    #[error("it is no list of logs of version 3: {0}")]
    Json(String),
    /// There is no log in it whose key could be used.
    #[error("there is no log in it whose key could be used")]
    Empty,
    /// There are more in it than anybody can mean.
    #[error("{0} logs are in it, {MAX_LOGS} are the most")]
    TooMany(usize),
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
    use serde_json::json;

    use super::*;
    use crate::observation::certificate::Sct;

    const SINCE: &str = "2026-01-01T00:00:00Z";
    const TBS: &[u8] = b"a certificate";

    fn key() -> (EcdsaKeyPair, Vec<u8>) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let der = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap().as_ref().to_vec();
        (pair, der)
    }

    fn unsigned(algorithm: [u8; 2]) -> SignedSct {
        let sct = Sct { log_id: LogId([1; 32]), timestamp_ms: 1_796_083_200_123 };
        SignedSct { sct, extensions: vec![7; 9], algorithm, signature: Vec::new() }
    }

    #[test]
    fn what_a_log_has_signed_verifies_and_nothing_else_does() {
        let (pair, der) = key();
        let issuer = Sha256::of(b"the issuer's key");
        let mut curve = unsigned([4, 3]);
        let signature = pair.sign(&SystemRandom::new(), &message(&curve, issuer, TBS).unwrap()).unwrap();
        curve.signature = signature.as_ref().to_vec();
        let key = Key::read(&der).unwrap();
        assert!(key.has_signed(&curve, issuer, TBS));
        assert!(!key.has_signed(&curve, issuer, b"another certificate"));
        assert!(!key.has_signed(&curve, Sha256::of(b"another"), TBS));
        let changes: [fn(&mut SignedSct); 4] = [
            |one| one.sct.timestamp_ms += 1,
            |one| one.extensions.push(0),
            |one| one.algorithm = [4, 1],
            |one| *one.signature.last_mut().unwrap() ^= 1,
        ];
        for change in changes {
            let mut changed = curve.clone();
            change(&mut changed);
            assert!(!key.has_signed(&changed, issuer, TBS));
        }
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let mut rsa = unsigned([4, 1]);
        rsa.signature = vec![0; pair.public_modulus_len()];
        let message = message(&rsa, issuer, TBS).unwrap();
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut rsa.signature).unwrap();
        let der = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
        let key = Key::read(der.as_ref()).unwrap();
        assert!(key.has_signed(&rsa, issuer, TBS) && !key.has_signed(&curve, issuer, TBS));
    }

    fn listed(der: &[u8], state: &Value) -> Value {
        let id = LogId(Sha256::of(der).0).to_string();
        json!({ "description": "one", "log_id": id, "key": BASE64.encode(der), "state": state })
    }

    fn parsed(logs: &[Value]) -> Result<LogList, LogListError> {
        let list = json!({ "log_list_timestamp": SINCE, "operators": [{ "name": "A", "tiled_logs": logs }] });
        LogList::parse(list.to_string().as_bytes())
    }

    #[test]
    fn states_are_read_as_they_are_written() {
        let (_, der) = key();
        let since = UnixTime::parse_rfc3339(SINCE).unwrap();
        for (state, expected) in [
            ("pending", LogState::Pending),
            ("qualified", LogState::Qualified),
            ("usable", LogState::Usable),
            ("readonly", LogState::ReadOnly),
            ("retired", LogState::Retired(since)),
            ("rejected", LogState::Rejected),
            ("of a later version", LogState::Pending),
        ] {
            let list = parsed(&[listed(&der, &json!({ state: { "timestamp": SINCE } }))]).unwrap();
            assert_eq!(list.made_at(), Some(since));
            assert_eq!(list.logs.values().next().unwrap().listed.state, expected, "{state}");
        }
        let list = parsed(&[listed(&der, &Value::Null)]).unwrap();
        assert_eq!(list.logs.values().next().unwrap().listed.state, LogState::Usable);
    }

    #[test]
    fn what_is_no_list_is_refused_and_a_log_that_cannot_be_read_is_passed_over() {
        assert!(matches!(LogList::parse(b"{}"), Err(LogListError::Json(_))));
        assert_eq!(parsed(&[]), Err(LogListError::Empty));
        let ((_, one), (_, two)) = (key(), key());
        let (mut id, mut kind) = (listed(&one, &Value::Null), listed(&one, &Value::Null));
        id["log_id"] = listed(&two, &Value::Null)["log_id"].clone();
        kind["key"] = "MAA=".into();
        assert_eq!(parsed(&[id.clone(), kind.clone()]), Err(LogListError::Empty));
        assert_eq!(parsed(&[id, kind, listed(&two, &Value::Null)]).unwrap().logs.len(), 1);
        let many: Vec<Value> = (0..3).map(|_| listed(&key().1, &Value::Null)).collect();
        assert_eq!(parsed(&many).unwrap().logs.len(), 3);
    }
}
