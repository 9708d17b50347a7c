//! Whom to trust: roots, and the paths that lead to them. Pure.

use std::path::PathBuf;

/// Where roots come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootSource {
    /// Mozilla's list, compiled in: what customers' browsers have.
    Mozilla,
    /// The system's store.
    System,
    /// A PEM file.
    File(PathBuf),
}
