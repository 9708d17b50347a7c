//! What is critical and could not be told for a while, for whoever is told in this receiver's place.

use std::time::Duration;

use super::Outbox;
use crate::domain::Now;
use crate::incident::{Notice, NoticeId, Reason};
use crate::verdict::Severity;

/// So many notices of a reason are looked for among those heard.
const ORDINALS: u64 = 8;

impl Outbox {
    /// What is critical, owed for so long, and was tried in vain for so long; each with for how long, or with none where
    /// it was refused for good. The end of something is not among it.
    pub fn unheard(&self, after: Duration, now: Now) -> Vec<(&Notice, Option<Duration>)> {
        let mut unheard = Vec::new();
        for post in self.posts.values() {
            let lasted = post.failing_for(now);
            if post.is_dead() || lasted.is_some_and(|lasted| lasted >= after) {
                let lasted = lasted.filter(|_| !post.is_dead());
                unheard.extend(post.row.mail.notices.iter().map(|notice| (notice, lasted)));
            }
        }
        if self.failing_for(now).is_some_and(|lasted| lasted >= after) {
            let age = |notice: &Notice| Duration::from_secs(u64::try_from(notice.at.until(now.wall)).unwrap_or(0));
            let waiting = self.gathering.notices().map(|notice| (notice, age(notice)));
            unheard.extend(waiting.filter(|(_, age)| *age >= after).map(|(notice, age)| (notice, Some(age))));
        }
        unheard.retain(|(notice, _)| is_critical(notice));
        unheard
    }

    /// When a mail will have been tried in vain for so long, by the monotonic clock.
    pub fn next_unheard(&self, after: Duration, now: Now) -> Option<Duration> {
        let failing = self.posts.values().filter(|post| !post.is_dead());
        let critical = failing.filter(|post| post.row.mail.notices.iter().any(is_critical));
        let left = critical.filter_map(|post| after.checked_sub(post.failing_for(now)?));
        left.filter(|left| !left.is_zero()).min().map(|left| now.mono + left)
    }

    /// Whether anything of this notice's incident, as it opened this time, was told or is to be.
    pub fn has_heard_of(&self, notice: &Notice) -> bool {
        let Notice { domain, view, family, episode, .. } = notice;
        let reasons = [Reason::Opened, Reason::Escalated, Reason::Reminder, Reason::SilenceEnds];
        reasons.into_iter().any(|reason| {
            let ordinals = if reason == Reason::Opened { 1 } else { ORDINALS };
            (0..ordinals).any(|ordinal| {
                let id = NoticeId::of(domain, view, family, *episode, reason, ordinal);
                self.unsettled.contains(&id) || self.settled.contains(&id)
            })
        })
    }
}

fn is_critical(notice: &Notice) -> bool {
    notice.reason != Reason::Resolved && Severity::parse(&notice.severity) == Some(Severity::Critical)
}
