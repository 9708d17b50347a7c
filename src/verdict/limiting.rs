//! [`Limiting`]: what a domain's effective expiry hangs on, by name.

use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::observation::Limit;
use crate::observation::certificate::Certificate;

/// The certificate that runs out first on the path that lasts longest, and that path.
#[derive(Debug, Clone, PartialEq)]
pub struct Limiting {
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// The path, leaf first; without a complete one the leaf alone.
    pub path: Vec<Arc<Certificate>>,
}

impl Limiting {
    /// By name what is pointed at.
    pub fn of(limit: Limit<'_>) -> Self {
        let steps = limit.path.map(|path| path.steps.iter().map(|step| Arc::clone(&step.certificate)).collect());
        let path = steps.unwrap_or_else(|| vec![Arc::clone(limit.certificate)]);
        Self { certificate: Arc::clone(limit.certificate), path }
    }

    /// Whether it is another certificate than the leaf.
    pub fn is_above_leaf(&self) -> bool {
        self.path.first().is_some_and(|leaf| leaf.sha256 != self.certificate.sha256)
    }

    /// What people call the certificates of the path, leaf first.
    pub fn titles(&self) -> Vec<String> {
        self.path.iter().map(|certificate| certificate.title()).collect()
    }
}

impl Serialize for Limiting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let step = |one: &Arc<Certificate>| json!({ "subject": one.subject, "sha256": one.sha256 });
        let path: Vec<_> = self.path.iter().map(step).collect();
        let mut out = serializer.serialize_struct("Limiting", 4)?;
        out.serialize_field("subject", &self.certificate.subject)?;
        out.serialize_field("sha256", &self.certificate.sha256)?;
        out.serialize_field("not_after", &self.certificate.not_after)?;
        out.serialize_field("path", &path)?;
        out.end()
    }
}
