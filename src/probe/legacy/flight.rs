//! [`Flight`]: what a server answers to a hello, record by record, up to the end of its first flight (RFC 5246 §7.3).
//!
//! A ServerHello alone is no acceptance: a server may choose a version and then find that it can sign nothing in it.

use rustls_pki_types::CertificateDer;

use super::hello::Version;

/// Handshake messages read at most, in bytes; what is longer was accepted, but its certificates are not kept.
const MAX_MESSAGES: usize = 256 * 1024;
/// A record's content at most: 2^14 and what protection may add (RFC 5246 §6.2.3).
const MAX_RECORD: usize = (1 << 14) + 2048;
/// Certificates kept at most.
const MAX_CHAIN: usize = 16;

/// What the server came to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// It goes on in this version and suite, and shows this chain.
    Accepted { version: Version, suite: u16, chain: Vec<CertificateDer<'static>> },
    /// It refuses, with the description of an alert.
    Refused(u8),
    /// It says something that is no answer to the hello.
    Odd(&'static str),
}

/// The kind and the length of a record's content, by its first five bytes.
pub(super) fn record_header(header: [u8; 5]) -> Result<(u8, usize), Reply> {
    let [kind, major, _, high, low] = header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !(20..=23).contains(&kind) || major != 3 {
        return Err(Reply::Odd("what answers does not speak TLS"));
    }
    if length == 0 || length > MAX_RECORD {
        return Err(Reply::Odd("a record of a forbidden length"));
    }
    Ok((kind, length))
}

/// A first flight as far as it has come.
#[derive(Debug)]
pub(super) struct Flight {
    offered: Version,
    /// Messages not read yet, the last perhaps in part.
    pending: Vec<u8>,
    read: usize,
    chosen: Option<(Version, u16)>,
    chain: Vec<CertificateDer<'static>>,
}

impl Flight {
    /// The answer to a hello of this version.
    pub(super) const fn new(offered: Version) -> Self {
        Self { offered, pending: Vec::new(), read: 0, chosen: None, chain: Vec::new() }
    }

    /// Takes the content of the next record; the reply, once it is known.
    pub(super) fn take(&mut self, kind: u8, content: &[u8]) -> Option<Reply> {
        match (kind, content) {
            // Warnings are passed over, but for the one that ends the connection (RFC 5246 §7.2.1).
            (21, [1, description]) if *description != 0 => None,
            (21, [_, description]) => Some(Reply::Refused(*description)),
            (22, _) => {
                self.read += content.len();
                self.pending.extend(content);
                self.messages()
            }
            _ => Some(Reply::Odd("a record that is out of its turn")),
        }
    }

    fn messages(&mut self) -> Option<Reply> {
        loop {
            if self.read > MAX_MESSAGES {
                self.chain.clear();
                return Some(self.outcome());
            }
            let &[kind, a, b, c, ..] = self.pending.as_slice() else { return None };
            let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
            if length > MAX_MESSAGES {
                self.chain.clear();
                return Some(self.outcome());
            }
            let end = 4 + length;
            let body = self.pending.get(4..end)?.to_vec();
            self.pending.drain(..end);
            if let Some(reply) = self.message(kind, &body) {
                return Some(reply);
            }
        }
    }

    fn message(&mut self, kind: u8, body: &[u8]) -> Option<Reply> {
        match kind {
            2 if self.chosen.is_none() => self.server_hello(body),
            11 if self.chosen.is_some() => {
                self.chain = chain(body);
                None
            }
            // ServerKeyExchange, CertificateRequest, CertificateStatus.
            12 | 13 | 22 if self.chosen.is_some() => None,
            14 if self.chosen.is_some() => Some(self.outcome()),
            _ => Some(Reply::Odd("a message that is out of its turn")),
        }
    }

    fn server_hello(&mut self, body: &[u8]) -> Option<Reply> {
        let chosen = chosen(body).filter(|(version, _)| (Version::SSL30..=self.offered).contains(version));
        self.chosen = chosen;
        chosen.is_none().then_some(Reply::Odd("a ServerHello that answers nothing offered"))
    }

    fn outcome(&mut self) -> Reply {
        match self.chosen {
            Some((version, suite)) => Reply::Accepted { version, suite, chain: std::mem::take(&mut self.chain) },
            None => Reply::Odd("a message longer than any"),
        }
    }
}

/// Version and suite of a ServerHello: version, random, session id, suite (RFC 5246 §7.4.1.3).
fn chosen(body: &[u8]) -> Option<(Version, u16)> {
    let (version, rest) = body.split_first_chunk::<2>()?;
    let (_, rest) = rest.split_first_chunk::<32>()?;
    let (session, rest) = rest.split_first()?;
    let (suite, _) = rest.get(usize::from(*session)..)?.split_first_chunk::<2>()?;
    Some((Version(u16::from_be_bytes(*version)), u16::from_be_bytes(*suite)))
}

/// The certificates of a Certificate message (RFC 5246 §7.4.2), as far as they can be told apart.
fn chain(body: &[u8]) -> Vec<CertificateDer<'static>> {
    let mut rest = body.get(3..).unwrap_or_default();
    let mut chain = Vec::new();
    while let Some((&[a, b, c], after)) = rest.split_first_chunk::<3>() {
        let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        let Some((der, after)) = after.split_at_checked(length) else { break };
        if chain.len() < MAX_CHAIN {
            chain.push(CertificateDer::from(der.to_vec()));
        }
        rest = after;
    }
    chain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let [_, length @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind][..], &length, body].concat()
    }

    fn server_hello(version: u16, suite: u16, session: usize) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([9; 32]);
        body.push(u8::try_from(session).unwrap());
        body.extend(vec![8; session]);
        body.extend(suite.to_be_bytes());
        body.push(0);
        message(2, &body)
    }

    fn certificates(ders: &[&[u8]]) -> Vec<u8> {
        let each = |der: &&[u8]| [&u32::try_from(der.len()).unwrap().to_be_bytes()[1..], der].concat();
        let list: Vec<u8> = ders.iter().flat_map(each).collect();
        message(11, &[&u32::try_from(list.len()).unwrap().to_be_bytes()[1..], &list].concat())
    }

    fn whole(version: u16) -> Vec<u8> {
        let chain = certificates(&[b"leaf", b"issuer"]);
        let parts = [server_hello(version, 0xc013, 32), chain, message(12, &[1; 300]), message(14, &[])];
        parts.concat()
    }

    fn accepted(version: Version) -> Reply {
        let chain = [&b"leaf"[..], b"issuer"].map(|der| CertificateDer::from(der.to_vec()));
        Reply::Accepted { version, suite: 0xc013, chain: chain.into() }
    }

    proptest! {
        #[test]
        fn records_may_part_messages_anywhere(cuts in proptest::collection::vec(1usize..200, 0..20)) {
            let bytes = whole(0x0301);
            let mut flight = Flight::new(Version::TLS11);
            let (mut rest, mut cuts) = (&bytes[..], cuts.into_iter());
            let mut reply = None;
            while !rest.is_empty() {
                prop_assert_eq!(&reply, &None);
                let (record, after) = rest.split_at(cuts.next().unwrap_or(rest.len()).min(rest.len()));
                reply = flight.take(22, record);
                rest = after;
            }
            prop_assert_eq!(reply, Some(accepted(Version::TLS10)));
        }

        #[test]
        fn no_bytes_are_a_panic_or_held_without_bound(records in proptest::collection::vec(
            (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..500)), 0..20,
        )) {
            let mut flight = Flight::new(Version::TLS12);
            for (kind, content) in records {
                let kind = if kind < 200 { 22 } else { kind };
                let reply = flight.take(kind, &content);
                prop_assert!(flight.pending.len() <= MAX_MESSAGES + MAX_RECORD);
                if reply.is_some() { break; }
            }
        }

        #[test]
        fn a_changed_flight_is_read_without_a_panic(at in 0usize..400, to: u8) {
            let mut bytes = whole(0x0302);
            if let Some(byte) = bytes.get_mut(at) { *byte = to; }
            let _ = Flight::new(Version::TLS11).take(22, &bytes);
        }
    }

    #[test]
    fn the_reply_by_what_is_said() {
        let hello = |version| server_hello(version, 0x002f, 0);
        for (records, expected) in [
            (vec![(22, whole(0x0302))], Some(accepted(Version::TLS11))),
            (vec![(21, vec![2, 70])], Some(Reply::Refused(70))),
            (vec![(21, vec![1, 0])], Some(Reply::Refused(0))),
            // A name that is not known is told as a warning by some, who then go on.
            (vec![(21, vec![1, 112]), (22, whole(0x0302))], Some(accepted(Version::TLS11))),
            // The version was chosen, and then there was nothing to sign with.
            (vec![(22, hello(0x0302)), (21, vec![2, 80])], Some(Reply::Refused(80))),
            (vec![(22, hello(0x0302))], None),
            (vec![(22, hello(0x0303))], Some(Reply::Odd("a ServerHello that answers nothing offered"))),
            (vec![(22, hello(0x0002))], Some(Reply::Odd("a ServerHello that answers nothing offered"))),
            (vec![(22, message(2, &[3, 2, 0]))], Some(Reply::Odd("a ServerHello that answers nothing offered"))),
            (vec![(22, message(14, &[]))], Some(Reply::Odd("a message that is out of its turn"))),
            (
                vec![(22, [hello(0x0302), hello(0x0302)].concat())],
                Some(Reply::Odd("a message that is out of its turn")),
            ),
            (vec![(23, vec![1])], Some(Reply::Odd("a record that is out of its turn"))),
            (vec![(22, vec![11, 255, 255, 255])], Some(Reply::Odd("a message longer than any"))),
        ] {
            let mut flight = Flight::new(Version::TLS11);
            let reply = records.iter().find_map(|(kind, content)| flight.take(*kind, content));
            assert_eq!(reply, expected, "{records:?}");
        }
    }

    #[test]
    fn a_flight_of_endless_certificates_is_accepted_without_them() {
        let mut flight = Flight::new(Version::TLS10);
        assert_eq!(flight.take(22, &server_hello(0x0301, 5, 0)), None);
        let accepted = Reply::Accepted { version: Version::TLS10, suite: 5, chain: Vec::new() };
        assert_eq!(flight.take(22, &[11, 16, 0, 0]), Some(accepted.clone()));
        let mut flight = Flight::new(Version::TLS10);
        flight.take(22, &server_hello(0x0301, 5, 0));
        let one = message(13, &vec![0; 16_000]);
        let reply = (0..100).find_map(|_| flight.take(22, &one));
        assert_eq!(reply, Some(accepted));
    }

    #[test]
    fn of_many_certificates_some_are_kept_and_of_a_broken_list_those_before_the_break() {
        let many = vec![&b"der"[..]; 40];
        let body = |message: Vec<u8>| message[4..].to_vec();
        assert_eq!(chain(&body(certificates(&many))).len(), MAX_CHAIN);
        let broken = body(certificates(&[b"leaf", b"issuer"]));
        assert_eq!(chain(&broken[..broken.len() - 1]).len(), 1);
        assert_eq!(chain(&[]).len(), 0);
    }

    #[test]
    fn a_record_is_known_by_its_header() {
        for (header, expected) in [
            ([22, 3, 1, 0, 5], Ok((22, 5))),
            ([21, 3, 0, 0, 2], Ok((21, 2))),
            (*b"HTTP/", Err(Reply::Odd("what answers does not speak TLS"))),
            ([22, 2, 0, 0, 5], Err(Reply::Odd("what answers does not speak TLS"))),
            ([22, 3, 1, 0, 0], Err(Reply::Odd("a record of a forbidden length"))),
            ([22, 3, 1, 255, 255], Err(Reply::Odd("a record of a forbidden length"))),
        ] {
            assert_eq!(record_header(header), expected);
        }
    }
}
