//! `/`: the status page, for a person who wants to know what is wrong and what to do about it.
//!
//! [`Page`] is what there is to say, made from a snapshot and the time alone; `render` lays it out. The page is one
//! document that loads nothing from elsewhere, and reads without script; the script there is only renews it in place.

mod finding;
mod life;
mod order;
mod past;
mod plain;
mod render;
mod row;
mod view;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Shared;

use view::Page;

/// What is asked of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Only domains whose name contains this.
    q: String,
}

pub(super) async fn page(State(shared): State<Shared>, asked: Result<Query<Asked>, QueryRejection>) -> Response {
    let snapshot = shared.snapshot.borrow().clone();
    // A query that cannot be read is no reason to show nothing.
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let page = Page::new(&snapshot, shared.clock.now(), &asked.q);
    match render::html(&page) {
        Ok(html) => (headers(), html).into_response(),
        Err(error) => {
            tracing::error!(%error, "the status page could not be written");
            (StatusCode::INTERNAL_SERVER_ERROR, headers(), "the status page could not be written\n").into_response()
        }
    }
}

/// Nothing is loaded, embedded or kept, and nobody else learns the address of the page.
fn headers() -> [(HeaderName, &'static str); 5] {
    [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, render::content_security_policy()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ]
}

#[cfg(test)]
mod tests;
