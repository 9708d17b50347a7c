//! [`Fetcher`]: one bounded GET of a small document whose place a stranger names: a certificate's issuer, a CRL, what a
//! registry or a CA knows. Nothing is followed; where names lead is asked of the domain's own name servers; and a
//! stranger cannot send us into our own network ([`Reach`]).

mod exchange;
mod reach;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderMap, Uri};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::sockets::is_shortage;
use super::{dns, sockets, wire};
use crate::domain::DomainName;
use crate::observation::Outcome;
use crate::trust::TrustStore;

pub(super) use self::reach::Reach;

/// No honest URL in a certificate is longer.
const MAX_URL: usize = 2048;
/// Addresses of one host that are tried, each with a fair share of the time.
const MAX_ADDRESSES: usize = 4;
/// Fetches under way at once, all looks together: each may hold a document in memory.
const AT_ONCE: usize = 8;

static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(AT_ONCE));

/// Who fetches, and within which bounds. It borrows nothing: a fetch may outlast the look that began it.
#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    /// The resolvers to ask for the hosts of URLs.
    pub(super) panel: dns::Panel,
    /// Whom to trust where the URL says https.
    pub(super) trust: Arc<TrustStore>,
    /// Whom to ask about us, for the User-Agent.
    pub(super) contact: Option<String>,
    /// Which addresses may be connected to.
    pub(super) reach: Reach,
    /// For everything from the host's name to the end of the body.
    pub(super) timeout: Duration,
}

/// What is fetched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// An http or https URL.
    pub(super) url: &'a str,
    /// The media types that can be read.
    pub(super) accept: &'static str,
    /// A body of more bytes is not read to its end.
    pub(super) most_bytes: usize,
}

/// What came with status 200.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    /// No http or https URL with a host, or one with a password in it.
    #[error("the URL cannot be fetched: {0}")]
    Url(&'static str),
    /// The host's name leads to no address.
    #[error("{host} has no address: {}", .outcome.title())]
    NoAddress { host: DomainName, outcome: Outcome },
    /// The host is at an address that strangers may not send us to.
    #[error("{0} is no public address, so it is not asked")]
    Refused(IpAddr),
    /// No connection.
    #[error("no connection to {address}: {reason}")]
    Connect { address: SocketAddr, reason: String },
    /// No handshake, or a certificate nobody trusts.
    #[error("no TLS with {address}: {reason}")]
    Tls { address: SocketAddr, reason: String },
    /// Another status than 200, a redirect too.
    #[error("the answer is status {status}")]
    Status { status: u16, retry_after: Option<String> },
    /// More bytes than wanted.
    #[error("the document has more than {0} bytes")]
    TooLong(usize),
    /// The connection broke, or what came was no HTTP.
    #[error("no complete answer: {0}")]
    Broken(String),
    /// Not done in time.
    #[error("no complete answer within {0:?}")]
    Timeout(Duration),
    /// It is we who have no sockets left; this says nothing about the document.
    #[error("no socket to ask with")]
    OutOfResources,
    /// As a recording has it, in the words of then.
    #[error("{0}")]
    Recorded(String),
    /// Nobody fetched it during the recorded look.
    #[error("it is not in the recording")]
    NotRecorded,
    /// It was fetched, and had so many bytes that it was not kept.
    #[error("its {0} bytes are not in the recording, which was too much")]
    NotKept(u64),
}

impl FetchError {
    /// Whether it is we who did not ask: for want of a socket or of a network, or because we may not.
    pub(super) const fn is_ours(&self) -> bool {
        matches!(self, Self::OutOfResources | Self::Refused(_) | Self::NotRecorded | Self::NotKept(_))
    }
}

impl Fetcher {
    /// Fetches, once. Must not be called while holding a permit for sockets.
    pub(super) async fn get(&self, wanted: Wanted<'_>) -> Result<Document, FetchError> {
        // First, so that no URL with a password in it is kept anywhere.
        let place = Place::of(wanted.url)?;
        // On the heap: with what is asked and shaken in it, it is too large for the stack of whoever waits.
        let document = wire::document(wanted.url, Box::pin(self.get_live(&place, wanted))).await?;
        if document.body.len() > wanted.most_bytes {
            return Err(FetchError::TooLong(wanted.most_bytes));
        }
        Ok(document)
    }

    async fn get_live(&self, place: &Place, wanted: Wanted<'_>) -> Result<Document, FetchError> {
        // Nobody closes the semaphore.
        let _turn = TURNS.acquire().await;
        let _permit = sockets::permit(1).await;
        let deadline = Instant::now() + self.timeout;
        match timeout_at(deadline, self.get_from(place, wanted, deadline)).await {
            Ok(result) => result,
            Err(_) => Err(FetchError::Timeout(self.timeout)),
        }
    }

    async fn get_from(&self, place: &Place, wanted: Wanted<'_>, deadline: Instant) -> Result<Document, FetchError> {
        let tcp = self.connect(&self.addresses(place, deadline).await?, deadline).await?;
        if !place.is_https {
            return exchange::get(tcp, &place.uri, wanted, self.contact.as_deref()).await;
        }
        let address = tcp.peer_addr().map_err(|error| FetchError::Broken(error.to_string()))?;
        let failed = |reason: String| FetchError::Tls { address, reason };
        let config = client_config(&self.trust).map_err(|error| failed(error.to_string()))?;
        let tls = TlsConnector::from(Arc::new(config)).connect(place.server_name()?, tcp);
        let tls = tls.await.map_err(|error| failed(error.to_string()))?;
        exchange::get(tls, &place.uri, wanted, self.contact.as_deref()).await
    }

    async fn addresses(&self, place: &Place, deadline: Instant) -> Result<Vec<SocketAddr>, FetchError> {
        let all = match &place.host {
            Host::Address(address) => vec![*address],
            Host::Name(host) => dns::addresses_of(host, &self.panel, deadline)
                .await
                .map_err(|outcome| FetchError::NoAddress { host: host.clone(), outcome })?,
        };
        let allowed = all.iter().filter(|address| self.reach.includes(**address));
        let allowed: Vec<_> = allowed.take(MAX_ADDRESSES).map(|ip| SocketAddr::new(*ip, place.port)).collect();
        match all.first() {
            Some(first) if allowed.is_empty() => Err(FetchError::Refused(*first)),
            _ => Ok(allowed),
        }
    }

    async fn connect(&self, addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, FetchError> {
        let mut failure = FetchError::Timeout(self.timeout);
        for (position, address) in addresses.iter().enumerate() {
            let others = u32::try_from(addresses.len() - position).unwrap_or(u32::MAX);
            let patience = deadline.saturating_duration_since(Instant::now()) / others;
            failure = match timeout(patience, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) if is_ours(&error, *address) => return Err(FetchError::OutOfResources),
                Ok(Err(error)) => FetchError::Connect { address: *address, reason: error.to_string() },
                Err(_) => FetchError::Connect { address: *address, reason: "no answer".to_owned() },
            };
        }
        Err(failure)
    }
}

/// A machine without IPv6 has no address to connect from, which is no shortage.
fn is_ours(error: &io::Error, address: SocketAddr) -> bool {
    is_shortage(error) && !(address.is_ipv6() && error.kind() == io::ErrorKind::AddrNotAvailable)
}

/// A URL, taken apart.
#[derive(Debug)]
struct Place {
    uri: Uri,
    is_https: bool,
    host: Host,
    port: u16,
}

#[derive(Debug, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    Name(DomainName),
}

impl Place {
    fn of(url: &str) -> Result<Self, FetchError> {
        if url.len() > MAX_URL {
            return Err(FetchError::Url("it is too long"));
        }
        let uri: Uri = url.parse().map_err(|_| FetchError::Url("it is not one"))?;
        let is_https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err(FetchError::Url("neither http nor https")),
        };
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(FetchError::Url("there is a user in it"));
        }
        let text = uri.host().unwrap_or_default();
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let host = match bare.parse() {
            Ok(address) => Host::Address(address),
            Err(_) => Host::Name(DomainName::parse_record(bare).map_err(|_| FetchError::Url("it names no host"))?),
        };
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        Ok(Self { uri, is_https, host, port })
    }

    fn server_name(&self) -> Result<ServerName<'static>, FetchError> {
        match &self.host {
            Host::Address(address) => Ok(ServerName::IpAddress((*address).into())),
            Host::Name(name) => ServerName::try_from(name.as_str().to_owned())
                .map_err(|_| FetchError::Url("its host has a name for which there are no certificates")),
        }
    }
}

/// Ordinary verification, by the store's roots and the real clock.
fn client_config(trust: &TrustStore) -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore { roots: trust.anchors().to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests;
