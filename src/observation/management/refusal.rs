//! [`Refusal`]: why the Management API gave no answer to work with.

use std::time::Duration;

use serde::Deserialize;

use super::super::bounded;

/// Bytes kept of a message.
const MOST: usize = 300;
/// However long the API asks us to stay away, we come back the next day.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// Why there is no answer to work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There was no connection, or none that verified, or no whole answer in time.
    #[error("{0}")]
    Unreachable(String),
    /// The client's id or secret is wrong, or the token was refused (401).
    #[error("it does not accept our credentials: {0}")]
    Credentials(String),
    /// The client may not read custom domains (403).
    #[error("it does not allow us to read its custom domains: {0}")]
    Forbidden(String),
    /// A page for people where JSON belongs: an access control list, a firewall or a challenge stands before the API.
    #[error("something before the API blocks us (status {status}, {content_type})")]
    Blocked {
        /// The status of the answer.
        status: u16,
        /// The kind of content that came.
        content_type: String,
    },
    /// Too many requests (429).
    #[error("too many requests{}", .retry_after.map(|wait| format!("; come back in {} s", wait.as_secs())).unwrap_or_default())]
    RateLimited {
        /// How long we are to stay away, if it says so.
        retry_after: Option<Duration>,
    },
    /// A fault of the API's own (5xx).
    #[error("a fault of its own (status {0})")]
    Fault(u16),
    /// An answer, but not one that the question has.
    #[error("an answer we cannot read (status {status}): {why}")]
    Unreadable {
        /// The status of the answer.
        status: u16,
        /// What is odd.
        why: String,
    },
    /// We have asked for as many tokens today as we may, and hold none.
    #[error("no token, and no more may be asked for today")]
    NoTokenLeft,
}

/// The error body of the Management API, and that of the token endpoint (RFC 6749, 5.2).
#[derive(Debug, Default, Deserialize)]
struct ErrorBody {
    message: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    #[serde(rename = "errorCode")]
    code: Option<String>,
}

impl Refusal {
    /// What an answer other than 200 says. `retry_after` and `content_type` are its headers of these names.
    pub fn read(status: u16, content_type: Option<&str>, retry_after: Option<&str>, body: &[u8]) -> Self {
        let json: Option<ErrorBody> = serde_json::from_slice(body).ok();
        match (status, &json) {
            (429, _) => Self::RateLimited { retry_after: retry_after.and_then(seconds) },
            (500.., _) => Self::Fault(status),
            // The API's own refusals are JSON, whatever their status.
            (400..500, None) => Self::Blocked { status, content_type: shown(content_type) },
            (401, Some(body)) => Self::Credentials(body.words()),
            // The token endpoint refuses an unknown client, or one without a grant for this API, with these (RFC 6749, 5.2).
            (400 | 403, Some(body)) if body.is_about_the_client() => Self::Credentials(body.words()),
            (403, Some(body)) => Self::Forbidden(body.words()),
            (_, Some(body)) => Self::Unreadable { status, why: body.words() },
            (_, None) => Self::Unreadable { status, why: shown(content_type) },
        }
    }

    /// Whether another token may mend it.
    pub const fn is_about_the_token(&self) -> bool {
        matches!(self, Self::Credentials(_))
    }

    /// A stable word for it: the value of a label.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Credentials(_) => "credentials",
            Self::Forbidden(_) => "forbidden",
            Self::Blocked { .. } => "blocked",
            Self::RateLimited { .. } => "rate_limited",
            Self::Fault(_) => "fault",
            Self::Unreadable { .. } => "unreadable",
            Self::NoTokenLeft => "no_token_left",
        }
    }
}

impl ErrorBody {
    fn is_about_the_client(&self) -> bool {
        matches!(self.error.as_deref(), Some("invalid_client" | "unauthorized_client" | "access_denied"))
    }

    fn words(&self) -> String {
        let said = [&self.error, &self.code, &self.message, &self.error_description].into_iter().flatten();
        let said: Vec<&str> = said.map(String::as_str).collect();
        bounded(if said.is_empty() { "it does not say why".to_owned() } else { said.join(", ") }, MOST)
    }
}

/// RFC 9110, 10.2.3; a date there is not used by Auth0, and is passed over.
fn seconds(retry_after: &str) -> Option<Duration> {
    retry_after.trim().parse().ok().map(Duration::from_secs).map(|wait| wait.min(LONGEST_WAIT))
}

fn shown(content_type: Option<&str>) -> String {
    bounded(content_type.unwrap_or("no content type").to_owned(), 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_named() {
        let json = Some("application/json");
        let api = |error: &str| format!(r#"{{"statusCode":0,"error":"{error}","message":"why","errorCode":"code"}}"#);
        let cases = [
            (401, json, api("Unauthorized"), "credentials"),
            (403, json, api("access_denied"), "credentials"),
            (400, json, r#"{"error":"invalid_client"}"#.to_owned(), "credentials"),
            (403, json, api("Forbidden"), "forbidden"),
            (403, Some("text/html"), "<html>".to_owned(), "blocked"),
            (429, json, api("Too Many Requests"), "rate_limited"),
            (503, Some("text/html"), "<html>".to_owned(), "fault"),
            (404, json, api("Not Found"), "unreadable"),
            (302, None, String::new(), "unreadable"),
        ];
        for (status, content_type, body, expected) in cases {
            let refusal = Refusal::read(status, content_type, None, body.as_bytes());
            assert_eq!(refusal.as_str(), expected, "{status} {body}: {refusal}");
        }
    }

    #[test]
    fn what_the_api_says_is_kept_in_bounds() {
        let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(10_000));
        let Refusal::Forbidden(words) = Refusal::read(403, None, None, long.as_bytes()) else { panic!() };
        assert!(words.len() <= MOST + 3, "{}", words.len());
    }

    #[test]
    fn staying_away_has_a_bound() {
        let waits = |header| match Refusal::read(429, None, Some(header), b"") {
            Refusal::RateLimited { retry_after } => retry_after,
            other => panic!("{other}"),
        };
        assert_eq!(waits("30"), Some(Duration::from_secs(30)));
        assert_eq!(waits("99999999999"), Some(LONGEST_WAIT));
        assert_eq!(waits("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
