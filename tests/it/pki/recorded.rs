//! What was fetched for a look is kept with it, and judged again when nobody is there any more.

use super::*;
use crate::stage::{Ran, notafter};
use notafter::lab::ca::{Authority, CrlSpec, Pointers};

const NAMES: [&str; 2] = ["revoked.example", "incomplete.example"];

/// What is to be the same, less what depends on the moment.
fn judged(ran: &Ran) -> Vec<Value> {
    let mut all = ran.lines();
    all.sort_by_key(|seen| seen["domain"].to_string());
    let facts = |found: &Value| serde_json::json!([found["code"], found["severity"], found["summary"], found["facts"]]);
    let findings = |seen: &Value| seen["findings"].as_array().unwrap().iter().map(facts).collect::<Vec<_>>();
    all.iter().map(|seen| serde_json::json!([seen["domain"], findings(seen), seen["revocation"]])).collect()
}

#[test]
fn lists_and_issuers_are_kept_in_each_recording_that_needs_them() {
    let root = Authority::root("Lab Root").unwrap();
    let intermediate = root.intermediate("Lab Intermediate").unwrap();
    let publisher = Publisher::new();
    publisher.publish("/intermediate.cer", intermediate.certificate());
    let revoked = vec![(7, day(-2))];
    let list = CrlSpec { this_update: day(-1), next_update: day(6), part: None, revoked };
    publisher.publish("/1.crl", &intermediate.crl(&list).unwrap());
    let pointers = || Pointers {
        crls: vec![publisher.url("/1.crl")],
        issuers: vec![publisher.url("/intermediate.cer")],
        ..Pointers::default()
    };
    let issue = |name, serial| intermediate.leaf(&sound(name).with_serial(serial).with_pointers(pointers())).unwrap();
    let hosts = [Vhost::new(NAMES[0], &issue(NAMES[0], 7)), leaf_alone(NAMES[1], &issue(NAMES[1], 8))];
    let stage = Stage::new(&root, &hosts);
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().to_str().unwrap();
    let address = stage.nginx.at("127.0.0.1").to_string();
    let live = stage.check(&[&NAMES[..], &["--format", "json", "--address", &address, "--record", kept]].concat());
    let found = live.lines();
    assert_eq!(found.len(), 2, "{live:?}");
    assert_eq!(codes(&found[0]), ["tls.revoked"], "{live:?}");
    assert_eq!(codes(&found[1]), ["tls.chain_incomplete"], "{live:?}");
    let asked = publisher.requests().len();
    drop(stage);
    let again = notafter(["check", "--format", "json", "--replay", kept]);
    assert_eq!(judged(&again), judged(&live));
    assert_eq!((again.code, again.stderr.as_str()), (live.code, ""));
    assert_eq!(publisher.requests().len(), asked, "a replay asks nobody");

    // Each by itself has all that it needs; what is taken out of it is missed.
    let path = folder.path().join("revoked.example.json");
    let mut one: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let change = |one: &Value| {
        std::fs::write(&path, one.to_string()).unwrap();
        notafter(["check", NAMES[0], "--format", "json", "--replay", kept]).json()
    };
    assert_eq!(codes(&change(&one)), ["tls.revoked"]);
    one["documents"][0]["too_long"] = 2_000_000.into();
    assert!(change(&one)["revocation"].to_string().contains("2000000 bytes are not in the recording"));
    one["documents"] = serde_json::json!([]);
    let without = change(&one);
    assert!(without["revocation"].to_string().contains("it is not in the recording"), "{without:#}");
    assert!(!codes(&without).contains(&"tls.revoked"));
}
