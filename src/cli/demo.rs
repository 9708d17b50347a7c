//! `notafter demo`: a loopback world with domains in every kind of trouble, and the real daemon watching it. No network and
//! no other program; when it ends nothing is left but an outbox that was asked for by name.

mod folder;
mod settings;

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::folder::Folder;
use super::block_on;
use super::check::system_now;
use super::run::{LogFormat, start_log};
use super::text::{BOLD, DIM, complain, printable, styled};
use crate::daemon::{self, Source};
use crate::lab::smtp::{Received, Sink};
use crate::lab::world::{RENEWABLE, STORIES, Story, World};

/// Where the daemon serves its page unless told otherwise, so that a bookmark of the demo's is good later on.
const USUAL_PORT: u16 = 10047;
/// After so long one domain is mended, so that it can be seen how that is told.
const MENDED_AFTER: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where the page is served [default: 10047, or any free port if that is taken]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Keep the mails in this folder [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    outbox: Option<PathBuf>,
    /// End by itself after so long, such as 90s or 5m
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    duration: Option<Duration>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    duration.try_into().map_err(|_| "a demo cannot end before it begins".to_owned())
}

pub(super) fn run(arguments: Arguments) -> u8 {
    start_log(LogFormat::Text, "warn");
    // Held out here: what still writes into it has ended with the runtime before it is removed.
    let mut home = None;
    let played = block_on(play(arguments, &mut home)).flatten();
    let cleared = home.map_or(Ok(()), Folder::remove);
    match played.and(cleared) {
        Ok(()) => 0,
        Err(error) => {
            complain(&error);
            1
        }
    }
}

async fn play(arguments: Arguments, home: &mut Option<Folder>) -> Result<(), String> {
    let stop = CancellationToken::new();
    stop_on_signals(&stop).map_err(|error| format!("cannot start: {error}"))?;
    let listener = listen(arguments.port).await?;
    let page = listener.local_addr().map_err(|error| error.to_string())?;
    let home = home.insert(Folder::make()?);
    let outbox = outbox(arguments.outbox.as_deref(), home)?;
    let world = World::start(system_now()).await.map_err(|error| error.to_string())?;
    let (sink, mails) = Sink::start(&outbox).await.map_err(|error| error.to_string())?;
    let settings = settings::of(&world, home, sink.address())?;
    let file = settings::write(&world, home)?;
    say(&greeting(page, &outbox, &file, arguments.outbox.is_some()), &stop);
    let scene = Scene { world, mails, duration: arguments.duration, stop: stop.clone() };
    let ended = tokio::select! {
        ended = daemon::run(Source::Settings(Box::new(settings)), Some(listener), stop) => ended,
        never = scene.go_on() => match never {},
    };
    ended.map_err(|error| error.to_string())
}

/// From now on, before there is anything to leave behind, no signal that means an end ends us the hard way. Those that come
/// once the daemon runs it hears as well; told twice, it ends at once, and nothing in a demo is worth a wait.
fn stop_on_signals(stop: &CancellationToken) -> io::Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        let (mut signals, stop) = (signal(kind)?, stop.clone());
        tokio::spawn(async move {
            signals.recv().await;
            stop.cancel();
        });
    }
    Ok(())
}

async fn listen(port: Option<u16>) -> Result<TcpListener, String> {
    let bind = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let listener = match (port, bind(port.unwrap_or(USUAL_PORT)).await) {
        (None, Err(error)) if error.kind() == io::ErrorKind::AddrInUse => bind(0).await,
        (_, listener) => listener,
    };
    listener.map_err(|error| format!("cannot listen on 127.0.0.1:{}: {error}", port.unwrap_or(USUAL_PORT)))
}

fn outbox(named: Option<&Path>, home: &Folder) -> Result<PathBuf, String> {
    let outbox = named.map_or_else(|| home.path().join("outbox"), Path::to_owned);
    std::fs::create_dir_all(&outbox).map_err(|error| format!("{}: {error}", outbox.display()))?;
    Ok(outbox)
}

/// What happens while the daemon watches.
struct Scene {
    world: World,
    mails: mpsc::Receiver<Received>,
    duration: Option<Duration>,
    stop: CancellationToken,
}

impl Scene {
    /// Tells of mails as they come, mends what is to be mended, and asks for an end when it is time. Whoever watches ends
    /// the scene.
    async fn go_on(mut self) -> Infallible {
        let mend = tokio::time::sleep(MENDED_AFTER);
        let curtain = tokio::time::sleep(self.duration.unwrap_or(Duration::MAX));
        tokio::pin!(mend, curtain);
        let mut mended = false;
        loop {
            tokio::select! {
                Some(mail) = self.mails.recv() => say(&told(&mail), &self.stop),
                () = &mut mend, if !mended => {
                    mended = true;
                    say(&self.renew(), &self.stop);
                }
                () = &mut curtain, if !self.stop.is_cancelled() => self.stop.cancel(),
            }
        }
    }

    fn renew(&self) -> String {
        match self.world.renew(system_now()) {
            Ok(()) => format!("now: {} gets a new certificate\n", full_name(RENEWABLE)),
            Err(error) => format!("now: {} gets no new certificate: {error}\n", full_name(RENEWABLE)),
        }
    }
}

fn told(mail: &Received) -> String {
    let file = mail.file.file_name().unwrap_or_default().to_string_lossy();
    format!("{} {} {}\n", styled("mail:", BOLD), printable(&mail.subject), styled(format!("({file})"), DIM))
}

/// Prints at once. Where the reader has gone away (`| head`) there is nobody left to play for.
fn say(text: &str, stop: &CancellationToken) {
    let mut out = anstream::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        stop.cancel();
    }
}

/// The page first: who reads but one line, reads that.
fn greeting(page: SocketAddr, outbox: &Path, file: &Path, kept: bool) -> String {
    let mut text = format!("{}\n\n", styled(format!("http://{page}/"), BOLD));
    let _ = writeln!(text, "metrics  http://{page}/metrics");
    let _ = writeln!(text, "mails    {}", outbox.display());
    let _ = writeln!(text, "by hand  notafter check --config {}", file.display());
    let _ = writeln!(text, "\nThese domains are watched, every {} s:\n", settings::INTERVAL.as_secs());
    let width = |of: fn(&Story) -> usize| STORIES.iter().map(of).max().unwrap_or_default();
    let (names, words) = (width(|story| full_name(story).len()), width(|story| story.words.len()));
    for story in &STORIES {
        let further = format!("\n{:1$}", "", names + words + 6);
        let row = format!("  {:names$}  {:words$}  {}", full_name(story), story.words, story.codes.join(&further));
        let _ = writeln!(text, "{}", row.trim_end());
    }
    let left = if kept { "only the mails" } else { "nothing" };
    text + "\nAll of it shows within a quarter of a minute.\nCtrl-C ends it and leaves " + left + " behind.\n\n"
}

fn full_name(story: &Story) -> String {
    story.domain().map_or_else(|_| story.name.to_owned(), |name| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::text::WIDTH;
    use super::*;
    use crate::observation::Code;

    #[test]
    fn the_greeting_fits_a_terminal_and_begins_with_the_page() {
        let styled = greeting(([127, 0, 0, 1], 10047).into(), Path::new("/outbox"), Path::new("/notafter.toml"), false);
        let text = anstream::adapter::strip_str(&styled).to_string();
        assert_eq!(text.lines().next(), Some("http://127.0.0.1:10047/"));
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }

    #[test]
    fn every_code_of_the_world_exists() {
        for code in STORIES.iter().flat_map(|story| story.codes) {
            assert!(Code::parse(code).is_some(), "{code}");
        }
    }

    #[test]
    fn durations_as_people_write_them() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert!(duration("-1s").is_err() && duration("soon").is_err());
    }
}
