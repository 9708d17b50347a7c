//! Whether the CA in use may renew: what the CAA records say to it, and when they say nothing.

use super::*;
use crate::observation::Outcome::{Failed, NoData, NotAsked, OutOfResources, Refused, Servfail, Timeout};
use crate::observation::certificate::Certificate;
use crate::observation::{CaaObservation, CaaRecord, CaaSet, CnameLink, Presented};
use crate::verdict::Severity::{Info, Warning};

const V4: &str = "192.0.2.1:443";
const LETS_ENCRYPT: &str = "CN=R12,O=Let's Encrypt,C=US";
const UNKNOWN: &str = "CN=Issuing CA,O=Example Trust";

/// Records as `issue ca.example`, a critical one as `!tag value`.
fn set(at: &str, records: &[&str]) -> CaaSet {
    let records = records.iter().map(|text| {
        let (tag, value) = text.split_once(' ').unwrap_or((text, ""));
        CaaRecord::new(tag.starts_with('!'), tag.trim_start_matches('!'), value.as_bytes())
    });
    CaaSet::found(name(at), Vec::new(), records, Some(60))
}

fn nothing() -> CaaSet {
    CaaSet::without_records(None, NoData)
}

/// A good chain whose leaf is from this issuer and for these names.
fn presented(issuer: &str, names: &[&str]) -> Presented {
    let mut presented = Presented::clone(&leaf().presented());
    let mut certificate = Certificate::clone(presented.leaf().unwrap());
    certificate.issuer = issuer.to_owned();
    certificate.dns_names = names.iter().map(|name| (*name).to_owned()).collect();
    presented.chain[0] = certificate.into();
    presented
}

fn scene(own: CaaSet, wildcard: CaaSet, issuer: &str, names: &[&str]) -> Scene {
    let at = address(V4).presents_this(presented(issuer, names));
    seen([at]).dns(|dns| dns.caa = Some(CaaObservation { own, wildcard }))
}

/// What is found of a leaf for the domain alone.
fn own(issuer: &str, records: &[&str]) -> Vec<(Code, Severity)> {
    found(&scene(set("example.com", records), nothing(), issuer, &[NAME]).verdict())
}

const FORBIDDEN: &[(Code, Severity)] = &[(Code::DnsCaaForbidsIssuer, Warning)];
const UNKNOWN_ISSUER: &[(Code, Severity)] = &[(Code::DnsCaaUnknownIssuer, Info)];

#[test]
fn what_the_records_say_to_the_ca_in_use() {
    for (records, known, unknown) in [
        (&["issue letsencrypt.org"][..], &[][..], UNKNOWN_ISSUER),
        (&["ISSUE LetsEncrypt.ORG ; validationmethods=dns-01"], &[], UNKNOWN_ISSUER),
        (&["issue pki.goog", "issue letsencrypt.org"], &[], UNKNOWN_ISSUER),
        (&["issue ;", "issue letsencrypt.org"], &[], UNKNOWN_ISSUER),
        (&["issue pki.goog"], FORBIDDEN, UNKNOWN_ISSUER),
        (&["issue sub.letsencrypt.org"], FORBIDDEN, UNKNOWN_ISSUER),
        // Nobody may: it does not matter by what name a CA goes.
        (&["issue ;"], FORBIDDEN, FORBIDDEN),
        (&["issue"], FORBIDDEN, FORBIDDEN),
        (&["issue letsencrypt.org."], FORBIDDEN, FORBIDDEN),
        (&["issue letsencrypt.org", "!future x"], FORBIDDEN, FORBIDDEN),
        (&["!future x"], FORBIDDEN, FORBIDDEN),
        // What restricts nobody.
        (&["iodef mailto:security@example.com"], &[], &[]),
        (&["issuewild ;"], &[], &[]),
        (&["issuemail ;"], &[], &[]),
        (&["future x"], &[], &[]),
        (&["!iodef mailto:security@example.com"], &[], &[]),
        (&["!issue letsencrypt.org", "!IssueMail ;"], &[], UNKNOWN_ISSUER),
    ] {
        assert_eq!(own(LETS_ENCRYPT, records), known, "{records:?}");
        assert_eq!(own(UNKNOWN, records), unknown, "{records:?}");
        assert_eq!(own("CN=Issuing CA", records), unknown, "{records:?}");
    }
}

#[test]
fn without_records_nothing_is_found_whoever_issued() {
    for issuer in [LETS_ENCRYPT, UNKNOWN] {
        assert_healthy(&scene(nothing(), nothing(), issuer, &[NAME]).verdict());
        assert_healthy(&seen([address(V4).presents_this(presented(issuer, &[NAME]))]).verdict());
    }
}

#[test]
fn the_names_in_the_certificate_choose_the_records() {
    let le = ["issue letsencrypt.org"];
    let google = ["issue pki.goog"];
    let wild = ["issue pki.goog", "issuewild letsencrypt.org"];
    let not_wild = ["issue letsencrypt.org", "issuewild ;"];
    let (covering, below) = ("*.example.com", "*.login.example.com");
    for (names, own, wildcard, expected) in [
        (&[NAME][..], &le[..], &google[..], &[][..]),
        (&[NAME], &google, &le, FORBIDDEN),
        // Without `issuewild`, `issue` is for wildcards too; with one, it is not.
        (&[covering], &google, &le, &[]),
        (&[covering], &le, &google, FORBIDDEN),
        (&[covering], &google, &wild, &[]),
        (&[covering], &google, &not_wild, FORBIDDEN),
        (&[NAME], &not_wild, &google, &[]),
        (&[NAME], &wild, &le, FORBIDDEN),
        // Every name must be permitted.
        (&[covering, NAME], &le, &le, &[]),
        (&[covering, NAME], &google, &le, FORBIDDEN),
        (&[covering, NAME], &le, &google, FORBIDDEN),
        // A wildcard below the domain is governed by the domain's own records.
        (&[NAME, below], &le, &google, &[]),
        (&[NAME, below], &not_wild, &google, FORBIDDEN),
        (&["LOGIN.example.com", "*.EXAMPLE.com"], &le, &not_wild, FORBIDDEN),
        (&["other.example.net", "*.net", "*.com"], &google, &le, FORBIDDEN),
    ] {
        let scene = scene(set(NAME, own), set("example.com", wildcard), LETS_ENCRYPT, names);
        assert_eq!(found(&scene.verdict()), expected, "{names:?} {own:?} {wildcard:?}");
    }
}

#[test]
fn records_that_cannot_be_read_are_a_fault_where_others_are_answered() {
    let unreadable = |outcome, wildcard, names: &[&str]| {
        scene(CaaSet::without_records(Some(name("example.com")), outcome), wildcard, LETS_ENCRYPT, names)
    };
    let code = [(Code::DnsCaaUnreadable, Warning)];
    for outcome in [Servfail, Refused, Timeout, Failed] {
        let scene = unreadable(outcome, nothing(), &[NAME]);
        let verdict = scene.verdict();
        assert_eq!((found(&verdict), verdict.level), (code.to_vec(), Level::Warning), "{outcome:?}");
        let facts = &the(Code::DnsCaaUnreadable, &verdict).facts;
        assert_eq!((&facts["caa_name"], &facts["outcome"]), (&"example.com".into(), &outcome.title().into()));
        // Those of the domain itself do not matter to a wildcard that other records govern.
        assert_healthy(&unreadable(outcome, nothing(), &["*.example.com"]).verdict());
        let no_address = scene.outcomes(NoData, NoData).verdict();
        assert!(!found(&no_address).iter().any(|(found, _)| *found == code[0].0), "{:?}", found(&no_address));
    }
    for ours in [OutOfResources, NotAsked] {
        assert_healthy(&unreadable(ours, nothing(), &[NAME]).verdict());
    }
}

#[test]
fn without_a_certificate_only_unreadable_records_are_a_fault() {
    let seen = |caa: CaaSet| {
        let scene = seen([address(V4).fails(Code::ConnectRefused)]);
        let caa = CaaObservation { own: caa.clone(), wildcard: caa };
        let verdict = scene.dns(|dns| dns.caa = Some(caa)).verdict();
        found(&verdict).into_iter().map(|(code, _)| code).collect::<Vec<_>>()
    };
    assert_eq!(seen(set(NAME, &["issue ;"])), [Code::ConnectRefused]);
    let failed = CaaSet::without_records(Some(name(NAME)), Servfail);
    assert_eq!(seen(failed), [Code::ConnectRefused, Code::DnsCaaUnreadable]);
}

#[test]
fn a_certificate_signed_by_itself_is_renewed_by_nobody() {
    let itself = Presented { self_signed: true, ..presented(LETS_ENCRYPT, &[NAME]) };
    let caa = CaaObservation { own: set(NAME, &["issue pki.goog"]), wildcard: nothing() };
    let verdict = seen([address(V4).presents_this(itself)]).dns(|dns| dns.caa = Some(caa)).verdict();
    assert!(found(&verdict).iter().all(|(code, _)| *code != Code::DnsCaaForbidsIssuer), "{:?}", found(&verdict));
}

#[test]
fn what_is_said_of_it() {
    let mut records = set(NAME, &["issue pki.goog", "issue digicert.com; accounturi=https://ca.example/1", "issue ;"]);
    records.cname = vec![CnameLink { name: name(NAME), target: name("cdn.example.net"), ttl: 60 }];
    let verdict = scene(records, nothing(), LETS_ENCRYPT, &[NAME]).verdict();
    let finding = the(Code::DnsCaaForbidsIssuer, &verdict);
    let summary =
        "the CAA records of cdn.example.net let only digicert.com, pki.goog issue certificates, not Let's Encrypt";
    assert_eq!(finding.summary, summary);
    let expected = serde_json::json!({
        "caa_name": "cdn.example.net",
        "permitted": ["digicert.com", "pki.goog"],
        "property": "issue",
        "issuer": LETS_ENCRYPT,
        "identifiers": ["letsencrypt.org"],
    });
    assert_eq!(serde_json::Value::from(finding.facts.clone()), expected);
    assert_eq!(verdict.path.broken_at(), None);
}

#[test]
fn what_the_operator_says_of_the_ca_comes_before_what_is_known() {
    for (told, records, expected) in [
        (&["ca.example"][..], "issue ca.example", &[][..]),
        (&["ca.example", "pki.goog"], "issue pki.goog", &[]),
        (&["ca.example"], "issue letsencrypt.org", FORBIDDEN),
    ] {
        for issuer in [LETS_ENCRYPT, UNKNOWN, "CN=Issuing CA"] {
            let scene = scene(set(NAME, &[records]), nothing(), issuer, &[NAME]);
            let told = told.iter().map(|text| name(text)).collect();
            let verdict = scene.domain(|domain| domain.expected.caa_identifiers = told).verdict();
            assert_eq!(found(&verdict), expected, "{records} {issuer}");
        }
    }
}

#[test]
fn one_finding_of_a_code_however_many_certificates_are_in_use() {
    let google = "CN=WE1,O=Google Trust Services,C=US";
    let at = |address_of: &str, issuer| address(address_of).presents_this(presented(issuer, &[NAME]));
    let both = seen([at(V4, LETS_ENCRYPT), at("192.0.2.2:443", google)]);
    let caa = CaaObservation { own: set(NAME, &["issue ;"]), wildcard: nothing() };
    let verdict = both.dns(|dns| dns.caa = Some(caa)).verdict();
    assert_eq!(verdict.findings.iter().filter(|found| found.code == Code::DnsCaaForbidsIssuer).count(), 1);
}

#[test]
fn what_a_look_did_not_ask_again_stays() {
    let asked = scene(set(NAME, &["issue pki.goog"]), nothing(), LETS_ENCRYPT, &[NAME]);
    let unasked = asked.clone().dns(|dns| dns.caa = None);
    let mut record = asked.record();
    record.absorb(unasked.look(NOW.plus(60)));
    assert_eq!(found(&asked.judge(&record, NOW.plus(60))), FORBIDDEN);
    let mended = asked.clone().dns(|dns| dns.caa = Some(CaaObservation { own: nothing(), wildcard: nothing() }));
    record.absorb(mended.look(NOW.plus(300)));
    assert_healthy(&asked.judge(&record, NOW.plus(300)));
}
