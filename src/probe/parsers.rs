//! What reads strangers' bytes in this room, without the network between: for the fuzz targets alone. Whatever else here
//! comes to read such bytes has its place beside these.

use std::net::{IpAddr, SocketAddr};

use hickory_resolver::proto::op::Message;
use http::response::Parts;

use super::http::Answer;
use super::{Settings, contract, discovery, dns, documents, legacy, metadata as federation, registration, status_feed};
use crate::domain::{DomainName, UnixTime};
use crate::observation::{
    Auth0Observation, CookieSet, DnsObservation, Documents, Metadata, RegistrationObservation, StatusNote,
};

/// What one DNS message says of a name, as if it answered every question; `None` if it is no message.
pub fn dns_message(message: &[u8], name: &DomainName) -> Option<DnsObservation> {
    Some(dns::read_message(&Message::from_vec(message).ok()?, name, UnixTime(0)))
}

/// What an answer says, as if it came to the request for the discovery document and to that for the keys.
pub fn answer(address: SocketAddr, host: &DomainName, head: Parts, body: Vec<u8>) -> Auth0Observation {
    let (answer, settings) = (Answer { head, body }, Settings::default());
    let mut seen = Auth0Observation::new(address);
    discovery::read(&answer, host, &settings, &mut seen);
    let keys = Some(documents::read(&answer, &settings));
    seen.documents = Some(Documents { keys, ..Documents::default() }.into());
    seen
}

/// How many certificates a server shows that goes on after an old hello; `None` if these bytes are no such answer.
pub fn legacy_answer(bytes: &[u8]) -> Option<usize> {
    legacy::certificates_in_answer(bytes)
}

/// Whom the metadata of SAML or WS-Federation names.
pub fn metadata(body: &[u8]) -> Option<Metadata> {
    federation::read(body)
}

/// What explains an answer to a question for a name's addresses, asked by this id; `None` if these bytes are no answer to
/// it.
pub fn dns_errors(bytes: &[u8], id: u16, name: &DomainName) -> Option<Vec<(u16, String)>> {
    dns::read_errors(bytes, id, name)
}

/// The code and the words of an extended DNS error.
pub fn extended_error(data: &[u8]) -> Option<(u16, String)> {
    dns::extended_error(data)
}

/// The addresses that a hosts file has for a name.
pub fn hosts(text: &str, name: &DomainName) -> Vec<IpAddr> {
    dns::find_in_hosts(text, name)
}

/// What a registry says of a domain; else why that is no answer.
pub fn registration(json: &[u8], domain: &DomainName, at: UnixTime) -> Result<RegistrationObservation, String> {
    registration::read(json, domain, at)
}

/// Which registry answers for a domain by a list of them; else why it is none.
pub fn registry(json: &[u8], domain: &DomainName) -> Result<Option<String>, String> {
    registration::registry(json, domain)
}

/// What goes on by the feed of a status page; `None` if it is no feed.
pub fn status_feed(feed: &str) -> Option<Option<StatusNote>> {
    status_feed::newest(feed)
}

/// What is kept of a `Set-Cookie`.
pub fn cookie(set: &[u8]) -> Option<CookieSet> {
    contract::cookie(set)
}
