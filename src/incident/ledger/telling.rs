//! What is told of an incident, and when: its opening, its getting worse, its end, and that it is still there.
//! The first summary and a set-up hold openings back.

use std::time::Duration;

use super::incident::Owed;
use super::moment::{Moment, Stamp};
use super::window::CRITICAL_WAITS;
use super::{Due, Incident, Key, Ledger, State, Timer};
use crate::domain::{DomainName, Life};
use crate::incident::{Notice, NoticeId, Reason};
use crate::observation::Code;
use crate::verdict::{Severity, catalogue};

/// What is wrong in set-up is told again at this interval.
pub(super) const DAY: Duration = Duration::from_secs(86_400);
/// The time left is not halved further than to this many seconds: the last hour would be all reminders.
const SHORTEST_LEFT: i64 = 3600;

impl Ledger {
    /// Tells that an incident has opened, unless that was told or is held back.
    pub(super) fn tell_opened(&mut self, key: &Key) {
        let untold = |incident: &Incident| !incident.told && incident.state == State::Firing;
        if !self.incidents.get(key).is_some_and(untold) || self.is_silenced(key) || self.is_hidden(key) {
            return;
        }
        let Some(incident) = self.incidents.get(key) else { return };
        if self.window.holds() && !Self::is_store(key) {
            if incident.severity == Severity::Critical {
                self.timers.set(Timer::Tell(Box::new(key.clone())), Due::Mono(self.waits_until(incident)));
            }
        } else if self.takes_turn_in_setup(key) {
            self.tell(key, Reason::Opened);
            self.schedule_reminder(key);
        }
    }

    fn waits_until(&self, incident: &Incident) -> Moment {
        let opened = incident.opened.map_or_else(|| Moment::of(self.now), |opened| opened.mono);
        opened.plus(CRITICAL_WAITS)
    }

    /// A critical incident has waited long enough for the first summary.
    pub(super) fn tell_waiting(&mut self, key: &Key) {
        let waits = |incident: &&Incident| incident.state == State::Firing && !incident.told;
        let Some(incident) = self.incidents.get(key).filter(waits) else { return };
        if incident.severity == Severity::Critical && !self.is_silenced(key) && !self.is_hidden(key) {
            self.tell(key, Reason::Opened);
            self.schedule_reminder(key);
        }
    }

    /// Whether an opening may be told: always, but in set-up only with the day's one mail.
    pub(super) fn takes_turn_in_setup(&mut self, key: &Key) -> bool {
        let (now, collect_for) = (self.now, self.policy.collect_for);
        let Some(domain) = key.domain.as_ref().filter(|domain| self.in_setup(domain)) else { return true };
        let Some(watched) = self.domains.get_mut(domain) else { return false };
        if let Some(told) = watched.setup_told {
            let since = Moment::of(now).since(told.mono);
            return since < collect_for.max(Duration::from_millis(1)) || since >= DAY;
        }
        watched.setup_told = Some(Stamp::of(now));
        self.touched.domains.insert(domain.clone());
        self.timers.set(Timer::SetUp(domain.clone()), Due::Mono(Moment::of(now).plus(DAY)));
        true
    }

    /// The day's mail of a domain in set-up: what is still there, and what has come since.
    pub(super) fn remind_setup(&mut self, domain: &DomainName) {
        if !self.in_setup(domain) {
            return;
        }
        if let Some(watched) = self.domains.get_mut(domain) {
            watched.setup_told = None;
            self.touched.domains.insert(domain.clone());
        }
        for key in self.keys_of(domain) {
            match self.incidents.get(&key) {
                Some(incident) if incident.state != State::Firing => {}
                Some(incident) if incident.told && self.is_hidden(&key) => {}
                Some(incident) if incident.told => {
                    if self.is_silenced(&key) {
                        continue;
                    }
                    self.takes_turn_in_setup(&key);
                    self.tell(&key, Reason::Reminder);
                }
                _ => self.tell_opened(&key),
            }
        }
    }

    /// Ends the first summary's window if its time has come; what it held back goes out at one go.
    pub(super) fn settle_window(&mut self) {
        if !self.window.holds() {
            return;
        }
        let pending = || self.incidents.values().any(|incident| incident.state == State::Pending);
        match self.window.ends(pending, Moment::of(self.now)) {
            Err(until) => self.timers.set_or_cancel(Timer::Window, until.map(Due::Mono)),
            Ok(()) => self.tell_summary(),
        }
    }

    fn tell_summary(&mut self) {
        self.timers.cancel(&Timer::Window);
        self.touched.first_summary = true;
        let keys: Vec<Key> = self.incidents.keys().cloned().collect();
        let before = self.touched.news.len();
        for key in keys {
            self.timers.cancel(&Timer::Tell(Box::new(key.clone())));
            self.tell_opened(&key);
        }
        let summary = self.touched.news.split_off(before);
        for (key, notice) in &summary {
            let owed = self
                .incidents
                .get_mut(key)
                .and_then(|incident| incident.owed.iter_mut().find(|owed| owed.notice.id == notice.id));
            if let Some(owed) = owed {
                owed.summary = true;
            }
        }
        self.touched.summary.extend(summary);
    }

    /// An incident is to be told again.
    pub(super) fn remind(&mut self, key: &Key) {
        if self.incidents.get(key).is_none_or(|incident| incident.state != State::Firing) {
            return;
        }
        if self.is_silenced(key) {
            return self.pause_reminders(key);
        }
        // It may flap, and be good just now: that it is still there would be a lie.
        if self.is_hidden(key) || self.is_calm(key) {
            return self.schedule_reminder(key);
        }
        self.tell(key, Reason::Reminder);
        if let Some(incident) = self.incidents.get_mut(key) {
            incident.step = incident.step.saturating_add(1);
        }
        self.schedule_reminder(key);
    }

    /// Sets when an incident that was just told, or has just changed, is told again.
    pub(super) fn schedule_reminder(&mut self, key: &Key) {
        let (life, now, in_setup) = (self.life(key), self.now, self.key_in_setup(key));
        let Some(incident) = self.incidents.get_mut(key) else { return };
        let wait = step(incident, &life);
        incident.remind = match incident.expires.filter(|_| incident.halves()) {
            _ if in_setup || wait.is_none() => None,
            Some(expires) => {
                let left = now.wall.until(expires) / 2;
                (left >= SHORTEST_LEFT).then(|| Stamp::at(expires.plus(-left), now))
            }
            None => wait.map(|wait| Stamp::after(now, wait)),
        };
        self.touched.incidents.insert(key.clone());
        self.set_reminder(key);
    }

    /// Sets the timer of an incident's next reminder: by the wall clock where the time left is halved, else by
    /// the monotonic one, so that a jump of the wall clock sets off no burst.
    pub(super) fn set_reminder(&mut self, key: &Key) {
        let Some(incident) = self.incidents.get(key) else { return };
        let by_clock = |remind: Stamp| if incident.halves() { Due::Wall(remind.wall) } else { Due::Mono(remind.mono) };
        let due = incident.remind.map(by_clock);
        self.timers.set_or_cancel(Timer::Reminder(Box::new(key.clone())), due);
    }

    /// Owes a notice of what an incident is now.
    pub(super) fn tell(&mut self, key: &Key, reason: Reason) {
        let Some(notice) = self.incidents.get(key).map(|incident| self.notice(key, incident, reason)) else { return };
        let Some(incident) = self.incidents.get_mut(key) else { return };
        match reason {
            Reason::Opened => {
                incident.told = true;
                incident.note_heard();
            }
            Reason::Escalated => {
                incident.escalations += 1;
                incident.note_heard();
            }
            Reason::SilenceEnds => incident.words += 1,
            Reason::Reminder => {
                incident.reminders += 1;
                // Should nobody ever take them, one reminder is enough to keep.
                incident.owed.retain(|owed| owed.notice.reason != Reason::Reminder);
            }
            Reason::Resolved => {}
        }
        incident.owed.push(Owed { notice: notice.clone(), summary: false });
        self.owed.insert(notice.id.clone(), key.clone());
        self.touched.incidents.insert(key.clone());
        self.touched.news.push((key.clone(), notice));
    }

    pub(super) fn notice(&self, key: &Key, incident: &Incident, reason: Reason) -> Notice {
        let watched = key.domain.as_ref().and_then(|domain| self.domains.get(domain));
        let entry = Code::parse(&incident.code).map(catalogue::entry);
        let over = reason == Reason::Resolved;
        let severity = if over { incident.worst } else { incident.severity };
        let episode = incident.episode();
        let id = NoticeId::of(key.domain_str(), &key.view, &key.family, episode, reason, incident.ordinal(reason));
        Notice {
            id,
            domain: key.domain_str().to_owned(),
            view: key.view.clone(),
            family: key.family.clone(),
            episode,
            reason,
            code: incident.code.clone(),
            severity: severity.as_str().to_owned(),
            title: entry.map_or_else(|| incident.code.clone(), |entry| entry.title.to_owned()),
            summary: match reason {
                Reason::Resolved => self.epitaph(incident),
                Reason::SilenceEnds => self.word_of_silence(incident),
                _ => incident.summary_now(self.now),
            },
            remedy: incident.remedy(entry).to_owned(),
            facts: incident.facts_now(),
            path: watched.map(super::watched::Watched::path_facts).unwrap_or_default(),
            expires: watched.and_then(|watched| watched.expires).or(incident.expires),
            opened_at: incident.opened.map_or(incident.began.wall, |opened| opened.wall),
            at: self.now.wall,
            in_setup: self.key_in_setup(key),
            bonds: incident.bonds.clone(),
            labels: watched.map(|watched| watched.labels.clone()).unwrap_or_default(),
            extra: serde_json::Map::new(),
        }
    }

    /// What is said of an incident that is over.
    fn epitaph(&self, incident: &Incident) -> String {
        let since = incident.flapping.as_ref().map_or(incident.began, |flapping| flapping.since);
        let lasted = words(Moment::of(self.now).since(since.mono));
        let how = if incident.affected.is_empty() { "Its addresses are no longer in use" } else { "It is over" };
        let after = match &incident.flapping {
            Some(flapping) => format!("after it came {} times in {lasted}", flapping.times),
            None => format!("after {lasted}"),
        };
        format!("{how}, {after}. It was: {}", incident.summary)
    }
}

/// How long until an incident is told again; `None` if it is not.
fn step(incident: &Incident, life: &Life) -> Option<Duration> {
    let step = usize::try_from(incident.step).unwrap_or(usize::MAX);
    life.reminds_after(incident.severity == Severity::Critical, step)
}

/// A span as people say it, by its two greatest units.
pub(super) fn words(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}
