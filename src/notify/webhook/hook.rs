//! [`Hook`]: posts the calls of a mail one after the other, and says of the answers what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::super::http::{Answer, PostError, Poster, PosterError, Target};
use super::super::render::Context;
use super::call::Call;
use super::{Settings, Shape, Signer, trial};
use crate::domain::UnixTime;
use crate::incident::{Delivery, Mail};

/// From looking up the name to the head of an answer: what the Standard Webhooks specification recommends under
/// "Request timeouts" lies between 15 and 30 s.
const PATIENCE: Duration = Duration::from_secs(20);

/// The headers of the Standard Webhooks specification.
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Delivers to one receiver.
pub struct Hook {
    poster: Poster,
    shape: Shape,
    signer: Option<Signer>,
    host: String,
    /// Which calls of a mail that is to be tried again were taken, by its id: these are not made again. A restart
    /// forgets it, and then keys and ids tell the other side what it knows already. Never held over an await.
    taken: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

impl Hook {
    /// A hook with these settings, on the machine of this name. Reads the roots; connects to nobody.
    pub fn new(settings: &Settings, host: String) -> Result<Self, PosterError> {
        let mut target = Target::new(settings.url.clone());
        target.roots.clone_from(&settings.roots);
        target.headers.clone_from(&settings.headers);
        target.timeout = PATIENCE;
        match &settings.shape {
            Shape::PagerDuty { routing_key } => target.hide.push(routing_key.clone()),
            Shape::Opsgenie { api_key } => {
                let header = format!("GenieKey {}", api_key.expose_secret());
                target.headers.push((AUTHORIZATION, header.into()));
                target.hide.push(api_key.clone());
            }
            Shape::Notafter | Shape::Slack | Shape::Own(_) => {}
        }
        let poster = Poster::new(&target)?;
        let (shape, signer) = (settings.shape.clone(), settings.signer.clone());
        Ok(Self { poster, shape, signer, host, taken: Mutex::default() })
    }

    /// Tries once to deliver the mail. What a service does not take now is waited for before the rest is sent; what it
    /// refuses for good does not keep the rest from being sent.
    pub async fn deliver(&self, mail: &Mail, now: UnixTime) -> Delivery {
        let calls = match self.shape.calls(mail, &Context { now, host: &self.host, links: None }) {
            Ok(calls) => calls,
            Err(error) => return Delivery::Rejected { error: format!("no JSON can be made of it: {error}") },
        };
        let mut taken = self.recall(&mail.id);
        let mut refused = Vec::new();
        let began = Instant::now();
        for call in calls.iter().filter(|call| !taken.contains(&call.id)).collect::<Vec<_>>() {
            // Many calls take their time; a receiver takes no timestamp that is minutes old.
            let at = now.plus(i64::try_from(began.elapsed().as_secs()).unwrap_or(0));
            match self.make(call, at).await {
                Outcome::Taken(_) => drop(taken.insert(call.id.clone())),
                Outcome::NotNow { error, wait } => {
                    self.note(&mail.id, taken);
                    return match wait {
                        Some(wait) => Delivery::Postponed { error, wait },
                        None => Delivery::Deferred { error },
                    };
                }
                Outcome::Never(error) => refused.push(error),
            }
        }
        let Some(error) = refused.first() else { return Delivery::Delivered };
        let error = match refused.len() {
            1 if calls.len() == 1 => error.clone(),
            count => format!("{error} ({count} of {} posts were refused)", calls.len()),
        };
        self.note(&mail.id, taken);
        Delivery::Rejected { error }
    }

    /// Posts a test message. Where incidents are kept it is one of the least severity, which is resolved at once: so
    /// the key and both ways are tried, and nobody is left with an alert.
    pub async fn test(&self, now: UnixTime) -> Result<TestReport, TestError> {
        let opened = trial::test_mail("test", &self.host, now);
        let over = self.shape.keeps_incidents().then(|| trial::over(opened.clone()));
        let context = Context { now, host: &self.host, links: None };
        let mut answers = Vec::new();
        for mail in [Some(opened), over].into_iter().flatten() {
            let calls = self.shape.calls(&mail, &context).map_err(TestError)?;
            for call in &calls {
                match self.make(call, now).await {
                    Outcome::Taken(answer) => answers.push(answer),
                    Outcome::NotNow { error, .. } | Outcome::Never(error) => return Err(TestError(error)),
                }
            }
        }
        let (at, signed) = (self.poster.at(), self.signer.is_some());
        Ok(TestReport { at, signed, resolved: self.shape.keeps_incidents(), answers })
    }

    async fn make(&self, call: &Call, at: UnixTime) -> Outcome {
        let posted = self.poster.post_below(&call.below, call.body.clone(), &self.headers(call, at)).await;
        judge(posted, call.may_be_absent, &self.poster.at())
    }

    fn headers(&self, call: &Call, at: UnixTime) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut put = |name, value: &str| {
            // An id from a store that somebody has edited may be unfit for a header.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        put(WEBHOOK_ID, &call.id);
        put(WEBHOOK_TIMESTAMP, &at.0.to_string());
        if let Some(signer) = &self.signer {
            put(WEBHOOK_SIGNATURE, &signer.sign(&call.id, at, &call.body));
        }
        headers
    }

    fn recall(&self, mail: &str) -> BTreeSet<String> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(mail).unwrap_or_default()
    }

    fn note(&self, mail: &str, taken: BTreeSet<String>) {
        if !taken.is_empty() {
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(mail.to_owned(), taken);
        }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("poster", &self.poster).field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// What became of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was taken, with these words.
    Taken(String),
    /// It may be taken later.
    NotNow {
        /// What was said.
        error: String,
        /// How long we are asked to wait.
        wait: Option<Duration>,
    },
    /// It will not be taken, with these words.
    Never(String),
}

/// What an answer means, by its status (RFC 9110 §15): 408, 425 (RFC 8470), 429 (RFC 6585) and 5xx may pass.
pub(super) fn judge(posted: Result<Answer, PostError>, may_be_absent: bool, at: &str) -> Outcome {
    let answer = match posted {
        Ok(answer) => answer,
        Err(error) => return Outcome::NotNow { error: error.to_string(), wait: None },
    };
    let colon = if answer.body_head.is_empty() { "" } else { ": " };
    let said = format!("{at} answers {}{colon}{}", shown(answer.status), answer.body_head);
    match answer.status.as_u16() {
        200..=299 => Outcome::Taken(said),
        404 if may_be_absent => Outcome::Taken(said),
        408 | 425 | 429 | 500..=599 => Outcome::NotNow { error: said, wait: answer.retry_after },
        300..=399 => Outcome::Never(format!("{said}; redirects are not followed, so `url` must be where it leads to")),
        _ => Outcome::Never(said),
    }
}

fn shown(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// How a test message fared. It displays in lines for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// The server's host and port.
    pub at: String,
    /// Whether it was signed.
    pub signed: bool,
    /// Whether an alert was opened and resolved again.
    pub resolved: bool,
    /// What each answer said.
    pub answers: Vec<String>,
}

impl fmt::Display for TestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "posted to {}", self.at)?;
        if self.signed {
            f.write_str(", signed")?;
        }
        if self.resolved {
            f.write_str("\na test alert of the least severity was opened, and resolved again")?;
        }
        self.answers.iter().try_for_each(|answer| write!(f, "\n{answer}"))
    }
}

/// Why a test message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TestError(String);
