//! [`Liar`]: a name server that answers from its zones as [`NameServer`](super::dns::NameServer) does, but does to some
//! names what it should not, or what somebody in its place might do.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hickory_resolver::proto::op::{Message, MessageType, Query};
use hickory_resolver::proto::rr::rdata::opt::EdnsOption;
use hickory_resolver::proto::rr::{Name, RData, Record};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;

use super::dns::{bind, read_framed};
use super::listen::{ANY, serve};
use super::zone::{self, Zone};
use crate::domain::DomainName;

/// No datagram is longer.
const MAX_DATAGRAM: usize = 65_535;
/// The option of an extended error (RFC 8914 §2).
const EXTENDED_ERROR: u16 = 15;
/// Datagrams of a flood.
const FLOOD: usize = 1100;

/// What is done to questions for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trick {
    /// Nothing is answered.
    Silence,
    /// This response code, and no records.
    Code(u16),
    /// The same with an extended error: its code and words (RFC 8914).
    Explained(u16, u16, String),
    /// Nothing is answered to a question with EDNS.
    SilentToEdns,
    /// This response code to a question with EDNS; 16 is BADVERS.
    CodeToEdns(u16),
    /// Bytes that are no message to a question with EDNS.
    MalformedToEdns,
    /// An answer with another id, and then the right one or not.
    WrongId(Then),
    /// An answer from another port, and then the right one or not.
    WrongSource(Then),
    /// An answer to another question, and then the right one or not.
    WrongQuestion(Then),
    /// More answers with other ids than anybody should read.
    Flood,
    /// Bytes that are no message, after the right id.
    Malformed,
    /// No records over UDP, but the advice to come over TCP.
    CutShort,
    /// The same, and over TCP the connection is closed.
    CutShortAndClosed,
    /// The question in capitals.
    Shouted,
    /// "There is nothing" without SOA.
    WithoutSoa,
    /// A few bytes more than the message has.
    Trailing,
    /// An A record whatever type is asked for.
    AlwaysA,
}

/// What follows an answer that is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The right one.
    Right,
    /// Nothing.
    Nothing,
}

/// A running liar; dropping it ends it.
#[derive(Debug)]
pub struct Liar {
    address: SocketAddr,
    _datagrams: JoinSet<()>,
    _streams: Option<JoinSet<io::Result<()>>>,
}

/// What it answers from.
#[derive(Debug)]
struct Lies {
    zones: Vec<Zone>,
    /// The deepest name counts.
    tricks: Vec<(DomainName, Trick)>,
}

impl Liar {
    /// Starts to answer for these zones, and to play each trick on its name and what is below.
    pub async fn start(zones: Vec<Zone>, tricks: Vec<(DomainName, Trick)>) -> io::Result<Self> {
        let (udp, tcp) = bind().await?;
        let (address, lies) = (udp.local_addr()?, Arc::new(Lies { zones, tricks }));
        let mut datagrams = JoinSet::new();
        datagrams.spawn(answer_datagrams(udp, Arc::clone(&lies)));
        let streams = serve(tcp, move |stream| answer_stream(stream, Arc::clone(&lies)));
        Ok(Self { address, _datagrams: datagrams, _streams: Some(streams) })
    }

    /// The same, but nobody listens on TCP.
    pub async fn start_without_tcp(zones: Vec<Zone>, tricks: Vec<(DomainName, Trick)>) -> io::Result<Self> {
        let udp = UdpSocket::bind(ANY).await?;
        let (address, lies) = (udp.local_addr()?, Arc::new(Lies { zones, tricks }));
        let mut datagrams = JoinSet::new();
        datagrams.spawn(answer_datagrams(udp, lies));
        Ok(Self { address, _datagrams: datagrams, _streams: None })
    }

    /// Where it answers.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A datagram to send.
enum Datagram {
    Own(Vec<u8>),
    /// From another port.
    Foreign(Vec<u8>),
}

async fn answer_datagrams(socket: UdpSocket, lies: Arc<Lies>) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let Ok((length, asker)) = socket.recv_from(&mut buffer).await else { continue };
        let Ok(query) = Message::from_vec(buffer.get(..length).unwrap_or_default()) else { continue };
        for datagram in lies.datagrams(&query) {
            let _ = match datagram {
                Datagram::Own(bytes) => socket.send_to(&bytes, asker).await,
                Datagram::Foreign(bytes) => match UdpSocket::bind(ANY).await {
                    Ok(other) => other.send_to(&bytes, asker).await,
                    Err(error) => Err(error),
                },
            };
        }
    }
}

async fn answer_stream(mut stream: TcpStream, lies: Arc<Lies>) -> io::Result<()> {
    loop {
        let query = read_framed(&mut stream).await?;
        let Ok(query) = Message::from_vec(&query) else { return Ok(()) };
        if lies.trick(&query) == Some(&Trick::CutShortAndClosed) {
            return Ok(());
        }
        let answer = bytes(&zone::answer(&lies.zones, &query));
        let Ok(length) = u16::try_from(answer.len()) else { return Ok(()) };
        stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat()).await?;
    }
}

impl Lies {
    fn trick(&self, query: &Message) -> Option<&Trick> {
        let asked = query.queries.first()?.name.to_ascii().to_ascii_lowercase();
        let asked = asked.trim_end_matches('.');
        let is_at_or_below = |name: &DomainName| {
            let rest = asked.strip_suffix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let played = self.tricks.iter().filter(|(name, _)| is_at_or_below(name));
        played.max_by_key(|(name, _)| name.as_str().len()).map(|(_, trick)| trick)
    }

    fn datagrams(&self, query: &Message) -> Vec<Datagram> {
        let honest = zone::answer(&self.zones, query);
        let edns = query.edns.is_some();
        let Some(trick) = self.trick(query) else { return vec![Datagram::Own(bytes(&honest))] };
        let first = match trick {
            Trick::Silence => return Vec::new(),
            Trick::SilentToEdns if edns => return Vec::new(),
            Trick::Flood => return vec![wrong_id(&honest); FLOOD].into_iter().map(Datagram::Own).collect(),
            Trick::CodeToEdns(code) if edns => coded(&honest, *code),
            Trick::SilentToEdns | Trick::CodeToEdns(_) => honest.clone(),
            Trick::MalformedToEdns if !edns => honest.clone(),
            Trick::Malformed | Trick::MalformedToEdns => {
                let id = query.metadata.id.to_be_bytes();
                return vec![Datagram::Own([&id[..], b"no message"].concat())];
            }
            Trick::Trailing => return vec![Datagram::Own([bytes(&honest), b"more".to_vec()].concat())],
            Trick::AlwaysA => always_a(&honest),
            Trick::Code(code) => coded(&honest, *code),
            Trick::Explained(code, info, text) => explained(coded(&honest, *code), *info, text),
            Trick::WrongId(_) => return followed(Datagram::Own(wrong_id(&honest)), trick, &honest),
            Trick::WrongSource(_) => return followed(Datagram::Foreign(bytes(&honest)), trick, &honest),
            Trick::WrongQuestion(_) => return followed(Datagram::Own(bytes(&misled(&honest))), trick, &honest),
            Trick::CutShort | Trick::CutShortAndClosed => honest.truncate(),
            Trick::Shouted => shouted(honest.clone()),
            Trick::WithoutSoa => without_soa(honest.clone()),
        };
        vec![Datagram::Own(bytes(&first))]
    }
}

fn followed(first: Datagram, trick: &Trick, honest: &Message) -> Vec<Datagram> {
    let then = match trick {
        Trick::WrongId(then) | Trick::WrongSource(then) | Trick::WrongQuestion(then) => *then,
        _ => Then::Nothing,
    };
    let right = (then == Then::Right).then(|| Datagram::Own(bytes(honest)));
    std::iter::once(first).chain(right).collect()
}

fn bytes(message: &Message) -> Vec<u8> {
    message.to_vec().unwrap_or_default()
}

fn coded(honest: &Message, code: u16) -> Message {
    let mut message = Message::new(honest.metadata.id, MessageType::Response, honest.metadata.op_code);
    message.metadata.recursion_desired = honest.metadata.recursion_desired;
    message.metadata.response_code = code.into();
    message.add_queries(honest.queries.iter().cloned());
    if let Some(edns) = &honest.edns {
        message.set_edns(edns.clone());
    }
    message
}

fn explained(mut message: Message, code: u16, text: &str) -> Message {
    if let Some(edns) = &mut message.edns {
        let data = [&code.to_be_bytes(), text.as_bytes()].concat();
        edns.options_mut().insert(EdnsOption::Unknown(EXTENDED_ERROR, data));
    }
    message
}

fn wrong_id(honest: &Message) -> Vec<u8> {
    let mut message = honest.clone();
    message.metadata.id = honest.metadata.id.wrapping_add(1);
    bytes(&message)
}

fn misled(honest: &Message) -> Message {
    let mut message = honest.clone();
    let other = Name::from_ascii("other.example.com.").unwrap_or_else(|_| Name::root());
    message.queries = honest.queries.iter().map(|query| Query::query(other.clone(), query.query_type)).collect();
    message
}

fn shouted(mut message: Message) -> Message {
    for query in &mut message.queries {
        query.name = Name::from_ascii(query.name.to_ascii().to_ascii_uppercase()).unwrap_or_else(|_| Name::root());
    }
    message
}

fn always_a(honest: &Message) -> Message {
    let mut message = without_soa(coded(honest, 0));
    let a = |query: &Query| Record::from_rdata(query.name.clone(), 60, RData::A(Ipv4Addr::LOCALHOST.into()));
    message.add_answers(honest.queries.iter().map(a).collect::<Vec<_>>());
    message
}

fn without_soa(mut message: Message) -> Message {
    message.authorities.clear();
    message
}
