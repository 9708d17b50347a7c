//! [`RenewalInfo`]: what a CA says of when a certificate is to be renewed (ACME Renewal Information, RFC 9773).

use serde::{Deserialize, Serialize};

use super::bounded;
use super::certificate::Sha256;
use crate::domain::UnixTime;

/// Characters of an explanation's URL.
const MAX_URL: usize = 300;

/// The window in which a CA suggests that a certificate be renewed (RFC 9773 §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RenewalInfo {
    /// The leaf that it is about.
    pub sha256: Sha256,
    /// When the window begins; one that lies in the past means at once.
    pub start: UnixTime,
    /// When it ends.
    pub end: UnixTime,
    /// Where the CA explains it, if it does: an http or https URL of printable ASCII, bounded.
    pub explanation_url: Option<String>,
}

/// Why an answer is no renewal information.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenewalInfoError {
    /// Not the JSON that is due.
    #[error("no renewal information: {0}")]
    Malformed(String),
    /// The window ends before it begins, which RFC 9773 §4.2 calls invalid.
    #[error("the window ends at {end}, and begins at {start}")]
    Empty {
        /// When it would begin.
        start: UnixTime,
        /// When it would end.
        end: UnixTime,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    suggested_window: Window,
    #[serde(rename = "explanationURL")]
    explanation_url: Option<String>,
}

#[derive(Deserialize)]
struct Window {
    start: String,
    end: String,
}

impl RenewalInfo {
    /// Reads a CA's answer about this leaf.
    pub fn parse(sha256: Sha256, body: &[u8]) -> Result<Self, RenewalInfoError> {
        let malformed = |reason: &str| RenewalInfoError::Malformed(bounded(reason.to_owned(), 200));
        let written: Written = serde_json::from_slice(body).map_err(|error| malformed(&error.to_string()))?;
        let time = |text: &str| UnixTime::parse_rfc3339(text).ok_or_else(|| malformed("a time is none of RFC 3339"));
        let (start, end) = (time(&written.suggested_window.start)?, time(&written.suggested_window.end)?);
        if end <= start {
            return Err(RenewalInfoError::Empty { start, end });
        }
        Ok(Self { sha256, start, end, explanation_url: written.explanation_url.filter(|url| is_shown(url)) })
    }
}

/// Whether a URL is fit to be shown and followed by a person: what is not is left out, for half of one is of no use.
fn is_shown(url: &str) -> bool {
    let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '\\' | '`');
    is_web && url.len() <= MAX_URL && url.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<RenewalInfo, RenewalInfoError> {
        RenewalInfo::parse(Sha256([7; 32]), body.as_bytes())
    }

    fn with_url(url: &str) -> Option<String> {
        let window = serde_json::json!({"start": "2027-01-02T04:00:00Z", "end": "2027-01-03T04:00:00Z"});
        let body = serde_json::json!({"suggestedWindow": window, "explanationURL": url, "other": [1]});
        parse(&body.to_string()).unwrap().explanation_url
    }

    #[test]
    fn the_window_is_read_with_fractions_and_offsets() {
        let body =
            r#"{"suggestedWindow": {"start": "2027-01-02T05:00:00.123456789+01:00", "end": "2027-01-03T04:00:00Z"}}"#;
        let info = parse(body).unwrap();
        assert_eq!(
            (info.start.to_string(), info.end.to_string()),
            ("2027-01-02T04:00:00Z".into(), "2027-01-03T04:00:00Z".into())
        );
        assert_eq!(info.explanation_url, None);
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"suggestedWindow": {}}"#,
            r#"{"suggestedWindow": {"start": "now", "end": "2027-01-03T04:00:00Z"}}"#,
            r#"{"suggestedWindow": {"start": 1, "end": 2}}"#,
        ] {
            assert!(matches!(parse(body), Err(RenewalInfoError::Malformed(_))), "{body}");
        }
        let empty = r#"{"suggestedWindow": {"start": "2027-01-03T04:00:00Z", "end": "2027-01-03T04:00:00Z"}}"#;
        assert!(matches!(parse(empty), Err(RenewalInfoError::Empty { .. })));
    }

    #[test]
    fn only_a_url_that_may_be_shown_is_kept() {
        assert_eq!(with_url("https://ca.example/why?x=1#y").as_deref(), Some("https://ca.example/why?x=1#y"));
        for url in [
            "javascript:alert(1)",
            "https://ca.example/\u{202e}gpj",
            "https://ca.example/<script>",
            "https://ca.example/a b",
            "https://ca.example/\"",
            &format!("https://ca.example/{}", "x".repeat(300)),
        ] {
            assert_eq!(with_url(url), None, "{url}");
        }
    }
}
