//! What can be wrong with a certificate before it is deployed, beside the chain itself.

use super::Finding;
use crate::observation::{Code, Presented};

/// The private key beside a chain is not the leaf's. `owner` is the place in the chain of the certificate whose key it
/// is, if it is one's. `None` without a leaf.
pub fn key_mismatch(presented: &Presented, owner: Option<usize>) -> Option<Finding> {
    let leaf = presented.leaf()?;
    let owner = owner.and_then(|position| Some((position, presented.chain.get(position)?)));
    let summary = match owner {
        Some((position, owner)) => format!(
            "the private key is that of {}, number {} in the chain, and not of the first, {}",
            owner.title(),
            position + 1,
            leaf.title()
        ),
        None => format!("the private key is not that of the certificate {}", leaf.title()),
    };
    Some(Finding::new(Code::TlsKeyMismatch, summary).about(leaf))
}
