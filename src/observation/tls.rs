//! [`TlsObservation`]: one handshake with one address, and [`Presented`]: the chain it showed together with
//! what public-key work says of that chain, whatever the time is.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::certificate::{Certificate, Sha256};
use super::failure::Failure;
use super::legacy::LegacyAnswer;
use super::renewal_info::RenewalInfo;
use super::revocation::Revocation;
use super::transparency::{CheckedSct, Transparency};
use crate::domain::UnixTime;

/// One connection and handshake with one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TlsObservation {
    /// Where the connection went.
    #[serde(serialize_with = "as_text")]
    pub address: SocketAddr,
    /// The negotiated version, e.g. `TLSv1.3`.
    pub version: Option<String>,
    /// The negotiated cipher suite by its IANA name.
    pub cipher_suite: Option<String>,
    /// The negotiated key exchange group by its IANA name.
    pub group: Option<String>,
    /// Whether that group is post-quantum: ML-KEM (FIPS 203), alone or together with a curve.
    pub post_quantum: Option<bool>,
    /// The negotiated application protocol (RFC 7301), e.g. `h2`.
    pub alpn: Option<String>,
    /// The certificates as presented, leaf first; kept even when the handshake failed after them.
    #[serde(flatten, serialize_with = "as_presented")]
    pub presented: Option<Arc<Presented>>,
    /// What clients are shown who do not ask for that chain's kind of key; `None` where it was not asked, or nothing came
    /// of it.
    #[serde(serialize_with = "other_chain_of")]
    pub other_chain: Option<OtherChain>,
    /// Whether the server asked for a client certificate, and whether it was shown one; `None` where it did not come to
    /// that.
    pub client_certificate: Option<ClientCertificate>,
    /// What was said to greetings in old versions; `None` where none was made.
    pub legacy: Option<Vec<LegacyAnswer>>,
    /// What the CA says of when the leaf is to be renewed; `None` if it says nothing or was not asked.
    pub renewal_info: Option<Arc<RenewalInfo>>,
    /// Whether an OCSP response was stapled (RFC 6066 §8); `None` where that was not asked.
    pub stapled: Option<bool>,
    /// What the staple and the CAs' lists say of the revocation of the path's certificates.
    pub revocation: Vec<Arc<Revocation>>,
    /// Why there was no handshake, if there was none.
    pub failure: Option<Failure>,
    /// Milliseconds until the connection stood.
    pub connect_ms: Option<u64>,
    /// Milliseconds the handshake took.
    pub handshake_ms: Option<u64>,
}

impl TlsObservation {
    /// An attempt of which nothing is known but its address.
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            version: None,
            cipher_suite: None,
            group: None,
            post_quantum: None,
            alpn: None,
            presented: None,
            other_chain: None,
            client_certificate: None,
            legacy: None,
            renewal_info: None,
            stapled: None,
            revocation: Vec::new(),
            failure: None,
            connect_ms: None,
            handshake_ms: None,
        }
    }

    /// The leaf certificate, if one was presented that could be read.
    pub fn leaf(&self) -> Option<&Certificate> {
        self.presented.as_ref()?.leaf().map(AsRef::as_ref)
    }
}

/// Whether a server asked for a client certificate (RFC 8446 §4.3.2, RFC 5246 §7.4.4), and whether it was shown one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientCertificate {
    /// It did not ask.
    NotAsked,
    /// It asked, and we have none, or none of a kind that it takes.
    NotShown,
    /// It asked, and saw ours.
    Shown,
}

/// What a server shows to clients that do not ask for the kind of key that its ordinary chain has. Servers may have two
/// certificates for a name, RSA and ECDSA, and browsers hardly ever see but one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherChain {
    /// Nothing: there is one certificate.
    Absent,
    /// Another chain.
    Presented(Arc<Presented>),
}

impl OtherChain {
    /// The other chain, if there is one.
    pub const fn presented(&self) -> Option<&Arc<Presented>> {
        match self {
            Self::Absent => None,
            Self::Presented(presented) => Some(presented),
        }
    }
}

/// A chain as presented, and what is true of it at any time: the name, the paths, whose signature it bears.
/// Whether it is good *now* is the verdict's to say, by the dates in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// The certificates that could be read, in the order sent, leaf first.
    pub chain: Vec<Arc<Certificate>>,
    /// Why some could not be read: position from 0 and reason.
    pub unreadable: Vec<(usize, String)>,
    /// Whether the leaf is for the domain's name; `None` if that could not be judged.
    pub name_matches: Option<bool>,
    /// Whether the leaf is signed with its own key.
    pub self_signed: bool,
    /// Every path found from the leaf to a root of the trust store.
    pub paths: Vec<TrustPath>,
    /// Why no path was found, for people; `None` if one was.
    pub refusal: Option<String>,
    /// What the list of transparency logs says of the leaf; `None` without a list.
    pub transparency: Option<Transparency>,
    /// What other stores, which the operator wants compared, make of it.
    pub beside: Vec<Beside>,
    /// The certificates of its paths that the operator lists as not trusted any more.
    pub distrusted: Vec<DistrustedCa>,
}

/// What another store makes of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// What the operator calls the store.
    pub store: Arc<str>,
    /// Every path to one of its roots.
    pub paths: Vec<TrustPath>,
    /// Why there is none, for people.
    pub refusal: Option<String>,
}

/// A certificate of a path that the operator lists as not trusted any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistrustedCa {
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// Not trusted for what is issued after this moment; `None` for anything.
    pub since: Option<UnixTime>,
    /// Whether the leaf is among that.
    pub applies: bool,
}

/// What the effective expiry of a chain hangs on.
#[derive(Debug, Clone, Copy)]
pub struct Limit<'a> {
    /// The certificate that runs out first.
    pub certificate: &'a Arc<Certificate>,
    /// The path it is on; `None` where none is complete, so that the leaf stands for itself.
    pub path: Option<&'a TrustPath>,
}

impl Presented {
    /// The leaf, if it could be read.
    pub fn leaf(&self) -> Option<&Arc<Certificate>> {
        match self.unreadable.first() {
            Some((0, _)) => None,
            _ => self.chain.first(),
        }
    }

    /// Whose signature the leaf bears, as far as it was verified: the next step of the first path.
    pub fn issuer(&self) -> Option<&Arc<Certificate>> {
        let step = self.paths.iter().find_map(|path| path.steps.get(1))?;
        Some(&step.certificate)
    }

    /// The effective expiry: over all paths that need nothing but what was presented, the latest of each path's
    /// earliest; with no such path the leaf's own. `None` without a leaf.
    pub fn effective_expiry(&self) -> Option<UnixTime> {
        self.limit().map(|limit| limit.certificate.not_after)
    }

    /// What the effective expiry hangs on: on the path that lasts longest, the certificate that runs out first.
    pub fn limit(&self) -> Option<Limit<'_>> {
        let lasting = self.complete_paths().max_by_key(|path| path.not_after());
        let of_path =
            lasting.and_then(|path| Some(Limit { certificate: &path.limiting()?.certificate, path: Some(path) }));
        of_path.or_else(|| self.leaf().map(|leaf| Limit { certificate: leaf, path: None }))
    }

    /// Paths that need nothing but what was presented and a root.
    pub fn complete_paths(&self) -> impl Iterator<Item = &TrustPath> {
        self.paths.iter().filter(|path| path.is_complete())
    }

    /// The earliest expiry among what was presented, needed or not.
    pub fn earliest_expiry(&self) -> Option<UnixTime> {
        self.chain.iter().map(|certificate| certificate.not_after).min()
    }
}

/// One path from the leaf to a root whose every signature, constraint and usage verified. Dates apart, and of the root
/// none counts: it is trusted for its name and key (RFC 5280 §6.1.1 d), and many clients do not look at its dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustPath {
    /// Leaf first, root last.
    pub steps: Vec<PathStep>,
}

impl TrustPath {
    /// First second at which every certificate below the root is valid.
    pub fn not_before(&self) -> UnixTime {
        self.dated().iter().map(|step| step.certificate.not_before).max().unwrap_or_default()
    }

    /// Last second at which every certificate below the root is valid.
    pub fn not_after(&self) -> UnixTime {
        self.limiting().map(|step| step.certificate.not_after).unwrap_or_default()
    }

    /// The step below the root that runs out first; of equals the one nearest to the leaf.
    pub fn limiting(&self) -> Option<&PathStep> {
        self.dated().iter().min_by_key(|step| step.certificate.not_after)
    }

    /// The root, unless the leaf is one itself.
    pub fn root(&self) -> Option<&Arc<Certificate>> {
        match &self.steps[..] {
            [_, .., root] if root.origin == Origin::Root => Some(&root.certificate),
            _ => None,
        }
    }

    /// The steps whose dates count.
    fn dated(&self) -> &[PathStep] {
        match &self.steps[..] {
            [below @ .., root] if root.origin == Origin::Root && !below.is_empty() => below,
            all => all,
        }
    }

    /// Whether the time lies within the dates of every certificate below the root.
    pub fn in_date(&self, at: UnixTime) -> bool {
        self.not_before() <= at && at <= self.not_after()
    }

    /// Whether the path needs nothing but what was presented and a root.
    pub fn is_complete(&self) -> bool {
        self.missing().next().is_none()
    }

    /// The certificates of the path that were not presented and are no root.
    pub fn missing(&self) -> impl Iterator<Item = &Certificate> {
        self.steps.iter().filter(|step| step.origin == Origin::Bundled).map(|step| step.certificate.as_ref())
    }

    /// Whether this certificate is a step of the path.
    pub fn contains(&self, sha256: Sha256) -> bool {
        self.steps.iter().any(|step| step.certificate.sha256 == sha256)
    }
}

/// One certificate of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStep {
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// Where we have it from.
    pub origin: Origin,
}

/// Where a certificate of a path came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The server sent it.
    Presented,
    /// The server did not send it; we know it from the bundle, or were given it.
    Bundled,
    /// It is a root of the trust store.
    Root,
}

/// The keys `chain` and `transparency`.
fn as_presented<S: Serializer>(presented: &Option<Arc<Presented>>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Keys<'a> {
        #[serde(serialize_with = "chain_of")]
        chain: &'a Option<Arc<Presented>>,
        transparency: Option<&'a [CheckedSct]>,
    }
    let transparency = presented.as_ref().and_then(|presented| presented.transparency.as_ref());
    Keys { chain: presented, transparency: transparency.map(|found| found.scts.as_slice()) }.serialize(serializer)
}

fn chain_of<S: Serializer>(presented: &Option<Arc<Presented>>, serializer: S) -> Result<S::Ok, S::Error> {
    let chain = presented.as_ref().map_or(&[][..], |presented| &presented.chain);
    serializer.collect_seq(chain.iter().map(AsRef::as_ref as fn(&Arc<Certificate>) -> &Certificate))
}

fn other_chain_of<S: Serializer>(other: &Option<OtherChain>, serializer: S) -> Result<S::Ok, S::Error> {
    match other {
        None => serializer.serialize_none(),
        Some(other) => chain_of(&other.presented().cloned(), serializer),
    }
}

pub(super) fn as_text<T: std::fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
