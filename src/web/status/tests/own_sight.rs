//! What is said of notafter itself.

use std::time::Duration;

use super::scene::{Site, World, moment};
use crate::domain::Now;
use crate::verdict::Severity;
use crate::web::status::view::Page;

#[test]
fn our_own_sight_is_told_worst_first_with_its_mend() {
    let page = World::of([Site::new("a.example")])
        .own_sight("watch.no_ipv6", Severity::Info)
        .own_sight("watch.store_failed", Severity::Critical)
        .own_sight("watch.of_a_later_version\u{202e}", Severity::Warning)
        .page();
    let told: Vec<_> = page.notes.iter().map(|note| (note.severity, note.title.as_str(), note.code)).collect();
    assert_eq!(
        told,
        [
            ("critical", "the state cannot be stored", Some("watch.store_failed")),
            ("warning", "watch.of_a_later_version\u{fffd}", None),
            ("info", "no IPv6 here", Some("watch.no_ipv6")),
        ]
    );
    assert!(!page.notes[0].mend.is_empty());
    assert_eq!(page.notes[0].summary, "watch.store_failed for 5 min");
}

#[test]
fn a_page_of_old_news_says_so() {
    let snapshot = World::of([Site::new("a.example")]).snapshot();
    let later = |seconds| {
        let now = Now { wall: moment().wall.plus(seconds), mono: moment().mono + Duration::from_secs(seconds as u64) };
        Page::new(&snapshot, now, "")
    };
    assert_eq!(later(90).notes, []);
    assert_eq!(later(3).age, "3 s");
    let old = later(91);
    assert_eq!(old.notes[0].title, "notafter hangs: what this page says is 1 min 31 s old");
    assert_eq!(old.notes[0].severity, "critical");
    assert_eq!(old.healthy[0].looked, "looked at 1 min 43 s ago, every 1 min");
}
