//! A run of the program as a child whose memory is watched.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What came of it.
pub(super) struct Measured {
    pub(super) seen: Value,
    pub(super) stderr: String,
    pub(super) took: Duration,
    /// The most memory it held, in KiB; 0 where the system does not tell.
    pub(super) peak: u64,
}

/// One `check --format json` with these arguments, away from any configuration.
pub(super) fn check(arguments: &[String]) -> Measured {
    let started = Instant::now();
    let child = Command::new(env!("CARGO_BIN_EXE_notafter"))
        .args(["check", "--format", "json"])
        .args(arguments)
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program to run");
    let status = format!("/proc/{}/status", child.id());
    let watch = thread::spawn(move || {
        let mut peak = 0;
        // A process that has ended has no such line any more, even before anybody asked how it ended.
        while let Some(now) = high_water(&status) {
            peak = now;
            thread::sleep(Duration::from_millis(2));
        }
        peak
    });
    let output = child.wait_with_output().expect("its output");
    let took = started.elapsed();
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let seen = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}\n{stderr}"));
    Measured { seen, stderr, took, peak: watch.join().expect("the watch") }
}

/// `VmHWM`: the most memory that the process has held so far (proc_pid_status(5)), in KiB.
fn high_water(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
