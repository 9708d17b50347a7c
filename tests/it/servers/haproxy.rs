//! HAProxy, as a customer's reverse proxy.

use std::fs;
use std::net::SocketAddr;

use tempfile::TempDir;

use super::process::{Server, program, with_hosts};

/// HAProxy.
#[derive(Debug)]
pub(crate) struct Haproxy;

impl Haproxy {
    /// Runs it in a folder with this configuration, environment and hosts file; its log if it does not get to listen at
    /// `address`.
    pub(crate) fn try_start(
        folder: TempDir,
        configuration: &str,
        environment: &[(&str, &str)],
        hosts: &str,
        address: SocketAddr,
    ) -> Result<Server, String> {
        fs::write(folder.path().join("haproxy.cfg"), configuration).expect("the configuration written");
        let mut command = program("usr/sbin/haproxy");
        command.args(["-db", "-f", "haproxy.cfg"]).envs(environment.iter().copied());
        with_hosts(&mut command, folder.path(), hosts);
        Server::spawn("haproxy", &command, folder).try_port(address)
    }
}
