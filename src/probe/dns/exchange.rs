//! [`exchange`]: one question to a zone's own server, of whom nothing is known. Whatever comes back is the answer, a
//! refusal too.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::{Instant, timeout_at};

use super::datagrams;
use super::log::{Log, Trouble};
use super::message::{Bits, Question};
use super::streams::ask_over_tcp;
use crate::observation::Outcome;
use crate::probe::wire;

/// How long one server is waited for; each of a look's servers is asked beside the others.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks over UDP, and over TCP for what a datagram does not hold.
pub(super) async fn exchange(
    server: SocketAddr,
    name: &Name,
    record_type: RecordType,
    deadline: Instant,
) -> Result<Box<Message>, Trouble> {
    let live = ask(server, Question::with(name.clone(), record_type, Bits::AUTHORITY), deadline);
    wire::answer(&format!("{server}, without recursion"), name, record_type, live).await
}

async fn ask(server: SocketAddr, question: Question, deadline: Instant) -> Result<Box<Message>, Trouble> {
    let (log, deadline) = (Log::default(), deadline.min(Instant::now() + PATIENCE));
    let answered = datagrams::ask(server, &question, true, deadline, &log).await?;
    if !answered.message.metadata.truncation {
        return Ok(answered.message);
    }
    let over_tcp = timeout_at(deadline, ask_over_tcp(server, &question, &log)).await;
    over_tcp.unwrap_or_else(|_| Err(Trouble::because(Outcome::Truncated, "TCP: no answer in time")))
}
