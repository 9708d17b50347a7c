//! The name server: Knot, authoritative for the zones it is given.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use super::process::{LOOPBACK, Server, folder, free_port, program};

/// A running Knot DNS.
#[derive(Debug)]
pub(crate) struct Knot {
    server: Server,
    port: u16,
    generation: u32,
}

impl Knot {
    /// Starts Knot with zones of (name, records). Records are in zone file format with names relative to the zone; SOA and
    /// NS are added unless the text has a SOA of its own.
    pub(crate) fn start(zones: &[(&str, &str)]) -> Self {
        Self::start_with(zones, &[])
    }

    /// The same, with those of the zones signed that stand in `signed`: by one key, for fourteen days.
    pub(crate) fn start_with(zones: &[(&str, &str)], signed: &[&str]) -> Self {
        let port = free_port(&LOOPBACK);
        let folder = folder();
        for (name, records) in zones {
            write_zone(folder.path(), name, records, 1);
        }
        let configuration = configuration(zones.iter().map(|(name, _)| *name), signed, folder.path(), port);
        fs::write(folder.path().join("knot.conf"), configuration).expect("the configuration written");
        let mut command = program("usr/sbin/knotd");
        command.arg("-c").arg(folder.path().join("knot.conf"));
        let mut server = Server::spawn("knotd", &command, folder);
        for address in LOOPBACK {
            server.wait_for_port(SocketAddr::new(address, port));
        }
        let mut knot = Self { server, port, generation: 1 };
        for (name, _) in zones {
            knot.wait_for_zone(name);
        }
        knot
    }

    /// Where it answers over UDP and TCP; also on the same port of `[::1]`.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::new(LOOPBACK[0], self.port)
    }

    /// Replaces the records of the zone `name`; returns once they are served.
    pub(crate) fn update(&mut self, name: &str, records: &str) {
        self.generation += 1;
        write_zone(self.server.folder(), name, records, self.generation);
        let mut control = program("usr/sbin/knotc");
        control.arg("-s").arg(self.server.folder().join("knot.sock")).args(["-b", "zone-reload", name]);
        let output = control.output().expect("knotc to run");
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "knotc: {answer}\n{}", self.server.log());
    }

    /// What `kdig` prints for these arguments, with this server asked.
    pub(crate) fn dig(&self, arguments: &[&str]) -> String {
        let mut command = program("usr/bin/kdig");
        command.arg(format!("@{}", LOOPBACK[0])).args(["-p", &self.port.to_string()]).args(arguments);
        let output = command.output().expect("kdig to run");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The DS record by which a signed zone is trusted.
    pub(crate) fn ds(&self, zone: &str) -> String {
        let mut keys = program("usr/sbin/keymgr");
        keys.arg("-c").arg(self.server.folder().join("knot.conf")).args([zone, "ds"]);
        let output = keys.output().expect("keymgr to run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().last().unwrap_or_else(|| panic!("no DS: {}", self.server.log())).to_owned()
    }

    /// The port opens before the zones are read; until then the answer is SERVFAIL.
    fn wait_for_zone(&mut self, name: &str) {
        let (port, name) = (self.port.to_string(), name.to_owned());
        self.server.wait_until(&format!("zone {name}"), move |_| {
            let mut command = program("usr/bin/kdig");
            command.args(["@127.0.0.1", "-p", &port, &name, "SOA", "+short"]);
            command.output().is_ok_and(|output| !output.stdout.is_empty())
        });
    }
}

fn write_zone(folder: &Path, name: &str, records: &str, serial: u32) {
    fs::write(folder.join(zone_file(name)), zone_text(name, records, serial)).expect("a zone written");
}

/// A zone file of these records.
pub(super) fn zone_text(name: &str, records: &str, serial: u32) -> String {
    let origin = name.trim_end_matches('.');
    let mut text = format!("$ORIGIN {origin}.\n$TTL 300\n");
    if !records.split_whitespace().any(|word| word == "SOA") {
        let _ = writeln!(text, "@ SOA ns hostmaster {serial} 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1");
    }
    text + records + "\n"
}

fn zone_file(name: &str) -> String {
    format!("{}.zone", name.trim_end_matches('.'))
}

fn configuration<'a>(zones: impl Iterator<Item = &'a str>, signed: &[&str], folder: &Path, port: u16) -> String {
    let folder = folder.display();
    let mut text = format!(
        "server:\n    rundir: \"{folder}\"\n    listen: [ \"127.0.0.1@{port}\", \"::1@{port}\" ]\n    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n\
         control:\n    listen: \"{folder}/knot.sock\"\n\
         log:\n  - target: stderr\n    any: info\n\
         database:\n    storage: \"{folder}\"\n\
         policy:\n  - id: lab\n    algorithm: ecdsap256sha256\n    single-type-signing: on\n    rrsig-lifetime: 14d\n    rrsig-refresh: 7d\n\
         template:\n  - id: default\n    storage: \"{folder}\"\n    zonefile-load: whole\n    zonefile-sync: -1\n    journal-content: none\n\
         zone:\n"
    );
    for zone in zones {
        let _ = writeln!(text, "  - domain: \"{zone}\"\n    file: \"{}\"", zone_file(zone));
        if signed.contains(&zone) {
            text += "    dnssec-signing: on\n    dnssec-policy: lab\n";
        }
    }
    text
}
