//! The daemon's settings for the demo: what a configuration file would say of the lab's world, in a hurry.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::folder::Folder;
use crate::config::{Defaults, Receiver, Settings, Sight, Store, Trust, Watch};
use crate::domain::{Domain, Life, Shared};
use crate::incident::Policy;
use crate::lab::world::World;
use crate::notify::email::{self, Relay, Security};
use crate::notify::{Channel, Stationery};
use crate::probe::{self, Nameserver};
use crate::trust::RootSource;

/// How often each domain is looked at.
pub(super) const INTERVAL: Duration = seconds(2);
/// Loopback answers at once or not at all.
const TIMEOUT: Duration = seconds(2);

/// Settings to watch this world, with the state in this folder, and with this relay for the mail.
pub(super) fn of(world: &World, home: &Folder, relay: SocketAddr) -> Result<Settings, String> {
    let defaults = Defaults {
        interval: INTERVAL,
        probe: Shared::new(probe::Settings {
            timeout: TIMEOUT,
            nameservers: vec![Nameserver::at(world.nameserver())],
            ..probe::Settings::default()
        }),
        trust: Shared::new(Trust {
            roots: vec![RootSource::File(home.write("roots.pem", world.root_pem().as_bytes())?)],
            intermediates: vec![home.write("intermediates.pem", world.intermediate_pem().as_bytes())?],
            ..Trust::default()
        }),
        ..Defaults::default()
    };
    let domains = world.domains().map_err(|error| error.to_string())?;
    Ok(Settings {
        watches: domains.into_iter().map(|domain| watch(domain, &defaults)).collect(),
        defaults,
        receivers: vec![Receiver { name: "oncall".to_owned(), channel: Channel::Email(email_by(relay)) }],
        policy: policy(),
        store: Store { path: home.path().join("notafter.db") },
        // What of this world shares nothing with the proxies.
        watch: Sight { references: vec![world.nameserver().to_string()], ..Sight::default() },
        ..Settings::default()
    })
}

/// The same as a configuration file, for `notafter check`. Who is told is left out: that is the daemon's.
pub(super) fn write(world: &World, home: &Folder) -> Result<PathBuf, String> {
    let mut file = format!("[probe]\nnameservers = [\"{}\"]\n", world.nameserver());
    file += "roots = [\"roots.pem\"]\nintermediates = [\"intermediates.pem\"]\n";
    for domain in world.domains().map_err(|error| error.to_string())? {
        let expected = &domain.expected;
        let _ = writeln!(file, "\n[[domain]]\nname = \"{}\"", domain.name);
        let _ = expected.cname.iter().try_for_each(|cname| writeln!(file, "cname = \"{cname}\""));
        let _ = expected.txt.iter().try_for_each(|txt| writeln!(file, "txt = \"{txt}\""));
        let addresses = domain.addresses.iter().map(|address| format!("\"{address}\"")).collect::<Vec<_>>();
        let _ = writeln!(file, "addresses = [{}]", addresses.join(", "));
    }
    home.write("notafter.toml", file.as_bytes())
}

fn watch(domain: Domain, defaults: &Defaults) -> Watch {
    let watch = defaults.watch(domain.name.clone());
    let Domain { interval, families, thresholds, .. } = Domain::clone(&watch.domain);
    let life = life().into();
    Watch { domain: Shared::new(Domain { interval, families, thresholds, life, ..domain }), ..watch }
}

fn email_by(relay: SocketAddr) -> email::Settings {
    email::Settings {
        to: vec!["oncall@example.com".to_owned()],
        from: "notafter@example.com".to_owned(),
        relays: vec![Relay {
            security: Security::Plain,
            host: relay.ip().to_string(),
            port: relay.port(),
            roots: None,
            credentials: None,
        }],
        stationery: Stationery::default(),
    }
}

/// As sure as ever, but sooner: nobody waits minutes for a demo.
fn life() -> Life {
    Life {
        confirm_fact: seconds(1),
        confirm_network: vec![seconds(1), seconds(2)],
        resolve_for: seconds(5),
        ..Life::default()
    }
}

fn policy() -> Policy {
    Policy {
        life: life().into(),
        collect_for: seconds(2),
        group_interval: seconds(20),
        retry: vec![seconds(1), seconds(5)],
        ..Policy::default()
    }
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
