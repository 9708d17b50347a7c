//! What a CA says of when a leaf is to be renewed: ACME Renewal Information (RFC 9773), two plain GETs without an account.
//! The CA's directory says where; the certificate itself says of what.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use http::Uri;
use http::header::RETRY_AFTER;
use serde::Deserialize;
use tokio::time::Instant;

use super::fetch::{Document, FetchError, Fetcher, Wanted};
use super::{Library, Settings, wire};
use crate::observation::certificate::Certificate;
use crate::observation::{RenewalInfo, TlsObservation};

/// Leaves of one look that are asked for.
const MAX_LEAVES: usize = 4;
/// A look waits so long for an answer; what comes later is there for the next.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer is asked for again after so long, unless the CA says otherwise (Retry-After) …
const EVERY: Duration = Duration::from_secs(6 * 3600);
/// … and at the latest after so long. CAs are asked no more often than [`EVERY`]: we do not renew, and what they have to
/// say at a revocation is true for a day at least.
const AT_LEAST_EVERY: Duration = Duration::from_secs(86_400);
/// After a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(3600);
/// Where it was not our turn.
const NOT_YET: Duration = Duration::from_secs(60);
/// Requests to CAs are so far apart on average, all domains together: after a start nothing is known of thousands.
const APART: Duration = Duration::from_millis(200);
/// As many may be made at once.
const BURST: u32 = 20;
/// Bytes of a directory, and of an answer; both are a few hundred.
const MAX_BYTES: usize = 64 * 1024;
const JSON: &str = "application/json";

/// How the organization of a certificate's issuer begins, and that CA's directory. As of November 2026: those of Let's
/// Encrypt and Google Trust Services offer renewal information; what ZeroSSL's says is heeded.
const DIRECTORIES: &[(&str, &str)] = &[
    ("letsencrypt", "https://acme-v02.api.letsencrypt.org/directory"),
    ("googletrustservices", "https://dv.acme-v02.api.pki.goog/directory"),
    ("zerossl", "https://acme.zerossl.com/v2/DV90"),
];

/// What is kept of a directory: where renewal information is, if the CA offers any.
pub(super) type KeptDirectory = Option<Arc<str>>;
/// What is kept of a leaf.
pub(super) type KeptInfo = Option<Arc<RenewalInfo>>;

/// Takes up what CAs say of the leaves that were presented.
pub(super) async fn observe(
    settings: &Settings,
    library: &Arc<Library>,
    fetcher: &Fetcher,
    tls: &mut [TlsObservation],
) {
    if !settings.ari {
        return;
    }
    let mut leaves: Vec<Arc<Certificate>> = Vec::new();
    for leaf in tls.iter().filter_map(known_leaf) {
        if leaves.len() < MAX_LEAVES && leaves.iter().all(|other| other.sha256 != leaf.sha256) {
            leaves.push(Arc::clone(leaf));
        }
    }
    let asked = leaves.iter().map(|leaf| ask(settings, library, fetcher, leaf));
    let answers: Vec<Arc<RenewalInfo>> = futures_util::future::join_all(asked).await.into_iter().flatten().collect();
    for one in tls {
        let Some(leaf) = one.leaf().map(|leaf| leaf.sha256) else { continue };
        one.renewal_info = answers.iter().find(|info| info.sha256 == leaf).map(Arc::clone);
    }
}

/// The leaf of a chain that leads to a root: of others no CA would know.
fn known_leaf(tls: &TlsObservation) -> Option<&Arc<Certificate>> {
    let presented = tls.presented.as_ref().filter(|presented| !presented.paths.is_empty())?;
    presented.leaf()
}

async fn ask(
    settings: &Settings,
    library: &Arc<Library>,
    fetcher: &Fetcher,
    leaf: &Certificate,
) -> Option<Arc<RenewalInfo>> {
    let directory = directory_of(settings, leaf)?;
    let id = leaf.renewal_id()?;
    let sha256 = leaf.sha256;
    let (fetcher, library_of) = (fetcher.clone(), Arc::clone(library));
    let make = move |before: Option<KeptInfo>| async move {
        let before = before.flatten();
        let read = |before| read_directory(&fetcher, &directory, before);
        let Some(place) = library_of.directories.get_or_make(&directory, read).await else { return (None, EVERY) };
        if !its_turn() {
            return (before, NOT_YET);
        }
        let url = format!("{place}/{id}");
        match fetcher.get(Wanted { url: &url, accept: JSON, most_bytes: MAX_BYTES }).await {
            Ok(document) => match RenewalInfo::parse(sha256, &document.body) {
                Ok(info) => (Some(Arc::new(info)), again_after(&document)),
                Err(error) => {
                    tracing::debug!(url, %error, "renewal information that cannot be read");
                    (None, EVERY)
                }
            },
            // Not every certificate of a CA was issued by this way: unknown is no fault.
            Err(FetchError::Status { status: 404 | 400, .. }) => (None, AT_LEAST_EVERY),
            Err(error) => {
                tracing::debug!(url, %error, "no renewal information");
                (before, AFTER_FAILURE)
            }
        }
    };
    library.renewals.get_within(PATIENCE, &leaf.sha256.to_string(), make).await.flatten()
}

/// Where the operator says, else what is known of the CA.
fn directory_of(settings: &Settings, leaf: &Certificate) -> Option<String> {
    if let Some(directory) = &settings.acme_directory {
        return Some(directory.clone());
    }
    let organization: String = leaf.issuer_organization()?.chars().filter(|c| c.is_alphanumeric()).collect();
    let organization = organization.to_lowercase();
    let known = DIRECTORIES.iter().find(|(begins, _)| organization.starts_with(begins));
    known.map(|(_, directory)| (*directory).to_owned())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Directory {
    renewal_info: Option<String>,
}

/// Reads a directory (RFC 8555 §7.1.1, RFC 9773 §4.1).
async fn read_directory(fetcher: &Fetcher, url: &str, before: Option<KeptDirectory>) -> (KeptDirectory, Duration) {
    let before = before.flatten();
    if !its_turn() {
        return (before, NOT_YET);
    }
    let document = match fetcher.get(Wanted { url, accept: JSON, most_bytes: MAX_BYTES }).await {
        Ok(document) => document,
        Err(error) => {
            tracing::debug!(url, %error, "no ACME directory");
            return (before, AFTER_FAILURE);
        }
    };
    let place = serde_json::from_slice(&document.body).ok().and_then(|directory: Directory| directory.renewal_info);
    let place = place.filter(|place| is_of_one_host(place, url));
    (place.map(|place| place.trim_end_matches('/').into()), AT_LEAST_EVERY)
}

/// Whether both are at one host by one scheme: a directory is not to send us elsewhere.
fn is_of_one_host(one: &str, other: &str) -> bool {
    let origin = |url: &str| {
        let uri: Uri = url.parse().ok()?;
        Some((uri.scheme()?.clone(), uri.authority()?.clone()))
    };
    origin(one).is_some_and(|one| Some(one) == origin(other))
}

/// When to ask again: as the CA says, within bounds.
fn again_after(document: &Document) -> Duration {
    let said = document.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    said.map_or(EVERY, |seconds| Duration::from_secs(seconds).clamp(EVERY, AT_LEAST_EVERY))
}

/// Whether another request may be made now; if so it counts as made. A recording may be asked as often as we like.
fn its_turn() -> bool {
    /// When the next would be due if none had come early.
    static NEXT: LazyLock<Mutex<Option<Instant>>> = LazyLock::new(Mutex::default);
    if wire::is_played() {
        return true;
    }
    let mut next = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let due = next.map_or(now, |next| next.max(now));
    let early = due.saturating_duration_since(now);
    if early > APART * BURST {
        return false;
    }
    *next = Some(due + APART);
    true
}
