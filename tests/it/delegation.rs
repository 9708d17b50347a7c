//! A zone's own name servers, found as resolvers find them: by the zone's records, by the zone above, over both families.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use notafter::domain::{Domain, DomainName, UnixTime};
use notafter::lab::ca::Authority;
use notafter::observation::{AuthorityObservation, Code, DnsObservation, Look, ServerState};
use notafter::probe::{Nameserver, Settings, Target, Turn, look};
use notafter::trust::TrustStore;
use notafter::verdict::{Record, Severity, Surroundings, Verdict, judge};

use super::servers::{Channel, Knot, Nsd, Unbound};

const CHILD: &str = "@ SOA ns1 hostmaster 5 3600 600 86400 60\n@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns1 AAAA ::1\n\
    ns2 A 127.0.0.3\nlogin A 127.0.0.1\n";
/// The delegation knows a server that the zone does not, and nobody has.
const PARENT: &str = "@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.2\n\
    child NS ns1.child\nchild NS ns2.child\nchild NS ns4.child\n\
    ns1.child A 127.0.0.1\nns2.child A 127.0.0.3\nns4.child A 127.0.0.4\n";

/// A zone with two name servers, the zone above it with one, all on one port, and a resolver.
pub(super) struct World {
    servers: (Knot, Nsd, Nsd),
    resolver: Unbound,
}

impl World {
    /// The resolver knows the way to the zone, or must find it: at port 53, where nobody is.
    pub(super) fn new(resolver_knows: bool) -> Self {
        let knot = Knot::start(&[("child.parent.example", CHILD)]);
        let at = |last: u8| SocketAddr::from(([127, 0, 0, last], knot.address().port()));
        let parent = Nsd::at(at(2), &[("parent.example", PARENT), ("example", "")]);
        let second = Nsd::at(at(3), &[("child.parent.example", CHILD)]);
        let above = parent.address();
        let zones = [("example", above), ("parent.example", above), ("child.parent.example", knot.address())];
        let resolver = Unbound::start(if resolver_knows { &zones } else { &zones[..2] }, None, "");
        Self { servers: (knot, parent, second), resolver }
    }

    /// Looks at `login` in the zone, and judges.
    pub(super) async fn look(&self) -> (Look, Verdict) {
        let mut domain = Domain::new(DomainName::parse("login.child.parent.example").unwrap());
        domain.addresses = vec!["127.0.0.1:1".parse().unwrap()];
        let settings = Settings {
            nameservers: vec![Nameserver::at(self.resolver.address(Channel::Plain))],
            authoritative: true,
            timeout: Duration::from_secs(6),
            authority_port: self.servers.0.address().port(),
            ..Settings::default()
        };
        let root = Authority::root("Lab Root").unwrap();
        let trust = Arc::new(TrustStore::new(&[root.root_certificate().clone()], &[]).unwrap());
        let (library, resolvers) = (Arc::default(), Arc::default());
        let target = Target {
            domain: &domain,
            settings: &settings,
            trust: &trust,
            library: &library,
            resolvers: &resolvers,
            known: None,
        };
        let at = UnixTime(1_796_083_200);
        let seen = look(target, at, Turn::whole(4)).await;
        let mut record = Record::default();
        record.absorb(seen.clone());
        let verdict = judge(&domain, &record, &Surroundings::default(), at);
        (seen, verdict)
    }
}

/// What is found of the records.
pub(super) fn of_records(verdict: &Verdict) -> Vec<(Code, Severity)> {
    let all = verdict.findings.iter().filter(|finding| finding.code.area() == "dns");
    all.map(|finding| (finding.code, finding.severity)).collect()
}

fn dns(look: &Look) -> &DnsObservation {
    look.dns.as_ref().unwrap()
}

fn authority(look: &Look) -> &AuthorityObservation {
    dns(look).authority.as_ref().unwrap()
}

/// Each server and what it is good for; without the address of IPv6, which not every machine has.
fn servers(look: &Look) -> Vec<(String, String, ServerState)> {
    let all = authority(look).servers.iter().filter(|server| server.address.is_ipv4());
    let of = |server: &notafter::observation::ZoneServer| {
        (server.name.as_ref().unwrap().to_string(), server.address.ip().to_string(), server.state)
    };
    all.map(of).collect()
}

fn expected() -> Vec<(String, String, ServerState)> {
    let server =
        |number: u8, last: u8, state| (format!("ns{number}.child.parent.example"), format!("127.0.0.{last}"), state);
    let (good, dead) = (ServerState::Answers, ServerState::Unreachable);
    vec![server(1, 1, good), server(2, 3, good), server(4, 4, dead)]
}

#[tokio::test]
async fn the_servers_of_zone_and_delegation_are_found_and_asked_over_both_families() {
    let (seen, verdict) = World::new(true).look().await;
    let authority = authority(&seen);
    assert_eq!(authority.zone.as_ref().map(DomainName::as_str), Some("child.parent.example"));
    assert_eq!(authority.zone_servers.len(), 2);
    assert_eq!(authority.parent_servers.as_ref().map(Vec::len), Some(3));
    // The resolver has no address of the server that is only in the delegation; the zone above has.
    assert_eq!(servers(&seen), expected());
    let v6 = authority.servers.iter().find(|server| server.address.is_ipv6()).unwrap();
    assert_eq!((v6.address.ip().to_string().as_str(), v6.serial), ("::1", Some(5)));
    assert_eq!(
        of_records(&verdict),
        [(Code::DnsNameserverUnreachable, Severity::Warning), (Code::DnsDelegationDiffers, Severity::Info)]
    );
}

#[tokio::test]
async fn where_the_resolver_fails_the_servers_are_found_by_the_zone_above() {
    let (seen, verdict) = World::new(false).look().await;
    assert!(dns(&seen).failed(), "{:?}", dns(&seen));
    let authority = authority(&seen);
    assert_eq!(authority.zone.as_ref().map(DomainName::as_str), Some("child.parent.example"));
    assert_eq!((authority.zone_servers.len(), servers(&seen)), (0, expected()));
    let summary = |code| &verdict.findings.iter().find(|finding| finding.code == code).unwrap().summary;
    assert!(summary(Code::DnsNameserverUnreachable).contains("ns4.child.parent.example"), "{verdict:?}");
}
