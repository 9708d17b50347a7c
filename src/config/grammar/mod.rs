//! What may stand in the file: [`Table`]s of [`Key`]s, each with its [`Kind`] and what it means. The parser, the
//! JSON Schema and the reference page all come from this one description.

use std::collections::BTreeSet;

mod page;
mod schema;
mod tables;

pub(super) use page::reference;
pub(super) use schema::schema;
pub(super) use tables::ROOT;

/// A table of the file.
#[derive(Debug)]
pub(super) struct Table {
    /// What it is for.
    pub(super) doc: &'static str,
    /// Its keys, in groups: a `[[domain]]` has those of `[probe]` beside its own.
    pub(super) groups: &'static [&'static [Key]],
}

impl Table {
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// The names of its keys and of those of the tables in it.
    pub(super) fn names(&self) -> BTreeSet<&'static str> {
        let inner = |key: &Key| match key.kind {
            Kind::Table(table) | Kind::Tables(table) => table.names(),
            _ => BTreeSet::new(),
        };
        self.keys().flat_map(|key| inner(key).into_iter().chain([key.name])).collect()
    }

    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }

    /// The headings below which a key of this name may stand, this table's own being `heading`.
    pub(super) fn headings(&self, name: &str, heading: &str) -> Vec<String> {
        let below = |key: &Key| match (key.kind, heading) {
            (Kind::Table(table) | Kind::Tables(table), "") => table.headings(name, key.name),
            (Kind::Table(table) | Kind::Tables(table), _) => table.headings(name, &format!("{heading}.{}", key.name)),
            _ => Vec::new(),
        };
        let own = self.key(name).map(|_| heading.to_owned());
        own.into_iter().chain(self.keys().flat_map(below)).collect()
    }
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    /// As it is written.
    pub(super) name: &'static str,
    /// What may stand there.
    pub(super) kind: Kind,
    /// What it means, one sentence or two.
    pub(super) doc: &'static str,
    /// What holds without it, written in TOML.
    pub(super) default: Option<&'static str>,
    /// Its table is a mistake without it.
    pub(super) required: bool,
}

impl Key {
    pub(super) const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, doc, default: None, required: false }
    }

    pub(super) const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// What may stand at a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Any text of one line, not empty.
    Text,
    /// As text, but fit for an HTTP header: printable ASCII.
    Ascii,
    /// The name of a receiver.
    Word,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number within these bounds.
    Count(u32, u32),
    /// A span of at least so many milliseconds.
    Duration(u64),
    /// A span before an expiry, a share of the lifetime, or one of each.
    Threshold,
    /// A host name.
    Name,
    /// A name of a record, which may hold underscores.
    RecordName,
    /// An IP address and a port; the port may be left out where there is a default.
    Address(Option<u16>),
    /// An IP address without a port.
    Ip,
    /// A resolver: the system's, an address, or one over TLS or HTTPS.
    Nameserver,
    /// A host name or IP address, and a port.
    HostPort,
    /// An `http://` or `https://` URL.
    HttpUrl,
    /// An `http://` or `https://` URL that may be a secret: written out if it is none, or held elsewhere.
    Target,
    /// One of the webhooks' templates, or the path of one.
    Template,
    /// Names of HTTP headers, each with a text or a secret.
    Headers,
    /// The URL of a mail relay.
    Relay,
    /// The URL of a PostgreSQL database.
    Postgres,
    /// The path of a file, which need not exist.
    Path,
    /// The path of a PEM file with certificates.
    Pem,
    /// The path of a list of certificate transparency logs.
    LogList,
    /// The path of a list of CAs that are not trusted any more.
    Distrust,
    /// `mozilla`, `system`, or the path of a PEM file.
    Roots,
    /// `{ env = … }` or `{ file = … }`.
    Secret,
    /// A mailbox as in a mail's header.
    Mailbox,
    /// A date and time with its offset.
    Time,
    /// A time of day, or a date and time with an offset or without.
    Moment,
    /// A day of the week, or a span of them.
    Days,
    /// A time zone of the IANA database.
    Zone,
    /// Names and texts.
    Labels,
    /// Names, each with a text or a list of texts, one of which it must be.
    Matches,
    /// A list of these, with at least so many.
    List(&'static Self, usize),
    /// A table.
    Table(&'static Table),
    /// A list of tables.
    Tables(&'static Table),
}

impl Kind {
    /// What is expected, as a message says it after "expected".
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Text | Self::Ascii | Self::Word => "a text in quotes".to_owned(),
            Self::Choice(words) => format!("one of {}", listed(words)),
            Self::Flag => "true or false".to_owned(),
            Self::Count(least, most) => format!("a whole number from {least} to {most}"),
            Self::Duration(_) => "a duration such as \"500ms\", \"90s\", \"5m\", \"2h\" or \"30d\"".to_owned(),
            Self::Threshold => {
                "a span, a share of the lifetime, or a list of both such as [\"21d\", \"25%\"]".to_owned()
            }
            Self::Name | Self::RecordName => "a domain name in quotes".to_owned(),
            Self::Address(_) => "an IP address and port in quotes, such as \"127.0.0.1:8443\"".to_owned(),
            Self::Ip => "an IP address in quotes, such as \"203.0.113.7\"".to_owned(),
            Self::Nameserver => {
                "a resolver in quotes: \"system\", \"192.0.2.53\", \"tls://192.0.2.53#dns.example\" or \
                 \"https://dns.example/dns-query#192.0.2.53\""
                    .to_owned()
            }
            Self::HostPort => "a host and port in quotes, such as \"example.com:443\"".to_owned(),
            Self::HttpUrl => "a URL in quotes, such as \"https://example.com/ping\"".to_owned(),
            Self::Target => "a URL in quotes, { env = \"NAME\" } or { file = \"PATH\" }".to_owned(),
            Self::Template => {
                "`notafter`, `slack`, `pagerduty`, `opsgenie` or the path of a template, in quotes".to_owned()
            }
            Self::Headers => "names and texts or secrets such as { X-Team = \"identity\" }".to_owned(),
            Self::Relay => "a relay in quotes, such as \"smtps://mail.example.com:465\"".to_owned(),
            Self::Postgres => "a URL in quotes, such as \"postgres://db.example.com/notafter\"".to_owned(),
            Self::Path | Self::Pem | Self::LogList | Self::Distrust => "the path of a file in quotes".to_owned(),
            Self::Roots => "\"mozilla\", \"system\" or the path of a PEM file".to_owned(),
            Self::Secret => "{ env = \"NAME\" } or { file = \"PATH\" }".to_owned(),
            Self::Mailbox => "a mail address in quotes".to_owned(),
            Self::Time => "a time such as \"2026-05-01T12:00:00Z\"".to_owned(),
            Self::Moment => {
                "a time of day such as \"02:00\", or a date and time such as \"2026-05-01T22:00\"".to_owned()
            }
            Self::Days => "a day of the week such as \"sat\", or a span such as \"mon-fri\"".to_owned(),
            Self::Zone => "a time zone such as \"Europe/Berlin\"".to_owned(),
            Self::Labels => "names and texts such as { team = \"identity\" }".to_owned(),
            Self::Matches => {
                "names and texts, or lists of texts, such as { team = [\"identity\", \"shop\"] }".to_owned()
            }
            Self::List(items, _) => format!("a list in brackets, each {}", items.expected()),
            Self::Table(_) => "a table, under a heading in single brackets".to_owned(),
            Self::Tables(_) => "tables, each under a heading in double brackets".to_owned(),
        }
    }
}

/// `a`, `b` or `c`, each in backquotes.
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
