//! A question over UDP. The socket takes what comes from anywhere, so that answers from the wrong place are seen, and
//! counted, before they are ignored.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::Message;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::log::{Log, Trouble};
use super::message::{Question, Reading, read};
use crate::observation::{OddityKind, Outcome};
use crate::probe::sockets::is_shortage;

/// How long an answer is waited for before the question is sent again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// No datagram is longer.
const MAX_DATAGRAM: usize = 65_535;
/// After so many datagrams that were no answer nobody goes on reading: whoever sends them has won.
const MAX_FOREIGN: u32 = 1000;

/// An answer, and whether it took a question without EDNS to get it.
pub(super) struct Answered {
    pub(super) message: Box<Message>,
    pub(super) plainly: bool,
}

/// Asks, again after a while, and at last without EDNS: some who do not know it (or something on the way that does not)
/// answer nothing at all.
pub(super) async fn ask(
    server: SocketAddr,
    question: &Question,
    edns: bool,
    deadline: Instant,
    log: &Log,
) -> Result<Answered, Trouble> {
    let mut exchange = Exchange::open(server, question, log).await?;
    let wait = AGAIN_AFTER.min(deadline.saturating_duration_since(Instant::now()) / 4);
    for attempt in 0..3 {
        let plainly = !edns || attempt == 2;
        exchange.send(plainly).await?;
        let until = if attempt == 2 { deadline } else { Instant::now() + wait };
        if let Some(answer) = exchange.receive(until).await? {
            return Ok(answer);
        }
    }
    let outcome = if exchange.foreign > 0 { Outcome::Mismatched } else { Outcome::Timeout };
    Err(Trouble::new(outcome))
}

/// One question on a socket of its own, so that every question leaves by another port (RFC 5452 §9.2).
struct Exchange<'a> {
    socket: UdpSocket,
    server: SocketAddr,
    question: &'a Question,
    log: &'a Log,
    /// The ids it went out by, those without EDNS apart.
    ids: Vec<u16>,
    plain_ids: Vec<u16>,
    /// Datagrams that were not the answer.
    foreign: u32,
    buffer: Vec<u8>,
}

impl<'a> Exchange<'a> {
    async fn open(server: SocketAddr, question: &'a Question, log: &'a Log) -> Result<Self, Trouble> {
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await.map_err(|error| trouble(&error, server))?;
        let buffer = vec![0; MAX_DATAGRAM];
        Ok(Self { socket, server, question, log, ids: Vec::new(), plain_ids: Vec::new(), foreign: 0, buffer })
    }

    async fn send(&mut self, plainly: bool) -> Result<(), Trouble> {
        let id = random_id();
        let bytes = self.question.to_bytes(id, !plainly).ok_or(Trouble::new(Outcome::Failed))?;
        if plainly {
            self.plain_ids.push(id)
        } else {
            self.ids.push(id)
        }
        self.log.ask();
        let sent = self.socket.send_to(&bytes, self.server).await;
        sent.map(|_| ()).map_err(|error| trouble(&error, self.server))
    }

    /// The answer, if one comes until then. A datagram that cannot be read is one, if it has the question's id.
    async fn receive(&mut self, until: Instant) -> Result<Option<Answered>, Trouble> {
        while let Ok(received) = timeout_at(until, self.socket.recv_from(&mut self.buffer)).await {
            let (length, source) = received.map_err(|error| trouble(&error, self.server))?;
            let bytes = self.buffer.get(..length).unwrap_or_default();
            let kind = if is_same(source, self.server) {
                match read(bytes, &[self.ids.as_slice(), &self.plain_ids].concat(), self.question) {
                    Reading::Answer(message) => {
                        let plainly = self.plain_ids.contains(&message.metadata.id);
                        return Ok(Some(Answered { message, plainly }));
                    }
                    Reading::Malformed => return Err(Trouble::new(Outcome::Malformed)),
                    Reading::Foreign(kind) => kind,
                }
            } else {
                OddityKind::WrongSource
            };
            self.log.note(kind, self.question);
            self.foreign += 1;
            if self.foreign >= MAX_FOREIGN {
                return Err(Trouble::new(Outcome::Mismatched));
            }
        }
        Ok(None)
    }
}

/// Whether a datagram is from whom was asked. The scope of a link-local address may be told by one side alone.
fn is_same(source: SocketAddr, server: SocketAddr) -> bool {
    source.ip().to_canonical() == server.ip().to_canonical() && source.port() == server.port()
}

/// An id that nobody can guess (RFC 5452 §9.1).
pub(super) fn random_id() -> u16 {
    let mut bytes = [0; 2];
    // It fails only if the system has no randomness left; an id that can be guessed is better than no look then.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    u16::from_be_bytes(bytes)
}

/// What the system says when we send or connect.
pub(super) fn trouble(error: &io::Error, server: SocketAddr) -> Trouble {
    // A machine without IPv6 has no address to ask such a name server from, which is no shortage.
    let no_ipv6 = server.is_ipv6() && error.kind() == io::ErrorKind::AddrNotAvailable;
    let outcome = if is_shortage(error) && !no_ipv6 { Outcome::OutOfResources } else { Outcome::Unreachable };
    Trouble::because(outcome, error.to_string())
}
