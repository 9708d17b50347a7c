//! Whether connection and handshake come to be: at every address, at some, at none.

use super::*;
use crate::observation::Outcome;
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
