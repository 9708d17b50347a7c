//! Time alone mends nothing: once every certificate of a chain has begun, a later verdict on the same facts is never
//! better than an earlier one.

use proptest::prelude::*;

use super::leaf::{Authority, Chain};
use super::*;
use crate::observation::PathStep;
use crate::observation::certificate::Rule;

const ADDRESSES: [&str; 2] = ["192.0.2.1:443", "[2001:db8::1]:443"];

/// A CA that has begun, ends within three months of now on either side, and may break a rule.
fn authority(name: &'static str) -> impl Strategy<Value = Authority> {
    (-90..=90_i64, any::<bool>()).prop_map(move |(days, odd)| {
        let authority = ca(name).left(days * DAY);
        if odd { authority.breaks(Rule::SubjectKeyMissing) } else { authority }
    })
}

/// One path, complete or not, without its leaf.
fn path() -> impl Strategy<Value = Vec<PathStep>> {
    (authority("Issuing CA"), authority("Root CA"), any::<bool>()).prop_map(|(issuing, root, is_sent)| {
        let issuing = if is_sent { issuing.sent() } else { issuing.missing() };
        vec![issuing, root.root()]
    })
}

fn chain() -> impl Strategy<Value = Chain> {
    let leaf = (1..=400_i64, -90..=90_i64, any::<bool>(), any::<bool>());
    let others = (prop::collection::vec(path(), 0..4), prop::option::of(authority("Surplus CA")), any::<bool>());
    (leaf, others).prop_map(|((lifetime, left, odd, is_for_another), (paths, surplus, self_signed))| {
        let mut chain = leaf::leaf().lifetime(lifetime + 90).left(left * DAY);
        chain = if self_signed && paths.is_empty() { chain.self_signed() } else { chain.paths(paths) };
        chain = if odd { chain.breaks(Rule::SerialTooLong) } else { chain };
        chain = if is_for_another { chain.for_another_name() } else { chain };
        if let Some(surplus) = surplus { chain.also_sends(surplus) } else { chain }
    })
}

/// When every certificate of the chains has begun.
fn begun<'a>(chains: impl IntoIterator<Item = &'a Chain>) -> UnixTime {
    let mut begins = Vec::new();
    for presented in chains.into_iter().map(Chain::presented) {
        begins.extend(presented.chain.iter().map(|certificate| certificate.not_before));
        begins.extend(presented.paths.iter().map(|path| path.not_before()));
    }
    begins.into_iter().max().unwrap_or(NOW)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_verdict_never_gets_better_by_waiting(chains in prop::collection::vec(chain(), 1..=2), mut waits in prop::collection::vec(0..=200 * DAY, 8)) {
        let start = begun(&chains).max(NOW);
        let at = |index: usize| address(ADDRESSES[index]).presents(&chains[index.min(chains.len() - 1)]);
        let scene = seen([at(0), at(1)]);
        let record = scene.record();
        waits.sort_unstable();
        let verdicts: Vec<_> = waits.iter().map(|wait| scene.judge(&record, start.plus(*wait))).collect();
        for pair in verdicts.windows(2) {
            prop_assert!(pair[0].level <= pair[1].level, "{:?}, then {:?}", found(&pair[0]), found(&pair[1]));
        }
    }

    #[test]
    fn a_verdict_stays_until_it_says_that_it_changes(chain in chain(), wait in 0..=200 * DAY) {
        let scene = seen([address(ADDRESSES[0]).presents(&chain)]);
        let now = scene.verdict();
        let later = scene.verdict_in(wait);
        if now.changes_at.is_none_or(|change| NOW.plus(wait) < change) {
            prop_assert_eq!(found(&now), found(&later));
        }
    }
}
