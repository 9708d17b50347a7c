//! What looks at a fleet see that does well: each domain with a certificate of its own, all behind a few proxies.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use notafter::domain::{Domain, DomainName, UnixTime};
use notafter::lab::ca::Authority;
use notafter::observation::certificate::Sha256;
use notafter::observation::{
    Auth0Observation, CnameLink, DnsObservation, Documents, KeySet, Look, Lookup, Outcome, Reply, SigningKey,
    TlsObservation,
};
use notafter::trust::TrustStore;
use rustls_pki_types::CertificateDer;

use super::fleet;

/// The fleet's certificates, and whoever trusts them.
pub(crate) struct Seen {
    trust: TrustStore,
    issuer: CertificateDer<'static>,
    leaves: Vec<CertificateDer<'static>>,
}

impl Seen {
    /// A certificate for each of so many domains.
    pub(crate) fn new(domains: usize) -> Result<Self, Box<dyn Error>> {
        let root = Authority::root("Growth Root")?;
        let issuer = root.intermediate("Growth Intermediate")?;
        let leaf = |number| Ok(fleet::certificate(&issuer, number)?.leaf().clone());
        Ok(Self {
            trust: TrustStore::new(&[root.certificate().clone()], &[])?,
            issuer: issuer.certificate().clone(),
            leaves: (0..domains).map(leaf).collect::<Result<_, Box<dyn Error>>>()?,
        })
    }

    /// What a look at the domain of this number sees, which asks for everything or not.
    pub(crate) fn look(&self, number: usize, domain: &Domain, (turn, all): (u64, bool), at: UnixTime) -> Look {
        let ip = Ipv4Addr::new(192, 0, 2, (number % 250) as u8);
        let address = SocketAddr::from((ip, 443));
        let mut tls = TlsObservation::new(address);
        tls.version = Some("TLSv1.3".into());
        tls.cipher_suite = Some("TLS_AES_256_GCM_SHA384".into());
        tls.group = Some("X25519MLKEM768".into());
        tls.alpn = Some("h2".into());
        (tls.connect_ms, tls.handshake_ms) = (Some(1 + turn % 5), Some(2 + turn % 7));
        let chain = self.leaves.get(number).map(|leaf| [leaf.clone(), self.issuer.clone()]);
        tls.presented = chain.map(|chain| self.trust.assess(&chain, &domain.name));
        Look {
            dns: Some(records(number, domain, ip, at)),
            tls: vec![tls],
            auth0: vec![answer(number, &domain.name, address, (turn, all))],
            elapsed_ms: 8,
            ..Look::new(domain.name.clone(), at)
        }
    }
}

fn records(number: usize, domain: &Domain, ip: Ipv4Addr, at: UnixTime) -> DnsObservation {
    let mut dns = DnsObservation::new(vec!["192.0.2.53:53".into()], domain.txt_name());
    let links = || {
        let target = DomainName::parse("proxy.example.net");
        target.map(|target| CnameLink { name: domain.name.clone(), target, ttl: 300 }).into_iter().collect::<Vec<_>>()
    };
    let asked_at = Some(at);
    dns.cname = links();
    dns.a = Lookup { asked_at, links: links(), ..Lookup::found(vec![ip], 300) };
    dns.aaaa = Lookup { asked_at, links: links(), ..Lookup::empty(Outcome::NoData) };
    dns.txt = Lookup { asked_at, ..Lookup::found(vec![fleet::proof(number)], 300) };
    dns
}

fn answer(number: usize, name: &DomainName, address: SocketAddr, (turn, all): (u64, bool)) -> Auth0Observation {
    let id = |kind: u64| Some(format!("{number:016x}{turn:08x}{kind:08x}"));
    let mut answer = Auth0Observation::new(address);
    (answer.status, answer.http_version, answer.is_json) = (Some(200), Some("HTTP/2.0".into()), true);
    answer.issuer = Some(format!("https://{name}/"));
    answer.sha256 = Some(Sha256::of(name.as_str().as_bytes()));
    answer.headers.content_type = Some("application/json; charset=utf-8".into());
    answer.headers.server = Some("cloudflare".into());
    answer.headers.cache_control = Some("public, max-age=15, stale-while-revalidate=15".into());
    answer.headers.auth0_request_id = id(0);
    answer.elapsed_ms = Some(3 + turn % 4);
    let key =
        |kid: &str| SigningKey { kid: Some(kid.into()), alg: Some("RS256".into()), usable: true, not_after: None };
    let reply = |status, kind| Reply {
        status: Some(status),
        content_type: Some("application/json; charset=utf-8".into()),
        auth0_request_id: id(kind),
        is_json: true,
        sha256: answer.sha256,
        ..Reply::default()
    };
    let keys = |kind| Reply {
        key_set: Some(KeySet { keys: [key("Kb2dJ4hVw3uF6xQm1sRzT"), key("Zq8nL5cYp7aE0gHk9vBtW")].into() }),
        ..reply(200, kind)
    };
    let mut documents = Documents {
        keys: Some(keys(1)),
        keys_as_cached: Some(keys(2)),
        discovery_as_cached: Some(reply(200, 3)),
        userinfo: Some(reply(401, 4)),
        stale: Vec::new(),
    };
    documents.join_keys();
    answer.documents = all.then(|| Arc::new(documents));
    answer
}
