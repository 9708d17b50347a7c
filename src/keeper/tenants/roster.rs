//! [`Roster`]: the custom domains of a tenant as its Management API last listed them, and what has become of them since.
//! A list that cannot be believed changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::{DomainName, Span, UnixTime};
use crate::observation::management::{Listing, ManagedDomain};
use crate::verdict::{Managed, Recreated};

/// A list that has lost half of its domains is believed once it has said so for a day.
const BELIEVED_AFTER: i64 = 86_400;

/// The domains of a tenant.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Roster {
    members: BTreeMap<DomainName, Managed>,
    /// Which domains a doubtful list named, and since when it has been saying the same.
    doubted: Option<(UnixTime, BTreeSet<DomainName>)>,
}

/// Why a list is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Doubt {
    /// It names nothing.
    #[error("its list of custom domains is empty")]
    Empty,
    /// It has lost half of what it named before, or more.
    #[error("its list has shrunk from {from} custom domains to {to}")]
    Shrunk {
        /// Domains it named before.
        from: usize,
        /// Domains it names now.
        to: usize,
    },
    /// Some entries could not be read.
    #[error("{count} of its custom domains cannot be read: {first}")]
    Unreadable {
        /// How many.
        count: usize,
        /// Why the first of them cannot.
        first: String,
    },
}

impl Roster {
    /// As it was stored.
    pub(super) fn restore(members: impl IntoIterator<Item = Managed>) -> Self {
        let members = members.into_iter().map(|managed| (managed.said.name.clone(), managed)).collect();
        Self { members, doubted: None }
    }

    /// Takes in a list; whether anything changed. What a doubtful list says of the domains it names is taken, but what it
    /// does not name is not held to be gone.
    pub(super) fn take(&mut self, listing: &Listing) -> (bool, Option<Doubt>) {
        let doubt = self.doubt(listing);
        let mut changed = false;
        for said in &listing.domains {
            changed |= self.note(&listing.tenant, said, listing.at);
        }
        if doubt.is_none() {
            let named: BTreeSet<&DomainName> = listing.domains.iter().map(|said| &said.name).collect();
            for managed in self.members.values_mut().filter(|managed| !named.contains(&managed.said.name)) {
                changed |= managed.gone_since.is_none();
                managed.gone_since.get_or_insert(listing.at);
            }
        }
        (changed, doubt)
    }

    fn doubt(&mut self, listing: &Listing) -> Option<Doubt> {
        if let Some(first) = listing.unreadable.first() {
            return Some(Doubt::Unreadable { count: listing.unreadable.len(), first: first.clone() });
        }
        if listing.domains.is_empty() {
            return Some(Doubt::Empty);
        }
        let present = self.members.values().filter(|managed| managed.gone_since.is_none());
        let before: BTreeSet<&DomainName> = present.map(|managed| &managed.said.name).collect();
        let named: BTreeSet<DomainName> = listing.domains.iter().map(|said| said.name.clone()).collect();
        let kept = before.iter().filter(|name| named.contains(**name)).count();
        // Of one or two a single one lost is half of them, and as likely meant.
        if before.len() < 3 || 2 * kept > before.len() {
            self.doubted = None;
            return None;
        }
        let doubt = Doubt::Shrunk { from: before.len(), to: kept };
        let since = match self.doubted.take() {
            Some((since, same)) if same == named => since,
            _ => listing.at,
        };
        if since.until(listing.at) >= BELIEVED_AFTER {
            return None;
        }
        self.doubted = Some((since, named));
        Some(doubt)
    }

    fn note(&mut self, tenant: &DomainName, said: &ManagedDomain, at: UnixTime) -> bool {
        let Some(known) = self.members.get_mut(&said.name) else {
            let managed = Managed {
                tenant: tenant.clone(),
                said: Arc::new(said.clone()),
                gone_since: None,
                recreated: None,
                client_ip: None,
            };
            self.members.insert(said.name.clone(), managed);
            return true;
        };
        if *known.said == *said && known.gone_since.is_none() {
            return false;
        }
        if is_another(&known.said, said) {
            let before = (known.said.id.clone(), known.said.origin.clone());
            known.recreated = Some(Recreated { at, id_before: before.0, origin_before: before.1 });
        }
        // Told only while the domain is ready: what was told before still holds.
        let origin = said.origin.clone().or_else(|| known.said.origin.clone().filter(|_| known.said.id == said.id));
        known.said = Arc::new(ManagedDomain { origin, ..said.clone() });
        known.gone_since = None;
        true
    }

    /// Every domain, those that are gone too.
    pub(super) fn members(&self) -> impl Iterator<Item = &Managed> {
        self.members.values()
    }

    pub(super) fn get(&self, name: &DomainName) -> Option<&Managed> {
        self.members.get(name)
    }

    /// In words how long a shortened list has been doubted.
    pub(super) fn doubted_for(&self, now: UnixTime) -> Option<Span> {
        self.doubted.as_ref().map(|(since, _)| Span(since.until(now)))
    }
}

/// Whether it was deleted and created anew, or moved: the key that the proxy has opens nothing any more.
fn is_another(before: &ManagedDomain, now: &ManagedDomain) -> bool {
    let moved = before.origin.is_some() && now.origin.is_some() && before.origin != now.origin;
    before.id != now.id || moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::management::read_domain;

    fn managed(name: &str, id: &str, origin: Option<&str>) -> ManagedDomain {
        let status = if origin.is_some() { "ready" } else { "pending_verification" };
        read_domain(serde_json::json!({ "custom_domain_id": id, "domain": name, "type": "self_managed_certs",
            "status": status, "origin_domain_name": origin }))
        .unwrap()
    }

    fn listing(at: i64, names: &[&str]) -> Listing {
        let domains = names.iter().map(|name| managed(name, &format!("cd_{name}"), Some("o.example.com"))).collect();
        let tenant = DomainName::parse("t.us.auth0.com").unwrap();
        Listing { tenant, at: UnixTime(at), domains, unreadable: Vec::new() }
    }

    fn gone(roster: &Roster) -> Vec<&str> {
        roster.members().filter(|managed| managed.gone_since.is_some()).map(|one| one.said.name.as_str()).collect()
    }

    const FOUR: [&str; 4] = ["a.example.com", "b.example.com", "c.example.com", "d.example.com"];

    #[test]
    fn a_domain_that_a_complete_list_lacks_is_gone_until_it_comes_back() {
        let mut roster = Roster::default();
        assert_eq!(roster.take(&listing(0, &FOUR)), (true, None));
        assert_eq!(roster.take(&listing(1, &FOUR)), (false, None));
        assert_eq!(roster.take(&listing(2, &FOUR[..3])), (true, None));
        assert_eq!(gone(&roster), ["d.example.com"]);
        assert_eq!(roster.get(&DomainName::parse("d.example.com").unwrap()).unwrap().gone_since, Some(UnixTime(2)));
        roster.take(&listing(3, &FOUR));
        assert!(gone(&roster).is_empty());
    }

    #[test]
    fn an_empty_list_one_cut_in_half_or_one_with_riddles_takes_nobody_away() {
        let mut roster = Roster::default();
        roster.take(&listing(0, &FOUR));
        assert_eq!(roster.take(&listing(1, &[])).1, Some(Doubt::Empty));
        assert_eq!(roster.take(&listing(2, &FOUR[..2])).1, Some(Doubt::Shrunk { from: 4, to: 2 }));
        let riddles = Listing { unreadable: vec!["entry 3: odd".to_owned()], ..listing(3, &FOUR[..3]) };
        assert!(matches!(roster.take(&riddles).1, Some(Doubt::Unreadable { count: 1, .. })));
        assert!(gone(&roster).is_empty());
    }

    #[test]
    fn a_list_that_stays_short_for_a_day_is_believed() {
        let mut roster = Roster::default();
        roster.take(&listing(0, &FOUR));
        assert!(roster.take(&listing(10, &FOUR[..2])).1.is_some());
        assert!(roster.take(&listing(BELIEVED_AFTER, &FOUR[..2])).1.is_some());
        assert_eq!(roster.take(&listing(BELIEVED_AFTER + 10, &FOUR[..2])), (true, None));
        assert_eq!(gone(&roster), ["c.example.com", "d.example.com"]);
    }

    #[test]
    fn a_domain_created_anew_or_moved_is_told_from_one_that_becomes_ready() {
        let tenant = DomainName::parse("t.us.auth0.com").unwrap();
        let mut roster = Roster::default();
        let mut say = |at: i64, id: &str, origin: Option<&str>| {
            let domains = vec![managed("a.example.com", id, origin)];
            roster.take(&Listing { tenant: tenant.clone(), at: UnixTime(at), domains, unreadable: Vec::new() });
            let known = roster.members().next().unwrap();
            (
                known.recreated.as_ref().map(|recreated| recreated.at.0),
                known.said.origin.as_ref().map(ToString::to_string),
            )
        };
        assert_eq!(say(0, "cd_1", None), (None, None));
        assert_eq!(say(1, "cd_1", Some("o1.example.com")), (None, Some("o1.example.com".to_owned())));
        assert_eq!(say(2, "cd_1", None), (None, Some("o1.example.com".to_owned())));
        assert_eq!(say(3, "cd_2", None), (Some(3), None));
        assert_eq!(say(4, "cd_2", Some("o2.example.com")), (Some(3), Some("o2.example.com".to_owned())));
        assert_eq!(say(5, "cd_2", Some("o3.example.com")), (Some(5), Some("o3.example.com".to_owned())));
    }
}
