//! What a cause hides: as long as an address is dead, nobody is told (again) what was wrong with what it served. The
//! incident goes on; it is told if it is still seen once the cause is over. What needs nothing of the cause is not
//! hidden by it: a certificate runs out though its host is dead, and a record is missing all the same.

use std::collections::BTreeSet;

use super::resolving::family;
use super::sighting::Spot;
use super::{Hiding, Key, Ledger, State};
use crate::domain::DomainName;
use crate::observation::Code;
use crate::verdict::{Family, Severity};

impl Ledger {
    /// Whether everything an incident still tells of lies behind another fault of the same domain, or behind our own
    /// resolvers.
    pub(super) fn is_hidden(&self, key: &Key) -> bool {
        let (Some(domain), Some(family)) = (&key.domain, family(&key.family)) else { return false };
        let Some(incident) = self.incidents.get(key) else { return false };
        if is_asked_of_resolvers(family) && self.resolvers_fail() {
            return true;
        }
        let bad = incident.affected.iter().filter(|affected| affected.good.is_none());
        let spots: BTreeSet<Spot> = bad.map(|affected| affected.address).collect();
        !spots.is_empty() && self.veil(domain).uncovered(family, spots).is_empty()
    }

    /// What the domain's own incidents hide now: those whose last look found them bad.
    fn veil(&self, domain: &DomainName) -> Hiding {
        let mut hiding = Hiding::default();
        let of_domain = self.incidents.range(Key::first_of(domain)..);
        let of_domain = of_domain.take_while(|(key, _)| key.domain.as_ref() == Some(domain));
        for (key, incident) in of_domain.filter(|(_, incident)| incident.state != State::Resolved) {
            let Some(family) = family(&key.family) else { continue };
            let bad = incident.affected.iter().filter(|affected| affected.good.is_none());
            let spots: BTreeSet<Spot> = bad.map(|affected| affected.address).collect();
            hiding.add(family, &spots, incident.severity);
        }
        hiding
    }

    /// Whether none of our resolvers answers, and that is told.
    fn resolvers_fail(&self) -> bool {
        let sight = self.incidents.get(&Key::own_sight(Family::Resolver));
        sight.is_some_and(|sight| sight.state == State::Firing && sight.code == Code::WatchResolverFailed.as_str())
    }
}

impl Hiding {
    /// A fault of this family, seen at these spots, hides what cannot be seen for it.
    pub(super) fn add(&mut self, family: Family, spots: &BTreeSet<Spot>, severity: Severity) {
        match family {
            Family::Address => self.everything |= !spots.is_empty(),
            Family::Reach => {
                self.everything |= spots.contains(&None);
                self.addresses.extend(spots.iter().flatten());
            }
            Family::Login => self.logins |= severity == Severity::Critical && !spots.is_empty(),
            _ => {}
        }
    }

    /// Those of a family's spots that are not hidden.
    pub(super) fn uncovered(&self, family: Family, mut spots: BTreeSet<Spot>) -> BTreeSet<Spot> {
        match family {
            Family::Edge if self.logins => spots.clear(),
            Family::Cname if self.everything => spots.clear(),
            _ if !needs_a_handshake(family) => {}
            _ if self.everything => spots.clear(),
            // It takes all of them to disagree.
            Family::Rollout if spots.iter().flatten().any(|address| self.addresses.contains(address)) => spots.clear(),
            _ => spots.retain(|spot| spot.is_none_or(|address| !self.addresses.contains(&address))),
        }
        spots
    }
}

/// Whether a family's faults are known by the answers of our resolvers alone.
const fn is_asked_of_resolvers(family: Family) -> bool {
    matches!(
        family,
        Family::Address
            | Family::Cname
            | Family::Txt
            | Family::Caa
            | Family::Agreement
            | Family::Spreading
            | Family::Signatures
    )
}

/// Whether a family's faults show only where a handshake comes to be. Dates do not: the certificate last seen runs out
/// though its host has stopped answering.
const fn needs_a_handshake(family: Family) -> bool {
    !matches!(
        family,
        Family::Expiry
            | Family::ClientExpiry
            | Family::Reach
            | Family::Address
            | Family::Cname
            | Family::Txt
            | Family::Caa
            | Family::Agreement
            | Family::Spreading
            | Family::Nameservers
            | Family::Signatures
            | Family::Registration
            | Family::Recall
            | Family::Revocation
            | Family::Listing
            | Family::Setup
            | Family::ClientIp
            | Family::SigningCertificate
            | Family::Edge
            | Family::Tenant
            | Family::Resolver
            | Family::Discovery
            | Family::Sight
            | Family::Logs
            | Family::Store
            | Family::Delivery
            | Family::DeadLetter
            | Family::Heartbeat
            | Family::Load
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_hides_what_needs_it_and_nothing_else() {
        let spot = |last: u8| Some(([192, 0, 2, last], 443).into());
        let (here, there, both) = (vec![spot(1)], vec![spot(2)], vec![spot(1), spot(2)]);
        let nowhere = vec![None];
        let (critical, warning) = (Severity::Critical, Severity::Warning);
        let cases = [
            // A dead address hides what it served, not what is seen at the other as well.
            (Family::Reach, &here, warning, Family::Chain, &here, true),
            (Family::Reach, &here, warning, Family::Name, &here, true),
            (Family::Reach, &here, warning, Family::Login, &here, true),
            (Family::Reach, &here, warning, Family::Name, &there, false),
            (Family::Reach, &here, warning, Family::Name, &both, false),
            (Family::Reach, &both, critical, Family::Name, &both, true),
            // Two addresses disagree only as long as both speak.
            (Family::Reach, &here, warning, Family::Rollout, &both, true),
            // Dates, revocation, records, Auth0's list: none of them needs the address.
            (Family::Reach, &both, critical, Family::Expiry, &both, false),
            (Family::Reach, &both, critical, Family::Revocation, &both, false),
            (Family::Reach, &both, critical, Family::Txt, &nowhere, false),
            (Family::Reach, &both, critical, Family::Caa, &nowhere, false),
            (Family::Reach, &both, critical, Family::Listing, &nowhere, false),
            (Family::Reach, &both, critical, Family::Tenant, &nowhere, false),
            (Family::Reach, &both, critical, Family::Reach, &both, false),
            // No address at all.
            (Family::Address, &nowhere, critical, Family::Name, &here, true),
            (Family::Address, &nowhere, critical, Family::Cname, &nowhere, true),
            (Family::Address, &nowhere, critical, Family::Expiry, &here, false),
            (Family::Address, &nowhere, critical, Family::Txt, &nowhere, false),
            // What customers get tells of the edge behind it.
            (Family::Login, &here, critical, Family::Edge, &nowhere, true),
            (Family::Login, &here, warning, Family::Edge, &nowhere, false),
            (Family::Name, &here, critical, Family::Login, &here, false),
        ];
        for (cause, at, severity, family, spots, hidden) in cases {
            let mut hiding = Hiding::default();
            hiding.add(cause, &at.iter().copied().collect(), severity);
            let left = hiding.uncovered(family, spots.iter().copied().collect());
            assert_eq!(left.is_empty(), hidden, "{cause:?} at {at:?} and {family:?} at {spots:?}");
        }
    }
}
