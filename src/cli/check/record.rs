//! `check --record DIR` and `check --replay DIR`: what a look learned from outside, kept in a file a domain and judged
//! again later, without a network.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Seen;
use super::plan::{Plan, Planned};
use crate::cli::text::{note, printable};
use crate::domain::{DomainName, UnixTime};
use crate::probe::{Asked, Library, MAX_RECORDING, Player, Recording, Settings, Tape, recording, replaying};

/// Files of a folder that are read.
const MAX_FILES: usize = 10_000;
/// Bytes of a file's name, without its ending.
const MAX_NAME: usize = 200;

/// Where a look's answers come from, and whether they are kept.
#[derive(Debug, Clone)]
pub(in crate::cli) enum Source {
    Live,
    Kept(Arc<Tape>),
    Played { look: Arc<Player>, tenant: Arc<Player> },
}

impl Source {
    /// A tape for looks with these settings.
    pub(super) fn kept(settings: &Settings) -> Self {
        Self::Kept(Arc::new(Tape::new(settings)))
    }

    /// What was recorded.
    pub(super) fn played(recording: &Recording) -> Self {
        let (look, tenant) = Player::of(recording);
        Self::Played { look: Arc::new(look), tenant: Arc::new(tenant) }
    }

    /// Runs a look over it.
    pub(super) async fn run<T>(&self, look: impl Future<Output = T>) -> T {
        match self {
            Self::Live => look.await,
            Self::Kept(tape) => recording(Arc::clone(tape), look).await,
            Self::Played { look: player, .. } => replaying(Arc::clone(player), look).await,
        }
    }

    /// The same kind for another look: with a tape of its own, or playing what was recorded of the tenant.
    pub(super) fn another(&self, planned: &Planned) -> Self {
        match self {
            Self::Kept(_) => Self::kept(&planned.watch.probe),
            Self::Played { tenant, .. } => Self::Played { look: Arc::clone(tenant), tenant: Arc::clone(tenant) },
            Self::Live => Self::Live,
        }
    }

    /// What a look fetches belongs into its own recording, and comes from there, whoever else fetched the same.
    pub(super) fn own_library(&self) -> Option<Arc<Library>> {
        (!matches!(self, Self::Live)).then(Arc::default)
    }

    fn tape(&self) -> Option<&Tape> {
        match self {
            Self::Kept(tape) => Some(tape),
            _ => None,
        }
    }
}

/// Writes a file for each domain.
pub(super) fn write(folder: &Path, plan: &Plan, all: &[Seen], now: UnixTime) -> Result<(), String> {
    let told = |error: io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(told)?;
    for (seen, planned) in all.iter().zip(&plan.watches) {
        let Some(tape) = planned.source.tape() else { continue };
        let of_tenant = seen.tenant_source.as_ref().and_then(Source::tape);
        let asked = Asked::of(&planned.watch.domain, &planned.watch.probe);
        let mut kept = tape.finish(of_tenant, &seen.look, (planned.at, now), asked);
        if let Some(tenant) = &seen.tenant {
            kept = kept.also_trusting(tenant);
        }
        kept.codes = codes(seen);
        put(&folder.join(file_name(&kept.domain)), &kept.to_json()).map_err(told)?;
    }
    let count = all.len();
    note(&format!("{count} recording{} in {}", if count == 1 { "" } else { "s" }, folder.display()));
    Ok(())
}

/// The recordings of a folder, of these domains or of all.
pub(super) fn read(folder: &Path, domains: &[DomainName]) -> Result<Vec<Recording>, String> {
    let told = |path: &Path, error: &dyn std::fmt::Display| printable(&format!("{}: {error}", path.display()));
    let entries = fs::read_dir(folder).map_err(|error| told(folder, &error))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    paths.sort_unstable();
    if paths.len() > MAX_FILES {
        return Err(format!("{}: more than {MAX_FILES} recordings", folder.display()));
    }
    let mut all = Vec::new();
    for path in paths {
        let text = bounded(&path).map_err(|error| told(&path, &error))?;
        all.push(Recording::parse(&text).map_err(|error| told(&path, &error))?);
    }
    if let Some(missing) = domains.iter().find(|name| !all.iter().any(|one| one.domain == **name)) {
        return Err(format!("{}: there is no recording of {missing}", folder.display()));
    }
    all.retain(|one| domains.is_empty() || domains.contains(&one.domain));
    if all.is_empty() {
        return Err(format!("{}: there are no recordings", folder.display()));
    }
    Ok(all)
}

/// Says of which domains the judgement has changed since they were recorded.
pub(super) fn tell_changes(plan: &Plan, all: &[Seen]) {
    for (seen, planned) in all.iter().zip(&plan.watches) {
        let Some(before) = &planned.recorded_codes else { continue };
        let now = codes(seen);
        if *before != now {
            let list = |codes: &[String]| if codes.is_empty() { "healthy".to_owned() } else { codes.join(", ") };
            let domain = &seen.verdict.domain;
            note(&printable(&format!(
                "{domain} was recorded as {}, and is judged as {} now",
                list(before),
                list(&now)
            )));
        }
    }
}

/// Each once, in the order of the alphabet: findings that differ in their facts alone are the same ones.
fn codes(seen: &Seen) -> Vec<String> {
    let mut codes: Vec<String> = seen.verdict.findings.iter().map(|found| found.code.as_str().to_owned()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// A domain's name is one of a file, but it may be too long for it.
fn file_name(domain: &DomainName) -> String {
    let name = domain.as_str();
    let start = name.get(name.len().saturating_sub(MAX_NAME)..).unwrap_or(name);
    format!("{start}.json")
}

/// Beside, and then in its place: an interrupted run leaves no half recording.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("json.new");
    let mut file = File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(beside, path)
}

fn bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(MAX_RECORDING + 1).read_to_string(&mut text)?;
    if read as u64 > MAX_RECORDING {
        return Err(io::Error::other(format!("longer than {MAX_RECORDING} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_file() {
        let long = format!("{}.example", vec!["a".repeat(60); 4].join("."));
        for name in ["login.example.com", &long] {
            let file = file_name(&DomainName::parse(name).unwrap());
            assert!(file.len() <= 255 && file.ends_with(".json"), "{file}");
        }
    }
}
