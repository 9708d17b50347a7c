//! What `check --record` keeps is enough for `check --replay` to judge the same again, and holds no secret.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use notafter::domain::{DomainName, UnixTime};
use notafter::lab::ca::Authority;
use notafter::lab::edge::{Assumptions, Edge, Fault, Registered};
use notafter::lab::world::World;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::stage::{Ran, codes, notafter, statuses};

const DOMAIN: &str = "login.example.com";
const TENANT: &str = "example.us.auth0.com";
const KEY: &str = "planted-key-0123456789";

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn now() -> UnixTime {
    UnixTime(jiff::Timestamp::now().as_second())
}

/// Nothing in here may say when or how long.
fn judged(ran: &Ran) -> Vec<Value> {
    let timeless = |seen: Value| {
        let facts = |found: &Value| json!([found["code"], found["severity"], found["summary"], found["facts"]]);
        let findings: Vec<Value> = seen["findings"].as_array().unwrap().iter().map(facts).collect();
        json!([seen["domain"], seen["at"], seen["verdict"], findings, statuses(&seen), seen["effective_expiry"]])
    };
    ran.lines().into_iter().map(timeless).collect()
}

fn files(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn every_domain_of_the_world_is_judged_again_as_it_was() {
    let runtime = runtime();
    let world = runtime.block_on(World::start(now())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("roots.pem"), world.root_pem()).unwrap();
    fs::write(path("intermediates.pem"), world.intermediate_pem()).unwrap();
    let mut file = format!(
        "[probe]\nnameservers = [\"{}\"]\nroots = [\"roots.pem\"]\nintermediates = [\"intermediates.pem\"]\n",
        world.nameserver()
    );
    for domain in world.domains().unwrap() {
        let addresses: Vec<String> = domain.addresses.iter().map(|address| format!("\"{address}\"")).collect();
        let expected = domain.expected;
        file += &format!(
            "[[domain]]\nname = \"{}\"\naddresses = [{}]\ntxt = \"{}\"\ncname = \"{}\"\n",
            domain.name,
            addresses.join(", "),
            expected.txt.unwrap(),
            expected.cname.unwrap()
        );
    }
    fs::write(path("notafter.toml"), file).unwrap();
    let live = notafter(["check", "--config", &path("notafter.toml"), "--format", "json", "--record", &path("kept")]);
    drop(world);
    assert_eq!(live.lines().len(), 13, "{live:?}");
    // Nobody is there any more, and nobody says whom to trust.
    let again = notafter(["check", "--format", "json", "--replay", &path("kept")]);
    let by_name = |ran: &Ran| {
        let mut all = judged(ran);
        all.sort_by_key(|seen| seen[0].as_str().unwrap().to_owned());
        all
    };
    assert_eq!(by_name(&again), by_name(&live));
    assert_eq!((again.code, again.stderr.as_str()), (live.code, ""));
    let one = notafter(["check", "expired.example.com", "--format", "json", "--replay", &path("kept")]);
    assert!(codes(&one.json()).contains(&"tls.expired"), "{one:?}");
}

/// An edge that is asked without a proxy, as the domain's own address.
struct Scene {
    runtime: Runtime,
    edge: Edge,
    registered: Registered,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let runtime = runtime();
        let edge = runtime.block_on(Edge::start(now(), Assumptions::default())).unwrap();
        let issuer = Authority::root("Lab Root").unwrap();
        let name = |text| DomainName::parse(text).unwrap();
        let registered = Registered::new(&name(DOMAIN), &name(TENANT), KEY).unwrap();
        edge.register(&issuer, registered.clone()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("roots.pem"), issuer.root_pem()).unwrap();
        Self { runtime, edge, registered, folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// A look at the canonical host through nobody, with the origin and the tenant beside it, kept in `kept`.
    fn record(&self, at: SocketAddr) -> Ran {
        fs::write(self.path("key"), KEY).unwrap();
        let origin = &self.registered.origin;
        let file = format!(
            "[probe]\nnameservers = [\"127.0.0.1:1\"]\ntimeout = \"1s\"\nroots = [\"roots.pem\"]\n\
             [[domain]]\nname = \"{TENANT}\"\naddresses = [\"{at}\"]\n\
             [domain.auth0]\norigin = \"{origin}\"\norigin_addresses = [\"{at}\"]\ncname_api_key = {{ file = \"key\" }}\n\
             tenant = \"{TENANT}\"\ntenant_addresses = [\"{at}\"]\n"
        );
        fs::write(self.path("notafter.toml"), file).unwrap();
        let config = self.path("notafter.toml");
        let kept = self.path("kept");
        notafter(["check", "--config", &config, "--contract=hostile", "--format", "json", "--record", &kept])
    }

    fn replay(&self, more: &[&str]) -> Ran {
        let kept = self.path("kept");
        notafter(["check", "--format", "json", "--replay", &kept].iter().chain(more))
    }
}

#[test]
fn all_three_views_are_kept_with_every_fault_of_the_edge() {
    let scene = Scene::new();
    let at = scene.edge.address();
    let tenant = DomainName::parse(TENANT).unwrap();
    for fault in [
        None,
        Some(Fault::Edge(502)),
        Some(Fault::Application(500)),
        Some(Fault::Challenge),
        Some(Fault::Html),
        Some(Fault::RateLimited(30)),
        Some(Fault::NoKeys),
        Some(Fault::Cut),
        Some(Fault::Silent),
        Some(Fault::Issuer(DomainName::parse("other.example").unwrap())),
    ] {
        scene.edge.set_fault(&tenant, fault.clone());
        let live = scene.record(at);
        let again = scene.replay(&[]);
        assert_eq!(judged(&again), judged(&live), "{fault:?}");
        assert_eq!((again.code, again.stderr.as_str()), (live.code, ""), "{fault:?}");
    }
    let origin = scene.registered.origin.as_str();
    let sent = scene.edge.requests();
    assert!(sent.iter().any(|request| request.host == origin && request.values("cname-api-key") == [KEY]));
    assert!(files(Path::new(&scene.path("kept"))).iter().all(|file| !file.contains(KEY)));
    let _running = &scene.runtime;
}

#[test]
fn what_is_planted_is_nowhere_in_the_files() {
    let scene = Scene::new();
    let planted = ["planted-cookie", "planted-token", "planted-code", "planted-bearer", "planted-secret", KEY];
    let body = json!({
        "access_token": "planted-token", "error": format!("the key {KEY} is unknown"), "client_secret": "planted-secret",
        "echo": "Authorization: Bearer planted-bearer",
    });
    scene.edge.set_fault(&scene.registered.origin, Some(Fault::Says(403, body.to_string())));
    scene.edge.set_fault(&DomainName::parse(TENANT).unwrap(), Some(Fault::Says(403, body.to_string())));
    let live = scene.record(scene.edge.address());
    assert!(!codes(&live.json()).is_empty());
    let files = files(Path::new(&scene.path("kept")));
    assert!(files.len() == 1 && files[0].contains("is unknown") && files[0].contains("set-cookie"), "{files:?}");
    for secret in planted {
        assert!(!files[0].contains(secret), "{secret} is in\n{}", files[0]);
    }
}

#[test]
fn every_key_of_a_recording_is_described() {
    fn gather(value: &Value, keys: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, value)| {
                keys.insert(key.clone());
                gather(value, keys);
            }),
            Value::Array(values) => values.iter().for_each(|value| gather(value, keys)),
            _ => {}
        }
    }
    let scene = Scene::new();
    scene.record(scene.edge.address());
    let kept: Value = serde_json::from_str(&files(Path::new(&scene.path("kept")))[0]).unwrap();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md")).unwrap();
    let mut keys = BTreeSet::new();
    gather(&kept, &mut keys);
    assert!(keys.len() > 40, "{keys:?}");
    let missing: Vec<&String> = keys.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "docs/json.md does not speak of {missing:?}");
}

#[test]
fn a_recording_is_judged_as_the_flags_say() {
    let scene = Scene::new();
    let live = scene.record(scene.edge.address());
    let later = scene.replay(&["--at", "2099-01-01T00:00:00Z"]);
    assert!(codes(&later.json()).contains(&"tls.expired"), "{later:?}");
    assert!(later.stderr.contains("was recorded as"), "{later:?}");
    let same = scene.replay(&[TENANT]);
    assert_eq!(judged(&same), judged(&live));
    let text = notafter(["check", "--replay", &scene.path("kept")]);
    assert!(text.stdout.contains(TENANT), "{text:?}");
    assert_eq!(scene.replay(&["other.example"]).code, 64);
    assert_eq!(scene.replay(&["--address", "127.0.0.1"]).code, 64);
}

#[test]
fn what_is_no_recording_is_refused_and_a_hostile_one_harms_nobody() {
    let scene = Scene::new();
    scene.record(scene.edge.address());
    let good: Value = serde_json::from_str(&files(Path::new(&scene.path("kept")))[0]).unwrap();
    let folder = Path::new(&scene.path("hostile")).to_owned();
    fs::create_dir(&folder).unwrap();
    let judge = |text: &str| {
        fs::write(folder.join("a.json"), text).unwrap();
        notafter(["check", "--format", "json", "--replay", folder.to_str().unwrap()])
    };
    for (text, said) in [
        ("", "no recording"),
        ("{}", "no recording"),
        ("[1]", "no recording"),
        (r#"{"notafter_recording": 2}"#, "form 2"),
        (r#"{"notafter_recording": 1}"#, "no recording"),
        (r#"{"notafter_recording": 1, "domain": "../etc", "at": "x", "recorded_at": "x"}"#, "no recording"),
    ] {
        let ran = judge(text);
        assert!(ran.code == 64 && ran.stderr.contains(said), "{text}: {ran:?}");
    }
    let change = |change: &dyn Fn(&mut Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        judge(&changed.to_string())
    };
    // A key that is not known is passed over; what is missing was not seen.
    let unknown = change(&|one| one["exchanges"][0]["of_a_later_version"] = json!({ "a": [1] }));
    assert_eq!(unknown.code, judge(&good.to_string()).code);
    for broken in [
        change(&|one| one["dns"] = json!([])),
        change(&|one| one["handshakes"] = json!([])),
        change(&|one| one["exchanges"] = json!([])),
        change(&|one| one["handshakes"][0]["chain"] = json!([{ "der": "AAAA" }])),
        change(&|one| one["exchanges"][0]["status"] = json!(9)),
        change(&|one| one["exchanges"][0]["headers"] = json!([["a b", "\u{0}"], ["x-auth0-requestid", "\u{1b}[2J"]])),
        change(&|one| one["exchanges"][0]["body"] = json!("[".repeat(100_000))),
        change(&|one| one["dns"][0]["message"] = json!("AAAAAAAAAAAAAAAA")),
    ] {
        assert_eq!(broken.lines().len(), 1, "{broken:?}");
        assert!((1..=3).contains(&broken.code), "{broken:?}");
    }
    let many = change(&|one| one["exchanges"] = json!(vec![one["exchanges"][0].clone(); 5000]));
    assert!(many.code == 64 && many.stderr.contains("more than"), "{many:?}");
    let large = judge(&" ".repeat(17 * 1024 * 1024));
    assert!(large.code == 64 && large.stderr.contains("longer than"), "{large:?}");
}
