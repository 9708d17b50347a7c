//! Who tells people of what fires: [`Alertmanager`], alone or in a cluster, and `amtool`.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::process::{LOOPBACK, Server, folder, free_port, http_get, program, run, unpacked};

/// A running Alertmanager.
#[derive(Debug)]
pub(crate) struct Alertmanager {
    server: Server,
    address: SocketAddr,
    cluster: SocketAddr,
}

impl Alertmanager {
    /// How long a peer of a cluster waits, times the peers before it, for word that they have told people.
    pub(crate) const PEER_TIMEOUT_S: u64 = 2;

    /// Starts an Alertmanager with this configuration, as a peer of those.
    pub(crate) fn start(configuration: &str, peers: &[&Self]) -> Self {
        let listen: IpAddr = LOOPBACK[0];
        let [address, cluster] = [(); 2].map(|()| SocketAddr::new(listen, free_port(&[listen])));
        let folder = folder();
        let file = folder.path().join("alertmanager.yml");
        fs::write(&file, configuration).expect("the configuration written");
        let mut command = at_home(program("usr/bin/prometheus-alertmanager"), folder.path());
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.path={}", folder.path().join("data").display()));
        command.arg(format!("--web.listen-address={address}"));
        command.arg(format!("--cluster.listen-address={cluster}"));
        command.arg(format!("--cluster.advertise-address={cluster}"));
        command.arg(format!("--cluster.peer-timeout={}s", Self::PEER_TIMEOUT_S));
        // It has settled after a few of ten times this.
        command.arg("--cluster.gossip-interval=20ms").arg("--cluster.pushpull-interval=1s");
        command.args(peers.iter().map(|peer| format!("--cluster.peer={}", peer.cluster)));
        let mut server = Server::spawn("alertmanager", &command, folder);
        server.wait_until("readiness", |_| http_get(address, "/-/ready").is_some_and(|(status, _)| status == 200));
        Self { server, address, cluster }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What fires, as the API tells it.
    pub(crate) fn alerts(&self) -> Vec<Value> {
        self.get("/api/v2/alerts").as_array().expect("an array of alerts").clone()
    }

    /// Waits until it knows so many peers, itself among them, and has settled among them.
    pub(crate) fn wait_for_peers(&mut self, count: usize) {
        let address = self.address;
        self.server.wait_until(&format!("{count} peers"), move |_| {
            let status = http_get(address, "/api/v2/status").map(|(_, body)| body).unwrap_or_default();
            let status: Value = serde_json::from_str(&status).unwrap_or_default();
            let cluster = &status["cluster"];
            cluster["status"] == "ready" && cluster["peers"].as_array().is_some_and(|peers| peers.len() == count)
        });
    }

    /// Waits until so many alerts fire, and returns them.
    pub(crate) fn wait_for_alerts(&mut self, count: usize) -> Vec<Value> {
        let address = self.address;
        self.server.wait_until(&format!("{count} alerts"), move |_| {
            let alerts = http_get(address, "/api/v2/alerts").map(|(_, body)| body).unwrap_or_default();
            serde_json::from_str(&alerts).is_ok_and(|alerts: Vec<Value>| alerts.len() == count)
        });
        self.alerts()
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = http_get(self.address, path).expect("alertmanager to answer");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }
}

/// The same program, which has its templates in its folder. Debian's knows one place for them, and it cannot be told of
/// another; what it is unpacked for is not installed.
fn at_home(installed: Command, folder: &Path) -> Command {
    const TEMPLATES: &str = "/usr/share/prometheus/alertmanager";
    let here = "./".repeat(TEMPLATES.len() / 2);
    let copy = folder.join("alertmanager");
    let mut sed = Command::new("sed");
    let replaced = run(sed.arg(format!("s#{TEMPLATES}#{here}#g")).arg(installed.get_program()), "");
    fs::write(&copy, replaced.stdout).expect("a copy of the program");
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("its mode");
    for name in ["default.tmpl", "email.tmpl"] {
        fs::copy(unpacked(&format!("{TEMPLATES}/{name}")[1..]), folder.join(name)).expect("a template");
    }
    let mut command = Command::new(copy);
    for (key, value) in installed.get_envs() {
        command.env(key, value.unwrap_or_default());
    }
    command
}

/// Runs `amtool`: exit code, and what it says then, good or bad.
pub(crate) fn amtool(arguments: &[&str]) -> (i32, String) {
    let output = run(program("usr/bin/amtool").args(arguments), "");
    let text = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}
