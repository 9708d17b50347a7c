//! The views past the proxy: who is given the key and who is not, what is printed of them, and how often they are taken.

use std::time::{SystemTime, UNIX_EPOCH};

use notafter::lab::ca::{Authority, LeafSpec};
use serde_json::{Value, json};

use super::servers::{Vhost, auth0_like};
use super::stage::{Ran, Stage, codes, notafter, statuses};

const DAY: i64 = 86_400;
const KEY: &str = "sesame-0123456789";
const ORIGIN: &str = "origin.example";
const TENANT: &str = "tenant.example";

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Of this moment: the key is sent by no other clock than the one on the wall.
fn good(name: &str) -> LeafSpec {
    LeafSpec::new(name, now() - 30 * DAY, now() + 60 * DAY)
}

/// A stage with the domain `login.example`, its origin host with this leaf, and its tenant's.
fn stage(root: &Authority, at_origin: &notafter::lab::ca::Issued) -> Stage {
    let host = |name: &str| Vhost::new(name, &root.leaf(&good(name)).unwrap());
    let origin = Vhost::new(ORIGIN, at_origin).answering(auth0_like("login.example"));
    let stage = Stage::new(root, &[host("login.example"), host("other.example"), origin, host(TENANT)]);
    stage.file("key", &format!("{KEY}\n"));
    stage
}

fn config(stage: &Stage, names: &[&str]) -> String {
    let at = stage.nginx.at("127.0.0.1");
    let auth0 = format!(
        "[domain.auth0]\ntenant = \"{TENANT}\"\ntenant_addresses = [\"{at}\"]\norigin = \"{ORIGIN}\"\n\
         origin_addresses = [\"{at}\"]\ncname_api_key = {{ file = \"key\" }}\n"
    );
    let domains: String = names.iter().map(|name| stage.domain(name) + &auth0).collect();
    stage.config(&domains)
}

fn check(config: &str, more: &[&str]) -> Ran {
    let ran = notafter(["check", "--config", config].iter().chain(more));
    assert!(!ran.stdout.contains(KEY) && !ran.stderr.contains(KEY), "the key was told: {ran:?}");
    ran
}

/// What reached the origin host: the keys that came with it.
fn keys_at_origin(stage: &Stage) -> Vec<String> {
    let requests = stage.nginx.requests();
    let at_origin = requests.iter().filter(|line| line.split(' ').nth(3) == Some(&format!("\"{ORIGIN}\"")));
    at_origin.map(|line| line.rsplit(' ').next().unwrap().trim_matches('"').to_owned()).collect()
}

#[test]
fn the_key_is_sent_to_nobody_who_does_not_show_who_it_is() {
    let root = Authority::root("Lab Root").unwrap();
    let stranger = Authority::root("Another Root").unwrap();
    let cases = [
        ("for another name", root.leaf(&good("www.example")).unwrap(), "its certificate is not for origin.example"),
        ("of an unknown root", stranger.leaf(&good(ORIGIN)).unwrap(), "its certificate leads to no trusted root"),
        ("that has expired", root.leaf(&LeafSpec::new(ORIGIN, now() - 30 * DAY, now() - 60)).unwrap(), "out of date"),
        (
            "that is not valid yet",
            root.leaf(&LeafSpec::new(ORIGIN, now() + 600, now() + 30 * DAY)).unwrap(),
            "out of date",
        ),
    ];
    for (what, issued, said) in cases {
        let stage = stage(&root, &issued);
        let ran = check(&config(&stage, &["login.example"]), &["--format", "json"]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (vec!["auth0.edge_untrusted"], 1), "{what}: {seen:#}");
        let distrusted = &seen["observations"]["past_proxy"][0]["distrusted"][0];
        assert!(distrusted["detail"].as_str().unwrap().contains(said), "{what}: {distrusted}");
        assert_eq!(keys_at_origin(&stage), Vec::<String>::new(), "{what}: nothing at all is asked");
    }
}

#[test]
fn the_key_is_sent_to_the_origin_alone_and_not_while_another_time_is_pretended() {
    let root = Authority::root("Lab Root").unwrap();
    let mut stage = stage(&root, &root.leaf(&good(ORIGIN)).unwrap());
    let config = config(&stage, &["login.example"]);
    let ran = check(&config, &["--format", "json"]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec![], 0), "{seen:#}");
    stage.nginx.wait_for_requests(8);
    assert_eq!(keys_at_origin(&stage), [KEY]);
    let with_key = stage.nginx.requests().iter().filter(|line| line.contains(KEY)).count();
    assert_eq!(with_key, 1, "neither the proxy nor the tenant is given it");
    let tomorrow = notafter::domain::UnixTime(now() + DAY).to_string();
    let ran = check(&config, &["--format", "json", "--at", &tomorrow]);
    assert!(ran.stderr.contains("no secret is sent"), "{}", ran.stderr);
    stage.nginx.wait_for_requests(16);
    assert_eq!(keys_at_origin(&stage), [KEY, "-"]);
    // Nor to a host that was named on the command line, whose key nobody has given.
    check(&config, &["--format", "json", "--auth0-origin", "other.example", "login.example"]);
    assert_eq!(keys_at_origin(&stage), [KEY, "-"]);
}

#[test]
fn the_views_stand_side_by_side_in_json_and_in_text() {
    let root = Authority::root("Lab Root").unwrap();
    let stage = stage(&root, &root.leaf(&good(ORIGIN)).unwrap());
    let config = config(&stage, &["login.example"]);
    let seen = check(&config, &["--format", "json"]).json();
    let answers = seen["observations"]["auth0"].as_array().unwrap();
    let told: Vec<[&Value; 3]> =
        answers.iter().map(|answer| ["view", "key_sent", "status"].map(|key| &answer[key])).collect();
    let (proxy, origin, tenant) = (json!("proxy"), json!("origin"), json!("tenant"));
    let (yes, none, ok) = (json!(true), Value::Null, json!(200));
    assert_eq!(told, [[&proxy, &none, &ok], [&origin, &yes, &ok], [&tenant, &none, &ok]]);
    assert_eq!(seen["observations"]["tls"].as_array().unwrap().len(), 1, "the domain's own");
    let hosts: Vec<&str> = seen["observations"]["past_proxy"]
        .as_array()
        .unwrap()
        .iter()
        .map(|view| view["host"].as_str().unwrap())
        .collect();
    assert_eq!(hosts, [ORIGIN, TENANT]);
    let text = check(&config, &[]).stdout;
    let at = stage.nginx.at("127.0.0.1");
    for line in [
        "  past the proxy, origin origin.example:".to_owned(),
        format!("    {at}  200 with the key, issuer https://login.example/"),
        "  past the proxy, tenant tenant.example:".to_owned(),
        format!("    {at}  200, issuer https://tenant.example/"),
    ] {
        assert!(text.lines().any(|other| other.trim_end() == line), "{line}\n{text}");
    }
}

#[test]
fn a_tenant_is_looked_at_once_for_all_its_domains() {
    let root = Authority::root("Lab Root").unwrap();
    let mut stage = stage(&root, &root.leaf(&good(ORIGIN)).unwrap());
    let ran = check(&config(&stage, &["login.example", "other.example"]), &["--format", "json"]);
    assert_eq!(ran.lines().len(), 2);
    // Five requests through each proxy, one to the origin for each, two to the tenant.
    let requests = stage.nginx.wait_for_requests(14);
    assert_eq!(requests.len(), 14, "{requests:#?}");
    let to_tenant = requests.iter().filter(|line| line.contains(&format!("\"{TENANT}\""))).count();
    assert_eq!(to_tenant, 2, "its document and its keys: {requests:#?}");
}

#[test]
fn signs_of_who_answers_can_be_told_in_the_file() {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&good("login.example")).unwrap();
    let content =
        "location / { add_header x-shield 'Blocked, rule 7' always; default_type text/plain; return 403 'no'; }";
    let stage = Stage::new(&root, &[Vhost::new("login.example", &issued).answering(content)]);
    let with = |signs: &str| {
        let config = stage.config(&format!("{signs}{}", stage.domain("login.example")));
        let seen = check(&config, &["--format", "json"]).json();
        (statuses(&seen)[4..].iter().map(|status| (*status).to_owned()).collect::<Vec<_>>(), seen)
    };
    assert_eq!(with("").0, ["unknown", "unknown", "unknown"]);
    // A header may have been added on the way; a body was written by whoever answers.
    let sign = "[[evidence]]\ncontains = \"no\"\nhop = \"proxy\"\n";
    assert_eq!(with(sign).0, ["broken", "not_looked", "not_looked"]);
    let (hops, seen) = with("[[evidence]]\nheader = \"X-Shield\"\ncontains = \"blocked\"\nhop = \"edge\"\n");
    assert_eq!(hops, ["ok", "broken", "not_looked"]);
    let first = &seen["observations"]["auth0"][0]["evidence"][0];
    assert_eq!(first, &json!({ "layer": "edge", "product": null, "sign": "x-shield", "in_body": false }));
}
