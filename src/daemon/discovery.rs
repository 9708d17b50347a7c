//! What the Management API lists, as domains to watch: those of the file with what the API says of them, and those that
//! only the API names. When that changes, the parts are built anew aside, as after a change of the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::{Before, Parts};
use super::{Daemon, Input};
use crate::config::{Settings, TrustStores, Watch};
use crate::discover::Client;
use crate::domain::{Domain, DomainName, Verification};
use crate::keeper::{Keeper, TenantWatch};
use crate::observation::management::DomainStatus;
use crate::probe::{self, Host, Origin};
use crate::verdict::Managed;

/// What is known of domains beyond the settings.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What the API says of a domain, and whether it is watched for that alone.
    managed: Vec<(Managed, bool)>,
    /// The domains whose discovery document names a host for mutual TLS.
    with_mtls: BTreeSet<DomainName>,
}

impl Known {
    /// All that the keeper knows.
    pub(super) fn of(keeper: &Keeper) -> Self {
        let managed = keeper.managed().map(|(managed, wanted)| (managed.clone(), wanted)).collect();
        Self { managed, with_mtls: keeper.with_mtls().cloned().collect() }
    }
}

/// The clients of the tenants' Management APIs.
pub(super) type Clients = BTreeMap<DomainName, Arc<Client>>;

/// The tenants that these settings name.
pub(super) fn tenants(settings: &Settings) -> Vec<TenantWatch> {
    let watch = |tenant: &crate::config::Tenant| TenantWatch {
        name: tenant.api.tenant.clone(),
        discover: tenant.discover,
        ignore: tenant.ignore.iter().cloned().collect(),
        client_ip: tenant.client_ip.clone(),
    };
    settings.tenants.iter().map(watch).collect()
}

/// A client a tenant; those from before are kept where they would be the same, for the tokens they hold.
pub(super) fn clients(settings: &Settings, stores: &mut TrustStores, before: &Clients) -> Result<Clients, String> {
    let mut clients = Clients::new();
    for tenant in &settings.tenants {
        let api = &tenant.api;
        let client = match before.get(&api.tenant).filter(|client| client.is_for(api)) {
            Some(client) => Arc::clone(client),
            None => {
                let trust = stores.load(&settings.defaults.trust)?;
                let client = Client::new(api.clone(), &trust);
                Arc::new(client.map_err(|error| format!("tenant {}: {error}", api.tenant))?)
            }
        };
        clients.insert(api.tenant.clone(), client);
    }
    Ok(clients)
}

/// Who is to be watched by the file and by what the API says.
pub(super) fn watches(settings: &Settings, known: &Known) -> Vec<Watch> {
    let said: BTreeMap<&DomainName, &Managed> =
        known.managed.iter().map(|(managed, _)| (&managed.said.name, managed)).collect();
    let mut watches = settings.watches.clone();
    for watch in &mut watches {
        if let Some(managed) = said.get(&watch.domain.name) {
            heed(managed, &mut watch.domain);
            look_past_proxy(managed, &mut watch.probe);
        }
    }
    let written: BTreeSet<&DomainName> = settings.watches.iter().map(|watch| &watch.domain.name).collect();
    let only_listed = known.managed.iter().filter(|(managed, wanted)| *wanted && !written.contains(&managed.said.name));
    watches.extend(only_listed.map(|(managed, _)| listed(settings, managed)));
    let aliases: Vec<Watch> = watches
        .iter()
        .filter(|watch| known.with_mtls.contains(&watch.domain.name))
        .filter_map(Watch::of_mtls_alias)
        .filter(|alias| watches.iter().all(|watch| watch.domain.name != alias.domain.name))
        .collect();
    watches.extend(aliases);
    watches
}

/// A domain that only the API names: looked at by the defaults, and in set-up until it is seen healthy.
fn listed(settings: &Settings, managed: &Managed) -> Watch {
    let defaults = &settings.defaults;
    let tenant = settings.tenants.iter().find(|tenant| tenant.api.tenant == managed.tenant);
    let mut domain = Domain {
        families: defaults.families,
        interval: defaults.interval,
        thresholds: defaults.thresholds.clone(),
        labels: tenant.map(|tenant| tenant.labels.clone()).unwrap_or_default(),
        live: false,
        ..Domain::new(managed.said.name.clone())
    };
    domain.life = settings.lives.of(&domain.name, &domain.labels).into();
    domain.expected.caa_identifiers = defaults.caa_identifiers.clone();
    heed(managed, &mut domain);
    let mut probe = defaults.probe.clone();
    look_past_proxy(managed, &mut probe);
    Watch { domain: domain.into(), probe, trust: defaults.trust.clone() }
}

/// The views past the proxy need no more than the API says, but for the key, which it shows nobody twice.
fn look_past_proxy(managed: &Managed, probe: &mut probe::Settings) {
    let host = |name: &DomainName| Host { name: name.clone(), addresses: Vec::new() };
    probe.tenant.get_or_insert_with(|| host(&managed.tenant));
    if let Some(origin) = managed.said.origin.as_ref().filter(|_| probe.origin.is_none()) {
        probe.origin = Some(Origin { host: host(origin), key: None });
    }
}

/// What the API says of a domain counts for more than what was written down of it once.
fn heed(managed: &Managed, domain: &mut Domain) {
    domain.tenant.get_or_insert_with(|| managed.tenant.clone());
    if let Some(ownership) = &managed.said.ownership {
        domain.expected.txt = Some(ownership.value.clone());
        domain.expected.txt_name = ownership.name.clone();
    }
    match &managed.said.status {
        DomainStatus::Ready => domain.expected.verification = Verification::Ready,
        status if status.is_pending() => {
            let written = match domain.expected.verification {
                Verification::Pending { started } => started,
                Verification::Ready => None,
            };
            domain.expected.verification = Verification::Pending { started: managed.said.created_at.or(written) };
        }
        _ => {}
    }
}

impl Daemon {
    /// What the API says of domains now.
    pub(super) fn known(&self) -> Known {
        Known::of(&self.keeper)
    }

    /// Builds the parts anew for what the API says now: roots are read and chains prepared, so it is done aside.
    pub(super) fn rediscover(&mut self) {
        self.edition += 1;
        let (edition, known, before) = (self.edition, self.known(), Before::of(&self.parts));
        let (settings, inputs) = (Arc::clone(&self.settings), self.inputs.clone());
        self.tasks.spawn(async move {
            let built = tokio::task::spawn_blocking(move || Parts::build(&settings, &before, &known)).await;
            let built = built.unwrap_or_else(|error| Err(format!("a fault of ours: {error}")));
            let _ = inputs.send(Input::Rebuilt(edition, built.map(Box::new))).await;
        });
    }

    /// What was built for an older list, or for settings that were replaced meanwhile, is out of date.
    pub(super) fn take_rebuilt(&mut self, edition: u64, built: Result<Box<Parts>, String>) {
        if edition != self.edition {
            return;
        }
        match built {
            Ok(parts) => {
                self.keeper.handle_watches(parts.watches.clone(), self.clock.now());
                tracing::info!(domains = parts.watches.len(), "the domains to watch are others");
                self.parts = *parts;
                self.publish();
            }
            // As it is watched what it was; the next list tries again.
            Err(error) => tracing::error!(error, "what a tenant lists cannot be watched"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::UnixTime;
    use crate::observation::management::read_domain;

    fn managed(name: &str, more: Value) -> Managed {
        let mut said = json!({ "custom_domain_id": "cd_1", "domain": name, "type": "self_managed_certs",
            "status": "ready" });
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let tenant = DomainName::parse("example.us.auth0.com").unwrap();
        Managed {
            tenant,
            said: Arc::new(read_domain(said).unwrap()),
            gone_since: None,
            recreated: None,
            client_ip: None,
        }
    }

    fn pending(name: &str) -> Managed {
        managed(
            name,
            json!({ "status": "pending_verification", "created_at": "2026-01-27T13:59:53.172Z",
                "verification": { "methods": [{ "name": "TXT", "record": "value", "domain": format!("_txt.{name}") }] } }),
        )
    }

    #[test]
    fn a_listed_domain_is_watched_by_the_defaults_and_in_setup() {
        let settings = Settings::default();
        let listed = vec![(pending("a.example.com"), true), (managed("b.example.com", json!({})), false)];
        let known = Known { managed: listed, ..Known::default() };
        let watches = watches(&settings, &known);
        assert_eq!(watches.len(), 1);
        let domain = &watches[0].domain;
        assert_eq!((domain.name.as_str(), domain.live), ("a.example.com", false));
        assert_eq!(domain.tenant.as_ref().unwrap().as_str(), "example.us.auth0.com");
        assert_eq!(domain.expected.txt.as_deref(), Some("value"));
        assert_eq!(domain.txt_name().as_str(), "_txt.a.example.com");
        let started = UnixTime::parse_rfc3339("2026-01-27T13:59:53Z");
        assert_eq!(domain.expected.verification, Verification::Pending { started });
        let probe = &watches[0].probe;
        assert_eq!(probe.tenant.as_ref().unwrap().name.as_str(), "example.us.auth0.com");
        assert!(probe.origin.is_none());
    }

    #[test]
    fn the_origin_host_is_the_one_that_was_written_else_the_one_the_api_names() {
        let host = "example-cd-0123456789abcdef.edge.tenants.us.auth0.com";
        let ready = managed("a.example.com", json!({ "origin_domain_name": host }));
        let mut probe = probe::Settings::default();
        look_past_proxy(&ready, &mut probe);
        let origin = probe.origin.clone().unwrap();
        assert_eq!((origin.host.name.as_str(), origin.key), (host, None));
        let written = Host { name: DomainName::parse("old.edge.example.com").unwrap(), addresses: Vec::new() };
        probe.origin = Some(Origin { host: written.clone(), key: None });
        look_past_proxy(&ready, &mut probe);
        assert_eq!(probe.origin.unwrap().host, written);
    }

    #[test]
    fn a_host_for_mutual_tls_is_watched_as_its_domain_is() {
        let mut settings = Settings::default();
        let name = |text| DomainName::parse(text).unwrap();
        for host in ["a.example.com", "b.example.com", "mtls.b.example.com", "c.example.com"] {
            settings.watches.push(settings.defaults.watch(name(host)));
        }
        settings.watches[0].domain.labels.insert("team".to_owned(), "identity".to_owned());
        settings.watches[0].domain.expected.txt = Some("value".to_owned());
        let with_mtls = ["a.example.com", "b.example.com", "mtls.b.example.com", "gone.example.com"].map(name);
        let known = Known { with_mtls: with_mtls.into(), ..Known::default() };
        let all = watches(&settings, &known);
        let added: Vec<&Watch> = all.iter().skip(4).collect();
        assert_eq!(added.len(), 1, "b's is in the file already");
        let domain = &added[0].domain;
        assert_eq!((domain.name.as_str(), &domain.mtls_of), ("mtls.a.example.com", &Some(name("a.example.com"))));
        assert_eq!((domain.labels.len(), &domain.expected.txt, added[0].http_addresses()), (1, &None, 0));
        settings.watches[0].probe.mtls_aliases = false;
        assert_eq!(watches(&settings, &known).len(), 4);
    }

    #[test]
    fn what_the_api_says_of_a_written_domain_counts_and_the_rest_stays_as_written() {
        let mut domain = Domain::new(DomainName::parse("a.example.com").unwrap());
        domain.expected.txt = Some("old".to_owned());
        domain.expected.verification = Verification::Pending { started: Some(UnixTime(7)) };
        heed(&managed("a.example.com", json!({})), &mut domain);
        assert_eq!(domain.expected.txt.as_deref(), Some("old"));
        assert_eq!(domain.expected.verification, Verification::Ready);
        assert!(domain.live);
        heed(&pending("a.example.com"), &mut domain);
        assert_eq!(domain.expected.txt.as_deref(), Some("value"));
    }
}
