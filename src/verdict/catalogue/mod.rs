//! The catalogue: one entry a code, with everything that is said of the code whatever the domain; a file an area.
//! `explain`, the mails, the docs and the schema of the labels are made from here.

mod auth0;
mod connect;
mod dns;
mod http;
mod tls;
mod watch;

use super::Severity;
use crate::observation::{Code, View};

/// What is said of a code whatever the domain.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The code.
    pub code: Code,
    /// Its severity unless the circumstances say otherwise.
    pub severity: Severity,
    /// How often it must be seen before it becomes an incident.
    pub kind: Kind,
    /// Which of its relatives are one and the same incident.
    pub family: Family,
    /// A few words, for a subject line.
    pub title: &'static str,
    /// What it means for customers, and how it is detected.
    pub explanation: &'static str,
    /// How to mend it.
    pub remedy: &'static str,
}

/// How often a finding must be seen before it becomes an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A date, a name, a trust path, an issuer: read once more on a fresh connection.
    Fact,
    /// A record: seen by two resolvers, or in two looks.
    Record,
    /// A fault of the network: seen in three looks.
    Network,
    /// Our own sight: seen in looks for as long as a fault of the network; told at once where we know it ourselves.
    Watch,
}

/// Findings of one family are one incident: a change of code within it updates or escalates, it never
/// resolves and opens anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The dates of a certificate.
    Expiry,
    /// Whom the certificate is for.
    Name,
    /// Whether its chain leads to a root.
    Trust,
    /// How long the root is good for.
    Root,
    /// CAs that are not trusted any more.
    Distrust,
    /// Stores of roots that disagree.
    Stores,
    /// Whether certificates were revoked.
    Revocation,
    /// The stapled OCSP response.
    Staple,
    /// Surplus or misplaced certificates in the chain.
    Chain,
    /// Whether certificates are made by the rules.
    Profile,
    /// Different certificates at different addresses.
    Rollout,
    /// What the last renewal changed.
    Renewal,
    /// Whether the CA wants the certificate replaced.
    Recall,
    /// The strength of keys and signatures.
    Strength,
    /// The versions of TLS that are taken besides those in use.
    Protocol,
    /// Whether transparency logs know the certificate.
    Transparency,
    /// For how long the certificate is valid at all.
    Lifetime,
    /// Whether private key and certificate belong together.
    Key,
    /// Whether the server lets us in with, or without, a client certificate.
    Client,
    /// The dates of our client certificate.
    ClientExpiry,
    /// Whether connection and handshake come to be.
    Reach,
    /// Whether there is an address.
    Address,
    /// Where the CNAME leads.
    Cname,
    /// The ownership record.
    Txt,
    /// Whether the CA may issue the next certificate.
    Caa,
    /// Whether resolvers tell the same.
    Agreement,
    /// Whether resolvers say what the zone says.
    Spreading,
    /// The zone's own name servers.
    Nameservers,
    /// How long DNSSEC signatures are good.
    Signatures,
    /// The registration of the domain.
    Registration,
    /// Whether a login reaches Auth0.
    Login,
    /// Whether the proxy keeps its part of the bargain.
    Contract,
    /// Whether browsers are told to come by HTTPS alone.
    Hsts,
    /// Whether Auth0 still knows the domain as the same.
    Listing,
    /// How far Auth0 says that its set-up is.
    Setup,
    /// Whether Auth0 sees who its clients are.
    ClientIp,
    /// Whether the discovery document leads where it should.
    Document,
    /// Whether clients get the keys that tokens are signed with.
    Keys,
    /// Whether a cache tells requests apart.
    Cache,
    /// The dates of the signing keys' certificates.
    SigningCertificate,
    /// Whether the proxy forwards everything.
    Forwarding,
    /// Auth0's edge, past the proxy.
    Edge,
    /// The tenant's canonical host.
    Tenant,
    /// Our resolvers.
    Resolver,
    /// Our lists of domains.
    Discovery,
    /// Our own network.
    Sight,
    /// Our own list of transparency logs.
    Logs,
    /// Whether looks begin in time.
    Load,
    /// Our own store.
    Store,
    /// Our own mail.
    Delivery,
    /// Our own mail, as far as it is given up.
    DeadLetter,
    /// Our own heartbeat.
    Heartbeat,
}

impl Family {
    /// Those that are known by what not every look asks.
    pub const SELDOM_ASKED: [Self; 4] = [Self::Caa, Self::Spreading, Self::Nameservers, Self::Signatures];

    /// Its stable name, a part of an incident's key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expiry => "expiry",
            Self::Name => "name",
            Self::Trust => "trust",
            Self::Root => "root",
            Self::Distrust => "distrust",
            Self::Stores => "stores",
            Self::Revocation => "revocation",
            Self::Staple => "staple",
            Self::Chain => "chain",
            Self::Profile => "profile",
            Self::Rollout => "rollout",
            Self::Renewal => "renewal",
            Self::Recall => "recall",
            Self::Strength => "strength",
            Self::Protocol => "protocol",
            Self::Transparency => "transparency",
            Self::Lifetime => "lifetime",
            Self::Key => "key",
            Self::Client => "client",
            Self::ClientExpiry => "client_expiry",
            Self::Reach => "reach",
            Self::Address => "address",
            Self::Cname => "cname",
            Self::Txt => "txt",
            Self::Caa => "caa",
            Self::Agreement => "agreement",
            Self::Spreading => "spreading",
            Self::Nameservers => "nameservers",
            Self::Signatures => "signatures",
            Self::Registration => "registration",
            Self::Login => "login",
            Self::Contract => "contract",
            Self::Hsts => "hsts",
            Self::Listing => "listing",
            Self::Setup => "setup",
            Self::ClientIp => "client_ip",
            Self::Document => "document",
            Self::Keys => "keys",
            Self::Cache => "cache",
            Self::SigningCertificate => "signing_certificate",
            Self::Forwarding => "forwarding",
            Self::Edge => "edge",
            Self::Tenant => "tenant",
            Self::Resolver => "resolver",
            Self::Discovery => "discovery",
            Self::Sight => "sight",
            Self::Logs => "logs",
            Self::Load => "load",
            Self::Store => "store",
            Self::Delivery => "delivery",
            Self::DeadLetter => "dead_letter",
            Self::Heartbeat => "heartbeat",
        }
    }
}

impl Family {
    /// The view by which its findings are seen: one family is seen by one.
    pub const fn view(self) -> View {
        match self {
            Self::Edge => View::Origin,
            Self::Tenant => View::Tenant,
            _ => View::Proxy,
        }
    }
}

/// The entry of a code. Every code has one; a test holds that.
pub fn entry(code: Code) -> &'static Entry {
    &ENTRIES[code as usize]
}

/// Every entry, in the order of [`Code::ALL`].
pub const ENTRIES: &[Entry] = &TOGETHER;

static TOGETHER: [Entry; Code::ALL.len()] =
    together([dns::ENTRIES, connect::ENTRIES, tls::ENTRIES, http::ENTRIES, auth0::ENTRIES, watch::ENTRIES]);

/// The areas' entries, one after the other.
const fn together<const N: usize>(areas: [&[Entry]; 6]) -> [Entry; N] {
    let mut all = [areas[0][0]; N];
    let (mut area, mut next) = (0, 0);
    while area < areas.len() {
        let mut index = 0;
        while index < areas[area].len() {
            all[next] = areas[area][index];
            (index, next) = (index + 1, next + 1);
        }
        area += 1;
    }
    assert!(next == N, "a code without its entry");
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_entry_in_order() {
        assert_eq!(ENTRIES.len(), Code::ALL.len());
        for (entry, code) in ENTRIES.iter().zip(Code::ALL) {
            assert_eq!(entry.code, *code);
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            for text in [entry.title, entry.explanation, entry.remedy] {
                assert!(!text.is_empty() && !text.contains("  "), "{code}: {text:?}");
            }
        }
    }

    #[test]
    fn kinds_follow_the_area() {
        for entry in ENTRIES {
            let expected = match entry.code.area() {
                "watch" => Some(Kind::Watch),
                "connect" => Some(Kind::Network),
                _ => None,
            };
            assert!(expected.is_none_or(|kind| kind == entry.kind), "{}", entry.code);
        }
    }
}
