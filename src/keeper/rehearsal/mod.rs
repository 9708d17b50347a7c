//! [`Rehearsal`]: a keeper under a virtual clock, with looks that see what is known today. It jumps from one moment at
//! which something is due to the next, so that months pass in moments: who would be told what, and when.
//!
//! It gives the keeper what the daemon would, by the same inputs: looks, deliveries, commits, the passing of time. But
//! nothing is looked at, stored or sent. Looks that would see what the last one saw are left out: one is made where the
//! keeper asks for it, and where a verdict changes by time alone, as the next look of the interval would then be the
//! first to see that.

mod scene;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::{Keeper, Recipient, StoredChain, Watch};
use crate::domain::{DomainName, Now, UnixTime};
use crate::incident::alerts::{Post, Posted};
use crate::incident::{Delivery, Mail, Policy, Row, Table};
use crate::observation::{Code, Presented, ViewObservation};
use crate::verdict::Severity;

pub use scene::Scene;

/// Who hears everything that there is to tell of domains, in [`Rehearsal::of_everything`].
pub const EVERYBODY: &str = "everybody";

/// Time goes on by no less, whatever the keeper asks for: its clock must have passed the moment when it is woken.
const LEAST: Duration = Duration::from_millis(1);
/// Who asks to be woken so often without anything to do is left to sleep for a while.
const RESTLESS: u32 = 1000;
const NAP: Duration = Duration::from_secs(30);
/// So many looks follow one that found something else than the one before: what is over is believed after several.
const FOLLOWING: u32 = 6;

/// A keeper under a virtual clock.
#[derive(Debug)]
pub struct Rehearsal {
    keeper: Keeper,
    begins: UnixTime,
    time: Duration,
    scenes: BTreeMap<DomainName, Scene>,
    tenants: BTreeMap<DomainName, ViewObservation>,
    /// The looks that the intervals would bring.
    agenda: Agenda,
    told: Vec<Told>,
}

/// What a receiver was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// When.
    pub at: UnixTime,
    /// The receiver's name.
    pub receiver: String,
    /// What.
    pub what: What,
}

/// A mail, or a post.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A mail, whatever the receiver's channel makes of it.
    Mail(Box<Mail>),
    /// Alerts, posted to an Alertmanager.
    Alerts(Post),
}

/// Who is looked at when, for that the interval brings it.
#[derive(Debug, Default)]
struct Agenda {
    queue: BTreeSet<(Duration, DomainName)>,
    by_domain: BTreeMap<DomainName, Turn>,
}

#[derive(Debug, Default)]
struct Turn {
    next: Option<Duration>,
    found: Vec<Code>,
    following: u32,
}

impl Agenda {
    fn set(&mut self, domain: &DomainName, next: Option<Duration>) {
        let turn = self.by_domain.entry(domain.clone()).or_default();
        if let Some(before) = std::mem::replace(&mut turn.next, next) {
            self.queue.remove(&(before, domain.clone()));
        }
        self.queue.extend(next.map(|next| (next, domain.clone())));
    }

    fn next(&self) -> Option<Duration> {
        self.queue.first().map(|(at, _)| *at)
    }

    fn due(&mut self, now: Duration) -> Option<DomainName> {
        let (_, domain) = self.queue.first().filter(|(at, _)| *at <= now)?;
        let domain = domain.clone();
        self.set(&domain, None);
        Some(domain)
    }
}

impl Rehearsal {
    /// Begins at this time with a keeper that has been given its watches and receivers then, its monotonic clock at zero.
    /// It should look as rarely as can be: an interval that is longer than the rehearsal.
    pub fn new(keeper: Keeper, begins: UnixTime, scenes: impl IntoIterator<Item = (DomainName, Scene)>) -> Self {
        let scenes = scenes.into_iter().collect();
        let (time, tenants) = (Duration::ZERO, BTreeMap::new());
        Self { keeper, begins, time, scenes, tenants, agenda: Agenda::default(), told: Vec::new() }
    }

    /// The same of the same, if there were no silences and everybody heard of everything at once: all notices go to
    /// [`EVERYBODY`], each by itself. What it tells and another does not is what nobody hears.
    pub fn of_everything(
        policy: &Policy,
        watches: &[Watch],
        rows: &[Row],
        begins: UnixTime,
        scenes: impl IntoIterator<Item = (DomainName, Scene)>,
    ) -> Self {
        let now = Now { wall: begins, mono: Duration::ZERO };
        let policy = Policy { collect_for: Duration::ZERO, mails_per_hour: u32::MAX, fallback: None, ..policy.clone() };
        let kept = |row: &&Row| !matches!(row.table, Table::Silence | Table::Notice | Table::Mail);
        let rows = rows.iter().filter(kept).cloned().collect();
        let mut keeper = Keeper::restore(policy, &[EVERYBODY.to_owned()], rows, now);
        let everybody: Arc<[Recipient]> = Arc::new([Recipient::of_all(EVERYBODY, Severity::Warning)]);
        let told = |watch: &Watch| Watch { recipients: Arc::clone(&everybody), ..watch.clone() };
        keeper.handle_watches(watches.iter().map(told).collect(), now);
        Self::new(keeper, begins, scenes)
    }

    /// The same, where tenants' canonical hosts answer this.
    #[must_use]
    pub fn with_tenants(self, tenants: BTreeMap<DomainName, ViewObservation>) -> Self {
        Self { tenants, ..self }
    }

    /// A chain that was seen before the beginning, where no look shows what there is now.
    pub fn remember(&mut self, name: &DomainName, chain: &StoredChain, presented: &Arc<Presented>) {
        self.keeper.handle_remembered(name, chain, Arc::clone(presented), self.now());
    }

    /// Lets everything happen until this time.
    pub fn run_until(&mut self, end: UnixTime) {
        let end = self.mono(end);
        let mut restless = 0;
        loop {
            restless = if self.act() { 0 } else { restless + 1 };
            let due = self.keeper.poll_timeout().min(self.agenda.next().unwrap_or(Duration::MAX));
            if due > end {
                self.time = self.time.max(end);
                return;
            }
            let least = if restless > RESTLESS { NAP } else { LEAST };
            self.time = due.max(self.time + least);
            self.keeper.handle_timeout(self.now());
        }
    }

    /// Everything that was told so far, in order.
    pub fn told(&self) -> &[Told] {
        &self.told
    }

    /// The keeper, to be looked at.
    pub const fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// The time of the rehearsal.
    pub fn now(&self) -> Now {
        let passed = i64::try_from(self.time.as_secs()).unwrap_or(i64::MAX);
        Now { wall: self.begins.plus(passed), mono: self.time }
    }

    /// This moment by the monotonic clock; one that has passed is the beginning.
    fn mono(&self, at: UnixTime) -> Duration {
        Duration::from_secs(u64::try_from(self.begins.until(at)).unwrap_or(0))
    }

    /// Does all that the keeper asks for now; whether there was anything.
    fn act(&mut self) -> bool {
        let mut acted = false;
        while self.commit() | self.look() | self.look_at_tenant() | self.deliver() | self.post() {
            acted = true;
        }
        // What the log would say, and what else goes out: nobody listens.
        while self.keeper.poll_transition().is_some() || self.keeper.poll_event().is_some() {}
        while self.keeper.poll_renewal().is_some() || self.keeper.poll_alerts_event().is_some() {}
        let _ = (self.keeper.poll_ping(), self.keeper.poll_references());
        while let Some(tenant) = self.keeper.poll_status() {
            self.keeper.handle_status(&tenant, None, self.now());
        }
        acted
    }

    fn commit(&mut self) -> bool {
        let mut any = false;
        while let Some((tag, changes)) = self.keeper.poll_commit() {
            let up_to = changes.last().map_or(0, |change| change.sequence);
            self.keeper.handle_stored(&tag, up_to, self.now());
            any = true;
        }
        any
    }

    fn look(&mut self) -> bool {
        let asked = self.keeper.poll_look().map(|request| request.domain);
        let Some(domain) = asked.or_else(|| self.agenda.due(self.time)) else { return false };
        let now = self.now();
        match self.scenes.get(&domain).and_then(|scene| scene.look(now.wall)) {
            Some(look) => {
                self.keeper.handle_look(look, now);
                self.plan(&domain);
            }
            None => {
                self.keeper.handle_no_look(&domain, now);
                self.agenda.set(&domain, self.next_scene(&domain));
            }
        }
        true
    }

    /// When the next look at a domain would see something else.
    fn plan(&mut self, domain: &DomainName) {
        let state = self.keeper.domains.get(domain).map(super::Watched::state);
        let verdict = state.and_then(|state| state.verdict);
        let every = self.scenes.get(domain).map_or(NAP, Scene::every);
        let mut found: Vec<Code> = verdict.iter().flat_map(|verdict| &verdict.findings).map(|each| each.code).collect();
        found.sort_unstable();
        let turn = self.agenda.by_domain.entry(domain.clone()).or_default();
        turn.following = if turn.found == found { turn.following.saturating_sub(1) } else { FOLLOWING };
        turn.found = found;
        let follows = (turn.following > 0).then(|| self.time + every);
        let changes = verdict.and_then(|verdict| verdict.changes_at).map(|at| self.mono(at) + every);
        let next = follows.into_iter().chain(changes).chain(self.next_scene(domain)).min();
        self.agenda.set(domain, next.map(|next| next.max(self.time + LEAST)));
    }

    fn next_scene(&self, domain: &DomainName) -> Option<Duration> {
        let scene = self.scenes.get(domain)?;
        Some(self.mono(scene.next(self.now().wall)?) + scene.every())
    }

    fn look_at_tenant(&mut self) -> bool {
        let Some(request) = self.keeper.poll_tenant() else { return false };
        let now = self.now();
        let seen = self.tenants.get(&request.tenant).cloned();
        let seen = seen.map(|seen| ViewObservation { at: now.wall, ..seen });
        self.keeper.handle_tenant(&request.tenant, seen, now);
        true
    }

    fn deliver(&mut self) -> bool {
        let Some((receiver, mail)) = self.keeper.poll_mail() else { return false };
        let now = self.now();
        self.keeper.handle_delivery(&receiver, &mail.id, Delivery::Delivered, now);
        self.told.push(Told { at: now.wall, receiver, what: What::Mail(Box::new(mail)) });
        true
    }

    fn post(&mut self) -> bool {
        let Some((receiver, post)) = self.keeper.poll_post() else { return false };
        let now = self.now();
        self.keeper.handle_posted(&receiver, &post.peer, post.number, Posted::Accepted, now);
        self.told.push(Told { at: now.wall, receiver, what: What::Alerts(post) });
        true
    }
}
