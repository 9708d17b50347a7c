//! Templates of the operator's own: what is wrong with them is told at once, and what fails all the same loses no mail.

use std::path::PathBuf;

use super::super::samples::{HOST, NOW, sample_named};
use super::super::{Links, Part, Stationery, Template, TemplateMistake};

/// Line, column (0 where it does not matter), and how message and mend begin.
type Told = (usize, usize, &'static str, &'static str);

fn template(part: Part, source: &str) -> Template {
    Template { part, file: PathBuf::from(format!("letters/{}", part.as_str())), source: source.to_owned() }
}

fn mistakes(part: Part, source: &str) -> Vec<TemplateMistake> {
    Stationery::default().with_templates(vec![template(part, source)]).err().unwrap_or_default()
}

#[test]
fn every_mistake_is_told_with_its_place_and_its_mend() {
    let cases: &[(Part, &str, &[Told])] = &[
        (
            Part::Text,
            "{{ subject }}\n{{ sectons }} and {{ recever }}",
            &[
                (2, 4, "there is no `sectons`", "did you mean `sections`?"),
                (2, 22, "there is no `recever`", "did you mean `receiver`?"),
            ],
        ),
        (
            Part::Text,
            "{% for section in sections %}\n  {{ section.sumary }}\n{% endfor %}",
            &[(2, 6, "there is no `section.sumary` (in the sample `expiry`)", "did you mean `summary`?")],
        ),
        (Part::Html, "<p>\n{% if intro %}", &[(2, 13, "a template was expected: ", "correct the tag, or close it")]),
        (Part::Html, "{{ subject|shout }}", &[(1, 12, "unknown filter: ", "take one of Jinja's own")]),
        (
            Part::Html,
            "{% include \"head.html\" %}",
            &[(1, 0, "tried to include non-existing template", "write it into this file")],
        ),
        (
            Part::Html,
            "<p>{{ sections[0].summary|safe }}</p>",
            &[(0, 0, "what a stranger wrote comes into the HTML unescaped (in the sample `hostile`)", "take `|safe`")],
        ),
        (
            Part::Subject,
            "{{ tag }}\n{{ subject }}",
            &[(0, 0, "the subject must be one line (in the sample `expiry`)", "begin tags")],
        ),
        (
            Part::Subject,
            "{% if kind == \"overflow\" %}x{% endif %}",
            &[(0, 0, "it comes out empty (in the sample `expiry`)", "write something outside")],
        ),
        (
            Part::Text,
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
            &[(1, 0, "it does not come to an end", "look for loops within loops")],
        ),
        (Part::Text, "{{ sections[0].rows + 1 }}", &[(1, 0, "invalid operation: ", "see docs/templates.md")]),
    ];
    for (part, source, expected) in cases {
        let told = mistakes(*part, source);
        assert_eq!(told.len(), expected.len(), "{source}: {told:#?}");
        for (told, (line, column, message, mend)) in told.iter().zip(*expected) {
            assert_eq!(told.line, *line, "{source}: {told:#?}");
            assert!(*column == 0 || told.column == *column, "{source}: {told:#?}");
            assert!(told.message.starts_with(message) && told.mend.starts_with(mend), "{source}: {told:#?}");
        }
    }
}

#[test]
fn mistakes_of_all_templates_are_told_at_once() {
    let bad = [Part::Subject, Part::Text, Part::Html].map(|part| template(part, "\n {{ nothing }}"));
    let told = Stationery::default().with_templates(bad.to_vec()).unwrap_err();
    let shown: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["subject", "text", "html"].map(|part| format!("letters/{part}:2:5: there is no `nothing`")));
}

#[test]
fn each_part_may_be_replaced_by_itself() {
    let subject = template(Part::Subject, "OPS {{ subject }}");
    let html = template(Part::Html, "<p>{{ sections[0].title }} &amp; {{ sections[0].summary }}</p>");
    let stationery = Stationery::new(Links::default()).with_templates(vec![subject, html]).unwrap();
    let shown = stationery.render(&sample_named("expiry").unwrap().mail, NOW, HOST);
    assert!(shown.subject.starts_with("OPS [critical] login.example.com: "), "{}", shown.subject);
    assert!(shown.text.starts_with("CRITICAL login.example.com\n"), "{}", shown.text);
    assert!(shown.html.starts_with("<p>the certificate expires soon &amp; "), "{}", shown.html);
    let hostile = stationery.render(&sample_named("hostile").unwrap().mail, NOW, HOST);
    assert!(hostile.html.contains("&lt;script&gt;") && !hostile.html.contains("<script"), "{}", hostile.html);
}

#[test]
fn a_template_that_fails_all_the_same_loses_no_mail() {
    // No sample is of a domain of this name.
    let source =
        "{{ sections[0].title }}{% if sections[0].domain == \"odd.example.com\" %}\n{{ sections[7].title }}{% endif %}";
    let stationery = Stationery::default().with_templates(vec![template(Part::Html, source)]).unwrap();
    let mut mail = sample_named("expiry").unwrap().mail;
    assert_eq!(stationery.render(&mail, NOW, HOST).trouble, None);
    mail.notices[0].domain = "odd.example.com".to_owned();
    let shown = stationery.render(&mail, NOW, HOST);
    let trouble = shown.trouble.unwrap();
    assert!(trouble.starts_with("Your own template html failed, line 2 (undefined value"), "{trouble}");
    assert!(shown.text.starts_with("Your own template html failed, line 2"), "{}", shown.text);
    assert!(shown.html.contains("Your own template html failed, line 2") && shown.html.contains("What to do"));
}
