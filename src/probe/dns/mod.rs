//! The records of a domain, asked of the resolver: A and AAAA with the CNAME chain to them, and the ownership TXT.
//! Names are asked exactly as they are: no search list, no hosts file.

mod ask;
mod caa;
mod chain;
mod ownership;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::time::Instant;

use crate::domain::{Domain, DomainName, Families};
use crate::observation::{CnameLink, DnsObservation, Lookup, Outcome, bounded};

pub(super) use self::caa::observe as observe_caa;

use self::ask::Asker;
use self::chain::Followed;

/// Questions asked at once, each over a socket of its own.
pub(super) const QUESTIONS: u32 = 3;
/// Records kept of one type; an address list beyond is cut by the look.
const MAX_RECORDS: usize = 64;
/// How long other places are searched for a lost ownership record: the connections wait for it.
const SEARCH: Duration = Duration::from_secs(2);
/// Characters kept of one TXT record.
const MAX_TXT: usize = 1024;

/// Asks for all records of a domain, everything at once, within the timeout.
pub(super) async fn observe(domain: &Domain, nameservers: &[SocketAddr], timeout: Duration) -> DnsObservation {
    let started = Instant::now();
    let asker = Asker::new(nameservers, started + timeout);
    let txt_name = domain.txt_name();
    let wants = |families: [Families; 3]| families.contains(&domain.families);
    let (a, aaaa, txt) = tokio::join!(
        lookup(&asker, &domain.name, RecordType::A, wants([Families::Auto, Families::Both, Families::Ipv4])),
        lookup(&asker, &domain.name, RecordType::AAAA, wants([Families::Auto, Families::Both, Families::Ipv6])),
        lookup(&asker, &txt_name, RecordType::TXT, true),
    );
    let txt_cname = txt.links.clone();
    let txt = typed(txt, txt_value);
    let searching = Asker::new(nameservers, (started + timeout).min(Instant::now() + SEARCH));
    let txt_elsewhere = ownership::look_elsewhere(&searching, domain, &txt).await;
    let mut observation = DnsObservation {
        nameservers: nameservers.to_vec(),
        cname_loop: a.looped || aaaa.looped,
        cname: longer(a.links.clone(), aaaa.links.clone()),
        a: typed(a, ipv4),
        aaaa: typed(aaaa, ipv6),
        txt_name,
        txt,
        txt_cname,
        txt_elsewhere,
        caa: None,
        others_answer: None,
        elapsed_ms: 0,
    };
    let had_sockets = ![observation.a.outcome, observation.aaaa.outcome].contains(&Outcome::OutOfResources);
    if observation.failed() && had_sockets {
        observation.others_answer = Some(asker.answers_for_the_root(timeout).await);
    }
    observation.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    observation
}

/// The addresses of a host that is not the domain itself, IPv4 first; the outcome where there are none.
pub(super) async fn addresses_of(
    host: &DomainName,
    nameservers: &[SocketAddr],
    deadline: Instant,
) -> Result<Vec<IpAddr>, Outcome> {
    let asker = Asker::new(nameservers, deadline);
    let (a, aaaa) =
        tokio::join!(chain::follow(&asker, host, RecordType::A), chain::follow(&asker, host, RecordType::AAAA));
    let (v4, v6) = (typed(a, ipv4), typed(aaaa, ipv6));
    let outcome = if v4.outcome.is_failure() { v4.outcome } else { v6.outcome };
    let all: Vec<IpAddr> =
        v4.records.into_iter().map(IpAddr::V4).chain(v6.records.into_iter().map(IpAddr::V6)).collect();
    if all.is_empty() { Err(outcome) } else { Ok(all) }
}

/// The name servers of `/etc/resolv.conf`, read anew: it changes under a daemon that lives long.
pub(super) fn system_nameservers() -> Result<Vec<SocketAddr>, NetError> {
    let (config, _) = hickory_resolver::system_conf::read_system_conf()?;
    Ok(config.name_servers().iter().map(|server| SocketAddr::new(server.ip, 53)).collect())
}

async fn lookup(asker: &Asker<'_>, name: &DomainName, record_type: RecordType, wanted: bool) -> Followed {
    if wanted { chain::follow(asker, name, record_type).await } else { Followed::not_asked() }
}

fn longer(one: Vec<CnameLink>, other: Vec<CnameLink>) -> Vec<CnameLink> {
    if one.len() >= other.len() { one } else { other }
}

fn typed<T>(followed: Followed, read: fn(&RData) -> Option<T>) -> Lookup<T> {
    let records: Vec<T> = followed.records.iter().filter_map(read).take(MAX_RECORDS).collect();
    let outcome = match followed.outcome {
        Outcome::Found if records.is_empty() => Outcome::NoData,
        outcome => outcome,
    };
    Lookup { records, ttl: followed.ttl, outcome }
}

fn ipv4(data: &RData) -> Option<Ipv4Addr> {
    match data {
        RData::A(a) => Some(a.0),
        _ => None,
    }
}

fn ipv6(data: &RData) -> Option<Ipv6Addr> {
    match data {
        RData::AAAA(aaaa) => Some(aaaa.0),
        _ => None,
    }
}

/// The strings of a TXT record joined without a space, as RFC 7208 §3.3 and Auth0 read them.
fn txt_value(data: &RData) -> Option<String> {
    match data {
        RData::TXT(txt) => Some(bounded(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned(), MAX_TXT)),
        _ => None,
    }
}
