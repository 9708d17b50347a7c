//! What the operator asks us to watch: [`Domain`], its [`DomainName`], what is [`Expected`] of it, and the
//! thresholds and cadence it is judged by. Also [`UnixTime`] and [`Now`], in which every room speaks of time.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

/// One custom domain to watch, as the operator (or Auth0's Management API) describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// The custom domain itself; its A-label is the key of everything kept about it.
    pub name: DomainName,
    /// What its records should say.
    pub expected: Expected,
    /// Connect here instead of where DNS says; the records are still asked and judged.
    pub addresses: Vec<SocketAddr>,
    /// Which address families customers reach it by.
    pub families: Families,
    /// How often it is looked at.
    pub interval: Duration,
    /// When an expiry becomes a warning and when it becomes critical.
    pub thresholds: Thresholds,
    /// The operator's own labels, for routing and for `notafter_domain_info`.
    pub labels: BTreeMap<String, String>,
    /// Treat it as live from the first look on, even if it was never seen healthy.
    pub live: bool,
}

impl Domain {
    /// A domain of which nothing but the name is known: default cadence and thresholds, nothing expected.
    pub fn new(name: DomainName) -> Self {
        Self {
            name,
            expected: Expected::default(),
            addresses: Vec::new(),
            families: Families::Auto,
            interval: Duration::from_secs(60),
            thresholds: Thresholds::default(),
            labels: BTreeMap::new(),
            live: true,
        }
    }

    /// The name whose TXT record proves ownership: as configured, else `_cf-custom-hostname.<domain>`
    /// (what Auth0's `verification.methods[].domain` holds since 2021).
    pub fn txt_name(&self) -> DomainName {
        self.expected.txt_name.clone().unwrap_or_else(|| self.name.prefixed("_cf-custom-hostname"))
    }
}

/// What the operator expects of a domain's records. Absent means "not judged".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// A name that must occur in the CNAME chain, usually the proxy's or CDN's.
    pub cname: Option<DomainName>,
    /// The value of the ownership TXT record.
    pub txt: Option<String>,
    /// Where the ownership TXT record lives, if not at the default place.
    pub txt_name: Option<DomainName>,
    /// How far Auth0's verification of ownership has come.
    pub verification: Verification,
}

/// How far Auth0's verification of ownership has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Verification {
    /// Verified: a missing TXT record warns.
    #[default]
    Ready,
    /// Still to be verified: a missing TXT record is critical.
    Pending {
        /// When verification began, if the operator or the API told; never guessed.
        started: Option<UnixTime>,
    },
}

/// Which address families a domain is looked at by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Families {
    /// Every family for which this machine has a route.
    #[default]
    Auto,
    /// A records only.
    Ipv4,
    /// AAAA records only.
    Ipv6,
    /// Both; a family without a route here is a failure.
    Both,
}

/// When an expiry becomes a warning, and when it becomes critical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// The warning threshold.
    pub warn_before: Threshold,
    /// The critical threshold.
    pub critical_before: Threshold,
}

impl Default for Thresholds {
    /// Warning at the lesser of 21 days and 25% of the lifetime, critical at the lesser of 7 days and 10%:
    /// low enough that automation which renews with a third of the lifetime left is never announced.
    fn default() -> Self {
        const DAY: u64 = 86_400;
        Self {
            warn_before: Threshold::new(Some(Duration::from_secs(21 * DAY)), Some(25)),
            critical_before: Threshold::new(Some(Duration::from_secs(7 * DAY)), Some(10)),
        }
    }
}

/// A span before an expiry: the lesser of an absolute span and a share of the lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    span: Option<Duration>,
    percent: Option<u8>,
}

impl Threshold {
    /// A threshold of a span, of a share of the lifetime (in percent), or of the lesser of both.
    pub const fn new(span: Option<Duration>, percent: Option<u8>) -> Self {
        Self { span, percent }
    }

    /// The threshold in seconds for a certificate of this lifetime (also in seconds).
    pub fn seconds(&self, lifetime: i64) -> i64 {
        let span = self.span.map(|span| i64::try_from(span.as_secs()).unwrap_or(i64::MAX));
        let share = self.percent.map(|percent| (i128::from(lifetime.max(0)) * i128::from(percent) / 100) as i64);
        match (span, share) {
            (Some(span), Some(share)) => span.min(share),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 0,
        }
    }

    /// The absolute span, if one was given.
    pub const fn span(&self) -> Option<Duration> {
        self.span
    }

    /// The share of the lifetime in percent, if one was given.
    pub const fn percent(&self) -> Option<u8> {
        self.percent
    }
}

/// A DNS name as it goes over the wire: A-labels, lower case, no trailing dot. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(Arc<str>);

impl DomainName {
    /// Reads a host name, with U-labels or A-labels, by the rules of RFC 1123 §2.1 and RFC 5891 §4.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Self::parse_with(text, Underscores::Refused)
    }

    /// As [`DomainName::parse`], but labels may hold underscores: names of records and CNAME targets do.
    pub fn parse_record(text: &str) -> Result<Self, NameError> {
        Self::parse_with(text, Underscores::Allowed)
    }

    fn parse_with(text: &str, underscores: Underscores) -> Result<Self, NameError> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if is_address(name) {
            return Err(NameError::IsAddress(text.to_owned()));
        }
        if let Some(found) = name.chars().find(|c| c.is_whitespace() || c.is_control()) {
            return Err(NameError::Character { found });
        }
        let ascii = if name.is_ascii() {
            name.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii(name).map_err(|_| NameError::NotIdna(text.to_owned()))?
        };
        check_labels(&ascii, underscores)?;
        Ok(Self(ascii.into()))
    }

    /// The name in A-labels.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a person reads it: U-labels where they are valid, A-labels elsewhere.
    pub fn to_unicode(&self) -> String {
        match idna::domain_to_unicode(&self.0) {
            (unicode, Ok(())) => unicode,
            (_, Err(_)) => self.0.to_string(),
        }
    }

    /// A name with one more label in front, e.g. `_cf-custom-hostname`. The label must be a valid one.
    pub(crate) fn prefixed(&self, label: &str) -> Self {
        Self(format!("{label}.{}", self.0).into())
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl FromStr for DomainName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl Serialize for DomainName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DomainName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_record(&text).map_err(serde::de::Error::custom)
    }
}

/// Why a text is no domain name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or a lone dot.
    #[error("the name is empty")]
    Empty,
    /// An IP address where a name must be.
    #[error("{0} is an IP address; a domain name is needed (put the address under `addresses`)")]
    IsAddress(String),
    /// A character no host name may hold.
    #[error("a domain name cannot contain {found:?}; letters, digits, hyphens and dots are allowed")]
    Character {
        /// The first such character.
        found: char,
    },
    /// Two dots in a row, or a leading one.
    #[error("a label is empty (two dots in a row, or a leading dot)")]
    EmptyLabel,
    /// RFC 1035 §2.3.4: at most 63 octets.
    #[error("the label {label:?} is {length} bytes long; 63 is the most")]
    LabelTooLong {
        /// The label, as it goes over the wire.
        label: String,
        /// Its length in octets.
        length: usize,
    },
    /// RFC 1035 §2.3.4: at most 253 characters without the trailing dot.
    #[error("the name is {length} bytes long; 253 is the most")]
    TooLong {
        /// Its length in octets.
        length: usize,
    },
    /// RFC 1123 §2.1: labels begin and end with a letter or digit.
    #[error("the label {0:?} begins or ends with a hyphen")]
    Hyphen(String),
    /// U-labels that IDNA refuses, or an A-label that decodes to none.
    #[error("{0:?} is not a valid internationalised name (IDNA)")]
    NotIdna(String),
}

#[derive(Clone, Copy, PartialEq)]
enum Underscores {
    Allowed,
    Refused,
}

/// Whether the text is an IP address, brackets or not, or could only be read as one (`127.1`): a name whose
/// last label is a number is taken for an IPv4 address by the URL standard and by many resolvers.
fn is_address(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let last = name.rsplit('.').next().unwrap_or_default();
    bare.parse::<IpAddr>().is_ok() || last.bytes().all(|b| b.is_ascii_digit()) && !last.is_empty()
}

fn check_labels(ascii: &str, underscores: Underscores) -> Result<(), NameError> {
    for label in ascii.split('.') {
        check_label(label, underscores)?;
    }
    if ascii.len() > 253 {
        return Err(NameError::TooLong { length: ascii.len() });
    }
    Ok(())
}

fn check_label(label: &str, underscores: Underscores) -> Result<(), NameError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' && underscores == Underscores::Allowed;
    if label.is_empty() {
        return Err(NameError::EmptyLabel);
    }
    if let Some(found) = label.chars().find(|&c| !allowed(c)) {
        return Err(NameError::Character { found });
    }
    if label.len() > 63 {
        return Err(NameError::LabelTooLong { label: label.to_owned(), length: label.len() });
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(NameError::Hyphen(label.to_owned()));
    }
    if label.starts_with("xn--") && idna::domain_to_unicode(label).1.is_err() {
        return Err(NameError::NotIdna(label.to_owned()));
    }
    Ok(())
}

/// Seconds since 1970-01-01T00:00:00Z, negative before. Reaches RFC 5280's 9999-12-31T23:59:59Z and year 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// Reads an RFC 3339 date and time.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        // jiff's `Timestamp` ends 26 hours before RFC 5280's last date; a civil time in UTC does not.
        if let Some(utc) = text.strip_suffix(['Z', 'z']) {
            let civil: DateTime = utc.parse().ok().filter(|_| utc.contains(['T', 't', ' ']))?;
            return Some(Self(civil.duration_since(epoch()).as_secs()));
        }
        text.parse::<Timestamp>().ok().map(|time| Self(time.as_second()))
    }

    /// Seconds from `self` to `later`, negative if it lies before.
    pub const fn until(self, later: Self) -> i64 {
        later.0.saturating_sub(self.0)
    }

    /// This time moved by so many seconds.
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

impl fmt::Display for UnixTime {
    /// RFC 3339 in UTC, whole seconds; a bare number of seconds beyond years -9999 to 9999.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match epoch().checked_add(SignedDuration::from_secs(self.0)) {
            Ok(civil) => write!(f, "{}Z", civil.strftime("%Y-%m-%dT%H:%M:%S")),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for UnixTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text)
            .or_else(|| text.parse().ok().map(Self))
            .ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

const fn epoch() -> DateTime {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
}

/// The moment of one tick: the wall clock for expiry and stored times, the monotonic one for cadence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock; it may jump.
    pub wall: UnixTime,
    /// Time since an arbitrary start of this process; it never jumps.
    pub mono: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_as_a_labels_and_shown_both_ways() {
        let name = DomainName::parse("Ä.Example.").unwrap();
        assert_eq!(name.as_str(), "xn--4ca.example");
        assert_eq!(name.to_unicode(), "ä.example");
        assert_eq!(DomainName::parse("xn--4ca.example").unwrap(), name);
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_reason() {
        let long = "a".repeat(64);
        let cases = [
            ("", NameError::Empty),
            (".", NameError::Empty),
            ("exa mple", NameError::Character { found: ' ' }),
            ("exa_mple.test", NameError::Character { found: '_' }),
            ("*.example.com", NameError::Character { found: '*' }),
            ("https://example.com", NameError::Character { found: ':' }),
            ("-x.example", NameError::Hyphen("-x".into())),
            ("x-.example", NameError::Hyphen("x-".into())),
            ("a..example", NameError::EmptyLabel),
            ("192.0.2.1", NameError::IsAddress("192.0.2.1".into())),
            ("[2001:db8::1]", NameError::IsAddress("[2001:db8::1]".into())),
            ("127.1", NameError::IsAddress("127.1".into())),
        ];
        for (text, error) in cases {
            assert_eq!(DomainName::parse(text), Err(error), "{text:?}");
        }
        assert!(matches!(
            DomainName::parse(&format!("{long}.example")),
            Err(NameError::LabelTooLong { length: 64, .. })
        ));
        assert!(DomainName::parse(&format!("{}.example", "a".repeat(63))).is_ok());
        let deep = vec!["a".repeat(60); 5].join(".");
        assert!(matches!(DomainName::parse(&deep), Err(NameError::TooLong { length: 304 })));
        assert!(matches!(DomainName::parse("xn--a.example"), Err(NameError::NotIdna(_))));
    }

    #[test]
    fn records_may_have_underscores() {
        assert!(DomainName::parse_record("_cf-custom-hostname.login.example.com").is_ok());
        let domain = Domain::new(DomainName::parse("login.example.com").unwrap());
        assert_eq!(domain.txt_name().as_str(), "_cf-custom-hostname.login.example.com");
    }

    #[test]
    fn times_reach_from_year_one_to_the_last_second_of_rfc_5280() {
        for text in [
            "0001-01-01T00:00:00Z",
            "1950-06-01T12:00:00Z",
            "1970-01-01T00:00:00Z",
            "2026-12-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            let time = UnixTime::parse_rfc3339(text).unwrap();
            assert_eq!(time.to_string(), text);
        }
        assert_eq!(UnixTime(253_402_300_799).to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(UnixTime::parse_rfc3339("2026-01-01T02:00:00+02:00"), Some(UnixTime(1_767_225_600)));
        assert_eq!(UnixTime::parse_rfc3339("2026-01-01"), None);
        assert_eq!(UnixTime::parse_rfc3339("soon"), None);
    }

    #[test]
    fn the_lesser_of_span_and_share_counts() {
        const DAY: i64 = 86_400;
        let thresholds = Thresholds::default();
        assert_eq!(thresholds.warn_before.seconds(200 * DAY), 21 * DAY);
        assert_eq!(thresholds.warn_before.seconds(6 * DAY), 6 * DAY / 4);
        assert_eq!(thresholds.critical_before.seconds(47 * DAY), 47 * DAY / 10);
        assert_eq!(thresholds.critical_before.seconds(-DAY), 0);
    }
}
