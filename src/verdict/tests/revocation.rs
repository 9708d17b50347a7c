//! What staples and lists say, and what that comes to with the time.

use super::leaf::Chain;
use super::*;
use crate::observation::certificate::Certificate;
use crate::observation::{Revocation, RevocationSource, RevocationStatus};
use crate::verdict::Severity::{Critical, Warning};
use crate::verdict::judge;

use RevocationSource::{Crl, Staple};
use RevocationStatus::{Good, Revoked, Unknown};

const V4: &str = "192.0.2.1:443";

/// What this source says of the certificate, from an hour ago for a day.
fn said(certificate: &Certificate, source: RevocationSource, status: RevocationStatus) -> Revocation {
    let url = (source == Crl).then(|| "http://crl.example/1.crl".to_owned());
    let why = (status == Unknown).then(|| "it is about another certificate".to_owned());
    Revocation {
        status,
        this_update: Some(NOW.plus(-HOUR)),
        next_update: Some(NOW.plus(DAY)),
        revoked_at: (status == Revoked).then(|| NOW.plus(-2 * HOUR)),
        reason: (status == Revoked).then_some("keyCompromise"),
        why,
        ..Revocation::unknown(certificate.sha256, source, url, String::new())
    }
}

fn leaf_of(chain: &Chain) -> Certificate {
    chain.presented().leaf().unwrap().as_ref().clone()
}

fn scene(chain: &Chain, stapled: bool, all: impl IntoIterator<Item = Revocation>) -> Scene {
    seen([address(V4).presents(chain).says(stapled, all)])
}

fn status(verdict: &Verdict) -> RevocationStatus {
    verdict.revocation.as_ref().unwrap().status
}

#[test]
fn whoever_was_revoked_is_critical_whoever_says_so() {
    let chain = leaf();
    for source in [Staple, Crl] {
        let verdict = scene(&chain, source == Staple, [said(&leaf_of(&chain), source, Revoked)]).verdict();
        assert_eq!(found(&verdict), [(Code::TlsRevoked, Critical)]);
        let finding = the(Code::TlsRevoked, &verdict);
        assert!(finding.summary.starts_with(&format!("the certificate was revoked on {}", NOW.plus(-2 * HOUR))));
        assert_eq!(finding.facts["reason"], "keyCompromise");
        assert_eq!(finding.facts.contains_key("url"), source == Crl);
        assert_eq!(status(&verdict), Revoked);
    }
    // Another source that says good changes nothing.
    let both = [said(&leaf_of(&chain), Staple, Good), said(&leaf_of(&chain), Crl, Revoked)];
    assert_eq!(found(&scene(&chain, true, both).verdict()), [(Code::TlsRevoked, Critical)]);
}

#[test]
fn who_was_revoked_stays_so_however_old_the_news() {
    let chain = leaf();
    let scene = scene(&chain, false, [said(&leaf_of(&chain), Crl, Revoked)]);
    assert_eq!(found(&scene.verdict_in(10 * DAY)), [(Code::TlsRevoked, Critical)]);
    // But not before it was.
    assert_eq!(found(&scene.verdict_in(-3 * HOUR)), []);
}

#[test]
fn an_intermediate_counts_where_every_path_needs_it() {
    let path = |name: &str| vec![ca(name).sent(), ca("Root CA").root()];
    let revoked = said(&path("Issuing CA")[0].certificate, Crl, Revoked);
    let one = scene(&leaf(), false, [revoked.clone()]).verdict();
    assert_eq!(found(&one), [(Code::TlsRevoked, Critical)]);
    assert!(the(Code::TlsRevoked, &one).summary.starts_with("Issuing CA in the certificate's chain was revoked"));
    let two = leaf().paths([path("Issuing CA"), path("Other CA")]);
    assert_healthy(&scene(&two, false, [revoked]).verdict());
}

#[test]
fn unknown_is_neither_good_nor_a_fault() {
    let chain = leaf();
    let none = scene(&chain, false, []).verdict();
    assert_healthy(&none);
    assert_eq!(none.revocation.as_ref().unwrap().why, "no OCSP response is stapled");
    assert_eq!(status(&none), Unknown);
    let lost = scene(&chain, false, [said(&leaf_of(&chain), Crl, Unknown)]).verdict();
    assert_healthy(&lost);
    assert_eq!(lost.revocation.as_ref().unwrap().why, "the CA's list: it is about another certificate");
    let good = scene(&chain, false, [said(&leaf_of(&chain), Crl, Good)]);
    assert_eq!(status(&good.verdict()), Good);
    let old = good.verdict_in(DAY + 1);
    assert_eq!((found(&old), status(&old)), (vec![], Unknown));
    assert!(old.revocation.unwrap().why.starts_with("the CA's list ran out on"));
    assert_eq!(seen([address(V4)]).verdict().revocation, None, "where nobody asked");
}

#[test]
fn a_bad_staple_is_a_warning_and_a_missing_one_that_must_be_there_critical() {
    let plain = leaf();
    let of = |chain: &Chain, status| said(&leaf_of(chain), Staple, status);
    let good = scene(&plain, true, [of(&plain, Good)]);
    assert_healthy(&good.verdict());
    assert_eq!(good.verdict().changes_at, Some(NOW.plus(DAY + 1)));
    assert_eq!(found(&good.verdict_in(DAY + 1)), [(Code::TlsOcspStale, Warning)]);
    assert_eq!(found(&good.verdict_in(-2 * HOUR)), [(Code::TlsOcspStale, Warning)]);
    let invalid = scene(&plain, true, [of(&plain, Unknown)]).verdict();
    assert_eq!(found(&invalid), [(Code::TlsOcspInvalid, Warning)]);
    assert_eq!(the(Code::TlsOcspInvalid, &invalid).facts["detail"], "it is about another certificate");
    let must = leaf().must_staple();
    let missing = [(Code::TlsMustStaple, Critical)];
    assert_eq!(found(&scene(&must, false, []).verdict()), missing);
    assert_eq!(found(&scene(&must, true, [of(&must, Unknown)]).verdict()), missing);
    let good = scene(&must, true, [of(&must, Good)]);
    assert_healthy(&good.verdict());
    assert_eq!(found(&good.verdict_in(DAY + 1)), missing);
    assert_healthy(&seen([address(V4).presents(&must)]).verdict());
    // Of a chain that leads nowhere nobody can tell who should have signed it.
    let untrusted = leaf().untrusted();
    assert_eq!(found(&scene(&untrusted, true, [of(&untrusted, Unknown)]).verdict()), [(Code::TlsUntrusted, Critical)]);
}

#[test]
fn what_was_found_out_outlives_a_host_that_stopped_answering() {
    let chain = leaf();
    let scene = scene(&chain, false, [said(&leaf_of(&chain), Crl, Revoked)]);
    let mut record = scene.record();
    record.absorb(seen([address(V4).fails(Code::ConnectRefused)]).look(NOW.plus(60)));
    let verdict = judge(&scene.domain, &record, &scene.surroundings, NOW.plus(60));
    assert_eq!(found(&verdict), [(Code::ConnectRefused, Critical), (Code::TlsRevoked, Critical)]);
}
