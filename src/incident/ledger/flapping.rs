//! What opens again and again within a while stays one incident that says so, once: it is over only when it was good for
//! that while. Our own sight does not flap: who knows that it is mended says so once.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::moment::{Moment, Stamp};
use super::telling::words;
use super::{Incident, Key, Ledger};
use crate::domain::{Life, Now};

/// How an incident comes and goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Flapping {
    /// When the first of the openings was that count.
    pub(super) since: Stamp,
    /// How often it has come since, that first time included.
    pub(super) times: u64,
    /// Whether it would be over by now if it did not flap.
    #[serde(default)]
    pub(super) calm: bool,
}

impl Incident {
    /// Notes that it opens now, and whether that is once too often.
    pub(super) fn note_opening(&mut self, life: &Life, now: Now) {
        self.lately.retain(|opened| Moment::of(now).since(opened.mono) < life.flap_window);
        self.lately.push(Stamp::of(now));
        let times = self.lately.len();
        if life.flap_after > 0 && u32::try_from(times).is_ok_and(|times| times >= life.flap_after) {
            let since = self.lately.first().copied().unwrap_or_else(|| Stamp::of(now));
            self.flapping = Some(Flapping { since, times: times as u64, calm: false });
        }
        // One that may open for years without ever flapping keeps no more than matter.
        let most = usize::try_from(life.flap_after).unwrap_or(usize::MAX);
        self.lately.drain(..times.saturating_sub(most));
    }

    /// What it is, and how often it has come if it comes and goes.
    pub(super) fn summary_now(&self, now: Now) -> String {
        let Some(flapping) = &self.flapping else { return self.summary.clone() };
        let span = words(Moment::of(now).since(flapping.since.mono));
        format!("Flapping, {} times in {span}: {}", flapping.times, self.summary)
    }

    /// Its facts, and how often it has come if it comes and goes.
    pub(super) fn facts_now(&self) -> Map<String, Value> {
        let mut facts = self.facts.clone();
        if let Some(flapping) = &self.flapping {
            facts.insert("flapping".to_owned(), flapping.times.into());
        }
        facts
    }
}

impl Ledger {
    /// An incident that flaps would be over, did it not: it waits for longer.
    pub(super) fn calm_down(&mut self, key: &Key) {
        let flapping = self.incidents.get_mut(key).and_then(|incident| incident.flapping.as_mut());
        if let Some(flapping) = flapping.filter(|flapping| !flapping.calm) {
            flapping.calm = true;
            self.touched.incidents.insert(key.clone());
        }
    }

    /// An incident that fires was seen: if it flaps and had been good, it has come once more.
    pub(super) fn note_return(&mut self, key: &Key) {
        let flapping = self.incidents.get_mut(key).and_then(|incident| incident.flapping.as_mut());
        if let Some(flapping) = flapping.filter(|flapping| flapping.calm) {
            flapping.calm = false;
            flapping.times += 1;
            self.touched.incidents.insert(key.clone());
        }
    }

    /// Whether an incident flaps and is good just now.
    pub(super) fn is_calm(&self, key: &Key) -> bool {
        let flapping = self.incidents.get(key).and_then(|incident| incident.flapping.as_ref());
        flapping.is_some_and(|flapping| flapping.calm)
    }
}
