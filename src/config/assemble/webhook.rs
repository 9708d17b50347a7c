//! What `[receiver.webhook]` says.

use http::Uri;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use super::telling::is_loopback;
use crate::config::mistake::Notes;
use crate::config::section::{Section, Value};
use crate::notify::webhook::{Settings, Shape, Signer};

/// Keys that belong to one template alone.
const KEYS: [(&str, &str); 2] = [("routing_key", "pagerduty"), ("api_key", "opsgenie")];
/// So long are PagerDuty's integration keys ("Send an Alert Event" of its Events API v2).
const ROUTING_KEY: usize = 32;

/// None if a key that it needs is missing or bad, which has then been told.
pub(super) fn read(section: &Section, notes: &mut Notes) -> Option<Settings> {
    let name = match section.value("template") {
        Some(Value::Text(name)) => name.as_str(),
        Some(_) => "",
        None => "notafter",
    };
    let url = url(section, name, notes);
    let signer = signer(section, notes);
    if section.sound("template") {
        misplaced_keys(section, name, notes);
    }
    let headers = headers(section, name, notes);
    let shape = shape(section, name, notes);
    let known = section.sound("template") && section.sound("headers") && section.sound("signing_secret");
    if !known {
        return None;
    }
    Some(Settings { url: url?, shape: shape?, headers, signer, roots: section.path("roots") })
}

fn url(section: &Section, name: &str, notes: &mut Notes) -> Option<SecretString> {
    if !section.has("url") {
        if let Some(url) = Shape::default_url(name) {
            return Some(url.into());
        }
        let mend = "add `url = { file = \"PATH\" }` or `{ env = \"NAME\" }`; one that is no secret may be written out";
        notes.mistake(section.span.clone(), &section.path_of("url"), "`url` is missing here", mend);
    }
    let url = section.secret("url")?;
    let uri: Uri = url.expose_secret().parse().ok()?;
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let allowed = section.flag("allow_plain").unwrap_or(false) || !section.sound("allow_plain");
    if uri.scheme_str() == Some("http") && !is_loopback(host) && !allowed {
        notes.mistake(
            section.place("url"),
            &section.path_of("url"),
            "what is posted there would leave this machine without TLS",
            "use https://; or `allow_plain = true`, if anyone on the way may read and forge it",
        );
    }
    Some(url)
}

fn signer(section: &Section, notes: &mut Notes) -> Option<Signer> {
    Signer::new(&section.secret("signing_secret")?)
        .map_err(|reason| {
            notes.mistake(
                section.place("signing_secret"),
                &section.path_of("signing_secret"),
                format!("what is held there is no secret of Standard Webhooks: {reason}"),
                "make one: echo \"whsec_$(openssl rand -base64 32)\"",
            );
        })
        .ok()
}

fn misplaced_keys(section: &Section, name: &str, notes: &mut Notes) {
    for (key, of) in KEYS.iter().filter(|(key, of)| section.has(key) && *of != name) {
        notes.mistake(
            section.place(key),
            &section.path_of(key),
            format!("`{key}` stands here without `template = \"{of}\"`"),
            "add that, or take it out",
        );
    }
    for (key, _) in KEYS.iter().filter(|(key, of)| !section.has(key) && *of == name) {
        let mend = format!("add `{key} = {{ file = \"PATH\" }}` or `{{ env = \"NAME\" }}`: the integration's key");
        notes.mistake(section.span.clone(), &section.path_of(key), format!("`{key}` is missing here"), mend);
    }
}

fn headers(section: &Section, name: &str, notes: &mut Notes) -> Vec<(http::HeaderName, SecretString)> {
    let Some(Value::Headers(headers)) = section.value("headers") else { return Vec::new() };
    if name == "opsgenie" && headers.iter().any(|(header, _)| *header == AUTHORIZATION) {
        notes.mistake(
            section.place("headers"),
            &section.path_of("headers"),
            "the header authorization is written by notafter, with `api_key`",
            "take it out",
        );
    }
    headers.clone()
}

fn shape(section: &Section, name: &str, notes: &mut Notes) -> Option<Shape> {
    match (name, section.value("template")) {
        (_, Some(Value::Template(own))) => Some(Shape::Own(own.clone())),
        ("slack", _) => Some(Shape::Slack),
        ("pagerduty", _) => {
            let routing_key = section.secret("routing_key")?;
            if routing_key.expose_secret().chars().count() != ROUTING_KEY {
                notes.mistake(
                    section.place("routing_key"),
                    &section.path_of("routing_key"),
                    "what is held there is no integration key: those have 32 characters",
                    "put the key of an Events API v2 integration there",
                );
            }
            Some(Shape::PagerDuty { routing_key })
        }
        ("opsgenie", _) => Some(Shape::Opsgenie { api_key: section.secret("api_key")? }),
        _ => Some(Shape::Notafter),
    }
}
