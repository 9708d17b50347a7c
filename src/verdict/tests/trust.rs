//! Dates, trust and name are three questions: no answer hides another. Of trust's own answers there is exactly one.

use super::*;
use crate::observation::Presented;
use crate::verdict::Severity::{Critical, Warning};

const V4: &str = "192.0.2.1:443";

#[test]
fn dates_trust_and_name_are_found_apart() {
    let dates = [
        (leaf(), None),
        (leaf().left(-1), Some((Code::TlsExpired, Critical))),
        (leaf().begins_in(1), Some((Code::TlsNotYetValid, Critical))),
        (leaf().left(DAY), Some((Code::TlsExpiresSoon, Critical))),
        (leaf().left(20 * DAY), Some((Code::TlsExpiresSoon, Warning))),
    ];
    type Spoil = fn(leaf::Chain) -> leaf::Chain;
    let trusts: [(Spoil, Option<(Code, Severity)>); 4] = [
        (|chain| chain, None),
        (leaf::Chain::untrusted, Some((Code::TlsUntrusted, Critical))),
        (leaf::Chain::self_signed, Some((Code::TlsSelfSigned, Critical))),
        (leaf::Chain::incomplete, Some((Code::TlsChainIncomplete, Warning))),
    ];
    let names: [(Spoil, Option<(Code, Severity)>); 2] =
        [(|chain| chain, None), (leaf::Chain::for_another_name, Some((Code::TlsNameMismatch, Critical)))];
    for (chain, date) in &dates {
        for (spoil_trust, trust) in &trusts {
            for (spoil_name, name) in &names {
                let chain = spoil_name(spoil_trust(chain.clone()));
                let mut expected: Vec<_> = [*date, *trust, *name].into_iter().flatten().collect();
                expected.sort_by_key(|(code, severity)| (std::cmp::Reverse(*severity), code.as_str()));
                assert_eq!(found(&seen([address(V4).presents(&chain)]).verdict()), expected, "{chain:?}");
            }
        }
    }
}

#[test]
fn a_complete_path_beside_an_incomplete_one_is_complete() {
    let missing = vec![ca("Other CA").missing(), ca("Other Root").root()];
    let complete = vec![ca("Issuing CA").sent(), ca("Root CA").root()];
    assert_healthy(&seen([address(V4).presents(&leaf().paths([missing, complete]))]).verdict());
}

#[test]
fn what_is_missing_and_what_was_refused_is_told() {
    let facts = |chain, code| the(code, &seen([address(V4).presents(&chain)]).verdict()).facts.clone();
    assert_eq!(facts(leaf().incomplete(), Code::TlsChainIncomplete)["missing"], serde_json::json!(["CN=Issuing CA"]));
    assert_eq!(facts(leaf().untrusted(), Code::TlsUntrusted)["reason"], "UnknownIssuer");
    let other = leaf().called("other.example.com").for_another_name();
    assert_eq!(facts(other, Code::TlsNameMismatch)["dns_names"], serde_json::json!(["other.example.com"]));
}

#[test]
fn a_name_that_cannot_be_judged_is_no_mismatch() {
    let presented = Presented { name_matches: None, ..leaf().presented().as_ref().clone() };
    assert_healthy(&seen([address(V4).presents_this(presented)]).verdict());
}

#[test]
fn a_leaf_that_cannot_be_read_is_trusted_by_nobody() {
    let unreadable = Presented {
        chain: Vec::new(),
        unreadable: vec![(0, "not a DER certificate".to_owned())],
        name_matches: None,
        self_signed: false,
        paths: Vec::new(),
        refusal: Some("not a DER certificate".to_owned()),
        transparency: None,
        beside: Vec::new(),
        distrusted: Vec::new(),
    };
    let verdict = seen([address(V4).presents_this(unreadable)]).verdict();
    assert_eq!(found(&verdict), [(Code::TlsUntrusted, Critical)]);
    assert_eq!(the(Code::TlsUntrusted, &verdict).facts["reason"], "not a DER certificate");
}

#[test]
fn addresses_with_the_same_chain_share_a_finding() {
    let expired = leaf().left(-1);
    let scene = seen([
        address("192.0.2.1:443").presents(&expired),
        address("192.0.2.2:443").presents(&expired),
        address("[2001:db8::1]:443").presents(&expired),
    ]);
    let verdict = scene.verdict();
    assert_eq!(the(Code::TlsExpired, &verdict).addresses.len(), 3);
}

#[test]
fn a_fact_at_one_address_of_two_stays_critical() {
    for (bad, code) in [
        (leaf().left(-1), Code::TlsExpired),
        (leaf().begins_in(1), Code::TlsNotYetValid),
        (leaf().called("other.example.com").for_another_name(), Code::TlsNameMismatch),
        (leaf().untrusted(), Code::TlsUntrusted),
        (leaf().self_signed(), Code::TlsSelfSigned),
    ] {
        let verdict = seen([address("192.0.2.1:443"), address("192.0.2.2:443").presents(&bad)]).verdict();
        let finding = the(code, &verdict);
        assert_eq!(finding.severity, Critical);
        assert_eq!(finding.addresses, [socket("192.0.2.2:443")].into());
    }
}
