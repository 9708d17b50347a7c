//! The command line: what each command reads, does and prints, and the exit code it ends with.
//!
//! One file a command; `text` holds what their output for people has in common.

mod check;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod explain;
mod forecast;
mod inspect;
mod mail;
#[doc(hidden)]
pub mod parsers;
mod policy_of;
mod proxy_config;
mod queue;
mod run;
mod silence;
mod text;
mod verdict_text;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

/// Usage and configuration errors, as sysexits.h has it (EX_USAGE).
const EXIT_USAGE: u8 = 64;
/// The monitoring plugins' code for "could not tell".
const EXIT_UNKNOWN: u8 = 3;

/// Watches Auth0 custom domains whose TLS certificate you manage yourself.
#[derive(Debug, Parser)]
#[command(name = "notafter", version, about, arg_required_else_help = true, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the domains of the configuration file until told to stop
    Run(run::Arguments),
    /// Look at domains once and say what is wrong with them
    Check(check::Arguments),
    /// Say who would be told what, and when, and what nobody would hear
    Forecast(forecast::Arguments),
    /// Show certificates in files, or judge them as a server's chain
    Inspect(inspect::Arguments),
    /// Say what a finding means and how to mend it
    Explain(explain::Arguments),
    /// Try the relay that mail goes through, or see what a mail will look like
    Mail(mail::Arguments),
    /// Tell nobody for a while of what is known, by the running daemon
    Silence(silence::Arguments),
    /// Check a configuration file, or print its schema
    Config(config::Arguments),
    /// Print the configuration of a reverse proxy for a custom domain
    ProxyConfig(proxy_config::Arguments),
    /// Show it all at work on this machine alone: domains in every kind of trouble, and the daemon watching them
    #[cfg(feature = "demo")]
    Demo(demo::Arguments),
}

/// Runs the command that the arguments name; what `main` does.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match Arguments::try_parse_from(&arguments) {
        Ok(Arguments { command }) => ExitCode::from(match command {
            Command::Run(arguments) => run::run(arguments),
            Command::Mail(arguments) => mail::run(arguments),
            Command::Silence(arguments) => silence::run(arguments),
            Command::Check(arguments) => check::run(arguments),
            Command::Forecast(arguments) => forecast::run(&arguments),
            Command::Inspect(arguments) => inspect::run(arguments),
            Command::Explain(arguments) => explain::run(&arguments),
            Command::Config(arguments) => config::run(arguments),
            Command::ProxyConfig(arguments) => proxy_config::run(&arguments),
            #[cfg(feature = "demo")]
            Command::Demo(arguments) => demo::run(arguments),
        }),
        Err(error) => usage(&error, &arguments),
    }
}

/// Help and version are no errors. Nagios reads one line from standard output and takes 3 for "could not tell".
fn usage(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let nagios = arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "nagios")
        || arguments.iter().any(|argument| argument == "--format=nagios");
    if nagios {
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        text::print(&format!("NOTAFTER UNKNOWN - {}\n", first.trim_start_matches("error: ")));
        return ExitCode::from(EXIT_UNKNOWN);
    }
    let _ = error.print();
    ExitCode::from(EXIT_USAGE)
}

/// How a command prints what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The configuration file that was named, else the first default one that is there.
fn config_file(named: Option<PathBuf>) -> Result<PathBuf, String> {
    let missing = "there is no configuration file: neither config/notafter.toml nor /etc/notafter/notafter.toml";
    named.or_else(crate::config::default_file).ok_or_else(|| missing.to_owned())
}

/// Runs a future to its end; `Err` if the system has no threads left.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().build().map_err(|error| format!("cannot start: {error}"))?;
    let output = runtime.block_on(future);
    // A name that is still being looked up must not hold the end back.
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(output)
}
