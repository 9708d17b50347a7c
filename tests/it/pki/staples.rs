//! OCSP responses as nginx staples them, made by OpenSSL.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::*;
use crate::servers::{auth0_like, program, run};
use notafter::domain::UnixTime;
use notafter::lab::ca::{Authority, LeafSpec, Pointers};

const DAY: i64 = 86_400;

/// Makes what is stapled to a leaf in PEM.
type Stapler<'a> = &'a dyn Fn(&str) -> Vec<u8>;

/// By the real clock, as OpenSSL has no other.
fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn spec(name: &str) -> LeafSpec {
    LeafSpec::new(name, now() - DAY, now() + 60 * DAY).with_serial(42)
}

/// A response of the root for the leaf, good for a week.
fn response(root: &Authority, leaf_pem: &str, revoked: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let line = if revoked { "R\t491231235959Z\t200229120000Z,superseded" } else { "V\t491231235959Z\t" };
    let files = [
        ("ca.pem", root.certificate_pem()),
        ("ca.key", root.key_pem()),
        ("leaf.pem", leaf_pem.to_owned()),
        ("index.txt", format!("{line}\t2A\tunknown\t/CN=login.example\n")),
    ];
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    ocsp(folder.path(), &["-issuer", "ca.pem", "-cert", "leaf.pem", "-no_nonce", "-reqout", "request.der"]);
    let by = ["-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key"];
    ocsp(folder.path(), &[&by[..], &["-reqin", "request.der", "-respout", "response.der", "-ndays", "7"]].concat());
    fs::read(folder.path().join("response.der")).unwrap()
}

fn ocsp(folder: &Path, arguments: &[&str]) {
    let output = run(program("usr/bin/openssl").current_dir(folder).arg("ocsp").args(arguments), "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn must_staple() -> Pointers {
    Pointers { must_staple: true, ..Pointers::default() }
}

#[test]
fn what_is_stapled_is_judged_by_its_signature_its_dates_and_what_it_says() {
    let root = Authority::root("Lab Root").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let leaf = |name: &str, pointers| root.leaf(&spec(name).with_pointers(pointers)).unwrap();
    let host = |name: &str, pointers, staple: Option<Stapler<'_>>| {
        let issued = leaf(name, pointers);
        let stapling = staple.map(|staple| {
            let file = folder.path().join(format!("{name}.der"));
            fs::write(&file, staple(&issued.leaf_pem())).unwrap();
            format!("ssl_stapling on;\nssl_stapling_file {};\n", file.display())
        });
        Vhost::new(name, &issued).answering(auth0_like(name) + &stapling.unwrap_or_default())
    };
    let good = |pem: &str| response(&root, pem, false);
    let revoked = |pem: &str| response(&root, pem, true);
    let other =
        |_: &str| response(&root, &root.leaf(&spec("other.example").with_serial(41)).unwrap().leaf_pem(), false);
    let stage = Stage::new(
        &root,
        &[
            host("good.example", Pointers::default(), Some(&good)),
            host("none.example", Pointers::default(), None),
            host("revoked.example", Pointers::default(), Some(&revoked)),
            host("other.example", Pointers::default(), Some(&other)),
            host("must.example", must_staple(), Some(&good)),
            host("must-none.example", must_staple(), None),
            host("must-other.example", must_staple(), Some(&other)),
        ],
    );
    let (soon, later) = (UnixTime(now() + 3600).to_string(), UnixTime(now() + 8 * DAY).to_string());
    for (name, at, found, standing) in [
        ("good", &soon, &[][..], "good"),
        ("good", &later, &["tls.ocsp_stale"], "unknown"),
        ("none", &soon, &[], "unknown"),
        ("revoked", &soon, &["tls.revoked"], "revoked"),
        ("revoked", &later, &["tls.revoked", "tls.ocsp_stale"], "revoked"),
        ("other", &soon, &["tls.ocsp_invalid"], "unknown"),
        ("must", &soon, &[], "good"),
        ("must", &later, &["tls.must_staple"], "unknown"),
        ("must-none", &soon, &["tls.must_staple"], "unknown"),
        ("must-other", &soon, &["tls.must_staple"], "unknown"),
    ] {
        let seen = stage.look(&format!("{name}.example"), &["--at", at]).json();
        assert_eq!(codes(&seen), found, "{name} at {at}: {seen:#}");
        assert_eq!(seen["revocation"]["status"], standing, "{name} at {at}");
        assert_eq!(seen["observations"]["tls"][0]["stapled"], !name.ends_with("none"), "{name}");
    }
}
