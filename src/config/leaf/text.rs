//! Texts: words, names, paths, mailboxes, times.

use std::path::PathBuf;

use lettre::message::Mailbox;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::{Fault, World, quoted};
use crate::config::grammar::listed;
use crate::config::section::Value;
use crate::domain::{DomainName, NameError, UnixTime};
use crate::trust::{DistrustList, LogList};

/// Any text of one line.
pub(super) fn text(text: &str) -> Result<Value, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new("the text is empty", "write something, or leave the key out"));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::new("the text holds a line break or another control character", "write it in one line"));
    }
    Ok(Value::Text(text.to_owned()))
}

/// A text that may stand in an HTTP header.
pub(super) fn ascii(contact: &str) -> Result<Value, Fault> {
    match contact.chars().find(|c| !c.is_ascii()) {
        Some(found) => Err(Fault::new(format!("{found:?} cannot stand in an HTTP header"), "write it in ASCII")),
        None => text(contact),
    }
}

/// The name of a receiver.
pub(super) fn word(text: &str) -> Result<Value, Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(allowed) {
        return Err(Fault::new(
            format!("{} is no name for a receiver", quoted(text)),
            "take up to 64 letters, digits, `_`, `-` and dots",
        ));
    }
    Ok(Value::Text(text.to_owned()))
}

/// One of a few words.
pub(super) fn choice(words: &[&str], text: &str) -> Result<Value, Fault> {
    if words.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    Err(Fault::new(format!("{} is none of the words for this", quoted(text)), format!("write {}", listed(words))))
}

/// A host name.
pub(super) fn name(text: &str) -> Result<Value, Fault> {
    DomainName::parse(text).map(Value::Name).map_err(|reason| bad_name(text, &reason))
}

/// A name of a record.
pub(super) fn record_name(text: &str) -> Result<Value, Fault> {
    DomainName::parse_record(text).map(Value::Name).map_err(|reason| bad_name(text, &reason))
}

fn bad_name(text: &str, reason: &NameError) -> Fault {
    let mend = match reason {
        NameError::IsAddress(_) => "write the domain's name; an address to connect to goes under `addresses`",
        NameError::Character { found: ':' | '/' } => "write the bare name, without scheme, port or path",
        NameError::Character { found: '*' } => "write each name by itself; a wildcard cannot be looked at",
        _ => "write a name such as \"login.example.com\"",
    };
    Fault::new(format!("{} is no domain name: {reason}", quoted(text)), mend)
}

/// A path, from the configuration's folder where it is relative.
pub(super) fn path(path: &str, world: &World<'_>) -> Result<Value, Fault> {
    text(path)?;
    Ok(Value::Path(world.base.join(path)))
}

/// A PEM file with at least one certificate.
pub(super) fn pem(file: &str, world: &World<'_>) -> Result<Value, Fault> {
    text(file)?;
    let path: PathBuf = world.base.join(file);
    let shown = path.display();
    let mend = "name a PEM file that notafter's user may read; relative paths begin at the configuration's folder";
    let bytes =
        (world.read_file)(&path).map_err(|reason| Fault::new(format!("cannot read {shown}: {reason}"), mend))?;
    if !CertificateDer::pem_slice_iter(&bytes).any(|certificate| certificate.is_ok()) {
        return Err(Fault::new(format!("{shown} holds no certificate in PEM"), mend));
    }
    Ok(Value::Path(path))
}

/// A list of certificate transparency logs.
pub(super) fn log_list(file: &str, world: &World<'_>) -> Result<Value, Fault> {
    text(file)?;
    let path: PathBuf = world.base.join(file);
    let shown = path.display();
    let mend = "name a `log_list.json` of version 3, as Google publishes it; relative paths begin at the configuration's folder";
    let bytes =
        (world.read_file)(&path).map_err(|reason| Fault::new(format!("cannot read {shown}: {reason}"), mend))?;
    LogList::parse(&bytes).map_err(|reason| Fault::new(format!("{shown}: {reason}"), mend))?;
    Ok(Value::Path(path))
}

/// A list of CAs that are not trusted any more.
pub(super) fn distrust(file: &str, world: &World<'_>) -> Result<Value, Fault> {
    text(file)?;
    let path: PathBuf = world.base.join(file);
    let shown = path.display();
    let mend = "a line each: the SHA-256 of the CA's certificate in hex, then nothing, `issued-after 2026-04-15` or `logged-after 2026-04-15`; relative paths begin at the configuration's folder";
    let bytes =
        (world.read_file)(&path).map_err(|reason| Fault::new(format!("cannot read {shown}: {reason}"), mend))?;
    DistrustList::parse(&String::from_utf8_lossy(&bytes))
        .map_err(|reason| Fault::new(format!("{shown}: {reason}"), mend))?;
    Ok(Value::Path(path))
}

/// A mailbox as in a mail's header.
pub(super) fn mailbox(address: &str) -> Result<Value, Fault> {
    text(address)?;
    address.parse::<Mailbox>().map(|_| Value::Text(address.trim().to_owned())).map_err(|reason| {
        let mend = "write \"oncall@example.com\" or \"On call <oncall@example.com>\"";
        Fault::new(format!("{} is no mail address: {reason}", quoted(address)), mend)
    })
}

/// A date and time with its offset.
pub(super) fn time(text: &str) -> Result<Value, Fault> {
    UnixTime::parse_rfc3339(text).map(Value::Time).ok_or_else(|| {
        Fault::new(
            format!("{} is no time with a date and an offset (RFC 3339)", quoted(text)),
            "write a time such as \"2026-05-01T12:00:00Z\"",
        )
    })
}
