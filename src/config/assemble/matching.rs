//! Which domains and faults a table is about: what windows, groups and routes have in common.

use crate::config::mistake::Notes;
use crate::config::section::{Section, Value};
use crate::incident::silence::{DomainPattern, Matcher};

/// The patterns of `domains`. Those that are none have been told.
pub(super) fn patterns(section: &Section, notes: &mut Notes) -> Vec<DomainPattern> {
    let mut domains = Vec::new();
    for (place, value) in section.list("domains").unwrap_or_default() {
        let Value::Text(text) = value else { continue };
        match DomainPattern::parse(text) {
            Ok(pattern) => domains.push(pattern),
            Err(reason) => {
                let mend = "write \"login.example.com\", \"*.example.com\" for all below it, or \"*\"";
                notes.mistake(place.clone(), &section.path_of("domains"), reason, mend);
            }
        }
    }
    domains
}

/// Tells of codes that there are not.
pub(super) fn tell_codes(matcher: &Matcher, section: &Section, notes: &mut Notes) {
    let unknown =
        matcher.mistakes().into_iter().filter_map(|mistake| mistake.strip_prefix("codes: ").map(str::to_owned));
    for message in unknown.filter(|message| !message.starts_with("watch.")) {
        let mend = "write codes such as \"tls.expired\", or areas such as \"tls.*\"";
        notes.mistake(section.place("codes"), &section.path_of("codes"), message, mend);
    }
}
