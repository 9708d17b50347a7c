//! Roots that are compared with others, dropped, or run out.

use super::*;
use notafter::lab::ca::{Authority, KeyKind, Validity};
use notafter::observation::certificate::Sha256;

fn stage_of(root: &Authority) -> Stage {
    let intermediate = root.intermediate("Lab Intermediate").unwrap();
    let stage = Stage::new(root, &[Vhost::new("login.example", &intermediate.leaf(&sound("login.example")).unwrap())]);
    stage.file("other.pem", &Authority::root("Other Root").unwrap().root_pem());
    stage
}

fn check(stage: &Stage, keys: &str) -> crate::stage::Ran {
    let config = stage.config(&(stage.domain("login.example") + keys));
    // The flag would take the place of the file's roots alone.
    stage.check(&["--config", &config, "--format", "json"])
}

#[test]
fn stores_are_compared_where_the_operator_asks() {
    let stage = stage_of(&Authority::root("Lab Root").unwrap());
    assert_eq!(codes(&check(&stage, "compare_roots = [\"roots.pem\"]\n").json()), [""; 0]);
    let ran = check(&stage, "compare_roots = [\"other.pem\", \"mozilla\", \"roots.pem\"]\n");
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec!["tls.stores_disagree"], 1));
    let facts = &the("tls.stores_disagree", &seen)["facts"];
    let [other, mozilla] = [0, 1].map(|index| facts["refused_by"][index].as_str().unwrap());
    assert!(other.ends_with("/other.pem") && mozilla == "mozilla", "{facts:#}");
    assert!(facts["trusted_by"][0].as_str().unwrap().ends_with("/roots.pem"));
}

#[test]
fn a_listed_ca_is_refused_or_will_be() {
    let root = Authority::root("Lab Root").unwrap();
    let stage = stage_of(&root);
    let sha256 = Sha256::of(root.certificate());
    // The leaf is of 2026-11-01.
    for (rule, code) in
        [("", 2), ("issued-after 2026-10-31", 2), ("issued-after 2026-11-01", 1), ("logged-after 2026-12-24", 1)]
    {
        stage.file("distrust.txt", &format!("# dropped\n{sha256} {rule}\n"));
        let ran = check(&stage, "distrust = \"distrust.txt\"\n");
        assert_eq!((codes(&ran.json()), ran.code), (vec!["tls.root_distrusted"], code), "{rule}");
    }
    stage.file("distrust.txt", "nonsense\n");
    let refused = check(&stage, "distrust = \"distrust.txt\"\n");
    assert!(refused.stderr.contains("distrust.txt: line 1: a SHA-256 fingerprint has 64 hex digits"), "{refused:?}");
}

#[test]
fn a_root_that_runs_out_is_told_and_an_intermediate_named() {
    let dates = |until| Validity { not_before: day(-1000), not_after: day(until) };
    let root = Authority::root_with("Lab Root", dates(100), KeyKind::P256).unwrap();
    let intermediate = root.intermediate_with("Lab Intermediate", dates(40), KeyKind::P256).unwrap();
    let issued = intermediate.leaf(&sound("login.example")).unwrap();
    let stage = Stage::new(&root, &[Vhost::new("login.example", &issued)]);
    let seen = stage.look("login.example", &[]).json();
    assert_eq!(codes(&seen), ["tls.root_expires"]);
    assert_eq!(the("tls.root_expires", &seen)["facts"]["subject"], "CN=Lab Root");
    let digest = |der: &[u8]| Sha256::of(der).to_string();
    let path = [
        ("CN=login.example", issued.leaf()),
        ("CN=Lab Intermediate", intermediate.certificate()),
        ("CN=Lab Root", root.certificate()),
    ];
    let path = path.map(|(subject, der)| serde_json::json!({ "subject": subject, "sha256": digest(der) }));
    assert_eq!(seen["effective_expiry"], "2027-01-10T00:00:00Z");
    assert_eq!(
        seen["limiting"],
        serde_json::json!({
            "subject": "CN=Lab Intermediate", "sha256": path[1]["sha256"], "not_after": "2027-01-10T00:00:00Z", "path": path,
        })
    );
    assert_eq!(seen["presented_earliest"], "2027-01-10T00:00:00Z");
    let text = stage.check(&["login.example", "--address", &stage.nginx.at("127.0.0.1").to_string()]).stdout;
    let line = "good until 2027-01-10T00:00:00Z, when Lab Intermediate runs out";
    assert!(text.contains(line), "{text}");
}
