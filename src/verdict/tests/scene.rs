//! What was seen, for the tests: [`seen`] puts a domain and its addresses together, [`address`] begins an address
//! at which all is well, [`answer`] an answer of any status.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::leaf::Chain;
use super::{NAME, NOW, leaf, name, socket};
use crate::domain::{Domain, UnixTime};
use crate::observation::{
    AnswerHeaders, Auth0Observation, CnameLink, Code, Distrusted, DnsObservation, Documents, Evidence, Failure, KeySet,
    Layer, Look, Lookup, NotLooked, Outcome, Presented, RenewalInfo, Reply, Revocation, SigningKey, TlsObservation,
    Vantage, View, ViewObservation,
};
use crate::verdict::{Managed, Record, References, Surroundings, Verdict, judge};

/// A domain with nothing expected of it, whose DNS names these addresses, looked at once.
pub(in crate::verdict) fn seen<const N: usize>(addresses: [At; N]) -> Scene {
    Scene {
        domain: Domain::new(name(NAME)),
        dns: Some(records(&addresses)),
        addresses: addresses.into(),
        no_route: Vec::new(),
        not_looked: Vec::new(),
        surroundings: Surroundings::default(),
        origin: None,
        tenant: None,
    }
}

/// The origin host, at which nothing was seen yet.
pub(in crate::verdict) fn origin() -> ViewObservation {
    past(View::Origin, "example-cd-x.edge.tenants.us.auth0.com")
}

/// The tenant's canonical host, at which nothing was seen yet.
pub(in crate::verdict) fn tenant() -> ViewObservation {
    past(View::Tenant, "example.us.auth0.com")
}

fn past(view: View, host: &str) -> ViewObservation {
    ViewObservation {
        view,
        host: name(host),
        at: NOW,
        failure: None,
        tls: Vec::new(),
        distrusted: Vec::new(),
        auth0: Vec::new(),
        not_looked: Vec::new(),
    }
}

impl ViewObservation {
    /// With this answer, to a request with the key if it is the origin's.
    pub(in crate::verdict) fn answering(mut self, answer: Answer) -> Self {
        let address = socket("198.51.100.1:443");
        let key_sent = (self.view == View::Origin).then_some(true);
        let issuer = match self.view {
            View::Tenant if answer.is_json => Some(format!("https://{}/", self.host)),
            _ => answer.issuer.clone(),
        };
        self.tls.push(TlsObservation::new(address));
        self.auth0.push(Answer { address, view: self.view, key_sent, issuer, ..answer });
        self
    }

    /// The same without a key.
    pub(in crate::verdict) fn without_key(mut self) -> Self {
        self.auth0.iter_mut().for_each(|answer| answer.key_sent = Some(false));
        self
    }

    /// Refusing the connection.
    pub(in crate::verdict) fn refusing(mut self) -> Self {
        let mut tls = TlsObservation::new(socket("198.51.100.1:443"));
        tls.failure = Some(Failure::new(Code::ConnectRefused, "nothing listens there"));
        self.tls.push(tls);
        self
    }

    /// With a certificate for somebody else.
    pub(in crate::verdict) fn of_a_stranger(mut self) -> Self {
        let address = socket("198.51.100.1:443");
        self.tls.push(TlsObservation::new(address));
        let failure = Failure::new(Code::TlsNameMismatch, "its certificate is not for it");
        self.distrusted.push(Distrusted { address, failure });
        self
    }
}

/// A key set of these names.
pub(in crate::verdict) fn keys(kids: &[&str]) -> Reply {
    let key = |kid: &&str| SigningKey { kid: Some((*kid).to_owned()), usable: true, ..SigningKey::default() };
    let key_set = Some(KeySet { keys: kids.iter().map(key).collect() });
    Reply { status: Some(200), is_json: true, key_set, ..Reply::default() }
}

/// All documents as they should be, with these keys.
pub(in crate::verdict) fn documents(kids: &[&str]) -> Documents {
    let refused = Reply { status: Some(401), ..Reply::default() };
    Documents {
        keys: Some(keys(kids)),
        keys_as_cached: Some(keys(kids)),
        discovery_as_cached: Some(Reply { status: Some(200), is_json: true, ..Reply::default() }),
        userinfo: Some(refused),
        stale: Vec::new(),
    }
}

/// An address at which all is well: a good chain, and Auth0's document for this domain.
pub(in crate::verdict) fn address(text: &str) -> At {
    At {
        address: socket(text),
        presented: Some(leaf().presented()),
        stapled: None,
        revocation: Vec::new(),
        failure: None,
        answer: Some(answer(200)),
        window: None,
    }
}

/// An answer of this status; 200 has the document that is due, any other a page.
pub(in crate::verdict) fn answer(status: u16) -> Answer {
    let issuer = (status == 200).then(|| format!("https://{NAME}/"));
    Answer { status: Some(status), is_json: status == 200, issuer, ..no_answer() }
}

/// No answer, for this reason.
pub(in crate::verdict) fn unanswered(code: Code) -> Answer {
    Answer { failure: Some(Failure::new(code, "it broke off")), ..no_answer() }
}

/// An answer as it is observed; the address it came from is set where it is put.
pub(in crate::verdict) type Answer = Auth0Observation;

fn no_answer() -> Answer {
    Answer::new(socket("192.0.2.1:443"))
}

impl Answer {
    pub(in crate::verdict) fn issuer(mut self, issuer: &str) -> Self {
        self.issuer = Some(issuer.to_owned());
        self
    }

    pub(in crate::verdict) fn headers(mut self, set: impl FnOnce(&mut AnswerHeaders)) -> Self {
        set(&mut self.headers);
        self
    }

    /// With the header that Auth0's application alone sets.
    pub(in crate::verdict) fn sent_by_auth0(self) -> Self {
        self.headers(|headers| headers.auth0_request_id = Some("f00d".to_owned()))
    }

    /// With the page of this product, whose layer it is.
    pub(in crate::verdict) fn page_of(mut self, layer: Layer, product: &str) -> Self {
        self.evidence.push(Evidence {
            layer,
            product: Some(product.to_owned()),
            sign: "a page".to_owned(),
            in_body: true,
        });
        self
    }

    /// With a header that this product leaves.
    pub(in crate::verdict) fn passed(mut self, layer: Layer, product: &str) -> Self {
        self.evidence.push(Evidence {
            layer,
            product: Some(product.to_owned()),
            sign: "server".to_owned(),
            in_body: false,
        });
        self
    }

    /// With these documents asked for as well.
    pub(in crate::verdict) fn documents(mut self, documents: Documents) -> Self {
        self.documents = Some(Arc::new(documents));
        self
    }

    pub(in crate::verdict) fn key_marker(mut self, marker: &str) -> Self {
        self.key_marker = Some(marker.to_owned());
        self
    }
}

/// One address and what it showed.
#[derive(Debug, Clone)]
pub(in crate::verdict) struct At {
    address: SocketAddr,
    presented: Option<Arc<Presented>>,
    stapled: Option<bool>,
    revocation: Vec<Arc<Revocation>>,
    failure: Option<Code>,
    answer: Option<Answer>,
    /// From when until when the CA suggests to renew.
    window: Option<(UnixTime, UnixTime)>,
}

impl At {
    pub(in crate::verdict) fn presents(mut self, chain: &Chain) -> Self {
        self.presented = Some(chain.presented());
        self
    }

    pub(in crate::verdict) fn presents_this(mut self, presented: Presented) -> Self {
        self.presented = Some(Arc::new(presented));
        self
    }

    /// The CA suggests to renew from so many seconds after now on, within a day.
    pub(in crate::verdict) fn suggested_from(mut self, seconds: i64) -> Self {
        self.window = Some((NOW.plus(seconds), NOW.plus(seconds + super::DAY)));
        self
    }

    /// It was found out that all this is said of its certificates, and whether anything was stapled.
    pub(in crate::verdict) fn says(mut self, stapled: bool, said: impl IntoIterator<Item = Revocation>) -> Self {
        self.stapled = Some(stapled);
        self.revocation = said.into_iter().map(Arc::new).collect();
        self
    }

    /// No handshake comes to be, and nothing is presented.
    pub(in crate::verdict) fn fails(mut self, code: Code) -> Self {
        self.failure = Some(code);
        self.presented = None;
        self.answer = None;
        self
    }

    pub(in crate::verdict) fn answers(mut self, answer: Answer) -> Self {
        self.answer = Some(answer);
        self
    }

    /// It was not this address's turn for a request.
    pub(in crate::verdict) fn not_asked(mut self) -> Self {
        self.answer = None;
        self
    }

    fn renewal_info(&self) -> Option<RenewalInfo> {
        let (start, end) = self.window?;
        let sha256 = self.presented.as_ref()?.leaf()?.sha256;
        Some(RenewalInfo { sha256, start, end, explanation_url: Some("https://ca.example/why".to_owned()) })
    }

    fn tls(&self) -> TlsObservation {
        TlsObservation {
            renewal_info: self.renewal_info().map(Arc::new),
            presented: self.presented.clone(),
            stapled: self.stapled,
            revocation: self.revocation.clone(),
            version: self.failure.is_none().then(|| "TLSv1.3".to_owned()),
            failure: self.failure.map(|code| Failure::new(code, "as the system says")),
            ..TlsObservation::new(self.address)
        }
    }

    fn auth0(&self) -> Option<Auth0Observation> {
        self.answer.clone().map(|answer| Auth0Observation { address: self.address, ..answer })
    }
}

/// A domain and what one look saw of it.
#[derive(Debug, Clone)]
pub(in crate::verdict) struct Scene {
    pub(in crate::verdict) domain: Domain,
    pub(in crate::verdict) surroundings: Surroundings,
    dns: Option<DnsObservation>,
    addresses: Vec<At>,
    no_route: Vec<SocketAddr>,
    not_looked: Vec<NotLooked>,
    origin: Option<ViewObservation>,
    tenant: Option<ViewObservation>,
}

impl Scene {
    /// What the Management API says of it.
    pub(in crate::verdict) fn managed(mut self, managed: Managed) -> Self {
        self.surroundings.managed = Some(Box::new(managed));
        self
    }

    /// What the views past the proxy saw.
    pub(in crate::verdict) fn past_proxy(
        mut self,
        origin: impl Into<Option<ViewObservation>>,
        tenant: impl Into<Option<ViewObservation>>,
    ) -> Self {
        (self.origin, self.tenant) = (origin.into(), tenant.into());
        self
    }

    pub(in crate::verdict) fn domain(mut self, set: impl FnOnce(&mut Domain)) -> Self {
        set(&mut self.domain);
        self
    }

    pub(in crate::verdict) fn dns(mut self, set: impl FnOnce(&mut DnsObservation)) -> Self {
        set(self.dns.get_or_insert_with(|| records(&[])));
        self
    }

    /// A and AAAA are answered so.
    pub(in crate::verdict) fn outcomes(self, a: Outcome, aaaa: Outcome) -> Self {
        self.dns(|dns| {
            dns.a.outcome = a;
            dns.aaaa.outcome = aaaa;
        })
    }

    /// The CNAME chain leads from the domain over these targets.
    pub(in crate::verdict) fn cname(self, targets: &[&str]) -> Self {
        self.dns(|dns| {
            let aliases = std::iter::once(NAME).chain(targets.iter().copied());
            let link = |(alias, target): (&str, &&str)| CnameLink { name: name(alias), target: name(target), ttl: 60 };
            dns.cname = aliases.zip(targets).map(link).collect();
        })
    }

    /// There are these TXT records at the ownership name.
    pub(in crate::verdict) fn txt(self, records: &[&str]) -> Self {
        let records = records.iter().map(|text| (*text).to_owned()).collect();
        self.dns(|dns| dns.txt = Lookup::found(records, 60))
    }

    pub(in crate::verdict) fn no_route(mut self, address: &str) -> Self {
        self.no_route.push(socket(address));
        self
    }

    /// DNS names this address as well, and we had no socket for it.
    pub(in crate::verdict) fn not_looked(mut self, address: &str) -> Self {
        let reason = "Too many open files".to_owned();
        self.not_looked.push(NotLooked { address: socket(address), reason });
        self
    }

    pub(in crate::verdict) fn references(mut self, references: References) -> Self {
        self.surroundings.references = references;
        self
    }

    /// As a look that began at this moment.
    pub(in crate::verdict) fn look(&self, at: UnixTime) -> Look {
        Look {
            domain: self.domain.name.clone(),
            vantage: Vantage::default(),
            view: View::Proxy,
            at,
            dns: self.dns.clone(),
            tls: self.addresses.iter().map(At::tls).collect(),
            auth0: self.addresses.iter().filter_map(At::auth0).collect(),
            no_route: self.no_route.clone(),
            not_looked: self.not_looked.clone(),
            surplus_addresses: 0,
            origin: self.origin.clone().map(Box::new),
            client_certificate: None,
            contract: None,
            elapsed_ms: 1,
        }
    }

    /// What is known after this look, made at [`NOW`], alone.
    pub(in crate::verdict) fn record(&self) -> Record {
        let mut record = Record::default();
        record.absorb(self.look(NOW));
        self.tenant.iter().for_each(|seen| record.absorb_tenant(&Arc::new(seen.clone())));
        record
    }

    pub(in crate::verdict) fn verdict(&self) -> Verdict {
        self.verdict_in(0)
    }

    /// Looked at now, judged so many seconds later.
    pub(in crate::verdict) fn verdict_in(&self, seconds: i64) -> Verdict {
        self.judge(&self.record(), NOW.plus(seconds))
    }

    /// The verdict on a record of several looks.
    pub(in crate::verdict) fn judge(&self, record: &Record, now: UnixTime) -> Verdict {
        judge(&self.domain, record, &self.surroundings, now)
    }
}

/// Records that name the addresses, with a TTL of a minute; no CNAME, no TXT.
fn records(addresses: &[At]) -> DnsObservation {
    let ips = addresses.iter().map(|at| at.address.ip());
    let a: Vec<Ipv4Addr> =
        ips.clone().filter_map(|ip| if let std::net::IpAddr::V4(v4) = ip { Some(v4) } else { None }).collect();
    let aaaa: Vec<Ipv6Addr> =
        ips.filter_map(|ip| if let std::net::IpAddr::V6(v6) = ip { Some(v6) } else { None }).collect();
    DnsObservation {
        a: lookup(a),
        aaaa: lookup(aaaa),
        txt: Lookup::empty(Outcome::Nxdomain),
        elapsed_ms: 1,
        ..DnsObservation::new(vec!["192.0.2.53:53".into()], name("_cf-custom-hostname.login.example.com"))
    }
}

fn lookup<T>(records: Vec<T>) -> Lookup<T> {
    if records.is_empty() {
        return Lookup::empty(Outcome::NoData);
    }
    Lookup::found(records, 60)
}
