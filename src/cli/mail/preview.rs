//! `notafter mail preview`: a sample mail on standard output, by the templates of the configuration if there is one.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ValueEnum, builder::ValueParser};

use super::super::text::{complain, print};
use super::super::{EXIT_USAGE, config_file};
use crate::config::{self, Receiver};
use crate::notify::Channel;
use crate::notify::email::{Letterhead, preview};
use crate::notify::samples::{HOST, NOW, sample_named, samples};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The configuration file [default: config/notafter.toml, else /etc/notafter/notafter.toml, else none: the built-in
    /// templates]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// As it goes to this receiver [default: the first that is told by mail]
    #[arg(long, value_name = "NAME")]
    receiver: Option<String>,
    /// Which mail
    #[arg(long, value_name = "NAME", default_value = "expiry", value_parser = names())]
    sample: String,
    /// What of it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The subject, and the plain text
    Text,
    /// The HTML, for a browser
    Html,
    /// The whole message, for a mail program
    Eml,
}

pub(super) fn run(arguments: Arguments) -> u8 {
    match shown(arguments) {
        Ok(text) => {
            print(&text);
            0
        }
        Err(error) => {
            complain(&error);
            EXIT_USAGE
        }
    }
}

fn shown(arguments: Arguments) -> Result<String, String> {
    let head = letterhead(arguments.config, arguments.receiver.as_deref())?;
    let sample = sample_named(&arguments.sample).ok_or_else(|| format!("there is no sample {:?}", arguments.sample))?;
    let mut mail = sample.mail;
    if let Some(receiver) = arguments.receiver {
        mail.receiver = receiver;
    }
    if arguments.format == Format::Eml {
        let message = preview(&head, &mail, NOW, HOST).map_err(|error| error.to_string())?;
        return Ok(String::from_utf8_lossy(&message).into_owned());
    }
    let rendered = head.stationery.render(&mail, NOW, HOST);
    Ok(match arguments.format {
        Format::Html => rendered.html,
        Format::Text | Format::Eml => format!("Subject: {}\n\n{}", rendered.subject, rendered.text),
    })
}

/// Of the receiver that is named, else of the first that is told by mail, else of an example.
fn letterhead(file: Option<PathBuf>, only: Option<&str>) -> Result<Letterhead, String> {
    let file = match config_file(file) {
        Ok(file) => file,
        Err(_) if only.is_none() => return Ok(Letterhead::example()),
        Err(error) => return Err(error),
    };
    let settings = config::load(&file).map_err(|mistakes| config::told_together(&mistakes))?;
    let mut receivers = settings.receivers.into_iter().filter(|receiver| only.is_none_or(|name| name == receiver.name));
    match (receivers.find_map(by_mail), only) {
        (Some(head), _) => Ok(head),
        (None, None) => Ok(Letterhead::example()),
        (None, Some(name)) => Err(format!("{} has no receiver {name:?} that is told by mail", file.display())),
    }
}

fn by_mail(receiver: Receiver) -> Option<Letterhead> {
    match receiver.channel {
        Channel::Email(email) => Some(Letterhead { from: email.from, to: email.to, stationery: email.stationery }),
        Channel::Alertmanager(_) | Channel::Webhook(_) => None,
    }
}

fn names() -> ValueParser {
    let names = samples().into_iter().map(|sample| PossibleValue::new(sample.name).help(sample.about));
    PossibleValuesParser::new(names).map(|name: String| name).into()
}
