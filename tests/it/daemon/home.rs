//! [`Home`] and [`Daemon`]: where the program lives, and the program while it runs.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::servers::{folder, free_port};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);
const LISTEN: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A folder with a configuration and the state.
#[derive(Debug)]
pub(super) struct Home {
    folder: TempDir,
    address: SocketAddr,
}

impl Home {
    /// A home with this configuration; `[server]`, `[store]` and a quick `[policy]` are added.
    pub(super) fn new(toml: &str) -> Self {
        let home = Self::bare();
        home.configure(toml);
        home
    }

    /// A home without a configuration.
    pub(super) fn bare() -> Self {
        Self { folder: folder(), address: SocketAddr::new(LISTEN, free_port(&[LISTEN])) }
    }

    /// Writes another configuration, which nobody reads until told to.
    pub(super) fn configure(&self, toml: &str) {
        let policy = if toml.contains("[policy]") { "" } else { QUICK };
        let server = format!("[server]\nlisten = \"{}\"\n[store]\npath = \"notafter.db\"\n", self.address);
        self.write("notafter.toml", &format!("{server}{policy}{toml}"));
    }

    /// Writes a file beside the configuration.
    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("a file written");
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the daemon listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts the daemon, and waits until it serves.
    pub(super) fn start(&self) -> Daemon {
        let mut daemon = self.spawn();
        daemon.wait_until("somebody who listens", |daemon| daemon.get("/-/healthy").is_some());
        daemon
    }

    /// Starts the daemon, and waits until it has looked at everything.
    pub(super) fn start_ready(&self) -> Daemon {
        let mut daemon = self.start();
        daemon.wait_until_ready();
        daemon
    }

    /// Starts the daemon without waiting for anything.
    pub(super) fn spawn(&self) -> Daemon {
        let log = self.folder.path().join("log");
        let file = File::options().create(true).append(true).open(&log).expect("a log file");
        let child = program(&["run", "--config"])
            .arg(self.folder.path().join("notafter.toml"))
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .spawn()
            .expect("notafter to run");
        Daemon { child, log, address: self.address }
    }

    /// Runs the program once, to its end, with this home's configuration.
    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = program(arguments);
        command.arg("--config").arg(self.folder.path().join("notafter.toml")).stdin(Stdio::null());
        command.output().expect("notafter to run")
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_notafter"));
    command.args(arguments).env_remove("STATE_DIRECTORY");
    command
}

/// A running daemon. Ended the hard way when it is dropped.
#[derive(Debug)]
pub(super) struct Daemon {
    child: Child,
    log: PathBuf,
    address: SocketAddr,
}

impl Daemon {
    /// What it, and those before it in the same home, have logged.
    pub(super) fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Sends a signal such as `HUP`, to this process alone.
    pub(super) fn signal(&self, signal: &str) {
        let mut command = Command::new("sh");
        command.args(["-c", "kill -s \"$1\" \"$2\"", "kill", signal]).arg(self.child.id().to_string());
        assert!(command.status().is_ok_and(|status| status.success()), "cannot signal the daemon");
    }

    /// Ends it by SIGTERM; it must do so well.
    pub(super) fn stop(mut self) -> String {
        self.signal("TERM");
        let status = self.wait();
        let log = self.log();
        assert_eq!(status.code(), Some(0), "{log}");
        log
    }

    /// Kills it; it must not have ended by itself.
    pub(super) fn kill(mut self) {
        let ended = self.child.try_wait().expect("a child's status");
        assert!(ended.is_none(), "the daemon ended by itself ({ended:?}):\n{}", self.log());
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("its end");
    }

    /// Waits until it has ended.
    pub(super) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child's status") {
                return status;
            }
            assert!(Instant::now() < deadline, "the daemon does not end:\n{}", self.log());
            pause();
        }
    }

    /// Waits until `happened` is true, or the daemon has ended, or patience has.
    pub(super) fn wait_until(&mut self, what: &str, mut happened: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !happened(self) {
            if let Some(status) = self.child.try_wait().expect("a child's status") {
                panic!("the daemon ended ({status}) before {what}:\n{}", self.log());
            }
            assert!(Instant::now() < deadline, "no {what} in {PATIENCE:?}:\n{}", self.log());
            pause();
        }
    }

    /// Waits until every domain was looked at.
    pub(super) fn wait_until_ready(&mut self) {
        self.wait_until("readiness", |daemon| daemon.get("/-/ready").is_some_and(|(status, _)| status == 200));
    }

    /// Waits until `/metrics` has this sample with this value.
    pub(super) fn wait_for_sample(&mut self, series: &str, value: f64) {
        self.wait_until(&format!("{series} {value}"), |daemon| daemon.sample(series) == Some(value));
    }

    /// Status and body of a GET; `None` if nobody answers.
    pub(super) fn get(&self, path: &str) -> Option<(u16, String)> {
        request(self.address, "GET", path)
    }

    /// Status and body of a POST without a body.
    pub(super) fn post(&self, path: &str) -> (u16, String) {
        request(self.address, "POST", path).expect("an answer")
    }

    /// The text of `/metrics`.
    pub(super) fn metrics(&self) -> String {
        let (status, text) = self.get("/metrics").expect("metrics");
        assert_eq!(status, 200, "{text}");
        text
    }

    /// The value of one sample, named with its labels in the order of the page.
    pub(super) fn sample(&self, series: &str) -> Option<f64> {
        let text = self.metrics();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        line.parse().ok()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until `happened` is true.
pub(super) fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "no {what} in {PATIENCE:?}");
        pause();
    }
}

fn pause() {
    thread::sleep(Duration::from_millis(10));
}

/// Status and body of a request without a body; `None` if nobody answers.
pub(super) fn request(address: SocketAddr, method: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// What takes minutes in earnest takes a moment here.
const QUICK: &str = "[policy]
confirm_fact = \"0s\"
confirm_network = [\"50ms\", \"100ms\"]
collect_for = \"50ms\"
group_interval = \"50ms\"
flap_after = 0
resolve_after = 2
resolve_for = \"100ms\"
retry = [\"200ms\"]
mails_per_hour = 3600
";
