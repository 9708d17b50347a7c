//! [`Answer`]: what a server said to a post.

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// A server that asks us to come back later than this is asked again then all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What a server said to a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, a redirect's among them: none is followed.
    pub status: StatusCode,
    /// How long it asks us to wait (RFC 9110 §10.2.3), an hour at most.
    pub retry_after: Option<Duration>,
    /// The beginning of the body: plain, on one line, bounded, without our secrets.
    pub body_head: String,
}

impl Answer {
    pub(super) fn read(parts: &Parts, body_head: String) -> Self {
        Self { status: parts.status, retry_after: retry_after(&parts.headers), body_head }
    }
}

/// Seconds, or a date, which is taken by the server's own clock: ours may be another.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let asked = text(RETRY_AFTER)?;
    let wait = match asked.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let from = date(text(DATE)?)?;
            Duration::try_from(date(asked)?.duration_since(from)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

fn date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_server_says_when_to_come_back_in_seconds_or_by_its_clock() {
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        for (asked, date, wait) in [
            ("7", None, Some(7)),
            (" 0 ", None, Some(0)),
            ("86400", None, Some(3600)),
            ("99999999999999999999999", None, None),
            ("-1", None, None),
            ("soon", Some(date), None),
            ("Wed, 21 Oct 2015 07:30:00 GMT", Some(date), Some(120)),
            ("Wed, 21 Oct 2015 07:20:00 GMT", Some(date), Some(0)),
            ("Wed, 21 Oct 2099 07:20:00 GMT", Some(date), Some(3600)),
            ("Wed, 21 Oct 2015 07:30:00 GMT", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(asked));
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            assert_eq!(retry_after(&headers), wait.map(Duration::from_secs), "{asked}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
