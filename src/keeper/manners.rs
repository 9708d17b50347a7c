//! [`Manners`]: how many requests we make. Auth0 counts them by tenant, and the tenant's customers need them more.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::DomainName;
use crate::observation::Auth0Observation;

/// Requests a tenant gets a minute, all its domains together.
const A_MINUTE: f64 = 60.0;
/// However often we are told that it is too many, we ask this often a minute.
const LEAST: f64 = 1.0;
/// After so long without being told, the rate doubles again.
const FORGIVEN_AFTER: Duration = Duration::from_secs(600);
/// A longer Retry-After is a mistake of somebody's.
const LONGEST_WAIT: u64 = 3600;

/// Budgets of requests, by tenant; a domain whose tenant we do not know has its own.
#[derive(Debug, Default)]
pub(super) struct Manners {
    budgets: BTreeMap<DomainName, Budget>,
}

/// A token bucket.
#[derive(Debug)]
struct Budget {
    tokens: f64,
    rate: f64,
    filled_at: Duration,
    not_before: Duration,
    told_off_at: Duration,
}

impl Budget {
    const fn new(now: Duration) -> Self {
        Self { tokens: A_MINUTE, rate: A_MINUTE, filled_at: now, not_before: Duration::ZERO, told_off_at: now }
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate / 60.0).min(self.rate);
        self.filled_at = now;
        if self.rate < A_MINUTE && now.saturating_sub(self.told_off_at) >= FORGIVEN_AFTER {
            self.rate = (self.rate * 2.0).min(A_MINUTE);
            self.told_off_at = now;
        }
    }
}

impl Manners {
    /// How many of the wanted requests may be made now; they count as made.
    pub(super) fn take(&mut self, payer: &DomainName, wanted: usize, now: Duration) -> usize {
        let budget = self.budgets.entry(payer.clone()).or_insert_with(|| Budget::new(now));
        budget.fill(now);
        if now < budget.not_before {
            return 0;
        }
        let granted = wanted.min(budget.tokens as usize);
        budget.tokens -= granted as f64;
        granted
    }

    /// So many of the requests that were granted could not be made, as there was no connection to make them on.
    pub(super) fn refund(&mut self, payer: &DomainName, unmade: usize) {
        if let Some(budget) = self.budgets.get_mut(payer) {
            budget.tokens = (budget.tokens + unmade as f64).min(budget.rate);
        }
    }

    /// Takes note of a 429: wait as told, and ask half as often from then on (RFC 6585 §4).
    pub(super) fn heed<'a>(
        &mut self,
        payer: &DomainName,
        answers: impl Iterator<Item = &'a Auth0Observation>,
        now: Duration,
    ) {
        let limited = answers.filter(|answer| answer.status == Some(429));
        let Some(wait) = limited.map(|answer| seconds(answer.headers.retry_after.as_deref())).max() else { return };
        let budget = self.budgets.entry(payer.clone()).or_insert_with(|| Budget::new(now));
        budget.not_before = budget.not_before.max(now + Duration::from_secs(wait));
        // One look with several refused answers is one refusal.
        budget.rate = (budget.rate / 2.0).max(LEAST);
        budget.tokens = budget.tokens.min(budget.rate);
        budget.told_off_at = now;
    }

    /// Forgets whoever no longer pays for anything.
    pub(super) fn keep(&mut self, pays: impl Fn(&DomainName) -> bool) {
        self.budgets.retain(|payer, _| pays(payer));
    }
}

/// Retry-After in seconds; a date or nothing at all is taken for a minute.
fn seconds(retry_after: Option<&str>) -> u64 {
    retry_after.and_then(|text| text.trim().parse().ok()).unwrap_or(60).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn tenant() -> DomainName {
        DomainName::parse("example.us.auth0.com").unwrap()
    }

    fn refused(retry_after: Option<&str>) -> [Auth0Observation; 1] {
        let mut answer = Auth0Observation::new(([192, 0, 2, 1], 443).into());
        answer.status = Some(429);
        answer.headers.retry_after = retry_after.map(str::to_owned);
        [answer]
    }

    #[test]
    fn a_tenant_gets_sixty_requests_a_minute_all_domains_together() {
        let mut manners = Manners::default();
        let asked: usize = (0..40).map(|_| manners.take(&tenant(), 4, SECOND)).sum();
        assert_eq!(asked, 60);
        assert_eq!(manners.take(&tenant(), 4, SECOND * 3), 2);
        assert_eq!(manners.take(&DomainName::parse("other.us.auth0.com").unwrap(), 4, SECOND), 4);
    }

    #[test]
    fn a_refusal_is_heeded_and_halves_the_rate() {
        let mut manners = Manners::default();
        manners.take(&tenant(), 1, SECOND);
        manners.heed(&tenant(), refused(Some("30")).iter(), SECOND);
        assert_eq!(manners.take(&tenant(), 4, SECOND * 30), 0);
        assert_eq!(manners.take(&tenant(), 100, SECOND * 31), 30);
        assert_eq!(manners.take(&tenant(), 100, SECOND * 91), 30);
        for _ in 0..20 {
            manners.heed(&tenant(), refused(Some("Wed, 21 Oct 2026 07:28:00 GMT")).iter(), SECOND * 91);
        }
        assert_eq!(manners.take(&tenant(), 1, SECOND * 150), 0);
        assert_eq!(manners.take(&tenant(), 9, SECOND * 152), 1);
    }

    #[test]
    fn what_was_granted_for_nothing_is_given_back() {
        let mut manners = Manners::default();
        assert_eq!(manners.take(&tenant(), 60, SECOND), 60);
        manners.refund(&tenant(), 10);
        assert_eq!(manners.take(&tenant(), 60, SECOND), 10);
        manners.refund(&tenant(), 1000);
        assert_eq!(manners.take(&tenant(), 100, SECOND), 60, "and never more than a minute's");
    }

    #[test]
    fn the_rate_recovers() {
        let mut manners = Manners::default();
        manners.heed(&tenant(), refused(Some("0")).iter(), SECOND);
        assert_eq!(manners.take(&tenant(), 100, SECOND), 30);
        assert_eq!(manners.take(&tenant(), 100, SECOND * 601), 30);
        assert_eq!(manners.take(&tenant(), 100, SECOND * 661), 60);
    }
}
