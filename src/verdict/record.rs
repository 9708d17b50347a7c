//! What is known of a domain when it is judged: [`Record`], filled by looks, and [`Surroundings`], which the
//! domain shares with others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Managed, Suggested, pairs};
use crate::domain::{ByAddress, UnixTime};
use crate::history::{Expectation, History, Noted};
use crate::observation::certificate::{Certificate, Sha256};
use crate::observation::{
    Auth0Observation, ContractObservation, Disagreement, DnsObservation, Documents, KeySet, LegacyAnswer, Look,
    NotLooked, OtherChain, Presented, RateLimit, Revocation, StatusNote, TlsObservation, Topic, View, ViewObservation,
};

/// An address that DNS has not named for so long (or twice its TTL) is forgotten, in seconds.
const FORGET_AFTER: i64 = 600;
/// However long its TTL, which is the zone's to choose, an address is remembered no longer, in seconds.
const LONGEST_KEPT: i64 = 86_400;
/// Addresses remembered of one domain: the zone may name others at every look.
const MAX_ADDRESSES: usize = 64;

/// What was seen of a domain: through its proxy the last of each check, address by address, and what the two views past
/// the proxy saw last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// When it was last looked at.
    pub looked_at: Option<UnixTime>,
    /// The last answers of the resolver.
    pub dns: Option<Arc<DnsObservation>>,
    /// What was seen at each address.
    pub addresses: ByAddress<AddressRecord>,
    /// Addresses of a family for which this machine has no route.
    pub no_route: Vec<SocketAddr>,
    /// Addresses that the last look had no means to look at; what was seen of them before is kept.
    pub not_looked: Vec<NotLooked>,
    /// How many addresses beyond the bound were left out.
    pub surplus_addresses: usize,
    /// What each address said when it was last greeted in old versions of TLS, of the last look that did so.
    pub legacy: ByAddress<Vec<LegacyAnswer>>,
    /// The client certificate that is shown to servers that ask for one, leaf first.
    pub client_certificate: Option<Arc<[Arc<Certificate>]>>,
    /// Since when addresses serve different leaves.
    pub disagree_since: Option<UnixTime>,
    /// What its certificates have been.
    pub history: History,
    /// What was last seen at the origin host.
    pub origin: Option<Arc<ViewObservation>>,
    /// What was last seen at the tenant's canonical host.
    pub tenant: Option<Arc<ViewObservation>>,
    /// The keys last seen there.
    pub tenant_keys: Option<DocumentsRecord>,
    /// How the proxy kept its part of the bargain when that was last tried, by address.
    pub contract: ByAddress<ContractObservation>,
    /// On what resolvers differ.
    pub differ: BTreeMap<Topic, Differing>,
}

/// Answers of resolvers that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// What they say.
    pub answers: BTreeSet<String>,
    /// Until when it may be explained by what they remember, as of when just these answers were first heard.
    pub explained_until: UnixTime,
}

/// What was seen at one address.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AddressRecord {
    /// The last handshake.
    pub tls: Option<Arc<TlsObservation>>,
    /// The last chain that was presented, and when: it outlives a failed handshake, so that a host which has
    /// stopped answering still expires on time.
    pub presented: Option<(UnixTime, Arc<Presented>)>,
    /// What clients are shown who do not ask for that chain's kind of key, when it was last asked.
    pub other: Option<OtherChain>,
    /// What the CA last said of the renewal of the last leaf.
    pub suggested: Option<Suggested>,
    /// Whether an OCSP response was stapled to it; `None` where that was not asked.
    pub stapled: Option<bool>,
    /// What was found out of the revocation of its certificates.
    pub revocation: Vec<Arc<Revocation>>,
    /// The last request and its answer.
    pub auth0: Option<Arc<Auth0Observation>>,
    /// The last answers to what is not asked at every look.
    pub documents: Option<DocumentsRecord>,
    /// When DNS (or the operator) last named the address.
    pub named_at: UnixTime,
    /// For how many seconds after that it is remembered.
    pub keep_for: i64,
}

/// What was last answered to the requests that are not made at every look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentsRecord {
    /// When.
    pub at: UnixTime,
    /// The answers.
    pub documents: Arc<Documents>,
    /// When the keys were seen to be others than before; `None` if they never were.
    pub changed_at: Option<UnixTime>,
    /// When a cache was seen to have something old, after it was seen to have the same; `None` if it always had.
    pub stale_since: Option<UnixTime>,
}

impl DocumentsRecord {
    fn after(before: Option<&Self>, documents: Arc<Documents>, at: UnixTime) -> Self {
        let kids = |documents: &Documents| documents.served_keys().map(owned);
        let (was, is) = (before.and_then(|before| kids(&before.documents)), kids(&documents));
        let changed = was.is_some() && is.is_some() && was != is;
        let known = before.and_then(|before| before.changed_at);
        let stale = |documents: &Documents| !documents.stale.is_empty();
        let stale_since = match before {
            Some(before) if stale(&documents) && !stale(&before.documents) => Some(at),
            Some(before) if stale(&documents) => before.stale_since,
            _ => None,
        };
        Self { at, documents, changed_at: if changed { Some(at) } else { known }, stale_since }
    }
}

fn owned(keys: &KeySet) -> Vec<String> {
    keys.kids().into_iter().map(str::to_owned).collect()
}

impl Record {
    /// Takes in what a look at the tenant's canonical host saw, as of when it was made.
    pub fn absorb_tenant(&mut self, seen: &Arc<ViewObservation>) {
        if !seen.tells() {
            return;
        }
        if let Some(documents) = seen.auth0.iter().find_map(|answer| answer.documents.clone()) {
            self.tenant_keys = Some(DocumentsRecord::after(self.tenant_keys.as_ref(), documents, seen.at));
        }
        self.tenant = Some(Arc::clone(seen));
    }

    /// Takes in what a look saw. What the look did not ask again (an address whose turn for HTTP it was not, or that we
    /// had no means to look at, CAA records, name servers) stays as it was; an address that has long not been named goes, unless nobody could be asked for it.
    /// Returns what that taught of its certificates.
    pub fn absorb(&mut self, look: Look) -> Noted {
        let at = look.at;
        self.looked_at = Some(at);
        self.no_route = look.no_route;
        self.surplus_addresses = look.surplus_addresses;
        self.client_certificate = look.client_certificate;
        if let Some(mut dns) = look.dns {
            if dns.caa.is_none() {
                self.keep_caa(&mut dns);
            }
            self.note_differing(&dns.disagreements, at);
            self.dns = Some(Arc::new(dns.after(self.dns.as_deref())));
        }
        let seen: Vec<(SocketAddr, Arc<Presented>)> =
            look.tls.iter().filter_map(|tls| Some((tls.address, Arc::clone(tls.presented.as_ref()?)))).collect();
        self.not_looked = look.not_looked;
        for address in self.not_looked.iter().map(|not_looked| not_looked.address).collect::<Vec<_>>() {
            self.name(address, at);
        }
        self.absorb_legacy(&look.tls);
        for mut tls in look.tls {
            // That is in its own place by now.
            tls.legacy = None;
            let address = self.name(tls.address, at);
            if let Some(presented) = &tls.presented {
                address.presented = Some((at, Arc::clone(presented)));
                (address.stapled, address.revocation) = (tls.stapled, tls.revocation.clone());
            }
            if let Some(other) = &tls.other_chain {
                address.other = Some(other.clone());
            }
            if tls.failure.is_some() {
                // What an earlier connection carried says nothing about one that did not come to be.
                address.auth0 = None;
                address.documents = None;
            }
            address.suggested = Suggested::after(address.suggested.take(), &tls);
            address.tls = Some(Arc::new(tls));
        }
        for auth0 in look.auth0 {
            let address = self.addresses.or_default(auth0.address);
            if let Some(documents) = auth0.documents.clone() {
                address.documents = Some(DocumentsRecord::after(address.documents.as_ref(), documents, at));
            }
            address.auth0 = Some(Arc::new(auth0));
        }
        if let Some(trial) = look.contract {
            self.contract.insert(trial.address, *trial);
        }
        if let Some(origin) = look.origin.filter(|origin| origin.tells()) {
            self.origin = Some(Arc::from(origin));
        }
        let dns = self.dns.as_deref();
        self.addresses.retain(|address, seen| seen.named_at.until(at) < seen.keep_for || unanswered(dns, *address));
        self.forget_surplus();
        self.disagree_since = (!pairs::disagreeing(self).is_empty()).then(|| self.disagree_since.unwrap_or(at));
        self.contract.retain(|address, _| self.addresses.contains_key(address));
        let seen = seen.iter().map(|(address, presented)| (*address, presented.as_ref()));
        self.history.note(&look.domain, at, seen, |address| self.addresses.contains_key(address))
    }

    /// Old versions are asked for once a day: what a look says of them takes the place of all that was said before, but
    /// for what it could not tell.
    fn absorb_legacy(&mut self, all: &[TlsObservation]) {
        if all.iter().all(|tls| tls.legacy.is_none()) {
            return;
        }
        let before = std::mem::take(&mut self.legacy);
        for tls in all {
            let earlier = before.get(&tls.address).cloned().unwrap_or_default();
            let known = |version| earlier.iter().find(|answer| answer.version == version && answer.accepted.is_some());
            let better = |new: LegacyAnswer| match new.accepted {
                Some(_) => new,
                None => known(new.version).cloned().unwrap_or(new),
            };
            let answers = match tls.legacy.clone() {
                Some(answers) => answers.into_iter().map(better).collect(),
                None => earlier,
            };
            self.legacy.insert(tls.address, answers);
        }
    }

    /// What was last heard of the CAA records stands until they are asked for again.
    fn keep_caa(&self, dns: &mut DnsObservation) {
        let Some(last) = &self.dns else { return };
        dns.caa.clone_from(&last.caa);
        let on_caa = last.disagreements.iter().filter(|disagreement| disagreement.topic == Topic::Caa);
        dns.disagreements.extend(on_caa.cloned());
    }

    fn note_differing(&mut self, disagreements: &[Disagreement], at: UnixTime) {
        let differ = disagreements.iter().map(|disagreement| {
            let answers: BTreeSet<String> = disagreement.answers.iter().map(|said| said.answer.clone()).collect();
            let before = self.differ.get(&disagreement.topic).filter(|before| before.answers == answers);
            let new = || at.plus(i64::from(disagreement.explained_for()));
            let explained_until = before.map_or_else(new, |before| before.explained_until);
            (disagreement.topic, Differing { answers, explained_until })
        });
        self.differ = differ.collect();
    }

    /// The address was named at this time.
    fn name(&mut self, address: SocketAddr, at: UnixTime) -> &mut AddressRecord {
        let keep_for = self.keep_for(address);
        let record = self.addresses.or_default(address);
        (record.named_at, record.keep_for) = (at, keep_for);
        record
    }

    /// A chain that was seen before this process began, taken up at `at`: it counts as the last one until the
    /// address is seen again.
    pub fn remember(&mut self, address: SocketAddr, seen_at: UnixTime, presented: Arc<Presented>, at: UnixTime) {
        if let Some(leaf) = presented.leaf() {
            self.history.remember(address, leaf.sha256, seen_at);
        }
        let record = self.addresses.or_default(address);
        (record.named_at, record.keep_for) = (at, FORGET_AFTER);
        record.presented.get_or_insert((seen_at, presented));
        self.looked_at = Some(at);
        self.forget_surplus();
    }

    /// Forgets the addresses that were not named for the longest, as far as there are too many.
    fn forget_surplus(&mut self) {
        while self.addresses.len() > MAX_ADDRESSES {
            let oldest = self.addresses.iter().min_by_key(|(_, seen)| seen.named_at).map(|(address, _)| *address);
            let _ = oldest.and_then(|address| self.addresses.remove(&address));
        }
    }

    /// The addresses the last look connected to, or tried to.
    pub fn current(&self) -> impl Iterator<Item = (SocketAddr, &AddressRecord)> {
        let named = |record: &AddressRecord| Some(record.named_at) == self.looked_at;
        self.addresses.iter().filter(move |(_, record)| named(record)).map(|(address, record)| (*address, record))
    }

    /// The leaves that the addresses of the last look serve, as far as seen; each may stand there more than once.
    pub fn served(&self) -> Vec<Sha256> {
        let presented = self.current().filter_map(|(_, seen)| seen.presented.as_ref());
        presented.filter_map(|(_, presented)| Some(presented.leaf()?.sha256)).collect()
    }

    /// The leaves that all addresses serve that are not forgotten, as far as seen.
    pub fn leaves(&self) -> impl Iterator<Item = Sha256> {
        let presented = self.addresses.values().filter_map(|seen| seen.presented.as_ref());
        presented.filter_map(|(_, presented)| Some(presented.leaf()?.sha256))
    }

    /// The addresses whose last chain still speaks for the domain: the current ones, and those of a family that
    /// the last look could not ask for. Only an answer takes an address away, not the lack of one.
    pub(super) fn presenting(&self) -> impl Iterator<Item = (SocketAddr, &Arc<Presented>)> {
        self.speaking().filter_map(|(address, seen)| Some((address, &seen.presented.as_ref()?.1)))
    }

    /// The addresses whose last chain still speaks for the domain, with all that was seen of them.
    pub(super) fn speaking(&self) -> impl Iterator<Item = (SocketAddr, &AddressRecord)> {
        let dns = self.dns.as_deref();
        let speaks =
            move |at: SocketAddr, seen: &AddressRecord| Some(seen.named_at) == self.looked_at || unanswered(dns, at);
        let all = self.addresses.iter().filter(move |(address, seen)| speaks(**address, seen));
        all.map(|(address, seen)| (*address, seen))
    }

    /// What the last answers of a view say of limits on requests.
    pub fn rate_limits(&self, view: View) -> Vec<RateLimit> {
        let of = |answers: &mut dyn Iterator<Item = &Auth0Observation>| -> Vec<RateLimit> {
            answers.flat_map(Auth0Observation::rate_limits).copied().collect()
        };
        match view {
            View::Proxy => {
                let documents = self.current().filter_map(|(_, seen)| seen.documents.as_ref());
                let kept = documents.flat_map(|seen| seen.documents.replies()).filter_map(|reply| reply.rate_limit);
                let mut all = of(&mut self.current().filter_map(|(_, seen)| seen.auth0.as_deref()));
                all.extend(kept);
                all
            }
            View::Origin => of(&mut self.origin.iter().flat_map(|seen| &seen.auth0)),
            View::Tenant => of(&mut self.tenant.iter().flat_map(|seen| &seen.auth0)),
        }
    }

    /// When the first of the certificates of the signing keys that clients get runs out.
    pub fn signing_certificates_end(&self) -> Option<UnixTime> {
        let documents = self.current().filter_map(|(_, seen)| seen.documents.as_ref());
        documents.filter_map(|seen| seen.documents.served_keys()?.earliest_expiry()).min()
    }

    /// The chains that the same addresses show to clients who do not ask for the ordinary one's kind of key. An address
    /// that was not asked yet is taken to have what another has that shows the same leaf.
    pub(super) fn other_chains(&self) -> impl Iterator<Item = (SocketAddr, &Arc<Presented>)> {
        self.presenting().filter_map(|(address, presented)| {
            let leaf = presented.leaf()?.sha256;
            let own = self.addresses.get(&address).and_then(|seen| seen.other.as_ref());
            let other = own.or_else(|| self.other_beside(leaf))?.presented()?;
            // What was the other one when it was asked may be the ordinary one by now.
            other.leaf().is_none_or(|other| other.sha256 != leaf).then_some((address, other))
        })
    }

    fn other_beside(&self, leaf: Sha256) -> Option<&OtherChain> {
        let shows = |seen: &&AddressRecord| {
            seen.presented.as_ref().and_then(|(_, presented)| presented.leaf()).is_some_and(|own| own.sha256 == leaf)
        };
        self.addresses.values().filter(shows).find_map(|seen| seen.other.as_ref())
    }

    /// When the first of the leaves presented is expected to be renewed, by the domain's habit.
    pub fn expected_renewal(&self) -> Option<Expectation> {
        let leaves = self.presenting().filter_map(|(_, presented)| presented.leaf());
        leaves.filter_map(|leaf| self.history.expects(leaf.sha256)).min_by_key(|expected| expected.usual)
    }

    /// What the CA last said of the leaf that it wants renewed first.
    pub fn suggested(&self) -> Option<&Suggested> {
        let leaves = self.presenting().filter_map(|(_, presented)| presented.leaf());
        leaves.filter_map(|leaf| self.suggested_of(leaf.sha256)).min_by_key(|suggested| suggested.info.start)
    }

    /// What the CA last said of the renewal of this leaf.
    pub fn suggested_of(&self, leaf: Sha256) -> Option<&Suggested> {
        let all = self.addresses.values().filter_map(|seen| seen.suggested.as_ref());
        all.filter(|suggested| suggested.info.sha256 == leaf).min_by_key(|suggested| suggested.info.start)
    }

    fn keep_for(&self, address: SocketAddr) -> i64 {
        let of_family = |dns: &Arc<DnsObservation>| if address.is_ipv4() { dns.a.ttl } else { dns.aaaa.ttl };
        let ttl = self.dns.as_ref().and_then(of_family).unwrap_or(0);
        (2 * i64::from(ttl)).clamp(FORGET_AFTER, LONGEST_KEPT)
    }
}

/// Whether the name servers failed to say which addresses of this one's family there are.
fn unanswered(dns: Option<&DnsObservation>, address: SocketAddr) -> bool {
    dns.is_some_and(|dns| if address.is_ipv4() { dns.a.outcome } else { dns.aaaa.outcome }.is_failure())
}

/// What a domain shares with others when it is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether the name servers answered for any other domain lately.
    pub resolvers_answer_others: bool,
    /// How the references fared that share nothing with the watched path.
    pub references: References,
    /// What the tenant's Management API says of the domain, where it is asked.
    pub managed: Option<Box<Managed>>,
    /// What Auth0's status page says of the tenant, where it is asked.
    pub status_note: Option<Box<StatusNote>>,
}

/// How the references fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum References {
    /// None is configured, or none was asked: findings stay what they are.
    #[default]
    None,
    /// At least one answers.
    Answer,
    /// Every one fails: it is we who cannot see.
    AllFail,
}
