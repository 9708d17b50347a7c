//! `/api/v1/domains/NAME/certificates`: what a domain's certificates have been, as JSON.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use super::Shared;
use crate::domain::DomainName;
use crate::history::{Expectation, History, Leaf, Renewal};
use crate::keeper::DomainState;
use crate::observation::certificate::Sha256;

const HEADERS: [(HeaderName, &str); 3] =
    [(CONTENT_TYPE, "application/json"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")];

type Answer = (StatusCode, [(HeaderName, &'static str); 3], String);

/// The history of a domain; 404 where no such domain is watched.
pub(super) async fn page(State(shared): State<Shared>, Path(name): Path<String>) -> Answer {
    let snapshot = shared.snapshot.borrow().clone();
    let wanted = DomainName::parse(&name).ok();
    let found = snapshot.domains.iter().find(|state| Some(&state.domain.name) == wanted.as_ref());
    let (status, body) = match found {
        Some(state) => (StatusCode::OK, certificates(state)),
        None => (StatusCode::NOT_FOUND, json!({ "error": "no such domain is watched" })),
    };
    (status, HEADERS, body.to_string())
}

fn certificates(state: &DomainState) -> Value {
    let history = &state.record.history;
    json!({
        "domain": state.domain.name,
        "leaves": history.leaves().iter().map(|one| leaf(one, history)).collect::<Vec<_>>(),
        "renewals": history.renewals().map(|one| renewal(&one, history)).collect::<Vec<_>>(),
        "fallen_back": history.fallen_back().map(|(address, since, old, new)| json!({
            "address": address.to_string(), "since": since, "serves": old.sha256, "replaced_by": new.sha256,
        })).collect::<Vec<_>>(),
        "expected": state.record.expected_renewal().map(expected),
        "renewal_info": state.record.suggested().map(|suggested| &suggested.info),
    })
}

fn leaf(leaf: &Leaf, history: &History) -> Value {
    json!({
        "sha256": leaf.sha256,
        "serial": leaf.serial,
        "authority": leaf.authority,
        "issuer": leaf.issuer,
        "key": leaf.key.title,
        "names": leaf.names,
        "names_count": leaf.names_count,
        "not_before": leaf.not_before,
        "not_after": leaf.not_after,
        "first_seen": leaf.first_seen,
        "last_seen": leaf.last_seen,
        "served": history.is_served(leaf.sha256),
    })
}

fn renewal(renewal: &Renewal<'_>, history: &History) -> Value {
    let differences = renewal
        .differences
        .iter()
        .map(|difference| json!({ "field": difference.field, "before": difference.before, "after": difference.after }));
    json!({
        "from": renewal.from.sha256,
        "to": renewal.to.sha256,
        "began_at": renewal.began,
        "completed_at": renewal.completed,
        "class": renewal.class,
        "surprises": renewal.surprises.iter().map(|surprise| surprise.as_str()).collect::<Vec<_>>(),
        "differences": differences.collect::<Vec<_>>(),
        "key_reused": renewal.key_reused,
        "old_addresses": behind(renewal.to.sha256, history),
    })
}

/// The addresses that still serve the old leaf.
fn behind(to: Sha256, history: &History) -> Vec<String> {
    let progress = history.under_way().find(|progress| progress.to.sha256 == to);
    progress.map(|progress| progress.behind.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

fn expected(expected: Expectation) -> Value {
    json!({
        "usual_at": expected.usual,
        "late_at": expected.late,
        "usual_percent": (expected.share * 100.0).round() as i64,
        "renewals_seen": expected.renewals,
    })
}
