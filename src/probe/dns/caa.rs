//! Climbing for CAA records: from a name label by label to the top, where the first that has any ends the climb
//! (RFC 8659 §3). At each label CNAMEs are followed, so that the set of what a domain points at counts before those of
//! the names above it.

use std::sync::Arc;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::{RData, RecordType};

use super::ask::Asker;
use super::chain::{self, Followed};
use super::compare::{self, Voice, believed, disagreement, most_telling, silence_down};
use super::panel::Panel;
use crate::domain::DomainName;
use crate::observation::{CaaObservation, CaaRecord, CaaSet, DnsObservation, Outcome, Topic};

/// Climbs from the domain, and for wildcards from the name above it, with every resolver and all within the timeout;
/// what most of them find is taken into the observation.
pub(in crate::probe) async fn observe(domain: &DomainName, panel: &Panel, observation: &mut DnsObservation) {
    let (askers, _) = panel.askers();
    let mut climbs = join_all(askers.iter().map(|asker| climb_twice(asker, domain))).await;
    let labels: Vec<_> = askers.iter().map(|asker| Arc::clone(&asker.label)).collect();
    let mut voices: Vec<Option<Voice>> = climbs.iter().map(|climb| compare::on_caa(&climb.own)).collect();
    let best = believed(&voices);
    observation.resolvers_agree &= best.is_some_and(|(_, count)| count > 1);
    silence_down(&mut voices, &labels, &observation.resolvers);
    observation.disagreements.extend(disagreement(Topic::Caa, domain, &labels, &voices));
    observation.questions.asked += askers.iter().map(|asker| asker.log.questions()).sum::<u32>();
    for asker in &askers {
        asker.log.tell_in(&asker.label, &mut observation.resolvers);
    }
    let index = best.map(|(index, _)| index).or_else(|| most_telling(climbs.iter().map(|climb| climb.own.outcome)));
    observation.caa = index.filter(|index| *index < climbs.len()).map(|index| climbs.swap_remove(index));
}

/// The same for whoever asks nothing else; `None` if there is nobody to ask.
pub(in crate::probe) async fn ask(domain: &DomainName, panel: &Panel) -> Option<CaaObservation> {
    let mut observation = DnsObservation::new(panel.nameservers().to_vec(), domain.clone());
    observe(domain, panel, &mut observation).await;
    observation.caa
}

async fn climb_twice(asker: &Asker, domain: &DomainName) -> CaaObservation {
    let own = climb(asker, Some(domain.clone())).await;
    // Whatever did not end at the domain itself went on as the other climb would have.
    let wildcard = if own.name.as_ref() == Some(domain) { climb(asker, domain.above()).await } else { own.clone() };
    CaaObservation { own, wildcard }
}

/// One climb, up to the top-level domain; a name's length bounds how far that is.
async fn climb(asker: &Asker, start: Option<DomainName>) -> CaaSet {
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
        next = name.above();
    }
    CaaSet::without_records(None, Outcome::NoData)
}

/// A loop of CNAMEs is an answer that no CA gets to the end of.
fn outcome_of(followed: &Followed) -> Outcome {
    if followed.looped { Outcome::Failed } else { followed.outcome }
}

pub(super) fn found(name: DomainName, followed: Followed) -> CaaSet {
    let records = followed.records.iter().filter_map(|data| match data {
        RData::CAA(caa) => Some(CaaRecord::new(caa.issuer_critical, &caa.tag, &caa.value)),
        _ => None,
    });
    CaaSet::found(name, followed.links, records, followed.ttl)
}
