//! `/api/v1/silences`: `GET` lists them, `POST` makes one, `DELETE /api/v1/silences/ID` ends one. An answer that
//! something was done means that it is stored.

use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Shared, guard};
use crate::incident::silence::{SilenceId, SilenceView, Wish};
use crate::keeper::{NotEnded, SilenceChange};

/// A wish is no longer than this, in bytes.
const LARGEST: usize = 64 * 1024;

const HEADERS: [(HeaderName, &str); 3] =
    [(CONTENT_TYPE, "application/json"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")];

type Answer = (StatusCode, [(HeaderName, &'static str); 3], String);

/// What is to be done with silences.
#[derive(Debug)]
pub struct SilenceRequest {
    /// What.
    pub order: SilenceOrder,
    /// Who waits for it to be stored.
    pub answer: SilenceAnswer,
}

/// What somebody wants done.
#[derive(Debug)]
pub enum SilenceOrder {
    /// Make this silence.
    Make(Wish),
    /// End the silence of this name.
    End(SilenceId),
}

/// How it is answered.
pub type SilenceAnswer = oneshot::Sender<Result<SilenceChange, SilenceRefused>>;

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SilenceRefused {
    /// Everything that is wrong with the wish.
    Mistakes(Vec<String>),
    /// It cannot be ended.
    NotEnded(NotEnded),
    /// It holds, but a restart may forget it.
    NotStored,
}

/// Every silence and maintenance window, those that hold first.
pub(super) async fn list(State(shared): State<Shared>) -> Answer {
    let snapshot = shared.snapshot.borrow().clone();
    let silences: Vec<Value> = snapshot.silences.iter().map(silence).collect();
    answer(StatusCode::OK, &json!({ "silences": silences }))
}

/// Makes one.
pub(super) async fn add(State(shared): State<Shared>, headers: HeaderMap, body: Body) -> Answer {
    if guard::is_from_a_page(&headers) {
        return refused(StatusCode::FORBIDDEN, &["a page in a browser may not do this"]);
    }
    if !guard::is_json(&headers) {
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, &["Content-Type: application/json was expected"]);
    }
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, &["64 KiB are the most"]);
    };
    let wish = serde_json::from_slice(&body).map_err(|error| vec![format!("no JSON: {error}")]);
    match wish.and_then(|json| Wish::parse(&json)) {
        Ok(wish) => ask(&shared, SilenceOrder::Make(wish), StatusCode::CREATED).await,
        Err(mistakes) => refused(StatusCode::BAD_REQUEST, &mistakes),
    }
}

/// Ends one.
pub(super) async fn end(State(shared): State<Shared>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    if guard::is_from_a_page(&headers) {
        return refused(StatusCode::FORBIDDEN, &["a page in a browser may not do this"]);
    }
    match SilenceId::parse(&id) {
        Some(id) => ask(&shared, SilenceOrder::End(id), StatusCode::OK).await,
        None => refused(StatusCode::NOT_FOUND, &[NotEnded::Unknown.to_string()]),
    }
}

async fn ask(shared: &Shared, order: SilenceOrder, done: StatusCode) -> Answer {
    let (answer_to, answered) = oneshot::channel();
    let sent = shared.silences.send(SilenceRequest { order, answer: answer_to }).await;
    let Ok(Ok(answered)) = (match sent {
        Ok(()) => Ok(answered.await),
        Err(gone) => Err(gone),
    }) else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, &["shutting down"]);
    };
    match answered {
        Ok(change) => {
            let mut body = silence(&change.silence);
            body["matching_domains"] = change.domains.into();
            answer(done, &body)
        }
        Err(SilenceRefused::Mistakes(mistakes)) => refused(StatusCode::BAD_REQUEST, &mistakes),
        Err(SilenceRefused::NotEnded(NotEnded::Unknown)) => {
            refused(StatusCode::NOT_FOUND, &[NotEnded::Unknown.to_string()])
        }
        Err(SilenceRefused::NotEnded(why)) => refused(StatusCode::CONFLICT, &[why.to_string()]),
        Err(SilenceRefused::NotStored) => {
            let what = "it holds, but could not be stored yet; it is tried again, and a restart until then forgets it";
            refused(StatusCode::SERVICE_UNAVAILABLE, &[what])
        }
    }
}

fn silence(view: &SilenceView) -> Value {
    let matcher = &view.matcher;
    json!({
        "id": view.id,
        "state": view.state.as_str(),
        "origin": if view.is_configured() { "config" } else { "api" },
        "domains": matcher.domains,
        "labels": matcher.labels,
        "codes": matcher.codes,
        "max_severity": matcher.max_severity,
        "from": view.from,
        "until": view.until,
        "certificates": view.certificates,
        "recurs": view.recurs,
        "comment": view.comment,
        "author": view.author,
        "created_at": view.created_at,
        "last_matched_at": view.last_matched_at,
        "incidents": view.incidents,
    })
}

fn refused(status: StatusCode, mistakes: &[impl AsRef<str>]) -> Answer {
    let mistakes: Vec<&str> = mistakes.iter().map(AsRef::as_ref).collect();
    answer(status, &json!({ "errors": mistakes }))
}

fn answer(status: StatusCode, body: &Value) -> Answer {
    (status, HEADERS, body.to_string())
}
