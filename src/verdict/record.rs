//! What is known of a domain when it is judged: [`Record`], filled by looks, and [`Surroundings`], which the
//! domain shares with others.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::Managed;
use crate::domain::UnixTime;
use crate::history::{History, Noted};
use crate::observation::{Auth0Observation, DnsObservation, Look, NotLooked, Presented, TlsObservation};

/// An address that DNS has not named for so long (or twice its TTL) is forgotten, in seconds.
const FORGET_AFTER: i64 = 600;
/// However long its TTL, which is the zone's to choose, an address is remembered no longer, in seconds.
const LONGEST_KEPT: i64 = 86_400;
/// Addresses remembered of one domain: the zone may name others at every look.
const MAX_ADDRESSES: usize = 64;

/// What was seen of a domain through its proxy: the last of each check, address by address.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// When it was last looked at.
    pub looked_at: Option<UnixTime>,
    /// The last answers of the resolver.
    pub dns: Option<Arc<DnsObservation>>,
    /// What was seen at each address.
    pub addresses: BTreeMap<SocketAddr, AddressRecord>,
    /// Addresses of a family for which this machine has no route.
    pub no_route: Vec<SocketAddr>,
    /// Addresses that the last look had no means to look at; what was seen of them before is kept.
    pub not_looked: Vec<NotLooked>,
    /// How many addresses beyond the bound were left out.
    pub surplus_addresses: usize,
    /// Since when addresses serve different leaves.
    pub disagree_since: Option<UnixTime>,
    /// What its certificates have been.
    pub history: History,
}

/// What was seen at one address.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AddressRecord {
    /// The last handshake.
    pub tls: Option<Arc<TlsObservation>>,
    /// The last chain that was presented, and when: it outlives a failed handshake, so that a host which has
    /// stopped answering still expires on time.
    pub presented: Option<(UnixTime, Arc<Presented>)>,
    /// The last request and its answer.
    pub auth0: Option<Arc<Auth0Observation>>,
    /// When DNS (or the operator) last named the address.
    pub named_at: UnixTime,
    /// For how many seconds after that it is remembered.
    pub keep_for: i64,
}

impl Record {
    /// Takes in what a look saw. What the look did not ask again (an address whose turn for HTTP it was not, or that we
    /// had no means to look at, CAA records) stays as it was; an address that has long not been named goes, unless nobody could be asked for it.
    /// Returns what that taught of its certificates.
    pub fn absorb(&mut self, look: Look) -> Noted {
        let at = look.at;
        self.looked_at = Some(at);
        self.no_route = look.no_route;
        self.surplus_addresses = look.surplus_addresses;
        if let Some(mut dns) = look.dns {
            dns.caa = dns.caa.or_else(|| self.dns.as_ref()?.caa.clone());
            self.dns = Some(Arc::new(dns));
        }
        let seen: Vec<(SocketAddr, Arc<Presented>)> =
            look.tls.iter().filter_map(|tls| Some((tls.address, Arc::clone(tls.presented.as_ref()?)))).collect();
        self.not_looked = look.not_looked;
        for address in self.not_looked.iter().map(|not_looked| not_looked.address).collect::<Vec<_>>() {
            self.name(address, at);
        }
        for tls in look.tls {
            let address = self.name(tls.address, at);
            if let Some(presented) = &tls.presented {
                address.presented = Some((at, Arc::clone(presented)));
            }
            if tls.failure.is_some() {
                // What an earlier connection carried says nothing about one that did not come to be.
                address.auth0 = None;
            }
            address.tls = Some(Arc::new(tls));
        }
        for auth0 in look.auth0 {
            let address = self.addresses.entry(auth0.address).or_default();
            address.auth0 = Some(Arc::new(auth0));
        }
        let dns = self.dns.as_deref();
        self.addresses.retain(|address, seen| seen.named_at.until(at) < seen.keep_for || unanswered(dns, *address));
        self.forget_surplus();
        self.disagree_since = self.leaves_differ().then(|| self.disagree_since.unwrap_or(at));
        let seen = seen.iter().map(|(address, presented)| (*address, presented.as_ref()));
        self.history.note(&look.domain, at, seen, |address| self.addresses.contains_key(address))
    }

    /// The address was named at this time.
    fn name(&mut self, address: SocketAddr, at: UnixTime) -> &mut AddressRecord {
        let keep_for = self.keep_for(address);
        let record = self.addresses.entry(address).or_default();
        (record.named_at, record.keep_for) = (at, keep_for);
        record
    }

    /// A chain that was seen before this process began, taken up at `at`: it counts as the last one until the
    /// address is seen again.
    pub fn remember(&mut self, address: SocketAddr, seen_at: UnixTime, presented: Arc<Presented>, at: UnixTime) {
        if let Some(leaf) = presented.leaf() {
            self.history.remember(address, leaf.sha256, seen_at);
        }
        let record = self.addresses.entry(address).or_default();
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

    /// The addresses whose last chain still speaks for the domain: the current ones, and those of a family that
    /// the last look could not ask for. Only an answer takes an address away, not the lack of one.
    pub(super) fn presenting(&self) -> impl Iterator<Item = (SocketAddr, &Arc<Presented>)> {
        let dns = self.dns.as_deref();
        let speaks =
            move |at: SocketAddr, seen: &AddressRecord| Some(seen.named_at) == self.looked_at || unanswered(dns, at);
        let all = self.addresses.iter().filter(move |(address, seen)| speaks(**address, seen));
        all.filter_map(|(address, seen)| Some((*address, &seen.presented.as_ref()?.1)))
    }

    fn leaves_differ(&self) -> bool {
        let mut leaves = self.presenting().filter_map(|(_, presented)| Some(presented.leaf()?.sha256));
        let first = leaves.next();
        leaves.any(|leaf| Some(leaf) != first)
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
    pub managed: Option<Managed>,
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
