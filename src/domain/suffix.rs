//! Where names begin that somebody can register: Mozilla's Public Suffix List, compiled in.
//!
//! Asked here alone, and in one place: the list is code, two thirds of a megabyte, of which the compiler makes a copy for
//! every part of the program that asks.

use psl::{Suffix, Type};

use super::DomainName;

impl DomainName {
    /// The domain that is registered at a registry: one label below the public suffix. Suffixes that somebody hands out
    /// below a domain of their own (`github.io`) are none of a registry's.
    pub(crate) fn registered(&self) -> Option<Self> {
        let mut suffix = suffix(self.as_str())?;
        while suffix.typ() == Some(Type::Private) {
            suffix = self::suffix(text(suffix)?.split_once('.')?.1)?;
        }
        let suffix = Self::parse_record(text(suffix)?).ok()?;
        self.upward().find(|name| name.above().as_ref() == Some(&suffix))
    }

    /// What belongs to one owner: one label below the suffix, whoever hands out names there.
    pub(crate) fn owned(&self) -> Option<Self> {
        let suffix = Self::parse_record(text(suffix(self.as_str())?)?).ok()?;
        self.upward().find(|name| name.above().as_ref() == Some(&suffix))
    }

    /// Whether anybody may register names right below it.
    pub(crate) fn is_public_suffix(&self) -> bool {
        suffix(self.as_str()).is_some_and(|found| found.is_known() && found.as_bytes() == self.as_str().as_bytes())
    }
}

#[inline(never)]
fn suffix(name: &str) -> Option<Suffix<'_>> {
    psl::suffix(name.as_bytes())
}

fn text(suffix: Suffix<'_>) -> Option<&str> {
    std::str::from_utf8(suffix.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_lies_below_the_registrys_suffix_and_what_is_owned_below_anybodys() {
        for (domain, registered, owned) in [
            ("login.example.com", Some("example.com"), Some("example.com")),
            ("example.com", Some("example.com"), Some("example.com")),
            ("a.b.example.co.uk", Some("example.co.uk"), Some("example.co.uk")),
            ("login.team.github.io", Some("github.io"), Some("team.github.io")),
            ("d111.cloudfront.net", Some("cloudfront.net"), Some("d111.cloudfront.net")),
            ("login.example.internal", Some("example.internal"), Some("example.internal")),
            ("co.uk", None, None),
            ("com", None, None),
        ] {
            let domain = DomainName::parse_record(domain).unwrap();
            assert_eq!(domain.registered().as_ref().map(DomainName::as_str), registered, "{domain}");
            assert_eq!(domain.owned().as_ref().map(DomainName::as_str), owned, "{domain}");
        }
    }
}
