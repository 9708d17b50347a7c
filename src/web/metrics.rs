//! `/metrics`: the snapshot for Prometheus.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::Shared;
use crate::metrics;

/// Pages made at once. A fleet's page takes seconds and a hundred megabytes: who asks meanwhile waits.
static ROOM: Semaphore = Semaphore::const_new(2);

pub(super) async fn page(State(shared): State<Shared>) -> Response {
    let Ok(_room) = ROOM.acquire().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let snapshot = shared.snapshot.borrow().clone();
    // Aside, so that looks and mails go on meanwhile.
    match tokio::task::spawn_blocking(move || metrics::render(snapshot)).await {
        Ok(Ok(text)) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "the metrics could not be written");
    (StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n").into_response()
}
