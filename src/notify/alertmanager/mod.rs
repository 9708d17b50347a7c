//! Alertmanager's API, version 2: the [`Settings`] of a receiver, and the [`Peers`] that are posted its alerts.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::http::{Answer, Poster, PosterError, Target};
use crate::domain::UnixTime;
use crate::incident::alerts::{self, Posted};

/// Where alerts are posted, below a peer's URL (Alertmanager's `api/v2/openapi.yaml`).
const PATH: &str = "/api/v2/alerts";
/// From looking up a peer's name to the head of its answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A test alert is over after so many seconds.
const TEST_LASTS: i64 = 60;

/// A receiver that is an Alertmanager, or a cluster of them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How it is shown alerts, the URLs of its peers among it.
    pub alerts: alerts::Settings,
    /// Who we are to the peers.
    pub credentials: Option<Credentials>,
    /// A PEM file with the roots the peers are checked against, instead of the system's.
    pub roots: Option<PathBuf>,
}

/// Who we are to an Alertmanager.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A user name and a password (RFC 7617).
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// A token (RFC 6750).
    Bearer(SecretString),
}

/// The peers of one receiver.
#[derive(Debug)]
pub struct Peers {
    alerts: alerts::Settings,
    posters: Vec<(String, Poster)>,
}

/// A peer that cannot be posted to.
#[derive(Debug, thiserror::Error)]
#[error("{peer}: {error}")]
pub struct PeerError {
    /// Its URL.
    pub peer: String,
    /// Why not.
    pub error: PosterError,
}

impl Peers {
    /// The peers that the settings name. Reads the roots; connects to nobody.
    pub fn new(settings: &Settings) -> Result<Self, PeerError> {
        let poster = |peer: &String| {
            let mut target = Target::new(format!("{}{PATH}", peer.trim_end_matches('/')).into());
            target.timeout = TIMEOUT;
            target.roots.clone_from(&settings.roots);
            if let Some(credentials) = &settings.credentials {
                target.headers.push((AUTHORIZATION, credentials.header()));
                target.hide.push(credentials.secret().clone());
            }
            let poster = Poster::new(&target).map_err(|error| PeerError { peer: peer.clone(), error })?;
            Ok((peer.clone(), poster))
        };
        let posters = settings.alerts.peers.iter().map(poster).collect::<Result<_, _>>()?;
        Ok(Self { alerts: settings.alerts.clone(), posters })
    }

    /// How they are shown alerts.
    pub const fn alerts(&self) -> &alerts::Settings {
        &self.alerts
    }

    /// Posts a body once to the peer of this URL.
    pub async fn post(&self, peer: &str, body: String) -> Posted {
        match self.posters.iter().find(|(name, _)| name == peer) {
            Some((_, poster)) => post(poster, body).await,
            None => Posted::Deferred { error: "the peer is no longer configured".to_owned(), wait: None },
        }
    }

    /// Posts a test alert to every peer: of severity `none`, and over after a minute, so that it pages nobody whose
    /// routes do not ask for it. What came of it, a peer a line.
    pub async fn test(&self, now: UnixTime) -> Result<String, String> {
        let body = test_alert(now);
        let mut lines = Vec::new();
        let mut failed = false;
        for (peer, poster) in &self.posters {
            lines.push(match post(poster, body.clone()).await {
                Posted::Accepted => format!("{peer} took the alert NotafterTest, severity none, over in a minute."),
                Posted::Refused { error } | Posted::Deferred { error, .. } => {
                    failed = true;
                    format!("{peer} did not take the test alert: {error}")
                }
            });
        }
        if failed { Err(lines.join("\n")) } else { Ok(lines.join("\n")) }
    }
}

impl Credentials {
    fn header(&self) -> SecretString {
        match self {
            Self::Basic { username, password } => {
                let pair = format!("{username}:{}", password.expose_secret());
                format!("Basic {}", BASE64_STANDARD.encode(pair)).into()
            }
            Self::Bearer(token) => format!("Bearer {}", token.expose_secret()).into(),
        }
    }

    const fn secret(&self) -> &SecretString {
        match self {
            Self::Basic { password: secret, .. } | Self::Bearer(secret) => secret,
        }
    }
}

async fn post(poster: &Poster, body: String) -> Posted {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match poster.post(Bytes::from(body), &headers).await {
        Ok(answer) => judged(&poster.at(), &answer),
        Err(error) => Posted::Deferred { error: error.to_string(), wait: None },
    }
}

/// What an answer means. Only what is about the alerts themselves is a refusal: a wrong password or path is mended by the
/// operator, and then the same alerts are taken.
fn judged(at: &str, answer: &Answer) -> Posted {
    let says = if answer.body_head.is_empty() { String::new() } else { format!(": {}", answer.body_head) };
    let error = format!("{at}: status {}{says}", answer.status);
    match answer.status {
        status if status.is_success() => Posted::Accepted,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
            Posted::Refused { error }
        }
        _ => Posted::Deferred { error, wait: answer.retry_after },
    }
}

fn test_alert(now: UnixTime) -> String {
    json!([{
        "labels": { "alertname": "NotafterTest", "severity": "none" },
        "annotations": {
            "summary": "notafter: a test, nothing is wrong",
            "description": "Somebody ran `notafter mail test`. Alerts about your domains will come this way.",
        },
        "startsAt": now,
        "endsAt": now.plus(TEST_LASTS),
    }])
    .to_string()
}
