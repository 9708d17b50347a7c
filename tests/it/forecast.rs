//! `forecast`: who would be told what, and when, of certificates that real servers present; and what nobody would hear.

use std::path::Path;

use notafter::incident::{Operation, Row, Table};
use notafter::lab::ca::{Authority, LeafSpec};
use notafter::store::Store;
use serde_json::{Value, json};

use super::servers::Vhost;
use super::stage::{NOW, Ran, Stage, day, notafter, sound};

const ROUTES: &str = r#"
[store]
path = "state.db"
[[receiver]]
name = "oncall"
[receiver.email]
to = ["oncall@example.com"]
from = "notafter@example.com"
relay = "smtp+plain://127.0.0.1:1"
[[route]]
match = { team = "identity" }
receivers = ["oncall"]
[[route]]
match = { team = "calm" }
receivers = ["oncall"]
min_severity = "critical"
"#;

/// Four domains: two whose team hears everything, one whose team wants only what is critical, one that is silenced.
struct Scenery {
    /// Its servers end with it.
    _stage: Stage,
    config: String,
}

impl Scenery {
    fn new() -> Self {
        let root = Authority::root("Lab Root").unwrap();
        let host = |spec: LeafSpec, name: &str| Vhost::new(name, &root.leaf(&spec).unwrap());
        let short = LeafSpec::new("short.example", day(-1), day(5));
        let hosts = [
            host(sound("long.example"), "long.example"),
            host(short, "short.example"),
            host(sound("calm.example"), "calm.example"),
            host(sound("silent.example"), "silent.example"),
        ];
        let stage = Stage::new(&root, &hosts);
        let domain = |name: &str, team: &str| stage.domain(name) + &format!("labels = {{ team = \"{team}\" }}\n");
        let domains = [("long", "identity"), ("short", "identity"), ("calm", "calm"), ("silent", "identity")]
            .map(|(name, team)| domain(&format!("{name}.example"), team));
        let config = stage.config(&(ROUTES.to_owned() + &domains.concat()));
        Self { _stage: stage, config }
    }

    /// Puts a silence into the state.
    fn silence(&self) {
        let path = Path::new(&self.config).with_file_name("state.db");
        let payload = json!({
            "id": "0123abcd", "matcher": { "domains": ["silent.example"] }, "from": "2026-11-30T00:00:00Z",
            "until": { "at": "2027-06-01T00:00:00Z" }, "comment": "moves away", "created_at": "2026-11-30T00:00:00Z",
        });
        let row = Row { table: Table::Silence, key: "0123abcd".to_owned(), payload };
        Store::open(path).unwrap().commit(&[Operation::Put(row)]).unwrap();
    }

    fn forecast(&self, arguments: &[&str]) -> Ran {
        notafter([&["forecast", "--config", &self.config, "--at", NOW], arguments].concat())
    }
}

fn of_type<'a>(all: &'a [Value], name: &str, domain: &str) -> Vec<&'a Value> {
    let about = |line: &&Value| {
        line["domain"] == domain
            || line["notices"].as_array().is_some_and(|all| all.iter().any(|one| one["domain"] == domain))
    };
    all.iter().filter(|line| line["type"] == name).filter(about).collect()
}

#[test]
fn who_is_told_what_and_what_nobody_hears() {
    let scenery = Scenery::new();
    scenery.silence();
    let ran = scenery.forecast(&["--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let all = ran.lines();
    // The long one: warning 21 days before, and so on.
    let mails = of_type(&all, "mail", "long.example");
    assert_eq!((&mails[0]["at"], &mails[0]["receiver"]), (&json!("2027-01-09T00:00:30Z"), &json!("oncall")));
    let subject = mails[0]["subject"].as_str().unwrap();
    assert!(subject.starts_with("[warning] long.example: ") && subject.ends_with("20 d 23 h left"), "{subject}");
    assert_eq!(mails[0]["notices"][0]["reason"], "opened");
    let long = of_type(&all, "domain", "long.example")[0];
    assert_eq!((&long["expires"], &long["unheard"]), (&json!("2027-01-30T00:00:00Z"), &json!(false)));
    assert_eq!(long["first_word"], "2027-01-09T00:00:30Z");
    // The short one: a quarter of its six days.
    let short = of_type(&all, "domain", "short.example")[0];
    assert_eq!(short["first_word"], "2026-12-04T12:00:30Z");
    assert!(of_type(&all, "unheard", "short.example").is_empty());
    // Of the calm one nobody hears the warning.
    let calm = of_type(&all, "unheard", "calm.example");
    let of_expiry: Vec<_> = calm.iter().filter(|line| line["family"] == "expiry").collect();
    assert_eq!(of_expiry.len(), 1, "{calm:?}");
    assert_eq!((&of_expiry[0]["why"], &of_expiry[0]["at"]), (&json!("severity_floor"), &json!("2027-01-09T00:00:00Z")));
    assert_eq!(of_expiry[0]["told_at"], "2027-01-23T00:00:30Z");
    // Of the silent one nobody hears anything.
    assert!(of_type(&all, "mail", "silent.example").is_empty());
    let silent = of_type(&all, "unheard", "silent.example");
    assert!(!silent.is_empty() && silent.iter().all(|line| line["why"] == "silenced"), "{silent:?}");
    assert_eq!(of_type(&all, "domain", "silent.example")[0]["unheard"], true);
    let text = scenery.forecast(&[]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "silence 0123abcd holds until 2027-06-01T00:00:00Z: moves away",
        "then daily until",
        "nobody is told before it",
        "oncall hears of it only from critical on; the first word comes on 2027-01-23 00:00",
        "the first word comes only 1 d 11 h before the expiry",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_pipeline_fails_where_nobody_would_be_told() {
    let scenery = Scenery::new();
    let code = |arguments: &[&str]| scenery.forecast(&[&["--fail-if-unheard"], arguments].concat()).code;
    assert_eq!(code(&[]), 0, "a critical word is a word");
    scenery.silence();
    assert_eq!(code(&[]), 2);
    assert_eq!(code(&["long.example", "short.example", "calm.example"]), 0);
    assert_eq!(code(&["silent.example", "--days", "30"]), 0, "it does not expire within these");
    assert_eq!(code(&["silent.example", "--assume", "renewed"]), 0);
    assert_eq!(code(&["--state", "nowhere.db"]), 64);
    assert_eq!(notafter(["forecast", "--config", "nowhere.toml"]).code, 64);
    assert_eq!(notafter(["forecast", "--days", "0"]).code, 64);
}
