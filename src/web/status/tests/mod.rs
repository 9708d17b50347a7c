//! What the page says of given snapshots, and how it lays that out.

mod domain;
mod html;

mod order;
mod own_sight;
mod scene;

use super::view::Page;
use crate::domain::{DomainName, UnixTime};

/// 2026-12-01T00:00:00Z, when all of this plays.
const NOW: UnixTime = UnixTime(1_796_083_200);
const DAY: i64 = 86_400;

fn name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

/// The names on the page from top to bottom.
fn names(page: &Page) -> Vec<&str> {
    page.troubled.iter().chain(&page.healthy).map(|row| row.name.as_str()).collect()
}
