//! `notafter config check [FILE]`: every mistake of a configuration file at once. `notafter config schema`: its
//! JSON Schema, for editors. `notafter config explain DOMAIN`: what it comes to for a domain.

use std::path::PathBuf;

use super::text::{complain, print};
use super::{EXIT_USAGE, config_file, policy_of};
use crate::config::{self, Settings};
use crate::domain::DomainName;

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
    /// Say which policy holds for a domain, where each value comes from, and who is told of it
    Explain {
        /// The domain
        #[arg(value_parser = DomainName::parse)]
        domain: DomainName,
        /// The file [default: config/notafter.toml, else /etc/notafter/notafter.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

pub(super) fn run(arguments: Arguments) -> u8 {
    match arguments.command {
        Command::Check { file } => check(file),
        Command::Explain { domain, config } => explain(&domain, config),
        Command::Schema => {
            print(&format!("{:#}\n", config::schema()));
            0
        }
    }
}

fn load(file: Option<PathBuf>) -> Result<(PathBuf, Settings), String> {
    let file = config_file(file)?;
    let settings = config::load(&file).map_err(|mistakes| config::told_together(&mistakes))?;
    Ok((file, settings))
}

fn explain(domain: &DomainName, file: Option<PathBuf>) -> u8 {
    match load(file) {
        Ok((file, settings)) => {
            print(&policy_of::page(&settings, &file, domain));
            0
        }
        Err(error) => {
            complain(&error);
            EXIT_USAGE
        }
    }
}

fn check(file: Option<PathBuf>) -> u8 {
    let (file, settings) = match load(file) {
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
