//! Which domains are shown, and where.

use super::scene::{Site, World, moment};
use super::{DAY, names};
use crate::observation::{Code, Outcome};
use crate::web::status::view::Page;

#[test]
fn the_worst_come_first_and_of_equals_those_that_run_out_first() {
    let page = World::of([
        Site::new("a-fine.example"),
        Site::new("b-finer.example").left(80 * DAY),
        Site::new("c-soon.example").left(15 * DAY),
        Site::new("d-sooner.example").left(12 * DAY),
        Site::new("e-refused.example").fails(Code::ConnectRefused, "connection refused"),
        Site::new("f-expired.example").left(-DAY),
        Site::new("g-waiting.example").not_looked_at(),
    ])
    .page();
    let order = ["f-expired", "e-refused", "d-sooner", "c-soon", "g-waiting", "a-fine", "b-finer"];
    assert_eq!(names(&page), order.map(|name| format!("{name}.example")));
    assert_eq!((page.troubled.len(), page.healthy.len()), (5, 2));
    let counts: Vec<_> = page.counts.iter().map(|count| (count.level, count.count)).collect();
    assert_eq!(counts, [("critical", 2), ("warning", 2), ("unknown", 1), ("healthy", 2)]);
    assert_eq!(page.title, "2 critical, 2 warning, 1 unknown");
    assert_eq!((page.total, page.waiting, page.more), (7, 1, 0));
}

#[test]
fn of_many_domains_the_worst_are_shown_and_the_rest_is_counted() {
    let fine = (0..600).map(|number| Site::new(&format!("n{number:03}.example")).left((60 + number % 7) * DAY));
    let bad = [Site::new("zz-last.example").left(-1), Site::new("zy.example").dns(Outcome::Nxdomain)];
    let page = World::many(fine.chain(bad)).page();
    assert_eq!(names(&page)[..3], ["zz-last.example", "zy.example", "n000.example"]);
    assert_eq!((page.troubled.len(), page.healthy.len(), page.more, page.total), (2, 498, 102, 602));
    let left: Vec<&str> = page.healthy.iter().map(|row| row.life.as_ref().unwrap().text.as_str()).collect();
    assert!(left.is_sorted(), "{left:?}");
}

#[test]
fn a_name_is_found_by_a_part_of_it_in_either_writing() {
    let snapshot =
        World::of([Site::new("login.münchen.example"), Site::new("login.bonn.example"), Site::new("id.bonn.example")])
            .snapshot();
    let found = |wanted: &str| {
        let page = Page::new(&snapshot, moment(), wanted);
        assert_eq!(page.matching, page.healthy.len());
        assert_eq!(page.total, 3);
        names(&page).join(" ")
    };
    assert_eq!(found("LOGIN.b"), "login.bonn.example");
    assert_eq!(found("Mün"), "login.xn--mnchen-3ya.example");
    assert_eq!(found("xn--"), "login.xn--mnchen-3ya.example");
    assert_eq!(found("bonn"), "id.bonn.example login.bonn.example");
    assert_eq!(found("köln"), "");
}

#[test]
fn a_name_is_shown_in_both_writings() {
    let page = World::of([Site::new("münchen.example"), Site::new("plain.example")]).page();
    let shown: Vec<_> = page.healthy.iter().map(|row| (row.name.as_str(), row.unicode.as_deref())).collect();
    assert_eq!(shown, [("plain.example", None), ("xn--mnchen-3ya.example", Some("münchen.example"))]);
}
