//! Signed certificate timestamps (RFC 6962 §3.2): the receipts of transparency logs that a certificate carries.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::domain::UnixTime;

/// Receipts kept of one certificate; the strictest policy asks for five.
const MAX_SCTS: usize = 32;

/// Which log: the SHA-256 of its public key (RFC 6962 §3.2). Written in base64, as the lists of logs do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(pub [u8; 32]);

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// That a log has seen the certificate, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sct {
    /// The log.
    pub log_id: LogId,
    /// When it saw it, in milliseconds since 1970.
    pub timestamp_ms: u64,
}

impl Sct {
    /// The second in which the log saw it.
    pub fn at(&self) -> UnixTime {
        UnixTime(i64::try_from(self.timestamp_ms / 1000).unwrap_or(i64::MAX))
    }
}

impl Serialize for Sct {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Sct", 2)?;
        out.serialize_field("log_id", &self.log_id.to_string())?;
        out.serialize_field("timestamp", &self.at())?;
        out.end()
    }
}

/// A receipt with the log's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedSct {
    pub(crate) sct: Sct,
    /// Extensions, which are signed as well.
    pub(crate) extensions: Vec<u8>,
    /// Hash and signature algorithm by their numbers in TLS (RFC 5246 §7.4.1.4.1).
    pub(crate) algorithm: [u8; 2],
    pub(crate) signature: Vec<u8>,
}

/// The receipts of a list (RFC 6962 §3.3), up to the first that cannot be read. Those of a later version are passed over.
pub(crate) fn list(content: &[u8]) -> Vec<SignedSct> {
    let mut all = Vec::new();
    let Some((mut rest, _)) = vector(content) else { return all };
    while let Some((item, after)) = vector(rest) {
        if all.len() == MAX_SCTS {
            break;
        }
        all.extend(signed(item));
        rest = after;
    }
    all
}

fn signed(item: &[u8]) -> Option<SignedSct> {
    let (&[version], rest) = item.split_first_chunk::<1>()?;
    let (log_id, rest) = rest.split_first_chunk::<32>()?;
    let (timestamp, rest) = rest.split_first_chunk::<8>()?;
    let (extensions, rest) = vector(rest)?;
    let (algorithm, rest) = rest.split_first_chunk::<2>()?;
    let (signature, rest) = vector(rest)?;
    (version == 0 && rest.is_empty()).then(|| SignedSct {
        sct: Sct { log_id: LogId(*log_id), timestamp_ms: u64::from_be_bytes(*timestamp) },
        extensions: extensions.to_vec(),
        algorithm: *algorithm,
        signature: signature.to_vec(),
    })
}

/// A vector with its length in two bytes, and what follows it.
fn vector(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vector_of(content: &[u8]) -> Vec<u8> {
        [&u16::try_from(content.len()).unwrap().to_be_bytes()[..], content].concat()
    }

    fn item(version: u8, log: u8, extensions: &[u8]) -> Vec<u8> {
        let timestamp = 1_796_083_200_500u64.to_be_bytes();
        [&[version][..], &[log; 32], &timestamp, &vector_of(extensions), &[4, 3], &vector_of(b"signature")].concat()
    }

    fn list_of(items: &[Vec<u8>]) -> Vec<u8> {
        vector_of(&items.iter().flat_map(|item| vector_of(item)).collect::<Vec<u8>>())
    }

    #[test]
    fn receipts_are_read_in_order() {
        let all = list(&list_of(&[item(0, 1, b""), item(1, 2, b""), item(0, 3, b"ext")]));
        let ids: Vec<u8> = all.iter().map(|one| one.sct.log_id.0[0]).collect();
        assert_eq!(ids, [1, 3], "one of version 2 is none of ours");
        assert_eq!(
            (all[1].extensions.as_slice(), all[1].algorithm, &all[1].signature[..]),
            (&b"ext"[..], [4, 3], &b"signature"[..])
        );
        let json = serde_json::to_value(all[0].sct).unwrap();
        let id = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
        assert_eq!(json, serde_json::json!({ "log_id": id, "timestamp": "2026-12-01T00:00:00Z" }));
    }

    #[test]
    fn of_a_broken_list_what_came_before_the_break_is_kept() {
        let whole = list_of(&[item(0, 1, b""), item(0, 2, b"")]);
        let mut cut = whole[..whole.len() - 1].to_vec();
        assert_eq!(list(&cut).len(), 0, "the list itself is cut");
        let length = u16::try_from(cut.len() - 2).unwrap().to_be_bytes();
        cut[..2].copy_from_slice(&length);
        assert_eq!(list(&cut).len(), 1);
        assert_eq!(list(&list_of(&vec![item(0, 1, b""); 100])).len(), MAX_SCTS);
        let followed = list_of(&[[item(0, 1, b""), vec![0]].concat()]);
        assert_eq!(list(&followed).len(), 0);
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(list(&bytes).len() <= MAX_SCTS);
        }
    }
}
