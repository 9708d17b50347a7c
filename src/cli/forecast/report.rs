//! The course for people: a timeline of what is told, what that means for each domain, and what nobody hears.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::course::{Course, Fate};
use super::unheard::Unheard;
use super::words::{Key, key, words_of};
use super::{Arguments, Assume};
use crate::cli::text::{BOLD, DIM, RED, YELLOW, cut, styled, wrapped};
use crate::domain::{Span, UnixTime};
use crate::incident::{Mail, Reason};
use crate::keeper::{Told, What};
use crate::notify::{Context, render};

const DAY: i64 = 86_400;

/// A row of the timeline.
struct Row {
    at: UnixTime,
    receiver: String,
    text: String,
    notices: usize,
    /// Reminders of the same that follow it without anything else between.
    more: Vec<UnixTime>,
    /// What it is a reminder of, if it is nothing but reminders.
    reminds: Option<BTreeSet<Key>>,
}

/// All of it.
pub(super) fn text(course: &Course, arguments: &Arguments) -> String {
    let mut out = head(arguments, course);
    out += &timeline(course);
    out += &domains(course);
    out += &unheard(course);
    out
}

/// The subject as it will be.
pub(super) fn subject(told: &Told, mail: &Mail) -> String {
    render(mail, &Context { now: told.at, host: "this machine", links: None }).subject
}

fn head(arguments: &Arguments, course: &Course) -> String {
    let assumed = match arguments.assume {
        Assume::Forgotten => "if nobody renews anything and all else stays as it is",
        Assume::Renewed => "if certificates are renewed as usual and all else stays as it is",
    };
    let title = format!("{} to {}, {assumed}; all times in UTC", date(course.begins), date(course.ends));
    format!("{}\n\n", styled(wrapped(&title, "", ""), BOLD))
}

/// To the minute.
fn date(at: UnixTime) -> String {
    let text = at.to_string();
    text.get(..16).map_or_else(|| text.clone(), |minutes| minutes.replace('T', " "))
}

fn timeline(course: &Course) -> String {
    let rows = rows(course);
    if rows.is_empty() {
        return "Nobody is told anything.\n".to_owned();
    }
    let mut out = String::new();
    for row in rows {
        let many = if row.notices > 1 { format!(" ({} notices)", row.notices) } else { String::new() };
        let first = format!("{}  {}  ", date(row.at), cut(&row.receiver, 20));
        out += &wrapped(&format!("{}{many}", row.text), &first, "    ");
        out.push('\n');
        if let Some(last) = row.more.last() {
            let often = if is_daily(row.at, &row.more) { "daily" } else { "again" };
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "    {}",
                styled(format!("then {often} until {}: {} more", date(*last), row.more.len()), DIM)
            );
        }
    }
    out
}

fn is_daily(first: UnixTime, more: &[UnixTime]) -> bool {
    let mut before = first;
    more.iter().all(|at| (std::mem::replace(&mut before, *at).until(*at) - DAY).abs() < 3600)
}

fn rows(course: &Course) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut shown = BTreeSet::new();
    // Of each receiver the last row that what follows may belong to, for what it is about.
    let mut last: BTreeMap<(String, BTreeSet<Key>), usize> = BTreeMap::new();
    for told in &course.told {
        let What::Mail(mail) = &told.what else {
            rows.extend(words_of(told, &mut shown).into_iter().map(|word| Row {
                at: word.at,
                text: format!(
                    "alert [{}] {}{}",
                    word.severity.as_str(),
                    if word.over { "over: " } else { "" },
                    word.summary
                ),
                receiver: word.receiver,
                notices: 1,
                more: Vec::new(),
                reminds: None,
            }));
            continue;
        };
        let keys: BTreeSet<Key> = mail.notices.iter().map(key).collect();
        let reminds = mail.notices.iter().all(|notice| notice.reason == Reason::Reminder).then(|| keys.clone());
        let place = (told.receiver.clone(), keys.clone());
        let before = last.get(&place).and_then(|index| rows.get_mut(*index)).filter(|row| row.reminds.is_some());
        if let (Some(row), Some(_)) = (before, &reminds) {
            row.more.push(told.at);
            continue;
        }
        // Anything else that is told of the same ends what was going on.
        last.retain(|(receiver, of), _| *receiver != told.receiver || of.is_disjoint(&keys));
        last.insert(place, rows.len());
        let (text, notices) = (subject(told, mail), mail.notices.len());
        rows.push(Row { at: told.at, receiver: told.receiver.clone(), text, notices, more: Vec::new(), reminds });
    }
    rows
}

fn domains(course: &Course) -> String {
    let mut out = format!("\n{}\n", styled("Domains", BOLD));
    let (mut later, mut unseen) = (0_usize, Vec::new());
    for fate in &course.domains {
        match (fate.expires, fate.expires_within(course)) {
            (Some(_), Some(expires)) => out += &of_domain(fate, expires, course),
            (Some(expires), None) if expires < course.begins => {
                let text = format!("expired already, on {}", date(expires));
                out += &line(fate.name.as_str(), &text);
            }
            (Some(_), None) => later += 1,
            (None, _) => unseen.push(fate.name.as_str()),
        }
    }
    if later > 0 {
        let _ = writeln!(out, "  {later} not before {}", date(course.ends));
    }
    for name in unseen {
        out += &line(name, &styled("no certificate was seen, so nothing can be said of its expiry", YELLOW));
    }
    out
}

fn line(name: &str, text: &str) -> String {
    format!("  {}  {text}\n", crate::cli::text::printable(name))
}

fn of_domain(fate: &Fate, expires: UnixTime, course: &Course) -> String {
    let mut out = line(fate.name.as_str(), &format!("expires {}", date(expires)));
    let before = |at: UnixTime| format!("{} ({} before)", date(at), Span(at.until(expires)));
    let words = match (fate.first_word, fate.last_word) {
        (Some(first), Some(last)) if first != last => format!("first word {}, last {}", before(first), before(last)),
        (Some(first), _) => format!("one word, {}", before(first)),
        (None, _) => styled("nobody is told before it", RED),
    };
    let _ = writeln!(out, "    {words}");
    if let Some(usual) = fate.usual {
        let late = if usual < course.begins { ", which has passed" } else { "" };
        let _ = writeln!(out, "    usually renewed by {}{late}", date(usual));
    }
    if let Some(left) = fate.short_notice(course) {
        let text = format!("the first word comes only {} before the expiry: a weekend may be longer", Span(left));
        let _ = writeln!(out, "    {}", styled(text, YELLOW));
    }
    out
}

fn unheard(course: &Course) -> String {
    if course.unheard.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", styled("Reaches nobody", BOLD));
    for each in &course.unheard {
        out += &of_unheard(each);
    }
    out
}

fn of_unheard(unheard: &Unheard) -> String {
    let Unheard { at, notice, told_at, why } = unheard;
    let first = format!("{}  {} {} {}", date(*at), notice.domain, notice.severity, notice.code);
    let then = match told_at {
        Some(told_at) if notice.expires.is_some_and(|expires| notice.family == "expiry" && expires <= *told_at) => {
            format!("; the first word comes on {}, after the expiry", date(*told_at))
        }
        Some(told_at) => format!("; the first word comes on {}", date(*told_at)),
        None => String::new(),
    };
    let because = wrapped(&format!("{}{then}", why.sentence()), "    ", "    ");
    let mend = wrapped(&why.mend(), "    mend: ", "          ");
    format!("{}\n{because}\n{mend}\n", wrapped(&first, "  ", "    "))
}
