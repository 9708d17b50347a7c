//! How many instructions the pure rooms take for a few pieces of work, counted by valgrind: the same on every machine of
//! a kind, busy or not, so that a slip of a few percent shows.
//!
//! `make instructions` runs it: it runs itself under callgrind, once a case, compares the counts
//! with `baseline.json` and fails above the tolerance. With `RENEW=1` it writes the baseline instead. Where valgrind cannot run, or the
//! baseline was counted for another kind of machine or compiler, it says so and passes.

mod baseline;
mod callgrind;
mod cases;
mod fleet;

use std::env;
use std::process::ExitCode;

use baseline::Baseline;
use cases::{CASES, Case};

/// After this argument comes the name of the case that is counted.
const COUNTED: &str = "counted";

fn main() -> ExitCode {
    if let Some(name) = env::args().skip_while(|argument| argument != COUNTED).nth(1) {
        CASES.iter().filter(|case| case.name == name).for_each(work);
        return ExitCode::SUCCESS;
    }
    let kept = Baseline::read();
    let renew = env::var_os("RENEW").is_some();
    let another_kind = kept.is_of_another_kind().filter(|_| !renew);
    if let Some(why) = another_kind.or_else(callgrind::is_missing) {
        println!("instructions: skipped: {why}");
        return ExitCode::SUCCESS;
    }
    let counts = match callgrind::count() {
        Ok(counts) => counts,
        Err(why) => {
            println!("instructions: {why}");
            return ExitCode::FAILURE;
        }
    };
    let counted = Baseline::of(CASES.iter().map(|case| case.name.to_owned()).zip(counts));
    if renew {
        counted.write();
        println!("instructions: the baseline is renewed");
        return ExitCode::SUCCESS;
    }
    if kept.compare(&counted) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Makes ready for a case and works it off.
fn work(case: &Case) {
    let mut work = (case.prepare)();
    count_the_instructions_of(&mut work);
}

/// callgrind knows by the name of this function what to count.
#[inline(never)]
fn count_the_instructions_of(work: &mut Box<dyn FnMut()>) {
    work();
}
