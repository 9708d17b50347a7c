//! What lies under `dashboards/`: the rules do as their tests say, the overview is whole, and every query of both finds
//! data at a Prometheus that scrapes a notafter whose domains are in trouble.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use notafter::lab::ca::{Authority, LeafSpec};
use serde_json::Value;

use crate::servers::{Identity, Knot, Nginx, Prometheus, Server, Vhost, folder, free_port, http_get, promtool};

const DAY: i64 = 86_400;

#[test]
fn the_rules_do_as_their_tests_say() {
    let (code, output) = promtool(&["check", "rules", &file("dashboards/notafter-rules.yml")], "");
    assert_eq!(code, 0, "{output}");
    let (code, output) = promtool(&["test", "rules", &file("dashboards/notafter-rules.test.yml")], "");
    assert_eq!(code, 0, "{output}");
}

#[test]
fn each_alert_is_seen_to_fire_and_not_to() {
    let mut seen: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    let mut current = String::new();
    for line in read("dashboards/notafter-rules.test.yml").lines() {
        if let Some((_, rest)) = line.split_once("alertname: ") {
            current = rest.split(',').next().unwrap_or_default().to_owned();
        }
        if line.contains("exp_alerts:") {
            seen.entry(current.clone()).or_default().insert(!line.contains("[]"));
        }
    }
    let both = BTreeSet::from([false, true]);
    for name in alerts() {
        assert_eq!(seen.get(&name), Some(&both), "{name} is to be tested firing and silent");
    }
}

#[test]
fn they_speak_of_metrics_there_are() {
    let known: BTreeSet<&str> = notafter::metrics::documented().map(|(name, _)| name).collect();
    for page in ["dashboards/notafter-rules.yml", "dashboards/notafter-overview.json", "docs/prometheus.md"] {
        let text = read(page);
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
        // What has a colon is recorded by the rules themselves.
        let names: BTreeSet<&str> = words.filter(|word| word.starts_with("notafter_") && !word.contains(':')).collect();
        assert!(names.len() >= 5, "{page}: {names:?}");
        let unknown: Vec<_> = names.difference(&known).collect();
        assert!(unknown.is_empty(), "{page} speaks of {unknown:?}");
    }
}

#[test]
fn the_page_is_true_to_promtool_and_to_the_rules() {
    let page = read("docs/prometheus.md");
    let blocks: Vec<&str> = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let scrape = blocks.iter().find(|block| block.contains("scrape_configs")).expect("a scrape configuration");
    let home = folder();
    let path = home.path().join("prometheus.yml");
    fs::write(&path, scrape).expect("a file written");
    let (code, output) = promtool(&["check", "config", "--syntax-only", path.to_str().expect("UTF-8")], "");
    assert_eq!(code, 0, "{output}");
    for name in alerts() {
        assert!(page.contains(&format!("| `{name}` |")), "docs/prometheus.md lacks {name}");
    }
}

#[test]
fn the_overview_is_whole() {
    let overview = overview();
    let mut ids = BTreeSet::new();
    let mut taken: BTreeMap<(u64, u64), String> = BTreeMap::new();
    for panel in overview["panels"].as_array().expect("panels") {
        let title = text(panel, "title");
        assert!(!title.is_empty(), "a panel without a title: {panel}");
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{title}: its id is another's");
        for cell in cells(panel) {
            let other = taken.insert(cell, title.clone());
            assert_eq!(other, None, "{title} lies upon another at {cell:?}");
        }
        if panel["type"] == "row" {
            assert!(panel["panels"].as_array().is_some_and(Vec::is_empty), "{title}: panels that nobody checks");
            continue;
        }
        assert!(text(panel, "description").ends_with('.'), "{title}: no description");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        assert!(!text(&panel["fieldConfig"]["defaults"], "unit").is_empty(), "{title}: no unit");
        assert!(!targets(panel).is_empty(), "{title}: no query");
        let mut references = BTreeSet::new();
        for target in targets(panel) {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            assert!(references.insert(text(target, "refId")), "{title}: a refId twice");
        }
    }
    let variables = overview["templating"]["list"].as_array().expect("variables");
    let names: Vec<String> = variables.iter().map(|variable| text(variable, "name")).collect();
    assert_eq!(names, ["datasource", "job", "instance", "domain"]);
    assert!(overview["schemaVersion"].as_u64() >= Some(39), "older than Grafana 11");
}

#[test]
fn every_query_finds_data_where_domains_are_in_trouble() {
    let mut world = World::start();
    let prometheus = &mut world.prometheus;
    for panel in overview()["panels"].as_array().expect("panels") {
        let mut labels = BTreeSet::new();
        for target in targets(panel) {
            let found = find(prometheus, &text(target, "expr"));
            let keys = label_names(&found);
            for named in placeholders(&text(target, "legendFormat")) {
                assert!(keys.contains(&named), "{}: no label {named} in {found}", panel["title"]);
            }
            labels.extend(keys);
        }
        for column in columns(panel) {
            assert!(labels.contains(&column), "{}: no column {column} in {labels:?}", panel["title"]);
        }
    }
    for variable in overview()["templating"]["list"].as_array().expect("variables") {
        let Some(arguments) = variable["definition"].as_str().and_then(|query| query.strip_prefix("label_values("))
        else {
            continue;
        };
        let (series, label) = arguments.trim_end_matches(')').rsplit_once(", ").expect("a series and a label");
        assert!(label_names(&find(prometheus, series)).contains(label), "{variable}");
    }
    the_rules_hold(prometheus);
    the_operators_labels_can_be_joined(prometheus);
}

/// The demo is where most people will first see the dashboard: nothing on it may be empty there.
#[test]
fn every_panel_finds_data_in_the_demo() {
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let address = SocketAddr::new(local, free_port(&[local]));
    let mut prometheus = Prometheus::start_with(&scraping(address, ""));
    let mut command = Command::new(env!("CARGO_BIN_EXE_notafter"));
    command.args(["demo", "--for", "60s", "--port", &address.port().to_string()]);
    let mut demo = Server::spawn("notafter", &command, folder());
    demo.wait_for_port(address);
    for panel in overview()["panels"].as_array().expect("panels") {
        for target in targets(panel) {
            find(&mut prometheus, &text(target, "expr"));
        }
    }
}

/// The rules, upon the same world: all can be evaluated, those that must be active are, and no other is.
fn the_rules_hold(prometheus: &mut Prometheus) {
    let troubles = [
        "NotafterDomainCritical",
        "NotafterDomainWarning",
        "NotafterCertificateExpiresSoon",
        "NotafterCertificateUnder48Hours",
        "NotafterNoticesOwed",
    ];
    for alert in troubles {
        prometheus.wait_for(&format!("ALERTS{{alertname=\"{alert}\"}}"));
    }
    let others = "NotafterAbsent|NotafterReplicaDown|NotafterRestarting|NotafterLookStale|NotafterLooksPanicked";
    let active = prometheus.query(&format!("ALERTS{{alertname=~\"{others}\"}}"));
    assert_eq!(active.as_array().map(Vec::len), Some(0), "{active}");
    let (_, body) = http_get(prometheus.address(), "/api/v1/rules").expect("the rules");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    let groups = answer["data"]["groups"].as_array().expect("groups");
    for rule in groups.iter().flat_map(|group| group["rules"].as_array().expect("rules")) {
        let name = text(rule, "name");
        assert_eq!(rule["health"], "ok", "{rule}");
        if rule["type"] == "recording" {
            find(prometheus, &name);
            continue;
        }
        let severity = text(&rule["labels"], "severity");
        let passed_on = severity.is_empty() && text(rule, "query").contains("notafter_finding");
        assert!(passed_on || ["critical", "warning"].contains(&severity.as_str()), "{name}: severity {severity:?}");
        assert!(["domain", "notafter"].contains(&text(&rule["labels"], "scope").as_str()), "{name}: no scope");
        for annotation in ["summary", "description"] {
            assert!(!text(&rule["annotations"], annotation).is_empty(), "{name}: no {annotation}");
        }
    }
}

/// As the documentation says it is done.
fn the_operators_labels_can_be_joined(prometheus: &mut Prometheus) {
    let page = read("docs/prometheus.md");
    let join = page.split('`').find(|code| code.starts_with("(…) * on")).expect("how labels are joined");
    let expr = join.replace("(…)", "max without (instance, verdict) (notafter_domain_verdict)");
    assert!(label_names(&find(prometheus, &expr)).contains("label_team"), "{expr}");
}

/// A notafter that watches domains in every kind of trouble and cannot tell anybody, and a Prometheus that scrapes it.
struct World {
    prometheus: Prometheus,
    _notafter: Server,
    _nginx: Nginx,
    _knot: Knot,
}

impl World {
    fn start() -> Self {
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let address = SocketAddr::new(local, free_port(&[local]));
        // First, as it waits for five seconds before it scrapes.
        let rules = format!("rule_files: [ \"{}\" ]\n", file("dashboards/notafter-rules.yml"));
        let prometheus = Prometheus::start_with(&scraping(address, &rules));
        let knot = Knot::start(&[("example", "* A 127.0.0.1")]);
        let root = Authority::root("Lab Root").expect("a root");
        let nginx = Nginx::start(&vhosts(&root));
        let home = folder();
        let configuration = home.path().join("notafter.toml");
        fs::write(home.path().join("root.pem"), root.root_pem()).expect("a file written");
        fs::write(&configuration, settings(address, &nginx, &knot)).expect("a file written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_notafter"));
        command.arg("run").arg("--config").arg(configuration);
        let mut notafter = Server::spawn("notafter", &command, home);
        notafter.wait_for_port(address);
        Self { prometheus, _notafter: notafter, _nginx: nginx, _knot: knot }
    }
}

/// A configuration of Prometheus that scrapes this address, often.
fn scraping(address: SocketAddr, more: &str) -> String {
    format!(
        "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }}\n{more}\
         scrape_configs:\n  - job_name: notafter\n    static_configs: [ {{ targets: [ \"{address}\" ] }} ]\n"
    )
}

fn vhosts(root: &Authority) -> Vec<Vhost> {
    let host = |name: &str, valid_for: &str, hours: i64| {
        let spec = LeafSpec::new(valid_for, now() + hours * 3600 - 90 * DAY, now() + hours * 3600);
        Vhost::new(name, Identity::from(&root.leaf(&spec).expect("a leaf")))
    };
    vec![
        host("sound.example", "sound.example", 60 * 24),
        host("untold.example", "untold.example", 40),
        host("waning.example", "waning.example", 12 * 24),
        host("dying.example", "dying.example", 40),
        host("misnamed.example", "another.example", 60 * 24),
    ]
}

fn settings(listen: SocketAddr, nginx: &Nginx, knot: &Knot) -> String {
    let proxy = nginx.at("127.0.0.1");
    let nobody = SocketAddr::new(listen.ip(), free_port(&[listen.ip()]));
    let domain = |name: &str, at: SocketAddr, more: &str| {
        format!("[[domain]]\nname = \"{name}.example\"\naddresses = [\"{at}\"]\n{more}\n")
    };
    [
        format!("[server]\nlisten = \"{listen}\"\n[store]\npath = \"notafter.db\"\n"),
        format!("[probe]\ninterval = \"1s\"\ntimeout = \"2s\"\nnameservers = [\"{}\"]\n", knot.address()),
        format!("roots = [\"root.pem\"]\n[watch]\nreferences = [\"{proxy}\"]\n"),
        "[policy]\nconfirm_fact = \"0s\"\nconfirm_network = [\"50ms\", \"100ms\"]\ncollect_for = \"50ms\"\n".to_owned(),
        "[[receiver]]\nname = \"oncall\"\n[receiver.email]\nto = [\"oncall@example.com\"]\n".to_owned(),
        format!("from = \"notafter@example.com\"\nrelay = \"smtp+plain://{nobody}\"\n"),
        domain("sound", proxy, "labels = { team = \"identity\" }"),
        domain("untold", proxy, "warn_before = \"2h\"\ncritical_before = \"1h\""),
        domain("waning", proxy, "txt = \"f7a51f40-0b47-40a5-89de-1f31bfef20af\""),
        domain("dying", proxy, ""),
        domain("misnamed", proxy, ""),
        domain("refused", nobody, ""),
    ]
    .concat()
}

/// What a query finds, once it finds anything, with the dashboard's variables at "All".
fn find(prometheus: &mut Prometheus, expr: &str) -> Value {
    let expr = ["$job", "$instance", "$domain"].iter().fold(expr.to_owned(), |expr, name| expr.replace(name, ".*"));
    let expr = expr.replace("$__rate_interval", "1m");
    assert!(!expr.contains('$'), "a variable that is not known here: {expr}");
    // Asserts that it is a query at all; only then is it worth waiting for.
    prometheus.query(&expr);
    prometheus.wait_for(&expr)
}

fn label_names(found: &Value) -> BTreeSet<String> {
    let results = found.as_array().expect("a vector");
    let metrics = results.iter().filter_map(|result| result["metric"].as_object());
    metrics.flat_map(|labels| labels.keys().cloned()).collect()
}

/// The labels that a legend names: `{{domain}}`.
fn placeholders(legend: &str) -> Vec<String> {
    legend.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.to_owned())).collect()
}

/// The columns a table puts in order, without those of values.
fn columns(panel: &Value) -> Vec<String> {
    let transformations = panel["transformations"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ordered = transformations.iter().filter_map(|step| step["options"]["indexByName"].as_object());
    ordered.flat_map(|order| order.keys().filter(|name| !name.starts_with("Value")).cloned()).collect()
}

/// The cells of the grid, 24 wide, that a panel lies on.
fn cells(panel: &Value) -> Vec<(u64, u64)> {
    let at = |key: &str| panel["gridPos"][key].as_u64().expect("a position");
    let (x, y, w, h) = (at("x"), at("y"), at("w"), at("h"));
    assert!(x + w <= 24 && w > 0 && h > 0, "{} is off the grid", panel["title"]);
    (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))).collect()
}

fn targets(panel: &Value) -> &[Value] {
    panel["targets"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text of an object, empty if there is none.
fn text(object: &Value, key: &str) -> String {
    object[key].as_str().unwrap_or_default().to_owned()
}

/// The names of the alerts in the rules.
fn alerts() -> Vec<String> {
    let rules = read("dashboards/notafter-rules.yml");
    let names: Vec<String> =
        rules.lines().filter_map(|line| Some(line.split_once("- alert: ")?.1.to_owned())).collect();
    assert!(names.len() >= 8, "{names:?}");
    names
}

fn overview() -> Value {
    serde_json::from_str(&read("dashboards/notafter-overview.json")).expect("JSON")
}

fn read(path: &str) -> String {
    fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn file(path: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock before the year 292277026596")
}
