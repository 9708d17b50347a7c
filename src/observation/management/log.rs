//! [`read_token_logs`]: what the tenant's log says of tokens that were given to a machine (`seccft`): from which address
//! the client came, by Auth0's lights, and by which host it asked.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::UnixTime;
use crate::observation::bounded;

/// Characters kept of an address or a host name.
const MOST: usize = 300;

/// A token that was given, as the tenant's log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLog {
    /// When it was given.
    pub at: UnixTime,
    /// The address that Auth0 takes for the client's.
    pub ip: String,
    /// The host that was asked, if the log says so.
    pub hostname: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    date: String,
    r#type: String,
    ip: Option<String>,
    hostname: Option<String>,
}

/// Reads a list of log entries; those of other kinds, and those that cannot be read, are passed over. The error says,
/// for people, why it is no list.
pub fn read_token_logs(body: &[u8]) -> Result<Vec<TokenLog>, String> {
    let entries: Vec<Value> = serde_json::from_slice(body).map_err(|error| format!("no list: {error}"))?;
    let readable = entries.into_iter().filter_map(|entry| serde_json::from_value::<Entry>(entry).ok());
    let given = readable.filter(|entry| entry.r#type == "seccft").filter_map(|entry| {
        Some(TokenLog {
            at: UnixTime::parse_rfc3339(&entry.date)?,
            ip: bounded(entry.ip?, MOST),
            hostname: entry.hostname.filter(|host| !host.is_empty()).map(|host| bounded(host, MOST)),
        })
    });
    Ok(given.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_tokens_are_read_and_others_passed_over() {
        let body = br#"[{"date":"2026-11-24T08:00:00.123Z","type":"seccft","client_id":"abc","ip":"192.0.2.7",
            "hostname":"login.example.com"},{"date":"2026-11-24T08:00:00Z","type":"fapi","ip":"192.0.2.8"},7,
            {"date":"then","type":"seccft","ip":"192.0.2.9"},{"date":"2026-11-24T07:00:00Z","type":"seccft","ip":"::1"}]"#;
        let logs = read_token_logs(body).unwrap();
        let read: Vec<(&str, Option<&str>)> =
            logs.iter().map(|log| (log.ip.as_str(), log.hostname.as_deref())).collect();
        assert_eq!(read, [("192.0.2.7", Some("login.example.com")), ("::1", None)]);
        assert_eq!(Some(logs[0].at), UnixTime::parse_rfc3339("2026-11-24T08:00:00Z"));
        for body in ["", "{}", "<html>"] {
            assert!(read_token_logs(body.as_bytes()).is_err());
        }
    }
}
