//! `notafter` watches custom domains whose TLS certificate their owner manages.

pub mod domain;
pub mod observation;
pub mod verdict;
