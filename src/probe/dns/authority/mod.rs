//! The authoritative view: the domain's zone and its name servers are found ([`delegation`]), and each is asked by itself
//! for its copy of the zone and for the records the domain stands on ([`server`]).

mod delegation;
mod server;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::RecordType;
use tokio::time::Instant;

use self::delegation::{Delegation, Place, Search};
use super::panel::Panel;
use crate::domain::{Domain, DomainName, Families, UnixTime};
use crate::observation::{AuthorityObservation, DnsObservation, ZoneServer};
use crate::probe::fetch::Reach;
use crate::probe::sockets;

/// Servers asked at once, each question over a socket of its own.
const AT_ONCE: usize = 8;
/// Addresses of name servers asked of one zone; the surplus is counted. A zone has at most thirteen names that fit an
/// answer, mostly two to four, with two addresses each.
const MAX_SERVERS: usize = 16;
/// How often a server is asked once more whether it means what it said.
const ONCE_MORE: usize = 3;

/// How to find whom to ask.
#[derive(Debug, Clone)]
pub(in crate::probe) struct Way<'a> {
    /// The resolvers.
    pub(in crate::probe) panel: &'a Panel,
    /// The zone's servers, where the operator says which; else they are found.
    pub(in crate::probe) authorities: &'a [SocketAddr],
    /// At which port servers that were found are asked.
    pub(in crate::probe) port: u16,
    /// Which addresses those may have.
    pub(in crate::probe) reach: Reach,
    /// For everything.
    pub(in crate::probe) timeout: Duration,
}

/// Finds and asks the name servers of the domain's zone; `resolved` is what the resolver has just said.
pub(in crate::probe) async fn observe(
    domain: &Domain,
    way: Way<'_>,
    resolved: &DnsObservation,
    at: UnixTime,
) -> AuthorityObservation {
    let deadline = Instant::now() + way.timeout;
    let found = if way.authorities.is_empty() {
        let _permit = sockets::permit(delegation::AT_ONCE as u32).await;
        // Half of the time: whoever is found must still be asked.
        let search = Search { panel: way.panel, port: way.port, reach: &way.reach, time: way.timeout / 2 };
        delegation::find(search, &domain.name).await
    } else {
        Delegation::of(way.authorities)
    };
    let questions = questions(domain);
    let mut servers = ask_all(&found, &questions, domain, deadline).await;
    let negative_ttl = servers.iter().find_map(|(_, negative_ttl)| *negative_ttl);
    let zone = found.zone.or_else(|| servers.iter_mut().find_map(|(server, _)| server.zone.take()));
    let mut observation = AuthorityObservation {
        at,
        zone,
        zone_servers: found.zone_servers,
        parent_servers: found.parent_servers,
        servers: servers.into_iter().map(|(asked, _)| asked.nameserver).collect(),
        surplus_servers: found.surplus,
        negative_ttl,
        outdated: Vec::new(),
        disagree_since: None,
    };
    if observation.disagree() {
        ask_once_more(&mut observation, &questions, deadline).await;
    }
    observation.outdated = resolved.compare(&domain.name, &observation);
    observation
}

/// A question of the records the domain stands on.
#[derive(Debug, Clone)]
struct Question {
    name: DomainName,
    record_type: RecordType,
}

fn questions(domain: &Domain) -> Vec<Question> {
    let of_families = match domain.families {
        Families::Ipv4 => vec![RecordType::A],
        Families::Ipv6 => vec![RecordType::AAAA],
        Families::Auto | Families::Both => vec![RecordType::A, RecordType::AAAA],
    };
    let own = of_families.into_iter().chain([RecordType::CAA]);
    let own = own.map(|record_type| Question { name: domain.name.clone(), record_type });
    own.chain([Question { name: domain.txt_name(), record_type: RecordType::TXT }]).collect()
}

async fn ask_all(
    found: &Delegation,
    questions: &[Question],
    domain: &Domain,
    deadline: Instant,
) -> Vec<(server::Asked, Option<u32>)> {
    let mut asked = Vec::new();
    for some in found.places.chunks(AT_ONCE) {
        let visits = some.iter().map(|place| visit(place, found.zone.as_ref(), questions, domain, deadline));
        asked.extend(join_all(visits).await);
    }
    asked
}

async fn visit(
    place: &Place,
    zone: Option<&DomainName>,
    questions: &[Question],
    domain: &Domain,
    deadline: Instant,
) -> (server::Asked, Option<u32>) {
    if let Some(why) = place.not_looked {
        return (server::Asked::not_looked(place, why), None);
    }
    let _permit = sockets::permit(1).await;
    server::ask(place, zone, questions, &domain.name, deadline).await
}

/// Load balancing by DNS gives each asker, or each question, another answer: who contradicts itself disagrees with nobody.
async fn ask_once_more(observation: &mut AuthorityObservation, questions: &[Question], deadline: Instant) {
    for _ in 0..ONCE_MORE {
        let answering = observation.answering().map(|server| server::varies(server, questions, deadline));
        let varying: Vec<bool> = join_all(answering).await;
        let answering: Vec<SocketAddr> = observation.answering().map(|server| server.address).collect();
        for (address, varies) in answering.into_iter().zip(varying) {
            let server = observation.servers.iter_mut().find(|server| server.address == address);
            if let Some(server) = server.filter(|_| varies) {
                server.varies = true;
            }
        }
        if observation.servers.iter().any(|server: &ZoneServer| server.varies) {
            return;
        }
    }
}
