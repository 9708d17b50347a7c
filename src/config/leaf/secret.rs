//! Secrets: read from the environment or a file, never from the configuration itself, and never repeated.

use secrecy::SecretString;
use toml::de::{DeTable, DeValue};

use super::{Fault, World, quoted};
use crate::config::hiding::is_variable;
use crate::config::section::Value;

const MEND: &str = "write { env = \"NAME\" } or { file = \"PATH\" }";

/// Reads `{ env = … }` or `{ file = … }`.
pub(super) fn read(value: &DeValue<'_>, world: &World<'_>) -> Result<Value, Fault> {
    let DeValue::Table(table) = value else {
        return Err(Fault::new(
            "the secret is written out in the file",
            "put it into a file of its own or the environment, and write { file = \"PATH\" } or { env = \"NAME\" }",
        ));
    };
    if let Some((key, _)) = table.iter().find(|(key, _)| !matches!(key.get_ref().as_ref(), "env" | "file")) {
        let fault = Fault::new(format!("unknown key {} in a secret", quoted(key.get_ref())), MEND);
        return Err(Fault { span: Some(key.span()), ..fault });
    }
    match (source(table, "env")?, source(table, "file")?) {
        (Some(name), None) => variable(name, world),
        (None, Some(path)) => file(path, world),
        (None, None) => Err(Fault::new("it is not said where the secret is", MEND)),
        (Some(_), Some(_)) => Err(Fault::new("the secret has two sources", "keep one of `env` and `file`")),
    }
}

fn source<'t>(table: &'t DeTable<'_>, key: &str) -> Result<Option<&'t str>, Fault> {
    match table.get(key).map(|value| value.get_ref()) {
        None => Ok(None),
        Some(DeValue::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(Fault::new(format!("`{key}` of a secret must be a text in quotes"), MEND)),
    }
}

fn variable(name: &str, world: &World<'_>) -> Result<Value, Fault> {
    // Someone may have put the secret itself here; its text is not repeated.
    if !is_variable(name) {
        return Err(Fault::new(
            "`env` must name an environment variable: letters, digits and underscores",
            "write the variable's name, not what it holds",
        ));
    }
    match (world.env)(name) {
        Some(secret) if !secret.is_empty() => Ok(Value::Secret(secret.into())),
        Some(_) => Err(Fault::new(format!("the environment variable {name} is empty"), format!("give {name} a value"))),
        None => Err(Fault::new(
            format!("the environment variable {name} is not set"),
            format!("set {name} where notafter runs, or use {{ file = \"PATH\" }}"),
        )),
    }
}

fn file(path: &str, world: &World<'_>) -> Result<Value, Fault> {
    let path = world.base.join(path);
    let shown = path.display();
    let bytes = (world.read_file)(&path).map_err(|reason| {
        let mend = "make it a file that notafter's user may read; relative paths begin at the configuration's folder";
        Fault::new(format!("cannot read the secret's file {shown}: {reason}"), mend)
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Fault::new(format!("the secret's file {shown} is not UTF-8 text"), "put the secret there as text")
    })?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(Fault::new(format!("the secret's file {shown} is empty"), "put the secret there"));
    }
    Ok(Value::Secret(SecretString::from(secret)))
}
