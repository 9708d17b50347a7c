//! [`Log`]: what befell one resolver while it was asked, for the observation to tell.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hickory_resolver::proto::op::Message;

use super::message::{Question, changed_case, extended_error_title, extended_errors};
use crate::observation::{
    ExtendedError, Oddity, OddityKind, Outcome, ResolverFailure, ResolverObservation, bounded, is_hidden,
};

/// Oddities kept of one resolver and look.
const MAX_ODDITIES: usize = 16;
/// Extended errors kept of one resolver and look.
const MAX_ERRORS: usize = 8;
/// Characters kept of what a stranger says of himself.
const MAX_TEXT: usize = 200;

/// Why a question has no usable answer, and what was said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) struct Trouble {
    pub(in crate::probe) outcome: Outcome,
    pub(in crate::probe) detail: Option<String>,
}

impl Trouble {
    pub(in crate::probe) const fn new(outcome: Outcome) -> Self {
        Self { outcome, detail: None }
    }

    pub(super) fn because(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: Some(shown(&detail.into())) }
    }
}

/// What befell one resolver in one look; shared by the questions that are asked at once.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    questions: u32,
    answered: u32,
    failure: Option<ResolverFailure>,
    oddities: BTreeMap<(OddityKind, String), u32>,
    errors: Vec<ExtendedError>,
}

impl Log {
    /// A question goes out.
    pub(super) fn ask(&self) {
        self.entries().questions += 1;
    }

    /// So many more went out.
    pub(super) fn add_questions(&self, questions: u32) {
        self.entries().questions += questions;
    }

    /// It was answered, be it that there is nothing.
    pub(super) fn succeed(&self) {
        self.entries().answered += 1;
    }

    /// It was not. Of several ways to fail, an answer of any kind tells more than silence; but where it could not even
    /// be asked for want of a socket, nobody can say that the resolver failed.
    pub(super) fn fail(&self, trouble: &Trouble) {
        let mut entries = self.entries();
        let rank = |outcome: Outcome| match outcome {
            Outcome::OutOfResources => 3,
            outcome if outcome.is_an_answer() => 2,
            Outcome::Timeout => 0,
            _ => 1,
        };
        if entries.failure.as_ref().is_none_or(|known| rank(trouble.outcome) > rank(known.outcome)) {
            entries.failure = Some(ResolverFailure { outcome: trouble.outcome, detail: trouble.detail.clone() });
        }
    }

    pub(super) fn note(&self, kind: OddityKind, question: &Question) {
        self.note_of(kind, question.shown());
    }

    pub(super) fn note_of(&self, kind: OddityKind, question: String) {
        let mut entries = self.entries();
        let full = entries.oddities.len() >= MAX_ODDITIES;
        match entries.oddities.get_mut(&(kind, question.clone())) {
            Some(count) => *count = count.saturating_add(1),
            None if full => {}
            None => _ = entries.oddities.insert((kind, question), 1),
        }
    }

    /// What an answer says beside its records.
    pub(super) fn read(&self, message: &Message, question: &Question) {
        if changed_case(message, question) {
            self.note(OddityKind::ChangedCase, question);
        }
        let mut entries = self.entries();
        for (code, text) in extended_errors(message) {
            let error = ExtendedError {
                question: question.shown(),
                code,
                title: extended_error_title(code),
                text: shown(&text),
            };
            if entries.errors.len() < MAX_ERRORS && !entries.errors.contains(&error) {
                entries.errors.push(error);
            }
        }
    }

    pub(super) fn questions(&self) -> u32 {
        self.entries().questions
    }

    /// Why nothing of it could be used; `None` if something could, or nothing was asked.
    pub(super) fn failure(&self) -> Option<ResolverFailure> {
        let entries = self.entries();
        entries.failure.clone().filter(|_| entries.answered == 0)
    }

    pub(super) fn oddities(&self) -> Vec<Oddity> {
        let entries = self.entries();
        let oddity = |((kind, question), count): (&(OddityKind, String), &u32)| Oddity {
            kind: *kind,
            question: question.clone(),
            count: *count,
        };
        entries.oddities.iter().map(oddity).collect()
    }

    /// Adds what was odd to what is told of the resolver already.
    pub(super) fn tell_in(&self, resolver: &str, fared: &mut [ResolverObservation]) {
        let Some(fared) = fared.iter_mut().find(|fared| &*fared.resolver == resolver) else { return };
        fared.oddities.extend(self.oddities());
        fared.oddities.truncate(MAX_ODDITIES);
        fared.extended_errors.extend(self.extended_errors());
        fared.extended_errors.truncate(MAX_ERRORS);
    }

    pub(super) fn extended_errors(&self) -> Vec<ExtendedError> {
        self.entries().errors.clone()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        // What a panic left behind is whole: every change is one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stranger's words without what a reader would not see.
fn shown(text: &str) -> String {
    bounded(text.chars().map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect(), MAX_TEXT)
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::{Name, RecordType};

    use super::*;

    #[test]
    fn the_failure_that_tells_most_is_kept_and_only_where_nothing_was_answered() {
        use Outcome::{OutOfResources, Servfail, Timeout, Unreachable};
        for (outcomes, kept) in [
            (&[Timeout, Unreachable, Servfail][..], Servfail),
            (&[Servfail, Timeout], Servfail),
            (&[Servfail, OutOfResources], OutOfResources),
            (&[Timeout, Unreachable], Unreachable),
        ] {
            let log = Log::default();
            outcomes.iter().for_each(|outcome| log.fail(&Trouble::new(*outcome)));
            assert_eq!(log.failure().map(|failure| failure.outcome), Some(kept));
            log.succeed();
            assert_eq!(log.failure(), None);
        }
    }

    #[test]
    fn what_strangers_send_is_bounded_and_shown() {
        let log = Log::default();
        for number in 0..100 {
            let name = Name::from_ascii(format!("n{number}.example.com.")).unwrap();
            log.note(OddityKind::WrongId, &Question::new(name, RecordType::A));
        }
        assert_eq!(log.oddities().len(), MAX_ODDITIES);
        let trouble = Trouble::because(Outcome::ChannelFailed, format!("\u{1b}[31m{}", "x".repeat(1000)));
        let detail = trouble.detail.unwrap();
        assert!(detail.starts_with("\u{fffd}[31m") && detail.chars().count() == MAX_TEXT + 1, "{detail}");
    }
}
