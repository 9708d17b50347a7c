//! What the records say: addresses, CNAME chain, ownership TXT; and whether it is they or our resolver.

use super::*;
use crate::domain::{Families, Verification};
use crate::observation::Outcome::{self, Failed, Found, NoData, NotAsked, Nxdomain, Refused, Servfail, Timeout};
use crate::verdict::Severity::{Critical, Warning};

const V4: &str = "192.0.2.1:443";
const EDGE: &str = "example-cd-abc.edge.tenants.us.auth0.com";

fn outcomes(a: Outcome, aaaa: Outcome) -> Scene {
    let addresses = a == Found || aaaa == Found;
    let scene = if addresses { seen([address(V4)]) } else { seen([]) };
    scene.outcomes(a, aaaa)
}

#[test]
fn answers_without_an_address() {
    let cases = [
        (Nxdomain, Nxdomain, Code::DnsNxdomain),
        (Nxdomain, NotAsked, Code::DnsNxdomain),
        (NoData, NoData, Code::DnsNoAddress),
    ];
    for (a, aaaa, code) in cases {
        let verdict = outcomes(a, aaaa).verdict();
        assert_eq!(found(&verdict), [(code, Critical)], "{a:?} {aaaa:?}");
        assert_eq!(verdict.level, Level::Critical);
    }
}

#[test]
fn one_family_is_enough() {
    for (a, aaaa) in [(Found, NoData), (NoData, Found), (Found, Found), (Found, NotAsked)] {
        assert_healthy(&outcomes(a, aaaa).verdict());
    }
}

#[test]
fn a_name_server_that_denies_the_name_for_one_family_is_overruled_by_an_address_of_the_other() {
    for (a, aaaa) in [(Found, Nxdomain), (Nxdomain, Found)] {
        assert_healthy(&outcomes(a, aaaa).verdict());
    }
}

#[test]
fn only_the_families_asked_for_are_judged() {
    let cases = [
        (Families::Ipv4, NoData, Found, Some(Code::DnsNoAddress)),
        (Families::Ipv4, Found, Servfail, None),
        (Families::Ipv6, Found, NoData, Some(Code::DnsNoAddress)),
        (Families::Ipv6, Timeout, Found, None),
        (Families::Both, NoData, Found, None),
    ];
    for (families, a, aaaa, code) in cases {
        let verdict = outcomes(a, aaaa).domain(|domain| domain.families = families).verdict();
        let expected: Vec<_> = code.map(|code| (code, Critical)).into_iter().collect();
        assert_eq!(found(&verdict), expected, "{families:?} {a:?} {aaaa:?}");
    }
}

#[test]
fn a_cname_for_a_name_that_does_not_exist_dangles() {
    let verdict = outcomes(Nxdomain, Nxdomain).cname(&["proxy.example.net"]).verdict();
    assert_eq!(found(&verdict), [(Code::DnsCnameDangling, Critical)]);
    assert_eq!(verdict.findings[0].facts["target"], "proxy.example.net");
}

#[test]
fn no_answer_is_the_domains_fault_only_if_others_are_answered() {
    for outcome in [Servfail, Refused, Timeout, Failed] {
        let ours = outcomes(outcome, outcome);
        for unasked in [None, Some(false)] {
            let verdict = ours.clone().dns(|dns| dns.others_answer = unasked).verdict();
            assert_eq!(found(&verdict), [(Code::WatchResolverFailed, Warning)], "{outcome:?}");
            assert_eq!(verdict.level, Level::Unknown);
        }
        let mut answered_elsewhere = ours.clone();
        answered_elsewhere.surroundings.resolvers_answer_others = true;
        for theirs in [ours.dns(|dns| dns.others_answer = Some(true)), answered_elsewhere] {
            let verdict = theirs.verdict();
            assert_eq!(found(&verdict), [(Code::DnsServfail, Critical)], "{outcome:?}");
            assert_eq!(verdict.level, Level::Critical);
        }
    }
}

#[test]
fn a_family_that_fails_beside_one_that_answers_is_a_warning() {
    for outcome in [Servfail, Refused, Timeout, Failed] {
        for (a, aaaa) in [(Found, outcome), (outcome, Found)] {
            let verdict = outcomes(a, aaaa).verdict();
            assert_eq!(found(&verdict), [(Code::DnsServfail, Warning)]);
        }
    }
}

#[test]
fn a_resolver_that_answers_for_the_other_family_has_not_failed() {
    for (a, aaaa) in [(NoData, Timeout), (Servfail, NoData)] {
        assert_eq!(found(&outcomes(a, aaaa).verdict()), [(Code::DnsServfail, Critical)]);
    }
    for (a, aaaa) in [(Nxdomain, Timeout), (Servfail, Nxdomain)] {
        assert_eq!(found(&outcomes(a, aaaa).verdict()), [(Code::DnsNxdomain, Critical)]);
    }
}

#[test]
fn the_expected_target_must_be_in_the_chain() {
    let expecting = |targets: &[&str]| {
        let scene = seen([address(V4)]).cname(targets);
        scene.domain(|domain| domain.expected.cname = Some(name("proxy.example.net"))).verdict()
    };
    assert_healthy(&expecting(&["proxy.example.net"]));
    assert_healthy(&expecting(&["alias.example.net", "proxy.example.net", "host.example.net"]));
    let verdict = expecting(&["other.example.net"]);
    assert_eq!(found(&verdict), [(Code::DnsCnameMismatch, Warning)]);
    assert_eq!(verdict.findings[0].facts["chain"], serde_json::json!(["other.example.net"]));
    // Flattened to addresses: nothing to compare, and nothing wrong.
    assert_healthy(&expecting(&[]));
}

#[test]
fn without_expectation_any_target_will_do() {
    assert_healthy(&seen([address(V4)]).cname(&["other.example.net"]).verdict());
}

#[test]
fn a_cname_straight_to_auth0s_edge_bypasses_the_proxy() {
    assert_eq!(found(&seen([address(V4)]).cname(&[EDGE]).verdict()), [(Code::DnsCnamePointsAtEdge, Warning)]);
    let older = seen([address(V4)]).cname(&["example.cd_abc.edge.tenants.auth0.com"]).verdict();
    assert_eq!(the(Code::DnsCnamePointsAtEdge, &older).severity, Warning);
    for other in ["x-cd-y.edge.tenants.us.auth0.com.example.net", "example.us.auth0.com"] {
        assert_healthy(&seen([address(V4)]).cname(&[other]).verdict());
    }
    let meant = seen([address(V4)]).cname(&[EDGE]);
    assert_healthy(&meant.domain(|domain| domain.expected.cname = Some(name(EDGE))).verdict());
}

#[test]
fn a_chain_that_never_ends_is_a_loop() {
    let scene = seen([address(V4)]).cname(&["a.example.net", "b.example.net"]).dns(|dns| dns.cname_loop = true);
    assert_eq!(found(&scene.verdict()), [(Code::DnsCnameLoop, Warning)]);
}

const VALUE: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";

/// What the TXT rules find for an expected value, a state of verification and an answer.
fn txt(expected: bool, verification: Verification, scene: Scene) -> Vec<(Code, Severity)> {
    let scene = scene.domain(|domain| {
        domain.expected.txt = expected.then(|| VALUE.to_owned());
        domain.expected.verification = verification;
    });
    found(&scene.verdict())
}

#[test]
fn the_ownership_record() {
    let pending = Verification::Pending { started: None };
    let nothing = |outcome| seen([address(V4)]).dns(|dns| dns.txt.outcome = outcome);
    let records = |records: &[&str]| seen([address(V4)]).txt(records);
    let missing = |severity| vec![(Code::DnsTxtMissing, severity)];
    let mismatch = vec![(Code::DnsTxtMismatch, Warning)];
    for outcome in [NoData, Nxdomain] {
        assert_eq!(txt(true, Verification::Ready, nothing(outcome)), missing(Warning));
        assert_eq!(txt(true, pending, nothing(outcome)), missing(Critical));
        assert_eq!(txt(false, pending, nothing(outcome)), missing(Critical));
        assert_eq!(txt(false, Verification::Ready, nothing(outcome)), []);
    }
    for verification in [Verification::Ready, pending] {
        assert_eq!(txt(true, verification, records(&["other", VALUE])), []);
        assert_eq!(txt(true, verification, records(&["other"])), mismatch);
        assert_eq!(txt(false, verification, records(&["anything"])), []);
        for unanswered in [Servfail, Refused, Timeout, Failed, NotAsked] {
            assert_eq!(txt(true, verification, nothing(unanswered)), []);
        }
    }
}

#[test]
fn the_window_of_verification_is_told_only_where_its_start_is_known() {
    let pending = |started| {
        let verdict = seen([address(V4)])
            .domain(|domain| domain.expected.verification = Verification::Pending { started })
            .verdict();
        the(Code::DnsTxtMissing, &verdict).clone()
    };
    let unknown = pending(None);
    assert!(!unknown.facts.contains_key("window_ends"), "{unknown:?}");
    assert!(unknown.summary.ends_with("verification is pending"), "{}", unknown.summary);
    let running = pending(Some(NOW.plus(-DAY)));
    assert_eq!(running.facts["window_ends"], NOW.plus(2 * DAY).to_string());
    assert!(running.summary.ends_with("ends in 2 d"), "{}", running.summary);
    let over = pending(Some(NOW.plus(-4 * DAY)));
    assert!(over.summary.ends_with("ended 1 d ago"), "{}", over.summary);
    assert_eq!(over.severity, Critical);
}

#[test]
fn what_we_had_no_socket_to_ask_with_is_never_the_domains_fault() {
    use crate::observation::Outcome::OutOfResources;
    let ours = (Code::WatchOutOfResources, Warning);
    for (a, aaaa) in [
        (OutOfResources, OutOfResources),
        (OutOfResources, Servfail),
        (NoData, OutOfResources),
        (Found, OutOfResources),
    ] {
        let mut scene = outcomes(a, aaaa).dns(|dns| dns.others_answer = Some(true));
        scene.surroundings.resolvers_answer_others = true;
        let verdict = scene.verdict();
        assert_eq!((found(&verdict), verdict.level), (vec![ours], Level::Unknown), "{a:?} {aaaa:?}");
        assert_eq!(verdict.path.broken_at(), None);
    }
}
