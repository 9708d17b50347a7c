//! Who is to be watched, as Auth0's Management API tells: [`Client`] lists a tenant's custom domains.
//!
//! The client can read what is on an allow-list ([`Read`]) and ask for the token that this takes. Nothing else can be
//! written down as a request here: no verification, which would burn a key that is shown once, no change, no deletion.
//! Secret and token are written only to a server whose chain, name and dates have verified.

mod client;
mod request;
mod token;
mod wire;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::DomainName;

pub use client::{Client, Through};
pub use request::Read;

/// A tenant whose Management API is asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The tenant's canonical host.
    pub tenant: DomainName,
    /// Where the API is, `https://HOST[:PORT]`; at the canonical host unless the operator says otherwise. Some tenants
    /// block that host, and are reached by a custom domain.
    pub api_base: Option<String>,
    /// The audience of the tokens; it is the canonical host's whatever the base.
    pub audience: Option<String>,
    /// The machine-to-machine application that may `read:custom_domains`.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
}

impl Settings {
    /// The audience of the tokens.
    fn audience(&self) -> String {
        self.audience.clone().unwrap_or_else(|| format!("https://{}/api/v2/", self.tenant))
    }

    /// Where the API is; `/api/v2/` at the end, as Auth0's own pages write it, is no part of that.
    fn base(&self) -> String {
        let Some(base) = &self.api_base else { return format!("https://{}", self.tenant) };
        let base = base.trim_end_matches('/');
        base.strip_suffix("/api/v2").unwrap_or(base).to_owned()
    }

    /// Whether both say the same.
    fn is_as(&self, other: &Self) -> bool {
        let shown = |settings: &Self| {
            let Self { tenant, client_id, client_secret, .. } = settings;
            let secret = client_secret.expose_secret().to_owned();
            (tenant.clone(), settings.base(), settings.audience(), client_id.clone(), secret)
        };
        shown(self) == shown(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_taken_as_it_is_written_on_auth0s_pages_too() {
        let base = |api_base: Option<&str>| {
            let tenant = DomainName::parse("example.us.auth0.com").unwrap();
            let client_secret = "s".to_owned().into();
            let api_base = api_base.map(str::to_owned);
            Settings { tenant, api_base, audience: None, client_id: "c".to_owned(), client_secret }.base()
        };
        assert_eq!(base(None), "https://example.us.auth0.com");
        for written in ["https://login.example.com", "https://login.example.com/", "https://login.example.com/api/v2/"]
        {
            assert_eq!(base(Some(written)), "https://login.example.com");
        }
    }
}
