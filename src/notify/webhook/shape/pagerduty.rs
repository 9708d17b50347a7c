//! PagerDuty's Events API v2 (developer.pagerduty.com, "Events API v2 Overview" and "Send an Alert Event"): an event for
//! each notice, an alert for each incident. Opening, becoming worse and a reminder trigger; the end resolves. An alert
//! that somebody has acknowledged is not made to ring again by a reminder's trigger.
//!
//! 512 KB a payload, 1024 characters of summary, 255 of key.

use serde_json::{Map, Value, json};

use super::super::super::plain;
use super::super::super::render::Context;
use super::super::call::incident_key;
use super::{Alone, add, discovery_document, severity, source};
use crate::domain::DomainName;
use crate::incident::{Mail, Notice, Reason};
use crate::observation::Code;

/// Where events are posted; accounts in the EU have `events.eu.pagerduty.com`.
pub(in crate::notify::webhook) const URL: &str = "https://events.pagerduty.com/v2/enqueue";
/// Characters of a summary.
pub(in crate::notify::webhook) const SUMMARY: usize = 1024;

/// The event of one notice.
pub(in crate::notify::webhook) fn event(
    mail: &Mail,
    notice: &Notice,
    routing_key: &str,
    context: &Context<'_>,
) -> Value {
    let key = incident_key(notice);
    if notice.reason == Reason::Resolved {
        return json!({ "routing_key": routing_key, "event_action": "resolve", "dedup_key": key });
    }
    let alone = Alone::new(mail, notice, context);
    let mut payload = json!({
        "summary": plain::line(&alone.headline, SUMMARY),
        "source": source(notice, context),
        "severity": severity(notice).as_str(),
        "timestamp": notice.opened_at,
        "class": plain::line(&notice.code, 60),
        "custom_details": details(&alone, notice),
    });
    let mut put = |name: &str, value: Option<String>| {
        if let (Some(object), Some(value)) = (payload.as_object_mut(), value) {
            object.insert(name.to_owned(), Value::String(value));
        }
    };
    put("component", broken_at(notice));
    put("group", group(notice));
    let links = discovery_document(notice).map(|href| json!({ "href": href, "text": "What a login asks for first" }));
    json!({
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": key,
        "client": plain::line(&format!("notafter on {}", context.host), 100),
        "links": links.into_iter().collect::<Vec<_>>(),
        "payload": payload,
    })
}

/// The part that is broken: the hop of a login.
fn broken_at(notice: &Notice) -> Option<String> {
    notice.path.iter().find(|fact| fact.status == "broken").map(|fact| plain::line(&fact.hop, 20))
}

/// The registrable domain: what belongs to one owner.
fn group(notice: &Notice) -> Option<String> {
    DomainName::parse(&notice.domain).ok()?.owned().map(|domain| plain::line(domain.as_str(), 253))
}

fn details(alone: &Alone, notice: &Notice) -> Value {
    let Some(paragraph) = &alone.paragraph else { return json!({}) };
    let mut details = Map::new();
    let spoken = [
        ("News", &paragraph.news),
        ("What", &paragraph.summary),
        ("What to do", &paragraph.remedy),
        ("Path", &paragraph.strip),
    ];
    for (name, text) in spoken {
        if let Some(text) = text {
            add(&mut details, name, text);
        }
    }
    for row in &paragraph.rows {
        add(&mut details, &row.label, &row.value);
    }
    if let Some(broken) = &paragraph.broken {
        add(&mut details, &format!("Broken at {}", broken.label), &broken.value);
    }
    let mut facts = Map::new();
    for row in &paragraph.facts {
        add(&mut facts, &row.label, &row.value);
    }
    if !facts.is_empty() {
        details.insert("Facts".to_owned(), Value::Object(facts));
    }
    if notice.in_setup {
        add(&mut details, "In set-up", "it was never healthy yet");
    }
    if Code::parse(&paragraph.code).is_some() {
        add(&mut details, "More", &format!("notafter explain {}", paragraph.code));
    }
    Value::Object(details)
}
