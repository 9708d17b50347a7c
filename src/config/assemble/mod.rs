//! From sections to [`Settings`]: what only shows when several keys are seen together.

mod alertmanager;
mod calendar;
mod lives;
mod maintenance;
mod matching;
mod routing;
mod telling;
mod templates;
mod watches;
mod webhook;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::leaf::World;
use super::mistake::{Draft, Notes};
use super::section::Section;
use super::settings::{Heartbeat, Server, Settings, Sight, Store, Tenant};
use super::source::Source;
use crate::discover;
use crate::incident::Policy;
use crate::keeper::HeartbeatSettings;
use crate::notify::Links;
use crate::notify::heartbeat;

/// Builds the settings from the whole file. They are only good if no mistake has been noted.
pub(super) fn settings(root: &Section, source: &Source<'_>, world: &World<'_>, notes: &mut Notes) -> Settings {
    let none = Section::default();
    let table = |key| root.section(key).unwrap_or(&none);
    let defaults = watches::defaults(table("probe"), root.sections("evidence"), notes);
    let lives = lives::lives(root, source, notes);
    let watches = watches::watches(root.sections("domain"), &defaults, &lives, source, world, notes);
    let server = server(table("server"));
    let receivers = telling::receivers(root.sections("receiver"), &server.links, source, world, notes);
    let routes = routing::routes(root.sections("route"), source, notes);
    routing::check(root, notes);
    if !root.has("domain") && !root.has("tenant") {
        let mend = "add `[[domain]]` with `name = \"login.example.com\"`";
        notes.remarks.push(Draft::whole("there is no domain to watch".to_owned(), mend.to_owned()));
    }
    Settings {
        server,
        watches,
        defaults,
        receivers,
        routes,
        policy: Policy {
            life: lives.global().into(),
            own_sight: table("watch").texts("receivers"),
            ..telling::policy(table("policy"), root.sections("receiver"), notes)
        },
        lives,
        store: store(table("store"), world, notes),
        watch: sight(table("watch")),
        maintenance: maintenance::maintenance(root.sections("maintenance"), notes),
        tenants: tenants(root.sections("tenant"), source, notes),
        remarks: Vec::new(),
    }
}

fn server(section: &Section) -> Server {
    let text = |key| section.text(key).map(str::to_owned);
    let links = Links { pages: text("external_url"), explanations: text("docs_url") };
    Server { listen: section.address("listen").unwrap_or_else(|| Server::default().listen), links }
}

/// The state's file: as written, else in the folder the service manager gave, else where the package puts it.
fn store(section: &Section, world: &World<'_>, notes: &mut Notes) -> Store {
    if section.has("postgres") && section.sound("postgres") {
        let mend = "use `path`, the SQLite file";
        let place = section.place("postgres");
        notes.mistake(place, &section.path_of("postgres"), "this build of notafter has no PostgreSQL", mend);
    }
    let given = || (world.env)("STATE_DIRECTORY").filter(|directory| !directory.is_empty());
    let path = section.path("path").unwrap_or_else(|| {
        // systemd.exec(5): several folders are separated by colons.
        let folder = given().and_then(|all| all.split(':').next().map(PathBuf::from));
        folder.unwrap_or_else(|| PathBuf::from("/var/lib/notafter")).join("notafter.db")
    });
    Store { path }
}

fn sight(section: &Section) -> Sight {
    Sight {
        relay_check: section.duration("relay_check").unwrap_or_else(|| Sight::default().relay_check),
        heartbeat: heartbeat(section),
        status_feed: section.text("status_feed").map(str::to_owned),
        references: section.texts("references").unwrap_or_default(),
        looks_per_address: section.count("looks_per_address").map(|count| count as usize),
    }
}

fn heartbeat(section: &Section) -> Option<Heartbeat> {
    let to = heartbeat::Settings { url: section.secret("heartbeat_url")?, roots: section.path("heartbeat_roots") };
    let every = section.duration("heartbeat_every").unwrap_or(Duration::from_secs(60));
    let plain = section.text("heartbeat_style") == Some("plain");
    Some(Heartbeat { to, how: HeartbeatSettings { every, plain } })
}

/// Each tenant once: two that list the same would each ask for tokens, which are counted.
fn tenants(sections: &[Section], source: &Source<'_>, notes: &mut Notes) -> Vec<Tenant> {
    let mut first = BTreeMap::new();
    for section in sections {
        let Some(name) = section.name("domain") else { continue };
        let place = section.place("domain");
        if let Some(line) = first.get(&name) {
            let message = format!("the tenant {name} stands here a second time; first in line {line}");
            notes.mistake(place, &section.path_of("domain"), message, "keep one of the two");
        } else {
            first.insert(name, source.line(place.start));
        }
    }
    sections.iter().filter_map(tenant).collect()
}

/// None if a key that it needs is missing or bad, which has then been told.
fn tenant(section: &Section) -> Option<Tenant> {
    let api = discover::Settings {
        tenant: section.name("domain")?,
        api_base: section.text("api_base").map(str::to_owned),
        audience: section.text("audience").map(str::to_owned),
        client_id: section.text("client_id")?.to_owned(),
        client_secret: section.secret("client_secret")?,
    };
    Some(Tenant {
        api,
        discover: section.flag("discover").unwrap_or(false),
        ignore: section.names("ignore").unwrap_or_default(),
        client_ip: section.ips("client_ip").unwrap_or_default(),
        labels: section.labels("labels"),
    })
}
