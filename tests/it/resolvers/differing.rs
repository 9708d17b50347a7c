//! Several resolvers: the one that is down, or lies, is blamed, and not the domain.

use std::net::UdpSocket;

use notafter::lab::ca::Authority;
use serde_json::{Value, json};

use super::UUID;
use crate::servers::{Channel, Knot, Unbound, Vhost};
use crate::stage::{Stage, codes, notafter, sound, statuses};

const ZONE: &str = "@ NS ns\n@ SOA ns hostmaster 1 3600 600 86400 60\nns A 127.0.0.1\n\
    same A 127.0.0.1\nelsewhere A 127.0.0.1\nhere A 127.0.0.1\nowned A 127.0.0.1\nissued A 127.0.0.1\n\
    aliased 120 CNAME same\nunsigned A 127.0.0.1\n";

/// Two name servers that are taken for resolvers, and a proxy.
fn stage() -> (Stage, Knot) {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("*.example.com")).unwrap();
    let answer = r#"location / { default_type application/json; return 200 '{"issuer":"https://$host/"}'; }"#;
    let host = Vhost::new("*.example.com", &issued).answering(answer);
    let one = format!("{ZONE}_cf-custom-hostname.owned TXT \"{UUID}\"\nissued CAA 0 issue \"ca.example\"\n");
    let other = ZONE
        .replace("elsewhere A 127.0.0.1", "elsewhere A 127.0.0.2")
        .replace("\nhere A 127.0.0.1\n", "\n")
        .replace("aliased 120 CNAME same", "aliased 120 CNAME owned");
    let other = format!("{other}_cf-custom-hostname.owned TXT \"another\"\nissued CAA 0 issue \"other.example\"\n");
    (Stage::with_zones(&root, &[host], &[("example.com", &one)]), Knot::start(&[("example.com", &other)]))
}

/// The codes that speak of records and resolvers.
fn of_records(seen: &Value) -> Vec<&str> {
    codes(seen).into_iter().filter(|code| code.starts_with("dns.") || code.starts_with("watch.")).collect()
}

fn the_finding<'a>(seen: &'a Value, code: &str) -> &'a Value {
    let mut findings = seen["findings"].as_array().unwrap().iter();
    findings.find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("no {code}: {seen:#}"))
}

fn differing(seen: &Value) -> Vec<(&str, Vec<&str>)> {
    let all = seen["observations"]["dns"]["disagreements"].as_array().unwrap();
    all.iter()
        .map(|value| {
            let said = value["answers"].as_array().unwrap();
            (value["topic"].as_str().unwrap(), said.iter().map(|said| said["answer"].as_str().unwrap()).collect())
        })
        .collect()
}

#[test]
fn what_all_must_tell_alike_is_compared_and_addresses_are_not() {
    let (stage, other) = stage();
    let second = other.address().to_string();
    for (host, arguments, topics) in [
        ("same", &[][..], vec![]),
        // A CDN gives each resolver others.
        ("elsewhere", &[], vec![]),
        ("here", &[], vec![("address", vec!["an address", "NXDOMAIN"])]),
        (
            "aliased",
            &[],
            vec![(
                "address",
                vec!["an address, by the CNAME same.example.com", "an address, by the CNAME owned.example.com"],
            )],
        ),
        ("owned", &["--txt", UUID], vec![("txt", vec!["\"f7a51f40-0b47-40a5-89de-1f31bfef20af\"", "\"another\""])]),
        ("issued", &[], vec![("caa", vec!["0 issue \"ca.example\"", "0 issue \"other.example\""])]),
    ] {
        let name = format!("{host}.example.com");
        let ran = stage.look(&name, &[&["--nameserver", &second], arguments].concat());
        let seen = ran.json();
        assert_eq!(differing(&seen), topics, "{host}: {seen:#}");
        // Within the TTL of the answers, as after a change, it is only information.
        let expected = if topics.is_empty() { vec![] } else { vec!["dns.resolvers_disagree"] };
        let found: Vec<&str> = of_records(&seen).into_iter().filter(|code| !code.starts_with("dns.caa_")).collect();
        assert_eq!(found, expected, "{host}: {seen:#}");
        assert_eq!(seen["observations"]["dns"]["resolvers_agree"], json!(topics.is_empty()), "{host}");
    }
    let seen = stage.look("here.example.com", &["--nameserver", &second]).json();
    let finding = the_finding(&seen, "dns.resolvers_disagree");
    assert_eq!(finding["severity"], "info");
    let (first, summary) = (stage.knot.address(), finding["summary"].as_str().unwrap());
    let expected = format!(
        "resolvers tell different things of the address of here.example.com: {first}: an address; {second}: NXDOMAIN; \
         what they remember explains it until 2026-12-01T00:05:00Z"
    );
    assert_eq!(summary, expected);
}

#[test]
fn most_are_believed_whoever_is_first() {
    let (stage, other) = stage();
    let third = Knot::start(&[("example.com", ZONE)]);
    let (second, third) = (other.address().to_string(), third.address().to_string());
    // `--nameserver` of the stage comes first; here it is outvoted on the CNAME.
    let seen = stage.look("aliased.example.com", &["--nameserver", &second, "--nameserver", &third]).json();
    assert_eq!(seen["observations"]["dns"]["cname"][0]["target"], "same.example.com", "{seen:#}");
    let seen = stage.look("owned.example.com", &["--nameserver", &second, "--nameserver", &third]).json();
    assert_eq!(differing(&seen)[0].1.len(), 3, "{seen:#}");
    // Two of three agree that it is gone.
    let ran = stage.look("here.example.com", &["--nameserver", &second, "--nameserver", &second]);
    assert_eq!(of_records(&ran.json()), ["dns.resolvers_disagree"], "one that is named twice has one voice");
}

#[test]
fn the_resolver_that_is_down_is_blamed_and_not_the_domain() {
    let (stage, _other) = stage();
    let alone = stage.look("same.example.com", &[]);
    let alone_seen = alone.json();
    assert_eq!(of_records(&alone_seen), [] as [&str; 0]);
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().to_string();
    for (down, why) in [
        (silent.as_str(), "timed out"),
        ("tls://127.0.0.1:1#dns.example", "not reachable (Connection refused"),
        ("https://dns.example:1/dns-query#127.0.0.1", "not reachable (Connection refused"),
    ] {
        let ran = stage.look("same.example.com", &["--nameserver", down]);
        let seen = ran.json();
        assert_eq!(of_records(&seen), ["watch.resolver_down"], "{seen:#}");
        // All the rest is as it is without it.
        assert_eq!(
            (ran.code, &seen["verdict"], statuses(&seen)),
            (alone.code, &alone_seen["verdict"], statuses(&alone_seen))
        );
        let finding = the_finding(&seen, "watch.resolver_down");
        assert!(finding["summary"].as_str().unwrap().starts_with("1 of 2 resolvers does not answer"), "{finding:#}");
        let told: Vec<&str> =
            finding["facts"]["resolvers"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        assert!(told[0].ends_with(": answers") && told[1].contains(why), "{told:?}");
    }
    // One that refuses is there, but of no more use.
    let refusing = Knot::start(&[("example.org", "@ A 127.0.0.1")]);
    let ran = stage.look("same.example.com", &["--nameserver", &refusing.address().to_string()]);
    assert_eq!((of_records(&ran.json()), ran.code), (vec!["watch.resolver_down"], alone.code), "{:#}", ran.json());
}

/// A trust anchor for a zone that is not signed: to who checks signatures it is bogus.
#[test]
fn who_checks_signatures_may_see_less_and_says_why() {
    let (stage, _other) = stage();
    let anchor = "trust-anchor: \"example.com. DS 12345 13 2 \
        e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\"";
    let root = "local-zone: \".\" transparent\nlocal-data: \". NS ns.example.\"\n";
    let validating = Unbound::start(&[("example.com", stage.knot.address())], None, &format!("{anchor}\n{root}"));
    let validating = validating.written(Channel::Plain, "");
    let seen = stage.look("same.example.com", &["--nameserver", &validating]).json();
    assert_eq!(of_records(&seen), ["dns.resolvers_disagree"], "{seen:#}");
    let expected = [
        ("address", vec!["an address", "SERVFAIL"]),
        ("txt", vec!["nothing", "SERVFAIL"]),
        ("caa", vec!["nothing", "SERVFAIL"]),
    ];
    assert_eq!(differing(&seen), expected);
    let told = the_finding(&seen, "dns.resolvers_disagree")["facts"]["resolvers"][1].as_str().unwrap();
    assert!(told.starts_with(&format!("{validating}: SERVFAIL (DNS")), "{told}");
    assert_eq!(seen["observations"]["dns"]["resolvers"][1]["answers_others"], true);
}

#[test]
fn a_recording_tells_the_resolvers_apart() {
    let (stage, other) = stage();
    let second = other.address().to_string();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let down = "tls://127.0.0.1:1#dns.example";
    let arguments = ["--nameserver", &second, "--nameserver", down, "--record", folder];
    let live = stage.look("here.example.com", &arguments).json();
    assert_eq!(of_records(&live), ["watch.resolver_down", "dns.resolvers_disagree"]);
    drop(other);
    let played = notafter(["check", "--replay", folder, "--format", "json"]).json();
    assert_eq!(of_records(&played), of_records(&live), "{played:#}");
    let dns = |seen: &Value, key: &str| seen["observations"]["dns"][key].clone();
    // What a resolver said beside an answer that was none is not kept.
    let fared = |seen: &Value| {
        let all = dns(seen, "resolvers");
        let all = all.as_array().unwrap().iter().map(|fared| (fared["resolver"].clone(), fared["failure"].clone()));
        all.collect::<Vec<_>>()
    };
    assert_eq!(fared(&played), fared(&live));
    for key in ["disagreements", "nameservers", "a", "aaaa", "cname"] {
        assert_eq!(dns(&played, key), dns(&live, key), "{key}");
    }
}
