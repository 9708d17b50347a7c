//! What is watched: ten domains behind nginx, their records at Knot; and a door of our own that sees the first look come.

use std::fmt::Write;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use notafter::lab::ca::{Authority, LeafSpec};
use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::servers::{Knot, LOOPBACK, Nginx, Vhost, folder, free_port, http_get};

/// So many domains.
pub(crate) const DOMAINS: usize = 10;
const DAY: i64 = 86_400;

/// The servers.
pub(crate) struct Scene {
    nginx: Nginx,
    knot: Knot,
    root: Authority,
    /// Where the daemon serves.
    listen: SocketAddr,
}

impl Scene {
    /// Starts them.
    pub(crate) fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
        let now = i64::try_from(since).expect("a clock of our age");
        let root = Authority::root("Footprint Root").expect("a root");
        let issuer = root.intermediate("Footprint Intermediate").expect("an intermediate");
        let vhost = |number: usize| {
            let leaf = issuer.leaf(&LeafSpec::new(&name(number), now - DAY, now + 89 * DAY)).expect("a leaf");
            Vhost::new(&name(number), &leaf)
        };
        let nginx = Nginx::start(&(0..DOMAINS).map(vhost).collect::<Vec<_>>());
        let mut records = "proxy A 127.0.0.1\n".to_owned();
        for number in 0..DOMAINS {
            let name = name(number);
            let _ = writeln!(records, "{name}. CNAME proxy\n_cf-custom-hostname.{name}. TXT \"{}\"", proof(number));
        }
        let knot = Knot::start(&[("example.com", &records)]);
        Self { nginx, knot, root, listen: SocketAddr::new(LOOPBACK[0], free_port(&LOOPBACK)) }
    }

    /// A folder with a configuration for them, and no state.
    pub(crate) fn home(&self) -> TempDir {
        let home = folder();
        fs::write(home.path().join("root.pem"), self.root.root_pem()).expect("a root written");
        self.configure(home.path(), self.nginx.at("127.0.0.1"));
        home
    }

    /// How long the program takes from its start until the first look knocks.
    pub(crate) fn first_look(&self, program: &Path, home: &TempDir) -> Duration {
        let door = TcpListener::bind((LOOPBACK[0], 0)).expect("a port");
        self.configure(home.path(), door.local_addr().expect("an address"));
        let begun = Instant::now();
        let _daemon = Daemon::start(program, home.path());
        let _look = door.accept().expect("a connection");
        begun.elapsed()
    }

    /// All of the domains must have been looked at, and be well: what fails costs otherwise.
    pub(crate) fn assert_watched(&self, home: &Path) {
        let log = || fs::read_to_string(home.join("log")).unwrap_or_default();
        let page = http_get(self.listen, "/metrics").map(|(_, page)| page).unwrap_or_else(|| panic!("{}", log()));
        let well = |line: &&str| line.starts_with("notafter_domain_verdict{") && line.ends_with("=\"healthy\"} 1");
        let well = page.lines().filter(well).count();
        assert_eq!(well, DOMAINS, "{}\n{page}", log());
    }

    fn configure(&self, home: &Path, address: SocketAddr) {
        let (listen, knot) = (self.listen, self.knot.address());
        let mut text = format!(
            "[server]\nlisten = \"{listen}\"\n[store]\npath = \"notafter.db\"\n[probe]\ninterval = \"1m\"\n\
             nameservers = [\"{knot}\"]\nroots = [\"mozilla\", \"root.pem\"]\n"
        );
        for number in 0..DOMAINS {
            let (name, proof) = (name(number), proof(number));
            let _ = writeln!(text, "[[domain]]\nname = \"{name}\"\naddresses = [\"{address}\"]");
            let _ = writeln!(text, "cname = \"proxy.example.com\"\ntxt = \"{proof}\"");
        }
        fs::write(home.join("notafter.toml"), text).expect("a configuration written");
    }
}

fn name(number: usize) -> String {
    format!("login-{number}.example.com")
}

fn proof(number: usize) -> String {
    format!("{number:08x}-0b47-40a5-89de-1f31bfef20af")
}
