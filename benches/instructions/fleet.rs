//! Domains that do well, and one look like another at them: always the same, so that a count is the same as well.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use notafter::domain::{Domain, DomainName, Now, UnixTime};
use notafter::incident::Policy;
use notafter::keeper::{Keeper, Recipient, Watch};
use notafter::observation::{Auth0Observation, DnsObservation, Look, Lookup, Outcome, Presented, TlsObservation};
use notafter::trust::TrustStore;
use notafter::verdict::Severity;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// A leaf for `*.example.com`, its issuer, and the root; good for 90 days from 2026-11-25 on.
const CHAIN: &[u8] = include_bytes!("chain.pem");
/// 2026-11-26T02:13:20Z, one day later.
const START: UnixTime = UnixTime(1_795_660_000);
const VALUE: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";

/// A chain, and whoever trusts it.
pub(crate) struct Pki {
    /// Leaf first, without the root.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// The root alone is trusted.
    pub(crate) trust: TrustStore,
    /// What that makes of the chain; it is as good for every one of our domains.
    pub(crate) presented: Arc<Presented>,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let all = CertificateDer::pem_slice_iter(CHAIN).collect::<Result<Vec<_>, _>>();
        let mut chain = all.expect("certificates");
        let root = chain.pop().expect("a root");
        let trust = TrustStore::new(&[root], &[]).expect("a store");
        Self { presented: trust.assess(&chain, &domain(0).name), chain, trust }
    }
}

/// So long after the beginning.
pub(crate) fn after(time: Duration) -> Now {
    let seconds = i64::try_from(time.as_secs()).expect("some seconds");
    Now { wall: START.plus(seconds), mono: time }
}

/// The domain of this number.
pub(crate) fn domain(number: usize) -> Domain {
    let name = DomainName::parse(&format!("d{number}.example.com")).expect("a name");
    let mut domain = Domain { interval: Duration::from_secs(60), ..Domain::new(name) };
    domain.expected.txt = Some(VALUE.to_owned());
    domain
}

/// What every look at a domain sees that does well.
pub(crate) fn healthy(domain: &Domain, pki: &Pki, at: UnixTime) -> Look {
    let address = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 443));
    let (cached, asked_at) = (true, Some(START));
    let dns = DnsObservation {
        a: Lookup { cached, asked_at, ..Lookup::found(vec![Ipv4Addr::new(192, 0, 2, 1)], 300) },
        aaaa: Lookup { cached, asked_at, ttl: Some(300), ..Lookup::empty(Outcome::NoData) },
        txt: Lookup { cached, asked_at, ..Lookup::found(vec![VALUE.to_owned()], 300) },
        elapsed_ms: 1,
        ..DnsObservation::new(vec!["192.0.2.53:53".into()], domain.txt_name())
    };
    let mut tls = TlsObservation::new(address);
    tls.version = Some("TLSv1.3".to_owned());
    tls.cipher_suite = Some("TLS_AES_256_GCM_SHA384".to_owned());
    tls.group = Some("x25519".to_owned());
    tls.alpn = Some("h2".to_owned());
    tls.presented = Some(Arc::clone(&pki.presented));
    let mut answer = Auth0Observation::new(address);
    (answer.status, answer.is_json) = (Some(200), true);
    answer.issuer = Some(format!("https://{}/", domain.name));
    Look { dns: Some(dns), tls: vec![tls], auth0: vec![answer], elapsed_ms: 2, ..Look::new(domain.name.clone(), at) }
}

/// A keeper, and the domains it watches.
pub(crate) struct Fleet {
    pki: Pki,
    domains: Vec<Domain>,
    pub(crate) keeper: Keeper,
    time: Duration,
}

impl Fleet {
    /// So many domains, each seen healthy once.
    pub(crate) fn seen(count: usize) -> Self {
        let domains: Vec<Domain> = (0..count).map(domain).collect();
        let now = after(Duration::ZERO);
        let mut keeper = Keeper::restore(Policy::default(), &["oncall".to_owned()], Vec::new(), now);
        let recipients: Arc<[Recipient]> = [Recipient::of_all("oncall", Severity::Warning)].into();
        let watch = |domain: &Domain| Watch {
            domain: Arc::new(domain.clone()),
            http_addresses: 4,
            origin: false,
            contract: 0,
            tenant: false,
            revision: 0,
            recipients: recipients.clone(),
        };
        keeper.handle_watches(domains.iter().map(watch).collect(), now);
        let mut fleet = Self { pki: Pki::new(), domains, keeper, time: Duration::ZERO };
        for _ in 0..count {
            let look = fleet.next();
            fleet.take(look);
        }
        fleet
    }

    /// The next look that is due, made.
    pub(crate) fn next(&mut self) -> Look {
        let request = loop {
            if let Some(request) = self.keeper.poll_look() {
                break request;
            }
            self.time = self.keeper.poll_timeout().max(self.time) + Duration::from_millis(1);
            self.keeper.handle_timeout(after(self.time));
            self.drain();
        };
        let domain = self.domains.iter().find(|domain| domain.name == request.domain).expect("a domain of ours");
        healthy(domain, &self.pki, after(self.time).wall)
    }

    /// Takes a look in, and does what follows.
    pub(crate) fn take(&mut self, look: Look) {
        self.keeper.handle_look(look, after(self.time));
        self.drain();
    }

    fn drain(&mut self) {
        while let Some((tag, changes)) = self.keeper.poll_commit() {
            let up_to = changes.last().map_or(0, |change| change.sequence);
            self.keeper.handle_stored(&tag, up_to, after(self.time));
        }
        while self.keeper.poll_transition().is_some() || self.keeper.poll_renewal().is_some() {}
        let _ = (self.keeper.poll_mail(), self.keeper.poll_ping(), self.keeper.poll_event());
    }
}
