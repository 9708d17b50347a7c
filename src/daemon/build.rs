//! [`Parts`]: what the settings come to once everything they name has been read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::discovery::{self, Clients, Known};
use crate::config::{Receiver, Settings, TrustStores, Watch as Configured};
use crate::domain::{Domain, DomainName, UnixTime};
use crate::incident::alerts;
use crate::keeper::{HeartbeatSettings, Recipient, Watch};
use crate::notify::alertmanager::Peers;
use crate::notify::heartbeat::Pinger;
use crate::notify::{Courier, Line};
use crate::probe;
use crate::trust::TrustStore;

/// How each domain is looked at.
pub(super) type Fleet = HashMap<DomainName, Probed>;

/// How each tenant's canonical host is looked at: as the first of its domains says.
pub(super) type Tenants = HashMap<DomainName, Probed>;

/// What a look at a domain needs.
#[derive(Debug, Clone)]
pub(super) struct Probed {
    pub(super) domain: Arc<Domain>,
    pub(super) settings: Arc<probe::Settings>,
    pub(super) trust: Arc<TrustStore>,
    /// Grows whenever a look at the domain is made otherwise than before.
    pub(super) revision: u64,
}

impl Probed {
    /// Counts on from how the domain was looked at before.
    fn after(self, before: Option<&Self>) -> Self {
        let revision = before.map_or(0, |before| before.revision + u64::from(!self.is_as(before)));
        Self { revision, ..self }
    }

    fn is_as(&self, other: &Self) -> bool {
        self.settings == other.settings && self.trust.judges_like(&other.trust)
    }
}

/// Everything built from one reading of the configuration, replaced as a whole by the next.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) fleet: Arc<Fleet>,
    pub(super) tenants: Arc<Tenants>,
    pub(super) watches: Vec<Watch>,
    pub(super) couriers: BTreeMap<String, Arc<Courier>>,
    pub(super) alertmanagers: BTreeMap<String, Arc<Peers>>,
    pub(super) references: Arc<[String]>,
    pub(super) heartbeat: Option<Arc<Pinger>>,
    pub(super) status_feed: Option<Arc<str>>,
    pub(super) clients: Clients,
    /// When the oldest of the lists of transparency logs was made.
    pub(super) log_list_made_at: Option<UnixTime>,
}

/// What was in force before, as far as it matters to what is built after it.
#[derive(Debug, Clone, Default)]
pub(super) struct Before {
    fleet: Arc<Fleet>,
    clients: Clients,
}

impl Before {
    pub(super) fn of(parts: &Parts) -> Self {
        Self { fleet: Arc::clone(&parts.fleet), clients: parts.clients.clone() }
    }
}

impl Parts {
    /// Builds them, after those that were in force before: the first time none. `known` is what the Management API says.
    pub(super) fn build(settings: &Settings, before: &Before, known: &Known) -> Result<Self, String> {
        let mut stores = TrustStores::default();
        let mut fleet = Fleet::new();
        let mut tenants = Tenants::new();
        let mut watches = Vec::new();
        let mut known_recipients = Vec::new();
        for configured in &discovery::watches(settings, known) {
            let domain = configured.domain.arc();
            let trust = stores.load(&configured.trust)?;
            let settings_of = configured.probe.arc();
            let probed = Probed { domain: Arc::clone(&domain), settings: settings_of, trust, revision: 0 };
            let probed = probed.after(before.fleet.get(&domain.name));
            watches.push(Watch {
                domain: Arc::clone(&domain),
                http_addresses: configured.http_addresses(),
                contract: configured.probe.contract.requests(),
                origin: configured.probe.origin.is_some(),
                tenant: configured.probe.tenant.is_some(),
                revision: probed.revision,
                recipients: recipients(settings, configured, &mut known_recipients),
            });
            if let Some(host) = &configured.probe.tenant {
                tenants.entry(host.name.clone()).or_insert_with(|| probed.clone());
            }
            fleet.insert(domain.name.clone(), probed);
        }
        let (couriers, alertmanagers) = receivers(settings)?;
        let made_at = |probed: &Probed| probed.trust.logs().and_then(|logs| logs.made_at());
        Ok(Self {
            log_list_made_at: fleet.values().filter_map(made_at).min(),
            fleet: Arc::new(fleet),
            tenants: Arc::new(tenants),
            watches,
            couriers,
            alertmanagers,
            references: settings.watch.references.clone().into(),
            heartbeat: pinger(settings)?,
            status_feed: settings.watch.status_feed.as_deref().map(Into::into),
            clients: discovery::clients(settings, &mut stores, &before.clients)?,
        })
    }

    /// The receivers that are told what happens.
    pub(super) fn receivers(&self) -> Vec<String> {
        self.couriers.keys().cloned().collect()
    }

    /// Those of them whose relays can be asked.
    pub(super) fn relays(&self) -> BTreeSet<String> {
        let checked = self.couriers.iter().filter(|(_, courier)| courier.can_be_checked());
        checked.map(|(name, _)| name.clone()).collect()
    }

    /// Those that are shown how things stand.
    pub(super) fn alert_receivers(&self) -> BTreeMap<String, alerts::Settings> {
        self.alertmanagers.iter().map(|(name, peers)| (name.clone(), peers.alerts().clone())).collect()
    }
}

/// Who is told of a domain: the same as of another, where that is so.
fn recipients(settings: &Settings, configured: &Configured, known: &mut Vec<Arc<[Recipient]>>) -> Arc<[Recipient]> {
    const COMPARED: usize = 16;
    let told = settings.recipients_of(&configured.domain.name, &configured.domain.labels);
    if let Some(same) = known.iter().rev().take(COMPARED).find(|other| ***other == *told) {
        return Arc::clone(same);
    }
    let told: Arc<[Recipient]> = told.into();
    known.push(Arc::clone(&told));
    told
}

/// How the dead man's switch is told, if there is one.
pub(super) fn heartbeat(settings: &Settings) -> Option<HeartbeatSettings> {
    settings.watch.heartbeat.as_ref().map(|heartbeat| heartbeat.how.clone())
}

fn pinger(settings: &Settings) -> Result<Option<Arc<Pinger>>, String> {
    let Some(heartbeat) = &settings.watch.heartbeat else { return Ok(None) };
    let pinger = Pinger::new(&heartbeat.to).map_err(|error| format!("the heartbeat: {error}"))?;
    Ok(Some(Arc::new(pinger)))
}

type Receivers = (BTreeMap<String, Arc<Courier>>, BTreeMap<String, Arc<Peers>>);

fn receivers(settings: &Settings) -> Result<Receivers, String> {
    let mut all = Receivers::default();
    for Receiver { name, channel } in &settings.receivers {
        let line = Line::new(channel).map_err(|error| format!("receiver {name}: {error}"))?;
        match line {
            Line::Told(courier) => _ = all.0.insert(name.clone(), Arc::new(courier)),
            Line::Shown(peers) => _ = all.1.insert(name.clone(), Arc::new(peers)),
        }
    }
    Ok(all)
}
