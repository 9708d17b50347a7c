//! [`Settings`]: the file as it is meant. What the rooms need, in the rooms' own terms.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::lives::Lives;
use super::mistake::Mistake;
use crate::discover;
use crate::domain::{Domain, DomainName, Expected, Families, Shared, Thresholds};
use crate::incident::Policy;
use crate::incident::silence::{DomainPattern, Maintenance, Matcher};
use crate::keeper::{HeartbeatSettings, Recipient};
use crate::notify::{Channel, Links, heartbeat};
use crate::probe;
use crate::trust::RootSource;
use crate::verdict::Severity;

/// Everything a configuration file says, and the defaults for what it does not.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is served.
    pub server: Server,
    /// The domains to watch, in the order of the file; their names differ.
    pub watches: Vec<Watch>,
    /// How a name that is not in the file is looked at.
    pub defaults: Defaults,
    /// Whom to tell; their names differ.
    pub receivers: Vec<Receiver>,
    /// Who is told of what. Empty: every receiver of every domain.
    pub routes: Vec<Route>,
    /// When and how often.
    pub policy: Policy,
    /// What of that is otherwise for which domains.
    pub lives: Lives,
    /// Where the state is kept.
    pub store: Store,
    /// Our own sight.
    pub watch: Sight,
    /// Auth0 tenants whose Management API is asked.
    pub tenants: Vec<Tenant>,
    /// When what is known need not be told.
    pub maintenance: Vec<Maintenance>,
    /// What is not wrong, but has no effect in this version.
    pub remarks: Vec<Mistake>,
}

impl Default for Settings {
    /// What holds without any file: nothing to watch, nobody to tell.
    fn default() -> Self {
        Self {
            server: Server::default(),
            watches: Vec::new(),
            defaults: Defaults::default(),
            receivers: Vec::new(),
            routes: Vec::new(),
            policy: Policy::default(),
            lives: Lives::default(),
            store: Store { path: PathBuf::from("/var/lib/notafter/notafter.db") },
            watch: Sight::default(),
            tenants: Vec::new(),
            maintenance: Vec::new(),
            remarks: Vec::new(),
        }
    }
}

impl Settings {
    /// How this domain is to be looked at: as the file says, else by the defaults.
    pub fn watch_of(&self, name: &DomainName) -> Watch {
        let listed = self.watches.iter().find(|watch| watch.domain.name == *name);
        listed.cloned().unwrap_or_else(|| self.defaults.watch(name.clone()))
    }

    /// Who is told of this domain, and of what: by every route that matches, and by the fallback of what none is about.
    pub fn recipients_of(&self, name: &DomainName, labels: &BTreeMap<String, String>) -> Vec<Recipient> {
        if self.routes.is_empty() {
            return self
                .receivers
                .iter()
                .map(|receiver| Recipient::of_all(&receiver.name, Severity::Warning))
                .collect();
        }
        let mut told: Vec<Recipient> = Vec::new();
        for route in self.routes.iter().filter(|route| route.applies_to(name, labels)) {
            told.extend(route.receivers.iter().map(|receiver| Recipient {
                receiver: receiver.clone(),
                min_severity: route.min_severity,
                codes: route.matcher.codes.clone(),
            }));
        }
        if let Some(fallback) = &self.policy.fallback {
            told.extend(Recipient::of_the_rest(fallback, &told));
        }
        Recipient::folded(told)
    }
}

/// What is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where what is sent may point at.
    pub links: Links,
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 10047)), links: Links::default() }
    }
}

/// One domain to watch, and how.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The domain, with its cadence and thresholds.
    pub domain: Shared<Domain>,
    /// How it is looked at.
    pub probe: Shared<probe::Settings>,
    /// Whom to trust.
    pub trust: Shared<Trust>,
}

/// Whom to trust, as far as files say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The roots; never empty.
    pub roots: Vec<RootSource>,
    /// PEM files with intermediate certificates.
    pub intermediates: Vec<PathBuf>,
    /// A list of certificate transparency logs.
    pub log_list: Option<PathBuf>,
    /// Stores that are asked as well, each by itself.
    pub compare: Vec<RootSource>,
    /// A list of CAs that are not trusted any more.
    pub distrust: Option<PathBuf>,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            roots: vec![RootSource::Mozilla],
            intermediates: Vec::new(),
            log_list: None,
            compare: Vec::new(),
            distrust: None,
        }
    }
}

impl Watch {
    /// The origin host, if it is to be looked at.
    pub fn origin(&self) -> Option<&DomainName> {
        self.probe.origin.as_ref().map(|origin| &origin.host.name)
    }

    /// At how many addresses a look asks for the discovery document; where nobody logs in, at none.
    pub fn http_addresses(&self) -> usize {
        if self.domain.mtls_of.is_some() { 0 } else { self.probe.http_addresses }
    }

    /// How the host for mutual TLS is watched that the domain's discovery document names: as the domain itself, but
    /// with no records expected. `None` if it is not to be, or cannot be.
    pub fn of_mtls_alias(&self) -> Option<Self> {
        let name = self.domain.name.mtls_alias().filter(|_| self.probe.mtls_aliases)?;
        let expected =
            Expected { caa_identifiers: self.domain.expected.caa_identifiers.clone(), ..Expected::default() };
        let mtls_of = Some(self.domain.name.clone());
        let domain = Domain { name, expected, mtls_of, ..Domain::clone(&self.domain) };
        let contract = probe::Contract::default();
        let probe = probe::Settings { origin: None, tenant: None, contract, ..probe::Settings::clone(&self.probe) };
        Some(Self { domain: domain.into(), probe: probe.into(), ..self.clone() })
    }
}

/// What `[probe]` says: how domains are looked at unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// How often.
    pub interval: Duration,
    /// The address families customers come by.
    pub families: Families,
    /// When an expiry is spoken of.
    pub thresholds: Thresholds,
    /// How.
    pub probe: Shared<probe::Settings>,
    /// Whom to trust.
    pub trust: Shared<Trust>,
    /// By which names the CA goes in CAA records.
    pub caa_identifiers: Vec<DomainName>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(60),
            families: Families::Auto,
            thresholds: Thresholds::default(),
            probe: Shared::default(),
            trust: Shared::default(),
            caa_identifiers: Vec::new(),
        }
    }
}

impl Defaults {
    /// A domain of which only the name is known, looked at in this way.
    pub fn watch(&self, name: DomainName) -> Watch {
        let mut domain = Domain::new(name);
        domain.interval = self.interval;
        domain.families = self.families;
        domain.thresholds = self.thresholds.clone();
        domain.expected.caa_identifiers.clone_from(&self.caa_identifiers);
        Watch { domain: domain.into(), probe: self.probe.clone(), trust: self.trust.clone() }
    }
}

/// Someone to tell.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// What routes and metrics call it.
    pub name: String,
    /// By what it is told.
    pub channel: Channel,
}

/// Who is told of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Which domains, and which codes of faults.
    pub matcher: Matcher,
    /// The names of the receivers; each is one of the file's.
    pub receivers: Vec<String>,
    /// Only what is at least as bad.
    pub min_severity: Severity,
}

impl Route {
    /// Whether this domain is meant.
    pub fn applies_to(&self, name: &DomainName, labels: &BTreeMap<String, String>) -> bool {
        self.matcher.covers_domain(name, |label| labels.get(label).map(String::as_str))
    }

    /// Whether every domain with these labels is meant, whatever its name.
    pub(super) fn applies_to_all(&self, labels: &BTreeMap<String, String>) -> bool {
        let any = self.matcher.domains.is_empty() || self.matcher.domains.contains(&DomainPattern::Any);
        let one_of =
            |(name, values): (&String, &Vec<String>)| labels.get(name).is_some_and(|value| values.contains(value));
        any && self.matcher.labels.iter().all(one_of)
    }
}

/// Where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The SQLite file.
    pub path: PathBuf,
}

/// Our own sight.
#[derive(Debug, Clone)]
pub struct Sight {
    /// How often relays are asked whether they would take a mail; never if zero.
    pub relay_check: Duration,
    /// Who waits elsewhere for us to be silent.
    pub heartbeat: Option<Heartbeat>,
    /// The feed of Auth0's status page, asked for the tenants whose logins fail.
    pub status_feed: Option<String>,
    /// `HOST:PORT` of what shares nothing with the watched path.
    pub references: Vec<String>,
    /// Looks at one address at once; by itself as many as its domains' intervals need, and at least four.
    pub looks_per_address: Option<usize>,
}

impl Default for Sight {
    fn default() -> Self {
        Self {
            relay_check: Duration::from_secs(3600),
            heartbeat: None,
            status_feed: None,
            references: Vec::new(),
            looks_per_address: None,
        }
    }
}

/// A dead man's switch.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// Where it is told.
    pub to: heartbeat::Settings,
    /// How often, and whether it understands more than success.
    pub how: HeartbeatSettings,
}

/// An Auth0 tenant whose Management API is asked.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// How it is asked.
    pub api: discover::Settings,
    /// Whether to watch every self-managed custom domain that it lists.
    pub discover: bool,
    /// Domains that it may list or lose without anybody caring.
    pub ignore: Vec<DomainName>,
    /// The addresses our requests come from, if it is to be checked daily that Auth0 sees them as the client's.
    pub client_ip: Vec<IpAddr>,
    /// The labels of the domains that are watched because it lists them.
    pub labels: BTreeMap<String, String>,
}
