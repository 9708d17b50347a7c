//! The peer: Prometheus' blackbox_exporter, which probes when it is asked to.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use super::process::{LOOPBACK, Server, folder, free_port, http_get, program};

/// A running blackbox_exporter.
#[derive(Debug)]
pub(crate) struct Blackbox {
    server: Server,
    asker: BufReader<TcpStream>,
}

/// What it says of a probe.
#[derive(Debug)]
pub(crate) struct Answered(String);

impl Answered {
    /// Whether the probe went well.
    pub(crate) fn is_success(&self) -> bool {
        self.0.lines().any(|line| line == "probe_success 1")
    }
}

impl Blackbox {
    /// Starts it with these modules, in YAML: the content of the key `modules`. The files, by name, lie in its working
    /// folder.
    pub(crate) fn start(modules: &str, files: &[(&str, &str)]) -> Self {
        let listen: IpAddr = LOOPBACK[0];
        let address = SocketAddr::new(listen, free_port(&[listen]));
        let folder = folder();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).expect("a file written");
        }
        fs::write(folder.path().join("blackbox.yml"), format!("modules:\n{modules}")).expect("a configuration written");
        let mut command = program("usr/bin/prometheus-blackbox-exporter");
        command.args(["--config.file=blackbox.yml", "--log.level=error"]);
        command.arg(format!("--web.listen-address={address}"));
        let mut server = Server::spawn("prometheus-blackbox-exporter", &command, folder);
        server.wait_until("health", |_| http_get(address, "/-/healthy").is_some_and(|(status, _)| status == 200));
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        stream.set_nodelay(true).expect("no delay");
        Self { server, asker: BufReader::new(stream) }
    }

    /// One probe, asked for as Prometheus does: over a connection that stays.
    pub(crate) fn probe(&mut self, query: &str) -> Answered {
        self.ask(query).map(Answered).unwrap_or_else(|error| panic!("{query}: {error}\n{}", self.server.log()))
    }

    /// The CPU time that its threads have had, as the kernel counts it to the nanosecond.
    pub(crate) fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.server.id())).expect("its threads");
        let of_thread = |task: io::Result<fs::DirEntry>| {
            let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(tasks.filter_map(of_thread).sum())
    }

    fn ask(&mut self, query: &str) -> io::Result<String> {
        write!(self.asker.get_mut(), "GET /probe?{query} HTTP/1.1\r\nHost: blackbox\r\n\r\n")?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().map_err(io::Error::other)?,
                Some(("transfer-encoding", _)) => chunked = true,
                Some(_) => {}
                None if line.is_empty() => break,
                None => {}
            }
        }
        if !chunked {
            return self.exactly(length);
        }
        let mut body = String::new();
        loop {
            let length = usize::from_str_radix(&self.line()?, 16).map_err(io::Error::other)?;
            body += &self.exactly(length)?;
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.asker.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn exactly(&mut self, length: usize) -> io::Result<String> {
        let mut bytes = vec![0; length];
        self.asker.read_exact(&mut bytes)?;
        String::from_utf8(bytes).map_err(io::Error::other)
    }
}
