//! [`Redactor`]: takes the secrets out of what is kept of an answer. What is taken for one comes out as `***`: too much
//! rather than too little.
//!
//! Of header fields these are the values of cookies and of whatever is named after a secret; of addresses in them the
//! values of every query; of JSON the members named after secrets; of other bodies every long run of letters and digits.
//! Everywhere it is the secrets we were given ourselves, credentials after their scheme (RFC 9110 §11.4), and JSON Web
//! Tokens (RFC 7519).

use serde_json::Value;

use crate::probe::Settings;
use crate::probe::settings::ApiKey;

const HIDDEN: &str = "***";
/// Shorter secrets are none, and would blot out words.
const MIN_SECRET: usize = 4;
/// A run of letters and digits of this length, in a page for people, is no word.
const LONG_RUN: usize = 24;
/// Depth to which JSON is searched; what lies deeper is hidden whole.
const MAX_DEPTH: usize = 32;

/// Members of JSON, and fields of forms, that hold secrets.
const SECRET_NAMES: [&str; 22] = [
    "access_token",
    "refresh_token",
    "id_token",
    "token",
    "mfa_token",
    "client_secret",
    "client_assertion",
    "assertion",
    "secret",
    "password",
    "code",
    "code_verifier",
    "device_code",
    "user_code",
    "state",
    "nonce",
    "otp",
    "ticket",
    "api_key",
    "cname_api_key",
    "cname-api-key",
    "session",
];
/// Parts of the names of header fields that hold secrets.
const SECRET_FIELDS: [&str; 8] =
    ["authorization", "token", "secret", "password", "api-key", "apikey", "credential", "session"];
/// Schemes whose credentials follow after a blank.
const SCHEMES: [&str; 3] = ["bearer ", "basic ", "dpop "];

/// How the parameters of a challenge begin, which asks for credentials and holds none (RFC 9110 §11.6.1, RFC 6750 §3).
const CHALLENGES: [&str; 6] = ["realm=", "error=", "error_description=", "error_uri=", "scope=", "charset="];

/// What must not be kept.
#[derive(Debug)]
pub(super) struct Redactor {
    known: Option<ApiKey>,
}

impl Redactor {
    /// Knows the secrets of these settings.
    pub(super) fn new(settings: &Settings) -> Self {
        Self { known: settings.origin.as_ref().and_then(|origin| origin.key.clone()) }
    }

    /// A path with its query.
    pub(super) fn target(&self, target: &str) -> String {
        // Our own nonce is no secret.
        if target.contains("?notafter=") && !target.contains('&') { target.to_owned() } else { self.address(target) }
    }

    /// The value of a header field.
    pub(super) fn field(&self, name: &str, value: &str) -> String {
        match name {
            "set-cookie" => self.text(&cookie(value)),
            "cookie" | "cookie2" => HIDDEN.to_owned(),
            // It names what is asked for.
            "www-authenticate" | "proxy-authenticate" => self.text(value),
            _ if SECRET_FIELDS.iter().any(|part| name.contains(part)) => HIDDEN.to_owned(),
            _ => self.address(value),
        }
    }

    /// A body.
    pub(super) fn body(&self, body: &str) -> String {
        if let Ok(mut json) = serde_json::from_str::<Value>(body) {
            // As it was written, unless there is something to hide.
            return if hide_members(&mut json, 0) { self.text(&json.to_string()) } else { self.text(body) };
        }
        self.text(&without_long_runs(body))
    }

    /// Any text.
    pub(super) fn text(&self, text: &str) -> String {
        let known = match &self.known {
            Some(key) if key.expose().len() >= MIN_SECRET => key.hidden_in(text),
            _ => text.to_owned(),
        };
        without_tokens(&without_credentials(&known))
    }

    /// A text that may hold an address: the values of its query and fragment are hidden.
    fn address(&self, text: &str) -> String {
        let Some(start) = text.find(['?', '#']) else { return self.text(text) };
        let (path, rest) = text.split_at(start);
        let mut out = path.to_owned();
        let mut in_value = false;
        for c in rest.chars() {
            match c {
                '?' | '#' | '&' | ';' | ' ' | '"' | '>' | ',' => {
                    in_value = false;
                    out.push(c);
                }
                '=' if !in_value => {
                    in_value = true;
                    out.push_str("=***");
                }
                _ if in_value => {}
                c => out.push(c),
            }
        }
        self.text(&out)
    }
}

/// `name=***` with its attributes (RFC 6265 §4.1.1).
fn cookie(value: &str) -> String {
    let (pair, attributes) = value.split_once(';').map_or((value, ""), |(pair, attributes)| (pair, attributes));
    let name = pair.split_once('=').map_or("", |(name, _)| name);
    let end = if attributes.is_empty() { String::new() } else { format!(";{attributes}") };
    format!("{name}={HIDDEN}{end}")
}

/// Whether anything was hidden.
fn hide_members(json: &mut Value, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        *json = Value::String(HIDDEN.to_owned());
        return true;
    }
    let mut hidden = false;
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                if SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str()) && !value.is_null() {
                    *value = Value::String(HIDDEN.to_owned());
                    hidden = true;
                } else {
                    hidden |= hide_members(value, depth + 1);
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                hidden |= hide_members(value, depth + 1);
            }
        }
        _ => {}
    }
    hidden
}

/// Credentials after the name of their scheme.
fn without_credentials(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let found = SCHEMES.iter().filter_map(|scheme| Some((lower.get(at..)?.find(scheme)? + at, scheme.len()))).min();
        let Some((start, length)) = found else { break };
        let value = start + length;
        let rest = text.get(value..).unwrap_or_default();
        let credentials = rest.find(|c: char| c.is_whitespace() || "\",;<>".contains(c)).unwrap_or(rest.len());
        out += text.get(at..value).unwrap_or_default();
        let shown = rest.get(..credentials).unwrap_or_default();
        let is_asked_for = shown.is_empty() || CHALLENGES.iter().any(|name| shown.starts_with(name));
        out += if is_asked_for { shown } else { HIDDEN };
        at = value + credentials;
    }
    out + text.get(at..).unwrap_or_default()
}

/// JSON Web Tokens: parts in base64 with dots between, the first of which opens an object.
fn without_tokens(text: &str) -> String {
    let is_of_it = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let hide = |run: &str| (run.starts_with("eyJ") && run.contains('.')).then(|| HIDDEN.to_owned());
    replaced_runs(text, is_of_it, hide)
}

fn without_long_runs(text: &str) -> String {
    let is_of_it = |c: char| c.is_ascii_alphanumeric() || "-_~%".contains(c);
    let hide = |run: &str| {
        let has = |what: fn(&char) -> bool| run.chars().any(|c| what(&c));
        (run.len() >= LONG_RUN && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic))
            .then(|| HIDDEN.to_owned())
    };
    replaced_runs(text, is_of_it, hide)
}

/// The text with some of its longest runs of such characters replaced.
fn replaced_runs(text: &str, is_of_it: impl Fn(char) -> bool, replace: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_of_it(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        out += &replace(run).unwrap_or_else(|| run.to_owned());
        let next = after.find(&is_of_it).unwrap_or(after.len());
        out += after.get(..next).unwrap_or_default();
        rest = after.get(next..).unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DomainName;
    use crate::probe::{Host, Origin};

    const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";

    fn redactor() -> Redactor {
        let host = Host { name: DomainName::parse("edge.example.com").unwrap(), addresses: Vec::new() };
        let origin = Origin { host, key: Some(ApiKey::new("planted-key".into())) };
        Redactor::new(&Settings { origin: Some(origin), ..Settings::default() })
    }

    #[test]
    fn header_fields_keep_their_form_and_lose_their_secrets() {
        for (name, value, kept) in [
            ("set-cookie", "did=s3cr3t; Path=/; Secure; SameSite=None", "did=***; Path=/; Secure; SameSite=None"),
            ("set-cookie", "alone", "=***"),
            ("cookie", "a=b", "***"),
            ("authorization", "Bearer abc", "***"),
            ("x-access-token", "abc", "***"),
            ("cname-api-key", "abc", "***"),
            ("www-authenticate", r#"Bearer realm="Users", error="x""#, r#"Bearer realm="Users", error="x""#),
            ("location", "/u/login?state=abc&x=y#code=z", "/u/login?state=***&x=***#code=***"),
            ("location", "https://login.example.com/", "https://login.example.com/"),
            ("x-echo", "planted-key and Bearer abc", "*** and Bearer ***"),
            ("x-echo", TOKEN, "***"),
            ("x-auth0-requestid", "0123456789abcdef0123", "0123456789abcdef0123"),
            ("cache-control", "public, max-age=15", "public, max-age=15"),
        ] {
            assert_eq!(redactor().field(name, value), kept, "{name}: {value}");
        }
    }

    #[test]
    fn bodies_keep_what_is_judged_and_lose_their_secrets() {
        for (body, kept) in [
            (
                r#"{"issuer": "https://a/", "token_endpoint": "https://a/oauth/token"}"#,
                r#"{"issuer": "https://a/", "token_endpoint": "https://a/oauth/token"}"#,
            ),
            (r#"{"access_token":"abc","expires_in":1}"#, r#"{"access_token":"***","expires_in":1}"#),
            (r#"{"token":{"value":["abc"]},"secret":null}"#, r#"{"secret":null,"token":"***"}"#),
            (r#"[{"a":{"Client_Secret":"x"}}]"#, r#"[{"a":{"Client_Secret":"***"}}]"#),
            (r#"{"message":"no key planted-key"}"#, r#"{"message":"no key ***"}"#),
            ("<h1>Error 1000</h1>", "<h1>Error 1000</h1>"),
            (r#"<input name="state" value="hKFo2SBsYWItc3RhdGU0123456">"#, r#"<input name="state" value="***">"#),
            ("Authorization: basic YTpi\n", "Authorization: basic ***\n"),
        ] {
            assert_eq!(redactor().body(body), kept);
        }
        assert!(!redactor().body(&format!("<p>{TOKEN}</p>")).contains("eyJ"));
        let deep = "[".repeat(100) + "\"planted\"" + &"]".repeat(100);
        assert!(!redactor().body(&deep).contains("planted"));
    }

    #[test]
    fn targets_keep_our_own_nonce_alone() {
        assert_eq!(redactor().target("/a?notafter=0123456789abcdef"), "/a?notafter=0123456789abcdef");
        assert_eq!(redactor().target("/authorize?client_id=a&state=b"), "/authorize?client_id=***&state=***");
    }
}
