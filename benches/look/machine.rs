//! On what it was measured.

use std::fs;
use std::thread;

use crate::servers::{program, run};

/// One line: the processor, how many of them, and the versions of all that took part.
pub(crate) fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("an unknown processor");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "{model}, {cores} cores, Linux {}, load {load} at the end; {}; {}; {}",
        kernel.trim(),
        first_line("usr/sbin/nginx", "-v"),
        first_line("usr/sbin/knotd", "-V"),
        first_line("usr/bin/prometheus-blackbox-exporter", "--version"),
    )
}

fn first_line(path: &str, flag: &str) -> String {
    let output = run(program(path).arg(flag), "");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().next().unwrap_or_default();
    line.split(" (").next().unwrap_or_default().replace("nginx version: ", "")
}
