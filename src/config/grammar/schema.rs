//! The JSON Schema (draft 2020-12) of the file, for editors.

use serde_json::{Map, Value, json};

use super::{Key, Kind, ROOT, Table};

const DURATION: &str = "^[0-9]+(ms|s|m|h|d)$";
const DAYS: &str = "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$";
const THRESHOLD: &str = "^[0-9]+(ms|s|m|h|d|%)$";

/// The schema of the whole file.
pub(in crate::config) fn schema() -> Value {
    let mut schema = object(&ROOT);
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!("notafter.toml"));
    Value::Object(schema)
}

fn object(table: &Table) -> Map<String, Value> {
    let properties: Map<String, Value> = table.keys().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> = table.keys().filter(|key| key.required).map(|key| key.name).collect();
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("description".to_owned(), json!(table.doc));
    object.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object.insert("additionalProperties".to_owned(), json!(false));
    object
}

fn property(key: &Key) -> Value {
    let mut schema = of(&key.kind);
    schema.insert("description".to_owned(), json!(key.doc));
    if let Some(default) = key.default.and_then(default_value) {
        schema.insert("default".to_owned(), default);
    }
    Value::Object(schema)
}

/// A default, from TOML to JSON.
fn default_value(literal: &str) -> Option<Value> {
    let mut table: Map<String, Value> = toml::from_str(&format!("default = {literal}")).ok()?;
    table.remove("default")
}

fn of(kind: &Kind) -> Map<String, Value> {
    let schema = match kind {
        Kind::Table(table) => return object(table),
        Kind::Tables(table) => json!({ "type": "array", "items": Value::Object(object(table)) }),
        Kind::List(items, least) => json!({ "type": "array", "items": Value::Object(of(items)), "minItems": least }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Duration(_) => json!({ "type": "string", "pattern": DURATION }),
        Kind::Threshold => threshold(),
        Kind::Ascii => json!({ "type": "string", "pattern": "^[ -~]+$" }),
        Kind::Word => json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]+$" }),
        Kind::HttpUrl => json!({ "type": "string", "pattern": "^https?://" }),
        Kind::Target => held_or(&json!({ "type": "string", "pattern": "^https?://" })),
        Kind::Headers => {
            json!({ "type": "object", "additionalProperties": held_or(&json!({ "type": "string", "minLength": 1 })) })
        }
        Kind::Relay => json!({ "type": "string", "pattern": "^smtp(s|\\+plain)?://" }),
        Kind::Postgres => json!({ "type": "string", "pattern": "^postgres(ql)?://" }),
        Kind::Days => json!({ "type": "string", "pattern": DAYS }),
        Kind::Time => json!({ "type": "string", "format": "date-time" }),
        Kind::Labels => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Kind::Matches => {
            let one = json!({ "type": "string", "minLength": 1 });
            let one_of = json!({ "oneOf": [one, { "type": "array", "items": one, "minItems": 1 }] });
            json!({ "type": "object", "additionalProperties": one_of })
        }
        Kind::Secret => secret(),
        Kind::Text
        | Kind::Name
        | Kind::RecordName
        | Kind::Address(_)
        | Kind::Ip
        | Kind::Nameserver
        | Kind::HostPort
        | Kind::Path
        | Kind::Pem
        | Kind::LogList
        | Kind::Distrust
        | Kind::Roots
        | Kind::Template
        | Kind::Moment
        | Kind::Zone
        | Kind::Mailbox => json!({ "type": "string", "minLength": 1 }),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

fn threshold() -> Value {
    let one = json!({ "type": "string", "pattern": THRESHOLD });
    json!({ "oneOf": [one, { "type": "array", "items": one, "minItems": 1, "maxItems": 2 }] })
}

fn secret() -> Value {
    json!({ "oneOf": held() })
}

/// This, or where a secret is held.
fn held_or(written: &Value) -> Value {
    let [env, file] = held();
    json!({ "oneOf": [written, env, file] })
}

fn held() -> [Value; 2] {
    let from = |key: &str| {
        json!({ "type": "object", "properties": { key: { "type": "string", "minLength": 1 } },
                "required": [key], "additionalProperties": false })
    };
    [from("env"), from("file")]
}
