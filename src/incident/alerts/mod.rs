//! [`Alerts`]: what one receiver is shown that wants to know how things stand, not what has happened: an Alertmanager, or
//! a cluster of them. It does no I/O and reads no clock.
//!
//! Every incident that fires is an [`Alert`], posted at once and again every [`Settings::resend`], with the time by
//! which it is over should we fall silent: four times that later. One that is over is posted once more at once, with
//! the time of its end, and goes on being posted for a quarter of an hour. Each peer of a cluster is posted everything,
//! at its own pace: one that fails is tried again ever later, and no other waits for it.
//!
//! Nothing is stored: after a restart the ledger says what fires, and what was over meanwhile ends by its time. What
//! the ledger tells us it has stored ([`Ledger::poll_standing`](super::Ledger::poll_standing)).
//!
//! Feed it (`handle_*`), then drain it (`poll_*`).

mod alert;
mod calendar;
mod peer;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use self::alert::{Alert, Labels};
use self::calendar::Calendar;
use self::peer::Peer;
use super::{Key, Notice};
use crate::domain::{Now, UnixTime};

pub use self::alert::alertname;

/// An alert that is over is posted for so long, as Prometheus does: an Alertmanager that was away hears of it.
const OVER_FOR: Duration = Duration::from_secs(15 * 60);
/// An alert that a peer refuses by itself is tried again after so long.
const REFUSED_FOR: Duration = Duration::from_secs(15 * 60);
/// An alert is over by itself after so many times that it was not posted again.
const MISSED: u32 = 4;
/// What one post holds at most.
const MOST_ALERTS: usize = 500;
const MOST_BYTES: usize = 64 * 1024;

/// How a receiver is shown alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The peers, each by the URL that its API's path is put behind.
    pub peers: Vec<String>,
    /// How often what fires is posted again.
    pub resend: Duration,
    /// Labels of every alert besides its own.
    pub labels: BTreeMap<String, String>,
    /// Where people reach notafter's own page.
    pub external_url: Option<String>,
    /// What a finding's code is put behind to make the URL of its runbook.
    pub runbook_url: Option<String>,
}

/// What one receiver is shown.
#[derive(Debug)]
pub struct Alerts {
    settings: Settings,
    shown: BTreeMap<u64, Shown>,
    firing: BTreeMap<Key, u64>,
    over: BTreeMap<Labels, u64>,
    /// When what is over is forgotten.
    forget: Calendar,
    ids: u64,
    peers: Vec<Peer>,
    events: VecDeque<AlertsEvent>,
}

/// An alert, and who knows of it.
#[derive(Debug)]
struct Shown {
    key: Key,
    alert: Alert,
    ended: Option<UnixTime>,
    /// Another number after each transition.
    version: u32,
    /// Whether a post with it was ever offered.
    offered: bool,
    /// Whether a peer has taken the present state.
    told: bool,
}

/// A post to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its number, by which its outcome is told.
    pub number: u64,
    /// The peer, as [`Settings::peers`] names it.
    pub peer: String,
    /// The body: a JSON array of alerts.
    pub body: String,
}

/// What came of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// The peer took it.
    Accepted,
    /// The peer says that the post is bad (400), or too large (413).
    Refused {
        /// What it said, bounded.
        error: String,
    },
    /// It did not take it, and may later: 429, 5xx, no answer, or one that is no Alertmanager's.
    Deferred {
        /// What it said, bounded.
        error: String,
        /// How long it asked us to wait.
        wait: Option<Duration>,
    },
}

/// What has happened to posts, for counters and logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertsEvent {
    /// A peer took a post.
    Delivered {
        /// The peer.
        peer: String,
        /// How many transitions were told that no peer knew.
        news: usize,
        /// Whether it had failed before.
        recovered: bool,
    },
    /// A peer did not, and is tried again.
    Deferred {
        /// The peer.
        peer: String,
        /// How many transitions were in it that no peer knows.
        news: usize,
        /// What was said.
        error: String,
        /// How long from now.
        retry_in: Duration,
        /// Whether it has failed like this before.
        again: bool,
    },
    /// A peer refuses one alert, and is shown it again much later.
    Rejected {
        /// The peer.
        peer: String,
        /// 1 if no peer knows of it, else 0.
        news: usize,
        /// The domain of the alert, and its code.
        alert: String,
        /// What was said.
        error: String,
    },
}

/// Inputs.
impl Alerts {
    /// Shows nothing yet.
    pub fn new(settings: Settings) -> Self {
        let peers = settings.peers.iter().map(|name| Peer::new(name)).collect();
        Self {
            settings,
            shown: BTreeMap::new(),
            firing: BTreeMap::new(),
            over: BTreeMap::new(),
            forget: Calendar::default(),
            ids: 0,
            peers,
            events: VecDeque::new(),
        }
    }

    /// The configuration was read again. A new peer is shown everything; what fires must be handed in again, as its
    /// labels may be others now.
    pub fn handle_settings(&mut self, settings: Settings, now: Now) {
        let mut known = std::mem::take(&mut self.peers);
        for name in &settings.peers {
            let at = known.iter().position(|peer| peer.name() == name);
            let peer = at.map_or_else(
                || {
                    let mut peer = Peer::new(name);
                    self.shown.keys().for_each(|id| peer.due.set(*id, now.mono));
                    peer
                },
                |at| known.swap_remove(at),
            );
            self.peers.push(peer);
        }
        self.settings = settings;
    }

    /// This incident fires, or still does; `notice` is what would be told of it.
    pub fn handle_firing(&mut self, key: &Key, notice: &Notice, now: Now) {
        let alert = Alert::of(notice, &self.settings);
        if let Some(id) = self.firing.get(key).copied() {
            match self.shown.get_mut(&id) {
                Some(shown) if shown.alert.labels == alert.labels => return shown.alert = alert,
                // Another severity or code is another alert: the one before is over.
                _ => self.end(id, now),
            }
        }
        if let Some(before) = self.over.get(&alert.labels).copied() {
            self.forget(before);
        }
        self.ids += 1;
        let shown = Shown { key: key.clone(), alert, ended: None, version: 0, offered: false, told: false };
        self.shown.insert(self.ids, shown);
        self.firing.insert(key.clone(), self.ids);
        self.make_due(self.ids, now);
    }

    /// This incident does not fire, or is none of this receiver's any more.
    pub fn handle_over(&mut self, key: &Key, now: Now) {
        if let Some(id) = self.firing.get(key).copied() {
            self.end(id, now);
        }
    }

    /// What came of a post. Each post offered must be answered, or its peer is offered none any more.
    pub fn handle_posted(&mut self, peer: &str, number: u64, posted: Posted, now: Now) {
        let Some(at) = self.peers.iter().position(|known| known.name() == peer) else { return };
        let Some(batch) = self.peers.get_mut(at).and_then(|peer| peer.answered(number)) else { return };
        match posted {
            Posted::Accepted => self.accepted(at, &batch, now),
            Posted::Refused { error } => self.refused(at, &batch, error, now),
            Posted::Deferred { error, wait } => self.deferred(at, &batch, error, wait, now),
        }
    }

    /// Time has passed; see [`poll_timeout`](Self::poll_timeout).
    pub fn handle_timeout(&mut self, now: Now) {
        for id in self.forget.until(now.mono) {
            self.forget(id);
        }
    }
}

/// Outputs.
impl Alerts {
    /// The next post to make, under this number; at most one is on its way to a peer. What fires is asked for afresh,
    /// since its words change as time passes.
    pub fn poll_post(&mut self, number: u64, fresh: impl Fn(&Key) -> Option<Notice>, now: Now) -> Option<Post> {
        for at in 0..self.peers.len() {
            // What is due in a moment comes along, so that alerts come to be posted together.
            let ids = self.peers.get_mut(at)?.candidates(now.mono, self.settings.resend / 6);
            let (body, batch) = self.batch(ids, &fresh, now);
            if !batch.is_empty() {
                let peer = self.peers.get_mut(at)?;
                peer.offered(number, batch);
                return Some(Post { number, peer: peer.name().to_owned(), body });
            }
        }
        None
    }

    /// What has happened to posts, for counters and logs.
    pub fn poll_event(&mut self) -> Option<AlertsEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) and [`poll_post`](Self::poll_post) are due, by the monotonic clock.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.peers.iter().filter_map(Peer::wakes_at).chain(self.forget.first()).min()
    }

    /// How many transitions no peer knows of.
    pub fn untold(&self) -> usize {
        self.shown.values().filter(|shown| !shown.told).count()
    }

    /// Since when no peer takes anything, and what the last said; `None` while one does.
    pub fn failing(&self) -> Option<(UnixTime, &str)> {
        let all: Option<Vec<_>> = self.peers.iter().map(Peer::failing).collect();
        all?.into_iter().max_by_key(|(since, _)| *since)
    }

    /// The incidents shown as firing.
    pub fn firing(&self) -> impl Iterator<Item = &Key> {
        self.firing.keys()
    }
}

impl Alerts {
    fn make_due(&mut self, id: u64, now: Now) {
        self.peers.iter_mut().for_each(|peer| peer.due.set(id, now.mono));
    }

    /// An alert is over. One that no peer can know of is forgotten with that.
    fn end(&mut self, id: u64, now: Now) {
        let Some(shown) = self.shown.get_mut(&id) else { return };
        self.firing.remove(&shown.key);
        if !shown.offered {
            return self.forget(id);
        }
        shown.ended = Some(now.wall);
        shown.version += 1;
        shown.told = false;
        self.over.insert(shown.alert.labels.clone(), id);
        self.forget.set(id, now.mono + OVER_FOR);
        self.make_due(id, now);
    }

    fn forget(&mut self, id: u64) {
        self.forget.remove(id);
        self.peers.iter_mut().for_each(|peer| peer.due.remove(id));
        if let Some(shown) = self.shown.remove(&id) {
            if self.over.get(&shown.alert.labels) == Some(&id) {
                self.over.remove(&shown.alert.labels);
            }
            if self.firing.get(&shown.key) == Some(&id) {
                self.firing.remove(&shown.key);
            }
        }
    }

    /// The body of a post with as many of these as it may hold, and which they are.
    fn batch(&mut self, ids: Vec<u64>, fresh: &impl Fn(&Key) -> Option<Notice>, now: Now) -> (String, Vec<(u64, u32)>) {
        let lasts = i64::try_from((self.settings.resend * MISSED).as_secs()).unwrap_or(i64::MAX);
        let (mut body, mut batch) = (String::from("["), Vec::new());
        for id in ids {
            let Some(shown) = self.shown.get_mut(&id) else { continue };
            shown.refresh(fresh, &self.settings);
            let json = shown.alert.json(shown.ended.unwrap_or_else(|| now.wall.plus(lasts)), now.wall);
            let full = batch.len() == MOST_ALERTS || body.len() + json.len() + 2 > MOST_BYTES;
            if full && !batch.is_empty() {
                break;
            }
            if !batch.is_empty() {
                body.push(',');
            }
            body.push_str(&json);
            shown.offered = true;
            batch.push((id, shown.version));
        }
        body.push(']');
        (body, batch)
    }

    fn accepted(&mut self, at: usize, batch: &[(u64, u32)], now: Now) {
        let Some(peer) = self.peers.get_mut(at) else { return };
        let recovered = peer.works();
        let mut news = 0;
        for (id, version) in batch {
            if let Some(shown) = self.shown.get_mut(id).filter(|shown| shown.version == *version) {
                news += usize::from(!std::mem::replace(&mut shown.told, true));
                peer.due.set(*id, now.mono + self.settings.resend);
            }
        }
        self.events.push_back(AlertsEvent::Delivered { peer: peer.name().to_owned(), news, recovered });
    }

    /// A bad one among many is found by halving; the others get through.
    fn refused(&mut self, at: usize, batch: &[(u64, u32)], error: String, now: Now) {
        let Some(peer) = self.peers.get_mut(at) else { return };
        let &[(id, version)] = batch else { return peer.halve(batch) };
        peer.refuses(&error, now);
        let Some(shown) = self.shown.get(&id).filter(|shown| shown.version == version) else { return };
        peer.due.set(id, now.mono + REFUSED_FOR);
        let (news, alert) = (usize::from(!shown.told), shown.alert.title());
        self.events.push_back(AlertsEvent::Rejected { peer: peer.name().to_owned(), news, alert, error });
    }

    fn deferred(&mut self, at: usize, batch: &[(u64, u32)], error: String, wait: Option<Duration>, now: Now) {
        let Some(peer) = self.peers.get_mut(at) else { return };
        let mut news = 0;
        for (id, _) in batch {
            if let Some(shown) = self.shown.get(id) {
                news += usize::from(!shown.told);
                peer.due.set(*id, now.mono);
            }
        }
        let (retry_in, again) = peer.fails(&error, wait, self.settings.resend, now);
        self.events.push_back(AlertsEvent::Deferred { peer: peer.name().to_owned(), news, error, retry_in, again });
    }
}

impl Shown {
    /// Takes up the present words of what fires; not those of another alert, which the ledger has not stored yet.
    fn refresh(&mut self, fresh: &impl Fn(&Key) -> Option<Notice>, settings: &Settings) {
        let notice = if self.ended.is_none() { fresh(&self.key) } else { None };
        if let Some(alert) = notice.map(|notice| Alert::of(&notice, settings))
            && alert.labels == self.alert.labels
        {
            self.alert = alert;
        }
    }
}

impl AlertsEvent {
    /// Its value of the label `result` of the counter of notices, and how many it counts.
    pub const fn counted(&self) -> (&'static str, usize) {
        match self {
            Self::Delivered { news, .. } => ("delivered", *news),
            Self::Deferred { news, .. } => ("deferred", *news),
            Self::Rejected { news, .. } => ("rejected", *news),
        }
    }
}
