//! What only further connections show, and not every look makes them: old versions of TLS, the second certificate of a
//! pair, and our own client certificate.

use std::sync::Arc;

use super::*;
use crate::observation::certificate::{Certificate, KeyType, PublicKey};
use crate::observation::{LegacyAnswer, LegacyVersion, Look, OtherChain, Presented};
use crate::verdict::Record;
use crate::verdict::Severity::{Critical, Info, Warning};

const ONE: &str = "192.0.2.1:443";
const TWO: &str = "192.0.2.2:443";

fn said(accepted: [Option<bool>; 3]) -> Option<Vec<LegacyAnswer>> {
    let answer = |(version, accepted)| LegacyAnswer { version, accepted, cipher_suite: None, detail: None };
    Some(LegacyVersion::ALL.into_iter().zip(accepted).map(answer).collect())
}

/// A chain with an RSA leaf, which ends so many days from now.
fn rsa(subject: &str, days: i64) -> Arc<Presented> {
    let mut presented = leaf().called(subject).left(days * DAY).presented().as_ref().clone();
    let of_paths = presented.paths.iter_mut().map(|path| &mut path.steps[0].certificate);
    for certificate in of_paths.chain(presented.chain.first_mut()) {
        Arc::make_mut(certificate).key = PublicKey { key_type: KeyType::Rsa, bits: Some(2048), curve: None };
    }
    Arc::new(presented)
}

/// A look at these addresses, each with its ordinary chain and what it says of another.
fn look(at: i64, shown: &[(&str, Arc<Presented>, Option<OtherChain>)]) -> Look {
    let mut look = seen([address(ONE), address(TWO)]).look(NOW.plus(at));
    look.tls.truncate(shown.len());
    for (tls, (place, ordinary, other)) in look.tls.iter_mut().zip(shown) {
        (tls.address, tls.presented, tls.other_chain) = (socket(place), Some(Arc::clone(ordinary)), other.clone());
    }
    look
}

fn judged(record: &Record, at: i64) -> Verdict {
    seen([address(ONE), address(TWO)]).judge(record, NOW.plus(at))
}

#[test]
fn old_versions_are_remembered_until_they_are_asked_for_again() {
    let scene = seen([address(ONE), address(TWO)]);
    let mut record = Record::default();
    let mut asked = scene.look(NOW);
    asked.tls[0].legacy = said([Some(false), Some(true), Some(true)]);
    asked.tls[1].legacy = said([Some(false); 3]);
    record.absorb(asked);
    record.absorb(scene.look(NOW.plus(60)));
    let finding = judged(&record, 60).findings[0].clone();
    assert_eq!((finding.code, finding.severity), (Code::TlsLegacyVersion, Warning));
    assert_eq!(finding.summary, "192.0.2.1:443 still takes TLSv1.1, TLSv1.0");
    assert_eq!(finding.facts["addresses"], serde_json::json!([ONE]));
    // DNS names other addresses: that mends nothing.
    record.absorb(seen([address(TWO)]).look(NOW.plus(120)));
    record.absorb(seen([address(TWO)]).look(NOW.plus(9000)));
    the(Code::TlsLegacyVersion, &judged(&record, 9000));
    // An answer that says nothing leaves what was known; one that says no mends it.
    let mut asked = scene.look(NOW.plus(DAY));
    asked.tls[0].legacy = said([Some(false), None, Some(false)]);
    record.absorb(asked);
    assert_eq!(the(Code::TlsLegacyVersion, &judged(&record, DAY)).facts["versions"], serde_json::json!(["TLSv1.0"]));
}

#[test]
fn what_is_no_longer_taken_is_no_longer_found() {
    let scene = seen([address(ONE)]);
    let mut record = Record::default();
    for (at, accepted, expected) in
        [(0, said([Some(true); 3]), 1), (60, None, 1), (DAY, said([None; 3]), 1), (2 * DAY, said([Some(false); 3]), 0)]
    {
        let mut look = scene.look(NOW.plus(at));
        look.tls[0].legacy = accepted;
        record.absorb(look);
        assert_eq!(judged(&record, at).findings.len(), expected, "{at}");
    }
}

#[test]
fn a_second_certificate_counts_wherever_the_same_first_is_shown() {
    let ordinary = leaf().presented();
    let other = Some(OtherChain::Presented(rsa("second", -1)));
    let mut record = Record::default();
    record.absorb(look(0, &[(ONE, Arc::clone(&ordinary), other)]));
    let verdict = judged(&record, 0);
    let finding = the(Code::TlsExpired, &verdict);
    assert_eq!((finding.severity, &finding.facts["shown_to"]), (Critical, &"clients that know RSA alone".into()));
    assert_eq!(verdict.effective_expiry, Some(NOW.plus(-DAY)));
    // It was not asked again, and another address has the same first one.
    record.absorb(look(60, &[(TWO, Arc::clone(&ordinary), None)]));
    assert_eq!(the(Code::TlsExpired, &judged(&record, 60)).addresses, [socket(TWO)].into());
    record.absorb(look(120, &[(ONE, Arc::clone(&ordinary), Some(OtherChain::Absent))]));
    assert_healthy(&judged(&record, 120));
    // A server that has gone over to its second certificate shows it once.
    record.absorb(look(180, &[(ONE, ordinary, Some(OtherChain::Presented(rsa("second", -1))))]));
    record.absorb(look(240, &[(ONE, rsa("second", -1), None)]));
    assert_eq!(found(&judged(&record, 240)), [(Code::TlsExpired, Critical)]);
}

#[test]
fn pairs_agree_whichever_comes_first_and_two_of_a_kind_do_not() {
    let (curve, one, two) = (leaf().presented(), rsa("one", 60), rsa("two", 61));
    let pair = |other: &Arc<Presented>| Some(OtherChain::Presented(Arc::clone(other)));
    for (first, second, agree) in [
        ((&curve, pair(&one)), (&curve, pair(&one)), true),
        ((&curve, pair(&one)), (&one, pair(&curve)), true),
        ((&curve, pair(&one)), (&curve, None), true),
        ((&curve, pair(&one)), (&curve, pair(&two)), false),
        ((&curve, pair(&one)), (&one, Some(OtherChain::Absent)), false),
        ((&curve, Some(OtherChain::Absent)), (&one, Some(OtherChain::Absent)), false),
        ((&one, None), (&two, None), false),
    ] {
        let mut record = Record::default();
        let shown = [(ONE, Arc::clone(first.0), first.1.clone()), (TWO, Arc::clone(second.0), second.1.clone())];
        record.absorb(look(0, &shown));
        let expected: &[_] = if agree { &[] } else { &[(Code::TlsAddressesDisagree, Info)] };
        assert_eq!(found(&judged(&record, 0)), expected, "{first:?} {second:?}");
    }
}

#[test]
fn our_client_certificate_runs_out_on_time_and_breaks_no_hop() {
    let own = |days: i64| Arc::new(Certificate::sample("notafter", NOW.plus((days - 90) * DAY), NOW.plus(days * DAY)));
    let at = |chain: Vec<Arc<Certificate>>, seconds: i64| {
        let mut record = Record::default();
        let mut look = seen([address(ONE)]).look(NOW);
        look.client_certificate = Some(chain.into());
        record.absorb(look);
        judged(&record, seconds)
    };
    assert_healthy(&at(vec![own(60)], 0));
    assert_eq!(at(vec![own(60)], 0).changes_at, Some(NOW.plus(39 * DAY)));
    let soon = Code::TlsClientCertificateExpiresSoon;
    assert_eq!(found(&at(vec![own(21)], 0)), [(soon, Warning)]);
    assert_eq!(found(&at(vec![own(7)], 0)), [(soon, Critical)]);
    assert_eq!(found(&at(vec![own(60), own(7)], 0)), [(soon, Critical)], "of its chain the first to run out counts");
    assert_eq!(found(&at(vec![own(1)], DAY)), [(soon, Critical)]);
    let verdict = at(vec![own(1)], DAY + 1);
    assert_eq!(found(&verdict), [(Code::TlsClientCertificateExpired, Critical)]);
    assert_eq!(verdict.path.broken_at(), None);
}

#[test]
fn a_host_that_is_for_machines_may_demand_certificates() {
    let demands = seen([address(ONE).fails(Code::TlsClientCertificateRequired)]);
    assert_eq!(found(&demands.verdict()), [(Code::TlsClientCertificateRequired, Critical)]);
    let meant = demands.domain(|domain| domain.mtls_of = Some(name("example.com")));
    assert_eq!(found(&meant.verdict()), [(Code::TlsClientCertificateRequired, Info)]);
}

#[test]
fn a_server_that_is_too_old_is_critical_though_another_is_not() {
    let scene = seen([address(ONE), address(TWO).fails(Code::TlsOnlyLegacy)]);
    assert_eq!(found(&scene.verdict()), [(Code::TlsOnlyLegacy, Critical)]);
    let scene = seen([address(ONE).fails(Code::TlsOnlyOldSuites)]);
    assert_eq!(
        (found(&scene.verdict()), scene.verdict().path.broken_at()),
        (vec![(Code::TlsOnlyOldSuites, Warning)], None)
    );
}
