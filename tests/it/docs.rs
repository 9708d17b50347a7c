//! The documentation says what is: its commands and flags exist, its links lead somewhere, its configuration is good,
//! its list of findings is the catalogue, and its list of JSON keys is whole.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use notafter::observation::Code;
use notafter::verdict::Kind;
use notafter::verdict::catalogue::{ENTRIES, Entry};
use serde_json::Value;

use crate::servers::{Knot, Nginx, Vhost, lab_identity};

#[test]
fn the_page_of_findings_is_the_catalogue() {
    let path = root().join("docs/findings.md");
    let rendered = findings();
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        fs::write(&path, &rendered).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == rendered,
        "docs/findings.md is not the catalogue; write it anew with `UPDATE_DOCS=1 cargo test --test it docs::`"
    );
}

#[test]
fn every_command_and_flag_exists() {
    let mut tried = 0;
    for page in pages() {
        for command in commands(&read(&page)) {
            let (path, rest) = subcommand(&command);
            assert!(!path.is_empty() || rest == ["--version"], "{}: no such command: {command:?}", page.display());
            let help = help(&path);
            for flag in rest.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
                let flag = flag.split('=').next().unwrap_or_default();
                assert!(has_flag(&help, flag), "{}: {command:?} has no {flag}:\n{help}", page.display());
            }
            tried += 1;
        }
    }
    assert!(tried > 20, "only {tried} commands were found");
}

#[test]
fn every_code_that_is_spoken_of_exists() {
    let areas: BTreeSet<&str> = Code::ALL.iter().map(|code| code.area()).collect();
    for page in pages() {
        for span in spans(&prose(&read(&page))) {
            let Some((area, fault)) = span.split_once('.') else { continue };
            let is_code = areas.contains(area) && fault.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(!is_code || Code::parse(&span).is_some(), "{}: there is no {span}", page.display());
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut followed = 0;
    for page in pages() {
        for link in links(&prose(&read(&page))) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').map_or((link.as_str(), None), |(file, at)| (file, Some(at)));
            let target = if file.is_empty() { page.clone() } else { page.with_file_name("").join(file) };
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
            if let Some(anchor) = anchor {
                assert!(anchors(&read(&target)).contains(anchor), "{}: {link} has no such heading", page.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 20, "only {followed} links were found");
}

#[test]
fn the_configuration_of_the_readme_is_good() {
    let blocks = blocks(&read(&root().join("README.md")), "toml");
    assert_eq!(blocks.len(), 1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notafter.toml");
    fs::write(&file, &blocks[0]).unwrap();
    let output = notafter(&["config", "check"]).env("RELAY_PASSWORD", "a secret").arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn every_key_of_the_json_is_described() {
    let page = read(&root().join("docs/json.md"));
    for block in blocks(&page, "json") {
        serde_json::from_str::<Value>(&block).unwrap_or_else(|error| panic!("{error}:\n{block}"));
    }
    let described: BTreeSet<String> = spans(&prose(&page)).into_iter().collect();
    let mut keys = BTreeSet::new();
    for object in every_json() {
        gather_keys(&object, &mut keys);
    }
    assert!(keys.len() > 60, "{keys:?}");
    let missing: Vec<&String> = keys.difference(&described).collect();
    assert!(missing.is_empty(), "docs/json.md does not speak of {missing:?}");
}

#[test]
fn no_page_names_a_place_on_somebodys_machine() {
    for page in pages() {
        for place in ["/home/", "/root/", "/tmp/", "/Users/"] {
            assert!(!read(&page).contains(place), "{} holds {place}", page.display());
        }
    }
}

/// `docs/findings.md`.
fn findings() -> String {
    let mut page = HEAD.to_owned();
    let mut area = "";
    for entry in ENTRIES {
        if entry.code.area() != area {
            area = entry.code.area();
            let _ = write!(page, "\n## {area}\n\n{}\n\n| code | severity | what |\n|---|---|---|\n", about(area));
            for entry in ENTRIES.iter().filter(|entry| entry.code.area() == area) {
                let (code, severity) = (entry.code, entry.severity.as_str());
                let _ = writeln!(page, "| [`{code}`](#{}) | {severity} | {} |", anchor(code.as_str()), entry.title);
            }
        }
        page += &section(entry);
    }
    page
}

const HEAD: &str = "# Findings

One section a code, made from the catalogue in `src/verdict/catalogue`; `notafter explain CODE` says the same. A code
is stable for ever: it is what `check`, the mails, the metrics and the state call a fault.

- The **severity** is the default; the circumstances may make it another, as the section says. `info` never changes a
  verdict.
- The **kind** says how a finding is confirmed before anybody is mailed: a *fact* is read once more on a fresh
  connection; a *record* is seen in two looks, or by two resolvers; a fault of the *network* is seen in three looks;
  *watch*, our own sight, is told as it is.
- Codes of one **family** are one and the same incident: a change between them updates it or makes it worse.
";

fn section(entry: &Entry) -> String {
    let kind = match entry.kind {
        Kind::Fact => "fact",
        Kind::Record => "record",
        Kind::Network => "network",
        Kind::Watch => "watch",
    };
    let (severity, family) = (entry.severity.as_str(), entry.family.as_str());
    let facts = format!("Severity {severity} · kind {kind} · family {family}");
    let paragraphs = [title(entry), facts, entry.explanation.to_owned(), format!("**Mend:** {}", entry.remedy)];
    format!("\n### {}\n\n{}\n", entry.code, paragraphs.map(|text| wrapped(&text)).join("\n\n"))
}

/// The title as a sentence of its own.
fn title(entry: &Entry) -> String {
    let mut letters = entry.title.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("**{first}{}.**", letters.as_str())
}

fn about(area: &str) -> &'static str {
    match area {
        "dns" => "What the records say.",
        "connect" => "Whether anybody takes the connection.",
        "tls" => "The handshake, the certificate and its chain.",
        "http" => "The answer to the request through the proxy.",
        "auth0" => "Whether it is Auth0 that answers, as this domain.",
        _ => "Our own sight: these concern notafter itself, not a domain.",
    }
}

fn wrapped(text: &str) -> String {
    // A name or a date must stay in one piece.
    let whole = textwrap::Options::new(120).break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, whole)
}

/// The anchor that GitHub and its like give a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page);
    headings
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect()
}

/// What `check` and `inspect` print, in every shape they have.
fn every_json() -> Vec<Value> {
    let name = "login.example.com";
    let (authority, identity) = lab_identity(name);
    let folder = tempfile::tempdir().unwrap();
    let (roots, chain) = (folder.path().join("roots.pem"), folder.path().join("chain.pem"));
    fs::write(&roots, authority.root_pem()).unwrap();
    fs::write(&chain, &identity.chain_pem).unwrap();
    let nginx = Nginx::start(&[Vhost::new(name, identity)]);
    let zone = "login CNAME proxy\nproxy A 127.0.0.1\nproxy CAA 0 issue \"ca.example\"\n";
    let knot = Knot::start_with(&[("example.com", zone)], &["example.com"]);
    let (proxy, nameserver) = (nginx.at("127.0.0.1").to_string(), knot.address().to_string());
    let (roots, chain) = (roots.to_str().unwrap(), chain.to_str().unwrap());
    let check = ["check", name, "--format", "json", "--nameserver", &nameserver, "--roots", roots, "--txt", "missing"];
    let mut printed = String::new();
    for arguments in [
        [&check[..], &["--address", &proxy]].concat(),
        [&check[..], &["--address", &proxy, "--authority", &nameserver, "--dnssec"]].concat(),
        [&check[..], &["--address", "127.99.99.99:1"]].concat(),
        vec!["inspect", "--format", "json", chain, roots, "servers.sh"],
        vec!["inspect", "--format", "json", chain, "--domain", name, "--roots", roots],
        vec!["inspect", "--format", "json", "--chain", chain, "--domain", name, "--roots", roots, "--key", roots],
    ] {
        printed += &String::from_utf8(notafter(&arguments).output().unwrap().stdout).unwrap();
    }
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn gather_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                keys.insert(key.clone());
                gather_keys(value, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather_keys(item, keys)),
        _ => {}
    }
}

/// The command lines of a page: in blocks for a shell, after a prompt if there is one, and in the running text.
fn commands(page: &str) -> Vec<Vec<String>> {
    let shell = [blocks(page, "sh"), blocks(page, "console")].concat().join("\n");
    let lines = shell.lines().map(str::to_owned).chain(spans(&prose(page)));
    lines.filter_map(|line| command(&line)).collect()
}

/// The words after `notafter`, or after `cargo run … --`.
fn command(line: &str) -> Option<Vec<String>> {
    let line = line.split(" # ").next().unwrap_or_default().trim();
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let words = match line.split_once(" -- ") {
        Some((cargo, words)) if cargo.starts_with("cargo run") => words,
        _ => line.strip_prefix("notafter ")?,
    };
    Some(words.split_whitespace().map(str::to_owned).collect())
}

/// The subcommand that the words name, and the words after it.
fn subcommand(words: &[String]) -> (Vec<&str>, Vec<&str>) {
    let mut path: Vec<&str> = Vec::new();
    let mut rest = words.iter().map(String::as_str).peekable();
    while let Some(word) = rest.next_if(|word| has_command(&help(&path), word)) {
        path.push(word);
    }
    let is_group = help(&path).contains("\nCommands:\n");
    assert!(path.is_empty() || !is_group || rest.peek().is_none(), "{words:?} is no command");
    (path, rest.collect())
}

fn help(path: &[&str]) -> String {
    let output = notafter(path).arg("--help").output().unwrap();
    assert!(output.status.success(), "{path:?}: {}", text(&output));
    text(&output)
}

fn has_command(help: &str, word: &str) -> bool {
    let listed = help.split_once("\nCommands:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap_or_default());
    listed.lines().any(|line| line.split_whitespace().next() == Some(word))
}

fn has_flag(help: &str, flag: &str) -> bool {
    help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).any(|word| word == flag)
}

/// The blocks of this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line.trim() == fence {
            let inside: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            found.push(inside.join("\n") + "\n");
        }
    }
    found
}

/// The page without its blocks.
fn prose(page: &str) -> String {
    let mut inside = false;
    let outside = page.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    outside.fold(String::new(), |text, line| text + line + "\n")
}

/// What stands in backquotes.
fn spans(prose: &str) -> Vec<String> {
    prose.split('`').skip(1).step_by(2).map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The targets of the links.
fn links(prose: &str) -> Vec<String> {
    let targets = prose.split("](").skip(1);
    targets.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.extend([root().join("README.md"), root().join("CHANGELOG.md")]);
    pages
}

fn read(page: &Path) -> String {
    fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program, in a folder without a configuration of its own.
fn notafter(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_notafter"));
    command.args(arguments).current_dir(root().join("tests"));
    command
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
