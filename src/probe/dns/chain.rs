//! Following a CNAME chain to its end, through one answer or several.

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::ask::Asker;
use super::message::negative_ttl;
use crate::domain::DomainName;
use crate::observation::{CnameLink, Outcome};

/// More CNAMEs than this no resolver follows.
const MAX_LINKS: usize = 12;

/// What a question came to when every CNAME was followed.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    pub(super) links: Vec<CnameLink>,
    pub(super) looped: bool,
    pub(super) records: Vec<RData>,
    pub(super) ttl: Option<u32>,
    pub(super) outcome: Outcome,
    /// Whether the server that answered asks others; `None` without an answer.
    pub(super) recursion_available: Option<bool>,
}

impl Followed {
    pub(super) const fn not_asked() -> Self {
        Self {
            links: Vec::new(),
            looped: false,
            records: Vec::new(),
            ttl: None,
            outcome: Outcome::NotAsked,
            recursion_available: None,
        }
    }

    /// Takes one link; false if it ends the walk because it leads back, or too far.
    fn step(&mut self, name: &DomainName, target: &DomainName, ttl: u32) -> bool {
        let passed = self.links.iter().any(|link| link.name == *target) || name == target;
        self.links.push(CnameLink { name: name.clone(), target: target.clone(), ttl });
        self.looped = passed || self.links.len() >= MAX_LINKS;
        !self.looped
    }
}

/// Asks for a name and follows its CNAMEs. A resolver follows them itself and answers with the whole chain; of a
/// server that does not (it says so: no recursion available), the end of what it told is asked again.
pub(super) async fn follow(asker: &Asker, name: &DomainName, record_type: RecordType) -> Followed {
    let mut followed = Followed::not_asked();
    let mut current = name.clone();
    loop {
        let Some(question) = wire_name(&current) else {
            followed.outcome = Outcome::Failed;
            return followed;
        };
        let response = match asker.ask(&question, record_type).await {
            Ok(response) => response,
            Err(outcome) => {
                followed.outcome = outcome;
                return followed;
            }
        };
        followed.recursion_available = Some(response.metadata.recursion_available);
        let links_before = followed.links.len();
        current = match walk(&response, current, &mut followed) {
            Some(end) => end,
            None => {
                followed.outcome = Outcome::NoData;
                return followed;
            }
        };
        collect(&response, &current, record_type, &mut followed);
        let told_all = response.metadata.recursion_available || followed.links.len() == links_before;
        if followed.outcome == Outcome::Found || told_all {
            return followed;
        }
    }
}

/// What one answer says of a name, as if there were no other to ask for.
pub(super) fn read(response: &Message, name: &DomainName, record_type: RecordType) -> Followed {
    let mut followed = Followed::not_asked();
    match walk(response, name.clone(), &mut followed) {
        Some(end) => collect(response, &end, record_type, &mut followed),
        None => followed.outcome = Outcome::NoData,
    }
    followed
}

/// Along the CNAMEs of one answer; the name they end at, or `None` where they never do.
fn walk(response: &Message, start: DomainName, followed: &mut Followed) -> Option<DomainName> {
    let mut current = start;
    while let Some((target, ttl)) = cname_of(response, &current) {
        if !followed.step(&current, &target, ttl) {
            return None;
        }
        current = target;
    }
    Some(current)
}

pub(super) fn cname_of(response: &Message, name: &DomainName) -> Option<(DomainName, u32)> {
    response.answers.iter().filter(|record| owner(record).as_ref() == Some(name)).find_map(|record| {
        match &record.data {
            RData::CNAME(target) => Some((domain_name(&target.0)?, record.ttl)),
            _ => None,
        }
    })
}

fn collect(response: &Message, name: &DomainName, record_type: RecordType, followed: &mut Followed) {
    let found: Vec<&Record> = response
        .answers
        .iter()
        .filter(|record| record.record_type() == record_type && owner(record).as_ref() == Some(name))
        .collect();
    followed.ttl = found.iter().map(|record| record.ttl).min().or_else(|| negative_ttl(response));
    followed.records = found.into_iter().map(|record| record.data.clone()).collect();
    followed.outcome = match (followed.records.is_empty(), response.metadata.response_code) {
        (false, _) => Outcome::Found,
        (true, ResponseCode::NXDomain) => Outcome::Nxdomain,
        (true, _) => Outcome::NoData,
    };
}

pub(super) fn owner(record: &Record) -> Option<DomainName> {
    domain_name(&record.name)
}

/// A name off the wire in our own form; `None` for one that holds bytes no host or record name has.
pub(super) fn domain_name(name: &Name) -> Option<DomainName> {
    DomainName::parse_record(&name.to_ascii()).ok()
}

pub(super) fn wire_name(name: &DomainName) -> Option<Name> {
    Name::from_ascii(format!("{name}.")).ok()
}
