//! Records off the wire as the observation holds them.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_resolver::proto::rr::RData;

use super::chain::Followed;
use crate::domain::UnixTime;
use crate::observation::{Lookup, Outcome, bounded};

/// Records kept of one type; an address list beyond is cut by the look.
const MAX_RECORDS: usize = 64;
/// Characters kept of one TXT record.
const MAX_TXT: usize = 1024;

/// What a question came to, its records read.
pub(super) fn typed<T>(followed: Followed, read: fn(&RData) -> Option<T>, at: UnixTime) -> Lookup<T> {
    let records: Vec<T> = followed.records.iter().filter_map(read).take(MAX_RECORDS).collect();
    let outcome = match followed.outcome {
        Outcome::Found if records.is_empty() => Outcome::NoData,
        outcome => outcome,
    };
    let asked_at = (outcome != Outcome::NotAsked).then_some(at);
    Lookup { records, ttl: followed.ttl, outcome, asked_at, cached: false, links: followed.links }
}

/// What the hosts file has of one family.
pub(super) fn from_hosts<T>(records: Vec<T>) -> Lookup<T> {
    let outcome = if records.is_empty() { Outcome::NoData } else { Outcome::Found };
    Lookup { records, ..Lookup::empty(outcome) }
}

pub(super) const fn ipv4(data: &RData) -> Option<Ipv4Addr> {
    match data {
        RData::A(a) => Some(a.0),
        _ => None,
    }
}

pub(super) const fn ipv6(data: &RData) -> Option<Ipv6Addr> {
    match data {
        RData::AAAA(aaaa) => Some(aaaa.0),
        _ => None,
    }
}

/// The strings of a TXT record joined without a space, as RFC 7208 §3.3 and Auth0 read them.
pub(super) fn txt_value(data: &RData) -> Option<String> {
    match data {
        RData::TXT(txt) => Some(bounded(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned(), MAX_TXT)),
        _ => None,
    }
}
