//! Caddy, as a customer's reverse proxy.

use std::fs;
use std::net::SocketAddr;

use tempfile::TempDir;

use super::process::{Server, program, with_hosts};

/// Caddy.
#[derive(Debug)]
pub(crate) struct Caddy;

impl Caddy {
    /// Runs it in a folder with this configuration, environment and hosts file, trusting the roots in `roots.pem` there;
    /// its log if it does not get to listen at `address`.
    pub(crate) fn try_start(
        folder: TempDir,
        configuration: &str,
        environment: &[(&str, &str)],
        hosts: &str,
        address: SocketAddr,
    ) -> Result<Server, String> {
        fs::write(folder.path().join("Caddyfile"), configuration).expect("the configuration written");
        let mut command = program("usr/bin/caddy");
        command.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]).envs(environment.iter().copied());
        // Go asks the C library, which a hosts file of ours can be given to.
        command.env("GODEBUG", "netdns=cgo").env("SSL_CERT_FILE", folder.path().join("roots.pem"));
        for (name, below) in [("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config")] {
            command.env(name, folder.path().join(below));
        }
        with_hosts(&mut command, folder.path(), hosts);
        Server::spawn("caddy", &command, folder).try_port(address)
    }
}
