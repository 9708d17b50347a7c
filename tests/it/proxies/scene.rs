//! Everything around a proxy: Auth0's edge and somebody who pretends to be it, names, certificates, and the proxy itself,
//! configured by what `notafter proxy-config` prints.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use notafter::domain::{DomainName, UnixTime};
use notafter::lab::ca::{Authority, Issued, LeafSpec};
use notafter::lab::dns::{Data, NameServer, Zone};
use notafter::lab::edge::{Assumptions, Edge, Registered};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::Kind;
use crate::servers::{Apache, Caddy, Haproxy, LOOPBACK, Nginx, Server, folder, free_port};
use crate::stage::{Ran, notafter};

pub(super) const DOMAIN: &str = "login.example.com";
pub(super) const TENANT: &str = "example.us.auth0.com";
/// Only the edge's, the proxy's, and never a log's.
pub(super) const KEY: &str = "planted-key-0123456789";

const DAY: i64 = 86_400;
/// Where nobody listens, so that a connection is refused at once.
const NOWHERE: &str = "127.0.0.99";

pub(super) struct Scene {
    pub(super) runtime: Runtime,
    pub(super) edge: Edge,
    /// Serves the same hosts, with certificates of a stranger.
    pub(super) impostor: Edge,
    pub(super) registered: Registered,
    /// Whom customers trust.
    pub(super) issuer: Authority,
    issued: Issued,
    /// Whom the proxy trusts.
    edges_issuer: Authority,
    nameserver: NameServer,
    folder: TempDir,
}

/// A running proxy.
pub(super) struct Proxy {
    pub(super) server: Server,
    pub(super) https: SocketAddr,
    pub(super) http: SocketAddr,
}

/// What of a proxy's configuration is not as it is printed, and whom its upstream is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Altered<'a> {
    /// Texts of the configuration with what stands there instead.
    pub(super) lines: &'a [(&'a str, &'a str)],
    /// Whether DNS leads to the impostor.
    pub(super) to_impostor: bool,
    /// Whether the C library's hosts file leads nowhere, as a name resolved long ago does.
    pub(super) old_hosts: bool,
}

impl Scene {
    pub(super) fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
        let now = now();
        let issuer = Authority::root("Lab Root").and_then(|root| root.intermediate("Lab Intermediate")).expect("a CA");
        let issued = issuer.leaf(&LeafSpec::new(DOMAIN, now.0 - 30 * DAY, now.0 + 60 * DAY)).expect("a leaf");
        // Two intermediates, as behind a root that is cross-signed.
        let edges_issuer =
            Authority::root("Edge Root").and_then(|root| root.intermediate("Edge One")?.intermediate("Edge Two"));
        let edges_issuer = edges_issuer.expect("a CA");
        let stranger = Authority::root("Stranger").expect("a CA");
        let name = |text| DomainName::parse(text).expect("a name");
        let registered = Registered::new(&name(DOMAIN), &name(TENANT), KEY).expect("a registration");
        let start = |issuer: &Authority| {
            let edge = runtime.block_on(Edge::start(now, Assumptions::default())).expect("an edge");
            edge.register(issuer, registered.clone()).expect("a registration");
            edge
        };
        let (edge, impostor) = (start(&edges_issuer), start(&stranger));
        let zones = zones(&registered);
        let nameserver = runtime.block_on(NameServer::start(zones)).expect("a name server");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("roots.pem"), issuer.root_pem()).expect("roots written");
        fs::write(folder.path().join("intermediate.pem"), issuer.certificate_pem()).expect("an intermediate written");
        Self { runtime, edge, impostor, registered, issuer, issued, edges_issuer, nameserver, folder }
    }

    /// Starts a proxy; its log if it does not start.
    pub(super) fn start(&self, kind: Kind, altered: Altered<'_>) -> Result<Proxy, String> {
        let place = self.place();
        let mut text = kind.printed(&self.registered);
        for (line, instead) in altered.lines {
            let origin = |text: &str| text.replace("ORIGIN", self.registered.origin.as_str());
            text = replaced(kind, &text, &origin(line), &origin(instead));
        }
        let upstream = if altered.to_impostor { self.impostor.address() } else { self.edge.address() };
        let (https, http) = (place.https, place.http);
        let here = place.folder.path().to_str().expect("UTF-8").to_owned();
        for (from, to) in self.moves(kind, &here, https, http, upstream) {
            text = text.replace(&from, &to);
        }
        // One name alone: with two of them at 127.0.0.1 httpd is told twice to listen there.
        let address = if altered.old_hosts { NOWHERE } else { "127.0.0.1" };
        let hosts = format!("{address} {}\n", self.registered.origin);
        let environment = [("AUTH0_CNAME_API_KEY", KEY)];
        let server = match kind {
            Kind::Nginx => Nginx::try_start_with_hosts(place.folder, NGINX_INHERITED, &text, &hosts, https),
            Kind::Haproxy => Haproxy::try_start(place.folder, &text, &environment, &hosts, https),
            Kind::Caddy => {
                let ports = format!("http_port {}\nhttps_port {}\n", http.port(), https.port());
                let text = format!("{{\nadmin off\ndefault_bind 127.0.0.1\n{ports}}}\n{text}");
                Caddy::try_start(place.folder, &text, &environment, &hosts, https)
            }
            Kind::Apache => Apache::try_start(place.folder, APACHE_INHERITED, &text, &hosts, &[https, http]),
        }?;
        Ok(Proxy { server, https, http })
    }

    /// Lets the hosts file of a proxy lead nowhere.
    pub(super) fn move_origin(&self, proxy: &Proxy) {
        let hosts = format!("{NOWHERE} {}\n", self.registered.origin);
        let mut file = fs::File::create(proxy.server.folder().join("hosts")).expect("a hosts file");
        file.write_all(hosts.as_bytes()).expect("a hosts file written");
        // It is read anew when it is of another second.
        file.set_modified(SystemTime::now() + Duration::from_secs(60)).expect("its time set");
    }

    /// One look at the domain through a proxy.
    pub(super) fn check(&self, proxy: &Proxy) -> Ran {
        self.check_with(proxy, &[])
    }

    /// The same with further arguments.
    pub(super) fn check_with(&self, proxy: &Proxy, more: &[&str]) -> Ran {
        let path = |name: &str| self.folder.path().join(name).to_str().expect("UTF-8").to_owned();
        let nameserver = self.nameserver.address().to_string();
        let arguments = [
            "check",
            DOMAIN,
            "--address",
            &proxy.https.to_string(),
            "--nameserver",
            &nameserver,
            "--roots",
            &path("roots.pem"),
            "--intermediates",
            &path("intermediate.pem"),
        ];
        let format = if more.contains(&"--format") { &[][..] } else { &["--format", "json"] };
        notafter(arguments.into_iter().chain(format.iter().copied()).chain(more.iter().copied()))
    }

    /// A folder with the files that the configuration speaks of, and free ports.
    fn place(&self) -> Place {
        let folder = folder();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file written");
        write("fullchain.pem", &self.issued.chain_pem());
        write("leaf.pem", &self.issued.leaf_pem());
        write("privkey.pem", &self.issued.key_pem());
        // HAProxy looks for the key here.
        write("fullchain.pem.key", &self.issued.key_pem());
        write("leaf.pem.key", &self.issued.key_pem());
        write("roots.pem", &self.edges_issuer.root_pem());
        write("nginx.key", &format!("proxy_set_header cname-api-key \"{KEY}\";\n"));
        write("apache.key", &format!("RequestHeader set cname-api-key \"{KEY}\"\n"));
        let challenges = folder.path().join(".well-known/acme-challenge");
        fs::create_dir_all(&challenges).expect("a folder");
        fs::write(challenges.join("token"), "proof").expect("a file written");
        let at = |port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        Place { https: at(free_port(&LOOPBACK)), http: at(free_port(&LOOPBACK)), folder }
    }

    /// From the places of the real world to those of this one.
    fn moves(
        &self,
        kind: Kind,
        here: &str,
        https: SocketAddr,
        http: SocketAddr,
        upstream: SocketAddr,
    ) -> Vec<(String, String)> {
        let (https, http, upstream) = (https.port(), http.port(), upstream.port());
        let nameserver = self.nameserver.address();
        let origin = &self.registered.origin;
        let paths = [
            (format!("/etc/ssl/{DOMAIN}"), here.to_owned()),
            ("/etc/ssl/certs/ca-certificates.crt".to_owned(), format!("{here}/roots.pem")),
            ("/var/www/acme".to_owned(), here.to_owned()),
            (format!("{origin}:443"), format!("{origin}:{upstream}")),
        ];
        let own: Vec<(&str, String)> = match kind {
            Kind::Nginx => vec![
                ("listen 443", format!("listen 127.0.0.1:{https}")),
                ("listen [::]:443", format!("listen [::1]:{https}")),
                ("listen 80", format!("listen 127.0.0.1:{http}")),
                ("listen [::]:80", format!("listen [::1]:{http}")),
                ("$auth0_origin:443", format!("$auth0_origin:{upstream}")),
                ("resolver 127.0.0.53", format!("resolver {nameserver}")),
                ("/etc/nginx/login.example.com.key", format!("{here}/nginx.key")),
                ("/var/log/nginx/login.example.com.log", format!("{here}/access.log")),
            ],
            Kind::Haproxy => vec![
                ("bind :443", format!("bind 127.0.0.1:{https}")),
                ("bind [::]:443", format!("bind [::1]:{https}")),
                ("bind :80", format!("bind 127.0.0.1:{http}")),
                ("bind [::]:80", format!("bind [::1]:{http}")),
                ("parse-resolv-conf", format!("nameserver lab {nameserver}")),
                ("log /dev/log local0", "log stdout format raw local0".to_owned()),
                ("    user haproxy\n", String::new()),
                ("    group haproxy\n", String::new()),
            ],
            Kind::Caddy => vec![("/var/log/caddy/login.example.com.log", format!("{here}/access.log"))],
            Kind::Apache => vec![
                ("*:443", format!("*:{https}")),
                ("*:80", format!("*:{http}")),
                ("/etc/apache2/login.example.com.key", format!("{here}/apache.key")),
                ("/var/log/apache2/login.example.com.log", format!("{here}/access.log")),
            ],
        };
        let own = own.into_iter().map(|(from, to)| (from.to_owned(), to));
        // The origin with its port before the bare ports, which it ends in.
        paths.into_iter().chain(own).collect()
    }
}

struct Place {
    folder: TempDir,
    https: SocketAddr,
    http: SocketAddr,
}

/// What an administrator has set above, for other hosts: a cache, small buffers, redirects made one's own.
const NGINX_INHERITED: &str = "proxy_cache_path cache keys_zone=lab:1m; proxy_cache lab; client_max_body_size 1k; \
                               proxy_redirect / https://elsewhere.example/;";
const APACHE_INHERITED: &str = "CacheEnable socache /\nCacheSocache shmcb\n";

pub(super) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    UnixTime(i64::try_from(since.as_secs()).expect("a clock before the year 292277026596"))
}

/// The text with `line`, which must be in it once at least, replaced.
pub(super) fn replaced(kind: Kind, text: &str, line: &str, instead: &str) -> String {
    assert!(text.contains(line), "{kind:?}: there is no {line:?} in\n{text}");
    text.replace(line, instead)
}

fn zones(registered: &Registered) -> Vec<Zone> {
    let name = |text| DomainName::parse_record(text).expect("a name");
    let proof = "f7a51f40-0b47-40a5-89de-1f31bfef20af".to_owned();
    vec![
        Zone::new(name("example.com"))
            .with(name(DOMAIN), Data::A(Ipv4Addr::LOCALHOST))
            .with(name(DOMAIN), Data::Aaaa(Ipv6Addr::LOCALHOST))
            .with(name(&format!("_cf-custom-hostname.{DOMAIN}")), Data::Txt(proof)),
        Zone::new(name("auth0.com")).with(registered.origin.clone(), Data::A(Ipv4Addr::LOCALHOST)),
    ]
}
