//! Distinguished names by RFC 4514. A certificate's names are made by strangers: every control character
//! is escaped and the whole is bounded.

use std::fmt::Write;

use x509_parser::der_parser::asn1_rs::{Any, Tag};
use x509_parser::x509::{AttributeTypeAndValue, RelativeDistinguishedName, X509Name};

use super::hex;
use crate::observation::is_hidden;

/// A longer name is cut and ends in `…`.
const MAX_CHARS: usize = 2048;

/// The name as RFC 4514 writes it: the last RDN first, escaped.
pub(super) fn rfc4514(name: &X509Name<'_>) -> String {
    let mut rdns: Vec<&RelativeDistinguishedName<'_>> = name.iter_rdn().collect();
    rdns.reverse();
    let text = rdns.into_iter().map(rdn).collect::<Vec<_>>().join(",");
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The value of the first `CN=` in a name that [`rfc4514`] wrote, still escaped.
pub(super) fn common_name(rfc4514: &str) -> Option<&str> {
    value(rfc4514, "CN=")
}

/// The value of the first `O=` in a name that [`rfc4514`] wrote. What [`escape`] wrote as hex pairs stays so.
pub(super) fn organization(rfc4514: &str) -> Option<String> {
    let escaped = value(rfc4514, "O=")?;
    let mut out = String::with_capacity(escaped.len());
    let mut chars = escaped.chars().peekable();
    while let Some(c) = chars.next() {
        let hides = c == '\\' && chars.peek().is_some_and(|next| !next.is_ascii_hexdigit());
        out.extend(if hides { chars.next() } else { Some(c) });
    }
    Some(out)
}

fn value<'a>(rfc4514: &'a str, prefix: &str) -> Option<&'a str> {
    let mut start = 0;
    let mut escaped = false;
    let mut parts = Vec::new();
    for (at, c) in rfc4514.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' | '+' => {
                parts.push(&rfc4514[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&rfc4514[start..]);
    parts.into_iter().find_map(|part| part.strip_prefix(prefix)).filter(|value| !value.is_empty())
}

fn rdn(rdn: &RelativeDistinguishedName<'_>) -> String {
    rdn.iter().map(attribute).collect::<Vec<_>>().join("+")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let value = attribute.attr_value();
    // RFC 4514 §2.4: a type without a name is written dotted, and its value then as hex of its encoding.
    match (short_name(&oid), text(value)) {
        (Some(short), Some(text)) => format!("{short}={}", escape(&text)),
        (short, _) => format!("{}=#{}", short.unwrap_or(&oid), hex(&encoding(value))),
    }
}

/// RFC 4514 §3's table and what the LDAP registry of IANA adds that certificates use.
fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.15" => "businessCategory",
        "2.5.4.17" => "postalCode",
        "2.5.4.42" => "GN",
        "2.5.4.97" => "organizationIdentifier",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => return None,
    })
}

/// A string value as text; `None` for what is no string.
fn text(value: &Any<'_>) -> Option<String> {
    let latin1 = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect();
    match value.tag() {
        Tag::Utf8String => Some(String::from_utf8_lossy(value.data).into_owned()),
        Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString | Tag::T61String => {
            Some(std::str::from_utf8(value.data).map_or_else(|_| latin1(value.data), str::to_owned))
        }
        Tag::BmpString => Some(utf16(value.data)),
        Tag::UniversalString => Some(utf32(value.data)),
        _ => None,
    }
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn utf32(bytes: &[u8]) -> String {
    let unit = |quad: &[u8]| <[u8; 4]>::try_from(quad).ok().map(u32::from_be_bytes).and_then(char::from_u32);
    bytes.chunks(4).map(|quad| unit(quad).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// RFC 4514 §2.4, and beyond it every control, separator or direction-changing character as hex pairs.
fn escape(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        let at_edge = c == ' ' && (index == 0 || index == last) || c == '#' && index == 0;
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
            _ if at_edge => out.extend(['\\', c]),
            _ if is_hidden(c) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(out, "\\{byte:02X}");
                }
            }
            _ => out.push(c),
        }
    }
    out
}

/// The value's whole encoding: tag, length, content. Only low tag numbers occur in names.
fn encoding(value: &Any<'_>) -> Vec<u8> {
    let mut out = vec![(value.tag().0 & 0x1f) as u8 | u8::from(value.header.is_constructed()) << 5];
    let length = value.data.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
        out.push(0x80 | bytes.len() as u8);
        out.extend(bytes);
    }
    out.extend(value.data);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_and_hidden_characters_are_escaped() {
        assert_eq!(escape("Sue, Grabbit + Runn"), "Sue\\, Grabbit \\+ Runn");
        assert_eq!(escape(" #x "), "\\ #x\\ ");
        assert_eq!(escape("#x"), "\\#x");
        assert_eq!(escape("a\r\n\u{1b}[31m\0"), "a\\0D\\0A\\1B[31m\\00");
        assert_eq!(escape("evil\u{202e}moc"), "evil\\E2\\80\\AEmoc");
        assert_eq!(escape("Żółć"), "Żółć");
    }

    #[test]
    fn the_common_name_is_found_among_escaped_commas() {
        assert_eq!(common_name("OU=x\\,CN=no,CN=yes\\, really,O=z"), Some("yes\\, really"));
        assert_eq!(common_name("C=DE+CN=two,O=z"), Some("two"));
        assert_eq!(common_name("O=z"), None);
    }

    #[test]
    fn the_organization_is_told_without_its_escapes() {
        assert_eq!(organization("CN=x,O=DigiCert\\, Inc.,C=US").as_deref(), Some("DigiCert, Inc."));
        assert_eq!(organization("CN=O=x,OU=y\\,O=no,O=a\\0Ab\\\\c").as_deref(), Some("a\\0Ab\\c"));
        assert_eq!(organization("CN=x,C=US"), None);
    }
}
