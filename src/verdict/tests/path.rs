//! Where a login breaks: all seven hops in order, the first broken one, and nothing claimed that was not seen.

use super::scene::{Answer, unanswered};
use super::*;
use crate::observation::Outcome;
use crate::verdict::HopStatus::{self, Broken, NotLooked, Ok, Unknown};
use crate::verdict::{Hop, Record, References};

const ONE: &str = "192.0.2.1:443";
const TWO: &str = "192.0.2.2:443";

/// How the hops fared, from resolver to tenant.
fn hops(verdict: &Verdict) -> [HopStatus; 7] {
    let steps = verdict.path.steps();
    assert_eq!(steps.iter().map(|step| step.hop).collect::<Vec<_>>(), Hop::ALL);
    std::array::from_fn(|hop| steps[hop].status)
}

#[track_caller]
fn assert_path(scene: &Scene, expected: [HopStatus; 7], broken_at: Option<Hop>) {
    let verdict = scene.verdict();
    assert_eq!(hops(&verdict), expected, "{:?}", found(&verdict));
    assert_eq!(verdict.path.broken_at(), broken_at);
}

#[test]
fn a_good_login_passes_every_hop() {
    assert_path(&seen([address(ONE)]), [Ok; 7], None);
}

#[test]
fn nothing_seen_is_nothing_claimed() {
    let scene = seen([]);
    let verdict = scene.judge(&Record::default(), NOW);
    assert_eq!(hops(&verdict), [NotLooked; 7]);
    assert_eq!(verdict.path.broken_at(), None);
}

#[test]
fn a_silent_resolver_breaks_the_first_hop() {
    let scene = seen([]).outcomes(Outcome::Timeout, Outcome::Timeout);
    let expected = [Broken, NotLooked, NotLooked, NotLooked, NotLooked, NotLooked, NotLooked];
    assert_path(&scene, expected, Some(Hop::Resolver));
}

#[test]
fn records_without_an_address_break_dns() {
    let expected = [Ok, Broken, NotLooked, NotLooked, NotLooked, NotLooked, NotLooked];
    let servfail = seen([]).outcomes(Outcome::Servfail, Outcome::Servfail).dns(|dns| dns.others_answer = Some(true));
    let scenes = [
        servfail,
        seen([]).outcomes(Outcome::Nxdomain, Outcome::Nxdomain),
        seen([]).outcomes(Outcome::Nxdomain, Outcome::Nxdomain).cname(&["gone.example.net"]),
        seen([]),
    ];
    for scene in scenes {
        assert_path(&scene, expected, Some(Hop::Dns));
    }
}

#[test]
fn an_address_given_by_the_operator_is_seen_past_broken_dns() {
    let scene = seen([address(ONE)]).outcomes(Outcome::Nxdomain, Outcome::Nxdomain);
    assert_path(&scene, [Ok, Broken, Ok, Ok, Ok, Ok, Ok], Some(Hop::Dns));
}

#[test]
fn a_warning_about_records_breaks_nothing() {
    let scenes = [
        seen([address(ONE)]).cname(&["x-cd-y.edge.tenants.us.auth0.com"]),
        seen([address(ONE)]).outcomes(Outcome::Found, Outcome::Servfail),
        seen([address(ONE)]).domain(|domain| domain.expected.txt = Some("value".to_owned())),
    ];
    for scene in scenes {
        assert_eq!(scene.verdict().level, Level::Warning);
        assert_path(&scene, [Ok; 7], None);
    }
}

#[test]
fn a_txt_record_missing_while_pending_is_critical_and_on_no_hop() {
    let pending = crate::domain::Verification::Pending { started: None };
    let scene = seen([address(ONE)]).domain(|domain| domain.expected.verification = pending);
    assert_eq!(scene.verdict().level, Level::Critical);
    assert_path(&scene, [Ok; 7], None);
}

#[test]
fn no_connection_breaks_connect() {
    let expected = [Ok, Ok, Broken, NotLooked, NotLooked, NotLooked, NotLooked];
    for code in [Code::ConnectRefused, Code::ConnectReset, Code::ConnectTimeout, Code::ConnectUnreachable] {
        assert_path(&seen([address(ONE).fails(code)]), expected, Some(Hop::Connect));
    }
}

#[test]
fn no_handshake_breaks_tls() {
    for code in [Code::TlsHandshakeFailed, Code::TlsTimeout] {
        let expected = [Ok, Ok, Ok, Broken, NotLooked, NotLooked, NotLooked];
        assert_path(&seen([address(ONE).fails(code)]), expected, Some(Hop::Tls));
    }
}

#[test]
fn a_bad_certificate_breaks_tls_and_what_was_seen_behind_it_is_told() {
    for bad in
        [leaf().left(-1), leaf().begins_in(1), leaf().untrusted(), leaf().self_signed(), leaf().for_another_name()]
    {
        let seen_behind = seen([address(ONE).presents(&bad)]);
        assert_path(&seen_behind, [Ok, Ok, Ok, Broken, Ok, Ok, Ok], Some(Hop::Tls));
        let not_asked = seen([address(ONE).presents(&bad).not_asked()]);
        assert_path(&not_asked, [Ok, Ok, Ok, Broken, NotLooked, NotLooked, NotLooked], Some(Hop::Tls));
    }
}

#[test]
fn a_chain_that_warns_breaks_nothing() {
    for doubtful in [leaf().incomplete(), leaf().left(20 * DAY), leaf().also_sends(ca("Old cross-sign").left(-1))] {
        assert_path(&seen([address(ONE).presents(&doubtful)]), [Ok; 7], None);
    }
}

#[test]
fn one_dead_address_of_two_breaks_nothing() {
    for code in [Code::ConnectRefused, Code::TlsHandshakeFailed] {
        assert_path(&seen([address(ONE).fails(code), address(TWO)]), [Ok; 7], None);
    }
}

#[test]
fn answers_are_placed_as_far_as_they_tell_themselves() {
    let unplaced = [Unknown, Unknown, Unknown];
    let not_json = Answer { is_json: false, issuer: None, ..answer(200) };
    let challenge = answer(403).headers(|headers| headers.cf_mitigated = Some("challenge".to_owned()));
    let cases = [
        // Proxy, edge, tenant.
        (answer(200).issuer("https://other.example/"), [Broken, NotLooked, NotLooked], Some(Hop::Proxy)),
        (answer(403).key_marker("Invalid API key"), [Ok, Broken, NotLooked], Some(Hop::Edge)),
        (answer(500).sent_by_auth0(), [Ok, Ok, Broken], Some(Hop::Tenant)),
        (answer(403).sent_by_auth0(), [Ok, Ok, Broken], Some(Hop::Tenant)),
        (answer(429).sent_by_auth0(), [Ok, Ok, Ok], None),
        (answer(401), unplaced, None),
        (answer(403), unplaced, None),
        (answer(404), unplaced, None),
        (answer(500), unplaced, None),
        (answer(502), unplaced, None),
        (answer(503), unplaced, None),
        (answer(504), unplaced, None),
        (answer(301), unplaced, None),
        (answer(429), unplaced, None),
        (challenge, unplaced, None),
        (not_json, unplaced, None),
        (unanswered(Code::HttpTimeout), unplaced, None),
        (unanswered(Code::HttpBroken), unplaced, None),
    ];
    for (answer, [proxy, edge, tenant], broken_at) in cases {
        let scene = seen([address(ONE).answers(answer)]);
        assert_path(&scene, [Ok, Ok, Ok, Ok, proxy, edge, tenant], broken_at);
    }
}

#[test]
fn a_partial_fault_of_the_network_breaks_nothing_and_one_of_fact_does() {
    let partly = |bad| seen([address(ONE), address(TWO).answers(bad)]);
    assert_path(&partly(answer(502)), [Ok; 7], None);
    let mismatch = answer(200).issuer("https://other.example/");
    assert_path(&partly(mismatch), [Ok, Ok, Ok, Ok, Broken, NotLooked, NotLooked], Some(Hop::Proxy));
}

#[test]
fn what_we_could_not_see_is_broken_nowhere() {
    let blind = seen([address(ONE).fails(Code::ConnectTimeout)]).references(References::AllFail);
    assert_path(&blind, [Ok, Ok, Unknown, NotLooked, NotLooked, NotLooked, NotLooked], None);
}
