//! URLs: the heartbeat's, a relay's. None may hold a password, and no message repeats one that might.

use http::Uri;

use super::address::host_name;
use super::{Fault, quoted};
use crate::config::grammar::Kind;
use crate::config::hiding::{has_userinfo, may_hold_password};
use crate::config::section::Value;
use crate::notify::email::Security;

/// Refuses a URL with a user or a password in it, wherever it stands.
pub(super) fn refuse_password(kind: &Kind, text: &str) -> Result<(), Fault> {
    let refused = match kind {
        // These may hold an `@` for another reason, so only what is surely a user or a password counts.
        Kind::Text
        | Kind::Ascii
        | Kind::Mailbox
        | Kind::HttpUrl
        | Kind::Target
        | Kind::Template
        | Kind::Path
        | Kind::Pem
        | Kind::Roots => has_userinfo(text),
        _ => may_hold_password(text),
    };
    let mend = match kind {
        Kind::Relay => "take it out, and give `username` and `password = { file = \"PATH\" }`",
        Kind::Target => "hold the whole URL elsewhere: write { file = \"PATH\" } or { env = \"NAME\" }",
        _ => "take it out",
    };
    if refused { Err(Fault::new("a user or a password does not belong in a URL", mend)) } else { Ok(()) }
}

/// Reads an `http://` or `https://` URL.
pub(super) fn http(text: &str) -> Result<Value, Fault> {
    let mend = "write a URL such as \"https://hc.example.com/ping\"";
    if !text.contains("://") {
        return Err(Fault::new("the URL does not begin with http:// or https://", mend));
    }
    let uri: Uri = text.parse().map_err(|reason| Fault::new(format!("this is no URL: {reason}"), mend))?;
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(scheme) => {
            return Err(Fault::new(format!("{} is neither http nor https", quoted(scheme)), mend));
        }
        None => return Err(Fault::new("the URL does not begin with http:// or https://", mend)),
    }
    host_name(uri.host().unwrap_or_default())?;
    // `Uri` takes a port that is out of range, or none behind a colon, for no port at all.
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let after_host = authority.rsplit(']').next().and_then(|rest| rest.rsplit_once(':'));
    match after_host {
        Some((_, port)) if port_number(port).is_none() => {
            Err(Fault::new("the port is no number from 1 to 65535", mend))
        }
        _ => Ok(Value::Text(text.to_owned())),
    }
}

/// Reads the URL of a mail relay.
pub(super) fn relay(text: &str) -> Result<Value, Fault> {
    let mend = "write a relay such as \"smtp://mail.example.com\", \"smtps://mail.example.com:465\" or \"smtp+plain://127.0.0.1\"";
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(Fault::new("the relay has no scheme", mend));
    };
    let (security, default) = match scheme {
        "smtp" => (Security::StartTls, 587),
        "smtps" => (Security::Implicit, 465),
        "smtp+plain" => (Security::Plain, 25),
        other => {
            return Err(Fault::new(format!("{} is none of smtp, smtps and smtp+plain", quoted(other)), mend));
        }
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#']) {
        return Err(Fault::new("a relay is a host and a port, without a path", mend));
    }
    let (host, port) = split_port(authority);
    let host = host_name(host)?;
    let port = match port {
        None => default,
        Some(port) => port_number(port).ok_or_else(|| Fault::new("the port is no number from 1 to 65535", mend))?,
    };
    Ok(Value::Relay { security, host, port })
}

/// Takes `host:port` or `[v6]:port` apart.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_bracket = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority.get(after_bracket..).and_then(|rest| rest.rfind(':')) {
        Some(colon) => {
            let (host, port) = authority.split_at(after_bracket + colon);
            (host, port.strip_prefix(':'))
        }
        None => (authority, None),
    }
}

fn port_number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Security, String, u16)> {
        match relay(text) {
            Ok(Value::Relay { security, host, port }) => Some((security, host, port)),
            _ => None,
        }
    }

    #[test]
    fn each_scheme_has_its_port() {
        assert_eq!(read("smtp://Mail.example.com"), Some((Security::StartTls, "mail.example.com".into(), 587)));
        assert_eq!(read("smtps://[2001:db8::1]/"), Some((Security::Implicit, "2001:db8::1".into(), 465)));
        assert_eq!(read("smtp+plain://127.0.0.1:2525"), Some((Security::Plain, "127.0.0.1".into(), 2525)));
        for bad in
            ["mail", "http://x.test", "smtp://", "smtp://x.test/p", "smtp://x.test:0", "smtp://x.test:", "smtp://::1"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_heartbeat_is_an_http_url() {
        for good in ["https://hc.example.com/ping/1?x=a@b", "http://127.0.0.1:8000", "http://[::1]:1/"] {
            assert!(http(good).is_ok(), "{good}: {:?}", http(good));
        }
        for bad in
            ["hc.example.com", "ftp://x.test", "https://", "https://x.test:99999/", "https://-x.test/", "https://a b"]
        {
            assert!(http(bad).is_err(), "{bad}");
        }
    }
}
