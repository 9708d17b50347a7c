//! `notafter explain CODE`: what a finding means, how it is detected, how to mend it.

use std::fmt::Write;

use super::EXIT_USAGE;
use super::text::{BOLD, complain, print, styled, wrapped};
use crate::observation::Code;
use crate::verdict::Kind;
use crate::verdict::catalogue::{self, ENTRIES, Entry};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The finding's code, e.g. tls.expired; without one, all are listed
    code: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let Some(text) = &arguments.code else {
        print(&list());
        return 0;
    };
    match Code::parse(text.trim()) {
        Some(code) => {
            print(&page(catalogue::entry(code)));
            0
        }
        None => {
            complain(&unknown(text));
            EXIT_USAGE
        }
    }
}

fn list() -> String {
    ENTRIES.iter().fold(String::new(), |mut out, entry| {
        let _ = writeln!(out, "{:<24} {:<8} {}", entry.code, entry.severity.as_str(), entry.title);
        out
    })
}

fn page(entry: &Entry) -> String {
    let seen = match entry.kind {
        Kind::Fact => "It is read once more on a fresh connection before anybody is told.",
        Kind::Record => "It is seen in two looks, or by two resolvers, before anybody is told.",
        Kind::Network => "It is seen in three looks before anybody is told.",
        Kind::Watch => "It concerns our own sight, not the domain: it never makes a verdict worse than unknown.",
    };
    let mut out = format!("{}: {}\n", styled(entry.code, BOLD), entry.title);
    let _ = writeln!(out, "severity: {} (family {})\n", entry.severity.as_str(), entry.family.as_str());
    for part in [entry.explanation, seen] {
        let _ = writeln!(out, "{}\n", wrapped(part, "", ""));
    }
    let _ = writeln!(out, "{}\n{}", styled("How to mend it", BOLD), wrapped(entry.remedy, "  ", "  "));
    out
}

fn unknown(text: &str) -> String {
    let near = Code::ALL.iter().map(|code| (strsim::jaro_winkler(text, code.as_str()), code));
    let nearest = near.max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(likeness, _)| *likeness > 0.8);
    let hint = nearest.map(|(_, code)| format!("; did you mean {code}?")).unwrap_or_default();
    format!("there is no finding {text:?}{hint} (`notafter explain` lists them all)")
}
