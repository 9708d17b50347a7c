//! What was seen, without opinion: the facts of certificates, handshakes, records and answers. A failed
//! attempt is a fact as well ([`Failure`]); nothing in this room knows what is good or bad.
//!
//! A [`Look`] is one round of all checks of one domain by one vantage and view: a [`DnsObservation`], then for
//! each address a [`TlsObservation`] and, where it was that address's turn, an [`Auth0Observation`]. What the two
//! views past the proxy see is a [`ViewObservation`] each.

mod auth0;
mod authority;
mod caa;
pub mod certificate;
mod code;
mod contract;
mod dns;
mod dnssec;
mod documents;
mod evidence;
mod failure;
mod legacy;
pub mod management;
mod past_proxy;
mod registration;
mod renewal_info;
mod revocation;
mod strangers;
mod tls;
mod transparency;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;

use self::certificate::Certificate;
use crate::domain::{DomainName, UnixTime};

pub use auth0::{AnswerHeaders, Auth0Observation, RateLimit};
pub use authority::{Answered, AuthorityObservation, Dissent, Outdated, RecordKind, Resolved, ServerState, ZoneServer};
pub use caa::{CaaObservation, CaaRecord, CaaSet};
pub use code::Code;
pub use contract::{Clause, ContractObservation, CookieSet, Metadata, Returned, Tried};
pub use dns::{
    CnameLink, Disagreement, DnsObservation, ExtendedError, Lookup, Oddity, OddityKind, Outcome, Questions,
    ResolverFailure, ResolverObservation, Said, Topic, TxtElsewhere, Wanted,
};
pub use dnssec::{Bogus, DnssecCheck, DnssecObservation, Signed, Validation};
pub use documents::{Documents, KeySet, Reply, SigningKey};
pub use evidence::{Evidence, Layer};
pub use failure::Failure;
pub use legacy::{LegacyAnswer, LegacyVersion};
pub use past_proxy::{Distrusted, StatusNote, ViewObservation};
pub use registration::RegistrationObservation;
pub use renewal_info::{RenewalInfo, RenewalInfoError};
pub use revocation::{Revocation, RevocationSource, RevocationStatus, revocation_reason};
pub use strangers::{bounded, is_hidden};
pub use tls::{
    Beside, ClientCertificate, DistrustedCa, Limit, Origin, OtherChain, PathStep, Presented, TlsObservation, TrustPath,
};
pub use transparency::{CheckedSct, ListedLog, LogState, Transparency};

/// One round of all checks of one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The domain looked at.
    pub domain: DomainName,
    /// From where.
    pub vantage: Vantage,
    /// Along which way.
    pub view: View,
    /// When it began.
    pub at: UnixTime,
    /// The records; `None` where this view has none of its own.
    pub dns: Option<DnsObservation>,
    /// One handshake an address, in the order of the addresses.
    pub tls: Vec<TlsObservation>,
    /// The client certificate that we have for servers that ask for one, leaf first.
    pub client_certificate: Option<Arc<[Arc<Certificate>]>>,
    /// The requests that were made over those connections.
    pub auth0: Vec<Auth0Observation>,
    /// Addresses that were not looked at because this machine has no route for their family.
    pub no_route: Vec<SocketAddr>,
    /// Addresses that were not looked at because we had no means to.
    pub not_looked: Vec<NotLooked>,
    /// How many addresses beyond the bound were left out.
    pub surplus_addresses: usize,
    /// What was seen at the origin host past the proxy; `None` where it was not this look's turn for that.
    pub origin: Option<Box<ViewObservation>>,
    /// How the proxy kept its part of the bargain; `None` where that was not tried.
    pub contract: Option<Box<ContractObservation>>,
    /// Milliseconds the whole round took.
    pub elapsed_ms: u64,
}

impl Look {
    /// A look at this time of which nothing is known yet.
    pub fn new(domain: DomainName, at: UnixTime) -> Self {
        Self {
            domain,
            vantage: Vantage::default(),
            view: View::Proxy,
            at,
            dns: None,
            tls: Vec::new(),
            client_certificate: None,
            auth0: Vec::new(),
            no_route: Vec::new(),
            not_looked: Vec::new(),
            surplus_addresses: 0,
            origin: None,
            contract: None,
            elapsed_ms: 0,
        }
    }

    /// Requests to Auth0 that were made, by whatever way.
    pub fn requests(&self) -> usize {
        let through_proxy: usize = self.auth0.iter().map(Auth0Observation::requests).sum();
        let past_proxy = self.origin.as_ref().map_or(0, |origin| origin.requests());
        through_proxy + past_proxy + self.contract.as_ref().map_or(0, |contract| contract.requests())
    }

    /// Every answer to a request for a discovery document, by whatever way.
    pub fn answers(&self) -> impl Iterator<Item = &Auth0Observation> {
        self.auth0.iter().chain(self.origin.iter().flat_map(|origin| &origin.auth0))
    }
}

/// An address that was not looked at, for a reason that is ours alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotLooked {
    /// The address.
    #[serde(serialize_with = "tls::as_text")]
    pub address: SocketAddr,
    /// What we lacked, for people.
    pub reason: String,
}

/// From where something was seen. `local` unless there are several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Vantage(Arc<str>);

impl Vantage {
    /// A vantage of this name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Vantage {
    fn default() -> Self {
        Self::new("local")
    }
}

impl fmt::Display for Vantage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The way a look takes to Auth0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// As a customer does, through the owner's proxy.
    #[default]
    Proxy,
    /// Straight to the origin host at Auth0's edge, past the proxy.
    Origin,
    /// To the tenant's canonical host.
    Tenant,
}

impl View {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Origin => "origin",
            Self::Tenant => "tenant",
        }
    }
}
