//! `notafter run`: the daemon.

use std::path::PathBuf;

use super::EXIT_USAGE;
use super::text::complain;
use crate::config;
use crate::daemon::{self, DaemonError};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file [default: config/notafter.toml, else /etc/notafter/notafter.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to write the log to standard error; RUST_LOG sets how much
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

pub(super) fn run(arguments: Arguments) -> u8 {
    let Some(file) = arguments.config.or_else(config::default_file) else {
        complain("there is no configuration file: neither config/notafter.toml nor /etc/notafter/notafter.toml");
        return EXIT_USAGE;
    };
    start_log(arguments.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return 1;
        }
    };
    let ended = runtime.block_on(daemon::run(file));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match ended {
        Ok(()) => 0,
        Err(error) => {
            complain(&error.to_string());
            if matches!(error, DaemonError::Config(_)) { EXIT_USAGE } else { 1 }
        }
    }
}

fn start_log(format: LogFormat) {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}
