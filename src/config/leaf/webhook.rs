//! What webhooks have: URLs that may be secrets (the heartbeat's as well), templates, headers.

use std::path::PathBuf;

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    USER_AGENT,
};
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use toml::de::DeValue;

use super::{Fault, World, quoted, secret, text, url};
use crate::config::grammar::listed;
use crate::config::hiding::{is_secret_url, is_telling};
use crate::config::reader::nearest;
use crate::config::section::Value;
use crate::notify::webhook::{OwnTemplate, Shape};

const ELSEWHERE: &str =
    "put it into a file of its own or the environment, and write { file = \"PATH\" } or { env = \"NAME\" }";

/// Headers that we write ourselves, or that HTTP has for itself.
const OURS: [HeaderName; 10] =
    [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT];

/// A URL to post to, written out or kept elsewhere.
pub(super) fn target(value: &DeValue<'_>, world: &World<'_>) -> Result<Value, Fault> {
    if let DeValue::String(written) = value {
        return written_out(written);
    }
    let secret = secret::read(value, world)?;
    let Value::Secret(held) = &secret else { return Ok(secret) };
    match url::http(held.expose_secret()) {
        Ok(_) => Ok(secret),
        // What is held there is not repeated.
        Err(_) => Err(Fault::new(
            "what is held there is no URL that begins with http:// or https://",
            "put the URL there, and nothing else",
        )),
    }
}

fn written_out(written: &str) -> Result<Value, Fault> {
    if is_secret_url(written) {
        return Err(Fault::new(
            "whoever knows this URL can post there: a secret is written out in the file",
            ELSEWHERE,
        ));
    }
    url::http(written)?;
    Ok(Value::Secret(SecretString::from(written)))
}

/// One of the words, or a template, which is tried at once.
pub(super) fn template(written: &str, world: &World<'_>) -> Result<Value, Fault> {
    text::text(written)?;
    if Shape::NAMES.contains(&written) {
        return Ok(Value::Text(written.to_owned()));
    }
    let path: PathBuf = world.base.join(written);
    let shown = path.display();
    let source = (world.read_file)(&path).map_err(|reason| {
        let mend = match nearest(written, Shape::NAMES.into_iter()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write {}, or name a template's file", listed(&Shape::NAMES)),
        };
        Fault::new(format!("cannot read {shown}: {reason}"), mend)
    })?;
    let source = String::from_utf8(source)
        .map_err(|_| Fault::new(format!("the template {shown} is not UTF-8 text"), "save it as UTF-8"))?;
    let template = OwnTemplate::new(&path, &source).map_err(|mistake| {
        let mend = "a template makes JSON; what it prints has its quotes already: \"text\": {{ subject }}";
        Fault::new(format!("{shown}: {mistake}"), mend)
    })?;
    Ok(Value::Template(Box::new(template)))
}

/// One header.
pub(in crate::config) fn header(
    name: &str,
    value: &DeValue<'_>,
    world: &World<'_>,
) -> Result<(HeaderName, SecretString), Fault> {
    let parsed: HeaderName = name.parse().map_err(|_| {
        Fault::new(format!("{} is no name for a header", quoted(name)), "take letters, digits and hyphens: X-Team")
    })?;
    if OURS.contains(&parsed) || parsed.as_str().starts_with("webhook-") {
        return Err(Fault::new(format!("the header {parsed} is not to be given: notafter writes it"), "take it out"));
    }
    let held = match value {
        DeValue::String(_) if is_telling(name) || parsed == AUTHORIZATION => {
            return Err(Fault::new("the secret is written out in the file", ELSEWHERE));
        }
        DeValue::String(text) => SecretString::from(text.as_ref()),
        DeValue::Table(_) => match secret::read(value, world)? {
            Value::Secret(secret) => secret,
            _ => return Err(Fault::new("no text was read", ELSEWHERE)),
        },
        _ => return Err(Fault::new("expected a text in quotes, or where a secret is", ELSEWHERE)),
    };
    match HeaderValue::from_str(held.expose_secret()) {
        Ok(_) => Ok((parsed, held)),
        Err(_) => Err(Fault::new(format!("the header {parsed} has characters that no header may have"), "use ASCII")),
    }
}
