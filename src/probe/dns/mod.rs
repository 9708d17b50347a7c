//! The records of a domain, asked of the resolvers: A and AAAA with the CNAME chain to them, and the ownership TXT.
//! Names are asked exactly as they are: no search list, and no hosts file unless the operator wants it.
//!
//! A [`Panel`] of resolvers is asked, each with all questions at once; what they say is compared, and what most of them
//! say is believed. What the last observation still answers is not asked again.

mod ask;
mod authority;
mod caa;
mod chain;
mod channels;
mod compare;
mod datagrams;
mod dnssec;
mod exchange;
mod hosts;
mod log;
mod memory;
mod message;
mod ownership;
mod panel;
mod records;
mod resolvers;
mod streams;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{OptionFuture, join_all};
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::time::Instant;

use crate::domain::{Domain, DomainName, Families, Likeness, UnixTime, Verification};
use crate::observation::{CaaObservation, CnameLink, DnsObservation, OddityKind, Outcome, Topic};
use crate::probe::settings::Settings;
use crate::probe::wire;

pub(super) use self::authority::{Way, observe as observe_authority};
pub(super) use self::caa::{ask as ask_caa, observe as observe_caa};
pub(super) use self::dnssec::observe as observe_dnssec;
pub(super) use self::hosts::find as find_in_hosts;
pub(super) use self::log::Trouble;
pub(super) use self::message::extended_error;
pub(super) use self::panel::Panel;
pub use self::resolvers::Resolvers;

use self::ask::{Asker, PATIENCE};
use self::chain::Followed;
use self::compare::{Voice, believed, disagreement, most_telling, silence_down};
use self::memory::Remembered;
use self::message::{Question, Reading};
use self::records::{ipv4, ipv6, txt_value, typed};

/// Questions asked at once of each resolver, each over a socket of its own.
pub(super) const QUESTIONS: u32 = 3;
/// How long other places are searched for a lost ownership record: the connections wait for it.
const SEARCH: Duration = Duration::from_secs(2);

/// What a look is to ask for, and what it knows already.
struct Errand<'a> {
    domain: &'a Domain,
    txt_name: DomainName,
    a: bool,
    aaaa: bool,
    txt: bool,
    at: UnixTime,
}

/// Asks for all records of a domain that `known` does not still answer, everything at once, within the timeout.
pub(super) async fn observe(
    domain: &Domain,
    settings: &Settings,
    panel: &Panel,
    known: Option<&DnsObservation>,
    at: UnixTime,
) -> DnsObservation {
    let started = Instant::now();
    let txt_name = domain.txt_name();
    let mut observation = DnsObservation::new(panel.nameservers().to_vec(), txt_name.clone());
    let from_hosts =
        if settings.hosts_file && wire::resolvers().is_none() { hosts::addresses_of(&domain.name) } else { Vec::new() };
    let bounds = settings.dns_memory;
    let mut remembered =
        known.map(|known| Remembered::of(known, panel.nameservers(), &txt_name, bounds, at)).unwrap_or_default();
    observation.from_hosts_file = !from_hosts.is_empty();
    let wants = |families: [Families; 3]| from_hosts.is_empty() && families.contains(&domain.families);
    let (a, aaaa) = (
        wants([Families::Auto, Families::Both, Families::Ipv4]),
        wants([Families::Auto, Families::Both, Families::Ipv6]),
    );
    remembered.forget_unwanted(a, aaaa);
    observation.questions.remembered = remembered.count();
    let errand = Errand {
        domain,
        txt_name,
        a: a && remembered.a.is_none(),
        aaaa: aaaa && remembered.aaaa.is_none(),
        txt: remembered.txt.is_none(),
        at,
    };
    if errand.a || errand.aaaa || errand.txt {
        // Most looks have no errand, and are to carry no room for one.
        Box::pin(errand.run(panel, &mut observation)).await;
    }
    recall(remembered, &mut observation);
    if observation.from_hosts_file {
        take_hosts(&from_hosts, domain, &mut observation);
    }
    observation.bogus = Box::pin(dnssec::bogus(&domain.name, panel, &observation)).await;
    observation.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    observation
}

/// One resolver's answers.
struct Answers {
    a: Followed,
    aaaa: Followed,
    txt: Followed,
}

impl Errand<'_> {
    /// Asks every resolver, and takes what is believed.
    async fn run(&self, panel: &Panel, observation: &mut DnsObservation) {
        let (askers, resting) = panel.askers();
        let answers = join_all(askers.iter().map(|asker| self.ask(asker))).await;
        let labels: Vec<_> = askers.iter().map(|asker| Arc::clone(&asker.label)).collect();
        let on_addresses: Vec<Option<Voice>> =
            answers.iter().map(|answers| compare::on_addresses(&answers.a, &answers.aaaa)).collect();
        let values = |followed: &Followed| typed(followed.clone(), txt_value, self.at).records;
        let on_txt: Vec<Option<Voice>> =
            answers.iter().map(|answers| compare::on_txt(&answers.txt, &values(&answers.txt))).collect();
        let telling = |of: fn(&Answers) -> [Outcome; 2]| {
            most_telling(answers.iter().map(|answers| {
                let [one, other] = of(answers);
                if other.is_failure() && !one.is_failure() { other } else { one }
            }))
        };
        let addresses = believed(&on_addresses);
        let txt = believed(&on_txt);
        let addresses_of =
            addresses.map(|(index, _)| index).or_else(|| telling(|all| [all.a.outcome, all.aaaa.outcome]));
        let txt_of = txt.map(|(index, _)| index).or_else(|| telling(|all| [all.txt.outcome; 2]));
        observation.resolvers_agree = panel.len() > 1
            && (!(self.a || self.aaaa) || addresses.is_some_and(|(_, count)| count > 1))
            && (!self.txt || txt.is_some_and(|(_, count)| count > 1));
        if let Some(believed) = addresses_of.and_then(|index| answers.get(index)) {
            self.take_addresses(believed, observation);
        }
        if let Some((answers, asker)) = txt_of.and_then(|index| answers.get(index).zip(askers.get(index))) {
            self.take_txt(&answers.txt, asker, panel, observation).await;
        }
        self.note_nxdomain_above(&askers, &answers);
        let others = self.ask_for_others(&askers, &answers, panel, observation).await;
        observation.resolvers =
            askers.iter().zip(others).map(|(asker, others)| panel::fared(asker, others)).chain(resting).collect();
        observation.resolvers.sort_by_key(|fared| panel.place(&fared.resolver));
        for (topic, name, mut voices) in
            [(Topic::Address, &self.domain.name, on_addresses), (Topic::Txt, &self.txt_name, on_txt)]
        {
            silence_down(&mut voices, &labels, &observation.resolvers);
            observation.disagreements.extend(disagreement(topic, name, &labels, &voices));
        }
        observation.questions.asked = askers.iter().map(|asker| asker.log.questions()).sum();
    }

    async fn ask(&self, asker: &Asker) -> Answers {
        let name = &self.domain.name;
        let (a, aaaa, txt) = tokio::join!(
            lookup(asker, name, RecordType::A, self.a),
            lookup(asker, name, RecordType::AAAA, self.aaaa),
            lookup(asker, &self.txt_name, RecordType::TXT, self.txt),
        );
        Answers { a, aaaa, txt }
    }

    fn take_addresses(&self, answers: &Answers, observation: &mut DnsObservation) {
        let (a, aaaa) = (answers.a.clone(), answers.aaaa.clone());
        observation.cname_loop = a.looped || aaaa.looped;
        (observation.a, observation.aaaa) = (typed(a, ipv4, self.at), typed(aaaa, ipv6, self.at));
    }

    async fn take_txt(&self, followed: &Followed, asker: &Asker, panel: &Panel, observation: &mut DnsObservation) {
        observation.txt = typed(followed.clone(), txt_value, self.at);
        // Those who have found that much may take a little longer, but not longer than they would alone.
        let searching = asker.within(SEARCH.min(panel.timeout()));
        observation.txt_elsewhere = ownership::look_elsewhere(&searching, self.domain, &observation.txt, self.at).await;
    }

    /// A name below which there are records exists (RFC 8020), whatever stands at it.
    fn note_nxdomain_above(&self, askers: &[Asker], answers: &[Answers]) {
        let below =
            self.txt_name.as_str().strip_suffix(self.domain.name.as_str()).is_some_and(|rest| rest.ends_with('.'));
        for (asker, answers) in askers.iter().zip(answers).filter(|_| below) {
            let at_the_name_itself = answers.txt.outcome == Outcome::Found && answers.txt.links.is_empty();
            let nxdomain = [(&answers.a, "A"), (&answers.aaaa, "AAAA")]
                .into_iter()
                .find(|(followed, _)| followed.outcome == Outcome::Nxdomain && followed.links.is_empty());
            if let Some((_, kind)) = nxdomain.filter(|_| at_the_name_itself) {
                asker.log.note_of(OddityKind::NxdomainAboveRecords, format!("{kind} {}", self.domain.name));
            }
        }
    }

    /// Whether resolvers that failed for this domain answer for another zone: all of them where all failed; else those
    /// that did answer something, for who is silent to one question is not there.
    async fn ask_for_others(
        &self,
        askers: &[Asker],
        answers: &[Answers],
        panel: &Panel,
        observation: &mut DnsObservation,
    ) -> Vec<Option<bool>> {
        let short = [observation.a.outcome, observation.aaaa.outcome].contains(&Outcome::OutOfResources);
        let all_failed = observation.failed();
        let wanted = askers.iter().zip(answers).map(|(asker, answers)| {
            let answered = asker.log.failure().is_some_and(|failure| failure.outcome.is_an_answer());
            let failed = [&answers.a, &answers.aaaa].iter().any(|followed| followed.outcome.is_failure());
            if all_failed { failed && !short } else { answered }
        });
        let asked = askers
            .iter()
            .zip(wanted)
            .map(|(asker, wanted)| OptionFuture::from(wanted.then(|| asker.answers_for_the_root(panel.timeout()))));
        let others: Vec<Option<bool>> = join_all(asked).await;
        if all_failed && !short {
            observation.others_answer = Some(others.contains(&Some(true)));
        }
        others
    }
}

/// Takes what was remembered beside what was asked. Where that failed, nothing that was remembered speaks for whom was
/// asked: it might be taken for an answer.
fn recall(remembered: Remembered, observation: &mut DnsObservation) {
    let failed = [observation.a.outcome, observation.aaaa.outcome].iter().any(|outcome| outcome.is_failure());
    if let Some(a) = remembered.a.filter(|_| !failed) {
        observation.a = a;
    }
    if let Some(aaaa) = remembered.aaaa.filter(|_| !failed) {
        observation.aaaa = aaaa;
    }
    if let Some(txt) = remembered.txt {
        observation.txt = txt;
    }
    observation.cname = longer(&observation.a.links, &observation.aaaa.links).to_vec();
    observation.txt_cname.clone_from(&observation.txt.links);
}

fn take_hosts(addresses: &[IpAddr], domain: &Domain, observation: &mut DnsObservation) {
    let v4 = addresses.iter().filter_map(|ip| if let IpAddr::V4(ip) = ip { Some(*ip) } else { None });
    let v6 = addresses.iter().filter_map(|ip| if let IpAddr::V6(ip) = ip { Some(*ip) } else { None });
    if domain.families != Families::Ipv6 {
        observation.a = records::from_hosts(v4.collect());
    }
    if domain.families != Families::Ipv4 {
        observation.aaaa = records::from_hosts(v6.collect());
    }
}

/// Whether what the resolver said is not what should be, so that it is worth asking who knows better.
pub(super) fn is_in_doubt(domain: &Domain, dns: &DnsObservation) -> bool {
    let expected = &domain.expected;
    let no_address = [dns.a.outcome, dns.aaaa.outcome].iter().all(|outcome| *outcome != Outcome::Found);
    let other_cname = expected
        .cname
        .as_ref()
        .is_some_and(|expected| !dns.cname.is_empty() && dns.cname.iter().all(|link| link.target != *expected));
    let txt_is_wrong = match &expected.txt {
        Some(value) => Likeness::best(&dns.txt.records, value) != Some(Likeness::Same),
        None => expected.verification != Verification::Ready && dns.txt.records.is_empty(),
    };
    no_address || other_cname || txt_is_wrong
}

/// The addresses of a host that is not the domain itself, IPv4 first, by the first resolver that has any; the outcome
/// where none has.
pub(super) async fn addresses_of(host: &DomainName, panel: &Panel, deadline: Instant) -> Result<Vec<IpAddr>, Outcome> {
    let mut failure = Outcome::Timeout;
    for asker in panel.askers().0 {
        let asker = asker.within(PATIENCE.min(deadline.saturating_duration_since(Instant::now())));
        let (a, aaaa) =
            tokio::join!(chain::follow(&asker, host, RecordType::A), chain::follow(&asker, host, RecordType::AAAA));
        failure = if a.outcome.is_failure() { a.outcome } else { aaaa.outcome };
        let addresses: Vec<IpAddr> = a.records.iter().chain(&aaaa.records).filter_map(RData::ip_addr).collect();
        if !addresses.is_empty() {
            return Ok(addresses);
        }
    }
    Err(failure)
}

async fn lookup(asker: &Asker, name: &DomainName, record_type: RecordType, wanted: bool) -> Followed {
    if wanted { chain::follow(asker, name, record_type).await } else { Followed::not_asked() }
}

/// What one message says of a name, as if it answered every question.
pub(super) fn read_message(message: &Message, name: &DomainName, at: UnixTime) -> DnsObservation {
    let followed = |record_type| chain::read(message, name, record_type);
    let own = caa::found(name.clone(), followed(RecordType::CAA));
    let a = followed(RecordType::A);
    DnsObservation {
        cname: a.links.clone(),
        cname_loop: a.looped,
        a: typed(a, ipv4, at),
        aaaa: typed(followed(RecordType::AAAA), ipv6, at),
        txt: typed(followed(RecordType::TXT), txt_value, at),
        caa: Some(CaaObservation { wildcard: own.clone(), own }),
        ..DnsObservation::new(Vec::new(), name.clone())
    }
}

fn longer<'a>(one: &'a [CnameLink], other: &'a [CnameLink]) -> &'a [CnameLink] {
    if one.len() >= other.len() { one } else { other }
}

/// What explains the answer to a question for a name's addresses that went out by this id. `None` if it is no answer to it.
pub(super) fn read_errors(bytes: &[u8], id: u16, name: &DomainName) -> Option<Vec<(u16, String)>> {
    let question = Question::new(chain::wire_name(name)?, RecordType::A);
    match message::read(bytes, &[id], &question) {
        Reading::Answer(answer) => Some(message::extended_errors(&answer)),
        Reading::Malformed | Reading::Foreign(_) => None,
    }
}
