//! `inspect --domain NAME --chain FILE --key FILE`: whether a certificate will do, before it is deployed.

use std::path::Path;
use std::process::Command;

use notafter::lab::ca::{Authority, Issued, KeyKind, LeafSpec, self_signed};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::Knot;
use super::stage::{NOW, Ran, codes, day, notafter, sound};

const NAME: &str = "login.example";

/// Files beside each other, the roots to judge them by, and a name server.
struct Desk {
    folder: TempDir,
    knot: Knot,
    root: Authority,
    ca: Authority,
}

impl Desk {
    fn new() -> Self {
        Self::with_records("* A 127.0.0.1")
    }

    /// With these records in the zone `example`.
    fn with_records(records: &str) -> Self {
        let knot = Knot::start(&[("example", records)]);
        let root = Authority::root("Lab Root").unwrap();
        let ca = root.intermediate("Lab Intermediate").unwrap();
        let desk = Self { folder: tempfile::tempdir().unwrap(), knot, root, ca };
        desk.file("roots.pem", desk.root.root_pem());
        desk
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn issue(&self, spec: &LeafSpec) -> Issued {
        self.ca.leaf(spec).unwrap()
    }

    /// With these roots, at this time, in JSON unless the arguments say otherwise.
    fn inspect(&self, arguments: &[&str]) -> Ran {
        let (roots, nameserver) = (self.path("roots.pem"), self.knot.address().to_string());
        let mut all = vec!["inspect", "--domain", NAME, "--roots", &roots, "--at", NOW, "--nameserver", &nameserver];
        if !arguments.contains(&"--format") {
            all.extend(["--format", "json"]);
        }
        notafter([&all[..], arguments].concat())
    }

    /// The answers on this chain and this key.
    fn ask(&self, chain: &str, key: &str) -> Ran {
        let (chain, key) = (self.file("chain.pem", chain), self.file("key.pem", key));
        self.inspect(&["--chain", &chain, "--key", &key])
    }
}

/// `name ok`, `chain bad`, …
fn statuses(object: &Value) -> Vec<String> {
    let questions = object["preflight"]["questions"].as_array().expect("questions");
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    questions.iter().map(|one| format!("{} {}", word(&one["question"]), word(&one["status"]))).collect()
}

/// All is well but for these.
fn all_ok_but(others: &[&str]) -> Vec<String> {
    let all = ["name", "chain", "key", "trust", "lifetime", "strength", "caa"];
    let other =
        |name: &&str| others.iter().find(|other| other.starts_with(&format!("{name} "))).map(|&one| one.to_owned());
    all.iter().map(|name| other(name).unwrap_or_else(|| format!("{name} ok"))).collect()
}

#[test]
fn every_kind_of_key_fits_its_certificate() {
    let desk = Desk::new();
    for kind in KeyKind::ALL {
        let issued = desk.issue(&sound(NAME).with_key(kind));
        let ran = desk.ask(&issued.chain_pem(), &issued.key_pem());
        let seen = ran.json();
        assert_eq!((statuses(&seen), ran.code), (all_ok_but(&[]), 0), "{kind:?}: {seen:#}");
        assert_eq!((&seen["preflight"]["ready"], &seen["verdict"]), (&json!(true), &json!("healthy")));
        // The next key of the same kind does not.
        let other = desk.issue(&sound(NAME).with_key(kind));
        let ran = desk.ask(&issued.chain_pem(), &other.key_pem());
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (vec!["tls.key_mismatch"], 2), "{kind:?}");
        assert_eq!(statuses(&seen), all_ok_but(&["key bad"]), "{kind:?}");
        assert_eq!((&seen["preflight"]["ready"], &seen["broken_at"]), (&json!(false), &json!("tls")));
    }
}

#[test]
fn every_fault_answers_its_question() {
    let desk = Desk::new();
    let upper = desk.root.intermediate("Upper").unwrap();
    let lower = upper.intermediate("Lower").unwrap();
    let deep = lower.leaf(&sound(NAME)).unwrap();
    let [leaf, first, second] = <[String; 3]>::try_from(certificates(&deep.chain_pem())).unwrap();
    let good = desk.issue(&sound(NAME));
    let of = |issued: Issued| (issued.chain_pem(), issued.key_pem());
    let keyed = |chain: String| (chain, deep.key_pem());
    let stranger = Authority::root("Stranger").unwrap();
    let cases = [
        (keyed(deep.chain_pem()), &[][..], 0, &[][..]),
        (keyed(leaf.clone() + &second + &first), &["tls.chain_misordered"], 1, &["chain bad"]),
        (keyed(deep.chain_pem() + &second), &["tls.chain_surplus"], 0, &[]),
        (keyed(deep.chain_pem() + &stranger.root_pem()), &["tls.chain_surplus"], 0, &[]),
        (keyed(deep.chain_pem() + &desk.root.root_pem()), &[], 0, &[]),
        (
            keyed(first + &second + &leaf),
            &["tls.key_mismatch", "tls.name_mismatch", "tls.untrusted", "tls.chain_misordered"],
            2,
            &["name bad", "chain bad", "key bad", "trust bad"],
        ),
        (of(desk.issue(&sound("other.example"))), &["tls.name_mismatch"], 2, &["name bad"]),
        (of(desk.issue(&LeafSpec::new(NAME, day(-90), day(-1)))), &["tls.expired"], 2, &["lifetime bad"]),
        (of(desk.issue(&LeafSpec::new(NAME, day(-80), day(10)))), &["tls.expires_soon"], 1, &["lifetime bad"]),
        (of(stranger.leaf(&sound(NAME)).unwrap()), &["tls.untrusted"], 2, &["chain unknown", "trust bad"]),
        (
            of(self_signed(&sound(NAME)).unwrap()),
            &["tls.self_signed"],
            2,
            &["chain unknown", "trust bad", "caa not_asked"],
        ),
        // Its own root may let it live for longer than browsers accept of the world's.
        (of(desk.issue(&LeafSpec::new(NAME, day(-30), day(3000)))), &[], 0, &[]),
    ];
    for ((chain, key), expected, exit, answers) in cases {
        let ran = desk.ask(&chain, &key);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (expected.to_vec(), exit), "{seen:#}");
        assert_eq!(statuses(&seen), all_ok_but(answers), "{seen:#}");
    }
    let known = desk.file("intermediates.pem", certificates(&good.chain_pem())[1].as_str());
    let (leaf, key) = (desk.file("leaf.pem", good.leaf_pem()), desk.file("key.pem", good.key_pem()));
    let ran = desk.inspect(&["--chain", &leaf, "--key", &key, "--intermediates", &known]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["tls.chain_incomplete"], 1));
    assert_eq!(statuses(&ran.json()), all_ok_but(&["chain bad"]));
}

/// The certificates of a bundle, each as PEM.
fn certificates(bundle: &str) -> Vec<String> {
    bundle.split_inclusive("-----END CERTIFICATE-----\n").map(str::to_owned).collect()
}

#[test]
fn whose_key_it_is_instead_is_told() {
    let desk = Desk::new();
    let (one, two) = (desk.issue(&sound(NAME)), desk.issue(&sound("second.example")));
    let seen = desk.ask(&(one.chain_pem() + &two.leaf_pem()), &two.key_pem()).json();
    let summary = seen["findings"][0]["summary"].as_str().unwrap();
    assert_eq!(
        summary,
        "the private key is that of second.example, number 3 in the chain, and not of the first, login.example"
    );
}

#[test]
fn a_key_that_cannot_be_read_is_unknown_and_nothing_of_it_is_repeated() {
    let desk = Desk::new();
    let issued = desk.issue(&sound(NAME));
    let secret = "Zm9ydHktdHdvIHNlY3JldHM";
    let wrapped = |label: &str, body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
    let cases = [
        (issued.chain_pem(), "there is no private key"),
        (wrapped("ENCRYPTED PRIVATE KEY", secret), "is encrypted"),
        (wrapped("RSA PRIVATE KEY", &format!("Proc-Type: 4,ENCRYPTED\n\n{secret}")), "is encrypted"),
        (wrapped("PRIVATE KEY", secret), "is damaged"),
        (wrapped("PRIVATE KEY", &format!("*{secret}")), "is damaged"),
        (wrapped("EC PRIVATE KEY", secret), "is damaged"),
        (format!("-----BEGIN PRIVATE KEY {secret}\n"), "no private key"),
        (format!("-----BEGIN PRIVATE KEY-----\n{secret}\n"), "is damaged"),
        (secret.to_owned(), "is damaged"),
        (String::new(), "is damaged"),
    ];
    for (key, reason) in cases {
        let ran = desk.ask(&issued.chain_pem(), &key);
        let seen = ran.json();
        assert_eq!((ran.code, &seen["verdict"], codes(&seen)), (3, &json!("unknown"), vec![]), "{key}");
        assert_eq!(statuses(&seen), all_ok_but(&["key unknown"]), "{key}");
        let told = seen["preflight"]["questions"][2]["detail"].as_str().unwrap();
        assert!(told.contains(reason), "{key}: {told}");
        let printed = ran.stdout + &ran.stderr;
        assert!(!printed.contains(&secret[..8]), "{printed}");
    }
    let chain = desk.file("chain.pem", issued.chain_pem());
    let ran = desk.inspect(&["--chain", &chain, "--key", "/nonexistent/key.pem"]);
    assert!(ran.code == 3 && ran.stdout.contains("No such file"), "{ran:?}");
    // Of a good one nothing is repeated either.
    let body = issued.key_pem().lines().nth(1).unwrap()[..24].to_owned();
    for format in ["text", "json"] {
        let key = desk.file("key.pem", issued.key_pem());
        let ran = desk.inspect(&["--chain", &chain, "--key", &key, "--format", format]);
        assert!(ran.code == 0 && !(ran.stdout + &ran.stderr).contains(&body), "{format}");
    }
}

#[test]
fn the_text_has_a_line_a_question() {
    let desk = Desk::new();
    let (issued, other) = (desk.issue(&sound(NAME)), desk.issue(&sound(NAME)));
    let chain = desk.file("chain.pem", issued.chain_pem());
    let key = desk.file("key.pem", other.key_pem());
    let text = |arguments: &[&str]| desk.inspect(&[&["--format", "text"], arguments].concat()).stdout;
    let expected = "  ok  name      is for login.example
  ok  chain     complete and in order
  -   key       no private key was given (--key)
  ok  trust     leads to Lab Root
  ok  lifetime  until 2027-01-30T00:00:00Z, 60 d left
  ok  strength  EC P-256, signed with ecdsa-with-SHA256
  ok  caa       no CAA records: every CA may issue the next one
";
    let without = text(&["--chain", &chain]);
    assert!(without.ends_with(expected), "{without}");
    let bad = "  BAD key       the private key is not that of the certificate login.example
                mend: Take the private key for which the certificate was
                      requested, or have a certificate issued for this one.
";
    let all = text(&["--chain", &chain, "--key", &key]);
    assert!(all.contains(bad), "{all}");
    assert!(all.lines().all(|line| line.chars().count() <= 80 || line.starts_with('/')), "{all}");
}

#[test]
fn whether_the_ca_may_issue_the_next_one_is_asked_of_dns() {
    let organization = Authority::root_of("Let's Encrypt", "R99").unwrap();
    for (records, status, exit, detail) in [
        ("* A 127.0.0.1", "ok", 0, "no CAA records: every CA may issue the next one"),
        ("login CAA 0 issue \"letsencrypt.org\"", "ok", 0, "the CAA records let R99 issue the next one"),
        (
            "login CAA 0 issue \"digicert.com\"",
            "bad",
            1,
            "the CAA records of login.example let only digicert.com issue certificates, not Let's Encrypt",
        ),
        ("login CNAME login", "not_asked", 0, "the CAA records could not be asked for: no usable answer"),
    ] {
        let desk = Desk::with_records(records);
        desk.file("roots.pem", organization.root_pem());
        let issued = organization.leaf(&sound(NAME)).unwrap();
        let ran = desk.ask(&issued.chain_pem(), &issued.key_pem());
        let seen = ran.json();
        let answer = &seen["preflight"]["questions"][6];
        let told = (answer["question"].as_str().unwrap(), answer["status"].as_str().unwrap(), ran.code);
        assert_eq!(told, ("caa", status, exit), "{records}: {seen:#}");
        assert_eq!(answer["detail"], detail);
    }
    // A CA nobody knows by name: not known is not no.
    let desk = Desk::with_records("login CAA 0 issue \"digicert.com\"");
    let issued = desk.issue(&sound(NAME));
    let ran = desk.ask(&issued.chain_pem(), &issued.key_pem());
    assert_eq!((statuses(&ran.json()), ran.code), (all_ok_but(&["caa not_asked"]), 0), "{ran:?}");
}

#[test]
fn a_key_is_compared_with_every_file_that_is_named() {
    let desk = Desk::new();
    let (one, two) = (desk.issue(&sound(NAME)), desk.issue(&sound(NAME)));
    let (first, second) = (desk.file("1.pem", one.chain_pem()), desk.file("2.pem", two.chain_pem()));
    let key = desk.file("key.pem", two.key_pem());
    let ran = desk.inspect(&[&first, &second, "--key", &key]);
    let lines = ran.lines();
    assert_eq!((codes(&lines[0]), codes(&lines[1]), ran.code), (vec!["tls.key_mismatch"], vec![], 2));
    // Certificate and key may be in one file.
    let both = desk.file("both.pem", two.key_pem() + &two.chain_pem());
    assert_eq!(desk.inspect(&["--chain", &both, "--key", &both]).code, 0);
    let ran = desk.inspect(&["--chain", "/nonexistent.pem", "--key", &key]);
    assert_eq!((ran.code, ran.json()["error"].is_string()), (3, true));
}

#[test]
fn wrong_usage_is_told() {
    for arguments in [
        &["--chain", "a.pem"][..],
        &["a.pem", "--key", "key.pem"],
        &["a.pem", "--domain", NAME, "--chain", "b.pem"],
        &["--domain", NAME, "--key", "key.pem"],
        &["--domain", NAME],
    ] {
        let ran = notafter([&["inspect"], arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (64, ""), "{arguments:?}: {}", ran.stderr);
    }
}

/// OpenSSL makes what nobody else does any more.
mod by_openssl {
    use super::*;

    /// Runs `openssl` in the folder; `None` where it is not there or refuses.
    fn openssl(folder: &Path, arguments: &str) -> Option<()> {
        let run = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().ok()?;
        run.status.success().then_some(())
    }

    /// A CA with a key and a hash of one's choice, and a leaf below it, in `ca.pem`, `ca.key`, `leaf.pem`, `leaf.key`.
    /// `algorithm` of a key is what `genpkey -algorithm` is given.
    fn issue(desk: &Desk, ca: &str, leaf: &str, hash: &str) -> Option<()> {
        let folder = desk.folder.path();
        desk.file("ext", "subjectAltName=DNS:login.example\nextendedKeyUsage=serverAuth\n");
        let key = |name: &str, kind: &str| openssl(folder, &format!("genpkey -algorithm {kind} -out {name}.key"));
        key("ca", ca)?;
        key("leaf", leaf)?;
        openssl(folder, "req -x509 -new -key ca.key -sha256 -subj /CN=Old -days 3650 -out ca.pem")?;
        openssl(folder, "req -new -key leaf.key -sha256 -subj /CN=login.example -out leaf.csr")?;
        let sign = "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 90 -extfile ext -out leaf.pem";
        openssl(folder, &format!("{sign} -{hash}"))
    }

    /// As of this very day: OpenSSL takes the dates from the clock.
    fn judge(desk: &Desk, key: &str) -> Ran {
        let [chain, key, roots] = ["leaf.pem", key, "ca.pem"].map(|name| desk.path(name));
        let nameserver = desk.knot.address().to_string();
        let arguments =
            ["inspect", "--format", "json", "--domain", NAME, "--chain", &chain, "--nameserver", &nameserver];
        notafter([&arguments[..], &["--key", &key, "--roots", &roots]].concat())
    }

    const P256: &str = "EC -pkeyopt ec_paramgen_curve:P-256";
    const RSA_1024: &str = "RSA -pkeyopt rsa_keygen_bits:1024";
    const RSA_2048: &str = "RSA -pkeyopt rsa_keygen_bits:2048";

    #[test]
    fn a_weak_key_of_a_leaf_warns_and_still_fits() {
        let desk = Desk::new();
        if issue(&desk, P256, RSA_1024, "sha256").is_none() {
            return;
        }
        let ran = judge(&desk, "leaf.key");
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (vec!["tls.weak_key"], 1), "{seen:#}");
        assert_eq!(statuses(&seen), all_ok_but(&["strength bad"]));
        assert_eq!(seen["findings"][0]["facts"]["weak"], json!([{ "subject": "CN=login.example", "key": "RSA 1024" }]));
        // In PKCS#1 as well, and not another's.
        if openssl(desk.folder.path(), "rsa -traditional -in leaf.key -out pkcs1.key").is_some() {
            assert_eq!(statuses(&judge(&desk, "pkcs1.key").json()), all_ok_but(&["strength bad"]));
        }
        openssl(desk.folder.path(), "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out other.key").unwrap();
        assert_eq!(codes(&judge(&desk, "other.key").json()), ["tls.key_mismatch", "tls.weak_key"]);
    }

    #[test]
    fn what_nobody_trusts_for_its_weakness_says_so() {
        for (ca, hash, code, words) in [
            (RSA_1024, "sha256", "tls.weak_key", "Old in the certificate's chain has a weak key: RSA 1024"),
            (RSA_2048, "sha1", "tls.weak_signature", "the certificate is signed with sha1WithRSAEncryption"),
            (RSA_2048, "md5", "tls.weak_signature", "the certificate is signed with md5WithRSAEncryption"),
            (P256, "sha1", "tls.weak_signature", "the certificate is signed with ecdsa-with-SHA1"),
        ] {
            let desk = Desk::new();
            if issue(&desk, ca, P256, hash).is_none() {
                continue;
            }
            let both = std::fs::read_to_string(desk.path("leaf.pem")).unwrap()
                + &std::fs::read_to_string(desk.path("ca.pem")).unwrap();
            desk.file("leaf.pem", both);
            let ran = judge(&desk, "leaf.key");
            let seen = ran.json();
            assert_eq!((codes(&seen), ran.code), (vec!["tls.untrusted", code], 2), "{seen:#}");
            let facts = &seen["findings"][0]["facts"]["reason"];
            for told in [&seen["findings"][0]["summary"], facts] {
                assert!(told.as_str().unwrap().ends_with(words), "{told}");
            }
        }
    }

    #[test]
    fn keys_in_sec1_and_pkcs1_are_read() {
        let desk = Desk::new();
        for (kind, convert) in [(P256, "ec"), (RSA_2048, "rsa -traditional")] {
            if issue(&desk, P256, kind, "sha256").is_none() {
                continue;
            }
            if openssl(desk.folder.path(), &format!("{convert} -in leaf.key -out old.key")).is_none() {
                continue;
            }
            let pem = std::fs::read_to_string(desk.path("old.key")).unwrap();
            assert!(pem.contains("EC PRIVATE KEY") || pem.contains("RSA PRIVATE KEY"), "{convert}");
            let ran = judge(&desk, "old.key");
            assert_eq!((statuses(&ran.json()), ran.code), (all_ok_but(&[]), 0), "{convert}");
        }
    }
}
