//! [`World`]: a dozen custom domains on loopback, in every kind of trouble, and everything they need to be looked at.
//!
//! [`STORIES`] is the one table of them: what each is called, what has happened to it, and what is to be found. Two proxies
//! serve them, as two nodes behind one name would; a name server has their records.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

use super::ca::{Authority, Issued, LabError, LeafSpec, self_signed};
use super::dns::{Data, NameServer, Zone};
use super::listen::ANY;
use super::proxy::{Answer, Proxy, Site};
use crate::domain::{Domain, DomainName, UnixTime};

const DAY: i64 = 86_400;
/// A certificate lives so long, in seconds.
const LIFETIME: i64 = 90 * DAY;
/// Days that a new certificate has, besides the half.
const FRESH: i64 = 89;
/// So that "ends in 12 days" is still true when somebody reads it.
const HALF_A_DAY: i64 = DAY / 2;
/// The name all domains are a CNAME for.
const PROXY: &str = "proxy.example.net";
/// The host at which Auth0 itself knows the tenant.
const TENANT: &str = "example.us.auth0.com";

/// One domain of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Story {
    /// The domain.
    pub name: &'static str,
    /// What has happened to it, in a few words.
    pub words: &'static str,
    /// The codes of the findings that this comes to, and of no others.
    pub codes: &'static [&'static str],
    trouble: Trouble,
}

/// What is wrong with a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Nothing,
    /// The certificate ends in so many days.
    EndsIn(i64),
    /// It is for this name.
    NameOf(&'static str),
    NoIntermediate,
    /// The second node has not got the new certificate.
    OldAtSecondNode,
    SelfSigned,
    NoKey,
    TenantsHost,
    BadGateway,
    NoTxt,
    NobodyListens,
}

/// Every domain of the world.
pub const STORIES: [Story; 13] = [
    story("healthy", "nothing is wrong", &[], Trouble::Nothing),
    story("expiring", "certificate ends in 12 days", &["tls.expires_soon"], Trouble::EndsIn(12)),
    story("last-days", "certificate ends in 2 days", &["tls.expires_soon"], Trouble::EndsIn(2)),
    story("expired", "certificate ended 3 days ago", &["tls.expired"], Trouble::EndsIn(-3)),
    story(
        "one-of-two",
        "second node was not renewed",
        &["tls.expired", "tls.addresses_disagree"],
        Trouble::OldAtSecondNode,
    ),
    story("wrong-name", "certificate of another name", &["tls.name_mismatch"], Trouble::NameOf("www.example.com")),
    story("no-chain", "intermediate is not sent", &["tls.chain_incomplete"], Trouble::NoIntermediate),
    story("self-signed", "certificate signed by itself", &["tls.self_signed"], Trouble::SelfSigned),
    story("no-key", "proxy sends no cname-api-key", &["auth0.key_rejected"], Trouble::NoKey),
    story("tenant-host", "proxy names the tenant's host", &["auth0.issuer_mismatch"], Trouble::TenantsHost),
    story("bad-gateway", "proxy does not reach Auth0", &["http.error_status"], Trouble::BadGateway),
    story("no-txt", "TXT record was tidied away", &["dns.txt_missing"], Trouble::NoTxt),
    story("refused", "nobody listens", &["connect.refused"], Trouble::NobodyListens),
];

/// The one of [`STORIES`] that [`World::renew`] mends.
pub const RENEWABLE: &Story = &STORIES[3];

const fn story(name: &'static str, words: &'static str, codes: &'static [&'static str], trouble: Trouble) -> Story {
    Story { name, words, codes, trouble }
}

impl Story {
    /// The domain's full name.
    pub fn domain(&self) -> Result<DomainName, LabError> {
        Ok(DomainName::parse(&format!("{}.example.com", self.name))?)
    }
}

/// The running world; dropping it ends it.
#[derive(Debug)]
pub struct World {
    nodes: [Proxy; 2],
    nameserver: NameServer,
    /// Bound, but nobody listens: whoever connects is refused, and nobody else can take the port.
    closed: (TcpSocket, SocketAddr),
    issuer: Authority,
}

impl World {
    /// Starts it, with certificates whose dates are told from `now`.
    pub async fn start(now: UnixTime) -> Result<Self, LabError> {
        let issuer = Authority::root("Lab Root")?.intermediate("Lab Intermediate")?;
        let nodes = [Proxy::start().await?, Proxy::start().await?];
        for story in &STORIES {
            furnish(story, &nodes, &issuer, now)?;
        }
        let socket = TcpSocket::new_v4()?;
        socket.bind(ANY)?;
        let closed = socket.local_addr()?;
        let nameserver = NameServer::start(zones()?).await?;
        Ok(Self { nodes, nameserver, closed: (socket, closed), issuer })
    }

    /// Where the records of all its domains are.
    pub const fn nameserver(&self) -> SocketAddr {
        self.nameserver.address()
    }

    /// The root to trust, as PEM.
    pub fn root_pem(&self) -> String {
        self.issuer.root_pem()
    }

    /// The intermediate that signs its certificates, as PEM: for whoever is to tell a chain that lacks it from one that leads
    /// nowhere.
    pub fn intermediate_pem(&self) -> String {
        self.issuer.certificate_pem()
    }

    /// Every domain as its owner would describe it; how often to look and when to warn is left as it is by default.
    pub fn domains(&self) -> Result<Vec<Domain>, LabError> {
        STORIES.iter().map(|story| self.domain(story)).collect()
    }

    /// Gives [`RENEWABLE`] a new certificate, as of `now`.
    pub fn renew(&self, now: UnixTime) -> Result<(), LabError> {
        let name = RENEWABLE.domain()?;
        let site = Site::new(&certificate(&self.issuer, name.as_str(), now, FRESH)?, Answer::Discovery)?;
        self.nodes[0].put(&name, site);
        Ok(())
    }

    fn domain(&self, story: &Story) -> Result<Domain, LabError> {
        let mut domain = Domain::new(story.domain()?);
        domain.expected.cname = Some(DomainName::parse(PROXY)?);
        domain.expected.txt = Some(txt(story));
        domain.addresses = match story.trouble {
            Trouble::NobodyListens => vec![self.closed.1],
            Trouble::OldAtSecondNode => self.nodes.iter().map(Proxy::address).collect(),
            _ => vec![self.nodes[0].address()],
        };
        Ok(domain)
    }
}

/// Puts a domain on the proxies.
fn furnish(story: &Story, nodes: &[Proxy; 2], issuer: &Authority, now: UnixTime) -> Result<(), LabError> {
    let name = story.domain()?;
    let days = if let Trouble::EndsIn(days) = story.trouble { days } else { FRESH - age(story) };
    let shown = if let Trouble::NameOf(other) = story.trouble { other } else { name.as_str() };
    let answer = match story.trouble {
        Trouble::NoKey => Answer::KeyRejected,
        Trouble::TenantsHost => Answer::DiscoveryOf(DomainName::parse(TENANT)?),
        Trouble::BadGateway => Answer::Page(502),
        _ => Answer::Discovery,
    };
    let site = match story.trouble {
        Trouble::SelfSigned => Site::new(&self_signed(&spec(shown, now, days))?, answer)?,
        Trouble::NoIntermediate => Site::with_leaf_alone(&certificate(issuer, shown, now, days)?, answer)?,
        _ => Site::new(&certificate(issuer, shown, now, days)?, answer)?,
    };
    nodes[0].put(&name, site);
    if story.trouble == Trouble::OldAtSecondNode {
        nodes[1].put(&name, Site::new(&certificate(issuer, shown, now, -1)?, Answer::Discovery)?);
    }
    Ok(())
}

fn certificate(issuer: &Authority, name: &str, now: UnixTime, days: i64) -> Result<Issued, LabError> {
    issuer.leaf(&spec(name, now, days))
}

/// A leaf that ends in so many days and half a one; of those that are over, so many days and a half ago.
fn spec(name: &str, now: UnixTime, days: i64) -> LeafSpec {
    let ends = now.plus(days * DAY + if days < 0 { -HALF_A_DAY } else { HALF_A_DAY });
    LeafSpec::new(name, ends.0 - LIFETIME, ends.0)
}

/// The records: a CNAME to the proxy for each domain, and what proves to Auth0 whose it is.
fn zones() -> Result<Vec<Zone>, LabError> {
    let proxy = DomainName::parse(PROXY)?;
    let mut zone = Zone::new(DomainName::parse("example.com")?);
    for story in &STORIES {
        zone = zone.with(story.domain()?, Data::Cname(proxy.clone()));
        if story.trouble != Trouble::NoTxt {
            zone = zone.with(Domain::new(story.domain()?).txt_name(), Data::Txt(txt(story)));
        }
    }
    let there = Zone::new(DomainName::parse("example.net")?).with(proxy, Data::A(Ipv4Addr::LOCALHOST));
    Ok(vec![zone, there])
}

/// In the form of the value that Auth0 gives, another for each domain.
fn txt(story: &Story) -> String {
    format!("{:08x}-0b47-40a5-89de-1f31bfef20af", number(story))
}

/// How many days ago a domain's certificate was last renewed in time: not all of them on the same day.
fn age(story: &Story) -> i64 {
    i64::from(number(story) % 50)
}

/// The same for a domain each time, and for no two of them the same.
fn number(story: &Story) -> u32 {
    story.name.bytes().fold(0, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_story_is_another() {
        let names: BTreeSet<_> = STORIES.iter().map(|story| story.name).collect();
        let proofs: BTreeSet<_> = STORIES.iter().map(txt).collect();
        assert_eq!((names.len(), proofs.len()), (STORIES.len(), STORIES.len()));
        assert_eq!(RENEWABLE.codes, ["tls.expired"]);
        assert!(STORIES.iter().all(|story| story.codes.is_empty() == (story.trouble == Trouble::Nothing)));
    }

    #[tokio::test]
    async fn whoever_connects_where_nobody_listens_is_refused() {
        let world = World::start(UnixTime(1_800_000_000)).await.unwrap();
        let domains = world.domains().unwrap();
        let refused = domains.iter().find(|domain| domain.name.as_str() == "refused.example.com").unwrap();
        let error = tokio::net::TcpStream::connect(refused.addresses[0]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
        for domain in domains.iter().filter(|domain| domain.name != refused.name) {
            for address in &domain.addresses {
                tokio::net::TcpStream::connect(address).await.unwrap();
            }
        }
    }
}
