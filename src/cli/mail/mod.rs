//! `notafter mail test`: one test mail to each receiver, through each of its relays; to an Alertmanager a test alert.
//! `notafter mail queue`: what they do not have.
//! `notafter mail preview`: a sample mail on standard output.

mod preview;

use std::path::PathBuf;

use super::check::system_now;
use super::text::{GREEN, RED, complain, print, printable, styled};
use super::{EXIT_USAGE, Format, block_on, config_file, queue};
use crate::config::{self, Receiver};
use crate::incident::outbox;
use crate::notify::Line;
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Send one test mail through the configured relay, and say how that went
    ///
    /// A receiver that is an Alertmanager is posted a test alert instead: NotafterTest, with severity="none", over by
    /// itself after a minute. It pages nobody unless a route asks for it.
    Test {
        /// The configuration file [default: config/notafter.toml, else /etc/notafter/notafter.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Only to this receiver
        #[arg(long, value_name = "NAME")]
        receiver: Option<String>,
    },
    /// Show what receivers do not have yet, and what was refused for good. Reads the state alone, be it in use
    Queue {
        /// The configuration file [default: config/notafter.toml, else /etc/notafter/notafter.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Only of this receiver
        #[arg(long, value_name = "NAME")]
        receiver: Option<String>,
        /// How it is printed
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Print a sample of the mails, as the templates of the configuration make it
    Preview(preview::Arguments),
}

pub(super) fn run(arguments: Arguments) -> u8 {
    match arguments.command {
        Command::Test { config, receiver } => test_all(config, receiver.as_deref()),
        Command::Preview(arguments) => preview::run(arguments),
        Command::Queue { config, receiver, format } => show_queue(config, receiver.as_deref(), format),
    }
}

/// Also of receivers that the configuration no longer names: they may be owed something.
fn show_queue(config: Option<PathBuf>, only: Option<&str>, format: Format) -> u8 {
    let file = match config_file(config) {
        Ok(file) => file,
        Err(error) => {
            complain(&error);
            return EXIT_USAGE;
        }
    };
    let settings = match config::load(&file) {
        Ok(settings) => settings,
        Err(mistakes) => {
            complain(&config::told_together(&mistakes));
            return EXIT_USAGE;
        }
    };
    match Store::peek(&settings.store.path) {
        Ok(rows) => {
            let mut queue = outbox::queue(&rows);
            queue.retain(|queued| only.is_none_or(|name| name == queued.receiver));
            print(&queue::shown(&queue, format));
            0
        }
        Err(error) => {
            complain(&error.to_string());
            1
        }
    }
}

fn test_all(config: Option<PathBuf>, receiver: Option<&str>) -> u8 {
    let receivers = match receivers(config, receiver) {
        Ok(receivers) => receivers,
        Err(error) => {
            complain(&error);
            return EXIT_USAGE;
        }
    };
    let mut failed = 0;
    for receiver in &receivers {
        match block_on(test(receiver)).flatten() {
            Ok(report) => {
                print(&format!("{} {}\n{}\n", styled("sent", GREEN), receiver.name, printable_lines(&report)))
            }
            Err(error) => {
                failed += 1;
                print(&format!("{} {}\n{}\n", styled("failed", RED), receiver.name, printable_lines(&error)));
            }
        }
    }
    u8::from(failed > 0)
}

fn receivers(file: Option<PathBuf>, only: Option<&str>) -> Result<Vec<Receiver>, String> {
    let file = config_file(file)?;
    let settings = config::load(&file).map_err(|mistakes| config::told_together(&mistakes))?;
    let chosen: Vec<Receiver> =
        settings.receivers.into_iter().filter(|receiver| only.is_none_or(|name| name == receiver.name)).collect();
    match only {
        _ if !chosen.is_empty() => Ok(chosen),
        Some(name) => Err(format!("{} has no receiver {name:?}", file.display())),
        None => Err(format!("{} has no [[receiver]]", file.display())),
    }
}

async fn test(receiver: &Receiver) -> Result<String, String> {
    Line::new(&receiver.channel).map_err(|error| error.to_string())?.test(system_now()).await
}

fn printable_lines(text: &str) -> String {
    text.lines().map(|line| format!("  {}", printable(line))).collect::<Vec<_>>().join("\n")
}
