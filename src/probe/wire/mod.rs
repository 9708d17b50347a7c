//! The wire as the other files of this room see it: live, kept on a [`Tape`], or played by a [`Player`] from a
//! [`Recording`] of an earlier look.
//!
//! What a look learns from outside comes through a few doors: an answer of a name server, a handshake, an answer to a
//! request, a fetched document, the routes of this machine, the clock. Each of them asks here first. What is kept is what came through, before
//! anybody has read anything into it, so that a later version, or another table of signs, reads it anew; and it is kept
//! without its secrets ([`redact`]).
//!
//! Which wire it is belongs to the task that looks, not to the arguments of every function on the way: one command of
//! the program cares.

mod asked;
mod document;
mod player;
mod redact;
mod tape;

use std::net::SocketAddr;
use std::sync::Arc;

use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{Name, RecordType};
use rustls_pki_types::CertificateDer;

use super::discovery::broken;
use super::dns::Trouble;
use super::fetch::{Document, FetchError};
use super::http::{Answer, HttpError};
use super::tls::{Handshake, Other};
use crate::domain::UnixTime;
use crate::observation::{Failure, LegacyAnswer, NotLooked};

pub use asked::Asked;
pub use document::{MAX_SIZE as MAX_RECORDING, Recording, RecordingError};
pub use player::Player;
pub use tape::Tape;

/// Where a look's answers come from, and whether they are kept.
#[derive(Debug, Clone)]
enum Wire {
    Kept(Arc<Tape>),
    Played(Arc<Player>),
}

tokio::task_local! {
    static WIRE: Wire;
}

/// Runs a look, keeping on the tape what it learns.
pub async fn recording<T>(tape: Arc<Tape>, look: impl Future<Output = T>) -> T {
    WIRE.scope(Wire::Kept(tape), look).await
}

/// Runs a look over what the player has, and nothing else.
pub async fn replaying<T>(player: Arc<Player>, look: impl Future<Output = T>) -> T {
    WIRE.scope(Wire::Played(player), look).await
}

/// The same work on the wire of whoever calls this, for a task of its own.
pub(super) fn carried<F>(work: F) -> impl Future<Output = F::Output> + Send
where
    F: Future + Send,
{
    let wire = wire();
    async move {
        match wire {
            Some(wire) => WIRE.scope(wire, work).await,
            None => work.await,
        }
    }
}

/// Whether there is no network: what a recording does not have cannot be had.
pub(super) fn is_played() -> bool {
    player().is_some()
}

fn wire() -> Option<Wire> {
    WIRE.try_with(Clone::clone).ok()
}

fn player() -> Option<Arc<Player>> {
    match wire() {
        Some(Wire::Played(player)) => Some(player),
        _ => None,
    }
}

/// A resolver's answer to a question.
pub(super) async fn answer(
    resolver: &str,
    name: &Name,
    kind: RecordType,
    live: impl Future<Output = Result<Box<Message>, Trouble>>,
) -> Result<Box<Message>, Trouble> {
    match wire() {
        Some(Wire::Played(player)) => player.answer(resolver, name, kind),
        Some(Wire::Kept(tape)) => {
            let answer = live.await;
            tape.keep_answer(resolver, name, kind, &answer);
            answer
        }
        None => live.await,
    }
}

/// A handshake with this host at an address.
pub(super) async fn handshake(
    address: SocketAddr,
    host: &str,
    live: impl Future<Output = Result<Handshake, NotLooked>>,
) -> Result<Handshake, NotLooked> {
    match wire() {
        Some(Wire::Played(player)) => player.handshake(address, host),
        Some(Wire::Kept(tape)) => {
            let handshake = live.await;
            tape.keep_handshake(address, host, &handshake);
            handshake
        }
        None => live.await,
    }
}

/// What an address shows to clients that ask for another kind of key.
pub(super) async fn other_chain(
    address: SocketAddr,
    host: &str,
    live: impl Future<Output = Option<Other>>,
) -> Option<Other> {
    match wire() {
        Some(Wire::Played(player)) => player.other_chain(address, host),
        Some(Wire::Kept(tape)) => {
            let other = live.await;
            tape.keep_other_chain(address, host, other.as_ref());
            other
        }
        None => live.await,
    }
}

/// What an address says to greetings in old versions; `None` where none was made.
pub(super) async fn legacy(
    address: SocketAddr,
    host: &str,
    live: impl Future<Output = Vec<LegacyAnswer>>,
) -> Option<Vec<LegacyAnswer>> {
    match wire() {
        Some(Wire::Played(player)) => player.legacy(address, host),
        Some(Wire::Kept(tape)) => {
            let answers = live.await;
            tape.keep_legacy(address, host, &answers);
            Some(answers)
        }
        None => Some(live.await),
    }
}

/// Which request it is, as far as it tells one from others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) address: SocketAddr,
    pub(super) host: &'a str,
    pub(super) method: &'a str,
    /// Path and query.
    pub(super) target: &'a str,
    pub(super) with_key: bool,
}

/// The answer to a request. One that is not waited for to its end is kept as one that never came.
pub(super) async fn exchange(
    question: Question<'_>,
    live: impl Future<Output = Result<Answer, HttpError>>,
) -> Result<Answer, HttpError> {
    match wire() {
        Some(Wire::Played(player)) => player.exchange(question),
        Some(Wire::Kept(tape)) => {
            let place = tape.begin_exchange(question);
            let answer = live.await;
            tape.end_exchange(place, &answer);
            answer
        }
        None => live.await,
    }
}

/// What is fetched from a URL. What has not come when the look ends is kept as what never came.
pub(super) async fn document(
    url: &str,
    live: impl Future<Output = Result<Document, FetchError>>,
) -> Result<Document, FetchError> {
    match wire() {
        Some(Wire::Played(player)) => player.document(url),
        Some(Wire::Kept(tape)) => {
            let place = tape.begin_document(url);
            let document = live.await;
            tape.end_document(place, &document);
            document
        }
        None => live.await,
    }
}

/// The answer to a request that is made without TLS, the connection included.
pub(super) async fn plain(
    question: Question<'_>,
    live: impl Future<Output = Result<Answer, Failure>>,
) -> Result<Answer, Failure> {
    let live = async { live.await.map_err(|failure| HttpError::Recorded { failure, closed: false }) };
    exchange(question, live).await.map_err(|error| broken(&error))
}

/// Whether a connection takes another request.
pub(super) async fn is_open(address: SocketAddr, host: &str, live: impl Future<Output = bool>) -> bool {
    match wire() {
        Some(Wire::Played(player)) => player.is_open(address, host),
        Some(Wire::Kept(tape)) => {
            let is_open = live.await;
            if !is_open {
                tape.keep_end(address, host);
            }
            is_open
        }
        None => live.await,
    }
}

/// Which resolvers were asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Resolvers {
    /// The resolvers as they are written.
    pub(super) labels: Vec<Arc<str>>,
    /// The same, with the system's by the addresses of its name servers.
    pub(super) nameservers: Vec<Arc<str>>,
}

/// The resolvers that were asked; `None` on a live wire.
pub(super) fn resolvers() -> Option<Resolvers> {
    player().map(|player| player.resolvers())
}

/// Whether there was a route; `None` on a live wire.
pub(super) fn had_route(address: SocketAddr) -> Option<bool> {
    player().map(|player| player.had_route(address))
}

/// Whether this machine has a route there.
pub(super) fn route(address: SocketAddr, live: impl FnOnce() -> bool) -> bool {
    match wire() {
        Some(Wire::Played(player)) => player.had_route(address),
        Some(Wire::Kept(tape)) => {
            let has_route = live();
            if !has_route {
                tape.keep_no_route(address);
            }
            has_route
        }
        None => live(),
    }
}

/// When it was recorded, by the clock on the wall; `None` on a live wire.
pub(super) fn recorded_at() -> Option<UnixTime> {
    player().map(|player| player.recorded_at())
}

/// A certificate's bytes, as documents hold them.
fn owned(der: &CertificateDer<'_>) -> CertificateDer<'static> {
    der.clone().into_owned()
}
