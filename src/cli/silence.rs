//! `notafter silence`: what is known need not be told for a while. It asks the running daemon, by its HTTP API.

mod client;
mod show;

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::check::system_now;
use super::text::{complain, print};
use super::{EXIT_USAGE, Format, block_on};

use client::{Client, Failed};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tell nobody of what matches, until an end that must be given
    ///
    /// Of several conditions all must hold: `--domain` and `--code` together silence those codes of those domains. The
    /// incidents go on as ever, on the page and in the metrics. What is still there when the silence ends is told then;
    /// an hour before (or a tenth of its length) a word goes out that it ends. That something is over is told as ever
    /// to who was told that it began.
    #[command(after_help = EXAMPLES)]
    Add(Add),
    /// Show silences and maintenance windows: those that hold, those to come, and those that ended in the last five days
    List {
        /// How to print them
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
        #[command(flatten)]
        daemon: Daemon,
    },
    /// End a silence now; what it held back and is still there is told
    End {
        /// Its name, as `list` shows it
        id: String,
        #[command(flatten)]
        daemon: Daemon,
    },
}

const EXAMPLES: &str = "Examples:
  notafter silence add --domain login.example.com --for 4h --comment \"moving to the new proxy\"
  notafter silence add --domain '*.example.com' --code 'dns.*' --until 2026-12-01T06:00:00Z --comment \"new DNS\"
  notafter silence add --label team=identity --max-severity warning --for 2d --comment \"known, ticket 4711\"
  notafter silence add --domain login.example.com --code tls.expires_soon --until-certificate-changes \\
      --comment \"renewal is planned for Friday\"";

#[derive(Debug, clap::Args)]
struct Add {
    /// A domain it is about; `*.example.com` for all below one, `*` for all. May be given more than once
    #[arg(long, value_name = "DOMAIN")]
    domain: Vec<String>,
    /// A code it is about, or an area such as `tls.*`. May be given more than once
    #[arg(long, value_name = "CODE")]
    code: Vec<String>,
    /// A label that domains must have; of one name given more than once any value
    #[arg(long, value_name = "NAME=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
    /// Only what is no worse than this: `warning` lets what is critical through
    #[arg(long, value_name = "SEVERITY")]
    max_severity: Option<String>,
    /// How long: `90m`, `4h`, `2d`, `1w`; at most 400 days
    #[arg(long = "for", value_name = "SPAN", conflicts_with = "until")]
    length: Option<String>,
    /// Until when, as RFC 3339: `2026-12-01T06:00:00Z`
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Until a domain serves another certificate than now; `--for` or `--until` is the latest, else 400 days
    #[arg(long, required_unless_present_any = ["length", "until"])]
    until_certificate_changes: bool,
    /// From when on [default: now]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Why, for who comes after you
    #[arg(long)]
    comment: String,
    /// Who asks for it [default: $USER]
    #[arg(long)]
    author: Option<String>,
    #[command(flatten)]
    daemon: Daemon,
}

/// Where the daemon is.
#[derive(Debug, clap::Args)]
struct Daemon {
    /// The configuration file, for `[server] listen` [default: config/notafter.toml, else /etc/notafter/notafter.toml]
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    config: Option<PathBuf>,
    /// Where the daemon listens instead: `http://HOST:PORT`
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(super) fn run(arguments: Arguments) -> u8 {
    let done = match arguments.command {
        Command::Add(add) => add.run(),
        Command::List { format, daemon } => list(format, &daemon),
        Command::End { id, daemon } => end(&id, &daemon),
    };
    match done {
        Ok(text) => {
            print(&text);
            0
        }
        Err(failed) => {
            complain(&failed.to_string());
            if matches!(failed, Failed::Usage(_)) { EXIT_USAGE } else { 1 }
        }
    }
}

impl Add {
    fn run(self) -> Result<String, Failed> {
        let client = self.daemon.client()?;
        let made = ask(client.send("POST", "/api/v1/silences", Some(self.wish())))?;
        Ok(show::made(&made, system_now()))
    }

    fn wish(self) -> Value {
        let mut labels: Map<String, Value> = Map::new();
        for (name, value) in self.label {
            if let Value::Array(values) = labels.entry(name).or_insert_with(|| json!([])) {
                values.push(value.into());
            }
        }
        json!({
            "domains": self.domain,
            "codes": self.code,
            "labels": labels,
            "max_severity": self.max_severity,
            "from": self.from,
            "until": self.until,
            "for": self.length,
            "until_certificate_changes": self.until_certificate_changes,
            "comment": self.comment,
            "author": self.author.or_else(|| std::env::var("USER").ok()).filter(|author| !author.is_empty()),
        })
    }
}

fn list(format: Format, daemon: &Daemon) -> Result<String, Failed> {
    let listed = ask(daemon.client()?.send("GET", "/api/v1/silences", None))?;
    let silences = listed["silences"].as_array().cloned().unwrap_or_default();
    Ok(match format {
        Format::Text => show::list(&silences, system_now()),
        Format::Json => silences.iter().map(|silence| format!("{silence}\n")).collect(),
    })
}

fn end(id: &str, daemon: &Daemon) -> Result<String, Failed> {
    let client = daemon.client()?;
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if id.is_empty() || !plain {
        return Err(Failed::Usage(format!("{id:?} is no name of a silence; `notafter silence list` shows them")));
    }
    let ended = ask(client.send("DELETE", &format!("/api/v1/silences/{id}"), None))?;
    Ok(show::ended(&ended))
}

fn ask(asking: impl Future<Output = Result<Value, Failed>>) -> Result<Value, Failed> {
    block_on(asking).map_err(Failed::Usage).flatten()
}

impl Daemon {
    /// At the URL, else where the file says, else where a daemon listens that no file tells otherwise.
    fn client(&self) -> Result<Client, Failed> {
        if let Some(url) = &self.url {
            return Client::at(url);
        }
        let file = self.config.clone().or_else(crate::config::default_file);
        let listen = file.map(|file| crate::config::listen(&file)).transpose().map_err(Failed::Usage)?.flatten();
        Ok(Client::of(listen.unwrap_or_else(|| crate::config::Server::default().listen)))
    }
}
