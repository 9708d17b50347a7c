//! `/metrics`, as a real Prometheus and its own linter read it, and its page in the documentation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use notafter::lab::ca::{LeafSpec, self_signed};
use notafter::observation::Code;
use notafter::verdict::catalogue::ENTRIES;

use super::lab::{domain, receiver};
use super::{DAY, Home, Lab, now};
use crate::servers::{Identity, Nginx, Prometheus, Vhost, free_port, promtool};

/// Hosts of every kind, and one that refuses.
struct World {
    lab: Lab,
    nginx: Nginx,
    home: Home,
}

const EXPIRIES: [(&str, i64); 4] =
    [("good", 60 * DAY), ("expired", -2 * DAY), ("untrusted", 50 * DAY), ("wrong-name", 40 * DAY)];
/// What a stranger may write into a certificate and an answer.
const HOSTILE: &str = "evil\"} 1 \\n notafter_domain_verdict{domain=\"x";

impl World {
    fn start() -> Self {
        let lab = Lab::start();
        let expired = Vhost::new("expired.lab.example", lab.identity("expired.lab.example", -90 * DAY, -2 * DAY));
        let spec = LeafSpec::new("untrusted.lab.example", now() - DAY, now() + 50 * DAY);
        let untrusted = Vhost::new("untrusted.lab.example", Identity::from(&self_signed(&spec).unwrap()));
        let wrong = Vhost::new("wrong-name.lab.example", lab.identity("other.lab.example", -DAY, 40 * DAY));
        let answer = format!("default_type text/html; return 503 '{HOSTILE}';");
        let hosts = [lab.host("good.lab.example", 60 * DAY), expired, untrusted, wrong];
        let hosts = hosts.into_iter().chain([lab.host("broken.lab.example", 30 * DAY).answering(answer)]);
        let nginx = Nginx::start(&hosts.collect::<Vec<_>>());
        let home = Home::bare();
        let at = [nginx.at("127.0.0.1")];
        let names = ["good", "expired", "untrusted", "wrong-name", "broken"].map(|name| format!("{name}.lab.example"));
        let mut domains: String = names.iter().map(|name| domain(name, &at)).collect();
        domains += &domain("refused.lab.example", &[SocketAddr::new(at[0].ip(), free_port(&[at[0].ip()]))]);
        domains += "verification = \"pending\"\nverification_started = 2026-11-30T00:00:00Z\n";
        domains += "labels = { team = \"identity\", cost_centre = \"7 \\\" }\" }\n";
        home.configure(&(lab.probe(&home, "500ms") + &domains + &receiver("smtp+plain://127.99.99.99:1", "")));
        Self { lab, nginx, home }
    }
}

#[test]
fn prometheus_scrapes_every_verdict_and_every_expiry() {
    let world = World::start();
    let daemon = world.home.start_ready();
    let mut prometheus = Prometheus::start(world.home.address());
    for (host, level) in [("good", "healthy"), ("expired", "critical"), ("refused", "critical")] {
        let query = format!("notafter_domain_verdict{{domain=\"{host}.lab.example\",verdict=\"{level}\"}} == 1");
        prometheus.wait_for(&query);
    }
    for (host, left) in EXPIRIES {
        let query = format!("notafter_effective_expiry_timestamp_seconds{{domain=\"{host}.lab.example\"}}");
        let result = prometheus.wait_for(&query);
        let expiry: f64 = result[0]["value"][1].as_str().unwrap().parse().unwrap();
        assert!((expiry - (now() + left) as f64).abs() < 120.0, "{host}: {result}");
        let query = format!("notafter_certificate_not_after_timestamp_seconds{{domain=\"{host}.lab.example\"}}");
        assert_eq!(prometheus.query(&query)[0]["metric"]["address"], world.nginx.at("127.0.0.1").to_string());
    }
    let sums = prometheus.query("sum by (domain) (notafter_domain_verdict) != 1");
    assert_eq!(sums.as_array().map(Vec::len), Some(0), "{sums}");
    prometheus.wait_for("rate(notafter_looks_total{result=\"healthy\"}[5s]) > 0");
    let team = prometheus.query("notafter_domain_info{label_team=\"identity\",label_cost_centre=\"7 \\\" }\"}");
    assert_eq!(team[0]["metric"]["domain"], "refused.lab.example", "{team}");
    daemon.stop();
    drop(world.lab);
}

#[test]
fn the_page_is_sound_and_its_labels_are_closed_sets() {
    let world = World::start();
    let daemon = world.home.start_ready();
    let text = daemon.metrics();
    assert_eq!(promtool(&["check", "metrics"], &text), (0, String::new()), "{text}");
    let samples = samples(&text);
    let codes: BTreeSet<&str> = ENTRIES.iter().map(|entry| entry.code.as_str()).collect();
    for (name, labels) in &samples {
        for (label, value) in labels {
            let known = match label.as_str() {
                "domain" => value.is_empty() || value.ends_with(".lab.example"),
                "address" => value.parse::<SocketAddr>().is_ok(),
                "verdict" => ["healthy", "unknown", "warning", "critical"].contains(&value.as_str()),
                "code" => codes.contains(value.as_str()),
                "severity" => ["info", "warning", "critical"].contains(&value.as_str()),
                "receiver" => value == "oncall",
                "view" => ["proxy", "origin", "tenant"].contains(&value.as_str()),
                "answered_by" => ["resolver", "memory"].contains(&value.as_str()),
                "state" => ["active", "pending", "ended"].contains(&value.as_str()),
                "result" | "class" => value.chars().all(|c| c.is_ascii_lowercase()),
                "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
                "version" => value == env!("CARGO_PKG_VERSION"),
                own => name == "notafter_domain_info" && own.starts_with("label_"),
            };
            assert!(known, "{name}: {label}={value:?}");
        }
    }
    let count = |name: &str| samples.iter().filter(|(found, _)| found == name).count();
    assert_eq!(count("notafter_findings"), codes.len() * 3);
    assert_eq!(count("notafter_looks_total"), 5);
    assert_eq!(count("notafter_notices_total"), 4);
    assert_eq!(daemon.sample("notafter_looks_total{result=\"panicked\"}"), Some(0.0));
    let never = format!("notafter_findings{{code=\"{}\",severity=\"critical\"}}", Code::DnsCnameDangling.as_str());
    assert_eq!(daemon.sample(&never), Some(0.0));
    assert_eq!(daemon.sample("notafter_notices_total{receiver=\"oncall\",result=\"delivered\"}"), Some(0.0));
    let window = |host: &str| {
        let series = "notafter_verification_window_end_timestamp_seconds";
        daemon.sample(&format!("{series}{{domain=\"{host}.lab.example\"}}"))
    };
    // Three days from the start of 2026-11-30, and of nobody whose start is not known.
    assert_eq!((window("refused"), window("good")), (Some(1_796_256_000.0), None));
    assert_eq!(daemon.sample("notafter_findings{code=\"tls.expired\",severity=\"critical\"}"), Some(1.0));
    daemon.stop();
}

#[test]
fn every_metric_is_documented_and_no_other() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md")).unwrap();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let written: BTreeSet<&str> =
        page.split(|c: char| !is_part(c)).filter(|word| word.starts_with("notafter_")).collect();
    let known: BTreeSet<&str> = notafter::metrics::documented().map(|(name, _)| name).collect();
    assert_eq!(written, known);
    for name in known {
        assert!(page.contains(&format!("\n| `{name}` |")), "{name} has no line of its own");
    }
}

/// Each sample's name and labels.
fn samples(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    text.lines().filter(|line| !line.starts_with('#')).map(sample).collect()
}

fn sample(line: &str) -> (String, BTreeMap<String, String>) {
    let Some((name, mut rest)) = line.split_once('{') else {
        return (line.split(' ').next().unwrap_or_default().to_owned(), BTreeMap::new());
    };
    let mut labels = BTreeMap::new();
    while let Some((label, after)) = rest.split_once("=\"") {
        let (mut value, mut end) = (String::new(), after.len());
        let mut characters = after.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => value.extend(characters.next().map(|(_, c)| c)),
                _ => value.push(c),
            }
        }
        labels.insert(label.trim_start_matches(',').to_owned(), value);
        rest = &after[end..];
        if rest.starts_with('}') {
            break;
        }
    }
    (name.to_owned(), labels)
}

#[test]
fn a_look_asks_dns_only_for_what_has_run_out() {
    let lab = Lab::start();
    let nginx = Nginx::start(&[lab.host("good.lab.example", 60 * DAY)]);
    let home = Home::bare();
    let text = domain("good.lab.example", &[nginx.at("127.0.0.1")]);
    home.configure(&(lab.probe(&home, "100ms") + &text + &receiver("smtp+plain://127.99.99.99:1", "")));
    let mut daemon = home.start_ready();
    let sample = |daemon: &super::Daemon, series: &str| daemon.sample(series).unwrap_or_default();
    daemon.wait_until("fifteen looks", |daemon| sample(daemon, "notafter_looks_total{result=\"healthy\"}") >= 15.0);
    let asked = sample(&daemon, "notafter_dns_questions_total{answered_by=\"resolver\"}");
    let remembered = sample(&daemon, "notafter_dns_questions_total{answered_by=\"memory\"}");
    // The first look asked for everything, the CAA records up to the top twice.
    assert!((3.0..=12.0).contains(&asked) && remembered >= 3.0 * 14.0, "{asked} {remembered}");
    daemon.stop();
}
