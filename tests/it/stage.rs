//! A stage for stories about the program: a name server and a proxy on loopback, and the real binary run against them.
//!
//! All stories play at [`NOW`], whatever the day is: certificates have dates around it, and the program judges as of it.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use notafter::lab::ca::{Authority, LeafSpec};
use serde_json::Value;
use tempfile::TempDir;

use super::servers::{Knot, Nginx, Vhost};

/// When the stories play.
pub(crate) const NOW: &str = "2026-12-01T00:00:00Z";

/// So many days after [`NOW`] (before it, if negative), in seconds since 1970.
pub(crate) const fn day(days: i64) -> i64 {
    1_796_083_200 + days * 86_400
}

/// A sound leaf for `name`: a month old, with two more to go.
pub(crate) fn sound(name: &str) -> LeafSpec {
    LeafSpec::new(name, day(-30), day(60))
}

/// What came of one run of the program.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code; -1 if a signal ended it.
    pub(crate) code: i32,
    /// What it wrote to standard output.
    pub(crate) stdout: String,
    /// What it wrote to standard error.
    pub(crate) stderr: String,
}

impl Ran {
    /// Its output as JSON Lines.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{}", self.stderr));
        self.stdout.lines().map(read).collect()
    }

    /// Its output as the one JSON object it must be.
    pub(crate) fn json(&self) -> Value {
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "{self:?}");
        lines.into_iter().next().unwrap_or_default()
    }
}

/// Runs the program away from any configuration file, with no input and no terminal.
pub(crate) fn notafter<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ran {
    run(program().args(arguments))
}

/// The same, told to colour as if there were a terminal: without one, escape sequences are taken out at the very end.
pub(crate) fn notafter_in_colour<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ran {
    run(program().args(arguments).env("CLICOLOR_FORCE", "1"))
}

/// The same, with no more than so many files open at once.
pub(crate) fn notafter_with_files<S: AsRef<OsStr>>(files: u32, arguments: impl IntoIterator<Item = S>) -> Ran {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_notafter")]);
    run(at_home(&mut shell).args(arguments))
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_notafter"));
    at_home(&mut command);
    command
}

fn at_home(command: &mut Command) -> &mut Command {
    command.current_dir(env!("CARGO_TARGET_TMPDIR")).env_remove("CLICOLOR_FORCE").env("RUST_BACKTRACE", "0")
}

fn run(command: &mut Command) -> Ran {
    let output = command.stdin(Stdio::null()).output().expect("the program to run");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!stderr.contains("panicked at"), "{stderr}");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8 on standard output");
    Ran { code: output.status.code().unwrap_or(-1), stdout, stderr }
}

/// The findings' codes, as they are ordered.
pub(crate) fn codes(object: &Value) -> Vec<&str> {
    let findings = object["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["code"].as_str().expect("a code")).collect()
}

/// How the hops fared, in order, a word each.
pub(crate) fn statuses(object: &Value) -> Vec<&str> {
    object["path"].as_array().expect("a path").iter().map(|step| step["status"].as_str().expect("a status")).collect()
}

/// A name server and a proxy.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) nginx: Nginx,
    pub(crate) knot: Knot,
    folder: TempDir,
}

impl Stage {
    /// A stage with these hosts, with `root` alone to be trusted, and the zone `example`, whose every name is at 127.0.0.1.
    pub(crate) fn new(root: &Authority, vhosts: &[Vhost]) -> Self {
        Self::with_zones(root, vhosts, &[("example", "* A 127.0.0.1")])
    }

    /// A stage with zones of its own, as [`Knot`] takes them.
    pub(crate) fn with_zones(root: &Authority, vhosts: &[Vhost], zones: &[(&str, &str)]) -> Self {
        let knot = Knot::start(zones);
        let stage = Self { nginx: Nginx::start(vhosts), knot, folder: tempfile::tempdir().expect("a folder") };
        stage.file("roots.pem", &root.root_pem());
        stage
    }

    /// Writes a file and says where it is.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        fs::write(&path, content).expect("a file written");
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// A configuration file: this name server and these roots under `[probe]`, and then this text; with a domain that
    /// nobody asks for where the text has none, as a file must have one.
    pub(crate) fn config(&self, text: &str) -> String {
        let nameserver = self.knot.address();
        let other = if text.contains("[[domain]]") { String::new() } else { self.domain("unasked.example") };
        let text = format!("[probe]\nnameservers = [\"{nameserver}\"]\nroots = [\"roots.pem\"]\n{text}{other}");
        self.file("notafter.toml", &text)
    }

    /// A `[[domain]]` for a host at 127.0.0.1.
    pub(crate) fn domain(&self, name: &str) -> String {
        format!("[[domain]]\nname = \"{name}\"\naddresses = [\"{}\"]\n", self.nginx.at("127.0.0.1"))
    }

    /// `check` with this name server, these roots and, unless the arguments have another, this time.
    pub(crate) fn check(&self, arguments: &[&str]) -> Ran {
        notafter(self.arguments(arguments))
    }

    /// The same in colour.
    pub(crate) fn check_in_colour(&self, arguments: &[&str]) -> Ran {
        notafter_in_colour(self.arguments(arguments))
    }

    /// The same with no more than so many files open at once.
    pub(crate) fn check_with_files(&self, files: u32, arguments: &[&str]) -> Ran {
        notafter_with_files(files, self.arguments(arguments))
    }

    fn arguments(&self, arguments: &[&str]) -> Vec<String> {
        let nameserver = self.knot.address().to_string();
        let roots = self.folder.path().join("roots.pem");
        let mut all = vec!["check", "--nameserver", &nameserver, "--roots", roots.to_str().expect("UTF-8")];
        if !arguments.contains(&"--at") {
            all.extend(["--at", NOW]);
        }
        all.extend(arguments);
        all.into_iter().map(str::to_owned).collect()
    }

    /// One look at the host `name` at 127.0.0.1, as JSON.
    pub(crate) fn look(&self, name: &str, arguments: &[&str]) -> Ran {
        let address = self.nginx.at("127.0.0.1").to_string();
        let mut all = vec![name, "--format", "json", "--address", &address];
        all.extend(arguments);
        self.check(&all)
    }
}
