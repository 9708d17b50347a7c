//! Servers that ask for a client certificate: nginx, which lets everybody in and answers with a page, and OpenSSL's own
//! server, which ends the connection.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use notafter::lab::ca::{Authority, Flaw, Issued, LeafSpec};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::{Server, Vhost, auth0_like, folder, free_port, program};
use super::stage::{Ran, Stage, codes, day, sound, statuses};

const NAME: &str = "login.example";

/// The authorities of both sides, and a folder with what servers and the program read.
struct Desk {
    root: Authority,
    clients: Authority,
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let root = Authority::root("Lab Root").unwrap();
        let desk = Self { root, clients: Authority::root("Client Root").unwrap(), folder: folder() };
        desk.file("clients.pem", &desk.clients.root_pem());
        desk.put("own", &desk.own(60));
        desk.put("stranger", &Authority::root("Stranger").unwrap().leaf(&client(60)).unwrap());
        desk
    }

    /// A certificate of ours, good for so many days.
    fn own(&self, days: i64) -> Issued {
        self.clients.leaf(&client(days)).unwrap()
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn put(&self, name: &str, issued: &Issued) {
        self.file(&format!("{name}.pem"), &issued.chain_pem());
        self.file(&format!("{name}.key"), &issued.key_pem());
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// A host that treats clients so.
    fn host(&self, address: &str, protocols: &'static str, verify: &str) -> Vhost {
        let issued = self.root.leaf(&sound(NAME)).unwrap();
        let clients = self.path("clients.pem");
        let content = format!("ssl_verify_client {verify};\nssl_client_certificate {clients};\n{}", auth0_like(NAME));
        Vhost { protocols, ..Vhost::new(NAME, &issued).on(&[address]).answering(content) }
    }

    /// One look at the address, with a certificate of ours if one is named.
    fn look(&self, stage: &Stage, address: SocketAddr, own: Option<&str>) -> Ran {
        let shown = own.map_or_else(String::new, |own| {
            let (chain, key) = (self.path(&format!("{own}.pem")), self.path(&format!("{own}.key")));
            format!("[domain.client_certificate]\nchain = \"{chain}\"\nkey = {{ file = \"{key}\" }}\n")
        });
        let config = stage.config(&format!("[[domain]]\nname = \"{NAME}\"\naddresses = [\"{address}\"]\n{shown}"));
        stage.check(&["--format", "json", "--config", &config])
    }
}

fn client(days: i64) -> LeafSpec {
    LeafSpec::new("notafter", day(days - 90), day(days)).with_flaw(Flaw::ClientOnly)
}

#[test]
fn nginx_asks_for_a_certificate_demands_one_or_takes_ours() {
    let desk = Desk::new();
    let hosts = [
        desk.host("127.0.0.1", "TLSv1.3", "on"),
        desk.host("127.0.0.2", "TLSv1.2", "on"),
        desk.host("127.0.0.3", "TLSv1.2 TLSv1.3", "optional"),
        desk.host("127.0.0.4", "TLSv1.2 TLSv1.3", "off"),
    ];
    let stage = Stage::new(&desk.root, &hosts);
    let (required, refused) = ("tls.client_certificate_required", "tls.client_certificate_refused");
    for (address, own, found, asked) in [
        ("127.0.0.1", None, &[required][..], "not_shown"),
        ("127.0.0.2", None, &[required], "not_shown"),
        ("127.0.0.3", None, &[], "not_shown"),
        ("127.0.0.4", None, &[], "not_asked"),
        ("127.0.0.1", Some("own"), &[], "shown"),
        ("127.0.0.2", Some("own"), &[], "shown"),
        ("127.0.0.3", Some("own"), &[], "shown"),
        ("127.0.0.4", Some("own"), &[], "not_asked"),
        ("127.0.0.1", Some("stranger"), &[refused], "shown"),
        ("127.0.0.2", Some("stranger"), &[refused], "shown"),
    ] {
        let ran = desk.look(&stage, stage.nginx.at(address), own);
        let seen = ran.json();
        let exit = if found.is_empty() { 0 } else { 2 };
        assert_eq!((codes(&seen), ran.code), (found.to_vec(), exit), "{address} {own:?}: {seen:#}");
        assert_eq!(seen["observations"]["tls"][0]["client_certificate"], asked, "{address} {own:?}");
        let ours = &seen["observations"]["client_certificate"];
        assert_eq!(ours.as_array().map(Vec::len), own.map(|_| 1), "{ours:#}");
        if !found.is_empty() {
            let hops = ["ok", "ok", "ok", "broken", "not_looked", "not_looked", "not_looked"];
            assert_eq!(statuses(&seen), hops, "{address} {own:?}");
            // What the server itself presents is seen all the same.
            assert_eq!(seen["observations"]["tls"][0]["chain"][0]["subject"], format!("CN={NAME}"));
        }
    }
}

#[test]
fn a_server_that_ends_the_connection_is_named_by_it() {
    let desk = Desk::new();
    let stage =
        Stage::new(&desk.root, &[Vhost::new("other.example", &desk.root.leaf(&sound("other.example")).unwrap())]);
    let server = desk.root.leaf(&sound(NAME)).unwrap();
    desk.put("server", &server);
    for version in ["-tls1_3", "-tls1_2"] {
        let (mut running, address) = s_server(desk.folder.path(), version);
        for (own, code) in
            [(None, "tls.client_certificate_required"), (Some("stranger"), "tls.client_certificate_refused")]
        {
            let seen = desk.look(&stage, address, own).json();
            assert_eq!(codes(&seen), [code], "{version} {own:?}: {seen:#}");
            let detail = seen["findings"][0]["summary"].as_str().unwrap();
            assert!(detail.contains("alert"), "{detail}");
        }
        // Ours is let in; what answers then is no discovery document.
        let seen = desk.look(&stage, address, Some("own")).json();
        assert_eq!(seen["observations"]["tls"][0]["client_certificate"], "shown", "{seen:#}");
        assert!(!codes(&seen).iter().any(|code| code.starts_with("tls.")), "{seen:#}");
        running.wait_until("its life", |_| true);
    }
}

/// OpenSSL's server, which demands a certificate that its clients' CA has signed.
fn s_server(desk: &Path, version: &str) -> (Server, SocketAddr) {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let address = SocketAddr::new(address, free_port(&[address]));
    let mut command = program("usr/bin/openssl");
    command.args(["s_server", "-www", version, "-Verify", "2", "-verify_return_error", "-attime"]);
    command.arg(day(0).to_string()).arg("-accept").arg(address.to_string());
    for (flag, file) in [("-cert", "server.pem"), ("-key", "server.key"), ("-CAfile", "clients.pem")] {
        command.arg(flag).arg(desk.join(file));
    }
    let mut server = Server::spawn("openssl", &command, folder());
    server.wait_for_port(address);
    (server, address)
}

#[test]
fn our_own_certificate_is_watched_and_its_key_is_never_shown() {
    let desk = Desk::new();
    let stage = Stage::new(&desk.root, &[desk.host("127.0.0.1", "TLSv1.3", "off")]);
    for (days, code, exit) in [
        (20, "tls.client_certificate_expires_soon", 1),
        (5, "tls.client_certificate_expires_soon", 2),
        (-1, "tls.client_certificate_expired", 2),
    ] {
        desk.put("dated", &desk.own(days));
        let ran = desk.look(&stage, stage.nginx.at("127.0.0.1"), Some("dated"));
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code, &seen["broken_at"]), (vec![code], exit, &Value::Null), "{seen:#}");
        assert_eq!(seen["findings"][0]["facts"]["subject"], json!("CN=notafter"));
        assert!(!ran.stdout.contains("PRIVATE"), "{}", ran.stdout);
    }
    // A key that is another certificate's is told with the file, and not repeated.
    desk.file("own.key", &desk.own(30).key_pem());
    let ran = desk.look(&stage, stage.nginx.at("127.0.0.1"), Some("own"));
    assert_eq!(ran.code, 64, "{ran:?}");
    assert!(ran.stderr.contains("domain[0].client_certificate.key: the private key is not that of"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("PRIVATE"), "{}", ran.stderr);
}

#[test]
fn the_host_for_mutual_tls_is_looked_at_by_itself() {
    let desk = Desk::new();
    let document = |hosts: &str| {
        auth0_like(NAME).replace(
            "\"response_types_supported\"",
            &format!("\"mtls_endpoint_aliases\":{{{hosts}}},\"response_types_supported\""),
        )
    };
    let own = format!("\"token_endpoint\":\"https://mtls.{NAME}/oauth/token\",\"x\":\"https://stranger.example/\"");
    let names_it = desk.host("127.0.0.1", "TLSv1.3", "off").answering(document(&own));
    let names_a_stranger = desk
        .host("127.0.0.2", "TLSv1.3", "off")
        .answering(document("\"token_endpoint\":\"https://mtls.stranger.example/\""));
    let mtls = format!("mtls.{NAME}");
    let old = desk.root.leaf(&LeafSpec::new(&mtls, day(-90), day(-1))).unwrap();
    let machines = Vhost { name: mtls.clone(), ..desk.host("127.0.0.1", "TLSv1.3", "on") };
    let machines = Vhost { identities: vec![(&old).into()], ..machines };
    let stage = Stage::new(&desk.root, &[names_it, machines, names_a_stranger]);
    let look = |address: &str, more: &[&str]| {
        let address = stage.nginx.at(address).to_string();
        stage.check(&[&[NAME, "--format", "json", "--address", &address], more].concat())
    };
    let ran = look("127.0.0.1", &[]);
    let [domain, host] = ran.lines().try_into().unwrap();
    assert_eq!((&domain["domain"], codes(&domain)), (&json!(NAME), vec![]));
    assert_eq!(domain["observations"]["auth0"][0]["mtls_hosts"], json!([mtls, "stranger.example"]));
    assert_eq!((&host["domain"], codes(&host), ran.code), (&json!(mtls), vec!["tls.expired"], 2));
    assert_eq!(host["observations"]["auth0"], json!([]), "nobody logs in there");
    assert_eq!(host["observations"]["tls"][0]["client_certificate"], "not_shown");
    assert_eq!(look("127.0.0.2", &[]).lines().len(), 1);
    let config = stage.config("mtls_aliases = false\n");
    assert_eq!(look("127.0.0.1", &["--config", &config]).lines().len(), 1);
    // Who asks for it by name has it once.
    let address = stage.nginx.at("127.0.0.1").to_string();
    let both = stage.check(&[NAME, &mtls, "--format", "json", "--address", &address]);
    assert_eq!(both.lines().len(), 2);
}
