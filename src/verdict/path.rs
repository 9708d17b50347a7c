//! [`Path`]: the seven hops of a login, and the first that is broken.

use std::sync::Arc;

use serde::Serialize;

/// A hop of a login, in the order a request passes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hop {
    /// Our way to a name server that answers.
    Resolver,
    /// The domain's records.
    Dns,
    /// The connection to the proxy.
    Connect,
    /// The handshake and its certificate.
    Tls,
    /// The owner's reverse proxy.
    Proxy,
    /// Auth0's edge, which checks the `cname-api-key`.
    Edge,
    /// The tenant behind it.
    Tenant,
}

impl Hop {
    /// Every hop, in order.
    pub const ALL: [Self; 7] =
        [Self::Resolver, Self::Dns, Self::Connect, Self::Tls, Self::Proxy, Self::Edge, Self::Tenant];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolver => "resolver",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::Edge => "edge",
            Self::Tenant => "tenant",
        }
    }
}

/// How a hop fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HopStatus {
    /// Seen to work.
    Ok,
    /// Seen to be broken.
    Broken,
    /// Something is broken, and this hop may be where.
    Unknown,
    /// Nothing was seen of it.
    NotLooked,
}

impl HopStatus {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
            Self::NotLooked => "not_looked",
        }
    }
}

/// One hop with what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which hop.
    pub hop: Hop,
    /// How it fared.
    pub status: HopStatus,
    /// What was seen, for people; empty where there is nothing to say.
    pub detail: String,
}

/// All seven hops, always in order. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Path {
    steps: Arc<[Step]>,
}

impl Path {
    /// A path of which nothing was seen.
    pub fn not_looked() -> Self {
        let step = |hop| Step { hop, status: HopStatus::NotLooked, detail: String::new() };
        Self { steps: Hop::ALL.into_iter().map(step).collect() }
    }

    /// The hops in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Says how a hop fared.
    pub(super) fn set(&mut self, hop: Hop, status: HopStatus, detail: impl Into<String>) {
        let step = &mut Arc::make_mut(&mut self.steps)[hop as usize];
        step.status = status;
        step.detail = detail.into();
    }

    /// Says of those hops that are broken that something is wrong there, and no more.
    pub(super) fn doubt_broken(&mut self, hops: impl IntoIterator<Item = Hop>) {
        for hop in hops {
            let step = &mut Arc::make_mut(&mut self.steps)[hop as usize];
            if step.status == HopStatus::Broken {
                step.status = HopStatus::Unknown;
            }
        }
    }

    /// The first broken hop.
    pub fn broken_at(&self) -> Option<Hop> {
        self.steps.iter().find(|step| step.status == HopStatus::Broken).map(|step| step.hop)
    }
}
