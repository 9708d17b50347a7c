//! Runs this very program under callgrind, and reads what it counted.

use std::path::Path;
use std::process::Command;
use std::{env, fs, thread};

use crate::COUNTED;
use crate::cases::{CASES, Case};

/// Cases counted side by side.
const AT_ONCE: usize = 2;

/// Why valgrind cannot run here, if it cannot: it is not there, or lacks what it wants of the system.
pub(crate) fn is_missing() -> Option<String> {
    match valgrind().args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "true"]).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("valgrind cannot run here:\n{}", last_lines(&output.stderr))),
        Err(error) => Some(format!("valgrind does not run ({error}); `make servers` fetches it")),
    }
}

/// One count a case, in their order; else what went wrong.
pub(crate) fn count() -> Result<Vec<u64>, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no folder to write to: {error}"))?;
    let folder = folder.path();
    let mut counts = Vec::new();
    for some in CASES.chunks(AT_ONCE) {
        let counted: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = some.iter().map(|case| scope.spawn(move || count_one(case, folder))).collect();
            started.into_iter().map(|one| one.join().unwrap_or_else(|_| Err("it panicked".to_owned()))).collect()
        });
        for count in counted {
            counts.push(count?);
        }
    }
    Ok(counts)
}

fn count_one(case: &Case, folder: &Path) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| format!("where this program lies is not known: {error}"))?;
    let out = folder.join(case.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
    let mut command = valgrind();
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", out.display()));
    // From its entry to its end; whatever makes ready is not counted.
    command.args(["--collect-atstart=no", "--toggle-collect=*count_the_instructions_of*"]);
    command.arg(program).args([COUNTED, case.name]);
    let output = command.output().map_err(|error| format!("valgrind does not run: {error}"))?;
    let counted = fs::read_to_string(out).ok().as_deref().and_then(total).filter(|_| output.status.success());
    counted.ok_or_else(|| format!("{}: nothing was counted:\n{}", case.name, last_lines(&output.stderr)))
}

fn last_lines(log: &[u8]) -> String {
    let log = String::from_utf8_lossy(log);
    let all: Vec<&str> = log.lines().collect();
    all[all.len().saturating_sub(12)..].join("\n")
}

/// The one that `make servers` unpacks, else the system's.
fn valgrind() -> Command {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("servers").join("root");
    let unpacked = root.join("usr/bin/valgrind");
    if !unpacked.exists() {
        return Command::new("valgrind");
    }
    let mut command = Command::new(unpacked);
    command.env("VALGRIND_LIB", root.join("usr/libexec/valgrind"));
    command
}

/// What a dump comes to.
fn total(dump: &str) -> Option<u64> {
    let line = dump.lines().find_map(|line| line.strip_prefix("summary: "))?;
    line.trim().parse().ok().filter(|count| *count > 0)
}
