//! [`Alert`]: an incident as an Alertmanager is shown it. Its labels are its identity, and the same on every daemon that
//! watches the domain, so that a cluster of Alertmanagers tells people once.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Settings;
use crate::domain::UnixTime;
use crate::incident::Notice;
use crate::observation::{bounded, is_hidden};

/// An alert's identity.
pub(super) type Labels = BTreeMap<String, String>;

/// Labels of the operator's that are taken over, and how long one may be in characters.
const MOST_LABELS: usize = 32;
const LONGEST_LABEL: usize = 200;
/// How long an annotation may be, in characters.
const LONGEST_SUMMARY: usize = 300;
const LONGEST_FACT: usize = 200;
const LONGEST_DESCRIPTION: usize = 2000;

/// An incident as an Alertmanager is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alert {
    pub(super) labels: Labels,
    annotations: BTreeMap<&'static str, String>,
    starts_at: UnixTime,
    generator_url: String,
}

impl Alert {
    /// What a notice of the incident would tell.
    pub(super) fn of(notice: &Notice, settings: &Settings) -> Self {
        Self {
            labels: labels(notice, settings),
            annotations: annotations(notice, settings),
            starts_at: notice.opened_at,
            generator_url: settings.external_url.clone().unwrap_or_default(),
        }
    }

    /// As the API takes it (Alertmanager's `api/v2/openapi.yaml`, `postableAlert`). It never begins in the future, nor
    /// ends before it began, whatever the wall clock did: either would be refused.
    pub(super) fn json(&self, ends_at: UnixTime, now: UnixTime) -> String {
        let starts_at = self.starts_at.min(now);
        let alert = json!({
            "labels": self.labels,
            "annotations": self.annotations,
            "startsAt": starts_at,
            "endsAt": ends_at.max(starts_at),
            "generatorURL": self.generator_url,
        });
        alert.to_string()
    }

    /// Its domain and code, for the log.
    pub(super) fn title(&self) -> String {
        let label = |name| self.labels.get(name).map_or("", String::as_str);
        format!("{} {}", label("domain"), label("code")).trim_start().to_owned()
    }
}

/// The `alertname` of a finding's code: `tls.expires_soon` is `NotafterTlsExpiresSoon`.
pub fn alertname(code: &str) -> String {
    let words = code.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        word.chars()
            .next()
            .map(|first| first.to_ascii_uppercase())
            .into_iter()
            .chain(word.chars().skip(1))
            .collect::<String>()
    };
    bounded(["Notafter".to_owned()].into_iter().chain(words.map(capital)).collect(), LONGEST_LABEL)
}

/// Our own labels come first: the operator's do not change what an alert is. An empty label is none.
fn labels(notice: &Notice, settings: &Settings) -> Labels {
    let own = [
        ("alertname", alertname(&notice.code)),
        ("code", notice.code.clone()),
        ("domain", notice.domain.clone()),
        ("severity", notice.severity.clone()),
        ("view", notice.view.clone()),
        ("family", notice.family.clone()),
    ];
    let mut labels: Labels =
        own.into_iter().map(|(name, value)| (name.to_owned(), plain(&value, LONGEST_LABEL))).collect();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let of_domain = notice.labels.iter().map(|(name, value)| (name, text(value)));
    let of_receiver = settings.labels.iter().filter(|(name, _)| !notice.labels.contains_key(*name));
    let all = of_domain.chain(of_receiver.map(|(name, value)| (name, value.clone())));
    for (name, value) in all.take(MOST_LABELS) {
        let mut name = sanitized(name);
        while labels.contains_key(&name) {
            name.insert_str(0, "label_");
        }
        labels.insert(name, plain(&value, LONGEST_LABEL));
    }
    labels.retain(|_, value| !value.is_empty());
    labels
}

/// A label's name as Alertmanager wants it: `[a-zA-Z_][a-zA-Z0-9_]*`.
fn sanitized(name: &str) -> String {
    let mut out: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if out.chars().next().is_none_or(|first| first.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out.truncate(LONGEST_LABEL);
    out
}

fn annotations(notice: &Notice, settings: &Settings) -> BTreeMap<&'static str, String> {
    let whose = if notice.domain.is_empty() { "notafter" } else { &notice.domain };
    let mut annotations = BTreeMap::from([
        ("summary", plain(&format!("{whose}: {}", notice.title), LONGEST_SUMMARY)),
        ("description", description(notice)),
        ("remedy", plain(&notice.remedy, LONGEST_DESCRIPTION)),
        ("since", notice.opened_at.to_string()),
    ]);
    if notice.in_setup {
        annotations.insert("setup", "never seen healthy yet".to_owned());
    }
    if let Some(base) = &settings.runbook_url {
        annotations.insert("runbook_url", plain(&format!("{base}{}", notice.code), LONGEST_SUMMARY));
    }
    annotations.retain(|_, text| !text.is_empty());
    annotations
}

/// What is wrong, and the evidence for it: a fact a line.
fn description(notice: &Notice) -> String {
    let mut text = plain(&notice.summary, LONGEST_DESCRIPTION);
    for (name, value) in &notice.facts {
        let line = format!("\n{}: {}", plain(name, LONGEST_FACT), plain(&shown(value), LONGEST_FACT));
        if text.chars().count() + line.chars().count() > LONGEST_DESCRIPTION {
            break;
        }
        text.push_str(&line);
    }
    text
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A stranger's text on one line, bounded, and without what a reader would not see.
fn plain(text: &str, most: usize) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    bounded(spaced.filter(|c| !is_hidden(*c)).collect::<String>().trim().to_owned(), most)
}
