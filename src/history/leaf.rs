//! [`Leaf`]: what is kept of a leaf certificate once its DER is gone.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{DomainName, UnixTime};
use crate::observation::bounded;
use crate::observation::certificate::{Certificate, KeyType, PublicKey, Sha256};

/// Names of a certificate that are kept.
const MAX_NAMES: usize = 20;
/// Characters kept of a name, and of an issuer.
const MAX_TEXT: usize = 253;
/// Characters kept of a serial number: 20 octets are the most (RFC 5280 §4.1.2.2), and some have more.
const MAX_SERIAL: usize = 80;
/// Two certificates of one pair are issued within so many seconds of each other.
const PAIRED_WITHIN: i64 = 86_400;

/// A leaf certificate as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// SHA-256 over its DER.
    pub sha256: Sha256,
    /// The serial number, as certificates print it.
    pub serial: String,
    /// The name of the CA's organization; without one, the whole name of the issuer.
    pub authority: Arc<str>,
    /// The common name of the certificate that signed it, else that one's whole name.
    pub issuer: Arc<str>,
    /// Its public key.
    pub key: Key,
    /// Those of its DNS names that share the domain's parent, in lower case and in order; twenty at most. What else stands
    /// in a certificate that a CDN shares among strangers is none of the domain's business.
    pub names: Arc<[String]>,
    /// How many DNS names it has in all.
    pub names_count: usize,
    /// First second of validity.
    pub not_before: UnixTime,
    /// Last second of validity.
    pub not_after: UnixTime,
    /// When a look first saw it.
    pub first_seen: UnixTime,
    /// When a look last saw it; as of the last change that was stored, after a restart.
    pub last_seen: UnixTime,
}

/// What is kept of a public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// As an operator would say it: `RSA 2048`, `EC P-256`.
    pub title: Arc<str>,
    /// Whether it is an RSA key: servers that have two certificates have one of these and one of another kind.
    pub is_rsa: bool,
    /// Bits of security by NIST SP 800-57 part 1 revision 5, table 2; 0 where the table says nothing.
    pub strength: u16,
    /// SHA-256 over its SubjectPublicKeyInfo; `None` if that could not be read.
    pub sha256: Option<Sha256>,
}

impl Leaf {
    /// Whether both are the same, whenever each was last seen.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let Self {
            sha256,
            serial,
            authority,
            issuer,
            key,
            names,
            names_count,
            not_before,
            not_after,
            first_seen,
            last_seen: _,
        } = self;
        *sha256 == other.sha256
            && *first_seen == other.first_seen
            && (not_before, not_after, names_count) == (&other.not_before, &other.not_after, &other.names_count)
            && *serial == other.serial
            && *authority == other.authority
            && *issuer == other.issuer
            && *key == other.key
            && *names == other.names
    }

    /// What is to be remembered of a certificate of the domain that was first seen at this time.
    pub(super) fn of(certificate: &Certificate, domain: &DomainName, at: UnixTime) -> Self {
        let authority = certificate.issuer_organization().unwrap_or_else(|| certificate.issuer.clone());
        Self {
            sha256: certificate.sha256,
            serial: bounded(certificate.serial.clone(), MAX_SERIAL),
            authority: bounded(authority, MAX_TEXT).into(),
            issuer: bounded(certificate.issuer_title(), MAX_TEXT).into(),
            key: Key::of(certificate),
            names: related(certificate, domain).into(),
            names_count: certificate.dns_names.len(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            first_seen: at,
            last_seen: at,
        }
    }

    /// From first to last second of validity, in seconds.
    pub const fn lifetime(&self) -> i64 {
        self.not_before.until(self.not_after)
    }

    /// Whether both are one server's pair for old clients and new ones: keys of two kinds, otherwise alike, and issued
    /// together.
    pub(super) fn is_paired_with(&self, other: &Self) -> bool {
        self.is_alike_but_for_the_key(other) && self.not_before.until(other.not_before).abs() <= PAIRED_WITHIN
    }

    /// Whether they have keys of two kinds, and are otherwise alike.
    pub(super) fn is_alike_but_for_the_key(&self, other: &Self) -> bool {
        self.key.is_rsa != other.key.is_rsa && self.has_authority_of(other) && self.names == other.names
    }

    /// Whether both come from one CA. Companies do not write their own names alike every time, and not always with what
    /// kind of company they are.
    pub(super) fn has_authority_of(&self, other: &Self) -> bool {
        if self.authority == other.authority {
            return true;
        }
        let (own, others) = (letters(&self.authority), letters(&other.authority));
        own == others || !own.is_empty() && !others.is_empty() && (own.starts_with(&others) || others.starts_with(&own))
    }

    /// Shares with an earlier one what both have alike: mostly all but the serial number and the dates.
    pub(super) fn share_with(&mut self, earlier: &Self) {
        share(&mut self.authority, &earlier.authority);
        share(&mut self.issuer, &earlier.issuer);
        share(&mut self.key.title, &earlier.key.title);
        share(&mut self.names, &earlier.names);
    }
}

fn share<T: PartialEq + ?Sized>(own: &mut Arc<T>, earlier: &Arc<T>) {
    if own == earlier {
        *own = Arc::clone(earlier);
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Key {
    fn of(certificate: &Certificate) -> Self {
        let key = &certificate.key;
        Self {
            title: key.title().into(),
            is_rsa: matches!(key.key_type, KeyType::Rsa | KeyType::RsaPss),
            strength: strength(key),
            sha256: certificate.key_sha256(),
        }
    }
}

fn strength(key: &PublicKey) -> u16 {
    let bits = key.bits.unwrap_or(0);
    match key.key_type {
        KeyType::Rsa | KeyType::RsaPss | KeyType::Dsa => match bits {
            0 => 0,
            1..2048 => 80,
            2048..3072 => 112,
            3072..7680 => 128,
            7680..15_360 => 192,
            _ => 256,
        },
        KeyType::Ec => u16::try_from(bits / 2).unwrap_or(u16::MAX).min(256),
        KeyType::Ed25519 => 128,
        KeyType::Ed448 => 224,
        KeyType::MlDsa | KeyType::Unknown => 0,
    }
}

/// The names of a certificate that share the domain's parent: those whose loss its owner would feel.
fn related(certificate: &Certificate, domain: &DomainName) -> Vec<String> {
    let domain = domain.as_str();
    let parent = domain.split_once('.').map(|(_, parent)| parent).filter(|parent| parent.contains('.'));
    let base = parent.unwrap_or(domain);
    let is_related = |name: &String| name.strip_suffix(base).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let mut names: Vec<String> = certificate.dns_names.iter().map(|name| name.to_ascii_lowercase()).collect();
    names.retain(is_related);
    names.sort_unstable();
    names.dedup();
    names.truncate(MAX_NAMES);
    names.into_iter().map(|name| bounded(name, MAX_TEXT)).collect()
}
