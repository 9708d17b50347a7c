//! [`OwnSight`]: how well we see. Resolvers that answer for others, references.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Keeper, OwnFinding};
use crate::domain::{Domain, DomainName, Now, Span, UnixTime};
use crate::incident::{Change, Operation};
use crate::observation::{Code, Look};
use crate::verdict::{Family, Finding, Kind, LOG_LIST_HOLDS, References, Severity, Surroundings, Verdict};

/// A resolver that answered so lately answers.
const ANSWERED_LATELY: Duration = Duration::from_secs(180);
/// The references are asked at most so often, and only while something fails.
const REFERENCES_EVERY: Duration = Duration::from_secs(10);
/// What the references said is believed for so long.
const REFERENCES_HOLD: Duration = Duration::from_secs(60);

/// How well we see.
#[derive(Debug)]
pub(super) struct OwnSight {
    answered: Vec<Answered>,
    /// Since which look on a domain's name servers have failed to answer for it.
    unanswered: BTreeMap<DomainName, Duration>,
    references: References,
    references_at: Option<Duration>,
    references_wanted: bool,
    references_asked: Option<Duration>,
    /// Whether a look lately found no route over IPv6.
    no_ipv6: bool,
    /// When the list of transparency logs was made, if there is one.
    pub(super) log_list_made_at: Option<UnixTime>,
    sequence: u64,
}

/// The last two domains that a set of name servers answered for, and when.
#[derive(Debug)]
struct Answered {
    nameservers: Vec<Arc<str>>,
    domains: Vec<(DomainName, Duration)>,
}

impl OwnSight {
    pub(super) const fn new() -> Self {
        Self {
            answered: Vec::new(),
            unanswered: BTreeMap::new(),
            references: References::None,
            references_at: None,
            references_wanted: false,
            references_asked: None,
            no_ipv6: false,
            log_list_made_at: None,
            sequence: 0,
        }
    }

    /// Numbers a change of the keeper's own.
    pub(super) const fn number(&mut self, operation: Operation) -> Change {
        self.sequence += 1;
        Change { sequence: self.sequence, operation }
    }

    pub(super) fn note_look(&mut self, look: &Look, now: Now) {
        let tried_ipv6 = look.tls.iter().any(|tls| tls.address.is_ipv6());
        self.no_ipv6 = !look.no_route.is_empty() || self.no_ipv6 && !tried_ipv6;
        let Some(dns) = &look.dns else { return };
        if dns.failed() {
            self.unanswered.entry(look.domain.clone()).or_insert(now.mono);
            return;
        }
        if !dns.addresses_answered() {
            // What was remembered proves nothing.
            return;
        }
        self.unanswered.remove(&look.domain);
        let known = self.answered.iter().position(|answered| answered.nameservers == dns.nameservers);
        let index = known.unwrap_or_else(|| {
            self.answered.push(Answered { nameservers: dns.nameservers.clone(), domains: Vec::new() });
            self.answered.len() - 1
        });
        let domains = &mut self.answered[index].domains;
        domains.retain(|(name, _)| *name != look.domain);
        domains.insert(0, (look.domain.clone(), now.mono));
        domains.truncate(2);
    }

    /// A fault that the network may be to blame for makes us ask whether it is ours.
    pub(super) fn note_verdict(&mut self, verdict: &Verdict) {
        let network =
            |finding: &Finding| finding.entry().kind == Kind::Network && finding.severity == Severity::Critical;
        self.references_wanted |=
            verdict.findings.iter().any(|finding| network(finding) || finding.code == Code::WatchBlind);
    }

    /// Takes how the references fared; whether that may change what is believed.
    pub(super) fn note_references(&mut self, references: References, now: Now) -> bool {
        let before = self.references_at.replace(now.mono);
        let stale = before.is_none_or(|at| now.mono.saturating_sub(at) > REFERENCES_HOLD);
        std::mem::replace(&mut self.references, references) != references || stale
    }

    pub(super) fn wants_references(&mut self, now: Now) -> bool {
        let rested = self.references_asked.is_none_or(|asked| now.mono >= asked + REFERENCES_EVERY);
        if !self.references_wanted || !rested {
            return false;
        }
        self.references_wanted = false;
        self.references_asked = Some(now.mono);
        true
    }

    pub(super) const fn references(&self) -> References {
        self.references
    }

    pub(super) fn surroundings(&self, domain: &Domain, nameservers: &[Arc<str>], now: Now) -> Surroundings {
        let believed = self.references_at.is_some_and(|at| {
            // Looks ask again, so what was said last holds from one look at the domain to the next.
            now.mono.saturating_sub(at) <= REFERENCES_HOLD.max(domain.interval * 2)
        });
        let references = if believed { self.references } else { References::None };
        let resolvers_answer_others = self.answer_others(&domain.name, nameservers, now);
        Surroundings { resolvers_answer_others, references, ..Surroundings::default() }
    }

    /// Whether these name servers have answered for another domain lately. An answer from before they failed for this
    /// one proves nothing: they may have gone down in between.
    fn answer_others(&self, name: &DomainName, nameservers: &[Arc<str>], now: Now) -> bool {
        let failing_since = self.unanswered.get(name).copied().unwrap_or_default();
        let proves = |at: Duration| at >= failing_since && now.mono.saturating_sub(at) <= ANSWERED_LATELY;
        let same = self.answered.iter().filter(|answered| answered.nameservers == nameservers);
        same.flat_map(|answered| &answered.domains).any(|(other, at)| other != name && proves(*at))
    }

    pub(super) fn forget_domain(&mut self, name: &DomainName) {
        for answered in &mut self.answered {
            answered.domains.retain(|(known, _)| known != name);
        }
        self.unanswered.remove(name);
    }

    /// The finding that the list of transparency logs is too old to go by.
    fn stale_log_list(&self, now: Now) -> Option<Finding> {
        let made_at = self.log_list_made_at?;
        let age = made_at.until(now.wall);
        let summary = format!("the list of transparency logs is {} old, made on {made_at}", Span(age));
        let finding = || Finding::new(Code::WatchLogListStale, summary).fact("made_at", made_at.to_string());
        (age > LOG_LIST_HOLDS).then(finding)
    }
}

impl Keeper {
    pub(super) fn tell_of_log_list(&mut self) {
        let stale = self.own_sight.stale_log_list(self.now);
        self.ledger.handle_own_sight(Family::Logs, stale.as_ref(), self.now);
    }

    /// If looks begin late, they are made less often, and it is said so.
    pub(super) fn tell_of_load(&mut self) {
        if self.load.handle_timeout(self.now) {
            self.schedule.stretch(self.load.stretch());
        }
        self.ledger.handle_own_sight(Family::Load, self.load.finding().as_ref(), self.now);
    }

    /// What is wrong with our own sight, by what stands in the ledger.
    pub(super) fn own_sight_findings(&self) -> Vec<OwnFinding> {
        let ours = self.ledger.incidents().filter(|incident| incident.domain.is_empty());
        let standing = ours.map(|incident| OwnFinding {
            code: incident.code.to_owned(),
            severity: incident.severity,
            summary: incident.summary.to_owned(),
        });
        let no_ipv6 = self.own_sight.no_ipv6.then(|| OwnFinding {
            code: Code::WatchNoIpv6.to_string(),
            severity: Severity::Info,
            summary: "AAAA addresses are not looked at".to_owned(),
        });
        standing.chain(no_ipv6).collect()
    }
}
