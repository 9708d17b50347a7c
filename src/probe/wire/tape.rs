//! [`Tape`]: keeps what comes over the wire during one look, less its secrets.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{Name, RecordType};
use http::header::{CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER};

use super::document::{Der, Exchange, FORMAT, Failed, Fetched, Greeted, Lookup, OtherShown, Recording, Shaken, Wired};
use super::redact::Redactor;
use super::{Asked, Question, owned};
use crate::domain::UnixTime;
use crate::observation::{LegacyAnswer, Look, NotLooked, Origin, OtherChain, TlsObservation, ViewObservation};
use crate::probe::Settings;
use crate::probe::discovery::broken;
use crate::probe::dns::Trouble;
use crate::probe::fetch::{Document, FetchError};
use crate::probe::http::{Answer, HttpError};
use crate::probe::tls::{Handshake, Other};

/// Bytes of a body that are kept.
const MAX_BODY: usize = 64 * 1024;
/// Header fields that are kept of an answer, and bytes of each.
pub(super) const MAX_FIELDS: usize = 128;
const MAX_FIELD: usize = 4 * 1024;
/// Bytes of a fetched document that are kept; of longer ones it is kept how long they were.
const MAX_DOCUMENT: usize = 1024 * 1024;
/// The same of all documents of one look, so that the recording stays one that is read.
const MAX_DOCUMENTS: usize = 4 * MAX_DOCUMENT;
/// What readers of documents heed besides the body.
const HEEDED: [HeaderName; 3] = [CONTENT_TYPE, DATE, RETRY_AFTER];
/// Characters kept of a target.
const MAX_TARGET: usize = 1024;

/// What came over the wire so far.
#[derive(Debug)]
pub struct Tape {
    redactor: Redactor,
    kept: Mutex<Wired>,
    no_route: Mutex<BTreeSet<SocketAddr>>,
}

impl Tape {
    /// An empty tape for a look with these settings, whose secrets it will not keep.
    pub fn new(settings: &Settings) -> Self {
        Self { redactor: Redactor::new(settings), kept: Mutex::default(), no_route: Mutex::default() }
    }

    /// What was kept of a look, and on another tape of the look at its tenant. `at` is the time it was judged as of,
    /// `recorded_at` when it was made.
    pub fn finish(&self, tenant: Option<&Self>, look: &Look, times: (UnixTime, UnixTime), asked: Asked) -> Recording {
        Recording {
            format: FORMAT,
            written_by: format!("notafter {}", env!("CARGO_PKG_VERSION")),
            domain: look.domain.clone(),
            at: times.0,
            recorded_at: times.1,
            codes: Vec::new(),
            asked,
            resolvers: look.dns.iter().flat_map(|dns| &dns.resolvers).map(|one| one.resolver.to_string()).collect(),
            nameservers: look.dns.iter().flat_map(|dns| &dns.nameservers).map(ToString::to_string).collect(),
            no_route: self.no_routes().union(&look.no_route.iter().copied().collect()).copied().collect(),
            wired: self.with(|kept| kept.clone()),
            tenant: tenant.map(|tape| tape.with(|kept| kept.clone())).unwrap_or_default(),
            roots: Vec::new(),
            intermediates: Vec::new(),
        }
        .trusting(look.tls.iter().chain(look.origin.iter().flat_map(|origin| &origin.tls)))
    }

    pub(super) fn keep_answer(
        &self,
        resolver: &str,
        name: &Name,
        kind: RecordType,
        answer: &Result<Box<Message>, Trouble>,
    ) {
        let response = answer.as_ref().ok();
        let records = response.map(|response| response.answers.iter().map(ToString::to_string).collect());
        self.with(|kept| {
            kept.dns.push(Lookup {
                resolver: resolver.to_owned(),
                name: name.to_ascii(),
                kind: kind.to_string(),
                failed: answer.as_ref().err().map(|trouble| trouble.outcome),
                detail: answer.as_ref().err().and_then(|trouble| trouble.detail.clone()),
                records: records.unwrap_or_default(),
                message: response.and_then(|response| response.to_vec().ok()).map(|bytes| BASE64.encode(bytes)),
            });
        });
    }

    pub(super) fn keep_handshake(&self, address: SocketAddr, host: &str, outcome: &Result<Handshake, NotLooked>) {
        let shaken = match outcome {
            Ok(handshake) => shaken(address, host, handshake),
            Err(not_looked) => Shaken { not_looked: Some(not_looked.reason.clone()), ..shaken_nothing(address, host) },
        };
        self.with(|kept| kept.handshakes.push(shaken));
    }

    pub(super) fn keep_other_chain(&self, address: SocketAddr, host: &str, other: Option<&Other>) {
        let chain = match other {
            None => return,
            Some(Other::Absent) => None,
            Some(Other::Chain(chain)) => Some(chain.iter().map(|der| Der(owned(der))).collect()),
        };
        self.with(|kept| kept.other_chains.push(OtherShown { address, host: host.to_owned(), chain }));
    }

    pub(super) fn keep_legacy(&self, address: SocketAddr, host: &str, answers: &[LegacyAnswer]) {
        let greeted = Greeted { address, host: host.to_owned(), answers: answers.to_vec() };
        self.with(|kept| kept.legacy.push(greeted));
    }

    /// Notes a request and where its answer belongs.
    pub(super) fn begin_exchange(&self, question: Question<'_>) -> usize {
        let target = self.redactor.target(question.target).chars().take(MAX_TARGET).collect();
        let exchange = Exchange { target, with_key: question.with_key, ..nothing_asked(question) };
        self.with(|kept| {
            kept.exchanges.push(exchange);
            kept.exchanges.len() - 1
        })
    }

    /// Notes that a connection takes no more requests.
    pub(super) fn keep_end(&self, address: SocketAddr, host: &str) {
        let end = nothing_asked(Question { address, host, method: "", target: "", with_key: false });
        self.with(|kept| kept.exchanges.push(Exchange { closed: true, ..end }));
    }

    pub(super) fn end_exchange(&self, place: usize, outcome: &Result<Answer, HttpError>) {
        let read = outcome.as_ref().map(|answer| self.read(answer));
        self.with(|kept| {
            let Some(exchange) = kept.exchanges.get_mut(place) else { return };
            match read {
                Ok((headers, body)) => {
                    let head = outcome.as_ref().ok().map(|answer| &answer.head);
                    exchange.status = head.map(|head| head.status.as_u16());
                    exchange.version = head.map(|head| format!("{:?}", head.version));
                    (exchange.headers, exchange.body) = (headers, body);
                }
                Err(error) => {
                    let failure = broken(error);
                    let detail = self.redactor.text(&failure.detail);
                    exchange.failure = Some(Failed { detail, ..Failed::from(&failure) });
                    exchange.closed = error.is_closed();
                }
            }
        });
    }

    pub(super) fn keep_no_route(&self, address: SocketAddr) {
        self.no_routes().insert(address);
    }

    fn no_routes(&self) -> MutexGuard<'_, BTreeSet<SocketAddr>> {
        self.no_route.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is fetched and where what comes of it belongs.
    pub(super) fn begin_document(&self, url: &str) -> usize {
        let fetched = Fetched { url: url.to_owned(), ..Fetched::default() };
        self.with(|kept| {
            kept.documents.push(fetched);
            kept.documents.len() - 1
        })
    }

    pub(super) fn end_document(&self, place: usize, outcome: &Result<Document, FetchError>) {
        self.with(|kept| {
            let weight: usize = kept.documents.iter().filter_map(|one| Some(one.body.as_ref()?.len() / 4 * 3)).sum();
            let Some(fetched) = kept.documents.get_mut(place) else { return };
            match outcome {
                Ok(document) => keep_document(fetched, document, MAX_DOCUMENTS.saturating_sub(weight)),
                Err(FetchError::Status { status, retry_after }) => {
                    fetched.status = Some(*status);
                    let retry_after = retry_after.iter().map(|value| (RETRY_AFTER.to_string(), value.clone()));
                    fetched.headers = retry_after.collect();
                }
                Err(error) => fetched.not_fetched = Some(error.to_string()),
            }
        });
    }

    /// Header fields and body as they may be kept.
    fn read(&self, answer: &Answer) -> (Vec<(String, String)>, String) {
        let fields = answer.head.headers.iter().take(MAX_FIELDS).map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            let kept = self.redactor.field(name.as_str(), &value);
            (name.as_str().to_owned(), start_of(&kept, MAX_FIELD).to_owned())
        });
        // What is cut may be half a secret: the whole is searched.
        let body = self.redactor.body(&String::from_utf8_lossy(&answer.body));
        (fields.collect(), start_of(&body, MAX_BODY).to_owned())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Wired) -> T) -> T {
        change(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Recording {
    /// With the roots and the intermediates by which these chains were found good.
    fn trusting<'a>(mut self, seen: impl Iterator<Item = &'a TlsObservation>) -> Self {
        let presented =
            seen.flat_map(|tls| tls.presented.iter().chain(tls.other_chain.iter().filter_map(OtherChain::presented)));
        let paths = presented.flat_map(|presented| &presented.paths);
        for step in paths.flat_map(|path| &path.steps) {
            let place = match step.origin {
                Origin::Presented => continue,
                Origin::Root => &mut self.roots,
                _ => &mut self.intermediates,
            };
            let der = Der(owned(&step.certificate.der()));
            if !place.contains(&der) {
                place.push(der);
            }
        }
        self
    }

    /// With what another view was found good by as well.
    pub fn also_trusting(self, view: &ViewObservation) -> Self {
        self.trusting(view.tls.iter())
    }
}

/// What is heeded of a document, if there is room for it.
fn keep_document(fetched: &mut Fetched, document: &Document, room: usize) {
    fetched.status = Some(200);
    let field = |name: &HeaderName| {
        let value = document.headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), start_of(value, MAX_FIELD).to_owned()))
    };
    fetched.headers = HEEDED.iter().filter_map(field).collect();
    if document.body.len() > room.min(MAX_DOCUMENT) {
        fetched.too_long = Some(document.body.len() as u64);
    } else {
        fetched.body = Some(BASE64.encode(&document.body));
    }
}

fn shaken(address: SocketAddr, host: &str, handshake: &Handshake) -> Shaken {
    let seen = &handshake.observation;
    Shaken {
        open: handshake.stream.is_some(),
        failure: seen.failure.as_ref().map(Failed::from),
        version: seen.version.clone(),
        cipher_suite: seen.cipher_suite.clone(),
        group: seen.group.clone(),
        post_quantum: seen.post_quantum,
        alpn: seen.alpn.clone(),
        client_certificate: seen.client_certificate,
        connect_ms: seen.connect_ms,
        handshake_ms: seen.handshake_ms,
        chain: handshake.chain.as_ref().map(|chain| chain.iter().map(|der| Der(owned(der))).collect()),
        staple: (!handshake.staple.is_empty()).then(|| Der(handshake.staple.clone().into())),
        ..shaken_nothing(address, host)
    }
}

fn shaken_nothing(address: SocketAddr, host: &str) -> Shaken {
    Shaken {
        address,
        host: host.to_owned(),
        open: false,
        not_looked: None,
        failure: None,
        version: None,
        cipher_suite: None,
        group: None,
        post_quantum: None,
        alpn: None,
        client_certificate: None,
        connect_ms: None,
        handshake_ms: None,
        chain: None,
        staple: None,
    }
}

fn nothing_asked(question: Question<'_>) -> Exchange {
    Exchange {
        address: question.address,
        host: question.host.to_owned(),
        method: question.method.to_owned(),
        target: String::new(),
        with_key: false,
        failure: None,
        closed: false,
        status: None,
        version: None,
        headers: Vec::new(),
        body: String::new(),
    }
}

/// No more than so many bytes, and no half character.
fn start_of(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}
