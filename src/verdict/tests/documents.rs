//! The keys that clients get, caches, and what the proxy does not forward.

use std::sync::Arc;

use super::scene::{documents, keys, tenant};
use super::*;
use crate::observation::{Documents, Failure, KeySet, Reply, ViewObservation};
use crate::verdict::Record;
use crate::verdict::Severity::{Critical, Info, Warning};

const ONE: &str = "192.0.2.1:443";
const TWO: &str = "192.0.2.2:443";

fn with(documents: Documents) -> Scene {
    seen([address(ONE).answers(answer(200).documents(documents))])
}

fn page(status: u16) -> Option<Reply> {
    Some(Reply { status: Some(status), ..Reply::default() })
}

/// The tenant, showing these keys.
fn showing(kids: &[&str]) -> ViewObservation {
    let asked = Documents { keys: Some(keys(kids)), ..Documents::default() };
    tenant().answering(answer(200).documents(asked))
}

#[test]
fn documents_as_they_should_be_are_no_finding() {
    assert_healthy(&with(documents(&["one", "two"])).past_proxy(None, showing(&["two", "one"])).verdict());
}

#[test]
fn every_document_that_is_not_as_it_should_be_has_its_code() {
    let broken = Some(Reply { failure: Some(Failure::new(Code::HttpTimeout, "late")), ..Reply::default() });
    let unusable = || {
        let mut reply = keys(&["one"]);
        reply.key_set.iter_mut().flat_map(|set| Arc::make_mut(&mut set.keys)).for_each(|key| key.usable = false);
        Some(reply)
    };
    let no_set = Some(Reply { status: Some(200), is_json: true, ..Reply::default() });
    let empty = Some(Reply { key_set: Some(KeySet::default()), ..no_set.clone().unwrap() });
    let keys_are = |reply: Option<Reply>| Documents { keys_as_cached: reply, ..documents(&["one"]) };
    let userinfo_is = |reply: Option<Reply>| Documents { userinfo: reply, ..documents(&["one"]) };
    let stale = Documents { stale: vec!["/.well-known/jwks.json".to_owned()], ..documents(&["one"]) };
    let cases = [
        (keys_are(page(404)), Some((Code::Auth0JwksUnusable, Critical))),
        (keys_are(page(503)), Some((Code::Auth0JwksUnusable, Critical))),
        (keys_are(broken.clone()), Some((Code::Auth0JwksUnusable, Critical))),
        (keys_are(unusable()), Some((Code::Auth0JwksUnusable, Critical))),
        (keys_are(no_set), Some((Code::Auth0JwksUnusable, Critical))),
        (keys_are(empty), Some((Code::Auth0JwksUnusable, Critical))),
        (keys_are(page(429)), None),
        (keys_are(None), None),
        (userinfo_is(page(200)), Some((Code::Auth0PathNotForwarded, Warning))),
        (userinfo_is(page(404)), Some((Code::Auth0PathNotForwarded, Warning))),
        (userinfo_is(page(502)), Some((Code::Auth0PathNotForwarded, Warning))),
        (userinfo_is(broken), Some((Code::Auth0PathNotForwarded, Warning))),
        (userinfo_is(page(401)), None),
        (userinfo_is(page(429)), None),
        (userinfo_is(None), None),
        (stale, Some((Code::Auth0CacheStale, Warning))),
    ];
    for (documents, expected) in cases {
        let context = format!("{documents:?}");
        let verdict = with(documents).verdict();
        assert_eq!(found(&verdict), expected.into_iter().collect::<Vec<_>>(), "{context}");
        // What no login needs at once does not break its path.
        assert_eq!(verdict.path.broken_at(), None, "{context}");
    }
}

#[test]
fn keys_at_one_address_of_two_are_a_warning() {
    let bad = Documents { keys_as_cached: page(404), ..documents(&["one"]) };
    let good = address(ONE).answers(answer(200).documents(documents(&["one"])));
    let verdict = seen([good, address(TWO).answers(answer(200).documents(bad))]).verdict();
    assert_eq!(found(&verdict), [(Code::Auth0JwksUnusable, Warning)]);
    assert_eq!(verdict.findings[0].addresses, [socket(TWO)].into());
}

#[test]
fn keys_that_are_not_the_tenants_are_named() {
    let verdict = with(documents(&["old", "one"])).past_proxy(None, showing(&["one", "new"])).verdict();
    let finding = the(Code::Auth0JwksMismatch, &verdict);
    assert_eq!((&finding.facts["missing_kids"], &finding.facts["surplus_kids"]), (&["new"].into(), &["old"].into()));
    // A cache is told as a cache.
    let stale = Documents { stale: vec!["/.well-known/jwks.json".to_owned()], ..documents(&["old"]) };
    let verdict = with(stale).past_proxy(None, showing(&["new"])).verdict();
    assert_eq!(found(&verdict), [(Code::Auth0CacheStale, Warning)]);
}

#[test]
fn after_a_rotation_caches_have_ten_minutes() {
    let scene = with(documents(&["one"])).past_proxy(None, showing(&["one"]));
    let mut record = scene.record();
    let rotated = ViewObservation { at: NOW.plus(60), ..showing(&["two"]) };
    record.absorb_tenant(&Arc::new(rotated));
    let severity = |record: &Record, seconds: i64| {
        let verdict = scene.judge(record, NOW.plus(seconds));
        (the(Code::Auth0JwksMismatch, &verdict).severity, verdict.changes_at)
    };
    assert_eq!(severity(&record, 60), (Info, Some(NOW.plus(660))));
    assert_eq!(severity(&record, 659).0, Info);
    assert_eq!(severity(&record, 660).0, Warning);
    // Through the proxy the new ones come at last.
    record.absorb(with(documents(&["two"])).look(NOW.plus(700)));
    assert_healthy(&scene.judge(&record, NOW.plus(700)));
}

#[test]
fn a_cache_that_was_fresh_before_has_ten_minutes_and_one_found_stale_has_none() {
    let stale = || Documents { stale: vec!["/.well-known/openid-configuration".to_owned()], ..documents(&["one"]) };
    assert_eq!(found(&with(stale()).verdict()), [(Code::Auth0CacheStale, Warning)]);
    let mut record = with(documents(&["one"])).record();
    let scene = with(stale());
    record.absorb(scene.look(NOW.plus(300)));
    let severity =
        |record: &Record, seconds| the(Code::Auth0CacheStale, &scene.judge(record, NOW.plus(seconds))).severity;
    assert_eq!((severity(&record, 300), severity(&record, 900)), (Info, Warning));
    record.absorb(scene.look(NOW.plus(600)));
    assert_eq!(severity(&record, 900), Warning);
}

#[test]
fn an_answer_out_of_a_cache_to_a_question_nobody_asked_before_is_a_warning() {
    for (cached, expected) in
        [(Some("7"), vec![(Code::Auth0CacheIgnoresQuery, Warning)]), (Some("0"), vec![]), (None, vec![])]
    {
        let answer = answer(200).headers(|headers| headers.age = cached.map(str::to_owned));
        assert_eq!(found(&seen([address(ONE).answers(answer)]).verdict()), expected);
    }
}

#[test]
fn endpoints_elsewhere_are_named_unless_the_whole_document_is_anothers() {
    let foreign = |issuer: &str| {
        let mut answer = answer(200).issuer(issuer);
        answer.foreign_endpoints = vec!["token_endpoint: https://example.us.auth0.com/oauth/token".to_owned()];
        seen([address(ONE).answers(answer)]).verdict()
    };
    let verdict = foreign("https://login.example.com/");
    assert_eq!(found(&verdict), [(Code::Auth0EndpointForeign, Warning)]);
    assert!(verdict.findings[0].summary.ends_with("on another host: token_endpoint"), "{:?}", verdict.findings[0]);
    assert_eq!(found(&foreign("https://example.us.auth0.com/")), [(Code::Auth0IssuerMismatch, Critical)]);
}

#[test]
fn a_signing_certificate_is_spoken_of_a_month_before_its_end() {
    let mut set = keys(&["one"]);
    let ends = NOW.plus(100 * DAY);
    set.key_set.iter_mut().flat_map(|set| Arc::make_mut(&mut set.keys)).for_each(|key| key.not_after = Some(ends));
    let documents = Documents { keys: Some(set.clone()), keys_as_cached: Some(set), ..documents(&["one"]) };
    let scene = seen([address(ONE).answers(answer(200).documents(documents))]);
    let found_in = |seconds: i64| {
        let mut record = scene.record();
        record.absorb(scene.look(NOW.plus(seconds)));
        let verdict = scene.judge(&record, NOW.plus(seconds));
        let finding = verdict.findings.iter().find(|finding| finding.code == Code::Auth0SigningCertificateExpires);
        finding.map(|finding| finding.severity)
    };
    assert_eq!(found_in(0), None);
    assert_eq!(found_in(70 * DAY - 1), None);
    assert_eq!(found_in(70 * DAY), Some(Warning));
    assert_eq!(found_in(101 * DAY), Some(Warning));
    assert_eq!(scene.record().signing_certificates_end(), Some(ends));
}
