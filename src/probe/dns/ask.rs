//! [`Asker`]: one question to one resolver, by the way it is reached: over UDP and, where the answer is truncated, TCP;
//! over TLS; over HTTPS. A resolver with several name servers, the system's, is asked at one after the other.

use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::{Instant, timeout_at};

use super::datagrams;
use super::log::{Log, Trouble};
use super::message::{Question, negative_ttl};
use super::resolvers::Resolvers;
use super::streams::ask_over_tcp;
use crate::observation::{OddityKind, Outcome};
use crate::probe::nameserver::Server;
use crate::probe::wire;
use crate::trust::TrustStore;

/// How long one name server is waited for before the next is asked, or where others are asked beside it.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// Whom to ask, and until when.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) label: Arc<str>,
    pub(super) servers: Vec<Server>,
    pub(super) resolvers: Arc<Resolvers>,
    pub(super) trust: Arc<TrustStore>,
    pub(super) deadline: Instant,
    /// What befell it; shared by its clones.
    pub(super) log: Arc<Log>,
}

impl Asker {
    /// The same for so long from now.
    pub(super) fn within(&self, time: Duration) -> Self {
        Self { deadline: Instant::now() + time, ..self.clone() }
    }

    /// The first usable answer (records, no data or NXDOMAIN) of any of its name servers, else how they failed.
    pub(super) async fn ask(&self, name: &Name, record_type: RecordType) -> Result<Box<Message>, Outcome> {
        let question = Question::new(name.clone(), record_type);
        let answer = wire::answer(&self.label, name, record_type, self.ask_each(&question)).await;
        match &answer {
            Ok(message) => {
                self.log.read(message, &question);
                if message.answers.is_empty() && message.authorities.is_empty() && negative_ttl(message).is_none() {
                    self.log.note(OddityKind::NoSoa, &question);
                }
                self.log.succeed();
            }
            Err(trouble) => self.log.fail(trouble),
        }
        answer.map_err(|trouble| trouble.outcome)
    }

    async fn ask_each(&self, question: &Question) -> Result<Box<Message>, Trouble> {
        let mut failure = Trouble::new(Outcome::Timeout);
        for (position, server) in self.servers.iter().enumerate() {
            let others = u32::try_from(self.servers.len() - position).unwrap_or(u32::MAX);
            let left = self.deadline.saturating_duration_since(Instant::now());
            let patience = if others > 1 { PATIENCE.min(left / others) } else { left };
            match self.ask_server(server, question, Instant::now() + patience).await {
                Ok(message) => return Ok(message),
                // An answer of any kind tells more than silence. But where one could not be asked for want of a socket,
                // nobody can say that all have failed.
                Err(trouble) if trouble.outcome == Outcome::Timeout => {}
                Err(_) if failure.outcome == Outcome::OutOfResources => {}
                Err(trouble) => failure = trouble,
            }
        }
        Err(failure)
    }

    /// Whether it answers for the root zone, which every resolver can; waits no longer than the first questions were
    /// allowed to take.
    pub(super) async fn answers_for_the_root(&self, timeout: Duration) -> bool {
        let log = Arc::new(Log::default());
        let again = Self { deadline: Instant::now() + timeout.min(PATIENCE), log: Arc::clone(&log), ..self.clone() };
        let answers =
            matches!(again.ask(&Name::root(), RecordType::NS).await, Ok(message) if !message.answers.is_empty());
        self.log.add_questions(log.questions());
        answers
    }

    async fn ask_server(
        &self,
        server: &Server,
        question: &Question,
        deadline: Instant,
    ) -> Result<Box<Message>, Trouble> {
        let message = self.exchange(server, question, deadline).await?;
        if let Some(outcome) = failed(message.metadata.response_code) {
            self.log.read(&message, question);
            let code = u16::from(message.metadata.response_code);
            let odd = outcome == Outcome::OtherCode;
            return Err(if odd { Trouble::because(outcome, format!("code {code}")) } else { Trouble::new(outcome) });
        }
        Ok(message)
    }

    /// What one of its name servers answers, be it an error code.
    pub(super) async fn exchange(
        &self,
        server: &Server,
        question: &Question,
        deadline: Instant,
    ) -> Result<Box<Message>, Trouble> {
        let (log, channels) = (&self.log, &self.resolvers.channels);
        let silence = |_| Trouble::new(Outcome::Timeout);
        match server {
            Server::Plain(_) => self.ask_in_the_clear(server, question, deadline).await,
            Server::Tls { .. } => {
                let asked = channels.ask_over_tls(server, &self.trust, question, log);
                timeout_at(deadline, asked).await.map_err(silence)?
            }
            Server::Https { .. } => {
                let asked = channels.ask_over_https(server, &self.trust, question, log);
                timeout_at(deadline, asked).await.map_err(silence)?
            }
        }
    }

    async fn ask_in_the_clear(
        &self,
        server: &Server,
        question: &Question,
        deadline: Instant,
    ) -> Result<Box<Message>, Trouble> {
        let message = self.ask_over_udp(server, question, deadline).await?;
        if !message.metadata.truncation {
            return Ok(message);
        }
        self.log.note(OddityKind::Truncated, question);
        let asked = timeout_at(deadline, ask_over_tcp(server.address(), question, &self.log)).await;
        asked.unwrap_or_else(|_| Err(Trouble::because(Outcome::Truncated, "TCP: no answer in time")))
    }

    /// With EDNS, and without where that is what the answerer cannot bear.
    async fn ask_over_udp(
        &self,
        server: &Server,
        question: &Question,
        deadline: Instant,
    ) -> Result<Box<Message>, Trouble> {
        let (address, log) = (server.address(), &self.log);
        let first = datagrams::ask(address, question, true, deadline, log).await;
        let minds_edns = match &first {
            Ok(answered) => !answered.plainly && cannot_read(answered.message.metadata.response_code),
            Err(trouble) => trouble.outcome == Outcome::Malformed,
        };
        if minds_edns {
            let plain = datagrams::ask(address, question, false, deadline, log).await;
            if let Ok(plain) = plain
                && !cannot_read(plain.message.metadata.response_code)
            {
                log.note(OddityKind::EdnsRefused, question);
                return Ok(plain.message);
            }
        }
        let answered = first?;
        if answered.plainly {
            log.note(OddityKind::EdnsUnanswered, question);
        }
        Ok(answered.message)
    }
}

/// BADVERS, which shares its number with a code of signed messages (RFC 6891 §9).
const BADVERS: u16 = 16;

/// What servers say who do not understand the question, or its EDNS (RFC 6891 §7).
fn cannot_read(code: ResponseCode) -> bool {
    matches!(code, ResponseCode::FormErr | ResponseCode::NotImp) || u16::from(code) == BADVERS
}

pub(super) const fn failed(code: ResponseCode) -> Option<Outcome> {
    match code {
        ResponseCode::NoError | ResponseCode::NXDomain => None,
        ResponseCode::ServFail => Some(Outcome::Servfail),
        ResponseCode::Refused => Some(Outcome::Refused),
        ResponseCode::NotImp => Some(Outcome::NotImplemented),
        ResponseCode::FormErr => Some(Outcome::FormatError),
        _ => Some(Outcome::OtherCode),
    }
}
