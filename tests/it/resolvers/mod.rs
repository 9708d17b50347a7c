//! The resolvers themselves: how they are reached, what they do wrong, what they say differently, and what need not be
//! asked of them again.

mod channels;
mod differing;
mod liars;
mod memory;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use notafter::domain::{Domain, DomainName, UnixTime};
use notafter::lab::ca::{Authority, LeafSpec};
use notafter::observation::DnsObservation;
use notafter::probe::{Nameserver, Resolvers, Settings, Target, Turn, look};
use notafter::trust::TrustStore;

use super::servers::Identity;

const UUID: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";

fn name(text: &str) -> DomainName {
    DomainName::parse_record(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Whoever looks, in this very process.
struct Looker {
    settings: Settings,
    trust: Arc<TrustStore>,
    resolvers: Arc<Resolvers>,
}

impl Looker {
    /// One that asks these resolvers, and trusts this authority.
    fn new(authority: &Authority, nameservers: &[&str]) -> Self {
        let settings = Settings {
            timeout: Duration::from_secs(2),
            nameservers: nameservers.iter().map(|text| Nameserver::parse(text).unwrap()).collect(),
            ..Settings::default()
        };
        let trust = Arc::new(TrustStore::new(&[authority.root_certificate().clone()], &[]).unwrap());
        Self { settings, trust, resolvers: Arc::default() }
    }

    /// What a look finds out from DNS; nobody listens where it connects.
    async fn ask(&self, domain: &str, known: Option<&DnsObservation>, at: UnixTime) -> DnsObservation {
        let mut domain = Domain::new(name(domain));
        domain.addresses = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 1))];
        let target = Target {
            domain: &domain,
            settings: &self.settings,
            trust: &self.trust,
            library: &Arc::default(),
            resolvers: &self.resolvers,
            known,
        };
        look(target, at, Turn { number: 1, ..Turn::whole(0) }).await.dns.unwrap()
    }
}

/// An authority, and an identity for a name that holds today: certificates of resolvers are judged by the real clock.
fn identity(host: &str) -> (Authority, Identity) {
    let authority = Authority::root("Lab Root").unwrap();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(since.as_secs()).unwrap();
    let issued = authority.leaf(&LeafSpec::new(host, now - 3600, now + 86_400)).unwrap();
    (authority, Identity::from(&issued))
}
