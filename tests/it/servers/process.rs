//! A server's process, its folder and its ports: what all servers of the harness have in common.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to answer, to reload, or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for its input to end (we dropped the server, or we are gone, however that came about) and ends the server, which
/// has taken the shell's own place and process id.
const WATCHED: &str = r#"exec 3<&0; (read -r _ <&3; kill -s TERM $$) & exec "$@" </dev/null 3<&-"#;

/// A running server, alone in its process group.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    stderr: PathBuf,
    /// Holds the configuration and everything the server writes; removed with it.
    folder: TempDir,
}

impl Server {
    /// Runs `command` with `folder` to live in; its output goes to the file `stderr` there.
    pub(crate) fn spawn(name: &'static str, command: &Command, folder: TempDir) -> Self {
        let stderr = folder.path().join("stderr");
        // Appending, because some servers open it a second time.
        let log = OpenOptions::new().create(true).append(true).open(&stderr).expect("a log file");
        let mut watched = Command::new("sh");
        watched.args(["-c", WATCHED, name]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            watched.env(key, value.unwrap_or_default());
        }
        let child = watched
            .current_dir(folder.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {name}: {error}"));
        Self { name, child, stderr, folder }
    }

    /// The folder the server lives in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the server has written to stdout and stderr so far.
    pub(crate) fn log(&self) -> String {
        fs::read(&self.stderr).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Sends a signal such as `HUP`.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "kill", signal])
            .arg(self.child.id().to_string())
            .status();
        assert!(status.is_ok_and(|status| status.success()), "cannot signal {}", self.name);
    }

    /// Waits until `address` takes a TCP connection.
    pub(crate) fn wait_for_port(&mut self, address: SocketAddr) {
        self.wait_until(&format!("a connection to {address}"), |_| {
            TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
        });
    }

    /// Waits until `happened` is true; the server's log if it ends before.
    pub(crate) fn try_until(mut self, happened: impl Fn(&Self) -> bool) -> Result<Self, String> {
        let deadline = Instant::now() + PATIENCE;
        while !happened(&self) {
            let ended = self.child.try_wait().expect("a child's status").is_some();
            if ended || Instant::now() >= deadline {
                return Err(self.log());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(self)
    }

    /// Waits until `address` takes a TCP connection; the server's log if it ends before.
    pub(crate) fn try_port(self, address: SocketAddr) -> Result<Self, String> {
        self.try_until(|_| TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok())
    }

    /// Waits until `happened` is true, or the server has ended, or patience has.
    pub(crate) fn wait_until(&mut self, what: &str, happened: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !happened(self) {
            if let Some(status) = self.child.try_wait().expect("a child's status") {
                panic!("{} ended ({status}) before {what}:\n{}", self.name, self.log());
            }
            assert!(Instant::now() < deadline, "{}: no {what} in {PATIENCE:?}:\n{}", self.name, self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() >= deadline {
                drop(self.child.kill());
                drop(self.child.wait());
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A folder to live in, which servers that lay root's rights down can still enter.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    folder
}

/// The command for an unpacked program, given its path such as `usr/sbin/nginx`, with the libraries it needs.
pub(crate) fn program(path: &str) -> Command {
    let mut command = Command::new(unpacked(path));
    command.env("LD_LIBRARY_PATH", libraries());
    command
}

/// Where something of the unpacked packages lies, given its path in the package.
pub(crate) fn unpacked(path: &str) -> PathBuf {
    let found = servers().join("root").join(path);
    assert!(found.exists(), "{path} is missing: run `make servers`");
    found
}

/// Where the unpacked library of this file name lies.
pub(crate) fn library(name: &str) -> PathBuf {
    let found = libraries().split(':').map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} is missing: run `make servers`"))
}

/// The folders of the unpacked libraries, as the loader wants them.
fn libraries() -> String {
    let listed = fs::read_to_string(servers().join("libraries"));
    listed.expect("the list of libraries is missing: run `make servers`").trim().replace('\n', ":")
}

/// Runs a short-lived command with `input` as its stdin.
pub(crate) fn run(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    // Apart, because a program that answers while it still reads would block us both. One that does not read is fine.
    let writer = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().expect("its output");
    writer.join().expect("the writer");
    output
}

/// True if we are root, whom some servers treat differently.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A port that is free on all of `addresses` for TCP and UDP.
///
/// Below the range from which the kernel takes ports for outgoing connections, and spread by process, so that nobody is
/// likely to take it between now and the server's own bind.
pub(crate) fn free_port(addresses: &[IpAddr]) -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    const FIRST: u32 = 10_240;
    const COUNT: u32 = 22_000;
    for _ in 0..COUNT {
        let step = u32::from(TRIED.fetch_add(1, Ordering::Relaxed));
        let offset = (std::process::id().wrapping_mul(61) % COUNT + step) % COUNT;
        let port = u16::try_from(FIRST + offset).expect("a port");
        let free =
            |address: &IpAddr| TcpListener::bind((*address, port)).is_ok() && UdpSocket::bind((*address, port)).is_ok();
        if addresses.iter().all(free) {
            return port;
        }
    }
    panic!("no port is free on all of {addresses:?}");
}

/// The loopback addresses most servers listen on.
pub(crate) const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// One GET over plain HTTP/1.0: status and body; `None` if nobody answers.
pub(crate) fn http_get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// Gives a command, if it asks the C library for addresses, a hosts file of its own, and nothing of what DNS says of the
/// names in it.
pub(crate) fn with_hosts(command: &mut Command, folder: &Path, hosts: &str) {
    let file = folder.join("hosts");
    fs::write(&file, hosts).expect("a hosts file written");
    command.env("LD_PRELOAD", library("libnss_wrapper.so")).env("NSS_WRAPPER_HOSTS", file);
}

fn servers() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("servers")
}
