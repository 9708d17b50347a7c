//! Versions of TLS that are still taken though nobody may use them any more.

use std::collections::BTreeSet;

use super::bench::{Bench, where_of};
use super::{Finding, Record};
use crate::observation::{Code, LegacyAnswer, LegacyVersion};

/// By what was said when the addresses were last asked. DNS may name others by now: the fault is the domain's, and not
/// mended for that.
pub(super) fn judge(record: &Record, bench: &mut Bench) {
    let takes = |answers: &[LegacyAnswer]| answers.iter().any(|answer| answer.accepted == Some(true));
    let at: Vec<_> = record.legacy.iter().filter(|(_, answers)| takes(answers)).collect();
    if at.is_empty() {
        return;
    }
    let all = at.iter().flat_map(|(_, answers)| answers.iter());
    let versions: BTreeSet<LegacyVersion> =
        all.filter(|answer| answer.accepted == Some(true)).map(|answer| answer.version).collect();
    let versions: Vec<&str> = versions.into_iter().rev().map(LegacyVersion::as_str).collect();
    let addresses = at.iter().map(|(address, _)| **address);
    let summary = format!("{} still takes {}", where_of(addresses.clone()), versions.join(", "));
    let addresses: Vec<String> = addresses.map(|address| address.to_string()).collect();
    let finding = Finding::new(Code::TlsLegacyVersion, summary).fact("versions", versions);
    bench.find(finding.fact("addresses", addresses));
}
