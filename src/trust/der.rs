//! [`Der`]: element after element of what a stranger encoded, nothing copied and nothing trusted.

use x509_parser::der_parser::asn1_rs::FromDer;
use x509_parser::time::ASN1Time;

use crate::domain::UnixTime;

/// Tags of X.690 §8.1.2 as they are met here; context-specific ones are `0x80` or, constructed, `0xa0` and the number.
pub(super) mod tag {
    pub(in crate::trust) const INTEGER: u8 = 0x02;
    pub(in crate::trust) const BIT_STRING: u8 = 0x03;
    pub(in crate::trust) const OCTET_STRING: u8 = 0x04;
    pub(in crate::trust) const OID: u8 = 0x06;
    pub(in crate::trust) const ENUMERATED: u8 = 0x0a;
    pub(in crate::trust) const UTC_TIME: u8 = 0x17;
    pub(in crate::trust) const GENERALIZED_TIME: u8 = 0x18;
    pub(in crate::trust) const SEQUENCE: u8 = 0x30;
    pub(in crate::trust) const SET: u8 = 0x31;
}

/// What is still to be read of an encoding. Every method is `None` for what is not as asked, and then moves on nowhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Der<'a> {
    rest: &'a [u8],
}

/// One element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// With its tag and length.
    pub(super) whole: &'a [u8],
}

impl<'a> Der<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether these octets are all there is.
    pub(super) fn is_all_of(self, octets: &[u8]) -> bool {
        self.rest == octets
    }

    #[cfg(test)]
    pub(super) const fn is_empty(self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element.
    pub(super) fn tag(self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is: a tag of one octet, a definite length.
    pub(super) fn element(&mut self) -> Option<Element<'a>> {
        let (&tag, after) = self.rest.split_first()?;
        let (&first, after) = after.split_first()?;
        let (length, after) = match first {
            0..=0x7f => (usize::from(first), after),
            // Four octets of length are more than anything that is read here has.
            0x81..=0x84 => {
                let (length, after) = after.split_at_checked(usize::from(first & 0x7f))?;
                (length.iter().fold(0, |all, &octet| all << 8 | usize::from(octet)), after)
            }
            _ => return None,
        };
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (content, after) = after.split_at_checked(length)?;
        let whole = &self.rest[..self.rest.len() - after.len()];
        self.rest = after;
        Some(Element { tag, content, whole })
    }

    /// The next element, if it has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.tag() != Some(tag) {
            return None;
        }
        self.element()
    }

    /// What is in the next element, if it has this tag.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.expect(tag).map(|element| Self::new(element.content))
    }

    /// The octets of the next bit string, if it has only whole ones.
    pub(super) fn bit_string(&mut self) -> Option<&'a [u8]> {
        match self.expect(tag::BIT_STRING)?.content {
            [0, octets @ ..] => Some(octets),
            _ => None,
        }
    }

    /// The next element as a moment, in either of the two encodings (RFC 5280 §4.1.2.5).
    pub(super) fn time(&mut self) -> Option<UnixTime> {
        let element = match self.tag()? {
            tag::UTC_TIME | tag::GENERALIZED_TIME => self.element()?,
            _ => return None,
        };
        let (_, time) = ASN1Time::from_der(element.whole).ok()?;
        Some(UnixTime(time.timestamp()))
    }
}

impl<'a> Iterator for Der<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        self.element()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_taken_apart() {
        let mut der = Der::new(b"\x30\x03\x02\x01\x05\x04\x81\x02ab\x05\x00");
        let mut sequence = der.enter(tag::SEQUENCE).unwrap();
        assert!(sequence.expect(tag::OCTET_STRING).is_none(), "and does not move on");
        assert_eq!(sequence.expect(tag::INTEGER).unwrap().content, [5]);
        assert!(sequence.is_empty());
        let octets = der.expect(tag::OCTET_STRING).unwrap();
        assert_eq!((octets.content, octets.whole), (&b"ab"[..], &b"\x04\x81\x02ab"[..]));
        assert_eq!(der.element().unwrap().tag, 5);
        assert!(der.is_empty() && der.element().is_none());
    }

    #[test]
    fn what_is_cut_short_or_odd_is_none() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x01",
            b"\x30\x80",
            b"\x30\x85\0\0\0\0\0",
            b"\x1f\x01\0",
            b"\x30\x84\xff\xff\xff\xffa",
        ] {
            assert!(Der::new(bytes).element().is_none(), "{bytes:x?}");
        }
        assert_eq!(Der::new(b"\x03\x02\x01\xfe").bit_string(), None);
        assert_eq!(Der::new(b"\x03\x02\x00\xfe").bit_string(), Some(&b"\xfe"[..]));
    }

    #[test]
    fn both_encodings_of_a_moment_are_read() {
        for bytes in [&b"\x17\x0d261124000000Z"[..], b"\x18\x0f20261124000000Z"] {
            assert_eq!(Der::new(bytes).time().unwrap().to_string(), "2026-11-24T00:00:00Z");
        }
        for bytes in [&b"\x17\x0d2611240000001"[..], b"\x18\x0f20261324000000Z", b"\x04\x0d261124000000Z"] {
            assert_eq!(Der::new(bytes).time(), None);
        }
    }
}
