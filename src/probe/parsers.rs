//! What reads strangers' bytes in this room, without the network between: for the fuzz targets alone. Whatever else here
//! comes to read such bytes has its place beside these.

use std::net::SocketAddr;

use hickory_resolver::proto::op::Message;
use http::response::Parts;

use super::http::Answer;
use super::{Settings, discovery, dns, documents, legacy, metadata as federation};
use crate::domain::{DomainName, UnixTime};
use crate::observation::{Auth0Observation, DnsObservation, Documents, Metadata};

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
