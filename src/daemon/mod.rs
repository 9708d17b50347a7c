//! The life of the daemon: build, spawn, select, drain.
//!
//! One task owns the [`Keeper`]. It takes what comes (looks, deliveries, commits, signals), does what the keeper asks
//! for, and sleeps until the keeper wants to be woken. Whatever touches the network runs in tasks of its own, which
//! report back through one channel. If a part ends that we cannot do without, the process ends, with a reason.

mod begin;
mod build;
mod clock;
mod discovery;
mod errands;
mod reload;
mod signals;
mod silences;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use build::{Before, Fleet, Parts};
use discovery::Known;
use errands::Errand;
use reload::{Asker, Reloaded};
use signals::Signal;
use silences::Waiting;

use crate::config::{self, Mistake, Settings};
use crate::domain::{Clock, DomainName};
use crate::incident::alerts::Posted;
use crate::incident::{AlertsEvent, Change, Checked, Delivery, OutboxEvent};
use crate::keeper::{ClientIpSeen, Keeper, Listed, Ping, Snapshot, StoredChain, Tag};
use crate::observation::{Look, Presented, StatusNote, ViewObservation};
use crate::probe::{Library, Resolvers};
use crate::store::{Committer, Outcome, Outcomes, Store, StoreError};
use crate::verdict::References;
use crate::web::{self, ReloadRequest, Shared, SilenceRequest};

pub use begin::{Cast, watched};
pub use clock::SystemClock;

/// No sleep is longer: a machine may have been suspended, its wall clock may have jumped.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Pages are at most so old while much happens.
const PUBLISH_EVERY: Duration = Duration::from_millis(200);
/// What is under way when we are told to stop has so long. With the last commits, and the second that the runtime waits
/// for its threads, it stays below the half minute after which orchestrators kill.
const DRAIN: Duration = Duration::from_secs(20);
/// The last commits have so long.
const LAST_COMMITS: Duration = Duration::from_secs(5);
const _: () = assert!(DRAIN.as_secs() + LAST_COMMITS.as_secs() + 1 < 28);

/// Why the daemon did not start, or could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The configuration has mistakes.
    #[error("{}", config::told_together(.0))]
    Config(Vec<Mistake>),
    /// What the configuration names could not be had: roots, a mailer.
    #[error("{0}")]
    Build(String),
    /// The state could not be opened or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be served there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The system refused what every process has.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
    /// A part ended that we cannot do without.
    #[error("{0} ended, and without it nothing is worth anything")]
    PartEnded(&'static str),
}

/// What comes back from the tasks that touch the network.
#[derive(Debug)]
enum Input {
    Look(Box<Look>),
    Panicked(DomainName),
    NotLooked(DomainName),
    Tenant(DomainName, Option<Box<ViewObservation>>),
    Remembered(DomainName, StoredChain, Arc<Presented>),
    Delivered { receiver: String, mail: String, delivery: Delivery },
    Posted { receiver: String, peer: String, number: u64, posted: Posted },
    References(References),
    Reloaded(Result<Box<Reloaded>, String>),
    Listed(Listed),
    ClientIp(ClientIpSeen),
    Status(DomainName, Option<StatusNote>),
    Pinged(Result<(), String>),
    RelayChecked(String, Checked),
    Rebuilt(u64, Result<Box<Parts>, String>),
}

/// Where the settings come from.
#[derive(Debug)]
pub enum Source {
    /// A file, read again on SIGHUP and when asked to over HTTP.
    File(PathBuf),
    /// Built by whoever runs us; there is nothing to read again.
    Settings(Box<Settings>),
}

/// Runs until told to stop, by a signal or by the token. Serves on the listener, if one is given, else where the settings
/// say.
pub async fn run(source: Source, listener: Option<TcpListener>, stop: CancellationToken) -> Result<(), DaemonError> {
    // Before anybody can see that we run: who stops us early must not kill us.
    let signals = signals::listen()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let (file, settings) = match source {
        Source::File(file) => {
            let settings = config::load(&file).map_err(DaemonError::Config)?;
            (Some(file), settings)
        }
        Source::Settings(settings) => (None, *settings),
    };
    for remark in &settings.remarks {
        tracing::warn!("{remark}");
    }
    let mut parts = Parts::build(&settings, &Before::default(), &Known::default()).map_err(DaemonError::Build)?;
    let listener = match listener {
        Some(listener) => listener,
        None => bind(settings.server.listen).await?,
    };
    let address = listener.local_addr()?;
    let store = Store::open(&settings.store.path)?;
    let rows = store.load()?;
    let remembered = crate::keeper::stored_chains(&rows);
    let mut keeper = begin::keeper(&settings, &mut parts, rows, clock.now()).map_err(DaemonError::Build)?;
    keeper.handle_relays(settings.watch.relay_check, &parts.relays(), clock.now());
    keeper.handle_heartbeat(build::heartbeat(&settings), clock.now());
    let (committer, outcomes) = Committer::spawn(store)?;
    let (inputs, received) = mpsc::channel(1024);
    let (snapshot, shown) = watch::channel(Arc::new(keeper.snapshot()));
    let (reload, reloads) = mpsc::channel(1);
    let (silence, silences) = mpsc::channel(16);
    let serving = CancellationToken::new();
    let shared = Shared { snapshot: shown, reload: reload.clone(), silences: silence, clock: Arc::clone(&clock) };
    let server = tokio::spawn(web::serve(listener, web::router(shared), serving.clone()));
    let fleet = Arc::clone(&parts.fleet);
    tracing::info!(%address, domains = parts.watches.len(), receivers = settings.receivers.len(), "notafter is running");
    let mut daemon = Daemon {
        file,
        bound: Bound::of(&settings),
        settings: Arc::new(settings),
        edition: 0,
        clock,
        keeper,
        parts,
        library: Arc::new(Library::default()),
        resolvers: Arc::default(),
        committer: Some(committer),
        inputs,
        tasks: TaskTracker::new(),
        deliveries: 0,
        snapshot,
        published: Instant::now(),
        unpublished: true,
        drain_by: None,
        reloading: None,
        reload_again: false,
        waiting: Vec::new(),
        serving: serving.clone(),
    };
    daemon.tell_what_is_left();
    daemon.remember(remembered, &fleet);
    let result = daemon.tend(Channels { received, outcomes, reloads, silences, signals, stop, server: &server }).await;
    serving.cancel();
    let _ = server.await;
    result
}

async fn bind(address: SocketAddr) -> Result<TcpListener, DaemonError> {
    TcpListener::bind(address).await.map_err(|source| DaemonError::Listen { address, source })
}

/// Everything the one task waits for.
struct Channels<'a> {
    received: mpsc::Receiver<Input>,
    outcomes: Outcomes<Tag>,
    reloads: mpsc::Receiver<ReloadRequest>,
    silences: mpsc::Receiver<SilenceRequest>,
    signals: mpsc::Receiver<Signal>,
    stop: CancellationToken,
    server: &'a tokio::task::JoinHandle<()>,
}

/// What is taken hold of once, at the start.
#[derive(Debug, PartialEq, Eq)]
struct Bound {
    listen: SocketAddr,
    store: PathBuf,
}

impl Bound {
    fn of(settings: &Settings) -> Self {
        Self { listen: settings.server.listen, store: settings.store.path.clone() }
    }
}

struct Daemon {
    /// What is read again; none where the settings were given to us.
    file: Option<PathBuf>,
    bound: Bound,
    settings: Arc<Settings>,
    /// Counts how often the parts were built anew for what a tenant lists.
    edition: u64,
    clock: Arc<dyn Clock>,
    keeper: Keeper,
    parts: Parts,
    /// What looks have fetched; whatever is configured anew, it stays.
    library: Arc<Library>,
    /// What looks have learnt of resolvers; whatever is configured anew, it stays.
    resolvers: Arc<Resolvers>,
    /// Gone once everything was handed over and the end is near.
    committer: Option<Committer<Tag>>,
    inputs: mpsc::Sender<Input>,
    tasks: TaskTracker,
    deliveries: usize,
    snapshot: watch::Sender<Arc<Snapshot>>,
    published: Instant,
    /// Whether anything may have changed since.
    unpublished: bool,
    drain_by: Option<Instant>,
    /// Who waits for the configuration that is being read.
    reloading: Option<Asker>,
    /// Another SIGHUP has come meanwhile.
    reload_again: bool,
    /// Who waits for a silence to be stored.
    waiting: Vec<Waiting>,
    /// Cancelled, it ends the web server.
    serving: CancellationToken,
}

impl Daemon {
    /// The loop. Ends well when it was told to stop and all is done or the time for that is up.
    async fn tend(&mut self, mut channels: Channels<'_>) -> Result<(), DaemonError> {
        while !self.is_drained() {
            self.act();
            if self.unpublished && self.published.elapsed() >= PUBLISH_EVERY {
                self.publish();
            }
            if channels.server.is_finished() && self.drain_by.is_none() {
                return Err(DaemonError::PartEnded("the web server"));
            }
            tokio::select! {
                Some(input) = channels.received.recv() => self.take(input),
                outcome = channels.outcomes.recv() => match outcome {
                    Some(outcome) => self.take_outcome(outcome),
                    None => return Err(DaemonError::PartEnded("the thread that writes the state")),
                },
                Some(answer) = channels.reloads.recv(), if self.reloading.is_none() => {
                    self.begin_reload(Asker::Request(answer));
                }
                Some(request) = channels.silences.recv() => self.take_silence(request),
                Some(signal) = channels.signals.recv() => self.take_signal(signal),
                () = channels.stop.cancelled(), if self.drain_by.is_none() => self.take_signal(Signal::Stop),
                () = tokio::time::sleep(self.rest()) => self.keeper.handle_timeout(self.clock.now()),
            }
            self.unpublished = true;
        }
        self.hand_over();
        self.tell_log();
        self.committer = None;
        let stored = async { while channels.outcomes.recv().await.is_some() {} };
        if tokio::time::timeout(LAST_COMMITS, stored).await.is_err() {
            tracing::error!("the last changes could not be stored in time");
        }
        tracing::info!("notafter has stopped");
        Ok(())
    }

    fn is_drained(&self) -> bool {
        let nothing_left = self.keeper.looks_in_flight() == 0 && self.deliveries == 0;
        self.drain_by.is_some_and(|by| nothing_left || Instant::now() >= by)
    }

    /// How long there is nothing to do unless something comes.
    fn rest(&self) -> Duration {
        let until_wake = self.keeper.poll_timeout().saturating_sub(self.clock.now().mono);
        let most = self.drain_by.map_or(LONGEST_SLEEP, |by| by.saturating_duration_since(Instant::now()));
        // A millisecond more than the keeper asked for: its clock must have passed the moment when it is woken.
        let rest = until_wake.min(most).min(LONGEST_SLEEP) + Duration::from_millis(1);
        if self.unpublished { rest.min(PUBLISH_EVERY.saturating_sub(self.published.elapsed())) } else { rest }
    }

    fn take(&mut self, input: Input) {
        let now = self.clock.now();
        match input {
            Input::Look(look) => self.keeper.handle_look(*look, now),
            Input::Panicked(name) => self.keeper.handle_panic(&name, now),
            Input::NotLooked(name) => self.keeper.handle_no_look(&name, now),
            Input::Tenant(tenant, seen) => self.keeper.handle_tenant(&tenant, seen.map(|seen| *seen), now),
            Input::Remembered(name, chain, presented) => self.keeper.handle_remembered(&name, &chain, presented, now),
            Input::References(references) => self.keeper.handle_references(references, now),
            Input::Reloaded(read) => self.take_reloaded(read),
            Input::Listed(listed) => self.keeper.handle_listed(listed, now),
            Input::ClientIp(seen) => self.keeper.handle_client_ip(seen, now),
            Input::Status(tenant, note) => self.keeper.handle_status(&tenant, note, now),
            Input::RelayChecked(receiver, checked) => self.keeper.handle_relay_checked(&receiver, checked, now),
            Input::Pinged(result) => self.keeper.handle_pinged(result, now),
            Input::Rebuilt(edition, built) => self.take_rebuilt(edition, built),
            Input::Delivered { receiver, mail, delivery } => {
                self.deliveries = self.deliveries.saturating_sub(1);
                self.keeper.handle_delivery(&receiver, &mail, delivery, now);
            }
            Input::Posted { receiver, peer, number, posted } => {
                self.deliveries = self.deliveries.saturating_sub(1);
                self.keeper.handle_posted(&receiver, &peer, number, posted, now);
            }
        }
    }

    fn take_outcome(&mut self, outcome: Outcome<Tag>) {
        let now = self.clock.now();
        match &outcome.result {
            Ok(up_to) => self.keeper.handle_stored(&outcome.tag, *up_to, now),
            // The committer has logged why, once an attempt.
            Err(_) => self.keeper.handle_store_failed(now),
        }
        self.answer_silences(&outcome.tag, outcome.result.map_err(drop));
    }

    fn take_signal(&mut self, signal: Signal) {
        match signal {
            // Without a file a hang-up means what it means to most programs: the terminal is gone.
            Signal::Reload if self.file.is_none() => self.take_signal(Signal::Stop),
            Signal::Reload if self.reloading.is_some() => self.reload_again = true,
            Signal::Reload => self.begin_reload(Asker::Signal),
            Signal::Stop if self.drain_by.is_some() => self.drain_by = Some(Instant::now()),
            Signal::Stop => {
                tracing::info!("stopping: what is under way is finished first");
                self.keeper.handle_drain();
                // Beside the rest, not after it: requests under way have their own time to end.
                self.serving.cancel();
                self.drain_by = Some(Instant::now() + DRAIN);
            }
        }
    }

    /// Does all that the keeper asks for now.
    fn act(&mut self) {
        while let Some(request) = self.keeper.poll_listing() {
            self.spawn(Errand::List(request));
        }
        while let Some(request) = self.keeper.poll_client_ip() {
            self.spawn(Errand::ClientIp(request));
        }
        if self.keeper.poll_discovered() {
            self.rediscover();
        }
        self.hand_over();
        while let Some(request) = self.keeper.poll_look() {
            self.spawn(Errand::Look(request));
        }
        while let Some(request) = self.keeper.poll_tenant() {
            self.spawn(Errand::Tenant(request));
        }
        while let Some((receiver, mail)) = self.keeper.poll_mail() {
            self.deliveries += 1;
            self.spawn(Errand::Mail(receiver, Box::new(mail)));
        }
        while let Some((receiver, post)) = self.keeper.poll_post() {
            self.deliveries += 1;
            self.spawn(Errand::Post(receiver, post));
        }
        if self.keeper.poll_references() && !self.parts.references.is_empty() {
            self.spawn(Errand::References);
        }
        while let Some(tenant) = self.keeper.poll_status() {
            self.spawn(Errand::Status(tenant));
        }
        while let Some(receiver) = self.keeper.poll_relay_check() {
            self.spawn(Errand::RelayCheck(receiver));
        }
        while let Some(ping) = self.keeper.poll_ping() {
            if let Ping::Fail(why) = &ping {
                tracing::error!(why = %why.escape_debug(), "the heartbeat says that we are broken");
            }
            self.spawn(Errand::Ping(ping));
        }
        self.tell_log();
    }

    /// What has changed, for whoever reads the log.
    fn tell_log(&mut self) {
        while let Some(crowded) = self.keeper.poll_crowded() {
            tracing::warn!(address = %crowded.address, needs = crowded.needs, ports = crowded.ports,
                "the looks at this address take more local ports than there are, each for a minute: lengthen `interval`, \
                 or widen net.ipv4.ip_local_port_range");
        }
        while let Some(transition) = self.keeper.poll_transition() {
            tracing::info!(domain = %transition.domain, from = transition.from.as_str(), to = transition.to.as_str(),
                why = %transition.why.escape_debug(), "verdict");
        }
        while let Some((domain, event)) = self.keeper.poll_renewal() {
            tracing::info!(%domain, sha256 = %event.sha256, class = event.class.as_str(),
                detail = %event.detail.escape_debug(), "{}", event.kind.as_str());
        }
        while let Some((receiver, event)) = self.keeper.poll_event() {
            log_event(&receiver, &event);
        }
        while let Some((receiver, event)) = self.keeper.poll_alerts_event() {
            log_alerts_event(&receiver, &event);
        }
    }

    /// Everything changed so far goes to be stored, in one transaction.
    fn hand_over(&mut self) {
        let changed: Vec<(Tag, Vec<Change>)> = std::iter::from_fn(|| self.keeper.poll_commit()).collect();
        if let Some(committer) = self.committer.as_ref().filter(|_| !changed.is_empty()) {
            committer.send(changed);
        }
    }

    fn spawn(&self, errand: Errand) {
        let shared = (Arc::clone(&self.library), Arc::clone(&self.resolvers));
        errands::spawn(errand, &self.parts, shared, &self.clock, &self.tasks, &self.inputs);
    }

    /// Chains seen before the restart are assessed aside: public-key work is not for this task.
    fn remember(&self, chains: Vec<(DomainName, Vec<StoredChain>)>, fleet: &Arc<Fleet>) {
        let (fleet, inputs) = (Arc::clone(fleet), self.inputs.clone());
        self.tasks.spawn_blocking(move || {
            for (name, chain) in
                chains.into_iter().flat_map(|(name, all)| all.into_iter().map(move |one| (name.clone(), one)))
            {
                let Some(probed) = fleet.get(&name) else { continue };
                let presented = probed.trust.assess(chain.certificates(), &name);
                if inputs.blocking_send(Input::Remembered(name, chain, presented)).is_err() {
                    return;
                }
            }
        });
    }

    /// What the state holds that nobody acts on, for whoever wonders where it went.
    fn tell_what_is_left(&self) {
        for (receiver, notices) in self.keeper.owed_to_others() {
            tracing::warn!(receiver, notices, "owed to a receiver that is not configured; kept, in case it comes back");
        }
        let rows = self.keeper.unreadable_rows();
        if rows > 0 {
            tracing::warn!(rows, "some of the state cannot be read; it is left as it is");
        }
    }

    fn publish(&mut self) {
        (self.published, self.unpublished) = (Instant::now(), false);
        self.snapshot.send_replace(Arc::new(self.keeper.snapshot()));
    }
}

fn log_event(receiver: &str, event: &OutboxEvent) {
    match event {
        OutboxEvent::Delivered { mail, notices } => tracing::info!(receiver, mail, notices, "mail delivered"),
        OutboxEvent::Deferred { mail, notices, error, retry_in } => {
            tracing::warn!(receiver, mail, notices, error, ?retry_in, "mail deferred");
        }
        OutboxEvent::Rejected { mail, notices, error, retry_in } => {
            tracing::error!(receiver, mail, notices, error, ?retry_in, "mail rejected");
        }
        OutboxEvent::Dead { mail, notices, error } => tracing::error!(receiver, mail, notices, error, "mail given up"),
        OutboxEvent::Refused { mail, error, .. } => {
            tracing::error!(receiver, mail, error, "mail refused for a recipient; the others have it");
        }
        OutboxEvent::Cancelled { notices } => tracing::info!(receiver, notices, "over before anybody was told"),
    }
}

/// Repetitions are no news, neither of what was taken nor of what failed.
fn log_alerts_event(receiver: &str, event: &AlertsEvent) {
    match event {
        AlertsEvent::Delivered { news: 0, recovered: false, .. } | AlertsEvent::Deferred { again: true, .. } => {}
        AlertsEvent::Delivered { peer, news, .. } => tracing::info!(receiver, peer, news, "alerts posted"),
        AlertsEvent::Deferred { peer, news, error, retry_in, .. } => {
            tracing::warn!(receiver, peer, news, error, ?retry_in, "alerts deferred");
        }
        AlertsEvent::Rejected { peer, alert, error, .. } => {
            tracing::error!(receiver, peer, alert, error, "alert rejected");
        }
    }
}
