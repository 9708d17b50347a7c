//! [`Tenants`]: whose Management API is asked, when, and what became of it. What it lists goes into the verdicts; that it
//! could not be asked is a finding of our own sight.
//!
//! A token is asked for only after it was written down that it will be, see [`Ration`].

mod client_ip;
mod ration;
mod roster;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use client_ip::ClientIps;
use ration::Ration;
use roster::Roster;

pub use client_ip::{ClientIpRequest, ClientIpSeen};

use super::{Keeper, Tag};
use crate::domain::{DomainName, Now, Span, UnixTime};
use crate::incident::{Operation, Row, Table};
use crate::observation::Code;
use crate::observation::management::{CertificateKeeper, Listing, Refusal};
use crate::verdict::{ClientIp, Family, Finding, Managed};

/// How often a tenant is asked. What it says changes by hand.
const EVERY: Duration = Duration::from_secs(300);
/// What may pass by itself is told only once it has lasted for so many questions.
const PATIENCE: u32 = 3;
/// What the keys of their rows begin with.
const ROW: &str = "tenant/";

/// A tenant to ask, as the operator names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantWatch {
    /// Its canonical host.
    pub name: DomainName,
    /// Whether every self-managed domain that it lists is watched.
    pub discover: bool,
    /// Domains that it may list or lose without anybody caring.
    pub ignore: BTreeSet<DomainName>,
    /// The addresses our requests come from, if it is to be checked daily that Auth0 sees them as the client's.
    pub client_ip: Vec<IpAddr>,
}

/// A question the daemon is to ask now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingRequest {
    /// Of which tenant.
    pub tenant: DomainName,
    /// Whether a token is to be asked for first.
    pub with_token: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Listed {
    /// Of which tenant.
    pub tenant: DomainName,
    /// Its domains, or why there are none.
    pub result: Result<Listing, Refusal>,
    /// Until when the client holds a token.
    pub token_until: Option<UnixTime>,
}

/// Every tenant that is asked.
#[derive(Debug, Default)]
pub(super) struct Tenants {
    asked: BTreeMap<DomainName, Tenant>,
    /// Rows of tenants that are not configured (yet), as they were stored.
    stored: BTreeMap<DomainName, Stored>,
    /// Whether who is to be watched has changed since that was last asked.
    changed: bool,
}

#[derive(Debug)]
struct Tenant {
    watch: TenantWatch,
    roster: Roster,
    ration: Ration,
    next: Duration,
    step: Step,
    token_until: Option<UnixTime>,
    trouble: Option<Trouble>,
    client_ips: ClientIps,
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Resting,
    /// That a token will be asked for is being stored, by this change.
    Storing(u64),
    /// It is stored.
    Granted,
    Asking,
}

/// Why the last questions came to nothing.
#[derive(Debug)]
struct Trouble {
    since: UnixTime,
    times: u32,
    /// A stable word for it.
    reason: &'static str,
    words: String,
    /// Whether it may pass by itself.
    passing: bool,
}

/// The content of a tenant's row.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    #[serde(default)]
    tokens: Vec<UnixTime>,
    #[serde(default)]
    domains: Vec<Managed>,
    #[serde(default)]
    client_ips: BTreeMap<DomainName, ClientIp>,
}

impl Tenants {
    /// As the stored rows left them.
    pub(super) fn restore(rows: &[Row]) -> Self {
        let of = |row: &Row| {
            let name = row.key.strip_prefix(ROW).filter(|_| row.table == Table::Meta)?;
            // One that cannot be read costs a list, and at worst some tokens more.
            Some((DomainName::parse(name).ok()?, serde_json::from_value(row.payload.clone()).ok()?))
        };
        Self { stored: rows.iter().filter_map(of).collect(), ..Self::default() }
    }

    /// What the API says of a domain, of whichever tenant it is.
    pub(super) fn managed(&self, name: &DomainName) -> Option<Managed> {
        let tenant = self.asked.values().find(|tenant| tenant.roster.get(name).is_some())?;
        let managed = tenant.roster.get(name).filter(|_| tenant.heeds(name)).cloned()?;
        // What was checked against other addresses than ours now are says nothing.
        let seen = tenant.client_ips.seen().get(name).filter(|seen| seen.ours == tenant.watch.client_ip);
        Some(Managed { client_ip: seen.cloned(), ..managed })
    }

    fn next_wakeup(&self) -> Option<Duration> {
        self.asked.values().filter(|tenant| tenant.step == Step::Resting).map(|tenant| tenant.next).min()
    }

    /// The trouble that is to be told, the longest first.
    fn finding(&self, now: UnixTime) -> Option<Finding> {
        let told = |trouble: &Trouble| !trouble.passing || trouble.times >= PATIENCE;
        let mut troubled: Vec<(&Tenant, &Trouble)> = self
            .asked
            .values()
            .filter_map(|tenant| Some((tenant, tenant.trouble.as_ref().filter(|trouble| told(trouble))?)))
            .collect();
        troubled.sort_by_key(|(_, trouble)| trouble.since);
        let (tenant, trouble) = troubled.first()?;
        let others = match troubled.len() - 1 {
            0 => String::new(),
            more => format!(", and of {more} more"),
        };
        let lasting = Span(trouble.since.until(now));
        let summary = format!(
            "the custom domains of {} cannot be listed{others}, for {lasting}: {}",
            tenant.watch.name, trouble.words
        );
        let names: Vec<&str> = troubled.iter().map(|(tenant, _)| tenant.watch.name.as_str()).collect();
        let finding = Finding::new(Code::WatchDiscoveryFailed, summary);
        Some(finding.fact("tenants", names).fact("since", trouble.since.to_string()).fact("reason", trouble.reason))
    }
}

impl Tenant {
    fn new(watch: TenantWatch, stored: Stored, now: Duration) -> Self {
        Self {
            watch,
            roster: Roster::restore(stored.domains),
            ration: Ration::restore(stored.tokens),
            next: now,
            step: Step::Resting,
            token_until: None,
            trouble: None,
            client_ips: ClientIps::restore(stored.client_ips),
        }
    }

    /// Whether anybody cares about this domain.
    fn heeds(&self, name: &DomainName) -> bool {
        !self.watch.ignore.contains(name)
    }

    fn row(&self) -> Operation {
        let domains = self.roster.members().cloned().collect();
        let client_ips = self.client_ips.seen().clone();
        let stored = Stored { tokens: self.ration.spent().to_vec(), domains, client_ips };
        // A structure with string keys and no floats always becomes JSON.
        let payload = serde_json::to_value(stored).unwrap_or_default();
        Operation::Put(Row { table: Table::Meta, key: format!("{ROW}{}", self.watch.name), payload })
    }

    /// Takes in an answer; whether its row is to be stored, and whether who is watched may be others.
    fn take(&mut self, listed: Listed, now: Now) -> bool {
        self.step = Step::Resting;
        self.next = now.mono + EVERY;
        self.token_until = listed.token_until;
        match listed.result {
            Ok(listing) => {
                let (changed, doubt) = self.roster.take(&listing);
                let words = doubt.map(|doubt| match self.roster.doubted_for(now.wall) {
                    Some(span) if span.0 > 0 => format!("{doubt}, and has said so for {span}"),
                    _ => doubt.to_string(),
                });
                match words {
                    Some(words) => self.trouble("not_believed", words, false, now.wall),
                    None => self.trouble = None,
                }
                changed
            }
            Err(refusal) => {
                if let Refusal::RateLimited { retry_after: Some(wait) } = &refusal {
                    self.next = now.mono + EVERY.max(*wait);
                }
                let passing =
                    matches!(refusal, Refusal::Unreachable(_) | Refusal::Fault(_) | Refusal::RateLimited { .. });
                self.trouble(refusal.as_str(), refusal.to_string(), passing, now.wall);
                false
            }
        }
    }

    fn trouble(&mut self, reason: &'static str, words: String, passing: bool, at: UnixTime) {
        let (since, times) = self.trouble.as_ref().map_or((at, 0), |trouble| (trouble.since, trouble.times));
        self.trouble = Some(Trouble { since, times: times + 1, reason, words, passing });
    }
}

/// Inputs.
impl Keeper {
    /// The tenants to ask from now on.
    pub fn handle_tenants(&mut self, watches: Vec<TenantWatch>, now: Now) {
        self.now = now;
        let mut known = std::mem::take(&mut self.tenants.asked);
        for watch in watches {
            let name = watch.name.clone();
            let tenant = match known.remove(&name) {
                Some(tenant) => Tenant { watch, ..tenant },
                None => {
                    let stored = self.tenants.stored.remove(&name).unwrap_or_default();
                    Tenant::new(watch, stored, now.mono)
                }
            };
            self.tenants.asked.insert(name, tenant);
        }
        let mut gone: BTreeSet<DomainName> = known.into_keys().collect();
        gone.extend(std::mem::take(&mut self.tenants.stored).into_keys());
        for name in gone {
            self.commit(Tag::Keeper, vec![Operation::Delete { table: Table::Meta, key: format!("{ROW}{name}") }]);
        }
        self.tenants.changed = true;
        self.tell_of_tenants();
        self.settle();
    }

    /// A tenant was asked.
    pub fn handle_listed(&mut self, listed: Listed, now: Now) {
        self.now = now;
        let Some(tenant) = self.tenants.asked.get_mut(&listed.tenant) else { return };
        if tenant.take(listed, now) {
            let row = tenant.row();
            let names: Vec<DomainName> = tenant.roster.members().map(|managed| managed.said.name.clone()).collect();
            self.commit(Tag::Keeper, vec![row]);
            self.tenants.changed = true;
            names.iter().for_each(|name| self.judge_anew(name));
        }
        self.tell_of_tenants();
        self.settle();
    }

    pub(super) fn note_tenants_stored(&mut self, up_to: u64) {
        for tenant in self.tenants.asked.values_mut() {
            if matches!(tenant.step, Step::Storing(sequence) if sequence <= up_to) {
                tenant.step = Step::Granted;
            }
            tenant.client_ips.note_stored(up_to);
        }
    }

    fn tell_of_tenants(&mut self) {
        let finding = self.tenants.finding(self.now.wall);
        self.ledger.handle_own_sight(Family::Discovery, finding.as_ref(), self.now);
    }
}

/// Outputs.
impl Keeper {
    /// The next question to ask a tenant now. Where it takes a token that is not held, none comes before that is stored.
    pub fn poll_listing(&mut self) -> Option<ListingRequest> {
        if self.draining {
            return None;
        }
        let now = self.now;
        let granted = self.tenants.asked.values_mut().find(|tenant| tenant.step == Step::Granted);
        if let Some(tenant) = granted {
            tenant.step = Step::Asking;
            return Some(ListingRequest { tenant: tenant.watch.name.clone(), with_token: true });
        }
        let is_due = |tenant: &&mut Tenant| tenant.step == Step::Resting && tenant.next <= now.mono;
        let name = self.tenants.asked.values_mut().find(is_due)?.watch.name.clone();
        let tenant = self.tenants.asked.get_mut(&name)?;
        if tenant.token_until.is_some_and(|until| now.wall < until) {
            tenant.step = Step::Asking;
            return Some(ListingRequest { tenant: name, with_token: false });
        }
        self.prepare_token(&name);
        // Another one may be due.
        self.poll_listing()
    }

    /// Writes down that a token will be asked for, if one is left.
    fn prepare_token(&mut self, name: &DomainName) {
        let now = self.now;
        let Some(tenant) = self.tenants.asked.get_mut(name) else { return };
        if !tenant.ration.take(now.wall) {
            let refusal = Refusal::NoTokenLeft;
            let words = tenant
                .ration
                .refilled_at(now.wall)
                .map_or_else(|| refusal.to_string(), |at| format!("{refusal}; the next at {at}"));
            tenant.trouble(refusal.as_str(), words, false, now.wall);
            tenant.next = now.mono + EVERY;
            return self.tell_of_tenants();
        }
        let row = tenant.row();
        let sequence = self.commit(Tag::Keeper, vec![row]);
        if let Some(tenant) = self.tenants.asked.get_mut(name) {
            tenant.step = Step::Storing(sequence);
        }
    }

    /// Whether the domains to watch are others than when this was last asked.
    pub fn poll_discovered(&mut self) -> bool {
        let of_tenants = std::mem::replace(&mut self.tenants.changed, false);
        self.with_mtls.take_changed() || of_tenants
    }

    /// What the Management API says of domains, those that are gone among them: of each whether it is to be watched for
    /// that alone.
    pub fn managed(&self) -> impl Iterator<Item = (&Managed, bool)> {
        self.tenants.asked.values().flat_map(|tenant| {
            let heeded = tenant.roster.members().filter(|managed| tenant.heeds(&managed.said.name));
            let owners = |managed: &Managed| managed.said.certificates == CertificateKeeper::Owner;
            heeded.map(move |managed| (managed, tenant.watch.discover && owners(managed)))
        })
    }

    pub(super) fn next_listing(&self) -> Option<Duration> {
        self.tenants.next_wakeup()
    }
}

#[cfg(test)]
mod tests;
