//! What a transparency log has signed: the certificate without the receipts in it (RFC 6962 §3.2), taken out of the
//! finished one byte by byte, since re-encoding it would make another of it.

use super::sct::{self, SignedSct};

/// 1.3.6.1.4.1.11129.2.4.2, the list of receipts (RFC 6962 §3.3), as the content of an OBJECT IDENTIFIER.
const SCT_LIST: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
/// `[3] EXPLICIT`, the extensions of a TBSCertificate (RFC 5280 §4.1).
const EXTENSIONS: u8 = 0xa3;

/// A certificate's own content less the receipts, and the receipts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Precertificate {
    /// The TBSCertificate in DER, without the extension that holds the receipts.
    pub(crate) tbs: Vec<u8>,
    /// The receipts.
    pub(crate) scts: Vec<SignedSct>,
}

impl Precertificate {
    /// Of this certificate; `None` without receipts, or where its DER cannot be followed.
    pub(crate) fn of(certificate: &[u8]) -> Option<Self> {
        let (outer, _) = element(certificate).filter(|(outer, _)| outer.tag == SEQUENCE)?;
        let (tbs, _) = element(outer.content).filter(|(tbs, _)| tbs.tag == SEQUENCE)?;
        let mut scts = None;
        let mut fields = Vec::new();
        for field in elements(tbs.content)? {
            if field.tag == EXTENSIONS {
                put(&mut fields, EXTENSIONS, &without_list(field.content, &mut scts)?);
            } else {
                fields.extend(field.whole);
            }
        }
        let mut out = Vec::new();
        put(&mut out, SEQUENCE, &fields);
        Some(Self { tbs: out, scts: scts? })
    }
}

/// The extensions without the list of receipts, which is put aside.
fn without_list(explicit: &[u8], scts: &mut Option<Vec<SignedSct>>) -> Option<Vec<u8>> {
    let (sequence, rest) = element(explicit)?;
    let mut kept = Vec::new();
    for extension in elements(sequence.content)? {
        let parts = elements(extension.content)?;
        let is_list = parts.first().is_some_and(|oid| oid.tag == OBJECT_IDENTIFIER && oid.content == SCT_LIST);
        if !is_list {
            kept.extend(extension.whole);
            continue;
        }
        let value = parts.last().filter(|value| value.tag == OCTET_STRING)?;
        // The value of the extension is an OCTET STRING in DER, and its content the list as TLS writes it.
        let (inner, _) = element(value.content).filter(|(inner, _)| inner.tag == OCTET_STRING)?;
        *scts = Some(sct::list(inner.content));
    }
    let mut out = Vec::new();
    put(&mut out, sequence.tag, &kept);
    rest.is_empty().then_some(out)
}

/// One element of DER.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

/// The first element (X.690 §8.1.2-8.1.3, definite lengths and low tags, as certificates have), and what follows it.
fn element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - after.len())?;
    Some((Element { tag, content, whole }, after))
}

/// All elements; `None` if they do not fill the bytes.
fn elements(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (next, rest) = element(bytes)?;
        all.push(next);
        bytes = rest;
    }
    Some(all)
}

/// Appends an element with its length in as few bytes as it takes (X.690 §10.1).
fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    let length = content.len().to_be_bytes();
    let digits = length.iter().skip_while(|digit| **digit == 0).copied().collect::<Vec<u8>>();
    match content.len() {
        0..=0x7f => out.push(content.len().to_le_bytes()[0]),
        _ => {
            out.push(0x80 | digits.len().to_le_bytes()[0]);
            out.extend(digits);
        }
    }
    out.extend(content);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A certificate as far as this is concerned: two fields, these extensions, and a signature.
    fn certificate(extensions: &[Vec<u8>]) -> Vec<u8> {
        let tbs = tbs(extensions);
        let mut out = Vec::new();
        put(&mut out, SEQUENCE, &[tbs, vec![0x03, 1, 0]].concat());
        out
    }

    fn tbs(extensions: &[Vec<u8>]) -> Vec<u8> {
        let (mut sequence, mut explicit, mut out) = (Vec::new(), Vec::new(), Vec::new());
        put(&mut sequence, SEQUENCE, &extensions.concat());
        put(&mut explicit, EXTENSIONS, &sequence);
        put(&mut out, SEQUENCE, &[vec![0x02, 1, 5, 0x02, 1, 6], explicit].concat());
        out
    }

    fn extension(oid: &[u8], content: &[u8]) -> Vec<u8> {
        let (mut inner, mut value, mut name, mut out) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        put(&mut inner, OCTET_STRING, content);
        put(&mut value, OCTET_STRING, &inner);
        put(&mut name, OBJECT_IDENTIFIER, oid);
        put(&mut out, SEQUENCE, &[name, value].concat());
        out
    }

    proptest! {
        #[test]
        fn what_is_left_is_the_certificate_as_if_the_list_had_never_been_in_it(
            before in 0usize..70_000, after in 0usize..300, list in 0usize..300,
        ) {
            let [before, after] = [(1u8, before), (2, after)].map(|(oid, length)| extension(&[oid], &vec![7; length]));
            let list = extension(SCT_LIST, &vec![0; list]);
            let found = Precertificate::of(&certificate(&[before.clone(), list, after.clone()])).unwrap();
            prop_assert_eq!(found.tbs, tbs(&[before, after]));
        }

        #[test]
        fn no_bytes_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..200, to: u8) {
            let _ = Precertificate::of(&bytes);
            let mut changed = certificate(&[extension(&[1], &[7; 40]), extension(SCT_LIST, &[0, 0])]);
            if let Some(byte) = changed.get_mut(at) { *byte = to; }
            let _ = Precertificate::of(&changed);
        }
    }

    #[test]
    fn without_a_list_there_is_none() {
        assert_eq!(Precertificate::of(&certificate(&[extension(&[1], b"x")])), None);
        assert_eq!(Precertificate::of(&certificate(&[])), None);
        // An indefinite length, and one longer than any certificate.
        for bytes in [&[0x30, 0x80, 0, 0][..], &[0x30, 0x84, 0, 0, 0, 1, 0]] {
            assert_eq!(Precertificate::of(bytes), None);
        }
    }
}
