//! Single values: what is written at a key, by the key's [`Kind`], to what is meant by it.

mod address;
mod duration;
mod hours;
mod secret;
mod text;
mod url;
mod webhook;

pub(super) use webhook::header;

use std::io;
use std::ops::Range;
use std::path::Path;

use toml::de::DeValue;

use super::grammar::Kind;
use super::section::Value;

/// What the meaning of a file depends on besides its text.
pub struct World<'a> {
    /// The folder that relative paths begin at.
    pub base: &'a Path,
    /// Looks up an environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file that the configuration names.
    pub read_file: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Why what is written at a key is not what may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// A part of the value, where the whole would say too little.
    pub(super) span: Option<Range<usize>>,
    /// What is wrong, and what was expected.
    pub(super) message: String,
    /// How to mend it.
    pub(super) mend: String,
}

impl Fault {
    fn new(message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { span: None, message: message.into(), mend: mend.into() }
    }
}

/// Reads a single value. Lists and tables are not single: the reader takes them apart.
pub(super) fn read(kind: &Kind, value: &DeValue<'_>, world: &World<'_>) -> Result<Value, Fault> {
    match (kind, value) {
        (Kind::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Count(least, most), DeValue::Integer(number)) => {
            let read = u32::from_str_radix(number.as_str(), number.radix()).ok();
            read.filter(|count| (*least..=*most).contains(count)).map(Value::Count).ok_or_else(|| {
                Fault::new(
                    format!("{number} is out of bounds, {} was expected", kind.expected()),
                    "take a number within them",
                )
            })
        }
        (Kind::Threshold, _) => duration::threshold(value),
        (Kind::Secret, _) => secret::read(value, world),
        (Kind::Target, DeValue::String(text)) => {
            url::refuse_password(kind, text)?;
            webhook::target(value, world)
        }
        (Kind::Target, DeValue::Table(_)) => webhook::target(value, world),
        (Kind::Time, DeValue::Datetime(time)) => text::time(&time.to_string()),
        (Kind::Time, DeValue::String(time)) => text::time(time),
        (Kind::Moment, DeValue::Datetime(time)) => hours::moment(&time.to_string()),
        (
            Kind::Flag
            | Kind::Count(..)
            | Kind::Labels
            | Kind::Matches
            | Kind::Headers
            | Kind::List(..)
            | Kind::Table(_)
            | Kind::Tables(_),
            _,
        ) => Err(wrong_type(kind, value)),
        (_, DeValue::String(text)) => from_text(kind, text, world),
        _ => Err(wrong_type(kind, value)),
    }
}

fn from_text(kind: &Kind, text: &str, world: &World<'_>) -> Result<Value, Fault> {
    url::refuse_password(kind, text)?;
    match kind {
        Kind::Ascii => text::ascii(text),
        Kind::Word => text::word(text),
        Kind::Choice(words) => text::choice(words, text),
        Kind::Duration(least) => duration::duration(text, *least).map(Value::Duration),
        Kind::Name => text::name(text),
        Kind::RecordName => text::record_name(text),
        Kind::Address(port) => address::address(text, *port),
        Kind::Ip => address::ip(text),
        Kind::Nameserver => address::nameserver(text),
        Kind::HostPort => address::host_port(text),
        Kind::HttpUrl => url::http(text),
        Kind::Relay => url::relay(text),
        Kind::Template => webhook::template(text, world),
        Kind::Path => text::path(text, world),
        Kind::Pem => text::pem(text, world),
        Kind::LogList => text::log_list(text, world),
        Kind::Distrust => text::distrust(text, world),
        Kind::Roots if matches!(text, "mozilla" | "system") => Ok(Value::Text(text.to_owned())),
        Kind::Roots => text::pem(text, world),
        Kind::Mailbox => text::mailbox(text),
        Kind::Zone => hours::zone(text, world),
        Kind::Days => hours::days(text),
        Kind::Moment => hours::moment(text),
        _ => text::text(text),
    }
}

/// The fault of a value that is of another type than is expected.
pub(super) fn wrong_type(kind: &Kind, value: &DeValue<'_>) -> Fault {
    let mend = match (kind, value) {
        (Kind::Duration(_) | Kind::Threshold, DeValue::Integer(number)) => {
            format!("write it in quotes and with its unit: \"{}s\" or \"{0}d\"", number.as_str())
        }
        (Kind::Flag, DeValue::String(_)) => "write true or false without quotes".to_owned(),
        (Kind::Count(..), DeValue::String(_)) => "write the number without quotes".to_owned(),
        (Kind::List(..), DeValue::String(_)) => "put it in brackets: [\"...\"]".to_owned(),
        (Kind::Table(_), _) => "write its keys under a heading in single brackets".to_owned(),
        (Kind::Tables(_), DeValue::Table(_)) => {
            "write its heading in double brackets: it may stand more than once".to_owned()
        }
        _ => format!("write {}", kind.expected()),
    };
    Fault::new(format!("expected {}, found {}", kind.expected(), found(value)), mend)
}

fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A text from the file as a message may show it: quoted, escaped and cut.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 80;
    let cut: String = text.chars().take(MOST).collect();
    if cut.len() < text.len() { format!("{cut:?}...") } else { format!("{cut:?}") }
}
