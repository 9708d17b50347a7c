//! When an expiry is soon, and when it is over; which certificate of which path decides.

use std::time::Duration;

use super::*;
use crate::domain::{Threshold, Thresholds};
use crate::observation::PathStep;
use crate::verdict::Severity::{Critical, Info, Warning};

const V4: &str = "192.0.2.1:443";

/// The severity of `tls.expires_soon`, if it is found.
fn soon(scene: &Scene, seconds: i64) -> Option<Severity> {
    let verdict = scene.verdict_in(seconds);
    verdict.findings.iter().find(|finding| finding.code == Code::TlsExpiresSoon).map(|finding| finding.severity)
}

#[test]
fn the_default_thresholds_follow_the_lifetime() {
    // Lifetime in days; the thresholds in seconds: the lesser of 21 days and 25%, of 7 days and 10%.
    let cases = [
        (6, 6 * DAY / 4, 6 * DAY / 10),
        (47, 47 * DAY / 4, 47 * DAY / 10),
        (69, 69 * DAY / 4, 69 * DAY / 10),
        (71, 71 * DAY / 4, 7 * DAY),
        (90, 21 * DAY, 7 * DAY),
        (100, 21 * DAY, 7 * DAY),
        (200, 21 * DAY, 7 * DAY),
        (398, 21 * DAY, 7 * DAY),
    ];
    for (days, warning, critical) in cases {
        let left = |seconds| soon(&seen([address(V4).presents(&leaf().lifetime(days).left(seconds))]), 0);
        assert_eq!(left(warning + 1), None, "{days} days");
        assert_eq!(left(warning), Some(Warning), "{days} days: what equals the threshold has crossed it");
        assert_eq!(left(critical + 1), Some(Warning), "{days} days");
        assert_eq!(left(critical), Some(Critical), "{days} days");
        assert_eq!(left(0), Some(Critical), "{days} days");
    }
}

#[test]
fn an_ordinary_renewal_is_left_alone() {
    for days in [6, 47, 90, 100, 200] {
        let third = days * DAY / 3;
        let scene = seen([address(V4).presents(&leaf().lifetime(days).left(third))]);
        assert_healthy(&scene.verdict());
        if days >= 47 {
            assert_healthy(&scene.verdict_in(48 * HOUR));
        }
    }
}

#[test]
fn overridden_thresholds_count() {
    let span = |days: u64| Some(Duration::from_secs(days * 86_400));
    let thresholds = [
        (Threshold::new(span(30), None), Threshold::new(span(14), None), 30 * DAY, 14 * DAY),
        (Threshold::new(None, Some(50)), Threshold::new(None, Some(20)), 45 * DAY, 18 * DAY),
        (Threshold::new(span(60), Some(50)), Threshold::new(span(3), Some(20)), 45 * DAY, 3 * DAY),
    ];
    for (warn_before, critical_before, warning, critical) in thresholds {
        let judged = |left| {
            let scene = seen([address(V4).presents(&leaf().left(left))]);
            soon(&scene.domain(|domain| domain.thresholds = Thresholds { warn_before, critical_before }), 0)
        };
        assert_eq!(judged(warning + 1), None);
        assert_eq!(judged(warning), Some(Warning));
        assert_eq!(judged(critical + 1), Some(Warning));
        assert_eq!(judged(critical), Some(Critical));
    }
}

#[test]
fn the_last_second_is_valid_and_the_next_is_not() {
    let scene = seen([address(V4).presents(&leaf().left(100))]);
    assert_eq!(found(&scene.verdict_in(100)), [(Code::TlsExpiresSoon, Critical)]);
    assert_eq!(found(&scene.verdict_in(101)), [(Code::TlsExpired, Critical)]);
}

#[test]
fn the_first_second_is_valid_and_the_one_before_is_not() {
    let scene = seen([address(V4).presents(&leaf().begins_in(100))]);
    assert_eq!(found(&scene.verdict_in(99)), [(Code::TlsNotYetValid, Critical)]);
    assert_healthy(&scene.verdict_in(100));
}

#[test]
fn the_facts_say_what_and_how_long() {
    let verdict = seen([address(V4).presents(&leaf().left(DAY))]).verdict();
    let finding = the(Code::TlsExpiresSoon, &verdict);
    assert_eq!(finding.facts["seconds_left"], DAY);
    assert_eq!(finding.facts["threshold_seconds"], 7 * DAY);
    assert_eq!(finding.facts["not_after"], NOW.plus(DAY).to_string());
    assert_eq!(finding.facts["lifetime_seconds"], 90 * DAY);
    assert_eq!(finding.all_facts()["addresses"], serde_json::json!([V4]));
    assert_eq!(verdict.effective_expiry, Some(NOW.plus(DAY)));
}

/// A domain with one chain of these paths.
fn with_paths<const N: usize>(paths: [Vec<PathStep>; N]) -> Scene {
    seen([address(V4).presents(&leaf().paths(paths))])
}

#[test]
fn an_intermediate_that_ends_first_limits_the_leaf() {
    let scene = with_paths([vec![ca("Issuing CA").left(DAY).sent(), ca("Root CA").root()]]);
    let verdict = scene.verdict();
    let finding = the(Code::TlsExpiresSoon, &verdict);
    assert_eq!(finding.severity, Critical);
    assert_eq!(finding.facts["limiting"], "CN=Issuing CA");
    assert_eq!(finding.facts["limiting_path"], serde_json::json!([NAME, "Issuing CA", "Root CA"]));
    assert_eq!(verdict.effective_expiry, Some(NOW.plus(DAY)));
    let limiting = verdict.limiting.clone().unwrap();
    assert_eq!(finding.facts["limiting_sha256"], limiting.certificate.sha256.to_string());
    assert!(limiting.is_above_leaf());
    assert_eq!(found(&scene.verdict_in(DAY + 1)), [(Code::TlsExpired, Critical)]);
}

#[test]
fn what_is_presented_and_not_needed_ends_apart() {
    let old = vec![ca("Issuing CA").sent(), ca("Old cross-sign").left(DAY).sent(), ca("Old Root").root()];
    let verdict = with_paths([old, vec![ca("Issuing CA").sent(), ca("Root CA").root()]]).verdict();
    assert_eq!((verdict.presented_earliest, verdict.effective_expiry), (Some(NOW.plus(DAY)), Some(NOW.plus(60 * DAY))));
    assert!(!verdict.limiting.unwrap().is_above_leaf());
}

#[test]
fn an_intermediate_that_is_not_valid_yet_limits_the_leaf() {
    let scene = with_paths([vec![ca("Issuing CA").begins_in(10).sent(), ca("Root CA").root()]]);
    assert_eq!(found(&scene.verdict()), [(Code::TlsNotYetValid, Critical)]);
    assert_healthy(&scene.verdict_in(10));
}

#[test]
fn of_several_paths_the_one_that_lasts_longest_counts() {
    let short = vec![ca("Issuing CA").sent(), ca("Old cross-sign").left(DAY).sent(), ca("Old Root").root()];
    let long = vec![ca("Issuing CA").sent(), ca("Cross-sign").left(40 * DAY).sent(), ca("Root CA").root()];
    for paths in [[short.clone(), long.clone()], [long, short]] {
        let verdict = with_paths(paths).verdict();
        assert_healthy(&verdict);
        assert_eq!(verdict.effective_expiry, Some(NOW.plus(40 * DAY)));
    }
}

#[test]
fn a_path_in_date_counts_before_a_longer_one_to_come() {
    let present = vec![ca("Issuing CA").left(30 * DAY).sent(), ca("Root CA").root()];
    let to_come = vec![ca("Reissued CA").begins_in(DAY).sent(), ca("Root CA").root()];
    let scene = with_paths([present, to_come]);
    assert_healthy(&scene.verdict());
    assert_eq!(found(&scene.verdict_in(30 * DAY + 1)), [(Code::TlsChainStale, Warning)]);
}

#[test]
fn without_a_path_the_leafs_own_dates_count() {
    // The intermediate that we know of, and the server does not send, has nothing to say about dates.
    let known = vec![ca("Issuing CA").left(DAY).missing(), ca("Root CA").root()];
    for chain in [leaf().untrusted(), leaf().self_signed(), leaf().paths([known])] {
        let scene = |left| seen([address(V4).presents(&chain.clone().left(left))]);
        assert_eq!(soon(&scene(22 * DAY), 0), None);
        assert_eq!(soon(&scene(21 * DAY), 0), Some(Warning));
        assert_eq!(scene(22 * DAY).verdict().effective_expiry, Some(NOW.plus(22 * DAY)));
        the(Code::TlsExpired, &scene(-1).verdict());
    }
}

#[test]
fn an_expired_cross_sign_that_nobody_needs_is_stale_and_no_more() {
    let scene = seen([address(V4).presents(&leaf().also_sends(ca("Old cross-sign").left(5)))]);
    assert_eq!(found(&scene.verdict_in(5)), [(Code::TlsChainSurplus, Info)]);
    let verdict = scene.verdict_in(6);
    assert_eq!(found(&verdict), [(Code::TlsChainStale, Warning)]);
    assert_eq!(the(Code::TlsChainStale, &verdict).facts["subject"], "CN=Old cross-sign");
}

#[test]
fn a_cross_sign_on_a_path_of_its_own_is_stale_once_it_has_expired() {
    let old = vec![ca("Issuing CA").sent(), ca("Old cross-sign").left(5).sent(), ca("Old Root").root()];
    let new = vec![ca("Issuing CA").sent(), ca("Root CA").root()];
    let scene = with_paths([old, new]);
    assert_healthy(&scene.verdict_in(5));
    assert_eq!(found(&scene.verdict_in(6)), [(Code::TlsChainStale, Warning)]);
}

#[test]
fn an_expired_certificate_that_every_path_needs_is_no_surplus() {
    let scene = with_paths([vec![ca("Issuing CA").left(5).sent(), ca("Root CA").root()]]);
    assert_eq!(found(&scene.verdict_in(6)), [(Code::TlsExpired, Critical)]);
}

#[test]
fn the_first_address_to_run_out_is_the_domains_expiry() {
    let scene = seen([
        address("192.0.2.1:443").presents(&leaf().left(50 * DAY)),
        address("192.0.2.2:443").presents(&leaf().left(40 * DAY)),
    ]);
    assert_eq!(scene.verdict().effective_expiry, Some(NOW.plus(40 * DAY)));
}
