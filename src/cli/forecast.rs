//! `notafter forecast`: who would be told what, and when, of the certificates as they are now; and of what nobody would
//! hear. The daemon's own keeper is played through under a virtual clock: nothing is stored, and no mail is sent.

mod course;
mod json;
mod report;
mod stage;
mod unheard;
mod words;

use std::path::PathBuf;

use clap::ValueEnum;

use self::course::Course;
use super::check::Looking;
use super::text::{complain, print};
use super::{EXIT_UNKNOWN, EXIT_USAGE, Format};

/// An expiry would come before anybody hears of it.
const EXIT_UNHEARD: u8 = 2;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    looking: Looking,
    /// How many days ahead
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// What becomes of the certificates
    #[arg(long, value_enum, default_value = "forgotten")]
    assume: Assume,
    /// End with 2 if a certificate would expire before anybody is told
    #[arg(long)]
    fail_if_unheard: bool,
    /// The state with silences and habits [default: that of the configuration, if it is there]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Look at nothing: go by the certificates in the state
    #[arg(long)]
    from_state: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// What becomes of the certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Assume {
    /// Nobody renews any.
    Forgotten,
    /// Each is renewed when its domain usually does; without a habit with a third of its lifetime left.
    Renewed,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let cast = match stage::Cast::of(arguments) {
        Ok(cast) => cast,
        Err(stage::Failure::Usage(error)) => {
            complain(&error);
            return EXIT_USAGE;
        }
        Err(stage::Failure::System(error)) => {
            complain(&error);
            return EXIT_UNKNOWN;
        }
    };
    let course = match Course::play(cast) {
        Ok(course) => course,
        Err(error) => {
            complain(&error);
            return EXIT_USAGE;
        }
    };
    print(&match arguments.format {
        Format::Text => report::text(&course, arguments),
        Format::Json => json::lines(&course).iter().map(|line| format!("{line}\n")).collect(),
    });
    let unheard = course.domains.iter().any(|domain| domain.is_unheard(&course));
    if arguments.fail_if_unheard && unheard { EXIT_UNHEARD } else { 0 }
}
