//! The JSON Schema and the page of the documentation: neither may say other than the parser.

use std::collections::BTreeSet;

use notafter::config;
use serde_json::{Map, Value};

use super::fixtures::{fixture, names, project, text};

/// What of the schema a value does not fulfil, of the keywords that the schema uses.
fn faults(schema: &Value, value: &Value, path: &str) -> Vec<String> {
    if let Some(choices) = schema["oneOf"].as_array() {
        let fitting = choices.iter().filter(|choice| faults(choice, value, path).is_empty()).count();
        return if fitting == 1 { Vec::new() } else { vec![format!("{path}: fits {fitting} of the choices")] };
    }
    let is_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("boolean") => value.is_boolean(),
        other => panic!("{path}: no such type: {other:?}"),
    };
    if !is_type {
        return vec![format!("{path}: not of type {}", schema["type"])];
    }
    match value {
        Value::Object(object) => object_faults(schema, object, path),
        Value::Array(items) => {
            let few = (items.len() as u64) < schema["minItems"].as_u64().unwrap_or(0);
            let short = few.then(|| format!("{path}: too few items"));
            let inner = items.iter().flat_map(|item| faults(&schema["items"], item, &format!("{path}[]")));
            short.into_iter().chain(inner).collect()
        }
        _ => match schema["enum"].as_array() {
            Some(words) if !words.contains(value) => vec![format!("{path}: none of the words")],
            _ => Vec::new(),
        },
    }
}

fn object_faults(schema: &Value, object: &Map<String, Value>, path: &str) -> Vec<String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = required.filter(|key| !object.contains_key(*key)).map(|key| format!("{path}.{key}: missing"));
    let mut found: Vec<String> = missing.collect();
    for (key, value) in object {
        let path = format!("{path}.{key}");
        match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(property), _) => found.extend(faults(property, value, &path)),
            (None, Value::Bool(false)) => found.push(format!("{path}: unknown")),
            (None, additional) => found.extend(faults(additional, value, &path)),
        }
    }
    found
}

/// A fixture as JSON; its times become texts.
fn as_json(text: &str) -> Value {
    fn plain(value: toml::Value) -> Value {
        match value {
            toml::Value::Datetime(time) => Value::String(time.to_string()),
            toml::Value::Array(items) => items.into_iter().map(plain).collect(),
            toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, plain(value))).collect(),
            other => serde_json::to_value(other).unwrap(),
        }
    }
    plain(toml::Value::Table(toml::from_str(text).unwrap()))
}

#[test]
fn every_valid_file_fulfils_the_schema() {
    let schema = config::schema();
    let mut valid = 0;
    for name in names() {
        if fixture(&name).is_ok() {
            valid += 1;
            assert_eq!(faults(&schema, &as_json(&text(&name)), ""), Vec::<String>::new(), "{name}");
        }
    }
    assert!(valid >= 3);
    let shipped = std::fs::read_to_string(project("config/notafter.toml")).unwrap();
    assert_eq!(faults(&schema, &as_json(&shipped), ""), Vec::<String>::new());
}

#[test]
fn the_schema_finds_what_is_wrong_with_keys_too() {
    let schema = config::schema();
    for name in ["unknown_key", "wrong_type", "wrong_type_more", "missing_key", "bad_roots", "secret_malformed"] {
        assert!(!faults(&schema, &as_json(&text(&format!("{name}.toml"))), "").is_empty(), "{name}");
    }
}

/// The paths of every key that the schema knows, `probe.interval` and `domain.interval` alike.
fn keys(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        keys(property, &path, found);
        keys(&property["items"], &path, found);
        found.insert(path);
    }
}

/// The paths of every key that a file uses.
fn used(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| used(item, path, found)),
        Value::Object(object) => {
            for (key, value) in object {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                used(value, &path, found);
                found.insert(path);
            }
        }
        _ => {}
    }
}

/// So that a key cannot be described without being tried; what a domain inherits from `[probe]` is tried there.
#[test]
fn the_full_fixture_uses_every_key() {
    let (mut known, mut tried) = (BTreeSet::new(), BTreeSet::new());
    keys(&config::schema(), "", &mut known);
    used(&as_json(&text("full.toml")), "", &mut tried);
    let untried = known
        .difference(&tried)
        .filter(|path| path.strip_prefix("domain.").is_none_or(|key| !known.contains(&format!("probe.{key}"))));
    assert_eq!(untried.collect::<Vec<_>>(), ["store.postgres"]);
}

#[test]
fn every_key_is_explained() {
    fn explained(schema: &Value) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].as_str().is_some_and(|text| text.len() > 10), "{key}");
            explained(property);
            explained(&property["items"]);
        }
    }
    assert_eq!(config::schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
    explained(&config::schema());
}

/// With `NOTAFTER_WRITE_DOCS` set the page is brought up to date instead.
#[test]
fn the_page_lists_every_key_as_the_parser_knows_it() {
    let path = project("docs/configuration.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, _) = page.split_once("a test compares it. -->\n").expect("the mark where the reference begins");
    let current = format!("{head}a test compares it. -->\n\n{}", config::reference());
    if std::env::var_os("NOTAFTER_WRITE_DOCS").is_some() {
        std::fs::write(&path, &current).unwrap();
    } else {
        assert_eq!(page, current, "run this test with NOTAFTER_WRITE_DOCS=1 to bring the page up to date");
    }
}
