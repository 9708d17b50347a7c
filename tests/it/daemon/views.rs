//! The views past the proxy in the daemon: told as metrics, and as soon as the domain fails, by its path.

use notafter::domain::{DomainName, UnixTime};
use notafter::lab::ca::Authority;
use notafter::lab::edge::{Assumptions, Edge, Fault, Registered};

use super::lab::domain;
use super::{DAY, Home, Lab, now};
use crate::servers::Nginx;

const HOST: &str = "login.lab.example";
const KEY: &str = "sesame-0123456789";

#[test]
fn three_views_are_metrics_and_a_dead_edge_is_not_the_proxys_fault() {
    let lab = Lab::start();
    let auth0 = Authority::root("Lab Auth0").unwrap();
    let tenant = DomainName::parse("example.us.auth0.com").unwrap();
    let registered = Registered::new(&DomainName::parse(HOST).unwrap(), &tenant, KEY).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let edge = runtime.block_on(Edge::start(UnixTime(now()), Assumptions::default())).unwrap();
    edge.register(&auth0, registered.clone()).unwrap();
    let (at, origin) = (edge.address(), &registered.origin);
    let proxy = format!(
        "location / {{ proxy_pass https://{at}; proxy_ssl_server_name on; proxy_ssl_name {origin}; \
         proxy_set_header Host {origin}; proxy_set_header cname-api-key {KEY}; \
         proxy_set_header X-Forwarded-For $remote_addr; }}"
    );
    let nginx = Nginx::start(&[lab.host(HOST, 60 * DAY).answering(proxy)]);
    let home = Home::bare();
    home.write("key", KEY);
    home.write("auth0.pem", &auth0.root_pem());
    let probe = lab.probe(&home, "200ms").replace("[\"root.pem\"]", "[\"root.pem\", \"auth0.pem\"]");
    let views = format!(
        "[domain.auth0]\ntenant = \"{tenant}\"\ntenant_addresses = [\"{at}\"]\norigin = \"{origin}\"\n\
         origin_addresses = [\"{at}\"]\ncname_api_key = {{ file = \"key\" }}\n"
    );
    home.configure(&(probe + &domain(HOST, &[nginx.at("127.0.0.1")]) + &views));
    let mut daemon = home.start_ready();
    let up = |view: &str| format!("notafter_auth0_view_up{{domain=\"{HOST}\",view=\"{view}\"}}");
    for view in ["proxy", "origin", "tenant"] {
        daemon.wait_until(view, |daemon| daemon.sample(&up(view)) == Some(1.0));
    }
    let limit = |what: &str| format!("notafter_auth0_ratelimit_{what}{{domain=\"{HOST}\",view=\"proxy\"}}");
    daemon.wait_until("the limit", |daemon| daemon.sample(&limit("limit")) == Some(20.0));
    assert_eq!(daemon.sample(&limit("remaining")), Some(19.0));
    let signing = format!("notafter_auth0_signing_certificate_not_after_timestamp_seconds{{domain=\"{HOST}\"}}");
    let ends = daemon.sample(&signing).unwrap();
    assert!(ends > (now() + 10 * 365 * DAY) as f64, "{ends}");

    edge.set_fault(origin, Some(Fault::Edge(502)));
    daemon.wait_until("word of it", |daemon| daemon.sample(&up("origin")) == Some(0.0));
    assert_eq!((daemon.sample(&up("proxy")), daemon.sample(&up("tenant"))), (Some(0.0), Some(1.0)));
    let finding = format!("notafter_finding{{domain=\"{HOST}\",code=\"auth0.edge_error\",severity=\"info\"}}");
    assert_eq!(daemon.sample(&finding), Some(1.0));
    let (_, page) = daemon.get("/").unwrap_or_default();
    assert!(page.contains("Nothing to mend at the proxy as far as it shows"), "{page}");
    let log = daemon.stop();
    assert!(!log.contains(KEY) && !page.contains(KEY));
    let state = std::fs::read(home.path().join("notafter.db")).unwrap();
    assert!(!String::from_utf8_lossy(&state).contains(KEY), "the key was stored");
}
