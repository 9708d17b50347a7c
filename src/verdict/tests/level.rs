//! What the findings come to, in what order they stand, and when it is we who cannot see.

use super::scene::unanswered;
use super::*;
use crate::observation::Outcome;
use crate::verdict::Severity::{Critical, Warning};
use crate::verdict::{Record, References};

const ONE: &str = "192.0.2.1:443";
const TWO: &str = "192.0.2.2:443";

#[test]
fn levels_are_ordered_and_have_their_exit_codes() {
    assert!(Level::Critical > Level::Warning && Level::Warning > Level::Unknown && Level::Unknown > Level::Healthy);
    let codes = Level::ALL.map(|level| (level.as_str(), level.exit_code()));
    assert_eq!(codes, [("healthy", 0), ("unknown", 3), ("warning", 1), ("critical", 2)]);
}

#[test]
fn a_domain_never_looked_at_is_unknown() {
    let verdict = seen([]).judge(&Record::default(), NOW);
    assert_eq!(found(&verdict), []);
    assert_eq!(verdict.level, Level::Unknown);
    assert_eq!(verdict.changes_at, None);
    assert_eq!(verdict.effective_expiry, None);
}

#[test]
fn the_worst_finding_is_the_level() {
    let cases = [
        (seen([address(ONE)]), Level::Healthy),
        (seen([address(ONE)]).no_route("[2001:db8::1]:443"), Level::Healthy),
        (seen([address(ONE), address(TWO).presents(&leaf().left(59 * DAY))]), Level::Healthy),
        (seen([address(ONE)]).cname(&["x.edge.tenants.auth0.com"]), Level::Warning),
        (seen([address(ONE)]).cname(&["x.edge.tenants.auth0.com"]).no_route("[::1]:443"), Level::Warning),
        (seen([address(ONE).answers(answer(500))]), Level::Critical),
        (seen([address(ONE).answers(answer(500))]).cname(&["x.edge.tenants.auth0.com"]), Level::Critical),
    ];
    for (scene, level) in cases {
        let verdict = scene.verdict();
        assert_eq!(verdict.level, level, "{:?}", found(&verdict));
    }
}

#[test]
fn findings_stand_worst_first_then_by_code() {
    let scene = seen([
        address(ONE).presents(&leaf().left(-1).untrusted().for_another_name()).answers(answer(301)),
        address(TWO).presents(&leaf()),
    ]);
    let expected = [
        (Code::TlsExpired, Critical),
        (Code::TlsNameMismatch, Critical),
        (Code::TlsUntrusted, Critical),
        (Code::HttpRedirect, Warning),
        (Code::TlsAddressesDisagree, Warning),
    ];
    assert_eq!(found(&scene.verdict()), expected);
}

#[test]
fn with_every_reference_failing_it_is_our_sight() {
    for code in [Code::ConnectTimeout, Code::ConnectUnreachable, Code::TlsTimeout] {
        let scene = seen([address(ONE).fails(code)]).references(References::AllFail);
        let verdict = scene.verdict();
        assert_eq!(found(&verdict), [(Code::WatchBlind, Warning)]);
        assert_eq!(verdict.level, Level::Unknown);
    }
    let hanging = seen([address(ONE).answers(unanswered(Code::HttpTimeout))]).references(References::AllFail);
    assert_eq!(hanging.verdict().level, Level::Unknown);
}

#[test]
fn without_references_or_with_one_that_answers_findings_stay() {
    for references in [References::None, References::Answer] {
        let scene = seen([address(ONE).fails(Code::ConnectTimeout)]).references(references);
        assert_eq!(found(&scene.verdict()), [(Code::ConnectTimeout, Critical)]);
    }
}

#[test]
fn a_domain_that_can_be_seen_is_not_called_blindness() {
    let verdict = seen([address(ONE)]).references(References::AllFail).verdict();
    assert_healthy(&verdict);
}

#[test]
fn an_answer_that_came_is_not_called_blindness() {
    // A tenant's canonical host is a reference by default, and fails with Auth0 itself: the proxy's 502 tells of it.
    let scene = seen([address(ONE).answers(answer(502))]).references(References::AllFail);
    assert_eq!(found(&scene.verdict()), [(Code::HttpErrorStatus, Critical)]);
}

#[test]
fn what_certificates_say_holds_in_blindness() {
    let mut record = seen([address(ONE).presents(&leaf().left(100))]).record();
    let dead = seen([address(ONE).fails(Code::ConnectTimeout)]).references(References::AllFail);
    record.absorb(dead.look(NOW.plus(60)));
    let verdict = dead.judge(&record, NOW.plus(101));
    assert_eq!(found(&verdict), [(Code::TlsExpired, Critical), (Code::WatchBlind, Warning)]);
    assert_eq!(verdict.level, Level::Critical);
}

#[test]
fn a_silent_resolver_hides_no_finding() {
    let scene = seen([address(ONE).presents(&leaf().left(-1))]).outcomes(Outcome::Timeout, Outcome::Timeout);
    let verdict = scene.verdict();
    assert_eq!(found(&verdict), [(Code::TlsExpired, Critical), (Code::WatchResolverFailed, Warning)]);
    assert_eq!(verdict.level, Level::Critical);
}
