//! Who is told of what, when, and how often.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::templates::stationery;
use super::{alertmanager, calendar, webhook};
use crate::config::grammar::Kind;
use crate::config::leaf::World;
use crate::config::mistake::Notes;
use crate::config::section::{Section, Value};
use crate::config::settings::Receiver;
use crate::config::source::Source;
use crate::incident::{Pace, Policy};
use crate::notify::email::{Credentials, Relay, Security, Settings as Email};
use crate::notify::{Channel, Links};

/// What `[policy]` says of receivers, and each receiver of itself.
pub(super) fn policy(section: &Section, receivers: &[Section], notes: &mut Notes) -> Policy {
    let base = Policy::default();
    Policy {
        collect_for: section.duration("collect_for").unwrap_or(base.collect_for),
        group_interval: section.duration("group_interval").unwrap_or(base.group_interval),
        retry: section.durations("retry").unwrap_or(base.retry),
        mails_per_hour: section.count("mails_per_hour").unwrap_or(base.mails_per_hour),
        calendars: receivers.iter().filter_map(|receiver| calendar::calendar(receiver, notes)).collect(),
        stale_after: section.duration("stale_after").unwrap_or(base.stale_after),
        of_receivers: receivers.iter().filter_map(pace).collect(),
        fallback: section.text("fallback").map(str::to_owned),
        fallback_after: section.duration("fallback_after").unwrap_or(base.fallback_after),
        ..base
    }
}

/// What holds for this receiver alone, if anything does.
fn pace(receiver: &Section) -> Option<(String, Pace)> {
    let pace = Pace {
        collect_for: receiver.duration("collect_for"),
        group_interval: receiver.duration("group_interval"),
        retry: receiver.durations("retry"),
        mails_per_hour: receiver.count("mails_per_hour"),
        stale_after: receiver.duration("stale_after"),
    };
    (pace != Pace::default()).then_some((receiver.text("name")?.to_owned(), pace))
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
