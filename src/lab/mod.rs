//! A loopback world to watch: what the demo shows, and what the tests' servers serve.
//!
//! [`ca`] makes its certificates, the good and the bad ones. [`proxy`] shows them and answers as Auth0 does behind a proxy,
//! [`dns`] answers for its names, [`smtp`] takes the mail. [`world`] is all of them together: a dozen domains in every kind
//! of trouble.

pub mod ca;
pub mod dns;
mod leaf;
mod listen;
pub mod proxy;
pub mod smtp;
mod subject;
pub mod world;
mod zone;
