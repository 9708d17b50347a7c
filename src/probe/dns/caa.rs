//! Climbing for CAA records: from a name label by label to the top, where the first that has any ends the climb
//! (RFC 8659 §3). At each label CNAMEs are followed, so that the set of what a domain points at counts before those of
//! the names above it.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::time::Instant;

use super::ask::Asker;
use super::chain::{self, Followed};
use crate::domain::DomainName;
use crate::observation::{CaaObservation, CaaRecord, CaaSet, Outcome};

/// Climbs from the domain, and for wildcards from the name above it, all within the timeout.
pub(in crate::probe) async fn observe(
    domain: &DomainName,
    nameservers: &[SocketAddr],
    timeout: Duration,
) -> CaaObservation {
    let asker = Asker::new(nameservers, Instant::now() + timeout);
    let own = climb(&asker, Some(domain.clone())).await;
    // Whatever did not end at the domain itself went on as the other climb would have.
    let wildcard = if own.name.as_ref() == Some(domain) { climb(&asker, above(domain)).await } else { own.clone() };
    CaaObservation { own, wildcard }
}

/// One climb, up to the top-level domain; a name's length bounds how far that is.
async fn climb(asker: &Asker<'_>, start: Option<DomainName>) -> CaaSet {
    let mut next = start;
    let mut recursion_available = None;
    while let Some(name) = next {
        let followed = chain::follow(asker, &name, RecordType::CAA).await;
        recursion_available = followed.recursion_available.or(recursion_available);
        match outcome_of(&followed) {
            Outcome::Found => return found(name, followed),
            // A server that answers for its own zones alone has nothing to say of the names above them.
            Outcome::Refused if recursion_available == Some(false) => {}
            outcome if outcome.is_failure() => return CaaSet::without_records(Some(name), outcome),
            _ => {}
        }
        next = above(&name);
    }
    CaaSet::without_records(None, Outcome::NoData)
}

/// A loop of CNAMEs is an answer that no CA gets to the end of.
fn outcome_of(followed: &Followed) -> Outcome {
    if followed.looped { Outcome::Failed } else { followed.outcome }
}

fn found(name: DomainName, followed: Followed) -> CaaSet {
    let records = followed.records.iter().filter_map(|data| match data {
        RData::CAA(caa) => Some(CaaRecord::new(caa.issuer_critical, &caa.tag, &caa.value)),
        _ => None,
    });
    CaaSet::found(name, followed.links, records, followed.ttl)
}

fn above(name: &DomainName) -> Option<DomainName> {
    let (_, rest) = name.as_str().split_once('.')?;
    DomainName::parse_record(rest).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_climb_ends_at_the_top() {
        let mut name = DomainName::parse("login.example.co.uk").unwrap();
        let mut climbed = Vec::new();
        while let Some(next) = above(&name) {
            climbed.push(next.to_string());
            name = next;
        }
        assert_eq!(climbed, ["example.co.uk", "co.uk", "uk"]);
    }
}
