//! Servers that speak old versions of TLS, besides the present ones or alone, and what is said of each; OpenSSL's own
//! client is the second opinion.

use std::process::Command;

use notafter::lab::ca::{Authority, KeyKind};
use serde_json::{Value, json};

use super::servers::{Vhost, auth0_like, program, run};
use super::stage::{Ran, Stage, codes, day, sound, statuses};

const NAME: &str = "login.example";
/// Without it OpenSSL 3 refuses old versions whatever `ssl_protocols` says.
const ANYTHING: &str = "ALL:@SECLEVEL=0";

/// A server: where it listens, what it speaks, and what is to be said of it.
struct Case {
    address: &'static str,
    protocols: &'static str,
    ciphers: &'static str,
    key: KeyKind,
    codes: &'static [&'static str],
    exit: i32,
    /// Which of SSL 3.0, TLS 1.0 and 1.1 it takes.
    accepted: Option<[bool; 3]>,
    /// What the address is told to speak.
    version: Value,
}

fn cases() -> [Case; 6] {
    let case = |address, protocols, ciphers| Case {
        address,
        protocols,
        ciphers,
        key: KeyKind::P256,
        codes: &[],
        exit: 0,
        accepted: Some([false; 3]),
        version: json!("TLSv1.3"),
    };
    [
        case("127.0.0.1", "TLSv1.2 TLSv1.3", "HIGH"),
        Case {
            codes: &["tls.legacy_version"],
            exit: 1,
            accepted: Some([false, true, true]),
            ..case("127.0.0.2", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", ANYTHING)
        },
        Case {
            codes: &["tls.legacy_version"],
            exit: 1,
            accepted: Some([false, false, true]),
            key: KeyKind::Rsa2048,
            version: json!("TLSv1.2"),
            ..case("127.0.0.3", "TLSv1.1 TLSv1.2", ANYTHING)
        },
        Case {
            codes: &["tls.only_legacy"],
            exit: 2,
            accepted: None,
            version: json!("TLSv1.1"),
            ..case("127.0.0.4", "TLSv1 TLSv1.1", ANYTHING)
        },
        Case {
            codes: &["tls.only_old_suites"],
            exit: 1,
            accepted: None,
            key: KeyKind::Rsa2048,
            version: json!("TLSv1.2"),
            ..case("127.0.0.5", "TLSv1.2", "AES128-SHA")
        },
        // What its TLS library forbids it does not speak, whatever it is told to.
        Case {
            codes: &["tls.handshake_failed"],
            exit: 2,
            accepted: None,
            version: Value::Null,
            ..case("127.0.0.6", "TLSv1 TLSv1.1", "ALL:@SECLEVEL=1")
        },
    ]
}

fn stage(cases: &[Case]) -> Stage {
    let root = Authority::root("Lab Root").unwrap();
    let vhosts: Vec<Vhost> = cases
        .iter()
        .map(|case| {
            let issued = root.leaf(&sound(NAME).with_key(case.key)).unwrap();
            let content = format!("ssl_ciphers {};\n{}", case.ciphers, auth0_like(NAME));
            Vhost { protocols: case.protocols, ..Vhost::new(NAME, &issued).on(&[case.address]).answering(content) }
        })
        .collect();
    Stage::new(&root, &vhosts)
}

fn look(stage: &Stage, address: &str, more: &[&str]) -> Ran {
    let address = stage.nginx.at(address).to_string();
    stage.check(&[&[NAME, "--format", "json", "--address", &address], more].concat())
}

#[test]
fn old_versions_are_found_beside_the_present_ones_and_alone() {
    let cases = cases();
    let stage = stage(&cases);
    for case in &cases {
        let ran = look(&stage, case.address, &[]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (case.codes.to_vec(), case.exit), "{}: {seen:#}", case.protocols);
        let tls = &seen["observations"]["tls"][0];
        assert_eq!(tls["version"], case.version, "{tls:#}");
        let accepted = case.accepted.map_or(Value::Null, |all| json!(all));
        let told = tls["legacy"].as_array().map(|all| all.iter().map(|one| one["accepted"].clone()).collect::<Value>());
        assert_eq!(told.unwrap_or_default(), accepted, "{tls:#}");
        if let Some([_, tls10, tls11]) = case.accepted {
            assert_eq!(openssl_agrees(&stage, case.address, "-tls1"), tls10, "{}", case.protocols);
            assert_eq!(openssl_agrees(&stage, case.address, "-tls1_1"), tls11, "{}", case.protocols);
        }
    }
}

#[test]
fn the_old_versions_are_told_by_name_and_place() {
    let cases = cases();
    let stage = stage(&cases);
    let seen = look(&stage, "127.0.0.2", &[]).json();
    let finding = &seen["findings"][0];
    assert_eq!(finding["facts"]["versions"], json!(["TLSv1.1", "TLSv1.0"]));
    assert_eq!(finding["facts"]["addresses"], json!([stage.nginx.at("127.0.0.2").to_string()]));
    assert_eq!(statuses(&seen), ["ok"; 7]);
    // Several addresses are one finding, and one that does not take them is not named.
    let addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map(|at| stage.nginx.at(at).to_string());
    let mut arguments = vec![NAME, "--format", "json"];
    arguments.extend(addresses.iter().flat_map(|address| ["--address", address.as_str()]));
    let seen = stage.check(&arguments).json();
    assert_eq!(codes(&seen), ["tls.legacy_version", "tls.addresses_disagree"]);
    assert_eq!(seen["findings"][0]["facts"]["addresses"], json!(addresses[1..]));
}

#[test]
fn a_server_that_is_too_old_is_not_taken_for_down_and_its_certificate_is_judged() {
    let cases = cases();
    let stage = stage(&cases);
    let seen = look(&stage, "127.0.0.4", &["--at", "2027-02-15T00:00:00Z"]).json();
    assert_eq!(codes(&seen), ["tls.expired", "tls.only_legacy"]);
    assert_eq!(statuses(&seen)[..5], ["ok", "ok", "ok", "broken", "not_looked"]);
    let tls = &seen["observations"]["tls"][0];
    assert_eq!(tls["chain"][0]["not_after"], "2027-01-30T00:00:00Z", "{}", day(60));
    assert_eq!(tls["failure"]["code"], "tls.only_legacy");
    // Where another address is as it should be, those who come to this one are shut out all the same.
    let both = ["127.0.0.4", "127.0.0.1"].map(|at| stage.nginx.at(at).to_string());
    let seen = stage.check(&[NAME, "--format", "json", "--address", &both[0], "--address", &both[1]]).json();
    let old = seen["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "tls.only_legacy").unwrap();
    assert_eq!(old["severity"], "critical");
}

#[test]
fn who_does_not_want_to_know_does_not_ask() {
    let cases = cases();
    let stage = stage(&cases);
    let config = stage.config("legacy_versions = false\n");
    let ran = look(&stage, "127.0.0.2", &["--config", &config]);
    assert_eq!((codes(&ran.json()), ran.code), (vec![], 0));
    assert_eq!(ran.json()["observations"]["tls"][0]["legacy"], Value::Null);
    // That a server is only too old is asked when it matters, whatever the setting.
    let ran = look(&stage, "127.0.0.4", &["--config", &config]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["tls.only_legacy"], 2));
}

/// Whether OpenSSL's client gets through in this version.
fn openssl_agrees(stage: &Stage, address: &str, version: &str) -> bool {
    let mut client: Command = program("usr/bin/openssl");
    client.args(["s_client", version, "-cipher", ANYTHING, "-servername", NAME, "-connect"]);
    client.arg(stage.nginx.at(address).to_string());
    run(&mut client, "").status.success()
}
