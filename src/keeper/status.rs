//! What Auth0's status page says, of tenants whose logins fail; for the mail to mention, and for nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Keeper;
use crate::domain::{DomainName, Now};
use crate::observation::StatusNote;
use crate::verdict::{Family, Severity, Verdict};

/// A tenant's feed is asked for at most so often.
const EVERY: Duration = Duration::from_secs(300);
/// What it said is mentioned for so long.
const HOLDS: Duration = Duration::from_secs(900);

/// What was said of each tenant.
#[derive(Debug, Default)]
pub(super) struct StatusNotes(BTreeMap<DomainName, Said>);

#[derive(Debug, Default)]
struct Said {
    wanted: bool,
    asked_at: Option<Duration>,
    note: Option<(Duration, StatusNote)>,
}

impl StatusNotes {
    pub(super) fn of(&self, tenant: Option<&DomainName>, now: Now) -> Option<StatusNote> {
        let (at, note) = self.0.get(tenant?)?.note.as_ref()?;
        (now.mono < *at + HOLDS).then(|| note.clone())
    }

    /// A login that fails past the proxy, or nobody knows where, makes us ask.
    pub(super) fn note_verdict(&mut self, tenant: Option<&DomainName>, verdict: &Verdict) {
        let Some(tenant) = tenant else { return };
        let fails = verdict.findings.iter().any(|finding| {
            let family = finding.entry().family;
            finding.severity == Severity::Critical && matches!(family, Family::Login | Family::Edge | Family::Tenant)
        });
        if fails {
            self.0.entry(tenant.clone()).or_default().wanted = true;
        }
    }

    fn due(&mut self, now: Duration) -> Option<DomainName> {
        let is_due = |said: &Said| said.wanted && said.asked_at.is_none_or(|at| now >= at + EVERY);
        let (tenant, said) = self.0.iter_mut().find(|(_, said)| is_due(said))?;
        (said.wanted, said.asked_at) = (false, Some(now));
        Some(tenant.clone())
    }
}

impl Keeper {
    /// The next tenant whose feed is to be asked for now.
    pub fn poll_status(&mut self) -> Option<DomainName> {
        self.status_notes.due(self.now.mono)
    }

    /// What the feed of a tenant says; it is mentioned from the next look on.
    pub fn handle_status(&mut self, tenant: &DomainName, note: Option<StatusNote>, now: Now) {
        self.now = now;
        if let Some(said) = self.status_notes.0.get_mut(tenant) {
            said.note = note.map(|note| (now.mono, note));
        }
    }
}
