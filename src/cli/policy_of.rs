//! `notafter config explain DOMAIN`: which policy holds for a domain and where each value comes from, and who would be
//! told of it.

use std::fmt::Write;
use std::path::Path;

use super::text::{BOLD, styled};
use crate::config::{Origin, Settings, lasting};
use crate::domain::DomainName;
use crate::keeper::Recipient;

/// All of it, for people.
pub(super) fn page(settings: &Settings, file: &Path, name: &DomainName) -> String {
    let listed = settings.watches.iter().any(|watch| watch.domain.name == *name);
    let watch = settings.watch_of(name);
    let labels = &watch.domain.labels;
    let mut page = format!("{}\n", styled(name, BOLD));
    if !listed {
        let _ = writeln!(page, "It is not in the file: this holds for a domain of this name without labels.");
    }
    let shown: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let _ = writeln!(page, "labels: {}\n", if shown.is_empty() { "none".to_owned() } else { shown.join(", ") });
    let _ = writeln!(page, "{}", styled("What holds for it", BOLD));
    for origin in settings.lives.explain(name, labels) {
        let _ = writeln!(page, "  {:<16} {:<22} {}", origin.key, origin.value, whence(&origin, file));
    }
    let _ = writeln!(page, "\n{}", styled("Who is told of it", BOLD));
    page.push_str(&told(settings, &settings.recipients_of(name, labels)));
    page
}

fn whence(Origin { written, overruled, .. }: &Origin, file: &Path) -> String {
    let Some((table, line)) = written else { return "default".to_owned() };
    let lines: Vec<String> = overruled.iter().map(ToString::to_string).collect();
    let instead = match lines.as_slice() {
        [] => String::new(),
        [one] => format!(", instead of line {one}"),
        _ => format!(", instead of lines {}", lines.join(", ")),
    };
    format!("{}:{line} {table}{instead}", file.display())
}

fn told(settings: &Settings, recipients: &[Recipient]) -> String {
    let mut page = String::new();
    if recipients.is_empty() {
        page.push_str("  nobody\n");
    }
    let fallback = settings.policy.fallback.as_deref();
    for Recipient { receiver, min_severity, codes } in recipients {
        let about = match codes.as_slice() {
            [] => String::new(),
            _ if fallback == Some(receiver) && codes.len() > MOST => ", of what no route is about".to_owned(),
            codes => format!(", only {}", codes.join(", ")),
        };
        let _ = writeln!(page, "  {receiver:<16} from {} on{about}", min_severity.as_str());
    }
    if let Some(fallback) = fallback {
        let after = lasting(settings.policy.fallback_after);
        let _ = writeln!(page, "  {fallback:<16} of what is critical and another could not be told for {after}");
    }
    page
}

/// More codes than these are not listed.
const MOST: usize = 10;
