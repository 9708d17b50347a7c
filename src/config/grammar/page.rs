//! The reference of all keys in Markdown, for the documentation.

use std::fmt::Write as _;

use super::{Key, Kind, ROOT, Table};

/// Every table and key of the file, as the documentation lists them.
pub(in crate::config) fn reference() -> String {
    let mut page = String::new();
    for key in ROOT.keys() {
        describe(&mut page, key, "");
    }
    page
}

/// A section of a page for a table, and one for each table in it.
fn describe(page: &mut String, key: &Key, parent: &str) {
    let path = if parent.is_empty() { key.name.to_owned() } else { format!("{parent}.{}", key.name) };
    let (heading, table) = match key.kind {
        Kind::Table(table) => (format!("[{path}]"), table),
        Kind::Tables(table) => (format!("[[{path}]]"), table),
        _ => return,
    };
    // Writing to a string cannot fail.
    let _ = write!(page, "### `{heading}`\n\n{}\n\n", table.doc);
    let mut rows = rows(table, &path).peekable();
    if rows.peek().is_some() {
        let _ = write!(page, "| key | what may stand there | default | meaning |\n|---|---|---|---|\n");
    }
    for key in rows {
        let need = if key.required { "required".to_owned() } else { default(key) };
        let _ = writeln!(page, "| `{}` | {} | {need} | {} |", key.name, key.kind.expected(), key.doc);
    }
    page.push('\n');
    for inner in table.keys() {
        describe(page, inner, &path);
    }
}

/// The keys of a table that are not tables themselves; a domain's without those of `[probe]`, and those of `[policy]` once.
fn rows<'a>(table: &'static Table, path: &'a str) -> impl Iterator<Item = &'static Key> + use<'a> {
    let groups = match path {
        "domain" => 1,
        "domain.policy" | "group.policy" => 0,
        _ => table.groups.len(),
    };
    let keys = table.groups.iter().take(groups).flat_map(|group| group.iter());
    keys.filter(|key| !matches!(key.kind, Kind::Table(_) | Kind::Tables(_)))
}

fn default(key: &Key) -> String {
    key.default.map_or_else(String::new, |default| format!("`{default}`"))
}
