//! Certificates and records that nobody here made: `make corpora CORPORA=DIR` runs these stories over a collection, else they do nothing.
//!
//! The collection holds `certs/` with `cert-facts.open.jsonl`, where a row says what several other parsers read in a
//! file and which facts they `agree` on: tier A they all accept, B some, D none.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use notafter::observation::management::{Refusal, read_domain, read_page};
use serde_json::{Value, json};

use super::badssl;
use super::servers::Knot;
use super::stage::{NOW, notafter};

/// Files that one process is given.
const AT_ONCE: usize = 100;
/// More than any hundred certificates may take, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn corpora() -> Option<PathBuf> {
    std::env::var_os("NOTAFTER_CORPORA").map(PathBuf::from)
}

/// What `inspect` says of each file, and whether each process ended as its output says.
fn inspected(files: &[PathBuf]) -> BTreeMap<PathBuf, Vec<Value>> {
    let mut all: BTreeMap<PathBuf, Vec<Value>> = BTreeMap::new();
    for some in files.chunks(AT_ONCE) {
        let started = Instant::now();
        let mut arguments = vec![PathBuf::from("inspect"), "--format".into(), "json".into()];
        arguments.extend(some.iter().cloned());
        let ran = notafter(&arguments);
        assert!(started.elapsed() < PATIENCE, "{:?} for {} files", started.elapsed(), some.len());
        let lines = ran.lines();
        let unread = lines.iter().any(|line| !line["error"].is_null());
        assert_eq!(ran.code, i32::from(unread), "{}", ran.stderr);
        for line in lines {
            all.entry(line["file"].as_str().expect("a file").into()).or_default().push(line);
        }
    }
    assert_eq!(all.len(), files.len(), "a line a file at least");
    all
}

/// Every file below a folder, however deep.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[test]
fn corpora_certificates_are_read_as_others_read_them() {
    let Some(corpora) = corpora() else { return };
    let certs = corpora.join("certs");
    let files = files_below(&certs);
    assert!(!files.is_empty(), "no file below {}", certs.display());
    let seen = inspected(&files);
    let rows = fs::read_to_string(corpora.join("cert-facts.open.jsonl")).expect("the facts");
    let mut differences = Vec::new();
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).expect("a row of JSON");
        let file = certs.join(row["file"].as_str().expect("a file"));
        let lines = seen.get(&file).unwrap_or_else(|| panic!("{} is in no folder", file.display()));
        differences.extend(differs(&row, lines).into_iter().map(|what| format!("{}: {what}", row["file"])));
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

/// Where we read something else in a file than the others do.
fn differs(row: &Value, lines: &[Value]) -> Vec<String> {
    let tier = row["tier"].as_str().expect("a tier");
    let [line] = lines else { return vec![format!("{} certificates in one file", lines.len())] };
    let refused = !line["error"].is_null();
    match tier {
        "A" if refused => vec![format!("tier A, refused: {}", line["error"])],
        "A" => facts(row)
            .into_iter()
            .filter(|(key, _)| agreed(row, key))
            .filter_map(|fact| differing(line, fact))
            .collect(),
        "B" if !refused => {
            let dated = ["not_before", "not_after", "serial"];
            facts(row)
                .into_iter()
                .filter(|(key, _)| dated.contains(key))
                .filter_map(|fact| differing(line, fact))
                .collect()
        }
        "D" if !refused => vec!["tier D, accepted".to_owned()],
        _ => Vec::new(),
    }
}

/// A row's facts by our keys.
fn facts(row: &Value) -> Vec<(&'static str, Value)> {
    let serial = row["serial_hex"].as_str().map(str::to_lowercase);
    let sans = row["sans"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<&str> = sans.filter_map(|san| san.strip_prefix("DNS:")).collect();
    vec![
        ("not_before", row["not_before"].clone()),
        ("not_after", row["not_after"].clone()),
        ("serial", json!(serial)),
        ("dns_names", json!(names)),
        ("key_bits", row["key_bits"].clone()),
        ("is_ca", row["is_ca"].clone()),
    ]
}

/// Whether the others agree on the fact: only then it binds us.
fn agreed(row: &Value, key: &str) -> bool {
    let theirs = match key {
        "serial" => "serial_hex",
        "dns_names" => "dns_sans",
        same => same,
    };
    row["agree"].get(theirs).is_some()
}

fn differing(line: &Value, (key, expected): (&str, Value)) -> Option<String> {
    (line[key] != expected).then(|| format!("{key} is {}, not {expected}", line[key]))
}

#[test]
fn corpora_chains_as_badssl_served_them_are_read() {
    let Some(corpora) = corpora() else { return };
    let files = files_below(&corpora.join("badssl-public-chains"));
    let seen = inspected(&files);
    for (file, lines) in &seen {
        assert!(lines.iter().all(|line| line["error"].is_null()), "{}: {lines:?}", file.display());
    }
    let names = |file: &str| {
        let found = seen.iter().find(|(path, _)| path.ends_with(file));
        found.map_or(0, |(_, lines)| lines[0]["dns_names"].as_array().map_or(0, Vec::len))
    };
    assert_eq!(names("subdomain-1000-sans.pem"), 1000);
    assert_eq!(names("subdomain-10000-sans.pem"), 10_000);
}

/// What such labs have is looked at here as well: by a story of its own, as it needs no collection.
#[test]
fn corpora_hosts_of_badssl_have_each_a_row() {
    let Some(corpora) = corpora() else { return };
    let rows = fs::read_to_string(corpora.join("badssl-hosts.jsonl")).expect("the hosts");
    let hosts: Vec<Value> = rows.lines().map(|row| serde_json::from_str(row).expect("a row of JSON")).collect();
    let missing: Vec<&str> =
        hosts.iter().map(|row| row["host"].as_str().expect("a host")).filter(|host| !badssl::has_row(host)).collect();
    assert!(!hosts.is_empty() && missing.is_empty(), "{missing:?}");
}

/// Records as Knot's zone parser writes them, served by it: `RDATA=` in hex, one for each that is no mistake.
#[test]
fn corpora_caa_records_are_read_as_others_write_them() {
    let Some(corpora) = corpora() else { return };
    let vectors = fs::read_to_string(corpora.join("dns-rdata-vectors/52_CAA.out")).expect("the vectors");
    let vectors: Vec<&str> = vectors.lines().filter_map(|line| line.strip_prefix("RDATA=")).collect();
    assert!(vectors.len() > 5, "{vectors:?}");
    let zone = vectors
        .iter()
        .enumerate()
        .map(|(index, hex)| format!("v{index} A 127.0.0.1\nv{index} TYPE257 \\# {} {hex}\n", hex.len() / 2));
    let knot = Knot::start(&[("example", &zone.collect::<String>())]);
    let nameserver = knot.address().to_string();
    for (index, hex) in vectors.iter().enumerate() {
        let name = format!("v{index}.example");
        let look = ["--nameserver", &nameserver, "--address", "127.99.99.99:1", "--format", "json", "--at", NOW];
        let seen = notafter([&["check", &name][..], &look].concat()).json();
        let own = &seen["observations"]["dns"]["caa"]["own"];
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(digits).collect();
        let (flags, length) = (bytes[0], usize::from(bytes[1]));
        // What breaks the limits of a tag (RFC 6844 section 5.1) cannot be read.
        if !(1..=15).contains(&length) {
            assert_eq!(own["outcome"], "malformed", "{hex}");
            continue;
        }
        let (tag, value) = bytes[2..].split_at(length);
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let record = &own["records"][0];
        let told = (&record["critical"], &record["tag"], &record["value"]);
        assert_eq!(told, (&json!(flags & 128 != 0), &json!(text(tag)), &json!(text(value))), "{hex}");
    }
}

/// TXT likewise: the strings of a record are joined, whatever bytes they have.
#[test]
fn corpora_txt_records_are_read_as_others_write_them() {
    let Some(corpora) = corpora() else { return };
    let vectors = fs::read_to_string(corpora.join("dns-rdata-vectors/12_TXT.out")).expect("the vectors");
    let vectors: Vec<&str> = vectors.lines().filter_map(|line| line.strip_prefix("RDATA=")).collect();
    assert!(vectors.len() > 10, "{vectors:?}");
    let zone = vectors
        .iter()
        .enumerate()
        .map(|(index, hex)| format!("v{index} A 127.0.0.1\n_t.v{index} TYPE16 \\# {} {hex}\n", hex.len() / 2));
    let knot = Knot::start(&[("example", &zone.collect::<String>())]);
    let nameserver = knot.address().to_string();
    for (index, hex) in vectors.iter().enumerate() {
        let (name, txt_name) = (format!("v{index}.example"), format!("_t.v{index}.example"));
        let look = ["--nameserver", &nameserver, "--address", "127.99.99.99:1", "--format", "json", "--at", NOW];
        let seen = notafter([&["check", &name, "--txt-name", &txt_name][..], &look].concat()).json();
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(digits).collect();
        let mut joined = Vec::new();
        let mut rest = &bytes[..];
        while let Some((length, after)) = rest.split_first() {
            let (string, next) = after.split_at(usize::from(*length));
            joined.extend_from_slice(string);
            rest = next;
        }
        let expected: String = String::from_utf8_lossy(&joined).chars().take(1024).collect();
        let told =
            seen["observations"]["dns"]["txt"]["records"][0].as_str().unwrap_or_else(|| panic!("{hex}: {seen:#}"));
        assert_eq!(told.trim_end_matches('…'), expected, "{hex}");
    }
}

/// Judging and printing for people must come through them as well, whatever they say.
#[test]
fn corpora_certificates_are_shown_and_judged_without_harm() {
    let Some(corpora) = corpora() else { return };
    let mut files = files_below(&corpora.join("certs"));
    files.extend(files_below(&corpora.join("badssl-public-chains")));
    let hidden =
        |c: char| c.is_control() && c != '\n' || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}');
    for some in files.chunks(AT_ONCE) {
        for more in [&[][..], &["--domain", "login.example", "--at", "2026-12-01T00:00:00Z"]] {
            let started = Instant::now();
            let mut arguments = vec![PathBuf::from("inspect")];
            arguments.extend(more.iter().map(PathBuf::from));
            arguments.extend(some.iter().cloned());
            let ran = notafter(&arguments);
            assert!((0..=3).contains(&ran.code), "{ran:?}");
            assert!(!ran.stdout.contains(hidden) && !ran.stderr.contains(hidden), "{more:?}");
            assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
        }
    }
}

#[test]
fn corpora_answers_of_the_management_api_are_read_to_the_last() {
    let Some(corpora) = corpora() else { return };
    let recorded = |file: &str| -> Vec<Value> {
        let text = fs::read_to_string(corpora.join("auth0").join(file)).expect("the exchanges");
        text.lines().map(|line| serde_json::from_str(line).expect("a row of JSON")).collect()
    };
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let (mut domains, mut lists) = (0, 0);
    for row in recorded("custom-domains.recorded.jsonl") {
        let (body, path) = (text(&row, "response_body"), text(&row, "url"));
        let parsed: Value = serde_json::from_str(&body).unwrap_or_default();
        let is_list = parsed.is_array() || parsed.get("custom_domains").is_some();
        if row["status"].as_u64() == Some(200) && is_list {
            let page = read_page(body.as_bytes()).unwrap_or_else(|why| panic!("{path}: {why}\n{body}"));
            assert_eq!(page.unreadable, Vec::<String>::new(), "{body}");
            (lists, domains) = (lists + 1, domains + page.domains.len());
        } else if parsed.get("custom_domain_id").is_some() {
            let key = parsed["cname_api_key"].as_str().map(str::to_owned);
            let domain = read_domain(parsed).unwrap_or_else(|why| panic!("{path}: {why}\n{body}"));
            assert!(key.is_none_or(|key| !format!("{domain:?}").contains(&key)), "{path} keeps the key");
            domains += 1;
        }
    }
    assert!(lists >= 10 && domains >= 30, "only {lists} lists and {domains} domains");
    for row in recorded("management-api-errors.recorded.jsonl") {
        let status = u16::try_from(row["status"].as_u64().expect("a status")).expect("a small one");
        let content_type = row["response_headers"]["Content-Type"][0].as_str();
        let refusal = Refusal::read(status, content_type, None, text(&row, "response_body").as_bytes());
        let expected = if status == 403 { "forbidden" } else { "unreadable" };
        assert_eq!(refusal.as_str(), expected, "{row}: {refusal}");
    }
}
