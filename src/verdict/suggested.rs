//! [`Suggested`]: what a CA says of when a leaf is to be renewed, as it is remembered.

use std::sync::Arc;

use crate::domain::UnixTime;
use crate::observation::{RenewalInfo, TlsObservation};

/// What a CA says of a leaf's renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggested {
    /// The window it suggests now.
    pub info: Arc<RenewalInfo>,
    /// The latest beginning of a window that it has suggested so far: one that begins earlier now was moved.
    pub latest_start: UnixTime,
}

impl Suggested {
    /// What is known after this look, of which a handshake saw this leaf: a CA that was not asked, or that did not answer,
    /// has taken nothing back.
    pub(super) fn after(before: Option<Self>, tls: &TlsObservation) -> Option<Self> {
        let leaf = tls.leaf().map(|leaf| leaf.sha256);
        let before = before.filter(|before| tls.presented.is_none() || Some(before.info.sha256) == leaf);
        let Some(info) = &tls.renewal_info else { return before };
        let latest_start = before.map_or(info.start, |before| before.latest_start.max(info.start));
        Some(Self { info: Arc::clone(info), latest_start })
    }
}
