//! [`Asked`]: what was expected of a domain and where it was looked for, as far as a recording needs it.

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::domain::{Domain, DomainName, Families, Threshold, Thresholds, UnixTime, Verification};
use crate::observation::Clause;
use crate::probe::settings::{ApiKey, Contract, Host, Origin};
use crate::probe::{RevocationMode, Settings};

/// The question behind a look. Of the key it holds whether there was one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Where it was looked for in place of where DNS says.
    pub(crate) addresses: Vec<SocketAddr>,
    /// `auto`, `ipv4`, `ipv6` or `both`.
    pub(crate) families: String,
    /// A name that must be in the CNAME chain.
    pub(crate) cname: Option<DomainName>,
    /// The value of the ownership TXT record.
    pub(crate) txt: Option<String>,
    /// Where that record is.
    pub(crate) txt_name: Option<DomainName>,
    /// By which names the CA goes in CAA records.
    pub(crate) caa_identifiers: Vec<DomainName>,
    /// Whether Auth0 has still to verify the domain.
    pub(crate) verification_pending: bool,
    /// Since when, if that is known.
    pub(crate) verification_started: Option<UnixTime>,
    /// When an expiry becomes a warning.
    pub(crate) warn_before: Option<Before>,
    /// When it becomes critical.
    pub(crate) critical_before: Option<Before>,
    /// The custom domain whose host for mutual TLS it is.
    pub(crate) mtls_of: Option<DomainName>,
    /// Which clauses of the proxy's part of the bargain were tried.
    pub(crate) contract: Vec<String>,
    /// With which client.
    pub(crate) client_id: Option<String>,
    /// Where that client lets users return to.
    pub(crate) redirect_uri: Option<String>,
    /// Where plain HTTP is answered.
    pub(crate) plain_addresses: Vec<SocketAddr>,
    /// Texts that mean that the key was rejected.
    pub(crate) key_markers: Vec<String>,
    /// The origin host.
    pub(crate) origin: Option<Place>,
    /// Whether the key was at hand.
    pub(crate) with_key: bool,
    /// The tenant's canonical host.
    pub(crate) tenant: Option<Place>,
    /// Whether issuers that were left out were fetched.
    pub(crate) aia: bool,
    /// Whether CAs were asked when they suggest a renewal.
    pub(crate) ari: bool,
    /// Where the CA's ACME directory is, if the operator said so.
    pub(crate) acme_directory: Option<String>,
    /// Whether CAs' lists of the revoked were fetched.
    pub(crate) crl: bool,
    /// The list of registries, where they were asked.
    pub(crate) rdap: Option<String>,
    /// Whether the zone's own name servers were asked.
    pub(crate) authoritative: bool,
    /// Those, where the operator said which.
    pub(crate) authorities: Vec<SocketAddr>,
    /// Whether the domain's records were checked by DNSSEC.
    pub(crate) dnssec: bool,
}

/// A span before an expiry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Before {
    /// In seconds.
    pub(crate) seconds: Option<u64>,
    /// As a share of the lifetime, in percent.
    pub(crate) percent: Option<u8>,
}

/// A host past the proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Its name.
    pub(crate) name: DomainName,
    /// Where it was looked for in place of where DNS says.
    #[serde(default)]
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Asked {
    /// What is asked of this domain in this way.
    pub fn of(domain: &Domain, settings: &Settings) -> Self {
        let expected = &domain.expected;
        let (pending, started) = match expected.verification {
            Verification::Ready => (false, None),
            Verification::Pending { started } => (true, started),
        };
        let before = |threshold: &Threshold| {
            Some(Before { seconds: threshold.span().map(|span| span.as_secs()), percent: threshold.percent() })
        };
        Self {
            addresses: domain.addresses.clone(),
            families: families_name(domain.families).to_owned(),
            cname: expected.cname.clone(),
            txt: expected.txt.clone(),
            txt_name: expected.txt_name.clone(),
            caa_identifiers: expected.caa_identifiers.clone(),
            verification_pending: pending,
            verification_started: started,
            warn_before: before(&domain.thresholds.warn_before),
            critical_before: before(&domain.thresholds.critical_before),
            mtls_of: domain.mtls_of.clone(),
            contract: settings.contract.clauses.iter().map(|clause| clause.as_str().to_owned()).collect(),
            client_id: settings.contract.client_id.clone(),
            redirect_uri: settings.contract.redirect_uri.clone(),
            plain_addresses: settings.contract.plain_addresses.clone(),
            key_markers: settings.key_markers.clone(),
            origin: settings.origin.as_ref().map(|origin| place(&origin.host)),
            with_key: settings.origin.as_ref().is_some_and(|origin| origin.key.is_some()),
            tenant: settings.tenant.as_ref().map(place),
            aia: settings.aia,
            ari: settings.ari,
            acme_directory: settings.acme_directory.clone(),
            crl: settings.revocation == RevocationMode::Crl,
            rdap: settings.rdap.then(|| settings.rdap_bootstrap.clone()),
            authoritative: settings.authoritative,
            authorities: settings.authorities.clone(),
            dnssec: settings.dnssec,
        }
    }

    /// Makes the domain the one that was asked for.
    pub fn expect(&self, domain: &mut Domain, settings: &mut Settings) {
        let threshold = |before: Option<Before>, default: Threshold| {
            before.map_or(default, |before| Threshold::new(before.seconds.map(Duration::from_secs), before.percent))
        };
        domain.thresholds = Thresholds {
            warn_before: threshold(self.warn_before, domain.thresholds.warn_before),
            critical_before: threshold(self.critical_before, domain.thresholds.critical_before),
        };
        let expected = &mut domain.expected;
        expected.cname.clone_from(&self.cname);
        expected.txt.clone_from(&self.txt);
        expected.txt_name.clone_from(&self.txt_name);
        expected.caa_identifiers.clone_from(&self.caa_identifiers);
        expected.verification = if self.verification_pending {
            Verification::Pending { started: self.verification_started }
        } else {
            Verification::Ready
        };
        settings.key_markers.clone_from(&self.key_markers);
    }

    /// Makes the look go where it went.
    pub fn lead(&self, domain: &mut Domain, settings: &mut Settings) {
        domain.addresses.clone_from(&self.addresses);
        domain.families = families(&self.families);
        domain.mtls_of.clone_from(&self.mtls_of);
        let tried = |clause: &Clause| self.contract.iter().any(|name| name == clause.as_str());
        settings.contract = Contract {
            clauses: Clause::ALL.into_iter().filter(tried).collect(),
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            plain_addresses: self.plain_addresses.clone(),
        };
        domain.tenant = self.tenant.as_ref().map(|place| place.name.clone());
        settings.tenant = self.tenant.as_ref().map(host);
        settings.authoritative |= self.authoritative;
        settings.authorities.clone_from(&self.authorities);
        settings.dnssec |= self.dnssec;
        self.lead_fetches(settings);
        // In place of a key, which is sent nowhere: that one was at hand is part of what is judged.
        let key = self.with_key.then(|| ApiKey::new(SecretString::from("***")));
        settings.origin = self.origin.as_ref().map(|place| Origin { host: host(place), key });
    }

    /// What was not fetched then, as by versions that kept no documents, is not missed now.
    fn lead_fetches(&self, settings: &mut Settings) {
        settings.aia = self.aia;
        settings.ari = self.ari;
        settings.acme_directory.clone_from(&self.acme_directory);
        if settings.revocation == RevocationMode::Crl && !self.crl {
            settings.revocation = RevocationMode::Staple;
        }
        settings.rdap = self.rdap.is_some();
        if let Some(bootstrap) = &self.rdap {
            settings.rdap_bootstrap.clone_from(bootstrap);
        }
    }
}

fn place(host: &Host) -> Place {
    Place { name: host.name.clone(), addresses: host.addresses.clone() }
}

fn host(place: &Place) -> Host {
    Host { name: place.name.clone(), addresses: place.addresses.clone() }
}

const fn families_name(families: Families) -> &'static str {
    match families {
        Families::Auto => "auto",
        Families::Ipv4 => "ipv4",
        Families::Ipv6 => "ipv6",
        Families::Both => "both",
    }
}

fn families(name: &str) -> Families {
    let all = [Families::Ipv4, Families::Ipv6, Families::Both];
    all.into_iter().find(|families| families_name(*families) == name).unwrap_or_default()
}
