//! [`Recording`]: what one look learned from outside, as JSON. `docs/json.md` describes it; what is not known here is
//! passed over, so that newer versions may add to it.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::asked::Asked;
use crate::domain::{DomainName, UnixTime};
use crate::observation::certificate::Certificate;
use crate::observation::{ClientCertificate, Code, Failure, LegacyAnswer, Outcome};

/// The number of this form. A higher one has changed what a key means.
pub(super) const FORMAT: u32 = 1;
/// Bytes of a recording that are read: some hundred times what one look with all its answers takes.
pub const MAX_SIZE: u64 = 16 * 1024 * 1024;
/// Entries of each kind that are read.
const MAX_ENTRIES: usize = 4096;

/// One look at a domain, as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// [`FORMAT`].
    #[serde(rename = "notafter_recording")]
    pub(crate) format: u32,
    /// Who wrote it, e.g. `notafter 0.1.0`.
    #[serde(default)]
    pub(crate) written_by: String,
    /// The domain.
    pub(crate) domain: DomainName,
    /// As of when it was judged.
    pub(crate) at: UnixTime,
    /// When it was looked at.
    pub(crate) recorded_at: UnixTime,
    /// What the findings were then.
    #[serde(default)]
    pub(crate) codes: Vec<String>,
    /// What was expected of the domain, and where it was to be looked for.
    #[serde(default)]
    pub(crate) asked: Asked,
    /// The resolvers that were asked, as they are written.
    #[serde(default)]
    pub(crate) resolvers: Vec<String>,
    /// The same, with the system's by the addresses of its name servers.
    #[serde(default)]
    pub(crate) nameservers: Vec<String>,
    /// Addresses for which this machine had no route.
    #[serde(default)]
    pub(crate) no_route: Vec<SocketAddr>,
    /// What came over the wire.
    #[serde(flatten)]
    pub(crate) wired: Wired,
    /// What came over it during the look at the tenant's canonical host, which several domains may share.
    #[serde(default)]
    pub(crate) tenant: Wired,
    /// The roots that the chains led to.
    #[serde(default)]
    pub(crate) roots: Vec<Der>,
    /// The certificates on those paths that were not sent.
    #[serde(default)]
    pub(crate) intermediates: Vec<Der>,
}

impl Recording {
    /// Reads one, however it came about.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        // Only the number first: of a later form nothing else can be relied upon.
        #[derive(Deserialize)]
        struct Head {
            #[serde(rename = "notafter_recording")]
            format: u32,
        }
        let head: Head = serde_json::from_str(text)?;
        if head.format != FORMAT {
            return Err(RecordingError::Format(head.format));
        }
        let recording: Self = serde_json::from_str(text)?;
        if recording.wired.longest().max(recording.tenant.longest()) > MAX_ENTRIES {
            return Err(RecordingError::TooMany(MAX_ENTRIES));
        }
        Ok(recording)
    }

    /// The certificates that the recorded chains led to, and those on the way that were not sent.
    pub fn trusted(&self) -> (Vec<CertificateDer<'static>>, Vec<CertificateDer<'static>>) {
        let all = |ders: &[Der]| ders.iter().map(|der| der.0.clone()).collect();
        (all(&self.roots), all(&self.intermediates))
    }

    /// The text of its file.
    pub fn to_json(&self) -> String {
        // Nothing in here has a form that JSON cannot hold.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// What came over the wire, in the order in which it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wired {
    /// Every question to the name servers.
    #[serde(default)]
    pub(crate) dns: Vec<Lookup>,
    /// Every handshake.
    #[serde(default)]
    pub(crate) handshakes: Vec<Shaken>,
    /// What was shown to clients that asked for another kind of key.
    #[serde(default)]
    pub(crate) other_chains: Vec<OtherShown>,
    /// What was said to greetings in old versions.
    #[serde(default)]
    pub(crate) legacy: Vec<Greeted>,
    /// Every request.
    #[serde(default)]
    pub(crate) exchanges: Vec<Exchange>,
    /// Every small document that was fetched.
    #[serde(default)]
    pub(crate) documents: Vec<Fetched>,
}

impl Wired {
    /// How many entries there are of the kind that has the most.
    fn longest(&self) -> usize {
        let shaken = self.handshakes.len().max(self.other_chains.len()).max(self.legacy.len());
        shaken.max(self.dns.len()).max(self.exchanges.len()).max(self.documents.len())
    }
}

/// Why a recording cannot be read.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// It is no JSON, or has not what it must have.
    #[error("it is no recording: {0}")]
    Json(#[from] serde_json::Error),
    /// It has another form.
    #[error("it is of form {0}, and this version reads form {FORMAT}")]
    Format(u32),
    /// More entries than any look makes.
    #[error("it has more than {0} entries of a kind")]
    TooMany(usize),
}

/// One question to the name servers, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lookup {
    /// Who was asked, as it is written.
    #[serde(default)]
    pub(crate) resolver: String,
    /// The name that was asked for.
    pub(crate) name: String,
    /// The type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// How nobody answered; absent of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<Outcome>,
    /// What else is known of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// The answer's records, for people.
    #[serde(default)]
    pub(crate) records: Vec<String>,
    /// The answer as it came, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

/// One handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shaken {
    /// Where the connection went.
    pub(crate) address: SocketAddr,
    /// The name in it.
    pub(crate) host: String,
    /// Whether requests could follow.
    #[serde(default)]
    pub(crate) open: bool,
    /// What we lacked to look, if it was we who could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_looked: Option<String>,
    /// Why there was none, if there was none.
    #[serde(default)]
    pub(crate) failure: Option<Failed>,
    /// The negotiated version.
    #[serde(default)]
    pub(crate) version: Option<String>,
    /// The cipher suite by its IANA name.
    #[serde(default)]
    pub(crate) cipher_suite: Option<String>,
    /// The key exchange group by its IANA name.
    #[serde(default)]
    pub(crate) group: Option<String>,
    /// Whether that group is post-quantum.
    #[serde(default)]
    pub(crate) post_quantum: Option<bool>,
    /// Whether a client certificate was asked for, and shown.
    #[serde(default)]
    pub(crate) client_certificate: Option<ClientCertificate>,
    /// The application protocol.
    #[serde(default)]
    pub(crate) alpn: Option<String>,
    /// Milliseconds until the connection stood.
    #[serde(default)]
    pub(crate) connect_ms: Option<u64>,
    /// Milliseconds the handshake took.
    #[serde(default)]
    pub(crate) handshake_ms: Option<u64>,
    /// What was presented, leaf first; absent if nothing was.
    #[serde(default)]
    pub(crate) chain: Option<Vec<Der>>,
    /// The OCSP response that was stapled to it; absent if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) staple: Option<Der>,
}

/// What an address shows to clients that ask for another kind of key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OtherShown {
    /// Where the connection went.
    pub(crate) address: SocketAddr,
    /// The name in it.
    pub(crate) host: String,
    /// The chain, leaf first; absent if it has none for them.
    #[serde(default)]
    pub(crate) chain: Option<Vec<Der>>,
}

/// What an address said to greetings in old versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Greeted {
    /// Where the connections went.
    pub(crate) address: SocketAddr,
    /// The name in them.
    pub(crate) host: String,
    /// One a version.
    #[serde(default)]
    pub(crate) answers: Vec<LegacyAnswer>,
}

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exchange {
    /// Whose connection carried it.
    pub(crate) address: SocketAddr,
    /// The host that was asked.
    pub(crate) host: String,
    /// The method; empty where the connection had ended and nothing was asked.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Whether the `cname-api-key` went along; the key itself is nowhere.
    #[serde(default)]
    pub(crate) with_key: bool,
    /// Why no answer came, if none came; where there is neither this nor a status, none came in time.
    #[serde(default)]
    pub(crate) failure: Option<Failed>,
    /// Whether the connection was closed before the answer began, as a server may do between requests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) closed: bool,
    /// The status.
    #[serde(default)]
    pub(crate) status: Option<u16>,
    /// The version of HTTP, e.g. `HTTP/1.1`.
    #[serde(default)]
    pub(crate) version: Option<String>,
    /// The header fields in their order, secrets as `***`.
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    /// The body, its beginning if it is long, secrets as `***`.
    #[serde(default)]
    pub(crate) body: String,
}

/// One document that certificates, CAs or registries have for everybody. With neither a status nor a reason it had not
/// come when the look ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fetched {
    /// Where it is.
    pub(crate) url: String,
    /// The status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// The header fields that are heeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) headers: Vec<(String, String)>,
    /// The body in base64, of status 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    /// In place of it, how many bytes there were where they were too many to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) too_long: Option<u64>,
    /// Why there is none, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_fetched: Option<String>,
}

/// A failure by its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failed {
    /// The stable name.
    pub(crate) code: String,
    /// What happened, for people.
    #[serde(default)]
    pub(crate) detail: String,
}

impl From<&Failure> for Failed {
    fn from(failure: &Failure) -> Self {
        Self { code: failure.code.as_str().to_owned(), detail: failure.detail.clone() }
    }
}

impl Failed {
    /// The failure again; of a code we do not know, this one.
    pub(super) fn failure(&self, unknown: Code) -> Failure {
        Failure::new(Code::parse(&self.code).unwrap_or(unknown), self.detail.clone())
    }
}

/// A certificate: its bytes, and what people want to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Der(pub(super) CertificateDer<'static>);

impl Serialize for Der {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let read = Certificate::from_der(&self.0).ok();
        let mut map = serializer.serialize_map(None)?;
        if let Some(read) = read {
            map.serialize_entry("subject", &read.subject)?;
            map.serialize_entry("issuer", &read.issuer)?;
            map.serialize_entry("not_after", &read.not_after)?;
        }
        map.serialize_entry("der", &BASE64.encode(&self.0))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Der {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            der: String,
        }
        let written = Written::deserialize(deserializer)?;
        let der = BASE64.decode(written.der).map_err(serde::de::Error::custom)?;
        Ok(Self(der.into()))
    }
}
