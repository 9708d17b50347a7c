//! `notafter`: arguments in, exit code out. What happens in between is the library's.

use std::process::ExitCode;

fn main() -> ExitCode {
    notafter::cli::run(std::env::args_os())
}
