//! Renewals that are late by the domain's own habit, and such as change more than a renewal should.

use super::leaf::Chain;
use super::*;
use crate::observation::Presented;
use crate::observation::certificate::{KeyType, PublicKey};
use crate::verdict::Record;
use crate::verdict::Severity::Warning;

const ONE: &str = "192.0.2.1:443";

/// A chain whose leaf began so many seconds from now.
fn begun(at: i64, days: i64) -> Chain {
    leaf().left(at + days * DAY).lifetime(days)
}

fn at_one(chain: &Chain) -> Scene {
    seen([address(ONE).presents(chain)])
}

/// A domain that has renewed so often, each time after so many days of a lifetime of so many; the last renewal is now.
fn with_habit(renewals: i64, after: i64, days: i64) -> (Record, Scene) {
    let mut record = Record::default();
    for turn in (0..=renewals).rev() {
        let from = -turn * after * DAY;
        let scene = at_one(&begun(from, days));
        for hours in [0, 1, 2] {
            record.absorb(scene.look(NOW.plus(from + hours * HOUR)));
        }
    }
    (record, at_one(&begun(0, days)))
}

#[test]
fn late_by_its_own_habit_is_a_warning_before_any_threshold() {
    // Usual day, the first day on which it is late, and the day of the threshold.
    for (after, days, late, soon) in [(60, 90, 64.5, 69.0), (133, 200, 143.0, 179.0), (31, 47, 33.35, 35.25)] {
        let (record, scene) = with_habit(3, after, days);
        let (late, soon) = ((late * DAY as f64) as i64, (soon * DAY as f64) as i64);
        let judged = |seconds: i64| scene.judge(&record, NOW.plus(seconds));
        assert_healthy(&judged(late - 1));
        assert_eq!(judged(0).changes_at, Some(NOW.plus(late)), "{days} d");
        let verdict = judged(late);
        assert_eq!(found(&verdict), [(Code::TlsRenewalLate, Warning)], "{days} d");
        assert_eq!(verdict.changes_at, Some(NOW.plus(soon)));
        // Then the threshold speaks, of the same incident.
        assert_eq!(found(&judged(soon)), [(Code::TlsExpiresSoon, Warning)], "{days} d");
        assert_eq!(
            crate::verdict::catalogue::entry(Code::TlsRenewalLate).family,
            crate::verdict::catalogue::entry(Code::TlsExpiresSoon).family
        );
    }
}

#[test]
fn it_says_what_is_usual() {
    let (record, scene) = with_habit(3, 133, 200);
    let verdict = scene.judge(&record, NOW.plus(150 * DAY));
    let late = the(Code::TlsRenewalLate, &verdict);
    let expected = "the certificate is usually renewed with 67 d left, and has 50 d left, until 2027-08-03T08:00:00Z";
    assert_eq!(late.summary, expected);
    assert_eq!(late.facts["usual_at"], NOW.plus(133 * DAY).to_string());
    assert_eq!(late.facts["usual_percent"], 67);
    assert_eq!(late.facts["late_seconds"], 17 * DAY);
    assert_eq!(late.facts["renewals_seen"], 3);
    assert_eq!(late.addresses, [socket(ONE)].into());
}

#[test]
fn nothing_is_late_without_a_habit() {
    for (record, scene) in [with_habit(0, 60, 90), with_habit(1, 60, 90)] {
        assert_healthy(&scene.judge(&record, NOW.plus(68 * DAY)));
    }
}

#[test]
fn the_old_leaf_of_a_rollout_is_not_late() {
    let (mut record, scene) = with_habit(3, 60, 90);
    let two = "192.0.2.2:443";
    let both = seen([address(ONE).presents(&begun(60 * DAY, 90)), address(two).presents(&begun(0, 90))]);
    record.absorb(both.look(NOW.plus(60 * DAY)));
    let verdict = scene.judge(&record, NOW.plus(65 * DAY));
    assert_eq!(found(&verdict), [(Code::TlsRolloutStuck, Warning)]);
}

/// A good chain with another leaf.
fn spoilt(chain: &Chain, spoil: impl FnOnce(&mut crate::observation::certificate::Certificate)) -> Scene {
    let mut presented = Presented::clone(&chain.presented());
    let mut leaf = (*presented.chain[0]).clone();
    spoil(&mut leaf);
    presented.chain[0] = leaf.into();
    seen([address(ONE).presents_this(presented)])
}

#[test]
fn a_surprise_is_told_for_less_than_a_day() {
    let old = begun(-60 * DAY, 90);
    let mut record = at_one(&old).record();
    let scene = spoilt(&begun(-HOUR, 90), |leaf| {
        leaf.issuer = "CN=WE1,O=Other Trust Services".to_owned();
        leaf.key = PublicKey { key_type: KeyType::Rsa, bits: Some(2048), curve: None };
    });
    record.absorb(scene.look(NOW.plus(HOUR)));
    let judged = |seconds: i64| scene.judge(&record, NOW.plus(seconds));
    let verdict = judged(HOUR);
    assert_eq!(found(&verdict), [(Code::TlsRenewalSurprising, Warning)]);
    let finding = the(Code::TlsRenewalSurprising, &verdict);
    assert_eq!(
        finding.summary,
        "the new certificate, first seen on 2027-01-15T09:00:00Z, is from another CA: Other Trust Services, before \
         CN=Issuing CA; it has a weaker key: RSA 2048, before EC P-256"
    );
    assert_eq!(finding.facts["surprises"], serde_json::json!(["authority", "weaker_key"]));
    assert_eq!((&finding.facts["old_key"], &finding.facts["new_key"]), (&"EC P-256".into(), &"RSA 2048".into()));
    assert_eq!(verdict.changes_at, Some(NOW.plus(21 * HOUR)));
    assert_eq!(found(&judged(21 * HOUR - 1)).len(), 1);
    assert_healthy(&judged(21 * HOUR));
}

#[test]
fn an_ordinary_renewal_is_no_news() {
    let mut record = at_one(&begun(-60 * DAY, 90)).record();
    let scene = at_one(&begun(-HOUR, 47));
    record.absorb(scene.look(NOW.plus(HOUR)));
    assert_healthy(&scene.judge(&record, NOW.plus(HOUR)));
}

/// A leaf of 90 days with 60 left.
fn suggested(seconds: i64) -> Scene {
    seen([address(ONE).suggested_from(seconds)])
}

#[test]
fn an_ordinary_window_is_no_news_however_long_it_is_over() {
    for start in [30 * DAY, 15 * DAY] {
        let verdict = suggested(start).verdict();
        assert_healthy(&verdict);
        let over = suggested(start).verdict_in(38 * DAY);
        assert_healthy(&over);
    }
}

#[test]
fn a_window_long_before_its_time_is_told_once_it_has_begun() {
    let scene = suggested(2 * HOUR);
    assert_healthy(&scene.verdict());
    assert_eq!(scene.verdict().changes_at, Some(NOW.plus(2 * HOUR)));
    let verdict = scene.verdict_in(2 * HOUR);
    assert_eq!(found(&verdict), [(Code::TlsRenewalUrged, Warning)]);
    let urged = the(Code::TlsRenewalUrged, &verdict);
    assert_eq!(urged.facts["explanation_url"], "https://ca.example/why");
    assert_eq!((&urged.facts["window_start"], urged.addresses.len()), (&NOW.plus(2 * HOUR).to_string().into(), 1));
    assert_eq!(
        urged.summary,
        "the CA wants this certificate replaced now, between 2027-01-15T10:00:00Z and 2027-01-16T10:00:00Z, though it has \
         59 d 22 h left: it may be about to be revoked"
    );
}

#[test]
fn a_window_that_was_moved_is_told_though_it_is_not_early() {
    let mut record = suggested(30 * DAY).record();
    let moved = suggested(14 * DAY);
    record.absorb(moved.look(NOW.plus(HOUR)));
    // CAs that were not asked, or did not answer, take nothing back.
    record.absorb(at_one(&leaf()).look(NOW.plus(2 * HOUR)));
    assert_healthy(&moved.judge(&record, NOW.plus(14 * DAY - 1)));
    assert_eq!(found(&moved.judge(&record, NOW.plus(14 * DAY))), [(Code::TlsRenewalUrged, Warning)]);
    // What was said of one leaf is not said of the next.
    record.absorb(at_one(&begun(14 * DAY, 90)).look(NOW.plus(15 * DAY)));
    assert_healthy(&moved.judge(&record, NOW.plus(15 * DAY)));
}
