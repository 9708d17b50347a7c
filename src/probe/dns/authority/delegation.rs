//! Finding a domain's zone and its name servers: from the domain upward through the resolver, and, for what the zone
//! above says of them, from one of that zone's servers.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::time::Instant;

use super::MAX_SERVERS;
use crate::domain::DomainName;
use crate::probe::dns::ask::Asker;
use crate::probe::dns::chain::{self, domain_name, owner, wire_name};
use crate::probe::dns::exchange::exchange;
use crate::probe::dns::panel::Panel;
use crate::probe::dns::records::{ipv4, ipv6};
use crate::probe::fetch::Reach;
use crate::probe::{sockets, wire};

/// Name servers of one zone whose addresses are asked for; more do not fit an answer.
const MAX_NAMES: usize = 13;
/// Labels looked at on the way up: no zone cut lies deeper.
const MAX_LABELS: usize = 8;
/// Servers of the zone above that are tried.
const PARENTS: usize = 2;
/// Addresses asked for at once.
pub(super) const AT_ONCE: usize = 4;

/// A zone and whom to ask about it.
#[derive(Debug, Default)]
pub(super) struct Delegation {
    pub(super) zone: Option<DomainName>,
    pub(super) zone_servers: Vec<DomainName>,
    pub(super) parent_servers: Option<Vec<DomainName>>,
    pub(super) places: Vec<Place>,
    pub(super) surplus: usize,
}

impl Delegation {
    /// These servers, and whatever zone they have.
    pub(super) fn of(addresses: &[SocketAddr]) -> Self {
        let place = |address: &SocketAddr| Place { name: None, address: *address, not_looked: no_route(*address) };
        Self { places: addresses.iter().take(MAX_SERVERS).map(place).collect(), ..Self::default() }
    }
}

/// A name server at one of its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: Option<DomainName>,
    pub(super) address: SocketAddr,
    /// Why it is not to be asked.
    pub(super) not_looked: Option<&'static str>,
}

/// How servers are found: through whom, at which port, at which addresses, and in how much time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) panel: &'a Panel,
    pub(super) port: u16,
    pub(super) reach: &'a Reach,
    pub(super) time: Duration,
}

/// Finds them. Nothing is found where the domain belongs to no zone below a public suffix: the registry's servers are
/// nobody's own.
pub(super) async fn find(search: Search<'_>, domain: &DomainName) -> Delegation {
    // A zone that is broken must not use up the time in which the zone above can be asked for it.
    let Some((asker, climb)) = climb_with_any(search, domain).await else { return Delegation::default() };
    let Climb { mut found, above, is_broken } = climb;
    let mut glue = Vec::new();
    let asker = asker.within(search.time / 2);
    if let Some((upper, servers)) = above {
        let cut = found.zone.clone().unwrap_or_else(|| domain.clone());
        if let Some(referral) = ask_above(&asker, &servers, &cut, search).await {
            found.zone.get_or_insert(referral.zone);
            found.parent_servers = Some(referral.servers);
            glue = referral.glue;
        } else if found.zone.is_none() {
            // Not this zone is broken, but one that an alias in it leads to.
            (found.zone, found.zone_servers) = (Some(upper), servers);
        }
    }
    if found.zone.as_ref().is_some_and(DomainName::is_public_suffix) {
        return Delegation::default();
    }
    let names: BTreeSet<&DomainName> = found.zone_servers.iter().chain(found.parent_servers.iter().flatten()).collect();
    let names = names.into_iter().take(MAX_NAMES).cloned().collect();
    let places = addresses(&asker, names, &glue, is_broken).await;
    found.surplus = places.len().saturating_sub(MAX_SERVERS);
    let places = places.into_iter().take(MAX_SERVERS);
    found.places = places.map(|(name, ip)| place(name, ip, search.port, search.reach)).collect();
    found
}

/// What there is on the way up.
struct Climb {
    /// The first zone, unless one below it fails.
    found: Delegation,
    /// The next zone and its servers: the one above.
    above: Option<(DomainName, Vec<DomainName>)>,
    /// Whether a zone, or what may be one, fails.
    is_broken: bool,
}

/// The climb with the first resolver who meets nothing broken; else with the last that was asked.
async fn climb_with_any(search: Search<'_>, domain: &DomainName) -> Option<(Asker, Climb)> {
    let (askers, _) = search.panel.askers();
    let all = u32::try_from(askers.len()).unwrap_or(1).max(1);
    let mut last = None;
    for asker in askers {
        let asker = asker.within(search.time / 2 / all);
        let climb = climb(&asker, domain).await;
        let is_whole = !climb.is_broken;
        last = Some((asker, climb));
        if is_whole {
            break;
        }
    }
    last
}

async fn climb(asker: &Asker, domain: &DomainName) -> Climb {
    let names: Vec<DomainName> = domain.upward().take(MAX_LABELS).collect();
    // All at once: where one fails, that takes its time.
    let servers = join_all(names.iter().map(|name| zone_servers(asker, name))).await;
    let mut climb = Climb { found: Delegation::default(), above: None, is_broken: false };
    for (name, servers) in names.into_iter().zip(servers) {
        match servers {
            Ok(servers) if servers.is_empty() => {}
            Ok(servers) if climb.found.zone.is_none() && !climb.is_broken => {
                (climb.found.zone, climb.found.zone_servers) = (Some(name), servers);
            }
            Ok(servers) => {
                climb.above = Some((name, servers));
                break;
            }
            // A zone whose servers do not answer is found from above.
            Err(()) => climb.is_broken |= climb.found.zone.is_none(),
        }
    }
    climb
}

fn place(name: DomainName, ip: IpAddr, port: u16, reach: &Reach) -> Place {
    let address = SocketAddr::new(ip, port);
    let refused = (!reach.includes(ip)).then_some("it is no public address, and strangers may not send us to others");
    Place { name: Some(name), address, not_looked: refused.or_else(|| no_route(address)) }
}

fn no_route(address: SocketAddr) -> Option<&'static str> {
    (!wire::route(address, || sockets::has_route(address))).then_some("this machine has no route over IPv6")
}

/// The name servers the zone at this very name has, sorted; none where it is no zone.
async fn zone_servers(asker: &Asker, name: &DomainName) -> Result<Vec<DomainName>, ()> {
    let question = wire_name(name).ok_or(())?;
    let response = asker.ask(&question, RecordType::NS).await.map_err(|_| ())?;
    Ok(named(response.answers.iter(), name))
}

/// The name servers that records name for a zone.
fn named<'a>(
    records: impl Iterator<Item = &'a hickory_resolver::proto::rr::Record>,
    zone: &DomainName,
) -> Vec<DomainName> {
    let servers =
        records.filter(|record| owner(record).as_ref() == Some(zone)).filter_map(|record| match &record.data {
            RData::NS(server) => domain_name(&server.0),
            _ => None,
        });
    servers.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What the zone above says of a zone.
struct Referral {
    zone: DomainName,
    servers: Vec<DomainName>,
    glue: Vec<(DomainName, IpAddr)>,
}

async fn ask_above(asker: &Asker, servers: &[DomainName], cut: &DomainName, search: Search<'_>) -> Option<Referral> {
    let question = wire_name(cut)?;
    let deadline = asker.deadline;
    for (name, ip) in addresses(asker, servers.iter().take(PARENTS).cloned().collect(), &[], false).await {
        let place = place(name, ip, search.port, search.reach);
        if place.not_looked.is_some() || Instant::now() >= deadline {
            continue;
        }
        let response = exchange(place.address, &question, RecordType::NS, deadline).await;
        if let Some(referral) = response.ok().and_then(|response| referral(&response, cut)) {
            return Some(referral);
        }
    }
    None
}

/// The referral in an answer to a question about the zone cut at or above this name.
fn referral(response: &Message, name: &DomainName) -> Option<Referral> {
    // A server that has both zones answers from the lower one, which says nothing about the upper.
    if response.metadata.authoritative {
        return None;
    }
    let (zone, servers) = name.upward().find_map(|zone| {
        let servers = named(response.authorities.iter(), &zone);
        (!servers.is_empty()).then_some((zone, servers))
    })?;
    let glue = response.additionals.iter().filter_map(|record| {
        let ip = ipv4(&record.data).map(IpAddr::V4).or_else(|| ipv6(&record.data).map(IpAddr::V6))?;
        Some((owner(record)?, ip))
    });
    Some(Referral { zone, servers, glue: glue.collect() })
}

/// The addresses of name servers, as the resolver says; as the zone above says where it cannot, or where it is known that
/// it would wait in vain.
async fn addresses(
    asker: &Asker,
    names: Vec<DomainName>,
    glue: &[(DomainName, IpAddr)],
    glue_first: bool,
) -> Vec<(DomainName, IpAddr)> {
    let glued = |name: &DomainName| -> Vec<IpAddr> {
        glue.iter().filter(|(glued, _)| glued == name).map(|(_, ip)| *ip).collect()
    };
    let mut all = Vec::new();
    for some in names.chunks(AT_ONCE) {
        let found = some.iter().map(|name| async move {
            match glued(name) {
                glued if glue_first && !glued.is_empty() => glued,
                glued => Some(resolve(asker, name).await).filter(|found| !found.is_empty()).unwrap_or(glued),
            }
        });
        for (name, found) in some.iter().zip(join_all(found).await) {
            all.extend(found.into_iter().map(|ip| (name.clone(), ip)));
        }
    }
    all
}

async fn resolve(asker: &Asker, name: &DomainName) -> Vec<IpAddr> {
    let (a, aaaa) =
        tokio::join!(chain::follow(asker, name, RecordType::A), chain::follow(asker, name, RecordType::AAAA));
    let v4 = a.records.iter().filter_map(ipv4).map(IpAddr::V4);
    let v6 = aaaa.records.iter().filter_map(ipv6).map(IpAddr::V6);
    v4.chain(v6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DomainName {
        DomainName::parse_record(text).unwrap()
    }

    #[test]
    fn strangers_do_not_send_us_into_our_own_network() {
        let looked_at = |address: &str| Reach::of([address.parse().unwrap()]);
        for (ip, reach, asked) in [
            ("93.184.215.14", Reach::default(), true),
            ("10.0.0.53", Reach::default(), false),
            ("127.0.0.1", Reach::default(), false),
            ("169.254.169.254", looked_at("10.0.0.1:443"), false),
            ("10.0.0.53", looked_at("10.0.0.1:443"), true),
        ] {
            let place = place(name("ns.example.com"), ip.parse().unwrap(), 53, &reach);
            assert_eq!(place.not_looked.is_none(), asked, "{ip}");
        }
        // What the operator names is asked wherever it is.
        assert_eq!(Delegation::of(&["127.0.0.1:53".parse().unwrap()]).places[0].not_looked, None);
    }

    #[test]
    fn a_registrys_zone_is_nobodys_own() {
        for (zone, is_one) in
            [("com", true), ("co.uk", true), ("example.com", false), ("example", false), ("lab.internal", false)]
        {
            assert_eq!(name(zone).is_public_suffix(), is_one, "{zone}");
        }
    }
}
