//! The records: addresses, CNAME chains and the ownership TXT, asked of a real name server.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use notafter::lab::ca::Authority;
use serde_json::{Value, json};

use super::servers::{Vhost, auth0_like};
use super::stage::{NOW, Stage, codes, notafter, sound, statuses};

const UUID: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";

/// Long enough that it takes several datagrams, so that the answer must come over TCP.
fn large() -> String {
    (0..40).map(|index| format!("big TXT \"{index:02}-{}\"\n", "x".repeat(200))).collect()
}

fn zone() -> String {
    format!(
        "both A 127.0.0.1\nboth AAAA ::1\n\
         v6 AAAA ::1\n\
         two A 127.0.0.1\ntwo A 127.0.0.2\n\
         mail MX 10 both\n\
         alias 60 CNAME hop\nhop CNAME both.example.net.\n\
         lost CNAME nobody\n\
         empty CNAME mail\n\
         round CNAME and-round\nand-round CNAME round\n\
         edge CNAME tenant-cd-abc.edge.tenants.eu.auth0.com.\n\
         _cf-custom-hostname.both TXT \"{UUID}\"\n\
         _cf-custom-hostname.split TXT \"f7a51f40-0b47\" \"-40a5-89de-1f31bfef20af\"\nsplit A 127.0.0.1\n\
         _cf-custom-hostname.wrong TXT \"0{UUID}\"\n_cf-custom-hostname.wrong TXT \"v=spf1 -all\"\nwrong A 127.0.0.1\n\
         legacy A 127.0.0.1\nlegacy TXT \"{UUID}\"\n\
         {}",
        large()
    )
}

/// A name server with everything, and a proxy for all names.
fn stage() -> Stage {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("*.example.com")).unwrap();
    let answer = auth0_like("$host");
    let host = Vhost::new("*.example.com", &issued).answering(answer);
    let zones = [
        ("example.com", zone()),
        ("example.net", "both A 127.0.0.1".to_owned()),
        ("auth0.com", "*.edge.tenants.eu A 127.0.0.1".to_owned()),
    ];
    Stage::with_zones(&root, &[host], &zones.each_ref().map(|(name, records)| (*name, records.as_str())))
}

#[test]
fn addresses_and_chains_are_told_as_they_are() {
    let stage = stage();
    for (name, codes_expected, exit, a, aaaa, chain) in [
        ("both", &[][..], 0, json!(["127.0.0.1"]), json!(["::1"]), &[][..]),
        ("v6", &[], 0, json!([]), json!(["::1"]), &[]),
        ("alias", &[], 0, json!(["127.0.0.1"]), json!([]), &["hop.example.com", "both.example.net"]),
        ("lost", &["dns.cname_dangling"], 2, json!([]), json!([]), &["nobody.example.com"]),
        ("nothing", &["dns.nxdomain"], 2, json!([]), json!([]), &[]),
        ("mail", &["dns.no_address"], 2, json!([]), json!([]), &[]),
        ("empty", &["dns.no_address"], 2, json!([]), json!([]), &["mail.example.com"]),
        (
            "edge",
            &["dns.cname_points_at_edge"],
            1,
            json!(["127.0.0.1"]),
            json!([]),
            &["tenant-cd-abc.edge.tenants.eu.auth0.com"],
        ),
    ] {
        let ran = stage.look(&format!("{name}.example.com"), &[]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (codes_expected.to_vec(), exit), "{name}: {seen:#}");
        let dns = &seen["observations"]["dns"];
        assert_eq!((&dns["a"]["records"], &dns["aaaa"]["records"]), (&a, &aaaa), "{name}");
        let links = dns["cname"].as_array().unwrap();
        let targets: Vec<_> = links.iter().map(|link| link["target"].as_str().unwrap()).collect();
        assert_eq!(targets, chain, "{name}");
        let hop = if exit == 2 { "broken" } else { "ok" };
        // The address was given, so that what lies behind the records is seen all the same.
        assert_eq!(statuses(&seen), ["ok", hop, "ok", "ok", "ok", "ok", "ok"], "{name}");
        assert_eq!(seen["broken_at"], if exit == 2 { json!("dns") } else { Value::Null }, "{name}");
    }
    let alias = stage.look("alias.example.com", &[]).json();
    let link = json!({ "name": "alias.example.com", "target": "hop.example.com", "ttl": 60 });
    assert_eq!(alias["observations"]["dns"]["cname"][0], link);
}

#[test]
fn a_cname_loop_ends_and_is_told() {
    let stage = stage();
    let ran = stage.look("round.example.com", &[]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec!["dns.no_address", "dns.cname_loop"], 2), "{seen:#}");
    assert_eq!(seen["observations"]["dns"]["cname_loop"], true);
}

#[test]
fn the_expected_cname_may_stand_anywhere_in_the_chain() {
    let stage = stage();
    for (name, cname, expected) in [
        ("alias", "hop.example.com", &[][..]),
        ("alias", "Both.Example.Net.", &[]),
        ("alias", "d111111abcdef8.cloudfront.net", &["dns.cname_mismatch"]),
        // Flattened: a fact, not a fault.
        ("both", "d111111abcdef8.cloudfront.net", &[]),
        ("edge", "tenant-cd-abc.edge.tenants.eu.auth0.com", &[]),
    ] {
        let ran = stage.look(&format!("{name}.example.com"), &["--cname", cname]);
        assert_eq!(codes(&ran.json()), expected, "{name} {cname}");
        assert_eq!(ran.code, i32::from(!expected.is_empty()), "{name} {cname}");
    }
}

#[test]
fn the_ownership_record_is_right_wrong_missing_or_elsewhere() {
    let stage = stage();
    for (name, arguments, expected) in [
        ("both", &["--txt", UUID][..], &[][..]),
        ("split", &["--txt", UUID], &[]),
        ("wrong", &["--txt", UUID], &["dns.txt_mismatch"]),
        ("v6", &["--txt", UUID], &["dns.txt_missing"]),
        ("legacy", &["--txt", UUID], &[]),
        ("legacy", &["--txt", UUID, "--txt-name", "legacy.example.com"], &[]),
        // Without a value to expect, whatever is there or not there is nobody's fault.
        ("v6", &[], &[]),
        ("wrong", &[], &[]),
    ] {
        let ran = stage.look(&format!("{name}.example.com"), arguments);
        let seen = ran.json();
        assert_eq!(codes(&seen), expected, "{name} {arguments:?}: {seen:#}");
        assert_eq!(ran.code, i32::from(!expected.is_empty()), "{name} {arguments:?}");
    }
    let wrong = stage.look("wrong.example.com", &["--txt", UUID]).json();
    let mut found = wrong["findings"][0]["facts"]["found"].clone();
    found.as_array_mut().unwrap().sort_by_key(ToString::to_string);
    assert_eq!(found, json!([format!("0{UUID}"), "v=spf1 -all"]));
}

#[test]
fn an_answer_too_large_for_a_datagram_comes_over_tcp() {
    let stage = stage();
    let value = format!("39-{}", "x".repeat(200));
    let ran = stage.look("both.example.com", &["--txt", &value, "--txt-name", "big.example.com"]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec![], 0), "{seen:#}");
    assert_eq!(seen["observations"]["dns"]["txt"]["records"].as_array().unwrap().len(), 40);
}

#[test]
fn while_verification_is_pending_a_missing_record_is_critical() {
    let stage = stage();
    let nameserver = stage.knot.address().to_string();
    let domain = |name: &str, more: &str| stage.domain(name) + &format!("txt = \"{UUID}\"\n{more}");
    let pending = "verification = \"pending\"\nverification_started = 2026-11-30T00:00:00Z\n";
    let text =
        domain("both.example.com", pending) + &domain("v6.example.com", pending) + &domain("two.example.com", "");
    let config = stage.config(&text);
    let ran = notafter(["check", "--format", "json", "--config", &config, "--nameserver", &nameserver, "--at", NOW]);
    let seen = ran.lines();
    let severity = |seen: &Value| seen["findings"][0]["severity"].clone();
    assert_eq!((codes(&seen[0]), ran.code), (vec![], 2));
    assert_eq!((codes(&seen[1]), severity(&seen[1])), (vec!["dns.txt_missing"], json!("critical")));
    let summary = seen[1]["findings"][0]["summary"].as_str().unwrap();
    assert!(summary.ends_with("the window for verification ends in 2 d"), "{summary}");
    assert_eq!((codes(&seen[2]), severity(&seen[2])), (vec!["dns.txt_missing"], json!("warning")));
    // A login works without the record: it is no hop of its path.
    assert_eq!(seen[1]["broken_at"], Value::Null);
}

#[test]
fn a_server_that_answers_others_is_the_domains_fault_one_that_answers_nobody_is_ours() {
    let stage = stage();
    let nameserver = stage.knot.address().to_string();
    let address = stage.nginx.at("127.0.0.1").to_string();
    let config = stage.config("timeout = \"1s\"\n");
    let look = |names: &[&str], nameserver: &str| {
        let rest = ["--format", "json", "--nameserver", nameserver, "--address", &address, "--config", &config];
        notafter([&["check", "--at", NOW][..], names, &rest].concat())
    };
    // Knot refuses what it has no zone for.
    let ran = look(&["both.example.com", "login.example.org"], &nameserver);
    let seen = ran.lines();
    assert_eq!((codes(&seen[0]), ran.code), (vec![], 2));
    assert!(codes(&seen[1]).contains(&"dns.servfail"), "{:#}", seen[1]);
    assert_eq!(
        (&seen[1]["observations"]["dns"]["a"]["outcome"], &seen[1]["broken_at"]),
        (&json!("refused"), &json!("dns"))
    );
    // Alone, nothing tells whether it is the zone or the server: we could not look.
    let ran = look(&["login.example.org"], &nameserver);
    assert!(codes(&ran.json()).contains(&"watch.resolver_failed"), "{:#}", ran.json());
    // A name server that is not there, and one that never answers.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent = (silent.local_addr().unwrap().to_string(), silent);
    for dead in ["127.99.99.99:1", &silent.0] {
        let started = Instant::now();
        let ran = look(&["both.example.com", "two.example.com"], dead);
        for seen in ran.lines() {
            assert_eq!(codes(&seen), ["watch.resolver_failed"], "{seen:#}");
            assert_eq!((&seen["verdict"], &seen["broken_at"]), (&json!("unknown"), &json!("resolver")));
            // What could be seen at the given address is told.
            assert_eq!(statuses(&seen), ["broken", "not_looked", "ok", "ok", "ok", "ok", "ok"]);
        }
        assert_eq!(ran.code, 3);
        assert!(started.elapsed() < Duration::from_secs(4), "{dead}: {:?}", started.elapsed());
    }
    // With one that lives beside it, all is well with the domain.
    let ran = look(&["both.example.com", "--nameserver", &nameserver], &silent.0);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["watch.resolver_down"], 0));
}

#[test]
fn without_an_address_there_is_nothing_to_connect_to() {
    let stage = stage();
    let nameserver = stage.knot.address().to_string();
    let ran = notafter(["check", "lost.example.com", "--format", "json", "--nameserver", &nameserver, "--at", NOW]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec!["dns.cname_dangling"], 2));
    assert_eq!(statuses(&seen)[2..], ["not_looked"; 5]);
    assert_eq!((&seen["observations"]["tls"], &seen["observations"]["auth0"]), (&json!([]), &json!([])));
    assert_eq!(seen["effective_expiry"], Value::Null);
}
