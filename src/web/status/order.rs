//! Which domains the page shows, and in which order.

use std::cmp::Reverse;

use crate::domain::UnixTime;
use crate::keeper::{DomainState, Snapshot};
use crate::verdict::Level;

/// The domains whose name contains the text, in A-labels or in U-labels, that come first: the worst, of equals those
/// that run out first, and then by name. At most `most` of them; and how many match in all.
pub(super) fn worst<'a>(snapshot: &'a Snapshot, wanted: &str, most: usize) -> (Vec<&'a DomainState>, usize) {
    let wanted = wanted.to_lowercase();
    let all = snapshot.domains.iter().map(AsRef::as_ref);
    let mut found: Vec<&DomainState> = all.filter(|state| is_wanted(state, &wanted)).collect();
    let matching = found.len();
    if matching > most {
        // A hundred thousand need not be sorted for the first few hundred.
        found.select_nth_unstable_by(most, |a, b| rank(a).cmp(&rank(b)));
        found.truncate(most);
    }
    found.sort_by(|a, b| rank(a).cmp(&rank(b)));
    (found, matching)
}

fn is_wanted(state: &DomainState, wanted: &str) -> bool {
    let name = &state.domain.name;
    name.as_str().contains(wanted) || !wanted.is_ascii() && name.to_unicode().to_lowercase().contains(wanted)
}

fn rank(state: &DomainState) -> (Reverse<Level>, UnixTime, &str) {
    let expiry = state.verdict.as_ref().and_then(|verdict| verdict.effective_expiry);
    (Reverse(state.level()), expiry.unwrap_or(UnixTime(i64::MAX)), state.domain.name.as_str())
}
