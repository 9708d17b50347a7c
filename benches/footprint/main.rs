//! What the program takes where little is to be watched: its size, its memory and its share of a core with ten domains,
//! and how long it takes to the first look.
//!
//! `make footprint` runs it on the program as it is released. It fails where an aim is not met; with `UPDATE_DOCS=1` it
//! writes its table into `docs/performance.md`. By hand: `footprint PROGRAM [SECONDS]`.

mod daemon;
#[path = "../look/document.rs"]
mod document;
#[path = "../look/machine.rs"]
mod machine;
mod scene;
#[path = "../../tests/it/servers/mod.rs"]
#[allow(unused_imports, reason = "the harness offers the tests more than is needed here")]
mod servers;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs, thread};

use daemon::{Daemon, Memory};
use scene::{DOMAINS, Scene};

/// Starts that are timed; an odd number, so that one is in the middle.
const STARTS: usize = 11;
/// What is asked but once, or every five minutes, is over by then.
const SETTLED: Duration = Duration::from_secs(310);
/// How long the share of a core is measured.
const MEASURED: Duration = Duration::from_secs(120);

/// At most so much of the program on the disk, in bytes.
const SIZE: f64 = 25e6;
/// At most so much resident memory, in bytes.
const RESIDENT: f64 = 20e6;
/// At most so much of a core, in percent.
const SHARE: f64 = 0.1;
/// At most so long to the first look, in milliseconds.
const FIRST_LOOK: f64 = 100.0;

fn main() -> ExitCode {
    let said: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some(program) = said.first().map(Path::new) else {
        eprintln!("footprint: which program? `make footprint` says it");
        return ExitCode::FAILURE;
    };
    let settled = said.get(1).and_then(|text| text.parse().ok()).map_or(SETTLED, Duration::from_secs);
    let report = Measured::of(program, settled).report();
    println!("{}", report.text);
    if env::var_os("UPDATE_DOCS").is_some() {
        document::write("make footprint", &report.text);
    }
    if report.held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Everything that was measured.
struct Measured {
    size: u64,
    memory: Memory,
    threads: usize,
    share: f64,
    starts: Vec<Duration>,
    restarts: Vec<Duration>,
    settled: Duration,
}

impl Measured {
    fn of(program: &Path, settled: Duration) -> Self {
        let scene = Scene::start();
        let size = fs::metadata(program).expect("the program").len();
        let fresh = || scene.first_look(program, &scene.home());
        let starts = sorted(std::iter::repeat_with(fresh).take(STARTS));
        let home = scene.home();
        let mut daemon = Daemon::start(program, home.path());
        thread::sleep(settled);
        let (memory, threads) = (daemon.memory(), daemon.threads());
        let before = daemon.cpu();
        thread::sleep(MEASURED);
        let share = (daemon.cpu() - before).as_secs_f64() / MEASURED.as_secs_f64() * 100.0;
        scene.assert_watched(home.path());
        daemon.stop();
        let restarts = sorted(std::iter::repeat_with(|| scene.first_look(program, &home)).take(STARTS));
        Self { size, memory, threads, share, starts, restarts, settled }
    }

    fn report(&self) -> Report {
        let Memory { resident, anonymous, peak } = self.memory;
        let bytes = |bytes: u64| bytes as f64;
        let mut report = Report::default();
        report.row("the program, as it is released", bytes(self.size) / 1e6, "MB", Some(SIZE / 1e6));
        report.row("resident memory", bytes(resident) / 1e6, "MB", Some(RESIDENT / 1e6));
        report.row("of which heap, stacks and data", bytes(anonymous) / 1e6, "MB", None);
        report.row("of which pages of the program and of libraries", bytes(resident - anonymous) / 1e6, "MB", None);
        report.row("resident memory at its highest", bytes(peak) / 1e6, "MB", None);
        report.row("threads", self.threads as f64, "", None);
        report.row("share of a core", self.share, "%", Some(SHARE));
        let millis = |times: &[Duration], place: usize| times[place].as_secs_f64() * 1e3;
        report.row("from start to the first look, no state", millis(&self.starts, STARTS / 2), "ms", Some(FIRST_LOOK));
        report.row("the slowest of them", millis(&self.starts, STARTS - 1), "ms", None);
        report.row("the same, with state of before", millis(&self.restarts, STARTS / 2), "ms", Some(FIRST_LOOK));
        report.text += &format!(
            "\n{DOMAINS} domains, each looked at once a minute; memory after {} s, the share over the {} s that follow, the \
             medians of {STARTS} starts.\n\n{}.\n",
            self.settled.as_secs(),
            MEASURED.as_secs(),
            machine::machine()
        );
        report
    }
}

/// A table in Markdown, and whether every aim in it is met.
struct Report {
    text: String,
    held: bool,
}

impl Default for Report {
    fn default() -> Self {
        Self { text: "| | measured | the aim: below |\n|---|--:|--:|\n".to_owned(), held: true }
    }
}

impl Report {
    fn row(&mut self, what: &str, measured: f64, unit: &str, aim: Option<f64>) {
        let amount = |value: f64| match unit {
            "" => format!("{value:.0}"),
            "%" => format!("{value:.3} %"),
            unit => format!("{value:.1} {unit}"),
        };
        let aimed = aim.map(amount).unwrap_or_default();
        self.text += &format!("| {what} | {} | {aimed} |\n", amount(measured));
        self.held &= aim.is_none_or(|aim| measured < aim);
    }
}

fn sorted(times: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times
}
