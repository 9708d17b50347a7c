//! A second name server, of another make: NSD, authoritative for the zones it is given, which may be other ones.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use super::knot::zone_text;
use super::process::{LOOPBACK, Server, folder, free_port, program, run};

/// A running NSD.
#[derive(Debug)]
pub(crate) struct Nsd {
    _server: Server,
    address: SocketAddr,
}

impl Nsd {
    /// Starts NSD on 127.0.0.1 with zones as [`Knot`](super::Knot) takes them.
    pub(crate) fn start(zones: &[(&str, &str)]) -> Self {
        Self::at(SocketAddr::new(LOOPBACK[0], free_port(&LOOPBACK)), zones)
    }

    /// Starts it at this address.
    pub(crate) fn at(address: SocketAddr, zones: &[(&str, &str)]) -> Self {
        let folder = folder();
        let mut text = configuration(folder.path(), address);
        for (name, records) in zones {
            let file = folder.path().join(format!("{name}.zone"));
            fs::write(&file, zone_text(name, records, 1)).expect("a zone written");
            let _ = writeln!(text, "zone:\n    name: \"{name}\"\n    zonefile: \"{}\"", file.display());
        }
        fs::write(folder.path().join("nsd.conf"), text).expect("the configuration written");
        let mut command = program("usr/sbin/nsd");
        command.arg("-d").arg("-c").arg(folder.path().join("nsd.conf"));
        let mut server = Server::spawn("nsd", &command, folder);
        // The port opens before the zones are read.
        for (name, _) in zones {
            server.wait_until(&format!("zone {name}"), |_| !dig(address, &[name, "SOA", "+short"]).is_empty());
        }
        Self { _server: server, address }
    }

    /// Where it answers over UDP and TCP.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// What `kdig` prints for these arguments, with this server asked.
fn dig(server: SocketAddr, arguments: &[&str]) -> String {
    let mut command = program("usr/bin/kdig");
    // Asked before it is ready, a server may never answer that very question.
    let at = [format!("@{}", server.ip()), "-p".to_owned(), server.port().to_string()];
    command.args(at).args(["+timeout=1", "+retry=0"]).args(arguments);
    let output = run(&mut command, "");
    if !output.status.success() {
        return String::new();
    }
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn configuration(folder: &Path, address: SocketAddr) -> String {
    let (folder, ip, port) = (folder.display(), address.ip(), address.port());
    format!(
        "server:\n    ip-address: {ip}@{port}\n    server-count: 1\n    username: \"\"\n    chroot: \"\"\n\
         \x20   zonesdir: \"{folder}\"\n    database: \"\"\n    pidfile: \"{folder}/nsd.pid\"\n\
         \x20   xfrdfile: \"{folder}/xfrd.state\"\n    zonelistfile: \"{folder}/zone.list\"\n    xfrdir: \"{folder}\"\n\
         \x20   verbosity: 1\n    rrl-ratelimit: 0\n\
         remote-control:\n    control-enable: no\n"
    )
}
