//! How a ledger is made again from its rows.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::cause::{Cause, Role};
use super::confirming::cause;
use super::incident::Incident;
use super::moment::{Moment, Stamp};
use super::{FIRST_SUMMARY, Key, Ledger, Life, Now, Policy, Row, State, Table, Watched, Window};
use crate::incident::{Batch, MailKind, Notice};

/// What an address is remembered for at least; the looks before the restart are not known to us.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

impl Ledger {
    /// A ledger as its rows left it; rows of others may be among them. Notices that no outbox took are offered
    /// again by [`Ledger::handle_domains`], which must come next: without the domains nobody knows whom to tell.
    pub fn restore(policy: Policy, rows: impl IntoIterator<Item = Row>, now: Now) -> Self {
        let mut ledger = Self::new(policy, now);
        for row in rows {
            ledger.restore_row(row, now);
        }
        if !ledger.incidents.is_empty() {
            ledger.remembers_from = Moment::of(now).plus(REMEMBERED_FOR);
        }
        ledger.restore_confirmations();
        ledger.offers_owed = true;
        ledger
    }

    fn restore_row(&mut self, row: Row, now: Now) {
        match row.table {
            Table::Meta if row.key == FIRST_SUMMARY => self.window = restore_window(&row, now),
            Table::Domain => {
                let Some(name) = Watched::parse_key(&row.key) else { return };
                if let Some(mut watched) = self.read::<Watched>(row) {
                    if let Some(told) = &mut watched.setup_told {
                        told.rebase(now, Duration::ZERO);
                    }
                    self.domains.insert(name, watched);
                }
            }
            Table::Incident => {
                let Some(key) = Key::parse(&row.key) else { return self.unreadable.push(row.key) };
                if let Some(mut incident) = self.read::<Incident>(row) {
                    incident.rebase(now, Life::LONGEST_REMINDER);
                    if let Some(by) = &incident.silenced_by {
                        self.silenced.add(&key, by);
                    }
                    self.incidents.insert(key, incident);
                }
            }
            Table::Silence => {
                if let Some(silence) = self.read(row) {
                    self.roll.restore(silence);
                }
            }
            Table::Meta | Table::Notice | Table::Mail => {}
        }
    }

    fn read<T: DeserializeOwned>(&mut self, row: Row) -> Option<T> {
        let read = serde_json::from_value(row.payload).ok();
        if read.is_none() {
            self.unreadable.push(row.key);
        }
        read
    }

    /// What fires counts for those that fail alike; what was being confirmed goes on where it was.
    fn restore_confirmations(&mut self) {
        let of = |state: State| {
            let active = self.incidents.iter().filter(move |(_, incident)| incident.state == state);
            active.map(|(key, incident)| (key.clone(), cause(key, incident))).collect::<Vec<_>>()
        };
        let (firing, pending) = (of(State::Firing), of(State::Pending));
        for (key, cause) in firing {
            self.set_reminder(&key);
            match self.incidents.get(&key) {
                Some(incident) if incident.confirming.is_none() => {
                    let opened = incident.opened.map_or_else(|| Moment::of(self.now), |opened| opened.mono);
                    self.causes.remember(&key, cause, opened);
                }
                _ => self.restore_confirmation(&key, cause),
            }
        }
        for (key, cause) in pending {
            self.restore_confirmation(&key, cause);
        }
    }

    fn restore_confirmation(&mut self, key: &Key, cause: Option<Cause>) {
        // One of enough that are confirmed is confirmed by its next look.
        if let (Role::Asks | Role::Settled, _) = self.causes.join(key, cause, Moment::of(self.now)) {
            self.ask_look(key);
        }
    }

    /// A wall clock that was set back while we were down postpones no reminder beyond what the policy says.
    pub(super) fn bound_reminders(&mut self) {
        if !self.offers_owed {
            return;
        }
        let now = Moment::of(self.now);
        let late = |(key, incident): &(&Key, &Incident)| {
            let latest = now.plus(self.life(key).longest_reminder());
            incident.state == State::Firing
                && !incident.halves()
                && incident.remind.is_some_and(|remind| remind.mono > latest)
        };
        let late: Vec<Key> = self.incidents.iter().filter(late).map(|(key, _)| key.clone()).collect();
        late.iter().for_each(|key| self.schedule_reminder(key));
    }

    /// Offers again what no outbox took before the restart.
    pub(super) fn offer_owed(&mut self) {
        if !std::mem::take(&mut self.offers_owed) {
            return;
        }
        let (mut news, mut summary): (Vec<Notice>, Vec<Notice>) = Default::default();
        for (key, incident) in &self.incidents {
            for owed in &incident.owed {
                self.owed.insert(owed.notice.id.clone(), key.clone());
                let list = if owed.summary { &mut summary } else { &mut news };
                list.push(owed.notice.clone());
            }
        }
        self.queue_summary(summary, 0);
        for notice in news {
            self.batches.push_back((0, Batch { kind: MailKind::News, notices: vec![notice], unstored: false }));
        }
    }
}

/// Where the first summary was. A row we cannot make out means that there was one.
fn restore_window(row: &Row, now: Now) -> Window {
    let began = row.payload.get("began_at").and_then(|wall| Stamp::deserialize(wall).ok());
    began.map_or(Window::Over, |mut began| {
        began.rebase(now, Duration::ZERO);
        Window::Waiting { since: Some(began.mono) }
    })
}
