//! What certificates can be like, served by a real proxy over both families, and what `check` says of each.

use notafter::lab::ca::{Authority, Issued, KeyKind, LeafSpec, self_signed};
use serde_json::{Value, json};

use super::servers::{Identity, Vhost};
use super::stage::{Ran, Stage, codes, day, notafter, sound, statuses};

const BOTH: [&str; 2] = ["127.0.0.1", "::1"];

/// A host, what it presents, and what is to be found at it.
struct Case {
    name: &'static str,
    identity: Identity,
    codes: &'static [&'static str],
    exit: i32,
}

fn case(name: &'static str, issued: &Issued, exit: i32, codes: &'static [&'static str]) -> Case {
    Case { name, identity: issued.into(), codes, exit }
}

/// One host for everything that can be wrong with a certificate, and for what can be wrong at once.
fn cases(good: &Authority, stranger: &Authority) -> Vec<Case> {
    let from = |ca: &Authority, spec: &LeafSpec| ca.leaf(spec).unwrap();
    let old = |name: &str| LeafSpec::new(name, day(-100), day(-10));
    let without_intermediate = {
        let issued = from(good, &sound("incomplete.example"));
        Identity { chain_pem: issued.leaf_pem(), key_pem: issued.key_pem() }
    };
    vec![
        case("good.example", &from(good, &sound("good.example")), 0, &[]),
        case("expired.example", &from(good, &old("expired.example")), 2, &["tls.expired"]),
        case(
            "future.example",
            &from(good, &LeafSpec::new("future.example", day(1), day(90))),
            2,
            &["tls.not_yet_valid"],
        ),
        case("name.example", &from(good, &sound("other.example")), 2, &["tls.name_mismatch"]),
        case("self.example", &self_signed(&sound("self.example")).unwrap(), 2, &["tls.self_signed"]),
        case("untrusted.example", &from(stranger, &sound("untrusted.example")), 2, &["tls.untrusted"]),
        Case { name: "incomplete.example", identity: without_intermediate, codes: &["tls.chain_incomplete"], exit: 1 },
        case(
            "old-stranger.example",
            &from(stranger, &old("old-stranger.example")),
            2,
            &["tls.expired", "tls.untrusted"],
        ),
        case("old-name.example", &from(good, &old("other.example")), 2, &["tls.expired", "tls.name_mismatch"]),
        case(
            "all-wrong.example",
            &self_signed(&old("other.example")).unwrap(),
            2,
            &["tls.expired", "tls.name_mismatch", "tls.self_signed"],
        ),
        case("soon.example", &from(good, &LeafSpec::new("soon.example", day(-80), day(10))), 1, &["tls.expires_soon"]),
        case(
            "at-once.example",
            &from(good, &LeafSpec::new("at-once.example", day(-85), day(5))),
            2,
            &["tls.expires_soon"],
        ),
    ]
}

#[test]
fn every_fault_of_a_certificate_is_told_over_both_families() {
    let root = Authority::root("Lab Root").unwrap();
    let good = root.intermediate("Lab Intermediate").unwrap();
    let stranger = Authority::root("Stranger").unwrap();
    let cases = cases(&good, &stranger);
    let vhosts: Vec<Vhost> = cases.iter().map(|case| Vhost::new(case.name, case.identity.clone()).on(&BOTH)).collect();
    let stage = Stage::new(&root, &vhosts);
    let intermediates = stage.file("intermediates.pem", &pem(&good));
    for case in &cases {
        let ran = look_at_both(&stage, case.name, &["--intermediates", &intermediates]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (case.codes.to_vec(), case.exit), "{}: {seen:#}", case.name);
        let verdict = ["healthy", "warning", "critical"][usize::try_from(case.exit).unwrap()];
        assert_eq!(seen["verdict"], verdict, "{}", case.name);
        // What is yet to run out breaks no login, however soon that is.
        let broken = case.exit == 2 && case.codes != ["tls.expires_soon"];
        assert_eq!(seen["broken_at"], if broken { json!("tls") } else { Value::Null }, "{}", case.name);
        // The login was seen to get through behind the bad certificate: those hops are told as they are.
        let tls = if broken { "broken" } else { "ok" };
        assert_eq!(statuses(&seen), ["ok", "ok", "ok", tls, "ok", "ok", "ok"], "{}: {seen:#}", case.name);
        chain_is_kept(&stage, case, &seen);
    }
}

/// Whatever the verdict, both addresses show the certificates they present, dates and all.
fn chain_is_kept(stage: &Stage, case: &Case, seen: &Value) {
    let file = stage.file("chain.pem", &case.identity.chain_pem);
    let mut chain: Vec<Value> = notafter(["inspect", "--format", "json", &file]).lines();
    for certificate in &mut chain {
        let certificate = certificate.as_object_mut().unwrap();
        certificate.retain(|key, _| !["file", "index", "error"].contains(&key.as_str()));
    }
    let tls = seen["observations"]["tls"].as_array().unwrap();
    assert_eq!(tls.len(), 2, "{}", case.name);
    for (tls, address) in tls.iter().zip(BOTH) {
        assert_eq!(tls["chain"], Value::from(chain.clone()), "{}", case.name);
        assert_eq!(tls["address"], stage.nginx.at(address).to_string(), "{}", case.name);
        assert_eq!(tls["failure"], Value::Null, "{}", case.name);
    }
    for finding in seen["findings"].as_array().unwrap() {
        let addresses = json!(BOTH.map(|address| stage.nginx.at(address).to_string()));
        assert_eq!(finding["facts"]["addresses"], addresses, "{}: {finding:#}", case.name);
        assert!(!finding["summary"].as_str().unwrap().is_empty());
        assert!(!finding["remedy"].as_str().unwrap().is_empty());
    }
}

#[test]
fn an_incomplete_chain_is_untrusted_to_those_who_do_not_know_the_intermediate() {
    let root = Authority::root("Lab Root").unwrap();
    let intermediate = root.intermediate("Lab Intermediate").unwrap();
    let issued = intermediate.leaf(&sound("login.example")).unwrap();
    let identity = Identity { chain_pem: issued.leaf_pem(), key_pem: issued.key_pem() };
    let stage = Stage::new(&root, &[Vhost::new("login.example", identity)]);
    let ran = stage.look("login.example", &[]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["tls.untrusted"], 2));
    stage.file("intermediates.pem", &pem(&intermediate));
    let text = format!("intermediates = [\"intermediates.pem\"]\n{}", stage.domain("login.example"));
    let ran = stage.check(&["--format", "json", "--config", &stage.config(&text)]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec!["tls.chain_incomplete"], 1));
    assert_eq!(seen["findings"][0]["facts"]["missing"], json!(["CN=Lab Intermediate"]));
}

#[test]
fn every_kind_of_key_is_told_with_its_size_and_curve() {
    let root = Authority::root("Lab Root").unwrap();
    let name = |key: KeyKind| format!("{key:?}.example").to_lowercase();
    let vhosts = KeyKind::ALL.map(|key| {
        let issued = root.leaf(&sound(&name(key)).with_key(key)).unwrap();
        Vhost::new(&name(key), &issued).on(&BOTH)
    });
    let stage = Stage::new(&root, &vhosts);
    for (key, key_type, bits, curve) in [
        (KeyKind::Rsa2048, "rsa", 2048, Value::Null),
        (KeyKind::P256, "ec", 256, "P-256".into()),
        (KeyKind::P384, "ec", 384, "P-384".into()),
        (KeyKind::P521, "ec", 521, "P-521".into()),
        (KeyKind::Ed25519, "ed25519", 256, Value::Null),
    ] {
        let ran = look_at_both(&stage, &name(key), &[]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (vec![], 0), "{key:?}: {seen:#}");
        for tls in seen["observations"]["tls"].as_array().unwrap() {
            let leaf = &tls["chain"][0];
            let facts = [&leaf["key_type"], &leaf["key_bits"], &leaf["curve"], &leaf["is_ca"]];
            assert_eq!(facts, [&json!(key_type), &json!(bits), &curve, &json!(false)], "{key:?}");
            // The authority's own key signs them all.
            assert_eq!(leaf["signature_algorithm"], "ecdsa-with-SHA256");
        }
    }
}

#[test]
fn the_verdict_moves_with_the_time_it_is_asked_for() {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("login.example")).unwrap();
    let stage = Stage::new(&root, &[Vhost::new("login.example", &issued)]);
    // 90 days from 2026-11-01 on: a warning at 21 days, critical at 7.
    for (at, code, exit) in [
        ("2026-10-31T23:59:59Z", Some("tls.not_yet_valid"), 2),
        ("2026-11-01T00:00:00Z", None, 0),
        ("2027-01-08T23:59:59Z", None, 0),
        ("2027-01-09T00:00:00Z", Some("tls.expires_soon"), 1),
        ("2027-01-22T23:59:59Z", Some("tls.expires_soon"), 1),
        ("2027-01-23T01:00:00+01:00", Some("tls.expires_soon"), 2),
        ("2027-01-30T00:00:00Z", Some("tls.expires_soon"), 2),
        ("2027-01-30T00:00:01Z", Some("tls.expired"), 2),
    ] {
        let ran = stage.look("login.example", &["--at", at]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (code.into_iter().collect(), exit), "{at}: {seen:#}");
        assert_eq!(seen["effective_expiry"], "2027-01-30T00:00:00Z", "{at}");
    }
}

#[test]
fn six_days_need_no_configuration() {
    let root = Authority::root("Lab Root").unwrap();
    let hour = 3600;
    // 160 hours, as Let's Encrypt issues them, dated back by one.
    let spec = LeafSpec::new("six.example", day(0) - hour, day(0) + 159 * hour - 1);
    let stage = Stage::new(&root, &[Vhost::new("six.example", &root.leaf(&spec).unwrap())]);
    let at = |hours: i64| notafter::domain::UnixTime(day(0) + hours * hour).to_string();
    // Automation renews it half-way, or at two thirds; three quarters and nine tenths are the thresholds.
    for (hours, exit, expected) in [
        (0, 0, vec![]),
        (80, 0, vec![]),
        (118, 0, vec![]),
        (119, 1, vec!["tls.expires_soon"]),
        (142, 1, vec!["tls.expires_soon"]),
        (143, 2, vec!["tls.expires_soon"]),
        (159, 2, vec!["tls.expired"]),
    ] {
        let ran = stage.look("six.example", &["--at", &at(hours)]);
        assert_eq!((codes(&ran.json()), ran.code), (expected, exit), "{hours} h");
    }
}

fn look_at_both(stage: &Stage, name: &str, arguments: &[&str]) -> Ran {
    let [v4, v6] = BOTH.map(|address| stage.nginx.at(address).to_string());
    let mut all = vec![name, "--format", "json", "--address", &v4, "--address", &v6];
    all.extend(arguments);
    stage.check(&all)
}

/// An authority's own certificate, as PEM: it stands behind every leaf it issues.
fn pem(authority: &Authority) -> String {
    let issued = authority.leaf(&sound("any.example")).unwrap();
    issued.chain_pem().replace(&issued.leaf_pem(), "")
}
