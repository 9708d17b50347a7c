//! What an incident may share with those of other domains: [`Bond`]s, made of what was seen and of nothing else. That
//! two domains fail at addresses of one provider binds them not at all; that they fail at the same address does.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::Value;

use super::Looked;
use crate::domain::DomainName;
use crate::incident::bond::{self, Bond, BondKind};
use crate::verdict::{Family, Finding, Hop, Verdict};

/// What is known around a verdict's findings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    tenant: Option<&'a DomainName>,
    broken_at: Option<Hop>,
    zone: Option<&'a DomainName>,
    name_servers: &'a BTreeSet<DomainName>,
}

impl<'a> Around<'a> {
    pub(super) fn of(verdict: &Verdict, looked: &'a Looked, tenant: Option<&'a DomainName>) -> Self {
        Self {
            tenant,
            broken_at: verdict.path.broken_at(),
            zone: looked.zone.as_ref(),
            name_servers: &looked.name_servers,
        }
    }

    /// The bonds of a family's finding that was seen at these addresses.
    pub(super) fn bonds(self, family: Family, lead: &Finding, addresses: &BTreeSet<SocketAddr>) -> Vec<Bond> {
        let bonds = match family {
            Family::Reach | Family::Protocol | Family::Client | Family::Hsts | Family::Contract | Family::Cache => {
                Bond::of_addresses(addresses)
            }
            Family::Login | Family::Document | Family::Keys | Family::Forwarding => self.of_login(addresses),
            Family::Edge
            | Family::Tenant
            | Family::Listing
            | Family::Setup
            | Family::ClientIp
            | Family::SigningCertificate => self.of_tenant(),
            Family::Expiry => expiring(lead),
            Family::Root => digests(BondKind::Authority, lead, "sha256"),
            Family::Distrust => of_certificate(lead).into_iter().chain(issuer(lead)).collect(),
            Family::Trust => {
                let missing = digests(BondKind::Authority, lead, "missing_sha256");
                of_certificate(lead).into_iter().chain(missing).chain(issuer(lead)).collect()
            }
            Family::Name
            | Family::Stores
            | Family::Revocation
            | Family::Staple
            | Family::Chain
            | Family::Profile
            | Family::Rollout
            | Family::Renewal
            | Family::Recall
            | Family::Strength
            | Family::Transparency
            | Family::Lifetime
            | Family::Key
            | Family::ClientExpiry => of_certificate(lead),
            Family::Address
            | Family::Cname
            | Family::Txt
            | Family::Caa
            | Family::Agreement
            | Family::Spreading
            | Family::Nameservers
            | Family::Signatures
            | Family::Registration => self.of_zone(),
            Family::Resolver
            | Family::Discovery
            | Family::Sight
            | Family::Logs
            | Family::Store
            | Family::Delivery
            | Family::DeadLetter
            | Family::Heartbeat
            | Family::Load => Vec::new(),
        };
        bond::bounded(bonds)
    }

    /// Whose fault it is, as far as that shows; else both, and it is for the others that fail to tell.
    fn of_login(self, addresses: &BTreeSet<SocketAddr>) -> Vec<Bond> {
        match self.broken_at {
            Some(Hop::Edge | Hop::Tenant) => self.of_tenant(),
            Some(_) => Bond::of_addresses(addresses),
            None => Bond::of_addresses(addresses).into_iter().chain(self.of_tenant()).collect(),
        }
    }

    fn of_tenant(self) -> Vec<Bond> {
        self.tenant.map(|tenant| Bond::new(BondKind::Tenant, tenant.as_str())).into_iter().collect()
    }

    fn of_zone(self) -> Vec<Bond> {
        let names: Vec<&str> = self.name_servers.iter().map(DomainName::as_str).collect();
        let servers = (!names.is_empty()).then(|| Bond::new(BondKind::NameServers, &names.join(",")));
        self.zone.map(|zone| Bond::new(BondKind::Zone, zone.as_str())).into_iter().chain(servers).collect()
    }
}

/// What runs out: the leaf, or what it hangs on.
fn expiring(lead: &Finding) -> Vec<Bond> {
    let limiting = lead.facts.get("limiting_sha256");
    match limiting.is_none() || limiting == lead.facts.get("sha256") {
        true => of_certificate(lead),
        false => digests(BondKind::Authority, lead, "limiting_sha256"),
    }
}

fn of_certificate(lead: &Finding) -> Vec<Bond> {
    digests(BondKind::Certificate, lead, "sha256")
}

fn issuer(lead: &Finding) -> Option<Bond> {
    Some(Bond::new(BondKind::Issuer, lead.facts.get("issuer")?.as_str()?))
}

/// The digests in a fact: one, or a list of them.
fn digests(kind: BondKind, lead: &Finding, fact: &str) -> Vec<Bond> {
    let all = match lead.facts.get(fact) {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    all.into_iter().map(|digest| Bond::new(kind, digest)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observation::Code;

    fn name(text: &str) -> DomainName {
        DomainName::parse(text).unwrap()
    }

    /// The bonds of a finding with these facts at two addresses, where the path is broken there.
    fn bonds(code: Code, facts: &[(&str, Value)], broken_at: Option<Hop>) -> Vec<String> {
        let (tenant, zone) = (name("example.us.auth0.com"), name("example.com"));
        let name_servers = [name("ns1.example.net"), name("ns2.example.net")].into();
        let around = Around { tenant: Some(&tenant), broken_at, zone: Some(&zone), name_servers: &name_servers };
        let addresses = [([192, 0, 2, 10], 443).into(), ([192, 0, 2, 11], 443).into()].into();
        let finding =
            facts.iter().fold(Finding::new(code, ""), |finding, (name, fact)| finding.fact(name, fact.clone()));
        let family = finding.entry().family;
        around.bonds(family, &finding, &addresses).iter().map(ToString::to_string).collect()
    }

    /// Code, facts, where the path is broken, and the bonds.
    type Case<'a> = (Code, &'a [(&'a str, Value)], Option<Hop>, &'a [&'a str]);

    #[test]
    fn what_is_shared_is_what_was_seen_of_the_very_thing_that_fails() {
        let at = ["addresses:192.0.2.10:443,192.0.2.11:443", "address:192.0.2.10:443", "address:192.0.2.11:443"];
        let tenant = ["tenant:example.us.auth0.com"];
        let zone = ["zone:example.com", "name_servers:ns1.example.net,ns2.example.net"];
        let leaf = ("sha256", json!("aa"));
        let both = [&at[..], &tenant].concat();
        let cases: [Case<'_>; 13] = [
            (Code::ConnectRefused, &[], Some(Hop::Connect), &at),
            (Code::HttpErrorStatus, &[], Some(Hop::Proxy), &at),
            (Code::HttpErrorStatus, &[], Some(Hop::Tenant), &tenant),
            (Code::HttpErrorStatus, &[], None, &both),
            (Code::Auth0TenantError, &[], None, &tenant),
            (Code::DnsTxtMissing, &[], None, &zone),
            (Code::DnsNxdomain, &[], Some(Hop::Dns), &zone),
            (Code::TlsExpired, &[leaf.clone(), ("limiting_sha256", json!("aa"))], None, &["certificate:aa"]),
            (Code::TlsExpired, &[leaf.clone(), ("limiting_sha256", json!("cc"))], None, &["authority:cc"]),
            (Code::TlsNameMismatch, std::slice::from_ref(&leaf), None, &["certificate:aa"]),
            (
                Code::TlsChainIncomplete,
                &[leaf.clone(), ("missing_sha256", json!(["cc"])), ("issuer", json!("CN=R1"))],
                None,
                &["certificate:aa", "authority:cc", "issuer:CN=R1"],
            ),
            // Nothing is known of it by which it could be shared, and nothing is made up.
            (Code::TlsExpired, &[], None, &[]),
            (Code::WatchResolverFailed, std::slice::from_ref(&leaf), None, &[]),
        ];
        for (code, facts, broken_at, expected) in cases {
            assert_eq!(bonds(code, facts, broken_at), expected, "{code} {broken_at:?}");
        }
    }
}
