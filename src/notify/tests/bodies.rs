//! What both parts say, and that they say the same.

use std::fs;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::super::render::letter;
use super::super::samples::{HOST, NOW, Sample, samples};
use super::super::{Context, Links, Rendered, render};
use super::{expiring, rendered};
use crate::incident::MailKind;

/// Keys whose values are for programs, or are laid out in another way by each part.
const LAID_OUT: [&str; 18] = [
    "subject", "kind", "receiver", "host", "now", "preview", "tag", "severity", "reason", "domain", "since", "expires",
    "strip", "status", "word", "footer", "code", "family",
];

fn links() -> Links {
    let pages = Some("https://watch.example.com".to_owned());
    Links { pages, explanations: Some("https://docs.example.com/findings.md".to_owned()) }
}

fn of(sample: &Sample, links: &Links) -> Rendered {
    render(&sample.mail, &Context { now: NOW, host: HOST, links: Some(links) })
}

#[test]
fn samples_read_as_they_were_approved() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/notify/tests/golden");
    let update = std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1");
    for sample in samples().iter().filter(|sample| sample.name != "overflow") {
        let shown = of(sample, &Links::default());
        let (file, shown) =
            (folder.join(format!("{}.txt", sample.name)), format!("{}\n\n{}", shown.subject, shown.text));
        if update {
            fs::write(&file, &shown).unwrap();
        }
        let approved = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(shown, approved, "{}; UPDATE_DOCS=1 writes it anew, to be read by eye", sample.name);
    }
}

#[test]
fn both_parts_say_the_same() {
    for links in [Links::default(), links()] {
        for sample in samples() {
            let shown = of(&sample, &links);
            let (text, html) = (squeezed(&shown.text), squeezed(&read_aloud(&shown.html)));
            let letter = letter(&sample.mail, &Context { now: NOW, host: HOST, links: Some(&links) });
            let mut said = Vec::new();
            gather("", &serde_json::to_value(&letter).unwrap(), &mut said);
            assert!(said.len() > 4, "{}: {said:?}", sample.name);
            for words in said.iter().map(|words| squeezed(words)) {
                assert!(text.contains(&words), "{}: the text lacks {words:?}:\n{}", sample.name, shown.text);
                let linked = words.starts_with("https://") && shown.html.contains("<a class=\"link\"");
                assert!(linked || html.contains(&words), "{}: the HTML lacks {words:?}:\n{html}", sample.name);
            }
        }
    }
}

#[test]
fn html_is_well_formed_and_can_be_read_aloud() {
    for sample in samples() {
        let html = of(&sample, &links()).html;
        assert_well_formed(&html);
        let tables = html.matches("<table").count();
        assert_eq!(tables, html.matches("<table role=\"presentation\"").count(), "{}", sample.name);
        assert!(html.contains("<html lang=\"en\">") && html.contains("<h2"), "{}", sample.name);
    }
}

#[test]
fn links_lead_where_the_operator_said_and_nothing_is_loaded() {
    for sample in samples() {
        let without = of(&sample, &Links::default());
        for forbidden in ["<script", "<img", "<link", "href", "src=", "url(", "http:", "https:", "@import"] {
            assert!(!without.html.contains(forbidden), "{}: {forbidden}", sample.name);
        }
        let with = of(&sample, &links()).html;
        for target in with.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()) {
            let target = unescaped(target);
            let ours = ["https://watch.example.com/", "https://docs.example.com/findings.md#"];
            assert!(ours.iter().any(|ours| target.starts_with(ours)), "{}: {target}", sample.name);
        }
    }
    let text = render(
        &super::mail(MailKind::News, vec![expiring()]),
        &Context { now: NOW, host: HOST, links: Some(&links()) },
    )
    .text;
    assert!(text.contains("\nExplained    https://docs.example.com/findings.md#tlsexpires_soon\n"), "{text}");
    assert!(
        text.contains("\nStatus now\n    https://watch.example.com/?q=login.example.com#login.example.com\n"),
        "{text}"
    );
}

#[test]
fn what_strangers_wrote_stays_text() {
    let hostile = super::sample_named("hostile").unwrap().mail.notices.remove(0);
    for notices in [vec![hostile.clone()], vec![hostile; 20]] {
        let shown = rendered(MailKind::News, notices);
        assert!(
            !shown.subject.chars().any(char::is_control) && shown.subject.chars().count() < 400,
            "{}",
            shown.subject
        );
        assert!(!shown.html.contains("<script") && shown.html.contains("&lt;script&gt;"), "{}", shown.html);
        assert!(shown.text.contains("{{ 7 * 7 }}"), "{}", shown.text);
        for part in [&shown.text, &shown.html] {
            assert!(!part.contains(['\r', '\u{1b}', '\u{202e}']));
        }
    }
}

#[test]
fn even_the_longest_mail_is_shown_whole_by_gmail() {
    for sample in samples() {
        let shown = of(&sample, &links());
        assert!(shown.html.len() < 102_000, "{}: {}", sample.name, shown.html.len());
        assert!(shown.html.len() + shown.text.len() < 200_000, "{}", sample.name);
    }
    // Twelve sections of twenty long facts each would not fit.
    let long = |number: usize| {
        let mut notice = super::sample_named("hostile").unwrap().mail.notices.remove(0);
        notice.code = format!("new.code_{number}");
        notice.severity = "critical".to_owned();
        notice
    };
    let shown = rendered(MailKind::Overflow, (0..300).map(long).collect());
    assert!(shown.html.len() < 102_000 && shown.text.contains("and 2"), "{}", shown.html.len());
    let sections = shown.text.matches("Explained    notafter explain").count();
    assert!((1..12).contains(&sections), "{sections}");
}

#[test]
fn dark_mode_has_a_colour_for_whatever_has_one() {
    let html = of(&samples()[0], &links()).html;
    let dark = html.split("prefers-color-scheme: dark").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap();
    for element in html.split("</style>").nth(1).unwrap().split('<').filter(|element| element.contains("color:#")) {
        // White on red is legible either way.
        let legible = element.contains("color:#ffffff;background:#b3261e");
        let class = element.split("class=\"").nth(1).and_then(|rest| rest.split(['"', ' ']).next()).unwrap_or_default();
        assert!(legible || dark.contains(&format!(".{class} {{ color")), "{element}");
    }
}

/// Every text for people in a letter.
fn gather(key: &str, value: &Value, said: &mut Vec<String>) {
    match value {
        Value::String(text) if !LAID_OUT.contains(&key) => said.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|value| gather(key, value, said)),
        Value::Object(object) => object.iter().for_each(|(key, value)| gather(key, value, said)),
        _ => {}
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// HTML without its tags.
fn read_aloud(html: &str) -> String {
    let body = html.split("<body").nth(1).unwrap_or(html);
    let inside = body.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text));
    unescaped(&inside.collect::<Vec<_>>().join(" "))
}

fn unescaped(text: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// Every tag is closed where it should be, and every entity is one of XML's own.
#[track_caller]
pub(super) fn assert_well_formed(html: &str) {
    let mut reader = Reader::from_str(html);
    let mut depth = 0;
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} at {}:\n{html}", reader.error_position())) {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::GeneralRef(entity) => {
                let name: &str = &entity;
                assert!(name.starts_with("#") || ["amp", "lt", "gt", "quot"].contains(&name), "{name}");
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "{html}");
}
