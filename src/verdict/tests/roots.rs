//! Roots that run out, that are not trusted any more, and stores that disagree about them.

use super::leaf::Chain;
use super::*;
use crate::observation::PathStep;
use crate::verdict::Severity::{Critical, Warning};

const V4: &str = "192.0.2.1:443";

fn with_root(root: PathStep) -> Scene {
    seen([address(V4).presents(&leaf().paths([vec![ca("Issuing CA").sent(), root]]))])
}

#[test]
fn a_root_that_runs_out_is_spoken_of_half_a_year_before_and_shuts_out_some() {
    let scene = with_root(ca("Root CA").left(200 * DAY).root());
    assert_healthy(&scene.verdict());
    let lasting = seen([address(V4).presents(
        &leaf()
            .left(300 * DAY)
            .lifetime(300)
            .paths([vec![ca("Issuing CA").sent(), ca("Root CA").left(200 * DAY).root()]]),
    )]);
    assert_eq!(lasting.verdict().changes_at, Some(NOW.plus(20 * DAY)));
    for days in [20, 150] {
        let verdict = lasting.verdict_in(days * DAY);
        assert_eq!(found(&verdict), [(Code::TlsRootExpires, Warning)], "{days}");
        assert_eq!(the(Code::TlsRootExpires, &verdict).facts["seconds_left"], (200 - days) * DAY);
    }
    let over = lasting.verdict_in(201 * DAY);
    assert_eq!(found(&over), [(Code::TlsRootExpires, Warning)]);
    assert!(the(Code::TlsRootExpires, &over).summary.contains("ran out on"));
    assert_eq!(over.effective_expiry, Some(NOW.plus(300 * DAY)));
}

#[test]
fn of_several_roots_the_one_that_lasts_longest_counts() {
    let old = vec![ca("Issuing CA").sent(), ca("Old Root").left(DAY).root()];
    let new = vec![ca("Issuing CA").sent(), ca("Cross-sign").sent(), ca("Root CA").root()];
    assert_healthy(&seen([address(V4).presents(&leaf().paths([old, new]))]).verdict());
}

#[test]
fn a_ca_that_is_listed_on_every_path_is_refused() {
    let root = || ca("Root CA").root();
    let listed = |since, applies| seen([address(V4).presents(&leaf().distrusted(root(), since, applies))]).verdict();
    let (now, ahead) = (listed(None, true), listed(Some(NOW.plus(-10 * DAY)), false));
    assert_eq!(found(&now), [(Code::TlsRootDistrusted, Critical)]);
    assert_eq!(the(Code::TlsRootDistrusted, &now).facts["subject"], "CN=Root CA");
    assert_eq!(found(&ahead), [(Code::TlsRootDistrusted, Warning)]);
    assert!(the(Code::TlsRootDistrusted, &ahead).summary.contains("its renewal is not"));
    assert_eq!(found(&listed(Some(NOW.plus(-100 * DAY)), true)), [(Code::TlsRootDistrusted, Critical)]);
    let other = vec![ca("Issuing CA").sent(), ca("Other Root").root()];
    let both = [vec![ca("Issuing CA").sent(), root()], other];
    assert_healthy(&seen([address(V4).presents(&leaf().paths(both).distrusted(root(), None, true))]).verdict());
}

#[test]
fn a_store_that_sees_it_otherwise_is_named() {
    let path = || vec![ca("Issuing CA").sent(), ca("Other Root").root()];
    let verdict = |chain: Chain| seen([address(V4).presents(&chain)]).verdict();
    assert_healthy(&verdict(leaf().compared("system", [path()])));
    let refused = verdict(leaf().compared("system", [path()]).compared("corporate.pem", []));
    assert_eq!(found(&refused), [(Code::TlsStoresDisagree, Warning)]);
    let finding = the(Code::TlsStoresDisagree, &refused);
    let expected = "the certificate is trusted by `roots`, but not by corporate.pem: UnknownIssuer";
    assert_eq!(finding.summary, expected);
    assert_eq!(
        (&finding.facts["trusted_by"][0], &finding.facts["refused_by"][0]),
        (&"system".into(), &"corporate.pem".into())
    );
    let trusted = verdict(leaf().untrusted().compared("corporate.pem", [path()]));
    assert_eq!(found(&trusted), [(Code::TlsUntrusted, Critical), (Code::TlsStoresDisagree, Warning)]);
    // A path that must be completed is none for whoever has just the root.
    let lacks = vec![ca("Issuing CA").missing(), ca("Other Root").root()];
    assert_eq!(found(&verdict(leaf().compared("system", [lacks]))), [(Code::TlsStoresDisagree, Warning)]);
    // Who is over is refused by all.
    let over = seen([address(V4).presents(&leaf().left(-1).compared("system", []))]);
    assert_eq!(found(&over.verdict()), [(Code::TlsExpired, Critical)]);
}

#[test]
fn a_path_of_another_store_that_ends_first_is_a_change_to_come() {
    let short = vec![ca("Issuing CA").left(5 * DAY).sent(), ca("Other Root").root()];
    let scene = seen([address(V4).presents(&leaf().compared("system", [short]))]);
    assert_healthy(&scene.verdict());
    assert_eq!(scene.verdict().changes_at, Some(NOW.plus(5 * DAY + 1)));
    assert_eq!(found(&scene.verdict_in(5 * DAY + 1)), [(Code::TlsStoresDisagree, Warning)]);
}
