//! The rules of verdicts, each held by a test. [`scene`] builds what was seen, [`leaf`] the chains in it; nothing
//! here looks, waits or reads a clock.

mod absorb;
mod agreement;
mod alone;
mod authority;
mod blame;
mod caa;
mod catalogue;
mod changes;
mod cname;
mod conforming;
mod dns;
mod documents;
mod expiry;
mod later;
mod leaf;
mod level;
mod login;
mod managed;
mod ownership;
mod path;
mod reach;
mod renewal;
mod revocation;
mod rollout;
mod roots;
mod scene;
mod second;
mod strength;
mod transparency;
mod trust;

use std::net::SocketAddr;

use super::{Finding, Level, Severity, Verdict};
use crate::domain::{DomainName, UnixTime};
use crate::observation::Code;

pub(super) use leaf::{ca, leaf};
pub(super) use scene::{Scene, address, answer, seen};

/// The moment everything is seen and, unless a test says otherwise, judged.
pub(super) const NOW: UnixTime = UnixTime(1_800_000_000);
pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 86_400;
/// The domain everything is about.
pub(super) const NAME: &str = "login.example.com";

/// What a verdict found: codes and severities, worst first.
pub(super) fn found(verdict: &Verdict) -> Vec<(Code, Severity)> {
    verdict.findings.iter().map(|finding| (finding.code, finding.severity)).collect()
}

/// The one finding with the code.
#[track_caller]
pub(super) fn the(code: Code, verdict: &Verdict) -> &Finding {
    let mut all = verdict.findings.iter().filter(|finding| finding.code == code);
    let one = all.next().unwrap_or_else(|| panic!("no {code} in {:?}", found(verdict)));
    assert!(all.next().is_none(), "{code} twice");
    one
}

#[track_caller]
pub(super) fn assert_healthy(verdict: &Verdict) {
    assert_eq!(found(verdict), []);
    assert_eq!(verdict.level, Level::Healthy);
}

pub(super) fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(super) fn name(text: &str) -> DomainName {
    DomainName::parse_record(text).unwrap()
}
