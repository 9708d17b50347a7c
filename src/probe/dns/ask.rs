//! [`Asker`]: one question to the name servers in turn, over UDP and, where the answer is truncated, TCP.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::net::client::Client;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::tcp::TcpClientStream;
use hickory_resolver::net::udp::UdpClientStream;
use hickory_resolver::net::xfer::FirstAnswer;
use hickory_resolver::net::{DnsHandle, NetError};
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::observation::Outcome;
use crate::probe::sockets::is_shortage;
use crate::probe::wire;

/// How long one name server is waited for before the next is asked, if time allows.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whom to ask, and until when.
pub(super) struct Asker<'a> {
    nameservers: &'a [SocketAddr],
    deadline: Instant,
}

impl<'a> Asker<'a> {
    pub(super) const fn new(nameservers: &'a [SocketAddr], deadline: Instant) -> Self {
        Self { nameservers, deadline }
    }

    /// The first usable answer (records, no data or NXDOMAIN) of any name server, else how they failed.
    pub(super) async fn ask(&self, name: &Name, record_type: RecordType) -> Result<DnsResponse, Outcome> {
        wire::answer(name, record_type, self.ask_live(name, record_type)).await
    }

    async fn ask_live(&self, name: &Name, record_type: RecordType) -> Result<DnsResponse, Outcome> {
        let mut failure = Outcome::Timeout;
        for (position, nameserver) in self.nameservers.iter().enumerate() {
            let others = u32::try_from(self.nameservers.len() - position).unwrap_or(u32::MAX);
            let left = self.deadline.saturating_duration_since(Instant::now());
            let patience = if others > 1 { PATIENCE.min(left / others) } else { left };
            let answer = tokio::time::timeout(patience, ask_one(*nameserver, name, record_type, patience)).await;
            match answer.map_err(|_| Outcome::Timeout).and_then(|answer| answer) {
                Ok(response) => return Ok(response),
                // An answer of any kind tells more than silence. But where one could not be asked for want of a socket,
                // nobody can say that all have failed.
                Err(Outcome::Timeout) => {}
                Err(_) if failure == Outcome::OutOfResources => {}
                Err(outcome) => failure = outcome,
            }
        }
        Err(failure)
    }

    /// Whether any of the name servers answers for the root zone, which every resolver can; waits no longer than the
    /// first questions were allowed to take.
    pub(super) async fn answers_for_the_root(&self, timeout: Duration) -> bool {
        let again = Self { deadline: Instant::now() + timeout.min(PATIENCE), ..*self };
        matches!(again.ask(&Name::root(), RecordType::NS).await, Ok(response) if !response.answers.is_empty())
    }
}

async fn ask_one(
    nameserver: SocketAddr,
    name: &Name,
    record_type: RecordType,
    patience: Duration,
) -> Result<DnsResponse, Outcome> {
    let over_udp =
        udp(nameserver, name, record_type, patience).await.map_err(|error| outcome_of(&error, nameserver))?;
    let response = if over_udp.metadata.truncation {
        tcp(nameserver, name, record_type, patience).await.map_err(|error| outcome_of(&error, nameserver))?
    } else {
        over_udp
    };
    match response.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => Ok(response),
        ResponseCode::ServFail => Err(Outcome::Servfail),
        ResponseCode::Refused => Err(Outcome::Refused),
        _ => Err(Outcome::Failed),
    }
}

/// A new socket a question, so that every question leaves by another port (RFC 5452 §9.2).
async fn udp(
    nameserver: SocketAddr,
    name: &Name,
    record_type: RecordType,
    patience: Duration,
) -> Result<DnsResponse, NetError> {
    let stream = UdpClientStream::builder(nameserver, TokioRuntimeProvider::default())
        .with_timeout(Some(patience))
        .with_max_retries(2)
        .build();
    let (client, background) = Client::<TokioRuntimeProvider>::from_sender(stream);
    let background = AbortOnDropHandle::new(tokio::spawn(background));
    let answer = client.lookup(Query::query(name.clone(), record_type), options()).first_answer().await;
    drop(background);
    answer
}

async fn tcp(
    nameserver: SocketAddr,
    name: &Name,
    record_type: RecordType,
    patience: Duration,
) -> Result<DnsResponse, NetError> {
    let provider = TokioRuntimeProvider::default();
    let (connecting, handle) = TcpClientStream::new(nameserver, None, Some(patience), provider);
    let (client, background) = Client::<TokioRuntimeProvider>::with_timeout(connecting.await?, handle, patience);
    let background = AbortOnDropHandle::new(tokio::spawn(background));
    let answer = client.lookup(Query::query(name.clone(), record_type), options()).first_answer().await;
    drop(background);
    answer
}

fn options() -> DnsRequestOptions {
    let mut options = DnsRequestOptions::default();
    options.recursion_desired = true;
    options.retry_interval = Duration::from_secs(1);
    options
}

fn outcome_of(error: &NetError, nameserver: SocketAddr) -> Outcome {
    // A machine without IPv6 has no address to ask such a name server from, which is no shortage.
    let no_ipv6 = |error: &io::Error| nameserver.is_ipv6() && error.kind() == io::ErrorKind::AddrNotAvailable;
    match error {
        NetError::Timeout => Outcome::Timeout,
        NetError::Io(error) if is_shortage(error) && !no_ipv6(error) => Outcome::OutOfResources,
        _ => Outcome::Failed,
    }
}
