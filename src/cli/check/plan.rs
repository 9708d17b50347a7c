//! What is to be looked at, and how: the configuration file where there is one, overridden by the flags.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use super::record::{self, Source};
use super::system_now;
use crate::cli::text::note;
use crate::config::{self, Settings, Watch};
use crate::domain::{DomainName, UnixTime};
use crate::observation::{Clause, Look};
use crate::probe::{Host, MAX_NAMESERVERS, Nameserver, Origin, Recording};
use crate::trust::{RootSource, TrustStore};
use crate::verdict::LOG_LIST_HOLDS;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    looking: Looking,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
    /// Keep what came over the wire, without secrets, in this folder: a file a domain
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    pub(super) record: Option<PathBuf>,
    /// Judge again what was kept in this folder; nothing is looked at
    #[arg(long, value_name = "DIR", conflicts_with_all = ["addresses", "nameservers", "auth0_origin", "auth0_tenant", "contract"])]
    replay: Option<PathBuf>,
    /// Try whether the proxy keeps its part of the bargain: POST, Authorization, cache, redirects; with `=hostile` also
    /// forged headers and a wrong key
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "friendly", require_equals = true, value_name = "HOW")]
    contract: Option<Trying>,
}

/// At what is looked, and how.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Looking {
    /// The domains to look at; without any, all of the configuration file
    domains: Vec<DomainName>,
    /// The configuration file [default: config/notafter.toml, else /etc/notafter/notafter.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Look here instead of where DNS says; repeatable, port 443 unless named
    #[arg(long = "address", value_name = "ADDRESS[:PORT]", value_parser = parse_address)]
    addresses: Vec<SocketAddr>,
    /// Ask this resolver instead of the system's; repeatable, then they are compared. `system`, an address, `tls://…`
    /// or `https://…`
    #[arg(long = "nameserver", value_name = "RESOLVER", value_parser = parse_nameserver)]
    nameservers: Vec<Nameserver>,
    /// Ask the zone's own name servers as well
    #[arg(long)]
    authoritative: bool,
    /// Ask this one as the zone's own, instead of those it names; repeatable, port 53 unless named
    #[arg(long = "authority", value_name = "ADDRESS[:PORT]", value_parser = parse_authority)]
    authorities: Vec<SocketAddr>,
    /// The resolvers asked check DNSSEC signatures, and are trusted in it
    #[arg(long)]
    dnssec: bool,
    /// Ask the registry when the registration runs out
    #[arg(long)]
    rdap: bool,
    /// Trust the roots in this PEM file, and no others
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// Intermediates a server may leave out, in PEM
    #[arg(long, value_name = "FILE")]
    intermediates: Option<PathBuf>,
    /// The expected value of the ownership TXT record
    #[arg(long, value_name = "VALUE")]
    txt: Option<String>,
    /// Where the ownership TXT record is [default: _cf-custom-hostname.DOMAIN]
    #[arg(long, value_name = "NAME", value_parser = DomainName::parse_record)]
    txt_name: Option<DomainName>,
    /// A name that the CNAME chain must contain
    #[arg(long, value_name = "NAME", value_parser = DomainName::parse_record)]
    cname: Option<DomainName>,
    /// Judge as of this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<UnixTime>,
    /// The origin host behind the proxy: look at it past the proxy as well, without a key
    #[arg(long, value_name = "HOST")]
    auth0_origin: Option<DomainName>,
    /// The tenant's canonical host: look at it as well
    #[arg(long, value_name = "HOST")]
    auth0_tenant: Option<DomainName>,
}

/// How much of the proxy's part of the bargain is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Trying {
    /// What clients send.
    Friendly,
    /// Also what only an attacker sends.
    Hostile,
}

impl Trying {
    fn includes(self, clause: Clause) -> bool {
        self == Self::Hostile || !clause.is_hostile()
    }
}

/// How `check` prints what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
    /// One line for Nagios, Icinga and their like, and their exit codes.
    Nagios,
}

/// Everything that was decided before the first connection.
pub(in crate::cli) struct Plan {
    pub(in crate::cli) watches: Vec<Planned>,
}

/// A domain with the roots it is judged by.
pub(in crate::cli) struct Planned {
    pub(in crate::cli) watch: Watch,
    pub(in crate::cli) trust: Arc<TrustStore>,
    /// As of when it is judged.
    pub(super) at: UnixTime,
    /// Where its answers come from.
    pub(super) source: Source,
    /// What was found when it was recorded, if it is played.
    pub(super) recorded_codes: Option<Vec<String>>,
}

impl Plan {
    pub(super) fn of(arguments: &Arguments) -> Result<Self, String> {
        if let Some(folder) = &arguments.replay {
            return Self::replayed(folder, arguments);
        }
        let looking = &arguments.looking;
        let settings = looking.settings()?;
        let watches = looking.chosen(&settings, &settings.watches);
        let is_kept = arguments.record.is_some();
        let source = |watch: &Watch| if is_kept { Source::kept(&watch.probe) } else { Source::Live };
        Self::live(watches, looking, arguments.contract, source)
    }

    /// What is looked at now.
    pub(in crate::cli) fn for_looks(watches: Vec<Watch>, looking: &Looking) -> Result<Self, String> {
        Self::live(watches, looking, None, |_| Source::Live)
    }

    fn live(
        watches: Vec<Watch>,
        looking: &Looking,
        contract: Option<Trying>,
        source: impl Fn(&Watch) -> Source,
    ) -> Result<Self, String> {
        if looking.nameservers.len() > MAX_NAMESERVERS {
            return Err(format!("at most {MAX_NAMESERVERS} resolvers can be compared"));
        }
        if watches.is_empty() {
            return Err("nothing to look at: name a domain, or a configuration file that has some".to_owned());
        }
        if looking.at.is_some() && watches.iter().any(has_key) {
            note("with --at no secret is sent: the origin host is asked without the cname-api-key");
        }
        let at = looking.time();
        let mut stores = config::TrustStores::default();
        let planned = watches.into_iter().map(|watch| {
            let watch = overridden(watch, looking, contract);
            let trust = stores.load(&watch.trust)?;
            let source = source(&watch);
            Ok(Planned { watch, trust, at, source, recorded_codes: None })
        });
        let plan = Self { watches: planned.collect::<Result<_, String>>()? };
        plan.note_stale_logs();
        Ok(plan)
    }

    fn note_stale_logs(&self) {
        let made_at = |planned: &Planned| Some((planned.trust.logs()?.made_at()?, planned.at));
        let oldest = self.watches.iter().filter_map(made_at).min();
        if let Some((made_at, _)) = oldest.filter(|(made_at, at)| made_at.until(*at) > LOG_LIST_HOLDS) {
            note(&format!("the list of transparency logs was made on {made_at} and is too old to count by"));
        }
    }

    /// What was recorded in a folder. What is expected of the domains is what was expected then, unless a configuration
    /// file is named; flags override both.
    fn replayed(folder: &Path, arguments: &Arguments) -> Result<Self, String> {
        let looking = &arguments.looking;
        let settings = if looking.config.is_some() { looking.settings()? } else { Settings::default() };
        let mut stores = config::TrustStores::default();
        let recordings = record::read(folder, &looking.domains)?;
        let planned = recordings.into_iter().map(|recording| played(recording, &settings, &mut stores, arguments));
        Ok(Self { watches: planned.collect::<Result<_, String>>()? })
    }
}

/// Without a configuration file the roots are those that the recorded chains led to, if they led to any.
fn played(
    recording: Recording,
    settings: &Settings,
    stores: &mut config::TrustStores,
    arguments: &Arguments,
) -> Result<Planned, String> {
    let looking = &arguments.looking;
    let mut watch = settings.watch_of(&recording.domain);
    if looking.config.is_none() {
        recording.asked.expect(&mut watch.domain, &mut watch.probe);
    }
    let (at, codes) = (looking.at.unwrap_or(recording.at), recording.codes.clone());
    let mut watch = overridden(watch, looking, arguments.contract);
    recording.asked.lead(&mut watch.domain, &mut watch.probe);
    let (roots, intermediates) = recording.trusted();
    let trust = if looking.roots.is_some() || looking.config.is_some() || roots.is_empty() {
        stores.load(&watch.trust)?
    } else {
        Arc::new(TrustStore::new(&roots, &intermediates).map_err(|error| error.to_string())?)
    };
    Ok(Planned { watch, trust, at, source: Source::played(&recording), recorded_codes: Some(codes) })
}

impl Plan {
    /// The hosts for mutual TLS that these looks' discovery documents name, unless they are looked at anyway. What is
    /// played has them, or has not.
    pub(super) fn mtls_aliases(&self, looks: &[Look]) -> Vec<Planned> {
        let names_one = |look: &Look| look.auth0.iter().any(|answer| answer.mtls_alias_of(&look.domain).is_some());
        let alias = |(planned, look): (&Planned, &Look)| {
            let is_live = !matches!(planned.source, Source::Played { .. });
            let watch = planned.watch.of_mtls_alias().filter(|_| is_live && names_one(look))?;
            let (trust, at, source) = (Arc::clone(&planned.trust), planned.at, planned.source.another(planned));
            Some(Planned { watch, trust, at, source, recorded_codes: None })
        };
        let is_new =
            |alias: &Planned| self.watches.iter().all(|other| other.watch.domain.name != alias.watch.domain.name);
        self.watches.iter().zip(looks).filter_map(alias).filter(is_new).collect()
    }
}

impl Looking {
    /// The file that was named, else a default one that is there, else nothing but defaults.
    pub(in crate::cli) fn settings(&self) -> Result<Settings, String> {
        let Some(file) = self.config.clone().or_else(config::default_file) else {
            return Ok(Settings::default());
        };
        config::load(&file).map_err(|mistakes| config::told_together(&mistakes))
    }

    /// Of those that are known the ones that were named, and as they are those that are not known; without any name all.
    pub(in crate::cli) fn chosen(&self, settings: &Settings, known: &[Watch]) -> Vec<Watch> {
        if self.domains.is_empty() {
            return known.to_vec();
        }
        let listed = |name: &DomainName| known.iter().find(|watch| watch.domain.name == *name).cloned();
        self.domains.iter().map(|name| listed(name).unwrap_or_else(|| settings.watch_of(name))).collect()
    }

    /// As of when is judged.
    pub(in crate::cli) fn time(&self) -> UnixTime {
        self.at.unwrap_or_else(system_now)
    }
}

fn overridden(mut watch: Watch, looking: &Looking, contract: Option<Trying>) -> Watch {
    if !looking.addresses.is_empty() {
        watch.domain.addresses.clone_from(&looking.addresses);
    }
    if !looking.nameservers.is_empty() {
        watch.probe.nameservers.clone_from(&looking.nameservers);
    }
    if !looking.authorities.is_empty() {
        watch.probe.authorities.clone_from(&looking.authorities);
    }
    watch.probe.authoritative |= looking.authoritative || !looking.authorities.is_empty();
    watch.probe.dnssec |= looking.dnssec;
    watch.probe.rdap |= looking.rdap;
    if let Some(file) = &looking.roots {
        watch.trust.roots = vec![RootSource::File(file.clone())];
    }
    if let Some(file) = &looking.intermediates {
        watch.trust.intermediates = vec![file.clone()];
    }
    let expected = &mut watch.domain.expected;
    override_with(&mut expected.txt, &looking.txt);
    override_with(&mut expected.txt_name, &looking.txt_name);
    override_with(&mut expected.cname, &looking.cname);
    overridden_views(&mut watch, looking);
    // What takes a client is left out where the file names none.
    let all = |trying: Trying| Clause::ALL.into_iter().filter(move |clause| trying.includes(*clause));
    watch.probe.contract.clauses = contract.into_iter().flat_map(all).collect();
    watch
}

/// A key is for the host of its file and for no other; and it is not sent while another time is pretended.
fn overridden_views(watch: &mut Watch, looking: &Looking) {
    let elsewhere = |name: &DomainName| Host { name: name.clone(), addresses: Vec::new() };
    if let Some(name) = looking.auth0_origin.as_ref().filter(|name| watch.origin() != Some(name)) {
        watch.probe.origin = Some(Origin { host: elsewhere(name), key: None });
    }
    if let Some(name) = looking.auth0_tenant.as_ref().filter(|name| watch.domain.tenant.as_ref() != Some(name)) {
        watch.probe.tenant = Some(elsewhere(name));
        watch.domain.tenant = Some(name.clone());
    }
    if let Some(origin) = watch.probe.origin.as_mut().filter(|_| looking.at.is_some()) {
        origin.key = None;
    }
}

fn has_key(watch: &Watch) -> bool {
    watch.probe.origin.as_ref().is_some_and(|origin| origin.key.is_some())
}

fn override_with<T: Clone>(setting: &mut Option<T>, flag: &Option<T>) {
    if flag.is_some() {
        setting.clone_from(flag);
    }
}

/// RFC 3339, for clap.
pub(crate) fn parse_time(text: &str) -> Result<UnixTime, String> {
    UnixTime::parse_rfc3339(text).ok_or_else(|| "an RFC 3339 time is needed, e.g. 2026-12-01T00:00:00Z".to_owned())
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    socket_address(text, 443)
}

pub(crate) fn parse_nameserver(text: &str) -> Result<Nameserver, String> {
    Nameserver::parse(text).map_err(|error| format!("{error}: {}", error.mend()))
}

fn parse_authority(text: &str) -> Result<SocketAddr, String> {
    socket_address(text, 53)
}

fn socket_address(text: &str, port: u16) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || bare.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port));
    text.parse()
        .ok()
        .or_else(with_port)
        .ok_or_else(|| format!("an IP address is needed, e.g. 192.0.2.1:{port} or [2001:db8::1]:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_may_leave_out_the_port() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1:443"),
            ("192.0.2.1:8443", "192.0.2.1:8443"),
            ("2001:db8::1", "[2001:db8::1]:443"),
            ("[2001:db8::1]", "[2001:db8::1]:443"),
            ("[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ] {
            assert_eq!(parse_address(text).unwrap().to_string(), expected);
        }
        assert!(parse_address("login.example.com").is_err());
    }
}
