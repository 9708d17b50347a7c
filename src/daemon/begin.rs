//! How a keeper begins: as the settings and the stored state have it. The daemon begins so, and whoever rehearses what it
//! would do.

use std::time::Duration;

use super::build::{Before, Parts};
use super::discovery::{self, Known};
use crate::config::{Settings, Watch as Configured};
use crate::domain::{Now, UnixTime};
use crate::incident::Row;
use crate::keeper::{Keeper, Watch};
use crate::probe;

/// Alerts that nobody hears need not be posted again and again.
const RESEND: Duration = Duration::from_secs(4000 * 86_400);

/// A keeper as these settings, what was built of them, and these stored rows begin with it. What was listed before the
/// restart is watched from the start, for which the parts may be built anew.
pub(super) fn keeper(settings: &Settings, parts: &mut Parts, rows: Vec<Row>, now: Now) -> Result<Keeper, String> {
    let mut keeper = Keeper::restore(settings.policy.clone(), &parts.receivers(), rows, now);
    keeper.handle_alert_receivers(parts.alert_receivers(), now);
    keeper.handle_maintenance(settings.maintenance.clone());
    keeper.handle_bounds(probe::looks_at_once(), settings.watch.looks_per_address, probe::local_ports());
    keeper.handle_tenants(discovery::tenants(settings), now);
    if keeper.poll_discovered() {
        let known = Known::of(&keeper);
        *parts = Parts::build(settings, &Before::of(parts), &known)?;
    }
    keeper.handle_watches(parts.watches.clone(), now);
    keeper.handle_log_list(parts.log_list_made_at, now);
    Ok(keeper)
}

/// A keeper that begins at a time of our choosing, with its monotonic clock at zero, for a rehearsal.
#[derive(Debug)]
pub struct Cast {
    /// The keeper.
    pub keeper: Keeper,
    /// Whom it watches, and who is told of each.
    pub watches: Vec<Watch>,
}

impl Cast {
    /// The keeper that the daemon would begin with.
    pub fn new(settings: &Settings, rows: Vec<Row>, at: UnixTime) -> Result<Self, String> {
        let now = Now { wall: at, mono: Duration::ZERO };
        let mut parts = Parts::build(settings, &Before::default(), &Known::default())?;
        let mut keeper = keeper(settings, &mut parts, rows, now)?;
        let mut shown = parts.alert_receivers();
        shown.values_mut().for_each(|alerts| alerts.resend = RESEND);
        keeper.handle_alert_receivers(shown, now);
        Ok(Self { keeper, watches: parts.watches })
    }
}

/// All that would be watched: what the settings name, and what the tenants were last seen to list.
pub fn watched(settings: &Settings, rows: &[Row], at: UnixTime) -> Vec<Configured> {
    let now = Now { wall: at, mono: Duration::ZERO };
    let mut keeper = Keeper::restore(settings.policy.clone(), &[], rows.to_vec(), now);
    keeper.handle_tenants(discovery::tenants(settings), now);
    discovery::watches(settings, &Known::of(&keeper))
}
