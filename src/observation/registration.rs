//! [`RegistrationObservation`]: what the registry says of the domain's registration, by RDAP (RFC 9083).

use serde::Serialize;

use crate::domain::{DomainName, UnixTime};

/// The last good answer of the registry, however old, and how it went since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegistrationObservation {
    /// The registered domain the custom domain belongs to.
    pub domain: DomainName,
    /// When the registry said so.
    pub at: UnixTime,
    /// When the registration runs out (event `expiration`), if it says.
    pub expires: Option<UnixTime>,
    /// Its statuses (RFC 8056), as they came.
    pub statuses: Vec<String>,
    /// The registrar's name, if it says.
    pub registrar: Option<String>,
    /// Why the registry could not be asked since, if it could not.
    pub failure: Option<String>,
}

impl RegistrationObservation {
    /// Whether it has this status, however it is spaced; in lower case without spaces.
    pub fn has_status(&self, status: &str) -> bool {
        self.statuses.iter().any(|own| own.replace(' ', "").eq_ignore_ascii_case(status))
    }
}
