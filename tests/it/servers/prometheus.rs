//! The scraper: Prometheus with one target, and `promtool`.

use std::fs;
use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

use super::process::{LOOPBACK, Server, folder, free_port, http_get, program, run};

/// A running Prometheus.
#[derive(Debug)]
pub(crate) struct Prometheus {
    server: Server,
    address: SocketAddr,
}

impl Prometheus {
    /// Starts Prometheus, scraping `/metrics` of `target` five times a second as job `notafter`. The first
    /// scrape comes after five seconds, which is how long it gathers targets.
    pub(crate) fn start(target: SocketAddr) -> Self {
        Self::start_with(&format!(
            "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms }}\n\
             scrape_configs:\n  - job_name: notafter\n    static_configs: [ {{ targets: [ \"{target}\" ] }} ]\n"
        ))
    }

    /// Starts Prometheus with a configuration of one's own.
    pub(crate) fn start_with(configuration: &str) -> Self {
        let listen: IpAddr = LOOPBACK[0];
        let address = SocketAddr::new(listen, free_port(&[listen]));
        let folder = folder();
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, configuration).expect("the configuration written");
        let mut command = program("usr/bin/prometheus");
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
        command.arg(format!("--web.listen-address={address}"));
        let mut server = Server::spawn("prometheus", &command, folder);
        server.wait_until("readiness", |_| http_get(address, "/-/ready").is_some_and(|(status, _)| status == 200));
        Self { server, address }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The `result` of an instant query: an array of `{"metric":{…},"value":[time,"value"]}`.
    pub(crate) fn query(&self, promql: &str) -> Value {
        let path = format!("/api/v1/query?query={}", percent_encoded(promql));
        let (status, body) = http_get(self.address, &path).expect("prometheus to answer");
        assert_eq!(status, 200, "{promql}: {body}");
        let mut answer: Value = serde_json::from_str(&body).expect("JSON");
        answer["data"]["result"].take()
    }

    /// Waits until an instant query has a result, and returns it.
    pub(crate) fn wait_for(&mut self, promql: &str) -> Value {
        let (address, path) = (self.address, format!("/api/v1/query?query={}", percent_encoded(promql)));
        self.server.wait_until(promql, move |_| {
            http_get(address, &path).is_some_and(|(_, body)| body.contains(r#""value":["#))
        });
        self.query(promql)
    }
}

/// Runs `promtool` with `input` as its stdin: exit code, and stdout with stderr. `promtool(&["check", "metrics"], text)`
/// exits 0 for sound metrics, 3 for mere style.
pub(crate) fn promtool(arguments: &[&str], input: &str) -> (i32, String) {
    let output = run(program("usr/bin/promtool").args(arguments), input);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
