//! Servers with two certificates for one name, RSA and ECDSA: browsers see one of them, and the other runs out unseen.

use notafter::lab::ca::{Authority, Issued, KeyKind, LeafSpec};
use serde_json::{Value, json};

use super::servers::{Identity, Vhost};
use super::stage::{Stage, codes, day, sound};

const NAME: &str = "login.example";

fn leaf(root: &Authority, key: KeyKind, until: i64) -> Issued {
    root.leaf(&LeafSpec::new(NAME, day(-30), day(until)).with_key(key)).unwrap()
}

fn host(address: &str, protocols: &'static str, pair: &[&Issued]) -> Vhost {
    let identities = pair.iter().copied().map(Identity::from).collect();
    Vhost { identities, protocols, ..Vhost::new(NAME, pair[0]).on(&[address]) }
}

fn look(stage: &Stage, addresses: &[&str]) -> (Value, i32) {
    let addresses: Vec<String> = addresses.iter().map(|address| stage.nginx.at(address).to_string()).collect();
    let mut arguments = vec![NAME, "--format", "json"];
    arguments.extend(addresses.iter().flat_map(|address| ["--address", address.as_str()]));
    let ran = stage.check(&arguments);
    (ran.json(), ran.code)
}

#[test]
fn the_certificate_that_browsers_do_not_see_is_judged_like_the_other() {
    let root = Authority::root("Lab Root").unwrap();
    let (curve, rsa) = (leaf(&root, KeyKind::P256, 60), leaf(&root, KeyKind::Rsa2048, 60));
    let (old_rsa, old_curve) = (leaf(&root, KeyKind::Rsa2048, -1), leaf(&root, KeyKind::P256, -1));
    let (both, tls12) = ("TLSv1.2 TLSv1.3", "TLSv1.2");
    let stage = Stage::new(
        &root,
        &[
            host("127.0.0.1", both, &[&curve, &rsa]),
            host("127.0.0.2", both, &[&curve, &old_rsa]),
            host("127.0.0.3", tls12, &[&curve, &old_rsa]),
            host("127.0.0.4", both, &[&curve]),
            host("127.0.0.5", tls12, &[&rsa]),
            host("127.0.0.6", both, &[&old_curve, &rsa]),
        ],
    );
    for (address, found, exit, kinds) in [
        ("127.0.0.1", &[][..], 0, &["ec", "rsa"][..]),
        ("127.0.0.2", &["tls.expired"], 2, &["ec", "rsa"]),
        ("127.0.0.3", &["tls.expired"], 2, &["ec", "rsa"]),
        ("127.0.0.4", &[], 0, &["ec"]),
        ("127.0.0.5", &[], 0, &["rsa"]),
        ("127.0.0.6", &["tls.expired"], 2, &["ec", "rsa"]),
    ] {
        let (seen, code) = look(&stage, &[address]);
        assert_eq!((codes(&seen), code), (found.to_vec(), exit), "{address}: {seen:#}");
        let tls = &seen["observations"]["tls"][0];
        let mut shown = vec![tls["chain"][0]["key_type"].as_str().unwrap()];
        shown.extend(tls["other_chain"].as_array().unwrap().iter().map(|one| one["key_type"].as_str().unwrap()));
        // Which of the two is the ordinary one is the server's choice.
        shown.sort_unstable();
        assert_eq!(shown, kinds, "{address}");
    }
    let (seen, _) = look(&stage, &["127.0.0.2"]);
    let finding = &seen["findings"][0];
    let begin = "the second certificate (RSA 2048), for clients that know RSA alone: the certificate expired 1 d ago";
    assert!(finding["summary"].as_str().unwrap().starts_with(begin), "{finding:#}");
    assert_eq!(finding["facts"]["shown_to"], "clients that know RSA alone");
    assert_eq!(seen["effective_expiry"], "2026-11-30T00:00:00Z");
    let text = stage.check(&[NAME, "--address", &stage.nginx.at("127.0.0.2").to_string()]).stdout;
    assert!(text.contains("to other clients:\n    0 login.example"), "{text}");
}

#[test]
fn a_pair_is_no_disagreement_and_two_of_a_kind_are() {
    let root = Authority::root("Lab Root").unwrap();
    let (curve, rsa, new_rsa) = (
        leaf(&root, KeyKind::P256, 60),
        leaf(&root, KeyKind::Rsa2048, 60),
        root.leaf(&sound(NAME).with_key(KeyKind::Rsa2048)).unwrap(),
    );
    let both = "TLSv1.2 TLSv1.3";
    let prefers_rsa =
        "ssl_prefer_server_ciphers on;\nssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256;\n";
    let mut rsa_first = host("127.0.0.2", "TLSv1.2", &[&rsa, &curve]);
    rsa_first.content = prefers_rsa.to_owned() + &rsa_first.content;
    let stage = Stage::new(
        &root,
        &[
            host("127.0.0.1", both, &[&curve, &rsa]),
            rsa_first,
            host("127.0.0.3", both, &[&curve, &new_rsa]),
            host("127.0.0.4", both, &[&rsa]),
        ],
    );
    let (seen, _) = look(&stage, &["127.0.0.1", "127.0.0.2"]);
    let ordinary: Vec<&str> = seen["observations"]["tls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tls| tls["chain"][0]["key_type"].as_str().unwrap())
        .collect();
    assert_eq!((ordinary, codes(&seen)), (vec!["ec", "rsa"], vec![]), "{seen:#}");
    let (seen, _) = look(&stage, &["127.0.0.1", "127.0.0.3"]);
    assert_eq!(codes(&seen), ["tls.addresses_disagree"], "another RSA certificate is behind the same ECDSA one");
    assert_eq!(seen["findings"][0]["facts"]["sha256"].as_array().unwrap().len(), 2);
    let (seen, _) = look(&stage, &["127.0.0.1", "127.0.0.4"]);
    assert_eq!(codes(&seen), ["tls.addresses_disagree"], "one address has no ECDSA certificate");
    assert_eq!(seen["findings"][0]["severity"], json!("info"));
}
