//! [`Baseline`]: what was counted when it was last looked through, and how far a count may be from it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde::{Deserialize, Serialize};

/// So many percent more are a slip.
const TOLERANCE: f64 = 4.0;

/// Counts, and of what kind of machine and program they are.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Baseline {
    architecture: String,
    compiler: String,
    optimised: bool,
    instructions: BTreeMap<String, u64>,
}

impl Baseline {
    /// The one in the repository; empty if there is none.
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(path()).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// These counts, of this program.
    pub(crate) fn of(instructions: impl Iterator<Item = (String, u64)>) -> Self {
        Self {
            architecture: env::consts::ARCH.to_owned(),
            compiler: compiler(),
            optimised: !cfg!(debug_assertions),
            instructions: instructions.collect(),
        }
    }

    /// Puts it in the repository's place.
    pub(crate) fn write(&self) {
        let text = serde_json::to_string_pretty(self).expect("JSON");
        fs::write(path(), text + "\n").expect("the baseline written");
    }

    /// Why its counts cannot be compared with what this program counts.
    pub(crate) fn is_of_another_kind(&self) -> Option<String> {
        let ours = Self::of(std::iter::empty());
        let kind = |baseline: &Self| (baseline.architecture.clone(), baseline.compiler.clone(), baseline.optimised);
        let told = |(architecture, compiler, optimised): (String, String, bool)| {
            format!("{architecture}, {compiler}, {}", if optimised { "optimised" } else { "not optimised" })
        };
        let (kept, ours) = (kind(self), kind(&ours));
        (kept != ours).then(|| format!("the baseline is of {}; this is {}", told(kept), told(ours)))
    }

    /// Prints the counts beside the baseline's. Whether all are within the tolerance.
    pub(crate) fn compare(&self, counted: &Self) -> bool {
        let mut good = true;
        println!("{:>13} {:>13} {:>8}", "baseline", "instructions", "change");
        for (name, count) in &counted.instructions {
            let Some(kept) = self.instructions.get(name) else {
                println!("{:>13} {count:>13} {:>8}  {name}: not in the baseline", "", "");
                good = false;
                continue;
            };
            let change = (*count as f64 / *kept as f64 - 1.0) * 100.0;
            let word = match change {
                change if change > TOLERANCE => ": SLIPPED",
                change if change < -TOLERANCE => ": less, renew the baseline",
                _ => "",
            };
            good &= change <= TOLERANCE;
            println!("{kept:>13} {count:>13} {change:>+7.1}%  {name}{word}");
        }
        if !good {
            println!(
                "instructions: more than {TOLERANCE}% above the baseline; if that is meant, RENEW=1 make instructions"
            );
        }
        good
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/baseline.json")
}

/// The version of the compiler that cargo uses, as far as `rustc` tells.
fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ").trim().to_owned()
}
