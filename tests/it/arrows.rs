//! The import arrows of the house point one way: from each room only to those below it.
//!
//! Every source file belongs to a room, by its path. What it imports is read from its text: `crate::room`, groups in
//! braces, and `super::` where it climbs to the top. Comments and literals do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms it stands upon; what those stand upon in turn is below it as well. `daemon` and `cli` alone
/// reach `config`, because no other room has it here.
const HOUSE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("schedule", &["domain"]),
    ("observation", &["domain"]),
    ("trust", &["observation"]),
    ("history", &["observation"]),
    ("verdict", &["trust", "history"]),
    ("incident", &["verdict"]),
    ("probe", &["trust"]),
    ("discover", &["trust"]),
    ("store", &["incident"]),
    ("notify", &["incident"]),
    ("keeper", &["store", "schedule"]),
    ("metrics", &["keeper"]),
    ("web", &["metrics", "probe"]),
    ("config", &["web", "keeper", "notify", "store", "discover", "probe"]),
    ("lab", &["domain"]),
    ("daemon", &["config", "lab"]),
    ("cli", &["daemon", "config", "lab"]),
    ("main", &["cli"]),
];

#[test]
fn every_import_points_down() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut read = 0;
    for file in rust_files(&source) {
        let text = fs::read_to_string(&file).unwrap();
        wrong.extend(upward(file.strip_prefix(&source).unwrap(), &text));
        read += 1;
    }
    assert!(read > 50, "only {read} files below {}", source.display());
    assert!(wrong.is_empty(), "imports against the arrows:\n{}", wrong.join("\n"));
}

#[test]
fn the_house_has_no_stairs_that_lead_back() {
    for (room, _) in HOUSE {
        assert!(!below(room).contains(room), "{room} is below itself");
    }
    let reach =
        |room: &str| HOUSE.iter().filter(|(name, _)| below(name).contains(room)).map(|(name, _)| *name).collect();
    let to_config: Vec<&str> = reach("config");
    assert_eq!(to_config, ["daemon", "cli", "main"]);
}

#[test]
fn an_upward_import_is_found_however_it_is_written() {
    let found = |path: &str, text: &str| upward(Path::new(path), text);
    for (path, text) in [
        ("verdict/judge.rs", "use crate::incident::Ledger;"),
        ("verdict/judge.rs", "use crate::{domain::Domain, incident::{Ledger, Outbox}};"),
        ("verdict/judge.rs", "use crate::{\n    domain,\n    incident as other,\n};"),
        ("verdict/judge.rs", "fn f() -> crate :: incident::Ledger { todo() }"),
        ("verdict/judge.rs", "use super::super::incident::Ledger;"),
        ("verdict/mod.rs", "use super::incident::Ledger;"),
        ("metrics.rs", "use super::web::Router;"),
        ("metrics.rs", "pub(in crate::web) struct S; use crate::web;"),
        ("probe/tls.rs", "let a = '\"'; use crate::config::Settings; let b = '\"';"),
        ("probe/tls.rs", "let a = \"// \\\" //\"; let b = r#\"\"\"#; crate::config::load()"),
        ("probe/tls.rs", "fn f<'a>(x: &'a str) { crate::cli::run() }"),
        ("notify/mail.rs", "#[cfg(test)]\nmod tests {\n    use crate::store::Store;\n}"),
        ("discover/mod.rs", "use crate::probe::look;"),
        ("lab/ca.rs", "use crate::observation::Code;"),
        ("web/mod.rs", "use crate::config::Settings;"),
        ("shop/mod.rs", "use crate::domain::Domain;"),
        ("domain.rs", "use crate::shop::Till;"),
    ] {
        assert_eq!(found(path, text).len(), 1, "{path}: {text}");
    }
    for (path, text) in [
        ("incident/mod.rs", "use crate::{domain::Domain, verdict::{Verdict, judge}};"),
        (
            "verdict/judge.rs",
            "//! As [`crate::incident::Ledger`] does.\n/* use crate::config; /* nested */ crate::cli */",
        ),
        ("verdict/judge.rs", "let text = \"use crate::incident\"; let raw = r##\"crate::config \"# \"##;"),
        ("verdict/judge.rs", "use super::incident; use crate::verdict::Level; use self::config::X;"),
        ("domain/mod.rs", "#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::domain::Span;\n}"),
        ("cli/run.rs", "use crate::config::load; use crate::daemon::Daemon; use crate::lab::World;"),
        ("lib.rs", "pub mod domain;\npub mod cli;"),
        ("main.rs", "fn main() { notafter::cli::run() }"),
    ] {
        assert_eq!(found(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

/// The imports of a file that do not lead down, each told with its place.
fn upward(path: &Path, text: &str) -> Vec<String> {
    let names: Vec<String> = path.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    let room = names[0].as_str();
    // The map names every room; it imports none.
    if room == "lib" {
        return Vec::new();
    }
    if !HOUSE.iter().any(|(name, _)| *name == room) {
        return vec![format!("{}: {room} is no room of the house", path.display())];
    }
    let depth = names.len() - usize::from(names.last().is_some_and(|name| name == "mod"));
    let below = below(room);
    let up =
        references(&tokens(text), depth).into_iter().filter(|other| other != room && !below.contains(other.as_str()));
    up.map(|other| format!("{}: {room} imports {other}", path.display())).collect()
}

/// All rooms a room may import.
fn below(room: &str) -> BTreeSet<&'static str> {
    let direct: BTreeMap<&str, &[&'static str]> = HOUSE.iter().copied().collect();
    let mut found = BTreeSet::new();
    let mut open: Vec<&'static str> = direct[room].to_vec();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(direct[next]);
        }
    }
    found
}

/// What is named at the top of the crate, each once, from a module that lies `depth` names below the top.
fn references(tokens: &[String], depth: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let at = |index: usize| tokens.get(index).map_or("", String::as_str);
    for index in 0..tokens.len() {
        let rest = match at(index) {
            // `pub(in crate::room)` tells who may see; it imports nothing.
            "crate" if at(index + 1) == "::" && at(index.wrapping_sub(1)) != "in" => index + 2,
            "super" if at(index.wrapping_sub(1)) != "::" => {
                let supers =
                    (0..).take_while(|step| at(index + 2 * step) == "super" && at(index + 2 * step + 1) == "::");
                let count = supers.count();
                let climbed = index + 2 * count;
                // One that only might reach the top (it stands in an inline module) counts if it names a room.
                if count < depth || !HOUSE.iter().any(|(name, _)| *name == at(climbed)) {
                    continue;
                }
                climbed
            }
            _ => continue,
        };
        found.extend(heads(tokens, rest));
    }
    found
}

/// The first names of a path: one, or one for each part of a group.
fn heads(tokens: &[String], start: usize) -> Vec<String> {
    let is_name = |token: &String| token.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if tokens.get(start).is_none_or(|token| token != "{") {
        return tokens.get(start).filter(|token| is_name(token)).cloned().into_iter().collect();
    }
    let mut heads = Vec::new();
    let (mut level, mut fresh) = (0_u32, true);
    for token in &tokens[start..] {
        match token.as_str() {
            "{" => level += 1,
            "}" if level == 1 => break,
            "}" => level -= 1,
            "," if level == 1 => fresh = true,
            _ if level == 1 && fresh => {
                heads.extend(Some(token.clone()).filter(is_name));
                fresh = false;
            }
            _ => {}
        }
    }
    heads
}

/// Names, `::` and single other characters of a source, without comments and literals.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let skipped = skipped(rest, at.checked_sub(1).is_some_and(|before| is_word(&chars[before])));
        if skipped > 0 {
            at += skipped;
            continue;
        }
        let length = match rest {
            [':', ':', ..] => 2,
            [first, ..] if is_word(first) => rest.iter().take_while(|c| is_word(c)).count(),
            _ => 1,
        };
        let token: String = rest[..length].iter().collect();
        if !token.trim().is_empty() {
            tokens.push(token);
        }
        at += length;
    }
    tokens
}

/// The length of the comment or literal that begins here; 0 if none does.
fn skipped(rest: &[char], in_word: bool) -> usize {
    match rest {
        ['/', '/', ..] => rest.iter().take_while(|c| **c != '\n').count(),
        ['/', '*', ..] => block_comment(rest),
        ['r', '#' | '"', ..] if !in_word => raw_string(rest),
        ['b', 'r', '#' | '"', ..] if !in_word => 1 + raw_string(&rest[1..]),
        ['"', ..] => quoted(rest),
        // A character, as opposed to a lifetime: closed after one character or after an escape.
        ['\'', '\\', _, ..] => 3 + rest[3..].iter().take_while(|c| **c != '\'').count() + 1,
        ['\'', _, '\'', ..] => 3,
        _ => 0,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut level, mut at) = (0_u32, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (level, at) = (level + 1, at + 2),
            ['*', '/', ..] => (level, at) = (level - 1, at + 2),
            _ => at += 1,
        }
        if level == 0 {
            break;
        }
    }
    at
}

/// `r#name` is a name, not a literal.
fn raw_string(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let body = 2 + hashes;
    let closes =
        |at: &usize| rest[*at] == '"' && rest[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    (body..rest.len()).find(closes).map_or(rest.len(), |end| end + 1 + hashes)
}

fn quoted(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
