//! Whether connection and handshake come to be: at every address, at some, at none.

use super::*;
use crate::observation::Outcome;
use crate::verdict::HopStatus;
use crate::verdict::Severity::{Critical, Warning};

const NETWORK: [Code; 6] = [
    Code::ConnectRefused,
    Code::ConnectReset,
    Code::ConnectTimeout,
    Code::ConnectUnreachable,
    Code::TlsHandshakeFailed,
    Code::TlsTimeout,
];

#[test]
fn a_fault_at_every_address_is_critical() {
    for code in NETWORK {
        let scene = seen([address("192.0.2.1:443").fails(code), address("[2001:db8::1]:443").fails(code)]);
        let verdict = scene.verdict();
        assert_eq!(found(&verdict), [(code, Critical)]);
        assert_eq!(verdict.findings[0].addresses.len(), 2);
        assert_eq!(verdict.findings[0].facts["detail"], "as the system says");
    }
}

#[test]
fn a_fault_at_one_address_is_a_warning_while_another_works() {
    for code in NETWORK {
        let scene = seen([address("192.0.2.1:443"), address("[2001:db8::1]:443").fails(code)]);
        let verdict = scene.verdict();
        assert_eq!(found(&verdict), [(code, Warning)]);
        assert_eq!(verdict.findings[0].addresses, [socket("[2001:db8::1]:443")].into());
        assert_eq!(verdict.findings[0].facts["addresses_working"], 1);
    }
}

#[test]
fn different_faults_at_every_address_are_all_critical() {
    let scene =
        seen([address("192.0.2.1:443").fails(Code::ConnectRefused), address("192.0.2.2:443").fails(Code::TlsTimeout)]);
    assert_eq!(found(&scene.verdict()), [(Code::ConnectRefused, Critical), (Code::TlsTimeout, Critical)]);
}

#[test]
fn a_family_without_a_route_here_is_no_finding_of_the_domain() {
    let scene = seen([address("192.0.2.1:443")]).no_route("[2001:db8::1]:443");
    let verdict = scene.verdict();
    assert_eq!(found(&verdict), []);
    assert_eq!(verdict.level, Level::Healthy);
}

#[test]
fn where_no_address_has_a_route_nothing_is_known() {
    let scene = seen([]).outcomes(Outcome::NoData, Outcome::Found).no_route("[2001:db8::1]:443");
    let verdict = scene.verdict();
    assert_eq!(found(&verdict), []);
    assert_eq!(verdict.level, Level::Unknown);
}

#[test]
fn what_we_had_no_socket_for_is_our_own_fault_and_leaves_what_was_seen() {
    const OURS: (Code, Severity) = (Code::WatchOutOfResources, Warning);
    let never = seen([]).outcomes(Outcome::Found, Outcome::NoData).not_looked("192.0.2.1:443");
    let verdict = never.verdict();
    assert_eq!((found(&verdict), verdict.level), (vec![OURS], Level::Unknown));
    assert_eq!(verdict.findings[0].all_facts()["addresses"], serde_json::json!(["192.0.2.1:443"]));
    assert!(verdict.findings[0].summary.ends_with("192.0.2.1:443: Too many open files"));
    assert!(verdict.path.steps()[2..].iter().all(|step| step.status == HopStatus::NotLooked), "{:?}", verdict.path);

    // What failed before still fails, and expires on time; what fails beside it does so at every address we know of.
    let mut record = seen([address("192.0.2.1:443").presents(&leaf().left(100))]).record();
    record.absorb(never.look(NOW.plus(60)));
    assert_eq!(found(&never.judge(&record, NOW.plus(60))), [(Code::TlsExpiresSoon, Critical), OURS]);
    let beside = seen([address("192.0.2.2:443").fails(Code::ConnectRefused)]).not_looked("192.0.2.1:443");
    assert_eq!(found(&beside.verdict()), [(Code::ConnectRefused, Critical), OURS]);
    record.absorb(never.look(NOW.plus(700)));
    assert!(record.addresses.contains_key(&socket("192.0.2.1:443")), "DNS named it");
}
