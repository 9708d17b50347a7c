//! [`read_page`]: one answer to the question which custom domains there are.
//!
//! The list comes in two shapes: a bare array, or, where paging was asked for, an object with `custom_domains` and, unless
//! it is the last page, `next`. Entries are read one by one, so that an odd one does not hide the others.

use serde::Deserialize;
use serde_json::Value;

use super::{CertificateKeeper, DomainStatus, ManagedDomain, OwnershipRecord};
use crate::domain::{DomainName, UnixTime};
use crate::observation::bounded;

/// Bytes of what the API says that are kept of any one word or message.
const MOST: usize = 300;

/// One page of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The domains that could be read.
    pub domains: Vec<ManagedDomain>,
    /// Why others could not be.
    pub unreadable: Vec<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Reads a page. The error says, for people, why it is none.
pub fn read_page(body: &[u8]) -> Result<Page, String> {
    let (entries, next) = match serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))? {
        Value::Array(entries) => (entries, None),
        Value::Object(mut object) => {
            let next = object.get("next").and_then(Value::as_str).filter(|next| !next.is_empty()).map(str::to_owned);
            match object.remove("custom_domains") {
                Some(Value::Array(entries)) => (entries, next),
                _ => return Err("an object without a list `custom_domains`".to_owned()),
            }
        }
        _ => return Err("neither a list nor an object with one".to_owned()),
    };
    let mut page = Page { next, ..Page::default() };
    for (index, entry) in entries.into_iter().enumerate() {
        match read_domain(entry) {
            Ok(domain) => page.domains.push(domain),
            Err(why) => page.unreadable.push(bounded(format!("entry {index}: {why}"), MOST)),
        }
    }
    Ok(page)
}

/// Reads one domain. The error says, for people, why it cannot be read.
pub fn read_domain(entry: Value) -> Result<ManagedDomain, String> {
    let entry: Entry = serde_json::from_value(entry).map_err(|error| error.to_string())?;
    let name = DomainName::parse(&entry.domain).map_err(|error| format!("domain: {error}"))?;
    let ownership = entry.verification.as_ref().and_then(Verification::ownership);
    let verification_error = entry.verification.and_then(|verification| verification.error_msg);
    Ok(ManagedDomain {
        id: word(entry.custom_domain_id),
        name,
        certificates: match entry.r#type.as_str() {
            "self_managed_certs" => CertificateKeeper::Owner,
            "auth0_managed_certs" => CertificateKeeper::Auth0,
            other => CertificateKeeper::Other(word(other.to_owned())),
        },
        status: DomainStatus::from(word(entry.status).as_str()),
        origin: entry.origin_domain_name.and_then(|origin| DomainName::parse(&origin).ok()),
        client_ip_header: entry.custom_client_ip_header.filter(|header| !header.is_empty()).map(word),
        ownership,
        verification_error: verification_error.filter(|error| !error.is_empty()).map(word),
        created_at: entry.created_at.and_then(|at| UnixTime::parse_rfc3339(&at)),
    })
}

fn word(text: String) -> String {
    bounded(text, MOST)
}

/// What is read of an entry; everything else is passed over.
#[derive(Debug, Deserialize)]
struct Entry {
    custom_domain_id: String,
    domain: String,
    r#type: String,
    status: String,
    origin_domain_name: Option<String>,
    custom_client_ip_header: Option<String>,
    verification: Option<Verification>,
    created_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Verification {
    #[serde(default)]
    methods: Vec<Method>,
    error_msg: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Method {
    name: String,
    record: String,
    domain: Option<String>,
}

impl Verification {
    /// The TXT method; its name has been written in both cases over the years.
    fn ownership(&self) -> Option<OwnershipRecord> {
        let method = self.methods.iter().find(|method| method.name.eq_ignore_ascii_case("txt"))?;
        let name = method.domain.as_deref().and_then(|name| DomainName::parse_record(name).ok());
        Some(OwnershipRecord { name, value: word(method.record.clone()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PENDING: &str = r#"{"custom_domain_id":"cd_0123456789abcdef","domain":"login.example.com","primary":false,
        "status":"pending_verification","type":"self_managed_certs","verification":{"methods":[{"name":"TXT",
        "record":"f7a51f40-0b47-40a5-89de-1f31bfef20af","domain":"_cf-custom-hostname.login.example.com"}]},
        "custom_client_ip_header":null,"created_at":"2026-01-27T13:59:53.172Z","cname_api_key":"canary"}"#;

    #[test]
    fn both_shapes_of_the_list_are_read() {
        let bare = read_page(format!("[{PENDING}]").as_bytes()).unwrap();
        let paged = read_page(format!(r#"{{"custom_domains":[{PENDING}],"next":"cd_1"}}"#).as_bytes()).unwrap();
        assert_eq!(bare.domains, paged.domains);
        assert_eq!((bare.next, paged.next.as_deref()), (None, Some("cd_1")));
        assert_eq!(read_page(br#"{"custom_domains":[],"next":""}"#), Ok(Page::default()));
    }

    #[test]
    fn a_domain_is_read_with_its_record_and_its_clock_but_never_its_key() {
        let page = read_page(format!("[{PENDING}]").as_bytes()).unwrap();
        let domain = &page.domains[0];
        assert_eq!(domain.certificates, CertificateKeeper::Owner);
        assert_eq!(domain.status, DomainStatus::PendingVerification);
        let ownership = domain.ownership.as_ref().unwrap();
        assert_eq!(ownership.name.as_ref().unwrap().as_str(), "_cf-custom-hostname.login.example.com");
        assert_eq!(ownership.value, "f7a51f40-0b47-40a5-89de-1f31bfef20af");
        assert_eq!(domain.created_at, UnixTime::parse_rfc3339("2026-01-27T13:59:53Z"));
        assert!(!format!("{page:?}").contains("canary"));
    }

    #[test]
    fn an_entry_that_cannot_be_read_does_not_hide_the_others() {
        let odd = r#"{"custom_domain_id":"cd_1","domain":"not a name","status":"ready","type":"self_managed_certs"}"#;
        let page = read_page(format!("[{odd},17,{PENDING}]").as_bytes()).unwrap();
        assert_eq!((page.domains.len(), page.unreadable.len()), (1, 2));
        assert!(page.unreadable[0].starts_with("entry 0: domain: "), "{:?}", page.unreadable);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for body in ["", "null", "{}", r#"{"custom_domains":{}}"#, "<html>", "[1"] {
            assert!(read_page(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn words_nobody_knows_are_kept() {
        let odd = PENDING.replace("pending_verification", "resting").replace("self_managed_certs", "shared_certs");
        let page = read_page(format!("[{odd}]").as_bytes()).unwrap();
        assert_eq!(page.domains[0].status.as_str(), "resting");
        assert_eq!(page.domains[0].certificates, CertificateKeeper::Other("shared_certs".to_owned()));
    }
}
