//! The resolver: Unbound, which asks the name servers it is told for the zones it is told, over UDP, TCP, TLS and HTTPS.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;

use super::nginx::Identity;
use super::process::{LOOPBACK, Server, folder, free_port, program};

/// A running Unbound.
#[derive(Debug)]
pub(crate) struct Unbound {
    _server: Server,
    plain: u16,
    tls: u16,
    https: u16,
}

/// How it is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// UDP and TCP.
    Plain,
    /// DNS over TLS.
    Tls,
    /// DNS over HTTPS, at `/dns-query`.
    Https,
}

impl Unbound {
    /// Starts Unbound; it asks these name servers for these zones, and refuses what is below no zone. With an identity it
    /// also answers over TLS and HTTPS. `more` is text for its `server:` clause, such as a trust anchor.
    pub(crate) fn start(zones: &[(&str, SocketAddr)], identity: Option<&Identity>, more: &str) -> Self {
        let [plain, tls, https] = [(); 3].map(|()| free_port(&LOOPBACK[..1]));
        let folder = folder();
        let mut text = format!(
            "server:\n  directory: \"{folder}\"\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n  use-syslog: no\n  \
             logfile: \"\"\n  do-daemonize: no\n  num-threads: 1\n  do-not-query-localhost: no\n  do-ip6: no\n  \
             access-control: 127.0.0.0/8 allow\n  module-config: \"validator iterator\"\n  ede: yes\n  \
             target-fetch-policy: \"0 0 0 0 0\"\n  unblock-lan-zones: yes\n  insecure-lan-zones: yes\n  \
             interface: 127.0.0.1@{plain}\n",
            folder = folder.path().display()
        );
        if let Some(identity) = identity {
            fs::write(folder.path().join("chain.pem"), &identity.chain_pem).expect("a chain written");
            fs::write(folder.path().join("key.pem"), &identity.key_pem).expect("a key written");
            let _ = writeln!(
                text,
                "  interface: 127.0.0.1@{tls}\n  interface: 127.0.0.1@{https}\n  tls-port: {tls}\n  https-port: {https}\n  \
                 tls-service-key: \"key.pem\"\n  tls-service-pem: \"chain.pem\"\n  http-endpoint: \"/dns-query\""
            );
        }
        for line in more.lines() {
            let _ = writeln!(text, "  {line}");
        }
        for (zone, address) in zones {
            let _ = writeln!(
                text,
                "stub-zone:\n  name: \"{zone}\"\n  stub-addr: {}@{}\n  stub-no-cache: no",
                address.ip(),
                address.port()
            );
        }
        text += "remote-control:\n  control-enable: no\n";
        fs::write(folder.path().join("unbound.conf"), text).expect("the configuration written");
        let mut command = program("usr/sbin/unbound");
        command.arg("-d").arg("-p").arg("-c").arg(folder.path().join("unbound.conf"));
        let mut server = Server::spawn("unbound", &command, folder);
        let ports = if identity.is_some() { vec![plain, tls, https] } else { vec![plain] };
        for port in ports {
            server.wait_for_port(SocketAddr::new(LOOPBACK[0], port));
        }
        Self { _server: server, plain, tls, https }
    }

    /// Where it answers.
    pub(crate) fn address(&self, channel: Channel) -> SocketAddr {
        let port = match channel {
            Channel::Plain => self.plain,
            Channel::Tls => self.tls,
            Channel::Https => self.https,
        };
        SocketAddr::new(LOOPBACK[0], port)
    }

    /// As notafter's `nameservers` has it, with this name in its certificate.
    pub(crate) fn written(&self, channel: Channel, name: &str) -> String {
        let address = self.address(channel);
        match channel {
            Channel::Plain => address.to_string(),
            Channel::Tls => format!("tls://{address}#{name}"),
            Channel::Https => format!("https://{name}:{}/dns-query#{}", address.port(), address.ip()),
        }
    }
}
