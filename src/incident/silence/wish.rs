//! [`Wish`]: a silence as somebody asks for it, in JSON. Whatever is wrong with it is told at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::matcher::is_known_code;
use super::{DomainPattern, End, LONGEST, Matcher, Silence, SilenceId};
use crate::domain::{DomainName, UnixTime};
use crate::observation::certificate::Sha256;
use crate::observation::is_hidden;
use crate::verdict::Severity;

const KEYS: [&str; 10] = [
    "domains",
    "labels",
    "codes",
    "max_severity",
    "from",
    "until",
    "for",
    "until_certificate_changes",
    "comment",
    "author",
];
/// Values in a list.
const MOST_VALUES: usize = 100;
/// Characters of a value.
const LONGEST_VALUE: usize = 253;
/// Characters of the comment.
const LONGEST_COMMENT: usize = 500;
const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 7 * 86_400)];

/// A silence that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What it is about.
    pub matcher: Matcher,
    /// From when on; now if not said.
    pub from: Option<UnixTime>,
    /// Until when, at the latest. Only one that waits for certificates may leave it out.
    pub until: Option<Until>,
    /// Whether it ends once the certificates have changed.
    pub until_certificate_changes: bool,
    /// Why.
    pub comment: String,
    /// Who asks for it.
    pub author: Option<String>,
}

/// When a silence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// At this time.
    At(UnixTime),
    /// So many seconds after it began.
    For(i64),
}

impl Wish {
    /// Reads a wish; or says everything that is wrong with it.
    pub fn parse(json: &Value) -> Result<Self, Vec<String>> {
        let Value::Object(object) = json else { return Err(vec!["an object was expected".to_owned()]) };
        let mut form = Form { object, mistakes: Vec::new() };
        let wish = form.wish();
        if form.mistakes.is_empty() { Ok(wish) } else { Err(form.mistakes) }
    }

    /// The silence it comes to now, under this name. `seen` are the leaves that the domains it is about serve.
    pub fn silence(
        self,
        id: SilenceId,
        seen: BTreeMap<DomainName, BTreeSet<Sha256>>,
        now: UnixTime,
    ) -> Result<Silence, Vec<String>> {
        let from = self.from.unwrap_or(now).max(now);
        let latest = match self.until {
            Some(Until::At(at)) => at,
            Some(Until::For(seconds)) => from.plus(seconds),
            None => from.plus(LONGEST),
        };
        let mut mistakes = Vec::new();
        if latest <= from {
            mistakes.push(format!("until: {latest} is not later than the beginning, {from}"));
        }
        if from.until(latest) > LONGEST || now.until(from) > LONGEST {
            mistakes.push(format!("until: at most {} days, and none that begins later than that", LONGEST / 86_400));
        }
        if self.until_certificate_changes && seen.is_empty() {
            mistakes.push(
                "until_certificate_changes: no certificate of the domains it is about has been seen yet".to_owned(),
            );
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let until = match self.until_certificate_changes {
            true => End::CertificateChanges { seen, latest },
            false => End::At(latest),
        };
        Ok(Silence {
            id,
            matcher: self.matcher,
            from,
            until,
            comment: self.comment,
            author: self.author,
            created_at: now,
            last_matched_at: None,
            ended_at: None,
            extra: Map::new(),
        })
    }
}

impl Matcher {
    /// What is wrong with it, if it is to be new: it would match nothing, or everything without saying so.
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = self.mistaken_codes();
        if self.domains.is_empty() && self.labels.is_empty() && self.codes.is_empty() {
            mistakes
                .push("it would silence everything: name domains, labels or codes (`*` is every domain)".to_owned());
        }
        mistakes
    }

    fn mistaken_codes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        for code in self.codes.iter().filter(|code| !is_known_code(code)) {
            mistakes
                .push(format!("codes: there is no code {code:?}; `notafter explain` knows them, `tls.*` is an area"));
        }
        if self.is_of_own_sight() && !self.covers_own_sight() {
            mistakes.push("codes: watch.* belong to no domain; leave domains and labels out".to_owned());
        }
        mistakes
    }
}

/// What was sent, while it is read.
struct Form<'a> {
    object: &'a Map<String, Value>,
    mistakes: Vec<String>,
}

impl Form<'_> {
    fn wish(&mut self) -> Wish {
        for key in self.object.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            self.mistakes.push(format!("{}: no such key; known are {}", shown(key), KEYS.join(", ")));
        }
        let before = self.mistakes.len();
        let matcher = self.matcher();
        let is_whole = self.mistakes.len() == before;
        self.mistakes.extend(if is_whole { matcher.mistakes() } else { matcher.mistaken_codes() });
        let until_certificate_changes = self.flag("until_certificate_changes");
        let until = self.until();
        if until.is_none() && !until_certificate_changes && !self.has("until") && !self.has("for") {
            self.mistakes
                .push("until: a silence must end; give `until`, `for` or `until_certificate_changes`".to_owned());
        }
        let comment = self.text("comment", LONGEST_COMMENT);
        if comment.is_none() && !self.has("comment") {
            self.mistakes.push("comment: say why, for who comes after you".to_owned());
        }
        Wish {
            matcher,
            from: self.time("from"),
            until,
            until_certificate_changes,
            comment: comment.unwrap_or_default(),
            author: self.text("author", LONGEST_VALUE),
        }
    }

    fn matcher(&mut self) -> Matcher {
        let mut domains = Vec::new();
        for text in self.texts("domains") {
            match DomainPattern::parse(&text) {
                Ok(pattern) => domains.push(pattern),
                Err(reason) => self.mistakes.push(format!("domains: {}: {reason}", shown(&text))),
            }
        }
        let codes = self.texts("codes");
        Matcher { domains, labels: self.labels(), codes, max_severity: self.severity() }
    }

    fn has(&self, key: &str) -> bool {
        self.object.get(key).is_some_and(|value| !value.is_null())
    }

    fn text(&mut self, key: &str, most: usize) -> Option<String> {
        let value = self.object.get(key).filter(|value| !value.is_null())?;
        let read = text(value, most);
        if read.is_none() {
            self.mistakes.push(format!("{key}: a text of one line was expected, of at most {most} characters"));
        }
        read
    }

    fn flag(&mut self, key: &str) -> bool {
        match self.object.get(key) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.mistakes.push(format!("{key}: true or false was expected"));
                false
            }
        }
    }

    fn time(&mut self, key: &str) -> Option<UnixTime> {
        let text = self.text(key, LONGEST_VALUE)?;
        let read = UnixTime::parse_rfc3339(&text);
        if read.is_none() {
            let text = shown(&text);
            self.mistakes.push(format!("{key}: {text} is no time such as \"2026-05-01T12:00:00Z\""));
        }
        read
    }

    fn until(&mut self) -> Option<Until> {
        let (at, length) = (self.time("until"), self.text("for", LONGEST_VALUE));
        if at.is_some() && length.is_some() {
            self.mistakes.push("until: give either `until` or `for`".to_owned());
        }
        let Some(length) = length else { return at.map(Until::At) };
        let seconds = seconds(&length);
        if seconds.is_none() {
            self.mistakes.push(format!("for: {} is no duration such as \"90m\", \"4h\" or \"2d\"", shown(&length)));
        }
        seconds.map(Until::For)
    }

    fn severity(&mut self) -> Option<Severity> {
        let text = self.text("max_severity", LONGEST_VALUE)?;
        let read = Severity::parse(&text).filter(|severity| *severity > Severity::Info);
        if read.is_none() {
            self.mistakes.push(format!("max_severity: {} is neither `warning` nor `critical`", shown(&text)));
        }
        read
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.object.get(key).filter(|value| !value.is_null()) else { return Vec::new() };
        list(value).unwrap_or_else(|| {
            self.mistakes.push(format!("{key}: a list of texts was expected, {MOST_VALUES} at most"));
            Vec::new()
        })
    }

    fn labels(&mut self) -> BTreeMap<String, Vec<String>> {
        let wrong = "labels: an object was expected, each value a text or a list of texts";
        match self.object.get("labels") {
            None | Some(Value::Null) => return BTreeMap::new(),
            Some(Value::Object(labels)) if labels.len() <= MOST_VALUES => {
                let read = |(name, value): (&String, &Value)| {
                    let values = text(value, LONGEST_VALUE).map(|one| vec![one]).or_else(|| list(value))?;
                    (!values.is_empty() && name.chars().count() <= LONGEST_VALUE).then(|| (name.clone(), values))
                };
                if let Some(labels) = labels.iter().map(read).collect::<Option<_>>() {
                    return labels;
                }
            }
            Some(_) => {}
        }
        self.mistakes.push(wrong.to_owned());
        BTreeMap::new()
    }
}

/// A text of one line, not empty, and not too long.
fn text(value: &Value, most: usize) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty() && text.chars().count() <= most && !text.chars().any(is_hidden)).then(|| text.to_owned())
}

fn list(value: &Value) -> Option<Vec<String>> {
    let items = value.as_array().filter(|items| items.len() <= MOST_VALUES)?;
    items.iter().map(|item| text(item, LONGEST_VALUE)).collect()
}

/// A stranger's text as a message may show it.
fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(80).collect::<String>())
}

/// A number and its unit: `90m`, `4h`, `2d`.
fn seconds(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let digits = text.strip_suffix(unit).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse::<i64>().ok()?.checked_mul(*size)
}
