//! `inspect`: certificates in files, and files judged as served chains. Nothing here has a server: none is needed.

use std::path::Path;

use notafter::lab::ca::{Authority, Flaw, KeyKind, LeafSpec, Validity, self_signed};
use notafter::observation::certificate::Sha256;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::stage::{NOW, Ran, codes, day, notafter, sound};

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn inspect(arguments: &[&str]) -> Ran {
    notafter([&["inspect", "--format", "json"], arguments].concat())
}

#[test]
fn the_json_of_a_bundle_to_the_letter() {
    let files = Files::new();
    let root = Authority::root("Lab Root").unwrap();
    let dates = Validity { not_before: day(-400), not_after: day(800) };
    let ca = root.intermediate_with("Lab, \"Intermediate\"", dates, KeyKind::P384).unwrap();
    let leaf = sound("login.example").with_name("2001:db8::7").with_serial(0xff).with_key(KeyKind::Rsa2048);
    let issued = ca.leaf(&leaf).unwrap();
    let file = files.with("bundle.pem", format!("Bag Attributes\r\n  friendlyName: x\r\n{}", issued.chain_pem()));
    let ran = inspect(&[&file]);
    let lines = ran.lines();
    let expected = json!({
        "file": file,
        "index": 0,
        "error": null,
        "sha256": Sha256::of(issued.leaf()).to_string(),
        "serial": "ff",
        "subject": "CN=login.example",
        "issuer": "CN=Lab\\, \\\"Intermediate\\\"",
        "not_before": "2026-11-01T00:00:00Z",
        "not_after": "2027-01-30T00:00:00Z",
        "dns_names": ["login.example"],
        "ip_addresses": ["2001:db8::7"],
        "key_type": "rsa",
        "key_bits": 2048,
        "curve": null,
        "signature_algorithm": "ecdsa-with-SHA384",
        "is_ca": false,
        "scts": [],
    });
    assert_eq!(lines[0], expected);
    let told = ["index", "subject", "issuer", "is_ca", "curve"].map(|key| lines[1][key].clone());
    let expected =
        [json!(1), json!("CN=Lab\\, \\\"Intermediate\\\""), json!("CN=Lab Root"), json!(true), json!("P-384")];
    assert_eq!(told, expected);
    assert_eq!((lines.len(), ran.code, ran.stderr.as_str()), (2, 0, ""));
    // The same in DER.
    let der = files.with("leaf.der", issued.leaf());
    let mut from_der = inspect(&[&der]).json();
    from_der["file"] = lines[0]["file"].clone();
    assert_eq!(from_der, lines[0]);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_still_shown() {
    let files = Files::new();
    let issued = self_signed(&sound("login.example")).unwrap();
    let good = files.with("good.pem", issued.leaf_pem());
    let leaf = issued.leaf().to_vec();
    let broken_base64 = issued.leaf_pem().replacen("MII", "M*I", 1);
    let bad_der = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    for (name, content, reason) in [
        ("empty.pem", Vec::new(), "the file is empty"),
        ("garbage.der", b"\x00\xff\x17garbage".to_vec(), "not a DER certificate"),
        ("words.txt", b"no certificate here\n".to_vec(), "not a DER certificate"),
        ("key.pem", issued.key_pem().into_bytes(), "there is no certificate in it"),
        ("key.der", issued.key_der(), "not a DER certificate"),
        ("trailing.der", [&leaf[..], b"\0\0\0"].concat(), "3 bytes follow the certificate"),
        ("cut.der", leaf[..leaf.len() - 7].to_vec(), "not a DER certificate"),
        ("base64.pem", broken_base64.clone().into_bytes(), "bad PEM"),
        ("unended.pem", issued.leaf_pem().replace("-----END CERTIFICATE-----", "").into_bytes(), "bad PEM"),
        ("wrapped.pem", bad_der.as_bytes().to_vec(), "not a DER certificate"),
    ] {
        let bad = files.with(name, content);
        let ran = inspect(&[&bad, &good]);
        let lines = ran.lines();
        assert_eq!((lines.len(), ran.code), (2, 1), "{name}: {ran:?}");
        let error = lines[0]["error"].as_str().unwrap_or_default();
        assert!(error.contains(reason), "{name}: {error}");
        let expected = json!({ "file": bad, "index": 0, "error": error });
        assert_eq!(lines[0], expected);
        assert_eq!((&lines[1]["error"], &lines[1]["subject"]), (&Value::Null, &json!("CN=login.example")), "{name}");
        let ran = notafter(["inspect", &bad, &good]);
        assert!(ran.code == 1 && ran.stdout.contains("CN=login.example"), "{ran:?}");
        assert!(ran.stderr.contains(&bad) && ran.stderr.contains(reason), "{name}: {}", ran.stderr);
    }
    let ran = inspect(&["/nonexistent/file.pem", &good]);
    assert_eq!((ran.code, ran.lines()[0]["index"].clone()), (1, json!(0)));
    assert!(ran.lines()[0]["error"].as_str().unwrap().contains("No such file"), "{ran:?}");
    // One bad certificate in a bundle leaves the others.
    let mixed = files.with("mixed.pem", format!("{bad_der}{}{}", issued.key_pem(), issued.leaf_pem()));
    let lines = inspect(&[&mixed]).lines();
    let told: Vec<_> = lines.iter().map(|line| (line["index"].clone(), line["error"].is_null())).collect();
    assert_eq!(told, [(json!(0), false), (json!(1), true)]);
    assert_eq!(notafter(["inspect"]).code, 64);
}

#[test]
fn dates_reach_from_before_1970_to_the_last_second_of_rfc_5280() {
    let files = Files::new();
    for (not_before, not_after, from, until) in [
        (-1_000_000_000, 253_402_300_799, "1938-04-24T22:13:20Z", "9999-12-31T23:59:59Z"),
        (-631_152_001, -1, "1949-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
        (-631_152_000, 2_524_607_999, "1950-01-01T00:00:00Z", "2049-12-31T23:59:59Z"),
        (0, 2_524_608_000, "1970-01-01T00:00:00Z", "2050-01-01T00:00:00Z"),
    ] {
        let issued = self_signed(&LeafSpec::new("login.example", not_before, not_after)).unwrap();
        let file = files.with("dated.pem", issued.leaf_pem());
        let seen = inspect(&[&file]).json();
        assert_eq!((&seen["not_before"], &seen["not_after"]), (&json!(from), &json!(until)));
        let text = notafter(["inspect", &file, "--at", "9999-12-31T23:59:59Z"]).stdout;
        assert!(text.contains(&format!("{from} to {until}")), "{text}");
        let judged = inspect(&[&file, "--domain", "login.example", "--at", until]).json();
        assert_eq!(codes(&judged), ["tls.expires_soon", "tls.self_signed"], "{until}: {judged:#}");
        assert_eq!((&judged["at"], &judged["findings"][0]["facts"]["seconds_left"]), (&json!(until), &json!(0)));
    }
}

#[test]
fn with_a_domain_each_file_is_a_served_chain() {
    let files = Files::new();
    let root = Authority::root("Lab Root").unwrap();
    let ca = root.intermediate("Lab Intermediate").unwrap();
    let roots = files.with("roots.pem", root.root_pem());
    let issued = ca.leaf(&sound("login.example")).unwrap();
    let ca_pem = issued.chain_pem().replace(&issued.leaf_pem(), "");
    let known = files.with("intermediates.pem", &ca_pem);
    let leaf = |spec: &LeafSpec| ca.leaf(spec).unwrap().chain_pem();
    let good = files.with("good.pem", issued.chain_pem());
    let judge = |arguments: &[&str]| {
        let rest = ["--domain", "login.example", "--roots", &roots, "--at", NOW];
        inspect(&[arguments, &rest].concat())
    };
    let der = files.with("leaf.der", issued.leaf());
    let cases = [
        (good.clone(), &[][..], 0),
        (files.with("old.pem", leaf(&LeafSpec::new("login.example", day(-90), day(-1)))), &["tls.expired"], 2),
        (files.with("soon.pem", leaf(&LeafSpec::new("login.example", day(-80), day(10)))), &["tls.expires_soon"], 1),
        (files.with("name.pem", leaf(&sound("other.example"))), &["tls.name_mismatch"], 2),
        (files.with("nameless.pem", leaf(&sound("login.example").with_flaw(Flaw::NoNames))), &["tls.name_mismatch"], 2),
        (files.with("client.pem", leaf(&sound("login.example").with_flaw(Flaw::ClientOnly))), &["tls.untrusted"], 2),
        (files.with("self.pem", self_signed(&sound("login.example")).unwrap().leaf_pem()), &["tls.self_signed"], 2),
        (
            files.with("backwards.pem", ca_pem + &issued.leaf_pem()),
            &["tls.name_mismatch", "tls.untrusted", "tls.chain_misordered"],
            2,
        ),
        (der, &["tls.untrusted"], 2),
    ];
    for (file, expected, exit) in &cases {
        let ran = judge(&[file]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (expected.to_vec(), *exit), "{file}: {seen:#}");
    }
    let itself = inspect(&[&cases[6].0, "--domain", "login.example", "--roots", &cases[6].0, "--at", NOW]);
    assert_eq!((codes(&itself.json()), itself.code), (vec![], 0), "a root may be its own leaf");
    let ran = judge(&[&cases[8].0, "--intermediates", &known]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["tls.chain_incomplete"], 1));
    // Of several files the worst, and one that cannot be read is unknown.
    let ran = judge(&[&good, &cases[2].0]);
    assert_eq!((ran.lines().len(), ran.code), (2, 1));
    let ran = judge(&[&good, "/nonexistent.pem"]);
    assert_eq!((ran.lines().len(), ran.code), (2, 3));
    assert!(ran.lines()[1]["error"].as_str().unwrap().contains("No such file"));
    let ran = judge(&["/nonexistent.pem", &cases[1].0]);
    assert_eq!(ran.code, 2);
}

#[test]
fn the_judged_json_to_the_letter() {
    let files = Files::new();
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("xn--4ca.example")).unwrap();
    let (file, roots) = (files.with("good.pem", issued.chain_pem()), files.with("roots.pem", root.root_pem()));
    let ran = inspect(&[&file, "--domain", "ä.example", "--roots", &roots, "--at", NOW]);
    let mut certificate = inspect(&[&file]).json();
    certificate.as_object_mut().unwrap().retain(|key, _| !["file", "index", "error"].contains(&key.as_str()));
    let root = inspect(&[&roots]).json();
    let expected = json!({
        "file": file,
        "domain": "xn--4ca.example",
        "domain_unicode": "ä.example",
        "at": NOW,
        "verdict": "healthy",
        "findings": [],
        "broken_at": null,
        "effective_expiry": "2027-01-30T00:00:00Z",
        "limiting": {
            "subject": certificate["subject"],
            "sha256": certificate["sha256"],
            "not_after": "2027-01-30T00:00:00Z",
            "path": [
                { "subject": certificate["subject"], "sha256": certificate["sha256"] },
                { "subject": "CN=Lab Root", "sha256": root["sha256"] },
            ],
        },
        "presented_earliest": "2027-01-30T00:00:00Z",
        "revocation": null,
        "observations": {
            "dns": null,
            "tls": [{ "address": null, "chain": [certificate], "failure": null }],
            "auth0": [],
        },
    });
    assert_eq!((ran.json(), ran.code), (expected, 0));
}

#[test]
fn flags_that_need_a_domain_say_so() {
    for arguments in [
        &["any.pem", "--roots", "roots.pem"][..],
        &["any.pem", "--intermediates", "more.pem"],
        &["any.pem", "--domain", "login.example", "--roots", "/nonexistent/roots.pem"],
        &["any.pem", "--domain", "login.example", "--roots", "/dev/null"],
        &["any.pem", "--at", "yesterday"],
    ] {
        let ran = inspect(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (64, ""), "{arguments:?}: {}", ran.stderr);
    }
}

/// Where the kernel lets us have a world without a network, `inspect` does not miss it.
#[test]
fn no_network_is_needed() {
    let files = Files::new();
    let issued = self_signed(&sound("login.example")).unwrap();
    let file = files.with("leaf.pem", issued.leaf_pem());
    let unshare = ["/usr/bin/unshare", "/bin/unshare"].into_iter().find(|path| Path::new(path).exists());
    let Some(unshare) = unshare else { return };
    let run = |arguments: &[&str]| std::process::Command::new(unshare).args(["-rn"]).args(arguments).output().unwrap();
    if !run(&["true"]).status.success() {
        return;
    }
    let output = run(&[env!("CARGO_BIN_EXE_notafter"), "inspect", "--domain", "login.example", &file]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("tls.self_signed"));
}
