//! [`Documents`]: what is asked over a look's connection besides the discovery document, every few minutes: the keys tokens
//! are signed with ([`KeySet`]), the documents as caches have them, and one path that no cache may answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::RateLimit;
use super::certificate::Sha256;
use super::failure::Failure;
use crate::domain::UnixTime;

/// The answers to the requests that need not be made at every look. `None` for one that was not made, as the connection
/// had ended by then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Documents {
    /// The key set, asked with a query that nobody has asked before.
    pub keys: Option<Reply>,
    /// The key set as clients ask for it: a cache may answer.
    pub keys_as_cached: Option<Reply>,
    /// The discovery document as clients ask for it.
    pub discovery_as_cached: Option<Reply>,
    /// `/userinfo` without a token, which no cache may answer and Auth0 refuses.
    pub userinfo: Option<Reply>,
    /// Paths of which a cache gives out another document than there is behind it: of the key set other keys.
    pub stale: Vec<String>,
}

impl Documents {
    /// Every answer.
    pub fn replies(&self) -> impl Iterator<Item = &Reply> {
        [&self.keys, &self.keys_as_cached, &self.discovery_as_cached, &self.userinfo].into_iter().flatten()
    }

    /// Holds equal key sets once: mostly caches have what is behind them.
    pub fn join_keys(&mut self) {
        let set = |reply: &Option<Reply>| -> Option<Arc<[SigningKey]>> {
            Some(Arc::clone(&reply.as_ref()?.key_set.as_ref()?.keys))
        };
        let (Some(behind), Some(cached)) = (set(&self.keys), set(&self.keys_as_cached)) else { return };
        if let Some(own) = self.keys_as_cached.as_mut().and_then(|reply| reply.key_set.as_mut())
            && behind == cached
        {
            own.keys = behind;
        }
    }

    /// The keys as clients get them, and if those cannot be told, as they are behind the caches.
    pub fn served_keys(&self) -> Option<&KeySet> {
        let of = |reply: &'_ Option<Reply>| reply.as_ref().is_some_and(|reply| reply.key_set.is_some());
        let reply = if of(&self.keys_as_cached) { &self.keys_as_cached } else { &self.keys };
        reply.as_ref()?.key_set.as_ref()
    }
}

/// One answer to such a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The status code, if an answer came.
    pub status: Option<u16>,
    /// `content-type`.
    pub content_type: Option<String>,
    /// `age`: for how many seconds somebody's cache had had it.
    pub age: Option<u64>,
    /// Whether a cache gave it, by what it says of itself.
    pub from_cache: bool,
    /// `x-auth0-requestid`: Auth0's application answered.
    pub auth0_request_id: Option<String>,
    /// Whether the body was a JSON object.
    pub is_json: bool,
    /// The hash of that object, however it was written down.
    pub sha256: Option<Sha256>,
    /// Its keys, if it is a key set.
    #[serde(rename = "key_set")]
    pub key_set: Option<KeySet>,
    /// What was said of a limit on requests.
    pub rate_limit: Option<RateLimit>,
    /// Why there was no answer, if there was none.
    pub failure: Option<Failure>,
}

impl Reply {
    /// Whether an answer came that is the JSON it should be.
    pub fn is_document(&self) -> bool {
        self.status == Some(200) && self.is_json
    }
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct KeySet {
    /// Its keys, no more than can be of use; held once by sets that were seen to be equal.
    pub keys: Arc<[SigningKey]>,
}

impl KeySet {
    /// The names of its keys.
    pub fn kids(&self) -> BTreeSet<&str> {
        self.keys.iter().filter_map(|key| key.kid.as_deref()).collect()
    }

    /// Whether a token can be verified with any of them.
    pub fn is_usable(&self) -> bool {
        self.keys.iter().any(|key| key.usable)
    }

    /// When the first of their certificates runs out.
    pub fn earliest_expiry(&self) -> Option<UnixTime> {
        self.keys.iter().filter_map(|key| key.not_after).min()
    }
}

/// One key of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SigningKey {
    /// Its name, by which a token says that it is signed with it.
    pub kid: Option<String>,
    /// For which algorithm it is.
    pub alg: Option<String>,
    /// Whether it is a named RSA key for RS256 signatures, as Auth0's are, with all its parts.
    pub usable: bool,
    /// When its certificate runs out (`x5c`).
    pub not_after: Option<UnixTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(kid: &str) -> Option<Reply> {
        let key = SigningKey { kid: Some(kid.to_owned()), ..SigningKey::default() };
        Some(Reply { key_set: Some(KeySet { keys: [key].into() }), ..Reply::default() })
    }

    #[test]
    fn a_cache_that_has_the_same_keys_shares_them_and_one_with_others_keeps_its_own() {
        for (cached, shared) in [("a", true), ("b", false)] {
            let asked = Documents { keys: set("a"), keys_as_cached: set(cached), ..Documents::default() };
            let mut joined = asked.clone();
            joined.join_keys();
            let keys =
                |reply: &Option<Reply>| reply.as_ref().and_then(|reply| reply.key_set.clone()).map(|set| set.keys);
            let both = keys(&joined.keys).zip(keys(&joined.keys_as_cached));
            assert_eq!(both.is_some_and(|(one, other)| Arc::ptr_eq(&one, &other)), shared);
            assert_eq!(joined, asked);
        }
    }
}
