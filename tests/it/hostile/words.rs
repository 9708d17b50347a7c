//! What servers say: of HTTP/1.1, of HTTP/2, and of TLS in the clear.

use super::NAME;

/// The answer a login needs.
pub(super) fn document() -> Vec<u8> {
    let body = format!(r#"{{"issuer":"https://{NAME}/"}}"#);
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").into()
}

/// A head of these headers, each with its line's end, and this body.
pub(super) fn answer(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}\r\n");
    [head.as_bytes(), body.as_ref()].concat()
}

/// A frame of HTTP/2 (RFC 9113 section 4.1).
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
/// `:status: 200`, from the static table (RFC 7541 appendix A).
pub(super) const OK: &[u8] = &[0x88];

/// A connection's first words, and then these frames.
pub(super) fn http2(frames: &[Vec<u8>]) -> Vec<u8> {
    [frame(SETTINGS, 0, 0, &[]), frames.concat()].concat()
}

/// The document over HTTP/2.
pub(super) fn document_over_http2() -> Vec<u8> {
    let body = format!(r#"{{"issuer":"https://{NAME}/"}}"#);
    // With a farewell: it answers one request alone.
    let farewell = frame(GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]);
    http2(&[frame(HEADERS, END_HEADERS, 1, OK), frame(DATA, END_STREAM, 1, body.as_bytes()), farewell])
}

/// A record of TLS in the clear (RFC 8446 section 5.1).
pub(super) fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], payload].concat()
}

pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;

/// A message of a handshake (RFC 8446 section 4).
pub(super) fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    record(HANDSHAKE, &[&[kind], &length[1..], content].concat())
}

/// A ServerHello of TLS 1.2 (RFC 5246 section 7.4.1.3) that chooses this version, suite and compression, with these
/// extensions.
pub(super) fn server_hello(version: u16, suite: u16, compression: u8, extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut listed = Vec::new();
    for (kind, content) in extensions {
        let length = u16::try_from(content.len()).unwrap();
        listed.extend([kind.to_be_bytes(), length.to_be_bytes()].concat());
        listed.extend(content);
    }
    let random = [7; 32];
    let length = u16::try_from(listed.len()).unwrap().to_be_bytes();
    let content =
        [&version.to_be_bytes()[..], &random, &[0], &suite.to_be_bytes(), &[compression], &length, &listed].concat();
    message(2, &content)
}

/// ALPN's extension (RFC 7301 section 3.1) with these protocols.
pub(super) fn alpn(protocols: &[&[u8]]) -> (u16, Vec<u8>) {
    let mut listed = Vec::new();
    for protocol in protocols {
        listed.push(u8::try_from(protocol.len()).unwrap());
        listed.extend(*protocol);
    }
    (16, [&u16::try_from(listed.len()).unwrap().to_be_bytes()[..], &listed].concat())
}
