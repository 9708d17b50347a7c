//! [`CaaObservation`]: which CAs a domain's records let issue for it (RFC 8659), as the records say it.
//!
//! A [`CaaSet`] is what the climb from a name to the top came to: the first records met on the way. There are two of
//! them, as a certificate may be for the domain itself or for everything beside it.

use serde::Serialize;

use super::{CnameLink, Outcome, bounded};
use crate::domain::DomainName;

/// Records kept of one set.
const MAX_RECORDS: usize = 64;
/// Characters kept of a value, or of a part of it.
const MAX_VALUE: usize = 1024;

/// The CAA records that govern a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaaObservation {
    /// Those that govern a certificate for the domain's own name, and one for everything below it: the climb began at
    /// the domain.
    pub own: CaaSet,
    /// Those that govern a wildcard certificate that covers the domain: the climb began one label above it, since a CA
    /// leaves the `*` away before it climbs (RFC 8659 §3).
    pub wildcard: CaaSet,
}

/// What one climb came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaaSet {
    /// Where the climb ended: at the name that has records, or whose question failed; `None` where none has any.
    pub name: Option<DomainName>,
    /// The CNAMEs that were followed there, in order.
    pub cname: Vec<CnameLink>,
    /// The records.
    pub records: Vec<CaaRecord>,
    /// The least TTL of the records, in seconds.
    pub ttl: Option<u32>,
    /// Found, no data where no name on the way has a record, or how a question failed.
    pub outcome: Outcome,
}

impl CaaSet {
    /// A climb that ended here without records.
    pub const fn without_records(name: Option<DomainName>, outcome: Outcome) -> Self {
        Self { name, cname: Vec::new(), records: Vec::new(), ttl: None, outcome }
    }

    /// The records of a name, as many as are kept.
    pub fn found(
        name: DomainName,
        cname: Vec<CnameLink>,
        records: impl IntoIterator<Item = CaaRecord>,
        ttl: Option<u32>,
    ) -> Self {
        let records = records.into_iter().take(MAX_RECORDS).collect();
        Self { name: Some(name), cname, records, ttl, outcome: Outcome::Found }
    }

    /// The name at which the records stand: the end of the CNAMEs.
    pub fn owner(&self) -> Option<&DomainName> {
        self.cname.last().map(|link| &link.target).or(self.name.as_ref())
    }
}

/// One CAA record: a property and its value (RFC 8659 §4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaaRecord {
    /// Whether a CA that does not know the property must not issue.
    pub critical: bool,
    /// The property, as it is written; its case does not matter.
    pub tag: String,
    /// The value.
    pub value: String,
    /// Of `issue` and `issuewild` the CA that is named, in lower case; `None` where the value names none, which is also
    /// how a value must be read that breaks the grammar (RFC 8659 §4.2).
    pub issuer: Option<String>,
    /// The one account at that CA that may have a certificate, if the value says so (RFC 8657 §3).
    pub accounturi: Option<String>,
    /// The methods by which that CA may verify control of the domain, if the value says so (RFC 8657 §4).
    pub validationmethods: Vec<String>,
}

impl CaaRecord {
    /// A record as it came, its value read where the property has a grammar.
    pub fn new(critical: bool, tag: &str, value: &[u8]) -> Self {
        let value = String::from_utf8_lossy(value).into_owned();
        let names_a_ca = ["issue", "issuewild"].iter().any(|known| tag.eq_ignore_ascii_case(known));
        let read = if names_a_ca { issue_value(&value).unwrap_or_default() } else { IssueValue::default() };
        let parameter = |name: &str| {
            let mut all = read.parameters.iter();
            all.find(|(tag, _)| tag.eq_ignore_ascii_case(name))
                .map(|(_, value)| bounded((*value).to_owned(), MAX_VALUE))
        };
        let methods = parameter("validationmethods").unwrap_or_default();
        Self {
            critical,
            tag: tag.to_owned(),
            issuer: read.issuer.map(str::to_ascii_lowercase),
            accounturi: parameter("accounturi"),
            validationmethods: methods.split(',').filter(|method| !method.is_empty()).map(str::to_owned).collect(),
            value: bounded(value, MAX_VALUE),
        }
    }

    /// Whether it is of this property; `tag` in lower case.
    pub fn is(&self, tag: &str) -> bool {
        self.tag.eq_ignore_ascii_case(tag)
    }
}

/// The value of `issue` and `issuewild`.
#[derive(Debug, Default, PartialEq, Eq)]
struct IssueValue<'a> {
    issuer: Option<&'a str>,
    parameters: Vec<(&'a str, &'a str)>,
}

/// RFC 8659 §4.2: `[issuer-domain-name] [";" [parameters]]`; `None` for what is none. A semicolon at the very end is let
/// pass, as CAs do.
fn issue_value(value: &str) -> Option<IssueValue<'_>> {
    let (issuer, rest) = value.split_once(';').unwrap_or((value, ""));
    let issuer = trimmed(issuer);
    if !issuer.is_empty() && !issuer.split('.').all(is_label) {
        return None;
    }
    let parameters = rest.split(';').map(trimmed).filter(|parameter| !parameter.is_empty());
    let parameters = parameters.map(|parameter| {
        let (tag, value) = parameter.split_once('=')?;
        let (tag, value) = (trimmed(tag), trimmed(value));
        (is_label(tag) && value.bytes().all(|byte| byte.is_ascii_graphic())).then_some((tag, value))
    });
    let parameters = parameters.collect::<Option<Vec<_>>>()?;
    Some(IssueValue { issuer: Some(issuer).filter(|issuer| !issuer.is_empty()), parameters })
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Letters and digits, with hyphens between them.
fn is_label(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(inside) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(value: &str) -> CaaRecord {
        CaaRecord::new(false, "issue", value.as_bytes())
    }

    #[test]
    fn who_may_issue_by_the_value() {
        for (value, issuer) in [
            ("ca.example", Some("ca.example")),
            (" \tCA.Example\t ", Some("ca.example")),
            ("ca.example;", Some("ca.example")),
            ("ca.example ; account=230123", Some("ca.example")),
            ("ca.example;a=b;c=d;", Some("ca.example")),
            ("xn--4ca.example", Some("xn--4ca.example")),
            ("localca", Some("localca")),
            (";", None),
            ("", None),
            ("; policy=ev", None),
            // What breaks the grammar names nobody.
            ("ca.example.", None),
            ("ca..example", None),
            ("ca_1.example", None),
            ("-ca.example", None),
            ("ca.example; policy", None),
            ("ca.example; po_licy=ev", None),
            ("ca.example; policy=e v", None),
            ("ca.example other.example", None),
            ("ca.example, other.example", None),
            ("https://ca.example", None),
            ("ca.\u{ff45}xample", None),
        ] {
            assert_eq!(issue(value).issuer.as_deref(), issuer, "{value:?}");
        }
        assert_eq!(CaaRecord::new(false, "IssueWild", b"ca.example").issuer.as_deref(), Some("ca.example"));
        assert_eq!(CaaRecord::new(false, "iodef", b"mailto:security@example.com").issuer, None);
        assert_eq!(CaaRecord::new(false, "issue", b"ca.\xffexample").issuer, None);
    }

    #[test]
    fn account_and_methods_are_facts() {
        let uri = "https://ca.example/acct/1234567";
        let record = issue(&format!("ca.example; accounturi={uri}; validationmethods=dns-01,http-01"));
        assert_eq!(record.accounturi.as_deref(), Some(uri));
        assert_eq!(record.validationmethods, ["dns-01", "http-01"]);
        let without = issue("ca.example; policy=ev");
        assert_eq!((without.accounturi, without.validationmethods), (None, Vec::new()));
        // A value of no issue has no parameters, however it looks.
        assert_eq!(CaaRecord::new(false, "iodef", b"ca.example; accounturi=x").accounturi, None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let record = issue(&format!("ca.example; accounturi={}", "x".repeat(60_000)));
        assert_eq!(record.issuer.as_deref(), Some("ca.example"));
        assert!(record.value.chars().count() <= MAX_VALUE + 1 && record.value.ends_with('…'));
        assert!(record.accounturi.is_some_and(|uri| uri.chars().count() <= MAX_VALUE + 1));
        let name = DomainName::parse("example.com").unwrap();
        let set = CaaSet::found(name, Vec::new(), std::iter::repeat_n(issue(";"), 1000), None);
        assert_eq!(set.records.len(), MAX_RECORDS);
    }

    #[test]
    fn records_stand_at_the_end_of_the_cnames() {
        let name = |text| DomainName::parse_record(text).unwrap();
        let link = CnameLink { name: name("login.example.com"), target: name("cdn.example.net"), ttl: 60 };
        let set = CaaSet::found(name("login.example.com"), vec![link], [issue(";")], Some(60));
        assert_eq!(set.owner(), Some(&name("cdn.example.net")));
        assert_eq!(CaaSet::without_records(None, Outcome::NoData).owner(), None);
    }
}
