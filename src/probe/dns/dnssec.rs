//! What a resolver that validates says of a domain's signatures, and until when those are good; and whether a question
//! that it fails is one that it would answer without checking them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::time::Instant;

use super::ask::{Asker, PATIENCE};
use super::chain::{domain_name, owner, wire_name};
use super::log::{Log, Trouble};
use super::message::{Bits, Question};
use super::panel::Panel;
use crate::domain::{Domain, DomainName, Families, UnixTime};
use crate::observation::{
    Bogus, DnsObservation, DnssecCheck, DnssecObservation, ExtendedError, Outcome, Signed, Validation,
};
use crate::probe::nameserver::Server;
use crate::probe::{sockets, wire};

/// Zones whose keys are asked for: the domain's own, and those its CNAMEs pass.
const MAX_ZONES: usize = 4;
/// Signed record sets kept.
const MAX_SIGNED: usize = 32;

/// Asks a resolver that is trusted to check signatures for the records the domain stands on, and for the keys that
/// sign them.
pub(in crate::probe) async fn observe(domain: &Domain, panel: &Panel, at: UnixTime) -> DnssecObservation {
    let _permit = sockets::permit(1).await;
    let mut seen = Seen { observation: DnssecObservation { at, checks: Vec::new(), signed: Vec::new() }, at };
    let resolver = Resolver { askers: panel.askers().0, deadline: Instant::now() + panel.timeout() };
    let address = if domain.families == Families::Ipv6 { RecordType::AAAA } else { RecordType::A };
    seen.take(&resolver, &domain.name, address).await;
    seen.take(&resolver, &domain.txt_name(), RecordType::TXT).await;
    let zones: BTreeSet<DomainName> = seen.observation.signed.iter().map(|signed| signed.zone.clone()).collect();
    for zone in zones.iter().take(MAX_ZONES) {
        seen.take(&resolver, zone, RecordType::DNSKEY).await;
        seen.take(&resolver, zone, RecordType::DS).await;
    }
    let mut observation = seen.observation;
    observation.signed.sort_by(|a, b| (a.expiration, &a.name).cmp(&(b.expiration, &b.name)));
    observation.signed.dedup_by(|a, b| (&a.name, &a.record_type) == (&b.name, &b.record_type));
    observation.signed.truncate(MAX_SIGNED);
    observation
}

/// Of the questions for addresses that the resolvers failed with SERVFAIL those that one of them answers once it is
/// told not to check signatures.
pub(in crate::probe) async fn bogus(domain: &DomainName, panel: &Panel, seen: &DnsObservation) -> Vec<Bogus> {
    let asked = [(RecordType::A, seen.a.outcome), (RecordType::AAAA, seen.aaaa.outcome)];
    let failed: Vec<_> = asked.into_iter().filter(|(_, outcome)| *outcome == Outcome::Servfail).collect();
    if failed.is_empty() {
        return Vec::new();
    }
    let resolver = Resolver { askers: panel.askers().0, deadline: Instant::now() + PATIENCE.min(panel.timeout()) };
    let mut found = Vec::new();
    for (record_type, _) in failed {
        let Some(question) = wire_name(domain) else { continue };
        if let Answer { state: Validation::Bogus, extended_errors, .. } = resolver.ask(&question, record_type).await {
            found.push(Bogus { name: domain.clone(), record_type: record_type.to_string(), extended_errors });
        }
    }
    found
}

fn is_answer(message: &Message) -> bool {
    matches!(message.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain)
}

/// What came of a question, and what its signatures are worth.
struct Answer {
    state: Validation,
    message: Option<Box<Message>>,
    /// Why the resolver does not answer while it checks them, in its words.
    extended_errors: Vec<ExtendedError>,
}

impl Answer {
    const fn new(state: Validation, message: Option<Box<Message>>) -> Self {
        Self { state, message, extended_errors: Vec::new() }
    }
}

/// Resolvers that check signatures, one after the other until one answers.
struct Resolver {
    askers: Vec<Asker>,
    deadline: Instant,
}

impl Resolver {
    async fn ask(&self, name: &Name, record_type: RecordType) -> Answer {
        for asker in &self.askers {
            // What these questions meet with is told apart from what befell the look's own.
            let asker = Asker { log: Arc::new(Log::default()), ..asker.clone() };
            let question = |bits| Question::with(name.clone(), record_type, bits);
            let (checked, server) = self.first(&asker, &question(Bits::CHECKED)).await;
            let Some(message) = checked else { continue };
            if is_answer(&message) {
                let secure = message.metadata.authentic_data;
                let state = if secure { Validation::Secure } else { Validation::Insecure };
                return Answer::new(state, Some(message));
            }
            if message.metadata.response_code != ResponseCode::ServFail {
                continue;
            }
            asker.log.read(&message, &question(Bits::CHECKED));
            let extended_errors = asker.log.extended_errors();
            if let Some(message) = self.unchecked(&asker, server, &question(Bits::UNCHECKED)).await {
                return Answer { extended_errors, ..Answer::new(Validation::Bogus, Some(message)) };
            }
        }
        Answer::new(Validation::Unanswered, None)
    }

    /// What the first of a resolver's servers says that says anything, and which it was.
    async fn first(&self, asker: &Asker, question: &Question) -> (Option<Box<Message>>, Option<Server>) {
        let mut who = None;
        let live = async {
            for server in &asker.servers {
                if let Ok(message) = asker.exchange(server, question, self.deadline).await {
                    who = Some(server.clone());
                    return Ok(message);
                }
            }
            Err(Trouble::new(Outcome::Timeout))
        };
        let label = format!("{}, checking", asker.label);
        let message = wire::answer(&label, question.name(), question.record_type(), live).await.ok();
        (message, who)
    }

    /// An answer of that very server without checking: another may fail for another reason.
    async fn unchecked(&self, asker: &Asker, server: Option<Server>, question: &Question) -> Option<Box<Message>> {
        let live = async {
            let server = server.ok_or_else(|| Trouble::new(Outcome::NotAsked))?;
            asker.exchange(&server, question, self.deadline).await
        };
        let label = format!("{}, not checking", asker.label);
        let message = wire::answer(&label, question.name(), question.record_type(), live).await.ok();
        message.filter(|message| is_answer(message))
    }
}

struct Seen {
    observation: DnssecObservation,
    at: UnixTime,
}

impl Seen {
    async fn take(&mut self, resolver: &Resolver, name: &DomainName, record_type: RecordType) {
        let Some(question) = wire_name(name) else { return };
        let Answer { state, message, .. } = resolver.ask(&question, record_type).await;
        self.observation.checks.push(DnssecCheck { name: name.clone(), record_type: record_type.to_string(), state });
        if let Some(message) = message {
            self.observation.signed.extend(signed(&message.answers, self.at));
        }
    }
}

/// The signed record sets of an answer. Where a set has several signatures, as while keys are changed, one that is good
/// is enough: the last counts.
fn signed(answers: &[Record], at: UnixTime) -> Vec<Signed> {
    let mut sets: BTreeMap<(DomainName, String), Signed> = BTreeMap::new();
    for signature in answers.iter().filter_map(|record| signature(record, at)) {
        let key = (signature.name.clone(), signature.record_type.clone());
        let last = sets.entry(key).or_insert_with(|| signature.clone());
        if signature.expiration > last.expiration {
            *last = signature;
        }
    }
    sets.into_values().collect()
}

/// RFC 4034 §3.1: type covered, algorithm, labels, original TTL, expiration, inception, key tag, signer's name. Read
/// here because hickory reads it only together with the means to verify it, which is the resolver's work.
fn signature(record: &Record, at: UnixTime) -> Option<Signed> {
    let RData::Unknown { code: RecordType::RRSIG, rdata } = &record.data else { return None };
    let bytes = rdata.anything.as_slice();
    let two = |from: usize| Some(u16::from_be_bytes(bytes.get(from..from + 2)?.try_into().ok()?));
    let four = |from: usize| Some(u32::from_be_bytes(bytes.get(from..from + 4)?.try_into().ok()?));
    Some(Signed {
        name: owner(record)?,
        record_type: RecordType::from(two(0)?).to_string(),
        zone: signer(bytes.get(18..)?)?,
        inception: moment(four(12)?, at),
        expiration: moment(four(8)?, at),
    })
}

/// A name without compression (RFC 4034 §3.1.7).
fn signer(bytes: &[u8]) -> Option<DomainName> {
    let mut labels = Vec::new();
    let mut rest = bytes;
    loop {
        let (length, after) = rest.split_first()?;
        match usize::from(*length) {
            0 => break,
            length @ 1..=63 => {
                let (label, after) = after.split_at_checked(length)?;
                labels.push(label);
                rest = after;
            }
            _ => return None,
        }
    }
    domain_name(&Name::from_labels(labels).ok()?)
}

/// RFC 4034 §3.1.5: seconds in 32 bits, which by RFC 1982 mean the moment next to now.
fn moment(seconds: u32, at: UnixTime) -> UnixTime {
    let now = at.0 as u32;
    UnixTime(at.0 + i64::from(seconds.wrapping_sub(now) as i32))
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::rdata::NULL;

    use super::*;

    fn rrsig(expiration: u32, inception: u32, signer: &[u8]) -> Record {
        let mut bytes = vec![0, 1, 13, 3, 0, 0, 1, 44];
        bytes.extend(expiration.to_be_bytes());
        bytes.extend(inception.to_be_bytes());
        bytes.extend([0xab, 0xcd]);
        bytes.extend(signer);
        let rdata = RData::Unknown { code: RecordType::RRSIG, rdata: NULL::with(bytes) };
        Record::from_rdata(Name::from_ascii("login.example.com.").unwrap(), 300, rdata)
    }

    const EXAMPLE: &[u8] = b"\x07example\x03com\0signature";

    #[test]
    fn a_signature_says_what_it_covers_and_until_when() {
        let at = UnixTime(1_800_000_000);
        let signature = signature(&rrsig(1_800_100_000, 1_799_900_000, EXAMPLE), at).unwrap();
        assert_eq!((signature.name.as_str(), signature.record_type.as_str()), ("login.example.com", "A"));
        assert_eq!(signature.zone.as_str(), "example.com");
        assert_eq!((signature.inception, signature.expiration), (at.plus(-100_000), at.plus(100_000)));
    }

    #[test]
    fn of_several_signatures_of_one_set_the_last_counts() {
        let at = UnixTime(1_800_000_000);
        let all =
            [rrsig(1_800_000_100, 0, EXAMPLE), rrsig(1_800_000_900, 0, EXAMPLE), rrsig(1_800_000_500, 0, EXAMPLE)];
        let signed = signed(&all, at);
        assert_eq!(signed.iter().map(|set| set.expiration).collect::<Vec<_>>(), [at.plus(900)]);
    }

    #[test]
    fn times_wrap_round_and_what_is_cut_short_is_none() {
        // 2106-02-07T06:28:16Z is 2^32.
        let at = UnixTime((1 << 32) - 10);
        assert_eq!(moment(5, at), UnixTime((1 << 32) + 5));
        assert_eq!(moment(u32::MAX, at), UnixTime((1 << 32) - 1));
        for cut in [1, 8, 17, 18, 25, 30] {
            let whole = rrsig(9, 1, EXAMPLE);
            let RData::Unknown { rdata, .. } = &whole.data else { unreachable!() };
            let data = RData::Unknown { code: RecordType::RRSIG, rdata: NULL::with(rdata.anything[..cut].to_vec()) };
            let record = Record::from_rdata(whole.name.clone(), 300, data);
            assert_eq!(signature(&record, at), None, "{cut}");
        }
        assert_eq!(signer(b"\xc0\x0c"), None, "no compression here");
    }
}
