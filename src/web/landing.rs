//! `/`: what there is to see here.

use axum::extract::State;
use axum::response::Html;

use super::Shared;
use crate::verdict::Level;

pub(super) async fn page(State(shared): State<Shared>) -> Html<String> {
    let snapshot = shared.snapshot.borrow().clone();
    let count = |level: Level| snapshot.domains.iter().filter(|domain| domain.level() == level).count();
    let counts: Vec<String> =
        Level::ALL.into_iter().rev().map(|level| format!("{} {}", count(level), level.as_str())).collect();
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=color-scheme content=\"light dark\">\
         <title>notafter</title><h1>notafter {}</h1><p>{} domains: {}</p>\
         <ul><li><a href=/metrics>/metrics</a><li><a href=/-/healthy>/-/healthy</a><li><a href=/-/ready>/-/ready</a></ul>",
        env!("CARGO_PKG_VERSION"),
        snapshot.domains.len(),
        counts.join(", "),
    ))
}
