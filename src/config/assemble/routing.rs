//! Routes: who is told of what, and whether everybody is told of something and everything told to somebody.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::matching::{patterns, tell_codes};
use crate::config::mistake::Notes;
use crate::config::reader::nearest;
use crate::config::section::{Section, Value};
use crate::config::settings::Route;
use crate::config::source::Source;
use crate::incident::silence::Matcher;
use crate::verdict::Severity;

/// The routes of the file.
pub(super) fn routes(sections: &[Section], source: &Source<'_>, notes: &mut Notes) -> Vec<Route> {
    let mut routes: Vec<(usize, Route)> = Vec::new();
    for section in sections {
        let mistakes = notes.mistakes.len();
        let route = route(section, notes);
        let sound = ["match", "domains", "codes"].into_iter().all(|key| section.sound(key));
        // What could not be read is no more the same than another.
        if !sound || notes.mistakes.len() > mistakes || section.texts("receivers").is_none() {
            continue;
        }
        let same = |(_, other): &&(usize, Route)| *other == route;
        if let Some((line, _)) = routes.iter().find(same) {
            let message = format!("this route says the same as the one in line {line}");
            notes.mistake(section.span.clone(), &section.path, message, "keep one of the two");
            continue;
        }
        routes.push((source.line(section.span.start), route));
    }
    routes.into_iter().map(|(_, route)| route).collect()
}

fn route(section: &Section, notes: &mut Notes) -> Route {
    let codes = section.texts("codes").unwrap_or_default();
    if codes.iter().any(|code| code.starts_with("watch.")) {
        let mend = "name who is told of it in `receivers` of `[watch]`";
        notes.mistake(section.place("codes"), &section.path_of("codes"), "our own sight is not routed", mend);
    }
    let min_severity = match section.text("min_severity") {
        Some("info") => Severity::Info,
        Some("critical") => Severity::Critical,
        _ => Severity::Warning,
    };
    let matcher =
        Matcher { domains: patterns(section, notes), labels: section.matches("match"), codes, max_severity: None };
    tell_codes(&matcher, section, notes);
    Route { matcher, receivers: section.texts("receivers").unwrap_or_default(), min_severity }
}

/// Whether routes, `[policy]` and `[watch]` name receivers that exist, and whether every receiver and every domain has a
/// route. What could not be read is taken for good, so that one mistake is not told as several.
pub(super) fn check(root: &Section, notes: &mut Notes) {
    let (routes, receivers) = (root.sections("route"), root.sections("receiver"));
    if root.sound("receiver") && receivers.iter().all(|section| section.text("name").is_some()) {
        let known: BTreeSet<&str> = receivers.iter().filter_map(|section| section.text("name")).collect();
        let told = routes.iter().chain(root.section("watch"));
        let told = told.flat_map(|section| named(section).map(move |named| (section, "receivers", named)));
        let told: Vec<_> = told.chain(fallback(root)).collect();
        for (section, key, (place, name)) in told {
            unknown_receiver(section, key, place, name, &known, notes);
        }
    }
    if routes.is_empty() || !root.sound("route") {
        return;
    }
    let readable = |route: &Section| {
        ["match", "domains", "codes"].into_iter().all(|key| route.sound(key)) && route.list("receivers").is_some()
    };
    if routes.iter().all(readable) {
        // What is wrong with them was told when they were read.
        let meant: Vec<Route> = routes.iter().map(|section| route(section, &mut Notes::default())).collect();
        unrouted(root, &meant, notes);
        if fallback(root).is_none() && root.section("policy").is_none_or(|policy| policy.sound("fallback")) {
            unreached(root.sections("domain"), &meant, notes);
            unreached_tenants(root.sections("tenant"), &meant, notes);
        }
    }
}

/// A receiver's name, with its place.
type Named<'a> = (Range<usize>, &'a str);

fn fallback(root: &Section) -> Option<(&Section, &'static str, Named<'_>)> {
    let policy = root.section("policy")?;
    Some((policy, "fallback", (policy.place("fallback"), policy.text("fallback")?)))
}

fn unknown_receiver(
    section: &Section,
    key: &str,
    place: Range<usize>,
    name: &str,
    known: &BTreeSet<&str>,
    notes: &mut Notes,
) {
    if known.contains(name) {
        return;
    }
    let mend = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add a `[[receiver]]` with `name = \"{name}\"`"),
    };
    notes.mistake(place, &section.path_of(key), format!("there is no receiver `{name}`"), mend);
}

/// Receivers that are told of nothing. Domains that a tenant lists are not known yet, so with one every route counts.
fn unrouted(root: &Section, routes: &[Route], notes: &mut Notes) {
    let domains = root.sections("domain");
    let known_domain = |domain: &Section| domain.sound("labels") && domain.name("name").is_some();
    let certain = !root.has("tenant") && root.sound("domain") && domains.iter().all(known_domain);
    let used = |route: &&Route| !certain || domains.iter().any(|domain| applies(route, domain));
    let receivers = root.sections("receiver");
    let known: BTreeSet<&str> = receivers.iter().filter_map(|section| section.text("name")).collect();
    // A slip in a route's receiver is told as that alone.
    let meant = |name| if known.contains(name) { Some(name) } else { nearest(name, known.iter().copied()) };
    let routed = routes.iter().filter(used).flat_map(|route| &route.receivers).map(String::as_str);
    let ours = root.section("watch").into_iter().flat_map(named).chain(fallback(root).map(|(_, _, named)| named));
    let told: BTreeSet<&str> = routed.chain(ours.map(|(_, name)| name)).filter_map(meant).collect();
    for section in receivers {
        let Some(name) = section.text("name").filter(|name| !told.contains(name)) else { continue };
        let message = match routes.iter().flat_map(|route| &route.receivers).any(|routed| routed == name) {
            true => format!("the receiver `{name}` is told of no domain: the routes that name it match none"),
            false => format!("the receiver `{name}` is told of no domain: no route names it"),
        };
        let mend = format!("add `[[route]]` with `receivers = [\"{name}\"]`, or take the receiver out");
        notes.mistake(section.place("name"), &section.path_of("name"), message, mend);
    }
}

/// Domains of which nobody is told.
fn unreached(domains: &[Section], routes: &[Route], notes: &mut Notes) {
    for section in domains.iter().filter(|section| section.sound("labels")) {
        let Some(name) = section.name("name") else { continue };
        let (message, mend) = match routes.iter().filter(|route| applies(route, section)).collect::<Vec<_>>() {
            all if all.iter().any(|route| route.matcher.codes.is_empty()) => continue,
            none if none.is_empty() => (
                format!("nobody is told of the domain {name}: no route matches its labels"),
                "give it labels that a route matches, add a `[[route]]` without `match`, or `[policy] fallback`",
            ),
            _ => (
                format!("nobody is told of some faults of {name}: every route that matches it is about certain codes"),
                "add a route without `codes` that matches it, or `[policy] fallback`",
            ),
        };
        notes.mistake(section.place("name"), &section.path_of("name"), message, mend);
    }
}

/// Tenants of whose domains nobody would be told: a new one would be watched in vain.
fn unreached_tenants(tenants: &[Section], routes: &[Route], notes: &mut Notes) {
    let listing = |section: &&Section| section.flag("discover") == Some(true) && section.sound("labels");
    for section in tenants.iter().filter(listing) {
        let Some(name) = section.name("domain") else { continue };
        let labels = section.labels("labels");
        if !routes.iter().any(|route| route.matcher.codes.is_empty() && route.applies_to_all(&labels)) {
            let message = format!("nobody is told of the domains that {name} lists: no route matches its labels");
            let mend =
                "give it `labels` that a route matches, add a `[[route]]` without `match`, or `[policy] fallback`";
            notes.mistake(section.place("domain"), &section.path_of("domain"), message, mend);
        }
    }
}

fn applies(route: &Route, domain: &Section) -> bool {
    let labels: BTreeMap<String, String> = domain.labels("labels");
    domain.name("name").is_none_or(|name| route.applies_to(&name, &labels))
}

/// The receivers that a table names, each with its place.
fn named(section: &Section) -> impl Iterator<Item = Named<'_>> {
    let items = section.list("receivers").unwrap_or_default().iter();
    items.filter_map(
        |(place, value)| if let Value::Text(name) = value { Some((place.clone(), name.as_str())) } else { None },
    )
}
