//! [`look`]: one round of all checks of one domain.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{OptionFuture, join_all};
use rustls_pki_types::CertificateDer;
use tokio::time::Instant;

use super::assess::assess;
use super::fetch::{Fetcher, Reach};
use super::identity::name_refusal;
use super::past_proxy::{Aside, look_at_origin};
use super::survey::{self, Due};
use super::tls::{Handshake, Line};
use super::{
    Library, Resolvers, Settings, contract, discovery, dns, documents, issuers, registration, renewal, revocation,
    sockets, tls, wire,
};
use crate::domain::{Domain, DomainName, Families, UnixTime};
use crate::observation::{
    Auth0Observation, AuthorityObservation, CaaObservation, DnsObservation, DnssecObservation, Look, NotLooked,
    RegistrationObservation, TlsObservation, Vantage, View, ViewObservation, Wanted,
};
use crate::trust::TrustStore;

/// Addresses looked at of one domain; the surplus is counted.
const MAX_ADDRESSES: usize = 16;
/// Where customers connect, unless the operator says otherwise.
pub(super) const HTTPS: u16 = 443;
/// CAA records are read by nobody but a CA that is about to issue, a zone's own servers by nobody but resolvers: they
/// need not be asked at every look.
const SELDOM: Duration = Duration::from_secs(300);

/// What is looked at, and how.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The domain.
    pub domain: &'a Domain,
    /// How to look.
    pub settings: &'a Settings,
    /// Whom to trust.
    pub trust: &'a Arc<TrustStore>,
    /// What was fetched for earlier looks and other domains.
    pub library: &'a Arc<Library>,
    /// What earlier looks, also at other domains, have learnt of the resolvers.
    pub resolvers: &'a Arc<Resolvers>,
    /// The last answers of DNS, whose TTLs may still hold; `None` to ask for everything afresh.
    pub known: Option<&'a DnsObservation>,
}

/// What this look asks that not every look does: the discovery document of some of the addresses, what else is to be
/// had there, the origin host, and the CAA records.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Counts the domain's looks from 0, so that addresses beyond the bound on requests have theirs in rotation.
    pub number: u64,
    /// At how many addresses the discovery document may be asked for.
    pub requests: usize,
    /// At how many of those the keys and the rest are asked for as well ([`Turn::DOCUMENTS`] requests each).
    pub documents: usize,
    /// At how many of its addresses the origin host may be asked: now, or if the domain fails.
    pub origin: usize,
    /// Whether the origin host's turn has come though the domain may do well.
    pub origin_is_due: bool,
    /// Whether the proxy's part of the bargain is tried, at one of the addresses.
    pub contract: bool,
    /// Whether to ask what not every look asks, as something of that kind is to be confirmed or to be seen gone.
    pub closely: bool,
}

impl Turn {
    /// Requests that it takes to ask an address for everything but the discovery document.
    pub const DOCUMENTS: usize = 4;
    /// Addresses of a host past the proxy that are asked at most: it is one service, however many it has.
    pub const PAST_PROXY: usize = 2;

    /// A look that asks for everything, and counts nothing.
    pub const fn whole(http_addresses: usize) -> Self {
        Self {
            number: 0,
            requests: http_addresses,
            documents: http_addresses,
            origin: Self::PAST_PROXY,
            origin_is_due: true,
            contract: true,
            closely: false,
        }
    }

    /// Whether this look is one of those, at least so far apart, that ask what not every look asks: the first is, and
    /// from then on one in as many as it takes at the domain's interval.
    pub(super) fn is_due(self, apart: Duration, interval: Duration) -> bool {
        let every = apart.as_nanos().div_ceil(interval.as_nanos().max(1));
        u128::from(self.number) % every.max(1) == 0
    }
}

/// Looks once. `at` is the time the look is booked under.
pub async fn look(target: Target<'_>, at: UnixTime, turn: Turn) -> Look {
    let started = Instant::now();
    let panel = dns::Panel::new(target.settings, target.resolvers, target.trust);
    let mut dns = records(target, &panel, target.known, at).await;
    let (mut addresses, no_route): (Vec<_>, Vec<_>) =
        addresses(target.domain, &dns).into_iter().partition(|address| has_route(target.domain.families, *address));
    let surplus_addresses = addresses.len().saturating_sub(MAX_ADDRESSES);
    addresses.truncate(MAX_ADDRESSES);
    let asked = in_turn(addresses.len(), turn);
    let due = Due::at(turn, target);
    let wishes = wishes(&asked, turn);
    let visits = addresses.iter().zip(wishes).map(|(address, wish)| visit(target, *address, wish, due));
    let (mut tls, mut auth0, mut not_looked) = (Vec::new(), Vec::new(), Vec::new());
    dns.wanted = wanted(target.settings);
    let seldom = turn.closely || turn.is_due(SELDOM, target.domain.interval);
    // What not every look asks lies apart, so that the others carry no room for it.
    let doubted = asks_authority(target.domain, &dns, seldom).then(|| dns.clone());
    let besides = besides(target, &panel, dns.wanted, doubted, seldom, at);
    let caa = OptionFuture::from((seldom && !dns.failed()).then(|| Box::pin(caa(target, &panel, &mut dns))));
    // Side by side: no handshake waits for records that no login needs.
    let (_, besides, visited) = tokio::join!(caa, besides, join_all(visits));
    (dns.authority, dns.dnssec, dns.registration) = besides;
    // Once all are there: what one address presents may be what another lacks.
    for visited in join_all(visited.into_iter().map(|visited| Box::pin(follow_up(target, &panel, visited, at)))).await {
        match visited {
            Ok(visit) => {
                tls.push(visit.observation);
                auth0.extend(visit.auth0);
            }
            Err(reason) => not_looked.push(reason),
        }
    }
    let is_wanted = turn.origin_is_due || !did_well(target.domain, &tls, &auth0);
    let origin = OptionFuture::from(is_wanted.then(|| Box::pin(origin(target, at, turn))));
    let (origin, ()) = tokio::join!(origin, ask_cas(target, panel.clone(), &mut tls));
    let origin = origin.flatten();
    let tried_at = turn.contract.then(|| tried_at(&tls, turn)).flatten();
    let contract = tried_at.map(|address| Box::pin(contract::observe(target, address, at)));
    let contract = OptionFuture::from(contract).await.flatten();
    Look {
        domain: target.domain.name.clone(),
        vantage: Vantage::default(),
        view: View::Proxy,
        at,
        dns: Some(dns),
        tls,
        client_certificate: target.settings.client.as_ref().map(|client| Arc::clone(client.chain())),
        auth0,
        no_route,
        not_looked,
        surplus_addresses,
        origin: origin.map(Box::new),
        contract: contract.map(Box::new),
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

/// Where the proxy's part of the bargain is tried: at one of the addresses that shake hands, going round.
fn tried_at(tls: &[TlsObservation], turn: Turn) -> Option<SocketAddr> {
    let answering: Vec<SocketAddr> = tls.iter().filter(|tls| tls.failure.is_none()).map(|tls| tls.address).collect();
    let index = usize::try_from(turn.number).unwrap_or(0).checked_rem(answering.len())?;
    answering.get(index).copied()
}

/// Whether every address answered as it should: then nobody needs the origin host to compare with.
fn did_well(domain: &Domain, tls: &[TlsObservation], auth0: &[Auth0Observation]) -> bool {
    let shaken = !tls.is_empty() && tls.iter().all(|tls| tls.failure.is_none());
    shaken && auth0.iter().all(|answer| is_its_document(domain, answer))
}

/// Whether the answer is the document that is due: else nothing that belongs to it needs to be asked for.
fn is_its_document(domain: &Domain, answer: &Auth0Observation) -> bool {
    let host = answer.issuer.as_deref().and_then(|issuer| issuer.strip_prefix("https://"));
    answer.is_document() && host.and_then(|host| host.strip_suffix('/')) == Some(domain.name.as_str())
}

async fn origin(target: Target<'_>, at: UnixTime, turn: Turn) -> Option<ViewObservation> {
    let origin = target.settings.origin.as_ref().filter(|_| turn.origin > 0)?;
    let (settings, trust, resolvers) = (target.settings, target.trust, target.resolvers);
    let aside = Aside { host: &origin.host, settings, trust, resolvers };
    Some(look_at_origin(aside, at, Turn { requests: turn.origin, documents: 0, contract: false, ..turn }).await)
}

/// What the CAs of the leaves say of their renewal.
async fn ask_cas(target: Target<'_>, panel: dns::Panel, tls: &mut [TlsObservation]) {
    let fetcher = fetcher(target, panel, tls.iter().map(|tls| tls.address));
    renewal::observe(target.settings, target.library, &fetcher, tls).await;
}

/// The CAA records of a domain, asked of these resolvers or, without any, the system's; `None` if nobody could be asked.
pub async fn ask_caa(domain: &DomainName, settings: &Settings, trust: &Arc<TrustStore>) -> Option<CaaObservation> {
    let panel = dns::Panel::new(settings, &Arc::default(), trust);
    dns::ask_caa(domain, &panel).await
}

async fn records(
    target: Target<'_>,
    panel: &dns::Panel,
    known: Option<&DnsObservation>,
    at: UnixTime,
) -> DnsObservation {
    let _permit = sockets::permit(dns::QUESTIONS * at_once(panel)).await;
    dns::observe(target.domain, target.settings, panel, known, at).await
}

async fn caa(target: Target<'_>, panel: &dns::Panel, dns: &mut DnsObservation) {
    let _permit = sockets::permit(at_once(panel)).await;
    dns::observe_caa(&target.domain.name, panel, dns).await;
}

/// How many resolvers are asked side by side.
fn at_once(panel: &dns::Panel) -> u32 {
    u32::try_from(panel.len()).unwrap_or(1).max(1)
}

const fn wanted(settings: &Settings) -> Wanted {
    Wanted { authority: settings.authoritative, dnssec: settings.dnssec, registration: settings.rdap }
}

/// Whether the zone's own name servers are asked as well.
fn asks_authority(domain: &Domain, dns: &DnsObservation, seldom: bool) -> bool {
    dns.wanted.authority && (seldom || dns::is_in_doubt(domain, dns))
}

/// What is asked for beside the records, where it is wanted and its turn has come; `doubted` are the records that the
/// zone's own name servers are asked about.
async fn besides(
    target: Target<'_>,
    panel: &dns::Panel,
    wanted: Wanted,
    doubted: Option<DnsObservation>,
    seldom: bool,
    at: UnixTime,
) -> (Option<Box<AuthorityObservation>>, Option<Box<DnssecObservation>>, Option<Box<RegistrationObservation>>) {
    let authority = OptionFuture::from(doubted.map(|dns| Box::pin(authority(target, panel, dns, at))));
    let asks_dnssec = wanted.dnssec && seldom;
    let dnssec = OptionFuture::from(asks_dnssec.then(|| Box::pin(dns::observe_dnssec(target.domain, panel, at))));
    let registration = OptionFuture::from(wanted.registration.then(|| Box::pin(registration(target, panel, at))));
    let (authority, dnssec, registration) = tokio::join!(authority, dnssec, registration);
    (authority.map(Box::new), dnssec.map(Box::new), registration.flatten().map(Box::new))
}

/// The zone's own name servers, who must not send us into our own network: only where the look is, or the resolver that
/// the operator chose, may they be as well.
async fn authority(target: Target<'_>, panel: &dns::Panel, dns: DnsObservation, at: UnixTime) -> AuthorityObservation {
    let settings = target.settings;
    let chosen = settings.nameservers.iter().filter_map(|nameserver| Some(nameserver.server()?.address()));
    let way = dns::Way {
        panel,
        authorities: &settings.authorities,
        port: settings.authority_port,
        reach: Reach::of(addresses(target.domain, &dns).into_iter().chain(chosen)),
        timeout: settings.timeout,
    };
    dns::observe_authority(target.domain, way, &dns, at).await
}

async fn registration(target: Target<'_>, panel: &dns::Panel, at: UnixTime) -> Option<RegistrationObservation> {
    let Target { domain, settings, trust, library, .. } = target;
    registration::observe(&domain.name, settings, panel, trust, &library.registrations, at).await
}

/// What is asked over the connection of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    Nothing,
    Discovery,
    Everything,
}

/// What is asked of each address, given whose turn it is. Of those the ones that are asked for everything go round as
/// well.
fn wishes(asked: &[bool], turn: Turn) -> Vec<Wish> {
    let all = asked.iter().filter(|ask| **ask).count();
    let everything = in_turn(all, Turn { requests: turn.documents, ..turn });
    let mut everything = everything.into_iter();
    let wish = |ask: &bool| match ask.then(|| everything.next()).flatten() {
        None => Wish::Nothing,
        Some(false) => Wish::Discovery,
        Some(true) => Wish::Everything,
    };
    asked.iter().map(wish).collect()
}

/// One connection: the handshake, and over it what is wished. Time runs from when we may connect.
async fn visit(target: Target<'_>, address: SocketAddr, wish: Wish, due: Due) -> Result<Visit, NotLooked> {
    // One for all: the further connections are made one after the other, once this one is closed.
    let _permit = sockets::permit(1).await;
    let deadline = Instant::now() + target.settings.timeout;
    let name = &target.domain.name;
    let handshake = wire::handshake(address, name.as_str(), shake_hands(target, address, deadline)).await?;
    let Handshake { mut observation, chain, staple, stream, .. } = handshake;
    let presented = OptionFuture::from(chain.as_ref().map(|chain| assess(chain, name, &[], target.trust)));
    let asked = stream.filter(|_| wish > Wish::Nothing).map(|stream| talk(target, address, stream, wish, deadline));
    // Side by side: our own work must not eat into the time the server has to answer in.
    let (presented, auth0) = tokio::join!(presented, OptionFuture::from(asked));
    observation.presented = presented.flatten();
    let mut auth0 = auth0.flatten();
    if let (Some(client), Some(answer)) = (observation.client_certificate, &mut auth0) {
        name_refusal(client, answer);
    }
    if due.any() {
        Box::pin(survey::add(target, due, &mut observation)).await;
    }
    Ok(Visit { observation, chain: chain.unwrap_or_default(), staple, auth0 })
}

/// What a visit came to.
struct Visit {
    observation: TlsObservation,
    /// As it was sent; empty where none was.
    chain: Vec<CertificateDer<'static>>,
    staple: Vec<u8>,
    auth0: Option<Auth0Observation>,
}

/// Whatever the chain makes us ask elsewhere. It takes its own time.
async fn follow_up(
    target: Target<'_>,
    panel: &dns::Panel,
    visited: Result<Visit, NotLooked>,
    at: UnixTime,
) -> Result<Visit, NotLooked> {
    let mut visit = visited?;
    let until = Instant::now() + target.settings.timeout;
    if let Some(presented) = visit.observation.presented.take() {
        let fetcher = fetcher(target, panel.clone(), [visit.observation.address]);
        let presented = issuers::complete(presented, &visit.chain, target, &fetcher, until).await;
        let staple = std::mem::take(&mut visit.staple);
        revocation::observe(&presented, staple, target, &fetcher, at, &mut visit.observation).await;
        visit.observation.presented = Some(presented);
    }
    Ok(visit)
}

/// Fetches what was named by what is at these addresses.
fn fetcher(target: Target<'_>, panel: dns::Panel, named_at: impl IntoIterator<Item = SocketAddr>) -> Fetcher {
    Fetcher {
        panel,
        trust: Arc::clone(target.trust),
        contact: target.settings.contact.clone(),
        reach: Reach::of(named_at),
        timeout: target.settings.timeout,
    }
}

/// The handshake; with a server that is too old for it, the one that it can.
async fn shake_hands(target: Target<'_>, address: SocketAddr, deadline: Instant) -> Result<Handshake, NotLooked> {
    let name = &target.domain.name;
    let mut handshake = tls::observe(address, name, target.settings.client.as_ref(), deadline).await?;
    if handshake.lacks_common_ground {
        Box::pin(survey::ask_without_modern(&mut handshake, name, deadline)).await;
    }
    Ok(handshake)
}

/// The requests over a connection that stands. The discovery document comes first; the rest is asked only where that
/// came, and has as much time again.
async fn talk(
    target: Target<'_>,
    address: SocketAddr,
    line: Line,
    wish: Wish,
    deadline: Instant,
) -> Option<Auth0Observation> {
    let (name, settings) = (&target.domain.name, target.settings);
    let unasked = discovery::unasked(address, View::Proxy);
    let mut session = match discovery::begin(line, &unasked, name, settings, deadline).await {
        Ok(session) => session,
        Err(failed) => return failed,
    };
    let mut answer = discovery::ask(&mut session, unasked, settings, None, deadline).await?;
    if wish == Wish::Everything && is_its_document(target.domain, &answer) {
        let until = Instant::now() + settings.timeout;
        let documents = Box::pin(documents::ask(&mut session, answer.sha256, settings, until)).await;
        let any = documents.replies().next().is_some();
        answer.documents = any.then(|| Arc::new(documents));
    }
    Some(answer)
}

/// Where the operator says, else where DNS says; each once.
fn addresses(domain: &Domain, dns: &DnsObservation) -> Vec<SocketAddr> {
    if !domain.addresses.is_empty() {
        return domain.addresses.clone();
    }
    let v4 = dns.a.records.iter().copied().map(IpAddr::V4);
    let v6 = dns.aaaa.records.iter().copied().map(IpAddr::V6);
    let mut addresses: Vec<SocketAddr> = v4.chain(v6).map(|ip| SocketAddr::new(ip, HTTPS)).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// Whether this machine has a route there. Only IPv6 may be missing without anybody's fault, and only unless the
/// operator asked for it.
pub(super) fn has_route(families: Families, address: SocketAddr) -> bool {
    if let Some(recorded) = wire::had_route(address) {
        return recorded;
    }
    if address.is_ipv4() || families != Families::Auto {
        return true;
    }
    sockets::has_route(address)
}

/// Which of so many addresses are asked at this turn, going round.
pub(super) fn in_turn(addresses: usize, turn: Turn) -> Vec<bool> {
    let most = turn.requests.min(addresses);
    if most == addresses {
        return vec![true; addresses];
    }
    let first = usize::try_from(turn.number).unwrap_or(0).wrapping_mul(most) % addresses;
    let distance = |index: usize| (index + addresses - first) % addresses;
    (0..addresses).map(|index| distance(index) < most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(number: u64, requests: usize) -> Turn {
        Turn { number, requests, documents: 0, origin: 0, origin_is_due: false, contract: false, closely: false }
    }

    #[test]
    fn every_address_has_its_turn() {
        for (addresses, requests) in [(1, 4), (4, 4), (5, 4), (9, 4), (16, 4), (3, 1), (0, 4)] {
            let mut asked = vec![0; addresses];
            for number in 0..addresses as u64 {
                let now = in_turn(addresses, turn(number, requests));
                assert_eq!(now.iter().filter(|ask| **ask).count(), requests.min(addresses));
                for (count, ask) in asked.iter_mut().zip(now) {
                    *count += u32::from(ask);
                }
            }
            assert!(asked.iter().all(|count| *count > 0), "{addresses} {requests}: {asked:?}");
        }
    }

    #[test]
    fn what_not_every_look_asks_is_asked_at_the_first_and_then_so_far_apart() {
        for (milliseconds, every) in [(100, 3000), (1000, 300), (60_000, 5), (70_000, 5), (300_000, 1), (3_600_000, 1)]
        {
            let interval = Duration::from_millis(milliseconds);
            let is_due = |number: &u64| turn(*number, 4).is_due(SELDOM, interval);
            let due = (0..=2 * every).filter(is_due);
            let expected: Vec<u64> = (0..=2 * every).step_by(usize::try_from(every).unwrap()).collect();
            assert_eq!(due.collect::<Vec<_>>(), expected, "{milliseconds}");
        }
    }

    #[test]
    fn with_its_budget_spent_nobody_is_asked() {
        assert_eq!(in_turn(3, turn(7, 0)), [false; 3]);
    }

    #[test]
    fn of_those_asked_the_ones_asked_for_everything_go_round() {
        let with = |number, documents| Turn { documents, ..turn(number, 4) };
        let asked = [true, false, true, true];
        use Wish::{Discovery, Everything, Nothing};
        assert_eq!(wishes(&asked, with(0, 1)), [Everything, Nothing, Discovery, Discovery]);
        assert_eq!(wishes(&asked, with(1, 1)), [Discovery, Nothing, Everything, Discovery]);
        assert_eq!(wishes(&asked, with(7, 4)), [Everything, Nothing, Everything, Everything]);
        assert_eq!(wishes(&asked, with(7, 0)), [Discovery, Nothing, Discovery, Discovery]);
    }
}
