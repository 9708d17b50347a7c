//! A template tried on every sample before a receiver depends on it: all that is wrong with it at once.

use std::collections::BTreeSet;

use minijinja::Value;
use minijinja::value::Serde;

use super::super::render::letter;
use super::super::samples::{HOST, NOW, samples};
use super::super::{Context, Links, plain};
use super::mistake::{Source, TemplateMistake};
use super::{Part, Template, engine};

/// What the hostile sample holds, and what must not come through to HTML as it is.
const HOSTILE: &str = "<script>alert(1)";
/// The engine's own names, which are in no context.
const OF_ENGINE: [&str; 6] = ["range", "dict", "namespace", "debug", "loop", "self"];

/// Everything that is wrong with these templates.
pub(super) fn of(templates: &[Template], links: &Links) -> Vec<TemplateMistake> {
    if templates.is_empty() {
        return Vec::new();
    }
    let letters = letters(links);
    let known = letters.iter().flat_map(|(_, letter)| names(letter)).collect();
    templates.iter().flat_map(|template| of_one(&Source { template, known: &known }, &letters)).collect()
}

fn of_one(source: &Source<'_>, letters: &[(&str, Value)]) -> Vec<TemplateMistake> {
    let template = source.template;
    let unknown = match unknown(template, letters) {
        Ok(unknown) => unknown,
        Err(error) => return vec![source.failed(&error, None)],
    };
    if !unknown.is_empty() {
        let mut mistakes: Vec<_> = unknown.iter().map(|name| source.unknown(name)).collect();
        mistakes.sort();
        return mistakes;
    }
    let mut mistakes: Vec<TemplateMistake> = Vec::new();
    for (name, letter) in letters {
        let found = match template.render(letter) {
            Ok(made) => misshapen(template.part, &made, name, source),
            Err(error) => Some(source.failed(&error, Some(name))),
        };
        // The same place is not told for each sample that comes to it.
        let same =
            |told: &TemplateMistake, found: &TemplateMistake| (told.line, told.column) == (found.line, found.column);
        mistakes.extend(found.filter(|found| !mistakes.iter().any(|told| same(told, found))));
    }
    mistakes.sort();
    mistakes
}

/// Every sample as templates see it: with every link there can be, and with those there are.
fn letters(links: &Links) -> Vec<(&'static str, Value)> {
    let all = Links {
        pages: Some("https://notafter.example.com".to_owned()),
        explanations: Some("https://docs.example.com/findings.md".to_owned()),
    };
    let of = |links: &Links| {
        let context = Context { now: NOW, host: HOST, links: Some(links) };
        let seen =
            |sample: super::super::samples::Sample| (sample.name, Value::from(Serde(letter(&sample.mail, &context))));
        samples().into_iter().map(seen).collect::<Vec<_>>()
    };
    [of(links), of(&all)].concat()
}

/// Names at the top of a template that no letter has; `Err` if it is no template at all.
fn unknown(template: &Template, letters: &[(&str, Value)]) -> Result<BTreeSet<String>, minijinja::Error> {
    let engine = engine();
    let compiled = engine.template_from_named_str(template.part.engine_name(), &template.source)?;
    let used = compiled.undeclared_variables(false).into_iter();
    let is_known = |name: &str| {
        let has = |letter: &Value| letter.get_attr(name).is_ok_and(|value| !value.is_undefined());
        OF_ENGINE.contains(&name) || letters.first().is_some_and(|(_, letter)| has(letter))
    };
    Ok(used.filter(|name| !is_known(name)).collect())
}

/// What came out, if it is not fit to be sent.
fn misshapen(part: Part, made: &str, sample: &str, source: &Source<'_>) -> Option<TemplateMistake> {
    let whole =
        |what: &str, mend: &str| Some(source.whole(format!("{what} (in the sample `{sample}`)"), mend.to_owned()));
    if plain::line(made, usize::MAX).is_empty() {
        return whole("it comes out empty", "write something outside of all conditions");
    }
    match part {
        Part::Subject if made.trim_start_matches('\n').contains(['\n', '\r']) => whole(
            "the subject must be one line",
            "begin tags with `{%-` and end them with `-%}`, so that no line breaks remain",
        ),
        Part::Html if made.contains(HOSTILE) => {
            whole("what a stranger wrote comes into the HTML unescaped", "take `|safe` and `autoescape false` out")
        }
        _ => None,
    }
}

/// Every name in a value, at any depth.
fn names(value: &Value) -> BTreeSet<String> {
    let inner = |value: &Value| value.try_iter().into_iter().flatten().collect::<Vec<_>>();
    match value.kind() {
        minijinja::value::ValueKind::Map => {
            let entries = inner(value).into_iter();
            let named = |key: Value| {
                let below = value.get_item(&key).map(|value| names(&value)).unwrap_or_default();
                key.as_str().map(str::to_owned).into_iter().chain(below).collect::<Vec<_>>()
            };
            entries.flat_map(named).collect()
        }
        minijinja::value::ValueKind::Seq => inner(value).iter().flat_map(names).collect(),
        _ => BTreeSet::new(),
    }
}
