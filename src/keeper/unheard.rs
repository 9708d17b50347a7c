//! Whether those who are to be told hear us: what does not get through, and what was refused for good.

use std::time::Duration;

use serde_json::Value;

use super::Keeper;
use super::relay_checks::Unready;
use crate::domain::{Span, UnixTime};
use crate::incident::{DeadLetters, Notice};
use crate::observation::Code;
use crate::verdict::{Family, Finding, Severity};

/// What fails for so long is a finding; a relay may be restarted.
const FAILS_AFTER: Duration = Duration::from_secs(300);

impl Keeper {
    pub(super) fn tell_of_mail(&mut self) {
        let failing = failing(self.failing_receivers()).or_else(|| unready(&self.relay_checks.unready(self.now)));
        self.ledger.handle_own_sight(Family::Delivery, failing.as_ref(), self.now);
        self.tell_of_dead_letters();
    }

    pub(super) fn tell_of_dead_letters(&mut self) {
        let dead = self.outboxes.told().filter_map(|(name, outbox)| Some((name.as_str(), outbox.dead_letters()?)));
        let dead = finding(dead.collect());
        self.ledger.handle_own_sight(Family::DeadLetter, dead.as_ref(), self.now);
    }
}

/// Whether a notice says to a receiver that its own mail is, or was, refused: mail about that would only be refused as
/// well.
pub(super) fn is_about_own_dead(notice: &Notice, receiver: &str) -> bool {
    let mut unheard = notice.facts.get("receivers").and_then(Value::as_array).into_iter().flatten();
    notice.code == Code::WatchNoticeDead.as_str() && unheard.any(|name| name == receiver)
}

/// A receiver to whom nothing gets through.
#[derive(Debug)]
pub(super) struct Failing<'a> {
    /// For how long, whatever the wall clock did meanwhile.
    pub(super) lasted: Duration,
    /// Since when, by the wall clock.
    pub(super) since: UnixTime,
    pub(super) receiver: &'a str,
    /// What was said last.
    pub(super) error: &'a str,
}

/// The finding that nothing gets through to receivers, as long as that is so for one.
fn failing<'a>(receivers: impl Iterator<Item = Failing<'a>>) -> Option<Finding> {
    let mut failing: Vec<Failing<'_>> = receivers.filter(|failing| failing.lasted >= FAILS_AFTER).collect();
    failing.sort_by_key(|failing| (std::cmp::Reverse(failing.lasted), failing.receiver));
    let Failing { lasted, since, error, .. } = failing.first()?;
    let names: Vec<&str> = failing.iter().map(|failing| failing.receiver).collect();
    let lasted = Span(i64::try_from(lasted.as_secs()).unwrap_or(i64::MAX));
    let summary = format!("nothing gets through to {} for {lasted}: {error}", names.join(", "));
    let finding = Finding::new(Code::WatchNoticeFailing, summary);
    Some(finding.fact("receivers", names).fact("since", since.to_string()).fact("error", *error))
}

/// The finding that relays would not take a mail, though none has been owed yet.
fn unready(unready: &[Unready<'_>]) -> Option<Finding> {
    let first = unready.first()?;
    let said: Vec<&str> = unready.iter().map(|relay| relay.summary.as_str()).collect();
    let names: Vec<&str> = unready.iter().map(|relay| relay.receiver).collect();
    let finding = Finding::new(Code::WatchNoticeFailing, said.join("; "));
    // As long as mails get through some way, nobody must get up.
    let finding = if first.is_whole { finding } else { finding.severity(Severity::Warning) };
    Some(finding.fact("receivers", names).fact("since", first.since.to_string()).fact("error", first.error))
}

/// The finding that something was refused for good.
fn finding(dead: Vec<(&str, DeadLetters)>) -> Option<Finding> {
    let since: UnixTime = dead.iter().map(|(_, dead)| dead.since).min()?;
    let given_up: Vec<_> = dead.iter().filter(|(_, dead)| dead.mails > 0).collect();
    let refused: Vec<_> = dead.iter().flat_map(|(_, dead)| &dead.refused).collect();
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let of_receiver = |(name, dead): &&(&str, DeadLetters)| {
        format!("{} to {name} given up: {}", count(dead.mails, "mail"), dead.error)
    };
    let said = given_up.iter().map(of_receiver);
    let said = said.chain(refused.iter().map(|refusal| format!("{} refused: {}", refusal.recipient, refusal.error)));
    let finding = Finding::new(Code::WatchNoticeDead, said.collect::<Vec<_>>().join("; "));
    let names: Vec<&str> = given_up.iter().map(|(name, _)| *name).collect();
    let recipients: Vec<&str> = refused.iter().map(|refusal| refusal.recipient.as_str()).collect();
    let notices = given_up.iter().map(|(_, dead)| dead.notices).sum::<usize>();
    let finding = finding.fact("since", since.to_string()).fact("notices", notices);
    let finding = if names.is_empty() { finding } else { finding.fact("receivers", names) };
    Some(if recipients.is_empty() { finding } else { finding.fact("recipients", recipients) })
}
