//! [`Section`]: one notice written out, or one code with the domains that share it; and [`Line`]: a domain in
//! a list.

mod paragraph;

use serde::Serialize;
use serde_json::Value;

use super::super::consequence::{Case, consequence};
use super::super::facts::{self, Row, Sorted};
use super::super::render::Context;
use super::super::{plain, words};
use super::path::{HopView, Way, broken};
use super::{LISTED, is_over, tag};
use crate::domain::UnixTime;
use crate::incident::{Notice, PathFact, Reason};

pub(in crate::notify) use paragraph::{Message, Paragraph};

/// One thing that is told.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    tag: &'static str,
    /// How bad it is, or was.
    severity: String,
    /// Why it is told now.
    reason: &'static str,
    code: String,
    /// What stays the same of an incident while its code changes.
    family: String,
    /// The one domain's A-label; none of our own sight, and where several share it.
    domain: Option<String>,
    /// The domain for people, or how many share it.
    heading: String,
    /// What is wrong, in a few words.
    title: String,
    /// Whether the one domain is in set-up.
    in_setup: bool,
    /// Since when.
    since: Option<String>,
    /// When the (first) certificate runs out.
    expires: Option<String>,
    /// That it became worse, goes on, or is over.
    news: Option<String>,
    summary: Option<String>,
    /// Since when, and how long is left.
    rows: Vec<Row>,
    hops: Vec<HopView>,
    /// The hops on one line or two: `resolver ok > dns ok > tls BROKEN`.
    strip: Option<String>,
    /// Where it breaks, or that it does not.
    path: Option<String>,
    /// The broken hop with its detail, for those who lay it out by themselves.
    #[serde(skip)]
    broken: Option<Row>,
    /// What it rests on.
    evidence: Vec<Row>,
    remedy: Option<String>,
    /// What happens if nobody acts.
    consequence: Option<String>,
    /// The domains that share it.
    lines: Vec<Line>,
    more_lines: usize,
    /// What else is known.
    details: Vec<Row>,
    more_details: usize,
    /// Where the code is explained.
    explanation_url: Option<String>,
    /// The status page, at the domain.
    status_url: Option<String>,
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
        let summary = plain::line(&notice.summary, 600);
        let way = Way::of(&notice.path, &summary);
        let facts = match is_over(notice) {
            true => Sorted::default(),
            false => facts::sorted(&notice.facts, &summary, context.now),
        };
        let heading = name(notice, context);
        Self {
            domain: Some(plain::line(&notice.domain, 253)).filter(|domain| !domain.is_empty()),
            in_setup: notice.in_setup,
            since: Some(notice.opened_at.to_string()),
            expires: notice.expires.map(|expires| expires.to_string()),
            news: news(notice, context.now),
            summary: Some(summary).filter(|summary| !summary.is_empty()),
            rows: rows(notice, context.now),
            hops: way.hops,
            strip: way.strip,
            path: way.words,
            broken: broken_row(&notice.path),
            consequence: if_nobody_acts(notice, &plain::line(&notice.domain, 253), notice.expires, context),
            ..Self::bare(notice, heading, facts, context)
        }
    }

    fn shared(group: &[&Notice], context: &Context<'_>) -> Self {
        let first = group[0];
        let summary = Some(first).filter(|first| group.iter().all(|notice| notice.summary == first.summary));
        let summary = summary.map(|first| plain::line(&first.summary, 600)).filter(|summary| !summary.is_empty());
        let facts = match is_over(first) {
            true => Sorted::default(),
            false => facts::sorted(common_facts(group), summary.as_deref().unwrap_or_default(), context.now),
        };
        let way = common_way(group, summary.as_deref().unwrap_or_default());
        let whom = super::whom(group);
        let expires = group.iter().filter_map(|notice| notice.expires).min();
        Self {
            since: group.iter().map(|notice| notice.opened_at).min().map(|since| since.to_string()),
            expires: expires.map(|expires| expires.to_string()),
            summary,
            rows: shared_rows(group, context.now),
            hops: way.hops,
            strip: way.strip,
            path: way.words,
            consequence: if_nobody_acts(first, &format!("these {whom}"), expires, context),
            lines: group.iter().take(LISTED).map(|notice| Line::untitled(notice, context)).collect(),
            more_lines: group.len().saturating_sub(LISTED),
            ..Self::bare(first, whom, facts, context)
        }
    }

    /// What is said alike of one and of many.
    fn bare(notice: &Notice, heading: String, facts: Sorted, context: &Context<'_>) -> Self {
        Self {
            tag: tag(notice),
            severity: plain::line(&notice.severity, 40),
            reason: notice.reason.as_str(),
            code: plain::line(&notice.code, 60),
            family: plain::line(&notice.family, 40),
            domain: None,
            heading,
            title: title(notice),
            in_setup: false,
            since: None,
            expires: None,
            news: None,
            summary: None,
            rows: Vec::new(),
            hops: Vec::new(),
            strip: None,
            path: None,
            broken: None,
            evidence: facts.evidence,
            remedy: remedy(notice),
            consequence: None,
            lines: Vec::new(),
            more_lines: 0,
            details: facts.details,
            more_details: facts.more,
            explanation_url: context.links.and_then(|links| links.explanation(&notice.code)),
            status_url: context.links.and_then(|links| links.status_page(&notice.domain)),
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
        // What is told of it then says so by itself.
        Reason::Resolved if !notice.summary.is_empty() => None,
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
    rows.extend(notice.expires.map(|expires| Row::new("Certificate", good_until(now, expires))));
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

fn if_nobody_acts(notice: &Notice, whom: &str, expires: Option<UnixTime>, context: &Context<'_>) -> Option<String> {
    let case = Case { code: &notice.code, severity: &notice.severity, whom, expires, now: context.now };
    if is_over(notice) { None } else { consequence(&case) }
}

fn broken_row(path: &[PathFact]) -> Option<Row> {
    let fact = path.iter().find(|fact| fact.status == "broken")?;
    Some(Row { label: plain::line(&fact.hop, 20), value: plain::line(&fact.detail, 300) })
}

/// The way of a login where all of them break at the same hop.
fn common_way(group: &[&Notice], summary: &str) -> Way {
    let hop = broken(&group[0].path);
    let alike = hop.is_some() && group.iter().all(|notice| broken(&notice.path) == hop);
    if alike && !is_over(group[0]) { Way::of(&group[0].path, summary) } else { Way::default() }
}

/// The facts that all of them have alike: a common address points at a common cause.
fn common_facts<'a>(group: &[&'a Notice]) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let others: Vec<&Notice> = group[1..].to_vec();
    let alike = move |name: &String, value: &Value| others.iter().all(|other| other.facts.get(name) == Some(value));
    group[0].facts.iter().filter(move |(name, value)| alike(name, value))
}
