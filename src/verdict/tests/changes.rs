//! Expiry needs no probe: `changes_at` names the very second at which the same facts give another verdict.

use proptest::prelude::*;

use super::*;
use crate::observation::PathStep;

/// What of a verdict is told to people: which findings, how bad, where.
type Told = Vec<(Code, Severity, Vec<SocketAddr>)>;

fn told(verdict: &Verdict) -> Told {
    let findings = verdict.findings.iter();
    findings.map(|found| (found.code, found.severity, found.addresses.iter().copied().collect())).collect()
}

#[test]
fn a_life_of_ninety_days_changes_three_times_and_then_no_more() {
    let scene = seen([address("192.0.2.1:443").presents(&leaf().left(60 * DAY))]);
    let record = scene.record();
    let mut now = NOW;
    let mut moments = Vec::new();
    while let Some(next) = scene.judge(&record, now).changes_at {
        moments.push(NOW.until(next));
        now = next;
    }
    assert_eq!(moments, [39 * DAY, 53 * DAY, 60 * DAY + 1]);
}

#[test]
fn the_end_of_a_rollout_is_a_change() {
    let scene = seen([address("192.0.2.1:443"), address("192.0.2.2:443").presents(&leaf().left(59 * DAY))]);
    assert_eq!(scene.verdict().changes_at, Some(NOW.plus(DAY)));
}

#[test]
fn a_cross_sign_that_runs_out_on_a_path_of_its_own_is_a_change() {
    let old = vec![ca("Issuing CA").sent(), ca("Old cross-sign").left(5).sent(), ca("Old Root").root()];
    let new = vec![ca("Issuing CA").sent(), ca("Root CA").root()];
    let scene = seen([address("192.0.2.1:443").presents(&leaf().paths([old, new]))]);
    assert_eq!(scene.verdict().changes_at, Some(NOW.plus(6)));
}

/// Dates near enough to each other and to the thresholds that they meet in every order.
fn moment() -> impl Strategy<Value = i64> {
    prop_oneof![-40..40_i64, (-4..30_i64).prop_map(|days| days * DAY), -30 * DAY..30 * DAY]
}

fn authority(subject: &'static str) -> impl Strategy<Value = leaf::Authority> {
    let kept = Just(ca(subject)).boxed();
    let ends = moment().prop_map(move |end| ca(subject).left(end)).boxed();
    let begins = moment().prop_map(move |begin| ca(subject).begins_in(begin)).boxed();
    prop_oneof![kept, ends, begins]
}

fn path(issuer: &'static str, root: &'static str) -> impl Strategy<Value = Vec<PathStep>> {
    let missing = prop::bool::weighted(0.2);
    (authority(issuer), authority(root), missing)
        .prop_map(|(issuer, root, missing)| vec![if missing { issuer.missing() } else { issuer.sent() }, root.root()])
}

fn chain() -> impl Strategy<Value = leaf::Chain> {
    let paths = (path("Issuing CA", "Root CA"), path("Cross-sign", "Old Root"), 0..3_usize);
    let flaws = (any::<bool>(), prop::option::of(authority("Surplus CA")), prop::bool::weighted(0.1));
    (moment(), prop::sample::select(vec![6_i64, 47, 90, 200]), paths, flaws).prop_map(
        |(left, days, (one, two, count), (self_signed, surplus, misnamed))| {
            let mut chain = leaf().left(left).lifetime(days).paths([one, two].into_iter().take(count));
            chain = if self_signed && count == 0 { chain.self_signed() } else { chain };
            chain = surplus.into_iter().fold(chain, leaf::Chain::also_sends);
            if misnamed { chain.for_another_name() } else { chain }
        },
    )
}

fn scene() -> impl Strategy<Value = Scene> {
    (chain(), prop::option::of(chain()), any::<bool>()).prop_map(|(one, two, refused)| {
        let first = address("192.0.2.1:443").presents(&one);
        match two {
            Some(two) => seen([first, address("192.0.2.2:443").presents(&two)]),
            None if refused => seen([first.answers(answer(500))]),
            None => seen([first]),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_change_when_they_say_and_not_before(scene in scene(), between in 0.0..1.0_f64) {
        let record = scene.record();
        let mut now = NOW;
        for _ in 0..64 {
            let verdict = scene.judge(&record, now);
            let until = verdict.changes_at.unwrap_or_else(|| now.plus(4000 * DAY));
            prop_assert!(until > now);
            let inside = now.plus(((now.until(until) - 1) as f64 * between) as i64);
            for moment in [inside, until.plus(-1)] {
                prop_assert_eq!(told(&scene.judge(&record, moment)), told(&verdict), "{} of {}..{}", moment, now, until);
            }
            let Some(next) = verdict.changes_at else { return Ok(()) };
            prop_assert_ne!(told(&scene.judge(&record, next)), told(&verdict), "at {}", next);
            now = next;
        }
        prop_assert!(false, "it never comes to rest");
    }
}
