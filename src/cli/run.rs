//! `notafter run`: the daemon.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use super::text::complain;
use super::{EXIT_USAGE, block_on, config_file};
use crate::daemon::{self, DaemonError, Source};

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
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

pub(super) fn run(arguments: Arguments) -> u8 {
    let file = match config_file(arguments.config) {
        Ok(file) => file,
        Err(error) => {
            complain(&error);
            return EXIT_USAGE;
        }
    };
    start_log(arguments.log_format, "info");
    let (error, code) = match block_on(on_a_worker(daemon::run(Source::File(file), None, CancellationToken::new()))) {
        Ok(Ok(())) => return 0,
        Ok(Err(error)) => (error.to_string(), if matches!(error, DaemonError::Config(_)) { EXIT_USAGE } else { 1 }),
        Err(error) => (error, 1),
    };
    complain(&error);
    code
}

/// Runs it among the looks that it starts. On the thread that waits for its end it would be woken from another for every
/// one of them, and that costs more than to take a look in.
async fn on_a_worker<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work).await {
        Ok(output) => output,
        // Nobody cancels it, so that it panicked.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Writes the log to standard error, as much of it as RUST_LOG says, or else this much.
pub(super) fn start_log(format: LogFormat, otherwise: &str) {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(otherwise));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}
