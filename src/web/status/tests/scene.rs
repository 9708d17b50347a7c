//! Snapshots to be shown: a [`World`] of [`Site`]s, each looked at once and judged by the keeper.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::{DAY, NOW, name};
use crate::domain::{Domain, Now, UnixTime};
use crate::incident::Policy;
use crate::keeper::{Keeper, OwnFinding, Snapshot, Watch};
use crate::observation::certificate::Certificate;
use crate::observation::{
    Auth0Observation, Code, DnsObservation, Failure, Look, Lookup, Origin, Outcome, PathStep, Presented,
    TlsObservation, TrustPath, Vantage, View,
};
use crate::verdict::Severity;
use crate::web::status::view::Page;

/// The moment of the look, by both clocks.
pub(super) const fn moment() -> Now {
    Now { wall: NOW, mono: Duration::from_secs(1000) }
}

/// Some domains, and what is wrong with our own sight.
#[derive(Debug, Default)]
pub(super) struct World {
    sites: Vec<Site>,
    own_sight: Vec<OwnFinding>,
}

impl World {
    pub(super) fn of<const N: usize>(sites: [Site; N]) -> Self {
        Self { sites: sites.into(), own_sight: Vec::new() }
    }

    pub(super) fn many(sites: impl IntoIterator<Item = Site>) -> Self {
        Self { sites: sites.into_iter().collect(), own_sight: Vec::new() }
    }

    pub(super) fn own_sight(mut self, code: &str, severity: Severity) -> Self {
        let summary = format!("{code} for 5 min");
        self.own_sight.push(OwnFinding { code: code.to_owned(), severity, summary });
        self
    }

    pub(super) fn snapshot(self) -> Snapshot {
        let mut keeper = Keeper::restore(Policy::default(), &[], Vec::new(), moment());
        let watch = |site: &Site| Watch {
            domain: Arc::new(site.domain.clone()),
            http_addresses: 4,
            contract: 0,
            origin: false,
            tenant: false,
            revision: 0,
            recipients: [].into(),
        };
        keeper.handle_watches(self.sites.iter().map(watch).collect(), moment());
        for site in self.sites.iter().filter(|site| site.looked) {
            for (seconds, addresses) in &site.earlier {
                let earlier = Site { addresses: addresses.clone(), ..site.clone() };
                let look = earlier.look();
                keeper.handle_look(Look { at: look.at.plus(-seconds), ..look }, moment());
            }
            keeper.handle_look(site.look(), moment());
        }
        Snapshot { own_sight: self.own_sight, ..keeper.snapshot() }
    }

    /// The page of that moment, of all domains.
    pub(super) fn page(self) -> Page {
        Page::new(&self.snapshot(), moment(), "")
    }
}

/// A domain and what one look saw of it; in the beginning all is well.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) domain: Domain,
    looked: bool,
    dns: Outcome,
    addresses: Vec<At>,
    /// What looks saw before, each so many seconds before the last.
    earlier: Vec<(i64, Vec<At>)>,
}

#[derive(Debug, Clone)]
struct At {
    address: SocketAddr,
    presented: Arc<Presented>,
    stapled: Option<bool>,
    failure: Option<Failure>,
    answer: Auth0Observation,
}

impl Site {
    /// A domain with 60 of its certificate's 90 days left.
    pub(super) fn new(text: &str) -> Self {
        let site = Self {
            domain: Domain::new(name(text)),
            looked: true,
            dns: Outcome::Found,
            addresses: Vec::new(),
            earlier: Vec::new(),
        };
        site.address("192.0.2.1:443", 60 * DAY)
    }

    /// One more address, whose certificate has so many seconds left.
    pub(super) fn address(mut self, address: &str, left: i64) -> Self {
        let address = address.parse().unwrap();
        let issuer = Some(format!("https://{}/", self.domain.name));
        let answer = Auth0Observation {
            status: Some(200),
            is_json: true,
            issuer,
            elapsed_ms: Some(81),
            ..Auth0Observation::new(address)
        };
        let presented = Arc::new(chain(self.domain.name.as_str(), left, 1800 * DAY));
        self.addresses.push(At { address, presented, stapled: None, failure: None, answer });
        self
    }

    /// The certificate at every address has so many seconds left.
    pub(super) fn left(self, seconds: i64) -> Self {
        let subject = self.domain.name.to_string();
        self.each(|at| at.presented = Arc::new(chain(&subject, seconds, 1800 * DAY)))
    }

    /// So many seconds before the last look all of this was so; since then it may be otherwise.
    pub(super) fn and_later(mut self, seconds: i64) -> Self {
        self.earlier.push((seconds, self.addresses.clone()));
        self
    }

    /// The first address has another certificate, with so many seconds left.
    pub(super) fn renewed(mut self, left: i64) -> Self {
        let subject = self.domain.name.to_string();
        self.addresses[0].presented = Arc::new(chain(&subject, left, 1800 * DAY));
        self
    }

    /// The intermediate has so many seconds left.
    pub(super) fn intermediate_left(self, seconds: i64) -> Self {
        let subject = self.domain.name.to_string();
        self.each(|at| at.presented = Arc::new(chain(&subject, 60 * DAY, seconds)))
    }

    pub(super) fn presents(self, set: impl Fn(&mut Presented)) -> Self {
        self.each(|at| set(Arc::make_mut(&mut at.presented)))
    }

    /// It was found out that nothing is stapled.
    pub(super) fn staples_nothing(self) -> Self {
        self.each(|at| at.stapled = Some(false))
    }

    /// No handshake comes to be.
    pub(super) fn fails(self, code: Code, detail: &str) -> Self {
        self.each(|at| at.failure = Some(Failure::new(code, detail)))
    }

    pub(super) fn answers(self, set: impl Fn(&mut Auth0Observation)) -> Self {
        self.each(|at| set(&mut at.answer))
    }

    pub(super) fn dns(mut self, outcome: Outcome) -> Self {
        self.dns = outcome;
        if outcome != Outcome::Found {
            self.addresses.clear();
        }
        self
    }

    pub(super) fn domain(mut self, set: impl FnOnce(&mut Domain)) -> Self {
        set(&mut self.domain);
        self
    }

    pub(super) fn not_looked_at(mut self) -> Self {
        self.looked = false;
        self
    }

    fn each(mut self, set: impl Fn(&mut At)) -> Self {
        self.addresses.iter_mut().for_each(set);
        self
    }

    fn look(&self) -> Look {
        let tls = self.addresses.iter().map(At::tls).collect();
        let answered = self.addresses.iter().filter(|at| at.failure.is_none());
        Look {
            domain: self.domain.name.clone(),
            vantage: Vantage::default(),
            view: View::Proxy,
            at: NOW.plus(-12),
            dns: Some(self.records()),
            tls,
            auth0: answered.map(|at| at.answer.clone()).collect(),
            no_route: Vec::new(),
            not_looked: Vec::new(),
            surplus_addresses: 0,
            origin: None,
            client_certificate: None,
            contract: None,
            elapsed_ms: 1,
        }
    }

    fn records(&self) -> DnsObservation {
        let v4 =
            self.addresses.iter().filter_map(|at| if let IpAddr::V4(v4) = at.address.ip() { Some(v4) } else { None });
        let v6 =
            self.addresses.iter().filter_map(|at| if let IpAddr::V6(v6) = at.address.ip() { Some(v6) } else { None });
        let aaaa = if self.dns.is_failure() { self.dns } else { Outcome::NoData };
        DnsObservation {
            a: Lookup { outcome: self.dns, ..Lookup::found(v4.collect(), 60) },
            aaaa: Lookup { outcome: aaaa, ..Lookup::found(v6.collect(), 60) },
            txt: Lookup::empty(Outcome::Nxdomain),
            others_answer: Some(true),
            elapsed_ms: 1,
            ..DnsObservation::new(vec!["192.0.2.53:53".into()], self.domain.txt_name())
        }
    }
}

impl At {
    fn tls(&self) -> TlsObservation {
        TlsObservation {
            presented: self.failure.is_none().then(|| Arc::clone(&self.presented)),
            stapled: self.stapled,
            version: self.failure.is_none().then(|| "TLSv1.3".to_owned()),
            failure: self.failure.clone(),
            ..TlsObservation::new(self.address)
        }
    }
}

/// A leaf of 90 days and its chain, ending so many seconds from now.
fn chain(subject: &str, leaf_left: i64, intermediate_left: i64) -> Presented {
    let leaf = certificate(subject, NOW.plus(leaf_left - 90 * DAY), NOW.plus(leaf_left));
    let intermediate = certificate("Example Issuing CA 7", NOW.plus(-1000 * DAY), NOW.plus(intermediate_left));
    let root = certificate("Example Root", NOW.plus(-1000 * DAY), NOW.plus(5000 * DAY));
    let step = |certificate: &Arc<Certificate>, origin| PathStep { certificate: Arc::clone(certificate), origin };
    let steps = vec![step(&leaf, Origin::Presented), step(&intermediate, Origin::Presented), step(&root, Origin::Root)];
    Presented {
        chain: vec![leaf, intermediate],
        unreadable: Vec::new(),
        name_matches: Some(true),
        self_signed: false,
        paths: vec![TrustPath { steps }],
        beside: Vec::new(),
        distrusted: Vec::new(),
        refusal: None,
        transparency: None,
    }
}

pub(super) fn certificate(subject: &str, not_before: UnixTime, not_after: UnixTime) -> Arc<Certificate> {
    Arc::new(Certificate::sample(subject, not_before, not_after))
}
