//! [`NameServer`]: answers for a few zones on one port of loopback, over UDP and TCP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hickory_resolver::proto::op::{Message, MessageType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

use super::listen::{ANY, serve};
use super::zone;
pub use super::zone::{Data, Zone};

/// A port that is free for UDP may be taken for TCP; so often another is tried.
const TRIES: usize = 20;
/// No datagram is longer.
const MAX_DATAGRAM: usize = 65_535;

/// A running name server; dropping it ends it.
#[derive(Debug)]
pub struct NameServer {
    address: SocketAddr,
    _tasks: (JoinSet<()>, JoinSet<io::Result<()>>),
}

impl NameServer {
    /// Starts to answer for these zones.
    pub async fn start(zones: Vec<Zone>) -> io::Result<Self> {
        let (udp, tcp) = bind().await?;
        let address = udp.local_addr()?;
        let zones: Arc<[Zone]> = zones.into();
        let mut datagrams = JoinSet::new();
        datagrams.spawn(answer_datagrams(udp, Arc::clone(&zones)));
        let streams = serve(tcp, move |stream| answer_stream(stream, Arc::clone(&zones)));
        Ok(Self { address, _tasks: (datagrams, streams) })
    }

    /// Where it answers.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// One port for both; none is sure to be free for TCP that is for UDP.
pub(super) async fn bind() -> io::Result<(UdpSocket, TcpListener)> {
    for _ in 1..TRIES {
        let udp = UdpSocket::bind(ANY).await?;
        if let Ok(tcp) = TcpListener::bind(udp.local_addr()?).await {
            return Ok((udp, tcp));
        }
    }
    let udp = UdpSocket::bind(ANY).await?;
    let tcp = TcpListener::bind(udp.local_addr()?).await?;
    Ok((udp, tcp))
}

async fn answer_datagrams(socket: UdpSocket, zones: Arc<[Zone]>) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        // An asker that is gone already is reported here as well; that is no reason to end.
        let Ok((length, asker)) = socket.recv_from(&mut buffer).await else { continue };
        if let Some(answer) = answer(&zones, &buffer[..length], Over::Udp) {
            let _ = socket.send_to(&answer, asker).await;
        }
    }
}

/// Messages with their lengths before them, one after the other (RFC 7766 §8).
async fn answer_stream(mut stream: TcpStream, zones: Arc<[Zone]>) -> io::Result<()> {
    loop {
        let query = read_framed(&mut stream).await?;
        let Some(answer) = answer(&zones, &query, Over::Tcp) else { return Ok(()) };
        let Ok(length) = u16::try_from(answer.len()) else { return Ok(()) };
        stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat()).await?;
    }
}

/// The next message of a stream.
pub(super) async fn read_framed(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Udp,
    Tcp,
}

/// The answer's bytes; `None` to what is no query. Over UDP one that is longer than the asker takes is cut down to the
/// advice to come over TCP (RFC 1035 §4.2.1).
fn answer(zones: &[Zone], bytes: &[u8], over: Over) -> Option<Vec<u8>> {
    let query = Message::from_vec(bytes).ok().filter(|query| query.metadata.message_type == MessageType::Query)?;
    let answer = zone::answer(zones, &query);
    let bytes = answer.to_vec().ok()?;
    if over == Over::Udp && bytes.len() > usize::from(query.max_payload()) {
        return answer.truncate().to_vec().ok();
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::{Query, ResponseCode};
    use hickory_resolver::proto::rr::{Name, RecordType};

    use super::*;
    use crate::domain::DomainName;

    fn query(host: &str) -> Vec<u8> {
        let mut query = Message::query();
        query.add_query(Query::query(Name::from_ascii(host).unwrap(), RecordType::TXT));
        query.to_vec().unwrap()
    }

    async fn over_udp(address: SocketAddr, query: &[u8]) -> Message {
        let socket = UdpSocket::bind(ANY).await.unwrap();
        socket.send_to(query, address).await.unwrap();
        let mut answer = [0; 4096];
        let length = socket.recv(&mut answer).await.unwrap();
        Message::from_vec(&answer[..length]).unwrap()
    }

    #[tokio::test]
    async fn a_long_answer_comes_over_tcp() {
        let name = |text| DomainName::parse(text).unwrap();
        let zone = Zone::new(name("example.com"))
            .with(name("long.example.com"), Data::Txt("x".repeat(2000)))
            .with(name("short.example.com"), Data::Txt("x".to_owned()));
        let server = NameServer::start(vec![zone]).await.unwrap();
        let short = over_udp(server.address(), &query("short.example.com.")).await;
        assert_eq!((short.metadata.truncation, short.answers.len()), (false, 1));
        let cut = over_udp(server.address(), &query("long.example.com.")).await;
        assert_eq!((cut.metadata.truncation, cut.answers.len(), cut.queries.len()), (true, 0, 1));
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        for host in ["long.example.com.", "none.example.com."] {
            let query = query(host);
            stream.write_u16(u16::try_from(query.len()).unwrap()).await.unwrap();
            stream.write_all(&query).await.unwrap();
            let mut answer = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut answer).await.unwrap();
            let answer = Message::from_vec(&answer).unwrap();
            let expected = if host.starts_with("long") { ResponseCode::NoError } else { ResponseCode::NXDomain };
            assert_eq!(answer.metadata.response_code, expected);
        }
        let address = server.address();
        drop(server);
        // Its tasks end with it: soon the port is free again.
        while UdpSocket::bind(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn what_is_no_query_gets_no_answer() {
        let mut answered = Message::from_vec(&query("a.example.com.")).unwrap();
        answered.metadata.message_type = MessageType::Response;
        for bytes in [b"".as_slice(), b"GET / HTTP/1.1\r\n", &answered.to_vec().unwrap()] {
            assert_eq!(answer(&[], bytes, Over::Udp), None);
        }
    }
}
