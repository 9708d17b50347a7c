//! [`Reader`]: walks the file by the description of what may stand in it, and finds whatever is wrong with a
//! single key: unknown, of the wrong type, out of bounds, missing.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::grammar::{Key, Kind, ROOT, Table, listed};
use super::hiding::leaves;
use super::leaf::{self, Fault, World, quoted};
use super::mistake::Notes;
use super::section::{Entry, Section, Value};

type Node<'i> = Spanned<DeValue<'i>>;

/// Reads tables into sections.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    world: &'a World<'a>,
    /// What was found wrong.
    pub(super) notes: Notes,
    /// What stands at unknown keys and may be a secret.
    pub(super) hidden: Vec<Range<usize>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(world: &'a World<'a>) -> Self {
        Self { world, notes: Notes::default(), hidden: Vec::new() }
    }

    /// Reads a table whose heading stands at `span`.
    pub(super) fn section(
        &mut self,
        table: &'static Table,
        node: &DeTable<'_>,
        span: Range<usize>,
        path: &str,
    ) -> Section {
        let mut section = Section { span, path: path.to_owned(), entries: BTreeMap::new() };
        for (name, value) in node.iter() {
            match table.key(name.get_ref()) {
                None => self.unknown(table, name, value, &section),
                Some(key) => {
                    let path = section.path_of(key.name);
                    let read = self.value(key, value, &path);
                    section.entries.insert(key.name, Entry { span: value.span(), value: read });
                }
            }
        }
        for key in table.keys().filter(|key| key.required && !section.has(key.name)) {
            let mend = format!("add `{}`: {}", key.name, key.kind.expected());
            let path = section.path_of(key.name);
            self.notes.mistake(section.span.clone(), &path, format!("`{}` is missing here", key.name), mend);
        }
        section
    }

    fn value(&mut self, key: &Key, node: &Node<'_>, path: &str) -> Option<Value> {
        match (&key.kind, node.get_ref()) {
            (Kind::Table(table), DeValue::Table(inner)) => {
                Some(Value::Section(self.section(table, inner, node.span(), path)))
            }
            (Kind::Tables(table), DeValue::Array(items)) => self.sections(table, items, path),
            (Kind::List(_, least), DeValue::Array(items)) if items.len() < *least => {
                let default = if key.required { "" } else { ", or take the key out for its default" };
                let mend = format!("name at least one{default}");
                self.fault(Fault { span: None, message: "the list is empty".to_owned(), mend }, node.span(), path)
            }
            (Kind::List(kind, _), DeValue::Array(items)) => self.list(kind, items, path),
            (Kind::Labels, DeValue::Table(labels)) => self.labels(labels, path),
            (Kind::Matches, DeValue::Table(labels)) => self.matches(labels, path),
            (Kind::Headers, DeValue::Table(headers)) => self.headers(headers, path),
            (kind, value) => match leaf::read(kind, value, self.world) {
                Ok(value) => Some(value),
                Err(fault) => self.fault(fault, node.span(), path),
            },
        }
    }

    fn sections(&mut self, table: &'static Table, items: &DeArray<'_>, path: &str) -> Option<Value> {
        let mut sections = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let DeValue::Table(inner) = item.get_ref() {
                sections.push(self.section(table, inner, item.span(), &path));
            } else {
                self.fault::<Value>(leaf::wrong_type(&Kind::Table(table), item.get_ref()), item.span(), &path);
            }
        }
        (sections.len() == items.len()).then_some(Value::Sections(sections))
    }

    fn list(&mut self, kind: &Kind, items: &DeArray<'_>, path: &str) -> Option<Value> {
        let mut list = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match leaf::read(kind, item.get_ref(), self.world) {
                Ok(value) => list.push((item.span(), value)),
                Err(fault) => {
                    self.fault::<Value>(fault, item.span(), &format!("{path}[{index}]"));
                }
            }
        }
        (list.len() == items.len()).then_some(Value::List(list))
    }

    fn labels(&mut self, table: &DeTable<'_>, path: &str) -> Option<Value> {
        let labels = self.by_label(table, path, |reader, value, path| reader.texts(&[value], path)?.pop());
        labels.map(Value::Labels)
    }

    fn matches(&mut self, table: &DeTable<'_>, path: &str) -> Option<Value> {
        let matches = self.by_label(table, path, |reader, value, path| match value.get_ref() {
            DeValue::Array(items) if items.is_empty() => {
                let mend = "name the values, or take the label out".to_owned();
                let fault = Fault { span: None, message: "the list is empty: no domain would match".to_owned(), mend };
                reader.fault(fault, value.span(), path)
            }
            DeValue::Array(items) => reader.texts(&items.iter().collect::<Vec<_>>(), path),
            _ => reader.texts(&[value], path),
        });
        matches.map(Value::Matches)
    }

    /// What stands at each label; none if there is something wrong with one.
    fn by_label<T>(
        &mut self,
        table: &DeTable<'_>,
        path: &str,
        read: impl Fn(&mut Self, &Node<'_>, &str) -> Option<T>,
    ) -> Option<BTreeMap<String, T>> {
        let mut labels = BTreeMap::new();
        for (name, value) in table.iter() {
            let path = format!("{path}.{}", step(name.get_ref()));
            if !is_label(name.get_ref()) {
                let message = format!("{} is no name for a label", quoted(name.get_ref()));
                let mend = "take letters, digits and underscores, not beginning with a digit";
                self.notes.mistake(name.span(), &path, message, mend);
            } else if let Some(read) = read(self, value, &path) {
                labels.insert(name.get_ref().to_string(), read);
            }
        }
        (labels.len() == table.len()).then_some(labels)
    }

    fn texts(&mut self, values: &[&Node<'_>], path: &str) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        for value in values {
            match leaf::read(&Kind::Text, value.get_ref(), self.world) {
                Ok(Value::Text(text)) => texts.push(text),
                Ok(_) => {}
                Err(fault) => _ = self.fault::<Value>(fault, value.span(), path),
            }
        }
        (texts.len() == values.len()).then_some(texts)
    }

    fn headers(&mut self, table: &DeTable<'_>, path: &str) -> Option<Value> {
        let mut headers = Vec::new();
        for (name, value) in table.iter() {
            match leaf::header(name.get_ref(), value.get_ref(), self.world) {
                Ok(header) => headers.push(header),
                Err(fault) => {
                    self.fault::<Value>(fault, value.span(), &format!("{path}.{}", step(name.get_ref())));
                }
            }
        }
        (headers.len() == table.len()).then_some(Value::Headers(headers))
    }

    fn fault<T>(&mut self, fault: Fault, span: Range<usize>, path: &str) -> Option<T> {
        self.notes.mistake(fault.span.unwrap_or(span), path, fault.message, fault.mend);
        None
    }

    fn unknown(&mut self, table: &Table, name: &Spanned<toml::de::DeString<'_>>, value: &Node<'_>, section: &Section) {
        let known: Vec<&str> = table.keys().map(|key| key.name).collect();
        let near = nearest(name.get_ref(), known.iter().copied()).and_then(|near| table.key(near));
        if near.is_none_or(|key| matches!(key.kind, Kind::Secret)) {
            self.hidden.extend(leaves(value));
        }
        let elsewhere = ROOT.headings(name.get_ref(), "");
        let mend = match (near, elsewhere.as_slice()) {
            (_, [heading]) if !heading.is_empty() => format!("it belongs under `{heading}`"),
            (Some(key), _) => format!("did you mean `{}`?", key.name),
            (None, _) => format!("take it out; known here are {}", listed(&known)),
        };
        let place = match section.path.as_str() {
            "" => "at the top of the file".to_owned(),
            path => format!("in `{path}`"),
        };
        let message = format!("unknown key {} {place}", quoted(name.get_ref()));
        self.notes.mistake(name.span(), &section.path_of(&step(name.get_ref())), message, mend);
    }
}

/// A key from the file as a step of a path: bare if it can be, else quoted and escaped.
fn step(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.len() <= 64 && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

/// The known word that is nearest to what was written, if any is near.
pub(super) fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let near = |word: &'k str| {
        let steps = strsim::damerau_levenshtein(&written.to_lowercase().replace('-', "_"), word);
        (steps <= (word.len() / 3).clamp(1, 3)).then_some((steps, word))
    };
    // A key of thousands of characters is near to none, and would take long to compare.
    known.take_while(|_| written.len() <= 64).filter_map(near).min().map(|(_, word)| word)
}

/// A label's name, as Prometheus allows it.
fn is_label(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
