//! [`Key`]: what makes an incident the same incident. Names alone, so that it means the same in every process.

use std::fmt;

use crate::domain::DomainName;
use crate::observation::View;
use crate::verdict::Family;

/// The view of the incidents that belong to the process and not to a domain.
const OWN_SIGHT: &str = "watch";

/// An incident's key: (domain, view, family). View and family are strings, as a newer version's rows may hold
/// ones we do not know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The domain; `None` for our own sight.
    pub(super) domain: Option<DomainName>,
    pub(super) view: String,
    pub(super) family: String,
}

impl Key {
    /// The key of a domain's incident.
    pub(super) fn of(domain: &DomainName, view: View, family: Family) -> Self {
        Self { domain: Some(domain.clone()), view: view.as_str().to_owned(), family: family.as_str().to_owned() }
    }

    /// The key of an incident of our own sight.
    pub(super) fn own_sight(family: Family) -> Self {
        Self { domain: None, view: OWN_SIGHT.to_owned(), family: family.as_str().to_owned() }
    }

    /// Before every key of this domain.
    pub(super) fn first_of(domain: &DomainName) -> Self {
        Self { domain: Some(domain.clone()), view: String::new(), family: String::new() }
    }

    /// Reads the key of a row.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let (domain, view, family) = (parts.next()?, parts.next()?, parts.next()?);
        let domain = match domain {
            "" => None,
            name => Some(DomainName::parse_record(name).ok()?),
        };
        Some(Self { domain, view: view.to_owned(), family: family.to_owned() })
    }

    /// The domain's A-label; empty for our own sight.
    pub(super) fn domain_str(&self) -> &str {
        self.domain.as_ref().map_or("", DomainName::as_str)
    }

    /// Whether the family is this one.
    pub(super) fn is_family(&self, family: Family) -> bool {
        self.family == family.as_str()
    }
}

impl fmt::Display for Key {
    /// As the key of a row: no name holds a slash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.domain_str(), self.view, self.family)
    }
}
