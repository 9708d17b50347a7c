//! [`Site`]: a domain, and what a look sees of it when. [`Mint`]: whoever makes the certificates.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use notafter::domain::{Domain, DomainName, UnixTime};
use notafter::keeper::LookRequest;
use notafter::lab::ca::{Authority, LeafSpec};
use notafter::observation::{
    Auth0Observation, Code, DnsObservation, Failure, Look, Lookup, Outcome, Presented, TlsObservation, Vantage, View,
    ViewObservation,
};
use notafter::trust::TrustStore;

use super::{MINUTE, START};

/// An authority that everybody trusts.
pub(super) struct Mint {
    authority: Authority,
    trust: TrustStore,
}

impl Mint {
    pub(super) fn new() -> Self {
        Self::named("Lab")
    }

    pub(super) fn named(name: &str) -> Self {
        let root = Authority::root(&format!("{name} Root")).unwrap();
        let authority = root.intermediate(&format!("{name} Intermediate")).unwrap();
        let trust = TrustStore::new(&[authority.root_certificate().clone()], &[]).unwrap();
        Self { authority, trust }
    }

    /// A chain for this name, its leaf valid from and until so many seconds after the beginning.
    pub(super) fn chain(&self, name: &DomainName, from: i64, until: i64) -> Arc<Presented> {
        self.chain_of(name, &LeafSpec::new(name.as_str(), START + from, START + until))
    }

    /// A chain with this leaf.
    pub(super) fn chain_of(&self, name: &DomainName, leaf: &LeafSpec) -> Arc<Presented> {
        self.assess(name, &self.authority.leaf(leaf).unwrap().chain())
    }

    /// The chain of this leaf, assessed for nobody yet.
    pub(super) fn issue(&self, leaf: &LeafSpec) -> Vec<rustls_pki_types::CertificateDer<'static>> {
        self.authority.leaf(leaf).unwrap().chain()
    }

    pub(super) fn assess(&self, name: &DomainName, chain: &[rustls_pki_types::CertificateDer<'_>]) -> Arc<Presented> {
        self.trust.assess(chain, name)
    }
}

/// What can befall a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nobody listens.
    Refused,
    /// Nobody listens at any but the first address.
    RefusedThere,
    /// The name is gone.
    Nxdomain,
    /// The name servers fail for it, though they answer for others.
    Servfail,
    /// The ownership record is gone.
    NoTxt,
    /// The issuer is somebody else.
    WrongIssuer,
    /// The proxy does not reach Auth0.
    Gateway,
    /// The proxy's key is refused.
    Forbidden,
    /// The origin host answers with an error past the proxy.
    EdgeDown,
    /// The tenant's own host answers with an error.
    TenantDown,
    /// The key that we were given is not the one that opens.
    OtherKey,
}

/// From which second on which chain is presented.
type Chains = Vec<(i64, Arc<Presented>)>;

/// A domain, and what is true of it when.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) domain: Domain,
    pub(super) address: SocketAddr,
    /// From which second on which chain is presented.
    chains: Chains,
    /// Its other addresses, each with its chains.
    others: Vec<(SocketAddr, Chains)>,
    /// From when until when (exclusive) what is wrong.
    faults: Vec<(i64, i64, Fault)>,
    /// Whether the origin host is looked at past the proxy.
    pub(super) has_origin: bool,
}

impl Site {
    /// A site at an address of its own behind no particular proxy, looked at every five minutes.
    pub(super) fn new(name: &str) -> Self {
        let mut domain = Domain::new(DomainName::parse(name).unwrap());
        domain.interval = Duration::from_secs(5 * MINUTE as u64);
        let address = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 443));
        Self { domain, address, chains: Vec::new(), others: Vec::new(), faults: Vec::new(), has_origin: false }
    }

    /// The same behind another proxy.
    pub(super) fn at(mut self, last: u8) -> Self {
        self.address = SocketAddr::from((Ipv4Addr::new(192, 0, 2, last), 443));
        self
    }

    pub(super) fn every(mut self, seconds: i64) -> Self {
        self.domain.interval = Duration::from_secs(u64::try_from(seconds).unwrap());
        self
    }

    /// Another address of the same; what it is said to present from here on is presented there.
    pub(super) fn and_at(mut self, address: &str) -> Self {
        self.others.push((address.parse().unwrap(), Vec::new()));
        self
    }

    /// From a second on this chain is presented.
    pub(super) fn presents(mut self, from: i64, chain: Arc<Presented>) -> Self {
        self.others.last_mut().map_or(&mut self.chains, |(_, chains)| chains).push((from, chain));
        self
    }

    /// The same with a certificate of so many seconds, of which so many are left at `from`.
    pub(super) fn certificate(self, mint: &Mint, from: i64, lifetime: i64, left: i64) -> Self {
        let until = from + left;
        let chain = mint.chain(&self.domain.name, until - lifetime, until);
        self.presents(from, chain)
    }

    pub(super) fn fails(mut self, from: i64, until: i64, fault: Fault) -> Self {
        self.faults.push((from, until, fault));
        if fault == Fault::NoTxt {
            self.domain.expected.txt = Some("f7a51f40-0b47-40a5-89de-1f31bfef20af".to_owned());
        }
        self
    }

    /// The same, looked at past the proxy as well: at its origin host, and at this tenant.
    pub(super) fn past_proxy(mut self, tenant: &str) -> Self {
        self.has_origin = true;
        self.domain.tenant = Some(DomainName::parse(tenant).unwrap());
        self
    }

    /// What the tenant's own host answers at this second.
    pub(super) fn tenant_view(&self, at: i64, wall: UnixTime) -> ViewObservation {
        let host = self.domain.tenant.clone().unwrap();
        let mut answer = good(&host);
        if self.has(Fault::TenantDown, at) {
            answer = refused(503);
        }
        view(View::Tenant, host, wall, answer)
    }

    fn origin_view(&self, at: i64, wall: UnixTime) -> ViewObservation {
        let mut answer = good(&self.domain.name);
        if self.has(Fault::EdgeDown, at) {
            answer = refused(502);
        }
        if self.has(Fault::OtherKey, at) {
            answer = refused(403);
        }
        answer.key_sent = Some(true);
        view(View::Origin, DomainName::parse("example-cd-x.edge.tenants.us.auth0.com").unwrap(), wall, answer)
    }

    fn has(&self, fault: Fault, at: i64) -> bool {
        self.faults.iter().any(|(from, until, what)| *what == fault && (*from..*until).contains(&at))
    }

    /// What a look through the proxy alone sees at this second.
    pub(super) fn look(&self, at: i64, wall: UnixTime, asks: bool, resolver_answers: bool) -> Look {
        let domain = self.domain.name.clone();
        let requests = usize::from(asks);
        let request = LookRequest {
            domain,
            turn: 0,
            requests,
            documents: 0,
            origin: 0,
            origin_is_due: false,
            contract: false,
            known: None,
            closely: false,
        };
        self.look_as(at, wall, &request, resolver_answers)
    }

    /// What a look sees at this second that does as it is asked to.
    pub(super) fn look_as(&self, at: i64, wall: UnixTime, request: &LookRequest, resolver_answers: bool) -> Look {
        let dns = self.records(at, resolver_answers);
        let found = dns.a.outcome == Outcome::Found;
        let tls: Vec<TlsObservation> = if found { self.handshakes(at) } else { Vec::new() };
        let shaken = tls.iter().filter(|tls| tls.failure.is_none() && request.requests > 0);
        let auth0: Vec<Auth0Observation> = shaken.map(|tls| self.answer(tls.address, at)).collect();
        let did_well = !tls.is_empty()
            && tls.iter().all(|tls| tls.failure.is_none())
            && auth0.iter().all(|answer| answer.status == Some(200));
        let asks_origin = self.has_origin && request.origin > 0 && (request.origin_is_due || !did_well);
        Look {
            domain: self.domain.name.clone(),
            vantage: Vantage::default(),
            view: View::Proxy,
            at: wall,
            dns: Some(dns),
            tls,
            auth0,
            no_route: Vec::new(),
            not_looked: Vec::new(),
            surplus_addresses: 0,
            origin: asks_origin.then(|| Box::new(self.origin_view(at, wall))),
            client_certificate: None,
            contract: None,
            elapsed_ms: 1,
        }
    }

    fn records(&self, at: i64, resolver_answers: bool) -> DnsObservation {
        let outcome = match () {
            () if !resolver_answers || self.has(Fault::Servfail, at) => Outcome::Servfail,
            () if self.has(Fault::Nxdomain, at) => Outcome::Nxdomain,
            () => Outcome::Found,
        };
        let answers = outcome == Outcome::Found;
        let all = || std::iter::once(self.address).chain(self.others.iter().map(|(address, _)| *address));
        let v4 = all().filter_map(|address| if let SocketAddr::V4(v4) = address { Some(*v4.ip()) } else { None });
        let v6 = all().filter_map(|address| if let SocketAddr::V6(v6) = address { Some(*v6.ip()) } else { None });
        let a = Lookup::found(v4.collect(), 60);
        let aaaa = Lookup::found(v6.collect(), 60);
        let txt = self.domain.expected.txt.clone().filter(|_| answers && !self.has(Fault::NoTxt, at));
        let no_data = if answers { Outcome::NoData } else { outcome };
        DnsObservation {
            a: if answers { a } else { Lookup::empty(outcome) },
            aaaa: if answers && !aaaa.records.is_empty() { aaaa } else { Lookup::empty(no_data) },
            txt: match txt {
                Some(txt) => Lookup::found(vec![txt], 60),
                None => Lookup::empty(no_data),
            },
            others_answer: outcome.is_failure().then_some(resolver_answers),
            elapsed_ms: 1,
            ..DnsObservation::new(vec!["192.0.2.53:53".into()], self.domain.txt_name())
        }
    }

    fn handshakes(&self, at: i64) -> Vec<TlsObservation> {
        let others = self.others.iter().map(|(address, chains)| self.handshake(*address, chains, at));
        std::iter::once(self.handshake(self.address, &self.chains, at)).chain(others).collect()
    }

    fn handshake(&self, address: SocketAddr, chains: &[(i64, Arc<Presented>)], at: i64) -> TlsObservation {
        let mut tls = TlsObservation::new(address);
        let there = self.has(Fault::RefusedThere, at) && address != self.address;
        if self.has(Fault::Refused, at) || there {
            tls.failure = Some(Failure::new(Code::ConnectRefused, "connection refused"));
        } else {
            tls.presented = chains.iter().rfind(|(from, _)| *from <= at).map(|(_, chain)| Arc::clone(chain));
            tls.version = Some("TLSv1.3".to_owned());
        }
        tls
    }

    fn answer(&self, address: SocketAddr, at: i64) -> Auth0Observation {
        let issuer = if self.has(Fault::WrongIssuer, at) { "example.us.auth0.com" } else { self.domain.name.as_str() };
        let mut answer = match () {
            () if self.has(Fault::Gateway, at) => refused(502),
            () if self.has(Fault::Forbidden, at) => refused(403),
            () => good(&DomainName::parse(issuer).unwrap()),
        };
        answer.address = address;
        answer
    }
}

/// The document of this host.
fn good(host: &DomainName) -> Auth0Observation {
    let mut answer = refused(200);
    answer.is_json = true;
    answer.issuer = Some(format!("https://{host}/"));
    answer
}

fn refused(status: u16) -> Auth0Observation {
    let mut answer = Auth0Observation::new(([198, 51, 100, 1], 443).into());
    answer.status = Some(status);
    answer
}

fn view(view: View, host: DomainName, at: UnixTime, answer: Auth0Observation) -> ViewObservation {
    ViewObservation {
        view,
        host,
        at,
        failure: None,
        tls: vec![TlsObservation::new(answer.address)],
        distrusted: Vec::new(),
        auth0: vec![Auth0Observation { view, ..answer }],
        not_looked: Vec::new(),
    }
}
