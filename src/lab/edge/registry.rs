//! [`Registered`]: a custom domain as Auth0 knows it, and [`Registry`]: all of them, with the hosts they are asked at.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::{ServerConfig, crypto::aws_lc_rs, version};

use super::fault::Fault;
use super::keys::SigningKeys;
use crate::domain::{DomainName, UnixTime};
use crate::lab::ca::{Authority, LabError, LeafSpec};
use crate::lab::identity::{Always, certified};

const DAY: i64 = 86_400;

/// A custom domain with self-managed certificates, once it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The custom domain: what the issuer names.
    pub domain: DomainName,
    /// The origin host, `origin_domain_name` of the Management API.
    pub origin: DomainName,
    /// The tenant's canonical host.
    pub tenant: DomainName,
    /// What the proxy must send in `cname-api-key`.
    pub key: String,
    /// Which header field names the user's address.
    pub client_ip: ClientIp,
}

impl Registered {
    /// A domain of a tenant, with an origin host in the form of Auth0's.
    pub fn new(domain: &DomainName, tenant: &DomainName, key: &str) -> Result<Self, LabError> {
        let label = tenant.as_str().split('.').next().unwrap_or_default();
        let region = tenant.as_str().strip_prefix(label).unwrap_or_default();
        let origin = DomainName::parse(&format!("{label}-cd-{}.edge.tenants{region}", id(domain)))?;
        let (domain, tenant, key) = (domain.clone(), tenant.clone(), key.to_owned());
        Ok(Self { domain, origin, tenant, key, client_ip: ClientIp::default() })
    }

    /// The same, with the user's address in another header field.
    pub fn reading(mut self, client_ip: ClientIp) -> Self {
        self.client_ip = client_ip;
        self
    }
}

/// Sixteen letters and digits, another for each domain: a custom domain's id as the origin host has it.
fn id(domain: &DomainName) -> String {
    let number = domain
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{number:016x}")
}

/// `custom_client_ip_header` of the Management API: where the edge reads the user's address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientIp {
    /// `X-Forwarded-For`, and so it is where nothing was set.
    #[default]
    XForwardedFor,
    /// `True-Client-IP`.
    TrueClientIp,
    /// `X-Azure-ClientIP`.
    XAzureClientIp,
}

impl ClientIp {
    /// The header field's name in lower case.
    pub const fn header(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::TrueClientIp => "true-client-ip",
            Self::XAzureClientIp => "x-azure-clientip",
        }
    }
}

/// A host of the edge.
#[derive(Debug, Clone)]
pub(super) struct Hosted {
    /// Whose name the documents bear.
    pub(super) known_as: DomainName,
    /// The custom domain behind an origin host; `None` for a canonical one.
    pub(super) registered: Option<Arc<Registered>>,
    pub(super) keys: SigningKeys,
    pub(super) tls: Arc<ServerConfig>,
    pub(super) fault: Option<Fault>,
}

/// Who is known.
#[derive(Debug)]
pub(super) struct Registry {
    now: UnixTime,
    hosts: RwLock<HashMap<String, Hosted>>,
}

impl Registry {
    pub(super) fn new(now: UnixTime) -> Self {
        Self { now, hosts: RwLock::default() }
    }

    pub(super) fn get(&self, host: &str) -> Option<Hosted> {
        self.hosts.read().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }

    pub(super) fn register(&self, issuer: &Authority, registered: Registered) -> Result<(), LabError> {
        let (origin, tenant) = (registered.origin.clone(), registered.tenant.clone());
        let origins_tls = self.server_config(issuer, &origin)?;
        let known = self.get(tenant.as_str());
        let canonical = match known {
            Some(known) => known,
            None => Hosted {
                known_as: tenant.clone(),
                registered: None,
                keys: SigningKeys::new(&tenant, self.now),
                tls: self.server_config(issuer, &tenant)?,
                fault: None,
            },
        };
        let at_origin = Hosted {
            known_as: registered.domain.clone(),
            keys: canonical.keys.clone(),
            tls: origins_tls,
            fault: None,
            registered: Some(Arc::new(registered)),
        };
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|_, hosted| {
            hosted.registered.as_ref().is_none_or(|other| Some(&other.domain) != at_origin.domain())
        });
        hosts.insert(tenant.as_str().to_owned(), canonical);
        hosts.insert(origin.as_str().to_owned(), at_origin);
        Ok(())
    }

    pub(super) fn set_fault(&self, host: &DomainName, fault: Option<Fault>) {
        if let Some(hosted) = self.hosts.write().unwrap_or_else(PoisonError::into_inner).get_mut(host.as_str()) {
            hosted.fault = fault;
        }
    }

    pub(super) fn rotate_keys(&self, tenant: &DomainName) {
        if let Some(hosted) = self.get(tenant.as_str()) {
            hosted.keys.rotate();
        }
    }

    /// TLS 1.2 and 1.3 with the suites Auth0 has left, which are all that rustls has: AEAD with ECDHE.
    fn server_config(&self, issuer: &Authority, host: &DomainName) -> Result<Arc<ServerConfig>, LabError> {
        let spec = LeafSpec::new(host.as_str(), self.now.0 - 30 * DAY, self.now.0 + 60 * DAY);
        let issued = issuer.leaf(&spec)?;
        let identity = certified(&issued, issued.chain())?;
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_protocol_versions(&[&version::TLS13, &version::TLS12])?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(Always(identity)));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl Hosted {
    fn domain(&self) -> Option<&DomainName> {
        self.registered.as_ref().map(|registered| &registered.domain)
    }
}
