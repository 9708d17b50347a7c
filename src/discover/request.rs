//! [`Read`]: everything that may be asked of the Management API. Each is a GET, and that it is stands here alone.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// How many domains a page holds at most.
const PAGE: usize = 100;

/// A question to the Management API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// The custom domains, from this place in the list on (`GET /api/v2/custom-domains`, scope `read:custom_domains`).
    CustomDomains {
        /// What the page before named as `next`.
        from: Option<String>,
    },
    /// The log entries of the last tokens given to a client (`GET /api/v2/logs`, scope `read:logs`).
    TokenLogs {
        /// The client's id.
        client_id: String,
    },
}

/// Log entries that are read at most: other machines may use the same client.
const ENTRIES: usize = 20;

impl Read {
    /// The path and query of the GET that asks it.
    pub fn target(&self) -> String {
        match self {
            Self::CustomDomains { from } => {
                let mut target = format!("/api/v2/custom-domains?take={PAGE}");
                if let Some(from) = from {
                    target.push_str("&from=");
                    escape(from, &mut target);
                }
                target
            }
            Self::TokenLogs { client_id } => {
                // Lucene's quotes end at a quote: a client id that has one asks for nothing that could be found.
                let mut target = format!("/api/v2/logs?sort=date%3A-1&per_page={ENTRIES}&q=");
                escape(&format!("type:seccft AND client_id:\"{}\"", client_id.replace(['"', '\\'], "")), &mut target);
                target
            }
        }
    }
}

/// All but the unreserved characters (RFC 3986, 2.3) is percent-encoded: the API's own words must not become a
/// request of their own making.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn escape(text: &str, out: &mut String) {
    out.extend(utf8_percent_encode(text, RESERVED));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_by_what_the_one_before_named() {
        let target = |from: Option<&str>| Read::CustomDomains { from: from.map(str::to_owned) }.target();
        assert_eq!(target(None), "/api/v2/custom-domains?take=100");
        assert_eq!(target(Some("cd_1")), "/api/v2/custom-domains?take=100&from=cd_1");
    }

    #[test]
    fn the_log_is_asked_for_one_clients_tokens() {
        let target = Read::TokenLogs { client_id: "a\"b".to_owned() }.target();
        assert_eq!(target, "/api/v2/logs?sort=date%3A-1&per_page=20&q=type%3Aseccft%20AND%20client_id%3A%22ab%22");
    }

    #[test]
    fn what_the_api_names_cannot_lead_elsewhere() {
        let from = Some("x HTTP/1.1\r\nDELETE /../verify?a=b&c#é".to_owned());
        let target = Read::CustomDomains { from }.target();
        let given = target.strip_prefix("/api/v2/custom-domains?take=100&from=").unwrap();
        assert!(given.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)), "{given}");
    }
}
