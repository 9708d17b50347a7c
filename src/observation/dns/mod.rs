//! [`DnsObservation`]: what the resolvers said of a domain's addresses, CNAME chain, ownership TXT and CAA records.
//!
//! Each [`Lookup`] says when it was asked and for how long it holds: the last observation is what is remembered of the
//! domain's records, and a look asks again only for what has run out.

mod outcome;
mod resolver;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use serde::Serialize;

use super::{AuthorityObservation, Bogus, CaaObservation, DnssecObservation, RegistrationObservation};
use crate::domain::{DomainName, UnixTime};

pub use outcome::Outcome;
pub use resolver::{
    Disagreement, ExtendedError, Oddity, OddityKind, ResolverFailure, ResolverObservation, Said, Topic,
};

/// The resolvers' answers about one domain. Where several were asked, the records are those that most of them tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnsObservation {
    /// Who is asked, in order: the name servers of the system by their addresses, the others as configured.
    pub nameservers: Vec<Arc<str>>,
    /// How those fared that this look asked; none where everything was remembered.
    pub resolvers: Vec<ResolverObservation>,
    /// What they say differently though they should not.
    pub disagreements: Vec<Disagreement>,
    /// Whether at least two resolvers were asked for everything, and tell all that is here alike.
    pub resolvers_agree: bool,
    /// Whether the addresses are from this machine's hosts file, and no resolver was asked for them.
    pub from_hosts_file: bool,
    /// How many questions this look took.
    pub questions: Questions,
    /// A records at the end of the CNAME chain.
    pub a: Lookup<Ipv4Addr>,
    /// AAAA records at the end of the CNAME chain.
    pub aaaa: Lookup<Ipv6Addr>,
    /// The CNAMEs on the way, in order; empty where there is none or where it is flattened.
    pub cname: Vec<CnameLink>,
    /// Whether the chain came back to a name it had passed, or was too long to follow.
    pub cname_loop: bool,
    /// The name asked for the ownership TXT record.
    pub txt_name: DomainName,
    /// The TXT records there, each with its strings joined.
    pub txt: Lookup<String>,
    /// The CNAMEs on the way from that name; empty where there is none, as there should be.
    pub txt_cname: Vec<CnameLink>,
    /// What is at other places; asked only when the ownership record is not at its own.
    pub txt_elsewhere: Vec<TxtElsewhere>,
    /// The CAA records; `None` where they were not asked for, as not every look does.
    pub caa: Option<CaaObservation>,
    /// What the zone's own name servers say; `None` where they were not asked.
    pub authority: Option<Box<AuthorityObservation>>,
    /// The signatures; `None` where they were not asked for.
    pub dnssec: Option<Box<DnssecObservation>>,
    /// The registration; `None` where the registry was not asked, or has never answered.
    pub registration: Option<Box<RegistrationObservation>>,
    /// Questions that fail because signatures do not verify.
    pub bogus: Vec<Bogus>,
    /// Which of these the operator wants asked for, if not at every look.
    #[serde(skip)]
    pub wanted: Wanted,
    /// Whether one of the same resolvers answered for another zone, asked only when all failed for this one.
    pub others_answer: Option<bool>,
    /// Milliseconds until all was answered.
    pub elapsed_ms: u64,
}

impl DnsObservation {
    /// Whether every name server failed to answer for the domain's addresses, as far as they were asked for.
    pub fn failed(&self) -> bool {
        let outcomes = [self.a.outcome, self.aaaa.outcome];
        let unanswered = |outcome: &Outcome| outcome.is_failure() || *outcome == Outcome::NotAsked;
        outcomes.iter().all(unanswered) && outcomes.iter().any(|outcome| outcome.is_failure())
    }

    /// Nothing known yet, to be filled.
    pub fn new(nameservers: Vec<Arc<str>>, txt_name: DomainName) -> Self {
        Self {
            nameservers,
            resolvers: Vec::new(),
            disagreements: Vec::new(),
            resolvers_agree: false,
            from_hosts_file: false,
            questions: Questions::default(),
            a: Lookup::empty(Outcome::NotAsked),
            aaaa: Lookup::empty(Outcome::NotAsked),
            cname: Vec::new(),
            cname_loop: false,
            txt_name,
            txt: Lookup::empty(Outcome::NotAsked),
            txt_cname: Vec::new(),
            txt_elsewhere: Vec::new(),
            caa: None,
            authority: None,
            dnssec: None,
            registration: None,
            bogus: Vec::new(),
            wanted: Wanted::default(),
            others_answer: None,
            elapsed_ms: 0,
        }
    }

    /// With what this look did not ask of the zone's own servers, for signatures or of registries as it was seen before.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        let wanted = self.wanted;
        let authority = before.and_then(|before| before.authority.as_ref());
        self.authority = match self.authority {
            Some(now) => Some(Box::new(now.after(authority.map(AsRef::as_ref)))),
            None => authority.filter(|_| wanted.authority).cloned(),
        };
        let before = |is_wanted: bool| before.filter(|_| is_wanted);
        self.dnssec = self.dnssec.or_else(|| before(wanted.dnssec)?.dnssec.clone());
        self.registration = self.registration.or_else(|| before(wanted.registration)?.registration.clone());
        self
    }

    /// Whether a resolver answered this very look for the domain's addresses, be it that there are none.
    pub fn addresses_answered(&self) -> bool {
        !self.from_hosts_file && (self.a.answered() || self.aaaa.answered())
    }
}

/// What is asked for beside the records, where the operator wants it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The zone's own name servers.
    pub authority: bool,
    /// What a resolver says of signatures.
    pub dnssec: bool,
    /// The registration.
    pub registration: bool,
}

/// How many questions a look took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Questions {
    /// Put to a resolver; one that had to be repeated, or went to several, counts each time.
    pub asked: u32,
    /// Answered by what was remembered.
    pub remembered: u32,
}

/// One step of a CNAME chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CnameLink {
    /// The alias.
    pub name: DomainName,
    /// What it points at.
    pub target: DomainName,
    /// How long it may be remembered, in seconds.
    pub ttl: u32,
}

/// Another place that was asked for the ownership TXT record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TxtElsewhere {
    /// The name that was asked.
    pub name: DomainName,
    /// The CNAMEs on the way from it: the records are those of the name at their end.
    pub cname: Vec<CnameLink>,
    /// The TXT records there, each with its strings joined.
    pub txt: Lookup<String>,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lookup<T> {
    /// What was found; empty unless the outcome is [`Outcome::Found`].
    pub records: Vec<T>,
    /// The least TTL of the records, in seconds; where there are none, for how long that holds by the zone's SOA
    /// (RFC 2308 §5), if the answer had it.
    pub ttl: Option<u32>,
    /// How the question was answered.
    pub outcome: Outcome,
    /// When it was asked; `None` if it was not.
    pub asked_at: Option<UnixTime>,
    /// Whether this is what an earlier look was told, and still holds.
    pub cached: bool,
    /// The CNAMEs on the way.
    #[serde(skip)]
    pub links: Vec<CnameLink>,
}

impl<T> Lookup<T> {
    /// A question that was answered with no records.
    pub const fn empty(outcome: Outcome) -> Self {
        Self { records: Vec::new(), ttl: None, outcome, asked_at: None, cached: false, links: Vec::new() }
    }

    /// A question that was answered with these.
    pub fn found(records: Vec<T>, ttl: u32) -> Self {
        Self { records, ttl: Some(ttl), ..Self::empty(Outcome::Found) }
    }

    /// Whether a resolver answered it in this very look.
    pub fn answered(&self) -> bool {
        !self.cached && self.outcome != Outcome::NotAsked && !self.outcome.is_failure()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_that_was_not_asked_for_is_no_answer() {
        use Outcome::{Found, NoData, NotAsked, OutOfResources, Servfail, Timeout};
        let cases = [
            (Servfail, Timeout, true),
            (Servfail, NotAsked, true),
            (NotAsked, OutOfResources, true),
            (NotAsked, NotAsked, false),
            (Servfail, NoData, false),
            (Found, NotAsked, false),
        ];
        for (a, aaaa, failed) in cases {
            let name = DomainName::parse("login.example.com").unwrap();
            let mut observation = DnsObservation::new(Vec::new(), name);
            (observation.a, observation.aaaa) = (Lookup::empty(a), Lookup::empty(aaaa));
            assert_eq!(observation.failed(), failed, "{a:?} {aaaa:?}");
        }
    }
}
