//! A loopback world to watch: what the demo shows, and what the tests' servers serve.
//!
//! [`ca`] makes its certificates, the good and the bad ones.

pub mod ca;
mod leaf;
