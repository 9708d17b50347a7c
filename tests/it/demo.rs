//! `demo`: everything it promises is there in a quarter of a minute, and nothing is left when it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use notafter::domain::UnixTime;
use notafter::lab::world::{RENEWABLE, STORIES, World};
use tempfile::TempDir;

use super::stage::{NOW, Ran, codes, day, notafter};

/// By when all of it must show.
const QUARTER: Duration = Duration::from_secs(15);
/// Where the page is, if nobody else is there.
const USUAL: &str = "127.0.0.1:10047";

/// A running demo, with a folder of its own for what is temporary. Ended the hard way when it is dropped.
struct Demo {
    child: Child,
    lines: Receiver<String>,
    temporary: TempDir,
    started: Instant,
}

impl Demo {
    fn start(arguments: &[&str]) -> Self {
        let (mut child, temporary) = spawn(arguments);
        let lines = lines_of(child.stdout.take().expect("a pipe"));
        Self { child, lines, temporary, started: Instant::now() }
    }

    /// The next line it prints.
    fn line(&self) -> String {
        let left = QUARTER.saturating_sub(self.started.elapsed());
        self.lines.recv_timeout(left).expect("another line in time")
    }

    /// The next line that begins so.
    fn line_from(&self, start: &str) -> String {
        loop {
            let line = self.line();
            if line.starts_with(start) {
                return line;
            }
        }
    }

    /// Where its page is, which it says before anything else.
    fn page(&self) -> SocketAddr {
        let line = self.line();
        let address = line.strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
        address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("no page: {line:?}"))
    }

    fn signal(&self, signal: &str) {
        let mut command = Command::new("sh");
        command.args(["-c", "kill -s \"$1\" \"$2\"", "kill", signal]).arg(self.child.id().to_string());
        assert!(command.status().is_ok_and(|status| status.success()), "cannot signal the demo");
    }

    /// Waits until it ends, which it must soon and well, and without a trace; what it wrote to standard error.
    fn ends(&mut self) -> String {
        let status = ended(&mut self.child);
        let mut stderr = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("what it wrote");
        assert!(status.success(), "{status}: {stderr}");
        assert_eq!(left_in(self.temporary.path()), Vec::<PathBuf>::new());
        stderr
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(arguments: &[&str]) -> (Child, TempDir) {
    let temporary = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_notafter"));
    command.arg("demo").args(arguments).env("TMPDIR", temporary.path()).env_remove("RUST_LOG");
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    (child.expect("the program to run"), temporary)
}

fn lines_of(stdout: ChildStdout) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn ended(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + QUARTER;
    loop {
        if let Some(status) = child.try_wait().expect("a child's status") {
            return status;
        }
        assert!(Instant::now() < deadline, "it does not end");
        thread::sleep(Duration::from_millis(5));
    }
}

fn left_in(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect()
}

/// One request over HTTP/1.0: status and body.
fn request(address: SocketAddr, method: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(QUARTER)).expect("a limit");
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").expect("a request sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no status: {head}")), body.to_owned())
}

/// The codes of each domain's findings, as the metrics have them; nobody has any before the first look.
fn findings(metrics: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in metrics.lines() {
        if let Some(labels) = line.strip_prefix("notafter_finding{") {
            all.entry(label(labels, "domain")).or_default().insert(label(labels, "code"));
        }
        if line.starts_with("notafter_last_look_timestamp_seconds{") {
            all.entry(label(line, "domain")).or_default();
        }
    }
    all
}

fn label(line: &str, name: &str) -> String {
    let value = line.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split_once('"'));
    value.unwrap_or_else(|| panic!("{line} has no {name}")).0.to_owned()
}

fn expected() -> BTreeMap<String, BTreeSet<String>> {
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    STORIES.iter().map(|story| (story.domain().unwrap().to_string(), codes(story.codes))).collect()
}

/// The text of a mail, its quoted-printable lines joined.
fn mail_text(file: &Path) -> String {
    fs::read_to_string(file).expect("a mail").replace("=\r\n", "")
}

#[test]
fn every_domain_shows_what_is_wrong_with_it_and_a_mail_tells() {
    // Taken by us, or by somebody else already: it comes to the same.
    let taken = TcpListener::bind(USUAL);
    let mut demo = Demo::start(&[]);
    let page = demo.page();
    assert_ne!(page.to_string(), USUAL);
    drop(taken);
    let outbox = demo.line_from("mails ").trim_start_matches("mails").trim().to_owned();
    assert!(Path::new(&outbox).starts_with(demo.temporary.path()), "{outbox}");

    let expected = expected();
    let mut seen = BTreeMap::new();
    while seen != expected {
        assert!(demo.started.elapsed() < QUARTER, "{seen:#?}\nis not\n{expected:#?}");
        thread::sleep(Duration::from_millis(50));
        seen = findings(&request(page, "GET", "/metrics").1);
    }
    let (status, html) = request(page, "GET", "/");
    assert_eq!(status, 200);
    assert!(html.contains("expired.example.com"), "{html}");
    let (status, told) = request(page, "POST", "/-/reload");
    assert_eq!(status, 500);
    assert!(told.starts_with("there is nothing to read again"), "{told}");

    let line = demo.line_from("mail: ");
    assert!(line.starts_with("mail: [critical] first look: 12 domains") && line.ends_with(" (001.eml)"), "{line}");
    let mail = mail_text(&Path::new(&outbox).join("001.eml"));
    for (domain, codes) in &expected {
        assert_eq!(mail.contains(domain), !codes.is_empty(), "{domain}: {mail}");
    }

    demo.signal("TERM");
    assert_eq!(demo.ends(), "");
    assert!(TcpStream::connect(page).is_err(), "somebody still listens at {page}");
}

#[test]
fn whatever_ends_it_nothing_is_left() {
    for signal in ["INT", "HUP"] {
        let mut demo = Demo::start(&[]);
        demo.page();
        demo.signal(signal);
        assert_eq!(demo.ends(), "", "{signal}");
    }
    let mut demo = Demo::start(&["--for", "1s"]);
    demo.page();
    assert_eq!(demo.ends(), "");
    // Nobody reads what it prints.
    let (mut child, temporary) = spawn(&[]);
    drop(child.stdout.take());
    ended(&mut child);
    assert_eq!(left_in(temporary.path()), Vec::<PathBuf>::new());
}

#[test]
fn an_outbox_of_ones_own_is_kept() {
    let kept = tempfile::tempdir().expect("a folder");
    let outbox = kept.path().join("new");
    let mut demo = Demo::start(&["--outbox", outbox.to_str().unwrap()]);
    demo.page();
    demo.line_from("Ctrl-C ends it and leaves only the mails behind.");
    demo.line_from("mail: ");
    demo.signal("TERM");
    demo.ends();
    assert_eq!(left_in(&outbox), [outbox.join("001.eml")]);
}

#[test]
fn a_port_that_was_named_and_is_taken_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (mut child, temporary) = spawn(&["--port", &port]);
    let status = ended(&mut child);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(stderr.starts_with(&format!("error: cannot listen on 127.0.0.1:{port}: ")), "{stderr}");
    assert_eq!(left_in(temporary.path()), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_is_mended_is_well() {
    let now = UnixTime(day(0));
    let world = World::start(now).await.unwrap();
    let folder = tempfile::tempdir().expect("a folder");
    let roots = folder.path().join("roots.pem");
    fs::write(&roots, world.root_pem()).expect("a file written");
    let name = RENEWABLE.domain().unwrap();
    let domain = world.domains().unwrap().into_iter().find(|domain| domain.name == name).unwrap();
    let look = || -> Ran {
        let (address, nameserver) = (domain.addresses[0].to_string(), world.nameserver().to_string());
        let mut arguments = vec!["check", name.as_str(), "--format", "json", "--at", NOW, "--address", &address];
        arguments.extend(["--nameserver", &nameserver, "--roots", roots.to_str().unwrap()]);
        arguments.extend(["--txt", domain.expected.txt.as_deref().unwrap(), "--cname", "proxy.example.net"]);
        notafter(arguments)
    };
    let before = look();
    assert_eq!((codes(&before.json()), before.code), (RENEWABLE.codes.to_vec(), 2));
    world.renew(now).unwrap();
    let after = look();
    assert_eq!((codes(&after.json()), after.code), (vec![], 0), "{after:?}");
}
