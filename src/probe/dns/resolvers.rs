//! [`Resolvers`]: what is known of resolvers from one look to the next, shared by all domains of the process: open
//! connections, and who has not answered for a while.
//!
//! A resolver that is down costs every look the wait for it. Where there are others, it is therefore left alone after a
//! few looks in vain, but for one look every few seconds that finds out whether it is back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::channels::Channels;
use crate::observation::{Outcome, ResolverFailure};

/// So many looks in a row must have waited in vain.
const IN_VAIN: u32 = 3;
/// How often one look asks a resolver that is left alone.
const TRY_EVERY: Duration = Duration::from_secs(5);

/// What is known of resolvers from one look to the next. One a process: it outlives a change of the configuration.
#[derive(Debug, Default)]
pub struct Resolvers {
    pub(super) channels: Channels,
    silent: Mutex<HashMap<Arc<str>, Silent>>,
}

/// A resolver that does not answer.
#[derive(Debug)]
struct Silent {
    looks: u32,
    next_try: Instant,
    failure: ResolverFailure,
}

impl Resolvers {
    /// How the resolver failed, if it is to be left alone now. Whoever gets `None` asks it.
    pub(super) fn rests(&self, resolver: &str) -> Option<ResolverFailure> {
        let mut all = self.silent();
        let silent = all.get_mut(resolver).filter(|silent| silent.looks >= IN_VAIN)?;
        let now = Instant::now();
        if now >= silent.next_try {
            silent.next_try = now + TRY_EVERY;
            return None;
        }
        Some(silent.failure.clone())
    }

    /// How a resolver fared in a look. Only silence counts: who answers, if only with an error, costs nobody a wait.
    pub(super) fn note(&self, resolver: &Arc<str>, failure: Option<&ResolverFailure>) {
        let silence = failure.filter(|failure| is_silence(failure.outcome));
        let mut all = self.silent();
        let Some(failure) = silence else {
            all.remove(resolver);
            return;
        };
        let next_try = Instant::now() + TRY_EVERY;
        let silent =
            all.entry(Arc::clone(resolver)).or_insert_with(|| Silent { looks: 0, next_try, failure: failure.clone() });
        silent.looks = silent.looks.saturating_add(1);
        silent.failure = failure.clone();
        if silent.looks == IN_VAIN {
            silent.next_try = next_try;
        }
    }

    fn silent(&self) -> MutexGuard<'_, HashMap<Arc<str>, Silent>> {
        // What a panic left behind is whole: every change is one step.
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn is_silence(outcome: Outcome) -> bool {
    !outcome.is_an_answer() && !matches!(outcome, Outcome::OutOfResources | Outcome::NotAsked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(outcome: Outcome) -> ResolverFailure {
        ResolverFailure { outcome, detail: None }
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_silent_is_left_alone_but_for_one_look_every_few_seconds() {
        let (resolvers, label) = (Resolvers::default(), Arc::from("192.0.2.53:53"));
        for _ in 0..IN_VAIN {
            assert_eq!(resolvers.rests(&label), None);
            resolvers.note(&label, Some(&failure(Outcome::Timeout)));
        }
        for _ in 0..3 {
            assert_eq!(resolvers.rests(&label), Some(failure(Outcome::Timeout)));
            tokio::time::advance(TRY_EVERY).await;
            assert_eq!(resolvers.rests(&label), None, "one may try");
            assert!(resolvers.rests(&label).is_some(), "but no other");
            resolvers.note(&label, Some(&failure(Outcome::Timeout)));
        }
        resolvers.note(&label, None);
        assert_eq!(resolvers.rests(&label), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_answers_with_an_error_is_asked_on() {
        let (resolvers, label) = (Resolvers::default(), Arc::from("192.0.2.53:53"));
        for outcome in [Outcome::Servfail, Outcome::Refused, Outcome::FormatError, Outcome::OutOfResources] {
            for _ in 0..2 * IN_VAIN {
                resolvers.note(&label, Some(&failure(outcome)));
            }
            assert_eq!(resolvers.rests(&label), None, "{outcome:?}");
        }
    }
}
