//! [`DnssecObservation`]: what a resolver that validates says of the signatures a domain stands on, and until when they
//! are good; [`Bogus`]: a question it answers only while it does not check them.

use serde::Serialize;

use super::ExtendedError;
use crate::domain::{DomainName, UnixTime};

/// A question that a resolver fails, and answers once it is told not to check signatures (RFC 4035 §3.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bogus {
    /// The name that was asked for.
    pub name: DomainName,
    /// The type of record.
    pub record_type: String,
    /// What the resolver says is wrong (RFC 8914).
    pub extended_errors: Vec<ExtendedError>,
}

/// The signatures a domain stands on, by a resolver that is trusted to check them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnssecObservation {
    /// When it was asked.
    pub at: UnixTime,
    /// What it says of each question.
    pub checks: Vec<DnssecCheck>,
    /// The signed record sets that were met, each with the last of its signatures to run out.
    pub signed: Vec<Signed>,
}

/// What the resolver says of one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DnssecCheck {
    /// The name that was asked for.
    pub name: DomainName,
    /// The type of record.
    pub record_type: String,
    /// What it says.
    pub state: Validation,
}

/// What a resolver says of the signatures behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// They are there, and good (the AD bit).
    Secure,
    /// It does not vouch for the answer: nothing is signed, or nothing leads there from the root.
    Insecure,
    /// They are there, and not good.
    Bogus,
    /// It did not answer, with or without checking.
    Unanswered,
}

/// A record set with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signed {
    /// Whose records they are.
    pub name: DomainName,
    /// Their type.
    pub record_type: String,
    /// The zone that signed them.
    pub zone: DomainName,
    /// From when the signature is good.
    pub inception: UnixTime,
    /// Until when.
    pub expiration: UnixTime,
}

impl DnssecObservation {
    /// The signed record sets of zones that the resolver vouches for, or would if they were good: in others signatures
    /// harm nobody.
    pub fn counting(&self) -> impl Iterator<Item = &Signed> {
        self.signed.iter().filter(|signed| self.zone(&signed.zone) != Some(Validation::Insecure))
    }

    /// Zones whose records are signed and that the resolver does not vouch for.
    pub fn unverified_zones(&self) -> Vec<&DomainName> {
        let mut zones: Vec<&DomainName> = self.signed.iter().map(|signed| &signed.zone).collect();
        zones.sort();
        zones.dedup();
        zones.retain(|zone| self.zone(zone) == Some(Validation::Insecure));
        zones
    }

    /// The first record set to be without a good signature.
    pub fn first_to_expire(&self) -> Option<&Signed> {
        self.counting().min_by_key(|signed| signed.expiration)
    }

    /// What the resolver says of a zone's keys.
    fn zone(&self, zone: &DomainName) -> Option<Validation> {
        let mut keys = self.checks.iter().filter(|check| check.record_type == "DNSKEY" && check.name == *zone);
        keys.next().map(|check| check.state)
    }
}
