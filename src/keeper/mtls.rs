//! [`WithMtls`]: the domains whose discovery document names a host for mutual TLS, which is then watched as well.
//!
//! Nothing is stored of it. After a restart a host is known again by what is stored of the host itself, so that an incident
//! at it goes on; of one without anything to tell, the next discovery document tells.

use std::collections::BTreeMap;

use super::Keeper;
use crate::domain::DomainName;
use crate::observation::Look;

/// So many looks in a row whose documents name no such host take it away: one node with an old document does not.
const FORGET_AFTER: u32 = 10;

/// The domains that have such a host, each with how many looks in a row have not said so.
#[derive(Debug, Default)]
pub(super) struct WithMtls {
    domains: BTreeMap<DomainName, u32>,
    /// Whether they are others than when this was last asked.
    changed: bool,
}

impl WithMtls {
    /// Takes in what a look's discovery documents say.
    pub(super) fn note(&mut self, look: &Look) {
        if look.auth0.iter().any(|answer| answer.mtls_alias_of(&look.domain).is_some()) {
            self.add(look.domain.clone());
        } else if look.auth0.iter().any(|answer| answer.is_json && answer.status == Some(200)) {
            self.miss(&look.domain);
        }
    }

    /// Whether they are others than when this was last asked.
    pub(super) const fn take_changed(&mut self) -> bool {
        std::mem::replace(&mut self.changed, false)
    }

    fn add(&mut self, domain: DomainName) {
        self.changed |= self.domains.insert(domain, 0).is_none();
    }

    fn miss(&mut self, domain: &DomainName) {
        let Some(missed) = self.domains.get_mut(domain) else { return };
        *missed += 1;
        if *missed >= FORGET_AFTER {
            self.domains.remove(domain);
            self.changed = true;
        }
    }
}

impl Keeper {
    /// The domains whose discovery document names a host for mutual TLS.
    pub fn with_mtls(&self) -> impl Iterator<Item = &DomainName> {
        self.with_mtls.domains.keys()
    }

    /// Those of whose host something is stored: a chain, or an incident.
    pub(super) fn restore_with_mtls(&mut self) {
        let incidents = self.ledger.incidents().filter_map(|incident| DomainName::parse(incident.domain).ok());
        let hosts: Vec<DomainName> = incidents.chain(self.stored_chains.iter().cloned()).collect();
        hosts.iter().filter_map(DomainName::mtls_owner).for_each(|owner| self.with_mtls.add(owner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UnixTime;
    use crate::observation::{Auth0Observation, Vantage, View};

    fn look(hosts: &[&str], is_json: bool) -> Look {
        let mut answer = Auth0Observation::new("192.0.2.1:443".parse().unwrap());
        (answer.status, answer.is_json) = (Some(200), is_json);
        answer.mtls_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        Look {
            domain: DomainName::parse("login.example.com").unwrap(),
            vantage: Vantage::default(),
            view: View::Proxy,
            at: UnixTime(0),
            dns: None,
            tls: Vec::new(),
            client_certificate: None,
            auth0: vec![answer],
            no_route: Vec::new(),
            not_looked: Vec::new(),
            surplus_addresses: 0,
            origin: None,
            contract: None,
            elapsed_ms: 1,
        }
    }

    #[test]
    fn a_host_of_the_domains_own_is_taken_up_and_strangers_are_not() {
        let mut known = WithMtls::default();
        for strange in ["mtls.example.net", "example.com", "a.login.example.com", "login.example.com", "mtls."] {
            known.note(&look(&[strange], true));
        }
        assert_eq!((known.take_changed(), known.domains.len()), (false, 0));
        known.note(&look(&["other.example", "MTLS.login.example.com"], true));
        assert_eq!((known.take_changed(), known.take_changed()), (true, false));
    }

    #[test]
    fn it_is_forgotten_once_the_document_has_long_not_named_it() {
        let mut known = WithMtls::default();
        known.note(&look(&["mtls.login.example.com"], true));
        known.take_changed();
        for _ in 1..FORGET_AFTER {
            known.note(&look(&[], true));
        }
        known.note(&look(&["mtls.login.example.com"], true));
        for _ in 1..FORGET_AFTER {
            known.note(&look(&[], true));
        }
        // What is no document says nothing.
        known.note(&look(&[], false));
        assert!(!known.take_changed());
        known.note(&look(&[], true));
        assert_eq!((known.take_changed(), known.domains.len()), (true, 0));
    }
}
