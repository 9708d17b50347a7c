//! [`Letter`]: what a mail says and in which order, worst first. The templates lay it out, they decide nothing.
//!
//! A code that three or more domains share is one [`Section`] with the list of them; every other notice has its
//! own, with path and facts; what is beyond the twelfth is listed by one line each.

mod delayed;
mod path;
mod section;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::render::Context;
use super::{cause, plain, subject, words};
use crate::domain::UnixTime;
use crate::incident::{Mail, MailKind, Notice, Reason};
use crate::verdict::Severity;

use section::{Line, Section};
pub(super) use section::{Message, Paragraph};

/// A code shared by so many domains is one section.
const SHARED_BY: usize = 3;
/// So many sections are written out.
pub(super) const SECTIONS: usize = 12;
/// So many domains are listed at one place; the rest is counted.
pub(super) const LISTED: usize = 50;

/// A mail as it is laid out.
#[derive(Debug, Serialize)]
pub(super) struct Letter {
    /// The subject, unless a template makes another.
    pub(super) subject: String,
    /// What kind of collection it is: `news`, `first_summary`, `overflow`.
    kind: MailKind,
    /// The worst of its tags, by which it is coloured.
    tag: &'static str,
    /// To whom it goes.
    receiver: String,
    /// The machine that tells.
    host: String,
    /// When it is told.
    now: UnixTime,
    /// How many notices it tells.
    notices: usize,
    /// How many domains they are about.
    domains: usize,
    /// What a list of mails shows beside the subject.
    preview: String,
    /// Why it does not look as the operator wished.
    pub(super) remark: Option<String>,
    /// What kind of collection it is and what is in it; nothing where one section says it all.
    intro: Option<String>,
    sections: Vec<Section>,
    /// What has no section.
    rest: Vec<Line>,
    /// What is not even listed.
    more: usize,
    /// The status page.
    status_url: Option<String>,
    /// Who sends it to whom.
    footer: String,
}

impl Letter {
    /// What a mail says.
    pub(super) fn new(mail: &Mail, context: &Context<'_>) -> Self {
        Self::with_sections(mail, context, SECTIONS)
    }

    /// What a mail says, with at most so many sections written out.
    pub(super) fn with_sections(mail: &Mail, context: &Context<'_>, most: usize) -> Self {
        let notices = worst_first(&mail.notices);
        let groups = grouped(&notices);
        let (written, rest) = groups.split_at(groups.len().min(most));
        let rest: Vec<&Notice> = rest.iter().flatten().copied().collect();
        let said = cause::intro(mail, &notices, context).or_else(|| intro(mail.kind, &notices, groups.len()));
        let intro = delayed::intro(mail, said, context.now);
        let mut named = domains(&notices);
        named.remove("");
        Self {
            subject: subject::subject(mail, context),
            kind: mail.kind,
            receiver: plain::line(&mail.receiver, 60),
            host: plain::line(context.host, 100),
            now: context.now,
            notices: notices.len(),
            domains: named.len(),
            preview: preview(&notices, intro.as_deref(), context.now),
            remark: None,
            tag: notices.first().map_or("info", |worst| tag(worst)),
            intro,
            sections: written.iter().map(|group| Section::new(group, context)).collect(),
            rest: rest.iter().take(LISTED).map(|notice| Line::titled(notice, context)).collect(),
            more: rest.len().saturating_sub(LISTED),
            status_url: context.links.and_then(|links| links.status_page("")),
            footer: footer(mail, context),
        }
    }
}

/// What is still wrong before what is over, the worse before the milder, what is broken now before what will be,
/// and that by its date.
pub(super) fn worst_first(notices: &[Notice]) -> Vec<&Notice> {
    let mut sorted: Vec<_> = notices.iter().collect();
    sorted.sort_by_key(|notice| {
        let ahead = notice.expires.filter(|expires| notice.family == "expiry" && *expires >= notice.at);
        (is_over(notice), Reverse(Severity::parse(&notice.severity)), ahead)
    });
    sorted
}

/// The word in front: how bad it is, or that it is over.
pub(super) fn tag(notice: &Notice) -> &'static str {
    match Severity::parse(&notice.severity) {
        _ if is_over(notice) => "resolved",
        Some(severity) => severity.as_str(),
        // A newer version's severity: that it is unknown must not make it look harmless.
        None => "warning",
    }
}

pub(super) const fn is_over(notice: &Notice) -> bool {
    matches!(notice.reason, Reason::Resolved)
}

/// How many of what: `2 critical, 3 warning, 1 resolved`; each domain once, by the worst of it.
pub(super) fn tally(notices: &[&Notice]) -> String {
    let mut counted = BTreeSet::new();
    let counts = ["critical", "warning", "info", "resolved"].map(|wanted| {
        let of_tag = notices.iter().filter(|notice| tag(notice) == wanted);
        (of_tag.filter(|notice| counted.insert(notice.domain.as_str())).count(), wanted)
    });
    let shown: Vec<_> = counts.iter().filter(|(count, _)| *count > 0).map(|(n, tag)| format!("{n} {tag}")).collect();
    shown.join(", ")
}

/// What the notices are about: `5 domains`, `5 domains and notafter itself`.
pub(super) fn whom(notices: &[&Notice]) -> String {
    let mut names = domains(notices);
    match (names.remove(""), names.len()) {
        (true, 0) => "notafter itself".to_owned(),
        (true, count) => format!("{} and notafter itself", words::count(count, "domain")),
        (false, count) => words::count(count, "domain"),
    }
}

pub(super) fn domains<'a>(notices: &[&'a Notice]) -> BTreeSet<&'a str> {
    notices.iter().map(|notice| notice.domain.as_str()).collect()
}

/// Notices of one code and fate together where enough domains share it, each at the place of its worst.
fn grouped<'a>(notices: &[&'a Notice]) -> Vec<Vec<&'a Notice>> {
    let mut by_code: BTreeMap<_, Vec<&Notice>> = BTreeMap::new();
    for notice in notices {
        by_code.entry((is_over(notice), notice.code.as_str())).or_default().push(notice);
    }
    let mut groups = Vec::new();
    for notice in notices {
        let key = (is_over(notice), notice.code.as_str());
        match by_code.get(&key) {
            Some(sharing) if domains(sharing).len() >= SHARED_BY => groups.extend(by_code.remove(&key)),
            Some(_) => groups.push(vec![*notice]),
            None => {}
        }
    }
    groups
}

fn intro(kind: MailKind, notices: &[&Notice], groups: usize) -> Option<String> {
    let contents = || format!("{}: {}.", whom(notices), tally(notices));
    match kind {
        MailKind::FirstSummary => Some(format!("What a first look at everything found. {}", contents())),
        MailKind::Overflow => Some(format!(
            "The hourly limit of mails held these {} back; none is dropped. {}",
            words::count(notices.len(), "notice"),
            contents()
        )),
        MailKind::AfterQuiet => Some(format!("What waited for the end of your quiet hours. {}", contents())),
        MailKind::Digest => Some(format!("{} {}", digest(notices), contents())),
        MailKind::News if groups > 1 => Some(contents()),
        MailKind::News => None,
    }
}

/// What the subject does not say yet.
fn preview(notices: &[&Notice], intro: Option<&str>, now: UnixTime) -> String {
    match notices {
        [one] if is_over(one) => plain::line(&one.summary, 200),
        [one] => {
            let span = words::span(one.opened_at.until(now).max(0));
            plain::line(&format!("For {span}: {}", one.summary), 200)
        }
        _ => plain::line(intro.unwrap_or_default(), 200),
    }
}

/// What opened, what goes on and what is over since the last digest.
fn digest(notices: &[&Notice]) -> String {
    let count = |such: fn(Reason) -> bool| notices.iter().filter(|notice| such(notice.reason)).count();
    let opened = count(|reason| reason == Reason::Opened);
    let over = count(|reason| reason == Reason::Resolved);
    let there = notices.len() - opened - over;
    let counts = [(opened, "new"), (there, "still there"), (over, "over")];
    let said: Vec<_> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    format!("Since your last digest: {}.", said.join(", "))
}

fn footer(mail: &Mail, context: &Context<'_>) -> String {
    let attempts = match mail.attempts {
        0 => String::new(),
        failed => format!(", after {}", words::count(failed as usize, "failed attempt")),
    };
    let host = plain::line(context.host, 100);
    let receiver = plain::line(&mail.receiver, 60);
    format!("notafter on {host}, to the receiver {receiver}, at {}{attempts}", context.now)
}
