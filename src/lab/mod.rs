//! A loopback world to watch: what the demo shows, and what the tests' servers serve.
//!
//! [`ca`] makes its certificates, the good and the bad ones. [`proxy`] shows them and answers as Auth0 does behind a proxy;
//! [`edge`] is Auth0's side of a proxy that really forwards, with all that it refuses. [`dns`] answers for its names,
//! [`smtp`] takes the mail. [`world`] is all of them but the edge together: a dozen domains in every kind of trouble.

pub mod ca;
pub mod dns;
pub mod edge;
mod identity;
mod leaf;
mod listen;
pub mod proxy;
pub mod smtp;
mod subject;
pub mod world;
mod zone;
