//! [`Client`]: asks the running daemon something.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer takes as long as a commit; a disk may hang.
const PATIENCE: Duration = Duration::from_secs(30);
/// A thousand silences of a hundred domains each fit in.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Why the daemon did not do it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// It was asked for in a way that cannot be.
    #[error("{0}")]
    Usage(String),
    /// Nobody answers.
    #[error("no notafter answers at {at}: {why}\nis the daemon running? `--config` or `--url` say where it listens")]
    NoDaemon {
        /// Where.
        at: String,
        /// Why not.
        why: String,
    },
    /// What answers is not our daemon.
    #[error("what answers at {at} is no notafter that knows silences ({status})")]
    Stranger {
        /// Where.
        at: String,
        /// The status of its answer.
        status: StatusCode,
    },
    /// The daemon says what is wrong.
    #[error("{}", .0.join("\n       "))]
    Refused(Vec<String>),
}

/// Where the daemon listens.
#[derive(Debug)]
pub(super) struct Client {
    authority: String,
}

impl Client {
    /// At this address; where it listens on all, at this machine's own.
    pub(super) fn of(listen: SocketAddr) -> Self {
        let ip = match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Self { authority: SocketAddr::new(ip, listen.port()).to_string() }
    }

    /// At this URL.
    pub(super) fn at(url: &str) -> Result<Self, Failed> {
        let authority = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let plain = |text: &&str| !text.is_empty() && !text.contains(['/', '@', '?', '#', ' ']) && text.contains(':');
        let wrong = || Failed::Usage(format!("{url:?} is no URL such as http://127.0.0.1:10047"));
        authority.filter(plain).map(|authority| Self { authority: authority.to_owned() }).ok_or_else(wrong)
    }

    /// Asks, and returns what the daemon answers if it is good.
    pub(super) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, Failed> {
        let none = |why: String| Failed::NoDaemon { at: self.authority.clone(), why };
        let answered = timeout(PATIENCE, self.exchange(method, path, body)).await;
        let (status, text) = answered.map_err(|_| none("no answer in 30 s".to_owned()))?.map_err(none)?;
        let stranger = || Failed::Stranger { at: self.authority.clone(), status };
        let answer: Value = serde_json::from_slice(&text).map_err(|_| stranger())?;
        if status.is_success() {
            return Ok(answer);
        }
        let errors = answer["errors"].as_array().ok_or_else(stranger)?;
        Err(Failed::Refused(errors.iter().filter_map(|error| Some(error.as_str()?.to_owned())).collect()))
    }

    async fn exchange(&self, method: &str, path: &str, body: Option<Value>) -> Result<(StatusCode, Vec<u8>), String> {
        let stream = TcpStream::connect(&self.authority).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.authority);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map(|json| json.to_string()).unwrap_or_default();
        let request = request.body(Full::new(bytes::Bytes::from(body))).map_err(|error| error.to_string())?;
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body =
            Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await.map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_listens_everywhere_is_asked_here() {
        let of = |text: &str| Client::of(text.parse().unwrap()).authority;
        assert_eq!(of("0.0.0.0:10047"), "127.0.0.1:10047");
        assert_eq!(of("[::]:10047"), "[::1]:10047");
        assert_eq!(of("192.0.2.1:80"), "192.0.2.1:80");
        assert_eq!(Client::at("http://notafter.example:80/").unwrap().authority, "notafter.example:80");
        for url in ["https://x:1", "x:1", "http://", "http://x", "http://u:p@x:1", "http://x:1/y"] {
            assert!(Client::at(url).is_err(), "{url}");
        }
    }
}
