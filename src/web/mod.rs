//! What is served over HTTP, read from the latest [`Snapshot`]: `/` is the status page, `/metrics` is for Prometheus,
//! `/api/v1/domains/NAME/certificates` is what a domain's certificates have been, `/api/v1/silences` lists silences, makes
//! and ends them, `/-/healthy` and `/-/ready` are for
//! whoever runs us, `POST /-/reload` reads the configuration again.
//!
//! One file a surface; `server` is the accept loop.

mod certificates;
mod guard;
mod health;
mod metrics;
mod server;
mod silences;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};
use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::Clock;
use crate::keeper::Snapshot;

pub use server::serve;
pub use silences::{SilenceAnswer, SilenceOrder, SilenceRefused, SilenceRequest};

/// A wish to read the configuration again; the answer says whether it was good.
pub type ReloadRequest = oneshot::Sender<Result<(), String>>;

/// What the pages are made from.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The latest snapshot.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    /// Where a wish to read the configuration again goes.
    pub reload: mpsc::Sender<ReloadRequest>,
    /// Where what is to be done with silences goes.
    pub silences: mpsc::Sender<SilenceRequest>,
    /// By which a snapshot's age is told.
    pub clock: Arc<dyn Clock>,
}

/// Every route.
pub fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(status::page))
        .route("/api/v1/domains/{name}/certificates", get(certificates::page))
        .route("/api/v1/silences", get(silences::list).post(silences::add))
        .route("/api/v1/silences/{id}", delete(silences::end))
        .route("/metrics", get(metrics::page))
        .route("/-/healthy", get(health::healthy))
        .route("/-/ready", get(health::ready))
        .route("/-/reload", post(health::reload))
        .with_state(shared)
}
