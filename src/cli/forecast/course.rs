//! [`Course`]: what came of the rehearsals: all that is told, what nobody hears, and what that means for each domain.

use std::collections::BTreeMap;

use super::Assume;
use super::stage::Cast;
use super::unheard::{Unheard, unheard};
use super::words::{Word, words};
use crate::daemon;
use crate::domain::{DomainName, UnixTime};
use crate::keeper::{DomainState, Rehearsal, Scene, Told, Watch};
use crate::observation::Presented;
use crate::verdict::Family;

/// By then every domain has had its first look, and what that found was confirmed.
const FIRST_LOOKS: i64 = 300;
/// Less than this between the first word and the expiry is too little: a weekend is longer.
const TOO_LATE: i64 = 3 * 86_400;

/// What came of it.
pub(super) struct Course {
    pub(super) begins: UnixTime,
    pub(super) ends: UnixTime,
    pub(super) told: Vec<Told>,
    pub(super) unheard: Vec<Unheard>,
    pub(super) domains: Vec<Fate>,
}

/// What becomes of a domain.
pub(super) struct Fate {
    pub(super) name: DomainName,
    /// When it stops being good for its certificates; `None` if none was seen.
    pub(super) expires: Option<UnixTime>,
    /// When its certificate is usually renewed.
    pub(super) usual: Option<UnixTime>,
    /// The first word that an expiry is near, and the last before it.
    pub(super) first_word: Option<UnixTime>,
    pub(super) last_word: Option<UnixTime>,
}

impl Fate {
    /// The expiry, if it is within the time that was rehearsed.
    pub(super) fn expires_within(&self, course: &Course) -> Option<UnixTime> {
        self.expires.filter(|expires| course.begins <= *expires && *expires < course.ends)
    }

    /// Whether it expires and nobody hears of it before.
    pub(super) fn is_unheard(&self, course: &Course) -> bool {
        self.expires_within(course).is_some() && self.first_word.is_none()
    }

    /// How long before the expiry the first word comes, if that is too little.
    pub(super) fn short_notice(&self, course: &Course) -> Option<i64> {
        let left = self.first_word?.until(self.expires_within(course)?);
        (left < TOO_LATE && self.first_word? > course.begins.plus(FIRST_LOOKS)).then_some(left)
    }
}

impl Course {
    /// Plays it through, once as it is and once as if everybody heard everything.
    pub(super) fn play(cast: Cast) -> Result<Self, String> {
        let (begins, ends) = (cast.begins, cast.ends);
        let daemon::Cast { keeper, watches } = daemon::Cast::new(&cast.settings, cast.rows.clone(), begins)?;
        let habits: BTreeMap<DomainName, UnixTime> = keeper
            .snapshot()
            .domains
            .iter()
            .filter_map(|state| Some((state.domain.name.clone(), usual(state, &cast)?)))
            .collect();
        let scenes = scenes(&cast, &habits);
        let mut all = Rehearsal::of_everything(&cast.settings.policy, &watches, &cast.rows, begins, scenes.clone());
        let mut real = Rehearsal::new(keeper, begins, scenes);
        for (name, chain, presented) in &cast.remembered {
            all.remember(name, chain, presented);
            real.remember(name, chain, presented);
        }
        all = all.with_tenants(cast.tenants.clone());
        real = real.with_tenants(cast.tenants.clone());
        real.run_until(begins.plus(FIRST_LOOKS));
        let silences = real.keeper().snapshot().silences;
        let now = expiries(&real);
        real.run_until(ends);
        // Of what is renewed the last certificate counts. Of what is not, what it hangs on by now is told by its path,
        // which there is no more once that has run out.
        let expiries = if cast.assume == Assume::Renewed { expiries(&real) } else { now };
        all.run_until(ends);
        let told = real.told().to_vec();
        let said = words(&told);
        Ok(Self {
            begins,
            ends,
            unheard: unheard(all.told(), &said, &watches, &silences),
            domains: watches.iter().map(|watch| fate(watch, &expiries, &habits, &said)).collect(),
            told,
        })
    }
}

/// When each domain stops being good, as of now.
fn expiries(rehearsal: &Rehearsal) -> BTreeMap<DomainName, UnixTime> {
    let snapshot = rehearsal.keeper().snapshot();
    let expiry = |state: &std::sync::Arc<DomainState>| {
        Some((state.domain.name.clone(), state.verdict.as_ref()?.effective_expiry?))
    };
    snapshot.domains.iter().filter_map(expiry).collect()
}

fn fate(
    watch: &Watch,
    expiries: &BTreeMap<DomainName, UnixTime>,
    habits: &BTreeMap<DomainName, UnixTime>,
    said: &[Word],
) -> Fate {
    let name = &watch.domain.name;
    let expires = expiries.get(name).copied();
    let of_expiry = |word: &&Word| {
        let (domain, _, family) = &word.key;
        domain == name.as_str() && family == Family::Expiry.as_str() && !word.over
    };
    let before = |word: &&Word| expires.is_some_and(|expires| word.at < expires);
    let mut words = said.iter().filter(of_expiry).filter(before).map(|word| word.at);
    let first_word = words.next();
    Fate {
        name: name.clone(),
        expires,
        usual: habits.get(name).copied(),
        first_word,
        last_word: words.next_back().or(first_word),
    }
}

/// When the certificate that a domain presents is usually renewed, if it has shown a habit.
fn usual(state: &DomainState, cast: &Cast) -> Option<UnixTime> {
    let leaf = presented(&state.domain.name, cast)?.leaf()?.sha256;
    state.record.history.expects(leaf).map(|expected| expected.usual)
}

fn presented<'a>(name: &DomainName, cast: &'a Cast) -> Option<&'a Presented> {
    let seen = cast.scenes.iter().find(|(domain, _)| domain == name).and_then(|(_, scene)| scene.first());
    let seen = seen.and_then(|look| look.tls.iter().find_map(|tls| tls.presented.as_deref()));
    let known = || cast.remembered.iter().find(|(domain, ..)| domain == name).map(|(.., presented)| &**presented);
    seen.or_else(known)
}

fn scenes(cast: &Cast, habits: &BTreeMap<DomainName, UnixTime>) -> Vec<(DomainName, Scene)> {
    let scene = |(name, scene): &(DomainName, Scene)| match cast.assume {
        Assume::Forgotten => (name.clone(), scene.clone()),
        Assume::Renewed => (name.clone(), renewed(scene.clone(), habits.get(name).copied(), cast)),
    };
    cast.scenes.iter().map(scene).collect()
}

/// The same with a certificate renewed again and again. One that is late already is not: that is what is to be heard of.
fn renewed(scene: Scene, usual: Option<UnixTime>, cast: &Cast) -> Scene {
    let leaf = scene.first().and_then(|look| look.tls.iter().find_map(|tls| tls.presented.as_ref()?.leaf().cloned()));
    let Some(leaf) = leaf.filter(|leaf| leaf.lifetime() > 0) else { return scene };
    let first = usual.unwrap_or_else(|| leaf.not_before.plus(leaf.lifetime() / 3 * 2));
    let every = leaf.not_before.until(first).max(3600);
    let times = (0..).map(|turn| first.plus(turn * every)).take_while(|at| *at < cast.ends);
    if first <= cast.begins {
        return scene;
    }
    times.fold(scene, Scene::renewed_at)
}
