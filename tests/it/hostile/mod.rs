//! Peers that break faith: whatever a server does, a look at it ends within its deadline and in little memory, with a
//! finding that says so at the hop where it happened.

mod alerts;
mod any_byte;
mod measure;
mod peers;
mod words;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use notafter::domain::{Domain, DomainName, UnixTime};
use notafter::lab::ca::{Authority, Issued};
use notafter::lab::dns::{Data, NameServer, Zone};
use notafter::lab::hostile::{Hostile, Manner};
use notafter::probe::{Nameserver, Settings, Target, Turn, look};
use notafter::trust::TrustStore;
use notafter::verdict::{Record, Surroundings, Verdict, judge};

use super::stage::{day, sound};

const NAME: &str = "login.example";

/// A root to trust, a name server that knows the one name, and a sound certificate for it.
struct World {
    root: Authority,
    issued: Issued,
    dns: NameServer,
}

impl World {
    async fn start() -> Self {
        let root = Authority::root("Lab Root").unwrap();
        let issued = root.leaf(&sound(NAME)).unwrap();
        let name = |text| DomainName::parse(text).unwrap();
        let zone = Zone::new(DomainName::parse_record("example").unwrap());
        let zone = zone.with(name(NAME), Data::A(Ipv4Addr::LOCALHOST));
        Self { root, issued, dns: NameServer::start(vec![zone]).await.unwrap() }
    }

    fn nameserver(&self) -> SocketAddr {
        self.dns.address()
    }

    /// One look at a server, without the program around it.
    async fn look_at(&self, peer: &Hostile, timeout: Duration) -> Verdict {
        let mut domain = Domain::new(DomainName::parse(NAME).unwrap());
        domain.addresses = vec![peer.address()];
        let settings =
            Settings { timeout, nameservers: vec![Nameserver::at(self.nameserver())], ..Settings::default() };
        let trust = Arc::new(TrustStore::new(&[self.root.certificate().clone()], &[]).unwrap());
        let (at, turn) = (UnixTime(day(0)), Turn { documents: 0, ..Turn::whole(1) });
        let seen = look(
            Target {
                domain: &domain,
                settings: &settings,
                trust: &trust,
                library: &Arc::default(),
                resolvers: &Arc::default(),
                known: None,
            },
            at,
            turn,
        )
        .await;
        let mut record = Record::default();
        record.absorb(seen);
        judge(&domain, &record, &Surroundings::default(), at)
    }

    /// A server that shakes hands as it should.
    fn honest(&self) -> Manner {
        Manner::shaking_hands(&self.issued).unwrap()
    }
}

/// The findings' codes, and where the path is broken.
fn told(verdict: &Verdict) -> (Vec<&str>, Option<&str>) {
    let codes = verdict.findings.iter().map(|finding| finding.code.as_str()).collect();
    (codes, verdict.path.broken_at().map(|hop| hop.as_str()))
}
