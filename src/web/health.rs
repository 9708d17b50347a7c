//! `/-/healthy`, `/-/ready` and `/-/reload`, by Prometheus' habits.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tokio::sync::oneshot;

use super::{Shared, guard};

/// The writer wakes at least every 30 s; if its snapshot is older than this it hangs.
pub(super) const STALE_AFTER: Duration = Duration::from_secs(90);

/// 200 as long as the one writer lives.
pub(super) async fn healthy(State(shared): State<Shared>) -> (StatusCode, String) {
    let age = shared.clock.now().mono.saturating_sub(shared.snapshot.borrow().at.mono);
    if age <= STALE_AFTER {
        (StatusCode::OK, "healthy\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("nothing has been written for {} s\n", age.as_secs()))
    }
}

/// 200 once every domain has had a look, so that what is scraped is whole; 503 before.
pub(super) async fn ready(State(shared): State<Shared>) -> (StatusCode, String) {
    let snapshot = shared.snapshot.borrow().clone();
    match snapshot.domains.iter().filter(|domain| !domain.was_looked_at).count() {
        0 => (StatusCode::OK, "ready\n".to_owned()),
        missing => (StatusCode::SERVICE_UNAVAILABLE, format!("{missing} domains have not been looked at yet\n")),
    }
}

/// Reads the configuration again; 200 if it was good, 500 and every mistake if the old one stays.
pub(super) async fn reload(State(shared): State<Shared>, headers: HeaderMap) -> (StatusCode, String) {
    if guard::is_from_a_page(&headers) {
        return (StatusCode::FORBIDDEN, "a page in a browser may not do this\n".to_owned());
    }
    let (answer, answered) = oneshot::channel();
    let gone = (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n".to_owned());
    if shared.reload.send(answer).await.is_err() {
        return gone;
    }
    match answered.await {
        Ok(Ok(())) => (StatusCode::OK, "reloaded\n".to_owned()),
        Ok(Err(mistakes)) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{mistakes}\n\nthe old configuration stays\n"))
        }
        Err(_) => gone,
    }
}
