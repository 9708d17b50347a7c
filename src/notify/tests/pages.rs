//! The pages on mails and their templates say what is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::render::letter;
use super::super::samples::{HOST, NOW, sample_named, samples};
use super::super::{Context, Links, Part, Stationery, Template};

fn page(name: &str) -> (PathBuf, String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let text = fs::read_to_string(&file).unwrap();
    (file, text)
}

/// The blocks that stand behind `<!-- KIND: NAME -->`, with the name.
fn blocks<'p>(page: &'p str, kind: &str) -> Vec<(&'p str, &'p str)> {
    let marker = format!("<!-- {kind}: ");
    let marked = page.split(marker.as_str()).skip(1);
    let block = |rest: &'p str| {
        let (name, rest) = rest.split_once(" -->\n")?;
        let (_, inside) = rest.split_once('\n')?;
        Some((name, inside.split("\n```").next()?))
    };
    marked.map(|rest| block(rest).expect("a block behind its marker")).collect()
}

#[test]
fn the_mails_that_are_shown_are_what_comes() {
    let (file, mut text) = page("mails.md");
    let names: Vec<String> = blocks(&text, "sample").iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, ["expiry", "opened", "resolved"]);
    for name in names {
        let mail = sample_named(&name).unwrap().mail;
        let shown = Stationery::default().render(&mail, NOW, HOST);
        let wanted = format!("Subject: {}\n\n{}", shown.subject, shown.text.trim_end());
        let written = blocks(&text, "sample").into_iter().find(|(other, _)| *other == name).unwrap().1.to_owned();
        if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
            let head = format!("<!-- sample: {name} -->\n```text\n");
            text = text.replacen(&(head.clone() + &written), &(head + &wanted), 1);
            fs::write(&file, &text).unwrap();
        } else {
            assert_eq!(written, wanted, "write it anew with UPDATE_DOCS=1");
        }
    }
    for sample in samples() {
        assert!(text.contains(&format!("`{}`", sample.name)), "docs/mails.md does not speak of {}", sample.name);
    }
}

#[test]
fn every_name_that_templates_are_given_is_described() {
    let (_, text) = page("templates.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let described: BTreeSet<String> = rows.filter(|name| !name.contains('(')).map(str::to_owned).collect();
    let mut names = BTreeSet::new();
    for sample in samples() {
        let letter = letter(&sample.mail, &Context { now: NOW, host: HOST, links: Some(&Links::default()) });
        gather("", &serde_json::to_value(&letter).unwrap(), &mut names);
    }
    assert!(names.len() > 40, "{names:?}");
    assert_eq!(described, names);
}

#[test]
fn the_example_is_good() {
    let (_, text) = page("templates.md");
    let part = |name: &str| Part::ALL.into_iter().find(|part| part.as_str() == name).unwrap();
    let of = |(name, source): (&str, &str)| Template {
        part: part(name),
        file: PathBuf::from(name),
        source: source.to_owned(),
    };
    let templates: Vec<Template> = blocks(&text, "template").into_iter().map(of).collect();
    assert_eq!(templates.len(), 3);
    let stationery = Stationery::default().with_templates(templates).unwrap();
    let shown = stationery.render(&sample_named("opened").unwrap().mail, NOW, HOST);
    assert_eq!((shown.subject.as_str(), shown.trouble), ("shop.example.com: reach", None));
    assert!(shown.text.contains("no answer from the address") && shown.html.contains("no answer from the address"));
}

/// `sections`, `sections[].title`.
fn gather(path: &str, value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|value| gather(&format!("{path}[]"), value, names)),
        Value::Object(object) => {
            for (key, value) in object {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                names.insert(path.clone());
                gather(&path, value, names);
            }
        }
        _ => {}
    }
}
