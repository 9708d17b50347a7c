//! [`Settings`]: how we look.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::ClientIdentity;
use super::evidence::Sign;
use super::nameserver::Nameserver;
use crate::domain::DomainName;
use crate::observation::Clause;

/// How a domain is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// From connect to the end of the body, each address; DNS has its own of the same length.
    pub timeout: Duration,
    /// At how many addresses a look asks for the discovery document; the rest have their turn at the next.
    pub http_addresses: usize,
    /// Resolvers to ask and compare; empty for the system's.
    pub nameservers: Vec<Nameserver>,
    /// Whether names in this machine's hosts file have the addresses it says.
    pub hosts_file: bool,
    /// For how long DNS answers are remembered.
    pub dns_memory: DnsMemory,
    /// Added to the User-Agent, so that who is looked at knows whom to ask.
    pub contact: Option<String>,
    /// Whether the zone's own name servers are asked as well.
    pub authoritative: bool,
    /// Those name servers, where they are not to be found by the zone's own records; empty to find them.
    pub authorities: Vec<SocketAddr>,
    /// At which port name servers are asked that were found; anything but 53 is for tests.
    pub authority_port: u16,
    /// Whether the name servers above check signatures and are trusted in it, the way to them included.
    pub dnssec: bool,
    /// Whether registries are asked for the domain's registration (RDAP).
    pub rdap: bool,
    /// Where it is said which registry answers where (RFC 9224).
    pub rdap_bootstrap: String,
    /// Texts in an answer's body that mean that Auth0's edge rejects the proxy's key.
    pub key_markers: Vec<String>,
    /// The operator's own signs of who answers; they come before the built-in ones.
    pub evidence: Vec<Sign>,
    /// The origin host past the proxy, if it is to be looked at.
    pub origin: Option<Origin>,
    /// The tenant's canonical host, if it is to be looked at.
    pub tenant: Option<Host>,
    /// Whether servers are asked once a day if they still take TLS 1.0 and 1.1.
    pub legacy_versions: bool,
    /// Whether the host for mutual TLS that a discovery document names is watched as well.
    pub mtls_aliases: bool,
    /// What is shown to servers that ask for a client certificate.
    pub client: Option<ClientIdentity>,
    /// What of the proxy's part of the bargain is tried, and with what.
    pub contract: Contract,
    /// Whether CAs are asked when they suggest that a certificate be renewed (RFC 9773).
    pub ari: bool,
    /// The ACME directory of the CA, where it is not known by its name.
    pub acme_directory: Option<String>,
    /// Whether certificates that a server leaves out are fetched from where the chain says (RFC 5280 §4.2.2.1).
    pub aia: bool,
    /// How it is found out whether certificates were revoked.
    pub revocation: RevocationMode,
}

/// How it is found out whether certificates were revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationMode {
    /// Not at all.
    Off,
    /// By the OCSP response that the server staples, if it does.
    Staple,
    /// By that and by the CA's lists.
    Crl,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            http_addresses: 4,
            nameservers: Vec::new(),
            hosts_file: false,
            dns_memory: DnsMemory::default(),
            contact: None,
            authoritative: false,
            authorities: Vec::new(),
            authority_port: 53,
            dnssec: false,
            rdap: false,
            rdap_bootstrap: "https://data.iana.org/rdap/dns.json".to_owned(),
            // The one wording Auth0 has published, in its guide to Google Cloud load balancers.
            key_markers: vec!["Invalid API key".to_owned()],
            evidence: Vec::new(),
            origin: None,
            tenant: None,
            legacy_versions: true,
            mtls_aliases: true,
            client: None,
            contract: Contract::default(),
            ari: true,
            acme_directory: None,
            aia: true,
            revocation: RevocationMode::Crl,
        }
    }
}

/// What of the proxy's part of the bargain is tried, and with what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contract {
    /// The clauses to try.
    pub clauses: BTreeSet<Clause>,
    /// A client of the operator's, for what takes one.
    pub client_id: Option<String>,
    /// Where that client lets users return to.
    pub redirect_uri: Option<String>,
    /// Where plain HTTP is answered; empty for port 80 of the address looked at.
    pub plain_addresses: Vec<SocketAddr>,
}

impl Contract {
    /// Requests that a trial makes at most, the plain one among them; 0 if nothing is tried.
    pub fn requests(&self) -> usize {
        if self.clauses.is_empty() { 0 } else { 1 + 2 * self.clauses.len() }
    }

    /// Whether there is what it takes to try this.
    pub fn can_try(&self, clause: Clause) -> bool {
        match clause {
            Clause::Authorize => self.client_id.is_some() && self.redirect_uri.is_some(),
            Clause::Saml => self.client_id.is_some(),
            _ => true,
        }
    }
}

/// A host past the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub name: DomainName,
    /// Connect here instead of where DNS says; empty for where DNS says.
    pub addresses: Vec<SocketAddr>,
}

/// Auth0's edge as the proxy reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The origin host.
    pub host: Host,
    /// The key that the proxy sends.
    pub key: Option<ApiKey>,
}

/// The `cname-api-key`. It prints as `***`, and leaves this room by one door alone: a connection whose chain, name and
/// date have been verified.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl ApiKey {
    /// A key.
    pub const fn new(key: SecretString) -> Self {
        Self(key)
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The text with the key blotted out.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        match self.expose() {
            "" => text.to_owned(),
            key => text.replace(key, "***"),
        }
    }
}

impl PartialEq for ApiKey {
    /// Whether it is the same key: the operator has configured both.
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for ApiKey {}

/// For how long DNS answers are remembered: their TTL within these bounds, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DnsMemory {
    /// At least; not above `at_most`.
    pub at_least: Duration,
    /// At most; zero to remember none.
    pub at_most: Duration,
}

impl Default for DnsMemory {
    fn default() -> Self {
        Self { at_least: Duration::from_secs(5), at_most: Duration::from_secs(3600) }
    }
}
