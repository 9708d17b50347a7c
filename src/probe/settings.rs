//! [`Settings`]: how we look.

use std::net::SocketAddr;
use std::time::Duration;

/// How a domain is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// From connect to the end of the body, each address; DNS has its own of the same length.
    pub timeout: Duration,
    /// At how many addresses a look asks for the discovery document; the rest have their turn at the next.
    pub http_addresses: usize,
    /// Name servers to ask; empty for the system's.
    pub nameservers: Vec<SocketAddr>,
    /// Added to the User-Agent, so that who is looked at knows whom to ask.
    pub contact: Option<String>,
    /// Texts in an answer's body that mean that Auth0's edge rejects the proxy's key.
    pub key_markers: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            http_addresses: 4,
            nameservers: Vec::new(),
            contact: None,
            // The one wording Auth0 has published, in its guide to Google Cloud load balancers.
            key_markers: vec!["Invalid API key".to_owned()],
        }
    }
}
