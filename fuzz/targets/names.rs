//! Names of hosts and records, and times.

use notafter::domain::{DomainName, UnixTime};

/// A name: what is accepted is accepted again as it is written, in ASCII and in Unicode, and is the same.
pub(super) fn name(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for parse in [DomainName::parse, DomainName::parse_record] {
        let Ok(name) = parse(&text) else { continue };
        assert!(name.as_str().is_ascii() && name.as_str().len() <= 253, "{name}");
        assert_eq!(parse(name.as_str()).as_ref(), Ok(&name));
        let unicode = name.to_unicode();
        assert_eq!(parse(&unicode).as_ref(), Ok(&name), "{unicode}");
    }
}

/// A time: what is accepted is accepted again as it is written, and is the same.
pub(super) fn time(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(time) = UnixTime::parse_rfc3339(&text) else { return };
    assert_eq!(UnixTime::parse_rfc3339(&time.to_string()), Some(time), "{text}");
}
