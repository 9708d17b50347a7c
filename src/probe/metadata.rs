//! [`read`]: whom SAML (SAML 2.0 Metadata, 2.3.2) or WS-Federation metadata names.

use std::collections::BTreeSet;

use http::Uri;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::observation::{Metadata, bounded};

/// Hosts kept; honest metadata has one.
const MAX_HOSTS: usize = 16;
/// Characters kept of an entity.
const MOST: usize = 300;
/// XML's own names are URLs as well, but nobody goes there.
const NAMESPACES: [&str; 4] = ["www.w3.org", "docs.oasis-open.org", "schemas.xmlsoap.org", "schemas.microsoft.com"];

/// Reads metadata; `None` if it is no XML, or describes no entity.
pub(super) fn read(body: &[u8]) -> Option<Metadata> {
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader::from_str(text);
    let (mut entity, mut hosts, mut is_described) = (None, BTreeSet::new(), false);
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) | Event::Empty(element) => {
                is_described |= element.local_name().as_ref() == "EntityDescriptor";
                // Whether one stands there twice is not asked: with very many that takes very long.
                for attribute in element.attributes().with_checks(false).flatten() {
                    let value = attribute.value.into_owned();
                    let name = attribute.key.as_ref();
                    if name == "entityID" {
                        entity = Some(bounded(value, MOST));
                    } else if !name.starts_with("xmlns") {
                        hosts.extend(host(&value));
                    }
                }
            }
            Event::Text(text) => hosts.extend(host(&text)),
            Event::Eof => break,
            _ => {}
        }
    }
    let hosts = hosts.into_iter().take(MAX_HOSTS).collect();
    is_described.then_some(Metadata { entity, hosts })
}

fn host(text: &str) -> Option<String> {
    let uri: Uri = text.trim().parse().ok()?;
    let host = uri.host().filter(|_| matches!(uri.scheme_str(), Some("http" | "https")))?;
    (!NAMESPACES.contains(&host)).then(|| bounded(host.to_ascii_lowercase(), MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_and_hosts_are_read() {
        let saml = br#"<?xml version="1.0"?><md:EntityDescriptor entityID="urn:login.example.com"
            xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:x="http://www.w3.org/2001/XMLSchema-instance">
            <md:IDPSSODescriptor><md:SingleSignOnService Location="https://LOGIN.example.com/samlp/abc"/>
            <a>https://other.example.com/x</a></md:IDPSSODescriptor></md:EntityDescriptor>"#;
        let read = read(saml).unwrap();
        assert_eq!(read.entity.as_deref(), Some("urn:login.example.com"));
        assert_eq!(read.hosts, ["login.example.com", "other.example.com"]);
    }

    #[test]
    fn what_is_no_metadata_is_none() {
        for body in [&b"<html></html>"[..], b"{}", b"", b"\xff", b"<EntityDescriptor", b"<a><b></a>"] {
            assert_eq!(read(body), None, "{}", String::from_utf8_lossy(body));
        }
        // An entity within an entity is not expanded.
        let bomb = b"<!DOCTYPE a [<!ENTITY x \"y\"><!ENTITY z \"&x;&x;\">]><EntityDescriptor>&z;</EntityDescriptor>";
        assert_eq!(read(bomb).map(|read| read.hosts.len()), Some(0));
    }
}
