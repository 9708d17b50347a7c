//! Whether enough certificate transparency logs know a certificate, as browsers count (Chrome's CT policy; Apple's and
//! Mozilla's count alike).

use std::collections::BTreeSet;

use super::bench::Bench;
use super::{Finding, Severity, lifetime};
use crate::domain::UnixTime;
use crate::observation::certificate::Certificate;
use crate::observation::{CheckedSct, Code, ListedLog, LogState, Presented, Transparency};

const DAY: i64 = 86_400;
/// Browsers ask for it of what was issued from then on: 2018-05-01.
const SINCE: UnixTime = UnixTime(1_525_132_800);
/// From so long after it was made on, a list is believed no more: Chrome stops enforcing then.
pub const LIST_HOLDS: i64 = 70 * DAY;
/// Up to this lifetime two logs are enough.
const SHORT_LIVED: i64 = 180 * DAY;
/// From so many operators at least.
const LEAST_OPERATORS: usize = 2;

pub(super) fn judge(leaf: &Certificate, presented: &Presented, bench: &mut Bench) -> Vec<Finding> {
    if leaf.not_before < SINCE || !lifetime::is_public(presented) {
        return Vec::new();
    }
    let checked = presented.transparency.as_ref();
    let invalid = checked.and_then(|checked| invalid(leaf, checked));
    let holds = |checked: &&Transparency| {
        let Some(over) = checked.listed_at.map(|listed_at| listed_at.plus(LIST_HOLDS)) else { return true };
        bench.may_change_at(over.plus(1));
        bench.now <= over
    };
    let missing = match checked.filter(holds) {
        Some(checked) => by_list(leaf, checked),
        None => by_number(leaf, checked),
    };
    missing.into_iter().chain(invalid).collect()
}

fn needed(leaf: &Certificate) -> usize {
    if leaf.lifetime() <= SHORT_LIVED { 2 } else { 3 }
}

fn invalid(leaf: &Certificate, checked: &Transparency) -> Option<Finding> {
    let wrong = checked.scts.iter().filter(|one| one.is_signed == Some(false));
    let logs: Vec<String> = wrong.filter_map(|one| Some(one.log.as_ref()?.description.clone())).collect();
    let first = logs.first()?;
    let summary = format!("the certificate's timestamp of the transparency log {first} is not signed by it");
    Some(Finding::new(Code::TlsSctInvalid, summary).fact("logs", logs).about(leaf))
}

/// Without a list that holds, the logs are only counted, less those that are known to have signed something else.
fn by_number(leaf: &Certificate, checked: Option<&Transparency>) -> Option<Finding> {
    let wrong = checked.into_iter().flat_map(|checked| &checked.scts).filter(|one| one.is_signed == Some(false));
    let wrong: BTreeSet<_> = wrong.map(|one| one.sct.log_id).collect();
    let logs: BTreeSet<_> = leaf.scts.iter().map(|sct| sct.log_id).collect();
    let counted = logs.difference(&wrong).count();
    let needed = needed(leaf);
    (counted < needed).then(|| missing(leaf, counted, &format!("{needed} logs")))
}

fn by_list(leaf: &Certificate, checked: &Transparency) -> Option<Finding> {
    let counted: Vec<&CheckedSct> = checked.scts.iter().filter(|one| counts(one)).collect();
    let known = || counted.iter().filter_map(|one| one.log.as_ref());
    let logs = counted.iter().map(|one| one.sct.log_id).collect::<BTreeSet<_>>().len();
    let operators = known().map(|log| log.operator.as_str()).collect::<BTreeSet<_>>().len();
    let needed = needed(leaf);
    if logs < needed {
        return Some(missing(leaf, logs, &format!("{needed} logs")));
    }
    if operators < LEAST_OPERATORS {
        return Some(missing(leaf, logs, &format!("logs of {LEAST_OPERATORS} operators")));
    }
    let is_retired = |log: &ListedLog| matches!(log.state, LogState::Retired(_));
    known().all(is_retired).then(|| missing(leaf, logs, "a log that is not retired"))
}

fn counts(one: &CheckedSct) -> bool {
    let state_counts = match one.log.as_ref().map(|log| log.state) {
        Some(LogState::Qualified | LogState::Usable | LogState::ReadOnly) => true,
        Some(LogState::Retired(since)) => one.sct.at() < since,
        Some(LogState::Pending | LogState::Rejected) | None => false,
    };
    state_counts && one.is_signed == Some(true)
}

fn missing(leaf: &Certificate, counted: usize, needed: &str) -> Finding {
    let has = match counted {
        0 => "no transparency log".to_owned(),
        1 => "1 transparency log".to_owned(),
        more => format!("{more} transparency logs"),
    };
    let summary = format!("the certificate carries good timestamps of {has}; browsers ask for {needed}");
    let finding =
        Finding::new(Code::TlsSctMissing, summary).fact("scts", leaf.scts.len()).fact("scts_counted", counted);
    // A server may send in the handshake what is not in the certificate, which a CA that embeds some leaves to nobody.
    let severity = if leaf.scts.is_empty() { Severity::Warning } else { Severity::Critical };
    finding.severity(severity).about(leaf)
}
