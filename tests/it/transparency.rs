//! The timestamps of transparency logs in a certificate, as `check` and `inspect` tell of them.

use notafter::lab::ca::Authority;
use notafter::lab::logs::{Log, list};
use serde_json::json;

use super::servers::Vhost;
use super::stage::{Stage, codes, notafter, sound};

const NAME: &str = "login.example";

#[test]
fn timestamps_are_told_and_held_against_the_list() {
    let root = Authority::root("Lab Root").unwrap();
    let (one, two) = (Log::new("one").unwrap(), Log::new("two").unwrap());
    let at = 1_793_491_200_000;
    let issued = root.logged_leaf(&sound(NAME), &[(&one, at), (&two.impostor().unwrap(), at + 60_000)]).unwrap();
    let stage = Stage::new(&root, &[Vhost::new(NAME, &issued)]);
    let since = "2026-01-01T00:00:00Z";
    let (one, two) = (one.listed("usable", since), two.listed("retired", since));
    let made = |at: &str| list(at, &[("A", vec![one.clone()], vec![]), ("B", vec![], vec![two.clone()])]);
    stage.file("log_list.json", &made("2026-11-01T00:00:00Z"));
    let config = stage.config(&format!("ct_log_list = \"log_list.json\"\n{}", stage.domain(NAME)));
    let ran = stage.check(&["--format", "json", "--config", &config]);
    let seen = ran.json();
    let tls = &seen["observations"]["tls"][0];
    let said = |id: &serde_json::Value, at: &str| json!({ "log_id": id, "timestamp": at });
    let (first, second) = (said(&one["log_id"], "2026-11-01T00:00:00Z"), said(&two["log_id"], "2026-11-01T00:01:00Z"));
    assert_eq!(tls["chain"][0]["scts"], json!([first, second]));
    assert_eq!(
        tls["transparency"],
        json!([
            { "log_id": one["log_id"], "timestamp": "2026-11-01T00:00:00Z", "log": "one", "operator": "A",
              "state": "usable", "is_signed": true },
            { "log_id": two["log_id"], "timestamp": "2026-11-01T00:01:00Z", "log": "two", "operator": "B",
              "state": "retired", "is_signed": false },
        ])
    );
    // Browsers ask for it below public roots alone.
    assert_eq!((codes(&seen), ran.code, ran.stderr.as_str()), (vec![], 0, ""));
    let file = stage.file("chain.pem", &issued.chain_pem());
    assert_eq!(notafter(["inspect", "--format", "json", &file]).json()["scts"], json!([first, second]));
    stage.file("log_list.json", &made("2026-09-01T00:00:00Z"));
    let ran = stage.check(&["--format", "json", "--config", &config]);
    assert!(ran.stderr.contains("the list of transparency logs was made on 2026-09-01T00:00:00Z"), "{}", ran.stderr);
}
