//! [`AuthorityObservation`]: what the name servers of a domain's own zone said when each was asked by itself, without
//! recursion. The resolver says what customers see; these say what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde::Serialize;

use super::{CnameLink, DnsObservation, Lookup, Outcome};
use crate::domain::{DomainName, UnixTime};

/// What the name servers of the domain's zone said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthorityObservation {
    /// When they were asked.
    pub at: UnixTime,
    /// The zone the domain lies in; `None` where none was found.
    pub zone: Option<DomainName>,
    /// The name servers the zone itself names, sorted; empty where nobody could say, or where the operator named addresses.
    pub zone_servers: Vec<DomainName>,
    /// Those the zone above names for it, sorted; `None` where that was not asked or not answered.
    pub parent_servers: Option<Vec<DomainName>>,
    /// Each name server at each of its addresses.
    pub servers: Vec<ZoneServer>,
    /// How many addresses beyond the bound were left out.
    pub surplus_servers: usize,
    /// For how many seconds resolvers may remember that there is nothing (RFC 2308 §5), as the zone says.
    pub negative_ttl: Option<u32>,
    /// Names of which the resolver says otherwise than all of these.
    pub outdated: Vec<Outdated>,
    /// Since when the servers have been telling different records, over several looks; `None` while they agree.
    pub disagree_since: Option<UnixTime>,
}

/// One name server at one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ZoneServer {
    /// Its name, if it was found by one.
    pub name: Option<DomainName>,
    /// Where it was asked.
    #[serde(serialize_with = "super::tls::as_text")]
    pub address: SocketAddr,
    /// What it is good for.
    pub state: ServerState,
    /// Why it is good for nothing, for people.
    pub detail: Option<String>,
    /// The serial number of its copy of the zone (RFC 1035 §3.3.13).
    pub serial: Option<u32>,
    /// What it said of the records the domain stands on.
    pub answers: Vec<Answered>,
    /// Whether it answered the same questions differently when asked again: what it says is made up for each asker.
    pub varies: bool,
}

/// What a name server is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// It answers for the zone.
    Answers,
    /// It answers, but not for the zone (RFC 9499 §7, "lame delegation").
    Lame,
    /// It does not answer.
    Unreachable,
    /// It was not asked: no route to its family from here, or an address that strangers may not send us to.
    NotLooked,
}

/// A type of record the domain stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordKind {
    /// An alias.
    Cname,
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// The ownership record.
    Txt,
    /// Which CAs may issue.
    Caa,
}

impl RecordKind {
    /// As zone files write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cname => "CNAME",
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Txt => "TXT",
            Self::Caa => "CAA",
        }
    }
}

/// A name server's answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// The name that was asked for.
    pub name: DomainName,
    /// What is there: the type that was asked for, or CNAME where that stands in its place.
    pub kind: RecordKind,
    /// The records as text, sorted.
    pub records: Vec<String>,
    /// Their least TTL, in seconds.
    pub ttl: Option<u32>,
    /// How the question was answered.
    pub outcome: Outcome,
}

/// A name of which the resolver says otherwise than the zone's own servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outdated {
    /// The name.
    pub name: DomainName,
    /// What the resolver says, each record with its type before it; empty where it says that there is nothing.
    pub resolver: Vec<String>,
    /// What the servers say.
    pub servers: Vec<String>,
    /// Until when resolvers may say the old one: when it was seen first and the TTL that was left of it then.
    pub cached_until: Option<UnixTime>,
}

/// What is at a name, whoever says so: each record with its type before it.
type Records = BTreeSet<String>;

impl AuthorityObservation {
    /// The servers that answer for the zone.
    pub fn answering(&self) -> impl Iterator<Item = &ZoneServer> {
        self.servers.iter().filter(|server| server.state == ServerState::Answers)
    }

    /// What all servers that answer say of a name, CAA records aside; `None` if they differ or none can say.
    pub fn agreed(&self, name: &DomainName) -> Option<Vec<&Answered>> {
        let mut said = self.answering().filter_map(|server| server.records_at(name, false));
        let first = said.next()?;
        if said.any(|other| other != first) {
            return None;
        }
        let speaker = self.answering().find(|server| server.records_at(name, false).is_some())?;
        Some(speaker.answers.iter().filter(|answer| answer.name == *name && answer.kind != RecordKind::Caa).collect())
    }

    /// The names of which servers say different things, each with who says what; none where they make their answers up for
    /// each asker.
    pub fn disagreements(&self) -> Vec<Dissent<'_>> {
        if self.answering().any(|server| server.varies) {
            return Vec::new();
        }
        self.questions().filter_map(|(name, caa)| Dissent::at(self, name, caa)).collect()
    }

    /// Whether servers say different things.
    pub fn disagree(&self) -> bool {
        !self.disagreements().is_empty()
    }

    /// Whether the servers were of one mind with the resolver in all they were asked: two that say the same.
    pub fn confirms_the_resolver(&self) -> bool {
        let mut names = self.questions().filter(|(_, caa)| !caa).peekable();
        self.outdated.is_empty() && names.peek().is_some() && names.all(|(name, _)| self.agreed(name).is_some())
    }

    /// The same after an earlier observation: what has been different since then has been so for as long.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        let since = before.and_then(|before| before.disagree_since);
        self.disagree_since = self.disagree().then(|| since.unwrap_or(self.at));
        for outdated in &mut self.outdated {
            let mut known = before.iter().flat_map(|before| &before.outdated);
            let same = |other: &&Outdated| {
                (&other.name, &other.resolver, &other.servers)
                    == (&outdated.name, &outdated.resolver, &outdated.servers)
            };
            // What a cache holds is gone when its time is up: whoever says the same after that means it.
            if let Some(first) = known.find(same) {
                outdated.cached_until = first.cached_until;
            }
        }
        self
    }

    fn questions(&self) -> impl Iterator<Item = (&DomainName, bool)> {
        let all: BTreeSet<(&DomainName, bool)> = self
            .answering()
            .flat_map(|server| &server.answers)
            .map(|answer| (&answer.name, answer.kind == RecordKind::Caa))
            .collect();
        all.into_iter()
    }
}

impl ZoneServer {
    /// What it says is at a name; `None` if it did not answer all that was asked.
    fn records_at(&self, name: &DomainName, caa: bool) -> Option<Records> {
        let here = self.answers.iter().filter(|answer| answer.name == *name && (answer.kind == RecordKind::Caa) == caa);
        all_said(here)
    }

    /// Its name, or where it is.
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.address.ip()),
            None => self.address.to_string(),
        }
    }
}

fn all_said<'a>(answers: impl Iterator<Item = &'a Answered>) -> Option<Records> {
    let mut records = None;
    for answer in answers {
        let said = records.get_or_insert_with(Records::new);
        if answer.outcome.is_failure() {
            return None;
        }
        said.extend(answer.records.iter().map(|record| format!("{} {record}", answer.kind.as_str())));
    }
    records
}

/// A name of which servers say different things.
#[derive(Debug, PartialEq, Eq)]
pub struct Dissent<'a> {
    /// The name.
    pub name: &'a DomainName,
    /// Each thing that is said, and by whom; most of them first.
    pub versions: Vec<(Vec<String>, Vec<&'a ZoneServer>)>,
}

impl<'a> Dissent<'a> {
    fn at(authority: &'a AuthorityObservation, name: &'a DomainName, caa: bool) -> Option<Self> {
        let mut said: BTreeMap<Records, Vec<&ZoneServer>> = BTreeMap::new();
        for server in authority.answering() {
            if let Some(records) = server.records_at(name, caa) {
                said.entry(records).or_default().push(server);
            }
        }
        let mut versions: Vec<_> =
            said.into_iter().map(|(records, servers)| (records.into_iter().collect(), servers)).collect();
        versions.sort_by_key(|(_, servers): &(Vec<String>, Vec<&ZoneServer>)| std::cmp::Reverse(servers.len()));
        (versions.len() > 1).then_some(Self { name, versions })
    }
}

/// What a resolver says of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The name.
    pub name: DomainName,
    /// What is there, each record with its type before it.
    pub records: Vec<String>,
    /// Until when it may be remembered, if the answer says so.
    pub until: Option<UnixTime>,
}

impl DnsObservation {
    /// What the resolver says of the names the domain's own zone holds, as far as it answered.
    pub fn resolved(&self, domain: &DomainName) -> Vec<Resolved> {
        let own = match self.cname.first().filter(|link| link.name == *domain) {
            Some(link) => Some(alias(link, self.a.asked_at.or(self.aaaa.asked_at))),
            None => both(said(&self.a, "A"), said(&self.aaaa, "AAAA")),
        };
        let txt = match self.txt_cname.first().filter(|link| link.name == self.txt_name) {
            Some(link) => Some(alias(link, self.txt.asked_at)),
            None => said(&self.txt, "TXT").flatten(),
        };
        let named = |name: &DomainName, said: Option<Said>| {
            said.map(|(mut records, until)| {
                records.sort();
                Resolved { name: name.clone(), records, until }
            })
        };
        let own = named(domain, own.filter(|_| !self.from_hosts_file));
        own.into_iter().chain(named(&self.txt_name, txt)).collect()
    }

    /// Sets beside the resolver's answers those of the zone's own servers.
    pub fn compare(&self, domain: &DomainName, authority: &AuthorityObservation) -> Vec<Outdated> {
        let differs = |resolved: Resolved| {
            let servers: Vec<String> = all_said(authority.agreed(&resolved.name)?.into_iter())?.into_iter().collect();
            // Where the resolver does not say for how long there is nothing, the zone does.
            let by_zone = || Some(authority.at.plus(i64::from(authority.negative_ttl?)));
            let until = resolved.until.or_else(|| by_zone().filter(|_| resolved.records.is_empty()));
            (servers != resolved.records).then_some(Outdated {
                name: resolved.name,
                resolver: resolved.records,
                servers,
                cached_until: until,
            })
        };
        self.resolved(domain).into_iter().filter_map(differs).collect()
    }
}

/// Records, and until when they may be remembered.
type Said = (Vec<String>, Option<UnixTime>);

fn alias(link: &CnameLink, asked_at: Option<UnixTime>) -> Said {
    (vec![format!("CNAME {}", link.target)], asked_at.map(|at| at.plus(i64::from(link.ttl))))
}

/// The outer `None`: not asked. The inner: not answered.
fn said<T: ToString>(lookup: &Lookup<T>, kind: &str) -> Option<Option<Said>> {
    match lookup.outcome {
        Outcome::NotAsked => None,
        outcome if outcome.is_failure() => Some(None),
        _ => {
            let records = lookup.records.iter().map(|record| format!("{kind} {}", record.to_string())).collect();
            let until = lookup.asked_at.zip(lookup.ttl).map(|(at, ttl)| at.plus(i64::from(ttl)));
            Some(Some((records, until)))
        }
    }
}

/// Of what is there the least time counts; that there is nothing beside it, nobody remembers by itself.
fn both(a: Option<Option<Said>>, aaaa: Option<Option<Said>>) -> Option<Said> {
    match (a, aaaa) {
        (None, one) | (one, None) => one.flatten(),
        (Some(a), Some(aaaa)) => {
            let ((mut records, until), (more, other)) = (a?, aaaa?);
            let until = match (records.is_empty(), more.is_empty()) {
                (false, true) => until,
                (true, false) => other,
                _ => [until, other].into_iter().flatten().min(),
            };
            records.extend(more);
            Some((records, until))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DomainName {
        DomainName::parse_record(text).unwrap()
    }

    fn server(address: &str, records: Option<&[&str]>) -> ZoneServer {
        let answer = |records: &[&str]| Answered {
            name: name("login.example.com"),
            kind: RecordKind::A,
            records: records.iter().map(|record| (*record).to_owned()).collect(),
            ttl: Some(60),
            outcome: if records.is_empty() { Outcome::Nxdomain } else { Outcome::Found },
        };
        ZoneServer {
            name: None,
            address: address.parse().unwrap(),
            state: if records.is_some() { ServerState::Answers } else { ServerState::Unreachable },
            detail: None,
            serial: Some(1),
            answers: records.into_iter().map(answer).collect(),
            varies: false,
        }
    }

    fn authority(servers: &[Option<&[&str]>]) -> AuthorityObservation {
        let servers = servers.iter().enumerate();
        AuthorityObservation {
            at: UnixTime(0),
            zone: None,
            zone_servers: Vec::new(),
            parent_servers: None,
            servers: servers.map(|(index, records)| server(&format!("192.0.2.{index}:53"), *records)).collect(),
            surplus_servers: 0,
            negative_ttl: None,
            outdated: Vec::new(),
            disagree_since: None,
        }
    }

    #[test]
    fn who_agrees_confirms_and_who_does_not_answer_says_nothing() {
        const ONE: Option<&[&str]> = Some(&["192.0.2.1"]);
        const OTHER: Option<&[&str]> = Some(&["192.0.2.2"]);
        const NOTHING: Option<&[&str]> = Some(&[]);
        for (servers, confirms, disagree) in [
            (&[ONE, ONE][..], true, false),
            (&[ONE, None], true, false),
            (&[NOTHING, NOTHING], true, false),
            (&[ONE, OTHER], false, true),
            (&[ONE, NOTHING], false, true),
            (&[None, None], false, false),
            (&[], false, false),
        ] {
            let authority = authority(servers);
            assert_eq!((authority.confirms_the_resolver(), authority.disagree()), (confirms, disagree), "{servers:?}");
        }
        let mut outdated = authority(&[ONE]);
        outdated.outdated = vec![Outdated {
            name: name("login.example.com"),
            resolver: Vec::new(),
            servers: Vec::new(),
            cached_until: None,
        }];
        assert!(!outdated.confirms_the_resolver());
        let mut failing = authority(&[ONE, ONE]);
        failing.servers[1].answers[0].outcome = Outcome::Servfail;
        assert!(failing.confirms_the_resolver() && !failing.disagree(), "a question that fails is no answer");
    }

    #[test]
    fn of_several_versions_the_one_that_most_have_comes_first() {
        let authority = authority(&[Some(&["192.0.2.9"]), Some(&["192.0.2.1"]), Some(&["192.0.2.1"])]);
        let all = authority.disagreements();
        let told: Vec<_> =
            all[0].versions.iter().map(|(records, servers)| (records[0].as_str(), servers.len())).collect();
        assert_eq!(told, [("A 192.0.2.1", 2), ("A 192.0.2.9", 1)]);
    }
}
