//! [`Section`]: a table of the file once it is read: each known key with its place and its [`Value`].

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;
use secrecy::SecretString;

use crate::domain::hours::{TimeOfDay, Weekdays, Zone};
use crate::domain::{DomainName, Threshold, UnixTime};
use crate::notify::email::Security;
use crate::notify::webhook::OwnTemplate;
use crate::probe::Nameserver;

/// What was read at a key. Which of these a key yields is its [`Kind`](super::grammar::Kind)'s to say.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Flag(bool),
    Count(u32),
    Duration(Duration),
    Threshold(Threshold),
    Name(DomainName),
    Address(SocketAddr),
    /// An IP address.
    Ip(IpAddr),
    Relay {
        security: Security,
        host: String,
        port: u16,
    },
    /// A resolver.
    Nameserver(Nameserver),
    Path(PathBuf),
    Secret(SecretString),
    Time(UnixTime),
    /// A time of day.
    TimeOfDay(TimeOfDay),
    /// A date and time without an offset, as it is written.
    LocalTime(String),
    /// One day of the week, or a span of them.
    Days(Weekdays),
    /// A time zone.
    Zone(Zone),
    Labels(BTreeMap<String, String>),
    Matches(BTreeMap<String, Vec<String>>),
    Template(Box<OwnTemplate>),
    Headers(Vec<(HeaderName, SecretString)>),
    List(Vec<(Range<usize>, Self)>),
    Section(Section),
    Sections(Vec<Section>),
}

/// A key that stands in the file.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The place of the value.
    pub(super) span: Range<usize>,
    /// None if there was something wrong with it, which has then been told.
    pub(super) value: Option<Value>,
}

/// A table of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Section {
    /// The place of its heading.
    pub(super) span: Range<usize>,
    /// Its name from the top of the file: `domain[2].auth0`.
    pub(super) path: String,
    pub(super) entries: BTreeMap<&'static str, Entry>,
}

impl Section {
    /// Whether the key was not written, or was written without a mistake.
    pub(super) fn sound(&self, key: &str) -> bool {
        self.entries.get(key).is_none_or(|entry| entry.value.is_some())
    }

    /// Whether the key was written.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The place of a key's value, or of the table's heading if it is not there.
    pub(super) fn place(&self, key: &str) -> Range<usize> {
        self.entries.get(key).map_or_else(|| self.span.clone(), |entry| entry.span.clone())
    }

    /// The key's name from the top of the file.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.value(key)? {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn count(&self, key: &str) -> Option<u32> {
        match self.value(key)? {
            Value::Count(count) => Some(*count),
            _ => None,
        }
    }

    pub(super) fn duration(&self, key: &str) -> Option<Duration> {
        match self.value(key)? {
            Value::Duration(duration) => Some(*duration),
            _ => None,
        }
    }

    pub(super) fn threshold(&self, key: &str) -> Option<Threshold> {
        match self.value(key)? {
            Value::Threshold(threshold) => Some(*threshold),
            _ => None,
        }
    }

    pub(super) fn name(&self, key: &str) -> Option<DomainName> {
        match self.value(key)? {
            Value::Name(name) => Some(name.clone()),
            _ => None,
        }
    }

    pub(super) fn address(&self, key: &str) -> Option<SocketAddr> {
        match self.value(key)? {
            Value::Address(address) => Some(*address),
            _ => None,
        }
    }

    pub(super) fn path(&self, key: &str) -> Option<PathBuf> {
        match self.value(key)? {
            Value::Path(path) => Some(path.clone()),
            _ => None,
        }
    }

    pub(super) fn secret(&self, key: &str) -> Option<SecretString> {
        match self.value(key)? {
            Value::Secret(secret) => Some(secret.clone()),
            _ => None,
        }
    }

    pub(super) fn time(&self, key: &str) -> Option<UnixTime> {
        match self.value(key)? {
            Value::Time(time) => Some(*time),
            _ => None,
        }
    }

    pub(super) fn labels(&self, key: &str) -> BTreeMap<String, String> {
        match self.value(key) {
            Some(Value::Labels(labels)) => labels.clone(),
            _ => BTreeMap::new(),
        }
    }

    pub(super) fn matches(&self, key: &str) -> BTreeMap<String, Vec<String>> {
        match self.value(key) {
            Some(Value::Matches(matches)) => matches.clone(),
            _ => BTreeMap::new(),
        }
    }

    pub(super) fn section(&self, key: &str) -> Option<&Self> {
        match self.value(key)? {
            Value::Section(section) => Some(section),
            _ => None,
        }
    }

    pub(super) fn sections(&self, key: &str) -> &[Self] {
        match self.value(key) {
            Some(Value::Sections(sections)) => sections,
            _ => &[],
        }
    }

    /// The items of a list, each with its place; none if there is no list.
    pub(super) fn list(&self, key: &str) -> Option<&[(Range<usize>, Value)]> {
        match self.value(key)? {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn addresses(&self, key: &str) -> Option<Vec<SocketAddr>> {
        self.each(key, |value| if let Value::Address(address) = value { Some(*address) } else { None })
    }

    pub(super) fn ips(&self, key: &str) -> Option<Vec<IpAddr>> {
        self.each(key, |value| if let Value::Ip(ip) = value { Some(*ip) } else { None })
    }

    pub(super) fn nameservers(&self, key: &str) -> Option<Vec<Nameserver>> {
        self.each(key, |value| if let Value::Nameserver(nameserver) = value { Some(nameserver.clone()) } else { None })
    }

    pub(super) fn durations(&self, key: &str) -> Option<Vec<Duration>> {
        self.each(key, |value| if let Value::Duration(duration) = value { Some(*duration) } else { None })
    }

    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        self.each(key, |value| if let Value::Text(text) = value { Some(text.clone()) } else { None })
    }

    pub(super) fn names(&self, key: &str) -> Option<Vec<DomainName>> {
        self.each(key, |value| if let Value::Name(name) = value { Some(name.clone()) } else { None })
    }

    fn each<T>(&self, key: &str, pick: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
        Some(self.list(key)?.iter().filter_map(|(_, value)| pick(value)).collect())
    }

    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)?.value.as_ref()
    }
}
