//! [`Window`]: the time of the first summary. A first start would otherwise tell every old sore on its own.

use std::collections::BTreeSet;
use std::time::Duration;

use super::moment::Moment;
use crate::domain::DomainName;

/// A critical incident waits no longer than this for the first summary.
pub(super) const CRITICAL_WAITS: Duration = Duration::from_secs(60);
/// When everything was looked at, the summary waits no longer than this for what is still being confirmed.
const SETTLES: Duration = Duration::from_secs(60);

/// Whether the first summary is still being gathered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Window {
    /// No domains are known yet.
    Waiting {
        /// When it began, should that have been before a restart.
        since: Option<Moment>,
    },
    /// It is being gathered.
    Open {
        /// Domains without a look so far.
        unseen: BTreeSet<DomainName>,
        /// Until when they are waited for.
        until: Moment,
        /// Everything was looked at, or waited for long enough: until when confirmations are waited for.
        settles: Option<Moment>,
    },
    /// It was sent, or there was nothing to send.
    Over,
}

impl Window {
    /// Opens once there are domains; the longest interval is how long they are waited for. Says whether it began
    /// with this: a restart does not begin it anew.
    pub(super) fn start(&mut self, domains: BTreeSet<DomainName>, interval: Duration, now: Moment) -> bool {
        let since = match self {
            Self::Waiting { since } if !domains.is_empty() => *since,
            _ => return false,
        };
        *self = Self::Open { unseen: domains, until: since.unwrap_or(now).plus(interval), settles: None };
        since.is_none()
    }

    /// Whether openings are held back.
    pub(super) fn holds(&self) -> bool {
        *self != Self::Over
    }

    /// The domain was looked at, or is no longer watched.
    pub(super) fn strike(&mut self, domain: &DomainName) {
        if let Self::Open { unseen, .. } = self {
            unseen.remove(domain);
        }
    }

    /// Whether it ends now, given whether anything is still being confirmed (asked only where that decides); else when
    /// to ask again.
    pub(super) fn ends(&mut self, pending: impl FnOnce() -> bool, now: Moment) -> Result<(), Option<Moment>> {
        let Self::Open { unseen, until, settles } = self else { return Err(None) };
        if !unseen.is_empty() && now < *until {
            return Err(Some(*until));
        }
        let settles = *settles.get_or_insert(now.min(*until).plus(SETTLES));
        if now < settles && pending() {
            return Err(Some(settles));
        }
        *self = Self::Over;
        Ok(())
    }
}
