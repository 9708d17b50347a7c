//! A question over a connection: plain TCP after a truncated answer, or TLS (RFC 7858). Messages have their lengths
//! before them (RFC 7766 §8).

use std::io;
use std::net::SocketAddr;

use hickory_resolver::proto::op::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::datagrams::random_id;
use super::log::{Log, Trouble};
use super::message::{Question, Reading, read};
use crate::observation::Outcome;
use crate::probe::sockets::is_shortage;

/// Asks over a connection of its own. The answer over UDP was cut short, so that this is the only way to the rest.
pub(super) async fn ask_over_tcp(server: SocketAddr, question: &Question, log: &Log) -> Result<Box<Message>, Trouble> {
    let told = |error: io::Error| {
        let outcome = if is_shortage(&error) { Outcome::OutOfResources } else { Outcome::Truncated };
        Trouble::because(outcome, format!("TCP: {error}"))
    };
    let mut stream = TcpStream::connect(server).await.map_err(told)?;
    let _ = stream.set_nodelay(true);
    exchange(&mut stream, question, log).await.map_err(told)?
}

/// Sends the question and reads the one answer there is to it; `Err` where the connection broke.
pub(super) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    question: &Question,
    log: &Log,
) -> io::Result<Result<Box<Message>, Trouble>> {
    let id = random_id();
    let Some(bytes) = question.to_bytes(id, true) else { return Ok(Err(Trouble::new(Outcome::Failed))) };
    // No question is longer than a datagram takes.
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    log.ask();
    stream.write_all(&[&length.to_be_bytes(), bytes.as_slice()].concat()).await?;
    stream.flush().await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(understood(&answer, id, question, log))
}

/// Over a connection nobody else can answer: what is not the answer is the server's own error.
pub(super) fn understood(bytes: &[u8], id: u16, question: &Question, log: &Log) -> Result<Box<Message>, Trouble> {
    match read(bytes, &[id], question) {
        Reading::Answer(message) => Ok(message),
        Reading::Malformed => Err(Trouble::new(Outcome::Malformed)),
        Reading::Foreign(kind) => {
            log.note(kind, question);
            Err(Trouble::new(Outcome::Mismatched))
        }
    }
}
