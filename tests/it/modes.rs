//! The ways in which a login through a proxy has been known to fail, in one table: each that can be seen from outside is
//! made in a real proxy before the lab's edge and looked at once (those of caches twice), and must come to its code, its
//! hop and its mend. Those that cannot be made here say where they are held instead, or that nobody can see them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use notafter::domain::{DomainName, UnixTime};
use notafter::lab::ca::{Authority, LeafSpec};
use notafter::lab::edge::{Assumptions, Edge, Fault, Registered};
use serde_json::Value;

use super::servers::Vhost;
use super::stage::{Ran, Stage, notafter};

const DAY: i64 = 86_400;
const KEY: &str = "sesame-0123456789";

/// One way to fail.
struct Mode {
    /// Its number in the list of failure modes, with a letter where it comes in several kinds.
    number: &'static str,
    /// What has happened.
    words: &'static str,
    how: How,
}

enum How {
    /// It is made here.
    Made(Box<Made>),
    /// It is made and held in these tests.
    HeldIn(&'static str),
    /// It does not show from outside.
    Invisible(&'static str),
}

/// How it is made, and what it must come to.
struct Made {
    /// The proxy's configuration behind `listen` and the certificate; what `@…@` stands for see [`Scene::filled`].
    proxy: String,
    leaf: fn(LeafSpec) -> LeafSpec,
    /// More keys of the `[[domain]]`.
    keys: &'static str,
    /// The domain's records besides the TXT; without any it is at 127.0.0.1.
    records: &'static str,
    /// The addresses it is looked at, `@proxy@` for the proxy's; none for where DNS says.
    addresses: &'static str,
    at_origin: Option<Fault>,
    at_tenant: Option<Fault>,
    /// What happens between a first look and the one that counts.
    between: Between,
    /// Whether it takes requests that no look makes but by `--contract`.
    tried: bool,
    /// Where plain HTTP is answered.
    plain: &'static str,
    code: &'static str,
    broken_at: Option<&'static str>,
    mend: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    /// The document gets into the proxy's cache.
    LookedAt,
    /// The tenant's keys are rotated once their set is in the proxy's cache.
    Rotated,
    /// The domain is deleted and created anew.
    Recreated,
}

/// A proxy as it should be.
const GOOD: &str = "location / { proxy_pass https://@edge@; @sni@ @host@ @key@ @client@ @more@ }";

/// A proxy that is as it should be but for this.
fn but(placeholder: &str, line: &str) -> String {
    GOOD.replace(placeholder, line)
}

fn made(proxy: impl Into<String>, code: &'static str, broken_at: Option<&'static str>, mend: &'static str) -> Made {
    Made {
        proxy: proxy.into(),
        leaf: |leaf| leaf,
        keys: "",
        records: "",
        addresses: "@proxy@",
        at_origin: None,
        at_tenant: None,
        between: Between::Nothing,
        tried: false,
        plain: "@closed@",
        code,
        broken_at,
        mend,
    }
}

const fn mode(number: &'static str, words: &'static str, how: How) -> Mode {
    Mode { number, words, how }
}

fn of(number: &'static str, words: &'static str, made: Made) -> Mode {
    mode(number, words, How::Made(Box::new(made)))
}

fn modes() -> Vec<Mode> {
    let (proxy, edge, tenant) = (Some("proxy"), Some("edge"), Some("tenant"));
    let cached = "proxy_cache modes; proxy_cache_valid 200 10m; add_header X-Cache $upstream_cache_status always;";
    let ignoring = "proxy_cache_key $host$uri; proxy_cache modes; proxy_cache_valid 200 10m; \
                    proxy_ignore_headers Cache-Control; add_header X-Cache $upstream_cache_status always;";
    vec![
        of(
            "1",
            "the proxy's certificate has expired",
            Made {
                leaf: |leaf| LeafSpec::new(&leaf.names[0], now() - 40 * DAY, now() - DAY),
                ..made(GOOD, "tls.expired", Some("tls"), "Renew")
            },
        ),
        mode("2", "renewed, but not on every node", How::HeldIn("check_addresses, daemon::renewal")),
        of(
            "3",
            "the intermediate is not sent",
            Made { keys: "#alone\n", ..made(GOOD, "tls.chain_incomplete", None, "intermediate") },
        ),
        of(
            "4",
            "the certificate is for another name",
            Made {
                leaf: |leaf| LeafSpec { names: vec!["www.example.net".to_owned()], ..leaf },
                ..made(GOOD, "tls.name_mismatch", Some("tls"), "name")
            },
        ),
        of(
            "5a",
            "the key is not sent",
            made(but("@key@", ""), "auth0.key_rejected", proxy, "`proxy_set_header cname-api-key"),
        ),
        of(
            "5b",
            "the key is another one",
            made(but("@key@", "proxy_set_header cname-api-key wrong;"), "auth0.key_rejected", proxy, "cname-api-key"),
        ),
        of(
            "6",
            "the domain was deleted and created anew",
            Made { between: Between::Recreated, ..made(GOOD, "auth0.key_rejected", edge, "deleted and created anew") },
        ),
        mode("7", "the key was lost at creation", How::HeldIn("5a; that it never worked is the ledger's set-up")),
        of(
            "8",
            "Host is forwarded instead of rewritten",
            made(but("@host@", "proxy_set_header Host $host;"), "auth0.key_rejected", proxy, "`proxy_set_header Host"),
        ),
        of("9", "no SNI is sent", made(but("@sni@", ""), "http.error_status", proxy, "`proxy_ssl_server_name on`")),
        of(
            "10",
            "the proxy offers ciphers that were removed",
            made(
                but("@more@", "proxy_ssl_protocols TLSv1.2; proxy_ssl_ciphers ECDHE-ECDSA-AES128-SHA;"),
                "http.error_status",
                proxy,
                "`proxy_ssl_protocols TLSv1.2 TLSv1.3`",
            ),
        ),
        of(
            "11a",
            "X-Forwarded-For names two addresses",
            made(
                but("@client@", "proxy_set_header X-Forwarded-For '192.0.2.7, 192.0.2.8';"),
                "http.error_status",
                proxy,
                "`proxy_set_header X-Forwarded-For $remote_addr`",
            ),
        ),
        of(
            "11b",
            "CF-Connecting-IP is sent",
            made(
                but("@more@", "proxy_set_header CF-Connecting-IP 192.0.2.7;"),
                "http.error_status",
                proxy,
                "`proxy_set_header CF-Connecting-IP \"\"`",
            ),
        ),
        of(
            "12",
            "the edge's address was resolved once, and is another one now",
            made(GOOD.replace("@edge@", "@closed@"), "http.error_status", proxy, "`resolver`"),
        ),
        mode("13", "the clients' address is not forwarded", How::HeldIn("discover: auth0.client_ip_hidden")),
        of(
            "14",
            "Authorization is stripped",
            Made {
                tried: true,
                ..made(
                    but("@more@", "proxy_set_header Authorization '';"),
                    "auth0.authorization_stripped",
                    None,
                    "`proxy_set_header Authorization",
                )
            },
        ),
        of(
            "15",
            "POST is blocked",
            Made {
                tried: true,
                ..made(but("@more@", "limit_except GET { deny all; }"), "auth0.post_blocked", proxy, "`limit_except`")
            },
        ),
        of(
            "16a",
            "a cache does not tell query strings apart",
            Made {
                between: Between::LookedAt,
                ..made(but("@more@", ignoring), "auth0.cache_ignores_query", None, "`proxy_cache_key`")
            },
        ),
        of(
            "16b",
            "a cache has the keys of before the rotation",
            Made {
                between: Between::Rotated,
                ..made(but("@more@", cached), "auth0.cache_stale", None, "Bypass the cache")
            },
        ),
        of(
            "16c",
            "the keys are not the tenant's",
            Made {
                between: Between::Rotated,
                at_origin: Some(Fault::StaleKeys),
                ..made(GOOD, "auth0.jwks_mismatch", None, "Purge")
            },
        ),
        of(
            "17",
            "a bot challenge stands where the document should be",
            Made { at_origin: Some(Fault::Challenge), ..made(GOOD, "auth0.challenge", None, "Exempt") },
        ),
        of(
            "18a",
            "the record was removed",
            Made { records: "#none", addresses: "", ..made(GOOD, "dns.nxdomain", Some("dns"), "Publish the CNAME") },
        ),
        of(
            "18b",
            "the CNAME leads nowhere",
            Made {
                records: "CNAME gone.example.",
                addresses: "",
                ..made(GOOD, "dns.cname_dangling", Some("dns"), "CNAME")
            },
        ),
        of(
            "19",
            "the CNAME leads straight to the edge",
            Made {
                records: "CNAME x-cd-0123456789abcdef.edge.tenants.us.auth0.com.",
                ..made(GOOD, "dns.cname_points_at_edge", None, "proxy")
            },
        ),
        of(
            "20",
            "the ownership record is missing while Auth0 looks for it",
            Made {
                keys: "txt = \"f7a51f40-0b47-40a5-89de-1f31bfef20af\"\nverification = \"pending\"\n",
                ..made(GOOD, "dns.txt_missing", None, "TXT record")
            },
        ),
        mode("21", "a zone hold at Cloudflare", How::HeldIn("discover: auth0.verification_error")),
        of(
            "22",
            "CAA records forbid the CA",
            Made {
                keys: "caa_identifiers = [\"ours.example\"]\n",
                records: "A 127.0.0.1\n@name@ CAA 0 issue \"other.example\"",
                ..made(GOOD, "dns.caa_forbids_issuer", None, "CAA")
            },
        ),
        of("23", "the CNAME is flattened, which is no fault", made(GOOD, "", None, "")),
        of(
            "24",
            "the proxy forwards to the tenant's own host",
            made(
                "location / { proxy_pass https://@edge@; proxy_ssl_server_name on; proxy_ssl_name @tenant@; \
                 proxy_set_header Host @tenant@; @client@ }",
                "auth0.issuer_mismatch",
                proxy,
                "`proxy_pass https://",
            ),
        ),
        of(
            "25a",
            "Auth0 is down",
            Made {
                at_origin: Some(Fault::Edge(502)),
                at_tenant: Some(Fault::Edge(502)),
                ..made(GOOD, "http.error_status", tenant, "Auth0 itself fails")
            },
        ),
        of(
            "25b",
            "Auth0's application fails",
            Made {
                at_origin: Some(Fault::Application(500)),
                at_tenant: Some(Fault::Application(500)),
                ..made(GOOD, "http.error_status", tenant, "Auth0 itself fails")
            },
        ),
        of(
            "25c",
            "Auth0's edge is down for this domain",
            Made {
                at_origin: Some(Fault::Edge(502)),
                ..made(GOOD, "http.error_status", edge, "Auth0's edge does not answer for this domain")
            },
        ),
        of(
            "25d",
            "Auth0's edge knows the domain no more",
            Made { at_origin: Some(Fault::Gone), ..made(GOOD, "http.error_status", edge, "knows no such domain") },
        ),
        of(
            "26",
            "the CNAME leads to a service that was switched off",
            Made { records: "CNAME old.azureedge.net.", ..made(GOOD, "dns.cname_retired", None, "CNAME") },
        ),
        of(
            "27",
            "the tenant's access list blocks the proxy",
            Made {
                at_origin: Some(Fault::BlockPage),
                ..made(GOOD, "http.error_status", tenant, "access control list")
            },
        ),
        mode("28", "cookies of the parent domain are too large", How::Invisible("we have no cookies")),
        mode("29", "the host for clients with certificates is forgotten", How::HeldIn("daemon::mtls")),
        of(
            "30",
            "plain HTTP is not redirected",
            Made {
                tried: true,
                plain: "@proxy@",
                ..made(GOOD, "http.no_https_redirect", None, "`return 301 https://$host$request_uri;`")
            },
        ),
        of(
            "31",
            "one of two address families is broken",
            Made { addresses: "@proxy@\", \"@closed@", ..made(GOOD, "connect.refused", None, "Start the proxy") },
        ),
        of(
            "32",
            "Actions are slower than the proxy waits",
            Made {
                at_origin: Some(Fault::Slow(Duration::from_secs(2))),
                ..made(but("@more@", "proxy_read_timeout 500ms;"), "http.error_status", proxy, "`proxy_read_timeout`")
            },
        ),
        // Not in the list, and of the same kind.
        of(
            "33",
            "a default page answers in the proxy's stead",
            made(
                "location / { default_type text/html; return 200 '<title>Welcome to nginx!</title>'; }",
                "auth0.not_json",
                proxy,
                "`location / {",
            ),
        ),
        of(
            "34",
            "the proxy refuses by a rule of its own",
            made("location / { deny all; }", "http.error_status", proxy, "refuses the request itself"),
        ),
        of(
            "35",
            "only some paths are forwarded",
            made(
                format!("{} location = /userinfo {{ return 404; }}", GOOD),
                "auth0.path_not_forwarded",
                None,
                "`location /`",
            ),
        ),
        of(
            "36",
            "the document is rewritten on the way",
            Made {
                at_origin: Some(Fault::Endpoints(DomainName::parse("example.us.auth0.com").unwrap())),
                ..made(GOOD, "auth0.endpoint_foreign", None, "rewrite")
            },
        ),
        of(
            "37",
            "the key set is empty",
            Made {
                at_origin: Some(Fault::NoKeys),
                ..made(GOOD, "auth0.jwks_unusable", None, "/.well-known/jwks.json")
            },
        ),
    ]
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// A mode with everything that is its own.
struct Act<'a> {
    mode: &'a Mode,
    made: &'a Made,
    name: String,
    registered: Registered,
}

impl<'a> Act<'a> {
    fn of(mode: &'a Mode) -> Option<Self> {
        let How::Made(made) = &mode.how else { return None };
        let name = format!("f{}.example", mode.number);
        let tenant = DomainName::parse(&format!("t{}.us.auth0.com", mode.number)).unwrap();
        let registered = Registered::new(&DomainName::parse(&name).unwrap(), &tenant, KEY).unwrap();
        Some(Self { mode, made, name, registered })
    }

    /// The proxy's lines with what they stand for.
    fn filled(&self, text: &str, edge: SocketAddr, closed: SocketAddr) -> String {
        let origin = self.registered.origin.as_str();
        text.replace("@sni@", &format!("proxy_ssl_server_name on; proxy_ssl_name {origin};"))
            .replace("@host@", &format!("proxy_set_header Host {origin};"))
            .replace("@key@", &format!("proxy_set_header cname-api-key {KEY};"))
            .replace("@client@", "proxy_set_header X-Forwarded-For $remote_addr;")
            .replace("@more@", "")
            .replace("@edge@", &edge.to_string())
            .replace("@closed@", &closed.to_string())
            .replace("@tenant@", self.registered.tenant.as_str())
    }

    fn vhost(&self, issuer: &Authority, edge: SocketAddr, closed: SocketAddr) -> Vhost {
        let sound = LeafSpec::new(&self.name, now() - 30 * DAY, now() + 60 * DAY);
        let issued = issuer.leaf(&(self.made.leaf)(sound)).unwrap();
        let mut host = Vhost::new(&self.name, &issued);
        if self.made.keys.starts_with("#alone") {
            host.identities[0].chain_pem = issued.leaf_pem();
        }
        host.answering(self.filled(&self.made.proxy, edge, closed))
    }

    /// Its `[[domain]]`.
    fn domain(&self, proxy: SocketAddr, edge: SocketAddr, closed: SocketAddr) -> String {
        let addresses = self.made.addresses.replace("@proxy@", &proxy.to_string());
        let addresses = addresses.replace("@closed@", &closed.to_string());
        let addresses = if addresses.is_empty() { String::new() } else { format!("addresses = [\"{addresses}\"]\n") };
        let plain = self.made.plain.replace("@proxy@", &proxy.to_string()).replace("@closed@", &closed.to_string());
        let Registered { origin, tenant, .. } = &self.registered;
        format!(
            "[[domain]]\nname = \"{}\"\n{addresses}{}\n[domain.auth0]\ntenant = \"{tenant}\"\n\
             tenant_addresses = [\"{edge}\"]\norigin = \"{origin}\"\norigin_addresses = [\"{edge}\"]\n\
             cname_api_key = {{ file = \"key\" }}\nplain_addresses = [\"{plain}\"]\n",
            self.name, self.made.keys
        )
    }

    fn records(&self) -> String {
        let label = self.name.split('.').next().unwrap();
        match self.made.records {
            "#none" => String::new(),
            "" => format!("{label} A 127.0.0.1\n"),
            records => format!("{label} {}\n", records.replace("@name@", label)),
        }
    }

    /// What is wrong with what was seen of it.
    fn complaint(&self, seen: &Value) -> Option<String> {
        let findings = seen["findings"].as_array().unwrap();
        let loud = findings.iter().filter(|finding| finding["severity"] != "info");
        let codes: Vec<&str> = loud.clone().map(|finding| finding["code"].as_str().unwrap()).collect();
        let expected: Vec<&str> = Some(self.made.code).filter(|code| !code.is_empty()).into_iter().collect();
        let remedies: Vec<&str> = loud.map(|finding| finding["remedy"].as_str().unwrap()).collect();
        let mended = remedies.iter().all(|remedy| remedy.contains(self.made.mend));
        let fits = codes == expected && mended && seen["broken_at"].as_str() == self.made.broken_at;
        let Mode { number, words, .. } = self.mode;
        let path = seen["path"].as_array().unwrap().iter().skip(4);
        let path: Vec<String> =
            path.map(|step| format!("{} {}: {}", step["hop"], step["status"], step["detail"])).collect();
        (!fits).then(|| {
            format!(
                "{number} ({words}): {codes:?}, broken at {}, {remedies:?}\n  {}",
                seen["broken_at"],
                path.join("\n  ")
            )
        })
    }
}

#[test]
fn each_mode_that_shows_comes_to_its_code_its_hop_and_its_mend() {
    let modes = modes();
    let acts: Vec<Act<'_>> = modes.iter().filter_map(Act::of).collect();
    let root = Authority::root("Lab Root").unwrap();
    let issuer = root.intermediate("Lab Intermediate").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let edge = runtime.block_on(Edge::start(UnixTime(now()), Assumptions::default())).unwrap();
    let closed = closed_port();
    for act in &acts {
        edge.register(&issuer, act.registered.clone()).unwrap();
        edge.set_fault(&act.registered.origin, act.made.at_origin.clone());
        edge.set_fault(&act.registered.tenant, act.made.at_tenant.clone());
    }
    let hosts: Vec<Vhost> = acts.iter().map(|act| act.vhost(&issuer, edge.address(), closed.1)).collect();
    let records: String = acts.iter().map(Act::records).collect();
    let zones = [
        ("example", records.as_str()),
        ("azureedge.net", "old A 127.0.0.1"),
        ("us.auth0.com", "*.edge.tenants A 127.0.0.1"),
    ];
    let stage = Stage::with_zones(&root, &hosts, &zones);
    stage.file("key", KEY);
    stage.file("intermediate.pem", &issuer.certificate_pem());
    let proxy = stage.nginx.at("127.0.0.1");
    let domains: String = acts.iter().map(|act| act.domain(proxy, edge.address(), closed.1)).collect();
    let config = stage.config(&format!("timeout = \"60s\"\nintermediates = [\"intermediate.pem\"]\n{domains}"));
    let check = || notafter(["check", "--format", "json", "--config", &config]);
    let _first: Ran = check();
    for act in &acts {
        match act.made.between {
            Between::Rotated => edge.rotate_keys(&act.registered.tenant),
            Between::Recreated => {
                let anew = Registered { key: "another-key".to_owned(), ..act.registered.clone() };
                edge.register(&issuer, anew).unwrap();
            }
            Between::Nothing | Between::LookedAt => {}
        }
    }
    let ran = check();
    let tried: Vec<&str> = acts.iter().filter(|act| act.made.tried).map(|act| act.name.as_str()).collect();
    let trying = ["check", "--format", "json", "--config", &config, "--contract"];
    let trials = notafter(trying.into_iter().chain(tried));
    for ran in [&ran, &trials] {
        assert!(!ran.stdout.contains(KEY) && !ran.stderr.contains(KEY), "the key was told");
    }
    let lines = ran.lines().into_iter().chain(trials.lines());
    let seen: BTreeMap<String, Value> = lines.map(|seen| (seen["domain"].as_str().unwrap().to_owned(), seen)).collect();
    let complaints: Vec<String> = acts.iter().filter_map(|act| act.complaint(&seen[&act.name])).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// A port that is taken, and at which nobody listens.
fn closed_port() -> (tokio::net::TcpSocket, SocketAddr) {
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = taken.local_addr().unwrap();
    (taken, address)
}

#[test]
fn every_mode_of_the_list_is_accounted_for() {
    let mut numbers = BTreeMap::new();
    for mode in modes() {
        let number: u32 = mode.number.trim_end_matches(char::is_alphabetic).parse().unwrap();
        let where_else = match &mode.how {
            How::Made(_) => "here",
            How::HeldIn(place) | How::Invisible(place) => place,
        };
        assert!(!where_else.is_empty() && !mode.words.is_empty(), "{number}");
        numbers.insert(number, where_else);
    }
    assert!((1..=32).all(|number| numbers.contains_key(&number)), "{numbers:?}");
}
