//! [`TenantViews`]: when the tenants' canonical hosts are looked at: each once an interval for all its domains, and at once
//! when one of them fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Keeper;
use crate::domain::{DomainName, Now};
use crate::observation::{Auth0Observation, ViewObservation};

/// However often it is wanted, it is looked at no more often than this.
const REST: Duration = Duration::from_secs(15);
/// Its keys are asked for so often, and when those of a domain are not the same.
const KEYS_EVERY: Duration = Duration::from_secs(300);
/// Addresses that are asked: it is one service, however many it has.
const ADDRESSES: usize = 2;

/// A look at a tenant's canonical host that the daemon is to make now.
#[derive(Debug, Clone)]
pub struct TenantRequest {
    /// The host.
    pub tenant: DomainName,
    /// How many looks it has had.
    pub turn: u64,
    /// At how many addresses it may be asked.
    pub requests: usize,
    /// Whether its keys are wanted as well.
    pub keys: bool,
}

/// The tenants that are looked at.
#[derive(Debug, Default)]
pub(super) struct TenantViews(BTreeMap<DomainName, Tenancy>);

#[derive(Debug)]
struct Tenancy {
    /// The shortest of its domains'.
    interval: Duration,
    turn: u64,
    begun_at: Option<Duration>,
    keys_at: Option<Duration>,
    wanted: bool,
    keys_wanted: bool,
    /// Requests that were granted to the look under way.
    granted: Option<usize>,
    seen: Option<Arc<ViewObservation>>,
}

impl Tenancy {
    const fn new(interval: Duration) -> Self {
        Self {
            interval,
            turn: 0,
            begun_at: None,
            keys_at: None,
            wanted: false,
            keys_wanted: false,
            granted: None,
            seen: None,
        }
    }

    fn due_at(&self) -> Option<Duration> {
        let rest = if self.wanted { REST.min(self.interval) } else { self.interval };
        self.granted.is_none().then(|| self.begun_at.map_or(Duration::ZERO, |begun| begun + rest))
    }

    fn wants_keys(&self, now: Duration) -> bool {
        self.keys_wanted || self.keys_at.is_none_or(|at| now >= at + KEYS_EVERY)
    }
}

impl TenantViews {
    /// These are the tenants of the domains that are watched, with each domain's interval.
    pub(super) fn reconcile(&mut self, tenants: impl Iterator<Item = (DomainName, Duration)>) {
        let mut before = std::mem::take(&mut self.0);
        for (tenant, interval) in tenants {
            let known = before.remove(&tenant).map(|known| Tenancy { interval, ..known });
            let tenancy = self.0.entry(tenant);
            let tenancy = tenancy.or_insert_with(|| known.unwrap_or_else(|| Tenancy::new(interval)));
            tenancy.interval = tenancy.interval.min(interval);
        }
    }

    /// One of its domains fails, so that it matters how the tenant fares; or has other keys.
    pub(super) fn want(&mut self, tenant: &DomainName, keys: bool) {
        if let Some(tenancy) = self.0.get_mut(tenant) {
            tenancy.wanted = true;
            tenancy.keys_wanted |= keys;
        }
    }

    pub(super) fn next_wakeup(&self) -> Option<Duration> {
        self.0.values().filter_map(Tenancy::due_at).min()
    }

    fn due(&mut self, now: Duration) -> Option<(&DomainName, &mut Tenancy)> {
        self.0.iter_mut().find(|(_, tenancy)| tenancy.due_at().is_some_and(|due| due <= now))
    }
}

/// Inputs.
impl Keeper {
    /// A look at a tenant's canonical host is over; `None` if it came to nothing for a reason of ours. Its domains are
    /// judged by it at once, as far as it may change anything.
    pub fn handle_tenant(&mut self, tenant: &DomainName, seen: Option<ViewObservation>, now: Now) {
        self.now = now;
        let Some(tenancy) = self.tenant_views.0.get_mut(tenant) else { return };
        let made = seen.as_ref().map_or(0, ViewObservation::requests);
        let granted = tenancy.granted.take().unwrap_or_default();
        self.manners.refund(tenant, granted.saturating_sub(made));
        let Some(seen) = seen.map(Arc::new) else { return };
        self.manners.heed(tenant, seen.auth0.iter(), now.mono);
        let news = tenancy.seen.replace(Arc::clone(&seen)).is_none_or(|before| tells_otherwise(&before, &seen));
        let of_tenant = self.domains.values_mut().filter(|watched| watched.tenant_view() == Some(tenant));
        let mut concerned = Vec::new();
        for watched in of_tenant {
            watched.absorb_tenant(&seen);
            if news || !watched.is_healthy() {
                concerned.push(watched.domain().name.clone());
            }
        }
        for name in concerned {
            self.judge_anew(&name);
        }
        self.settle();
    }
}

/// Whether the two tell different things, whatever the time.
fn tells_otherwise(one: &ViewObservation, other: &ViewObservation) -> bool {
    let said = |answer: &Auth0Observation| {
        let failure = answer.failure.as_ref().map(|failure| failure.code);
        (answer.address, answer.status, failure, answer.is_json, answer.issuer.clone())
    };
    let all = |seen: &ViewObservation| -> Vec<_> { seen.auth0.iter().map(said).collect() };
    let unasked = |seen: &ViewObservation| (seen.failure.clone(), seen.distrusted.clone());
    all(one) != all(other) || unasked(one) != unasked(other) || other.keys().is_some()
}

/// Outputs.
impl Keeper {
    /// The next look to make now at a tenant's canonical host. With its budget spent it is put off for an interval.
    pub fn poll_tenant(&mut self) -> Option<TenantRequest> {
        if self.draining {
            return None;
        }
        let now = self.now.mono;
        loop {
            let (tenant, tenancy) = self.tenant_views.due(now)?;
            tenancy.begun_at = Some(now);
            let keys = tenancy.wants_keys(now);
            let cost = if keys { 2 } else { 1 };
            let granted = self.manners.take(tenant, ADDRESSES * cost, now);
            let requests = granted / cost;
            if requests == 0 {
                self.manners.refund(tenant, granted);
                continue;
            }
            tenancy.granted = Some(granted);
            tenancy.wanted = false;
            if keys {
                (tenancy.keys_at, tenancy.keys_wanted) = (Some(now), false);
            }
            tenancy.turn += 1;
            return Some(TenantRequest { tenant: tenant.clone(), turn: tenancy.turn - 1, requests, keys });
        }
    }
}
