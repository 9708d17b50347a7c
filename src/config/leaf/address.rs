//! Addresses and ports.

use std::net::{IpAddr, SocketAddr};

use super::{Fault, quoted};
use crate::config::section::Value;
use crate::domain::DomainName;
use crate::probe::{Nameserver, NameserverError};

/// Reads an IP address with its port, which may be left out where there is a default.
pub(super) fn address(text: &str, default: Option<u16>) -> Result<Value, Fault> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let read = match (text.parse::<SocketAddr>(), bare.parse::<IpAddr>(), default) {
        (Ok(address), ..) => address,
        (_, Ok(ip), Some(port)) => SocketAddr::new(ip, port),
        (_, Ok(ip), None) => {
            let mend = format!("add the port: \"{}\"", SocketAddr::new(ip, 10047));
            return Err(Fault::new(format!("{} has no port", quoted(text)), mend));
        }
        _ => {
            return Err(Fault::new(
                format!("{} is no IP address and port", quoted(text)),
                "write an address and a port, such as \"127.0.0.1:8443\" or \"[::1]:8443\"; names are not looked up here",
            ));
        }
    };
    if read.port() == 0 && default.is_some() {
        return Err(Fault::new("nothing can be asked at port 0", "name the port"));
    }
    Ok(Value::Address(read))
}

/// Reads an IP address without a port.
pub(super) fn ip(text: &str) -> Result<Value, Fault> {
    let mend = "write an address alone, such as \"203.0.113.7\" or \"2001:db8::7\"";
    let ip = text.parse().map_err(|_| Fault::new(format!("{} is no IP address", quoted(text)), mend))?;
    Ok(Value::Ip(ip))
}

/// Reads a resolver.
pub(super) fn nameserver(text: &str) -> Result<Value, Fault> {
    let told = |error: NameserverError| match error {
        NameserverError::PortZero => Fault::new(error.to_string(), error.mend()),
        _ => Fault::new(format!("{} is no resolver: {error}", quoted(text)), error.mend()),
    };
    Nameserver::parse(text).map(Value::Nameserver).map_err(told)
}

/// Reads a host (a name or an IP address) and a port.
pub(super) fn host_port(text: &str) -> Result<Value, Fault> {
    let mend = "write a host and a port, such as \"example.com:443\"";
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(Fault::new(format!("{} has no port", quoted(text)), mend));
    };
    let host = host_name(host)?;
    let Some(port) = port.parse::<u16>().ok().filter(|port| *port > 0) else {
        return Err(Fault::new(format!("{} is no port", quoted(port)), mend));
    };
    Ok(Value::Text(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }))
}

/// Reads the host of a URL: a name in A-labels, or an IP address without its brackets.
pub(super) fn host_name(text: &str) -> Result<String, Fault> {
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(inner) = bracketed {
        return inner.parse::<IpAddr>().ok().filter(IpAddr::is_ipv6).map(|ip| ip.to_string()).ok_or_else(|| {
            Fault::new(format!("{} is no IPv6 address", quoted(inner)), "write an IPv6 address in the brackets")
        });
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return if ip.is_ipv4() {
            Ok(ip.to_string())
        } else {
            Err(Fault::new("an IPv6 address before a port needs brackets", format!("write [{ip}]")))
        };
    }
    DomainName::parse(text)
        .map(|name| name.to_string())
        .map_err(|reason| Fault::new(format!("bad host: {reason}"), "write a host name or an IP address"))
}
