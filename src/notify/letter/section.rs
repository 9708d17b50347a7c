//! [`Section`]: one notice written out, or one code with the domains that share it; and [`Line`]: a domain in
//! a list.

mod paragraph;

use serde::Serialize;
use serde_json::Value;

use super::super::facts::{self, Row};
use super::super::render::Context;
use super::super::{plain, words};
use super::{LISTED, is_over, tag};
use crate::domain::UnixTime;
use crate::incident::{Notice, PathFact, Reason};

pub(in crate::notify) use paragraph::{Message, Paragraph};

/// One thing that is told.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    tag: &'static str,
    /// The domain, or how many share it.
    heading: String,
    /// What is wrong, in a few words.
    title: String,
    /// Whether the one domain is in set-up.
    in_setup: bool,
    /// That it became worse, goes on, or is over.
    news: Option<String>,
    summary: Option<String>,
    /// Since when, and how long is left.
    rows: Vec<Row>,
    hops: Vec<HopView>,
    /// The hops on one line or two: `resolver ok > dns ok > tls BROKEN`.
    strip: Option<String>,
    /// The broken hop with its detail.
    broken: Option<Row>,
    remedy: Option<String>,
    facts: Vec<Row>,
    more_facts: usize,
    /// The domains that share it.
    lines: Vec<Line>,
    more_lines: usize,
    code: String,
}

/// One hop of the path strip.
#[derive(Debug, Serialize)]
struct HopView {
    hop: String,
    status: &'static str,
    /// The status for people: `ok`, `BROKEN`, `?`, `-`.
    word: &'static str,
}

/// One domain in a list.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    tag: &'static str,
    name: String,
    words: String,
}

impl Section {
    pub(super) fn new(group: &[&Notice], context: &Context<'_>) -> Self {
        match group {
            [one] => Self::one(one, context),
            _ => Self::shared(group, context),
        }
    }

    fn one(notice: &Notice, context: &Context<'_>) -> Self {
        let over = is_over(notice);
        let (facts, more_facts) = match over {
            true => (Vec::new(), 0),
            false => facts::rows(&notice.facts, context.now),
        };
        Self {
            tag: tag(notice),
            heading: name(notice, context),
            title: title(notice),
            in_setup: notice.in_setup,
            news: news(notice, context.now),
            summary: Some(plain::line(&notice.summary, 600)).filter(|summary| !summary.is_empty()),
            rows: rows(notice, context.now),
            strip: strip(&hops(&notice.path)),
            hops: hops(&notice.path),
            broken: broken(&notice.path),
            remedy: remedy(notice),
            facts,
            more_facts,
            lines: Vec::new(),
            more_lines: 0,
            code: plain::line(&notice.code, 60),
        }
    }

    fn shared(group: &[&Notice], context: &Context<'_>) -> Self {
        let (facts, more_facts) = match is_over(group[0]) {
            true => (Vec::new(), 0),
            false => facts::rows(common_facts(group), context.now),
        };
        Self {
            tag: tag(group[0]),
            heading: super::whom(group),
            title: title(group[0]),
            in_setup: false,
            news: None,
            summary: None,
            rows: shared_rows(group, context.now),
            hops: Vec::new(),
            strip: None,
            broken: None,
            remedy: remedy(group[0]),
            facts,
            more_facts,
            lines: group.iter().take(LISTED).map(|notice| Line::untitled(notice, context)).collect(),
            more_lines: group.len().saturating_sub(LISTED),
            code: plain::line(&group[0].code, 60),
        }
    }
}

impl Line {
    /// A domain in the list of a section that says what is wrong.
    fn untitled(notice: &Notice, context: &Context<'_>) -> Self {
        Self { tag: tag(notice), name: name(notice, context), words: line_words(notice, context.now).join(", ") }
    }

    /// A domain with what is wrong.
    pub(super) fn titled(notice: &Notice, context: &Context<'_>) -> Self {
        let mut words = vec![title(notice)];
        words.extend(line_words(notice, context.now));
        Self { tag: tag(notice), name: name(notice, context), words: words.join(", ") }
    }
}

fn name(notice: &Notice, context: &Context<'_>) -> String {
    match notice.domain.as_str() {
        "" => format!("notafter on {}", plain::line(context.host, 100)),
        domain => plain::domain(domain),
    }
}

/// What is wrong; the title is in the present tense, so what is over is marked.
fn title(notice: &Notice) -> String {
    let title = plain::line(&notice.title, 120);
    if is_over(notice) { format!("over: {title}") } else { title }
}

fn news(notice: &Notice, now: UnixTime) -> Option<String> {
    let span = |until: UnixTime| words::span(notice.opened_at.until(until).max(0));
    match notice.reason {
        Reason::Opened => None,
        Reason::Escalated => Some("It has become worse.".to_owned()),
        Reason::Reminder => Some(format!("It is still so: it has been going on for {}.", span(now))),
        Reason::SilenceEnds => {
            let after = "From then on it is told as any other fault.";
            Some(format!("The silence ends soon, and it is still so: for {}. {after}", span(now)))
        }
        Reason::Resolved => Some(format!("It is over. It lasted {}.", span(notice.at))),
    }
}

fn rows(notice: &Notice, now: UnixTime) -> Vec<Row> {
    let mut rows = Vec::new();
    match notice.reason {
        Reason::Resolved => {
            rows.push(Row::new("From", notice.opened_at.to_string()));
            rows.push(Row::new("Until", ago(now, notice.at)));
        }
        Reason::Escalated => {
            rows.push(Row::new("Since", ago(now, notice.opened_at)));
            rows.push(Row::new("Worse since", ago(now, notice.at)));
        }
        _ => rows.push(Row::new("Since", ago(now, notice.opened_at))),
    }
    rows.extend(notice.expires.map(|expires| Row::new("Good until", good_until(now, expires))));
    if !matches!(notice.view.as_str(), "" | "proxy") {
        rows.push(Row::new("View", plain::line(&notice.view, 40)));
    }
    rows.extend(facts::labels(&notice.labels).map(|labels| Row::new("Labels", labels)));
    rows
}

fn shared_rows(group: &[&Notice], now: UnixTime) -> Vec<Row> {
    let mut rows = Vec::new();
    if !is_over(group[0]) {
        let since = group.iter().map(|notice| notice.opened_at).min();
        rows.extend(since.map(|since| Row::new("Since", ago(now, since))));
    }
    let of_expiry = group.iter().filter(|notice| notice.family == "expiry");
    let expires = of_expiry.filter_map(|notice| notice.expires).min();
    rows.extend(expires.map(|expires| Row::new("First until", good_until(now, expires))));
    let mut hops: Vec<_> = group.iter().map(|notice| broken(&notice.path).map(|row| row.label)).collect();
    hops.dedup();
    if let [Some(hop)] = &hops[..] {
        rows.push(Row::new("All break at", hop.clone()));
    }
    rows
}

/// How long ago comes first: it is what a reader wants of it.
fn ago(now: UnixTime, time: UnixTime) -> String {
    format!("{} ({time})", words::relative(now, time))
}

fn good_until(now: UnixTime, expires: UnixTime) -> String {
    format!("{} ({expires})", words::left(now, expires))
}

/// What is said of a domain in a list: how long is left, for how long it has been so, what is special of it.
fn line_words(notice: &Notice, now: UnixTime) -> Vec<String> {
    let mut all = Vec::new();
    if notice.family == "expiry" && !is_over(notice) {
        all.extend(notice.expires.map(|expires| words::left(now, expires)));
    }
    let span = |until: UnixTime| words::span(notice.opened_at.until(until).max(0));
    all.push(match notice.reason {
        Reason::Opened => format!("for {}", span(now)),
        Reason::Escalated => format!("worse, for {}", span(now)),
        Reason::Reminder | Reason::SilenceEnds => format!("still so, for {}", span(now)),
        Reason::Resolved => format!("lasted {}", span(notice.at)),
    });
    if notice.in_setup {
        all.push("in set-up".to_owned());
    }
    all
}

fn remedy(notice: &Notice) -> Option<String> {
    Some(plain::line(&notice.remedy, 1000)).filter(|remedy| !remedy.is_empty() && !is_over(notice))
}

fn hops(path: &[PathFact]) -> Vec<HopView> {
    if path.iter().all(|fact| fact.status == "not_looked") {
        return Vec::new();
    }
    path.iter().take(20).map(hop).collect()
}

fn hop(fact: &PathFact) -> HopView {
    let (status, word) = match fact.status.as_str() {
        "ok" => ("ok", "ok"),
        "broken" => ("broken", "BROKEN"),
        "not_looked" => ("not_looked", "-"),
        _ => ("unknown", "?"),
    };
    HopView { hop: plain::line(&fact.hop, 20), status, word }
}

fn strip(hops: &[HopView]) -> Option<String> {
    let separator = |index| if index == 0 { "" } else { "> " };
    let words = hops.iter().enumerate().map(|(index, hop)| format!("{}{} {}", separator(index), hop.hop, hop.word));
    let words: Vec<_> = words.collect();
    (!words.is_empty()).then(|| plain::wrap_words(words.iter().map(String::as_str), "", "  "))
}

fn broken(path: &[PathFact]) -> Option<Row> {
    let fact = path.iter().find(|fact| fact.status == "broken")?;
    Some(Row { label: plain::line(&fact.hop, 20), value: plain::line(&fact.detail, 300) })
}

/// The facts that all of them have alike: a common address points at a common cause.
fn common_facts<'a>(group: &[&'a Notice]) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let others: Vec<&Notice> = group[1..].to_vec();
    let alike = move |name: &String, value: &Value| others.iter().all(|other| other.facts.get(name) == Some(value));
    group[0].facts.iter().filter(move |(name, value)| alike(name, value))
}
