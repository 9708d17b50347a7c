//! Who is told of what, when, and how often.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use super::templates::stationery;
use super::{alertmanager, webhook};
use crate::config::grammar::Kind;
use crate::config::leaf::World;
use crate::config::mistake::Notes;
use crate::config::reader::nearest;
use crate::config::section::{Section, Value};
use crate::config::settings::{Receiver, Route};
use crate::config::source::Source;
use crate::incident::Policy;
use crate::notify::email::{Credentials, Relay, Security, Settings as Email};
use crate::notify::{Channel, Links};
use crate::verdict::Severity;

/// What `[policy]` says, and each receiver of itself.
pub(super) fn policy(section: &Section, receivers: &[Section], notes: &mut Notes) -> Policy {
    let base = Policy::default();
    let confirm_network = section.durations("confirm_network").unwrap_or(base.confirm_network);
    if !confirm_network.is_sorted_by(|earlier, later| earlier < later) {
        notes.mistake(
            section.place("confirm_network"),
            &section.path_of("confirm_network"),
            "the times do not rise: each counts from the moment the fault was first seen",
            "write them in rising order, such as [\"20s\", \"40s\"]",
        );
    }
    Policy {
        confirm_fact: section.duration("confirm_fact").unwrap_or(base.confirm_fact),
        confirm_network,
        collect_for: section.duration("collect_for").unwrap_or(base.collect_for),
        group_interval: section.duration("group_interval").unwrap_or(base.group_interval),
        resolve_after: section.count("resolve_after").unwrap_or(base.resolve_after),
        resolve_for: section.duration("resolve_for").unwrap_or(base.resolve_for),
        retry: section.durations("retry").unwrap_or(base.retry),
        mails_per_hour: section.count("mails_per_hour").unwrap_or(base.mails_per_hour),
        mails_per_hour_of: receivers.iter().filter_map(mails_per_hour).collect(),
        stale_after: section.duration("stale_after").unwrap_or(base.stale_after),
    }
}

fn mails_per_hour(receiver: &Section) -> Option<(String, u32)> {
    Some((receiver.text("name")?.to_owned(), receiver.count("mails_per_hour")?))
}

/// The receivers of the file.
pub(super) fn receivers(
    sections: &[Section],
    links: &Links,
    source: &Source<'_>,
    world: &World<'_>,
    notes: &mut Notes,
) -> Vec<Receiver> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut receivers = Vec::new();
    let given = Given { links, world };
    for section in sections {
        let channel = channel(section, &given, notes);
        let Some(name) = section.text("name") else { continue };
        let place = section.place("name");
        if let Some(line) = first.get(name) {
            let message = format!("there is a receiver `{name}` already, in line {line}");
            notes.mistake(place, &section.path_of("name"), message, "give it another name, or keep one of the two");
            continue;
        }
        first.insert(name, source.line(place.start));
        receivers.extend(channel.map(|channel| Receiver { name: name.to_owned(), channel }));
    }
    receivers
}

/// What a receiver needs that does not stand in its own table.
struct Given<'a> {
    /// Where what is sent may point at.
    links: &'a Links,
    world: &'a World<'a>,
}

/// What a channel's table means.
type Read = fn(&Section, &Given<'_>, &mut Notes) -> Option<Channel>;

/// The tables of which a receiver has exactly one, and what each means.
const CHANNELS: [(&str, Read); 3] = [
    ("email", |section, given, notes| email(section, given, notes).map(Channel::Email)),
    ("alertmanager", |section, _, notes| alertmanager::read(section, notes).map(Channel::Alertmanager)),
    ("webhook", |section, _, notes| webhook::read(section, notes).map(Box::new).map(Channel::Webhook)),
];

/// None if there is not exactly one, or it is bad, which has then been told.
fn channel(section: &Section, given: &Given<'_>, notes: &mut Notes) -> Option<Channel> {
    let read = |(name, read): &(&str, Read), notes: &mut Notes| {
        section.section(name).and_then(|section| read(section, given, notes))
    };
    let written: Vec<_> = CHANNELS.iter().filter(|(name, _)| section.has(name)).collect();
    let names = |channels: &mut dyn Iterator<Item = &str>| {
        channels.map(|name| format!("`[receiver.{name}]`")).collect::<Vec<_>>()
    };
    match written.as_slice() {
        [one] => return read(one, notes),
        [] => {
            let mend = format!("add {}", names(&mut CHANNELS.iter().map(|(name, _)| *name)).join(" or "));
            notes.mistake(
                section.span.clone(),
                &section.path,
                "the receiver has no channel: nobody could be told",
                mend,
            );
        }
        [_, second, ..] => {
            for one in &written {
                read(one, notes);
            }
            let all = names(&mut written.iter().map(|(name, _)| *name)).join(" and ");
            let message = format!("a receiver has one channel, and this one has {all}");
            notes.mistake(
                section.place(second.0),
                &section.path_of(second.0),
                message,
                "give each a `[[receiver]]` of its own",
            );
        }
    }
    None
}

/// None if a key that it needs is missing or bad, which has then been told.
fn email(section: &Section, given: &Given<'_>, notes: &mut Notes) -> Option<Email> {
    let relays = relays(section, notes);
    let stationery = stationery(section.section("templates"), given.links, given.world, notes);
    Some(Email {
        to: section.texts("to")?,
        from: section.text("from")?.to_owned(),
        relays: relays?,
        stationery: stationery?,
    })
}

/// The relay, or the relays, in order.
fn relays(section: &Section, notes: &mut Notes) -> Option<Vec<Relay>> {
    if !section.has("relays") {
        if !section.has("relay") {
            let mend = format!("add `relay`: {}", Kind::Relay.expected());
            notes.mistake(section.span.clone(), &section.path_of("relay"), "`relay` is missing here", mend);
        }
        return Some(vec![relay(section, "relay", notes)?]);
    }
    for key in ["relay", "username", "password", "roots", "allow_plain"].into_iter().filter(|key| section.has(key)) {
        let (message, mend) = match key {
            "relay" => ("`relay` stands here beside `relays`".to_owned(), "make it the first of `relays`".to_owned()),
            _ => (format!("`{key}` stands here beside `relays`"), format!("write `{key}` in those it is meant for")),
        };
        notes.mistake(section.place(key), &section.path_of(key), message, mend);
    }
    let relays = section.sections("relays");
    if relays.is_empty() && section.sound("relays") {
        let mend = "name at least one, or write `relay`";
        notes.mistake(section.place("relays"), &section.path_of("relays"), "the list is empty", mend);
    }
    let read: Vec<Option<Relay>> = relays.iter().map(|section| relay(section, "url", notes)).collect();
    read.into_iter().collect::<Option<Vec<_>>>().filter(|relays| !relays.is_empty())
}

fn relay(section: &Section, key: &str, notes: &mut Notes) -> Option<Relay> {
    let credentials = credentials(section, notes);
    let Value::Relay { security, host, port } = section.value(key)? else { return None };
    let allowed = section.flag("allow_plain").unwrap_or(false);
    if *security == Security::Plain && !is_loopback(host) && !allowed && section.sound("allow_plain") {
        notes.mistake(
            section.place(key),
            &section.path_of(key),
            format!("mail to {host} would leave this machine without TLS"),
            "use smtp:// (STARTTLS) or smtps://; or `allow_plain = true`, if anyone on the way may read it",
        );
    }
    Some(Relay { security: *security, host: host.clone(), port: *port, roots: section.path("roots"), credentials })
}

pub(super) fn credentials(section: &Section, notes: &mut Notes) -> Option<Credentials> {
    for (key, other) in [("username", "password"), ("password", "username")] {
        if section.has(key) && !section.has(other) {
            let mend = format!("add `{other}`, or take `{key}` out");
            notes.mistake(
                section.place(key),
                &section.path_of(key),
                format!("`{key}` stands here without `{other}`"),
                mend,
            );
        }
    }
    Some(Credentials { username: section.text("username")?.to_owned(), password: section.secret("password")? })
}

pub(super) fn is_loopback(host: &str) -> bool {
    let named = host == "localhost" || host.ends_with(".localhost");
    named || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// The routes of the file.
pub(super) fn routes(sections: &[Section], source: &Source<'_>, notes: &mut Notes) -> Vec<Route> {
    let mut routes: Vec<(usize, Route)> = Vec::new();
    for section in sections {
        let Some(receivers) = section.texts("receivers") else { continue };
        let route = Route { matches: section.labels("match"), receivers, min_severity: severity(section) };
        let same = |(_, other): &&(usize, Route)| *other == route && section.sound("match");
        if let Some((line, _)) = routes.iter().find(same) {
            let message = format!("this route says the same as the one in line {line}");
            notes.mistake(section.span.clone(), &section.path, message, "keep one of the two");
            continue;
        }
        routes.push((source.line(section.span.start), route));
    }
    routes.into_iter().map(|(_, route)| route).collect()
}

fn severity(section: &Section) -> Severity {
    match section.text("min_severity") {
        Some("info") => Severity::Info,
        Some("critical") => Severity::Critical,
        _ => Severity::Warning,
    }
}

/// Whether routes name receivers that exist, and whether every receiver and every domain has a route. What
/// could not be read is taken for good, so that one mistake is not told as several.
pub(super) fn check_routing(root: &Section, notes: &mut Notes) {
    let (routes, receivers) = (root.sections("route"), root.sections("receiver"));
    if routes.is_empty() || !root.sound("route") {
        return;
    }
    if root.sound("receiver") && receivers.iter().all(|section| section.text("name").is_some()) {
        let known: BTreeSet<&str> = receivers.iter().filter_map(|section| section.text("name")).collect();
        for route in routes {
            unknown_receivers(route, &known, notes);
        }
    }
    if routes.iter().all(|route| route.sound("match") && route.list("receivers").is_some()) {
        unrouted(root, routes, notes);
        unreached(root.sections("domain"), routes, notes);
        unreached_tenants(root.sections("tenant"), routes, notes);
    }
}

fn unknown_receivers(route: &Section, known: &BTreeSet<&str>, notes: &mut Notes) {
    for (place, name) in named(route) {
        if known.contains(name) {
            continue;
        }
        let mend = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add a `[[receiver]]` with `name = \"{name}\"`"),
        };
        notes.mistake(place, &route.path_of("receivers"), format!("there is no receiver `{name}`"), mend);
    }
}

/// Receivers that are told of nothing. Domains that a tenant lists are not known yet, so with one every route counts.
fn unrouted(root: &Section, routes: &[Section], notes: &mut Notes) {
    let domains = root.sections("domain");
    let certain = !root.has("tenant") && root.sound("domain") && domains.iter().all(|domain| domain.sound("labels"));
    let used = |route: &&Section| !certain || domains.iter().any(|domain| applies(route, domain));
    let receivers = root.sections("receiver");
    let known: BTreeSet<&str> = receivers.iter().filter_map(|section| section.text("name")).collect();
    // A slip in a route's receiver is told as that alone.
    let meant = |name| if known.contains(name) { Some(name) } else { nearest(name, known.iter().copied()) };
    let told: BTreeSet<&str> = routes.iter().filter(used).flat_map(named).filter_map(|(_, name)| meant(name)).collect();
    for section in receivers {
        let Some(name) = section.text("name").filter(|name| !told.contains(name)) else { continue };
        let message = match routes.iter().flat_map(named).any(|(_, routed)| routed == name) {
            true => format!("the receiver `{name}` is told of no domain: the routes that name it match none"),
            false => format!("the receiver `{name}` is told of no domain: no route names it"),
        };
        let mend = format!("add `[[route]]` with `receivers = [\"{name}\"]`, or take the receiver out");
        notes.mistake(section.place("name"), &section.path_of("name"), message, mend);
    }
}

/// Domains of which nobody is told.
fn unreached(domains: &[Section], routes: &[Section], notes: &mut Notes) {
    for section in domains.iter().filter(|section| section.sound("labels")) {
        let Some(name) = section.name("name") else { continue };
        if !routes.iter().any(|route| applies(route, section)) {
            let message = format!("nobody is told of the domain {name}: no route matches its labels");
            let mend = "give it labels that a route matches, or add a `[[route]]` without `match`";
            notes.mistake(section.place("name"), &section.path_of("name"), message, mend);
        }
    }
}

/// Tenants of whose domains nobody would be told: a new one would be watched in vain.
fn unreached_tenants(tenants: &[Section], routes: &[Section], notes: &mut Notes) {
    let listing = |section: &&Section| section.flag("discover") == Some(true) && section.sound("labels");
    for section in tenants.iter().filter(listing) {
        let Some(name) = section.name("domain") else { continue };
        if !routes.iter().any(|route| applies(route, section)) {
            let message = format!("nobody is told of the domains that {name} lists: no route matches its labels");
            let mend = "give it `labels` that a route matches, or add a `[[route]]` without `match`";
            notes.mistake(section.place("domain"), &section.path_of("domain"), message, mend);
        }
    }
}

fn applies(route: &Section, domain: &Section) -> bool {
    let labels = domain.labels("labels");
    route.labels("match").iter().all(|(name, value)| labels.get(name) == Some(value))
}

/// The receivers that a route names, each with its place.
fn named(route: &Section) -> impl Iterator<Item = (Range<usize>, &str)> {
    let items = route.list("receivers").unwrap_or_default().iter();
    items.filter_map(
        |(place, value)| if let Value::Text(name) = value { Some((place.clone(), name.as_str())) } else { None },
    )
}
