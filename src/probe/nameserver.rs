//! [`Nameserver`]: a resolver as the operator writes it, and how it is reached.
//!
//! | written | is |
//! |---|---|
//! | `system` | the name servers of `/etc/resolv.conf`, one after the other, as one resolver |
//! | `192.0.2.53`, `[2001:db8::53]:5353` | an address, port 53 unless given: over UDP, and TCP where that is cut short |
//! | `tls://192.0.2.53:853#dns.example` | DNS over TLS (RFC 7858): an address, port 853, and the name in its certificate |
//! | `https://dns.example/dns-query#192.0.2.53` | DNS over HTTPS (RFC 8484), and the address of its host |

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls_pki_types::ServerName;

use crate::domain::DomainName;

/// So many may be asked and compared: each takes sockets of its own.
pub const MAX_NAMESERVERS: usize = 4;
const DNS: u16 = 53;
const DNS_OVER_TLS: u16 = 853;
const HTTPS: u16 = 443;
/// Where RFC 8484's examples, and nearly everybody, have it.
const QUERY_PATH: &str = "/dns-query";

/// A resolver as the operator writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Nameserver {
    label: Arc<str>,
    reach: Reach,
}

/// How it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Reach {
    System,
    Server(Server),
}

/// One server: where, and by what protocol.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Server {
    /// Over UDP, and TCP where the answer is cut short.
    Plain(SocketAddr),
    /// Over TLS.
    Tls { address: SocketAddr, name: ServerName<'static> },
    /// Over HTTPS.
    Https { address: SocketAddr, name: ServerName<'static>, authority: String, path: String },
}

impl Server {
    pub(super) const fn address(&self) -> SocketAddr {
        match self {
            Self::Plain(address) | Self::Tls { address, .. } | Self::Https { address, .. } => *address,
        }
    }
}

impl Nameserver {
    /// The system's resolver.
    pub fn system() -> Self {
        Self { label: "system".into(), reach: Reach::System }
    }

    /// A name server at an address, over UDP and TCP.
    pub fn at(address: SocketAddr) -> Self {
        Self { label: address.to_string().into(), reach: Reach::Server(Server::Plain(address)) }
    }

    /// Reads it as it is written in the file and on the command line.
    pub fn parse(text: &str) -> Result<Self, NameserverError> {
        if text == "system" {
            return Ok(Self::system());
        }
        let (label, server) = if let Some(rest) = text.strip_prefix("tls://") {
            tls(rest)?
        } else if let Some(rest) = text.strip_prefix("https://") {
            https(rest)?
        } else if text.contains("://") {
            return Err(NameserverError::Scheme);
        } else {
            let address = address(text, DNS).ok_or(NameserverError::Address)?;
            (address.to_string(), Server::Plain(address))
        };
        if server.address().port() == 0 {
            return Err(NameserverError::PortZero);
        }
        Ok(Self { label: label.into(), reach: Reach::Server(server) })
    }

    /// As it is written, with everything that may be left out.
    pub fn label(&self) -> &Arc<str> {
        &self.label
    }

    /// The server to ask; `None` for the system's, which are read anew for every look.
    pub(super) const fn server(&self) -> Option<&Server> {
        match &self.reach {
            Reach::System => None,
            Reach::Server(server) => Some(server),
        }
    }
}

impl fmt::Display for Nameserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.label)
    }
}

/// What is wrong with a resolver as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameserverError {
    /// None of the forms there are.
    #[error("no IP address and port")]
    Address,
    /// Another scheme than `tls` and `https`.
    #[error("no way to ask a resolver that we know")]
    Scheme,
    /// After the `#` of `tls://` stands no host name.
    #[error("no host name after the `#`")]
    Name,
    /// What follows `https://` is no host, port and path.
    #[error("no URL of a resolver")]
    Url,
    /// The host of `https://` is a name, and its address is missing.
    #[error("the address of the host is missing")]
    Bootstrap,
    /// Port 0.
    #[error("nothing can be asked at port 0")]
    PortZero,
}

impl NameserverError {
    /// What to write instead.
    pub const fn mend(self) -> &'static str {
        match self {
            Self::Address => {
                "write `system`, an address such as \"192.0.2.53\" or \"[2001:db8::53]:5353\", \"tls://…\" or \
                 \"https://…\"; names are not looked up here"
            }
            Self::Scheme => "write \"tls://192.0.2.53#dns.example\" or \"https://dns.example/dns-query#192.0.2.53\"",
            Self::Name => "write the name in its certificate: \"tls://192.0.2.53#dns.example\"",
            Self::Url => "write \"https://dns.example/dns-query#192.0.2.53\"",
            Self::Bootstrap => {
                "add it after a `#`: \"https://dns.example/dns-query#192.0.2.53\"; names are not looked up here"
            }
            Self::PortZero => "name the port",
        }
    }
}

fn tls(text: &str) -> Result<(String, Server), NameserverError> {
    let (place, name) = text.split_once('#').map_or((text, None), |(place, name)| (place, Some(name)));
    let address = address(place, DNS_OVER_TLS).ok_or(NameserverError::Address)?;
    let Some(name) = name else {
        return Ok((format!("tls://{address}"), Server::Tls { address, name: address.ip().into() }));
    };
    let name = DomainName::parse(name).map_err(|_| NameserverError::Name)?;
    let label = format!("tls://{address}#{name}");
    Ok((label, Server::Tls { address, name: server_name(&name).ok_or(NameserverError::Name)? }))
}

fn https(text: &str) -> Result<(String, Server), NameserverError> {
    let (url, bootstrap) = text.split_once('#').map_or((text, None), |(url, ip)| (url, Some(ip)));
    let (authority, path) = url.find('/').map_or((url, QUERY_PATH), |slash| url.split_at(slash));
    let path: http::uri::PathAndQuery = path.parse().map_err(|_| NameserverError::Url)?;
    let (host, port) = host_and_port(authority).ok_or(NameserverError::Url)?;
    let bootstrap =
        bootstrap.map(|ip| bare(ip).parse::<IpAddr>().map_err(|_| NameserverError::Bootstrap)).transpose()?;
    let (name, ip, shown) = match literal(host) {
        Some(ip) => (ip.into(), bootstrap.unwrap_or(ip), host.to_owned()),
        None => {
            let name = DomainName::parse(host).map_err(|_| NameserverError::Url)?;
            let ip = bootstrap.ok_or(NameserverError::Bootstrap)?;
            (server_name(&name).ok_or(NameserverError::Url)?, ip, name.to_string())
        }
    };
    let authority = if port == HTTPS { shown } else { format!("{shown}:{port}") };
    let label = bootstrap.map_or_else(String::new, |ip| format!("#{ip}"));
    let label = format!("https://{authority}{path}{label}");
    let address = SocketAddr::new(ip, port);
    Ok((label, Server::Https { address, name, authority, path: path.to_string() }))
}

fn server_name(name: &DomainName) -> Option<ServerName<'static>> {
    ServerName::try_from(name.as_str().to_owned()).ok()
}

/// The address that is the host of a URL: one of IPv6 has its brackets, and no other (RFC 3986 §3.2.2).
fn literal(host: &str) -> Option<IpAddr> {
    let address: IpAddr = bare(host).parse().ok()?;
    (address.is_ipv6() == host.starts_with('[')).then_some(address)
}

fn host_and_port(authority: &str) -> Option<(&str, u16)> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => Some((host, port.parse().ok()?)),
        _ => Some((authority, HTTPS)),
    }
}

fn address(text: &str, port: u16) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| bare(text).parse().ok().map(|ip| SocketAddr::new(ip, port)))
}

/// An IPv6 address without its brackets.
fn bare(text: &str) -> &str {
    text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_whole() {
        for (text, label) in [
            ("system", "system"),
            ("192.0.2.53", "192.0.2.53:53"),
            ("192.0.2.53:5353", "192.0.2.53:5353"),
            ("2001:db8::53", "[2001:db8::53]:53"),
            ("[2001:db8::53]", "[2001:db8::53]:53"),
            ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
            ("tls://192.0.2.53", "tls://192.0.2.53:853"),
            ("tls://[2001:db8::53]#Dns.Example", "tls://[2001:db8::53]:853#dns.example"),
            ("tls://192.0.2.53:8853#dns.example", "tls://192.0.2.53:8853#dns.example"),
            ("https://192.0.2.53", "https://192.0.2.53/dns-query"),
            ("https://[2001:db8::53]/q", "https://[2001:db8::53]/q"),
            ("https://dns.example/dns-query#192.0.2.53", "https://dns.example/dns-query#192.0.2.53"),
            ("https://dns.example:8443/q?x=1#[2001:db8::53]", "https://dns.example:8443/q?x=1#2001:db8::53"),
        ] {
            let read = Nameserver::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(&**read.label(), label);
            assert_eq!(Nameserver::parse(label), Ok(read), "{label}");
        }
    }

    #[test]
    fn what_is_none_is_told_by_its_fault() {
        use NameserverError::{Address, Bootstrap, Name, PortZero, Scheme, Url};
        for (text, error) in [
            ("", Address),
            ("dns.example", Address),
            ("192.0.2.53:99999", Address),
            ("quic://192.0.2.53", Scheme),
            ("tls://dns.example", Address),
            ("tls://192.0.2.53#", Name),
            ("tls://192.0.2.53#a b", Name),
            ("https://", Url),
            ("https://dns.example/dns-query", Bootstrap),
            ("https://dns.example/dns-query#dns.example", Bootstrap),
            ("https://dns.example:port/#192.0.2.53", Url),
            ("https://2001:db8::53:443/", Url),
            ("https://[192.0.2.53]/", Url),
            ("192.0.2.53:0", PortZero),
            ("https://192.0.2.53:0/", PortZero),
        ] {
            assert_eq!(Nameserver::parse(text), Err(error), "{text}");
            assert!(!error.mend().is_empty());
        }
    }
}
