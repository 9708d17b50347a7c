//! [`Scene`]: what looks at a domain see from when on.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::UnixTime;
use crate::observation::certificate::{Certificate, Sha256};
use crate::observation::{Look, Presented, Revocation};

/// What is renewed by itself is good for so long after the end, in seconds.
const AFTER_END: i64 = 86_400;

/// What looks at a domain see from when on.
#[derive(Debug, Clone)]
pub struct Scene {
    every: Duration,
    /// By their beginning.
    looks: Vec<(UnixTime, Look)>,
}

impl Scene {
    /// Every look sees this, and would be made so often.
    pub fn new(look: Look, every: Duration) -> Self {
        Self { every, looks: vec![(UnixTime(i64::MIN), look)] }
    }

    /// From this time on looks see this instead.
    #[must_use]
    pub fn then(mut self, from: UnixTime, look: Look) -> Self {
        self.looks.push((from, look));
        self.looks.sort_by_key(|(from, _)| *from);
        self
    }

    /// The same until this time, where what others renew without anybody's doing is renewed: stapled responses and lists
    /// of the revoked, by the CA, and DNSSEC signatures, by the zone. That their dates pass says nothing of what will be
    /// seen then. What is out of date already stays so.
    #[must_use]
    pub fn lasting_until(mut self, end: UnixTime) -> Self {
        let until = end.plus(AFTER_END);
        for (_, look) in &mut self.looks {
            let at = look.at;
            for tls in &mut look.tls {
                tls.revocation = tls.revocation.iter().map(|said| renewed(said, at, until)).collect();
            }
            let signed =
                look.dns.iter_mut().filter_map(|dns| dns.dnssec.as_mut()).flat_map(|dnssec| &mut dnssec.signed);
            for signed in signed.filter(|signed| signed.expiration >= at) {
                signed.expiration = signed.expiration.max(until);
            }
        }
        self
    }

    /// From this time on looks see the last certificates renewed: for the same names by the same CA, as long-lived as they
    /// were, and from this time on.
    #[must_use]
    pub fn renewed_at(self, at: UnixTime) -> Self {
        let Some((_, last)) = self.looks.last() else { return self };
        let mut look = last.clone();
        for tls in &mut look.tls {
            tls.presented = tls.presented.as_ref().map(|presented| Arc::new(reissued(presented, at)));
            // What was found out of the old one.
            (tls.revocation, tls.renewal_info, tls.other_chain) = (Vec::new(), None, None);
        }
        self.then(at, look)
    }

    /// How often looks would be made.
    pub const fn every(&self) -> Duration {
        self.every
    }

    /// What was seen to begin with.
    pub fn first(&self) -> Option<&Look> {
        self.looks.first().map(|(_, look)| look)
    }

    /// What a look at this time sees.
    pub(super) fn look(&self, at: UnixTime) -> Option<Look> {
        let (_, look) = self.looks.iter().rfind(|(from, _)| *from <= at)?;
        Some(Look { at, ..look.clone() })
    }

    /// When looks next see something else.
    pub(super) fn next(&self, after: UnixTime) -> Option<UnixTime> {
        self.looks.iter().map(|(from, _)| *from).find(|from| *from > after)
    }
}

/// The same chain with a leaf that begins at this time.
fn reissued(presented: &Presented, at: UnixTime) -> Presented {
    let Some(old) = presented.leaf() else { return presented.clone() };
    let text = format!("{} from {at}", old.sha256);
    let mut leaf = Certificate::clone(old);
    leaf.sha256 = Sha256::of(text.as_bytes());
    (leaf.not_before, leaf.not_after) = (at, at.plus(old.lifetime()));
    let leaf = Arc::new(leaf);
    let mut new = presented.clone();
    let beside = new.beside.iter_mut().flat_map(|beside| &mut beside.paths);
    let steps = new.paths.iter_mut().chain(beside).filter_map(|path| path.steps.first_mut());
    let first = new.chain.first_mut().into_iter();
    first.chain(steps.map(|step| &mut step.certificate)).for_each(|certificate| *certificate = Arc::clone(&leaf));
    new
}

fn renewed(said: &Arc<Revocation>, at: UnixTime, until: UnixTime) -> Arc<Revocation> {
    match said.next_update {
        Some(next) if next >= at && next < until => {
            Arc::new(Revocation { next_update: Some(until), ..Revocation::clone(said) })
        }
        _ => Arc::clone(said),
    }
}
