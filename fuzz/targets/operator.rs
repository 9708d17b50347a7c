//! What the operator writes: the configuration, and files that it names.

use std::path::Path;
use std::time::Duration;

use notafter::cli::parsers;
use notafter::config::{Settings, World, parse};
use notafter::domain::DomainName;
use notafter::probe::{Nameserver, parsers as network};
use notafter::trust::{DistrustList, LogList};

/// No duration in the file is longer.
const LONGEST: Duration = Duration::from_secs(3_650 * 86_400);

/// A configuration file.
pub(super) fn config(data: &[u8]) {
    // The parser of TOML is recursive, and its bound on depth is not ours to try.
    let Ok(text) = str::from_utf8(data) else { return };
    drop(read(text));
}

/// A duration, as it may stand in the file.
pub(super) fn duration(data: &[u8]) {
    let text = toml::Value::String(String::from_utf8_lossy(data).into_owned());
    let text = format!("[probe]\ninterval = {text}\ntimeout = {text}\n[[domain]]\nname = \"login.example.com\"\n");
    for watch in read(&text).iter().flat_map(|settings| &settings.watches) {
        assert!(watch.domain.interval <= LONGEST && watch.probe.timeout <= LONGEST);
        assert!(watch.domain.interval >= Duration::from_millis(100));
    }
}

/// A list of transparency logs.
pub(super) fn log_list(data: &[u8]) {
    match LogList::parse(data) {
        Ok(list) => drop(list.made_at()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A list of CAs that are trusted no more.
pub(super) fn distrust(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(error) = DistrustList::parse(&text) {
        assert!((1..=text.lines().count()).contains(&error.line) && !error.reason.is_empty(), "{error}");
    }
}

/// The hosts file of a machine.
pub(super) fn hosts(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let found = network::hosts(&text, &DomainName::parse("login.example.com").expect("a name"));
    assert!(found.len() <= 64.min(text.lines().count()));
}

/// A resolver: as it is shown, it is read again and is the same.
pub(super) fn nameserver(data: &[u8]) {
    match Nameserver::parse(&String::from_utf8_lossy(data)) {
        Ok(read) => assert_eq!(Nameserver::parse(read.label()).as_ref(), Ok(&read)),
        Err(error) => assert!(!error.to_string().is_empty() && !error.mend().is_empty()),
    }
}

/// A file with a private key.
pub(super) fn private_key(data: &[u8]) {
    if let Err(why) = parsers::private_key(data) {
        assert!(!why.is_empty() && why.len() < 200);
    }
}

/// The settings, if there is no mistake; each mistake is told of a line that there is.
fn read(text: &str) -> Option<Settings> {
    let world = World {
        base: Path::new("/nonexistent"),
        env: &|name| (name == "SECRET").then(|| "of no worth".to_owned()),
        read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    match parse(text, "notafter.toml", &world) {
        Ok(settings) => Some(settings),
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            let lines = text.split('\n').count();
            for mistake in mistakes {
                assert!(mistake.line <= lines, "{mistake}");
                assert!(!mistake.to_string().is_empty() && !mistake.mend.is_empty());
            }
            None
        }
    }
}
