//! [`Zone`]: a small table of records, and what an authoritative server answers from it (RFC 1034 §4.3.2). Pure: bytes
//! come and go elsewhere.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_resolver::proto::op::{Edns, Message, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::{CNAME, SOA, TXT};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType};

use crate::domain::DomainName;

/// How long answers may be remembered, in seconds.
const TTL: u32 = 60;
/// More CNAMEs than this are not followed.
const MAX_LINKS: usize = 8;
/// Bytes that one string of a TXT record holds (RFC 1035 §3.3).
const MAX_STRING: usize = 255;

/// What stands at a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// An address.
    A(Ipv4Addr),
    /// An address of IPv6.
    Aaaa(Ipv6Addr),
    /// Another name for it.
    Cname(DomainName),
    /// A text of any length.
    Txt(String),
}

/// The records of one zone.
#[derive(Debug, Clone)]
pub struct Zone {
    origin: DomainName,
    records: BTreeMap<DomainName, Vec<Data>>,
}

impl Zone {
    /// A zone that holds nothing but its own origin.
    pub fn new(origin: DomainName) -> Self {
        Self { records: BTreeMap::from([(origin.clone(), Vec::new())]), origin }
    }

    /// The same with one record more; the name must lie in the zone to be found.
    pub fn with(mut self, name: DomainName, data: Data) -> Self {
        self.records.entry(name).or_default().push(data);
        self
    }

    fn holds(&self, name: &DomainName) -> bool {
        is_at_or_below(name, &self.origin)
    }

    /// Whether the name is there: by records of its own, or because others are below it (RFC 8020).
    fn has(&self, name: &DomainName) -> bool {
        self.records.keys().any(|other| is_at_or_below(other, name))
    }

    /// By which resolvers know how long to remember that there is nothing (RFC 2308 §3).
    fn soa(&self) -> Option<Record> {
        let origin = wire_name(&self.origin)?;
        let server = Name::from_ascii("ns").ok()?.append_domain(&origin).ok()?;
        let mailbox = Name::from_ascii("hostmaster").ok()?.append_domain(&origin).ok()?;
        let soa = SOA::new(server, mailbox, 1, 3600, 600, 86_400, TTL);
        Some(Record::from_rdata(origin, TTL, RData::SOA(soa)))
    }
}

/// What a server with these zones answers to a query. It looks nothing up elsewhere, and says so.
pub(super) fn answer(zones: &[Zone], query: &Message) -> Message {
    let mut answer = Message::response(query.metadata.id, query.metadata.op_code);
    answer.metadata.recursion_desired = query.metadata.recursion_desired;
    answer.add_queries(query.queries.iter().cloned());
    if query.edns.is_some() {
        answer.set_edns(Edns::new());
    }
    answer.metadata.response_code = match (query.metadata.op_code, &query.queries[..]) {
        (OpCode::Query, [question]) => look_up(zones, question, &mut answer),
        (OpCode::Query, _) => ResponseCode::FormErr,
        _ => ResponseCode::NotImp,
    };
    answer
}

fn look_up(zones: &[Zone], question: &Query, answer: &mut Message) -> ResponseCode {
    let mut current = DomainName::parse_record(&question.name.to_ascii()).ok();
    let Some(zone) = current.as_ref().filter(|_| question.query_class == DNSClass::IN).and_then(|at| zone(zones, at))
    else {
        return ResponseCode::Refused;
    };
    answer.metadata.authoritative = true;
    let mut zone = Some(zone);
    // The name as it was asked, in whatever case, so that the asker knows it again.
    let mut owner = question.name.clone();
    while let (Some(at), Some(here)) = (&current, zone) {
        let Some(target) = take(here, at, &owner, question.query_type, answer) else {
            return conclude(here, at, answer);
        };
        let Some(next) = wire_name(&target).filter(|_| answer.answers.len() <= MAX_LINKS) else {
            return ResponseCode::ServFail;
        };
        owner = next;
        zone = self::zone(zones, &target);
        current = Some(target);
    }
    ResponseCode::NoError
}

/// Takes the records of this type; the target instead where a CNAME stands in their place.
fn take(zone: &Zone, at: &DomainName, owner: &Name, wanted: RecordType, answer: &mut Message) -> Option<DomainName> {
    if wanted == RecordType::SOA && *at == zone.origin {
        answer.add_answers(zone.soa());
    }
    for data in zone.records.get(at).into_iter().flatten() {
        let Some(rdata) = rdata(data) else { continue };
        let follow = if let Data::Cname(target) = data { Some(target) } else { None };
        if rdata.record_type() == wanted || follow.is_some() {
            answer.add_answer(Record::from_rdata(owner.clone(), TTL, rdata));
        }
        if let Some(target) = follow.filter(|_| wanted != RecordType::CNAME) {
            return Some(target.clone());
        }
    }
    None
}

/// The end of the walk: records were found, or there are none of this type, or there is no such name.
fn conclude(zone: &Zone, at: &DomainName, answer: &mut Message) -> ResponseCode {
    let found = answer.answers.last().is_some_and(|last| {
        let wanted = answer.queries.first().map(Query::query_type);
        Some(last.record_type()) == wanted
    });
    if !found {
        answer.add_authorities(zone.soa());
    }
    if found || zone.has(at) { ResponseCode::NoError } else { ResponseCode::NXDomain }
}

/// The zone that is responsible for a name: the deepest.
fn zone<'a>(zones: &'a [Zone], name: &DomainName) -> Option<&'a Zone> {
    zones.iter().filter(|zone| zone.holds(name)).max_by_key(|zone| zone.origin.as_str().len())
}

fn is_at_or_below(name: &DomainName, above: &DomainName) -> bool {
    let rest = name.as_str().strip_suffix(above.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn rdata(data: &Data) -> Option<RData> {
    Some(match data {
        Data::A(address) => RData::A((*address).into()),
        Data::Aaaa(address) => RData::AAAA((*address).into()),
        Data::Cname(target) => RData::CNAME(CNAME(wire_name(target)?)),
        Data::Txt(text) => RData::TXT(TXT::from_bytes(text.as_bytes().chunks(MAX_STRING).collect())),
    })
}

fn wire_name(name: &DomainName) -> Option<Name> {
    Name::from_ascii(format!("{name}.")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DomainName {
        DomainName::parse_record(text).unwrap()
    }

    fn zones() -> Vec<Zone> {
        let here = Zone::new(name("example.com"))
            .with(name("a.example.com"), Data::A(Ipv4Addr::LOCALHOST))
            .with(name("alias.example.com"), Data::Cname(name("proxy.example.net")))
            .with(name("lost.example.com"), Data::Cname(name("nobody.example.net")))
            .with(name("away.example.com"), Data::Cname(name("elsewhere.example.org")))
            .with(name("round.example.com"), Data::Cname(name("round.example.com")))
            .with(name("_txt.deep.example.com"), Data::Txt("x".repeat(300)));
        let there = Zone::new(name("example.net")).with(name("proxy.example.net"), Data::A(Ipv4Addr::LOCALHOST));
        vec![here, there]
    }

    fn ask(host: &str, record_type: RecordType) -> Message {
        let mut query = Message::query();
        query.add_query(Query::query(Name::from_ascii(host).unwrap(), record_type));
        answer(&zones(), &query)
    }

    #[test]
    fn found_no_data_no_such_name_and_not_ours() {
        for (host, record_type, code, answers, soa) in [
            ("a.example.com.", RecordType::A, ResponseCode::NoError, 1, false),
            ("A.Example.COM.", RecordType::A, ResponseCode::NoError, 1, false),
            ("a.example.com.", RecordType::AAAA, ResponseCode::NoError, 0, true),
            ("example.com.", RecordType::A, ResponseCode::NoError, 0, true),
            ("example.com.", RecordType::SOA, ResponseCode::NoError, 1, false),
            // Nothing stands there, but below it.
            ("deep.example.com.", RecordType::A, ResponseCode::NoError, 0, true),
            ("b.example.com.", RecordType::A, ResponseCode::NXDomain, 0, true),
            ("b.a.example.com.", RecordType::A, ResponseCode::NXDomain, 0, true),
            ("alias.example.com.", RecordType::A, ResponseCode::NoError, 2, false),
            ("alias.example.com.", RecordType::AAAA, ResponseCode::NoError, 1, true),
            ("alias.example.com.", RecordType::CNAME, ResponseCode::NoError, 1, false),
            // RFC 2308 §2.1: the code speaks of the chain's end.
            ("lost.example.com.", RecordType::A, ResponseCode::NXDomain, 1, true),
            ("away.example.com.", RecordType::A, ResponseCode::NoError, 1, false),
            ("round.example.com.", RecordType::A, ResponseCode::ServFail, 9, false),
            ("example.org.", RecordType::A, ResponseCode::Refused, 0, false),
            ("otherexample.com.", RecordType::A, ResponseCode::Refused, 0, false),
            (".", RecordType::NS, ResponseCode::Refused, 0, false),
        ] {
            let told = ask(host, record_type);
            let seen = (told.metadata.response_code, told.answers.len(), !told.authorities.is_empty());
            assert_eq!(seen, (code, answers, soa), "{host} {record_type}");
            assert_eq!(told.metadata.authoritative, code != ResponseCode::Refused, "{host} {record_type}");
            assert!(!told.metadata.recursion_available);
        }
    }

    #[test]
    fn a_long_text_is_several_strings_of_one_record() {
        let told = ask("_txt.deep.example.com.", RecordType::TXT);
        let RData::TXT(txt) = &told.answers[0].data else { panic!("{told:?}") };
        assert_eq!(txt.txt_data.iter().map(|part| part.len()).collect::<Vec<_>>(), [255, 45]);
    }

    #[test]
    fn what_is_no_question_is_refused_by_name() {
        let empty = Message::query();
        assert_eq!(answer(&zones(), &empty).metadata.response_code, ResponseCode::FormErr);
        let mut update = Message::new(7, empty.metadata.message_type, OpCode::Update);
        update.add_query(Query::query(Name::from_ascii("a.example.com.").unwrap(), RecordType::A));
        let told = answer(&zones(), &update);
        assert_eq!((told.metadata.response_code, told.metadata.id), (ResponseCode::NotImp, 7));
    }
}
