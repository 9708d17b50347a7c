//! The fallback: who is told when another cannot be. What is critical and a receiver could not be told of for a while is
//! told to it as well, the very same notices, each once.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Keeper;
use crate::domain::Span;
use crate::incident::{Batch, MailKind, Notice, NoticeId, Policy};
use crate::verdict::{Family, Severity};

/// Who is told of what is no domain's, and of what others cannot be told.
#[derive(Debug, Default)]
pub(super) struct Routing {
    /// `None`: everybody.
    own_sight: Option<Vec<String>>,
    fallback: Option<String>,
    after: Duration,
    /// What the fallback was given, as long as another receiver is still owed it.
    given: BTreeSet<NoticeId>,
    /// When it is looked again what others could not be told: they may be owed tens of thousands of notices.
    next: Duration,
}

/// It is looked so often.
const EVERY: Duration = Duration::from_secs(10);

impl Routing {
    pub(super) fn of(policy: &Policy) -> Self {
        let mut routing = Self::default();
        routing.read(policy);
        routing
    }

    pub(super) fn read(&mut self, policy: &Policy) {
        self.own_sight.clone_from(&policy.own_sight);
        self.fallback.clone_from(&policy.fallback);
        self.after = policy.fallback_after;
    }

    /// Something was refused, or not taken.
    pub(super) const fn look_now(&mut self) {
        self.next = Duration::ZERO;
    }

    pub(super) fn is_fallback(&self, receiver: &str) -> bool {
        self.fallback.as_deref() == Some(receiver)
    }

    /// That others cannot be told the fallback hears whoever else does: it may be the last that can be.
    pub(super) fn is_told_of_own_sight(&self, receiver: &str, notice: &Notice) -> bool {
        let unheard = [Family::Delivery, Family::DeadLetter].iter().any(|family| notice.family == family.as_str());
        let is_listed = |all: &Vec<String>| all.iter().any(|name| name == receiver);
        self.own_sight.as_ref().is_none_or(is_listed) || unheard && self.is_fallback(receiver)
    }
}

/// What a receiver could not be told.
struct Unheard {
    notice: Notice,
    receiver: String,
    /// For how long; `None` where it was refused for good.
    lasted: Option<Duration>,
}

impl Unheard {
    /// The notice as the fallback is told it.
    fn told_instead(self) -> Notice {
        let Self { mut notice, receiver, lasted } = self;
        let lasted = lasted.and_then(|lasted| i64::try_from(lasted.as_secs()).ok());
        let lasted = lasted.map(|lasted| format!(" for {}", Span(lasted))).unwrap_or_default();
        notice.summary = format!("{receiver} could not be told{lasted}. {}", notice.summary);
        notice.facts.insert("not_told".to_owned(), receiver.into());
        notice
    }
}

impl Keeper {
    /// Gives the fallback what others could not be told.
    pub(super) fn fall_back(&mut self) {
        let due = self.now.mono >= self.routing.next;
        let Some(fallback) = self.routing.fallback.clone().filter(|_| due) else { return };
        let unheard = self.unheard(&fallback);
        let standing: BTreeSet<NoticeId> = unheard.iter().map(|unheard| unheard.notice.id.clone()).collect();
        self.routing.given.retain(|id| standing.contains(id));
        let new = unheard.into_iter().filter(|unheard| self.routing.given.insert(unheard.notice.id.clone()));
        let new: Vec<Notice> = new.map(Unheard::told_instead).collect();
        let (after, now) = (self.routing.after, self.now);
        let others = self.outboxes.told().filter(|(name, _)| **name != fallback);
        let soonest = others.filter_map(|(_, outbox)| outbox.next_unheard(after, now)).min();
        self.routing.next = soonest.unwrap_or(Duration::MAX).min(now.mono + EVERY);
        let Some(outbox) = self.outboxes.get_mut(&fallback) else { return };
        for notice in new {
            outbox.handle_batch(Batch { kind: MailKind::News, notices: vec![notice], unstored: false }, self.now);
        }
    }

    fn unheard(&self, fallback: &str) -> Vec<Unheard> {
        let (after, now) = (self.routing.after, self.now);
        let told = self.outboxes.told().filter(|(name, _)| *name != fallback).flat_map(|(name, outbox)| {
            let unheard = outbox.unheard(after, now).into_iter();
            unheard.map(|(notice, lasted)| Unheard { notice: notice.clone(), receiver: name.clone(), lasted })
        });
        let shown = self.failing_alerts(after).flat_map(|(name, lasted, keys)| {
            let firing = keys.into_iter().filter_map(|key| self.ledger.firing_notice(key));
            let critical = firing.filter(|notice| notice.severity == Severity::Critical.as_str());
            critical.map(move |notice| Unheard { notice, receiver: name.to_owned(), lasted: Some(lasted) })
        });
        told.chain(shown).collect()
    }

    /// When it is looked again whether something is due to be told to the fallback.
    pub(super) fn next_fallback(&self) -> Option<Duration> {
        let fallback = self.routing.fallback.as_ref()?;
        let mut others = self.outboxes.told().filter(|(name, _)| *name != fallback);
        others.any(|(_, outbox)| outbox.failing_since().is_some()).then_some(self.routing.next)
    }
}
