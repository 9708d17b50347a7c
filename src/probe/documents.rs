//! What is asked over a look's connection after the discovery document, every few minutes: the key set as it is and as
//! caches have it, the discovery document as caches have it, and a path that no cache may answer. All are GETs that
//! Auth0 answers without a token, and that leave no entry in the tenant's log.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use super::Settings;
use super::discovery::{self, DISCOVERY};
use super::http::{Answer, Session};
use crate::observation::certificate::{Certificate, Sha256};
use crate::observation::{Code, Documents, Failure, KeySet, Reply, SigningKey, bounded};

/// Where Auth0 has its key set, whatever `jwks_uri` says: that may be another host's, and is judged by itself.
const KEYS: &str = "/.well-known/jwks.json";
/// OpenID Connect Core 1.0 §5.3. Without a token it is refused.
const USERINFO: &str = "/userinfo";
/// Keys kept of a set; a tenant has the last, the current and the next.
const MAX_KEYS: usize = 32;
/// Characters kept of a key's name.
const MAX_KID: usize = 100;

/// Everything that is asked through the proxy, given the hash of the discovery document that it has just served.
pub(super) async fn ask(
    session: &mut Session<'_>,
    discovery: Option<Sha256>,
    settings: &Settings,
    deadline: Instant,
) -> Documents {
    let mut documents = Documents {
        keys: reply(session, &discovery::unique(KEYS), settings, deadline).await,
        keys_as_cached: reply(session, KEYS, settings, deadline).await,
        discovery_as_cached: reply(session, DISCOVERY, settings, deadline).await,
        userinfo: reply(session, &discovery::unique(USERINFO), settings, deadline).await,
        stale: Vec::new(),
    };
    documents.join_keys();
    documents.stale = stale(&documents, discovery);
    documents
}

/// The paths whose copies as clients get them are not what is behind the caches.
fn stale(documents: &Documents, discovery: Option<Sha256>) -> Vec<String> {
    let kids = |reply: &'_ Option<Reply>| -> Option<Vec<String>> {
        let keys = reply.as_ref()?.key_set.as_ref()?;
        Some(keys.kids().into_iter().map(str::to_owned).collect())
    };
    let cached = documents.discovery_as_cached.as_ref().filter(|reply| reply.is_document());
    let hashes = (discovery, cached.and_then(|reply| reply.sha256));
    let keys = (kids(&documents.keys), kids(&documents.keys_as_cached));
    let mut stale = Vec::new();
    if matches!(hashes, (Some(behind), Some(cached)) if behind != cached) {
        stale.push(DISCOVERY.to_owned());
    }
    if matches!(keys, (Some(behind), Some(cached)) if behind != cached) {
        stale.push(KEYS.to_owned());
    }
    stale
}

/// The key set alone, to compare with.
pub(super) async fn ask_keys(session: &mut Session<'_>, settings: &Settings, deadline: Instant) -> Documents {
    let keys = reply(session, &discovery::unique(KEYS), settings, deadline).await;
    Documents { keys, ..Documents::default() }
}

/// One answer. `None` if the connection takes no request any more: then nothing was asked.
async fn reply(session: &mut Session<'_>, path: &str, settings: &Settings, deadline: Instant) -> Option<Reply> {
    if !timeout_at(deadline, session.is_open()).await.is_ok_and(|open| open) {
        return None;
    }
    let failed = |failure: Failure| Some(Reply { failure: Some(failure), ..Reply::default() });
    match timeout_at(deadline, session.get(path)).await {
        Ok(Ok(answer)) => Some(read(&answer, settings)),
        // The server may have closed the connection just as we asked, which is no fault of the document.
        Ok(Err(error)) if error.is_closed() => None,
        Ok(Err(error)) => failed(discovery::broken(&error)),
        Err(_) => failed(Failure::new(Code::HttpTimeout, "no complete answer to the request before the deadline")),
    }
}

pub(super) fn read(answer: &Answer, settings: &Settings) -> Reply {
    let document = discovery::object(&answer.body);
    let headers = discovery::answer_headers(&answer.head.headers, settings);
    Reply {
        status: Some(answer.head.status.as_u16()),
        age: headers.seconds_cached(),
        from_cache: headers.came_from_cache(),
        content_type: headers.content_type,
        auth0_request_id: headers.auth0_request_id,
        is_json: document.is_some(),
        key_set: document.as_ref().and_then(key_set),
        sha256: document.map(discovery::hash),
        rate_limit: discovery::rate_limit(&answer.head.headers),
        failure: None,
    }
}

/// The set, if the object is one.
fn key_set(document: &Map<String, Value>) -> Option<KeySet> {
    let keys = document.get("keys")?.as_array()?;
    Some(KeySet { keys: keys.iter().filter_map(Value::as_object).take(MAX_KEYS).map(signing_key).collect() })
}

fn signing_key(key: &Map<String, Value>) -> SigningKey {
    let text = |name: &str| key.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let has = |name: &str| text(name).is_some();
    let signs = text("use").is_none_or(|usage| usage == "sig") && text("alg").is_none_or(|alg| alg == "RS256");
    SigningKey {
        kid: text("kid").map(|kid| bounded(kid.to_owned(), MAX_KID)),
        alg: text("alg").map(|alg| bounded(alg.to_owned(), MAX_KID)),
        usable: text("kty") == Some("RSA") && has("kid") && has("n") && has("e") && signs,
        not_after: certificate(key).map(|certificate| certificate.not_after),
    }
}

/// RFC 7517 §4.7: the first of `x5c` is the key's own; base64 with padding, not its URL form.
fn certificate(key: &Map<String, Value>) -> Option<Certificate> {
    let first = key.get("x5c")?.as_array()?.first()?.as_str()?;
    Certificate::from_der(&STANDARD.decode(first).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(keys: Value) -> KeySet {
        key_set(json!({ "keys": keys }).as_object().unwrap()).unwrap()
    }

    #[test]
    fn a_key_is_usable_with_all_its_parts() {
        let good = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", "n": "AQ", "e": "AQAB"});
        assert!(set(json!([good])).is_usable());
        for (member, value) in [
            ("kty", json!("EC")),
            ("use", json!("enc")),
            ("alg", json!("HS256")),
            ("kid", Value::Null),
            ("n", json!("")),
            ("e", json!(7)),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            assert!(!set(json!([bad])).is_usable(), "{bad}");
            assert!(set(json!([bad, good])).is_usable());
        }
    }

    #[test]
    fn what_is_no_set_is_none_and_a_long_one_is_cut() {
        for body in [json!({}), json!({"keys": "none"}), json!({"error": "not found"})] {
            assert!(key_set(body.as_object().unwrap()).is_none(), "{body}");
        }
        assert_eq!(set(json!([1, null, {}])).keys.len(), 1);
        let many: Vec<Value> = (0..1000).map(|number| json!({"kid": format!("{number}{}", "k".repeat(500))})).collect();
        let cut = set(json!(many));
        assert_eq!(cut.keys.len(), MAX_KEYS);
        assert!(cut.kids().iter().all(|kid| kid.chars().count() <= MAX_KID + 1));
    }

    #[test]
    fn a_certificate_that_cannot_be_read_has_no_date() {
        for x5c in [json!([]), json!(["!"]), json!(["AAAA"]), json!("AAAA")] {
            assert_eq!(set(json!([{"kid": "one", "x5c": x5c}])).earliest_expiry(), None);
        }
    }
}
