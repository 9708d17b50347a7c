//! [`Daemon`]: the program while it runs, and what the system says of it.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The unit of time in `/proc/PID/stat`, which Linux shows in hundredths of a second on every processor of ours.
const TICK: Duration = Duration::from_millis(10);

/// A running daemon; killed when it is dropped.
pub(crate) struct Daemon {
    child: Child,
}

/// What it has in memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// All of it that is resident.
    pub(crate) resident: u64,
    /// What no file stands behind: heap, stacks, data that was written to.
    pub(crate) anonymous: u64,
    /// The most that was ever resident.
    pub(crate) peak: u64,
}

impl Daemon {
    /// Starts the program in a folder with `notafter.toml` in it; it logs to the file `log` there.
    pub(crate) fn start(program: &Path, home: &Path) -> Self {
        let log = File::options().create(true).append(true).open(home.join("log")).expect("a log file");
        let child = Command::new(program)
            .args(["run", "--config"])
            .arg(home.join("notafter.toml"))
            .env_remove("STATE_DIRECTORY")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Self { child }
    }

    /// What it has in memory now.
    pub(crate) fn memory(&self) -> Memory {
        let (rollup, status) = (self.file("smaps_rollup"), self.file("status"));
        Memory {
            resident: kibibytes(&rollup, "Rss:"),
            anonymous: kibibytes(&rollup, "Anonymous:"),
            peak: kibibytes(&status, "VmHWM:"),
        }
    }

    /// Its threads.
    pub(crate) fn threads(&self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("its threads").count()
    }

    /// The CPU time that its threads have had, those that have ended among them.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = self.file("stat");
        // After the name, which may hold anything, in parentheses: user and system time are the 12th and 13th field.
        let fields = stat.rsplit(')').next().expect("its fields").split_whitespace();
        let ticks: u32 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u32>().expect("a number")).sum();
        TICK * ticks
    }

    /// Ends it by SIGTERM; it must do so well.
    pub(crate) fn stop(&mut self) {
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill -s TERM \"$1\"", "kill"]).arg(self.child.id().to_string());
        assert!(kill.status().is_ok_and(|status| status.success()), "cannot signal the daemon");
        let status = self.child.wait().expect("its end");
        assert!(status.success(), "the daemon ended with {status}");
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id()))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kibibytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}
