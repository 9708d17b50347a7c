//! Greetings in versions of TLS that no library of ours speaks, made and read by hand, since no more than the server's
//! first answer is wanted: whether it would go on.
//!
//! `hello` writes the greeting, `flight` reads the answer; here is the connection they need.

mod flight;
mod hello;

use std::io;
use std::net::SocketAddr;

use futures_util::FutureExt;
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use self::flight::{Flight, Reply, record_header};
use self::hello::{Version, client_hello, suite_name};
use crate::domain::DomainName;
use crate::observation::{LegacyAnswer, LegacyVersion};

/// A server with which there is no ordinary handshake, and what it would go on in.
#[derive(Debug)]
pub(super) struct NothingModern {
    /// The version, in the form of `TLSv1.3`.
    pub(super) version: &'static str,
    /// Whether that version itself is out of use.
    pub(super) is_legacy: bool,
    /// The cipher suite by its IANA name.
    pub(super) cipher_suite: String,
    /// The chain it shows; nothing proves that it has the key.
    pub(super) chain: Vec<CertificateDer<'static>>,
}

/// Greets in each old version by itself, and tells what was said.
pub(super) async fn ask(address: SocketAddr, name: &DomainName, deadline: Instant) -> Vec<LegacyAnswer> {
    let mut answers = Vec::new();
    for version in LegacyVersion::ALL {
        let offered = match version {
            LegacyVersion::Ssl30 => Version::SSL30,
            LegacyVersion::Tls10 => Version::TLS10,
            LegacyVersion::Tls11 => Version::TLS11,
        };
        answers.push(answer(version, offered, greet(address, name, offered, deadline).await));
    }
    answers
}

/// Whether a server goes on in TLS 1.2 with the suites that an ordinary look does not offer, or in a version before it.
pub(super) async fn ask_for_anything(
    address: SocketAddr,
    name: &DomainName,
    deadline: Instant,
) -> Option<NothingModern> {
    // The second for servers that end a connection over a version they have not heard of.
    for offered in [Version::TLS12, Version::TLS10] {
        if let Heard::Reply(Reply::Accepted { version, suite, chain }) = greet(address, name, offered, deadline).await {
            let cipher_suite = suite_name(suite);
            return Some(NothingModern {
                version: title(version),
                is_legacy: version < Version::TLS12,
                cipher_suite,
                chain,
            });
        }
    }
    None
}

/// What came of a greeting.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// An answer.
    Reply(Reply),
    /// The connection was ended without one.
    HungUp,
    /// Nothing before the deadline, or no connection at all.
    Nothing(String),
}

async fn greet(address: SocketAddr, name: &DomainName, offered: Version, deadline: Instant) -> Heard {
    match timeout_at(deadline, exchange(address, name, offered)).await {
        Ok(Ok(reply)) => Heard::Reply(reply),
        Ok(Err(error)) if is_hanging_up(&error) => Heard::HungUp,
        Ok(Err(error)) => Heard::Nothing(error.to_string()),
        Err(_) => Heard::Nothing("no answer before the deadline".to_owned()),
    }
}

async fn exchange(address: SocketAddr, name: &DomainName, offered: Version) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(address).await?;
    let mut random = [0; 32];
    // Nothing rests on it: no key is ever made of this hello.
    let _ = aws_lc_rs::rand::fill(&mut random);
    stream.write_all(&client_hello(offered, name.as_str(), &random)).await?;
    hear(stream, offered).await
}

/// What is said in answer to a hello of this version.
async fn hear(mut stream: impl AsyncRead + Unpin, offered: Version) -> io::Result<Reply> {
    let mut flight = Flight::new(offered);
    loop {
        let mut header = [0; 5];
        stream.read_exact(&mut header).await?;
        let (kind, length) = match record_header(header) {
            Ok(record) => record,
            Err(reply) => return Ok(reply),
        };
        let mut content = vec![0; length];
        stream.read_exact(&mut content).await?;
        if let Some(reply) = flight.take(kind, &content) {
            return Ok(reply);
        }
    }
}

/// How many certificates are shown in an answer to a hello, if it is one that goes on; for the fuzz targets.
pub(super) fn certificates_in_answer(bytes: &[u8]) -> Option<usize> {
    // Bytes that are there are read without waiting.
    match hear(bytes, Version::TLS12).now_or_never()?.ok()? {
        Reply::Accepted { chain, .. } => Some(chain.len()),
        Reply::Refused(_) | Reply::Odd(_) => None,
    }
}

fn is_hanging_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn answer(asked: LegacyVersion, offered: Version, heard: Heard) -> LegacyAnswer {
    let (accepted, cipher_suite, detail) = match heard {
        Heard::Reply(Reply::Accepted { version, suite, .. }) if version == offered => {
            (Some(true), Some(suite_name(suite)), None)
        }
        Heard::Reply(Reply::Accepted { version, .. }) => (Some(false), None, Some(format!("chose {}", title(version)))),
        Heard::Reply(Reply::Refused(alert)) => {
            (Some(false), None, Some(format!("alert {:?}", rustls::AlertDescription::from(alert))))
        }
        Heard::HungUp => (Some(false), None, Some("the connection was closed".to_owned())),
        Heard::Reply(Reply::Odd(what)) => (None, None, Some(what.to_owned())),
        Heard::Nothing(why) => (None, None, Some(why)),
    };
    LegacyAnswer { version: asked, accepted, cipher_suite, detail }
}

fn title(version: Version) -> &'static str {
    match version {
        Version::SSL30 => LegacyVersion::Ssl30.as_str(),
        Version::TLS10 => LegacyVersion::Tls10.as_str(),
        Version::TLS11 => LegacyVersion::Tls11.as_str(),
        _ => "TLSv1.2",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;

    /// A server that says this to whoever greets it, and then hangs up.
    async fn answers_with(says: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut hello = [0; 1024];
                let _ = stream.read(&mut hello).await;
                let _ = stream.write_all(says).await;
            }
        });
        address
    }

    fn name() -> DomainName {
        DomainName::parse("login.example.com").unwrap()
    }

    async fn all(says: &'static [u8]) -> Vec<(Option<bool>, Option<String>)> {
        let deadline = Instant::now() + Duration::from_secs(5);
        let answers = ask(answers_with(says).await, &name(), deadline).await;
        answers.into_iter().map(|answer| (answer.accepted, answer.detail)).collect()
    }

    #[tokio::test]
    async fn what_is_said_is_told_as_it_is() {
        for (says, accepted, detail) in [
            (&b"\x15\x03\x01\x00\x02\x02\x46"[..], Some(false), "alert ProtocolVersion"),
            (b"", Some(false), "the connection was closed"),
            (b"\x15\x03", Some(false), "the connection was closed"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", None, "what answers does not speak TLS"),
        ] {
            assert_eq!(all(says).await, vec![(accepted, Some(detail.to_owned())); 3]);
        }
    }

    #[tokio::test]
    async fn a_server_that_chooses_an_older_version_accepts_that_one() {
        // ServerHello of TLS 1.0 with TLS_RSA_WITH_RC4_128_SHA, then ServerHelloDone.
        const FLIGHT: &[u8] = b"\x16\x03\x01\x00\x2e\x02\x00\x00\x26\x03\x01abcdefghijklmnopqrstuvwxyz012345\
            \x00\x00\x05\x00\x0e\x00\x00\x00";
        let address = answers_with(FLIGHT).await;
        let deadline = Instant::now() + Duration::from_secs(5);
        let [ssl30, tls10, tls11] = ask(address, &name(), deadline).await.try_into().unwrap();
        assert_eq!((ssl30.accepted, ssl30.detail.is_some()), (None, true));
        assert_eq!((tls10.accepted, tls10.cipher_suite.as_deref()), (Some(true), Some("TLS_RSA_WITH_RC4_128_SHA")));
        assert_eq!((tls11.accepted, tls11.detail.as_deref()), (Some(false), Some("chose TLSv1.0")));
        let found = ask_for_anything(address, &name(), deadline).await.unwrap();
        assert_eq!((found.version, found.is_legacy, found.chain.len()), ("TLSv1.0", true, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_no_refusal() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        let answers = ask(listener.local_addr().unwrap(), &name(), deadline).await;
        assert!(answers.iter().all(|answer| answer.accepted.is_none()), "{answers:?}");
    }
}
