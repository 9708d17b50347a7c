//! A ClientHello by hand, for versions and cipher suites that no library of ours speaks (RFC 2246, 4346, 5246 §7.4.1.2).

/// A protocol version as it is written in a hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u16);

impl Version {
    /// SSL 3.0 (RFC 6101).
    pub(super) const SSL30: Self = Self(0x0300);
    /// TLS 1.0 (RFC 2246).
    pub(super) const TLS10: Self = Self(0x0301);
    /// TLS 1.1 (RFC 4346).
    pub(super) const TLS11: Self = Self(0x0302);
    /// TLS 1.2 (RFC 5246).
    pub(super) const TLS12: Self = Self(0x0303);
}

/// The suites of TLS 1.0 and 1.1 that servers have had switched on, and of TLS 1.2 those without forward secrecy over
/// curves or without authenticated encryption. None is among those of an ordinary look: a server that takes one of these
/// after it had nothing in common with us has nothing modern.
const SUITES: [(u16, &str); 27] = [
    (0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    (0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    (0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    (0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
    (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    (0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"),
    (0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
];
/// No suite: "I know about secure renegotiation" (RFC 5746 §3.3).
const RENEGOTIATION: u16 = 0x00ff;
/// x25519 and the curves of NIST, then a finite field (RFC 8422 §5.1.1, RFC 7919).
const GROUPS: [u16; 5] = [0x001d, 0x0017, 0x0018, 0x0019, 0x0100];
/// RSA and ECDSA with SHA-2, then with SHA-1 (RFC 5246 §7.4.1.4.1, RFC 8446 §4.2.3).
const SIGNATURES: [u16; 11] = [0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201];

/// The record that opens a handshake in this version at most, for this server name.
pub(super) fn client_hello(version: Version, server_name: &str, random: &[u8; 32]) -> Vec<u8> {
    let mut hello = version.0.to_be_bytes().to_vec();
    hello.extend(random);
    hello.push(0); // no session to resume
    let suites: Vec<u16> = SUITES.iter().map(|(suite, _)| *suite).chain([RENEGOTIATION]).collect();
    put16(&mut hello, &words(&suites));
    hello.extend([1, 0]); // no compression
    // SSL 3.0 knows no extensions, and some of its servers end the connection over them.
    if version > Version::SSL30 {
        put16(&mut hello, &extensions(version, server_name));
    }
    let mut handshake = vec![1];
    put24(&mut handshake, &hello);
    // The record's own version is that of the oldest that could be meant (RFC 5246 appendix E.1).
    let mut record = vec![22];
    record.extend(version.min(Version::TLS10).0.to_be_bytes());
    put16(&mut record, &handshake);
    record
}

/// A suite's name at IANA; of one that was never offered its number.
pub(super) fn suite_name(suite: u16) -> String {
    let known = SUITES.iter().find(|(known, _)| *known == suite);
    known.map_or_else(|| format!("0x{suite:04x}"), |(_, name)| (*name).to_owned())
}

fn extensions(version: Version, server_name: &str) -> Vec<u8> {
    let mut name = vec![0]; // host_name (RFC 6066 §3)
    put16(&mut name, server_name.as_bytes());
    let mut all = Vec::new();
    put_extension(&mut all, 0, |out| put16(out, &name));
    put_extension(&mut all, 10, |out| put16(out, &words(&GROUPS)));
    put_extension(&mut all, 11, |out| out.extend([1, 0])); // uncompressed points
    if version >= Version::TLS12 {
        put_extension(&mut all, 13, |out| put16(out, &words(&SIGNATURES)));
    }
    all
}

fn put_extension(out: &mut Vec<u8>, kind: u16, content: impl FnOnce(&mut Vec<u8>)) {
    out.extend(kind.to_be_bytes());
    let mut inner = Vec::new();
    content(&mut inner);
    put16(out, &inner);
}

fn words(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A vector with its length in two bytes. Nothing written here is longer than that holds: a name has 253 octets at most.
fn put16(out: &mut Vec<u8>, content: &[u8]) {
    out.extend(u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(content);
}

/// A vector with its length in three bytes.
fn put24(out: &mut Vec<u8>, content: &[u8]) {
    let [_, length @ ..] = u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes();
    out.extend(length);
    out.extend(content);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::server::Acceptor;

    use super::*;

    /// The record's version, the hello's, suites, and extensions by their number.
    type Read = (u16, u16, Vec<u16>, Vec<(u16, Vec<u8>)>);

    /// Reads it as whoever has no library for it.
    fn read(record: &[u8]) -> Read {
        let word = |at: usize| u16::from_be_bytes([record[at], record[at + 1]]);
        assert_eq!((record[0], usize::from(word(3))), (22, record.len() - 5));
        assert_eq!((record[5], record[6], usize::from(word(7))), (1, 0, record.len() - 9));
        assert_eq!(record[43], 0, "a session");
        let suites = usize::from(word(44));
        let offered = (0..suites / 2).map(|index| word(46 + 2 * index)).collect();
        let mut at = 46 + suites;
        assert_eq!(record[at..at + 2], [1, 0]);
        at += 2;
        let mut extensions = Vec::new();
        if at < record.len() {
            assert_eq!(usize::from(word(at)), record.len() - at - 2);
            at += 2;
        }
        while at < record.len() {
            let (kind, length) = (word(at), usize::from(word(at + 2)));
            extensions.push((kind, record[at + 4..at + 4 + length].to_vec()));
            at += 4 + length;
        }
        (word(1), word(9), offered, extensions)
    }

    proptest! {
        #[test]
        fn every_length_in_a_hello_is_right(name in "[a-z0-9.-]{1,253}", random: [u8; 32], minor in 0u16..4) {
            let version = Version(0x0300 + minor);
            let record = client_hello(version, &name, &random);
            let (outer, inner, suites, extensions) = read(&record);
            prop_assert_eq!((outer, inner), (version.0.min(0x0301), version.0));
            prop_assert_eq!(&record[11..43], &random);
            prop_assert_eq!(suites.len(), SUITES.len() + 1);
            prop_assert!(SUITES.iter().all(|(suite, _)| suites.contains(suite)));
            let kinds: Vec<u16> = extensions.iter().map(|(kind, _)| *kind).collect();
            let expected: &[u16] = match minor { 0 => &[], 3 => &[0, 10, 11, 13], _ => &[0, 10, 11] };
            prop_assert_eq!(kinds, expected);
            if let Some((_, name_list)) = extensions.first() {
                prop_assert_eq!(&name_list[5..], name.as_bytes());
            }
        }
    }

    #[test]
    fn names_are_those_that_the_library_has_where_it_has_one() {
        let mut compared = 0;
        for (suite, name) in SUITES {
            let known = format!("{:?}", rustls::CipherSuite::from(suite));
            assert!(known == name || known.starts_with("CipherSuite("), "{known} {name}");
            compared += usize::from(known == name);
        }
        assert!(compared > 5, "{compared}");
        assert_eq!(suite_name(0x1301), "0x1301");
    }

    #[test]
    fn a_library_reads_the_hello_of_tls_1_2() {
        let record = client_hello(Version::TLS12, "login.example.com", &[7; 32]);
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut record.as_slice()).unwrap();
        let accepted = acceptor.accept().map_err(|(error, _)| error).unwrap().unwrap();
        let hello = accepted.client_hello();
        assert_eq!(hello.server_name(), Some("login.example.com"));
        assert_eq!(hello.cipher_suites().len(), SUITES.len() + 1);
        assert_eq!(hello.signature_schemes().len(), SIGNATURES.len());
    }
}
