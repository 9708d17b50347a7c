//! One name server at one address: whether it answers for the zone, and what it says.

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::SOA;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::time::Instant;

use super::Question;
use super::delegation::Place;
use crate::domain::DomainName;
use crate::observation::{Answered, CaaRecord, Outcome, RecordKind, ServerState, ZoneServer};
use crate::probe::dns::ask::failed;
use crate::probe::dns::chain::{cname_of, domain_name, owner, wire_name};
use crate::probe::dns::exchange::exchange;
use crate::probe::dns::records::txt_value;

/// Records kept of one type.
const MAX_RECORDS: usize = 64;

/// What came of asking a server.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) nameserver: ZoneServer,
    /// The zone that holds the domain, where it was for the server to say.
    pub(super) zone: Option<DomainName>,
}

impl Asked {
    pub(super) fn not_looked(place: &Place, why: &str) -> Self {
        Self::with(place, ServerState::NotLooked, Some(why.to_owned()))
    }

    fn with(place: &Place, state: ServerState, detail: Option<String>) -> Self {
        let nameserver = ZoneServer {
            name: place.name.clone(),
            address: place.address,
            state,
            detail,
            serial: None,
            answers: Vec::new(),
            varies: false,
        };
        Self { nameserver, zone: None }
    }
}

/// Asks for the zone, and if the server has it for the records; with how long it lets people remember that there is
/// nothing.
pub(super) async fn ask(
    place: &Place,
    zone: Option<&DomainName>,
    questions: &[Question],
    domain: &DomainName,
    deadline: Instant,
) -> (Asked, Option<u32>) {
    let soa = match zone {
        Some(zone) => soa(place, zone, deadline).await,
        None => climb(place, domain, deadline).await,
    };
    let (zone, soa, ttl) = match soa {
        Ok(found) => found,
        Err((state, detail)) => return (Asked::with(place, state, Some(detail)), None),
    };
    let mut asked = Asked::with(place, ServerState::Answers, None);
    asked.zone = Some(zone);
    asked.nameserver.serial = Some(soa.serial);
    asked.nameserver.answers = answers(place, questions, deadline).await;
    (asked, Some(soa.minimum.min(ttl)))
}

/// Whether the server says otherwise than before to any of the questions.
pub(super) async fn varies(server: &ZoneServer, questions: &[Question], deadline: Instant) -> bool {
    let place = Place { name: server.name.clone(), address: server.address, not_looked: None };
    let again = answers(&place, questions, deadline).await;
    let said = |all: &[Answered]| -> Vec<(DomainName, RecordKind, Vec<String>)> {
        let answered = all.iter().filter(|answer| !answer.outcome.is_failure());
        answered.map(|answer| (answer.name.clone(), answer.kind, answer.records.clone())).collect()
    };
    again.len() == server.answers.len() && said(&again) != said(&server.answers)
}

type Refusal = (ServerState, String);

/// The zone's SOA, with its TTL.
async fn soa(place: &Place, zone: &DomainName, deadline: Instant) -> Result<(DomainName, SOA, u32), Refusal> {
    let lame = |detail: &str| (ServerState::Lame, detail.to_owned());
    let name = wire_name(zone).ok_or_else(|| lame("it cannot be asked for"))?;
    let response = exchange(place.address, &name, RecordType::SOA, deadline).await;
    let response = response.map_err(|trouble| {
        let ours = trouble.outcome == Outcome::OutOfResources;
        let state = if ours { ServerState::NotLooked } else { ServerState::Unreachable };
        (state, trouble.detail.unwrap_or_else(|| trouble.outcome.title().to_owned()))
    })?;
    match response.metadata.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain if response.metadata.authoritative => {
            return Err(lame("it says that there is no such zone"));
        }
        code => return Err((ServerState::Lame, format!("it answers {code}"))),
    }
    let own = response.answers.iter().filter(|record| owner(record).as_ref() == Some(zone));
    let found = own.filter_map(|record| match &record.data {
        RData::SOA(soa) => Some((zone.clone(), soa.clone(), record.ttl)),
        _ => None,
    });
    match found.take(1).next() {
        Some(found) if response.metadata.authoritative => Ok(found),
        Some(_) if response.metadata.recursion_available => {
            Err(lame("what answers there is a resolver, not the zone's own server"))
        }
        Some(_) => Err(lame("its answer is not authoritative")),
        None if refers_elsewhere(&response, zone) => Err(lame("it refers to other servers")),
        None => Err(lame("it does not have the zone")),
    }
}

/// The SOA of the zone that holds the domain, where nobody said which: the deepest this server answers for.
async fn climb(place: &Place, domain: &DomainName, deadline: Instant) -> Result<(DomainName, SOA, u32), Refusal> {
    let mut refusal = (ServerState::Lame, "it has no zone that holds the domain".to_owned());
    for zone in domain.upward() {
        match soa(place, &zone, deadline).await {
            Ok(found) => return Ok(found),
            Err(other) if other.0 != ServerState::Lame => return Err(other),
            // What it says of the domain itself is no more than that this is no zone.
            Err(other) if zone == *domain => refusal = other,
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// A referral names the servers of this zone, or of one above it where it knows nothing.
fn refers_elsewhere(response: &Message, zone: &DomainName) -> bool {
    let mut referral = response.authorities.iter().filter(|record| record.record_type() == RecordType::NS);
    !response.metadata.authoritative
        && referral
            .any(|record| record.name.is_root() || owner(record).is_some_and(|at| zone.upward().any(|up| up == at)))
}

async fn answers(place: &Place, questions: &[Question], deadline: Instant) -> Vec<Answered> {
    let mut all: Vec<Answered> = Vec::new();
    for question in questions {
        // Where an alias stands there is nothing else.
        let is_alias = |known: &Answered| known.name == question.name && known.kind == RecordKind::Cname;
        if all.iter().any(is_alias) {
            continue;
        }
        all.push(answer(place, question, deadline).await);
    }
    all
}

async fn answer(place: &Place, question: &Question, deadline: Instant) -> Answered {
    let unanswered = |outcome| Answered {
        name: question.name.clone(),
        kind: kind(question.record_type),
        records: Vec::new(),
        ttl: None,
        outcome,
    };
    let Some(name) = wire_name(&question.name) else { return unanswered(Outcome::Failed) };
    match exchange(place.address, &name, question.record_type, deadline).await {
        Ok(response) => read(&response, question),
        Err(trouble) => unanswered(trouble.outcome),
    }
}

fn read(response: &Message, question: &Question) -> Answered {
    let answered = |kind, mut records: Vec<String>, ttl, outcome| {
        records.sort();
        records.truncate(MAX_RECORDS);
        Answered { name: question.name.clone(), kind, records, ttl, outcome }
    };
    let asked_for = kind(question.record_type);
    let empty = |outcome| answered(asked_for, Vec::new(), None, outcome);
    if let Some(outcome) = failed(response.metadata.response_code) {
        return empty(outcome);
    }
    // Of what is delegated to others it has no more than a hint.
    if !response.metadata.authoritative {
        return empty(Outcome::Failed);
    }
    if let Some((target, ttl)) = cname_of(response, &question.name) {
        return answered(RecordKind::Cname, vec![target.to_string()], Some(ttl), Outcome::Found);
    }
    let here = |record: &&hickory_resolver::proto::rr::Record| {
        record.record_type() == question.record_type && owner(record).as_ref() == Some(&question.name)
    };
    let found: Vec<_> = response.answers.iter().filter(here).collect();
    let ttl = found.iter().map(|record| record.ttl).min();
    let records: Vec<String> = found.iter().filter_map(|record| text(&record.data)).collect();
    match response.metadata.response_code {
        _ if !records.is_empty() => answered(asked_for, records, ttl, Outcome::Found),
        ResponseCode::NXDomain => empty(Outcome::Nxdomain),
        _ => empty(Outcome::NoData),
    }
}

fn kind(record_type: RecordType) -> RecordKind {
    match record_type {
        RecordType::A => RecordKind::A,
        RecordType::AAAA => RecordKind::Aaaa,
        RecordType::TXT => RecordKind::Txt,
        RecordType::CAA => RecordKind::Caa,
        _ => RecordKind::Cname,
    }
}

fn text(data: &RData) -> Option<String> {
    match data {
        RData::A(a) => Some(a.0.to_string()),
        RData::AAAA(aaaa) => Some(aaaa.0.to_string()),
        RData::TXT(_) => txt_value(data),
        RData::CNAME(target) => domain_name(&target.0).map(|name| name.to_string()),
        RData::CAA(caa) => {
            let record = CaaRecord::new(caa.issuer_critical, &caa.tag, &caa.value);
            Some(format!("{} {} {:?}", if record.critical { 128 } else { 0 }, record.tag, record.value))
        }
        _ => None,
    }
}
