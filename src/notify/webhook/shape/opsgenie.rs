//! Opsgenie's Alert API (docs.opsgenie.com, "Alert API"), which Jira Service Management has inherited
//! (developer.atlassian.com, "Integration events"): an alert for each incident, closed at its end.
//!
//! Characters: message 130, alias 512, description 15,000, entity 512, source 100, details 8,000 together, 20 tags of
//! 50, note 25,000. A second alert with the alias of an open one only counts up, its priority stays: an incident
//! that has become worse is an alert of its own, for the old one's would wake nobody.

use serde_json::{Map, Value, json};

use super::super::super::plain;
use super::super::super::render::{Context, render};
use super::super::call::incident_key;
use super::{Alone, add, alone, severity, source};
use crate::incident::{Mail, Notice, Reason};
use crate::verdict::Severity;

/// Where alerts are posted; accounts in the EU have `api.eu.opsgenie.com`, Jira Service Management
/// `api.atlassian.com/jsm/ops/integration/v2/alerts`.
pub(in crate::notify::webhook) const URL: &str = "https://api.opsgenie.com/v2/alerts";
/// Characters of a message,
pub(in crate::notify::webhook) const MESSAGE: usize = 130;
/// a description,
pub(in crate::notify::webhook) const DESCRIPTION: usize = 15_000;
/// a tag,
pub(in crate::notify::webhook) const TAG: usize = 50;
/// and of all details, names and values together.
pub(in crate::notify::webhook) const DETAILS: usize = 8_000;

/// What is done to an alert.
#[derive(Debug)]
pub(in crate::notify::webhook) enum Action {
    /// `POST /v2/alerts`.
    Create(Value),
    /// `POST /v2/alerts/{alias}/close?identifierType=alias`.
    Close {
        /// The alert's.
        alias: String,
        /// Why.
        body: Value,
    },
}

/// What a notice comes to, in this order.
pub(in crate::notify::webhook) fn actions(mail: &Mail, notice: &Notice, context: &Context<'_>) -> Vec<Action> {
    match notice.reason {
        Reason::Opened | Reason::Reminder | Reason::SilenceEnds => vec![create(mail, notice, context)],
        // What it was before is closed second: whatever fails between, somebody is told.
        Reason::Escalated => {
            let before = below(severity(notice)).map(|before| close(notice, before, "it has become worse", context));
            [create(mail, notice, context)].into_iter().chain(before).collect()
        }
        // It may have been open at any priority, and after a crash at several.
        Reason::Resolved => [Severity::Critical, Severity::Warning, Severity::Info]
            .map(|severity| close(notice, severity, "it is over", context))
            .into(),
    }
}

const fn below(severity: Severity) -> Option<Severity> {
    match severity {
        Severity::Critical => Some(Severity::Warning),
        Severity::Warning => Some(Severity::Info),
        Severity::Info => None,
    }
}

fn alias(notice: &Notice, severity: Severity) -> String {
    format!("{}-{}", incident_key(notice), severity.as_str())
}

fn create(mail: &Mail, notice: &Notice, context: &Context<'_>) -> Action {
    let told = Alone::new(mail, notice, context);
    let description = render(&alone(mail, notice), context).text;
    let severity = severity(notice);
    Action::Create(json!({
        "message": plain::line(&told.headline, MESSAGE),
        "alias": alias(notice, severity),
        "description": cut(&description, DESCRIPTION),
        "entity": source(notice, context),
        "source": from(context),
        "priority": priority(severity),
        "tags": tags(notice),
        "details": details(&told, notice),
    }))
}

fn close(notice: &Notice, severity: Severity, why: &str, context: &Context<'_>) -> Action {
    let note = format!("{}: {why}", plain::line(&notice.title, 120));
    Action::Close { alias: alias(notice, severity), body: json!({ "source": from(context), "note": note }) }
}

fn from(context: &Context<'_>) -> String {
    plain::line(&format!("notafter on {}", context.host), 100)
}

/// P3 is Opsgenie's default.
const fn priority(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "P1",
        Severity::Warning => "P3",
        Severity::Info => "P5",
    }
}

fn tags(notice: &Notice) -> Vec<String> {
    let labels = notice.labels.iter().take(15).filter_map(|(name, value)| Some(format!("{name}:{}", value.as_str()?)));
    let all = [notice.code.clone(), notice.family.clone()].into_iter().chain(labels);
    // A tag cannot hold a comma in what Opsgenie's own pages make of it.
    all.map(|tag| plain::line(&tag.replace(',', " "), TAG)).filter(|tag| !tag.is_empty()).collect()
}

/// Names and texts, as many as there is room for: what matters most comes first.
fn details(told: &Alone, notice: &Notice) -> Value {
    let mut details = Map::new();
    add(&mut details, "code", &plain::line(&notice.code, 60));
    add(&mut details, "domain", &plain::line(&notice.domain, 253));
    let rows = told.paragraph.iter().flat_map(|paragraph| paragraph.rows.iter().chain(&paragraph.facts));
    let mut left = DETAILS - 400;
    for row in rows {
        // With what `add` puts between two values.
        let Some(rest) = left.checked_sub(row.label.chars().count() + row.value.chars().count() + 2) else { break };
        left = rest;
        add(&mut details, &row.label, &row.value);
    }
    Value::Object(details)
}

fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}
