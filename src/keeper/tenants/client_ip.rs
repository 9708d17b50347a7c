//! Whether Auth0 sees who its clients are. No answer over HTTP shows that: so, where the operator asks for it, a token is
//! asked for through one of the tenant's domains once a day, and the tenant's log says from which address.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Step, Tenant};
use crate::domain::{DomainName, Now, UnixTime};
use crate::incident::Operation;
use crate::keeper::{Keeper, Tag};
use crate::observation::management::{DomainStatus, Refusal, TokenLog};
use crate::verdict::ClientIp;

/// Seconds between two questions; each costs the tenant a token, and the domains take turns.
const EVERY: i64 = 86_400;
/// After a question that came to nothing.
const RETRY: Duration = Duration::from_secs(3600);

/// A question that the daemon is to ask now: a token through the domain, then the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIpRequest {
    /// Of which tenant.
    pub tenant: DomainName,
    /// Through which of its domains.
    pub domain: DomainName,
}

/// What came of it.
#[derive(Debug)]
pub struct ClientIpSeen {
    /// The question.
    pub request: ClientIpRequest,
    /// What the log says of our token; nothing where it does not have it yet.
    pub result: Result<Option<TokenLog>, Refusal>,
}

/// Whose turn it is, and what was seen.
#[derive(Debug)]
pub(super) struct ClientIps {
    seen: BTreeMap<DomainName, ClientIp>,
    asked_at: Option<UnixTime>,
    step: Step,
    domain: Option<DomainName>,
    not_before: Duration,
}

impl ClientIps {
    pub(super) fn restore(seen: BTreeMap<DomainName, ClientIp>) -> Self {
        let asked_at = seen.values().map(|seen| seen.at).max();
        Self { seen, asked_at, step: Step::Resting, domain: None, not_before: Duration::ZERO }
    }

    pub(super) const fn seen(&self) -> &BTreeMap<DomainName, ClientIp> {
        &self.seen
    }

    pub(super) fn note_stored(&mut self, up_to: u64) {
        if matches!(self.step, Step::Storing(sequence) if sequence <= up_to) {
            self.step = Step::Granted;
        }
    }

    fn is_due(&self, now: Now) -> bool {
        let rested = self.asked_at.is_none_or(|at| at.until(now.wall) >= EVERY || at > now.wall);
        self.step == Step::Resting && rested && self.not_before <= now.mono
    }
}

impl Tenant {
    /// The domain whose turn it is: ready, and asked the longest ago.
    fn next_asked_through(&self) -> Option<DomainName> {
        let ready = self.roster.members().filter(|managed| {
            managed.gone_since.is_none() && managed.said.status == DomainStatus::Ready && self.heeds(&managed.said.name)
        });
        let names = ready.map(|managed| &managed.said.name);
        names.min_by_key(|name| self.client_ips.seen.get(name).map(|seen| seen.at)).cloned()
    }
}

/// Inputs.
impl Keeper {
    /// What the log says of a token that was asked for through a domain.
    pub fn handle_client_ip(&mut self, seen: ClientIpSeen, now: Now) {
        self.now = now;
        let ClientIpSeen { request, result } = seen;
        let Some(tenant) = self.tenants.asked.get_mut(&request.tenant) else { return };
        let ours = tenant.watch.client_ip.clone();
        let ips = &mut tenant.client_ips;
        ips.step = Step::Resting;
        match result {
            Ok(Some(log)) => {
                let seen = ClientIp { at: now.wall, ip: log.ip, hostname: log.hostname, ours };
                ips.asked_at = Some(now.wall);
                ips.seen.insert(request.domain.clone(), seen);
            }
            // The domain's own looks tell what is wrong with it.
            Ok(None) | Err(_) => ips.not_before = now.mono + RETRY,
        }
        let row = tenant.row();
        self.commit(Tag::Keeper, vec![row]);
        self.judge_anew(&request.domain);
        self.settle();
    }
}

/// Outputs.
impl Keeper {
    /// The next token to ask for through a domain now; none comes before that is stored.
    pub fn poll_client_ip(&mut self) -> Option<ClientIpRequest> {
        if self.draining {
            return None;
        }
        let now = self.now;
        if let Some(request) = self.tenants.asked.values_mut().find_map(granted) {
            return Some(request);
        }
        let names: Vec<DomainName> = self.tenants.asked.keys().cloned().collect();
        for name in names {
            let Some((row, domain)) = self.tenants.asked.get_mut(&name).and_then(|tenant| prepared(tenant, now)) else {
                continue;
            };
            let sequence = self.commit(Tag::Keeper, vec![row]);
            if let Some(tenant) = self.tenants.asked.get_mut(&name) {
                tenant.client_ips.step = Step::Storing(sequence);
                tenant.client_ips.domain = Some(domain);
            }
        }
        None
    }
}

fn granted(tenant: &mut Tenant) -> Option<ClientIpRequest> {
    let ips = &mut tenant.client_ips;
    if ips.step != Step::Granted {
        return None;
    }
    ips.step = Step::Asking;
    let domain = ips.domain.take()?;
    Some(ClientIpRequest { tenant: tenant.watch.name.clone(), domain })
}

/// Takes a token of the ration, if it is time and one is left beside those for the list.
fn prepared(tenant: &mut Tenant, now: Now) -> Option<(Operation, DomainName)> {
    let held = tenant.token_until.is_some_and(|until| now.wall < until);
    if tenant.watch.client_ip.is_empty() || !held || !tenant.client_ips.is_due(now) {
        return None;
    }
    let domain = tenant.next_asked_through()?;
    if !tenant.ration.take_spare(now.wall) {
        tenant.client_ips.not_before = now.mono + RETRY;
        return None;
    }
    Some((tenant.row(), domain))
}
