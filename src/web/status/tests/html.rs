//! The document: every state of it, and that no stranger writes any of its markup.

use super::scene::{Site, World, certificate};
use super::{DAY, NOW};
use crate::observation::Code;
use crate::verdict::Severity;
use crate::web::status::render;

fn html(world: World) -> String {
    render::html(&world.page()).unwrap()
}

/// Where the text first occurs.
fn at(html: &str, text: &str) -> usize {
    html.find(text).unwrap_or_else(|| panic!("no {text:?} in {html}"))
}

#[test]
fn every_state_can_be_laid_out() {
    let empty = html(World::default());
    assert!(empty.contains("Nothing is watched") && !empty.contains("<input"));
    let waiting = html(World::of([Site::new("a.example").not_looked_at()]));
    assert!(!waiting.contains("itself is fine") && !waiting.contains("class=\"halves\""));
    assert!(waiting.contains("not looked at yet") && waiting.contains("<strong>1</strong> not looked at"));
    let fine = html(World::of([Site::new("a.example")]));
    assert!(fine.contains("<title>all healthy · notafter</title>") && fine.contains("notafter itself is fine"));
    let blind = html(World::of([Site::new("a.example")]).own_sight("watch.blind", Severity::Warning));
    assert!(blind.contains("role=\"alert\"") && blind.contains("we cannot see") && !blind.contains("itself is fine"));
}

#[test]
fn a_finding_comes_with_its_mend_and_where_to_read_more() {
    let html = html(World::of([Site::new("ok.example"), Site::new("bad.example").fails(Code::ConnectRefused, "no")]));
    assert!(at(&html, "bad.example") < at(&html, "ok.example"));
    assert!(html.contains("<strong>Mend</strong>") && html.contains("<code>notafter explain connect.refused</code>"));
    assert!(html.contains("A login breaks at <strong>connect</strong>"));
    // By word as well as by colour.
    assert!(html.contains("<span>connect</span><span class=\"unseen\">: broken</span>"));
}

#[test]
fn strangers_write_no_html_and_turn_no_text() {
    const EVIL: &str = "</bdi><script>alert(1)</script>\" onload=\"x' {{ 7*7 }} \u{202e}gro.live\u{1b}[2J";
    let leaf = certificate(EVIL, NOW.plus(-DAY), NOW.plus(60 * DAY));
    let html = html(World::of([
        Site::new("a.example").presents(|presented| {
            presented.chain = vec![leaf.clone()];
            presented.name_matches = Some(false);
            presented.paths.clear();
            presented.refusal = Some(EVIL.to_owned());
        }),
        Site::new("b.example").fails(Code::ConnectRefused, EVIL),
        Site::new("c.example").answers(|answer| answer.issuer = Some(EVIL.to_owned())),
        Site::new("d.example").domain(|domain| drop(domain.labels.insert(EVIL.to_owned(), EVIL.to_owned()))),
    ]));
    assert_eq!(html.matches("<script>").count(), 1, "our own");
    assert!(!html.contains("onload=\"") && !html.contains("onload='"));
    assert!(!html.contains('\u{202e}') && !html.contains('\u{1b}'));
    assert!(html.contains("{{ 7*7 }}") && html.contains("&lt;script&gt;"), "shown as it is");
    assert!(html.matches("gro.live").count() > 8, "in every place");
}

#[test]
fn strangers_texts_are_bounded() {
    let long = "x".repeat(1_000_000);
    let site = Site::new("a.example").answers(|answer| answer.issuer = Some(long.clone()));
    assert!(html(World::of([site])).len() < 100_000);
}

#[test]
fn nothing_is_loaded_from_elsewhere_and_nothing_styled_in_place() {
    let html = html(World::of([Site::new("a.example"), Site::new("b.example").left(-DAY)]));
    for text in ["src=", "@import", "url(", " style=", "http://", "https://"] {
        let ours = html.replace("https://a.example/", "").replace("https://b.example/", "");
        assert!(!ours.contains(text), "{text}");
    }
    let policy = render::content_security_policy();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"));
}
