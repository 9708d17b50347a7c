//! The domains: names, certificates, records.

use std::error::Error;
use std::net::Ipv4Addr;
use std::time::{SystemTime, UNIX_EPOCH};

use notafter::domain::{Domain, DomainName};
use notafter::lab::ca::{Authority, Issued, LeafSpec};
use notafter::lab::dns::{Data, Zone};

const DAY: i64 = 86_400;

/// The domain of this number.
pub(crate) fn name(number: usize) -> Result<DomainName, Box<dyn Error>> {
    Ok(DomainName::parse(&format!("login.customer-{number}.example.com"))?)
}

/// The number of the domain of this name.
pub(crate) fn number(name: &DomainName) -> Option<usize> {
    name.as_str().strip_prefix("login.customer-")?.strip_suffix(".example.com")?.parse().ok()
}

/// What proves to Auth0 whose it is.
pub(crate) fn proof(number: usize) -> String {
    format!("{number:08x}-0b47-40a5-89de-1f31bfef20af")
}

/// Its certificate, by this authority.
pub(crate) fn certificate(issuer: &Authority, number: usize) -> Result<Issued, Box<dyn Error>> {
    let age = i64::try_from(number % 50)? * DAY + 3_600;
    let from = now() - age;
    Ok(issuer.leaf(&LeafSpec::new(name(number)?.as_str(), from, from + 90 * DAY))?)
}

/// The records of so many.
pub(crate) fn zones(domains: usize) -> Result<Vec<Zone>, Box<dyn Error>> {
    let proxy = DomainName::parse("proxy.example.net")?;
    let mut zone = Zone::new(DomainName::parse("example.com")?);
    for number in 0..domains {
        let name = name(number)?;
        zone = zone.with(Domain::new(name.clone()).txt_name(), Data::Txt(proof(number)));
        zone = zone.with(name, Data::Cname(proxy.clone()));
    }
    let there = Zone::new(DomainName::parse("example.net")?).with(proxy, Data::A(Ipv4Addr::LOCALHOST));
    Ok(vec![zone, there])
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0)
}
