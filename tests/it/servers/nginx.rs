//! The customers' reverse proxy: nginx with any number of virtual hosts, told apart by address and by SNI.

use std::fmt::Write;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use notafter::lab::ca::{Authority, Issued, LeafSpec};
use tempfile::TempDir;

use super::process::{Server, folder, free_port, is_root, program, with_hosts};

/// A certificate chain and its key, as nginx reads them.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// What is presented, leaf first.
    pub(crate) chain_pem: String,
    /// The leaf's key.
    pub(crate) key_pem: String,
}

impl From<&Issued> for Identity {
    fn from(issued: &Issued) -> Self {
        Self { chain_pem: issued.chain_pem(), key_pem: issued.key_pem() }
    }
}

/// One `server` block.
#[derive(Debug, Clone)]
pub(crate) struct Vhost {
    /// Its `server_name`, told apart by SNI from others on the same address; the first there answers for the unknown.
    pub(crate) name: String,
    /// Where it listens; all on the one port of its [`Nginx`].
    pub(crate) addresses: Vec<IpAddr>,
    /// Chains and keys: one, or an RSA and an ECDSA pair.
    pub(crate) identities: Vec<Identity>,
    /// What it answers: location blocks and other directives.
    pub(crate) content: String,
    /// The value of `ssl_protocols`.
    pub(crate) protocols: &'static str,
    /// Whether ALPN offers h2 beside http/1.1.
    pub(crate) http2: bool,
}

impl Vhost {
    /// A host on 127.0.0.1 that answers like Auth0 for its own name.
    pub(crate) fn new(name: &str, identity: impl Into<Identity>) -> Self {
        Self {
            name: name.to_owned(),
            addresses: vec![Ipv4Addr::LOCALHOST.into()],
            identities: vec![identity.into()],
            content: auth0_like(name),
            protocols: "TLSv1.2 TLSv1.3",
            http2: false,
        }
    }

    /// The same, listening on these addresses.
    pub(crate) fn on(mut self, addresses: &[&str]) -> Self {
        self.addresses = addresses.iter().map(|address| address.parse().expect("an address")).collect();
        self
    }

    /// The same, answering something else: location blocks and other directives.
    pub(crate) fn answering(mut self, content: impl Into<String>) -> Self {
        self.content = content.into();
        self
    }

    fn block(&self, index: usize, port: u16) -> String {
        let mut block = format!("server {{\nserver_name {};\nssl_protocols {};\n", self.name, self.protocols);
        let http2 = if self.http2 { " http2" } else { "" };
        for address in &self.addresses {
            let _ = writeln!(block, "listen {} ssl{http2};", SocketAddr::new(*address, port));
        }
        for pair in 0..self.identities.len() {
            let _ = writeln!(block, "ssl_certificate {index}-{pair}.pem;\nssl_certificate_key {index}-{pair}.key;");
        }
        block + &self.content + "\n}\n"
    }
}

/// A running nginx.
#[derive(Debug)]
pub(crate) struct Nginx {
    server: Server,
    port: u16,
}

impl Nginx {
    /// Starts nginx with `vhosts`, all on one free port.
    pub(crate) fn start(vhosts: &[Vhost]) -> Self {
        Self::start_with(vhosts, &[])
    }

    /// The same, but with the oldest that its OpenSSL still has: weak keys, broken hashes, TLS 1.0. The files, by name, lie
    /// beside its configuration.
    pub(crate) fn start_weak(vhosts: &[Vhost], files: &[(&str, &str)]) -> Self {
        Self::start_with(vhosts, &[files, &[(WEAKNESS, WEAK)]].concat())
    }

    fn start_with(vhosts: &[Vhost], files: &[(&str, &str)]) -> Self {
        let addresses: Vec<IpAddr> = vhosts.iter().flat_map(|vhost| vhost.addresses.iter().copied()).collect();
        let port = free_port(&addresses);
        let folder = folder();
        write_configuration(folder.path(), vhosts, port);
        for (name, content) in files {
            fs::write(folder.path().join(name), content).expect("a file written");
        }
        let mut command = program("usr/sbin/nginx");
        if files.iter().any(|(name, _)| *name == WEAKNESS) {
            command.env("OPENSSL_CONF", folder.path().join(WEAKNESS));
        }
        command.arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "stderr"]);
        let mut server = Server::spawn("nginx", &command, folder);
        for address in addresses {
            server.wait_for_port(SocketAddr::new(address, port));
        }
        Self { server, port }
    }

    /// Runs nginx in a folder with these server blocks, after directives of `http` that they may inherit and with this
    /// hosts file; its log if it does not get to listen at `address`.
    pub(crate) fn try_start_with_hosts(
        folder: TempDir,
        inherited: &str,
        blocks: &str,
        hosts: &str,
        address: SocketAddr,
    ) -> Result<Server, String> {
        let user = if is_root() { "user root root;" } else { "" };
        let configuration = format!("{user}\n{MAIN}\nhttp {{\n{HTTP}\n{inherited}\n{blocks}}}\n");
        fs::write(folder.path().join("nginx.conf"), configuration).expect("the configuration written");
        let mut command = program("usr/sbin/nginx");
        command.arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "stderr"]);
        with_hosts(&mut command, folder.path(), hosts);
        Server::spawn("nginx", &command, folder).try_port(address)
    }

    /// The port of all hosts.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where a host on `address` is reached.
    pub(crate) fn at(&self, address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().expect("an address"), self.port)
    }

    /// Serves `vhosts` from now on; the addresses must be among those of the start. Returns once the old certificates are
    /// no longer presented.
    pub(crate) fn reload(&mut self, vhosts: &[Vhost]) {
        // Old workers accept until they begin to quit, which is when they say so.
        let quits = |server: &Server| server.log().matches("gracefully shutting down").count();
        let before = quits(&self.server);
        write_configuration(self.server.folder(), vhosts, self.port);
        self.server.signal("HUP");
        self.server.wait_until("the end of the old worker", |server| quits(server) > before);
    }

    /// The requests so far, a line each: connection number, how manieth on it, address, SNI, Host, method, URI, status,
    /// User-Agent, `cname-api-key`. Written when a request is done, which may be a moment after its answer was read.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = fs::read_to_string(self.server.folder().join("access.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// Waits until `count` requests are in the log, and returns them.
    pub(crate) fn wait_for_requests(&mut self, count: usize) -> Vec<String> {
        let log = self.server.folder().join("access.log");
        let lines = |_: &Server| fs::read_to_string(&log).is_ok_and(|log| log.lines().count() >= count);
        self.server.wait_until("enough requests", lines);
        self.requests()
    }
}

/// Locations that answer as Auth0 does for a custom domain `name`: discovery, keys, and "not found" for the rest.
pub(crate) fn auth0_like(name: &str) -> String {
    let discovery = format!(
        r#"{{"issuer":"https://{name}/","authorization_endpoint":"https://{name}/authorize","token_endpoint":"https://{name}/oauth/token","userinfo_endpoint":"https://{name}/userinfo","jwks_uri":"https://{name}/.well-known/jwks.json","response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}}"#
    );
    format!(
        "add_header x-auth0-requestid 0123456789abcdef0123 always;\n\
         location = /.well-known/openid-configuration {{ default_type application/json; return 200 '{discovery}'; }}\n\
         location = /.well-known/jwks.json {{ default_type application/json; return 200 '{KEYS}'; }}\n\
         location = /userinfo {{ default_type text/plain; return 401 'Unauthorized'; }}\n\
         location / {{ default_type text/plain; return 404 'Not Found'; }}\n"
    )
}

/// A key set with one key in it, which signs nothing.
const KEYS: &str = r#"{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"lab","n":"AQAB","e":"AQAB"}]}"#;

/// A location that forwards everything to `origin` over plain HTTP as a customer's proxy does to Auth0: with the edge's
/// name as Host, and the custom domain's key.
pub(crate) fn proxy_to(origin: SocketAddr, edge: &str, key: &str) -> String {
    format!(
        "location / {{ proxy_pass http://{origin}; proxy_http_version 1.1; proxy_set_header Host {edge}; \
         proxy_set_header cname-api-key {key}; }}\n"
    )
}

/// A good P-256 identity for `name`, valid from an hour ago until in 60 days, below a fresh root and intermediate: for
/// tests that do not care.
pub(crate) fn lab_identity(name: &str) -> (Authority, Identity) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
    let now = i64::try_from(now).expect("a clock before the year 292277026596");
    let root = Authority::root("Lab Root").expect("a root");
    let intermediate = root.intermediate("Lab Intermediate").expect("an intermediate");
    let issued = intermediate.leaf(&LeafSpec::new(name, now - 3600, now + 60 * 86_400)).expect("a leaf");
    (root, Identity::from(&issued))
}

fn write_configuration(folder: &Path, vhosts: &[Vhost], port: u16) {
    let mut hosts = String::new();
    for (index, vhost) in vhosts.iter().enumerate() {
        for (pair, identity) in vhost.identities.iter().enumerate() {
            fs::write(folder.join(format!("{index}-{pair}.pem")), &identity.chain_pem).expect("a chain written");
            fs::write(folder.join(format!("{index}-{pair}.key")), &identity.key_pem).expect("a key written");
        }
        hosts += &vhost.block(index, port);
    }
    let user = if is_root() { "user root root;" } else { "" };
    let configuration = format!("{user}\n{MAIN}\nhttp {{\n{HTTP}\n{hosts}}}\n");
    fs::write(folder.join("nginx.conf"), configuration).expect("the configuration written");
}

const MAIN: &str = "daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr notice;
events { worker_connections 512; }";

/// A configuration of OpenSSL for whatever it would refuse by itself (SSL_CTX_set_security_level(3)), and its file.
const WEAK: &str = "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = weak\n[weak]\n\
                    CipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0\nMinProtocol = TLSv1\n";
const WEAKNESS: &str = "openssl.cnf";

/// P-521 must be among the curves, else TLS 1.2 refuses P-521 certificates.
const HTTP: &str = r#"log_format probes '$connection $connection_requests $server_addr "$ssl_server_name" "$http_host" $request_method $request_uri $status "$http_user_agent" "$http_cname_api_key"';
access_log access.log probes;
client_body_temp_path body;
proxy_temp_path proxy;
proxy_cache_path kept keys_zone=modes:1m;
fastcgi_temp_path fastcgi;
uwsgi_temp_path uwsgi;
scgi_temp_path scgi;
ssl_ecdh_curve X25519:prime256v1:secp384r1:secp521r1;"#;
