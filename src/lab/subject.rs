//! The subject of a message, read as a mail program shows it (RFC 5322 §2.2.3, RFC 2047).

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The subject in a message's header; empty if it has none.
pub(super) fn of(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let header = text.split("\r\n\r\n").next().unwrap_or_default();
    // A line that begins with a blank goes on with the one before.
    let unfolded = header.replace("\r\n ", " ").replace("\r\n\t", " ");
    let subject = unfolded.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("subject").then(|| decoded(value.trim()))
    });
    subject.unwrap_or_default()
}

/// The text with its encoded words read; between two of them blanks do not count (RFC 2047 §6.2).
fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut after_encoded = false;
    for (index, word) in text.split(' ').enumerate() {
        let encoded = encoded_word(word);
        if index > 0 && !(after_encoded && encoded.is_some()) {
            out.push(' ');
        }
        after_encoded = encoded.is_some();
        out.push_str(encoded.as_deref().unwrap_or(word));
    }
    out
}

/// A word of UTF-8 in base64, the one form that our own mailer writes.
fn encoded_word(word: &str) -> Option<String> {
    let inner = word.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut parts = inner.split('?');
    let (charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") || !encoding.eq_ignore_ascii_case("b") {
        return None;
    }
    String::from_utf8(BASE64.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_as_they_are_written_and_as_they_are_read() {
        for (header, subject) in [
            ("Subject: [critical] login.example.com", "[critical] login.example.com"),
            ("From: a\r\nsubject:  folded\r\n  over lines\r\nTo: b", "folded  over lines"),
            ("Subject: =?utf-8?b?w6RiYw==?=", "äbc"),
            ("Subject: one =?utf-8?b?w6Q=?=\r\n =?UTF-8?B?w7w=?= two", "one äü two"),
            ("Subject: =?latin1?b?w6Q=?= =?utf-8?b?!?=", "=?latin1?b?w6Q=?= =?utf-8?b?!?="),
            ("From: a\r\nX-Subject: no", ""),
        ] {
            let message = format!("{header}\r\n\r\nSubject: not this\r\n");
            assert_eq!(of(message.as_bytes()), subject, "{header}");
        }
    }
}
