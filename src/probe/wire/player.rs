//! [`Player`]: gives out again what a [`Recording`] holds. Whatever is in there, it opens no connection, and what is
//! not in there did not answer.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{Name, RecordType};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, Response, Version};

use super::document::{Exchange, Fetched, Lookup, Recording, Shaken, Wired};
use super::{Question, Resolvers, owned};
use crate::domain::UnixTime;
use crate::observation::{Code, Failure, LegacyAnswer, NotLooked, Outcome, TlsObservation};
use crate::probe::discovery::late;
use crate::probe::dns::Trouble;
use crate::probe::fetch::{Document, FetchError};
use crate::probe::http::{Answer, HttpError};
use crate::probe::tls::{Handshake, Line, Other};

/// Plays one recording once: each answer is given to the first request like it.
#[derive(Debug)]
pub struct Player {
    wired: Wired,
    given: Mutex<Given>,
    resolvers: Resolvers,
    no_route: Vec<SocketAddr>,
    recorded_at: UnixTime,
}

/// Which entries were given out.
#[derive(Debug)]
struct Given {
    dns: Vec<bool>,
    handshakes: Vec<bool>,
    other_chains: Vec<bool>,
    legacy: Vec<bool>,
    exchanges: Vec<bool>,
    documents: Vec<bool>,
}

impl Player {
    /// Players at the beginning of the recording: for the look itself, and for the look at its tenant.
    pub fn of(recording: &Recording) -> (Self, Self) {
        let of = |wired: &Wired| Self {
            given: Mutex::new(Given::nothing_of(wired)),
            wired: wired.clone(),
            resolvers: Resolvers {
                labels: recording.resolvers.iter().map(|label| Arc::from(label.as_str())).collect(),
                nameservers: recording.nameservers.iter().map(|label| Arc::from(label.as_str())).collect(),
            },
            no_route: recording.no_route.clone(),
            recorded_at: recording.recorded_at,
        };
        (of(&recording.wired), of(&recording.tenant))
    }

    pub(super) fn resolvers(&self) -> Resolvers {
        self.resolvers.clone()
    }

    pub(super) fn had_route(&self, address: SocketAddr) -> bool {
        !self.no_route.contains(&address)
    }

    pub(super) const fn recorded_at(&self) -> UnixTime {
        self.recorded_at
    }

    pub(super) fn answer(&self, resolver: &str, name: &Name, kind: RecordType) -> Result<Box<Message>, Trouble> {
        let (name, kind) = (name.to_ascii(), kind.to_string());
        let all = &self.wired.dns;
        let is_same = |lookup: &Lookup| (&*lookup.resolver, &lookup.name, &lookup.kind) == (resolver, &name, &kind);
        let is_it = |at: usize| all.get(at).is_some_and(is_same);
        let place = self.next(|given| &mut given.dns, is_it);
        let Some(lookup) = place.and_then(|at| all.get(at)) else { return Err(Trouble::new(Outcome::NotAsked)) };
        if let Some(outcome) = lookup.failed {
            return Err(Trouble { outcome, detail: lookup.detail.clone() });
        }
        let message = lookup.message.as_ref().and_then(|message| BASE64.decode(message).ok());
        let message = message.and_then(|bytes| Message::from_vec(&bytes).ok()).map(Box::new);
        message.ok_or_else(|| Trouble::new(Outcome::Malformed))
    }

    pub(super) fn handshake(&self, address: SocketAddr, host: &str) -> Result<Handshake, NotLooked> {
        let all = &self.wired.handshakes;
        let is_it = |at: usize| all.get(at).is_some_and(|shaken| shaken.address == address && shaken.host == host);
        let place = self.next(|given| &mut given.handshakes, is_it);
        let Some(shaken) = place.and_then(|at| all.get(at)) else {
            return Err(NotLooked { address, reason: "it is not in the recording".to_owned() });
        };
        if let Some(reason) = &shaken.not_looked {
            return Err(NotLooked { address, reason: reason.clone() });
        }
        Ok(Handshake {
            observation: observation(shaken),
            chain: shaken.chain.as_ref().map(|chain| chain.iter().map(|der| owned(&der.0)).collect()),
            staple: shaken.staple.as_ref().map(|staple| staple.0.to_vec()).unwrap_or_default(),
            stream: shaken.open.then_some(Line::Recorded(address)),
            lacks_common_ground: false,
        })
    }

    pub(super) fn other_chain(&self, address: SocketAddr, host: &str) -> Option<Other> {
        let all = &self.wired.other_chains;
        let is_it = |at: usize| all.get(at).is_some_and(|other| other.address == address && other.host == host);
        let other = all.get(self.next(|given| &mut given.other_chains, is_it)?)?;
        let chain = other.chain.as_ref().map(|chain| chain.iter().map(|der| owned(&der.0)).collect());
        Some(chain.map_or(Other::Absent, Other::Chain))
    }

    pub(super) fn legacy(&self, address: SocketAddr, host: &str) -> Option<Vec<LegacyAnswer>> {
        let all = &self.wired.legacy;
        let is_it = |at: usize| all.get(at).is_some_and(|greeted| greeted.address == address && greeted.host == host);
        Some(all.get(self.next(|given| &mut given.legacy, is_it)?)?.answers.clone())
    }

    pub(super) fn exchange(&self, question: Question<'_>) -> Result<Answer, HttpError> {
        let missing = || Failure::new(Code::HttpBroken, format!("{} is not in the recording", question.target));
        let asked = path(question.target);
        let is_it = |exchange: &Exchange| {
            (exchange.address, exchange.host.as_str(), exchange.method.as_str())
                == (question.address, question.host, question.method)
                && path(&exchange.target) == asked
        };
        let all = &self.wired.exchanges;
        let place = self.next(|given| &mut given.exchanges, |at| all.get(at).is_some_and(is_it));
        let Some(exchange) = place.and_then(|at| all.get(at)) else {
            return Err(HttpError::Recorded { failure: missing(), closed: false });
        };
        match (&exchange.failure, exchange.status) {
            (Some(failed), _) => {
                Err(HttpError::Recorded { failure: failed.failure(Code::HttpBroken), closed: exchange.closed })
            }
            (None, Some(status)) => Ok(answered(exchange, status)),
            (None, None) => Err(HttpError::Recorded { failure: late(), closed: false }),
        }
    }

    /// Two looks at one document are two answers; more than were recorded get the first.
    pub(super) fn document(&self, url: &str) -> Result<Document, FetchError> {
        let all = &self.wired.documents;
        let next = self.next(|given| &mut given.documents, |at| all.get(at).is_some_and(|one| one.url == url));
        let found = next.and_then(|at| all.get(at)).or_else(|| all.iter().find(|one| one.url == url));
        fetched(found.ok_or(FetchError::NotRecorded)?)
    }

    /// Not if it had ended by now, or if there is nothing left.
    pub(super) fn is_open(&self, address: SocketAddr, host: &str) -> bool {
        let all = &self.wired.exchanges;
        let is_of_it = |at: usize| all.get(at).is_some_and(|one| one.address == address && one.host == host);
        let is_end = |at: usize| all.get(at).is_some_and(|one| one.method.is_empty());
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let next = (0..all.len()).find(|at| is_of_it(*at) && given.exchanges.get(*at) == Some(&false));
        match next {
            Some(at) if is_end(at) => {
                given.exchanges.get_mut(at).into_iter().for_each(|flag| *flag = true);
                false
            }
            next => next.is_some(),
        }
    }

    /// The first that was not given out yet and is the one; it is given out now.
    fn next(&self, of: impl Fn(&mut Given) -> &mut Vec<bool>, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let flags = of(&mut given);
        let place = (0..flags.len()).find(|at| flags.get(*at) == Some(&false) && is_it(*at))?;
        *flags.get_mut(place)? = true;
        Some(place)
    }
}

impl Given {
    fn nothing_of(wired: &Wired) -> Self {
        Self {
            dns: vec![false; wired.dns.len()],
            handshakes: vec![false; wired.handshakes.len()],
            other_chains: vec![false; wired.other_chains.len()],
            legacy: vec![false; wired.legacy.len()],
            exchanges: vec![false; wired.exchanges.len()],
            documents: vec![false; wired.documents.len()],
        }
    }
}

fn observation(shaken: &Shaken) -> TlsObservation {
    TlsObservation {
        version: shaken.version.clone(),
        cipher_suite: shaken.cipher_suite.clone(),
        group: shaken.group.clone(),
        post_quantum: shaken.post_quantum,
        alpn: shaken.alpn.clone(),
        client_certificate: shaken.client_certificate,
        failure: shaken.failure.as_ref().map(|failed| failed.failure(Code::TlsHandshakeFailed)),
        connect_ms: shaken.connect_ms,
        handshake_ms: shaken.handshake_ms,
        ..TlsObservation::new(shaken.address)
    }
}

/// What came of it then.
fn fetched(one: &Fetched) -> Result<Document, FetchError> {
    if let Some(why) = &one.not_fetched {
        return Err(FetchError::Recorded(why.clone()));
    }
    let headers = fields(&one.headers);
    match one.status {
        None => Err(FetchError::Recorded("it had not come when the recorded look ended".to_owned())),
        Some(200) => match (&one.body, one.too_long) {
            (_, Some(bytes)) => Err(FetchError::NotKept(bytes)),
            (Some(body), None) => BASE64
                .decode(body)
                .map(|body| Document { headers, body })
                .map_err(|_| FetchError::Broken("what is recorded of it cannot be read".to_owned())),
            (None, None) => Err(FetchError::NotRecorded),
        },
        Some(status) => {
            let retry_after = headers.get(RETRY_AFTER).and_then(|value| Some(value.to_str().ok()?.to_owned()));
            Err(FetchError::Status { status, retry_after })
        }
    }
}

/// Header fields as far as they are any.
fn fields(recorded: &[(String, String)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in recorded.iter().take(super::tape::MAX_FIELDS) {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            fields.append(name, value);
        }
    }
    fields
}

/// What no answer can have is left out of it.
fn answered(exchange: &Exchange, status: u16) -> Answer {
    let mut response = Response::new(());
    *response.status_mut() = status.try_into().unwrap_or_default();
    *response.version_mut() = match exchange.version.as_deref() {
        Some("HTTP/2.0") => Version::HTTP_2,
        Some("HTTP/1.0") => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    *response.headers_mut() = fields(&exchange.headers);
    Answer { head: response.into_parts().0, body: exchange.body.clone().into_bytes() }
}

/// A target without its query: in it are our nonce, which is another each time, and what was hidden.
fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or_default()
}
