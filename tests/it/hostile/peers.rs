//! What servers do to us, each with the findings it is to be, where the path breaks, and the whole within bounds.

use std::sync::Arc;
use std::time::Duration;

use notafter::lab::ca::{Authority, LeafSpec};
use notafter::lab::hostile::{Hostile, Manner, Then, chains};
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::measure::{Measured, check};
use super::words::*;
use super::{NAME, World};
use crate::stage::{NOW, codes, sound, statuses};

/// What a look is given, connection to body.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Starting, asking for records, judging and printing, on a slow and busy machine.
const REST: Duration = Duration::from_secs(8);
/// So much more memory than a look at an honest server may be needed, in KiB.
const ROOM: u64 = 24 * 1024;
/// Looks at once.
const AT_ONCE: usize = 6;

/// Which hop is the first that is not well, and how it is.
const NOWHERE: Option<(&str, &str)> = None;
const AT_CONNECT: Option<(&str, &str)> = Some(("connect", "broken"));
const AT_TLS: Option<(&str, &str)> = Some(("tls", "broken"));
/// Somebody past the handshake, nobody can say who.
const PAST_TLS: Option<(&str, &str)> = Some(("proxy", "unknown"));

struct Fault {
    what: &'static str,
    manner: Manner,
    codes: &'static [&'static str],
    place: Option<(&'static str, &'static str)>,
}

fn fault(
    what: &'static str,
    manner: Manner,
    codes: &'static [&'static str],
    place: Option<(&'static str, &'static str)>,
) -> Fault {
    Fault { what, manner, codes, place }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_peer_is_a_finding_in_time_and_in_little_memory() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let roots = file("roots.pem", world.root.root_pem());
    let config = format!(
        "[probe]\ntimeout = \"{}s\"\nnameservers = [\"{}\"]\nroots = [\"roots.pem\"]\n[[domain]]\nname = \"{NAME}\"\n",
        TIMEOUT.as_secs(),
        world.nameserver()
    );
    let config = file("notafter.toml", config);
    let look = |peer: &Hostile| {
        let address = peer.address().to_string();
        [NAME, "--config", &config, "--roots", &roots, "--at", NOW, "--address", &address].map(str::to_owned)
    };
    let honest = Hostile::start(world.honest().answering(document())).await.unwrap();
    let arguments = look(&honest);
    let usual = tokio::task::spawn_blocking(move || check(&arguments)).await.unwrap();
    assert_eq!(codes(&usual.seen), [""; 0], "{:#}", usual.seen);

    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = Vec::new();
    for fault in all(&world) {
        let peer = Hostile::start(fault.manner.clone()).await.unwrap();
        let (arguments, turn) = (look(&peer), Arc::clone(&turns));
        let run = tokio::spawn(async move {
            let _turn = turn.acquire().await;
            let measured = tokio::task::spawn_blocking(move || check(&arguments)).await.unwrap();
            drop(peer);
            measured
        });
        running.push((fault, run));
    }
    let mut wrong = Vec::new();
    for (fault, run) in running {
        wrong.extend(complaint(&fault, &run.await.unwrap(), usual.peak));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is not as it should be.
fn complaint(fault: &Fault, measured: &Measured, usual: u64) -> Option<String> {
    let Measured { seen, stderr, took, peak } = measured;
    let found = codes(seen);
    let place = seen["path"].as_array().unwrap().iter().zip(statuses(seen)).find(|(_, status)| *status != "ok");
    let place = place.map(|(step, status)| (step["hop"].as_str().unwrap(), status));
    let broken = fault.place.filter(|(_, status)| *status == "broken").map(|(hop, _)| hop);
    let well = found == fault.codes
        && place == fault.place
        && seen["broken_at"] == json!(broken)
        && *took < TIMEOUT + REST
        && *peak <= usual + ROOM
        && stderr.is_empty();
    let said: Vec<&Value> = seen["findings"].as_array().unwrap().iter().map(|finding| &finding["summary"]).collect();
    (!well)
        .then(|| format!("{}: {found:?} {place:?} {took:?} {peak} KiB of {usual} {stderr}\n    {said:?}", fault.what))
}

fn all(world: &World) -> Vec<Fault> {
    [
        in_the_clear(),
        handshakes(world),
        certificates(world),
        after_the_handshake(world),
        heads(world),
        bodies(world),
        http2_faults(world),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Servers that are no TLS servers, or pretend to be.
fn in_the_clear() -> Vec<Fault> {
    const FAILED: &[&str] = &["tls.handshake_failed"];
    let hello = |version, suite, compression, extensions: &[(u16, Vec<u8>)]| {
        Manner::saying(server_hello(version, suite, compression, extensions)).then(Then::Stall)
    };
    // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256.
    const SUITE: u16 = 0xc02f;
    let ten_megabytes = [&record(HANDSHAKE, &[11, 0xa0, 0, 0])[..], &record(HANDSHAKE, &[0; 16_000])].concat();
    vec![
        fault("silence", Manner::saying("").then(Then::Stall), &["tls.timeout"], AT_TLS),
        fault("closed once spoken to", Manner::saying(""), FAILED, AT_TLS),
        fault("reset once spoken to", Manner::saying("").cut(0, Then::Reset), &["connect.reset"], AT_CONNECT),
        fault("garbage", Manner::saying(b"\x00\xff\x17\xfe".repeat(100)), FAILED, AT_TLS),
        fault("garbage without end", Manner::saying("").then(Then::flood(b"\xfe\xed\xfa\xce")), FAILED, AT_TLS),
        fault("zeros without end", Manner::saying("").then(Then::flood(b"\0")), FAILED, AT_TLS),
        fault("HTTP in the clear", Manner::saying("HTTP/1.1 400 Bad Request\r\n\r\n"), FAILED, AT_TLS),
        fault(
            "another protocol's greeting",
            Manner::saying("SSH-2.0-OpenSSH_9.9\r\n").then(Then::Stall),
            FAILED,
            AT_TLS,
        ),
        fault("what it was told, back", Manner::saying(record(HANDSHAKE, &[1, 0, 0, 4, 3, 3, 0, 0])), FAILED, AT_TLS),
        fault("a drip of bytes", slow(&[22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3]), &["tls.timeout"], AT_TLS),
        fault("data before any key", Manner::saying(record(APPLICATION_DATA, &[0; 99])), FAILED, AT_TLS),
        fault("alerts without end", flooding(record(ALERT, &[1, 90])), FAILED, AT_TLS),
        fault("changes of the cipher without end", flooding(record(CHANGE_CIPHER_SPEC, &[1])), FAILED, AT_TLS),
        fault("empty records without end", flooding(record(HANDSHAKE, &[])), FAILED, AT_TLS),
        fault("a message of ten megabytes", Manner::saying(ten_megabytes.clone()).then(Then::Stall), FAILED, AT_TLS),
        fault("messages of ten megabytes without end", flooding(ten_megabytes), FAILED, AT_TLS),
        fault(
            "a record larger than any",
            Manner::saying([22, 3, 3, 0xff, 0xff]).then(Then::flood(b"\0")),
            FAILED,
            AT_TLS,
        ),
        fault("SSL 3.0", hello(0x300, SUITE, 0, &[]), FAILED, AT_TLS),
        fault("TLS 1.0", hello(0x301, SUITE, 0, &[]), FAILED, AT_TLS),
        fault("a version yet to come", hello(0x399, SUITE, 0, &[]), FAILED, AT_TLS),
        fault("a suite that was not offered", hello(0x303, 0x0005, 0, &[]), FAILED, AT_TLS),
        fault("compression", hello(0x303, SUITE, 1, &[]), FAILED, AT_TLS),
        fault("a protocol that was not offered", hello(0x303, SUITE, 0, &[alpn(&[&[b'x'; 255]])]), FAILED, AT_TLS),
        fault("a protocol without a name", hello(0x303, SUITE, 0, &[alpn(&[b""])]), FAILED, AT_TLS),
        fault("several protocols", hello(0x303, SUITE, 0, &[alpn(&[b"h2", b"http/1.1"])]), FAILED, AT_TLS),
        fault("no protocol at all", hello(0x303, SUITE, 0, &[alpn(&[])]), FAILED, AT_TLS),
        fault("an extension that was not offered", hello(0x303, SUITE, 0, &[(0x1234, vec![0; 9])]), FAILED, AT_TLS),
        fault("an extension twice", hello(0x303, SUITE, 0, &[(0xff01, vec![0]), (0xff01, vec![0])]), FAILED, AT_TLS),
        fault(
            "sixteen thousand bytes of extensions",
            hello(0x303, SUITE, 0, &[(0x1234, vec![0; 16_000])]),
            FAILED,
            AT_TLS,
        ),
    ]
}

fn slow(bytes: &'static [u8]) -> Manner {
    Manner::saying("").then(Then::Drip(bytes.into(), Duration::from_millis(100)))
}

fn flooding(bytes: Vec<u8>) -> Manner {
    Manner::saying("").then(Then::flood(bytes))
}

/// Handshakes that begin well. Where in them is `any_byte`'s to try.
fn handshakes(world: &World) -> Vec<Fault> {
    const FAILED: &[&str] = &["tls.handshake_failed"];
    // A ServerHello of either version has more.
    const IN_HELLO: u64 = 60;
    vec![
        fault("a stall inside of the ServerHello", world.honest().cut(IN_HELLO, Then::Stall), &["tls.timeout"], AT_TLS),
        fault(
            "a drip inside of the ServerHello",
            world.honest().cut(IN_HELLO, Then::drip(b"\0")),
            &["tls.timeout"],
            AT_TLS,
        ),
        fault("an end inside of the ServerHello", world.honest().cut(IN_HELLO, Then::Close), FAILED, AT_TLS),
        fault("a flood inside of the ServerHello", world.honest().cut(IN_HELLO, Then::flood(b"\0")), FAILED, AT_TLS),
        fault("no common protocol", world.honest().offering(&[b"imap"]), FAILED, AT_TLS),
        fault("no protocol spoken of", world.honest().offering(&[]).answering(document()), &[], NOWHERE),
    ]
}

/// Certificates and chains that are too much, or lead nowhere.
fn certificates(world: &World) -> Vec<Fault> {
    const FAILED: &[&str] = &["tls.handshake_failed"];
    let presenting = |(issued, chain): (_, Vec<CertificateDer<'static>>)| {
        Manner::shaking_hands(&issued).unwrap().presenting(chain).answering(document())
    };
    let named = |spec: LeafSpec| Manner::shaking_hands(&world.root.leaf(&spec).unwrap()).unwrap().answering(document());
    let many = |count: usize, length: usize| {
        (0..count).fold(sound(NAME), |spec, number| spec.with_name(&format!("{number:0length$}.example")))
    };
    let odd = ["*", "*.*", "*.", ".", "a..b", "-", "xn--", "xn--a\u{7f}", "login.example.", "LOGIN.example", "a\0b"];
    let odd = odd.iter().fold(sound(NAME), |spec, name| spec.with_name(name)).with_name(&"a".repeat(4000));
    let ballast = || world.honest().presenting(chains::ballast(&world.issued, 10_000_000));
    let stray = Authority::root("Stray").unwrap();
    let garbage = vec![world.issued.leaf().clone(), CertificateDer::from(vec![0x30; 900])];
    vec![
        fault("ten megabytes of certificates, TLS 1.3", ballast().over(&TLS13), FAILED, AT_TLS),
        fault("ten megabytes of certificates, TLS 1.2", ballast().over(&TLS12), FAILED, AT_TLS),
        fault("ten thousand names", named(many(10_000, 10)), FAILED, AT_TLS),
        fault("as many names as there is room for", named(many(4_000, 5)), &[], NOWHERE),
        fault("names that are none", named(odd), &["tls.nonconforming"], NOWHERE),
        fault(
            "two that have signed each other",
            presenting(chains::round(&sound(NAME)).unwrap()),
            &["tls.untrusted"],
            AT_TLS,
        ),
        fault(
            "hundreds of one name",
            presenting(chains::tangle(&sound(NAME), 140).unwrap()),
            &["tls.untrusted"],
            AT_TLS,
        ),
        fault(
            "a chain as long as any",
            Manner::shaking_hands(&chains::ladder(&sound(NAME), &world.root, 120).unwrap())
                .unwrap()
                .answering(document()),
            &["tls.untrusted"],
            AT_TLS,
        ),
        fault(
            "no certificate that is one",
            world.honest().presenting(vec![vec![0x30; 900].into()]),
            &["tls.handshake_failed", "tls.untrusted"],
            AT_TLS,
        ),
        fault("garbage after the leaf", world.honest().presenting(garbage).answering(document()), &[], NOWHERE),
        fault(
            "another's certificate",
            world.honest().presenting(vec![stray.certificate().clone()]),
            &["tls.handshake_failed", "tls.name_mismatch", "tls.self_signed"],
            AT_TLS,
        ),
    ]
}

/// What is not yet an answer.
fn after_the_handshake(world: &World) -> Vec<Fault> {
    const BROKEN: &[&str] = &["http.broken"];
    vec![
        fault("closed after Finished", world.honest(), BROKEN, PAST_TLS),
        fault("ended after Finished without a word", world.honest().then(Then::Reset), BROKEN, PAST_TLS),
        fault("silence after Finished", world.honest().then(Then::Stall), &["http.timeout"], PAST_TLS),
        fault("a hundred tickets", world.honest().with_tickets(100).answering(document()), &[], NOWHERE),
        fault("ten thousand tickets", world.honest().with_tickets(10_000).answering(document()), BROKEN, PAST_TLS),
        fault("thirty changes of the key", world.honest().with_key_updates(30).answering(document()), &[], NOWHERE),
        fault("changes of the key without end", world.honest().with_key_updates(usize::MAX), BROKEN, PAST_TLS),
    ]
}

/// Heads of HTTP/1.1 (RFC 9112).
fn heads(world: &World) -> Vec<Fault> {
    const BROKEN: &[&str] = &["http.broken"];
    const LATE: &[&str] = &["http.timeout"];
    let says = |words: &str| world.honest().answering(words);
    vec![
        fault("garbage for an answer", says("\u{1}\u{2}garbage\r\n\r\n"), BROKEN, PAST_TLS),
        fault("another protocol's answer", says("220 mail.example ESMTP\r\n"), BROKEN, PAST_TLS),
        fault("a stall in the head", says("HTTP/1.1 200 OK\r\nContent-T").then(Then::Stall), LATE, PAST_TLS),
        fault("an end in the head", says("HTTP/1.1 200 OK\r\nContent-T"), BROKEN, PAST_TLS),
        fault("a drip of a head", says("HTTP/1.1 200 OK\r\nX: ").then(Then::drip(b"x")), LATE, PAST_TLS),
        fault("headers without end", says("HTTP/1.1 200 OK\r\n").then(Then::flood(b"X-Y: z\r\n")), BROKEN, PAST_TLS),
        fault("a header without end", says("HTTP/1.1 200 OK\r\nX: ").then(Then::flood(b"x")), BROKEN, PAST_TLS),
        fault("a reason without end", says("HTTP/1.1 200 ").then(Then::flood(b"x")), BROKEN, PAST_TLS),
        fault(
            "answers to come without end",
            says("").then(Then::flood(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")),
            BROKEN,
            PAST_TLS,
        ),
        fault(
            "another protocol from now on",
            says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
            &["http.error_status"],
            PAST_TLS,
        ),
        fault("a status that is none", says("HTTP/1.1 999 \u{7}\r\n\r\n"), BROKEN, PAST_TLS),
        fault(
            "two lengths",
            says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
            BROKEN,
            PAST_TLS,
        ),
        fault("a length less than nothing", says("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), BROKEN, PAST_TLS),
    ]
}

/// Bodies over HTTP/1.1.
fn bodies(world: &World) -> Vec<Fault> {
    const BROKEN: &[&str] = &["http.broken"];
    const LATE: &[&str] = &["http.timeout"];
    const NO_DOCUMENT: &[&str] = &["auth0.not_json"];
    let says = |headers: &str, body: &[u8]| world.honest().answering(answer(headers, body));
    let flood = |headers: &str, bytes: &'static [u8]| says(headers, b"").then(Then::flood(bytes));
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let wide = format!("{{{}\"issuer\":\"https://{NAME}/\"}}", "\"\":0,".repeat(40_000));
    // 10 KiB of deflate that would be 10 MiB: the header of RFC 1952, and what is no stream for a reader who tries.
    let bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0xec; 10_000]].concat();
    vec![
        fault("a stall in the body", says("Content-Length: 50\r\n", b"{\"iss").then(Then::Stall), LATE, PAST_TLS),
        fault("a drip of a body", says("", b"{\"issuer\":\"").then(Then::drip(b"x")), LATE, PAST_TLS),
        fault("a body shorter than was said", says("Content-Length: 50\r\n", b"{\"iss"), BROKEN, PAST_TLS),
        fault("a body without end", flood("", b"{\"issuer\":\"x\"}"), NO_DOCUMENT, PAST_TLS),
        fault("a body longer than any", flood("Content-Length: 9000000000000000000\r\n", b"{"), NO_DOCUMENT, PAST_TLS),
        fault(
            "chunks without end",
            flood("Transfer-Encoding: chunked\r\n", b"10\r\n{{{{{{{{{{{{{{{{\r\n"),
            NO_DOCUMENT,
            PAST_TLS,
        ),
        fault("no chunk that is one", says("Transfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n"), BROKEN, PAST_TLS),
        fault("a chunk's size without end", flood("Transfer-Encoding: chunked\r\n", b"0"), BROKEN, PAST_TLS),
        fault("a chunk's extension without end", flood("Transfer-Encoding: chunked\r\n", b"1;x"), BROKEN, PAST_TLS),
        fault(
            "trailers without end",
            says("Transfer-Encoding: chunked\r\n", b"0\r\n").then(Then::flood(b"X: y\r\n")),
            BROKEN,
            PAST_TLS,
        ),
        fault("a bomb that nobody asked for", says("Content-Encoding: gzip\r\n", &bomb), NO_DOCUMENT, PAST_TLS),
        fault("JSON as deep as the sea", says("", &deep), NO_DOCUMENT, PAST_TLS),
        fault("JSON as wide as the sea", says("", wide.as_bytes()), &[], NOWHERE),
        fault(
            "another protocol's letters",
            says("", "\u{202e}\u{1b}[2J\u{0}".repeat(999).as_bytes()),
            NO_DOCUMENT,
            PAST_TLS,
        ),
        fault(
            "an issuer without end",
            says("", format!("{{\"issuer\":\"{}\"}}", "\u{202e}".repeat(60_000)).as_bytes()),
            &["auth0.issuer_mismatch"],
            Some(("proxy", "broken")),
        ),
    ]
}

/// HTTP/2 (RFC 9113): the floods that have names, and others.
fn http2_faults(world: &World) -> Vec<Fault> {
    const BROKEN: &[&str] = &["http.broken"];
    const LATE: &[&str] = &["http.timeout"];
    let peer = || world.honest().offering(&[b"h2"]);
    let says = |frames: &[Vec<u8>]| peer().answering(http2(frames));
    let flood = |frame: Vec<u8>| says(&[]).then(Then::flood(frame));
    let head = || frame(HEADERS, END_HEADERS, 1, OK);
    // A literal header (RFC 7541 section 6.2.2), again and again.
    let literal = b"\x00\x01x\x01y".repeat(3_000);
    vec![
        fault("HTTP/2", peer().answering(document_over_http2()).then(Then::Stall), &[], NOWHERE),
        fault("HTTP/1.1 where HTTP/2 was agreed", peer().answering(document()), BROKEN, PAST_TLS),
        fault("no settings", peer().then(Then::Stall), LATE, PAST_TLS),
        fault("no answer", says(&[]).then(Then::Stall), LATE, PAST_TLS),
        fault("a stall in the body, HTTP/2", says(&[head()]).then(Then::Stall), LATE, PAST_TLS),
        fault("settings without end", flood(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 9])), BROKEN, PAST_TLS),
        fault("pings without end", flood(frame(PING, 0, 0, &[0; 8])), BROKEN, PAST_TLS),
        fault("windows without end", flood(frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])), BROKEN, PAST_TLS),
        fault("resets of what was never begun", flood(frame(RST_STREAM, 0, 3, &[0; 4])), BROKEN, PAST_TLS),
        fault("a promise", flood(frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82])), BROKEN, PAST_TLS),
        fault("a good-bye", says(&[frame(GOAWAY, 0, 0, &[0; 8])]), BROKEN, PAST_TLS),
        fault(
            "a frame larger than any",
            says(&[vec![0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]]).then(Then::flood(b"\0")),
            BROKEN,
            PAST_TLS,
        ),
        fault(
            "a head that goes on without end",
            says(&[frame(HEADERS, 0, 1, OK)]).then(Then::flood(frame(CONTINUATION, 0, 1, &literal))),
            BROKEN,
            PAST_TLS,
        ),
        fault(
            "a head that goes on with nothing, without end",
            says(&[frame(HEADERS, 0, 1, OK)]).then(Then::flood(frame(CONTINUATION, 0, 1, &[]))),
            BROKEN,
            PAST_TLS,
        ),
        fault("hints without end, HTTP/2", flood(frame(HEADERS, END_HEADERS, 1, b"\x08\x03103")), BROKEN, PAST_TLS),
        fault(
            "a body without end, HTTP/2",
            says(&[head()]).then(Then::flood(frame(DATA, 0, 1, &[b' '; 9_000]))),
            BROKEN,
            PAST_TLS,
        ),
        fault(
            "an empty body without end, HTTP/2",
            says(&[head()]).then(Then::flood(frame(DATA, 0, 1, &[]))),
            BROKEN,
            PAST_TLS,
        ),
        fault(
            "padding without end",
            says(&[head()]).then(Then::flood(frame(DATA, 8, 1, &[&[200][..], &[0; 200]].concat()))),
            BROKEN,
            PAST_TLS,
        ),
    ]
}
