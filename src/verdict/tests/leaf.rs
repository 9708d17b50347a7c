//! Chains for the tests: [`leaf`] begins one that is good, the methods of [`Chain`] spoil it.

use std::sync::Arc;

use super::{DAY, NAME, NOW};
use crate::domain::UnixTime;
use crate::observation::certificate::{Certificate, Profile, Rule};
use crate::observation::{Beside, DistrustedCa, Origin, PathStep, Presented, TrustPath};

/// A good chain: a leaf of 90 days with 60 left, an intermediate and a root that outlast it by years.
pub(in crate::verdict) fn leaf() -> Chain {
    Chain {
        subject: NAME.to_owned(),
        lifetime: 90 * DAY,
        not_after: NOW.plus(60 * DAY),
        paths: vec![vec![ca("Issuing CA").sent(), ca("Root CA").root()]],
        surplus: Vec::new(),
        profile: Profile::default(),
        name_matches: true,
        self_signed: false,
        must_staple: false,
        beside: Vec::new(),
        distrusted: Vec::new(),
    }
}

/// A CA's certificate that is good for five years.
pub(in crate::verdict) fn ca(subject: &str) -> Authority {
    Authority {
        subject: subject.to_owned(),
        not_before: NOW.plus(-1000 * DAY),
        not_after: NOW.plus(1800 * DAY),
        profile: Profile::default(),
    }
}

/// A chain in the making.
#[derive(Debug, Clone)]
pub(in crate::verdict) struct Chain {
    subject: String,
    lifetime: i64,
    not_after: UnixTime,
    paths: Vec<Vec<PathStep>>,
    surplus: Vec<Arc<Certificate>>,
    profile: Profile,
    name_matches: bool,
    self_signed: bool,
    must_staple: bool,
    beside: Vec<Beside>,
    distrusted: Vec<DistrustedCa>,
}

impl Chain {
    /// From first to last second, in days; the end stays.
    pub(in crate::verdict) fn lifetime(mut self, days: i64) -> Self {
        self.lifetime = days * DAY;
        self
    }

    /// Ends so many seconds from now.
    pub(in crate::verdict) fn left(mut self, seconds: i64) -> Self {
        self.not_after = NOW.plus(seconds);
        self
    }

    /// Begins so many seconds from now; the end stays.
    pub(in crate::verdict) fn begins_in(mut self, seconds: i64) -> Self {
        self.lifetime = NOW.plus(seconds).until(self.not_after);
        self
    }

    /// Another leaf.
    pub(in crate::verdict) fn called(mut self, subject: &str) -> Self {
        self.subject = subject.to_owned();
        self
    }

    /// These are the paths to a root, each without its leaf.
    pub(in crate::verdict) fn paths(mut self, paths: impl IntoIterator<Item = Vec<PathStep>>) -> Self {
        self.paths = paths.into_iter().collect();
        self
    }

    pub(in crate::verdict) fn untrusted(self) -> Self {
        self.paths([])
    }

    pub(in crate::verdict) fn self_signed(mut self) -> Self {
        self.self_signed = true;
        self.paths([])
    }

    pub(in crate::verdict) fn incomplete(self) -> Self {
        self.paths([vec![ca("Issuing CA").missing(), ca("Root CA").root()]])
    }

    /// The leaf breaks this rule.
    pub(in crate::verdict) fn breaks(mut self, rule: Rule) -> Self {
        self.profile = self.profile.with(rule);
        self
    }

    pub(in crate::verdict) fn for_another_name(mut self) -> Self {
        self.name_matches = false;
        self
    }

    /// The server sends this one besides, though no path passes it.
    pub(in crate::verdict) fn also_sends(mut self, authority: Authority) -> Self {
        self.surplus.push(authority.sent().certificate);
        self
    }

    /// It asks for a staple.
    pub(in crate::verdict) fn must_staple(mut self) -> Self {
        self.must_staple = true;
        self
    }

    /// Another store finds these paths, each without its leaf.
    pub(in crate::verdict) fn compared(self, store: &str, paths: impl IntoIterator<Item = Vec<PathStep>>) -> Self {
        let other = self.clone().paths(paths).presented();
        let beside = Beside { store: store.into(), paths: other.paths.clone(), refusal: other.refusal.clone() };
        Self { beside: [self.beside, vec![beside]].concat(), ..self }
    }

    /// A CA of its paths is listed as not trusted any more.
    pub(in crate::verdict) fn distrusted(mut self, step: PathStep, since: Option<UnixTime>, applies: bool) -> Self {
        self.distrusted.push(DistrustedCa { certificate: step.certificate, since, applies });
        self
    }

    pub(in crate::verdict) fn presented(&self) -> Arc<Presented> {
        let not_before = self.not_after.plus(-self.lifetime);
        let mut leaf = Certificate::sample(&self.subject, not_before, self.not_after);
        leaf.profile = self.profile;
        leaf.must_staple = self.must_staple;
        let leaf = Arc::new(leaf);
        let first = PathStep { certificate: Arc::clone(&leaf), origin: Origin::Presented };
        let with_leaf = |steps: &Vec<PathStep>| TrustPath {
            steps: std::iter::once(first.clone()).chain(steps.iter().cloned()).collect(),
        };
        let mut chain = vec![leaf];
        let sent = self.paths.iter().flatten().filter(|step| step.origin == Origin::Presented);
        for certificate in sent.map(|step| &step.certificate).chain(&self.surplus) {
            if !chain.contains(certificate) {
                chain.push(Arc::clone(certificate));
            }
        }
        Arc::new(Presented {
            chain,
            unreadable: Vec::new(),
            name_matches: Some(self.name_matches),
            self_signed: self.self_signed,
            paths: self.paths.iter().map(with_leaf).collect(),
            refusal: self.paths.is_empty().then(|| "UnknownIssuer".to_owned()),
            transparency: None,
            beside: self.beside.clone(),
            distrusted: self.distrusted.clone(),
        })
    }
}

/// A CA's certificate in the making, until it is said where it comes from.
#[derive(Debug, Clone)]
pub(in crate::verdict) struct Authority {
    subject: String,
    not_before: UnixTime,
    not_after: UnixTime,
    profile: Profile,
}

impl Authority {
    /// It breaks this rule.
    pub(in crate::verdict) fn breaks(mut self, rule: Rule) -> Self {
        self.profile = self.profile.with(rule);
        self
    }

    /// Ends so many seconds from now.
    pub(in crate::verdict) fn left(mut self, seconds: i64) -> Self {
        self.not_after = NOW.plus(seconds);
        self
    }

    /// Begins so many seconds from now.
    pub(in crate::verdict) fn begins_in(mut self, seconds: i64) -> Self {
        self.not_before = NOW.plus(seconds);
        self
    }

    /// The server sends it.
    pub(in crate::verdict) fn sent(self) -> PathStep {
        self.from(Origin::Presented)
    }

    /// The server does not send it, but we know it.
    pub(in crate::verdict) fn missing(self) -> PathStep {
        self.from(Origin::Bundled)
    }

    /// It is in the trust store.
    pub(in crate::verdict) fn root(self) -> PathStep {
        self.from(Origin::Root)
    }

    fn from(self, origin: Origin) -> PathStep {
        let mut certificate = Certificate::sample(&self.subject, self.not_before, self.not_after);
        certificate.profile = self.profile;
        PathStep { certificate: Arc::new(certificate), origin }
    }
}
