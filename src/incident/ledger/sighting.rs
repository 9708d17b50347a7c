//! [`Looked`]: what a look touched, and with it what its verdict can speak of. [`Sighting`]: what a verdict says
//! of one family.
//!
//! A fault that is not in a verdict is not gone for that: the address may not have been asked, or an earlier
//! fault may hide it (a refused connection shows no certificate). [`Looked::is_good`] tells these apart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::binding::Around;
use crate::domain::DomainName;
use crate::incident::Bond;
use crate::observation::certificate::Sha256;
use crate::observation::{AuthorityObservation, DnsObservation, Look, Outcome, Vantage, View};
use crate::verdict::{Family, Finding, Kind, Record, Severity, Verdict};

/// Where a fault sits: at an address, or (`None`) at none in particular.
pub(super) type Spot = Option<SocketAddr>;

/// What a look touched. The default is no look at all: time has passed, and the verdict was made anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// Whether there was a look.
    pub fresh: bool,
    /// From where.
    pub vantage: Vantage,
    /// Along which way.
    pub view: View,
    /// Whether a resolver answered for the domain's addresses, be it that there are none.
    pub records: bool,
    /// Whether a resolver answered for the ownership TXT record.
    pub txt: bool,
    /// Whether a resolver was asked for the CAA records: not every look does.
    pub caa: bool,
    /// The resolvers that answered this very look, as they are configured.
    pub resolvers: BTreeSet<Arc<str>>,
    /// Whether the zone's own name servers were asked, as not every look does, or nobody wants to know any more.
    pub authority: bool,
    /// Likewise of signatures.
    pub dnssec: bool,
    /// Likewise of the registration.
    pub registration: bool,
    /// Whether two resolvers, or a resolver and an authoritative server, said the same: a record's fault then
    /// needs no second look.
    pub resolvers_agree: bool,
    /// The addresses a handshake was tried with.
    pub handshakes: BTreeSet<SocketAddr>,
    /// The addresses whose turn it was to be asked for the discovery document.
    pub requests: BTreeSet<SocketAddr>,
    /// Those of them that were asked for the keys and the rest as well: not every look does.
    pub documents: BTreeSet<SocketAddr>,
    /// Whether the origin host was looked at.
    pub origin: bool,
    /// The zone the domain lies in, as its name servers said last.
    pub zone: Option<DomainName>,
    /// The name servers of that zone.
    pub name_servers: BTreeSet<DomainName>,
    /// Every address that is not forgotten, looked at or not.
    pub known: BTreeSet<SocketAddr>,
    /// The leaves that the addresses serve, as far as seen.
    pub leaves: Vec<Sha256>,
}

impl Looked {
    /// What this look touched; `record` is the domain's record after it absorbed the look.
    pub fn of(look: &Look, record: &Record) -> Self {
        Self::by(look).beside(record)
    }

    /// What else is known, by the domain's record after it absorbed the look.
    #[must_use]
    pub fn beside(mut self, record: &Record) -> Self {
        self.known = record.addresses.keys().copied().collect();
        self.leaves = record.served();
        let authority = record.dns.as_ref().and_then(|dns| dns.authority.as_ref());
        self.zone = authority.and_then(|authority| authority.zone.clone());
        self.name_servers =
            authority.into_iter().flat_map(|authority| authority.zone_servers.iter().cloned()).collect();
        self
    }

    /// What this look touched, without what else is known.
    pub fn by(look: &Look) -> Self {
        let dns = look.dns.as_ref();
        let answering = |dns: &DnsObservation| {
            let good = dns.resolvers.iter().filter(|fared| fared.failure.is_none());
            good.map(|fared| Arc::clone(&fared.resolver)).collect()
        };
        let authority = dns.and_then(|dns| dns.authority.as_deref());
        Self {
            fresh: true,
            vantage: look.vantage.clone(),
            view: look.view,
            records: dns.is_some_and(DnsObservation::addresses_answered),
            txt: dns.is_some_and(|dns| dns.txt.answered()),
            caa: dns.and_then(|dns| dns.caa.as_ref()).is_some_and(|caa| caa.own.outcome != Outcome::OutOfResources),
            authority: dns.is_some_and(|dns| dns.authority.is_some() || !dns.wanted.authority),
            dnssec: dns.is_some_and(|dns| dns.dnssec.is_some() || !dns.wanted.dnssec),
            registration: dns.is_some_and(|dns| dns.registration.is_some() || !dns.wanted.registration),
            resolvers: dns.map(answering).unwrap_or_default(),
            resolvers_agree: dns.is_some_and(|dns| dns.resolvers_agree)
                || authority.is_some_and(AuthorityObservation::confirms_the_resolver),
            handshakes: look.tls.iter().map(|tls| tls.address).collect(),
            requests: look.auth0.iter().map(|auth0| auth0.address).collect(),
            documents: look.auth0.iter().filter(|auth0| auth0.documents.is_some()).map(|auth0| auth0.address).collect(),
            origin: look.origin.as_ref().is_some_and(|origin| origin.tells()),
            zone: None,
            name_servers: BTreeSet::new(),
            known: BTreeSet::new(),
            leaves: Vec::new(),
        }
    }

    /// Whether a fault of this family at one of these spots was seen by this very look, and is not merely
    /// remembered from an earlier one. Dates need no look at the spot: the certificate last seen runs out
    /// though its host has stopped answering.
    pub(super) fn has_seen(&self, family: Family, spots: &BTreeSet<Spot>) -> bool {
        let touched = |spot: &Spot| match spot {
            None if family == Family::Edge => self.origin,
            None if family == Family::SigningCertificate => !self.documents.is_empty(),
            None => self.asked(family),
            Some(address) if is_asked_for(family) => self.requests.contains(address),
            Some(address) if is_in_documents(family) => self.documents.contains(address),
            Some(address) => self.handshakes.contains(address),
        };
        self.fresh && (matches!(family, Family::Expiry | Family::ClientExpiry) || spots.iter().any(touched))
    }

    /// Whether this look asked what a family's faults at no address in particular are known by.
    const fn asked(&self, family: Family) -> bool {
        match family {
            Family::Caa => self.caa,
            Family::Spreading | Family::Nameservers => self.authority,
            Family::Signatures => self.dnssec,
            Family::Registration => self.registration,
            _ => true,
        }
    }

    /// Whether this look shows that a spot is free of a family's faults, given that the verdict has none there.
    pub(super) fn is_good(&self, family: Family, spot: Spot, hiding: &Hiding) -> bool {
        let shaken = match spot {
            Some(address) => self.handshakes.contains(&address) && !hiding.addresses.contains(&address),
            None => !hiding.everything,
        };
        self.fresh
            && match family {
                // A key that is dead for all is told by what customers get, not over for that.
                Family::Edge => self.origin && !hiding.logins,
                Family::Address | Family::Agreement => self.records,
                Family::Cname => self.records && !hiding.everything,
                Family::Txt => self.txt,
                Family::Caa => self.caa && !hiding.everything,
                Family::Spreading | Family::Nameservers | Family::Signatures | Family::Registration => {
                    self.asked(family)
                }
                Family::Reach => spot.map_or(!hiding.everything, |address| self.handshakes.contains(&address)),
                Family::SigningCertificate => !self.documents.is_empty(),
                _ if is_asked_for(family) => shaken && spot.is_none_or(|address| self.requests.contains(&address)),
                _ if is_in_documents(family) => shaken && spot.is_none_or(|address| self.documents.contains(&address)),
                Family::Resolver => self.records,
                _ => shaken,
            }
    }
}

/// Whether a family's faults show in the answer to the request for the discovery document.
const fn is_asked_for(family: Family) -> bool {
    matches!(family, Family::Login | Family::Document | Family::Cache)
}

/// Whether they show in what else is asked for over its connection.
const fn is_in_documents(family: Family) -> bool {
    matches!(family, Family::Keys | Family::Forwarding)
}

/// Faults behind which others cannot be seen.
#[derive(Debug, Default)]
pub(super) struct Hiding {
    /// There is no address, or no address in particular that cannot be reached.
    pub(super) everything: bool,
    /// Addresses with which no handshake came to be.
    pub(super) addresses: BTreeSet<SocketAddr>,
    /// Logins fail, and that tells of whatever is behind it.
    pub(super) logins: bool,
}

impl Hiding {
    pub(super) fn of(verdict: &Verdict) -> Self {
        let mut hiding = Self::default();
        for finding in faults(verdict) {
            let mut spots: BTreeSet<Spot> = finding.addresses.iter().copied().map(Some).collect();
            if spots.is_empty() {
                spots.insert(None);
            }
            hiding.add(finding.entry().family, &spots, finding.severity);
        }
        hiding
    }
}

/// What a verdict says of one family: its findings taken together.
#[derive(Debug)]
pub(super) struct Sighting<'a> {
    pub(super) family: Family,
    findings: Vec<&'a Finding>,
    cap: Severity,
    around: Around<'a>,
}

impl<'a> Sighting<'a> {
    /// What the verdict says of the domain, family by family; nothing counts as worse than `cap`.
    pub(super) fn all(verdict: &'a Verdict, cap: Severity, around: Around<'a>) -> BTreeMap<Family, Self> {
        let mut all = BTreeMap::new();
        for finding in faults(verdict).filter(|finding| finding.entry().kind != Kind::Watch) {
            let family = finding.entry().family;
            let new = || Self { family, findings: Vec::new(), cap, around };
            all.entry(family).or_insert_with(new).findings.push(finding);
        }
        all
    }

    /// The finding that speaks for the family: the worst; of equals the one that spoke so far, so that two
    /// addresses with two faults do not take turns.
    pub(super) fn lead(&self, so_far: Option<&str>) -> &'a Finding {
        let rank = |finding: &Finding| rank(finding.severity, finding.code.as_str());
        let mut lead = self.findings[0];
        for finding in &self.findings[1..] {
            let settled = so_far != Some(lead.code.as_str()) && so_far == Some(finding.code.as_str());
            if rank(finding) > rank(lead) || rank(finding) == rank(lead) && settled {
                lead = finding;
            }
        }
        lead
    }

    /// How bad a finding counts.
    pub(super) fn severity(&self, finding: &Finding) -> Severity {
        finding.severity.min(self.cap)
    }

    /// What the family's faults, for which this finding speaks, may share with those of other domains.
    pub(super) fn bonds(&self, lead: &Finding) -> Vec<Bond> {
        let addresses = self.findings.iter().flat_map(|finding| &finding.addresses).copied().collect();
        self.around.bonds(self.family, lead, &addresses)
    }

    /// Where the family's faults sit.
    pub(super) fn spots(&self) -> BTreeSet<Spot> {
        let mut spots: BTreeSet<Spot> = BTreeSet::new();
        for finding in &self.findings {
            spots.extend(finding.addresses.iter().copied().map(Some));
            if finding.addresses.is_empty() {
                spots.insert(None);
            }
        }
        spots
    }
}

/// Orders what an incident may come to. That a certificate has run out is worse than that it will, whatever the
/// severity was before: its reader must be told.
pub(in crate::incident) fn rank(severity: Severity, code: &str) -> (Severity, bool) {
    (severity, matches!(code, "tls.expired" | "tls.client_certificate_expired"))
}

/// The findings that are more than information.
fn faults(verdict: &Verdict) -> impl Iterator<Item = &Finding> {
    verdict.findings.iter().filter(|finding| finding.severity > Severity::Info)
}
