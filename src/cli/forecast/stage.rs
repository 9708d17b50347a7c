//! [`Cast`]: everything that a rehearsal needs, once the files are read and the looks are made.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Arguments, Assume};
use crate::cli::check::{Plan, look_around};
use crate::cli::text::note;
use crate::config::{Settings, Watch};
use crate::daemon::watched;
use crate::domain::{DomainName, UnixTime};
use crate::incident::Row;
use crate::keeper::{Scene, StoredChain, stored_chains};
use crate::observation::{Presented, ViewObservation};
use crate::store::Store;

const DAY: i64 = 86_400;

/// Why there is nothing to rehearse.
pub(super) enum Failure {
    /// The arguments, the configuration or the state are wrong.
    Usage(String),
    /// The system refused what every process has.
    System(String),
}

/// What is rehearsed.
pub(super) struct Cast {
    /// As the file means it, for the domains that are asked about, which are looked at as rarely as can be.
    pub(super) settings: Settings,
    /// The state as it is on disk; empty if there is none.
    pub(super) rows: Vec<Row>,
    pub(super) begins: UnixTime,
    pub(super) ends: UnixTime,
    pub(super) scenes: Vec<(DomainName, Scene)>,
    pub(super) tenants: BTreeMap<DomainName, ViewObservation>,
    /// Chains that the state remembers, where nothing was looked at.
    pub(super) remembered: Vec<(DomainName, StoredChain, Arc<Presented>)>,
    pub(super) assume: Assume,
}

impl Cast {
    pub(super) fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let looking = &arguments.looking;
        let mut settings = looking.settings().map_err(Failure::Usage)?;
        let begins = looking.time();
        let ends = begins.plus(i64::from(arguments.days) * DAY);
        let rows = rows(arguments, &settings).map_err(Failure::Usage)?;
        let chosen = looking.chosen(&settings, &watched(&settings, &rows, begins));
        let mut plan = Plan::for_looks(chosen, looking).map_err(Failure::Usage)?;
        let mut scenes = Vec::new();
        let mut tenants = BTreeMap::new();
        let mut remembered = Vec::new();
        if arguments.from_state {
            remembered = recalled(&plan, &rows);
        } else {
            let (seen, looks) = look_around(&mut plan).map_err(Failure::System)?;
            tenants = seen.into_iter().map(|(name, (view, _))| (name, Arc::unwrap_or_clone(view))).collect();
            let scene = |look: crate::observation::Look| {
                let name = look.domain.clone();
                let every = plan.watches.iter().find(|planned| planned.watch.domain.name == name);
                let every = every.map_or(Duration::from_secs(60), |planned| planned.watch.domain.interval);
                (name, Scene::new(look, every).lasting_until(ends))
            };
            scenes = looks.into_iter().map(scene).collect();
        }
        settings.watches = plan.watches.into_iter().map(|planned| seldom(planned.watch, begins.until(ends))).collect();
        // What they list is among the domains already, and they are not asked.
        settings.tenants.clear();
        Ok(Self { settings, rows, begins, ends, scenes, tenants, remembered, assume: arguments.assume })
    }
}

/// The rehearsal makes a look where one would see something else, and none besides.
fn seldom(mut watch: Watch, horizon: i64) -> Watch {
    watch.domain.interval = Duration::from_secs(u64::try_from(horizon + DAY).unwrap_or(u64::MAX));
    watch
}

/// The state as it is on disk. One that was asked for must be there; another is of use if it is.
fn rows(arguments: &Arguments, settings: &Settings) -> Result<Vec<Row>, String> {
    let path = arguments.state.as_ref().unwrap_or(&settings.store.path);
    let needed = arguments.state.is_some() || arguments.from_state;
    if !needed && !path.exists() {
        return Ok(Vec::new());
    }
    match Store::peek(path) {
        Ok(rows) => Ok(rows),
        Err(error) if needed => Err(error.to_string()),
        Err(error) => {
            note(&format!("without the state, so without its silences and habits: {error}"));
            Ok(Vec::new())
        }
    }
}

fn recalled(plan: &Plan, rows: &[Row]) -> Vec<(DomainName, StoredChain, Arc<Presented>)> {
    let planned: BTreeMap<&DomainName, _> =
        plan.watches.iter().map(|planned| (&planned.watch.domain.name, planned)).collect();
    let of_domain = |(name, chains): (DomainName, Vec<StoredChain>)| {
        let trust = planned.get(&name).map(|planned| Arc::clone(&planned.trust));
        let recall = move |chain: StoredChain| {
            let presented = trust.as_ref()?.assess(chain.certificates(), &name);
            Some((name.clone(), chain, presented))
        };
        chains.into_iter().filter_map(recall).collect::<Vec<_>>()
    };
    stored_chains(rows).into_iter().flat_map(of_domain).collect()
}
