//! The daemon beside a tenant's Management API: whom it watches then, and how seldom it asks for a token.

use std::net::SocketAddr;

use notafter::lab::ca::{Authority, LeafSpec};
use notafter::lab::management::{Management, Refusing, custom_domain};
use serde_json::Value;

use super::{DAY, Home, Lab, now};
use crate::servers::Nginx;

const SECRET: &str = "CANARY-secret";
const NAMES: [&str; 4] = ["a.lab.example", "b.lab.example", "c.lab.example", "d.lab.example"];

/// A tenant of the lab: its API, and the runtime it lives in.
struct Tenant {
    api: Management,
    root: Authority,
    _runtime: tokio::runtime::Runtime,
}

impl Tenant {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let root = Authority::root("Lab API Root").unwrap();
        let identity = root.leaf(&LeafSpec::new("localhost", now() - DAY, now() + DAY)).unwrap();
        let api = runtime.block_on(Management::start(&identity, SECRET)).unwrap();
        Self { api, root, _runtime: runtime }
    }

    fn list(&self, names: &[&str]) {
        let ready = |name: &&str| custom_domain(name, &format!("cd_{name}"), "ready", Some("o.edge.example.com"));
        self.api.list(names.iter().map(ready).collect(), 2);
    }

    fn tokens(&self) -> usize {
        self.api.asked().iter().filter(|asked| asked.as_str() == "POST /oauth/token").count()
    }

    fn configuration(&self, address: SocketAddr) -> String {
        format!(
            "[[tenant]]\ndomain = \"example.us.auth0.com\"\napi_base = \"https://localhost:{}\"\nclient_id = \"abc\"\n\
             client_secret = {{ file = \"secret\" }}\ndiscover = true\n",
            address.port()
        )
    }
}

/// A home where the lab's domains are watched as this tenant lists them, each at the nginx that serves them.
fn home(lab: &Lab, tenant: &Tenant) -> Home {
    let home = Home::bare();
    home.write("secret", SECRET);
    home.write("api-root.pem", &tenant.root.root_pem());
    let probe = lab.probe(&home, "200ms").replace("\"root.pem\"", "\"root.pem\", \"api-root.pem\"");
    home.configure(&(probe + &tenant.configuration(tenant.api.address())));
    home
}

fn verdict(name: &str, level: &str) -> String {
    format!("notafter_domain_verdict{{domain=\"{name}\",verdict=\"{level}\"}}")
}

fn finding(name: &str, code: &str, severity: &str) -> String {
    format!("notafter_finding{{domain=\"{name}\",code=\"{code}\",severity=\"{severity}\"}}")
}

#[test]
fn what_the_tenant_lists_is_watched_also_while_it_says_nothing() {
    let (lab, tenant) = (Lab::start(), Tenant::start());
    tenant.list(&NAMES);
    let home = home(&lab, &tenant);
    let mut daemon = home.start();
    for name in NAMES {
        // Nobody listens there at 443.
        daemon.wait_for_sample(&finding(name, "connect.refused", "critical"), 1.0);
    }
    daemon.stop();

    tenant.api.refuse(Some(Refusing {
        below: "/",
        status: 403,
        content_type: "text/html",
        body: "<html>Access denied</html>".to_owned(),
    }));
    let mut daemon = home.start();
    for name in NAMES {
        daemon.wait_for_sample(&verdict(name, "critical"), 1.0);
    }
    daemon.wait_for_sample(&finding("", "watch.discovery_failed", "warning"), 1.0);
    daemon.stop();
    let writes: Vec<String> = tenant.api.asked().into_iter().filter(|asked| !asked.starts_with("GET ")).collect();
    assert!(writes.iter().all(|asked| asked == "POST /oauth/token"), "{writes:?}");
}

#[test]
fn a_domain_the_tenant_has_lost_stays_watched_and_is_told() {
    let (lab, tenant) = (Lab::start(), Tenant::start());
    tenant.list(&NAMES);
    let home = home(&lab, &tenant);
    let mut daemon = home.start();
    daemon.wait_for_sample(&finding("d.lab.example", "connect.refused", "critical"), 1.0);
    daemon.stop();
    tenant.list(&NAMES[..3]);
    let mut daemon = home.start();
    daemon.wait_for_sample(&finding("d.lab.example", "auth0.domain_gone", "critical"), 1.0);
    assert_eq!(daemon.sample(&finding("a.lab.example", "auth0.domain_gone", "critical")), None);
    daemon.stop();
}

#[test]
fn a_crash_loop_asks_for_no_more_than_four_tokens() {
    let (lab, tenant) = (Lab::start(), Tenant::start());
    tenant.list(&NAMES);
    let home = home(&lab, &tenant);
    for life in 1..=4 {
        let mut daemon = home.start();
        daemon.wait_until("a token", |_| tenant.tokens() == life);
        daemon.kill();
    }
    let mut daemon = home.start();
    daemon.wait_for_sample(&finding("", "watch.discovery_failed", "warning"), 1.0);
    daemon.kill();
    assert_eq!(tenant.tokens(), 4);
}

#[test]
fn what_the_tenant_says_of_a_written_domain_is_held_against_what_is_seen() {
    let (lab, tenant) = (Lab::start(), Tenant::start());
    let nginx = Nginx::start(&[lab.host("a.lab.example", 60 * DAY)]);
    let mut said: Value = custom_domain("a.lab.example", "cd_1", "failed", None);
    said["verification"]["error_msg"] = "CAA record issue".into();
    tenant.api.list(vec![said], 10);
    let home = home(&lab, &tenant);
    let written = format!(
        "{}[[domain]]\nname = \"a.lab.example\"\naddresses = [\"{}\"]\n",
        {
            let probe = lab.probe(&home, "200ms").replace("\"root.pem\"", "\"root.pem\", \"api-root.pem\"");
            probe + &tenant.configuration(tenant.api.address())
        },
        nginx.at("127.0.0.1")
    );
    home.configure(&written);
    let mut daemon = home.start();
    daemon.wait_for_sample(&finding("a.lab.example", "auth0.domain_not_ready", "critical"), 1.0);
    daemon.wait_for_sample(&finding("a.lab.example", "auth0.verification_error", "warning"), 1.0);
    // The record is the one the API names, though the file says nothing of it.
    daemon.wait_for_sample(&finding("a.lab.example", "dns.txt_missing", "warning"), 1.0);
    let log = daemon.stop();
    assert!(!log.contains("CANARY") && !log.contains("lab-token"), "{log}");
}
