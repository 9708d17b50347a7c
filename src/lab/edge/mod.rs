//! [`Edge`]: Auth0's side of a custom domain, on loopback: the edge that a customers' reverse proxy talks to, and the tenants
//! behind it.
//!
//! It refuses what the real one refuses: a handshake without SNI or by a cipher that was removed, another `Host` than
//! the origin, a missing or wrong `cname-api-key`, and the headers that Cloudflare, which the edge is made of, prohibits.
//! How it words a refusal is mostly not published; what we assume of that is one table, [`Assumptions`], to be corrected by
//! whoever has a tenant. [`Registered`] is a custom domain as Auth0 knows it, [`Fault`] what may be wrong with a host, and
//! [`Request`] what was asked, for tests to read.

mod application;
mod assumed;
mod cookies;
mod fault;
mod gate;
mod journal;
mod keys;
mod pages;
mod registry;
mod serve;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use self::registry::Registry;
use super::ca::{Authority, LabError};
use super::listen::{ANY, serve};
use crate::domain::{DomainName, UnixTime};

pub use self::assumed::Assumptions;
pub use self::fault::Fault;
pub use self::journal::Request;
pub use self::registry::{ClientIp, Registered};

pub(super) use self::application::{FEDERATION, discovery, federation};

/// A running edge with its tenants; dropping it ends it.
#[derive(Debug)]
pub struct Edge {
    address: SocketAddr,
    shared: Arc<serve::Shared>,
    _tasks: JoinSet<std::io::Result<()>>,
}

impl Edge {
    /// Starts an edge that knows nobody yet. Its certificates' dates are told from `now`.
    pub async fn start(now: UnixTime, assumptions: Assumptions) -> Result<Self, LabError> {
        let listener = TcpListener::bind(ANY).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(serve::Shared::new(Registry::new(now), assumptions));
        let known = Arc::clone(&shared);
        let tasks = serve(listener, move |stream| serve::talk(stream, Arc::clone(&known)));
        Ok(Self { address, shared, _tasks: tasks })
    }

    /// Where both the origin hosts and the tenants' canonical hosts answer, told apart by SNI and `Host`.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on this custom domain is known: its origin host wants its key, and its tenant's canonical host answers as
    /// well. Both show a certificate that `issuer` signs. A domain that was registered before is replaced, as it is when it
    /// was deleted and made anew.
    pub fn register(&self, issuer: &Authority, registered: Registered) -> Result<(), LabError> {
        self.shared.registry.register(issuer, registered)
    }

    /// From now on this host (an origin or a canonical one) has this fault, or none.
    pub fn set_fault(&self, host: &DomainName, fault: Option<Fault>) {
        self.shared.registry.set_fault(host, fault);
    }

    /// The tenant signs with another key from now on: the one that was announced as its next.
    pub fn rotate_keys(&self, tenant: &DomainName) {
        self.shared.registry.rotate_keys(tenant);
    }

    /// Every request that was answered so far, the refused ones too, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.journal.all()
    }

    /// How many connections were opened so far, those included that came to nothing.
    pub fn connections(&self) -> u64 {
        self.shared.connections()
    }
}

#[cfg(test)]
mod tests;
