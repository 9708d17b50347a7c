//! What the zone's own name servers say beside the resolver, as time passes; signatures and registrations, which run out.

use super::*;
use crate::domain::{DomainName, UnixTime};
use crate::observation::{
    Answered, AuthorityObservation, Bogus, DnssecCheck, DnssecObservation, ExtendedError, Outcome, RecordKind,
    RegistrationObservation, ServerState, Signed, Validation, Wanted, ZoneServer,
};
use crate::verdict::Severity::{Critical, Info, Warning};

const V4: &str = "192.0.2.1:443";
const VALUE: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";
const TXT_NAME: &str = "_cf-custom-hostname.login.example.com";
const DAY: i64 = 86_400;

fn answered(at: &str, kind: RecordKind, records: &[&str]) -> Answered {
    Answered {
        name: name(at),
        kind,
        records: records.iter().map(|record| (*record).to_owned()).collect(),
        ttl: Some(60),
        outcome: if records.is_empty() { Outcome::NoData } else { Outcome::Found },
    }
}

/// A server with these addresses of the domain, and this ownership record.
fn server(last: u8, addresses: &[&str], txt: &[&str]) -> ZoneServer {
    ZoneServer {
        name: Some(name(&format!("ns{last}.example.com"))),
        address: socket(&format!("192.0.2.{last}:53")),
        state: ServerState::Answers,
        detail: None,
        serial: Some(1),
        answers: vec![
            answered(NAME, RecordKind::A, addresses),
            answered(NAME, RecordKind::Aaaa, &[]),
            answered(TXT_NAME, RecordKind::Txt, txt),
        ],
        varies: false,
    }
}

/// What these servers say, asked at this time, beside what the resolver says in this scene.
fn asked(scene: Scene, at: UnixTime, servers: Vec<ZoneServer>) -> Scene {
    scene.dns(|dns| {
        (dns.a.asked_at, dns.aaaa.asked_at, dns.txt.asked_at) = (Some(at), Some(at), Some(at));
        let mut authority = AuthorityObservation {
            at,
            zone: Some(name("example.com")),
            zone_servers: Vec::new(),
            parent_servers: None,
            servers,
            surplus_servers: 0,
            negative_ttl: Some(300),
            outdated: Vec::new(),
            disagree_since: None,
        };
        authority.outdated = dns.compare(&name(NAME), &authority);
        dns.authority = Some(Box::new(authority));
    })
}

fn expecting_txt() -> Scene {
    seen([address(V4)]).domain(|domain| domain.expected.txt = Some(VALUE.to_owned()))
}

#[test]
fn an_old_answer_is_told_until_caches_have_forgotten_it() {
    let moved = || vec![server(1, &["192.0.2.9"], &[VALUE]), server(2, &["192.0.2.9"], &[VALUE])];
    let scene = asked(expecting_txt().txt(&[VALUE]), NOW, moved());
    let mut record = scene.record();
    let verdict = scene.judge(&record, NOW);
    assert_eq!(found(&verdict), [(Code::DnsResolverOutdated, Info)]);
    assert_eq!(verdict.findings[0].facts["cached_until"], NOW.plus(60).to_string());
    assert_eq!(verdict.changes_at, Some(NOW.plus(60)));
    // Asked again, the resolver has as much to go as ever: that is no cache, but another view of the zone.
    let again = asked(expecting_txt().txt(&[VALUE]), NOW.plus(50), moved());
    record.absorb(again.look(NOW.plus(50)));
    assert_eq!(found(&again.judge(&record, NOW.plus(59))), [(Code::DnsResolverOutdated, Info)]);
    assert_eq!(found(&again.judge(&record, NOW.plus(60))), []);
    // And where the resolver has come to say the same, nothing is outdated any more.
    let mut later = scene.record();
    let caught_up = expecting_txt().txt(&[VALUE]).dns(|dns| dns.a.records = vec!["192.0.2.9".parse().unwrap()]);
    later.absorb(caught_up.look(NOW.plus(10)));
    assert_eq!(found(&caught_up.judge(&later, NOW.plus(10))), []);
}

#[test]
fn what_is_mended_at_the_source_is_said_to_be_and_what_is_lost_there_warns() {
    let both = |addresses: &[&str], txt: &[&str]| vec![server(1, addresses, txt), server(2, addresses, txt)];
    let mended = asked(expecting_txt(), NOW, both(&["192.0.2.1"], &[VALUE])).verdict();
    assert_eq!(found(&mended), [(Code::DnsTxtMissing, Warning), (Code::DnsResolverOutdated, Info)]);
    assert!(mended.findings[0].summary.contains("; the zone's name servers have it right already, "));
    assert_eq!(mended.findings[0].facts["cached_until"], NOW.plus(300).to_string(), "by the zone's own negative TTL");
    for (addresses, txt, code) in [
        (&["192.0.2.1"][..], &[][..], "dns.txt_missing"),
        (&[], &[VALUE], "dns.no_address"),
        (&["192.0.2.1"], &["x"], "dns.txt_mismatch"),
    ] {
        let lost = asked(expecting_txt().txt(&[VALUE]), NOW, both(addresses, txt)).verdict();
        assert_eq!(found(&lost), [(Code::DnsResolverOutdated, Warning)], "{code}");
        assert_eq!(lost.findings[0].facts["comes_to"], code);
    }
    let wrong = asked(expecting_txt(), NOW, both(&["192.0.2.1"], &[])).verdict();
    assert_eq!(found(&wrong), [(Code::DnsTxtMissing, Warning)]);
    assert!(!wrong.findings[0].facts.contains_key("mended_at_the_source"));
}

#[test]
fn an_alias_at_the_source_counts_in_place_of_addresses() {
    let cname = |target: &str| {
        let mut server = server(1, &[], &[]);
        server.answers = vec![answered(NAME, RecordKind::Cname, &[target]), answered(TXT_NAME, RecordKind::Txt, &[])];
        vec![server]
    };
    let proxied = || seen([address(V4)]).domain(|domain| domain.expected.cname = Some(name("proxy.example.net")));
    let old = proxied().cname(&["old.example.net"]);
    let mended = asked(old.clone(), NOW, cname("proxy.example.net")).verdict();
    assert_eq!(found(&mended), [(Code::DnsCnameMismatch, Warning), (Code::DnsResolverOutdated, Info)]);
    assert!(mended.findings[0].facts.contains_key("mended_at_the_source"));
    assert_eq!(found(&asked(old, NOW, cname("old.example.net")).verdict()), [(Code::DnsCnameMismatch, Warning)]);
    let lost = asked(proxied().cname(&["proxy.example.net"]), NOW, cname("old.example.net")).verdict();
    assert_eq!(found(&lost), [(Code::DnsResolverOutdated, Warning)]);
}

#[test]
fn servers_that_disagree_are_a_fault_only_after_a_while() {
    let torn = || vec![server(1, &["192.0.2.1"], &[VALUE]), server(2, &["192.0.2.1"], &["other"])];
    let scene = asked(expecting_txt().txt(&[VALUE]), NOW, torn());
    let mut record = scene.record();
    assert_eq!(found(&scene.judge(&record, NOW)), [(Code::DnsNameserversDisagree, Info)]);
    assert_eq!(scene.judge(&record, NOW).changes_at, Some(NOW.plus(600)));
    assert_eq!(found(&scene.judge(&record, NOW.plus(600))), [(Code::DnsNameserversDisagree, Warning)]);
    record.absorb(asked(expecting_txt().txt(&[VALUE]), NOW.plus(500), torn()).look(NOW.plus(500)));
    assert_eq!(found(&scene.judge(&record, NOW.plus(600))), [(Code::DnsNameserversDisagree, Warning)]);
    let agreed = vec![server(1, &["192.0.2.1"], &[VALUE]), server(2, &["192.0.2.1"], &[VALUE])];
    record.absorb(asked(expecting_txt().txt(&[VALUE]), NOW.plus(700), agreed).look(NOW.plus(700)));
    assert_eq!(found(&scene.judge(&record, NOW.plus(700))), []);
    record.absorb(asked(expecting_txt().txt(&[VALUE]), NOW.plus(800), torn()).look(NOW.plus(800)));
    assert_eq!(found(&scene.judge(&record, NOW.plus(800))), [(Code::DnsNameserversDisagree, Info)], "another time");
}

#[test]
fn what_nobody_wants_to_know_any_more_is_forgotten() {
    let lost = || asked(expecting_txt().txt(&[VALUE]), NOW, vec![server(1, &["192.0.2.1"], &[])]);
    for (still, expected) in [(true, vec![(Code::DnsResolverOutdated, Warning)]), (false, vec![])] {
        let wanted = Wanted { authority: still, dnssec: still, registration: still };
        let mut record = lost().record();
        let scene = expecting_txt().txt(&[VALUE]).dns(|dns| dns.wanted = wanted);
        record.absorb(scene.look(NOW.plus(10)));
        assert_eq!(found(&scene.judge(&record, NOW.plus(10))), expected, "{still}");
    }
}

#[test]
fn a_server_that_fails_is_as_bad_as_the_others_are_good() {
    let failing = |last, state| ZoneServer {
        state,
        detail: Some("REFUSED".to_owned()),
        serial: None,
        answers: Vec::new(),
        ..server(last, &[], &[])
    };
    let good = server(1, &["192.0.2.1"], &[]);
    let (lame, unreachable) = (ServerState::Lame, ServerState::Unreachable);
    let no_route = failing(9, ServerState::NotLooked);
    let (l, u) = (Code::DnsNameserverLame, Code::DnsNameserverUnreachable);
    let sound = || seen([address(V4)]);
    let failed = || seen([]).outcomes(Outcome::Servfail, Outcome::Servfail).dns(|dns| dns.others_answer = Some(true));
    for (scene, servers, expected) in [
        (sound(), vec![good.clone(), failing(2, lame)], vec![(l, Warning)]),
        (sound(), vec![good.clone(), failing(2, unreachable), no_route.clone()], vec![(u, Warning)]),
        (sound(), vec![failing(2, lame), failing(3, unreachable)], vec![(l, Warning), (u, Warning)]),
        (sound(), vec![good, no_route.clone()], vec![]),
        (sound(), vec![no_route], vec![]),
        (failed(), vec![failing(2, unreachable)], vec![(u, Critical), (Code::DnsServfail, Critical)]),
    ] {
        let verdict = asked(scene, NOW, servers).verdict();
        let about: Vec<_> = found(&verdict).into_iter().filter(|(code, _)| code.area() == "dns").collect();
        assert_eq!(about, expected);
    }
}

#[test]
fn what_fails_for_its_signatures_is_not_called_a_failure_of_servers() {
    let expired =
        ExtendedError { question: format!("A {NAME}"), code: 7, title: Some("Signature Expired"), text: String::new() };
    let bogus = Bogus { name: name(NAME), record_type: "A".to_owned(), extended_errors: vec![expired] };
    let verdict = seen([]).outcomes(Outcome::Servfail, Outcome::Servfail).dns(|dns| dns.bogus = vec![bogus]).verdict();
    assert_eq!(found(&verdict)[0], (Code::DnsDnssecBogus, Critical));
    assert!(verdict.findings[0].summary.contains("Signature Expired"));
    assert_eq!(verdict.path.broken_at().map(|hop| hop.as_str()), Some("dns"));
}

fn signed(zone: &str, keys: Validation, validity: i64, left: i64) -> Scene {
    let check = DnssecCheck { name: name(zone), record_type: "DNSKEY".to_owned(), state: keys };
    let set = Signed {
        name: name(NAME),
        record_type: "A".to_owned(),
        zone: name(zone),
        inception: NOW.plus(left - validity),
        expiration: NOW.plus(left),
    };
    seen([address(V4)])
        .dns(|dns| dns.dnssec = Some(Box::new(DnssecObservation { at: NOW, checks: vec![check], signed: vec![set] })))
}

#[test]
fn ordinary_signing_wakes_nobody() {
    let soon = Code::DnsSignatureExpiresSoon;
    for (validity, left, expected) in [
        // The least that is left where signers do as they should: Cloudflare, Knot, BIND, OpenDNSSEC, PowerDNS.
        (2 * DAY, DAY - 3600, None),
        (14 * DAY, 7 * DAY - 3600, None),
        (14 * DAY, 5 * DAY - 3600, None),
        (14 * DAY, 3 * DAY - 3600, None),
        (21 * DAY, 7 * DAY - 3600, None),
        (14 * DAY, 2 * DAY + 1, None),
        (14 * DAY, 2 * DAY, Some((soon, Warning))),
        (14 * DAY, DAY / 2, Some((soon, Critical))),
        (2 * DAY, DAY / 2, Some((soon, Warning))),
        (14 * DAY, 0, Some((soon, Critical))),
        (14 * DAY, -1, Some((Code::DnsSignatureExpired, Critical))),
    ] {
        let verdict = signed("example.com", Validation::Secure, validity, left).verdict();
        assert_eq!(found(&verdict), expected.into_iter().collect::<Vec<_>>(), "{validity} {left}");
        assert_eq!(verdict.path.broken_at(), None);
    }
    let scene = signed("example.com", Validation::Secure, 14 * DAY, 9 * DAY);
    assert_eq!(scene.verdict().changes_at, Some(NOW.plus(7 * DAY)));
    let unverified = signed("example.com", Validation::Insecure, 14 * DAY, -1).verdict();
    assert_eq!(found(&unverified), [(Code::DnsDnssecUnverified, Info)]);
}

#[test]
fn a_registration_runs_out_though_nobody_asks_again() {
    let registered = |left: i64, statuses: &[&str], failure: Option<&str>| {
        let registration = RegistrationObservation {
            domain: DomainName::parse("example.com").unwrap(),
            at: NOW.plus(-DAY),
            expires: Some(NOW.plus(left)),
            statuses: statuses.iter().map(|status| (*status).to_owned()).collect(),
            registrar: None,
            failure: failure.map(str::to_owned),
        };
        seen([address(V4)]).dns(|dns| dns.registration = Some(Box::new(registration)))
    };
    let soon = Code::DnsRegistrationExpiresSoon;
    let scene = registered(31 * DAY, &["active"], Some("the answer is status 500"));
    assert_eq!((found(&scene.verdict()), scene.verdict().changes_at), (vec![], Some(NOW.plus(DAY))));
    assert_eq!(found(&scene.verdict_in(DAY)), [(soon, Warning)]);
    assert_eq!(found(&scene.verdict_in(24 * DAY)), [(soon, Critical)]);
    assert_eq!(found(&scene.verdict_in(32 * DAY)), [(soon, Critical)]);
    let facts = scene.verdict_in(DAY).findings[0].facts.clone();
    assert_eq!(
        (&facts["as_of"], &facts["not_asked_since"]),
        (&NOW.plus(-DAY).to_string().into(), &"the answer is status 500".into())
    );
    for status in ["client hold", "serverHold", "redemption period", "pendingDelete", "Pending Delete"] {
        assert_eq!(
            found(&registered(90 * DAY, &["active", status], None).verdict()),
            [(Code::DnsRegistrationHold, Critical)]
        );
    }
    assert_eq!(found(&registered(90 * DAY, &["client transfer prohibited", "pending update"], None).verdict()), []);
}
