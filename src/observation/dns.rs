//! [`DnsObservation`]: what the resolver said of a domain's addresses, CNAME chain, ownership TXT and CAA records.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::CaaObservation;
use crate::domain::DomainName;

/// The resolver's answers about one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnsObservation {
    /// The name servers that were asked, in order.
    pub nameservers: Vec<SocketAddr>,
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
    /// Whether the same name servers answered for another zone, asked only when they failed for this one.
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
    /// The least TTL of the records, in seconds.
    pub ttl: Option<u32>,
    /// How the question was answered.
    pub outcome: Outcome,
}

impl<T> Lookup<T> {
    /// A question that was answered with no records.
    pub const fn empty(outcome: Outcome) -> Self {
        Self { records: Vec::new(), ttl: None, outcome }
    }
}

/// How a question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With records.
    Found,
    /// The name exists, the type does not (RFC 2308 §2.2).
    NoData,
    /// The name does not exist (RFC 2308 §2.1).
    Nxdomain,
    /// Every name server failed: SERVFAIL.
    Servfail,
    /// Every name server refused.
    Refused,
    /// No name server answered in time.
    Timeout,
    /// Every name server failed in yet another way: an odd code, a garbled answer, a closed port.
    Failed,
    /// We had no socket to ask with.
    OutOfResources,
    /// The question was not asked.
    NotAsked,
}

impl Outcome {
    /// Whether nobody answered the question, be it our own fault, as opposed to "there is nothing".
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Servfail | Self::Refused | Self::Timeout | Self::Failed | Self::OutOfResources)
    }

    /// As an operator would say it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NoData => "no such record",
            Self::Nxdomain => "NXDOMAIN",
            Self::Servfail => "SERVFAIL",
            Self::Refused => "REFUSED",
            Self::Timeout => "timed out",
            Self::Failed => "no usable answer",
            Self::OutOfResources => "no socket to ask with",
            Self::NotAsked => "not asked",
        }
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
            let observation = DnsObservation {
                nameservers: Vec::new(),
                a: Lookup::empty(a),
                aaaa: Lookup::empty(aaaa),
                cname: Vec::new(),
                cname_loop: false,
                txt_name: name,
                txt: Lookup::empty(NotAsked),
                txt_cname: Vec::new(),
                txt_elsewhere: Vec::new(),
                caa: None,
                others_answer: None,
                elapsed_ms: 0,
            };
            assert_eq!(observation.failed(), failed, "{a:?} {aaaa:?}");
        }
    }
}
