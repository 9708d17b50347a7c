//! Questions as bytes, and bytes as answers: what is an answer to our question, and what only looks like one. Pure.

use hickory_resolver::proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::EdnsOption;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use crate::observation::OddityKind;

/// What we take in a datagram: what passes everywhere without being fragmented (DNS flag day 2020).
const MAX_PAYLOAD: u16 = 1232;
/// The option of an extended error (RFC 8914 §2).
const EXTENDED_ERROR: u16 = 15;

/// A question: a name and a type, in the class of the Internet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    name: Name,
    record_type: RecordType,
    bits: Bits,
}

/// The bits of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bits {
    /// RD: ask others if you must.
    recursion_desired: bool,
    /// DO: with the signatures (RFC 3225).
    dnssec_ok: bool,
    /// CD: do not check them (RFC 4035 §3.2.2).
    checking_disabled: bool,
}

impl Bits {
    /// To a resolver.
    const PLAIN: Self = Self { recursion_desired: true, dnssec_ok: false, checking_disabled: false };
    /// To a zone's own server: for what it holds itself.
    pub(super) const AUTHORITY: Self = Self { recursion_desired: false, ..Self::PLAIN };
    /// To a resolver that checks signatures, which it then says (RFC 6840 §5.7).
    pub(super) const CHECKED: Self = Self { dnssec_ok: true, ..Self::PLAIN };
    /// To a resolver that checks signatures: never mind them.
    pub(super) const UNCHECKED: Self = Self { checking_disabled: true, ..Self::CHECKED };
}

impl Question {
    pub(super) const fn new(name: Name, record_type: RecordType) -> Self {
        Self::with(name, record_type, Bits::PLAIN)
    }

    pub(super) const fn with(name: Name, record_type: RecordType, bits: Bits) -> Self {
        Self { name, record_type, bits }
    }

    pub(super) const fn name(&self) -> &Name {
        &self.name
    }

    pub(super) const fn record_type(&self) -> RecordType {
        self.record_type
    }

    /// `TXT _cf-custom-hostname.login.example.com`
    pub(super) fn shown(&self) -> String {
        let name = self.name.to_ascii();
        let name = if name.len() > 1 { name.trim_end_matches('.') } else { &name };
        format!("{} {name}", self.record_type)
    }

    /// The bytes that ask it; `None` for a name too long for the wire.
    pub(super) fn to_bytes(&self, id: u16, edns: bool) -> Option<Vec<u8>> {
        let mut message = Message::query();
        message.metadata.id = id;
        message.metadata.recursion_desired = self.bits.recursion_desired;
        message.metadata.checking_disabled = self.bits.checking_disabled;
        message.add_query(Query::query(self.name.clone(), self.record_type));
        if edns {
            let mut edns = Edns::new();
            edns.set_max_payload(MAX_PAYLOAD);
            edns.set_dnssec_ok(self.bits.dnssec_ok);
            message.set_edns(edns);
        }
        message.to_vec().ok()
    }
}

/// What some bytes are to whoever asked a question.
#[derive(Debug)]
pub(super) enum Reading {
    /// The answer.
    Answer(Box<Message>),
    /// From whom was asked, by the id, but it cannot be read.
    Malformed,
    /// Not the answer, whatever it is.
    Foreign(OddityKind),
}

/// Reads what came from whom was asked, under any of the ids that the question went out by.
pub(super) fn read(bytes: &[u8], ids: &[u16], question: &Question) -> Reading {
    let Some(id) = bytes.first_chunk().map(|id| u16::from_be_bytes(*id)) else {
        return Reading::Malformed;
    };
    if !ids.contains(&id) {
        return Reading::Foreign(OddityKind::WrongId);
    }
    match Message::from_vec(bytes) {
        Ok(message) if message.metadata.message_type != MessageType::Response => Reading::Malformed,
        Ok(message) if answers(&message, question) => Reading::Answer(Box::new(message)),
        Ok(_) => Reading::Foreign(OddityKind::WrongQuestion),
        Err(_) => Reading::Malformed,
    }
}

/// Whether the question is repeated in the answer, as it must be; whoever cannot read it, or will not, may leave it out.
fn answers(message: &Message, question: &Question) -> bool {
    match &message.queries[..] {
        [] => !matches!(message.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain),
        // Names are equal whatever their case.
        [asked] => asked.name == question.name && asked.query_type == question.record_type,
        _ => false,
    }
}

/// Whether the question came back in other letters than it was asked in.
pub(super) fn changed_case(message: &Message, question: &Question) -> bool {
    message.queries.first().is_some_and(|asked| !asked.name.eq_case(&question.name))
}

/// For how long "there is nothing" holds: the lesser of the SOA's TTL and its minimum (RFC 2308 §5).
pub(super) fn negative_ttl(message: &Message) -> Option<u32> {
    message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    })
}

/// What the answerer says to explain it: codes with their words (RFC 8914 §2).
pub(super) fn extended_errors(message: &Message) -> Vec<(u16, String)> {
    let options = message.edns.iter().flat_map(|edns| edns.options().as_ref());
    options
        .filter_map(|(_, option)| match option {
            EdnsOption::Unknown(EXTENDED_ERROR, data) => extended_error(data),
            _ => None,
        })
        .collect()
}

/// A code in two bytes, then words in UTF-8; a NUL at their end is not part of them (RFC 8914 §2).
pub(in crate::probe) fn extended_error(data: &[u8]) -> Option<(u16, String)> {
    let (code, text) = data.split_first_chunk()?;
    let text = String::from_utf8_lossy(text).trim_end_matches('\0').to_owned();
    Some((u16::from_be_bytes(*code), text))
}

/// What IANA's registry of extended DNS errors calls a code; as of 2026-11.
pub(super) const fn extended_error_title(code: u16) -> Option<&'static str> {
    Some(match code {
        0 => "Other",
        1 => "Unsupported DNSKEY Algorithm",
        2 => "Unsupported DS Digest Type",
        3 => "Stale Answer",
        4 => "Forged Answer",
        5 => "DNSSEC Indeterminate",
        6 => "DNSSEC Bogus",
        7 => "Signature Expired",
        8 => "Signature Not Yet Valid",
        9 => "DNSKEY Missing",
        10 => "RRSIGs Missing",
        11 => "No Zone Key Bit Set",
        12 => "NSEC Missing",
        13 => "Cached Error",
        14 => "Not Ready",
        15 => "Blocked",
        16 => "Censored",
        17 => "Filtered",
        18 => "Prohibited",
        19 => "Stale NXDOMAIN Answer",
        20 => "Not Authoritative",
        21 => "Not Supported",
        22 => "No Reachable Authority",
        23 => "Network Error",
        24 => "Invalid Data",
        25 => "Signature Expired before Valid",
        26 => "Too Early",
        27 => "Unsupported NSEC3 Iterations Value",
        28 => "Unable to conform to policy",
        29 => "Synthesized",
        30 => "Invalid Query Type",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::OpCode;

    use super::*;

    fn question() -> Question {
        Question::new(Name::from_ascii("login.example.com.").unwrap(), RecordType::A)
    }

    fn answer(id: u16, names: &[&str], code: ResponseCode) -> Vec<u8> {
        let mut message = Message::response(id, OpCode::Query);
        message.metadata.response_code = code;
        for name in names {
            message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
        }
        message.to_vec().unwrap()
    }

    #[test]
    fn an_answer_is_known_by_its_id_and_its_question() {
        use ResponseCode::{FormErr, NXDomain, NoError};
        let own = "login.example.com.";
        let cases: [(Vec<u8>, &str); 11] = [
            (answer(7, &[own], NoError), "answer"),
            (answer(8, &["LOGIN.example.com."], NXDomain), "answer"),
            (answer(9, &[own], NoError), "WrongId"),
            (answer(7, &["other.example.com."], NoError), "WrongQuestion"),
            (answer(7, &[own, own], NoError), "WrongQuestion"),
            (answer(7, &[], NoError), "WrongQuestion"),
            (answer(7, &[], FormErr), "answer"),
            (question().to_bytes(7, true).unwrap(), "malformed"),
            (answer(7, &[own], NoError)[..20].to_vec(), "malformed"),
            (vec![0], "malformed"),
            (Vec::new(), "malformed"),
        ];
        for (bytes, expected) in cases {
            let read = match read(&bytes, &[7, 8], &question()) {
                Reading::Answer(_) => "answer".to_owned(),
                Reading::Malformed => "malformed".to_owned(),
                Reading::Foreign(kind) => format!("{kind:?}"),
            };
            assert_eq!(read, expected, "{bytes:?}");
        }
        let shouted = Message::from_vec(&answer(7, &["LOGIN.example.com."], NoError)).unwrap();
        assert!(changed_case(&shouted, &question()));
        assert!(!changed_case(&Message::from_vec(&answer(7, &[own], NoError)).unwrap(), &question()));
    }

    #[test]
    fn extended_errors_are_a_code_and_words() {
        for (data, expected) in [
            (&b""[..], None),
            (b"\0", None),
            (b"\0\x06", Some((6, ""))),
            (b"\0\x06signature expired", Some((6, "signature expired"))),
            (b"\xff\xfeno\0", Some((65534, "no"))),
            (b"\0\0\xff", Some((0, "\u{fffd}"))),
        ] {
            let read = extended_error(data);
            assert_eq!(read.as_ref().map(|(code, text)| (*code, text.as_str())), expected, "{data:?}");
        }
        assert_eq!(extended_error_title(6), Some("DNSSEC Bogus"));
        assert_eq!(extended_error_title(49_152), None);
    }

    #[test]
    fn a_question_is_shown_as_people_write_it() {
        assert_eq!(question().shown(), "A login.example.com");
        assert_eq!(Question::new(Name::root(), RecordType::NS).shown(), "NS .");
    }
}
