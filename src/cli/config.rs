//! `notafter config check [FILE]`: every mistake of a configuration file at once. `notafter config schema`: its
//! JSON Schema, for editors.

use std::path::PathBuf;

use super::text::{complain, print};
use super::{EXIT_USAGE, config_file};
use crate::config;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Read a configuration file and tell every mistake in it
    Check {
        /// The file [default: config/notafter.toml, else /etc/notafter/notafter.toml]
        file: Option<PathBuf>,
    },
    /// Print the JSON Schema of the configuration file
    Schema,
}

pub(super) fn run(arguments: Arguments) -> u8 {
    match arguments.command {
        Command::Check { file } => check(file),
        Command::Schema => {
            print(&format!("{:#}\n", config::schema()));
            0
        }
    }
}

fn check(file: Option<PathBuf>) -> u8 {
    let loaded = config_file(file).and_then(|file| {
        let settings = config::load(&file).map_err(|mistakes| config::told_together(&mistakes))?;
        Ok((file, settings))
    });
    let (file, settings) = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            complain(&error);
            return EXIT_USAGE;
        }
    };
    for remark in &settings.remarks {
        print(&format!("remark: {remark}\n"));
    }
    let domains = counted(settings.watches.len(), "domain");
    let receivers = counted(settings.receivers.len(), "receiver");
    print(&format!("{} is good: {domains}, {receivers}\n", file.display()));
    0
}

fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
