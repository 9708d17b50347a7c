//! The life of an incident: what `[policy]`, groups and domains say of it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::matching::patterns;
use crate::config::lives::{Group, LifePart, Lives, duration_text};
use crate::config::mistake::{Draft, Notes};
use crate::config::section::Section;
use crate::config::source::Source;
use crate::domain::Life;
use crate::incident::silence::Matcher;

/// What flaps is held for a window's length.
const LONGEST_WINDOW: Duration = Duration::from_secs(86_400);

/// What the whole file says.
pub(super) fn lives(root: &Section, source: &Source<'_>, notes: &mut Notes) -> Lives {
    let global = root.section("policy").map(|section| part(section, source, notes)).unwrap_or_default();
    let groups = root.sections("group").iter().filter_map(|section| group(section, source, notes)).collect();
    let mut lives = Lives { global, groups, ..Lives::default() };
    for domain in root.sections("domain") {
        let Some(section) = domain.section("policy") else { continue };
        let part = part(section, source, notes);
        if let Some(name) = domain.name("name") {
            lives.own.entry(name).or_insert(part);
        }
    }
    tell_empty_groups(root, &lives, notes);
    lives
}

/// None if it is not said what holds, or for whom, which has then been told.
fn group(section: &Section, source: &Source<'_>, notes: &mut Notes) -> Option<Group> {
    let matcher = Matcher { domains: patterns(section, notes), labels: section.matches("match"), ..Matcher::default() };
    if !section.has("match") && !section.has("domains") {
        let mend = "add `match` or `domains`; what is to hold for all domains stands in `[policy]`";
        notes.mistake(section.span.clone(), &section.path, "it is not said which domains are in this group", mend);
    }
    let part = part(section.section("policy")?, source, notes);
    Some(Group { matcher, part })
}

/// A group that holds for nobody has no effect, which its author may not expect. Domains that a tenant lists are not
/// known yet.
fn tell_empty_groups(root: &Section, lives: &Lives, notes: &mut Notes) {
    let (groups, domains) = (root.sections("group"), root.sections("domain"));
    let known = |section: &Section| section.name("name").is_some() && section.sound("labels");
    if root.has("tenant") || groups.len() != lives.groups.len() || !domains.iter().all(known) {
        return;
    }
    let covers = |group: &Group, domain: &Section| {
        let labels = domain.labels("labels");
        let label = |name: &str| labels.get(name).map(String::as_str);
        domain.name("name").is_some_and(|name| group.matcher.covers_domain(&name, label))
    };
    for (section, group) in groups.iter().zip(&lives.groups) {
        if !domains.iter().any(|domain| covers(group, domain)) {
            let mend = "check its `match` and `domains`, or take it out".to_owned();
            let message = "no domain is in this group".to_owned();
            notes.remarks.push(Draft::at(section.span.clone(), &section.path, message, mend));
        }
    }
}

fn part(section: &Section, source: &Source<'_>, notes: &mut Notes) -> LifePart {
    let base = Life::default();
    let mut lines = BTreeMap::new();
    let mut at = |key: &'static str| {
        if section.has(key) && section.sound(key) {
            lines.insert(key, source.line(section.place(key).start));
        }
        key
    };
    let life = Life {
        confirm_fact: section.duration(at("confirm_fact")).unwrap_or(base.confirm_fact),
        confirm_network: section.durations(at("confirm_network")).unwrap_or(base.confirm_network),
        resolve_after: section.count(at("resolve_after")).unwrap_or(base.resolve_after),
        resolve_for: section.duration(at("resolve_for")).unwrap_or(base.resolve_for),
        remind_critical: section.durations(at("remind_critical")).unwrap_or(base.remind_critical),
        remind_warning: section.durations(at("remind_warning")).unwrap_or(base.remind_warning),
        flap_after: section.count(at("flap_after")).unwrap_or(base.flap_after),
        flap_window: section.duration(at("flap_window")).unwrap_or(base.flap_window),
    };
    check(section, &life, notes);
    LifePart { lines, life }
}

fn check(section: &Section, life: &Life, notes: &mut Notes) {
    let mut tell = |key: &str, message: String, mend: &str| {
        notes.mistake(section.place(key), &section.path_of(key), message, mend);
    };
    if !life.confirm_network.is_sorted_by(|earlier, later| earlier < later) {
        let message = "the times do not rise: each counts from the moment the fault was first seen".to_owned();
        tell("confirm_network", message, "write them in rising order, such as [\"20s\", \"40s\"]");
    }
    for (key, times) in [("remind_critical", &life.remind_critical), ("remind_warning", &life.remind_warning)] {
        let moments = times.split_last().map_or(&[][..], |(_, moments)| moments);
        if !moments.is_sorted_by(|earlier, later| earlier < later) {
            let message = "the times do not rise: each but the last counts from the moment it was told".to_owned();
            tell(key, message, "write them in rising order, such as [\"1h\", \"4h\", \"1d\"]");
        }
        if let Some(long) = times.iter().find(|time| **time > Life::LONGEST_REMINDER) {
            let most = duration_text(Life::LONGEST_REMINDER);
            let message = format!("{} is too long: {most} is the most", duration_text(*long));
            tell(key, message, "write a shorter one, or [] for no reminders at all");
        }
    }
    if life.flap_after == 1 {
        let message = "every incident would flap: it opens once".to_owned();
        tell("flap_after", message, "write at least 2, or 0 for never");
    }
    if life.flap_window > LONGEST_WINDOW {
        let message = format!("it is too long: {} is the most", duration_text(LONGEST_WINDOW));
        tell("flap_window", message, "write a shorter one: what is over is told only after it");
    }
}
