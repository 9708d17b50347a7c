//! Apache httpd, as a customer's reverse proxy.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;

use tempfile::TempDir;

use super::process::{Server, is_root, program, unpacked, with_hosts};

/// What Debian enables by itself of what is needed here, and what the head of our configuration asks for.
const MODULES: [&str; 12] = [
    "mpm_event",
    "authz_core",
    "alias",
    "reqtimeout",
    "socache_shmcb",
    "ssl",
    "http2",
    "headers",
    "proxy",
    "proxy_http",
    "cache",
    "cache_socache",
];

/// Apache httpd.
#[derive(Debug)]
pub(crate) struct Apache;

impl Apache {
    /// Runs it in a folder with these virtual hosts, after directives that they may inherit, and with this hosts file; its
    /// log if it does not come to serve them.
    pub(crate) fn try_start(
        folder: TempDir,
        inherited: &str,
        hosts_of_ours: &str,
        hosts: &str,
        addresses: &[SocketAddr],
    ) -> Result<Server, String> {
        fs::create_dir(folder.path().join("nothing")).expect("a folder");
        let here = folder.path().display();
        let mut configuration = format!(
            "ServerRoot {here}\nPidFile {here}/pid\nDefaultRuntimeDir {here}\nMutex file:{here}\nErrorLog {here}/error.log\n\
             ServerName localhost\nDocumentRoot {here}/nothing\n"
        );
        for module in MODULES {
            let path = unpacked(&format!("usr/lib/apache2/modules/mod_{module}.so"));
            let _ = writeln!(configuration, "LoadModule {module}_module {}", path.display());
        }
        if is_root() {
            configuration += "User nobody\nGroup nogroup\n";
        }
        for address in addresses {
            let _ = writeln!(configuration, "Listen {address}");
        }
        let _ = write!(configuration, "StartServers 1\nThreadsPerChild 8\nMaxRequestWorkers 8\nServerLimit 1\n");
        fs::write(folder.path().join("httpd.conf"), format!("{configuration}{inherited}\n{hosts_of_ours}"))
            .expect("the configuration written");
        let mut command = program("usr/sbin/apache2");
        command.arg("-f").arg(folder.path().join("httpd.conf")).arg("-DFOREGROUND");
        with_hosts(&mut command, folder.path(), hosts);
        // Its ports open before it has read the certificates.
        let log = folder.path().join("error.log");
        let runs = |_: &Server| fs::read_to_string(&log).is_ok_and(|log| log.contains("resuming normal operations"));
        Server::spawn("apache2", &command, folder).try_until(runs)
    }
}
