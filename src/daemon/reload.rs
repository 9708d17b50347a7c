//! The configuration is read again, while looks and mails go on: files are read, certificates parsed and mailers built
//! on another thread. What it came to is an input, and takes the place of the old as a whole. One at a time.

use std::path::Path;
use std::sync::Arc;

use super::build::{self, Before, Parts};
use super::discovery::{self, Known};
use super::{Bound, Daemon, Input};
use crate::config::{self, Settings};
use crate::web::ReloadRequest;

/// Who wants the configuration read again.
#[derive(Debug)]
pub(super) enum Asker {
    /// SIGHUP; it is answered in the log.
    Signal,
    /// `POST /-/reload`.
    Request(ReloadRequest),
}

impl Asker {
    fn answer(self, result: Result<(), String>) {
        match self {
            Self::Signal => {
                if let Err(mistakes) = result {
                    tracing::error!("the old configuration stays:\n{mistakes}");
                }
            }
            // Who asked may have lost patience.
            Self::Request(answer) => _ = answer.send(result),
        }
    }
}

/// What the file came to.
#[derive(Debug)]
pub(super) struct Reloaded {
    settings: Settings,
    parts: Parts,
}

impl Daemon {
    pub(super) fn begin_reload(&mut self, asker: Asker) {
        let Some(file) = self.file.clone() else {
            return asker.answer(Err("there is nothing to read again: the settings came from no file".to_owned()));
        };
        self.reloading = Some(asker);
        let (before, known, inputs) = (Before::of(&self.parts), self.known(), self.inputs.clone());
        self.tasks.spawn(async move {
            let read = tokio::task::spawn_blocking(move || read(&file, &before, &known)).await;
            let read = read.unwrap_or_else(|error| Err(format!("a fault of ours: {error}")));
            let _ = inputs.send(Input::Reloaded(read.map(Box::new))).await;
        });
    }

    /// With any mistake in it, all stays as it was.
    pub(super) fn take_reloaded(&mut self, read: Result<Box<Reloaded>, String>) {
        let applied = read.map(|reloaded| self.apply(*reloaded));
        if let Some(asker) = self.reloading.take() {
            asker.answer(applied);
        }
        if std::mem::take(&mut self.reload_again) {
            self.begin_reload(Asker::Signal);
        }
    }

    fn apply(&mut self, Reloaded { settings, parts }: Reloaded) {
        if Bound::of(&settings) != self.bound {
            tracing::warn!("[server] listen and [store] path stay as they were: only a restart changes them");
        }
        let now = self.clock.now();
        self.keeper.handle_receivers(&settings.policy, &parts.receivers(), now);
        self.keeper.handle_alert_receivers(parts.alert_receivers(), now);
        self.keeper.handle_maintenance(settings.maintenance.clone());
        self.keeper.handle_relays(settings.watch.relay_check, &parts.relays(), now);
        self.keeper.handle_heartbeat(build::heartbeat(&settings), now);
        self.keeper.handle_watches(parts.watches.clone(), now);
        self.keeper.handle_log_list(parts.log_list_made_at, now);
        // Which domains count of what is known may be others now; the loop builds for them.
        self.keeper.handle_tenants(discovery::tenants(&settings), now);
        self.settings = Arc::new(settings);
        tracing::info!(
            domains = parts.watches.len(),
            receivers = self.settings.receivers.len(),
            "the configuration was read again"
        );
        self.parts = parts;
        self.tell_what_is_left();
        self.publish();
    }
}

fn read(file: &Path, before: &Before, known: &Known) -> Result<Reloaded, String> {
    let settings = config::load(file).map_err(|mistakes| config::told_together(&mistakes))?;
    let parts = Parts::build(&settings, before, known)?;
    Ok(Reloaded { settings, parts })
}
