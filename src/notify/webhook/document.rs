//! [`Document`]: a mail as our own JSON, which `docs/webhooks.md` documents key by key. It is posted as it is, or what
//! an operator's template is given.

use idna::domain_to_unicode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::letter::{tag, worst_first};
use super::super::plain;
use super::super::render::{Context, render};
use super::call::incident_key;
use crate::domain::UnixTime;
use crate::incident::{Mail, MailKind, Notice, PathFact, Reason};

/// The version of this JSON. Keys may be added; none is taken away or changed without another number.
const VERSION: u32 = 1;
/// So many notices go into one post; what is more comes in further ones, so that nothing is left out.
const NOTICES: usize = 200;
/// So many characters of a text,
const LONGEST: usize = 1000;
/// so many elements of a list or an object,
const MOST: usize = 100;
/// and so deep.
const DEEPEST: usize = 5;

/// A mail, or a part of a large one.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    version: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    timestamp: UnixTime,
    receiver: String,
    host: String,
    severity: &'static str,
    subject: String,
    text: String,
    part: usize,
    parts: usize,
    notices: Vec<Told<'a>>,
}

/// One notice.
#[derive(Debug, Serialize)]
struct Told<'a> {
    id: &'a str,
    incident: String,
    reason: Reason,
    severity: &'static str,
    domain: String,
    domain_unicode: String,
    view: String,
    family: String,
    episode: u64,
    code: String,
    title: String,
    summary: String,
    remedy: String,
    opened_at: UnixTime,
    at: UnixTime,
    expires: Option<UnixTime>,
    in_setup: bool,
    labels: Value,
    facts: Value,
    path: Vec<Hop>,
    broken_at: Option<String>,
}

/// One hop of a login.
#[derive(Debug, Serialize)]
struct Hop {
    hop: String,
    status: String,
    detail: String,
}

/// The mail in as many documents as it takes, in the order of their parts.
pub(super) fn documents<'a>(mail: &'a Mail, context: &Context<'_>) -> Vec<Document<'a>> {
    let rendered = render(mail, context);
    let notices = worst_first(&mail.notices);
    let chunks: Vec<&[&Notice]> = if notices.is_empty() { vec![&[]] } else { notices.chunks(NOTICES).collect() };
    let document = |(index, chunk): (usize, &&[&'a Notice])| Document {
        version: VERSION,
        kind: kind(mail),
        id: &mail.id,
        timestamp: mail.created_at,
        receiver: plain::line(&mail.receiver, 64),
        host: plain::line(context.host, 100),
        severity: notices.first().map_or("info", |worst| tag(worst)),
        subject: rendered.subject.clone(),
        text: rendered.text.clone(),
        part: index + 1,
        parts: chunks.len(),
        notices: chunk.iter().map(|notice| Told::new(notice)).collect(),
    };
    chunks.iter().enumerate().map(document).collect()
}

fn kind(mail: &Mail) -> &'static str {
    match mail.kind {
        _ if super::trial::is_test(mail) => "notafter.test",
        MailKind::News => "notafter.news",
        MailKind::FirstSummary => "notafter.first_summary",
        MailKind::AfterQuiet => "notafter.after_quiet",
        MailKind::Digest => "notafter.digest",
        MailKind::Overflow => "notafter.overflow",
    }
}

impl<'a> Told<'a> {
    fn new(notice: &'a Notice) -> Self {
        let domain = plain::line(&notice.domain, 253);
        let severity = match tag(notice) {
            // That it is over says `reason`; here it is how bad it was.
            "resolved" => tag_of(&notice.severity),
            tag => tag,
        };
        Self {
            id: notice.id.as_str(),
            incident: incident_key(notice),
            reason: notice.reason,
            severity,
            domain_unicode: domain_to_unicode(&domain).0,
            domain,
            view: plain::line(&notice.view, 40),
            family: plain::line(&notice.family, 60),
            episode: notice.episode,
            code: plain::line(&notice.code, 60),
            title: plain::line(&notice.title, 120),
            summary: plain::line(&notice.summary, LONGEST),
            remedy: plain::line(&notice.remedy, LONGEST),
            opened_at: notice.opened_at,
            at: notice.at,
            expires: notice.expires,
            in_setup: notice.in_setup,
            labels: object(&notice.labels, 0),
            facts: object(&notice.facts, 0),
            path: notice.path.iter().take(20).map(Hop::new).collect(),
            broken_at: notice.path.iter().find(|fact| fact.status == "broken").map(|fact| plain::line(&fact.hop, 20)),
        }
    }
}

fn tag_of(severity: &str) -> &'static str {
    match severity {
        "critical" => "critical",
        "info" => "info",
        _ => "warning",
    }
}

impl Hop {
    fn new(fact: &PathFact) -> Self {
        let status = plain::line(&fact.status, 20);
        Self { hop: plain::line(&fact.hop, 20), status, detail: plain::line(&fact.detail, 300) }
    }
}

/// Facts as they are, but every text plain, and all of it bounded.
fn sober(value: &Value, depth: usize) -> Value {
    match value {
        Value::String(text) => Value::String(plain::line(text, LONGEST)),
        Value::Array(_) | Value::Object(_) if depth >= DEEPEST => Value::String("…".to_owned()),
        Value::Array(all) => all.iter().take(MOST).map(|value| sober(value, depth + 1)).collect(),
        Value::Object(map) => object(map, depth + 1),
        other => other.clone(),
    }
}

fn object(map: &Map<String, Value>, depth: usize) -> Value {
    let sober = |(key, value): (&String, &Value)| (plain::line(key, 100), sober(value, depth));
    Value::Object(map.iter().take(MOST).map(sober).collect())
}
