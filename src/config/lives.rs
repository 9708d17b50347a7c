//! [`Lives`]: the life of an incident as `[policy]`, groups and domains say it, each what it says and no more; and which
//! of them counts for a domain.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::domain::{DomainName, Life};
use crate::incident::silence::Matcher;

/// The keys of a [`Life`], in the order of the reference.
const KEYS: [&str; 8] = [
    "confirm_fact",
    "confirm_network",
    "resolve_after",
    "resolve_for",
    "remind_critical",
    "remind_warning",
    "flap_after",
    "flap_window",
];

/// Everything the file says of the life of incidents.
#[derive(Debug, Clone, Default)]
pub struct Lives {
    /// What `[policy]` says.
    pub(super) global: LifePart,
    /// The groups, in the order of the file.
    pub(super) groups: Vec<Group>,
    /// What domains say themselves; none of a domain that says nothing.
    pub(super) own: BTreeMap<DomainName, LifePart>,
}

/// Domains for which another policy holds.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) matcher: Matcher,
    pub(super) part: LifePart,
}

/// What one table says, and in which lines.
#[derive(Clone, Default)]
pub(super) struct LifePart {
    /// The line of each key that it has.
    pub(super) lines: BTreeMap<&'static str, usize>,
    /// What these keys say; of the others nothing.
    pub(super) life: Life,
}

/// A value that holds for a domain, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The key.
    pub key: &'static str,
    /// What it is, as the file would say it.
    pub value: String,
    /// The table it stands in, and its line; `None` for a default.
    pub written: Option<(&'static str, usize)>,
    /// The lines that say something else, and do not count.
    pub overruled: Vec<usize>,
}

impl fmt::Debug for LifePart {
    /// Two that say the same are the same, wherever they stand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.life.fmt(f)
    }
}

impl LifePart {
    fn apply(&self, to: &mut Life) {
        let from = &self.life;
        for key in self.lines.keys() {
            match *key {
                "confirm_fact" => to.confirm_fact = from.confirm_fact,
                "confirm_network" => to.confirm_network.clone_from(&from.confirm_network),
                "resolve_after" => to.resolve_after = from.resolve_after,
                "resolve_for" => to.resolve_for = from.resolve_for,
                "remind_critical" => to.remind_critical.clone_from(&from.remind_critical),
                "remind_warning" => to.remind_warning.clone_from(&from.remind_warning),
                "flap_after" => to.flap_after = from.flap_after,
                _ => to.flap_window = from.flap_window,
            }
        }
    }
}

impl Lives {
    /// What holds where no domain is concerned.
    pub fn global(&self) -> Life {
        let mut life = Life::default();
        self.global.apply(&mut life);
        life
    }

    /// What holds for a domain.
    pub fn of(&self, name: &DomainName, labels: &BTreeMap<String, String>) -> Life {
        let mut life = Life::default();
        for (_, part) in self.parts(name, labels) {
            part.apply(&mut life);
        }
        life
    }

    /// The same, key by key, with where each comes from.
    pub fn explain(&self, name: &DomainName, labels: &BTreeMap<String, String>) -> Vec<Origin> {
        let life = self.of(name, labels);
        let origin = |key: &'static str| {
            let mut said: Vec<(&'static str, usize)> =
                self.parts(name, labels).filter_map(|(table, part)| Some((table, *part.lines.get(key)?))).collect();
            let written = said.pop();
            Origin {
                key,
                value: shown(&life, key),
                written,
                overruled: said.into_iter().map(|(_, line)| line).collect(),
            }
        };
        KEYS.map(origin).into()
    }

    /// What speaks of a domain, each overruling those before it.
    fn parts<'a>(
        &'a self,
        name: &'a DomainName,
        labels: &'a BTreeMap<String, String>,
    ) -> impl Iterator<Item = (&'static str, &'a LifePart)> {
        let label = |wanted: &str| labels.get(wanted).map(String::as_str);
        let groups = self.groups.iter().filter(move |group| group.matcher.covers_domain(name, label));
        let groups = groups.map(|group| ("[group.policy]", &group.part));
        let own = self.own.get(name).map(|part| ("[domain.policy]", part));
        std::iter::once(("[policy]", &self.global)).chain(groups).chain(own)
    }
}

fn shown(life: &Life, key: &str) -> String {
    let one = |duration: Duration| format!("\"{}\"", duration_text(duration));
    let list = |all: &[Duration]| format!("[{}]", all.iter().copied().map(one).collect::<Vec<_>>().join(", "));
    match key {
        "confirm_fact" => one(life.confirm_fact),
        "confirm_network" => list(&life.confirm_network),
        "resolve_after" => life.resolve_after.to_string(),
        "resolve_for" => one(life.resolve_for),
        "remind_critical" => list(&life.remind_critical),
        "remind_warning" => list(&life.remind_warning),
        "flap_after" => life.flap_after.to_string(),
        _ => one(life.flap_window),
    }
}

/// A duration as it is written in the file, in the largest unit that fits.
pub fn duration_text(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let unit = units.into_iter().find(|(length, _)| millis > 0 && millis.is_multiple_of(*length));
    unit.map_or_else(
        || if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") },
        |(length, unit)| format!("{}{unit}", millis / length),
    )
}
